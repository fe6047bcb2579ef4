"""Markets on paper: stages, service levels, tariffs, pay rates, and how they may change. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from doorstep.units.geo import LatLng, Polygon
from doorstep.units.ids import MarketId
from doorstep.units.money import USD, Money
from doorstep.units.time import MarketInstant


def _within(name: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} lies between {lowest:g} and {highest:g}, not {value}")


def _grid(lengths_s: tuple[int, ...], step_s: int) -> None:
    if not 1 <= len(lengths_s) <= 6:
        raise ValueError("windows have one to six lengths")
    for span_s in (*lengths_s, step_s):
        _within("a window's length or step", span_s, 15 * 60, 12 * 3600)
        if span_s % 60:
            raise ValueError("windows are counted in whole minutes")


class Stage(StrEnum):
    """How far a market has come."""

    PLANNED = "planned"  # being prepared: nobody can order
    PILOT = "pilot"  # takes orders from few stores, watched closely
    OPEN = "open"  # takes orders
    PAUSED = "paused"  # takes no new orders for now; those under way are finished
    CLOSED = "closed"  # takes no orders any more


MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.PLANNED: frozenset({Stage.PILOT, Stage.OPEN, Stage.CLOSED}),
    Stage.PILOT: frozenset({Stage.OPEN, Stage.PAUSED, Stage.CLOSED}),
    Stage.OPEN: frozenset({Stage.PAUSED, Stage.CLOSED}),
    Stage.PAUSED: frozenset({Stage.PILOT, Stage.OPEN, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.PLANNED}),
}
"""Which stage may follow which."""

TAKES_ORDERS = frozenset({Stage.PILOT, Stage.OPEN})
ANNOUNCED = frozenset({Stage.PILOT, Stage.OPEN, Stage.PAUSED})
"""Stages in which the public may know of a market."""


class ServiceLevel(StrEnum):
    """How fast, as promised to the merchant."""

    EXPRESS = "express"  # as soon as possible
    WINDOW = "window"  # within a same-day window
    NEXT_DAY = "next_day"  # within a window of the next day


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressRule:
    """Express: at the door ``promise_s`` after the goods are ready, for doors within ``reach_m`` by road."""

    promise_s: int = 45 * 60
    reach_m: int = 16_000

    def __post_init__(self) -> None:
        """Refuse a promise nobody could keep."""
        _within("promise_s", self.promise_s, 10 * 60, 6 * 3600)
        _within("reach_m", self.reach_m, 500, 200_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """Same-day windows: of ``lengths_s``, starting every ``step_s`` of the local clock from midnight.

    Bookable until ``lead_s`` before they start; for doors within ``reach_m`` by road.
    """

    lengths_s: tuple[int, ...] = (3600, 7200)
    step_s: int = 3600
    lead_s: int = 30 * 60
    reach_m: int = 32_000

    def __post_init__(self) -> None:
        """Refuse an empty grid."""
        _grid(self.lengths_s, self.step_s)
        _within("lead_s", self.lead_s, 0, 12 * 3600)
        _within("reach_m", self.reach_m, 500, 200_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDayRule:
    """Windows of the next local day, bookable until ``order_by_s`` of the local clock (seconds after midnight)."""

    lengths_s: tuple[int, ...] = (7200,)
    step_s: int = 7200
    order_by_s: int = 22 * 3600
    reach_m: int = 48_000

    def __post_init__(self) -> None:
        """Refuse an empty grid."""
        _grid(self.lengths_s, self.step_s)
        _within("order_by_s", self.order_by_s, 0, 24 * 3600)
        _within("reach_m", self.reach_m, 500, 200_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRules:
    """The service levels of a market, each with its rule; a level without one is not offered."""

    express: ExpressRule | None = ExpressRule()
    window: WindowRule | None = WindowRule()
    next_day: NextDayRule | None = NextDayRule()
    paused_zones: tuple[str, ...] = ()
    """Postcodes to which nothing new is promised for now; what is under way goes on."""

    def levels(self) -> frozenset[ServiceLevel]:
        """The levels that are offered."""
        offered = {
            ServiceLevel.EXPRESS: self.express,
            ServiceLevel.WINDOW: self.window,
            ServiceLevel.NEXT_DAY: self.next_day,
        }
        return frozenset(level for level, rule in offered.items() if rule is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRates:
    """What a driver's base pay is made of; all per trip but ``floor_minor``, the least for a delivery.

    ``return_per_mile_minor`` is paid for each mile of a way back with goods nobody took.
    """

    base_minor: int = 300
    per_mile_minor: int = 67
    per_minute_minor: int = 22
    floor_minor: int = 700
    return_per_mile_minor: int = 67
    currency: str = USD

    def __post_init__(self) -> None:
        """Refuse negative pay."""
        for name in (
            "base_minor",
            "per_mile_minor",
            "per_minute_minor",
            "floor_minor",
            "return_per_mile_minor",
        ):
            _within(name, getattr(self, name), 0, 1_000_000)


MOST_MINOR = 10_000_000
"""The largest amount that a tariff may say."""


class TariffKind(StrEnum):
    """Which merchants a tariff is for."""

    GROCERY_OWN = "grocery_own"  # the operator's own grocery stores: one fee, a minimum cart
    MERCHANT_DISTANCE = "merchant_distance"  # other merchants: a fee that grows with the way


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTerms:
    """What a delivery costs a merchant. Amounts are of ``currency``; zero means there is none of it.

    ``base_minor`` covers the first ``included_m`` of road, each further mile costs ``per_mile_minor``. A cart
    below ``small_order_below_minor`` costs ``small_order_minor`` more, below ``minimum_cart_minor`` it is refused.
    Express costs ``express_minor`` more, a window of at most ``narrow_s`` seconds ``narrow_minor``.
    """

    base_minor: int
    included_m: int = 0
    per_mile_minor: int = 0
    minimum_cart_minor: int = 0
    small_order_below_minor: int = 0
    small_order_minor: int = 0
    express_minor: int = 0
    narrow_s: int = 0
    narrow_minor: int = 0
    tip_limit_minor: int = 100_00
    cancellation_minor: int = 0
    return_minor: int = 0
    currency: str = USD

    def __post_init__(self) -> None:
        """Refuse negative amounts."""
        for name in self.__slots__:
            if name != "currency":
                _within(name, getattr(self, name), 0, MOST_MINOR)

    def money(self, minor: int) -> Money:
        """``minor`` units of this tariff's currency."""
        return Money(minor, self.currency)


