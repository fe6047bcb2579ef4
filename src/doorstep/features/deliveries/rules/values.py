"""The delivery, its two ends, its carrier, its reports and its timeline, as other rooms see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from doorstep.features.deliveries.rules.lifecycle import FINAL, DeliveryState, FactKind
from doorstep.features.deliveries.rules.requirements import ProofKind, Requirements, ReturnPolicy
from doorstep.features.deliveries.rules.wishes import TIP_OPEN, TipStatus
from doorstep.features.markets.rules import ServiceLevel
from doorstep.units.geo import LatLng
from doorstep.units.ids import DeliveryId, DriverId, MarketId, MerchantId, ProviderJobId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One end of a delivery, as frozen when it was made."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postcode: str
    point: LatLng
    instructions: str = ""
    precision: str = ""  # how sure the point is, as the geocoder says
    property_type: str = ""  # house, apartment, business or other; empty when nobody said


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Who carries: a driver on a trip, or a provider's job. Exactly one."""

    driver_id: DriverId | None = None
    trip_id: TripId | None = None
    provider_id: UUID | None = None
    provider_job_id: ProviderJobId | None = None

    def __post_init__(self) -> None:
        """Refuse none and both."""
        if (self.driver_id is None) == (self.provider_job_id is None):
            raise ValueError("a carrier is a driver or a provider's job")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery as other rooms see it."""

    id: DeliveryId
    merchant_id: MerchantId
    market_id: MarketId
    store_id: StoreId
    external_id: str
    quote_id: UUID | None = None
    state: DeliveryState
    service_level: ServiceLevel
    pickup: Place
    dropoff: Place
    shopper_first_name: str
    shopper_last_name: str = ""
    requirements: Requirements
    return_policy: ReturnPolicy
    items: int
    units: int  # load units of the vehicle's capacity
    weight_g: int
    cart: Money
    manifest: tuple[Mapping[str, object], ...] = ()
    ready_at: MarketInstant
    wanted_from: MarketInstant  # lateness and click-to-door count from here
    earliest_drop_at: MarketInstant | None
    due_at: MarketInstant  # the promise
    leg_m: int
    leg_s: int
    fee: Money
    fee_lines: tuple[Mapping[str, object], ...] = ()
    tip: Money
    tip_limit: Money  # by the tariff it was made under
    tip_status: TipStatus
    carrier: Carrier | None
    carrier_note: Mapping[str, object] = field(
        default_factory=dict
    )  # first name and vehicle, for the shopper
    version: int
    events_count: int
    attempts: int
    created_at: MarketInstant
    assigned_at: MarketInstant | None = None
    picked_up_at: MarketInstant | None
    ended_at: MarketInstant | None

    def tip_status_at(self, now: datetime) -> TipStatus:
        """How sure the tip is at ``now``: final a day after the end."""
        over = self.ended_at is not None and now >= self.ended_at + TIP_OPEN
        return TipStatus.FINAL if over else self.tip_status


def load_units(items: int, weight_g: int) -> int:
    """Load units of a vehicle's capacity for goods nobody measured: one per begun 15 items or 10 kilograms."""
    return max(1, -(-items // 15), -(-weight_g // 10_000))


@dataclass(frozen=True, slots=True)
class Expected:
    """When the goods should be at the door, as a range."""

    earliest: MarketInstant
    latest: MarketInstant
    as_of: MarketInstant


AT_THE_COUNTER = timedelta(minutes=4)
AT_THE_DOOR = timedelta(minutes=3)


def expected(delivery: Delivery, now: MarketInstant) -> Expected | None:
    """A coarse range from promise, readiness and the way, for lists; None when nothing is to be waited for.

    Looks at no position: the shopper's view knows better while somebody drives.
    """
    if delivery.state in FINAL or delivery.state in _GOING_BACK:
        return None
    way = timedelta(seconds=delivery.leg_s)
    if delivery.picked_up_at is None:
        earliest = max(now, delivery.ready_at) + way
        latest = max(delivery.due_at, earliest + AT_THE_COUNTER + AT_THE_DOOR)
    else:
        earliest = max(now, delivery.picked_up_at + way)
        latest = max(earliest, now) + way / 2 + AT_THE_DOOR
    if delivery.earliest_drop_at is not None:
        earliest = max(earliest, delivery.earliest_drop_at)
    return Expected(MarketInstant(earliest), MarketInstant(max(latest, earliest)), now)


_GOING_BACK = frozenset(
    {DeliveryState.ATTEMPT_FAILED, DeliveryState.ENROUTE_TO_RETURN, DeliveryState.AT_RETURN}
)
TURNED_BACK = frozenset({"goods_damaged", "goods_spoiled", "vehicle_broke_down", "called_back", "unsafe"})
"""Reasons of a failed attempt that ended before the door was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One report about a delivery. ``report_id`` is the reporter's own: the same one counts once."""

    kind: FactKind
    report_id: str
    device_at: MarketInstant | None = None
    point: LatLng | None = None
    note: str = ""
    reason: str = ""  # a code: nobody_home, refused, no_id, wrong_address, or one of TURNED_BACK
    attested: frozenset[ProofKind] = frozenset()  # proofs a courier company keeps itself; never a driver's


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent:
    """One line of a delivery's timeline."""

    seq: int
    name: str
    at: MarketInstant
    device_at: MarketInstant | None
    audience: str = ""  # merchant, staff, driver, shopper, provider or system
    actor: str  # who of them, for staff's eyes
    state_before: DeliveryState
    state_after: DeliveryState
    body: Mapping[str, object]
