"""What a driver keeps widens her limits for itself alone; the latest drop and the longest ride are as hard as a shift's end."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK
from tests.engine.test_open_trip import worlds_under_way

from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.schedule import times_of
from doorstep.engine.world import FOREVER_S, Driver, Order, Travel, World

NOW_S = 36_000
LINE = Travel(np.abs(np.subtract.outer(np.arange(12), np.arange(12))).astype(np.int32) * 300)
"""Twelve places on a street, five minutes from each to the next."""
SOUP = Order(
    id="soup", pickup=2, dropoff=3, store="deli", placed_s=NOW_S, ready_s=NOW_S, wanted_from_s=NOW_S,
    due_s=NOW_S + 3600,
)  # fmt: skip
ANA = Driver(id="ana", place=2, free_s=NOW_S)


def test_nothing_joins_that_would_keep_her_at_the_store_past_her_shift() -> None:
    kept = replace(SOUP, earliest_drop_s=NOW_S + 7200, wanted_from_s=NOW_S + 7200, due_s=NOW_S + 9000)
    late = replace(kept, id="late", ready_s=NOW_S + 3600, dropoff=6)
    ana = replace(ANA, off_s=NOW_S + 600, keeps=("soup",))
    decisions = decide(World((kept, late), (ana,)), LINE, Params(), NOW_S, 1)
    told = {one.order: one for one in decisions.outlooks}
    assert told["late"].driver is None
    assert told["soup"].pickup_s is not None
    assert told["soup"].pickup_s <= ana.off_s


def test_room_that_was_made_for_what_she_keeps_is_no_room_for_what_comes_later() -> None:
    ana = replace(ANA, capacity_units=2, keeps=("soup",))
    heavy, also = (
        replace(SOUP, units=5, ready_s=NOW_S + 1800),
        replace(SOUP, id="o2", store="t", pickup=4, units=5),
    )
    decisions = decide(World((heavy, also), (ana,)), LINE, Params(), NOW_S, 1)
    told = {one.order: one for one in decisions.outlooks}
    assert told["soup"].driver == "ana"
    assert told["o2"].driver is None
    assert told["o2"].excluded == {"capacity": 1}


def test_chilled_goods_ride_no_longer_than_they_may() -> None:
    """One driver, two orders of one store in opposite ways: together they would drive less, but the fish may not see both doors."""
    here, there = (
        replace(SOUP, pickup=5, dropoff=7),
        replace(SOUP, id="fish", pickup=5, dropoff=4, due_s=NOW_S + 1800),
    )
    near = replace(ANA, place=5)
    drives = Params(driving_price=1.0)
    together = decide(World((here, there), (near,)), LINE, drives, NOW_S, 1)
    assert [len(send.orders) for send in together.sends] == [2]
    direct_s = 120 + 300 + 120
    chilled = replace(there, ride_most_s=direct_s)
    (send,) = decide(World((replace(here, ride_most_s=1000), chilled), (near,)), LINE, drives, NOW_S, 1).sends
    assert len(send.orders) == 1


def test_a_ride_that_is_too_long_for_anybody_is_said() -> None:
    far = replace(SOUP, dropoff=11, ride_most_s=1800)
    (outlook,) = decide(World((far,), (ANA,)), LINE, Params(), NOW_S, 1).outlooks
    assert outlook.driver is None
    assert outlook.excluded == {"longer than the longest ride": 1}
    assert "longer ride" in outlook.sentence


def test_who_leaves_late_for_a_window_rides_no_longer_for_it() -> None:
    """The window opens in two hours: she collects so late that the goods ride ten minutes, not two hours."""
    order = replace(SOUP, earliest_drop_s=NOW_S + 7200, wanted_from_s=NOW_S + 7200, ride_most_s=600)
    (outlook,) = decide(World((order,), (ANA,)), LINE, Params(), NOW_S, 1).outlooks
    assert outlook.driver == "ana"
    assert outlook.pickup_s is not None
    assert outlook.drop_s is not None
    assert outlook.drop_s - outlook.pickup_s <= 600


@pytest.mark.parametrize("mixing", [False, True])
def test_what_cannot_be_there_in_time_is_left_to_others(mixing: bool) -> None:
    order = replace(SOUP, latest_drop_s=NOW_S + 1000)
    far, near = replace(ANA, id="far", place=9), replace(ANA, id="near", place=3)
    decisions = decide(World((order,), (far, near)), LINE, Params(mixing=mixing), NOW_S, 1)
    assert {send.driver for send in decisions.sends} == {"near"}
    (alone,) = decide(World((order,), (far,)), LINE, Params(mixing=mixing), NOW_S, 1).outlooks
    assert alone.driver is None
    assert alone.excluded == {"too late for pickup": 1}


@st.composite
def worlds_with_rides(draw: st.DrawFn) -> tuple[World, Travel, int]:
    """Open trips, and limits to when and how long goods may ride, kept ones among them."""
    world, travel, now = draw(worlds_under_way())
    orders = tuple(
        replace(
            order,
            latest_drop_s=draw(st.sampled_from([FOREVER_S, now + 600, now + 3600])),
            ride_most_s=draw(st.sampled_from([FOREVER_S, 300, 900, 1500])),
        )
        for order in world.orders
    )
    return replace(world, orders=orders), travel, now


@LAWS
@given(worlds_with_rides())
def test_whatever_joins_an_open_trip_breaks_no_limit_that_held_without_it(
    given_: tuple[World, Travel, int],
) -> None:
    world, travel, now = given_
    decisions = decide(world, travel, QUICK, now, 4, PYTHON)
    assert decisions == decide(world, travel, QUICK, now, 4, warm_up())
    orders = {o.id: o for o in world.orders}
    chains = {d: list(chain) for d, chain in decisions.plan.items()}
    for some in (decisions.sends, decisions.pickups):
        for one in some:
            chains[one.driver] = [one.orders, *chains.get(one.driver, [])]
    for driver in world.drivers:
        trips = [[orders[o] for o in trip] for trip in chains.get(driver.id, [])]
        kept = [orders[o] for o in driver.keeps]
        alone = {}
        if kept:
            (times,) = times_of(replace(driver, off_s=0), [kept], travel, QUICK, now)
            alone = {
                o.id: (drop_s, drop_s - times.pickup_s) for o, drop_s in zip(kept, times.drops_s, strict=True)
            }
            assert sum(o.units for o in trips[0]) <= max(driver.capacity_units, sum(o.units for o in kept))
        for trip, times in zip(trips, times_of(driver, trips, travel, QUICK, now), strict=True):
            for order, drop_s in zip(trip, times.drops_s, strict=True):
                drop_alone_s, ride_alone_s = alone.get(order.id, (0, 0))
                assert drop_s <= max(order.latest_drop_s, drop_alone_s)
                assert drop_s - times.pickup_s <= max(order.ride_most_s, ride_alone_s)
        for trip in trips[1 if kept else 0 :]:
            assert sum(o.units for o in trip) <= driver.capacity_units
