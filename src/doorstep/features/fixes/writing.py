"""Writing behind: every second all new fixes by COPY and all new positions in one statement.

A process that starts reads the positions back, and goes on reading those that other processes heard of
markets somebody watches here.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from doorstep.features.fixes.handlers import FORGET, KEPT, Forget
from doorstep.features.fixes.ingest import Inbox
from doorstep.features.fixes.live import Live, Position
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.db.work import Database
from doorstep.platform.metrics import FIXES

log = structlog.get_logger("fixes")
EVERY_S = 1.0
FRAME_S = 0.25
WRITER = Actor(Audience.GATE, label="fixes")
_COLUMNS = (
    "driver", "market_id", "lat", "lng", "accuracy_m", "heading_deg", "speed_mps", "device_at", "at",
)  # fmt: skip
_KEEP_NEWEST = """
    INSERT INTO driver_positions AS p
      (driver_id, market_id, lat, lng, accuracy_m, heading_deg, speed_mps, device_at, at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::float8[], $5::bigint[], $6::bigint[],
                         $7::float8[], $8::timestamptz[], $9::timestamptz[])
    ON CONFLICT (driver_id) DO UPDATE SET
      market_id = excluded.market_id, lat = excluded.lat, lng = excluded.lng,
      accuracy_m = excluded.accuracy_m, heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps,
      device_at = excluded.device_at, at = excluded.at
    WHERE excluded.device_at > p.device_at
"""
_READ = """
    SELECT driver_id, market_id, lat, lng, accuracy_m, heading_deg, speed_mps, device_at, at
    FROM driver_positions WHERE ($1::uuid[] IS NULL OR market_id = ANY ($1)) AND at >= $2
"""
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_AWAY = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


async def write(database: Database, inbox: Inbox) -> int:
    """Write down what is new; how many fixes. On failure everything is kept for the next time."""
    records, positions = inbox.take_history(), inbox.live.take_unwritten()
    if not records and not positions:
        return 0
    try:
        async with database.work(WRITER) as work:
            connection = await work.raw()
            if records:
                await connection.copy_records_to_table("fix_history", records=records, columns=_COLUMNS)
            if positions:
                fields = Position.__struct_fields__
                columns = [[getattr(position, name) for position in positions] for name in fields]
                await connection.execute(_KEEP_NEWEST, *columns)
    except BaseException:
        inbox.put_back(records)
        inbox.live.put_back(positions)
        raise
    FIXES.inc(len(records))
    return len(records)


async def read(
    database: Database, live: Live, markets: list[UUID] | None = None, since: datetime = _LONG_AGO
) -> int:
    """Hear the positions that are written down (of ``markets``, all when None); how many were news."""
    async with database.work(WRITER) as work:
        connection = await work.raw()
        rows = await connection.fetch(_READ, markets, since)
    return sum(live.hear(Position(*row), ours=False) for row in rows)


async def ask_to_forget(database: Database) -> None:
    """Have fixes of long ago removed; asked by several processes on one day it is done once."""
    async with database.work(WRITER) as work:
        now = work.now()
        work.schedule(FORGET, Forget(now - KEPT), key=now.date().isoformat())


async def write_behind(database: Database, inbox: Inbox) -> None:
    """Write until cancelled, and once more then; once a day of business time have old fixes removed."""
    day = None
    try:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await write(database, inbox)
                today = database.clock.market_now().date()
                if today != day:
                    await ask_to_forget(database)
                    day = today
            except _AWAY as error:
                log.warning("fixes_not_written", waiting=len(inbox.history), error=repr(error)[:200])
    finally:
        await write(database, inbox)


async def read_on(database: Database, live: Live) -> None:
    """Start warm, then hear what other processes wrote of watched markets, until cancelled."""
    warm = False
    while True:
        try:
            if not warm:
                await read(database, live)
                warm = True
            elif live.watched:
                await read(database, live, live.watched, database.clock.market_now() - timedelta(minutes=5))
        except _AWAY as error:
            log.warning("positions_not_read", error=repr(error)[:200])
        await asyncio.sleep(EVERY_S)


async def show_on(live: Live) -> None:
    """Hand frames to viewers, at most four a second, until cancelled."""
    while True:
        await asyncio.sleep(FRAME_S)
        live.show()
