"""Files that belong to rows: proof photos and signatures, tick records. Kept on disk under random names.

Replaceable by an object store: the two verbs are all anyone uses.
"""

import asyncio
import os
from pathlib import Path
from typing import Protocol

from doorstep.platform.errors import NotFound


class Blobs(Protocol):
    """A store of bytes by key."""

    async def put(self, key: str, content: bytes) -> None:
        """Keep ``content`` durably under ``key``; the same key again replaces it."""

    async def get(self, key: str) -> bytes:
        """The bytes of ``key``. Raises NotFound."""

    async def remove(self, key: str) -> None:
        """Forget ``key``; fine when it is not there."""


class FileBlobs:
    """Blobs as files below one folder that only the owner can read."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made with mode 0700 when absent."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _path(self, key: str) -> Path:
        if not key or any(part in {"", ".", ".."} for part in key.split("/")):
            raise NotFound(f"{key!r} names no blob")
        return self._folder / key

    async def put(self, key: str, content: bytes) -> None:
        """Written beside, synced, then renamed: never half a file."""
        path = self._path(key)

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)

        await asyncio.to_thread(write)

    async def get(self, key: str) -> bytes:
        """Read it whole."""
        path = self._path(key)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise NotFound("this file is no longer kept") from error

    async def remove(self, key: str) -> None:
        """Unlink it."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)
