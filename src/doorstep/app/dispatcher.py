"""The dispatcher process: owns markets by lease and runs their ticks.

Any number of dispatchers may run; each market has one owner at a time. A tick comes every ``tick_s`` of
market time and at once when something urgent happens (a decline, an expiry, a cancellation, an urgent order).
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from doorstep.app.runtime import Runtime, process
from doorstep.features.dispatch import cycle
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market
from doorstep.platform import leases
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Role
from doorstep.platform.settings import Settings
from doorstep.units.time import MarketInstant

log = structlog.get_logger("dispatcher")
ACTOR = system("dispatcher")
RENEW_S = 1.5
DEMO_OFFER_S = 4
LOOK_S = 0.25
"""At least so often a market is looked at: offers run out, and its settings may have changed."""


class Dispatcher:
    """Holds leases and one task per market owned."""

    def __init__(self, runtime: Runtime) -> None:
        """Nothing is taken yet."""
        self._runtime = runtime
        self._owner = runtime.settings.instance or uuid4()
        self._held: dict[UUID, leases.Lease] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._warming: dict[str, asyncio.Task[object]] = {}
        self._stopping = asyncio.Event()
        # In a demo a minute of market time passes in two seconds: too short for anybody to read an offer.
        self._least_real_s = DEMO_OFFER_S if runtime.mode == "demo" else 0

    def stop(self) -> None:
        """Finish the tick under way, then let go of all markets."""
        self._stopping.set()

    async def run(self) -> None:
        """Take markets that nobody owns and keep those taken, until stopped."""
        self._warm("dispatch", cycle.warm_up)
        await self._succeed()
        while not self._stopping.is_set():
            try:
                await self._renew()
            except Exception as error:
                log.warning("dispatcher_waits_for_database", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RENEW_S)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        with contextlib.suppress(Exception):
            async with self._runtime.database.work(ACTOR) as work:
                await leases.give_back(work, self._owner)
        for warming in self._warming.values():
            warming.cancel()

    def _warm(self, what: str, warm_up: Callable[[], object]) -> None:
        """Have kernels warmed beside the ticks, once."""
        if what not in self._warming:
            self._warming[what] = asyncio.create_task(asyncio.to_thread(warm_up))

    async def _succeed(self) -> None:
        """Take over at once from the dispatcher whose place this is; else its leases run out by themselves."""
        fallen = self._runtime.settings.fallen
        if fallen is not None:
            with contextlib.suppress(Exception):
                async with self._runtime.database.work(ACTOR) as work:
                    await leases.give_back(work, fallen)

    async def _renew(self) -> None:
        async with self._runtime.database.work(ACTOR) as work:
            for market in await markets.all_markets(work):
                lease = await leases.take(work, f"market:{market.id}", self._owner)
                if lease is None:
                    self._held.pop(market.id, None)
                    continue
                self._held[market.id] = lease
                if market.dispatch.get("mixing"):
                    self._warm("mixing", cycle.warm_up_mixing)
                if market.id not in self._tasks or self._tasks[market.id].done():
                    self._tasks[market.id] = asyncio.create_task(self._drive(market))

    async def _drive(self, market: Market) -> None:
        """Tick ``market`` for as long as its lease is ours."""
        runtime = self._runtime
        topics = (f"dispatch:{market.id}",)
        last: MarketInstant | None = None

        def until_due_s() -> float:
            if last is None:
                return LOOK_S
            clock = runtime.database.clock
            left_s = clock.real_seconds_until(MarketInstant(last + timedelta(seconds=market.tick_s)))
            return min(max(left_s, 0.01), LOOK_S)

        async for _ in runtime.bus.changes(*topics, at_least_every_s=until_due_s):
            lease = self._held.get(market.id)
            if self._stopping.is_set() or lease is None:
                return
            try:
                async with runtime.database.work(ACTOR) as work:
                    due = await cycle.due(work, market.id, last)
                if due:
                    last = runtime.database.clock.market_now()
                    await cycle.tick(
                        runtime.database,
                        runtime.connectors,
                        market.id,
                        lease,
                        least_real_s=self._least_real_s,
                    )
            except leases.LostLease:
                self._held.pop(market.id, None)
                return
            except Exception as error:
                log.warning("tick_failed", market=market.slug, error=repr(error), exc_info=error)
                await asyncio.sleep(0.5)


async def serve(settings: Settings) -> None:
    """Dispatch until SIGTERM or SIGINT."""
    async with process("dispatcher", Role.SYSTEM, settings) as runtime:
        dispatcher = Dispatcher(runtime)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, dispatcher.stop)
        listening = asyncio.create_task(runtime.bus.run())
        try:
            await dispatcher.run()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
