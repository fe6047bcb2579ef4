"""What drivers can take, and a trip as dispatch believes it goes: offered, accepted, heard of stop by stop."""

from collections.abc import Callable
from dataclasses import dataclass

from doorstep.engine.world import Order
from doorstep.sim.roads import Roads
from doorstep.sim.truth import Shifts


@dataclass(frozen=True, slots=True)
class Gear:
    """What a driver can take: a bit mask of abilities, and load units."""

    abilities: int
    capacity_units: int


ANYTHING = Gear(-1, 1 << 30)


def gears(shifts: Shifts) -> list[Gear]:
    """What each driver of a day can take."""
    both = zip(shifts.abilities.tolist(), shifts.capacity_units.tolist(), strict=True)
    return [Gear(able, load) for able, load in both]


@dataclass(slots=True)
class Job:
    """A trip that was offered or accepted: its orders in drop sequence and when she is likely done."""

    orders: tuple[Order, ...]
    visits: tuple[tuple[Order, ...], ...]  # what is collected at each store, in sequence
    free_s: int
    span_s: int  # from when she is free for it to its end, as offered
    collected: int = 0
    dropped: int = 0
    accepted: bool = False
    off: bool = False  # everything was cancelled; she has not said yet where she turned
    left_place: int = 0  # where she last set out on it, and when, as believed
    left_s: int = 0

    def go_on(self, roads: Roads, place: int, at_s: int) -> None:
        """What is left of it as the roads have it, leaving ``place`` at ``at_s``."""
        self.left_place, self.left_s = place, at_s
        for visit in self.visits[self.collected :]:
            first = visit[0]
            inside_s = at_s + roads.between(place, first.pickup) + first.pickup_service_s // 2
            picked_s = max(inside_s, *(o.ready_s for o in visit))
            at_s = picked_s + first.pickup_service_s - first.pickup_service_s // 2
            place = first.pickup
        for order in self.orders[self.dropped :]:
            at_s += roads.between(place, order.dropoff) + order.dropoff_service_s
            place = order.dropoff
        self.free_s = at_s

    def there_s(self, roads: Roads) -> int:
        """When she reaches the store of a trip to one, by the plan."""
        return self.left_s + roads.between(self.left_place, self.orders[0].pickup)

    def collects_s(self, roads: Roads, ready_s: Callable[[Order], int]) -> int:
        """When she has its goods, by the plan; ``ready_s``: by the last word of the store."""
        inside_s = self.there_s(roads) + self.orders[0].pickup_service_s // 2
        return max(inside_s, *(ready_s(order) for order in self.orders))
