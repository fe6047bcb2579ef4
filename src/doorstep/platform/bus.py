"""Wake-ups between processes: "market 7 has changed, look again". Never carries facts.

PostgreSQL's NOTIFY takes a database-wide lock at commit, so no business transaction ever notifies: each
process collects topics and sends them in one statement at most 25 times a second on a connection of its own.
A lost wake-up costs a listener one polling interval, nothing else.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import structlog

CHANNEL = "doorstep"
INTERVAL_S = 0.04
LONGEST_ABSENCE_S = 3.0
"""Between two attempts at a database that is away, at most; they begin at a third of a second."""
log = structlog.get_logger("bus")


class Bus:
    """Topics out to all processes, topics in to this one's listeners."""

    def __init__(self, url: str) -> None:
        """``url``: any serving role's database address."""
        self._url = url
        self._pending: set[str] = set()
        self._flushed = asyncio.Event()
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    def wake(self, topics: set[str]) -> None:
        """Queue topics for sending; returns at once."""
        self._pending |= topics
        self._flushed.set()

    @contextlib.contextmanager
    def _listening(self, topics: tuple[str, ...], event: asyncio.Event) -> Iterator[None]:
        for topic in topics:
            self._listeners.setdefault(topic, set()).add(event)
        try:
            yield
        finally:
            for topic in topics:
                ears = self._listeners.get(topic, set())
                ears.discard(event)
                if not ears:
                    self._listeners.pop(topic, None)

    async def changes(
        self, *topics: str, at_least_every_s: float | Callable[[], float] = 5.0
    ) -> AsyncIterator[None]:
        """Yield at once, then after each wake-up of any of ``topics`` and at least every so many seconds."""
        event = asyncio.Event()
        with self._listening(topics, event):
            while True:
                yield
                with contextlib.suppress(TimeoutError):
                    every_s = at_least_every_s() if callable(at_least_every_s) else at_least_every_s
                    await asyncio.wait_for(event.wait(), every_s)
                event.clear()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for topic in json.loads(str(payload)):
            for event in self._listeners.get(topic, ()):
                event.set()

    async def run(self) -> None:
        """Listen and send until cancelled; reconnects by itself."""
        failures = 0
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=5)
                try:
                    await connection.add_listener(CHANNEL, self._heard)
                    failures = 0
                    await self._send(connection)
                finally:
                    await connection.close(timeout=1)
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
                TimeoutError,
            ) as error:
                log.warning("bus_reconnects", error=str(error))
                await asyncio.sleep(min(0.3 * 2**failures, LONGEST_ABSENCE_S))
                failures += 1

    async def _send(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._flushed.wait(), 1.0)
            self._flushed.clear()
            if connection.is_closed():
                raise asyncpg.InterfaceError("the bus lost its connection")
            topics = sorted(self._pending)
            self._pending.clear()
            await _tell(connection, topics)
            await asyncio.sleep(INTERVAL_S)


async def tell(url: str, topics: set[str]) -> None:
    """Wake whoever listens to ``topics``, once: for a process too short-lived to have a bus."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await _tell(connection, sorted(topics))
    finally:
        await connection.close(timeout=1)


async def _tell(connection: "asyncpg.Connection[asyncpg.Record]", topics: list[str]) -> None:
    for start in range(0, len(topics), 100):  # a payload holds at most 8,000 bytes
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, json.dumps(topics[start : start + 100]))
