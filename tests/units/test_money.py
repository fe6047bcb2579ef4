"""Money is whole minor units: no unit is lost, none comes from nowhere."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.units.money import CurrencyMismatch, Money

AMOUNTS = st.integers(-(10**12), 10**12).map(Money)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any)
calm = settings(deadline=None, max_examples=60)


@given(AMOUNTS, WEIGHTS)
@calm
def test_parts_of_a_split_add_up_and_are_within_a_unit_of_their_share(
    whole: Money, weights: list[int]
) -> None:
    parts = whole.split(weights)
    assert Money.sum(parts) == whole
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - Fraction(whole.minor * weight, sum(weights))) < 1
        assert part.minor * whole.minor >= 0
    assert (-whole).split(weights) == [-part for part in parts]


def test_what_is_left_over_goes_to_the_largest_remainder_and_of_equals_to_the_first() -> None:
    assert [part.minor for part in Money(100).split([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money(-100).split([1, 1, 1])] == [-34, -33, -33]
    assert [part.minor for part in Money(10).split([3, 0, 4])] == [4, 0, 6]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_mean_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(5).split(weights)


@given(AMOUNTS, st.decimals(-100, 100, places=4))
@calm
def test_a_product_is_rounded_to_the_nearest_unit_and_halves_to_the_even_one(one: Money, by: Decimal) -> None:
    exact = Fraction(one.minor) * Fraction(by)
    product = one.times(by).minor
    assert abs(product - exact) <= Fraction(1, 2)
    if abs(product - exact) == Fraction(1, 2):
        assert product % 2 == 0


def test_halves_of_cents() -> None:
    assert [Money(minor).times(Decimal("0.5")).minor for minor in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


@given(AMOUNTS, AMOUNTS)
@calm
def test_sums_and_differences_undo_each_other(a: Money, b: Money) -> None:
    assert a + b - b == a
    assert a - b == -(b - a)
    assert (a < b) == (a.minor < b.minor)
    assert (a <= b) or (b < a)


def test_two_currencies_never_meet_and_no_float_is_money() -> None:
    for meet in (lambda: Money(1) + Money(1, "CAD"), lambda: Money(1) < Money(1, "CAD")):
        with pytest.raises(CurrencyMismatch):
            meet()
    with pytest.raises(CurrencyMismatch):
        Money.sum([Money(1), Money(1, "CAD")])
    for odd in (1.0, True, "1"):
        with pytest.raises(TypeError):
            Money(odd)  # type: ignore[arg-type]
    assert Money.sum([], "CAD") == Money.zero("CAD")
    assert not Money.zero()


def test_as_people_read_it() -> None:
    assert [str(Money(minor)) for minor in (123456, -5, 0)] == ["$1,234.56", "−$0.05", "$0.00"]
    assert str(Money(995, "CAD")) == "CAD 9.95"
