"""Units of work: one transaction with one actor, one clock and one source of ids.

``Database.work(actor)`` opens one, commits when its block ends, rolls back when it raises. Events and jobs
told to the work are written with the commit, wake-ups go out after it.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.clock import Clock
from doorstep.platform.events import Event
from doorstep.platform.jobs import Handlers, JobRow, NewJob, as_row, encode
from doorstep.units.ids import IdSource
from doorstep.units.time import MarketInstant, WallInstant

POOL_SIZE = 14
"""Connections of one process, opened when it starts."""


class Role(StrEnum):
    """Under which database role a process serves."""

    WEB = "web"  # route handlers: sees what the actor may see
    SYSTEM = "system"  # dispatcher and worker


def address_name(role: Role) -> str:
    """The setting that holds the database address of ``role``."""
    return f"DATABASE_URL_{role.upper()}"


_SETTINGS = text(
    "SELECT set_config('doorstep.audience', :audience, true),"
    " set_config('doorstep.subject', :subject, true), set_config('doorstep.tenant', :tenant, true)"
)


# Made once, so that their compiled form is found again by identity.
_ADD_JOB = (
    insert(JobRow.__table__)  # type: ignore[arg-type]
    .on_conflict_do_nothing(index_elements=["handler", "key"], index_where=text("key IS NOT NULL"))
    .inline()  # its number is not asked back: those who write jobs may not read them
)
UNKNOWN = Actor(Audience.PUBLIC, label="unknown")


class Work:
    """What every verb of the business is given. ``session`` is for the feature's own rows."""

    def __init__(
        self, session: AsyncSession, actor: Actor, clock: Clock, ids: IdSource, handlers: Handlers
    ) -> None:
        """Made by ``Database.work`` alone."""
        self.session = session
        self.actor = actor
        self.clock = clock
        self._ids = ids
        self._handlers = handlers
        self._rows: list[tuple[Executable, Mapping[str, object]]] = []
        self._jobs: list[NewJob] = []
        self._topics: set[str] = set()
        self._after: list[Callable[[], None]] = []

    def now(self) -> MarketInstant:
        """Business time."""
        return self.clock.market_now()

    def wall(self) -> WallInstant:
        """Real time."""
        return self.clock.wall_now()

    def new_id(self) -> UUID:
        """A fresh version 7 UUID."""
        return self._ids.new()

    def emit(self, event: Event, *, stream: str, seq: int, market_id: UUID | None = None) -> None:
        """Tell ``event`` to everyone who listens, in order of ``seq`` within ``stream`` ("delivery:<id>")."""
        payload = encode(event)
        for name in self._handlers.by_event.get(event.name, ()):
            self._jobs.append(NewJob(name, payload, stream=stream, seq=seq, market_id=market_id))

    def schedule(
        self,
        handler: str,
        message: object,
        *,
        due_market: MarketInstant | None = None,
        due_wall: WallInstant | None = None,
        key: str | None = None,
        market_id: UUID | None = None,
    ) -> None:
        """Have ``handler`` run with ``message`` when due; a second job of the same ``key`` is not added."""
        if handler not in self._handlers.by_name:
            raise LookupError(f"no handler is called {handler}")
        self._jobs.append(
            NewJob(
                handler,
                encode(message),
                key=key,
                market_id=market_id,
                due_market=due_market,
                due_wall=due_wall,
            )
        )

    def wake(self, topic: str) -> None:
        """After the commit, tell listeners of ``topic`` ("market:<id>", "driver:<id>") to look again."""
        self._topics.add(topic)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Run ``act`` (fast, in memory) once the commit has succeeded."""
        self._after.append(act)

    async def raw(self) -> "asyncpg.Connection[asyncpg.Record]":
        """The driver's own connection in this transaction, for the few hot statements."""
        connection = await self.session.connection()
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        return driver

    async def become(self, actor: Actor) -> None:
        """Go on as ``actor`` (sign-in turns the gate into somebody)."""
        self.actor = actor
        await self.session.execute(
            _SETTINGS,
            {
                "audience": str(actor.audience),
                "subject": str(actor.subject or ""),
                "tenant": str(actor.tenant or ""),
            },
        )

    def add(self, statement: Executable, row: Mapping[str, object]) -> None:
        """Write ``row`` by ``statement`` (an insert made once, at import) with the next flush, after the session's rows."""
        self._rows.append((statement, row))

    async def flush(self) -> None:
        """Write rows and jobs told so far, without committing."""
        await self.session.flush()
        for statement, row in self._rows:
            await self.session.execute(statement, row)
        self._rows.clear()
        if self._jobs:
            wall = self.wall()
            rows = [as_row(job, wall) for job in self._jobs]
            self._jobs.clear()
            self._topics.add("jobs")
            await self.session.execute(
                _ADD_JOB, rows if len(rows) > 1 else rows[0]
            )  # one message, however many

    async def commit(self, wake: Callable[[set[str]], None]) -> None:
        """Write everything and commit, then wake listeners. Called by ``Database.work``."""
        await self.flush()
        await self.session.commit()
        for act in self._after:
            act()
        if self._topics:
            wake(self._topics)


class Database:
    """A pool of connections under one role."""

    def __init__(
        self,
        url: str,
        role: Role,
        clock: Clock,
        ids: IdSource,
        handlers: Handlers,
        wake: Callable[[set[str]], None] = lambda _topics: None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        """``url`` is a plain ``postgresql://`` address; ``wake`` tells other processes (``platform.bus``)."""
        self.url = url
        self.role = role
        self.clock = clock
        self.ids = ids
        self.handlers = handlers
        self.wake = wake
        self._pool_size = pool_size
        self.engine = self._pool(pool_size)
        self._glancing = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._probing = self._pool(1).execution_options(isolation_level="AUTOCOMMIT")

    def _pool(self, size: int) -> AsyncEngine:
        return create_async_engine(
            self.url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=size,
            # None above it: one more would be opened, asked for its types, taught every statement and closed again, just then.
            max_overflow=0,
            pool_pre_ping=False,
            pool_use_lifo=False,  # in turn: when a burst needs them all, all have their statements prepared
            pool_timeout=15,
            connect_args={
                "server_settings": {"application_name": f"doorstep-{self.role}", "timezone": "UTC"}
            },
        )

    @asynccontextmanager
    async def work(self, actor: Actor | None) -> AsyncIterator[Work]:
        """A unit of work as ``actor``: committed at the end of the block, rolled back when it raises.

        None when it is still to be found out who asks: nobody's rows can be seen until ``become``.
        """
        assert (actor is not None and actor.audience is Audience.SYSTEM) == (self.role is Role.SYSTEM), (
            "no route handler may use the system role"
        )
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            work = Work(session, actor or UNKNOWN, self.clock, self.ids, self.handlers)
            if (
                actor is not None and self.role is not Role.SYSTEM
            ):  # the system role's policies ask nobody's name
                await work.become(actor)
            yield work
            await work.commit(self.wake)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements on tables that belong to nobody, or under the system role: no actor, no transaction."""
        async with self._glancing.connect() as connection:
            yield connection

    @asynccontextmanager
    async def probe(self) -> AsyncIterator[AsyncConnection]:
        """A glance over a connection of its own: is the database there? Never waits behind the work that crowds the pool."""
        async with self._probing.connect() as connection:
            yield connection

    async def warm(self) -> None:
        """Open the pool's connections now: each costs tens of milliseconds, which a burst would pay all at once."""
        async with AsyncExitStack() as held:
            for _ in range(self._pool_size):
                await held.enter_async_context(self.engine.connect())

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
        await self._probing.dispose()
