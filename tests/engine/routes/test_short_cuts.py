"""Where a way over a third place may be faster than the straight one, to leave a stop out can make the rest late."""

from dataclasses import replace

import numpy as np
import pytest
from tests.engine.routes.test_routes import cheapest_by_trying, hard_breaches

from doorstep.engine.routes import compiled, layout
from doorstep.engine.routes.problem import Plan, Problem, Request, Turns, Vehicle, Visit
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import StringRemovals


def maze(n: int, seed: int, late_price: float) -> Problem:
    """``n`` requests for three vans; how long a way takes says nothing about any other."""
    rng = np.random.default_rng(seed)
    travel_s = rng.integers(5, 100, (2 * n + 1, 2 * n + 1)).astype(float)
    np.fill_diagonal(travel_s, 0)

    def visit(place: int) -> Visit:
        opens_s = float(rng.integers(0, 200))
        return Visit(place, opens_s, opens_s + float(rng.integers(30, 300)), 5.0, opens_s + 20)

    requests = tuple(Request(str(k), visit(2 * k), visit(2 * k + 1)) for k in range(n))
    vans = tuple(Vehicle(str(k), 2 * n, 2 * n, 3.0, ends_s=600.0) for k in range(3))
    return Problem(requests, vans, travel_s, late_price=late_price, direct=False)


@pytest.mark.parametrize("late_price", [0.0, 2.0])
@pytest.mark.parametrize("fewest_vehicles", [False, True])
def test_who_leaves_makes_nobody_late(late_price: float, fewest_vehicles: bool) -> None:
    habits = layout.Habits(removed=4, longest=3, eject_every=4)
    ours = StringRemovals(compiled.warm_up(), habits=habits)
    for seed in range(30):
        problem = replace(maze(14, seed, late_price), fewest_vehicles=fewest_vehicles)
        assert not hard_breaches(problem, ours.plan(problem, Turns(600), 1))


@pytest.mark.parametrize("seed", [0, 1, 179, 180, 232, 240])
def test_who_comes_sooner_is_less_late_in_a_promise_too(seed: int) -> None:
    problem = maze(5, seed, 2.0)
    *others, last = problem.requests
    known = replace(problem, requests=tuple(others))
    plan = StringRemovals(compiled.PYTHON).plan(known, Turns(100), 1)
    fit = LoadedPlan(known, plan, compiled.PYTHON).ask(last)
    least = cheapest_by_trying(problem, Plan(plan.routes, (*plan.unserved, 4)), 4)
    assert (fit.added if fit else np.inf) == pytest.approx(least)
