"""The wire of the shopper's view."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.deliveries.rules import DeliveryState, ProofKind, TipStatus
from doorstep.features.markets.rules import MOST_MINOR
from doorstep.features.tracking.rules import Basis, Estimate, Seen, ShopperView, Step
from doorstep.units.geo import LatLng
from doorstep.units.ids import public


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class EstimateTold(_Told):
    """The door is reached between two whole minutes, at least four apart."""

    earliest: datetime
    latest: datetime
    basis: Basis = Field(description="What it rests on: the promise, the driver's plan, or her position.")
    as_of: datetime = Field(description="Business time of what it rests on.")
    age_s: int = Field(ge=0, description="How old that is.")

    @classmethod
    def of(cls, estimate: Estimate, now: datetime) -> "EstimateTold":
        """The estimate with its age."""
        return cls(
            earliest=estimate.earliest,
            latest=estimate.latest,
            basis=estimate.basis,
            as_of=estimate.as_of,
            age_s=max(int((now - estimate.as_of).total_seconds()), 0),
        )


class PositionTold(_Told):
    """Where the car was; rounded to about 50 m until it is near."""

    lat: float
    lng: float
    at: datetime
    age_s: int = Field(ge=0)
    exact: bool
    within_m: int = Field(ge=0, description="The car is within so many metres of it.")

    @classmethod
    def of(cls, seen: Seen, now: datetime) -> "PositionTold":
        """The position with its age."""
        return cls(
            lat=round(seen.point.lat, 6),
            lng=round(seen.point.lng, 6),
            at=seen.at,
            age_s=max(int((now - seen.at).total_seconds()), 0),
            exact=seen.exact,
            within_m=seen.within_m,
        )


class MerchantTold(_Told):
    """Who sends it, in its own colours."""

    name: str
    colour: str
    text_colour: str
    logo_url: str


class PointTold(_Told):
    """A place in degrees."""

    lat: float
    lng: float

    @classmethod
    def of(cls, point: LatLng) -> "PointTold":
        """As told of ``point``."""
        return cls(lat=round(point.lat, 6), lng=round(point.lng, 6))


class ShopTold(_Told):
    """Where the order comes from."""

    name: str
    address: str
    point: PointTold


class DriverTold(_Told):
    """Who brings it."""

    first_name: str
    vehicle: str


class TipTold(_Told):
    """The tip; all of it goes to the driver."""

    amount_minor: int
    currency: str
    most_minor: int = Field(description="The largest it can be, by the market's tariff.")
    status: TipStatus
    open: bool = Field(description="Whether it can still be changed.")
    only_rises: bool


class ProofTold(_Told):
    """A picture of the hand-over."""

    id: str = Field(examples=["prf_01jd0000000000000000000000"])
    kind: ProofKind
    at: datetime


class Tracking(_Told):
    """One delivery as its shopper sees it."""

    state: DeliveryState
    step: Step
    sentence: str = Field(description="What is going on, in words.")
    merchant: MerchantTold
    shopper: str = Field(description="First name.")
    market: str = Field(examples=["mkt_01jd0000000000000000000000"])
    order: str = Field(description="The merchant's own number of the order; empty without one.")
    items: int
    shop: ShopTold
    door: PointTold
    requirements: list[str] = Field(examples=[["alcohol", "age_21"]])
    doors_before: int = Field(
        description="Stops the driver makes before this door, as planned; a shop counts while she has these goods on board."
    )
    booked_at: datetime
    picked_up_at: datetime | None
    reached_at: datetime | None = Field(description="When the driver came to the door.")
    timezone: str = Field(examples=["America/Chicago"])
    promised_by: datetime
    estimate: EstimateTold | None = Field(description="Null once there is nothing to wait for.")
    position: PositionTold | None = Field(description="Only on the leg to this door.")
    driver: DriverTold | None
    pin: str | None = Field(description="The code to tell the driver, until the hand-over.")
    instructions: str
    may_instruct: bool
    tip: TipTold
    proofs: list[ProofTold]
    ended_at: datetime | None
    as_of: datetime

    @classmethod
    def of(cls, view: ShopperView) -> "Tracking":
        """The view as told."""
        now = view.now
        return cls(
            state=view.state,
            step=view.step,
            sentence=view.sentence,
            merchant=MerchantTold(
                name=view.merchant,
                colour=view.brand.colour,
                text_colour=view.brand.readable_text,
                logo_url=view.brand.logo_url,
            ),
            shopper=view.shopper,
            market=public("market", view.market_id),
            order=view.order,
            items=view.items,
            shop=ShopTold(
                name=view.shop.name, address=view.shop.address, point=PointTold.of(view.shop.point)
            ),
            door=PointTold.of(view.door),
            requirements=sorted(view.requirements),
            doors_before=view.doors_before,
            booked_at=view.booked_at,
            picked_up_at=view.picked_up_at,
            reached_at=view.reached_at,
            timezone=view.timezone,
            promised_by=view.due_at,
            estimate=EstimateTold.of(view.estimate, now) if view.estimate else None,
            position=PositionTold.of(view.position, now) if view.position else None,
            driver=DriverTold(first_name=view.driver, vehicle=view.vehicle) if view.driver else None,
            pin=view.pin,
            instructions=view.instructions,
            may_instruct=view.may_instruct,
            tip=TipTold(
                amount_minor=view.tip.minor,
                currency=view.tip.currency,
                most_minor=view.tip_limit.minor,
                status=view.tip_status,
                open=view.may_tip,
                only_rises=view.tip_only_rises,
            ),
            proofs=[ProofTold(id=public("proof", p.id), kind=p.kind, at=p.at) for p in view.proofs],
            ended_at=view.ended_at,
            as_of=now,
        )


class Instructions(BaseModel):
    """How to find the door."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"instructions": "Blue door"}]})
    instructions: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class TipWanted(BaseModel):
    """A tip in minor units of the delivery's currency."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount_minor": 500}]})
    amount_minor: Annotated[int, Field(ge=0, le=MOST_MINOR, strict=True)]
