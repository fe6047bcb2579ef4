"""The wire of the console."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from doorstep.features.console.overview import Drawer
from doorstep.features.console.remedies import Choice, Troubled, named
from doorstep.features.console.rules import EntryKind, Line, Remedy, Trouble
from doorstep.features.console.timeline import Whole
from doorstep.features.console.vitals import Vitals
from doorstep.features.deliveries.rules import CancelReason, Delivery, DeliveryState, Place, TipStatus
from doorstep.features.drivers.rules import DriverState
from doorstep.features.markets.rules import ServiceLevel
from doorstep.features.offers.rules import Offer, OfferState, TripState
from doorstep.platform.audit import AuditRow
from doorstep.platform.http.wire import Instant
from doorstep.units.ids import public

Reason = Annotated[
    str, Field(min_length=3, max_length=300, pattern=r"^[^\x00]*$", description="Stands in the audit.")
]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceTold(_Told):
    """One end of a delivery."""

    name: str
    phone: str
    address: str
    postcode: str
    lat: float
    lng: float
    instructions: str

    @classmethod
    def of(cls, place: Place) -> "PlaceTold":
        """The place as staff see it."""
        street = f"{place.line1} {place.line2}".strip()
        return cls(
            name=place.name,
            phone=place.phone,
            address=f"{street}, {place.city}, {place.state}",
            postcode=place.postcode,
            lat=place.point.lat,
            lng=place.point.lng,
            instructions=place.instructions,
        )


class DeliveryTold(_Told):
    """A delivery as lists show it."""

    id: str = Field(examples=["dlv_01jd0000000000000000000000"])
    external_id: str
    merchant: str
    market: str
    store: str
    state: DeliveryState
    service_level: ServiceLevel
    shopper: str
    pickup: str
    dropoff: str
    lat: float = Field(description="The door.")
    lng: float
    pickup_lat: float
    pickup_lng: float
    requirements: list[str]
    created_at: datetime
    ready_at: datetime
    due_at: datetime
    ended_at: datetime | None
    late: bool
    driver: str | None
    trip: str | None
    provider_job: str | None
    fee_minor: int
    tip_minor: int
    tip_status: TipStatus
    currency: str
    version: int

    @classmethod
    def of(cls, one: Delivery, now: datetime) -> "DeliveryTold":
        """The delivery as told at ``now``."""
        carrier = one.carrier
        return cls(
            id=public("delivery", one.id),
            external_id=one.external_id,
            merchant=public("merchant", one.merchant_id),
            market=public("market", one.market_id),
            store=public("store", one.store_id),
            state=one.state,
            service_level=one.service_level,
            shopper=one.shopper_first_name,
            pickup=one.pickup.name,
            dropoff=f"{one.dropoff.line1}, {one.dropoff.postcode}",
            lat=one.dropoff.point.lat,
            lng=one.dropoff.point.lng,
            pickup_lat=one.pickup.point.lat,
            pickup_lng=one.pickup.point.lng,
            requirements=sorted(one.requirements.names()),
            created_at=one.created_at,
            ready_at=one.ready_at,
            due_at=one.due_at,
            ended_at=one.ended_at,
            late=(one.ended_at or now) > one.due_at,
            driver=_id("driver", carrier.driver_id if carrier else None),
            trip=_id("trip", carrier.trip_id if carrier else None),
            provider_job=_id("provider_job", carrier.provider_job_id if carrier else None),
            fee_minor=one.fee.minor,
            tip_minor=one.tip.minor,
            tip_status=one.tip_status,
            currency=one.fee.currency,
            version=one.version,
        )


def _id(noun: str, value: UUID | None) -> str | None:
    return None if value is None else public(noun, value)


class LineTold(_Told):
    """One line of a timeline."""

    at: datetime
    kind: EntryKind
    what: str
    who: str
    facts: Mapping[str, Any]

    @classmethod
    def of(cls, line: Line) -> "LineTold":
        """The line as told."""
        return cls(at=line.at, kind=line.kind, what=line.what, who=line.who, facts=line.facts)


class DeliveryWhole(_Told):
    """One delivery and all that happened to it."""

    delivery: DeliveryTold
    pickup: PlaceTold
    dropoff: PlaceTold
    items: int
    weight_g: int
    leg_m: int
    leg_s: int
    expected_from: datetime | None = Field(description="When it should be at the door; null when over.")
    expected_to: datetime | None
    people: dict[str, str] = Field(description="Names of the drivers that the timeline speaks of, by id.")
    timeline: list[LineTold]

    @classmethod
    def of(cls, whole: Whole, now: datetime) -> "DeliveryWhole":
        """All of it as told at ``now``."""
        one = whole.delivery
        return cls(
            delivery=DeliveryTold.of(one, now),
            pickup=PlaceTold.of(one.pickup),
            dropoff=PlaceTold.of(one.dropoff),
            items=one.items,
            weight_g=one.weight_g,
            leg_m=one.leg_m,
            leg_s=one.leg_s,
            expected_from=whole.expected.earliest if whole.expected else None,
            expected_to=whole.expected.latest if whole.expected else None,
            people={public("driver", one.id): named(one) for one in whole.people},
            timeline=[LineTold.of(line) for line in whole.lines],
        )


class ChoiceTold(_Told):
    """Something that helps, with one key."""

    remedy: Remedy
    price_minor: int | None = Field(description="What it costs beyond what is due anyway; null: by quote.")
    undoable: bool
    driver: str | None
    name: str = Field(description="Who is meant: a driver or a shopper; else empty.")
    phone: str

    @classmethod
    def of(cls, choice: Choice) -> "ChoiceTold":
        """The choice as told."""
        return cls(
            remedy=choice.remedy,
            price_minor=choice.price_minor,
            undoable=choice.undoable,
            driver=_id("driver", choice.driver_id),
            name=choice.name,
            phone=choice.phone,
        )


class ConcernTold(_Told):
    """A line of the queue."""

    delivery: DeliveryTold
    trouble: Trouble
    since: datetime
    cost_minor: int = Field(description="What it comes to if nobody acts for another quarter of an hour.")
    sentence: str
    minutes: int = Field(description="How late, how long silent, how long waited: by its trouble.")
    driver_name: str
    remedies: list[Remedy]
    choices: list[ChoiceTold] = Field(description="What helps at this moment, the best first.")

    @classmethod
    def of(cls, trouble: Troubled, now: datetime) -> "ConcernTold":
        """The concern as told at ``now``."""
        concern, one = trouble.concern, trouble.delivery
        return cls(
            delivery=DeliveryTold.of(one, now),
            trouble=concern.trouble,
            since=concern.since,
            cost_minor=concern.cost_minor,
            sentence=concern.sentence,
            minutes=concern.minutes,
            driver_name=trouble.driver_name,
            remedies=list(concern.remedies),
            choices=[ChoiceTold.of(choice) for choice in trouble.choices],
        )


class Queue(_Told):
    """What needs somebody, the dearest to leave alone first."""

    as_of: datetime
    items: list[ConcernTold]


class PositionTold(_Told):
    """Where a driver was, and when."""

    lat: float
    lng: float
    at: datetime
    age_s: int


class TripTold(_Told):
    """A trip under way or next."""

    id: str
    state: TripState
    deliveries: list[str]
    stops_left: int
    terms_hash: str


class OfferTold(_Told):
    """An offer as staff see it."""

    id: str
    state: OfferState
    drivers: list[str]
    deliveries: list[str]
    expires_at: datetime
    terms_hash: str

    @classmethod
    def of(cls, offer: Offer) -> "OfferTold":
        """The offer as told."""
        return cls(
            id=public("offer", offer.id),
            state=offer.state,
            drivers=[public("driver", driver_id) for driver_id in offer.driver_ids],
            deliveries=[public("delivery", delivery_id) for delivery_id in offer.delivery_ids],
            expires_at=offer.expires_at,
            terms_hash=offer.terms_hash,
        )


class DriverDrawer(_Told):
    """A driver at this moment."""

    id: str
    first_name: str
    last_name: str
    phone: str
    vehicle: str
    state: DriverState
    state_reason: str
    on_duty: bool
    on_duty_since: datetime
    position: PositionTold | None
    trips: list[TripTold]
    offers: list[OfferTold]
    deliveries: list[DeliveryTold]

    @classmethod
    def of(cls, drawer: Drawer, now: datetime) -> "DriverDrawer":
        """The drawer as told at ``now``."""
        driver, fix = drawer.driver, drawer.fix
        vehicle = driver.vehicle
        return cls(
            id=public("driver", driver.id),
            first_name=driver.first_name,
            last_name=driver.last_name,
            phone=driver.phone,
            vehicle=" ".join(part for part in (vehicle.colour, vehicle.make, vehicle.kind) if part),
            state=driver.state,
            state_reason=drawer.reason,
            on_duty=driver.duty.at(now),
            on_duty_since=driver.duty.since,
            position=PositionTold(
                lat=fix.point.lat,
                lng=fix.point.lng,
                at=fix.device_at,
                age_s=max(int((now - fix.device_at).total_seconds()), 0),
            )
            if fix
            else None,
            trips=[
                TripTold(
                    id=public("trip", trip.id),
                    state=trip.state,
                    deliveries=[public("delivery", delivery_id) for delivery_id in trip.delivery_ids],
                    stops_left=len(trip.remaining),
                    terms_hash=trip.terms_hash,
                )
                for trip in drawer.trips
            ],
            offers=[OfferTold.of(offer) for offer in drawer.offers],
            deliveries=[DeliveryTold.of(one, now) for one in drawer.deliveries],
        )


class VitalsTold(_Told):
    """What a dispatcher looks at first."""

    as_of: datetime
    on_time_share: float | None = Field(
        description="Of what was delivered in the last hour; null: nothing was."
    )
    on_time_slices: list[float | None] = Field(description="The same up to each twelfth of that hour.")
    ended_last_hour: int
    delivered_today: int
    asked_recently: int = Field(description="Deliveries asked for in the last ten minutes.")
    open: int
    drivers_online: int
    drivers_busy: int
    offers_open: int
    promised_minus_paid_minor: int
    ledger_difference_minor: int
    currency: str

    @classmethod
    def of(cls, found: Vitals) -> "VitalsTold":
        """The figures as told."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class AssignAsked(_Asked):
    """Whom to ask, and why."""

    driver_id: Annotated[str, Field(max_length=40, examples=["drv_01jd0000000000000000000000"])]
    reason: Reason


