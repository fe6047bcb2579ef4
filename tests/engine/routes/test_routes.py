"""Route planning keeps its hard rules whatever the problem; its kernels agree with their interpreted twin and with plain search."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories.instances import LI_LIM, ROAD

from doorstep.engine.routes import beside, check, compiled, files, layout, places, rows, timing
from doorstep.engine.routes.problem import Plan, Problem, Request, Route, Stop, Turns, Vehicle, Visit
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import Cooling, StringRemovals

OURS = StringRemovals(compiled.PYTHON)


@st.composite
def problems(draw: st.DrawFn, *, soft: bool = False) -> Problem:
    """Small towns: depots or own starts, open ends, abilities, prizes, asymmetric times now and then."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    size = 2 * n + 2
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    points = rng.integers(0, 60, (size, 2)).astype(float)
    gaps = points[:, None] - points[None]
    travel = np.ceil(np.sqrt((gaps**2).sum(axis=2)))
    if draw(st.booleans()):
        travel = np.ceil(travel * rng.uniform(1, 1.5, travel.shape))
        np.fill_diagonal(travel, 0)
    opens = rng.integers(0, 200, 2 * n)
    widths = rng.integers(10, 300, 2 * n)
    prizes = rng.integers(0, 80, n)
    visits = [
        Visit(x, float(opens[x]), float(opens[x] + widths[x]), 5.0, float(opens[x] + 20) if soft else None)
        for x in range(2 * n)
    ]
    requests = tuple(
        Request(
            str(k),
            visits[2 * k],
            visits[2 * k + 1],
            units=float(rng.integers(1, 4)),
            needs=int(rng.integers(0, 2)),
            prize=float(prizes[k]) if prizes[k] < 30 else None,
        )
        for k in range(n)
    )
    fleet = tuple(
        Vehicle(
            str(k),
            2 * n + k % 2,
            None if k == 1 else 2 * n + k // 2,
            4.0,
            10.0 * k,
            500.0,
            int(k != 2),
            1.0 * k,
        )
        for k in range(m)
    )
    return Problem(
        requests,
        fleet,
        travel,
        fewest_vehicles=draw(st.booleans()),
        late_price=2.0 if soft else 0.0,
        direct=False,
    )


def hard_breaches(problem: Problem, plan: Plan) -> list[str]:
    return [text for text in check.examine(problem, plan).breaches if "left out" not in text]


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 9))
def test_no_plan_breaks_a_hard_rule(problem: Problem, seed: int) -> None:
    plan = OURS.plan(problem, Turns(60), seed)
    assert not hard_breaches(problem, plan)
    assert sorted([r for r, _ in plan.where()] + list(plan.unserved)) == list(range(len(problem.requests)))


@settings(max_examples=15, deadline=None)
@given(problems(soft=True), st.integers(0, 9))
def test_nor_where_lateness_has_a_price(problem: Problem, seed: int) -> None:
    assert not hard_breaches(problem, OURS.plan(problem, Turns(30), seed))


@settings(max_examples=10, deadline=None)
@given(problems())
def test_the_same_seed_gives_the_same_plan(problem: Problem) -> None:
    assert OURS.plan(problem, Turns(40), 7) == OURS.plan(problem, Turns(40), 7)


def worth(problem: Problem, plan: Plan) -> float:
    """Distance, openings and lateness; None of it from the search."""
    verdict = check.examine(problem, plan)
    opened = sum(problem.vehicles[route.vehicle].opening for route in plan.routes)
    return verdict.distance + opened + problem.late_price * verdict.late_s


def cheapest_by_trying(problem: Problem, plan: Plan, r: int) -> float:
    """What adding request ``r`` costs at least, by examining every possible plan."""
    stops = {route.vehicle: route.stops for route in plan.routes}
    before, least = worth(problem, plan), float("inf")
    for v in range(len(problem.vehicles)):
        have = stops.get(v, ())
        for i in range(len(have) + 1):
            for j in range(i, len(have) + 1):
                route = Route(v, (*have[:i], Stop(r, True), *have[i:j], Stop(r, False), *have[j:]))
                others = tuple(other for other in plan.routes if other.vehicle != v)
                tried = Plan((*others, route), tuple(x for x in plan.unserved if x != r))
                if not hard_breaches(problem, tried):
                    least = min(least, worth(problem, tried) - before)
    return least


