"""The plan behind a decision: priced as on paper, nobody forgotten, whatever was carried over."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK, worlds

from doorstep.engine.chance import below, exponential, start_chance
from doorstep.engine.compiled import PYTHON
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.params import Params
from doorstep.engine.schedule import times_of
from doorstep.engine.world import FOREVER_S, Driver, Order, Plan, Travel, World

NOW = 50_000
LINE = Travel(np.abs(np.arange(12)[:, None] - np.arange(12)[None, :]).astype(np.int32) * 120)
LUNCH = Order(
    id="lunch",
    pickup=2,
    dropoff=5,
    store="s",
    placed_s=NOW,
    wanted_from_s=NOW,
    ready_s=NOW + 1800,
    due_s=NOW + 5400,
)
ANA = Driver(id="ana", place=1, free_s=NOW)
BEN = Driver(id="ben", place=7, free_s=NOW)


def whole_plan(decisions: Decisions) -> dict[str, list[tuple[str, ...]]]:
    """Every driver's chain, what is sent now included."""
    found = {send.driver: [send.orders] for send in decisions.sends}
    for driver, chain in decisions.plan.items():
        found.setdefault(driver, []).extend(chain)
    return found


def on_paper(world: World, travel: Travel, params: Params, now: int, decisions: Decisions) -> float:
    """The plan's cost by the readable schedule instead of the kernels."""
    orders = {o.id: o for o in world.orders}
    drivers = {d.id: d for d in world.drivers}
    cost = sum(outlook.price for outlook in decisions.outlooks if outlook.driver is None)
    for name, chain in whole_plan(decisions).items():
        trips = [[orders[o] for o in trip] for trip in chain]
        cost += sum(times.cost for times in times_of(drivers[name], trips, travel, params, now))
    return cost


@LAWS
@given(worlds(), st.sampled_from([0, 120]), st.sampled_from([0.0, 0.5]))
def test_the_kernels_price_a_plan_as_one_would_on_paper(
    given_: tuple[World, Travel, int], lead_s: int, convex: float
) -> None:
    world, travel, now = given_
    params = replace(QUICK, offer_lead_s=lead_s, convex_price=convex, reoffer_price=convex)
    decisions = decide(world, travel, params, now, 2, PYTHON)
    assert decisions.cost == pytest.approx(on_paper(world, travel, params, now, decisions), abs=1e-6)


@LAWS
@given(worlds())
def test_nobody_is_left_out_while_a_driver_who_could_take_the_order_has_nothing_to_do(
    given_: tuple[World, Travel, int],
) -> None:
    world, travel, now = given_
    params = replace(QUICK, coverage_price=1e6, candidates=1)
    decisions = decide(world, travel, params, now, 1, PYTHON)
    busy = set(whole_plan(decisions))
    orders = {o.id: o for o in world.orders}
    for outlook in decisions.outlooks:
        if outlook.driver is not None:
            continue
        order = orders[outlook.order]
        for driver in world.drivers:
            if driver.id in busy or driver.on_s > now + params.start_ahead_s:
                continue
            (alone,) = times_of(driver, [[order]], travel, params, now)
            assert (
                order.needs & ~driver.abilities
                or order.units > driver.capacity_units
                or driver.id in order.refused_by
                or alone.pickup_s > min(driver.off_s, order.expires_s)
            )


@st.composite
def wild_plans(draw: st.DrawFn) -> Plan:
    trip = st.lists(st.sampled_from([f"o{i:02d}" for i in range(10)]), max_size=6).map(tuple)
    chain = st.lists(trip, max_size=5).map(tuple)
    return draw(st.dictionaries(st.sampled_from([f"d{j:02d}" for j in range(7)]), chain, max_size=7))