class OverrideAsked(_Asked):
    """Why."""

    reason: Reason


class ReassignAsked(AssignAsked):
    """Who shall have the whole trip, and why."""


class ProviderAsked(OverrideAsked):
    """Why, and which company; the best fitting one when none is named."""

    provider_id: Annotated[str, Field(max_length=40, examples=["prv_01jd0000000000000000000000"])] | None = (
        None
    )


class AmendAsked(_Asked):
    """What shall change, and why; what is left out stays."""

    instructions: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] | None = None
    phone: Annotated[str, Field(max_length=20, pattern=r"^\+[1-9][0-9]{6,14}$")] | None = None
    ready_at: Annotated[AwareDatetime, Instant] | None = None
    reason: Reason


class CancelAsked(_Asked):
    """Why, as a code and in words."""

    why: CancelReason
    reason: Reason


class AuditTold(_Told):
    """One record of the audit."""

    id: int
    at: datetime
    at_wall: datetime
    actor: str
    audience: str
    act: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    hash: str

    @classmethod
    def of(cls, row: AuditRow) -> "AuditTold":
        """The record as told."""
        return cls(
            id=row.id,
            at=row.at,
            at_wall=row.at_wall,
            actor=row.actor,
            audience=row.audience,
            act=row.act,
            subject=row.subject,
            before=row.before,
            after=row.after,
            reason=row.reason,
            hash=row.hash.hex(),
        )


class AuditPage(_Told):
    """Records, newest first; go on with ``before=next``."""

    items: list[AuditTold]
    next: int | None


class AuditVerdict(_Told):
    """Whether the chain of the audit holds."""

    holds: bool
    broken_at: int | None = Field(
        default=None, description="The first record that does not fit; 0: the end is missing."
    )
    why: str = ""
