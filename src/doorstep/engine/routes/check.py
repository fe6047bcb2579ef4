"""An examiner of plans in double precision. It walks every route from its start and shares no line with the search."""

from collections import Counter
from dataclasses import dataclass

from doorstep.engine.routes.problem import Plan, Problem, Route, Visit

TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan is worth, and every rule it breaks in words."""

    vehicles: int
    distance: float
    unserved: int
    late_s: float
    prizes_left: float
    breaches: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """No rule broken and no required request left out."""
        return not self.breaches


def examine(problem: Problem, plan: Plan) -> Verdict:
    """Recompute everything from the problem and the sequence of stops alone."""
    breaches: list[str] = []
    served: Counter[int] = Counter()
    used = Counter(route.vehicle for route in plan.routes)
    breaches += [f"vehicle {v} has {n} routes" for v, n in used.items() if n > 1]
    distance = late_s = 0.0
    for route in plan.routes:
        length, late, found = _walk(problem, route)
        distance += length
        late_s += late
        breaches += found
        served.update(stop.request for stop in route.stops if stop.picks)
    breaches += [f"request {r} is served {n} times" for r, n in served.items() if n > 1]
    left = [r for r in range(len(problem.requests)) if r not in served]
    breaches += [f"request {r} is left out" for r in left if problem.requests[r].prize is None]
    if sorted(left) != sorted(plan.unserved):
        breaches.append("the plan misstates what it leaves out")
    prizes = sum(problem.requests[r].prize or 0.0 for r in left)
    return Verdict(len(plan.routes), distance, len(left), late_s, prizes, tuple(breaches))


def _walk(problem: Problem, route: Route) -> tuple[float, float, list[str]]:
    """Length, seconds late and breaches of one route."""
    vehicle = problem.vehicles[route.vehicle]
    name = f"route of {vehicle.id}"
    here, now_s, load = vehicle.start, vehicle.starts_s, 0.0
    length = late_s = 0.0
    found: list[str] = []
    on_board: set[int] = set()
    for stop in route.stops:
        request = problem.requests[stop.request]
        visit: Visit = request.pickup if stop.picks else request.delivery
        length += float(problem.lengths[here, visit.place])
        now_s = max(now_s + float(problem.travel_s[here, visit.place]), visit.opens_s)
        if now_s > visit.closes_s + TOLERANCE_S:
            found.append(f"{name}: request {stop.request} at {now_s}, closed since {visit.closes_s}")
        if visit.wanted_s is not None:
            late_s += max(0.0, now_s - visit.wanted_s)
        now_s += visit.service_s
        here = visit.place
        if stop.picks:
            on_board.add(stop.request)
            load += request.units
            if request.needs & ~vehicle.abilities:
                found.append(f"{name}: request {stop.request} needs what the vehicle has not")
        elif stop.request in on_board:
            on_board.remove(stop.request)
            load -= request.units
        else:
            found.append(f"{name}: request {stop.request} delivered before it was picked up")
        if load > vehicle.capacity + TOLERANCE_S:
            found.append(f"{name}: load {load} over {vehicle.capacity}")
    if on_board:
        found.append(f"{name}: never delivers {sorted(on_board)}")
    if vehicle.end is not None:
        length += float(problem.lengths[here, vehicle.end])
        now_s += float(problem.travel_s[here, vehicle.end])
    if now_s > vehicle.ends_s + TOLERANCE_S:
        found.append(f"{name}: ends at {now_s}, should by {vehicle.ends_s}")
    return length, late_s, found
