"""Starts a whole network: database, migrations, then one process tree that is watched and kept alive.

``doorstep serve`` and ``doorstep demo`` differ in the mode they found and in the processes they add; nothing
turns one into the other.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from uuid import uuid4

import asyncpg
import httpx
import structlog

from doorstep.app import wiring
from doorstep.app.nursery import Child, Fell, Nursery
from doorstep.platform import clock_anchor, metrics, secrets
from doorstep.platform.auth.actors import system
from doorstep.platform.clock import WallClock, epoch_ms
from doorstep.platform.db import migrate
from doorstep.platform.db.work import Database, Role, Work, address_name
from doorstep.platform.jobs import Handlers
from doorstep.platform.postgres.keeping import kept_alive
from doorstep.platform.postgres.roles import DatabaseUrls, check_serving_role, provision
from doorstep.platform.postgres.server import EmbeddedPostgres
from doorstep.platform.settings import Settings
from doorstep.units.ids import IdSource
from doorstep.units.time import MarketInstant

log = structlog.get_logger("launcher")
GRACE_S = 12.0
ALONE_S = 8.0
"""How long the web processes have the machine to themselves at most."""
_SERVES_AS: Mapping[str, Role] = {"web": Role.WEB, "dispatcher": Role.SYSTEM, "worker": Role.SYSTEM}
"""Under which role a child comes to the database, by its command; all others speak HTTP alone."""


class CannotStart(RuntimeError):
    """The network cannot start here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the network's mode and the arguments of each child process (after ``doorstep``)."""

    mode: str
    children: Mapping[str, Sequence[str]]
    speed: float = 1.0
    start_market: MarketInstant | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    handlers: Handlers = field(default_factory=Handlers)
    """Who reacts to what the founding tells."""
    founding: Callable[[Work], Awaitable[Mapping[str, str]]] | None = None
    """Fills the network before its processes start, as the network itself, with business time standing
    still; safe to repeat. What it returns joins the children's environment."""
    founded: Callable[[], None] = lambda: None
    """Called once that is committed."""


def check_port(settings: Settings) -> None:
    """Refuse early when another server holds the port. Raises CannotStart."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotStart(
                f"port {settings.port} on {settings.host} is taken ({error.strerror}). Set PORT to a free one."
            ) from error


@contextlib.contextmanager
def open_database(settings: Settings) -> Iterator[tuple[DatabaseUrls, EmbeddedPostgres | None]]:
    """The embedded server, or the one of DATABASE_URL: yields (urls, server or None)."""
    if settings.database_url:
        yield asyncio.run(provision(settings.database_url)), None
        return
    with EmbeddedPostgres(settings.home, tcp_port=settings.database_port) as server:
        yield server.urls(), server


async def look_first(urls: DatabaseUrls, mode: str) -> None:
    """Refuse a database that is not ours to change, before anything in it is changed.

    Raises WrongMode for a network of another kind, CannotStart for tables of something else.
    """
    owner = await asyncpg.connect(urls.owner, timeout=10)
    try:
        if await owner.fetchval("SELECT to_regclass('public.network') IS NOT NULL"):
            clock_anchor.hold_to(mode, await owner.fetchval("SELECT mode FROM network WHERE id = 1"))
        elif foreign := await owner.fetchval(_FOREIGN):
            raise CannotStart(
                f"the database of DATABASE_URL holds tables of something else ({foreign}). Give Doorstep one of its own."
            )
    finally:
        await owner.close()


_FOREIGN = """
SELECT min(tablename) FROM pg_tables
WHERE schemaname = 'public' AND to_regclass('public.alembic_version') IS NULL
"""


async def check_roles(urls: DatabaseUrls) -> None:
    """Refuse roles that row-level security does not bind. Raises ServingRoleRefused."""
    for url in (urls.web, urls.system):
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await check_serving_role(connection)
        finally:
            await connection.close()


async def prepare(urls: DatabaseUrls, plan: Plan) -> Mapping[str, str]:
    """Migrate, found and fill the network; what its processes need to know besides.

    Raises WrongMode when the database holds another kind, CannotStart, ServingRoleRefused.
    """
    wiring.import_rows()
    await migrate.upgrade(urls.owner)
    await check_roles(urls)
    database = Database(
        urls.system, Role.SYSTEM, WallClock(), IdSource(epoch_ms, SystemRandom()), plan.handlers
    )
    learned: Mapping[str, str] = {}
    try:
        async with database.work(system("launcher")) as work:
            start = plan.start_market or MarketInstant(datetime.now(UTC))
            await clock_anchor.found(
                work, mode=plan.mode, scaled=plan.mode == "demo", start=start, speed=plan.speed
            )
            work.clock = await clock_anchor.standing_clock(work)
            if plan.mode == "demo":
                await clock_anchor.begin(work, plan.speed)
            if plan.founding is not None:
                learned = await plan.founding(work)
        plan.founded()
        return learned
    finally:
        await database.close()


def own_address(command: Sequence[str], urls: DatabaseUrls) -> dict[str, str]:
    """What a child of this ``command`` is told of the database: its own role's address; nothing where it needs none."""
    role = _SERVES_AS.get(command[0])
    return {} if role is None else {address_name(role): getattr(urls, role.value)}


