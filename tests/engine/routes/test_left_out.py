"""Nobody is left out who can be served, wherever the others are: fewest left out comes before any length."""

from itertools import permutations

import numpy as np
import pytest

from doorstep.engine.routes import compiled
from doorstep.engine.routes.problem import Problem, Request, Turns, Vehicle, Visit
from doorstep.engine.routes.search import StringRemovals


def one_van(away: float, seed: int) -> Problem:
    """Seven orders from a depot to houses about it, the last of which stands ``away`` from all; windows that not all can keep."""
    rng = np.random.default_rng(seed)
    around = 0.0 if away == 0 else 1.0
    points = np.vstack([[0, 0], rng.uniform(-around, around, (6, 2)), [away, 0]])
    gaps = points[:, None] - points[None]
    span_s = away or 30.0
    opens, widths = rng.uniform(0, 4 * span_s, 7), rng.uniform(0, 2 * span_s, 7)
    requests = tuple(
        Request(
            str(k),
            Visit(0, 0, 1e6),
            Visit(k + 1, opens[k], opens[k] + widths[k], rng.uniform(0, 0.3 * span_s)),
        )
        for k in range(7)
    )
    return Problem(requests, (Vehicle("van", 0, 0, 7.0),), np.sqrt((gaps**2).sum(axis=2)))


def most_served(problem: Problem) -> int:
    """By every sequence of the houses, each left out where it comes too late; all is on board from the start."""
    most = 0
    for sequence in permutations(problem.requests):
        here, now_s, served = 0, 0.0, 0
        for request in sequence:
            house = request.delivery
            begin_s = max(now_s + float(problem.travel_s[here, house.place]), house.opens_s)
            if begin_s <= house.closes_s:
                here, now_s, served = house.place, begin_s + house.service_s, served + 1
        most = max(most, served)
    return most


# All at one spot, all in one town, and one far from the town: with these seeds the first plan is short of one.
@pytest.mark.parametrize(
    ("away", "seed"), [(0.0, 23), (0.0, 62), (0.0, 63), (1.0, 1), (300.0, 15), (300.0, 26)]
)
def test_as_many_are_served_as_can_be(away: float, seed: int) -> None:
    problem = one_van(away, seed)
    plan = StringRemovals(compiled.warm_up()).plan(problem, Turns(3000), 1)
    assert len(problem.requests) - len(plan.unserved) == most_served(problem)