@settings(max_examples=40, deadline=None)
@given(st.booleans().flatmap(lambda soft: problems(soft=soft)))
def test_a_promise_asked_costs_what_trying_everything_says(problem: Problem) -> None:
    *others, last = problem.requests
    known = replace(problem, requests=tuple(others))
    plan = OURS.plan(known, Turns(10), 1)
    fit = LoadedPlan(known, plan, compiled.PYTHON).ask(last)
    whole = Plan(plan.routes, (*plan.unserved, len(others)))
    least = cheapest_by_trying(problem, whole, len(others))
    assert (float("inf") if fit is None else fit.added) == pytest.approx(least)


def grid(n: int, vehicles: int, seed: int = 3) -> Problem:
    """A town of ``n`` requests around one depot."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 100, (2 * n + 1, 2))
    points[-1] = 50
    gaps = points[:, None] - points[None]
    travel = np.sqrt((gaps**2).sum(axis=2))
    opens = rng.integers(0, 500, 2 * n).astype(float)
    opens[1::2] = opens[0::2]
    requests = tuple(
        Request(str(k), Visit(2 * k, opens[2 * k], opens[2 * k] + 150, 5.0), Visit(2 * k + 1, opens[2 * k], opens[2 * k] + 400, 5.0))
        for k in range(n)
    )  # fmt: skip
    fleet = tuple(Vehicle(str(k), 2 * n, 2 * n, 5.0, ends_s=1200.0) for k in range(vehicles))
    return Problem(requests, fleet, travel, fewest_vehicles=True)


@pytest.mark.parametrize("late_price", [0.0, 1.0])
def test_compiled_kernels_give_the_interpreted_plan_bit_for_bit(late_price: float) -> None:
    problem = replace(grid(20, 8), late_price=late_price)
    turns = Turns(300)
    assert StringRemovals(compiled.warm_up()).plan(problem, turns, 5) == OURS.plan(problem, turns, 5)


class Guarded(list[float]):
    """A row that refuses what machine code would read without a word."""

    def __getitem__(self, index: int) -> float:  # type: ignore[override]
        if index < 0:
            raise IndexError(index)
        return super().__getitem__(index)

    def __setitem__(self, index: int, value: float) -> None:  # type: ignore[override]
        if index < 0:
            raise IndexError(index)
        super().__setitem__(index, value)


@pytest.mark.parametrize("late_price", [0.0, 1.0])
def test_no_kernel_reads_or_writes_outside_its_rows(late_price: float) -> None:
    problem = replace(grid(14, 9, seed=1), late_price=late_price)
    plain = layout.lay_out(problem, 1, compiled=False, habits=layout.Habits(eject_every=5))
    case = rows.Case._make(Guarded(x) if isinstance(x, list) else x for x in plain.case)
    state = rows.State._make(Guarded(x) for x in plain.state if isinstance(x, list))
    kernels = compiled.PYTHON
    kernels.start(case, state)
    kernels.polish(case, state, 150, 0.2 * case.unit, True)
    kernels.end_phase(case, state)
    kernels.polish(case, state, 50, case.unit, False)
    kernels.end_phase(case, state)
    found = replace(plain, case=case, state=state).plan(200)
    assert not hard_breaches(problem, found)


@pytest.mark.parametrize("beside_each", [0, 16])
def test_a_route_is_full_at_so_many_stops(beside_each: int) -> None:
    problem = replace(grid(300, 1), fewest_vehicles=False)
    roomy = tuple(
        replace(r, pickup=replace(r.pickup, closes_s=9e9), delivery=replace(r.delivery, closes_s=9e9))
        for r in problem.requests
    )
    vans = tuple(replace(v, capacity=99.0, ends_s=9e9) for v in problem.vehicles)
    problem = replace(problem, requests=roomy, vehicles=vans)
    planner = StringRemovals(compiled.warm_up(), habits=layout.Habits(beside=beside_each))
    plan = planner.plan(problem, Turns(200), 1)
    assert [len(route.stops) for route in plan.routes] == [layout.LONGEST_ROUTE]
    assert not hard_breaches(problem, plan)


def test_whole_numbers_in_a_problem_do_not_change_what_is_compiled() -> None:
    plain = grid(5, 2)
    whole = replace(plain, late_price=1, direct=1)  # type: ignore[arg-type]
    habits = layout.Habits(left_out=4)
    found = layout.lay_out(whole, 1, compiled=True, habits=habits).case
    assert [type(x) for x in found] == [type(x) for x in layout.lay_out(plain, 1, compiled=True).case]


def test_remembered_costs_are_the_real_change() -> None:
    problem = grid(25, 10, seed=9)
    laid = layout.lay_out(problem, 2, compiled=False)
    case, state, kernels = laid.case, laid.state, compiled.PYTHON
    kernels.start(case, state)
    kernels.polish(case, state, 40, case.unit, False)
    kernels.end_phase(case, state)
    plan = laid.plan(0)
    for r in range(0, 25, 6):
        routes = tuple(Route(x.vehicle, tuple(s for s in x.stops if s.request != r)) for x in plan.routes)
        without = Plan(tuple(x for x in routes if x.stops), (*plan.unserved, r))
        *others, last = [problem.requests[k] for k in (*(k for k in range(25) if k != r), r)]
        shift = {k: k - (k > r) for k in range(25)}
        moved = Plan(
            tuple(
                Route(x.vehicle, tuple(Stop(shift[s.request], s.picks) for s in x.stops))
                for x in without.routes
            ),
            (),
        )
        fit = LoadedPlan(replace(problem, requests=tuple(others)), moved, kernels).ask(last)
        assert fit is not None
        assert fit.added == pytest.approx(cheapest_by_trying(problem, without, r))


def test_a_bounded_look_finds_what_the_whole_look_finds_below_its_bound() -> None:
    problem = grid(18, 7, seed=4)
    laid = layout.lay_out(problem, 2, compiled=False)
    case, state, kernels = laid.case, laid.state, compiled.PYTHON
    kernels.start(case, state)
    kernels.polish(case, state, 30, case.unit, False)
    rng = np.random.default_rng(1)
    for r in range(0, 18, 3):
        for v in range(7):
            whole = kernels.best_place(case, state, v, v, r, rows.NEVER)
            for bound in (*rng.uniform(0, 120, 4).tolist(), rows.NEVER, 60.0):
                found = places.remembered(case, state, v, r, bound)
                assert found == whole or (found == rows.NEVER and whole >= bound)


def test_fewer_vehicles_come_first() -> None:
    problem = grid(20, 12)
    plan = OURS.plan(problem, Turns(600), 1)
    loose = OURS.plan(replace(problem, fewest_vehicles=False), Turns(600), 1)
    assert not plan.unserved
    assert len(plan.routes) <= len(loose.routes)


@pytest.mark.parametrize("kernels", [compiled.PYTHON, compiled.warm_up()])
def test_an_order_that_no_vehicle_can_carry_costs_no_vehicle(kernels: compiled.Kernels) -> None:
    problem = grid(20, 20, seed=4)
    ours, bulky = StringRemovals(kernels), replace(problem.requests[0], units=99.0)
    without = ours.plan(replace(problem, requests=problem.requests[1:]), Turns(600), 1)
    plan = ours.plan(replace(problem, requests=(bulky, *problem.requests[1:])), Turns(600), 1)
    assert (len(without.routes), without.unserved) == (len(plan.routes), ())
    assert plan.unserved == (0,)


def test_an_order_worth_less_than_its_detour_stays_out() -> None:
    problem = grid(6, 3)
    cheap = replace(problem.requests[0], prize=0.5)
    dear = replace(problem.requests[0], prize=5000.0)
    for request, served in ((cheap, False), (dear, True)):
        asked = replace(problem, requests=(request, *problem.requests[1:]), fewest_vehicles=False)
        assert (0 not in OURS.plan(asked, Turns(100), 1).unserved) is served


@pytest.mark.parametrize("fewest_vehicles", [False, True])
def test_without_vehicles_nobody_is_served_and_without_requests_nobody_drives(fewest_vehicles: bool) -> None:
    problem = replace(grid(3, 2), fewest_vehicles=fewest_vehicles)
    optional = replace(problem.requests[0], prize=9.0)
    for kernels in (compiled.PYTHON, compiled.warm_up()):
        ours = StringRemovals(kernels)
        nobody = replace(problem, requests=(optional, *problem.requests[1:]), vehicles=())
        assert ours.plan(nobody, Turns(100), 1) == Plan((), (0, 1, 2))
        assert LoadedPlan(nobody, Plan((), (0, 1, 2)), kernels).ask(optional) is None
        assert ours.plan(replace(problem, requests=()), Turns(100), 1) == Plan((), ())


def test_lines_of_their_own_go_on_with_the_shortest() -> None:
    problem = grid(12, 6)
    alone, turns = Cooling(lines=1), Turns(1500)
    lines = Cooling(turns_a_line=1.0)
    plans = [
        StringRemovals(compiled.warm_up(), cooling).plan(problem, turns, 2) for cooling in (alone, lines)
    ]
    assert not any(hard_breaches(problem, plan) or plan.unserved for plan in plans)
    assert len({len(plan.routes) for plan in plans}) == 1
    assert plans[1] == StringRemovals(compiled.warm_up(), lines).plan(problem, turns, 2)


def test_a_place_beside_a_neighbour_costs_what_the_whole_look_says_of_it() -> None:
    problem = grid(18, 7, seed=4)
    laid = layout.lay_out(problem, 2, compiled=False, habits=layout.Habits(beside=35))
    case, state, kernels = laid.case, laid.state, compiled.PYTHON
    kernels.start(case, state)
    kernels.polish(case, state, 30, case.unit, False)
    found = 0
    for r in range(18):
        v = state.owner[r]
        if v < 0:
            continue
        kernels.begin_turn(state)
        state.owner[r] = -1
        timing.take_out_absent(case, state, v)
        state.tally[rows.SCAN] += 1
        cost = beside.best_beside(case, state, r)
        w, i, j = state.spot[rows.AT_ROW], state.spot[rows.AT_PICKUP], state.spot[rows.AT_DELIVERY]
        # All nodes are neighbours here, so that nothing but an empty route is missed.
        least = min(places.best_place(case, state, w, w, r, rows.NEVER) for w in range(7) if state.size[w])
        assert cost >= least - 1e-9
        if cost < rows.NEVER:
            before = state.cost[w]
            timing.put_in(case, state, w, r, i, j)
            assert timing.refresh(case, state, w, w)
            assert state.cost[w] - before == pytest.approx(cost)
            state.owner[r] = w
            found += cost == pytest.approx(least)
        else:
            timing.put_in(case, state, v, r, 0, 0)
            timing.refresh(case, state, v, v)
            state.owner[r] = v
    assert found >= 15


def test_a_li_lim_file_is_read_and_planned() -> None:
    problem = files.read(LI_LIM)
    assert [(r.pickup.place, r.delivery.place, r.units) for r in problem.requests] == [(1, 2, 5), (3, 4, 8)]
    verdict = check.examine(problem, OURS.plan(problem, Turns(50), 1))
    assert (verdict.feasible, verdict.vehicles) == (True, 1)
    # 0,0 - 0,3 - 4,3 - 0,6 - 4,6 - home: the load of both at once would be too much.
    assert verdict.distance == pytest.approx(3 + 4 + 5 + 4 + 52**0.5)


def test_a_fleet_without_end_is_a_vehicle_a_request() -> None:
    assert LI_LIM.startswith("2\t")
    assert len(files.read("1000000" + LI_LIM[1:]).vehicles) == 2


def test_a_road_file_keeps_its_one_way_streets() -> None:
    problem = files.read(ROAD)
    verdict = check.examine(problem, OURS.plan(problem, Turns(5), 1))
    assert (verdict.feasible, verdict.distance) == (True, 3 + 5 + 8)


@pytest.mark.parametrize(
    "text", ["", "hello", LI_LIM.replace("3\t0\t6", "9\t0\t6"), ROAD.replace("8 5 0", "8 5")]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(files.NotAProblem):
        files.read(text)


class TestTheExaminerBites:
    """Every rule was tried by breaking it."""

    problem = files.read(LI_LIM)

    def breaches(self, *stops: tuple[int, bool]) -> str:
        return " ".join(
            check.examine(self.problem, Plan((Route(0, tuple(Stop(*s) for s in stops)),), ())).breaches
        )

    def test_order_of_stops(self) -> None:
        assert "before it was picked up" in self.breaches((0, False), (0, True), (1, True), (1, False))

    def test_capacity(self) -> None:
        assert "load" in self.breaches((0, True), (1, True), (0, False), (1, False))

    def test_windows(self) -> None:
        late = replace(self.problem.requests[0], delivery=Visit(2, 0, 10, 0))
        problem = replace(self.problem, requests=(late, self.problem.requests[1]))
        plan = Plan((Route(0, tuple(Stop(r, p) for r in (0, 1) for p in (True, False))),), ())
        assert "closed since" in " ".join(check.examine(problem, plan).breaches)

    def test_left_out(self) -> None:
        assert "left out" in self.breaches((0, True), (0, False))

    def test_never_delivered(self) -> None:
        assert "never delivers" in self.breaches((0, True))


def test_the_cooling_falls_and_ends() -> None:
    heats = [Cooling.heat(2.0, 0.05, k / 20) for k in range(25)]
    assert all(a >= b for a, b in pairwise(heats))
    assert (heats[0], heats[-1]) == pytest.approx((2.0, 0.05))
    assert [Cooling().after_fleet(turns) for turns in (0, 75, 1e6)] == [2, 5, 10]
