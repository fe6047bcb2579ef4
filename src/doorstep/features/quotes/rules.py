"""Whether a delivery can be promised, and what exactly is promised. Pure."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from doorstep.connectors.maps.protocol import Address, Leg, Located, NotLocated, Precision
from doorstep.features.markets.rules import (
    ExpressRule,
    Market,
    NextDayRule,
    ServiceLevel,
    Tariff,
    TariffTerms,
    WindowRule,
)
from doorstep.features.merchants.rules import (
    Store,
    StoreState,
    is_open,
    local_instant,
    next_opening,
    open_windows,
)
from doorstep.features.quotes.prices import LineKind, Price, PriceLine, price
from doorstep.features.quotes.requirements import prohibited
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.ids import MarketId, MerchantId, QuoteId, StoreId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow, market_instant

__all__ = ["LineKind", "Price", "PriceLine", "price"]

LASTS = timedelta(minutes=15)
"""How long a quote is honoured."""
HANDOVER = timedelta(minutes=5)
"""What picking up and handing over take, beside the drive."""
PACKED_AHEAD = timedelta(minutes=30)
"""How long before a driver must leave a store aims to have a window's goods ready."""
HORIZON = timedelta(hours=48)
"""How far ahead express goods may become ready."""


class Why(StrEnum):
    """Why a delivery cannot be promised."""

    ADDRESS_UNKNOWN = "address_unknown"  # the drop-off could not be found
    OUTSIDE_AREA = "outside_area"  # the drop-off lies outside the store's market
    MARKET_NOT_OPEN = "market_not_open"  # the market takes no orders at its stage
    STORE_INACTIVE = "store_inactive"  # its merchant switched the store off
    STORE_CLOSED = "store_closed"  # the goods could not be picked up in opening hours
    LEVEL_NOT_OFFERED = "level_not_offered"  # the market does not have this service level
    BEYOND_CATCHMENT = "beyond_catchment"  # too far from the store for this service level
    BELOW_MINIMUM_CART = "below_minimum_cart"  # the tariff has a minimum
    WINDOW_MISSING = "window_missing"  # this service level needs a window
    WINDOW_UNEXPECTED = "window_unexpected"  # express has none
    WINDOW_PAST = "window_past"  # over, or too close to be booked
    WINDOW_TOO_SHORT = "window_too_short"  # shorter than the shortest on offer
    WINDOW_WRONG_DAY = "window_wrong_day"  # not of today (window) or tomorrow (next_day)
    READY_TOO_LATE = "ready_too_late"  # the goods are ready too late for the window, or too far ahead
    PROHIBITED_COMBINATION = "prohibited_combination"  # requirements that no driver could fulfil together
    ZONE_PAUSED = "zone_paused"  # the operator promises nothing to this postcode for now
    NOT_FEASIBLE = "not_feasible"  # dispatch sees no driver who could


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason against, in words for a person."""

    code: Why
    text: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """When what happens: the terms of time that a delivery is made with."""

    ready_at: MarketInstant
    wanted_from: MarketInstant
    """From here lateness counts: now for express, else the start of the window."""
    earliest_drop_at: MarketInstant | None
    due_at: MarketInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the decision looks at. ``leg`` is None when the drop-off was not found."""

    market: Market
    store: Store
    tariff: Tariff
    found: Located | NotLocated
    leg: Leg | None
    level: ServiceLevel
    window: TimeWindow | None
    ready_at: MarketInstant | None
    """When the goods are ready, if the caller said so."""
    cart: Money | None
    """None: not known yet, nothing is said about a minimum."""
    requirements: frozenset[str]
    now: MarketInstant


Feasible = Callable[[ServiceLevel, TimeWindow | None], bool]
"""Whether dispatch could place a delivery of this level and window now."""


