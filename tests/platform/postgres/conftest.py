"""Real servers in folders of their own."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from doorstep.platform.postgres.postmaster import server_pids
from doorstep.platform.postgres.server import EmbeddedPostgres

OWNER = Path(__file__).with_name("owner.py")
PATIENCE_S = 30
ROOM_BYTES = 1_000_000_000


def quick_folder() -> str | None:
    """Where a thousand small files cost least: memory, when it has room; else None, the usual place."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    return str(memory) if roomy else None


@pytest.fixture
def home() -> Iterator[Path]:
    """A state directory with a short path, as a person's own has."""
    folder = Path(tempfile.mkdtemp(prefix="ds-", dir=quick_folder()))
    yield folder
    until(lambda: not server_pids(folder / "postgres/data"), "nothing is left behind")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def settled_once() -> Iterator[Path]:
    """A state directory whose server was started and stopped once."""
    with tempfile.TemporaryDirectory(prefix="ds-", dir=quick_folder()) as folder:
        with EmbeddedPostgres(Path(folder), fsync=False):
            pass
        yield Path(folder)


@pytest.fixture
def settled(home: Path, settled_once: Path) -> Path:
    """A state directory with data, for tests that are not about making them: a start takes a tenth of the time."""
    shutil.copytree(settled_once, home, dirs_exist_ok=True)
    return home


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """One server for the tests that need some server."""
    with (
        tempfile.TemporaryDirectory(prefix="ds-", dir=quick_folder()) as folder,
        EmbeddedPostgres(Path(folder), fsync=False) as running,
    ):
        yield running


@dataclass
class Owner:
    """A process of ``owner.py``: what it said it is, its server's pid and the pid of the child it forked."""

    process: "subprocess.Popen[str]"
    word: str
    postmaster_pid: int
    child_pid: int


@pytest.fixture
def start_owner() -> Iterator[Callable[..., Owner]]:
    """Starts ``owner.py`` and waits until its server answers; ends what is left of it afterwards."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path, habit: str = "heedful", prefix: tuple[str, ...] = ()) -> Owner:
        process = subprocess.Popen(
            [*prefix, sys.executable, str(OWNER), str(home), habit], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        said = process.stdout.readline().split()
        assert said, f"owner.py ended with {process.wait()}"
        return Owner(process, said[0], int(said[1]), int(said[2]))

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def query(dsn: str, *statements: str) -> Any:
    """Runs the statements on one connection; the first value of the last one."""

    async def run() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def connected[T](dsn: str, act: "Callable[[asyncpg.Connection[asyncpg.Record]], Awaitable[T]]") -> T:
    """``act`` on a connection of its own."""

    async def run() -> T:
        connection = await asyncpg.connect(dsn)
        try:
            return await act(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def until(fact: Callable[[], bool], what: str) -> None:
    """Returns as soon as ``fact`` holds; fails with ``what`` when it does not in good time."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, f"not in {PATIENCE_S} s: {what}"
        time.sleep(0.01)
