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


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One driver on duty, or about to start."""

    id: str
    place: int  # where she is, or will be when free
    free_s: int  # when she is free there
    on_s: int = 0
    off_s: int = FOREVER_S  # no pickup after: the shift's end is hard
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


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Travel by coordinates, for worlds too large for a matrix: straight lines at one pace, detours included in it.

    Whole metres of shape (n,), at most 100,000 km apart. Knowing where places are, the engine looks only at who is near.
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
    """Whole seconds of driving between places: int32 of shape (n, n), row = from, zero diagonal."""

    seconds: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Refuse what a kernel could misread."""
        if self.seconds.ndim != 2 or self.seconds.shape[0] != self.seconds.shape[1]:
            raise ValueError("a travel matrix is square")
        if self.seconds.dtype != np.int32:
            raise ValueError("a travel matrix holds int32 seconds")

    @property
    def places(self) -> int:
        """How many places there are."""
        return len(self.seconds)

    def between(self, a: int, b: int) -> int:
        """Whole seconds from place ``a`` to place ``b``."""
        return int(self.seconds[a, b])


Ways = Travel | Plane
"""How long it takes from place to place."""
