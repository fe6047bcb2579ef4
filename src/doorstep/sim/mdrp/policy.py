"""Who decides on a played day: the engine, or a peer to compare it with."""

from dataclasses import dataclass
from typing import Protocol

from doorstep.engine.compiled import Kernels
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions, Send
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Travel, World
from doorstep.sim.late_f1 import late_f1


class Policy(Protocol):
    """Decides once a minute, as the engine does."""

    def __call__(self, world: World, travel: Travel, now_s: int, seed: int) -> Decisions:
        """What to send now; the plan goes into the next world."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Doorstep's own."""

    params: Params
    kernels: Kernels | None = None

    def __call__(self, world: World, travel: Travel, now_s: int, seed: int) -> Decisions:
        """See ``doorstep.engine.decide``."""
        return decide(world, travel, self.params, now_s, seed, self.kernels)


@dataclass(frozen=True, slots=True)
class LateF1:
    """Bundle, then assign; see ``doorstep.sim.late_f1``."""

    params: Params

    def __call__(self, world: World, travel: Travel, now_s: int, seed: int) -> Decisions:
        """One trip a courier."""
        return late_f1(world, travel, self.params, now_s, seed)


@dataclass(frozen=True, slots=True)
class Greedy:
    """What a careful dispatcher does by hand: first ready, first served, by whoever is free and nearest."""

    ahead_s: int = 600
    """Sent at the earliest this long before the food is ready."""

    def __call__(self, world: World, travel: Travel, now_s: int, seed: int) -> Decisions:
        """One order a trip; no plan."""
        del seed
        free = [d for d in world.drivers if d.on_s <= now_s and d.free_s <= now_s and not d.keeps]
        sends = []
        for order in sorted(world.orders, key=lambda o: (o.ready_s, o.placed_s, o.id)):
            if now_s < order.ready_s - self.ahead_s:
                continue
            ways = [
                (self._pickup_s(order, d, travel, now_s), d.id, d)
                for d in free
                if d.id not in order.refused_by
            ]
            ways = [way for way in ways if max(way[0], order.ready_s) <= way[2].off_s]
            if ways:
                inside_s, _, driver = min(ways, key=lambda way: way[:2])
                pickup_s = max(inside_s, order.ready_s)
                sends.append(
                    Send(driver.id, (order.id,), now_s, pickup_s, (), 0.0, "the nearest who is free")
                )
                free.remove(driver)
        return Decisions(tuple(sends), {}, (), 0.0)

    @staticmethod
    def _pickup_s(order: Order, driver: Driver, travel: Travel, now_s: int) -> int:
        return now_s + int(travel.seconds[driver.place, order.pickup]) + order.pickup_service_s // 2
