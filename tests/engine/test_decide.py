"""Laws of the dispatch engine, tried on random small worlds, and a few plain stories."""

import zlib
from dataclasses import replace
from itertools import permutations
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.names import renamed, told_in

from doorstep.engine.compiled import PYTHON, Kernels, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions, KeptOut
from doorstep.engine.params import Params
from doorstep.engine.record import MAGIC, NotATick, pack, replay, unpack
from doorstep.engine.world import Driver, Order, Travel, World

QUICK = Params(iterations_min=12, iterations_per_order=1, iterations_max=20, named_most=2)
APART = replace(QUICK, apart_orders=0, apart_candidates=1)
"""As a large world is searched: part by part, and these small ones in as many parts as there can be."""
LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def compiled() -> Kernels:
    return warm_up()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, Travel, int]:
    n, m = draw(st.integers(0, 8)), draw(st.integers(0, 5))
    places = draw(
        st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=n + m + 3, max_size=n + m + 3)
    )
    xy = np.array(places, np.float64)
    far = np.sqrt(((xy[:, None] - xy[None]) ** 2).sum(axis=2))
    travel = Travel(np.ceil(far * 30).astype(np.int32))
    now = 36_000
    orders = []
    for i in range(n):
        placed = now - draw(st.integers(0, 1200))
        store, floor = draw(st.integers(0, 2)), draw(st.sampled_from(["", "", "-upstairs"]))
        orders.append(
            Order(
                id=f"o{i:02d}", pickup=store, dropoff=3 + i, store=f"s{store}{floor}", placed_s=placed, wanted_from_s=placed,
                ready_s=placed + draw(st.integers(0, 2400)), due_s=placed + draw(st.integers(1200, 4800)),
                units=draw(st.integers(1, 3)), needs=draw(st.sampled_from([0, 0, 1, 2])),
                refused_by=frozenset(draw(st.lists(st.sampled_from([f"d{j:02d}" for j in range(5)]), max_size=2))),
                reserved=draw(st.integers(0, 9)) == 0,
            )
        )  # fmt: skip
    drivers = [
        Driver(
            id=f"d{j:02d}", place=3 + n + j, free_s=now + draw(st.sampled_from([-600, 0, 0, 900])),
            on_s=now + draw(st.sampled_from([-3600, 0, 1200])), off_s=now + draw(st.integers(600, 7200)),
            abilities=draw(st.sampled_from([3, 3, 1, 0])), capacity_units=draw(st.integers(1, 6)),
        )
        for j in range(m)
    ]  # fmt: skip
    return World(tuple(orders), tuple(drivers)), travel, now


@LAWS
@given(worlds(), st.sampled_from([QUICK, APART]))
def test_hard_rules_hold_and_nothing_is_done_twice(given_: tuple[World, Travel, int], params: Params) -> None:
    world, travel, now = given_
    decisions = decide(world, travel, params, now, 1, PYTHON)
    orders = {o.id: o for o in world.orders}
    drivers = {d.id: d for d in world.drivers}
    handled: list[str] = [o for send in decisions.sends for o in send.orders]
    handled += [o for chain in decisions.plan.values() for trip in chain for o in trip]
    assert len(handled) == len(set(handled))
    assert not any(orders[o].reserved for o in handled)
    for send in decisions.sends:
        driver, trip = drivers[send.driver], [orders[o] for o in send.orders]
        assert len({o.store for o in trip}) == 1
        assert len(trip) <= QUICK.max_bundle
        assert sum(o.units for o in trip) <= driver.capacity_units
        assert all(not o.needs & ~driver.abilities for o in trip)
        assert all(driver.id not in o.refused_by for o in trip)
        assert send.pickup_s <= driver.off_s
        assert send.pickup_s >= max(o.ready_s for o in trip)
        assert driver.free_s <= now
    told = {outlook.order for outlook in decisions.outlooks} | {o for s in decisions.sends for o in s.orders}
    assert told == {o.id for o in world.orders if not o.reserved}, "every order is told where it stands"


@LAWS
@given(worlds(), st.randoms(use_true_random=False), st.sampled_from([QUICK, APART]))
def test_the_order_of_rows_changes_nothing(
    given_: tuple[World, Travel, int], chance: object, params: Params
) -> None:
    world, travel, now = given_
    orders, drivers = list(world.orders), list(world.drivers)
    chance.shuffle(orders)  # type: ignore[attr-defined]
    chance.shuffle(drivers)  # type: ignore[attr-defined]
    again = World(tuple(orders), tuple(drivers), world.plan)
    assert decide(world, travel, params, now, 5, PYTHON) == decide(again, travel, params, now, 5, PYTHON)


