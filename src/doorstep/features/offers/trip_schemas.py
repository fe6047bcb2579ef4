"""Trips and reports from the road on the wire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints

from doorstep.features.deliveries.rules import (
    Delivery,
    DeliveryState,
    Place,
    ProofKind,
    ReturnPolicy,
    owed_proofs,
)
from doorstep.features.offers import rules
from doorstep.features.offers.reporting import Heard
from doorstep.features.offers.rules import Cause, ReportKind, Stop, StopKind, StopState, Trip, TripState
from doorstep.features.offers.schemas import Asked, Point, Told
from doorstep.units.ids import public

Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9_]*$")]
PublicId = Annotated[str, StringConstraints(max_length=40)]
Scan = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
ReportId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$"),
    Field(description="The phone's own: the same one counts once.", examples=["7d2c-41"]),
]


class Address(Told):
    """An exact address, for those on the trip alone."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postcode: str
    point: Point
    instructions: str

    @classmethod
    def of(cls, place: Place, name: str) -> Self:
        """As told of ``place``."""
        return cls(
            name=name,
            phone=place.phone,
            line1=place.line1,
            line2=place.line2,
            city=place.city,
            state=place.state,
            postcode=place.postcode,
            point=Point.of(place.point),
            instructions=place.instructions,
        )


class StopTold(Told):
    """One stop of a trip."""

    position: int
    kind: StopKind
    state: StopState
    store: str | None
    deliveries: list[str]
    address: Address | None = Field(description="Only while the trip is yours to do.")
    leg_m: int
    leg_s: int
    ready_at: datetime | None
    due_at: datetime | None
    reached_at: datetime | None
    done_at: datetime | None


class CarriedTold(Told):
    """A delivery on a trip."""

    id: str
    state: DeliveryState
    shopper_first_name: str
    items: int
    units: int
    weight_g: int
    requirements: list[str]
    proofs: list[ProofKind] = Field(description="What the hand-over needs.")
    return_policy: ReturnPolicy = Field(description="What happens to goods that could not be handed over.")
    order: str = Field(description="The merchant's own number, to be said at the counter.")
    offer: str = Field(description="The offer by which you took it.")
    tip_minor: int
    due_at: datetime


class ChangeTold(Told):
    """A delivery left the trip; what you keep for it."""

    delivery: str
    cause: Cause
    why: str
    at: datetime
    kept_minor: int
    tip_cover_minor: int
    currency: str


class TripTold(Told):
    """A trip."""

    id: str = Field(examples=["trp_01jd0000000000000000000000"])
    offer: str = Field(description="The offer that began it.")
    offers: list[str] = Field(description="That one, and those by which more of the shop joined it.")
    state: TripState
    shops: list[str] = Field(description="Names of the shops, in order.", examples=[["Juniper Cupcakes"]])
    stops: list[StopTold]
    deliveries: list[CarriedTold]
    changes: list[ChangeTold]
    terms_hash: str
    accepted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, trip: Trip, carried: Sequence[Delivery]) -> Self:
        """As told of ``trip``; addresses only while it is live."""
        known = {delivery.id: delivery for delivery in carried}
        live = trip.state in rules.LIVE_TRIPS
        return cls(
            id=public("trip", trip.id),
            offer=public("offer", trip.offer_id),
            offers=[public("offer", one) for one in trip.offers],
            state=trip.state,
            shops=list(dict.fromkeys(delivery.pickup.name for delivery in carried)),
            stops=[_stop(stop, known if live else {}) for stop in trip.stops],
            deliveries=[
                CarriedTold(
                    id=public("delivery", delivery.id),
                    state=delivery.state,
                    shopper_first_name=delivery.shopper_first_name,
                    items=delivery.items,
                    units=delivery.units,
                    weight_g=delivery.weight_g,
                    requirements=sorted(delivery.requirements.names()),
                    proofs=sorted(owed_proofs(delivery.requirements)),
                    return_policy=delivery.return_policy,
                    order=delivery.external_id,
                    offer=public("offer", trip.joined.get(delivery.id, trip.offer_id)),
                    tip_minor=delivery.tip.minor,
                    due_at=delivery.due_at,
                )
                for delivery in carried
            ],
            changes=[
                ChangeTold(
                    delivery=public("delivery", change.delivery_id),
                    cause=change.cause,
                    why=change.why,
                    at=change.at,
                    kept_minor=change.kept.minor,
                    tip_cover_minor=change.tip_cover.minor,
                    currency=change.kept.currency,
                )
                for change in trip.changes
            ],
            terms_hash=trip.terms_hash,
            accepted_at=trip.accepted_at,
            started_at=trip.started_at,
            ended_at=trip.ended_at,
        )


