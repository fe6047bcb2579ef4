"""The server's log: one file and one former one. Every process of the server appends, so it may be cut any time."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

_LIMIT_BYTES = 20_000_000
_TAIL_BYTES = 2_000


class ServerLog:
    """The file ``server.log`` in ``folder``; what was before is in ``server.log.1``."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "server.log"
        self._former = folder / "server.log.1"

    def begin(self) -> None:
        """A new, empty file that only we can read."""
        with suppress(FileNotFoundError):
            self.file.replace(self._former)
        self.file.touch(mode=0o600)

    def shorten(self, limit_bytes: int = _LIMIT_BYTES) -> None:
        """Past the limit, moves what there is to the former file; a line written just then may be lost."""
        with suppress(FileNotFoundError):
            if self.file.stat().st_size > limit_bytes:
                shutil.copyfile(self.file, self._former)
                os.truncate(self.file, 0)

    def tail(self) -> str:
        """The last lines, for a refusal; empty when there are none."""
        with suppress(FileNotFoundError):
            return self.file.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()
        return ""