@LAWS
@given(worlds(), st.randoms(use_true_random=False), st.sampled_from([QUICK, APART]))
def test_new_names_change_nothing_but_the_names(
    given_: tuple[World, Travel, int], chance: Random, params: Params
) -> None:
    world, travel, now = given_
    for _ in range(2):
        other, old = renamed(world, chance)
        first, second = (decide(some, travel, params, now, 5, PYTHON) for some in (world, other))
        assert told_in(first, {}) == told_in(second, old)
        world, now = World(world.orders, world.drivers, first.plan), now + 60


@LAWS
@given(worlds())
def test_compiled_and_interpreted_kernels_agree_to_the_bit(
    compiled: Kernels, given_: tuple[World, Travel, int]
) -> None:
    world, travel, now = given_
    first = decide(world, travel, QUICK, now, 9, PYTHON)
    assert first == decide(world, travel, QUICK, now, 9, compiled)
    second = World(world.orders, world.drivers, first.plan)
    assert decide(second, travel, QUICK, now + 60, 10, PYTHON) == decide(
        second, travel, QUICK, now + 60, 10, compiled
    )


@LAWS
@given(worlds())
def test_a_recorded_tick_repeats_bit_for_bit(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    decisions = decide(world, travel, QUICK, now, 3, PYTHON)
    record = pack(world, travel, QUICK, now, 3, decisions, "python")
    assert replay(record, PYTHON).same
    assert unpack(record).world == world


def test_a_damaged_record_says_so() -> None:
    with pytest.raises(NotATick):
        unpack(b"something else")
    world = World((), ())
    empty = Travel(np.zeros((1, 1), np.int32))
    record = pack(world, empty, QUICK, 0, 1, decide(world, empty, QUICK, 0, 1, PYTHON), "python")
    with pytest.raises(NotATick):
        unpack(record[:-3])


NOW = 50_000
LINE = Travel(np.abs(np.arange(8)[:, None] - np.arange(8)[None, :]).astype(np.int32) * 120)
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


def test_nobody_is_sent_while_leaving_later_costs_nothing() -> None:
    decisions = decide(World((LUNCH,), (ANA,)), LINE, Params(), NOW, 1, PYTHON)
    assert not decisions.sends
    assert decisions.plan == {"ana": (("lunch",),)}
    assert decisions.outlooks[0].driver == "ana"


def test_the_near_driver_is_sent_when_it_is_time_and_the_far_one_is_named_as_rival() -> None:
    later = LUNCH.ready_s - 120 - 120
    decisions = decide(World((LUNCH,), (ANA, BEN)), LINE, Params(), later, 1, PYTHON)
    (send,) = decisions.sends
    assert (send.driver, send.orders, send.pickup_s) == ("ana", ("lunch",), LUNCH.ready_s)
    assert [rival.driver for rival in send.rivals] == ["ben"]
    assert send.rivals[0].extra_cost > 0


def why_her(decisions: Decisions, driver: str) -> str:
    """The part of the one sentence that says why it is she, between what it is and why now."""
    (send,) = (send for send in decisions.sends if send.driver == driver)
    what, why, now = send.sentence.split("; ")
    assert (what, now) == ("one order", "leaving later would delay the pickup")
    return why


READY_NOW = replace(LUNCH, ready_s=NOW)


def test_a_sentence_says_why_nobody_else_brings_it() -> None:
    """Ana is alone on duty; then Ben is, too, and may not; then he may, and would come later."""
    declined = replace(READY_NOW, refused_by=frozenset({"ben"}))
    for order, drivers in ((READY_NOW, (ANA,)), (declined, (ANA, BEN))):
        decisions = decide(World((order,), drivers), LINE, Params(), NOW, 1, PYTHON)
        assert why_her(decisions, "ana") == "nobody else on duty can take it"
    decisions = decide(World((READY_NOW,), (ANA, BEN)), LINE, Params(), NOW, 1, PYTHON)
    (rival,) = decisions.sends[0].rivals
    assert (round(rival.extra_cost), rival.pickup_s > decisions.sends[0].pickup_s) == (8, True)
    assert (
        why_her(decisions, "ana") == "picks up sooner and costs 8 minutes of waiting less than the next best"
    )


def test_a_sentence_does_not_boast() -> None:
    """Who is there as soon but declines more is dearer, not later; her twin is as good; and a plan may have missed a better one."""
    hers = replace(ANA, id="bea", acceptance_permille=400)
    decisions = decide(World((READY_NOW,), (ANA, hers)), LINE, Params(reoffer_price=10), NOW, 1, PYTHON)
    assert why_her(decisions, "ana") == "costs 6 minutes of waiting less than the next best"
    decisions = decide(World((READY_NOW,), (ANA, replace(ANA, id="bea"))), LINE, Params(), NOW, 1, PYTHON)
    assert why_her(decisions, decisions.sends[0].driver) == "as good as the next best"
    hasty = Params(iterations_min=0, iterations_per_order=0, iterations_max=0, iterations_per_new=0)
    planned = World((READY_NOW,), (replace(ANA, place=5), replace(BEN, place=1)), {"ana": (("lunch",),)})
    decisions = decide(planned, LINE, hasty, NOW, 1, PYTHON)
    assert decisions.sends[0].rivals[0].extra_cost == pytest.approx(-4.12)
    assert why_her(decisions, "ana") == (
        "costs 4 minutes of waiting more than the next best, who is left for others"
    )


def test_a_sentence_says_when_others_could_but_for_their_trips() -> None:
    """Two shops, two drivers, and no more than one trip ahead of each."""
    soup = replace(READY_NOW, id="soup", store="t", pickup=6, dropoff=7)
    decisions = decide(World((READY_NOW, soup), (ANA, BEN)), LINE, Params(trips_ahead=1), NOW, 1, PYTHON)
    for driver in ("ana", "ben"):
        assert why_her(decisions, driver) == "the nearest others who could are taken up by other trips"


@LAWS
@given(worlds(), st.sampled_from([QUICK, replace(QUICK, mixing=True, whole_trips=True)]))
def test_a_sentence_is_true_to_the_data_beside_it(given_: tuple[World, Travel, int], params: Params) -> None:
    world, travel, now = given_
    orders, drivers = {o.id: o for o in world.orders}, {d.id: d for d in world.drivers}
    for send in decide(world, travel, params, now, 1, PYTHON).sends:
        _, why, _ = send.sentence.split("; ")
        others = len(drivers) - 1 - sum(send.excluded.values())
        for name in (rival.driver for rival in send.rivals):
            driver, trip = drivers[name], [orders[o] for o in send.orders]
            assert not any(o.needs & ~driver.abilities or name in o.refused_by for o in trip)
        assert len(send.rivals) <= others
        if not send.rivals:
            assert why.startswith("nobody else" if not others else "the nearest others")
            continue
        best = send.rivals[0]
        assert ("less than" in why, "more than" in why) == (
            round(best.extra_cost) > 0,
            round(best.extra_cost) < 0,
        )
        assert not why.startswith("picks up sooner") or send.pickup_s < best.pickup_s


def test_of_twins_it_is_no_matter_which_is_which() -> None:
    """Two drivers, two orders in which nothing differs: whatever they are called, as much happens, at the same times."""

    def what_happens(*names: str) -> list[tuple[object, ...]]:
        orders = [replace(LUNCH, id=name, dropoff=door) for name, door in zip(names, (5, 5, 7), strict=True)]
        drivers = [replace(ANA, id=name, place=place) for name, place in zip(names, (1, 1, 4), strict=True)]
        sends = decide(
            World((*orders,), (*drivers,)), LINE, Params(max_bundle=2), LUNCH.ready_s, 1, PYTHON
        ).sends
        return [(s.leave_s, s.pickup_s, s.drops_s, s.cost, len(s.rivals)) for s in sends]

    first, *others = [what_happens(*names) for names in permutations(("ana", "bea", "cleo"))]
    assert len(first) > 1
    assert others == [first] * 5


@pytest.mark.parametrize("ways", [(1, 5), (5, 1)])
def test_where_nothing_else_decides_the_older_order_goes_first(ways: tuple[int, int]) -> None:
    """Two shops on either side of the only driver, both ready and as far, and two doors of one shop."""
    older, newer = (
        replace(LUNCH, id=name, store=name, pickup=(place + 3) // 2, dropoff=place, ready_s=NOW, placed_s=at, wanted_from_s=at)
        for name, place, at in (("older", ways[0], NOW - 600), ("newer", ways[1], NOW - 60))
    )  # fmt: skip
    driver = replace(ANA, place=3)
    decisions = decide(World((newer, older), (driver,)), LINE, Params(), NOW, 1, PYTHON)
    assert ([s.orders for s in decisions.sends], decisions.plan) == ([("older",)], {"ana": (("newer",),)})
    of_one_shop = tuple(replace(order, store="s", pickup=3) for order in (newer, older))
    (send,) = decide(World(of_one_shop, (driver,)), LINE, Params(), NOW, 1, PYTHON).sends
    assert send.orders == ("older", "newer")


def test_an_offer_goes_out_earlier_by_the_time_asking_takes() -> None:
    asking = Params(offer_lead_s=300)
    assert decide(World((LUNCH,), (ANA,)), LINE, asking, LUNCH.ready_s - 540, 1, PYTHON).sends
    assert not decide(World((LUNCH,), (ANA,)), LINE, asking, LUNCH.ready_s - 900, 1, PYTHON).sends


def test_who_declined_is_not_asked_again_and_the_reason_counts_her() -> None:
    declined = replace(LUNCH, refused_by=frozenset({"ana"}))
    decisions = decide(World((declined,), (ANA,)), LINE, Params(), NOW, 1, PYTHON)
    assert not decisions.sends
    assert decisions.outlooks[0].driver is None
    assert decisions.outlooks[0].excluded == {"declined": 1}


def test_who_is_kept_from_an_order_is_told_by_name_the_nearest_first() -> None:
    order = replace(LUNCH, needs=1, refused_by=frozenset({"ana"}))
    ending = Driver(id="cat", place=4, free_s=NOW, off_s=NOW + 60)
    crowd = (replace(BEN, abilities=0), ending, ANA)
    (outlook,) = decide(World((order,), crowd), LINE, Params(named_most=2), NOW, 1, PYTHON).outlooks
    assert outlook.excluded == {"abilities": 1, "declined": 1, "off shift before pickup": 1}
    nearest = KeptOut("ana", "declined"), KeptOut("cat", "off shift before pickup")
    assert outlook.kept_out == nearest
    free = Driver(id="dan", place=0, free_s=NOW)
    (send,) = decide(
        World((order,), (*crowd, free)), LINE, Params(named_most=8), LUNCH.ready_s, 1, PYTHON
    ).sends
    assert (send.driver, send.kept_out) == ("dan", (*nearest, KeptOut("ben", "abilities")))


@pytest.mark.parametrize("mixing", [False, True])
def test_who_is_kept_from_any_order_of_a_trip_is_told(mixing: bool) -> None:
    """Ana brings two orders of one shop: ben declined the second, cat takes one at a time and dan has not the room.

    Where stores are mixed, she who cannot take both at once could have had them one after the other.
    """
    first = replace(LUNCH, ready_s=NOW, dropoff=3, units=2)
    second = replace(first, id="tea", dropoff=4, refused_by=frozenset({"ben"}))
    crowd = tuple(
        replace(BEN, id=name, place=place, **less)  # type: ignore[arg-type]
        for name, place, less in (
            ("ben", 7, {}), ("cat", 6, {"max_orders": 1}), ("dan", 5, {"capacity_units": 3}), ("eve", 0, {})
        )
    )  # fmt: skip
    world = World((first, second), (replace(ANA, place=2), *crowd))
    dear = Params(named_most=8, driving_price=1, mixing=mixing, whole_trips=mixing)
    (send,) = decide(world, LINE, dear, NOW, 1, PYTHON).sends
    assert (send.driver, send.orders) == ("ana", ("lunch", "tea"))
    both, one_by_one = ["eve"], ["eve", "dan", "cat"]
    assert [rival.driver for rival in send.rivals] == (one_by_one if mixing else both)
    declined = KeptOut("ben", "declined")
    full = KeptOut("dan", "capacity"), KeptOut("cat", "capacity")
    assert send.kept_out == ((declined,) if mixing else (*full, declined))
    assert send.excluded == ({"declined": 1} if mixing else {"capacity": 2, "declined": 1})


def test_a_record_from_before_drivers_were_named_repeats_as_it_was() -> None:
    world = World((replace(LUNCH, refused_by=frozenset({"ana"})),), (ANA,))
    decisions = decide(world, LINE, Params(), NOW, 1, PYTHON)
    plain = msgspec.msgpack.decode(
        zlib.decompress(pack(world, LINE, Params(), NOW, 1, decisions, "python")[len(MAGIC) :])
    )
    del plain["params"]["named_most"], plain["decisions"]["outlooks"][0]["kept_out"]
    assert replay(MAGIC + zlib.compress(msgspec.msgpack.encode(plain)), PYTHON).same


def test_an_order_is_left_to_nobody_while_a_free_driver_can_take_it() -> None:
    """However many drivers stand nearer who may not take it."""
    closed = tuple(Driver(id=f"a{i:02d}", place=2, free_s=NOW, abilities=0) for i in range(60))
    decisions = decide(
        World((replace(LUNCH, needs=1),), (*closed, BEN)), LINE, Params(candidates=5), NOW, 1, PYTHON
    )
    assert decisions.plan == {"ben": (("lunch",),)}


def test_two_orders_of_one_store_share_a_trip_when_drivers_are_few() -> None:
    twin = replace(LUNCH, id="twin", dropoff=6)
    decisions = decide(World((LUNCH, twin), (ANA,)), LINE, Params(), LUNCH.ready_s, 1, PYTHON)
    assert [send.orders for send in decisions.sends] == [("lunch", "twin")]


def test_no_driver_at_all_is_said_plainly() -> None:
    decisions = decide(World((LUNCH,), ()), LINE, Params(), NOW, 1, PYTHON)
    assert decisions.outlooks[0].sentence == "no driver is on duty"
