"""Can this window still be promised? Slot feasibility by cheapest insertion into a plan that stays as it is.

The plan is laid out once; a question fills the row of one spare request anew and looks at every pair of places in every route.
With the slack known at both ends of each stop (Savelsbergh 1992, see ``timing``) that takes well under a millisecond.
"""

from dataclasses import dataclass, replace
from typing import Any

from doorstep.engine.routes import rows
from doorstep.engine.routes.compiled import Kernels
from doorstep.engine.routes.layout import Layout, cells_of, lay_out
from doorstep.engine.routes.problem import Plan, Problem, Request, Visit
from doorstep.engine.routes.sound import require_sound_request


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a request fits without moving any other stop to another vehicle."""

    vehicle: int  # row of the problem
    added: float  # what it adds to the plan's cost
    pickup_after: int  # stops of the route before its pickup
    delivery_after: int  # stops of the present route before its delivery


class LoadedPlan:
    """A plan held ready for questions. The travel matrices of ``problem`` must know the places that will be asked about."""

    def __init__(self, problem: Problem, plan: Plan, kernels: Kernels) -> None:
        """Lay the plan out once. ``plan`` may leave requests out.

        Raises ValueError when the problem is not sound or the plan breaks a hard rule: a vehicle with two routes, a request
        whose two ends are not in one route, once, the pickup first; abilities, capacity, windows, the vehicle's end.
        """
        self.problem = problem
        self.kernels = kernels
        # One request more than there are: its row is filled anew for each question.
        somewhere = problem.vehicles[0].start if problem.vehicles else 0
        blank = Request("", Visit(somewhere, 0, 0), Visit(somewhere, 0, 0))
        self.layout: Layout = lay_out(
            replace(problem, requests=(*problem.requests, blank)), 1, compiled=kernels.compiled
        )
        self.asked = self.layout.requests.index(len(problem.requests))
        self._load(plan)

    def _load(self, plan: Plan) -> None:
        _require_order(self.problem, plan)
        case, state = self.layout.case, self.layout.state
        row_of = {vehicle: row for row, vehicle in enumerate(self.layout.fleet)}
        request_row = {request: row for row, request in enumerate(self.layout.requests)}
        for route in plan.routes:
            if len(route.stops) > case.wide - 2:
                raise ValueError(f"the route of vehicle {route.vehicle} has more than {case.wide - 2} stops")
            v = row_of[route.vehicle]
            for k, stop in enumerate(route.stops):
                r = request_row[stop.request]
                state.stop[v * case.wide + 1 + k] = 2 * r + (0 if stop.picks else 1)
                state.owner[r] = v
            state.size[v] = len(route.stops)
        for v in range(case.vehicles):
            # A vehicle that stays where it is breaks nothing, be its end too far to reach.
            if not self.kernels.refresh(case, state, v, v) and state.size[v] > 0:
                raise ValueError(
                    f"the route of vehicle {self.layout.fleet[v]} is over its capacity, misses a window or ends too late"
                )

    def ask(self, request: Request) -> Fit | None:
        """The cheapest place for ``request`` in the plan as it stands; None when no vehicle can take it along.

        Raises ValueError for a request that is not sound, a place the matrices do not know among it; the next question
        is answered all the same.
        """
        require_sound_request(request, "the request asked about", len(self.problem.travel_s))
        case, state = self.layout.case, self.layout.state
        self._write(request)
        v = self.kernels.best_vehicle(case, state, self.asked)
        if v < 0:
            return None
        i, j = int(state.spot[0]), int(state.spot[1])
        added = float(self.kernels.best_place(case, state, v, v, self.asked, rows.NEVER))
        return Fit(self.layout.fleet[v], added, i, j)

    def _write(self, request: Request) -> None:
        case = self.layout.case
        for x, visit, units in (
            (2 * self.asked, request.pickup, request.units),
            (2 * self.asked + 1, request.delivery, -request.units),
        ):
            self.layout.change_node(x, visit.place, self.problem)
            for column, number in enumerate(cells_of(visit, units)):
                _writable(case.node)[x * rows.NODE + column] = number
        _writable(case.needs)[self.asked] = request.needs


def _require_order(problem: Problem, plan: Plan) -> None:
    """Raises ValueError where rows are not the problem's, stops are out of order or a vehicle lacks an ability."""
    driven: set[int] = set()
    picked: set[int] = set()
    for route in plan.routes:
        v = route.vehicle
        if not 0 <= v < len(problem.vehicles):
            raise ValueError(f"the plan has a route of vehicle {v}, and there are {len(problem.vehicles)}")
        if v in driven:
            raise ValueError(f"vehicle {v} has two routes")
        driven.add(v)
        aboard: set[int] = set()
        for stop in route.stops:
            r = stop.request
            if not 0 <= r < len(problem.requests):
                raise ValueError(f"vehicle {v} carries request {r}, and there are {len(problem.requests)}")
            if not stop.picks:
                if r not in aboard:
                    raise ValueError(f"vehicle {v} delivers request {r} without having it on board")
                aboard.remove(r)
                continue
            if r in picked:
                raise ValueError(f"request {r} is picked up twice")
            if problem.requests[r].needs & ~problem.vehicles[v].abilities:
                raise ValueError(f"request {r} needs what vehicle {v} has not")
            picked.add(r)
            aboard.add(r)
        if aboard:
            raise ValueError(f"vehicle {v} never delivers request {min(aboard)}")


def _writable(row: Any) -> Any:
    """The row behind a read-only view; a list is its own."""
    if isinstance(row, list):
        return row
    whole = row.base
    return whole if whole.ndim == 1 else whole.reshape(-1)
