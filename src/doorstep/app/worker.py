"""The worker process: runs jobs until told to stop, then finishes what is in hand."""

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import text

from doorstep.app.runtime import process
from doorstep.features.console.service import refresh_figures
from doorstep.features.ledger import queries as ledger
from doorstep.features.markets import service as markets
from doorstep.features.visits import service as visits
from doorstep.platform import forgetting
from doorstep.platform.auth.actors import system
from doorstep.platform.bus import Bus
from doorstep.platform.db.work import Database, Role, Work
from doorstep.platform.metrics import LEDGER_DRIFT, OUTBOX_AGE_S
from doorstep.platform.settings import Settings
from doorstep.platform.worker import Worker

FORGET_S = 300.0
MEASURE_S = 5.0
WEIGH_S = 60.0
"""Seldom: every posting there ever was is added up."""
log = structlog.get_logger("worker")
PACE_S = 0.5
YIELDS = 10
"""Niceness: on a crowded machine who waits for an answer goes before who reacts to one. Not before it is up: so long others wait for it."""


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    async with process("worker", Role.SYSTEM, settings) as runtime:
        worker = Worker(runtime.database, poll_s=0.25, instance=settings.instance, fallen=settings.fallen)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        side = [
            asyncio.create_task(task)
            for task in (
                runtime.bus.run(),
                _nudge(runtime.bus, worker),
                _every(MEASURE_S, runtime.database, measure),
                _every(WEIGH_S, runtime.database, weigh),
                _count(runtime.database, runtime.bus),
                _forget(runtime.database),
            )
        ]
        if runtime.mode == "demo":
            side.append(asyncio.create_task(_keep_pace(runtime.database, runtime.bus)))
        os.nice(YIELDS)
        try:
            await worker.run()
        finally:
            for task in side:
                task.cancel()
            await asyncio.gather(*side, return_exceptions=True)


async def _nudge(bus: Bus, worker: Worker) -> None:
    """Look for work when somebody has written some, instead of asking the database all the time."""
    async for _ in bus.changes("jobs"):
        worker.nudge()


class Pace:
    """How long the count of the public figures rests: a second, or longer where counting is long by itself.

    The figures are counted over all rows, so in a network of many years they are told less often, at a twentieth
    of one connection's time. The quickest of the last counts says how long that is: a slow one among them was
    the machine's business, and resting twenty times as long would show a market that is just opened half a
    minute late.
    """

    LAST, REST_S, SHARE = 3, 1.0, 20

    def __init__(self) -> None:
        """Nothing was counted yet."""
        self._took_s: deque[float] = deque(maxlen=self.LAST)

    def took(self, seconds: float) -> None:
        """Remember a count that was done."""
        self._took_s.append(seconds)

    def rest_s(self) -> float:
        """Seconds until the next count; a second until so many counts were done that one can be told from the machine."""
        if len(self._took_s) < self.LAST:
            return self.REST_S
        return max(self.REST_S, self.SHARE * min(self._took_s))


async def _count(database: Database, bus: Bus) -> None:
    """The public figures of every market, and at once when a market is new or changed; one worker at a time does it."""
    pace = Pace()
    async for _ in bus.changes(markets.TOPIC, at_least_every_s=lambda: pace.rest_s() - Pace.REST_S):
        began = time.monotonic()
        try:
            async with database.work(system("figures")) as work:
                done = await refresh_figures(work)
        except Exception as error:
            log.warning("figures_not_counted", error=repr(error)[:300])
        else:
            if done:
                pace.took(time.monotonic() - began)
        await asyncio.sleep(Pace.REST_S)


async def _forget(database: Database) -> None:
    """Drop what is needed no longer; a full batch means there is more."""
    while True:
        gone: dict[str, int] = {}
        try:
            async with database.work(system("forgetting")) as work:
                gone = await forgetting.forget(work)
        except Exception as error:
            log.warning("nothing_forgotten", error=repr(error)[:300])
        await asyncio.sleep(1 if forgetting.BATCH in gone.values() else FORGET_S)


async def _keep_pace(database: Database, bus: Bus) -> None:
    """Let time run as the visitors of the demo wish; one worker at a time does it."""
    async for _ in bus.changes(visits.TOPIC, at_least_every_s=PACE_S):
        try:
            async with database.work(system("visits")) as work:
                await visits.settle(work)
        except Exception as error:
            log.warning("pace_not_kept", error=repr(error)[:300])


async def measure(work: Work) -> None:
    """Tell how old the oldest due job is."""
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


async def weigh(work: Work) -> None:
    """Tell by how much the whole ledger fails to balance, money of closed markets and of none included."""
    LEDGER_DRIFT.set(await ledger.difference_minor(work))


async def _every(pause_s: float, database: Database, look: Callable[[Work], Awaitable[None]]) -> None:
    """Look again and again; what cannot be seen now is seen the next time."""
    while True:
        with contextlib.suppress(Exception):
            async with database.work(system("worker")) as work:
                await look(work)
        await asyncio.sleep(pause_s)
