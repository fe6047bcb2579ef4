"""What a delivery costs a merchant, line by line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.markets.rules import Tariff
from doorstep.units.geo import METRES_PER_MILE
from doorstep.units.money import Money
from doorstep.units.time import TimeWindow

_METRES_PER_MILE = Decimal(str(METRES_PER_MILE))


class LineKind(StrEnum):
    """What a line of a price is for."""

    DELIVERY = "delivery"  # the fee itself
    DISTANCE = "distance"  # the way beyond what the fee covers
    SMALL_ORDER = "small_order"  # a cart below the tariff's threshold
    EXPRESS = "express"  # as soon as possible instead of a window
    NARROW_WINDOW = "narrow_window"  # a short window


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One part of a price, with the arithmetic in words."""

    kind: LineKind
    text: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Price:
    """A price and its parts. Raises ValueError unless they add up."""

    total: Money
    lines: tuple[PriceLine, ...]

    def __post_init__(self) -> None:
        """The total is the sum of the lines."""
        if Money.sum([line.amount for line in self.lines], self.total.currency) != self.total:
            raise ValueError("the lines of a price add up to its total")

    @classmethod
    def of(cls, lines: Sequence[PriceLine], currency: str) -> "Price":
        """The price made of ``lines``."""
        return cls(Money.sum([line.amount for line in lines], currency), tuple(lines))


def price(tariff: Tariff, leg: Leg, window: TimeWindow | None, cart: Money, at: datetime) -> Price:
    """What delivering ``cart`` over ``leg`` costs, asked for at ``at``; without a window it is express.

    The fee covers the tariff's first metres, each mile beyond costs in proportion, rounded half to even
    to the cent. Raises ValueError before the tariff is valid, CurrencyMismatch for a cart in other money.
    """
    terms = tariff.terms
    if at < tariff.valid_from:
        raise ValueError("this tariff is not valid yet")
    if cart.currency != terms.currency:
        cart + terms.money(0)  # raises CurrencyMismatch
    lines = [PriceLine(LineKind.DELIVERY, "Delivery fee", terms.money(terms.base_minor))]
    beyond_m = max(0, leg.metres - terms.included_m)
    if beyond_m and terms.per_mile_minor:
        miles = Decimal(beyond_m) / _METRES_PER_MILE
        rate = terms.money(terms.per_mile_minor)
        covered = Decimal(terms.included_m) / _METRES_PER_MILE
        beyond = f" beyond the first {covered:.1f}" if terms.included_m else ""
        lines.append(
            PriceLine(LineKind.DISTANCE, f"{miles:.2f} miles{beyond} at {rate} a mile", rate.times(miles))
        )
    below = terms.money(terms.small_order_below_minor)
    if terms.small_order_minor and cart < below:
        lines.append(
            PriceLine(LineKind.SMALL_ORDER, f"Cart below {below}", terms.money(terms.small_order_minor))
        )
    if window is None and terms.express_minor:
        lines.append(PriceLine(LineKind.EXPRESS, "Express", terms.money(terms.express_minor)))
    if window is not None and terms.narrow_minor:
        length_s = int((window.end - window.start).total_seconds())
        if length_s <= terms.narrow_s:
            text = f"Window of {length_s // 60} minutes"
            lines.append(PriceLine(LineKind.NARROW_WINDOW, text, terms.money(terms.narrow_minor)))
    return Price.of(lines, terms.currency)
