"""Offers on the wire; trips are in ``trip_schemas``."""

from datetime import datetime
from math import ceil
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import (
    TipStatus,
)
from doorstep.features.offers.rules import (
    CAR_PER_MILE_MINOR,
    Offer,
    OfferMode,
    OfferState,
    net_of,
)
from doorstep.units.geo import LatLng
from doorstep.units.ids import public


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Point(Told):
    """A place in degrees."""

    lat: float = Field(examples=[36.1627])
    lng: float = Field(examples=[-86.7816])

    @classmethod
    def of(cls, point: LatLng) -> Self:
        """As told of ``point``."""
        return cls(lat=round(point.lat, 6), lng=round(point.lng, 6))


class PayLineTold(Told):
    """One line of the arithmetic of the base pay."""

    what: str = Field(examples=["6.2 miles"])
    amount_minor: int = Field(examples=[415])


class PickupTold(Told):
    """A shop of an offer."""

    store: str = Field(examples=["str_01jd0000000000000000000000"])
    name: str
    address: str
    point: Point
    ready_at: datetime
    deliveries: list[str]
    leg_m: int = Field(description="From the shop before; 0 at the first.")


class DropTold(Told):
    """A door of an offer: the area before acceptance, and what it pays."""

    delivery: str = Field(examples=["dlv_01jd0000000000000000000000"])
    zone: str = Field(examples=["Nashville 37203"])
    near: Point = Field(description="Within about 300 m; the address comes with acceptance.")
    items: int
    units: int
    weight_g: int
    requirements: list[str] = Field(examples=[["alcohol", "age_21"]])
    due_at: datetime
    leg_m: int
    base_minor: int
    incentive_minor: int
    tip_minor: int
    tip_status: TipStatus
    return_m: int
    return_pay_minor: int = Field(description="Paid on top when the goods must go back to the shop.")


class JoinsTold(Told):
    """That an offer adds to the trip you are on, before you have its goods."""

    trip: str = Field(examples=["trp_01jd0000000000000000000000"])
    doors: list[str] = Field(
        description="All deliveries the trip would then have, in the sequence of their doors."
    )


class OfferTold(Told):
    """An offer with its frozen terms."""

    id: str = Field(examples=["off_01jd0000000000000000000000"])
    mode: OfferMode
    state: OfferState
    currency: str = Field(examples=["USD"])
    total_minor: int = Field(description="Base, incentive and tips together.", examples=[1510])
    base_minor: int
    incentive_minor: int
    tip_minor: int
    pay_lines: list[PayLineTold] = Field(description="They add up to `base_minor`.")
    return_per_mile_minor: int
    distance_m: int = Field(description="From the first shop to the last door.")
    approach_m: int | None = Field(
        description="From your last position to the first shop: as it was when you alone were asked, as it is when several are."
    )
    approach_minutes: int | None = Field(description="How long that takes. Not part of `minutes`.")
    minutes: int
    pickups: list[PickupTold]
    drops: list[DropTold]
    car_per_mile_minor: int = Field(description="What a mile is reckoned to cost the car; yours may differ.")
    car_minor: int = Field(description="What the car costs at that, approach included.", examples=[273])
    net_per_hour_minor: int = Field(
        description="What stays per hour after the car, from where you are.", examples=[2147]
    )
    reason: str
    shown_at: datetime
    expires_at: datetime
    real_s_left: float = Field(description="Seconds on a real clock until it runs out.")
    terms_hash: str = Field(description="SHA-256 of the terms in their canonical form.")
    trip: str | None
    joins: JoinsTold | None = Field(
        description="Set when it adds to the trip you are on: way, minutes and pay are then what comes on top."
    )

    @classmethod
    def of(cls, offer: Offer, real_s_left: float, approach: Leg | None) -> Self:
        """As told of ``offer`` to a driver who is ``approach`` away from its first shop, None when nobody knows."""
        terms = offer.terms
        approach_m, approach_minutes = (
            (None, None) if approach is None else (approach.metres, ceil(approach.seconds / 60))
        )
        car_minor, net_minor = net_of(
            terms.total.minor,
            (approach_m or 0) + terms.distance_m,
            (approach_minutes or 0) + terms.minutes,
            CAR_PER_MILE_MINOR,
        )
        return cls(
            id=public("offer", offer.id),
            mode=offer.mode,
            state=offer.state,
            currency=terms.currency,
            total_minor=terms.total.minor,
            base_minor=terms.base.minor,
            incentive_minor=terms.incentive.minor,
            tip_minor=terms.tip.minor,
            pay_lines=[
                PayLineTold(what=line.what, amount_minor=line.amount.minor) for line in terms.pay_lines
            ],
            return_per_mile_minor=terms.return_per_mile_minor,
            distance_m=terms.distance_m,
            approach_m=approach_m,
            approach_minutes=approach_minutes,
            minutes=terms.minutes,
            pickups=[
                PickupTold(
                    store=public("store", pickup.store_id),
                    name=pickup.name,
                    address=pickup.address,
                    point=Point.of(pickup.point),
                    ready_at=pickup.ready_at,
                    deliveries=[public("delivery", one) for one in pickup.delivery_ids],
                    leg_m=pickup.leg_m,
                )
                for pickup in terms.pickups
            ],
            drops=[
                DropTold(
                    delivery=public("delivery", drop.delivery_id),
                    zone=drop.zone,
                    near=Point.of(drop.near),
                    items=drop.items,
                    units=drop.units,
                    weight_g=drop.weight_g,
                    requirements=list(drop.requirements),
                    due_at=drop.due_at,
                    leg_m=drop.leg_m,
                    base_minor=drop.base.minor,
                    incentive_minor=drop.incentive.minor,
                    tip_minor=drop.tip.minor,
                    tip_status=drop.tip_status,
                    return_m=drop.return_m,
                    return_pay_minor=drop.return_pay.minor,
                )
                for drop in terms.drops
            ],
            car_per_mile_minor=CAR_PER_MILE_MINOR,
            car_minor=car_minor,
            net_per_hour_minor=net_minor,
            reason=terms.reason,
            shown_at=terms.shown_at,
            expires_at=terms.expires_at,
            real_s_left=round(real_s_left, 1) if offer.state is OfferState.OPEN else 0.0,
            terms_hash=offer.terms_hash,
            trip=None if offer.trip_id is None else public("trip", offer.trip_id),
            joins=None
            if terms.joins is None
            else JoinsTold(
                trip=public("trip", terms.joins.trip_id),
                doors=[public("delivery", one) for one in terms.joins.doors],
            ),
        )


class Offers(Told):
    """Offers you may accept now."""

    items: list[OfferTold]


class TermsTold(Told):
    """The frozen document and its hash, for whoever wants to check them."""

    terms_hash: str
    terms: dict[str, Any]


class ZoneTold(Told):
    """Offers of one area, lately."""

    point: Point = Field(description="The middle of the area's shops.")
    offers: int


class Zones(Told):
    """Where offers were made lately."""

    since: datetime
    items: list[ZoneTold]
