"""Orders of several stores on board at once: laws of the tours, and a few plain stories."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.names import renamed, told_in
from tests.engine.test_decide import LAWS, LINE, LUNCH, NOW, QUICK, worlds

from doorstep.engine.compiled import PYTHON
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.mixing import decide as mixed
from doorstep.engine.mixing.compiled import warm_up
from doorstep.engine.mixing.schedule import Visit, steps_of, trips_of, visits_of
from doorstep.engine.params import Params
from doorstep.engine.record import pack, replay
from doorstep.engine.world import FOREVER_S, Driver, Order, Plan, Travel, World

MIXED = replace(QUICK, mixing=True)
WHOLE = replace(MIXED, whole_trips=True)
ANA = Driver(id="ana", place=1, free_s=NOW)


@st.composite
def worlds_on_the_road(draw: st.DrawFn) -> tuple[World, Travel, int]:
    """Drivers with up to two orders on board and up to two they are under way for, and any plan at all."""
    world, travel, now = draw(worlds())
    orders = tuple(
        replace(
            order,
            latest_drop_s=draw(st.sampled_from([FOREVER_S, FOREVER_S, now + 1200, now + 4000])),
            ride_most_s=draw(st.sampled_from([FOREVER_S, FOREVER_S, 600, 1500])),
        )
        for order in world.orders
    )
    waiting = [o for o in orders if not o.reserved]
    drivers = []
    for j, idle in enumerate(world.drivers):
        driver = idle
        if idle.on_s <= now:
            store = draw(st.sampled_from([o.store for o in waiting] or ["none"]))
            there = [o for o in waiting if o.store == store][: draw(st.integers(0, 2))]
            waiting = [o for o in waiting if o not in there]
            aboard = tuple(
                Order(
                    id=f"b{j}{k}", pickup=0, dropoff=draw(st.integers(0, travel.places - 1)), store="s0", placed_s=now - 900,
                    ready_s=now - 600, wanted_from_s=now - 900, due_s=now + draw(st.integers(-300, 1800)),
                )
                for k in range(draw(st.integers(0, 2)))
            )  # fmt: skip
            driver = replace(idle, aboard=aboard)
            if there:
                arrives_s = now + draw(st.sampled_from([-600, 0, 300]))
                driver = replace(
                    driver, place=there[0].pickup, free_s=arrives_s, keeps=tuple(o.id for o in there)
                )
        drivers.append(driver)
    names = [o.id for o in world.orders] + [o.id for d in drivers for o in d.aboard] + ["nobody's"]
    step = st.lists(st.sampled_from(names), max_size=3).map(tuple)
    plan: Plan = draw(
        st.dictionaries(
            st.sampled_from([d.id for d in drivers] or ["none"]),
            st.lists(step, max_size=8).map(tuple),
            max_size=5,
        )
    )
    return World(orders, tuple(drivers), plan), travel, now


def tours(world: World, decisions: Decisions) -> dict[str, list[tuple[Order, bool]]]:
    """Every driver's stops in sequence, those made now included; True for a pickup."""
    orders = {o.id: o for o in world.orders} | {o.id: o for d in world.drivers for o in d.aboard}
    chains = {p.driver: [p.orders] for p in decisions.pickups}
    chains |= {drop.driver: [(drop.order,)] for drop in decisions.drops}
    for name, chain in decisions.plan.items():
        chains.setdefault(name, []).extend(chain)
    found = {}
    for driver in world.drivers:
        held = {o.id for o in driver.aboard}
        stops = []
        for id_ in (id_ for step in chains.get(driver.id, ()) for id_ in step):
            stops.append((orders[id_], id_ not in held))
            held.symmetric_difference_update({id_})
        assert not held, "everything on board is handed over in the end"
        found[driver.id] = stops
    return found


def visits(
    world: World, travel: Travel, params: Params, now: int, decisions: Decisions
) -> dict[str, list[Visit]]:
    stops, drivers = tours(world, decisions), {d.id: d for d in world.drivers}
    return {
        name: visits_of(drivers[name], steps_of(line), travel, params, now)
        for name, line in stops.items()
        if line
    }


