"""A driver under way to a store: what she was sent for stays hers, and more of that store may join until the pickup."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, LINE, LUNCH, NOW, QUICK, worlds
from tests.engine.test_plan import on_paper

from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.record import pack, replay
from doorstep.engine.schedule import times_of
from doorstep.engine.world import Driver, Order, Plan, Travel, World

READY = LUNCH.ready_s
UNDER_WAY = Driver(id="ana", place=2, free_s=READY - 300, keeps=("lunch",))
TWIN = replace(LUNCH, id="twin", dropoff=6, placed_s=READY - 60, ready_s=READY)
FAR = Driver(id="zoe", place=7, free_s=READY + 3600)
LONG = Travel(np.abs(np.arange(12)[:, None] - np.arange(12)[None, :]).astype(np.int32) * 120)


def test_an_order_of_the_same_store_joins_until_the_pickup() -> None:
    earlier = decide(World((LUNCH, TWIN), (UNDER_WAY, FAR)), LINE, Params(), READY - 60, 1, PYTHON)
    assert not earlier.pickups, "there is still a minute"
    assert earlier.plan["ana"][0] == ("lunch", "twin")
    world = World((LUNCH, TWIN), (UNDER_WAY, FAR), earlier.plan)
    (pickup,) = decide(world, LINE, Params(), READY, 2, PYTHON).pickups
    assert (pickup.orders, pickup.joined, pickup.pickup_s) == (("lunch", "twin"), ("twin",), READY)
    assert "joined" in pickup.sentence


def test_what_was_sent_is_picked_up_by_whom_it_was_sent_to_however_near_another_stands() -> None:
    late = replace(UNDER_WAY, free_s=READY + 1200)
    near = Driver(id="ben", place=2, free_s=NOW)
    decisions = decide(World((LUNCH,), (late, near)), LINE, Params(), READY, 1, PYTHON)
    assert decisions.plan == {"ana": (("lunch",),)}
    assert not decisions.sends
    assert "on her way" in decisions.outlooks[0].sentence


def test_a_trip_already_too_late_for_the_shift_is_still_done() -> None:
    ending = replace(UNDER_WAY, off_s=READY - 120)
    (pickup,) = decide(World((LUNCH,), (ending,)), LINE, Params(), READY, 1, PYTHON).pickups
    assert pickup.orders == ("lunch",)


def test_an_unknown_or_twice_kept_order_is_refused() -> None:
    with pytest.raises(ValueError, match="kept"):
        decide(World((), (UNDER_WAY,)), LINE, Params(), READY, 1, PYTHON)
    with pytest.raises(ValueError, match="kept"):
        decide(World((LUNCH,), (UNDER_WAY, replace(FAR, keeps=("lunch",)))), LINE, Params(), READY, 1, PYTHON)


@st.composite
def worlds_under_way(draw: st.DrawFn) -> tuple[World, Travel, int]:
    """Worlds in which some drivers drive to a store for one or two of its orders."""
    world, travel, now = draw(worlds())
    open_orders = [o for o in world.orders if not o.reserved]
    drivers = list(world.drivers)
    for j, driver in enumerate(drivers):
        store = draw(st.sampled_from([o.store for o in open_orders] or ["none"]))
        there = [o for o in open_orders if o.store == store][: draw(st.integers(0, 2))]
        if there and driver.on_s <= now:
            kept = tuple(o.id for o in there)
            arrives_s = now + draw(st.sampled_from([-600, 0, 300]))
            drivers[j] = replace(driver, place=there[0].pickup, free_s=arrives_s, keeps=kept)
            open_orders = [o for o in open_orders if o.id not in kept]
    plan: Plan = draw(
        st.dictionaries(
            st.sampled_from([d.id for d in drivers] or ["none"]),
            st.lists(st.lists(st.sampled_from([f"o{i:02d}" for i in range(9)]), max_size=6).map(tuple), max_size=4).map(tuple),
            max_size=5,
        )
    )  # fmt: skip
    return World(world.orders, tuple(drivers), plan), travel, now


@LAWS
@given(worlds_under_way(), st.sampled_from([0, 120]))
def test_kept_orders_stay_first_and_with_their_driver(given_: tuple[World, Travel, int], lead_s: int) -> None:
    world, travel, now = given_
    params = replace(QUICK, offer_lead_s=lead_s, max_bundle=3)
    decisions = decide(world, travel, params, now, 1, PYTHON)
    first = {d: chain[0] for d, chain in decisions.plan.items()} | {
        p.driver: p.orders for p in decisions.pickups
    }
    stores = {o.id: o.store for o in world.orders}
    for driver in world.drivers:
        if driver.keeps:
            assert set(driver.keeps) <= set(first[driver.id])
            assert len({stores[o] for o in first[driver.id]}) == 1
            assert driver.id not in {send.driver for send in decisions.sends}
    handled = [o for s in decisions.sends for o in s.orders] + [
        o for p in decisions.pickups for o in p.orders
    ]
    handled += [o for chain in decisions.plan.values() for trip in chain for o in trip]
    assert len(handled) == len(set(handled))
    whole = replace(decisions, sends=(), plan={**decisions.plan})
    chains = {p.driver: [p.orders] for p in decisions.pickups} | {
        s.driver: [s.orders] for s in decisions.sends
    }
    for name, chain in whole.plan.items():
        chains.setdefault(name, []).extend(chain)
    paper = on_paper(
        world, travel, params, now, replace(whole, plan={d: tuple(c) for d, c in chains.items()})
    )
    assert decisions.cost == pytest.approx(paper, abs=1e-6)


@LAWS
@given(worlds_under_way())
def test_open_trips_too_come_out_the_same_compiled_replayed_or_shuffled(
    given_: tuple[World, Travel, int],
) -> None:
    world, travel, now = given_
    first = decide(world, travel, QUICK, now, 9, PYTHON)
    assert first == decide(world, travel, QUICK, now, 9, warm_up())
    assert replay(pack(world, travel, QUICK, now, 9, first, "python"), PYTHON).same
    turned = World(world.orders[::-1], world.drivers[::-1], world.plan)
    assert first == decide(turned, travel, QUICK, now, 9, PYTHON)


@LAWS
@given(worlds_under_way())
def test_who_waits_at_a_store_leaves_it_when_the_food_is_ready(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    orders = {o.id: o for o in world.orders}
    drivers = {d.id: d for d in world.drivers}
    for pickup in decide(world, travel, QUICK, now, 1, PYTHON).pickups:
        driver, trip = drivers[pickup.driver], [orders[o] for o in pickup.orders]
        (times,) = times_of(driver, [trip], travel, QUICK, now)
        assert pickup.pickup_s == times.pickup_s
        assert now <= pickup.pickup_s < now + QUICK.tick_s
        assert pickup.pickup_s >= max(o.ready_s for o in trip)


def test_who_has_to_answer_is_asked_so_much_earlier_and_told_what_others_would_cost() -> None:
    asks = Params(join_lead_s=60)
    world = World((LUNCH, TWIN), (UNDER_WAY, FAR, replace(FAR, id="kim", place=4, free_s=READY)))
    assert not decide(world, LINE, asks, READY - 120, 1, PYTHON).pickups
    (pickup,) = decide(world, LINE, asks, READY - 60, 1, PYTHON).pickups
    assert pickup.joined == ("twin",)
    nearer, farther = pickup.rivals
    assert pickup.sentence == (
        "one more order of the store she is under way to; picks up sooner and "
        f"costs {nearer.extra_cost:.0f} minutes of waiting less than the next best; asking later would delay the pickup"
    )
    assert (nearer.driver, farther.driver) == ("kim", "zoe")
    assert 0 < nearer.extra_cost < farther.extra_cost
    assert pickup.pickup_s < nearer.pickup_s < farther.pickup_s
    assert 0 < pickup.cost < 60, "minutes: its own wait and lateness, and what the other waits longer"
    told = decide(world, LINE, Params(), READY, 1, PYTHON).pickups[0]
    assert (told.rivals, told.cost) == ((), 0.0), "nobody is asked in a recorded day"


ASKS = Params(join_lead_s=60, named_most=8)


def test_who_is_spoken_for_is_planned_with_and_not_asked_for_one_more() -> None:
    spoken_for = replace(UNDER_WAY, spoken_for=True)
    decisions = decide(World((LUNCH, TWIN), (spoken_for,)), LINE, ASKS, READY - 60, 1, PYTHON)
    assert not decisions.pickups
    assert decisions.plan == {"ana": (("lunch", "twin"),)}
    (_, twin) = decisions.outlooks
    assert (twin.order, twin.driver) == ("twin", "ana")
    assert twin.sentence.startswith("joins a driver on her way")
    heard_again = World((LUNCH, TWIN), (UNDER_WAY,), decisions.plan)
    (pickup,) = decide(heard_again, LINE, ASKS, READY - 60, 2, PYTHON).pickups
    assert pickup.joined == ("twin",)


def test_a_trip_that_nothing_joins_or_where_nobody_is_asked_leaves_whoever_is_spoken_for() -> None:
    spoken_for = replace(UNDER_WAY, spoken_for=True)
    (alone,) = decide(World((LUNCH,), (spoken_for,)), LINE, ASKS, READY - 60, 1, PYTHON).pickups
    assert (alone.orders, alone.joined) == (("lunch",), ())
    (told,) = decide(World((LUNCH, TWIN), (spoken_for,)), LINE, Params(), READY, 1, PYTHON).pickups
    assert told.joined == ("twin",), "on a recorded day"


KIM = Driver(id="kim", place=11, free_s=READY, abilities=0)
CORNER = (replace(LUNCH, dropoff=3), replace(TWIN, dropoff=4))
TRIPLET = replace(TWIN, id="triplet", dropoff=5)
NOT_FOR_KIM = [
    (replace(TRIPLET, refused_by=frozenset({"kim"})), "declined"),
    (replace(TRIPLET, needs=1), "abilities"),
    (replace(TRIPLET, expires_s=READY + 60), "too late for pickup"),
]


@pytest.mark.parametrize(("triplet", "constraint"), NOT_FOR_KIM)
def test_only_who_may_take_all_that_joins_could_have_had_it(triplet: Order, constraint: str) -> None:
    """Kim could bring the twin but not the triplet, mo takes one order at a time; each alone would be a rival."""
    mo = Driver(id="mo", place=11, free_s=READY, max_orders=1)
    (pickup,) = decide(
        World((*CORNER, triplet), (UNDER_WAY, KIM, mo)), LONG, ASKS, READY - 60, 1, PYTHON
    ).pickups
    assert (pickup.joined, pickup.rivals) == (("twin", "triplet"), ())
    kept_out = {one.driver: one.constraint for one in pickup.kept_out}
    assert {"kim": constraint, "mo": "capacity"}.items() <= kept_out.items()
    assert sum(pickup.excluded.values()) == len(kept_out)
    (alone,) = decide(World(CORNER, (UNDER_WAY, KIM, mo)), LONG, ASKS, READY - 60, 1, PYTHON).pickups
    assert {rival.driver for rival in alone.rivals} == {"kim", "mo"}
    plain = World((*CORNER, TRIPLET), (UNDER_WAY, KIM, mo))
    (all_of_it,) = decide(plain, LONG, ASKS, READY - 60, 1, PYTHON).pickups
    assert [rival.driver for rival in all_of_it.rivals] == ["kim"]


def test_who_could_only_by_letting_another_order_expire_could_not_have_had_it() -> None:
    """Zoe has soup to collect next door that nobody hands out later; before it she could not fetch the twin."""
    soup = replace(LUNCH, id="soup", store="t", pickup=7, dropoff=8, ready_s=READY, expires_s=READY + 300)
    zoe = Driver(id="zoe", place=7, free_s=READY - 60)
    for order, could in ((soup, False), (replace(soup, expires_s=READY + 7200), True)):
        world = World((*CORNER, order), (UNDER_WAY, zoe), {"zoe": (("soup",),)})
        (pickup,) = decide(world, LONG, ASKS, READY - 60, 1, PYTHON).pickups
        assert [rival.driver for rival in pickup.rivals] == ["zoe"] * could


@LAWS
@given(worlds_under_way())
def test_what_is_asked_and_why_is_the_same_in_either_kernels(drawn: tuple[World, Travel, int]) -> None:
    world, travel, now = drawn
    asks = replace(QUICK, join_lead_s=90)
    asked = decide(world, travel, asks, now, 3, PYTHON)
    assert asked == decide(world, travel, asks, now, 3, warm_up())
    for pickup in asked.pickups:
        assert pickup.cost >= 0 or pickup.joined
        assert [r.extra_cost for r in pickup.rivals] == sorted(r.extra_cost for r in pickup.rivals)
        assert pickup.driver not in {r.driver for r in pickup.rivals}
        drivers, joined = {d.id: d for d in world.drivers}, [o for o in world.orders if o.id in pickup.joined]
        for rival in pickup.rivals:
            driver = drivers[rival.driver]
            assert not any(o.needs & ~driver.abilities or driver.id in o.refused_by for o in joined)
            assert sum(o.units for o in joined) <= driver.capacity_units
            assert rival.pickup_s <= driver.off_s
