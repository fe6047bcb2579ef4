"""Drivers' sessions, remembered in this process so that a phone's stream of fixes costs no look-up each.

Whoever ends a driver's session raises the network's *generation* in the same transaction. A process asks
for it at most twice a second and forgets everything when it has risen, so an ended session lets nobody in
for longer than half a second. Keys, staff and merchants' people are never remembered.
"""

import asyncio
import time
from dataclasses import dataclass

from sqlalchemy import text

from doorstep.features.identity.queries import Session
from doorstep.platform.auth.gate import GATE
from doorstep.platform.db.work import Database, Work

ASK_EVERY_S = 0.5
_LOOK_AGAIN_S = 300.0
_MOST = 100_000


async def raise_generation(work: Work) -> None:
    """Let every process forget the sessions it remembers, from the commit on."""
    await work.session.execute(
        text(
            "INSERT INTO access_generations (id, generation) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET generation = access_generations.generation + 1"
        )
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    generation: int
    kept_s: float
    session: Session


class Remembered:
    """The sessions one process knows, each good for the generation in which it was looked up."""

    def __init__(self) -> None:
        """Nothing remembered."""
        self._entries: dict[bytes, _Entry] = {}
        self._generation = -1
        self._asked_s = float("-inf")
        self._asking = asyncio.Lock()

    async def generation(self, database: Database) -> int:
        """The network's generation, at most half a second old. Ask before looking a session up."""
        if time.monotonic() - self._asked_s > ASK_EVERY_S:
            async with self._asking:
                if time.monotonic() - self._asked_s > ASK_EVERY_S:
                    asked_s = (
                        time.monotonic()
                    )  # before the question: the answer may be older than its arrival
                    async with database.work(GATE) as work:
                        found = await work.session.execute(text("SELECT generation FROM access_generations"))
                        self._generation = found.scalar_one_or_none() or 0
                    self._asked_s = asked_s
        return self._generation

    def find(self, digest: bytes, generation: int) -> Session | None:
        """The session remembered in this very generation."""
        entry = self._entries.get(digest)
        if entry is None or entry.generation != generation:
            return None
        if time.monotonic() - entry.kept_s > _LOOK_AGAIN_S:
            return None
        return entry.session

    def keep(self, digest: bytes, generation: int, session: Session) -> None:
        """Remember a session that was looked up after ``generation`` was asked for."""
        if len(self._entries) >= _MOST:
            self._entries.clear()
        self._entries[digest] = _Entry(generation, time.monotonic(), session)

    def forget(self, digest: bytes) -> None:
        """Let go of a session that just ended in this very process."""
        self._entries.pop(digest, None)
