"""The dispatch to compare with, by hand: stores at 2 and doors along a street, two minutes from place to place."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.test_decide import worlds

from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Travel, World
from doorstep.sim.late_f1 import bundles_of, late_f1
from doorstep.sim.matching import cheapest_matching

NOW = 36_000
STREET = Travel(np.abs(np.arange(12)[:, None] - np.arange(12)[None, :]).astype(np.int32) * 120)
SUSHI = Order(
    id="sushi", pickup=2, dropoff=5, store="s", placed_s=NOW, wanted_from_s=NOW, ready_s=NOW, due_s=NOW + 3600
)
NEXT_DOOR = replace(SUSHI, id="next door", dropoff=6)
OTHER_WAY = replace(SUSHI, id="other way", dropoff=0)
ANA, BEN = Driver(id="ana", place=1, free_s=NOW), Driver(id="ben", place=8, free_s=NOW)


def trips(orders: tuple[Order, ...], *drivers: Driver, now_s: int = NOW) -> dict[str, tuple[str, ...]]:
    return {s.driver: s.orders for s in late_f1(World(orders, drivers), STREET, Params(), now_s, 1).sends}


def names(orders: tuple[Order, ...], target: int, *drivers: Driver) -> list[tuple[str, ...]]:
    found = bundles_of(orders, drivers, STREET, Params(), NOW, target)
    return [tuple(o.id for o in bundle.orders) for bundle in found]


def test_neighbours_share_a_trip_and_opposite_ways_do_not() -> None:
    assert names((SUSHI, NEXT_DOOR, OTHER_WAY), 1) == [("sushi", "next door"), ("other way",)]


def test_beyond_the_target_size_an_order_joins_only_if_the_route_then_takes_less_time_an_order() -> None:
    back = replace(SUSHI, id="back", dropoff=1)  # 2 minutes alone; from door 5 it is 8
    assert names((SUSHI, back), 1) == [("sushi",), ("back",)]
    assert names((SUSHI, back), 2) == [("back", "sushi")], "one bundle is what a target of two asks for"


def test_who_waits_for_a_late_dish_costs_as_much_as_driving() -> None:
    late = replace(NEXT_DOOR, ready_s=NOW + 900)
    assert names((SUSHI, late), 1) == [("sushi",), ("next door",)]


def test_all_are_matched_at_once_at_least_cost_not_the_nearest_pair_first() -> None:
    """The nearest to the pizzeria is ben; but only he is near the sushi, too."""
    pizza = replace(SUSHI, id="pizza", store="p", pickup=9, dropoff=11)
    ana, ben = replace(ANA, place=11), replace(BEN, place=8)
    assert trips((pizza,), ana, ben) == {"ben": ("pizza",)}
    assert trips((SUSHI, pizza), ana, ben) == {"ana": ("pizza",), "ben": ("sushi",)}


def test_a_driver_is_sent_only_when_a_minute_later_would_be_late_and_the_rest_is_planned_anew() -> None:
    later = replace(SUSHI, ready_s=NOW + 900)
    waits = late_f1(World((later,), (ANA,)), STREET, Params(), NOW, 1)
    assert (waits.sends, waits.plan) == ((), {"ana": (("sushi",),)})
    (send,) = late_f1(World((later,), (ANA,)), STREET, Params(), NOW + 660, 1).sends
    assert (send.orders, send.pickup_s, send.leave_s) == (("sushi",), NOW + 900, NOW + 660)
    far_off = replace(SUSHI, ready_s=NOW + 1260)
    assert not late_f1(World((far_off,), (ANA,)), STREET, Params(), NOW, 1).plan, "twenty minutes ahead"


def test_after_a_no_the_bundle_goes_to_another_and_never_again_to_her() -> None:
    assert trips((SUSHI, NEXT_DOOR), ANA) == {"ana": ("sushi", "next door")}
    passed = tuple(replace(o, refused_by=frozenset({"ana"})) for o in (SUSHI, NEXT_DOOR))
    assert trips(passed, ANA) == {}
    assert trips(passed, ANA, BEN) == {"ben": ("sushi", "next door")}
    assert trips((replace(SUSHI, reserved=True),), ANA) == {}


def test_an_open_trip_grows_at_its_store_until_the_pickup() -> None:
    ready = replace(SUSHI, ready_s=NOW + 300)
    under_way = replace(ANA, place=2, keeps=("sushi",))
    world = World((ready, replace(NEXT_DOOR, ready_s=NOW + 300)), (under_way, BEN))
    assert not late_f1(world, STREET, Params(), NOW, 1).pickups
    (pickup,) = late_f1(world, STREET, Params(), NOW + 300, 1).pickups
    assert (pickup.driver, pickup.orders, pickup.joined) == ("ana", ("sushi", "next door"), ("next door",))


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_hard_rules_hold_and_nobody_and_nothing_is_sent_twice(given_: tuple[World, Travel, int]) -> None:
    world, travel, now_s = given_
    sends = late_f1(world, travel, Params(max_bundle=3), now_s, 1).sends
    orders, drivers = {o.id: o for o in world.orders}, {d.id: d for d in world.drivers}
    sent = [name for send in sends for name in send.orders]
    assert len(sent) == len(set(sent))
    assert len({send.driver for send in sends}) == len(sends)
    for send in sends:
        trip, driver = [orders[name] for name in send.orders], drivers[send.driver]
        assert len({o.store for o in trip}) == 1
        assert not any(o.reserved or driver.id in o.refused_by or o.needs & ~driver.abilities for o in trip)
        assert sum(o.units for o in trip) <= driver.capacity_units
        assert len(trip) <= 3
        assert driver.free_s <= now_s
        assert max(o.ready_s for o in trip) <= send.pickup_s <= driver.off_s


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([0.0, 1.0, 2.5, 4.0, 7.0, np.inf]), min_size=4, max_size=4),
            min_size=n,
            max_size=n,
        )
    ),
    st.sampled_from([3.0, 100.0]),
)
def test_no_matching_is_cheaper(table: list[list[float]], out: float) -> None:
    costs, prices = np.array(table), np.full(len(table), out)
    chosen = cheapest_matching(costs, prices)
    taken = [c for c in chosen if c != -1]
    assert len(taken) == len(set(taken))
    cost = sum(out if c == -1 else costs[row, c] for row, c in enumerate(chosen))
    columns = [0, 1, 2, 3, *[-1] * len(table)]
    least = min(
        sum(out if c == -1 else costs[row, c] for row, c in enumerate(one))
        for one in permutations(columns, len(table))
    )
    assert cost == pytest.approx(least)
