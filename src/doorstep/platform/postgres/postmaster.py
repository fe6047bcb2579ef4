"""What a running, or just ended, server leaves to be seen: its pid file, its socket, its processes."""

import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from doorstep.platform.postgres.errors import StartFailed

_POLL_S = 0.02
_UNAIDED_S = 0.5
_PER_SIGNAL_S = 10.0


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The content of ``postmaster.pid`` (PostgreSQL's ``miscadmin.h`` gives the lines)."""

    pid: int
    port: int
    socket_dir: Path
    ready: bool

    def answers(self) -> bool:
        """Whether something accepts connections on the socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(self.socket_dir / f".s.PGSQL.{self.port}"))
            except OSError:
                return False
            return True


def read_pid_file(data: Path) -> Postmaster | None:
    """The server that wrote its pid into ``data``; None when there is none or it is still writing."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port, socket_dir, status = int(lines[0]), int(lines[3]), lines[4].strip(), lines[7].strip()
    except (OSError, ValueError, IndexError):
        return None
    return Postmaster(pid, port, Path(socket_dir), status == "ready")


def server_pids(data: Path) -> set[int]:
    """All PostgreSQL processes, parents and children, that work in ``data`` (each has it as its folder)."""
    found: set[int] = set()
    wanted = str(data.resolve())
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if str((entry / "cwd").readlink()) == wanted and (entry / "exe").readlink().name.startswith(
                "postgres"
            ):
                found.add(int(entry.name))
        except OSError:
            continue  # ended meanwhile, a zombie, or somebody else's
    return found


def drain(data: Path) -> None:
    """Waits until no process of an earlier server works in ``data``, and helps the slow ones along.

    The caller holds the lock, so whatever is left has lost its owner: an old postmaster in its shutdown, or
    backends of a killed one. Shared memory of a killed server can be taken over only when all are gone, and a
    backend deep in a query does not notice its parent's death. Raises StartFailed when some cannot be ended.
    """
    began = time.monotonic()
    for number, wait_s in (
        (None, _UNAIDED_S),
        (signal.SIGINT, _PER_SIGNAL_S),  # fast shutdown; a backend gives up its statement
        (signal.SIGQUIT, _PER_SIGNAL_S),  # immediate shutdown; the next start recovers
        (signal.SIGKILL, _PER_SIGNAL_S),
    ):
        left = server_pids(data)
        orphaned = bool(left) and _postmaster_gone(data, left)
        if number is not None:
            for pid in left:
                _send(pid, signal.SIGKILL if orphaned else number)
        deadline = time.monotonic() + wait_s
        while left and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            left = server_pids(data)
        if not left:
            return
    raise StartFailed(
        f"Processes {sorted(server_pids(data))} of an earlier server still work in {data} "
        f"after {time.monotonic() - began:.0f} s.",
        "End them, then start again.",
    )


def _postmaster_gone(data: Path, left: set[int]) -> bool:
    try:
        first_line = (data / "postmaster.pid").read_text().split("\n", 1)[0]
        return int(first_line) not in left
    except (OSError, ValueError):
        return False


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def pid_file_mark(data: Path) -> tuple[int, int] | None:
    """Tells one state of the pid file from another: a server may get the very pid of its predecessor."""
    try:
        found = (data / "postmaster.pid").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
