"""Offers and trips: states, values other rooms see, and the few decisions that are ours. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import CancelReason, FactKind, Party
from doorstep.features.offers.papers import document, document_hash, from_document, joins_of, terms_hash
from doorstep.features.offers.stops import (
    Stop,
    StopKind,
    StopState,
    all_over,
    doors_ahead,
    free_when,
    reaches_when,
    set_out,
    settle,
    shop_ahead,
)
from doorstep.features.offers.terms import (
    DropTerms,
    Joins,
    OfferMode,
    PayLine,
    PickupTerms,
    Terms,
    base_pay,
    compose,
    pay_lines,
    still_true,
)
from doorstep.units.geo import METRES_PER_MILE, LatLng
from doorstep.units.ids import DeliveryId, DriverId, MarketId, OfferId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

__all__ = [
    "DropTerms",
    "Joins",
    "OfferMode",
    "PayLine",
    "PickupTerms",
    "Stop",
    "StopKind",
    "StopState",
    "Terms",
    "all_over",
    "base_pay",
    "compose",
    "document",
    "document_hash",
    "doors_ahead",
    "free_when",
    "from_document",
    "joins_of",
    "pay_lines",
    "set_out",
    "settle",
    "still_true",
    "terms_hash",
]

STOP_S = 180
"""What a stop is reckoned to take when nobody says better."""


class OfferState(StrEnum):
    """Where an offer is in its short life."""

    OPEN = "open"  # shown, may be accepted
    ACCEPTED = "accepted"  # somebody has it
    DECLINED = "declined"  # everybody asked said no
    EXPIRED = "expired"  # nobody answered in time
    WITHDRAWN = "withdrawn"  # a delivery was cancelled or changed, or staff took it back


class Answer(StrEnum):
    """What one driver did with an offer."""

    ACCEPTED = "accepted"  # took it first
    DECLINED = "declined"  # said no, which has no consequence
    EXPIRED = "expired"  # was asked alone and let the time run out


class TripState(StrEnum):
    """Where a trip is in its life."""

    NEXT = "next"  # accepted, begins when the one under way is over
    UNDER_WAY = "under_way"  # the driver is on it
    FINISHED = "finished"  # every delivery ended
    CALLED_OFF = "called_off"  # every delivery was taken off before pickup


LIVE_TRIPS = frozenset({TripState.NEXT, TripState.UNDER_WAY})


class Cause(StrEnum):
    """Why a delivery left a trip. The last two alone lower what the driver gets."""

    STAFF = "staff"  # the operator's people took it off
    NETWORK = "network"  # a rule of ours did
    DRIVER = "driver"  # the driver gave it back
    CUSTOMER = "customer"  # merchant or shopper cancelled


KEEPS_PAY = frozenset({Cause.STAFF, Cause.NETWORK})
CAUSE_OF_CANCEL: Mapping[Party, Cause] = {
    Party.MERCHANT: Cause.CUSTOMER,
    Party.SHOPPER: Cause.CUSTOMER,
    Party.DRIVER: Cause.DRIVER,
    Party.PROVIDER: Cause.NETWORK,
    Party.STAFF: Cause.STAFF,
    Party.NETWORK: Cause.NETWORK,
}


def cause_of_cancel(by: Party, reason: str) -> Cause:
    """Why a cancelled delivery left its trip. Goods discarded by policy are not the driver's doing."""
    return Cause.NETWORK if reason == CancelReason.DISCARDED else CAUSE_OF_CANCEL[by]


class ReportKind(StrEnum):
    """What a driver reports from a trip, in her words."""

    DEPART_PICKUP = "depart_pickup"  # on the way to the shop
    ARRIVE_PICKUP = "arrive_pickup"  # at the shop
    PICKED_UP = "picked_up"  # has the goods
    DEPART_DROPOFF = "depart_dropoff"  # on the way to this door
    ARRIVE_DROPOFF = "arrive_dropoff"  # at this door
    HANDED_OVER = "handed_over"  # handed over, or left as asked
    ATTEMPT_FAILED = "attempt_failed"  # nobody home, refused, no paper …
    DEPART_RETURN = "depart_return"  # on the way back to the shop
    ARRIVE_RETURN = "arrive_return"  # back at the shop
    RETURNED = "returned"  # the shop has the goods again
    PROVED = "proved"  # only a code, scan or paper; nothing has moved
    CONTACT_TRIED = "contact_tried"  # called, wrote or knocked; ``reason`` says which


CONTACTS = frozenset({"called", "written", "knocked", "rang"})
"""How a driver tries to reach a shopper, as ``reason`` of such a report."""


