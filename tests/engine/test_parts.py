"""A large world is searched part by part, in threads: parts are what hangs together, and how many threads there are is no matter."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import APART, LAWS
from tests.engine.test_open_trip import worlds_under_way
from tests.engine.test_plane import planes

from doorstep.engine.arrays import Layout, lay_out
from doorstep.engine.chains import ABODE, HOME, MARKS, NOTES, OWNER
from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.params import Params
from doorstep.engine.record import pack, replay
from doorstep.engine.world import Driver, Order, Plan, Plane, Travel, World

NOW_S = 50_000
LINKS = st.sampled_from([1, 2, 30])


def bonds(layout: Layout, links: int) -> list[tuple[int, int]]:
    """Which order hangs together with which driver."""
    wide, found = layout.case.candidates_most, []
    for o in range(layout.case.orders):
        near = [int(layout.search.candidate[o * wide + c]) for c in range(min(links, wide))]
        found += [(o, d) for d in [*near, int(layout.search.order[o * MARKS + OWNER])] if d >= 0]
    return found


def merged(orders: int, drivers: int, links: Sequence[tuple[int, int]]) -> set[frozenset[int]]:
    """What hangs together over any number of steps, drivers counted behind orders: sets put together until none is left to."""
    sets = [{one} for one in range(orders + drivers)]
    for o, d in links:
        (first,), (second,) = ([s for s in sets if one in s] for one in (o, orders + d))
        if first is not second:
            sets.remove(second)
            first |= second
    return {frozenset(s) for s in sets}


@LAWS
@given(worlds_under_way(), LINKS)
def test_parts_are_what_hangs_together(given_: tuple[World, Travel, int], links: int) -> None:
    world, travel, now = given_
    layout = lay_out(world, travel, Params(), now, compiled=False)
    case, search = layout.case, layout.search
    PYTHON.find_candidates(case, search, 0, case.orders)
    everybody = case.orders + case.drivers
    begins, scope = [0] * (2 * case.orders + 1), [-1] * everybody
    count = PYTHON.find_parts(case, search, links, [0] * everybody, begins, scope)
    expected = {
        s for s in merged(case.orders, case.drivers, bonds(layout, links)) if min(s, default=0) < case.orders
    }
    homes = [search.order[o * MARKS + HOME] for o in range(case.orders)]
    homes += [search.driver[d * NOTES + ABODE] for d in range(case.drivers)]
    found = [{one for one in range(everybody) if homes[one] == p} for p in range(count)]
    # A driver who is only a later candidate goes with one of the orders that she could serve.
    sure = {one for s in expected for one in s}
    assert {frozenset(part & sure) for part in found} == expected
    wide = case.candidates_most
    for p, part in enumerate(found):
        for driver in (one - case.orders for one in part - sure):
            mine = [o for o in part if o < case.orders]
            assert any(search.candidate[o * wide + c] == driver for o in mine for c in range(wide))
        assert sorted(o for o in part if o < case.orders) == scope[begins[2 * p] : begins[2 * p + 1]]
        crew = scope[begins[2 * p + 1] : begins[2 * p + 2]]
        assert sorted(one - case.orders for one in part if one >= case.orders) == crew
    firsts = [min(part) for part in found]
    assert firsts == sorted(firsts)


@LAWS
@given(planes(), LINKS)
def test_part_by_part_is_the_same_compiled_in_threads_and_replayed(
    given_: tuple[World, Plane, int], links: int
) -> None:
    world, plane, now = given_
    params = replace(APART, apart_candidates=links)
    first = decide(world, plane, params, now, 3, PYTHON)
    assert first == decide(world, plane, params, now, 3, PYTHON, threads=2)
    assert first == decide(world, plane, params, now, 3, warm_up(), threads=3)
    assert replay(pack(world, plane, params, now, 3, first, "python"), PYTHON).same


def town(
    name: str, west_m: int, seed: int, orders: int, drivers: int
) -> tuple[list[Order], list[Driver], list[tuple[int, int]]]:
    """Orders, drivers and points of one town; places count from the first of its points."""
    chance = np.random.default_rng(seed)
    points = [(west_m + int(x), int(y)) for x, y in chance.integers(0, 9_000, (20 + orders + drivers, 2))]
    ordered = []
    for i in range(orders):
        store, placed = int(chance.integers(20)), NOW_S - 60 * int(chance.integers(1, 15))
        ordered.append(
            Order(
                id=f"{name}{i:03d}", pickup=store, dropoff=20 + i, store=f"{name}-s{store}", placed_s=placed, wanted_from_s=placed,
                ready_s=placed + 60 * int(chance.integers(5, 30)), due_s=placed + 3600,
            )
        )  # fmt: skip
    return (
        ordered,
        [Driver(id=f"{name}-d{j}", place=20 + orders + j, free_s=NOW_S) for j in range(drivers)],
        points,
    )


def side_by_side(*towns: tuple[list[Order], list[Driver], list[tuple[int, int]]]) -> tuple[World, Plane]:
    """One world of several towns."""
    orders: list[Order] = []
    drivers: list[Driver] = []
    points: list[tuple[int, int]] = []
    for ordered, on_duty, there in towns:
        behind = len(points)
        orders += [replace(o, pickup=o.pickup + behind, dropoff=o.dropoff + behind) for o in ordered]
        drivers += [replace(d, place=d.place + behind) for d in on_duty]
        points += there
    x_m, y_m = (np.array([p[axis] for p in points], np.int64) for axis in (0, 1))
    return World(tuple(orders), tuple(drivers)), Plane(x_m, y_m, 187)


def of_town(name: str, decisions: Decisions) -> tuple[list[object], dict[str, object], list[object]]:
    """What was decided for one town, but for the counts of everybody in the world."""
    return (
        [
            (s.driver, s.orders, s.pickup_s, s.drops_s, s.rivals)
            for s in decisions.sends
            if s.driver.startswith(name)
        ],
        {driver: chain for driver, chain in decisions.plan.items() if driver.startswith(name)},
        [(o.order, o.driver, o.drop_s) for o in decisions.outlooks if o.order.startswith(name)],
    )


def test_what_happens_in_one_town_changes_nothing_in_another() -> None:
    kernels, apart = warm_up(), Params(apart_orders=100)
    here = town("a", 0, 1, 300, 200)
    first = here[0][0]
    here[0][0] = replace(
        first, placed_s=NOW_S, wanted_from_s=NOW_S
    )  # the newest of all: its town is the first part
    decided = [
        decide(*side_by_side(here, town("b", 300_000, seed, 300, 200)), apart, NOW_S, 5, kernels)
        for seed in (2, 3)
    ]
    assert of_town("a", decided[0]) == of_town("a", decided[1])
    assert of_town("b", decided[0]) != of_town("b", decided[1])


def test_a_large_world_comes_out_the_same_with_any_number_of_threads() -> None:
    kernels = warm_up()
    towns = [town(name, 30_000 * k, k, 250, 320) for k, name in enumerate("abcd")]
    world, plane = side_by_side(*towns)
    alone, two, many = (decide(world, plane, Params(), NOW_S, 5, kernels, threads=n) for n in (1, 2, 7))
    assert len(alone.sends) > 250
    assert alone == two == many


def test_and_costs_no_more_than_searched_whole() -> None:
    kernels = warm_up()
    world, plane = side_by_side(*(town(name, 6_000 * k, k, 250, 320) for k, name in enumerate("abcd")))
    whole, apart = (
        sum(decide(world, plane, Params(apart_orders=most), NOW_S, seed, kernels).cost for seed in range(3))
        for most in (2_000, 500)
    )
    assert apart <= whole * 1.001


def test_what_hangs_together_is_searched_as_if_it_were_small() -> None:
    world, plane = side_by_side(town("a", 0, 1, 120, 20))
    whole, apart = (
        decide(world, plane, Params(apart_orders=most), NOW_S, 5, warm_up()) for most in (1_000, 1)
    )
    assert whole == apart


def test_a_town_short_of_drivers_comes_out_the_same_in_either_kernels_tick_after_tick() -> None:
    world, plane = side_by_side(town("a", 0, 1, 90, 25), town("b", 40_000, 2, 90, 60))
    for tick in range(2):
        now = NOW_S + 60 * tick
        told = [decide(world, plane, APART, now, tick, kernels) for kernels in (PYTHON, warm_up())]
        assert told[0] == told[1]
        world = replace(world, plan=told[0].plan)


EARLY_S = NOW_S - 7_200
"""So early that nobody has to leave yet: all is planned and nothing is sent."""


def planned(world: World, plane: Plane, params: Params) -> World:
    """The world as the next tick finds it when nothing has happened since."""
    return replace(world, plan=decide(world, plane, params, EARLY_S, 5, warm_up()).plan)


def with_one_more(world: World, like: str) -> World:
    """A shop of the first order called ``like`` has another."""
    first = next(o for o in world.orders if o.id.startswith(like))
    return replace(world, orders=(*world.orders, replace(first, id=f"{like}-new")))


def of(name: str, plan: Plan) -> Plan:
    """The part of ``plan`` of a town's drivers."""
    return {driver: chain for driver, chain in plan.items() if driver.startswith(name)}


def test_what_was_polished_is_not_gone_through_again_where_nothing_is_new() -> None:
    params = Params(still_permille=0)
    world, plane = side_by_side(town("a", 0, 1, 120, 60))
    before = planned(world, plane, params)
    assert decide(before, plane, params, EARLY_S, 6, warm_up()).plan == before.plan
    told = decide(with_one_more(before, "a"), plane, params, EARLY_S, 6, warm_up()).plan
    assert len([d for d in told if told[d] != before.plan.get(d)]) > 1  # not only who has the new one


def test_an_order_in_one_town_is_no_news_in_another() -> None:
    params = Params(still_permille=0, apart_orders=50)
    world, plane = side_by_side(town("a", 0, 1, 120, 60), town("b", 300_000, 2, 120, 60))
    before = planned(world, plane, params)
    later = with_one_more(before, "a")
    told = decide(later, plane, params, EARLY_S, 6, warm_up())
    assert of("b", told.plan) == of("b", before.plan)
    assert of("a", told.plan) != of("a", before.plan)
    everywhere = decide(later, plane, replace(params, still_permille=1000), EARLY_S, 6, warm_up())
    assert everywhere.cost < told.cost
