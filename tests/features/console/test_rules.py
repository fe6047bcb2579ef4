"""The queue and the timeline, on paper."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.deliveries import DOWNTOWN, DRIVER, HOME, TRIP
from tests.factories.network import START

from doorstep.features.console.rules import (
    EntryKind,
    Line,
    Remedy,
    Situation,
    Trouble,
    concern_of,
    merged,
    ranked,
    under_way,
)
from doorstep.features.deliveries.rules import (
    FINAL,
    WAITING,
    Carrier,
    Delivery,
    DeliveryState,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    TipStatus,
)
from doorstep.units.ids import DeliveryId, MarketId, MerchantId, StoreId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

NOW = MarketInstant(START)


def at(minutes: float) -> MarketInstant:
    return MarketInstant(NOW + timedelta(minutes=minutes))


def a_delivery(
    state: DeliveryState, due_min: float, number: int = 1, ready_min: float = -5, *, cold: bool = False
) -> Delivery:
    carried = state not in WAITING | FINAL
    return Delivery(
        id=DeliveryId(UUID(int=number)),
        merchant_id=MerchantId(UUID(int=1)),
        market_id=MarketId(UUID(int=1)),
        store_id=StoreId(UUID(int=1)),
        external_id="",
        state=state,
        service_level=ServiceLevel.EXPRESS,
        pickup=DOWNTOWN,
        dropoff=HOME,
        shopper_first_name="Ann",
        requirements=Requirements(cold=cold),
        return_policy=ReturnPolicy.RETURN,
        items=1,
        units=1,
        weight_g=100,
        cart=Money(40_00),
        ready_at=at(ready_min),
        wanted_from=at(-30),
        earliest_drop_at=None,
        due_at=at(due_min),
        leg_m=4000,
        leg_s=600,
        fee=Money(9_95),
        tip=Money(3_00),
        tip_limit=Money(100_00),
        tip_status=TipStatus.PENDING,
        carrier=Carrier(driver_id=DRIVER, trip_id=TRIP) if carried else None,
        version=1,
        events_count=1,
        attempts=0,
        created_at=at(-30),
        picked_up_at=None,
        ended_at=None,
    )


def situation(one: Delivery, heard_min: float | None = 0) -> Situation:
    return Situation(delivery=one, heard_at=None if heard_min is None else at(heard_min))


class TestQueue:
    def test_a_calm_city_needs_nobody(self) -> None:
        calm = [
            situation(a_delivery(DeliveryState.REQUESTED, 60, 1), None),
            situation(a_delivery(DeliveryState.ENROUTE_TO_DROPOFF, 30, 2)),
            situation(a_delivery(DeliveryState.DELIVERED, -10, 3)),
        ]
        assert ranked(calm, NOW) == []

    def test_a_silent_company_is_for_staff_alone_once_it_lasts(self) -> None:
        one = a_delivery(DeliveryState.REQUESTED, 60)

        def asked(minutes: float) -> Situation:
            return Situation(delivery=one, heard_at=None, unconfirmed_since=at(-minutes))

        assert concern_of(asked(4), NOW) is None
        concern = concern_of(asked(6), NOW)
        assert concern is not None
        assert (concern.trouble, concern.minutes) == (Trouble.COURIER_UNCONFIRMED, 6)
        assert concern.remedies == (Remedy.SET_ASIDE, Remedy.CANCEL)
        late = concern_of(replace(asked(6), delivery=a_delivery(DeliveryState.REQUESTED, -30)), NOW)
        assert late is not None
        assert late.trouble is Trouble.COURIER_UNCONFIRMED, "nobody else may be sent before this is settled"
        assert late.cost_minor > concern.cost_minor

    @pytest.mark.parametrize(
        ("one", "heard_min", "trouble"),
        [
            (a_delivery(DeliveryState.REQUESTED, 15), None, Trouble.NO_CARRIER),
            (a_delivery(DeliveryState.ENROUTE_TO_DROPOFF, -5), 0, Trouble.LATE),
            (a_delivery(DeliveryState.ENROUTE_TO_PICKUP, 6), 0, Trouble.AT_RISK),
            (a_delivery(DeliveryState.ENROUTE_TO_DROPOFF, 40), -9, Trouble.SILENT),
            (a_delivery(DeliveryState.ATTEMPT_FAILED, 40), 0, Trouble.FAILED_ATTEMPT),
            (a_delivery(DeliveryState.AT_PICKUP, 60, ready_min=-12), 0, Trouble.WAITING_AT_STORE),
        ],
    )
    def test_each_trouble_has_its_name(
        self, one: Delivery, heard_min: float | None, trouble: Trouble
    ) -> None:
        found = concern_of(situation(one, heard_min), NOW)
        assert found is not None
        assert found.trouble is trouble
        assert found.cost_minor > 0

    def test_the_dearest_stands_first(self) -> None:
        queue = ranked(
            [
                situation(a_delivery(DeliveryState.ENROUTE_TO_DROPOFF, -5, 1)),
                situation(a_delivery(DeliveryState.ENROUTE_TO_DROPOFF, -5, 2, cold=True)),
                situation(a_delivery(DeliveryState.REQUESTED, -5, 3), None),
            ],
            NOW,
        )
        assert [concern.cost_minor for concern in queue] == sorted(
            (concern.cost_minor for concern in queue), reverse=True
        )
        by_id = {concern.delivery_id.int: concern.cost_minor for concern in queue}
        assert by_id[2] == 2 * by_id[1]  # cold goods suffer twice

    def test_goods_on_their_way_back_are_not_late(self) -> None:
        assert concern_of(situation(a_delivery(DeliveryState.ENROUTE_TO_RETURN, -60)), NOW) is None

    @given(st.sampled_from(sorted(FINAL)), st.integers(-600, 600))
    def test_what_has_ended_needs_nobody(self, state: DeliveryState, due_min: int) -> None:
        assert concern_of(situation(a_delivery(state, due_min), None), NOW) is None

    @given(st.sampled_from(sorted(set(DeliveryState) - FINAL)), st.integers(-300, 300), st.integers(-60, 60))
    def test_waiting_longer_never_makes_it_cheaper(
        self, state: DeliveryState, due_min: int, ready_min: int
    ) -> None:
        one = replace(a_delivery(state, due_min), ready_at=at(ready_min))
        costs = [
            found.cost_minor if (found := concern_of(situation(one, None), at(later))) else 0
            for later in range(0, 60, 5)
        ]
        assert costs == sorted(costs)


class TestTimeline:
    @given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(EntryKind), st.integers(0, 9))))
    def test_it_runs_forward_and_loses_nothing(self, told: list[tuple[int, EntryKind, int]]) -> None:
        lines = [
            Line(at=at(minute), kind=kind, seq=seq, what="", who="", facts={}) for minute, kind, seq in told
        ]
        found = merged(lines)
        assert len(found) == len(lines)
        assert [line.at for line in found] == sorted(line.at for line in lines)


def test_what_has_ended_is_not_open() -> None:
    counts = {DeliveryState.REQUESTED: 2, DeliveryState.AT_DROPOFF: 1, DeliveryState.DELIVERED: 9}
    assert under_way(counts) == 3
