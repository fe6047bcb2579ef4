"""The folders of the embedded server under the state directory, and a socket folder with a short, safe path."""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doorstep.platform.postgres.errors import UnsafeDirectory
from doorstep.platform.postgres.identity import Identity, RunMode, give

_LONGEST_SOCKET_PATH = 107  # sun_path holds 108 bytes with the closing zero (unix(7))


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the embedded server keeps what."""

    root: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory; exists only once it is complete."""
        return self.root / "data"

    @property
    def unfinished(self) -> Path:
        """The data directory while ``initdb`` fills it; renamed to ``data`` when done."""
        return self.root / "data.unfinished"

    @property
    def passwords(self) -> Path:
        """The passwords of all roles."""
        return self.root / "passwords.json"

    @property
    def lock(self) -> Path:
        """Held by the owner of the server as long as it lives."""
        return self.root / "lock"

    @property
    def log(self) -> Path:
        """The folder of the server's log."""
        return self.root / "log"


def open_root(folders: Folders) -> None:
    """Makes the server's folder, closed to others."""
    folders.root.parent.mkdir(parents=True, exist_ok=True)
    folders.root.mkdir(mode=0o700, exist_ok=True)
    folders.log.mkdir(mode=0o700, exist_ok=True)


def open_for(folders: Folders, identity: Identity) -> None:
    """Lets the identity through to the data; what lies beside it keeps its own mode."""
    folders.root.chmod(0o711 if identity.mode is RunMode.USER else 0o700)


def socket_folder(folders: Folders, port: int, identity: Identity, environ: Mapping[str, str]) -> Path:
    """A 0700 folder of the identity's for the server's socket, made when missing.

    Beside the data when the path fits into a socket address, else under ``$XDG_RUNTIME_DIR`` or ``/tmp``, named by a
    hash of the state directory. Raises UnsafeDirectory when somebody else made it first.
    """
    folder = folders.root / "run"
    if not _fits(folder, port):
        name = hashlib.sha256(os.fsencode(folders.root.resolve())).hexdigest()[:16]
        for parent in (environ.get("XDG_RUNTIME_DIR"), "/tmp"):  # noqa: S108 - owner and mode are checked below
            if parent and os.access(parent, os.W_OK | os.X_OK):
                folder = Path(parent) / f"doorstep-{name}"
                if _fits(folder, port) and (identity.mode is not RunMode.USER or parent == "/tmp"):  # noqa: S108 (the same, checked below)
                    break
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), identity.owner_uid}:
        raise UnsafeDirectory(
            f"{folder}, where the database's socket belongs, is not a folder of ours (owner uid {found.st_uid}).",
            "Remove it, or set DOORSTEP_HOME to a shorter path so that it is not needed.",
        )
    folder.chmod(0o700)
    give(folder, identity)
    return folder


def _fits(folder: Path, port: int) -> bool:
    path = os.fsencode(folder / f".s.PGSQL.{port}")
    # A comma parts several folders, in PostgreSQL's setting and in connection addresses alike.
    return len(path) <= _LONGEST_SOCKET_PATH and b"," not in path and b'"' not in path