@LAWS
@given(worlds(), wild_plans())
def test_any_plan_carried_over_is_made_lawful(given_: tuple[World, Travel, int], plan: Plan) -> None:
    world, travel, now = given_
    world = replace(world, plan=plan)
    decisions = decide(world, travel, QUICK, now, 4, PYTHON)
    orders = {o.id: o for o in world.orders}
    drivers = {d.id: d for d in world.drivers}
    handled = [o for chain in whole_plan(decisions).values() for trip in chain for o in trip]
    assert len(handled) == len(set(handled))
    for name, chain in whole_plan(decisions).items():
        driver, trips = drivers[name], [[orders[o] for o in trip] for trip in chain]
        assert len(trips) <= QUICK.trips_ahead
        for trip, times in zip(trips, times_of(driver, trips, travel, QUICK, now), strict=True):
            assert len({o.store for o in trip}) == 1
            assert len(trip) <= QUICK.max_bundle
            assert sum(o.units for o in trip) <= driver.capacity_units
            assert times.pickup_s <= driver.off_s
            assert not any(o.needs & ~driver.abilities or name in o.refused_by or o.reserved for o in trip)
    assert decisions.cost == pytest.approx(on_paper(world, travel, QUICK, now, decisions), abs=1e-6)


@st.composite
def worlds_with_windows(draw: st.DrawFn) -> tuple[World, Travel, int]:
    """Some orders may be picked up only until a moment, some handed over only from one on or until one, or ride only so long."""
    world, travel, now = draw(worlds())
    orders = tuple(
        replace(
            order,
            expires_s=draw(st.sampled_from([order.expires_s, now + 600, now + 1800, now - 60])),
            earliest_drop_s=draw(st.sampled_from([0, now + 900, now + 5400])),
            latest_drop_s=draw(st.sampled_from([FOREVER_S, FOREVER_S, now + 1200, now + 5400])),
            ride_most_s=draw(st.sampled_from([FOREVER_S, FOREVER_S, 300, 900, 1500])),
        )
        for order in world.orders
    )
    return replace(world, orders=orders), travel, now