def _called(stop: Stop, delivery: Delivery) -> str:
    """A shop by its name; whoever opens a door by first name and initial: a driver never needs more."""
    if stop.kind is not StopKind.DROP:
        return delivery.pickup.name
    initial = delivery.shopper_last_name[:1]
    return f"{delivery.shopper_first_name} {initial}." if initial else delivery.shopper_first_name


def _stop(stop: Stop, known: Mapping[Any, Delivery]) -> StopTold:
    here = next((known[one] for one in stop.delivery_ids if one in known), None)
    place = None if here is None else here.dropoff if stop.kind is StopKind.DROP else here.pickup
    return StopTold(
        position=stop.position,
        kind=stop.kind,
        state=stop.state,
        store=None if stop.store_id is None else public("store", stop.store_id),
        deliveries=[public("delivery", one) for one in stop.delivery_ids],
        address=None if place is None or here is None else Address.of(place, _called(stop, here)),
        leg_m=stop.leg_m,
        leg_s=stop.leg_s,
        ready_at=stop.not_before,
        due_at=stop.due_at,
        reached_at=stop.reached_at,
        done_at=stop.done_at,
    )


class Current(Told):
    """What a driver is on, and what comes after it."""

    trip: TripTold | None
    next: TripTold | None


class PointAsked(Asked):
    """A place in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lng: Annotated[float, Field(ge=-180, le=180)]


class PaperAsked(Asked):
    """What was seen of an identity paper; no number, no name."""

    paper: Annotated[str, StringConstraints(pattern=r"^(driver_license|passport|state_id|other)$")]
    of_age: bool
    expired: bool = False
    last_4: Annotated[str, StringConstraints(max_length=4, pattern=r"^[A-Za-z0-9]*$")] = ""


class ReportAsked(Asked):
    """One thing that happened on the road. May come late, twice, or before earlier ones: it counts once."""

    report_id: ReportId
    kind: ReportKind
    deliveries: Annotated[list[PublicId], Field(max_length=20)] = Field(
        default_factory=list,
        description="May be left out at a shop: then all that are collected or brought back there.",
    )
    device_at: AwareDatetime | None = None
    point: PointAsked | None = None
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None = None
    scans: Annotated[list[Scan], Field(max_length=50)] = Field(default_factory=list)
    paper: PaperAsked | None = None
    reason: Code = Field(default="", examples=["nobody_home"])
    note: Text = ""


class ReportsAsked(Asked):
    """Reports of one trip."""

    reports: Annotated[list[ReportAsked], Field(min_length=1, max_length=100)]


class ProofTold(Told):
    """A proof that was taken. ``ok`` is false for a wrong code or a paper that does not do."""

    kind: ProofKind
    ok: bool
    result: dict[str, Any]


class HeardTold(Told):
    """What became of one report about one delivery."""

    report_id: str
    delivery: str
    counted: bool = Field(description="It counts, or was known already.")
    state: DeliveryState | None
    proofs: list[ProofTold]
    problem: dict[str, Any] | None = Field(description="Why it does not count, as a problem document.")

    @classmethod
    def of(cls, heard: Heard) -> Self:
        """As told of ``heard``."""
        return cls(
            report_id=heard.report_id,
            delivery=public("delivery", heard.delivery_id),
            counted=heard.refusal is None,
            state=heard.state,
            proofs=[ProofTold(kind=one.kind, ok=one.ok, result=dict(one.result)) for one in heard.proofs],
            problem=None if heard.refusal is None else heard.refusal.problem(),
        )


class ReportsTold(Told):
    """What became of each report, and the trip as it stands now."""

    heard: list[HeardTold]
    trip: TripTold


class GiveBackAsked(Asked):
    """Why a delivery is given back, in the driver's words; kept, never scored."""

    reason: Text = ""
