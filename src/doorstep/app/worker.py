"""The worker process: runs jobs until told to stop, then finishes what is in hand."""

import asyncio
import contextlib
import signal

from sqlalchemy import text

from doorstep.app.runtime import process
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Role
from doorstep.platform.metrics import OUTBOX_AGE_S
from doorstep.platform.settings import Settings
from doorstep.platform.worker import Worker


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    async with process("worker", Role.SYSTEM, settings) as runtime:
        worker = Worker(runtime.database)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        side = [asyncio.create_task(runtime.bus.run()), asyncio.create_task(_measure(runtime.database))]
        try:
            await worker.run()
        finally:
            for task in side:
                task.cancel()
            await asyncio.gather(*side, return_exceptions=True)


async def _measure(database: Database) -> None:
    """How old the oldest due job is, every five seconds."""
    while True:
        with contextlib.suppress(Exception):
            async with database.work(system("worker")) as work:
                oldest = (
                    await work.session.execute(
                        text(
                            "SELECT min(coalesce(due_wall, created_wall)) FROM jobs WHERE state = 'waiting'"
                            " AND (due_wall IS NULL OR due_wall <= :wall) AND (due_market IS NULL OR due_market <= :market)"
                        ),
                        {"wall": work.wall(), "market": work.now()},
                    )
                ).scalar_one()
                OUTBOX_AGE_S.set((work.wall() - oldest).total_seconds() if oldest else 0)
        await asyncio.sleep(5)