class Family:
    """The child processes: started in order, restarted when they fall, stopped together."""

    def __init__(
        self, plan: Plan, nursery: Nursery, environment: Mapping[str, str], urls: DatabaseUrls
    ) -> None:
        """``environment`` is given to every child, and of ``urls`` the address of its own role alone."""
        self._plan = plan
        self._nursery = nursery
        self._environment = dict(environment)
        self._urls = urls
        self._children: dict[str, Child] = {}
        self._fallen: dict[str, list[float]] = {}
        self._names: dict[str, str] = {}
        self._stopping = asyncio.Event()

    async def start(self, name: str) -> Child:
        """Start the child ``name``; it dies with us even if we are killed. Raises Fell."""
        # We have seen the last one die, so the next may take over at once what it held.
        life = {"DOORSTEP_INSTANCE": str(uuid4()), "DOORSTEP_FALLEN": self._names.get(name, "")}
        self._names[name] = life["DOORSTEP_INSTANCE"]
        words = self._plan.children[name]
        child = await self._nursery.bear(words, self._environment | own_address(words, self._urls) | life)
        self._children[name] = child
        return child

    async def watch(self, name: str) -> None:
        """Keep ``name`` running until the family stops; one that falls again and again is waited for longer each time."""
        while not self._stopping.is_set():
            code = None
            with contextlib.suppress(Fell):
                child = await self.start(name)
                code = await child.wait()
                if child.orphaned:
                    continue
            if self._stopping.is_set():
                return
            now = time.monotonic()
            recent = [at for at in self._fallen.get(name, []) if now - at < 60]
            self._fallen[name] = [*recent, now]
            pause = min(0.2 * 2 ** len(recent), 10.0)
            log.warning("child_fell", child=name, code=code, restarts_in_s=pause)
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """Ask all to finish, newest first, and kill what does not."""
        self._stopping.set()
        alive = [child for child in self._children.values() if child.returncode is None]
        for child in reversed(alive):
            with contextlib.suppress(ProcessLookupError):
                child.send(signal.SIGTERM)
        if alive:
            await asyncio.wait([asyncio.create_task(child.wait()) for child in alive], timeout=GRACE_S)
        for child in alive:
            with contextlib.suppress(ProcessLookupError):
                child.send(signal.SIGKILL)


def run(settings: Settings, plan: Plan, announce: Callable[[], str]) -> None:
    """Run the network until SIGINT or SIGTERM; ``announce`` is said once it can serve.

    What would stop every process is refused here, once, before any starts. Raises CannotStart, WrongMode,
    UnsafeSecrets, ServingRoleRefused.
    """
    check_port(settings)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = _environment(settings, plan)
    # The nursery reads Python while the database comes up.
    with Nursery(environment) as nursery, open_database(settings) as (urls, server):
        asyncio.run(look_first(urls, plan.mode))
        secrets.load(settings.secrets, demo=plan.mode == "demo")
        learned = asyncio.run(prepare(urls, plan))
        family = Family(plan, nursery, {**environment, **learned}, urls)
        asyncio.run(_serve(settings, family, list(plan.children), server, announce()))


def _environment(settings: Settings, plan: Plan) -> dict[str, str]:
    """What every process of the network may know."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")},
        **plan.environment,
        "DOORSTEP_HOME": str(settings.home),
        "HOST": settings.host,
        "PORT": str(settings.port),
        metrics.FOLDER: str(_empty(settings.home / "metrics")),
    }


async def _serve(
    settings: Settings, family: Family, names: Sequence[str], server: EmbeddedPostgres | None, announce: str
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as held:
        if server is not None:
            await held.enter_async_context(kept_alive(server))
        await _run_family(settings, family, names, stop, announce)


async def _run_family(
    settings: Settings, family: Family, names: Sequence[str], stop: asyncio.Event, announce: str
) -> None:
    """All children, until ``stop``; then they are stopped."""
    # Whoever answers people starts alone: six processes that start at once keep each other waiting.
    first = [name for name in names if name.startswith("web")]
    watchers = [asyncio.create_task(family.watch(name)) for name in first]
    ready = asyncio.create_task(_ready(settings))
    watchers += [asyncio.create_task(_say_when(ready, announce)), ready]
    waiting = {ready, asyncio.create_task(stop.wait())}
    await asyncio.wait(waiting, timeout=ALONE_S, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        rest = [name for name in names if name not in first]
        watchers += [asyncio.create_task(family.watch(name)) for name in rest]
    await stop.wait()
    print("Stopping: what is under way is finished first.", flush=True)  # noqa: T201 (for the person at the terminal)
    await family.stop()
    for watcher in watchers:
        watcher.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)


def _empty(folder: Path) -> Path:
    """The folder, with nothing of an earlier run in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


async def _ready(settings: Settings) -> None:
    """Return once the network can serve."""
    async with httpx.AsyncClient(trust_env=False, timeout=3) as http:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{settings.local_url}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)


async def _say_when(ready: asyncio.Task[None], announce: str) -> None:
    await asyncio.wait({ready})
    print(announce, flush=True)  # noqa: T201 (for the person at the terminal)
