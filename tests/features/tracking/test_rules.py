"""What a shopper is told, on paper."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.network import START

from doorstep.features.deliveries.rules import DeliveryState
from doorstep.features.offers.rules import Stop, StopKind, StopState
from doorstep.features.tracking import rules
from doorstep.features.tracking.rules import ArrivalPlan, Basis
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.ids import DeliveryId
from doorstep.units.time import MarketInstant

NOW = MarketInstant(START + timedelta(seconds=17))
DOOR = LatLng(lat=36.1372, lng=-86.7934)
seconds = st.integers(-7200, 7200)


def at(seconds_from_now: float) -> MarketInstant:
    return MarketInstant(NOW + timedelta(seconds=seconds_from_now))


class TestEstimate:
    @given(seconds, seconds)
    def test_a_range_is_wide_enough_rounded_outwards_and_never_past(self, first_s: int, last_s: int) -> None:
        found = rules.outward(at(first_s), at(last_s), Basis.PLAN, NOW, NOW)
        assert found.latest - found.earliest >= timedelta(minutes=4)
        assert found.earliest.second == found.latest.second == 0
        assert found.latest > NOW
        assert found.earliest > NOW - timedelta(minutes=1)
        assert found.latest >= at(last_s)
        if first_s >= 0:
            assert found.earliest <= at(first_s)

    @given(st.integers(0, 7200), st.integers(0, 5))
    def test_a_plan_lies_within_its_range(self, ahead_s: int, doors: int) -> None:
        found = rules.from_plan(ArrivalPlan(at(ahead_s), doors, NOW), NOW)
        assert found.earliest <= at(ahead_s) <= found.latest

    @given(st.integers(0, 3600), st.integers(0, 180))
    def test_what_rests_on_a_position_is_as_old_as_the_position(self, drive_s: int, age_s: int) -> None:
        found = rules.from_position(drive_s, at(-age_s), NOW)
        assert found.as_of == at(-age_s)
        assert found.latest >= at(drive_s - age_s)

    def test_a_promise_that_holds_is_the_end_of_the_range(self) -> None:
        found = rules.from_promise(at(3000), at(600), 600, NOW)
        assert found.latest - at(3000) < timedelta(minutes=1)
        assert found.basis is Basis.PROMISE

    def test_a_promise_that_cannot_hold_is_not_repeated(self) -> None:
        found = rules.from_promise(at(300), at(1800), 900, NOW)
        assert found.earliest > at(300)

    def test_each_door_before_makes_the_range_longer(self) -> None:
        none, two = (rules.from_plan(ArrivalPlan(at(1200), doors, NOW), NOW) for doors in (0, 2))
        assert two.latest - none.latest == timedelta(minutes=4)


def stop(position: int, kind: StopKind, number: int, **changes: object) -> Stop:
    ids = tuple(map(DeliveryId, _ids[number : number + 1] if kind is StopKind.DROP else _ids))
    fields = {
        "position": position, "kind": kind, "store_id": None, "delivery_ids": ids, "point": DOOR, "leg_m": 3000,
        "leg_s": 600, "stop_s": 180, "not_before": None, "due_at": None,
    }  # fmt: skip
    return Stop(**(fields | changes))  # type: ignore[arg-type]


_ids = [UUID(int=number) for number in range(1, 4)]


class TestArrivalPlan:
    def test_doors_follow_each_other_by_way_and_stop(self) -> None:
        stops = [stop(0, StopKind.PICKUP, 0), stop(1, StopKind.DROP, 0), stop(2, StopKind.DROP, 1)]
        found = rules.planned_arrivals(stops, NOW, NOW)
        first, second = (found[DeliveryId(_ids[n])] for n in (0, 1))
        assert (first.arrive_at, first.doors_before) == (at(600 + 180 + 600), 0)
        assert (second.arrive_at, second.doors_before) == (at(600 + 180 + 600 + 180 + 600), 1)

    def test_goods_that_are_not_ready_are_waited_for(self) -> None:
        stops = [stop(0, StopKind.PICKUP, 0, not_before=at(1800)), stop(1, StopKind.DROP, 0)]
        assert rules.planned_arrivals(stops, NOW, NOW)[DeliveryId(_ids[0])].arrive_at == at(
            1800 + 90 + 600
        ), "half the stop comes after the hand-over"

    def test_another_shop_on_the_way_is_a_stop_before_for_who_has_the_goods_on_board(self) -> None:
        first, second = ((DeliveryId(one),) for one in _ids[:2])
        here = stop(0, StopKind.PICKUP, 0, delivery_ids=first, state=StopState.DONE, done_at=at(-300))
        there = stop(1, StopKind.PICKUP, 1, delivery_ids=second)
        stops = [here, there, stop(2, StopKind.DROP, 0), stop(3, StopKind.DROP, 1)]
        found = rules.planned_arrivals(stops, NOW, NOW)
        assert [found[DeliveryId(_ids[n])].doors_before for n in (0, 1)] == [1, 1]
        assert not rules.may_see_position(DeliveryState.PICKED_UP, found[DeliveryId(_ids[0])].doors_before)

    def test_what_is_over_is_behind(self) -> None:
        stops = [
            stop(0, StopKind.PICKUP, 0, state=StopState.DONE, done_at=at(-300)),
            stop(1, StopKind.DROP, 0, state=StopState.OFF),
            stop(2, StopKind.DROP, 1),
        ]
        found = rules.planned_arrivals(stops, at(-1000), NOW)
        assert list(found) == [_ids[1]]
        assert found[DeliveryId(_ids[1])].arrive_at == at(-300 + 90 + 600)


class TestPosition:
    def test_far_away_it_is_an_area_and_near_it_is_the_car(self) -> None:
        far = LatLng(lat=36.1592, lng=-86.7785)
        shown = rules.seen(far, NOW, DOOR)
        assert not shown.exact
        assert 0 < great_circle_m(shown.point, far) <= 36
        near = LatLng(lat=36.1380, lng=-86.7930)
        assert rules.seen(near, NOW, DOOR, 8) == rules.Seen(near, NOW, exact=True, within_m=10)
        assert rules.seen(far, NOW, DOOR, 8).within_m == 58, "what was rounded is not told as exact"

    @pytest.mark.parametrize("state", list(DeliveryState))
    def test_it_is_shown_on_the_leg_to_this_door_alone(self, state: DeliveryState) -> None:
        last_leg = state in {DeliveryState.ENROUTE_TO_DROPOFF, DeliveryState.AT_DROPOFF}
        assert rules.may_see_position(state, doors_before=1) is last_leg
        assert rules.may_see_position(state, doors_before=0) is (last_leg or state is DeliveryState.PICKED_UP)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_every_state_has_a_sentence_and_a_step(state: DeliveryState) -> None:
    said = rules.sentence(state, "Cupcake Corner", "Dee", 0)
    assert said.endswith(".")
    assert "Doorstep" not in said
    assert rules.step(state) in rules.Step
