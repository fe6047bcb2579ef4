"""What dispatch believes: orders that wait, drivers who could take them, the plan so far.

Times are whole seconds since 1970 of market time; places are indices into the travel matrix. Belief, not
truth: a driver's place is where she is expected to be when free.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

FOREVER_S = 1 << 40
"""Later than any time that is meant: an open end."""
MOMENT_S = 1 << 38
"""No moment lies further from 1970: every one that ``datetime`` can name is nearer."""
MOST = (1 << 31) - 1
"""Of anything that is counted or lasts: so much, times any price, is a whole number of 64 bits."""
MASK = (1 << 62) - 1
"""All abilities there can be; and no seed is further from zero."""
ABROAD_M = 100_000_000
SLOWEST_MS_PER_M = 10_000

type Limits = Mapping[str, tuple[int, int]]
"""The least and the most of each number of something."""
ORDER_LIMITS: Limits = {
    **dict.fromkeys(("pickup", "dropoff", "pickup_service_s", "dropoff_service_s", "units"), (0, MOST)),
    **dict.fromkeys(("placed_s", "ready_s", "wanted_from_s", "earliest_drop_s"), (-MOMENT_S, MOMENT_S)),
    **dict.fromkeys(("due_s", "expires_s"), (-MOMENT_S, FOREVER_S)),
    "latest_drop_s": (-MOMENT_S, FOREVER_S),
    **dict.fromkeys(("ride_most_s", "elsewhere_s"), (0, FOREVER_S)),
    "needs": (0, MASK),
}
DRIVER_LIMITS: Limits = {
    **dict.fromkeys(("place", "capacity_units", "max_orders"), (0, MOST)),
    **dict.fromkeys(("free_s", "on_s"), (-MOMENT_S, MOMENT_S)),
    "off_s": (-MOMENT_S, FOREVER_S),
    "abilities": (-MASK, MASK),
    "acceptance_permille": (0, 1000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One delivery that is placed and not yet picked up; committed to a driver only while her trip is open."""

    id: str
    pickup: int
    dropoff: int
    store: str  # orders of one store may share a trip
    placed_s: int
    ready_s: int
    wanted_from_s: int  # minutes count from here: placement for express, the window's start for a slot
    due_s: int  # the promise
    earliest_drop_s: int = 0  # a drop before waits
    expires_s: int = FOREVER_S  # no pickup after
    latest_drop_s: int = FOREVER_S  # no drop after: the hard end of a window
    ride_most_s: int = FOREVER_S
    """At most so long from the instant of the pickup to that of the drop: the clock of chilled goods, the longest ride a promise allows.
    Where stores are mixed, nothing else is on board with an order that has one."""
    pickup_service_s: int = 240
    dropoff_service_s: int = 240
    units: int = 1  # load
    alone: bool = False  # nothing else is on board with it; its store is then its own
    needs: int = 0  # bit mask of abilities
    refused_by: frozenset[str] = field(default_factory=frozenset)
    elsewhere_s: int = FOREVER_S
    """What it costs, all told, to have a courier company bring it instead, in seconds of one shopper's waiting; FOREVER_S: none can.
    It competes within the plan as a driver of this one trip: where any other would cost more, the order is left to it."""
    reserved: bool = False  # an open broadcast holds it: out of the plan, at a price that no plan changes

    def __post_init__(self) -> None:
        """Raise ValueError for a number that no order has, or with which the kernels could not count."""
        refuse_outside(ORDER_LIMITS, "order", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One driver on duty, or about to start."""

    id: str
    place: int  # where she is, or will be when free
    free_s: int  # when she is free there
    on_s: int = 0
    off_s: int = FOREVER_S  # no pickup after: the end of her shift or of the hours she may work, whichever is sooner, is hard
    abilities: int = -1  # bit mask; -1: all
    capacity_units: int = 1 << 30
    max_orders: int = 1 << 30
    acceptance_permille: int = 1000
    spoken_for: bool = False
    """She has an offer to answer or a next trip already, or cannot be reached on her way: planned with, not asked."""
    keeps: tuple[str, ...] = ()
    """Her open trip: orders of one store that she is under way to pick up or waits for, in drop sequence.

    They stay hers; until the pickup others of that store may join them. ``place`` is then the store and
    ``free_s`` when she arrives there, and the kept orders are among the world's."""
    aboard: tuple[Order, ...] = ()
    """What she has picked up and not handed over, where stores are mixed; not among the world's orders. It stays hers."""

    def __post_init__(self) -> None:
        """Raise ValueError for a number that no driver has, or with which the kernels could not count."""
        refuse_outside(DRIVER_LIMITS, "driver", self)


def refuse_outside(limits: Limits, what: str, thing: Order | Driver) -> None:
    """Raise ValueError for a number of ``thing`` outside its ``limits``."""
    for name, (least, most) in limits.items():
        value = getattr(thing, name)
        if not least <= value <= most:
            raise ValueError(f"{what} {thing.id}: {name} lies between {least:,} and {most:,}, not {value}")


def refuse_moment(now_s: int, seed: int) -> None:
    """Raise ValueError for a time or a seed that the kernels cannot count with."""
    if not -MOMENT_S <= now_s <= MOMENT_S:
        raise ValueError(f"now_s lies between {-MOMENT_S:,} and {MOMENT_S:,}, not {now_s}")
    if not -MASK <= seed <= MASK:
        raise ValueError(f"a seed lies between {-MASK:,} and {MASK:,}, not {seed}")


Chain = tuple[tuple[str, ...], ...]
"""A driver's trips in order; a trip is its order ids in drop sequence.

Where stores are mixed: her stops in order; an order named for the first time is picked up there, unless it is on board, and
handed over where it is named last.
"""
Plan = Mapping[str, Chain]
"""Chains by driver id; carried from tick to tick."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything one tick looks at."""

    orders: tuple[Order, ...]
    drivers: tuple[Driver, ...]
    plan: Plan = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError where a driver is bound to what cannot be together: somebody would be robbed of what is hers.

        That is keeping orders of two stores, or having with her an order that is to be alone and another. Ids that are unknown
        or occur twice are refused by ``decide``.
        """
        bound = [driver for driver in self.drivers if driver.keeps or driver.aboard]
        orders = {order.id: order for order in self.orders} if bound else {}
        for driver in bound:
            kept = [orders[id_] for id_ in driver.keeps if id_ in orders]
            if len({(order.store, order.pickup) for order in kept}) > 1:
                raise ValueError(
                    f"keeps of driver {driver.id} are of two stores: {', '.join(o.id for o in kept)};"
                    " an open trip has one store, at one place"
                )
            together = [*kept, *driver.aboard]
            apart = next((order.id for order in together if order.alone), None)
            if apart is not None and len(together) > 1:
                raise ValueError(
                    f"order {apart} is to be alone, and driver {driver.id} has {len(together)} orders:"
                    f" {', '.join(o.id for o in together)}"
                )


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Travel by coordinates, for worlds too large for a matrix: straight lines at one pace, detours included in it.

    Whole metres of shape (n,), at most 100,000 km from zero and apart along either axis; at most 10 s a metre. Knowing where places are, the engine looks only at who is near.
    """

    x_m: NDArray[np.int64]
    y_m: NDArray[np.int64]
    ms_per_m: int

    def __post_init__(self) -> None:
        """Refuse what a kernel could misread."""
        if self.x_m.shape != self.y_m.shape or self.x_m.ndim != 1:
            raise ValueError("every place has two coordinates")
        if self.x_m.dtype != np.int64 or self.y_m.dtype != np.int64:
            raise ValueError("a plane holds int64 metres")
        if self.ms_per_m < 1:
            raise ValueError("nobody is infinitely fast")
        if self.ms_per_m > SLOWEST_MS_PER_M:
            raise ValueError(f"ms_per_m lies between 1 and {SLOWEST_MS_PER_M:,}, not {self.ms_per_m}")
        for axis, along in (("x_m", self.x_m), ("y_m", self.y_m)):
            west, east = (int(along.min()), int(along.max())) if len(along) else (0, 0)
            if east - west > ABROAD_M or west < -ABROAD_M or east > ABROAD_M:
                raise ValueError(
                    f"{axis} lies within {ABROAD_M:,} m of zero and spans as much at most, not from {west:,} to {east:,}"
                )

    @property
    def places(self) -> int:
        """How many places there are."""
        return len(self.x_m)

    def reach_s(self) -> int:
        """Longer than the way between any two places."""
        if not self.places:
            return 0
        across_m = int(self.x_m.max() - self.x_m.min()) + int(self.y_m.max() - self.y_m.min())
        return across_m * self.ms_per_m // 1000 + 1

    def between(self, a: int, b: int) -> int:
        """Whole seconds from place ``a`` to place ``b``, rounded up."""
        dx, dy = int(self.x_m[a] - self.x_m[b]), int(self.y_m[a] - self.y_m[b])
        return -(-int(sqrt(dx * dx + dy * dy)) * self.ms_per_m // 1000)


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Whole seconds of driving between places: int32 of shape (n, n), never negative, row = from, zero diagonal."""

    seconds: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Refuse what a kernel could misread."""
        if self.seconds.ndim != 2 or self.seconds.shape[0] != self.seconds.shape[1]:
            raise ValueError("a travel matrix is square")
        if self.seconds.dtype != np.int32:
            raise ValueError("a travel matrix holds int32 seconds")
        if self.seconds.size and self.seconds.min() < 0:
            a, b = (int(one) for one in np.unravel_index(self.seconds.argmin(), self.seconds.shape))
            raise ValueError(f"nobody is there before she left: {self.seconds[a, b]} s from place {a} to {b}")

    @property
    def places(self) -> int:
        """How many places there are."""
        return len(self.seconds)

    def between(self, a: int, b: int) -> int:
        """Whole seconds from place ``a`` to place ``b``."""
        return int(self.seconds[a, b])


Ways = Travel | Plane
"""How long it takes from place to place."""
