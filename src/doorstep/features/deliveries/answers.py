"""Deliveries as merchants are told of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.deliveries.rules import (
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Place,
    Proof,
    ProofKind,
    ReturnPolicy,
    ServiceLevel,
    TipStatus,
    expected,
)
from doorstep.features.deliveries.schemas import Contained
from doorstep.features.merchants.schemas import Address, Point
from doorstep.features.quotes.prices import LineKind
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class End(Told):
    """One end of the way."""

    name: str
    phone: str
    address: Address
    point: Point
    instructions: str
    precision: str = Field(description="How sure the point is; empty for your own store.")
    property_type: str

    @classmethod
    def of(cls, end: Place) -> Self:
        """The end as told."""
        return cls(
            name=end.name,
            phone=end.phone,
            address=Address.model_construct(
                line1=end.line1,
                line2=end.line2,
                city=end.city,
                state=end.state,
                postcode=end.postcode,
                country="US",
            ),
            point=Point(lat=end.point.lat, lng=end.point.lng),
            instructions=end.instructions,
            precision=end.precision,
            property_type=end.property_type,
        )


class CarrierTold(Told):
    """Who carries it."""

    kind: Literal["driver", "courier_company"]
    first_name: str
    vehicle: str

    @classmethod
    def of(cls, delivery: Delivery) -> Self | None:
        """The carrier as told; None before there is one."""
        if delivery.carrier is None:
            return None
        note = delivery.carrier_note
        return cls(
            kind="driver" if delivery.carrier.driver_id is not None else "courier_company",
            first_name=str(note.get("first_name", "")),
            vehicle=str(note.get("vehicle", "")),
        )


class FeeLine(Told):
    """One part of the fee."""

    kind: LineKind
    text: str
    amount_minor: int


class FeeTold(Told):
    """The fee, which never changes, and its parts."""

    total_minor: int
    currency: str
    lines: list[FeeLine]


class TipTold(Told):
    """The tip and how sure it is."""

    minor: int
    currency: str
    status: TipStatus


class EstimateTold(Told):
    """When it should arrive, coarsely; the tracking page knows better while somebody drives."""

    earliest: datetime
    latest: datetime
    as_of: datetime


class CarriedGoods(Told):
    """What is inside."""

    items: int
    units: int
    weight_g: int
    cart_minor: int
    contains: list[Contained]


class DeliveryTold(Told):
    """A delivery."""

    id: str = Field(examples=["dlv_01jd0000000000000000000000"])
    external_id: str
    quote_id: str | None
    state: DeliveryState
    service_level: ServiceLevel
    store: str
    pickup: End
    dropoff: End
    first_name: str
    last_name: str
    goods: CarriedGoods
    requirements: list[str]
    return_policy: ReturnPolicy
    carrier: CarrierTold | None
    estimate: EstimateTold | None = Field(description="Null once there is nothing to wait for.")
    ready_at: datetime
    earliest_drop_at: datetime | None
    due_at: datetime
    created_at: datetime
    assigned_at: datetime | None
    picked_up_at: datetime | None
    ended_at: datetime | None
    attempts: int
    fee: FeeTold
    tip: TipTold
    events: int = Field(description="How many events it has so far; they are numbered from 1 without gaps.")
    tracking_url: str

    @classmethod
    def of(cls, delivery: Delivery, now: MarketInstant, tracking_url: str) -> Self:
        """The delivery as told to its merchant."""
        range_ = expected(delivery, now)
        return cls(
            id=public("delivery", delivery.id),
            external_id=delivery.external_id,
            quote_id=None if delivery.quote_id is None else public("quote", delivery.quote_id),
            state=delivery.state,
            service_level=delivery.service_level,
            store=public("store", delivery.store_id),
            pickup=End.of(delivery.pickup),
            dropoff=End.of(delivery.dropoff),
            first_name=delivery.shopper_first_name,
            last_name=delivery.shopper_last_name,
            goods=CarriedGoods(
                items=delivery.items,
                units=delivery.units,
                weight_g=delivery.weight_g,
                cart_minor=delivery.cart.minor,
                contains=[Contained.model_validate(part) for part in delivery.manifest],
            ),
            requirements=sorted(delivery.requirements.names()),
            return_policy=delivery.return_policy,
            carrier=CarrierTold.of(delivery),
            estimate=None
            if range_ is None
            else EstimateTold(earliest=range_.earliest, latest=range_.latest, as_of=range_.as_of),
            ready_at=delivery.ready_at,
            earliest_drop_at=delivery.earliest_drop_at,
            due_at=delivery.due_at,
            created_at=delivery.created_at,
            assigned_at=delivery.assigned_at,
            picked_up_at=delivery.picked_up_at,
            ended_at=delivery.ended_at,
            attempts=delivery.attempts,
            fee=FeeTold(
                total_minor=delivery.fee.minor,
                currency=delivery.fee.currency,
                lines=[FeeLine.model_validate(line) for line in delivery.fee_lines],
            ),
            tip=TipTold(
                minor=delivery.tip.minor, currency=delivery.tip.currency, status=delivery.tip_status_at(now)
            ),
            events=delivery.events_count,
            tracking_url=tracking_url,
        )


_PRIVATE = frozenset({"point"})  # where a driver was is not a merchant's business


class EventTold(Told):
    """One line of the timeline."""

    seq: int
    name: str = Field(examples=["delivery.at_pickup"])
    at: datetime = Field(description="When the network learnt of it.")
    device_at: datetime | None = Field(description="When it happened, by the reporter's clock.")
    by: str = Field(description="merchant, shopper, driver, provider, staff or system")
    state_before: DeliveryState
    state_after: DeliveryState
    detail: dict[str, Any]

    @classmethod
    def of(cls, event: DeliveryEvent) -> Self:
        """The event as told to a merchant."""
        return cls(
            seq=event.seq,
            name=event.name,
            at=event.at,
            device_at=event.device_at,
            by=event.audience,
            state_before=event.state_before,
            state_after=event.state_after,
            detail=_shown(event.body),
        )


class ProofTold(Told):
    """A proof that was taken."""

    id: str = Field(examples=["prf_01jd0000000000000000000000"])
    kind: ProofKind
    ok: bool
    at: datetime
    picture: bool = Field(description="Whether there is a picture to fetch.")
    detail: dict[str, Any]

    @classmethod
    def of(cls, proof: Proof) -> Self:
        """The proof as told to a merchant."""
        return cls(
            id=public("proof", proof.id),
            kind=proof.kind,
            ok=proof.ok,
            at=proof.at,
            picture=proof.kind in {ProofKind.PHOTO, ProofKind.SIGNATURE} and "waived_by" not in proof.result,
            detail=_shown(proof.result) | ({"waived_by": "staff"} if "waived_by" in proof.result else {}),
        )


class PinTold(Told):
    """The code the shopper tells the driver; null when the delivery has none."""

    pin: str | None = Field(examples=["0471"])


def _shown(body: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _PRIVATE}
