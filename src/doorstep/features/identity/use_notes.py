"""When keys and sessions were last used: noted in memory, written in batches, at most once a minute each.

A request never waits for such a write and never takes a row lock for it; a crash forgets two seconds.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import bindparam, text

from doorstep.platform.auth.gate import GATE
from doorstep.platform.db.work import Database
from doorstep.units.time import WallInstant

EVERY = timedelta(minutes=1)
WRITE_S = 2.0
_FORGET_AFTER = timedelta(minutes=10)
_WRITES = {
    "key": text(
        "UPDATE access_keys SET last_used_wall = greatest(last_used_wall, :seen) WHERE id = :row"
    ).bindparams(bindparam("row"), bindparam("seen")),
    "session": text("UPDATE sessions SET seen_wall = greatest(seen_wall, :seen) WHERE id = :row").bindparams(
        bindparam("row"), bindparam("seen")
    ),
}
log = structlog.get_logger("identity")


@dataclass(frozen=True, slots=True)
class _Used:
    kind: str
    id: UUID


class UseNotes:
    """The notes of one process."""

    def __init__(self) -> None:
        """Nothing noted."""
        self._seen: dict[_Used, WallInstant] = {}
        self._unwritten: set[_Used] = set()

    def last(self, kind: str, row_id: UUID, stored: datetime) -> datetime:
        """When it was last used, as far as the row or this process knows."""
        mine = self._seen.get(_Used(kind, row_id))
        return stored if mine is None else max(stored, mine)

    def note(self, kind: str, row_id: UUID, stored: datetime | None, at: WallInstant) -> None:
        """``kind`` ("key" or "session") was used at ``at``; kept when the last note is a minute old."""
        used = _Used(kind, row_id)
        mine = self._seen.get(used)
        known = [instant for instant in (stored, mine) if instant is not None]
        if all(instant <= at - EVERY for instant in known):
            self._seen[used] = at
            self._unwritten.add(used)

    async def write(self, database: Database) -> None:
        """Bring the rows up to date. What could not be written stays noted."""
        batch, self._unwritten = self._unwritten, set()
        if not batch:
            return
        try:
            async with database.work(GATE) as work:
                for kind, statement in _WRITES.items():
                    # In order of id, so that two processes never wait for each other.
                    ids = sorted(used.id for used in batch if used.kind == kind)
                    if ids:
                        rows = [{"row": row_id, "seen": self._seen[_Used(kind, row_id)]} for row_id in ids]
                        await work.session.execute(statement, rows)
                wall = work.wall()
        except BaseException:
            self._unwritten |= batch
            raise
        old = [used for used, at in self._seen.items() if wall - at > _FORGET_AFTER]
        for used in old:
            if used not in self._unwritten:
                del self._seen[used]

    async def run(self, database: Database) -> None:
        """Write every two seconds until cancelled."""
        while True:
            await asyncio.sleep(WRITE_S)
            try:
                await self.write(database)
            except Exception as error:
                log.warning("use_notes_wait", error=repr(error)[:200])