GROCERY_TERMS = TariffTerms(
    base_minor=9_95, minimum_cart_minor=30_00, cancellation_minor=5_00, return_minor=5_00
)
"""The first tariff of own grocery stores: 9.95 dollars, carts of 30 dollars and more."""

DISTANCE_TERMS = TariffTerms(
    base_minor=5_99,
    included_m=4_828,  # three miles
    per_mile_minor=95,
    small_order_below_minor=15_00,
    small_order_minor=2_00,
    express_minor=1_50,
    narrow_s=3600,
    narrow_minor=1_00,
    cancellation_minor=5_00,
    return_minor=5_00,
)
"""The first tariff of other merchants."""

FIRST_TARIFFS: Mapping[TariffKind, TariffTerms] = {
    TariffKind.GROCERY_OWN: GROCERY_TERMS,
    TariffKind.MERCHANT_DISTANCE: DISTANCE_TERMS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The terms for one kind of merchant in one market from ``valid_from`` until the next one's."""

    market_id: MarketId
    kind: TariffKind
    valid_from: MarketInstant
    terms: TariffTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPay:
    """The pay rates from ``valid_from`` until the next ones begin."""

    valid_from: MarketInstant
    rates: PayRates


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Whether outside courier companies may take what no driver takes, and at most for how much."""

    allowed: bool = True
    most_minor: int | None = None
    """The dearest quote that may be booked without asking a person; None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A market as other rooms see it, with the pay rates of the moment it was read."""

    id: MarketId
    slug: str
    name: str
    timezone: ZoneInfo
    area: Polygon
    stage: Stage
    rules: ServiceRules
    tick_s: int
    dispatch: Mapping[str, float]
    """Knobs that differ from what dispatch does by itself; see ``KNOBS``."""
    pay: PayRates
    fallback: Fallback
    currency: str

    @property
    def service_levels(self) -> frozenset[ServiceLevel]:
        """The levels that are offered."""
        return self.rules.levels()

    @property
    def takes_orders(self) -> bool:
        """Whether new deliveries may be made."""
        return self.stage in TAKES_ORDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMarket:
    """A market to make. ``slug`` is its name in addresses: small letters, digits, dashes."""

    slug: str
    name: str
    timezone: ZoneInfo
    area: Polygon
    stage: Stage = Stage.PLANNED
    rules: ServiceRules = ServiceRules()
    tariffs: Mapping[TariffKind, TariffTerms] = field(default_factory=lambda: dict(FIRST_TARIFFS))
    pay: PayRates = PayRates()
    tick_s: int = 60
    dispatch: Mapping[str, float] = field(default_factory=dict)
    fallback: Fallback = Fallback()
    currency: str = USD


class ChangeKind(StrEnum):
    """What was changed in a market."""

    MADE = "made"  # the market itself, with all it began with
    STAGE = "stage"  # how far it has come, from planned to closed
    TARIFF = "tariff"  # what merchants pay
    PAY = "pay"  # what drivers are paid
    RULES = "rules"  # service levels
    DISPATCH = "dispatch"  # knobs and tick
    FALLBACK = "fallback"  # outside courier companies


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a market's history."""

    market_id: MarketId
    seq: int
    kind: ChangeKind
    at: MarketInstant
    actor: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class Knob:
    """One thing about dispatch that a market may set, between ``lowest`` and ``highest``."""

    lowest: float
    highest: float
    whole: bool
    meaning: str


KNOBS: Mapping[str, Knob] = {
    "tick_s": Knob(1, 600, True, "seconds of market time between two ticks"),
    # Every price is in minutes of a shopper's waiting.
    "driving_price": Knob(0, 100, False, "price of a minute driven"),
    "waiting_price": Knob(0, 100, False, "price of a minute a driver waits at a store"),
    "late_price": Knob(0, 100, False, "price of a minute past the promise, on top of the waiting itself"),
    "convex_price": Knob(0, 100, False, "price of a minute past convex_after_min of click-to-door"),
    "convex_after_min": Knob(1, 600, True, "minutes of click-to-door from which convex_price counts"),
    "coverage_price": Knob(0, 100_000, False, "price of leaving a delivery out of the plan"),
    "spared_min": Knob(
        0, 600, False, "part of a delivery's earliest possible cost that its coverage price does not add"
    ),
    "max_bundle": Knob(1, 12, True, "deliveries of one trip at most"),
    "mixing": Knob(
        0, 1, True, "1: a trip may lead to several stores, for a shortage of drivers; 0: to one store"
    ),
    "trips_grow": Knob(
        0, 1, True, "1: until its goods are collected, more of its store may be offered to join a trip; 0: no"
    ),
    "load_most": Knob(1, 12, True, "deliveries on board at once where a trip leads to several stores"),
    "trips_ahead": Knob(1, 10, True, "trips planned per driver"),
    "start_ahead_s": Knob(
        0, 4 * 3600, True, "simulated days alone: how soon a driver must come on duty to be planned with"
    ),
    "candidates": Knob(1, 1000, True, "drivers looked at per delivery"),
    "iterations_min": Knob(0, 100_000, True, "search rounds a tick at least"),
    "iterations_per_order": Knob(0, 1000, True, "search rounds a tick per delivery"),
    "iterations_max": Knob(0, 100_000, True, "search rounds a tick at most"),
    "offer_lead_s": Knob(0, 3600, True, "how long before its latest departure a trip is offered"),
    "ask_ahead_s": Knob(
        0, 3600, True, "how soon a driver under way must be free to be asked for her next trip"
    ),
    "join_lead_s": Knob(
        0,
        3600,
        True,
        "how long before she collects a driver is asked for more; at least as long as an offer lasts",
    ),
    "offer_lasts_s": Knob(15, 600, True, "how long a directed offer stands"),
    "declines_before_broadcast": Knob(1, 50, True, "refusals after which all drivers of the zone are asked"),
    "rise_step_minor": Knob(
        0, 10_000, True, "what a no adds to the pay of a delivery's next offer, in cents; 0: nothing"
    ),
    "rise_from_min": Knob(
        0, 600, False, "minutes of waiting that the next best driver must cost for a no to raise the pay"
    ),
    "rise_most_minor": Knob(0, 100_000, True, "how far the pay of a delivery rises at most, in cents"),
    "company_minute_minor": Knob(
        0,
        100_000,
        True,
        "what a minute of waiting is worth beside a courier company's price, in cents; 0: asked last",
    ),
    "company_pickup_s": Knob(0, 4 * 3600, True, "how long a courier company's courier takes to the store"),
    "broadcast_lead_s": Knob(0, 3600, True, "how long before the latest departure all drivers are asked"),
    "broadcast_lasts_s": Knob(15, 3600, True, "how long a broadcast stands"),
    "broadcast_reach_m": Knob(500, 200_000, True, "how far from the store drivers hear a broadcast"),
    "cold_ride_s": Knob(
        600, 4 * 3600, True, "how long chilled or frozen goods may ride, from the pickup to the door"
    ),
    "approach_s": Knob(0, 3600, True, "how far away a driver is reckoned when no plan says better"),
    "pickup_service_s": Knob(0, 3600, True, "how long a stop at a store takes"),
    "dropoff_service_s": Knob(0, 3600, True, "how long a stop at a door takes"),
    "silent_s": Knob(30, 24 * 3600, True, "a free driver unheard of for so long is not planned with"),
    "give_up_s": Knob(0, 24 * 3600, True, "how long after its promise a delivery without a carrier is ended"),
}
"""What ``Market.dispatch`` may hold. A knob that is not set is left to dispatch."""


def knob_fault(name: str, value: float) -> str | None:
    """Why ``name`` cannot be set to ``value``; None when it can."""
    knob = KNOBS.get(name)
    if knob is None:
        return "no such knob"
    if knob.whole and value != int(value):
        return "a whole number"
    if not knob.lowest <= value <= knob.highest:
        return f"between {knob.lowest:g} and {knob.highest:g}"
    return None


def geojson_ring(area: Polygon) -> list[list[float]]:
    """The outer ring as GeoJSON writes it: ``[lng, lat]``, the first point repeated at the end (RFC 7946)."""
    points = [[p.lng, p.lat] for p in area.ring]
    return [*points, points[0]]


def polygon_of(ring: list[list[float]]) -> Polygon:
    """The polygon of a GeoJSON ring. Raises ValueError for fewer than three different points."""
    points = tuple(LatLng(lat=lat, lng=lng) for lng, lat in ring)
    return Polygon(points[:-1] if len(points) > 1 and points[0] == points[-1] else points)
