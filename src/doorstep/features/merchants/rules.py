"""Merchants, stores, opening hours and brands on paper. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from doorstep.connectors.maps.protocol import Address
from doorstep.features.markets.rules import TariffKind
from doorstep.units.geo import LatLng
from doorstep.units.ids import MarketId, MerchantId, StoreId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow, market_instant

DAY_MIN = 24 * 60
_COLOUR = re.compile(r"#[0-9a-f]{6}")
READABLE = 4.5
"""Least contrast of text against its background (WCAG 2.2, success criterion 1.4.3, level AA)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How a merchant looks to its shoppers, and where it helps them.

    Colours as ``#rrggbb`` in small letters; ``logo_url``, ``help_url`` and ``help_phone`` may be empty. Raises
    ValueError for a colour of another form.
    """

    colour: str = "#1f2937"
    text_colour: str = "#ffffff"
    logo_url: str = ""
    help_url: str = ""
    help_phone: str = ""

    def __post_init__(self) -> None:
        """Refuse colours that no page could show."""
        for value in (self.colour, self.text_colour):
            if not _COLOUR.fullmatch(value):
                raise ValueError(f"a colour is written #rrggbb, not {value!r}")

    @property
    def contrast(self) -> float:
        """Contrast of the text on the colour, from 1 to 21, rounded down to hundredths."""
        return int(contrast(self.text_colour, self.colour) * 100) / 100

    @property
    def readable(self) -> bool:
        """Whether text in these colours reaches 4.5:1."""
        return contrast(self.text_colour, self.colour) >= READABLE

    @property
    def readable_text(self) -> str:
        """A text colour that reaches 4.5:1: the own one if it does, else the better of black and white.

        One of the two always does: the worst case, a background of luminance 0.179, still has 4.58:1.
        """
        if self.readable:
            return self.text_colour
        return max("#000000", "#ffffff", key=lambda c: contrast(c, self.colour))


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour ``#rrggbb``, 0 for black, 1 for white (WCAG 2.2, definition)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, from 1 (none) to 21 (black on white); the order does not matter."""
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """How a merchant pays: on credit up to ``credit_limit``, or (``prepaid``) out of what it paid in."""

    credit_limit: Money
    prepaid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A merchant as other rooms see it."""

    id: MerchantId
    name: str
    slug: str
    brand: Brand
    billing: Billing
    tariff_kind: TariffKind
    batching: bool
    """Whether its deliveries may share a trip with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMerchant:
    """A merchant to take in."""

    name: str
    slug: str = ""  # made from the name when empty
    brand: Brand = field(default_factory=Brand)
    credit_limit: Money = field(default_factory=lambda: Money(500_00))
    prepaid: bool = False
    tariff_kind: TariffKind = TariffKind.MERCHANT_DISTANCE
    batching: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from ``opens_min`` to ``closes_min``, minutes of the local clock after midnight; at most to 1440.

    Raises ValueError unless 0 <= opens < closes <= 1440. A store open past midnight has a span on each day.
    """

    opens_min: int
    closes_min: int

    def __post_init__(self) -> None:
        """Refuse an empty span."""
        if not 0 <= self.opens_min < self.closes_min <= DAY_MIN:
            raise ValueError("opening hours start before they end, within one day")


@dataclass(frozen=True, slots=True)
class Hours:
    """When a store is open: spans for Monday to Sunday, and days on which it stays closed.

    Raises ValueError for other than seven days or spans that touch or overlap.
    """

    week: tuple[tuple[Span, ...], ...]
    closed_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Keep each day's spans in order and apart."""
        if len(self.week) != 7:
            raise ValueError("a week has seven days, Monday first")
        for spans in self.week:
            for earlier, later in pairwise(spans):
                if later.opens_min <= earlier.closes_min:
                    raise ValueError("the spans of a day stand in order and do not touch")

    @classmethod
    def daily(cls, opens_min: int, closes_min: int) -> "Hours":
        """The same every day."""
        return cls(((Span(opens_min, closes_min),),) * 7)

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans of one local day."""
        return () if day in self.closed_days else self.week[day.weekday()]


ALWAYS = Hours.daily(0, DAY_MIN)


def local_instant(day: date, minute: int, zone: ZoneInfo) -> MarketInstant:
    """The instant at which clocks in ``zone`` show ``minute`` after midnight of ``day`` (1440: the next midnight).

    A time the spring change skips is taken as late as it was skipped (2:30 becomes 3:30); of a time that
    autumn repeats, the first is meant (PEP 495, fold 0).
    """
    days, minute = divmod(minute, DAY_MIN)
    clock = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), tzinfo=zone)
    return market_instant(clock)


def open_windows(hours: Hours, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[TimeWindow]:
    """The spans in which a store is open between two instants, clipped to them, in order."""
    day = since.astimezone(zone).date()
    while local_instant(day, 0, zone) < until:
        for span in hours.on(day):
            start = max(local_instant(day, span.opens_min, zone), market_instant(since))
            end = min(local_instant(day, span.closes_min, zone), market_instant(until))
            if start < end:
                yield TimeWindow(start, end)
        day += timedelta(days=1)


def is_open(hours: Hours, zone: ZoneInfo, at: datetime) -> bool:
    """Whether a store is open at ``at``; at the closing instant it is not."""
    return next(open_windows(hours, zone, at, at + timedelta.resolution), None) is not None


def next_opening(hours: Hours, zone: ZoneInfo, at: datetime, days: int = 14) -> MarketInstant | None:
    """The first instant from ``at`` on at which a store is open; None when it stays closed for ``days``."""
    first = next(open_windows(hours, zone, at, at + timedelta(days=days)), None)
    return None if first is None else first.start


class StoreState(StrEnum):
    """Whether deliveries may start from a store."""

    ACTIVE = "active"  # orders are taken
    INACTIVE = "inactive"  # switched off by its merchant; deliveries under way are finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store as other rooms see it."""

    id: StoreId
    merchant_id: MerchantId
    market_id: MarketId
    external_id: str
    """The merchant's own number of it, or empty."""
    name: str
    address: Address
    point: LatLng
    timezone: ZoneInfo
    hours: Hours
    instructions: str
    """What a driver should know to pick up."""
    prep_s: int
    """How long packing takes from the order."""
    phone: str  # E.164, or empty
    state: StoreState


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStore:
    """A store to open. Its address is already found (``point``), its phone as people write it."""

    merchant_id: MerchantId
    name: str
    address: Address
    point: LatLng
    hours: Hours = ALWAYS
    instructions: str = ""
    prep_s: int = 15 * 60
    phone: str = ""
    external_id: str = ""
