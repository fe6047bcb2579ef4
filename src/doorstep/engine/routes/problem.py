"""The plain values of route planning: requests, vehicles, the problem, a plan, and what a planner promises.

Times are seconds and distances metres when the problem comes from the business; a benchmark file has units of its own
and one of them then counts as either. Places are rows of the travel matrices. What figures are allowed is held by ``sound``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Visit:
    """One end of a request: service begins within [opens_s, closes_s] and takes service_s. Waiting is allowed.

    ``closes_s`` may be infinite.

    ``wanted_s``: service that begins later than this is late (soft); None means only the hard window counts.
    """

    place: int
    opens_s: float
    closes_s: float
    service_s: float = 0.0
    wanted_s: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Something to carry from one visit to another, by one vehicle, pickup first.

    ``needs`` is a bit mask of abilities. ``prize`` in units of distance: what leaving it out costs; None: it must be
    served, and a plan that leaves fewer such requests out is better whatever its length.
    """

    id: str
    pickup: Visit
    delivery: Visit
    units: float = 1.0
    needs: int = 0
    prize: float | None = None


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Starts at its place not before starts_s, is at its end (None: wherever the last stop is) by ends_s.

    ``opening`` in units of distance: what using it at all costs.
    """

    id: str
    start: int
    end: int | None
    capacity: float
    starts_s: float = 0.0
    ends_s: float = float("inf")
    abilities: int = 0
    opening: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Requests, vehicles and travel. The objective in this sequence: fewest required requests left out, fewest vehicles
    if ``fewest_vehicles``, then distance + openings + prizes left + ``late_price`` for each second late.

    What requests and vehicles are called and in which rows they stand is no part of the plan found: between two in which
    nothing differs but the name either may be taken. The numbers of places are: they say where something is.

    ``distance`` None: travel time is what counts. ``direct``: no way over a third place is faster than the straight
    one; False lets the search look where it otherwise need not.
    """

    requests: tuple[Request, ...]
    vehicles: tuple[Vehicle, ...]
    travel_s: Matrix
    distance: Matrix | None = None
    fewest_vehicles: bool = False
    late_price: float = 0.0
    direct: bool = True

    @property
    def lengths(self) -> Matrix:
        """What a leg costs."""
        return self.travel_s if self.distance is None else self.distance


@dataclass(frozen=True, slots=True, order=True)
class Stop:
    """A visit in a route: the row of its request in the problem, and which end of it."""

    request: int
    picks: bool


@dataclass(frozen=True, slots=True)
class Route:
    """The stops of the vehicle in row ``vehicle``, in their sequence."""

    vehicle: int
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes that are not empty, by vehicle, and the rows of the requests in none of them."""

    routes: tuple[Route, ...]
    unserved: tuple[int, ...]
    turns: int = 0  # turns of the search behind it, for figures

    def where(self) -> Iterator[tuple[int, int]]:
        """(request, vehicle) for every request served."""
        for route in self.routes:
            yield from ((stop.request, route.vehicle) for stop in route.stops if stop.picks)


class Budget(Protocol):
    """How long a planner may go on. Clocks live outside this room and come in as one of these."""

    def spent(self, turns: int) -> float:
        """The share used up after ``turns`` turns, from 0; the planner stops at 1."""


@dataclass(frozen=True, slots=True)
class Turns:
    """A budget in turns of the search: the same plan every time."""

    most: int

    def spent(self, turns: int) -> float:
        """The share of ``most`` done."""
        return turns / self.most if self.most > 0 else 1.0


class Planner(Protocol):
    """Makes a plan; ours and the peers'."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def plan(self, problem: Problem, budget: Budget, seed: int) -> Plan:
        """A plan that breaks no hard rule. What could not be served is named in it. Ours raises ValueError for a problem
        that is not sound.
        """
