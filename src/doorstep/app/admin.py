"""What administrative commands need: the database of this home, as the system role, for a short while."""

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom

from doorstep.app.launcher import open_database
from doorstep.platform import bus, clock_anchor
from doorstep.platform.auth.actors import system
from doorstep.platform.clock import WallClock, epoch_ms
from doorstep.platform.db.work import Database, Role, Work
from doorstep.platform.jobs import Handlers
from doorstep.platform.settings import Settings
from doorstep.units.ids import IdSource


def run[T](settings: Settings, act: Callable[[Work], Awaitable[T]], handlers: Handlers | None = None) -> T:
    """Run ``act`` in one unit of work on this home's database (attached to when it runs, started when not)."""

    async def once(url: str) -> T:
        woken: set[str] = set()
        database = Database(
            url,
            Role.SYSTEM,
            WallClock(),
            IdSource(epoch_ms, SystemRandom()),
            handlers or Handlers(),
            wake=woken.update,
            pool_size=6,
        )
        try:
            async with database.work(system("operator")) as work:
                database.clock = work.clock = await clock_anchor.clock_of(work)
                done = await act(work)
            if woken:
                await bus.tell(url, woken)
            return done
        finally:
            await database.close()

    with open_database(settings) as (urls, _server):
        return asyncio.run(once(urls.system))