def anything(_level: ServiceLevel, _window: TimeWindow | None) -> bool:
    """The hook that narrows nothing."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Yes with a promise, or the reasons against."""

    reasons: tuple[Reason, ...]
    promise: Promise | None = None

    @property
    def eligible(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def eligible(case: Case, feasible: Feasible = anything) -> Verdict:
    """Whether ``case`` can be promised. All reasons are told at once, those of place first."""
    reasons = [*place_reasons(case), *goods_reasons(case)]
    timed = time_reasons(case)
    reasons += timed
    if reasons or case.leg is None:
        return Verdict(reasons=tuple(reasons))
    if not feasible(case.level, case.window):
        return Verdict(reasons=(Reason(Why.NOT_FEASIBLE, "No driver could do it in time."),))
    return Verdict(reasons=(), promise=promise(case, case.leg))


def place_reasons(case: Case) -> list[Reason]:
    """What speaks against it because of where it is."""
    reasons = []
    if not case.market.takes_orders:
        text = f"{case.market.name} is {case.market.stage} and takes no orders."
        reasons.append(Reason(Why.MARKET_NOT_OPEN, text))
    if case.store.state is not StoreState.ACTIVE:
        reasons.append(Reason(Why.STORE_INACTIVE, f"{case.store.name} is switched off."))
    if isinstance(case.found, NotLocated):
        reasons.append(Reason(Why.ADDRESS_UNKNOWN, case.found.message, case.found.suggestions))
    elif not case.market.area.contains(case.found.point):
        reasons.append(Reason(Why.OUTSIDE_AREA, f"The address lies outside {case.market.name}."))
    elif case.found.postcode in case.market.rules.paused_zones:
        reasons.append(Reason(Why.ZONE_PAUSED, f"Nothing new is promised to {case.found.postcode} for now."))
    return reasons + reach_reasons(case)


def reach_reasons(case: Case) -> list[Reason]:
    """What speaks against it because of the way from the store at this service level."""
    rules = case.market.rules
    by_level: dict[ServiceLevel, ExpressRule | WindowRule | NextDayRule | None] = {
        ServiceLevel.EXPRESS: rules.express,
        ServiceLevel.WINDOW: rules.window,
        ServiceLevel.NEXT_DAY: rules.next_day,
    }
    rule = by_level[case.level]
    if rule is None:
        return [Reason(Why.LEVEL_NOT_OFFERED, f"{case.market.name} does not offer {case.level}.")]
    if case.leg is None:
        return []
    if case.leg.metres > rule.reach_m:
        text = (
            f"The way of {_miles(case.leg.metres)} is longer than the {_miles(rule.reach_m)} of {case.level}."
        )
        return [Reason(Why.BEYOND_CATCHMENT, text)]
    if isinstance(rule, ExpressRule):
        promised = timedelta(seconds=rule.promise_s)
        if timedelta(seconds=case.leg.seconds) + HANDOVER > promised:
            text = f"The drive of {case.leg.seconds // 60} minutes is too long for express within {_mins(promised)}."
            return [Reason(Why.BEYOND_CATCHMENT, text)]
    return []


def goods_reasons(case: Case) -> list[Reason]:
    """What speaks against it because of the cart and what it asks for."""
    reasons = [
        Reason(Why.PROHIBITED_COMBINATION, f"{name}: {why}") for name, why in prohibited(case.requirements)
    ]
    least = case.tariff.terms.money(case.tariff.terms.minimum_cart_minor)
    if case.cart is not None and case.cart < least:
        reasons.append(Reason(Why.BELOW_MINIMUM_CART, f"The cart of {case.cart} is below {least}."))
    return reasons


def time_reasons(case: Case) -> list[Reason]:
    """What speaks against it because of when it is: window, opening hours, readiness."""
    if case.level not in case.market.service_levels:
        return []  # said already
    if case.level is ServiceLevel.EXPRESS:
        if case.window is not None:
            return [Reason(Why.WINDOW_UNEXPECTED, "Express has no window; ask for level window.")]
        if case.ready_at is not None and case.ready_at > case.now + HORIZON:
            return [Reason(Why.READY_TOO_LATE, "Express goods are ready within 48 hours.")]
        if case.ready_at is None and not is_open(case.store.hours, case.store.timezone, case.now):
            return [_closed(case)]
    elif case.window is None:
        return [Reason(Why.WINDOW_MISSING, f"Level {case.level} needs a window; see /v1/windows.")]
    elif reasons := window_reasons(case, case.window):
        return reasons
    leg = case.leg or Leg(metres=Metres(0), seconds=Seconds(0))
    promised = promise(case, leg)
    latest = promised.due_at - timedelta(seconds=leg.seconds) - HANDOVER
    if latest < promised.ready_at:
        if case.window is None:
            return []  # the drive is too long, which was said
        text = f"The goods would have to be ready by {_local(case, latest)}."
        return [Reason(Why.READY_TOO_LATE, text)]
    pickups = open_windows(
        case.store.hours, case.store.timezone, promised.ready_at, latest + timedelta(seconds=1)
    )
    return [] if next(pickups, None) else [_closed(case)]


def window_reasons(case: Case, window: TimeWindow) -> list[Reason]:
    """What speaks against the window itself: its length, its day, how soon it is."""
    rules, zone = case.market.rules, case.market.timezone
    rule: WindowRule | NextDayRule | None
    rule = rules.window if case.level is ServiceLevel.WINDOW else rules.next_day
    if rule is None:
        return []
    least = timedelta(seconds=min(rule.lengths_s))
    today = case.now.astimezone(zone).date()
    day = window.start.astimezone(zone).date()
    if window.end - window.start < least:
        return [Reason(Why.WINDOW_TOO_SHORT, f"A window has {_mins(least)} at least.")]
    if isinstance(rule, WindowRule):
        lead = timedelta(seconds=rule.lead_s)
        if window.start < case.now + lead:
            return [Reason(Why.WINDOW_PAST, f"A window can be booked until {_mins(lead)} before it starts.")]
        if day != today:
            return [Reason(Why.WINDOW_WRONG_DAY, "Level window is for today; tomorrow is next_day.")]
    else:
        if day <= today:
            return [Reason(Why.WINDOW_WRONG_DAY, "Level next_day is for tomorrow; today is window.")]
        if day > today + timedelta(days=1):
            return [Reason(Why.WINDOW_WRONG_DAY, "Level next_day is for tomorrow, not later.")]
        if case.now >= local_instant(today, rule.order_by_s // 60, zone):
            by = f"{rule.order_by_s // 3600:02d}:{rule.order_by_s // 60 % 60:02d}"
            return [Reason(Why.WINDOW_PAST, f"Windows of tomorrow can be booked until {by}.")]
    return []


def promise(case: Case, leg: Leg) -> Promise:
    """The times of a delivery over ``leg``. Without a told readiness, the store packs from now or its opening on."""
    if case.window is None:
        assert case.market.rules.express is not None
        ready = max(case.ready_at or prepared_at(case.store, case.now), case.now)
        due = ready + timedelta(seconds=case.market.rules.express.promise_s)
        return Promise(ready_at=ready, wanted_from=case.now, earliest_drop_at=None, due_at=MarketInstant(due))
    if case.ready_at is not None:
        ready = max(case.ready_at, case.now)
    else:
        leave = case.window.start - timedelta(seconds=leg.seconds) - PACKED_AHEAD
        ready = max(prepared_at(case.store, case.now), market_instant(leave))
        opening = next_opening(case.store.hours, case.store.timezone, ready)
        if opening is not None and opening > ready:
            ready = market_instant(opening + timedelta(seconds=case.store.prep_s))
    return Promise(
        ready_at=ready,
        wanted_from=case.window.start,
        earliest_drop_at=case.window.start,
        due_at=case.window.end,
    )


def leaving(ready_at: MarketInstant | None, now: MarketInstant) -> MarketInstant:
    """When the drive is measured: at readiness if told, neither in the past nor beyond the horizon."""
    return min(max(ready_at or now, now), market_instant(now + HORIZON))


def prepared_at(store: Store, now: datetime) -> MarketInstant:
    """When goods ordered at ``now`` are packed: the store starts at once, or when it opens next."""
    start = next_opening(store.hours, store.timezone, now) or market_instant(now)
    return market_instant(start + timedelta(seconds=store.prep_s))


def _closed(case: Case) -> Reason:
    opening = next_opening(case.store.hours, case.store.timezone, case.now)
    when = f"; it opens {_local(case, opening)}" if opening is not None and opening > case.now else ""
    return Reason(Why.STORE_CLOSED, f"{case.store.name} is closed then{when}.")


def _local(case: Case, at: datetime) -> str:
    return at.astimezone(case.store.timezone).strftime("%a %H:%M")


def _miles(metres: float) -> str:
    return f"{metres / 1609.344:.1f} miles"


def _mins(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The details a quote is for. ``address`` and ``point`` as the geocoder gave them."""

    store_id: StoreId
    address: Address
    point: LatLng
    level: ServiceLevel
    window: TimeWindow | None
    ready_at: MarketInstant | None
    cart: Money
    requirements: frozenset[str] = frozenset()


def fingerprint(wanted: Wanted) -> str:
    """A hash of the details: equal exactly when the same thing is asked for (points to about a metre)."""
    window = wanted.window
    fields: dict[str, Any] = {
        "store": str(wanted.store_id),
        "address": str(wanted.address).upper(),
        "point": [round(wanted.point.lat, 5), round(wanted.point.lng, 5)],
        "level": wanted.level.value,
        "window": None if window is None else [window.start.isoformat(), window.end.isoformat()],
        "ready_at": None if wanted.ready_at is None else wanted.ready_at.isoformat(),
        "cart": [wanted.cart.minor, wanted.cart.currency],
        "requirements": sorted(wanted.requirements),
    }
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price and a promise, honoured once until ``expires_at`` for what ``wanted`` says."""

    id: QuoteId
    merchant_id: MerchantId
    market_id: MarketId
    wanted: Wanted
    precision: Precision
    note: str
    """What a person should know about the address; empty when nothing is."""
    leg: Leg
    price: Price
    promise: Promise
    tariff: TariffTerms
    fingerprint: str
    created_at: MarketInstant
    expires_at: MarketInstant
    used_at: MarketInstant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What a delivery is made with: the case as it was judged, its promise and its price."""

    case: Case
    promise: Promise
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """The nearest thing that can be had instead: another store, or another level and window."""

    store_id: StoreId
    level: ServiceLevel
    window: TimeWindow | None
    text: str = field(default="", compare=False)
