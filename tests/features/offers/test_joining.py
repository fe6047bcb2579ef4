"""What joins a trip, on paper: the stops it makes, the terms it has, the pay on top."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.features.offers.test_stops import the_stops
from tests.features.offers.test_terms import NOON, a_delivery, rates, terms_of

from doorstep.features.markets.rules import PayRates
from doorstep.features.offers.rules import (
    Joins,
    Stop,
    StopKind,
    StopState,
    base_pay,
    document,
    doors_ahead,
    from_document,
    pay_lines,
    terms_hash,
)
from doorstep.features.offers.stops import door_of, grown
from doorstep.units.ids import DeliveryId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

A, B, C = (DeliveryId(UUID(int=number)) for number in (1, 2, 3))
LATER = MarketInstant(NOON + timedelta(minutes=5))


def a_door(delivery_id: DeliveryId = C) -> Stop:
    new = a_delivery(delivery_id.int)
    return door_of(terms_of([new]).drops[0], new, 0, 60, 180)


@given(st.permutations([A, B, C]), st.booleans())
def test_a_trip_has_one_shop_then_its_doors_in_the_sequence_that_was_told(
    doors: list[DeliveryId], one_is_off: bool
) -> None:
    """What left it before stays at the end; times of the shop are those of its slowest goods."""
    stops = the_stops()
    if one_is_off:
        stops = (*stops[:2], replace(stops[2], state=StopState.OFF))
        doors = [door for door in doors if door != B]
    legs = list(range(100, 100 + len(doors)))
    found = grown(stops, [a_door()], doors, legs, [10 * leg for leg in legs], LATER)
    assert [stop.position for stop in found] == list(range(len(found)))
    shop, *rest = found
    assert (shop.kind, shop.not_before) == (StopKind.PICKUP, LATER)
    assert set(shop.delivery_ids) == {A, B, C}
    assert [stop.delivery_ids[0] for stop in doors_ahead(found)] == doors
    assert [(stop.leg_s, stop.leg_m) for stop in doors_ahead(found)] == [(leg, 10 * leg) for leg in legs]
    assert {stop.delivery_ids: stop.due_at for stop in stops[1:]}.items() <= {
        stop.delivery_ids: stop.due_at for stop in rest
    }.items()
    assert (rest[-1].state is StopState.OFF) == one_is_off


@pytest.mark.parametrize("doors", [[A, C], [A, B], [A, B, C, DeliveryId(UUID(int=9))]])
def test_doors_that_are_not_those_of_the_trip_are_refused(doors: list[DeliveryId]) -> None:
    with pytest.raises(ValueError, match="only a trip"):
        grown(the_stops(), [a_door()], doors, [1] * len(doors), [1] * len(doors), NOON)


def test_a_trip_whose_goods_are_collected_grows_no_more() -> None:
    shop, *rest = the_stops()
    gone = (replace(shop, state=StopState.DONE), *rest)
    with pytest.raises(ValueError, match="one shop"):
        grown(gone, [a_door()], [A, B, C], [1, 1, 1], [1, 1, 1], NOON)


def test_the_trip_it_joins_is_part_of_what_is_frozen() -> None:
    plain = terms_of([a_delivery(3)])
    joins = replace(plain, joins=Joins(trip_id=TripId(UUID(int=7)), doors=(A, C), legs_m=(4000, 300)))
    assert from_document(document(joins)) == joins
    assert terms_hash(joins) != terms_hash(plain)
    assert "joins" not in document(plain), "offers of before keep their hash"


@given(
    st.integers(0, 60_000), st.integers(0, 20_000), st.integers(1, 90), st.integers(0, 60),
    st.integers(1, 3), st.integers(1, 3), rates,
)  # fmt: skip
def test_two_offers_never_pay_less_than_one_of_all(
    way_m: int, more_m: int, minutes: int, more_min: int, doors: int, more_doors: int, rates: PayRates
) -> None:
    at_once = base_pay(rates, way_m + more_m, minutes + more_min, doors + more_doors)
    first = base_pay(rates, way_m, minutes, doors)
    lines = pay_lines(rates, more_m, more_min, more_doors, new_trip=False)
    on_top = Money.sum((line.amount for line in lines), rates.currency)
    assert first.minor + on_top.minor >= at_once.minor - 1, "but for the rounding of miles to a cent"
    assert on_top.minor >= rates.floor_minor * more_doors
    assert "per trip" not in {line.what for line in lines}