@LAWS
@given(worlds_on_the_road(), st.sampled_from([0, 120]))
def test_hard_rules_hold_and_what_is_bound_stays(given_: tuple[World, Travel, int], lead_s: int) -> None:
    world, travel, now = given_
    params = replace(MIXED, offer_lead_s=lead_s, load_most=3, coverage_price=1e5)
    decisions = decide(world, travel, params, now, 1, PYTHON)
    stops, drivers = tours(world, decisions), {d.id: d for d in world.drivers}
    picked = [o.id for line in stops.values() for o, is_pickup in line if is_pickup]
    assert len(picked) == len(set(picked)), "no order twice"
    for name, line in stops.items():
        driver = drivers[name]
        bound = {*driver.keeps, *(o.id for o in driver.aboard)}
        assert {o.id for o, is_pickup in line if not is_pickup} >= bound
        first = [o.id for o, is_pickup in line[: len(driver.keeps)] if is_pickup]
        if driver.keeps:
            together = steps_of(line)[0][0]
            assert set(driver.keeps) <= {o.id for o in together}
            assert first
        load, most = len(driver.aboard), max(3, len(bound))
        units = sum(o.units for o in driver.aboard)
        room = max(driver.capacity_units, units + sum(o.units for o in world.orders if o.id in driver.keeps))
        for order, is_pickup in line:
            load += 1 if is_pickup else -1
            units += order.units if is_pickup else -order.units
            assert load <= most
            assert units <= room
            if is_pickup and order.id not in bound:
                assert units <= driver.capacity_units
                assert not order.needs & ~driver.abilities
                assert name not in order.refused_by
                assert not order.reserved
    for name, made in visits(world, travel, params, now, decisions).items():
        for number, visit in enumerate(made):
            if visit.is_pickup and (number or not drivers[name].keeps):
                assert visit.at_s <= drivers[name].off_s
                assert visit.at_s >= max(o.ready_s for o in visit.orders)
        bound = {*drivers[name].keeps, *(o.id for o in drivers[name].aboard)}
        collected = {o.id: visit.at_s for visit in made if visit.is_pickup for o in visit.orders}
        for (order,) in (
            visit.orders for visit in made if not visit.is_pickup and visit.orders[0].id not in bound
        ):
            handed_over_s = next(v.at_s for v in made if not v.is_pickup and v.orders == (order,))
            assert handed_over_s <= order.latest_drop_s
            assert handed_over_s - collected[order.id] <= order.ride_most_s
    told = {outlook.order for outlook in decisions.outlooks} | {o for s in decisions.sends for o in s.orders}
    told |= {o for p in decisions.pickups for o in p.orders}
    assert told == {o.id for o in world.orders if not o.reserved}, "every order is told where it stands"


@LAWS
@given(worlds_on_the_road(), st.sampled_from([0, 120]), st.sampled_from([0.0, 0.5]))
def test_the_kernels_price_a_tour_as_one_would_on_paper(
    given_: tuple[World, Travel, int], lead_s: int, convex: float
) -> None:
    world, travel, now = given_
    params = replace(MIXED, offer_lead_s=lead_s, convex_price=convex, reoffer_price=convex)
    decisions = decide(world, travel, params, now, 2, PYTHON)
    paper = sum(outlook.price for outlook in decisions.outlooks if outlook.driver is None)
    for made in visits(world, travel, params, now, decisions).values():
        paper += sum(visit.cost for visit in made)
    assert decisions.cost == pytest.approx(paper, abs=1e-6)


@LAWS
@given(worlds_on_the_road(), st.randoms(use_true_random=False))
def test_tours_come_out_the_same_compiled_replayed_shuffled_or_renamed(
    given_: tuple[World, Travel, int], chance: Random
) -> None:
    world, travel, now = given_
    first = decide(world, travel, MIXED, now, 9, PYTHON)
    warm_up()
    assert first == mixed.decide(world, travel, MIXED, now, 9, compiled=True)
    assert replay(pack(world, travel, MIXED, now, 9, first, "python"), PYTHON).same
    orders, drivers = list(world.orders), list(world.drivers)
    chance.shuffle(orders)
    chance.shuffle(drivers)
    assert first == decide(World(tuple(orders), tuple(drivers), world.plan), travel, MIXED, now, 9, PYTHON)

    other, old = renamed(world, chance)
    assert told_in(first, {}) == told_in(decide(other, travel, MIXED, now, 9, PYTHON), old)


@st.composite
def worlds_with_any_plan(draw: st.DrawFn) -> tuple[World, Travel, int]:
    """Drivers who have nothing on board, and any plan at all."""
    world, travel, now = draw(worlds())
    step = st.lists(st.sampled_from([*(o.id for o in world.orders), "nobody's"]), max_size=3).map(tuple)
    chains = st.lists(step, max_size=8).map(tuple)
    plan: Plan = draw(
        st.dictionaries(st.sampled_from([d.id for d in world.drivers] or ["none"]), chains, max_size=5)
    )
    return World(world.orders, world.drivers, plan), travel, now


