"""Somebody who brings the embedded server back when it has died, whoever's it was."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from doorstep.platform.postgres.server import EmbeddedPostgres

log = structlog.get_logger("database")
LOOK_S = 0.2
"""How soon an owner sees that its server has died."""
LOOK_AT_ANOTHERS_S = 1.0
LONGEST_PAUSE_S = 30.0
"""Between two attempts at a server that will not start."""


@contextlib.asynccontextmanager
async def kept_alive(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """While the block runs, ``server`` is started anew when it has died.

    One that was attached to becomes ours when its owner is gone. What cannot be started is tried again, ever
    more seldom, and each attempt is one line in the log. At the end no attempt is under way any more.
    """
    over = asyncio.Event()
    keeping = asyncio.create_task(_keep(server, over))
    try:
        yield
    finally:
        over.set()
        await keeping


async def _keep(server: EmbeddedPostgres, over: asyncio.Event) -> None:
    failures = 0
    while True:
        look_s = LOOK_S if server.owned else LOOK_AT_ANOTHERS_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), min(look_s * 2**failures, LONGEST_PAUSE_S))
        if over.is_set():
            return
        try:
            if not server.alive():
                log.warning("database_fell", ours=server.owned)
                await asyncio.to_thread(server.restart_if_dead)
                log.warning("database_is_back", ours=server.owned)
            failures = 0
        except Exception as error:
            failures += 1
            log.warning("database_not_back", error=str(error)[:300])
