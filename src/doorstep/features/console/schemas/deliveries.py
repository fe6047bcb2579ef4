"""A delivery on the wire of the console: as lists show it, and whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from doorstep.features.console.remedies import named
from doorstep.features.console.rules import EntryKind, Line
from doorstep.features.console.schemas.wire import Told, id_of
from doorstep.features.console.timeline import Whole
from doorstep.features.deliveries.rules import Delivery, DeliveryState, Place, TipStatus
from doorstep.features.markets.rules import ServiceLevel
from doorstep.units.ids import public


class PlaceTold(Told):
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


class DeliveryTold(Told):
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
            driver=id_of("driver", carrier.driver_id if carrier else None),
            trip=id_of("trip", carrier.trip_id if carrier else None),
            provider_job=id_of("provider_job", carrier.provider_job_id if carrier else None),
            fee_minor=one.fee.minor,
            tip_minor=one.tip.minor,
            tip_status=one.tip_status,
            currency=one.fee.currency,
            version=one.version,
        )


class LineTold(Told):
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


class DeliveryWhole(Told):
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
    people: dict[str, str] = Field(
        description="Names of those the timeline speaks of: drivers by id, staff as `who` names them."
    )
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
            people={public("driver", one.id): named(one) for one in whole.people} | whole.names,
            timeline=[LineTold.of(line) for line in whole.lines],
        )