FACT_OF: Mapping[ReportKind, FactKind] = {
    ReportKind.DEPART_PICKUP: FactKind.DEPARTED_TO_PICKUP,
    ReportKind.ARRIVE_PICKUP: FactKind.REACHED_PICKUP,
    ReportKind.PICKED_UP: FactKind.PICKED_UP,
    ReportKind.DEPART_DROPOFF: FactKind.DEPARTED_TO_DROPOFF,
    ReportKind.ARRIVE_DROPOFF: FactKind.REACHED_DROPOFF,
    ReportKind.HANDED_OVER: FactKind.HANDED_OVER,
    ReportKind.ATTEMPT_FAILED: FactKind.ATTEMPT_FAILED,
    ReportKind.DEPART_RETURN: FactKind.DEPARTED_TO_RETURN,
    ReportKind.ARRIVE_RETURN: FactKind.REACHED_RETURN,
    ReportKind.RETURNED: FactKind.RETURNED_TO_STORE,
}
STOP_OF: Mapping[ReportKind, StopKind] = {
    ReportKind.DEPART_PICKUP: StopKind.PICKUP,
    ReportKind.ARRIVE_PICKUP: StopKind.PICKUP,
    ReportKind.PICKED_UP: StopKind.PICKUP,
    ReportKind.DEPART_RETURN: StopKind.RETURN,
    ReportKind.ARRIVE_RETURN: StopKind.RETURN,
    ReportKind.RETURNED: StopKind.RETURN,
}
"""Reports that, naming no delivery, are about all of the first such stop that is not over."""


def meant(kind: ReportKind, stops: Sequence[Stop]) -> tuple[DeliveryId, ...]:
    """The deliveries a report is about when it names none; empty when it must name them.

    Of several shops the first one not yet done with; when all are, the last: a late report is of the past.
    """
    here = [stop for stop in stops if stop.kind is STOP_OF.get(kind) and stop.state is not StopState.OFF]
    if not here:
        return ()
    return next((stop for stop in here if not stop.over), here[-1]).delivery_ids


CAR_PER_MILE_MINOR = 30
"""What a mile costs the driver's car (fuel, wear, tyres) when she has said nothing else: for comparing, never for pay."""


def net_of(total_minor: int, way_m: int, minutes: int, car_per_mile_minor: int) -> tuple[int, int]:
    """What the car costs for the way, and what stays per hour after it; minor units. Way and time from where she is."""
    car_minor = round(way_m * car_per_mile_minor / METRES_PER_MILE)
    return car_minor, round((total_minor - car_minor) * 60 / max(minutes, 1))


ZONE_SPAN = timedelta(minutes=15)
"""How far back the picture of where offers are looks: offers that were made, never a forecast."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Offers of one area, lately; ``point`` is the middle of their shops, not any one's."""

    point: LatLng
    offers: int


LONGER = 2
"""So many times as long lasts an offer to one driver alone who has asked for more time to answer."""


def open_until(shown_at: datetime, expires_at: datetime, *, longer: bool) -> datetime:
    """When an offer that was to end at ``expires_at`` ends for a driver who has, or has not, asked for more time."""
    return shown_at + (expires_at - shown_at) * (LONGER if longer else 1)


