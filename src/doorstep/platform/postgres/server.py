"""Our own supervisor of an embedded PostgreSQL: one server per state directory, whoever comes first owns it."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from doorstep.platform.postgres.binaries import ServerBinaries, find_server
from doorstep.platform.postgres.errors import NoServerFound, PasswordsLost, StartFailed, WrongMajorVersion
from doorstep.platform.postgres.folders import Folders, open_for, open_root, socket_folder
from doorstep.platform.postgres.identity import Identity, choose_identity, give
from doorstep.platform.postgres.initialise import initialise
from doorstep.platform.postgres.passwords import PasswordFile
from doorstep.platform.postgres.postmaster import Postmaster, drain, pid_file_mark, read_pid_file
from doorstep.platform.postgres.roles import (
    DATABASE,
    SUPERUSER,
    DatabaseUrls,
    local_url,
    local_urls,
    make_roles,
)
from doorstep.platform.postgres.server_log import ServerLog

DEFAULT_PORT = 5432
_POLL_S = 0.01
_DRAINING = ("pre-existing shared memory block", "lock file", "could not bind", "could not create any Unix")

log = logging.getLogger(__name__)
_owners: "weakref.WeakSet[EmbeddedPostgres]" = weakref.WeakSet()


class EmbeddedPostgres:
    """The server whose data lie under ``home/postgres``; started, or attached to when another process owns it.

    ``tcp_port`` opens that port on 127.0.0.1 besides the socket. ``fsync=False`` gives up durability for speed and is
    for tests alone. ``settings`` adds or overrides server settings. ``environ`` (the process's own by default) is
    read for PG_BINDIR and XDG_RUNTIME_DIR. The methods block; call them from a thread in an event loop.
    """

    def __init__(
        self,
        home: Path,
        *,
        fsync: bool = True,
        tcp_port: int | None = None,
        settings: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        start_timeout_s: float = 60.0,
        stop_timeout_s: float = 10.0,
    ) -> None:
        """Looks at nothing and starts nothing yet."""
        self.folders = Folders(home.absolute() / "postgres")
        self.passwords = PasswordFile(self.folders.passwords)
        self.log = ServerLog(self.folders.log)
        self._fsync = fsync
        self._tcp_port = tcp_port
        self._settings = dict(settings or {})
        self._environ = os.environ if environ is None else environ
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._binaries: ServerBinaries | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._postmaster: Postmaster | None = None
        self._lock_descriptor: int | None = None
        self._starter: ThreadPoolExecutor | None = None
        self._roles_made = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What callers ask.

    @property
    def owned(self) -> bool:
        """Whether this object started the server and ends it; False when attached or not started."""
        return self._lock_descriptor is not None

    @property
    def binaries(self) -> ServerBinaries:
        """The programs in use, also for backups. Raises NoServerFound."""
        if self._binaries is None:
            self._binaries = self._find_server(_major_of(self.folders.data))
        return self._binaries

    @property
    def postmaster(self) -> Postmaster:
        """The running server's pid, port and socket folder. Raises StartFailed before ``start``."""
        if self._postmaster is None:
            raise StartFailed("The embedded database was not started.", "Call start() first.")
        return self._postmaster

    def superuser_dsn(self, database: str = "postgres") -> str:
        """The address of ``database`` for the superuser: for backups and for tests that make databases."""
        return self._dsn(SUPERUSER, database)

    def urls(self, database: str = DATABASE) -> DatabaseUrls:
        """The addresses of ``database`` for the three roles."""
        passwords, found = self.passwords.read(), self.postmaster
        return local_urls(passwords, found.socket_dir, found.port, database)

    def alive(self) -> bool:
        """Whether the server lives; for its owner, whether the process does. Also keeps the log file short."""
        if self.owned:
            self.log.shorten()
            return self._process is not None and self._process.poll() is None
        found = read_pid_file(self.folders.data)
        return found is not None and found.ready and found.answers()

    # What callers do.

    def start(self) -> None:
        """Starts the server and makes its roles, or attaches to one; returns when it answers. Again: nothing happens.

        Raises NoServerFound, WrongMajorVersion, CannotRunAsRoot, UnsafeDirectory, PasswordsLost, StartFailed.
        """
        if self._postmaster is not None and self.alive():
            return
        deadline = time.monotonic() + self._start_timeout_s
        open_root(self.folders)
        while not self.owned and not self._take_lock():
            if self._attach():
                return
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"Another process ({self._lock_text()}) holds {self.folders.lock}, and its server does not answer.",
                    "End that process, then start again.",
                )
            time.sleep(_POLL_S)
        try:
            self._start_own(deadline)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends an owned server (SIGINT, then SIGQUIT, then SIGKILL) and lets the lock go; leaves an attached one alone."""
        process, self._process = self._process, None
        if process is not None:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if process.poll() is None:
                    process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(self._stop_timeout_s)
                    break
        if self._starter is not None:
            self._starter.shutdown()
            self._starter = None
        if self._postmaster is not None and self.owned:
            with contextlib.suppress(OSError):  # another start may have put its socket there
                self._postmaster.socket_dir.rmdir()
        self._postmaster = None
        self._release_lock()

    def restart_if_dead(self) -> bool:
        """Starts the server anew when it has died; True when it had. An attached one may become the owner by it.

        Raises what ``start`` raises; an owner then keeps the lock and may try again.
        """
        if self.alive():
            return False
        if not self.owned:
            self._postmaster = None
            self.start()
            return True
        if self._process is not None:
            log.warning("the embedded database ended by itself (exit %s)", self._process.returncode)
        self._start_own(time.monotonic() + self._start_timeout_s)
        return True

    # The lock.

    def _take_lock(self) -> bool:
        descriptor = os.open(self.folders.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock_descriptor = descriptor
        _owners.add(self)
        self._note("starting")
        return True

    def _note(self, state: str) -> None:
        assert self._lock_descriptor is not None
        text = f"{state} {os.getpid()}\n".encode() if state else b""
        os.ftruncate(self._lock_descriptor, 0)
        os.pwrite(self._lock_descriptor, text, 0)

    def _lock_text(self) -> str:
        with contextlib.suppress(OSError):
            return self.folders.lock.read_text().strip()
        return ""

    def _release_lock(self) -> None:
        if self._lock_descriptor is not None:
            self._note("")
            os.close(self._lock_descriptor)
            self._lock_descriptor = None
            _owners.discard(self)

    def forget_after_fork(self) -> None:
        """In a forked child: the server is the parent's. Without this the child's copy would keep the lock held."""
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
        self._lock_descriptor = self._process = self._starter = None

    def _attach(self) -> bool:
        found = read_pid_file(self.folders.data)
        if (
            not self._lock_text().startswith("ready")
            or found is None
            or not found.ready
            or not found.answers()
        ):
            return False
        self._postmaster = found
        return True

    # Starting.

    def _start_own(self, deadline: float) -> None:
        major = _major_of(self.folders.data)
        self._binaries = self._find_server(major)
        identity = choose_identity(self._binaries.program("postgres"), self.folders.root.parent)
        open_for(self.folders, identity)
        if self._starter is None:
            # One thread for the whole life: the kernel ends the server with the thread that started it.
            self._starter = ThreadPoolExecutor(1, thread_name_prefix="postgres-owner")
        drain(self.folders.data)
        if major is None:
            self._starter.submit(
                initialise, self.folders, self.passwords, self._binaries, identity, durable=self._fsync
            ).result()
        if not self.passwords.exists():
            raise PasswordsLost(
                f"There are data in {self.folders.data}, but {self.folders.passwords} with their passwords is gone.",
                "Bring it back from a copy of the state directory, or move the folder away and restore a backup.",
            )
        give(self.folders.data, identity)
        self._run(identity, deadline)
        if not self._roles_made:
            # On our own thread, because the caller's may have an event loop running.
            try:
                self._starter.submit(asyncio.run, make_roles(self._dsn, self.passwords)).result()
            except (asyncpg.PostgresError, OSError) as failure:
                raise StartFailed(
                    f"PostgreSQL {self._binaries.version} ({self._binaries.bindir}) runs, but Doorstep's roles could not "
                    f"be made in it: {failure}.",
                    f"The log is in {self.log.file}; PG_BINDIR names another installation.",
                ) from failure
            self._roles_made = True
        self._note("ready")

    def _find_server(self, major: int | None) -> ServerBinaries:
        try:
            return find_server(self._environ, major=major)
        except NoServerFound:
            if major is None:
                raise
        here = find_server(self._environ)
        raise WrongMajorVersion(
            f"The data in {self.folders.data} were written by PostgreSQL {major}; here is only {here.version} "
            f"({here.bindir}).",
            f"Set PG_BINDIR to the bin folder of a PostgreSQL {major}. To change over: `doorstep backup` with that one, "
            "then `doorstep restore` into a new DOORSTEP_HOME with this one.",
        )

    def _run(self, identity: Identity, deadline: float) -> None:
        assert self._binaries is not None
        assert self._starter is not None
        port = self._tcp_port or DEFAULT_PORT
        socket_dir = socket_folder(self.folders, port, identity, self._environ)
        settings = self._server_settings(socket_dir, port)
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = identity.command(self._binaries.program("postgres"), "-D", str(self.folders.data), *flags)
        self.log.begin()
        while True:
            mark = pid_file_mark(self.folders.data)
            self._process = self._starter.submit(self._spawn, command).result()
            while self._process.poll() is None and time.monotonic() < deadline:
                found = read_pid_file(self.folders.data)
                if (
                    found is not None
                    and found.ready
                    and found.pid == self._process.pid
                    and pid_file_mark(self.folders.data) != mark
                ):
                    self._postmaster = found
                    return
                time.sleep(_POLL_S)
            tail = self.log.tail()
            if time.monotonic() > deadline or not any(sign in tail for sign in _DRAINING):
                raise StartFailed(
                    f"PostgreSQL did not become ready (exit {self._process.poll()}). Its log ends:\n{tail}\n",
                    f"The whole log is in {self.log.file}; DATABASE_URL leads to a database that runs elsewhere.",
                )
            drain(self.folders.data)
            time.sleep(_POLL_S * 5)

    def _spawn(self, command: list[str]) -> "subprocess.Popen[bytes]":
        with self.log.file.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own step and the server found
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,  # Ctrl-C at a terminal is for us; we then stop the server in order
            )

    def _server_settings(self, socket_dir: Path, port: int) -> dict[str, str]:
        settings = {
            "listen_addresses": "127.0.0.1" if self._tcp_port else "",
            "port": str(port),
            "unix_socket_directories": str(socket_dir),
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            "cluster_name": "doorstep",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            # Two cores, a few gigabytes: what the smallest machine we name has.
            "max_connections": "200",
            "shared_buffers": "128MB",
            "max_wal_size": "512MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "synchronous_commit": "on",
            "fsync": "on",
            "full_page_writes": "on",
        }
        if not self._fsync:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "wal_level": "minimal",
                "max_wal_senders": "0",
            }
        return settings | self._settings

    def _dsn(self, role: str, database: str) -> str:
        found = self.postmaster
        return local_url(role, self.passwords.of(role), found.socket_dir, found.port, database)


def _major_of(data: Path) -> int | None:
    """The major version that wrote ``data``; None when there are no data. Raises StartFailed on anything else there."""
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        if data.is_dir() and any(data.iterdir()):
            raise StartFailed(
                f"{data} holds something that is no PostgreSQL data directory.", "Move it away."
            ) from None
        return None


def _forget_in_child() -> None:
    for owner in list(_owners):
        owner.forget_after_fork()
    _owners.clear()


os.register_at_fork(after_in_child=_forget_in_child)
