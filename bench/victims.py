"""The processes of one running network that may be killed, found by their parent; nobody else's are touched."""

import contextlib
import os
import signal
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What is killed."""

    WEB = "web"  # answers HTTP
    DISPATCHER = "dispatcher"  # owns the markets, ticks
    WORKER = "worker"  # runs the jobs
    NURSERY = "nursery"  # of which those three are copies: they fall with it
    DATABASE = "database"  # PostgreSQL's postmaster; its backends end when they notice


def _parent(pid: int) -> int | None:
    """The parent of ``pid``; None when there is no such process, or only its name is left."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[1])


def find(launcher: int, home: Path, kind: Kind) -> int | None:
    """The living process of ``kind`` under the launcher ``launcher``; None when there is none just now."""
    if kind is Kind.DATABASE:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
            return pid if _parent(pid) == launcher else None
        return None
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and name_of(int(entry.name)) == kind.value:
            above: int | None = int(entry.name)
            if kind is not Kind.NURSERY:
                above = _parent(int(entry.name))
            if above is not None and name_of(above) == Kind.NURSERY and _parent(above) == launcher:
                return int(entry.name)
    return None


def name_of(pid: int) -> str | None:
    """What process ``pid`` is called; None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def kill(launcher: int, home: Path, kind: Kind) -> int | None:
    """Kill -9 the process of ``kind``; its former id, or None when there was none."""
    pid = find(launcher, home, kind)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return pid