PERSON_OFFER_S = 30
"""Real seconds that an offer to a person lasts at least, however fast business time runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What dispatch wants to offer. One driver: directed; several: broadcast, unless ``mode`` says so.

    ``delivery_ids`` are in drop sequence. ``visits`` say what is collected where there are several shops: one after
    the other, all before the first door; empty: shop by shop as the doors come. ``legs`` lead from the first visit through
    any further ones to each door; empty means the deliveries' own measured way (one delivery alone). ``least_real_s`` keeps the
    offer open for so many real seconds however fast business time runs: for drivers who are people.
    """

    market_id: MarketId
    driver_ids: tuple[DriverId, ...]
    delivery_ids: tuple[DeliveryId, ...]
    expires_at: MarketInstant
    legs: tuple[Leg, ...] = ()
    visits: tuple[tuple[DeliveryId, ...], ...] = ()
    approach: Leg | None = None
    mode: OfferMode | None = None
    incentive: Money | None = None
    """On top of what pay has risen by (``rising``)."""
    reason: str = ""
    tick_id: UUID | None = None
    pickup_stop_s: int = STOP_S
    drop_stop_s: int = STOP_S
    least_real_s: int = 0
    next_best_min: float | None = None
    """What whoever is next best would have cost each delivery, in minutes of a shopper's waiting; None: nobody could, or nobody reckoned it."""
    joins: TripId | None = None
    """Adds to this trip, whose goods its driver has not collected. ``doors`` are then all it would have, in their sequence, and
    ``legs`` lead from the shop through them."""
    doors: tuple[DeliveryId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer as other rooms see it."""

    id: OfferId
    market_id: MarketId
    state: OfferState
    driver_ids: tuple[DriverId, ...]
    delivery_ids: tuple[DeliveryId, ...]
    terms: Terms
    terms_hash: str
    approach_s: int  # as reckoned for the one who was asked alone; 0 when several were
    tick_id: UUID | None
    accepted_by: DriverId | None
    trip_id: TripId | None
    closed_at: MarketInstant | None
    why: str

    @property
    def mode(self) -> OfferMode:
        """Whom it asks."""
        return self.terms.mode

    @property
    def shown_at(self) -> MarketInstant:
        """When it was shown."""
        return self.terms.shown_at

    @property
    def expires_at(self) -> MarketInstant:
        """Until when it can be accepted."""
        return self.terms.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A visible line under a trip: a delivery left it. ``kept`` is still owed for it, tip cover included."""

    delivery_id: DeliveryId
    cause: Cause
    why: str
    at: MarketInstant
    kept: Money  # base and incentive as offered
    tip_cover: Money  # the tip as offered; the tip itself goes whole to whoever delivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A trip as other rooms see it. ``delivery_ids``: those still on it, in drop sequence."""

    id: TripId
    offer_id: OfferId
    market_id: MarketId
    driver_id: DriverId
    state: TripState
    delivery_ids: tuple[DeliveryId, ...]
    stops: tuple[Stop, ...]
    terms_hash: str
    accepted_at: MarketInstant
    started_at: MarketInstant | None
    ended_at: MarketInstant | None
    changes: tuple[Change, ...] = ()
    joined: Mapping[DeliveryId, OfferId] = field(default_factory=dict)
    """Deliveries that joined it after it was accepted, each with the offer by which it did."""
    after: "Trip | None" = None
    """The trip under way that must be over first."""

    @property
    def offers(self) -> tuple[OfferId, ...]:
        """The offers it came of: the one that began it, then those by which more joined, in sequence."""
        return tuple(dict.fromkeys((self.offer_id, *sorted(self.joined.values()))))

    @property
    def remaining(self) -> tuple[Stop, ...]:
        """Stops at which something is still to be done, in order."""
        return tuple(stop for stop in self.stops if not stop.over)

    @property
    def free_point(self) -> LatLng:
        """Where the driver will be when it is over."""
        live = self.remaining or self.stops
        return live[-1].point

    @property
    def shop_ahead(self) -> Stop | None:
        """Its one shop while the trip is under way and the goods are still there: then more of that shop may join it."""
        return shop_ahead(self.stops) if self.state is TripState.UNDER_WAY else None

    def reaches_at(self, now: datetime) -> datetime:
        """When the driver reached, or by the plan reaches, the stop ahead of her. Raises ValueError when none is."""
        return reaches_when(self.stops, self.started_at or now)

    def collects_at(self, now: datetime) -> datetime | None:
        """When she likely has the goods of ``shop_ahead`` in her hands."""
        shop = self.shop_ahead
        return None if shop is None else max(now, shop.left(self.reaches_at(now)) - shop.after)

    def free_at(self, now: datetime) -> datetime:
        """When the driver is likely done with it; see ``stops.free_when``."""
        begins_at = now if self.after is None else self.after.free_at(now)
        return free_when(self.stops, self.started_at or begins_at, begins_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedTerms:
    """What a driver accepted for one delivery: what she is paid by."""

    offer_id: OfferId
    trip_id: TripId
    driver_id: DriverId
    terms_hash: str
    accepted_at: MarketInstant
    part: DropTerms
    off: Change | None  # set when the delivery left the trip


def mode_of(proposal: Proposal) -> OfferMode:
    """How a proposal asks."""
    if proposal.mode is not None:
        return proposal.mode
    return OfferMode.DIRECTED if len(proposal.driver_ids) == 1 else OfferMode.BROADCAST


def kept_after(part: DropTerms, cause: Cause) -> tuple[Money, Money]:
    """What the driver keeps of a delivery that left her trip: base with incentive, and cover for its tip."""
    nothing = Money(0, part.base.currency)
    if cause not in KEEPS_PAY:
        return nothing, nothing
    return part.base + part.incentive, part.tip
