"""A plan held ready for questions has to be one that could be driven."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.engine.routes import check, compiled, layout
from doorstep.engine.routes.problem import Plan, Problem, Request, Route, Stop, Turns, Vehicle, Visit
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import StringRemovals

COLD = 1
PICK_A, DROP_A, PICK_B, DROP_B = Stop(0, True), Stop(0, False), Stop(1, True), Stop(1, False)


def round_trip() -> Problem:
    """Bread and ice go from the depot's two neighbours to a house each; one van can cool."""
    place = np.arange(5.0)
    requests = (
        Request("bread", Visit(1, 0, 600), Visit(2, 0, 600, 10)),
        Request("ice", Visit(3, 0, 600), Visit(4, 0, 600, 10), needs=COLD),
    )
    vans = (
        Vehicle("cold", 0, 0, 1.0, ends_s=900.0, abilities=COLD),
        Vehicle("plain", 0, 0, 1.0, ends_s=900.0),
    )
    return Problem(requests, vans, np.abs(place[:, None] - place[None]) * 60)


def load(problem: Problem, *routes: tuple[int, tuple[Stop, ...]]) -> LoadedPlan:
    plan = Plan(tuple(Route(vehicle, stops) for vehicle, stops in routes), ())
    return LoadedPlan(problem, plan, compiled.PYTHON)


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        ([(0, (DROP_A, PICK_A))], "vehicle 0 delivers request 0 without having it on board"),
        ([(0, (PICK_A,))], "vehicle 0 never delivers request 0"),
        ([(0, (PICK_A,)), (1, (DROP_A,))], "vehicle 0 never delivers request 0"),
        ([(0, (PICK_A, DROP_A, DROP_A))], "delivers request 0 without having it on board"),
        ([(0, (PICK_A, DROP_A)), (1, (PICK_A, DROP_A))], "request 0 is picked up twice"),
        ([(0, (PICK_A, PICK_A, DROP_A))], "request 0 is picked up twice"),
        ([(1, (PICK_B, DROP_B))], "request 1 needs what vehicle 1 has not"),
        ([(0, (PICK_A, DROP_A)), (0, (PICK_B, DROP_B))], "vehicle 0 has two routes"),
        ([(2, (PICK_A, DROP_A))], "a route of vehicle 2, and there are 2"),
        ([(-1, (PICK_A, DROP_A))], "a route of vehicle -1, and there are 2"),
        ([(0, (Stop(2, True), Stop(2, False)))], "vehicle 0 carries request 2, and there are 2"),
        ([(0, (PICK_A, PICK_B, DROP_A, DROP_B))], "the route of vehicle 0 is over its capacity"),
    ],
)
def test_a_plan_that_cannot_be_driven_is_refused(
    routes: list[tuple[int, tuple[Stop, ...]]], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        load(round_trip(), *routes)


def test_nor_one_that_comes_too_late() -> None:
    problem = round_trip()
    bread, ice = problem.requests
    served = (0, (PICK_A, DROP_A))
    load(problem, served)
    shut = replace(bread, delivery=replace(bread.delivery, closes_s=100))
    for late in (
        replace(problem, requests=(shut, ice)),
        replace(problem, vehicles=tuple(replace(van, ends_s=200.0) for van in problem.vehicles)),
        replace(problem, requests=(shut, ice), late_price=1.0),
    ):
        with pytest.raises(ValueError, match="misses a window or ends too late"):
            load(late, served)


def test_a_van_that_stays_at_home_breaks_nothing() -> None:
    problem = round_trip()
    far = Vehicle("far", 0, 4, 1.0, ends_s=100.0)
    loaded = load(replace(problem, vehicles=(*problem.vehicles, far)), (0, (PICK_A, DROP_A)))
    fit = loaded.ask(problem.requests[1])
    assert fit is not None
    assert fit.vehicle == 0


def test_the_way_home_of_a_van_that_stays_where_it_is_is_not_saved() -> None:
    problem = round_trip()
    # From the last house to the depot: a van that is not used drives none of it.
    homeward = Vehicle("homeward", 4, 0, 1.0, ends_s=900.0)
    loaded = load(replace(problem, vehicles=(homeward,)))
    fit = loaded.ask(problem.requests[0])
    assert fit is not None
    assert fit.added == 60 * (3 + 1 + 2)
    optional = replace(problem.requests[0], prize=200.0)
    asked = replace(problem, requests=(optional,), vehicles=(homeward,))
    assert StringRemovals(compiled.PYTHON).plan(asked, Turns(100), 1).unserved == (0,)


@pytest.mark.parametrize("over_the_pickup", [False, True])
def test_where_the_straight_way_is_the_slow_one_others_are_tried(over_the_pickup: bool) -> None:
    travel_s = np.full((5, 5), 60.0)
    np.fill_diagonal(travel_s, 0)
    # From the shop asked about straight to its house takes too long, over the stops of bread it does not.
    travel_s[3, 4] = 500
    if over_the_pickup:  # and bread's shop is reached in time over the other one alone
        travel_s[0, 1] = 300
    bread, _ = round_trip().requests
    van = Vehicle("van", 0, 0, 2.0, ends_s=900.0)
    problem = Problem((bread,), (van,), travel_s, direct=False)
    asked = Request("cake", Visit(3, 0, 600), Visit(4, 0, 250))
    fit = load(problem, (0, (PICK_A, DROP_A))).ask(asked)
    assert fit is not None
    assert (fit.pickup_after, fit.delivery_after) == (0, 1)


@pytest.mark.parametrize("late_price", [0.0, 1.0])
@pytest.mark.parametrize("beside_each", [0, 16])
def test_what_fits_to_the_brim_fits_though_sums_of_tenths_are_rounded(
    late_price: float, beside_each: int
) -> None:
    # In doubles 0.1 + 0.2 is more than 0.3: on board together, on the way one after the other.
    full, on_time = 0.3, 0.3
    travel = np.array([[0, 0.1, 0.3], [0.1, 0, 0.2], [0, 0.1, 0]])
    pair = tuple(
        Request(str(units), Visit(1, 0, 0.1), Visit(2, 0, on_time), units) for units in (0.1, full - 0.1)
    )
    van = Vehicle("van", 0, 0, full, ends_s=on_time)
    problem = Problem(pair, (van,), travel, late_price=late_price)
    search = StringRemovals(compiled.PYTHON, habits=layout.Habits(beside=beside_each))
    plan = search.plan(problem, Turns(100), 1)
    assert check.examine(problem, plan).feasible
    loaded = LoadedPlan(problem, plan, compiled.PYTHON)
    # Nothing of them is left on board behind the last stop, and who is there is not late.
    fit = loaded.ask(Request("all of it", Visit(2, 0, on_time), Visit(2, 0, on_time), full))
    assert fit is not None
    assert (fit.pickup_after, fit.delivery_after) == (4, 4)


@st.composite
def sequences(draw: st.DrawFn) -> Plan:
    """Any stops in any sequence, most of them nonsense."""
    stops = st.builds(Stop, st.integers(0, 1), st.booleans())
    fair = st.permutations((PICK_A, DROP_A, PICK_B, DROP_B)).flatmap(
        lambda row: st.integers(0, 4).map(lambda k: row[:k])
    )
    rows = [tuple(draw(st.one_of(fair, st.lists(stops, max_size=4)))) for _ in range(2)]
    return Plan(tuple(Route(v, row) for v, row in enumerate(rows) if row), ())


@settings(max_examples=200, deadline=None)
@given(sequences(), st.sampled_from([1.0, 2.0]), st.sampled_from([200.0, 600.0]))
def test_what_is_loaded_is_what_the_examiner_lets_pass(plan: Plan, capacity: float, closes_s: float) -> None:
    problem = round_trip()
    problem = replace(
        problem,
        requests=tuple(replace(r, delivery=replace(r.delivery, closes_s=closes_s)) for r in problem.requests),
        vehicles=tuple(replace(v, capacity=capacity) for v in problem.vehicles),
    )
    served = {stop.request for route in plan.routes for stop in route.stops}
    plan = replace(plan, unserved=tuple(r for r in range(2) if r not in served))
    breaches = [text for text in check.examine(problem, plan).breaches if "left out" not in text]
    try:
        LoadedPlan(problem, plan, compiled.PYTHON)
    except ValueError:
        assert breaches
    else:
        assert not breaches


def test_our_own_plans_are_loaded() -> None:
    problem = round_trip()
    plan = StringRemovals(compiled.PYTHON).plan(problem, Turns(100), 1)
    assert not plan.unserved
    again = replace(problem.requests[1], id="more ice")
    assert LoadedPlan(problem, plan, compiled.PYTHON).ask(again) is not None