@LAWS
@given(worlds_with_windows())
def test_windows_hold_and_stops_come_in_sequence(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    decisions = decide(world, travel, QUICK, now, 6, PYTHON)
    orders, drivers = {o.id: o for o in world.orders}, {d.id: d for d in world.drivers}
    for name, chain in whole_plan(decisions).items():
        driver, trips = drivers[name], [[orders[o] for o in trip] for trip in chain]
        clock_s = max(now, driver.free_s, driver.on_s)
        for trip, times in zip(trips, times_of(driver, trips, travel, QUICK, now), strict=True):
            assert clock_s <= times.leave_s <= times.pickup_s <= driver.off_s
            assert all(o.ready_s <= times.pickup_s <= o.expires_s for o in trip)
            stops = [times.pickup_s, *times.drops_s, times.free_s]
            assert stops == sorted(stops), "pickup, then each drop in its place"
            for order, drop_s in zip(trip, times.drops_s, strict=True):
                assert order.earliest_drop_s <= drop_s <= order.latest_drop_s
                assert drop_s - times.pickup_s <= order.ride_most_s
            clock_s = times.free_s
    for send in decisions.sends:
        (first, *_) = times_of(drivers[send.driver], [[orders[o] for o in send.orders]], travel, QUICK, now)
        assert (send.leave_s, send.pickup_s, send.drops_s) == (first.leave_s, first.pickup_s, first.drops_s)
    assert decisions.cost == pytest.approx(on_paper(world, travel, QUICK, now, decisions), abs=1e-6)


@LAWS
@given(worlds())
def test_thinking_longer_never_makes_the_plan_dearer(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    costs = [
        decide(world, travel, replace(QUICK, iterations_min=rounds), now, 1, PYTHON).cost
        for rounds in (0, QUICK.iterations_max)
    ]
    assert costs[1] <= costs[0] + 1e-9


def test_a_single_order_goes_to_whoever_serves_it_cheapest() -> None:
    crowd = tuple(Driver(id=f"d{p:02d}", place=p, free_s=NOW + 60 * ((p * 7) % 11)) for p in range(12))
    order = replace(LUNCH, ready_s=NOW)
    paper = {d.id: times_of(d, [[order]], LINE, Params(), NOW)[0].cost for d in crowd}
    decisions = decide(World((order,), crowd), LINE, Params(), NOW, 1, PYTHON)
    ((chosen, _),) = whole_plan(decisions).items()
    assert paper[chosen] == min(paper.values())


def test_a_trip_that_no_longer_fits_the_shift_goes_to_somebody_else() -> None:
    leaving = replace(ANA, off_s=LUNCH.ready_s - 1)
    world = World((LUNCH,), (leaving, BEN), {"ana": (("lunch",),)})
    assert decide(world, LINE, Params(), NOW, 1, PYTHON).plan == {"ben": (("lunch",),)}


def test_an_order_for_a_window_is_picked_up_so_that_nobody_waits_at_the_door() -> None:
    opens = NOW + 7200
    slot = replace(LUNCH, ready_s=NOW, wanted_from_s=opens, earliest_drop_s=opens, due_s=opens + 3600)
    early = decide(World((slot,), (ANA,)), LINE, Params(), NOW, 1, PYTHON)
    assert not early.sends
    (outlook,) = early.outlooks
    assert outlook.drop_s == opens
    assert outlook.pickup_s == opens - slot.dropoff_service_s // 2 - 360 - slot.pickup_service_s // 2
    late = decide(World((slot,), (ANA,)), LINE, Params(), outlook.offer_s - 30, 1, PYTHON)
    assert [send.drops_s for send in late.sends] == [(opens,)]


def test_the_end_of_a_shift_is_served_first_and_the_free_driver_second() -> None:
    """Two stores, two drivers, one about to leave: both orders are delivered."""
    other = replace(LUNCH, id="soup", pickup=8, dropoff=9, store="t", ready_s=NOW + 300)
    first = replace(LUNCH, ready_s=NOW + 300)
    ending = replace(ANA, off_s=NOW + 420)
    decisions = decide(World((first, other), (ending, BEN)), LINE, Params(), NOW, 1, PYTHON)
    assert whole_plan(decisions) == {"ana": [("lunch",)], "ben": [("soup",)]}


@pytest.mark.parametrize(
    ("order", "driver", "says"),
    [
        ({"needs": 4}, {"abilities": 1}, "abilities"),
        ({"units": 9}, {"capacity_units": 8}, "larger vehicle"),
        ({"refused_by": frozenset({"ana"})}, {}, "not declined"),
        ({}, {"off_s": NOW + 60}, "shift"),
        ({"expires_s": NOW + 60}, {}, "nearer"),
    ],
)
def test_an_order_nobody_can_take_says_what_would_have_to_change(
    order: dict[str, object], driver: dict[str, object], says: str
) -> None:
    world = World((replace(LUNCH, **order),), (replace(ANA, **driver),))  # type: ignore[arg-type]
    (outlook,) = decide(world, LINE, Params(), NOW, 1, PYTHON).outlooks
    assert outlook.driver is None
    assert says in outlook.sentence
    assert sum(outlook.excluded.values()) == 1
    assert outlook.price > 0


def test_a_missed_shift_says_by_how_much() -> None:
    world = World((LUNCH,), (replace(ANA, off_s=LUNCH.ready_s - 90),))
    (outlook,) = decide(world, LINE, Params(), NOW, 1, PYTHON).outlooks
    assert outlook.short_s == 90


def test_a_low_coverage_price_leaves_out_what_costs_others_more() -> None:
    """One driver, one shop round the corner, one order at the end of the line."""
    crowd = tuple(
        replace(LUNCH, id=f"near{i}", ready_s=NOW, pickup=1, dropoff=1, store=f"near{i}") for i in range(2)
    )
    far = replace(LUNCH, id="far", ready_s=NOW, pickup=11, dropoff=11, store="far")
    cheap = decide(World((*crowd, far), (ANA,)), LINE, Params(coverage_price=25.0), NOW, 1, PYTHON)
    left = [outlook for outlook in cheap.outlooks if outlook.driver is None]
    assert [outlook.order for outlook in left] == ["far"]
    assert left[0].extra_cost > left[0].price
    dear = decide(World((*crowd, far), (ANA,)), LINE, Params(coverage_price=150.0), NOW, 1, PYTHON)
    assert all(outlook.driver for outlook in dear.outlooks)


def test_what_would_help_an_order_that_is_too_dear_is_told_as_it_is() -> None:
    """One order and one driver: there are no others whom it could keep waiting, and one more like her would not help."""
    now = replace(LUNCH, ready_s=NOW)

    def told(orders: tuple[Order, ...], drivers: tuple[Driver, ...], price: float) -> list[str]:
        params = Params(coverage_price=price)
        outlooks = decide(World(orders, drivers), LINE, params, NOW, 1, PYTHON).outlooks
        return [outlook.sentence for outlook in outlooks if outlook.driver is None]

    alone = "somebody could, but even with nothing else planned it would cost more than the coverage price allows; "
    assert told((now,), (ANA,), 0) == [alone + "a higher price would take it"]
    far = replace(now, id="far", pickup=11, dropoff=11, store="far")
    assert told((far,), (ANA,), 25) == [
        alone + "a driver nearer or free sooner or a higher price would take it"
    ]
    assert not told((far,), (ANA, replace(BEN, place=11)), 25)
    near = tuple(replace(now, id=f"near{i}", pickup=1, dropoff=8, store=f"near{i}") for i in range(2))
    (left,) = told(near, (ANA,), 25)
    assert left == (
        "somebody could, but it or others would wait longer than the coverage price allows; "
        "one more driver or a higher price would take it"
    )
    assert not told(near, (ANA, replace(ANA, id="bea")), 25)


DINNERS = tuple(replace(LUNCH, id=f"dinner{i}", store=f"s{i}", pickup=i, ready_s=NOW) for i in range(4))
LAST_CALL_S = NOW + 1500


@pytest.mark.parametrize("mixing", [False, True])
@pytest.mark.parametrize(
    ("shift_ends_s", "expires_s", "most", "says"),
    [
        (None, None, 3, "all who could have as much ahead of them as is planned"),
        (LAST_CALL_S, None, 9, "all who could are full until their shifts end"),
        (None, LAST_CALL_S, 9, "all who could are full until it may no longer be picked up"),
    ],
)
def test_why_all_who_could_are_full_is_told_as_it_is(
    shift_ends_s: int | None, expires_s: int | None, most: int, says: str, mixing: bool
) -> None:
    """Four orders of four stores and one driver: too many trips, too short a shift, or too short an evening."""
    driver = replace(ANA, free_s=NOW + 600, off_s=shift_ends_s or ANA.off_s)
    orders = tuple(replace(order, expires_s=expires_s or order.expires_s) for order in DINNERS)
    params = Params(trips_ahead=most, stops_ahead=2 * most, mixing=mixing, load_most=1)
    left = [
        one
        for one in decide(World(orders, (driver,)), LINE, params, NOW, 1, PYTHON).outlooks
        if not one.driver
    ]
    assert left
    for outlook in left:
        assert outlook.sentence == f"{says}; one more driver would take it"


def test_where_some_are_full_and_for_others_it_is_too_late_both_are_told() -> None:
    """Ana has two trips ahead and more are not planned; Ben could collect one order more before he goes home."""
    going_home = replace(BEN, place=3, off_s=NOW + 700)
    decided = decide(World(DINNERS, (ANA, going_home)), LINE, Params(trips_ahead=2), NOW, 1, PYTHON)
    assert [one.sentence for one in decided.outlooks if not one.driver] == [
        "all who could are full for as long as is planned, or until it is too late; one more driver would take it"
    ]


def test_rival_costs_are_what_the_plan_would_really_cost_with_them() -> None:
    later = LUNCH.ready_s - 240
    decisions = decide(World((LUNCH,), (ANA, BEN)), LINE, Params(), later, 1, PYTHON)
    only_ben = decide(World((LUNCH,), (BEN,)), LINE, Params(), later, 1, PYTHON)
    (send,) = decisions.sends
    assert send.driver == "ana"
    assert send.rivals[0].extra_cost == pytest.approx(only_ben.cost - decisions.cost)
    (late,) = only_ben.sends
    assert send.rivals[0].pickup_s == late.pickup_s


def test_a_rival_is_told_with_the_pickup_that_his_price_is_for() -> None:
    """Ana brings lunch; the soup at the end of the line would come second for her, however soon she could be there without."""
    ana, ben = replace(ANA, place=2), replace(BEN, place=11)
    lunch = replace(LUNCH, ready_s=NOW, dropoff=5)
    soup = replace(lunch, id="soup", store="t", pickup=10, dropoff=11)
    sends = {
        s.driver: s for s in decide(World((lunch, soup), (ana, ben)), LINE, Params(), NOW, 1, PYTHON).sends
    }
    (rival,) = sends["ben"].rivals
    first, then = times_of(ana, [(lunch,), (soup,)], LINE, Params(), NOW)
    assert (rival.driver, rival.pickup_s) == ("ana", then.pickup_s)
    assert rival.extra_cost == pytest.approx(then.cost - sends["ben"].cost)
    assert first.pickup_s == sends["ana"].pickup_s


def test_a_rival_too_would_pick_up_as_late_as_the_window_allows() -> None:
    dinner = replace(LUNCH, ready_s=NOW, wanted_from_s=NOW + 3600, earliest_drop_s=NOW + 3600)
    at_s = NOW + 3600 - 360 - 240 - 120
    (send,) = decide(World((dinner,), (ANA, BEN)), LINE, Params(), at_s, 1, PYTHON).sends
    (alone,) = times_of(BEN, [(dinner,)], LINE, Params(), at_s)
    assert [(r.driver, r.pickup_s) for r in send.rivals] == [("ben", alone.pickup_s)]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="one id"):
        decide(World((LUNCH, LUNCH), (ANA,)), LINE, Params(), NOW, 1, PYTHON)
    with pytest.raises(ValueError, match="outside"):
        decide(World((replace(LUNCH, dropoff=40),), (ANA,)), LINE, Params(), NOW, 1, PYTHON)
    with pytest.raises(ValueError, match="driving_price lies between"):
        Params(driving_price=-0.1)


def test_chance_is_even_and_its_waits_are_exponential() -> None:
    state = [0]
    start_chance(state, 7)
    throws = [below(state, 6) for _ in range(6000)]
    assert all(900 < throws.count(face) < 1100 for face in range(6))
    waits = [exponential(state, 10_000) for _ in range(4000)]
    assert 9_500 < sum(waits) / 4000 < 10_500
    assert 0.34 < sum(wait > 10_000 for wait in waits) / 4000 < 0.40  # 1 / e
    assert exponential(state, 0) == 0


def test_who_never_dispatches_does_not_load_the_compiler() -> None:
    code = "import sys, doorstep.engine.decide, doorstep.engine.record; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


COMPANY = replace(LUNCH, elsewhere_s=45 * 60)
"""Ready after half an hour, at the door ten minutes later: a courier company asks five minutes more than it takes a driver at hand."""


def test_a_company_competes_within_the_plan_and_gets_what_any_driver_would_cost_more_for() -> None:
    near = decide(World((COMPANY,), (ANA,)), LINE, Params(), NOW, 1, PYTHON)
    assert near.plan == {"ana": (("lunch",),)}
    busy = replace(ANA, free_s=NOW + 2700)
    (outlook,) = decide(World((COMPANY,), (busy,)), LINE, Params(), NOW, 1, PYTHON).outlooks
    assert (outlook.driver, outlook.elsewhere, outlook.price) == (None, True, 45.0)
    assert outlook.extra_cost > outlook.price
    assert outlook.sentence.startswith("somebody could, but a courier company costs less")
    (nobody,) = decide(World((COMPANY,), ()), LINE, Params(), NOW, 1, PYTHON).outlooks
    assert (nobody.elsewhere, nobody.sentence) == (True, "no driver is on duty; a courier company can")
    (none,) = decide(
        World((replace(LUNCH, needs=1),), (replace(ANA, abilities=0),)), LINE, Params(), NOW, 1, PYTHON
    ).outlooks
    assert not none.elsewhere


@LAWS
@given(worlds(), st.integers(0, 7200))
def test_no_plan_costs_more_than_leaving_everything_to_the_company(
    given_: tuple[World, Travel, int], price_s: int
) -> None:
    world, travel, now = given_
    with_it = World(tuple(replace(o, elsewhere_s=price_s) for o in world.orders), world.drivers)
    decisions = decide(with_it, travel, QUICK, now, 3, PYTHON)
    assert decisions.cost <= sum(not o.reserved for o in world.orders) * price_s / 60 + 1e-6
    assert all(
        outlook.price <= price_s / 60 + 1e-6 for outlook in decisions.outlooks if outlook.driver is None
    )
    assert price_s > 0 or not decisions.plan
