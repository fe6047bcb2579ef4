"""What requests and vehicles are called, and in which rows they stand, is no part of the plan found."""

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.routes.test_twins import COOLING, HABITS, towns

from doorstep.engine.routes import compiled, layout
from doorstep.engine.routes.problem import Plan, Problem, Request, Route, Turns, Vehicle, Visit
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import StringRemovals

OURS = StringRemovals(compiled.warm_up(), COOLING, HABITS)


def told(problem: Problem, plan: Plan) -> list[object]:
    """The plan in words of what its requests and vehicles are: no row and no name."""
    requests = [replace(r, id="") for r in problem.requests]
    vehicles = [replace(v, id="") for v in problem.vehicles]
    routes = [
        (vehicles[route.vehicle], tuple((requests[stop.request], stop.picks) for stop in route.stops))
        for route in plan.routes
    ]
    return [*sorted(routes, key=repr), *sorted((requests[r] for r in plan.unserved), key=repr), plan.turns]


@settings(max_examples=40, deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_names_change_nothing(problem: Problem, chance: Random) -> None:
    names = [str(chance.random()) for _ in range(len(problem.requests) + len(problem.vehicles))]
    renamed = replace(
        problem,
        requests=tuple(replace(r, id=names.pop()) for r in problem.requests),
        vehicles=tuple(replace(v, id=names.pop()) for v in problem.vehicles),
    )
    assert OURS.plan(renamed, Turns(300), 3) == OURS.plan(problem, Turns(300), 3)


@st.composite
def shuffles(draw: st.DrawFn) -> tuple[Problem, list[int], list[int]]:
    """A town, some of whose requests and vehicles are alike in all but the name, and a sequence of rows for each."""
    problem = draw(towns())
    twice = replace(problem.requests[0], id="the same again")
    van = replace(problem.vehicles[-1], id="its twin")
    problem = replace(problem, requests=(*problem.requests, twice), vehicles=(*problem.vehicles, van))
    rows = draw(st.permutations(range(len(problem.requests))))
    return problem, rows, draw(st.permutations(range(len(problem.vehicles))))


@settings(max_examples=60, deadline=None)
@given(shuffles())
def test_the_sequence_of_rows_changes_nothing(shuffle: tuple[Problem, list[int], list[int]]) -> None:
    problem, rows, vans = shuffle
    shuffled = replace(
        problem,
        requests=tuple(problem.requests[r] for r in rows),
        vehicles=tuple(problem.vehicles[v] for v in vans),
    )
    first, second = (OURS.plan(asked, Turns(300), 3) for asked in (problem, shuffled))
    assert told(shuffled, second) == told(problem, first)


@settings(max_examples=40, deadline=None)
@given(shuffles())
def test_nor_what_a_promise_costs(shuffle: tuple[Problem, list[int], list[int]]) -> None:
    problem, rows, vans = shuffle
    plan = OURS.plan(problem, Turns(100), 3)
    row_of, van_of = {r: k for k, r in enumerate(rows)}, {v: k for k, v in enumerate(vans)}
    shuffled = replace(
        problem,
        requests=tuple(problem.requests[r] for r in rows),
        vehicles=tuple(problem.vehicles[v] for v in vans),
    )
    moved = Plan(
        tuple(
            Route(van_of[x.vehicle], tuple(replace(stop, request=row_of[stop.request]) for stop in x.stops))
            for x in plan.routes
        ),
        (),
    )
    for asked in problem.requests:
        fit, again = (
            LoadedPlan(*world, OURS.kernels).ask(asked) for world in ((problem, plan), (shuffled, moved))
        )
        assert (fit and fit.added) == (again and again.added)


def test_a_file_by_node_is_laid_out_as_it_stands_and_rows_are_found_again() -> None:
    """Pickups in sequence of their places, as in the public files: shuffled, they are laid out in that sequence again."""
    requests = [Request(str(k), Visit(2 * k, 0, 900), Visit(2 * k + 1, 0, 900)) for k in range(5)]
    fleet = [Vehicle(str(k), 10, 10, 2.0, starts_s=float(k)) for k in range(3)]
    ways = np.ones((11, 11))
    plain = layout.lay_out(Problem(tuple(requests), tuple(fleet), ways), 1, compiled=False)
    assert (plain.requests, plain.fleet) == ((0, 1, 2, 3, 4), (0, 1, 2))
    turned = layout.lay_out(Problem(tuple(requests[::-1]), tuple(fleet[::-1]), ways), 1, compiled=False)
    assert (turned.requests, turned.fleet) == ((4, 3, 2, 1, 0), (2, 1, 0))
    assert turned.case == plain.case
