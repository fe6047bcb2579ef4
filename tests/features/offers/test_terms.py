"""The laws of frozen terms, on paper."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.deliveries import DOWNTOWN, HOME, MARKET, MERCHANT, STORE

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import (
    Delivery,
    DeliveryState,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    TipStatus,
)
from doorstep.features.markets.rules import PayRates
from doorstep.features.offers.rules import (
    Cause,
    OfferMode,
    Terms,
    base_pay,
    compose,
    document,
    document_hash,
    from_document,
    kept_after,
    pay_lines,
    still_true,
    terms_hash,
)
from doorstep.units.geo import LatLng, Metres, Seconds, great_circle_m
from doorstep.units.ids import DeliveryId, StoreId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

NOON = MarketInstant(datetime(2026, 11, 21, 18, 0, tzinfo=UTC))
OTHER_STORE = StoreId(UUID("0192f000-0000-7000-8000-0000000000cc"))


def a_delivery(number: int = 1, **changes: Any) -> Delivery:
    made = Delivery(
        id=DeliveryId(UUID(int=number)),
        merchant_id=MERCHANT,
        market_id=MARKET,
        store_id=STORE,
        external_id="",
        state=DeliveryState.REQUESTED,
        service_level=ServiceLevel.EXPRESS,
        pickup=DOWNTOWN,
        dropoff=HOME,
        shopper_first_name="Ann",
        requirements=Requirements(),
        return_policy=ReturnPolicy.RETURN,
        items=3,
        units=1,
        weight_g=1200,
        cart=Money(35_00),
        ready_at=NOON,
        wanted_from=NOON,
        earliest_drop_at=None,
        due_at=MarketInstant(NOON + timedelta(minutes=45)),
        leg_m=4200,
        leg_s=600,
        fee=Money(9_95),
        tip=Money(3_00),
        tip_limit=Money(100_00),
        tip_status=TipStatus.PENDING,
        carrier=None,
        version=1,
        events_count=1,
        attempts=0,
        created_at=NOON,
        picked_up_at=None,
        ended_at=None,
    )
    return replace(made, **changes)


def terms_of(deliveries: list[Delivery], **changes: Any) -> Terms:
    wanted: dict[str, Any] = {
        "mode": OfferMode.DIRECTED,
        "deliveries": deliveries,
        "legs": [Leg(Metres(4000), Seconds(600)) for _ in deliveries],
        "rates": PayRates(),
        "extras": [Money(0) for _ in deliveries],
        "reason": "nearest",
        "shown_at": NOON,
        "expires_at": MarketInstant(NOON + timedelta(seconds=60)),
    }
    return compose(**(wanted | changes))


money = st.integers(0, 20_000).map(Money)
rates = st.builds(
    PayRates,
    base_minor=st.integers(0, 2000),
    per_mile_minor=st.integers(0, 500),
    per_minute_minor=st.integers(0, 200),
    floor_minor=st.integers(0, 3000),
    return_per_mile_minor=st.integers(0, 500),
)


@st.composite
def offers(draw: st.DrawFn) -> Terms:
    """Terms of one to four deliveries with anything in them."""
    count = draw(st.integers(1, 4))
    deliveries = [
        a_delivery(
            number,
            leg_m=draw(st.integers(0, 60_000)),
            tip=draw(money),
            items=draw(st.integers(1, 90)),
            weight_g=draw(st.integers(0, 50_000)),
            dropoff=replace(
                HOME,
                point=LatLng(lat=draw(st.floats(29, 37)), lng=draw(st.floats(-91, -86))),
                city=draw(st.text(max_size=20)),
            ),
            pickup=replace(
                DOWNTOWN, point=LatLng(lat=draw(st.floats(29, 37)), lng=draw(st.floats(-91, -86)))
            ),
        )
        for number in range(1, count + 1)
    ]
    legs = [
        Leg(Metres(draw(st.integers(0, 60_000))), Seconds(draw(st.integers(0, 7200)))) for _ in deliveries
    ]
    shown_at = MarketInstant(NOON + timedelta(microseconds=draw(st.integers(0, 10**12))))
    return terms_of(
        deliveries,
        legs=legs,
        rates=draw(rates),
        extras=[draw(money) for _ in deliveries],
        reason=draw(st.text(max_size=60)),
        shown_at=shown_at,
        expires_at=MarketInstant(shown_at + timedelta(seconds=60)),
        approach_m=draw(st.none() | st.integers(0, 30_000)),
    )


@given(offers())
def test_terms_survive_being_stored_and_keep_their_hash(terms: Terms) -> None:
    stored = json.loads(json.dumps(document(terms)))
    assert from_document(stored) == from_document(document(terms))
    assert terms_hash(from_document(stored)) == document_hash(stored) == terms_hash(terms)


@given(offers())
def test_anybody_can_check_the_hash_with_plain_json(terms: Terms) -> None:
    told = json.dumps(document(terms))
    bytes_ = json.dumps(json.loads(told), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(bytes_).hexdigest() == terms_hash(terms)


@given(offers())
def test_no_float_hides_in_the_document(terms: Terms) -> None:
    def floats(value: object) -> bool:
        if isinstance(value, dict):
            return any(floats(one) for one in value.values())
        if isinstance(value, list):
            return any(floats(one) for one in value)
        return isinstance(value, float)

    assert not floats(document(terms))


@given(offers())
def test_shares_are_the_whole_to_the_cent(terms: Terms) -> None:
    assert sum(drop.base.minor for drop in terms.drops) == terms.base.minor
    assert sum(drop.incentive.minor for drop in terms.drops) == terms.incentive.minor
    assert sum(line.amount.minor for line in terms.pay_lines) == terms.base.minor
    assert terms.total == terms.base + terms.incentive + terms.tip
    assert all(drop.base.minor >= 0 for drop in terms.drops)


@given(rates, st.integers(0, 200_000), st.integers(0, 600), st.integers(1, 6))
def test_base_pay_never_falls_below_the_floor(
    wanted: PayRates, metres: int, minutes: int, drops: int
) -> None:
    paid = base_pay(wanted, metres, minutes, drops)
    assert paid.minor >= wanted.floor_minor * drops
    assert paid.minor >= wanted.base_minor + wanted.per_minute_minor * minutes
    assert base_pay(wanted, metres + 1000, minutes, drops).minor >= paid.minor
    assert base_pay(wanted, metres, minutes + 1, drops).minor >= paid.minor


def test_the_arithmetic_is_written_out() -> None:
    lines = pay_lines(PayRates(), 10_000, 25)
    assert [(line.what, line.amount.minor) for line in lines] == [
        ("per trip", 300),
        ("6.2 miles", 416),
        ("25 minutes", 550),
    ]
    short = pay_lines(PayRates(), 1000, 5)
    assert (short[-1].what, sum(line.amount.minor for line in short)) == ("lifted to the floor of $7.00", 700)


@given(offers(), st.data())
def test_any_change_shows_in_the_hash(terms: Terms, data: st.DataObject) -> None:
    stored = document(terms)
    name = data.draw(
        st.sampled_from(["distance_m", "minutes", "base_minor", "tip_minor", "reason", "expires_at"])
    )
    changed = stored | {name: f"{stored[name]}x" if isinstance(stored[name], str) else stored[name] + 1}
    assert document_hash(changed) != document_hash(stored)


@given(st.floats(29, 37), st.floats(-91, -86))
def test_a_door_is_shown_as_an_area(lat: float, lng: float) -> None:
    door = LatLng(lat=lat, lng=lng)
    shown = terms_of([a_delivery(dropoff=replace(HOME, point=door))]).drops[0]
    assert great_circle_m(door, shown.near) < 300
    told = json.dumps(document(terms_of([a_delivery(dropoff=replace(HOME, point=door))])))
    assert HOME.line1 not in told
    assert HOME.phone not in told
    assert HOME.name not in told


def test_two_shops_are_two_pickups_before_the_doors() -> None:
    two = [a_delivery(1), a_delivery(2, store_id=OTHER_STORE), a_delivery(3)]
    legs = [Leg(Metres(1000), Seconds(120)) for _ in range(4)]
    terms = terms_of(two, legs=legs)
    assert [len(pickup.delivery_ids) for pickup in terms.pickups] == [2, 1]
    assert terms.distance_m == 4000
    with pytest.raises(ValueError, match="legs do not join"):
        terms_of(two)


def test_shops_are_visited_in_the_sequence_that_dispatch_chose() -> None:
    first, second, third = two = [a_delivery(1), a_delivery(2, store_id=OTHER_STORE), a_delivery(3)]
    legs = [Leg(Metres(100 * number), Seconds(120)) for number in range(1, 6)]
    visits = ((second.id,), (first.id, third.id))
    terms = terms_of(two, legs=legs[:4], visits=visits)
    assert [pickup.delivery_ids for pickup in terms.pickups] == list(visits)
    assert [pickup.leg_m for pickup in terms.pickups] == [0, 100]
    assert [drop.leg_m for drop in terms.drops] == [200, 300, 400]
    assert from_document(document(terms)) == terms
    twice = terms_of(two, legs=legs, visits=((first.id,), (second.id,), (third.id,)))
    assert [pickup.store_id for pickup in twice.pickups].count(first.store_id) == 2, (
        "what is cooked later is fetched later"
    )
    with pytest.raises(ValueError, match="collected once"):
        terms_of(two, legs=legs[:4], visits=((second.id,), (first.id, second.id)))
    with pytest.raises(ValueError, match="one shop"):
        terms_of(two, legs=legs[:4], visits=((first.id, second.id), (third.id,)))


def test_terms_that_do_not_add_up_cannot_be_made() -> None:
    terms = terms_of([a_delivery(1), a_delivery(2)])
    with pytest.raises(ValueError, match="not the whole"):
        replace(terms, base=terms.base + Money(1))
    with pytest.raises(ValueError, match="one currency"):
        replace(terms, drops=(replace(terms.drops[0], tip=Money(1, "EUR")), terms.drops[1]))
    with pytest.raises(ValueError, match="unknown form"):
        from_document({"form": "something/9"})


def test_terms_stay_true_until_they_promise_too_much() -> None:
    delivery = a_delivery()
    part = terms_of([delivery]).drops[0]
    assert still_true(part, delivery)
    assert still_true(part, replace(delivery, tip=Money(9_00))), "a higher tip is an addition"
    assert not still_true(part, replace(delivery, tip=Money(2_99)))
    assert not still_true(part, replace(delivery, items=4))
    assert not still_true(part, replace(delivery, due_at=NOON))
    assert not still_true(part, replace(delivery, requirements=Requirements(heavy=True)))
    moved = replace(HOME, point=LatLng(lat=36.2, lng=-86.8))
    assert not still_true(part, replace(delivery, dropoff=moved))


@pytest.mark.parametrize("cause", Cause)
def test_only_the_driver_or_the_customer_can_lower_what_was_offered(cause: Cause) -> None:
    part = terms_of([a_delivery()], extras=[Money(2_00)]).drops[0]
    kept, cover = kept_after(part, cause)
    if cause in {Cause.STAFF, Cause.NETWORK}:
        assert (kept, cover) == (part.base + part.incentive, part.tip)
    else:
        assert (kept.minor, cover.minor) == (0, 0)