@LAWS
@given(worlds_with_any_plan(), st.sampled_from([0, 120]), st.sampled_from([0, 900]))
def test_a_trip_sent_whole_collects_everything_before_its_first_door(
    given_: tuple[World, Travel, int], lead_s: int, ahead_s: int
) -> None:
    world, travel, now = given_
    params = replace(WHOLE, offer_lead_s=lead_s, ask_ahead_s=ahead_s, reoffer_price=0.5)
    decisions = decide(world, travel, params, now, 1, PYTHON)
    orders, drivers = {o.id: o for o in world.orders}, {d.id: d for d in world.drivers}
    chains = dict(decisions.plan)
    for send in decisions.sends:
        collected = send.visits or (send.orders,)
        assert sorted(o for visit in collected for o in visit) == sorted(send.orders)
        assert all(len({orders[o].store for o in visit}) == 1 for visit in collected)
        assert list(send.visits_s) == sorted(send.visits_s)
        assert len(send.visits_s) == len(send.visits)
        assert not drivers[send.driver].spoken_for
        assert drivers[send.driver].free_s <= now + ahead_s
        chains[send.driver] = (*collected, *((o,) for o in send.orders), *chains.get(send.driver, ()))
    paper = sum(outlook.price for outlook in decisions.outlooks if outlook.driver is None)
    for name, chain in chains.items():
        held: list[str] = []
        line: list[tuple[Order, bool]] = []
        for id_ in (id_ for step in chain for id_ in step):
            line.append((orders[id_], id_ not in held))
            if id_ in held:
                held.remove(id_)
                continue
            assert not held or line[-2][1], "nothing is collected between two doors"
            held.append(id_)
            assert len(held) <= params.load_most
        assert not held
        made = visits_of(drivers[name], steps_of(line), travel, params, now)
        paper += sum(visit.cost for visit in made)
        assert all(visit.at_s <= drivers[name].off_s for visit in made if visit.is_pickup)
        assert sum(len(trip) for trip in trips_of(made)) == len(made)
    assert decisions.cost == pytest.approx(paper, abs=1e-6)
    told = {outlook.order for outlook in decisions.outlooks} | {o for s in decisions.sends for o in s.orders}
    assert told == {o.id for o in world.orders if not o.reserved}, "every order is told where it stands"
    warm_up()
    assert decisions == mixed.decide(world, travel, params, now, 1, compiled=True)
    assert replay(pack(world, travel, params, now, 1, decisions, "python"), PYTHON).same


def test_an_offer_of_two_stores_goes_out_once_and_as_late_as_the_second_one_allows() -> None:
    """One driver, two stores on one way; what the second cooks takes a quarter of an hour."""
    near = replace(LUNCH, ready_s=NOW, store="s", pickup=2, dropoff=6)
    world = World((near, replace(near, id="soup", store="t", pickup=3, dropoff=7)), (ANA,))
    (sent,) = decide(world, LINE, WHOLE, NOW, 1, PYTHON).sends
    assert (sent.orders, sent.visits) == (("lunch", "soup"), (("lunch",), ("soup",)))
    assert sent.sentence == (
        "2 orders of 2 stores; nobody else on duty can take it; leaving later would delay the pickup"
    )
    later = replace(world, orders=(near, replace(world.orders[1], ready_s=NOW + 900)))
    apart = decide(later, LINE, WHOLE, NOW, 1, PYTHON)
    together = decide(later, LINE, replace(WHOLE, driving_price=2), NOW, 1, PYTHON)
    assert [send.orders for send in apart.sends] == [("lunch",)], "who is ready is not kept waiting"
    assert not together.sends, (
        "where driving is dear, both wait until she would reach the second as it is ready"
    )
    assert {outlook.driver for outlook in together.outlooks} == {"ana"}
    assert all("her next trip" in outlook.sentence for outlook in together.outlooks)


def test_nothing_joins_a_trip_that_was_sent_whole() -> None:
    on_board = World((), (replace(ANA, aboard=(LUNCH,)),))
    with pytest.raises(ValueError, match="sent whole"):
        decide(on_board, LINE, WHOLE, NOW, 1, PYTHON)


def test_two_stores_on_one_way_share_a_trip_only_where_mixing_is_allowed() -> None:
    """One driver; the second store and both doors lie behind the first store."""
    near = replace(LUNCH, ready_s=NOW, store="s", pickup=2, dropoff=6)
    next_door = replace(near, id="soup", store="t", pickup=3, dropoff=7)
    world = World((near, next_door), (ANA,))
    alone = decide(world, LINE, Params(), NOW, 1, PYTHON)
    assert alone.plan == {"ana": (("soup",),)}, "one after the other"
    both = decide(world, LINE, MIXED, NOW, 1, PYTHON)
    assert [send.orders for send in both.sends] == [("lunch",)]
    assert both.plan["ana"] == (("lunch",), ("soup",), ("lunch",), ("soup",))
    assert both.cost < alone.cost
    loaded = replace(ANA, place=2, aboard=(near,))
    (then,) = decide(World((next_door,), (loaded,)), LINE, MIXED, NOW + 300, 1, PYTHON).sends
    assert then.orders == ("soup",)
    assert "on board" in then.sentence
    full = decide(World((next_door,), (loaded,)), LINE, replace(MIXED, load_most=1), NOW, 1, PYTHON)
    assert [drop.order for drop in full.drops] == ["lunch"]


