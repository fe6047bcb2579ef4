"""Fixtures every test may use: a real PostgreSQL per test process, a fresh migrated database per test."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings
from tests.factories.network import Network, open_network, plant_pilots
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from doorstep.app import wiring
from doorstep.platform.db import schema
from doorstep.platform.postgres.binaries import find_server
from doorstep.platform.postgres.identity import choose_identity

# The same examples in every run: a change fails for what it changed. `make explore` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("DOORSTEP_EXAMPLES", "same"))

KILLS = "tests/scenarios/test_three_kills"
DEMOS = (KILLS, "tests/browser/test_front")
WITH_DEMOS = (*DEMOS, "tests/browser/test_driver", "tests/browser/test_three_faces")
PAGES = "tests/browser/"


class OneAtATime(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out test by test, but all that start a demo and the driver's pages to one worker, all other pages to another.

    No two demos run at a time, and no more than two browsers: they upset each other. The two take about as long.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(WITH_DEMOS):
            return "demos"
        return "pages" if nodeid.startswith(PAGES) else nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The kill story goes first: later its worker has a demo and a browser open."""
    items.sort(key=lambda item: not item.nodeid.startswith(KILLS))


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAtATime:
    """The largest scope goes out first, so the crowd does not come last."""
    return OneAtATime(config, log)


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL of this test process, reached over its socket."""

    folder: Path

    def url(self, database: str, role: str = "postgres") -> str:
        """A plain address; test servers trust their socket, which only we can reach."""
        return f"postgresql://{role}@/{database}?host={self.folder}&port=5432"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL without fsync, in a folder that goes with the test process."""
    memory = Path("/dev/shm")  # a fresh folder of its own below it takes half the time of a disk
    quick = str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dst-", dir=quick, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        binaries = find_server()
        identity = choose_identity(binaries.program("postgres"), folder)
        subprocess.run(
            identity.command(
                binaries.program("initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust",
                "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
            ),
            check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        journal = (folder / "log").open("wb")
        process = subprocess.Popen(
            identity.command(
                binaries.program("postgres"), "-D", str(folder / "data"), "-k", str(folder), "-h", "",
                "-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=150",
                "-c", "autovacuum=off",
            ),
            stderr=journal,
        )  # fmt: skip
        try:
            yield Server(folder)
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
            journal.close()


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    until = time.monotonic() + 20
    while True:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)


PLAIN, WITH_PILOTS = "template_doorstep", "template_pilots"
_templates: set[tuple[Path, str]] = set()
"""Folders of the servers, and which templates each has."""


async def _template_of(server: Server, template: str) -> str:
    """The migrated database that tests clone, made once per server: empty, or with the two pilots that most of them want."""
    if (server.folder, template) not in _templates:
        if template == PLAIN:
            await _migrate(server)
        else:
            await _clone(server, PLAIN, WITH_PILOTS)
            await plant_pilots(server.url(WITH_PILOTS, "doorstep_system"), server.folder)
        _templates.add((server.folder, template))
    return template


async def _migrate(server: Server) -> None:
    wiring.import_rows()
    admin = await _connect(server.url("postgres"))
    for role in ("doorstep_owner", "doorstep_web", "doorstep_system"):
        await admin.execute(f"CREATE ROLE {role} LOGIN")
    await admin.execute(f"CREATE DATABASE {PLAIN} OWNER doorstep_owner")
    await admin.close()
    admin = await _connect(server.url(PLAIN))
    await admin.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    await admin.execute("ALTER SCHEMA public OWNER TO doorstep_owner")
    await admin.close()
    owner = await _connect(server.url(PLAIN, "doorstep_owner"))
    await owner.execute(schema.sql())
    await owner.close()


async def _clone(server: Server, template: str, name: str) -> None:
    admin = await _connect(server.url("postgres"))
    await admin.execute(
        f"CREATE DATABASE {name} TEMPLATE {await _template_of(server, template)} OWNER doorstep_owner"
    )
    await admin.close()


@contextlib.asynccontextmanager
async def fresh_database(server: Server, template: str = PLAIN) -> AsyncIterator[str]:
    """The name of a database with the whole schema and the rows of its template, gone afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    await _clone(server, template, name)
    yield name
    admin = await _connect(server.url("postgres"))
    with contextlib.suppress(asyncpg.PostgresError):
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def template_for(request: pytest.FixtureRequest) -> str:
    """Which template the story of a test begins from."""
    return PLAIN if request.node.get_closest_marker("no_markets") else WITH_PILOTS


@pytest.fixture
async def database_name(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A fresh database with the whole schema and the two pilot markets; without them for ``no_markets``."""
    async with fresh_database(server, template_for(request)) as name:
        yield name


@pytest.fixture
async def network(server: Server, database_name: str, tmp_path: Path) -> AsyncIterator[Network]:
    """A whole network in this process, its clock standing at a Saturday morning in Nashville."""
    async with open_network(
        server.url(database_name, "doorstep_web"), server.url(database_name, "doorstep_system"), tmp_path
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Recorded and published instances; tests that need them skip when they are absent."""
    folder = Path(os.environ.get("DOORSTEP_DATA", Path(__file__).parents[2] / "shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no recorded data at {folder}: set DOORSTEP_DATA")
    return folder
