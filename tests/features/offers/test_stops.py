"""Stops are read off deliveries: laws and small stories, on paper."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.features.offers.test_terms import NOON, a_delivery, terms_of

from doorstep.features.deliveries.rules import DeliveryState, FactKind, Standing, advance
from doorstep.features.deliveries.rules.lifecycle import MOVES
from doorstep.features.offers.rules import (
    ReportKind,
    Stop,
    StopKind,
    StopState,
    all_over,
    free_when,
    meant,
    settle,
)
from doorstep.features.offers.stops import planned
from doorstep.units.time import MarketInstant

A, B = UUID(int=1), UUID(int=2)
S = DeliveryState
K = StopState
ROAD = [
    FactKind.DEPARTED_TO_PICKUP,
    FactKind.REACHED_PICKUP,
    FactKind.PICKED_UP,
    FactKind.DEPARTED_TO_DROPOFF,
    FactKind.REACHED_DROPOFF,
    FactKind.HANDED_OVER,
]
REPORTS = [*ROAD, FactKind.ATTEMPT_FAILED, FactKind.DEPARTED_TO_RETURN, FactKind.REACHED_RETURN,
           FactKind.RETURNED_TO_STORE]  # fmt: skip


def the_stops() -> tuple[Stop, ...]:
    deliveries = [a_delivery(1), a_delivery(2)]
    return planned(
        terms_of(deliveries, approach_m=2000), deliveries, [600, 300], 240, pickup_stop_s=180, drop_stop_s=180
    )


def states_of(stops: tuple[Stop, ...]) -> list[tuple[StopKind, StopState]]:
    return [(stop.kind, stop.state) for stop in stops]


def settled(a: DeliveryState | None, b: DeliveryState | None) -> tuple[Stop, ...]:
    states = {one: state for one, state in ((A, a), (B, b)) if state is not None}
    return settle(the_stops(), states, NOON, {A: (4200, 600), B: (4200, 600)})


def test_one_pickup_for_all_then_the_doors_in_sequence() -> None:
    pickup, *drops = the_stops()
    assert (pickup.kind, pickup.delivery_ids, pickup.leg_m, pickup.leg_s) == (
        StopKind.PICKUP,
        (A, B),
        2000,
        240,
    )
    assert [(stop.kind, stop.delivery_ids, stop.leg_s) for stop in drops] == [
        (StopKind.DROP, (A,), 600),
        (StopKind.DROP, (B,), 300),
    ]


def test_a_trip_that_goes_well() -> None:
    assert [stop.state for stop in settled(S.ENROUTE_TO_PICKUP, S.ASSIGNED)] == [K.OPEN, K.OPEN, K.OPEN]
    assert [stop.state for stop in settled(S.AT_PICKUP, S.AT_PICKUP)] == [K.REACHED, K.OPEN, K.OPEN]
    assert [stop.state for stop in settled(S.PICKED_UP, S.AT_PICKUP)] == [K.REACHED, K.OPEN, K.OPEN]
    assert [stop.state for stop in settled(S.AT_DROPOFF, S.PICKED_UP)] == [K.DONE, K.REACHED, K.OPEN]
    assert not all_over(settled(S.DELIVERED, S.PICKED_UP))
    assert all_over(settled(S.DELIVERED, S.DELIVERED))


def test_a_failed_door_adds_the_way_back_once() -> None:
    stops = settled(S.ATTEMPT_FAILED, S.PICKED_UP)
    assert states_of(stops)[1:] == [
        (StopKind.DROP, K.FAILED),
        (StopKind.DROP, K.OPEN),
        (StopKind.RETURN, K.OPEN),
    ]
    assert (stops[-1].leg_m, stops[-1].point) == (4200, stops[0].point)
    both = settle(stops, {A: S.ENROUTE_TO_RETURN, B: S.ATTEMPT_FAILED}, NOON)
    assert len(both) == 4
    assert both[-1].delivery_ids == (A, B)
    assert not all_over(settle(both, {A: S.RETURNED, B: S.AT_RETURN}, NOON))
    assert all_over(settle(both, {A: S.RETURNED, B: S.RETURNED}, NOON))


def test_a_second_attempt_takes_the_way_back_off_again() -> None:
    failed = settled(S.ATTEMPT_FAILED, S.DELIVERED)
    again = settle(failed, {A: S.ENROUTE_TO_DROPOFF, B: S.DELIVERED}, NOON)
    assert states_of(again) == [
        (StopKind.PICKUP, K.DONE),
        (StopKind.DROP, K.OPEN),
        (StopKind.DROP, K.DONE),
        (StopKind.RETURN, K.OFF),
    ]


def test_what_left_the_trip_is_off_and_what_was_done_stays_done() -> None:
    assert [stop.state for stop in settled(None, S.ASSIGNED)] == [K.OPEN, K.OFF, K.OPEN]
    assert all_over(settled(None, None))
    done = settled(S.DELIVERED, S.ATTEMPT_FAILED)
    discarded = settle(done, {A: S.DELIVERED}, NOON)
    assert [stop.state for stop in discarded] == [K.DONE, K.DONE, K.FAILED, K.OFF]


@given(st.sampled_from(DeliveryState), st.sampled_from(DeliveryState))
def test_settling_twice_is_settling_once(a: DeliveryState, b: DeliveryState) -> None:
    once = settled(a, b)
    later = MarketInstant(NOON + timedelta(hours=1))
    assert settle(once, {A: a, B: b}, later) == once


@given(st.permutations(ROAD))
def test_reports_in_any_order_end_at_the_same_trip(order: list[FactKind]) -> None:
    """The hand-over implies all before it, so whatever comes late is known already."""
    state = S.ASSIGNED
    for fact in order:
        step = advance(state, fact)
        assert step.standing is not Standing.IMPOSSIBLE
        for each in step.facts:
            state = MOVES[state, each]
    assert state is S.DELIVERED
    assert all_over(settled(state, None))


@given(st.lists(st.sampled_from(REPORTS), max_size=30), st.lists(st.sampled_from(REPORTS), max_size=30))
def test_a_trip_is_over_exactly_when_its_deliveries_are(
    first: list[FactKind], second: list[FactKind]
) -> None:
    ends = []
    for facts in (first, second):
        state = S.ASSIGNED
        for fact in facts:
            for each in advance(state, fact).facts:
                state = MOVES[state, each]
        ends.append(state)
    assert all_over(settled(*ends)) == all(state in {S.DELIVERED, S.RETURNED} for state in ends)


def test_when_a_driver_will_be_free() -> None:
    stops = the_stops()  # 240 s to the shop, 180 s at each of three stops, 600 s and 300 s between them
    whole = timedelta(seconds=240 + 600 + 300 + 3 * 180)
    assert free_when(stops, NOON, NOON) == NOON + whole
    half_way = NOON + timedelta(seconds=120)
    assert free_when(stops, NOON, half_way) == NOON + whole, "driving already done is not driven again"
    late = NOON + timedelta(hours=1)
    assert free_when(stops, NOON, late) == late + whole - timedelta(seconds=240), "nobody is free in the past"
    at_shop = settle(stops, {A: S.AT_PICKUP, B: S.AT_PICKUP}, NOON)
    assert free_when(at_shop, NOON, NOON) == NOON + whole - timedelta(seconds=240)
    over = settled(S.DELIVERED, S.DELIVERED)
    assert free_when(over, NOON, late) == late


def test_goods_that_are_not_ready_are_waited_for() -> None:
    ready = MarketInstant(NOON + timedelta(minutes=30))
    deliveries = [a_delivery(1, ready_at=ready)]
    stops = planned(terms_of(deliveries), deliveries, [600], 60, pickup_stop_s=180, drop_stop_s=180)
    assert free_when(stops, NOON, NOON) == ready + timedelta(seconds=90 + 600 + 180)


def test_what_a_report_means_that_names_no_delivery() -> None:
    stops = the_stops()
    assert meant(ReportKind.PICKED_UP, stops) == (A, B)
    assert meant(ReportKind.HANDED_OVER, stops) == ()
    assert meant(ReportKind.RETURNED, stops) == ()
    late = settle(stops, {A: S.DELIVERED, B: S.DELIVERED}, NOON)
    assert meant(ReportKind.ARRIVE_PICKUP, late) == (A, B), "a late report is of the past"
    back = settled(S.ATTEMPT_FAILED, S.DELIVERED)
    assert meant(ReportKind.RETURNED, back) == (A,)