@pytest.mark.parametrize("params", [MIXED, replace(MIXED, whole_trips=True), replace(MIXED, load_most=2)])
@pytest.mark.parametrize("apart", [(True, False), (False, True), (True, True)])
def test_what_travels_alone_shares_no_trip_even_where_stores_are_mixed(
    params: Params, apart: tuple[bool, bool]
) -> None:
    lunch = replace(LUNCH, ready_s=NOW, store="s", pickup=2, dropoff=6, alone=apart[0])
    soup = replace(lunch, id="soup", store="t", pickup=3, dropoff=7, alone=apart[1])
    decided = decide(World((lunch, soup), (ANA,)), LINE, params, NOW, 1, PYTHON)
    (tour,) = decided.plan.values()
    (send,) = decided.sends
    assert len(send.orders) == 1
    if params.whole_trips:  # the plan holds what is not sent yet
        assert tour in [(("soup",), ("soup",)), (("lunch",), ("lunch",))]
    else:
        assert tour[0] == tour[1] == send.orders
        assert tour[2] == tour[3] != send.orders
    aboard = replace(ANA, place=2, aboard=(lunch,))
    if not params.whole_trips:
        then = decide(World((soup,), (aboard,)), LINE, params, NOW + 300, 1, PYTHON)
        assert not then.sends, "not while the other is on board"


def test_what_nobody_has_picked_up_goes_to_whoever_comes_first_now() -> None:
    """It was planned with ana; ben is free next to the store."""
    ben = Driver(id="ben", place=3, free_s=NOW)
    order = replace(LUNCH, id="soup", ready_s=NOW, pickup=3, dropoff=7)
    busy = replace(ANA, free_s=NOW + 1500)
    world = World((order,), (busy, ben), {"ana": (("soup",), ("soup",))})
    assert [send.driver for send in decide(world, LINE, MIXED, NOW, 1, PYTHON).sends] == ["ben"]
    bound = replace(busy, place=3, keeps=("soup",))
    kept = decide(replace(world, drivers=(bound, ben)), LINE, MIXED, NOW, 1, PYTHON)
    assert not kept.sends
    assert list(kept.plan) == ["ana"]


def test_rivals_of_a_mixed_trip_are_priced_by_the_plan_without_its_driver() -> None:
    later = LUNCH.ready_s - 240
    ben = Driver(id="ben", place=7, free_s=NOW)
    params = MIXED
    decisions = decide(World((LUNCH,), (ANA, ben)), LINE, params, later, 1, PYTHON)
    only_ben = decide(World((LUNCH,), (ben,)), LINE, params, later, 1, PYTHON)
    (send,) = decisions.sends
    assert send.rivals[0].driver == "ben"
    assert send.rivals[0].extra_cost == pytest.approx(only_ben.cost - decisions.cost)
    assert send.rivals[0].pickup_s == only_ben.sends[0].pickup_s


@pytest.mark.parametrize("params", [MIXED, WHOLE])
def test_a_rival_of_a_mixed_trip_is_told_with_the_pickup_that_his_price_is_for(params: Params) -> None:
    """Ana brings lunch; the soup at the end of the line would come second for her."""
    ana, ben = replace(ANA, place=2), Driver(id="ben", place=7, free_s=NOW)
    lunch = replace(LUNCH, ready_s=NOW, pickup=2, dropoff=4)
    soup = replace(lunch, id="soup", store="t", pickup=6, dropoff=7)
    sends = {
        s.driver: s for s in decide(World((lunch, soup), (ana, ben)), LINE, params, NOW, 1, PYTHON).sends
    }
    (rival,) = sends["ben"].rivals
    only_ana = decide(World((lunch, soup), (ana,)), LINE, params, NOW, 1, PYTHON)
    (then,) = only_ana.outlooks
    assert (rival.driver, then.order, rival.pickup_s) == ("ana", "soup", then.pickup_s)
    both = sum(send.cost for send in sends.values())
    assert rival.extra_cost == pytest.approx(only_ana.cost - both)
    assert then.pickup_s > sends["ana"].drops_s[0]


def test_nothing_is_on_board_where_stores_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="on board"):
        decide(World((), (replace(ANA, aboard=(LUNCH,)),)), LINE, Params(), NOW, 1, PYTHON)
    both = replace(ANA, place=2, keeps=("lunch",), aboard=(LUNCH,))
    with pytest.raises(ValueError, match="one id"):
        decide(World((LUNCH,), (both,)), LINE, MIXED, NOW, 1, PYTHON)
