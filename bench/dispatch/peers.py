"""PyVRP and VROOM behind our planner protocol, as second opinions. Development packages: nothing of the product needs them.

Both count in whole numbers: times and distances are multiplied by ``scale`` and travel rounded up, so that what they
call feasible is feasible in double precision.
"""

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from doorstep.engine.routes.problem import Budget, Plan, Problem, Route, Stop, Visit


class OutOfTime:
    """A peer's own clock: PyVRP asks before each of its rounds."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def __call__(self, best_cost: float) -> bool:  # noqa: ARG002  time alone counts
        return self.budget.spent(0) >= 1


def _scale(problem: Problem) -> int:
    return 1 if np.array_equal(problem.travel_s, np.round(problem.travel_s)) else 100


def _whole(matrix: Any, scale: int) -> Any:
    return np.ceil(matrix * scale - 1e-9).astype(np.int64)


def _plan(problem: Problem, routes: list[Route], turns: int = 0) -> Plan:
    served = {stop.request for route in routes for stop in route.stops}
    left = tuple(r for r in range(len(problem.requests)) if r not in served)
    return Plan(tuple(sorted(routes, key=lambda route: route.vehicle)), left, turns)


@dataclass(frozen=True, slots=True)
class PyVRP:
    """PyVRP's iterated local search with shipments (0.14), one vehicle type a kind of vehicle."""

    optional: bool = False  # prizes instead of required shipments: for cases where not all can be served
    name: str = "PyVRP"

    def plan(self, problem: Problem, budget: Budget, seed: int) -> Plan:
        """Its best feasible solution when the budget is spent; nothing served when it found none."""
        import pyvrp
        from pyvrp import Activity, Depot, Location, ProblemData, Shipment, VehicleType  # noqa: F401 (whether they are there)

        scale = _scale(problem)
        places = len(problem.travel_s)
        travel, length = _whole(problem.travel_s, scale), _whole(problem.lengths, scale)
        open_ends = any(v.end is None for v in problem.vehicles)
        if open_ends:  # one more place at no distance
            travel, length = (np.pad(m, (0, 1)) for m in (travel, length))
        late = int(np.iinfo(np.int64).max // 2)

        def end_of(visit: Visit, what: str) -> dict[str, int]:
            closes = min(visit.closes_s * scale, 2**40)
            return {
                f"{what}_location": visit.place,
                f"{what}_tw_early": math.ceil(visit.opens_s * scale),
                f"{what}_tw_late": math.floor(closes),
                f"{what}_service_duration": math.ceil(visit.service_s * scale),
            }

        depots: dict[int, int] = {}
        for v in problem.vehicles:
            depots.setdefault(v.start, len(depots))
            depots.setdefault(places if v.end is None else v.end, len(depots))
        kinds: dict[tuple[Any, ...], list[int]] = {}
        for row, v in enumerate(problem.vehicles):
            kinds.setdefault((v.start, v.end, v.capacity, v.starts_s, v.ends_s, v.opening), []).append(row)
        longest = int(length.max())
        fixed = 40 * longest if problem.fewest_vehicles else 0
        types = [
            VehicleType(
                num_available=len(rows),
                capacity=[int(capacity)],
                start_depot=depots[start],
                end_depot=depots[places if end is None else end],
                fixed_cost=fixed + int(opening * scale),
                tw_early=math.ceil(starts * scale),
                tw_late=min(math.floor(min(ends, 2**40) * scale), late),
            )
            for (start, end, capacity, starts, ends, opening), rows in kinds.items()
        ]
        shipments = [
            Shipment(
                **end_of(r.pickup, "pickup"),
                **end_of(r.delivery, "delivery"),
                amount=[int(r.units)],
                required=not self.optional,
                prize=40 * longest if self.optional else 0,
            )
            for r in problem.requests
        ]
        case = ProblemData(
            [Location(0, 0) for _ in range(len(travel))],
            [],
            [Depot(place) for place in depots],
            types,
            [length],
            [travel],
            [],
            shipments,
        )
        best = pyvrp.solve(case, OutOfTime(budget), seed=seed, display=False).best
        if not best.is_feasible():
            return _plan(problem, [])
        rows = [list(found) for found in kinds.values()]
        routes = []
        for route in best.routes():
            stops = tuple(Stop(a.idx, a.is_pickup()) for a in route if a.is_shipment())
            routes.append(Route(rows[route.vehicle_type()].pop(0), stops))
        return _plan(problem, routes)


@dataclass(frozen=True, slots=True)
class Vroom:
    """VROOM at one of its exploration levels (0 to 5); it stops by itself, often early, sometimes late."""

    level: int = 5

    @property
    def name(self) -> str:
        """With the level."""
        return f"VROOM x{self.level}"

    def plan(self, problem: Problem, budget: Budget, seed: int) -> Plan:  # noqa: ARG002  it has no seed
        """Its solution; what it leaves unassigned is unserved."""
        import vroom

        scale = _scale(problem)
        case = vroom.Input()
        case.set_durations_matrix("car", _whole(problem.travel_s, scale))
        if problem.distance is not None:
            case.set_costs_matrix("car", _whole(problem.distance, scale))
        fixed = 40 * int(problem.lengths.max() * scale) if problem.fewest_vehicles else 0
        # Its fixed cost is in cost units of 3,600 an hour, as travel time is.
        for row, v in enumerate(problem.vehicles):
            case.add_vehicle(
                vroom.Vehicle(
                    row,
                    start=v.start,
                    end=v.end,
                    capacity=[int(v.capacity)],
                    costs=vroom.VehicleCosts(fixed=fixed),
                    time_window=(math.ceil(v.starts_s * scale), math.floor(min(v.ends_s * scale, 2**30))),
                )
            )
        for r, request in enumerate(problem.requests):
            ends = [
                vroom.ShipmentStep(
                    r,
                    visit.place,
                    default_service=math.ceil(visit.service_s * scale),
                    time_windows=[
                        (math.ceil(visit.opens_s * scale), math.floor(min(visit.closes_s * scale, 2**30)))
                    ],
                )
                for visit in (request.pickup, request.delivery)
            ]
            case.add_shipment(ends[0], ends[1], amount=vroom.Amount([int(request.units)]))
        left_s = self._seconds_left(budget)
        found = case.solve(
            self.level, nb_threads=1, timeout=timedelta(seconds=left_s) if left_s else None
        ).to_dict()
        routes = [
            Route(
                route["vehicle"],
                tuple(
                    Stop(s["id"], s["type"] == "pickup")
                    for s in route["steps"]
                    if s["type"] in {"pickup", "delivery"}
                ),
            )
            for route in found["routes"]
        ]
        return _plan(problem, routes)

    @staticmethod
    def _seconds_left(budget: Budget) -> float | None:
        """Seconds until the budget is spent, read off how fast it goes."""
        began, first = time.perf_counter(), budget.spent(0)
        while time.perf_counter() < began + 0.05:  # awake: a clock of processor time stands still in sleep
            pass
        share = budget.spent(0)
        if share <= first:
            return None
        return max(0.05, (1 - share) * (time.perf_counter() - began) / (share - first))
