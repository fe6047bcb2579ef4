"""Prices: laws that hold for every tariff, and the two first tariffs to the cent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.markets.rules import (
    DISTANCE_TERMS,
    GROCERY_TERMS,
    Tariff,
    TariffKind,
    TariffTerms,
)
from doorstep.features.quotes.prices import LineKind, Price, PriceLine, price
from doorstep.units.geo import Metres, Seconds
from doorstep.units.ids import MarketId
from doorstep.units.money import CurrencyMismatch, Money
from doorstep.units.time import MarketInstant, TimeWindow

NOON = MarketInstant(datetime(2026, 11, 21, 18, tzinfo=UTC))
MARKET = MarketId(UUID(int=1))


def tariff(terms: TariffTerms, since: MarketInstant = NOON) -> Tariff:
    return Tariff(market_id=MARKET, kind=TariffKind.MERCHANT_DISTANCE, valid_from=since, terms=terms)


def leg(metres: int) -> Leg:
    return Leg(metres=Metres(metres), seconds=Seconds(metres // 10))


def window(minutes: int) -> TimeWindow:
    return TimeWindow(NOON, MarketInstant(NOON + timedelta(minutes=minutes)))


minor = st.integers(0, 50_00)
terms_drawn = st.builds(
    TariffTerms,
    base_minor=minor,
    included_m=st.integers(0, 20_000),
    per_mile_minor=minor,
    small_order_below_minor=minor,
    small_order_minor=minor,
    express_minor=minor,
    narrow_s=st.integers(0, 10_000),
    narrow_minor=minor,
)
metres = st.integers(0, 100_000)
carts = st.builds(Money, st.integers(0, 500_00))
windows = st.none() | st.builds(window, st.integers(15, 300))


@given(terms_drawn, metres, windows, carts)
def test_the_lines_add_up_and_none_is_empty_but_the_fee(
    terms: TariffTerms, way_m: int, when: TimeWindow | None, cart: Money
) -> None:
    cost = price(tariff(terms), leg(way_m), when, cart, NOON)
    assert Money.sum([line.amount for line in cost.lines]) == cost.total
    assert cost.lines[0].kind is LineKind.DELIVERY
    assert len({line.kind for line in cost.lines}) == len(cost.lines)
    assert all(line.text for line in cost.lines)


@given(terms_drawn, metres, metres, windows, carts)
def test_a_longer_way_never_costs_less(
    terms: TariffTerms, one_m: int, other_m: int, when: TimeWindow | None, cart: Money
) -> None:
    near, far = sorted((one_m, other_m))
    paid = [price(tariff(terms), leg(way_m), when, cart, NOON).total for way_m in (near, far)]
    assert paid[0] <= paid[1]


@given(terms_drawn, metres, windows, carts, carts)
def test_a_fuller_cart_never_costs_more_to_deliver(
    terms: TariffTerms, way_m: int, when: TimeWindow | None, one: Money, other: Money
) -> None:
    small, large = sorted((one, other), key=lambda cart: cart.minor)
    paid = [price(tariff(terms), leg(way_m), when, cart, NOON).total for cart in (small, large)]
    assert paid[1] <= paid[0]


@given(metres, windows, st.integers(30_00, 500_00))
def test_own_groceries_cost_nine_dollars_ninety_five_wherever(
    way_m: int, when: TimeWindow | None, cart_minor: int
) -> None:
    cost = price(tariff(GROCERY_TERMS), leg(way_m), when, Money(cart_minor), NOON)
    assert cost == Price.of([PriceLine(LineKind.DELIVERY, "Delivery fee", Money(9_95))], "USD")


def test_a_cake_five_miles_away_in_an_hours_window() -> None:
    cost = price(tariff(DISTANCE_TERMS), leg(8_047), window(60), Money(12_00), NOON)
    assert [(line.kind.value, line.amount.minor) for line in cost.lines] == [
        ("delivery", 5_99),
        ("distance", 1_90),
        ("small_order", 2_00),
        ("narrow_window", 1_00),
    ]
    assert cost.lines[1].text == "2.00 miles beyond the first 3.0 at $0.95 a mile"
    assert cost.total == Money(10_89)
    express = price(tariff(DISTANCE_TERMS), leg(8_047), None, Money(15_00), NOON)
    assert [(line.kind.value, line.amount.minor) for line in express.lines] == [
        ("delivery", 5_99),
        ("distance", 1_90),
        ("express", 1_50),
    ]


def test_no_price_before_its_tariff_in_other_money_or_with_lines_that_do_not_add_up() -> None:
    later = tariff(GROCERY_TERMS, MarketInstant(NOON + timedelta(seconds=1)))
    with pytest.raises(ValueError, match="not valid yet"):
        price(later, leg(0), None, Money(30_00), NOON)
    with pytest.raises(CurrencyMismatch):
        price(tariff(GROCERY_TERMS), leg(0), None, Money(30_00, "EUR"), NOON)
    with pytest.raises(ValueError, match="add up"):
        Price(Money(1), ())
