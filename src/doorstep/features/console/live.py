"""A market live: its figures, deliveries, drivers, trips, offers, shops and positions, as one stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from uuid import UUID

from doorstep.features.console import queries, sights
from doorstep.features.console.schemas import DeliveryTold
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.fixes.stream import Application, market_frames
from doorstep.platform.auth.actors import Actor
from doorstep.platform.bus import Bus
from doorstep.platform.db.work import Database, Work
from doorstep.platform.http.streams import frame, until_lost
from doorstep.units.ids import public

LASTS_S = 300.0
"""A stream ends after five minutes; the browser comes back by itself and shows its credential again."""
LOOK_EVERY_S = 1.0
OFTEN = 5
"""Who is on duty is asked at each so manieth look."""
SENT_EVERY_S = 0.25
"""To one viewer."""
QUEUED = 8


class MarketWatch:
    """What one viewer has been told of a market's deliveries and figures."""

    def __init__(self, database: Database, actor: Actor, market_id: UUID) -> None:
        """Nothing told yet."""
        self._database = database
        self._actor = actor
        self._market_id = market_id
        self._versions: dict[UUID, int] | None = None
        self._counts: dict[str, int] = {}
        self._sights = {name: sights.Told() for name in ("stores", "drivers", "trips", "offers")}
        self._looks = 0

    async def look(self) -> list[bytes]:
        """Frames of what is new: ``deliveries`` (all under way, first), ``changed`` (a list), ``counts``, sights."""
        async with self._database.work(self._actor) as work:
            now = work.now()
            open_now = await deliveries.under_way(work, self._market_id)
            known = self._versions
            if known is None:
                fresh = open_now
            else:
                ended = [one for one in known if one not in {delivery.id for delivery in open_now}]
                fresh = [one for one in open_now if known.get(one.id) != one.version]
                fresh += await deliveries.many(work, ended)
            seen = await self._see(work, moved=bool(fresh) or known is None)
            row = next((row for row in await queries.figures(work) if row.market_id == self._market_id), None)
        frames = []
        if fresh or known is None:
            told = [DeliveryTold.of(one, now).model_dump(mode="json") for one in fresh]
            frames.append(frame("deliveries" if known is None else "changed", told))
        frames += [frame(name, change) for name, change in seen]
        self._versions = {one.id: one.version for one in open_now}
        if row is not None:
            counts = {
                "open": row.open,
                "delivered": row.delivered,
                "drivers_online": row.drivers_online,
                "offers_open": row.offers_open,
            }
            if counts != self._counts:
                self._counts = counts
                frames.append(frame("counts", {"market": public("market", self._market_id), **counts}))
        return frames

    async def _see(self, work: Work, *, moved: bool) -> list[tuple[str, Mapping[str, object]]]:
        """What is new of each kind of sight; trips move only when a delivery did, shops and people seldom."""
        asked: dict[str, Callable[[Work, UUID], Awaitable[list[sights.Seen]]]] = {
            "offers": sights.offers_seen
        }
        if moved or self._looks % OFTEN == 0:
            asked["trips"] = sights.trips_seen
        if self._looks % OFTEN == 0:
            asked["drivers"] = sights.drivers_seen
        if self._looks == 0:
            asked["stores"] = sights.stores_seen
        self._looks += 1
        seen = []
        for name, look in asked.items():
            change = self._sights[name].change(await look(work, self._market_id))
            if change is not None:
                seen.append((name, change))
        return seen


async def _changes(bus: Bus, market_id: UUID, watch: MarketWatch) -> AsyncIterator[bytes]:
    async for _ in bus.changes(f"market:{market_id}", at_least_every_s=2 * LOOK_EVERY_S):
        for fresh in await watch.look():
            yield fresh
        await asyncio.sleep(LOOK_EVERY_S)


async def _pump(source: AsyncIterator[bytes], queue: "asyncio.Queue[bytes | None]") -> None:
    try:
        async for part in until_lost(source):
            await queue.put(part)
    finally:
        # Wakes the stream, which ends with its source; a full queue wakes it anyway.
        with contextlib.suppress(asyncio.QueueFull):
            queue.put_nowait(None)


async def market_stream(
    app: Application, bus: Bus, market_id: UUID, watch: MarketWatch, monotonic: Callable[[], float]
) -> AsyncIterator[bytes]:
    """Both sources, what has come together at most four times a second; each is slowed to what this viewer takes.

    Ends when a source does; an error of our own in one is raised here, where it is logged and not lost with its task.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED)
    until = monotonic() + LASTS_S
    pumps = [
        asyncio.create_task(_pump(source, queue))
        for source in (_changes(bus, market_id, watch), market_frames(app, market_id))
    ]
    try:
        yield b"retry: 1000\n\n"
        while (left_s := until - monotonic()) > 0:
            ended = [pump for pump in pumps if pump.done()]
            if ended and queue.empty():
                for pump in ended:
                    pump.result()
                return
            try:
                part = await asyncio.wait_for(queue.get(), left_s)
            except TimeoutError:
                return
            parts = [part, *(queue.get_nowait() for _ in range(queue.qsize()))]
            yield b"".join(one for one in parts if one is not None)
            if None not in parts:
                await asyncio.sleep(SENT_EVERY_S)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
