"""What an offer promises: composed once, frozen when shown, told by a hash. Pure.

The hash is SHA-256 (hex) over the canonical encoding of ``document(terms)``: JSON with keys sorted by code
point, no spaces, UTF-8, no floating-point number (money in minor units, lengths in metres, places in
millionths of a degree, instants as RFC 3339 in UTC with six decimals). Whoever holds the document can
check it with any JSON library.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from math import ceil
from typing import Any
from uuid import UUID

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import Delivery, TipStatus
from doorstep.features.markets.rules import PayRates
from doorstep.units.geo import METRES_PER_MILE, LatLng
from doorstep.units.ids import DeliveryId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

FORM = "doorstep-terms/1"
AREA_M = 300
"""Before acceptance a door is shown as a point of a grid this wide."""


class OfferMode(StrEnum):
    """Whom an offer asks."""

    DIRECTED = "directed"  # one driver, in plan order, with a countdown
    BROADCAST = "broadcast"  # several at once: the first to accept has it


@dataclass(frozen=True, slots=True)
class PayLine:
    """One line of the arithmetic."""

    what: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupTerms:
    """A shop where goods are collected."""

    store_id: StoreId
    name: str
    address: str
    point: LatLng
    ready_at: MarketInstant
    delivery_ids: tuple[DeliveryId, ...]
    leg_m: int = 0  # from the shop before; 0 at the first


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTerms:
    """One delivery of the offer, with its whole tip and its share of the rest."""

    delivery_id: DeliveryId
    zone: str  # city and postcode
    near: LatLng  # within about 300 m; the exact address comes with acceptance
    items: int
    units: int
    weight_g: int
    requirements: tuple[str, ...]
    due_at: MarketInstant
    leg_m: int  # from the stop before
    base: Money
    incentive: Money
    tip: Money
    tip_status: TipStatus
    return_m: int  # the way back to the shop, should nobody take the goods
    return_pay: Money  # what that way back pays, at the rate shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Joins:
    """That an offer adds to a trip under way: which, and the doors it would then have, in their sequence, each after a leg."""

    trip_id: TripId
    doors: tuple[DeliveryId, ...]
    legs_m: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything the driver is shown, and exactly what she is paid by.

    ``base`` and ``incentive`` are the sums of the deliveries' shares; ``distance_m`` counts from the first
    shop, ``approach_m`` is the way there from the driver's last position when she alone is asked.
    Of an offer that ``joins`` a trip, all of it is what comes on top: way, minutes, pay.
    Raises ValueError when a sum does not hold or currencies differ.
    """

    mode: OfferMode
    currency: str
    pickups: tuple[PickupTerms, ...]
    drops: tuple[DropTerms, ...]
    distance_m: int
    approach_m: int | None
    minutes: int
    pay_lines: tuple[PayLine, ...]
    base: Money
    incentive: Money
    return_per_mile_minor: int
    reason: str
    shown_at: MarketInstant
    expires_at: MarketInstant
    joins: Joins | None = None

    def __post_init__(self) -> None:
        """Refuse terms whose parts are not the whole."""
        for whole, parts in (
            (self.base, [drop.base for drop in self.drops]),
            (self.base, [line.amount for line in self.pay_lines]),
            (self.incentive, [drop.incentive for drop in self.drops]),
        ):
            if Money.sum(parts, self.currency) != whole:
                raise ValueError("the parts of an offer's pay are not the whole")
        if not self.drops or any(drop.tip.currency != self.currency for drop in self.drops):
            raise ValueError("an offer has deliveries, all in one currency")

    @property
    def tip(self) -> Money:
        """The tips of all its deliveries, each whole."""
        return Money.sum((drop.tip for drop in self.drops), self.currency)

    @property
    def total(self) -> Money:
        """What the driver sees as the sum: base, incentive and tips."""
        return self.base + self.incentive + self.tip

    def drop(self, delivery_id: UUID) -> DropTerms | None:
        """The part of one delivery."""
        return next((drop for drop in self.drops if drop.delivery_id == delivery_id), None)


def _miles(metres: int) -> Decimal:
    return Decimal(metres) / Decimal(str(METRES_PER_MILE))


def pay_lines(
    rates: PayRates, metres: int, minutes: int, drops: int = 1, *, new_trip: bool = True
) -> tuple[PayLine, ...]:
    """The arithmetic of base pay: per trip, miles, minutes, and what lifts the sum to the deliveries' floors.

    Without ``new_trip`` nothing for the trip itself: what joins one never pays less than if all had been offered at once.
    """
    currency = rates.currency
    miles = _miles(metres)
    lines = [
        *([PayLine("per trip", Money(rates.base_minor, currency))] if new_trip else []),
        PayLine(f"{miles:.1f} miles", Money(rates.per_mile_minor, currency).times(miles)),
        PayLine(f"{minutes} minutes", Money(rates.per_minute_minor * minutes, currency)),
    ]
    floor = Money(rates.floor_minor * drops, currency)
    missing = floor - Money.sum((line.amount for line in lines), currency)
    if missing.minor > 0:
        lines.append(PayLine("lifted to the floor of " + str(floor), missing))
    return tuple(lines)


def base_pay(rates: PayRates, metres: int, minutes: int, drops: int = 1) -> Money:
    """The larger of the floor per delivery and base + miles + minutes; the sum of ``pay_lines``."""
    lines = pay_lines(rates, metres, minutes, drops)
    return Money.sum((line.amount for line in lines), rates.currency)


def return_pay(rates: PayRates, metres: int) -> Money:
    """What a way back of ``metres`` to the shop pays."""
    return Money(rates.return_per_mile_minor, rates.currency).times(_miles(metres))


def visits_of(deliveries: Sequence[Delivery]) -> tuple[tuple[DeliveryId, ...], ...]:
    """What is collected at each shop when nobody says in which sequence: as the doors come."""
    stores = dict.fromkeys(delivery.store_id for delivery in deliveries)
    return tuple(tuple(one.id for one in deliveries if one.store_id == store_id) for store_id in stores)


def pickups_of(
    deliveries: Sequence[Delivery], visits: Sequence[Sequence[DeliveryId]], legs: Sequence[Leg]
) -> tuple[PickupTerms, ...]:
    """The shops, with what is collected at each. Raises ValueError when deliveries and visits do not fit."""
    by_id = {delivery.id: delivery for delivery in deliveries}
    if sorted(one for visit in visits for one in visit) != sorted(by_id):
        raise ValueError("each delivery is collected once")
    found = []
    for number, visit in enumerate(visits):
        here = [by_id[one] for one in visit]
        if len({delivery.store_id for delivery in here}) != 1:
            raise ValueError("a visit is to one shop")
        shop = here[0].pickup
        street = f"{shop.line1} {shop.line2}".strip()
        found.append(
            PickupTerms(
                store_id=here[0].store_id,
                name=shop.name,
                address=f"{street}, {shop.city}, {shop.state} {shop.postcode}",
                point=shop.point,
                ready_at=max(delivery.ready_at for delivery in here),
                delivery_ids=tuple(delivery.id for delivery in here),
                leg_m=legs[number - 1].metres if number else 0,
            )
        )
    return tuple(found)


def drop_of(delivery: Delivery, leg: Leg, base: Money, incentive: Money, rates: PayRates) -> DropTerms:
    """The part of one delivery: its door at the end of ``leg``, and its shares of what the offer pays."""
    return DropTerms(
        delivery_id=delivery.id,
        zone=f"{delivery.dropoff.city} {delivery.dropoff.postcode}",
        near=delivery.dropoff.point.rounded(AREA_M),
        items=delivery.items,
        units=delivery.units,
        weight_g=delivery.weight_g,
        requirements=tuple(sorted(delivery.requirements.names())),
        due_at=delivery.due_at,
        leg_m=leg.metres,
        base=base,
        incentive=incentive,
        tip=delivery.tip,
        tip_status=delivery.tip_status,
        return_m=delivery.leg_m,
        return_pay=return_pay(rates, delivery.leg_m),
    )


def compose(
    *,
    mode: OfferMode,
    deliveries: Sequence[Delivery],
    legs: Sequence[Leg],
    rates: PayRates,
    incentive: Money,
    reason: str,
    shown_at: MarketInstant,
    expires_at: MarketInstant,
    visits: Sequence[Sequence[DeliveryId]] = (),
    approach_m: int | None = None,
    pickup_stop_s: int = 180,
    drop_stop_s: int = 180,
) -> Terms:
    """The terms of carrying ``deliveries`` in that order.

    ``legs`` lead from the first shop through further shops to each door: one fewer than there are stops. ``visits``: see
    Proposal. A stop takes ``pickup_stop_s`` or ``drop_stop_s``. Base and incentive are shared in proportion to each delivery's
    own way from its shop. Raises ValueError when legs, visits and stops do not fit.
    """
    visits = visits or visits_of(deliveries)
    if len(legs) != len(visits) - 1 + len(deliveries):
        raise ValueError(f"{len(legs)} legs do not join {len(visits)} shops and {len(deliveries)} doors")
    pickups = pickups_of(deliveries, visits, legs)
    distance_m = sum(leg.metres for leg in legs)
    drive_s = sum(leg.seconds for leg in legs)
    minutes = ceil((drive_s + pickup_stop_s * len(pickups) + drop_stop_s * len(deliveries)) / 60)
    lines = pay_lines(rates, distance_m, minutes, len(deliveries))
    base = Money.sum((line.amount for line in lines), rates.currency)
    weights = [delivery.leg_m + 1 for delivery in deliveries]
    shares = zip(
        deliveries, legs[len(pickups) - 1 :], base.split(weights), incentive.split(weights), strict=True
    )
    drops = tuple(drop_of(*share, rates) for share in shares)
    return Terms(
        mode=mode,
        currency=rates.currency,
        pickups=pickups,
        drops=drops,
        distance_m=distance_m,
        approach_m=approach_m,
        minutes=minutes,
        pay_lines=lines,
        base=base,
        incentive=incentive,
        return_per_mile_minor=rates.return_per_mile_minor,
        reason=reason,
        shown_at=shown_at,
        expires_at=expires_at,
    )


def still_true(drop: DropTerms, delivery: Delivery) -> bool:
    """Whether the frozen part of a delivery still describes it and promises no more than it can hold."""
    return (
        drop.zone == f"{delivery.dropoff.city} {delivery.dropoff.postcode}"
        and document_point(drop.near) == document_point(delivery.dropoff.point.rounded(AREA_M))
        and (drop.items, drop.units, drop.weight_g) == (delivery.items, delivery.units, delivery.weight_g)
        and drop.requirements == tuple(sorted(delivery.requirements.names()))
        and drop.due_at == delivery.due_at
        and drop.tip <= delivery.tip
    )


def document_point(point: LatLng) -> dict[str, int]:
    """A place in millionths of a degree."""
    return {"lat_e6": round(point.lat * 1_000_000), "lng_e6": round(point.lng * 1_000_000)}


def _point(stored: Mapping[str, int]) -> LatLng:
    return LatLng(lat=stored["lat_e6"] / 1_000_000, lng=stored["lng_e6"] / 1_000_000)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _at(stored: str) -> MarketInstant:
    return MarketInstant(datetime.fromisoformat(stored))


def document(terms: Terms) -> dict[str, Any]:
    """The terms as plain JSON values: what is stored, told to listeners, and hashed."""
    return {
        "form": FORM,
        "mode": terms.mode.value,
        "currency": terms.currency,
        "distance_m": terms.distance_m,
        "approach_m": terms.approach_m,
        "minutes": terms.minutes,
        "pay_lines": [{"what": line.what, "minor": line.amount.minor} for line in terms.pay_lines],
        "base_minor": terms.base.minor,
        "incentive_minor": terms.incentive.minor,
        "tip_minor": terms.tip.minor,
        "total_minor": terms.total.minor,
        "return_per_mile_minor": terms.return_per_mile_minor,
        "reason": terms.reason,
        "shown_at": _instant(terms.shown_at),
        "expires_at": _instant(terms.expires_at),
        "pickups": [
            {
                "store_id": str(pickup.store_id),
                "name": pickup.name,
                "address": pickup.address,
                "point": document_point(pickup.point),
                "ready_at": _instant(pickup.ready_at),
                "delivery_ids": [str(delivery_id) for delivery_id in pickup.delivery_ids],
                **({"leg_m": pickup.leg_m} if pickup.leg_m else {}),
            }
            for pickup in terms.pickups
        ],
        "drops": [
            {
                "delivery_id": str(drop.delivery_id),
                "zone": drop.zone,
                "near": document_point(drop.near),
                "items": drop.items,
                "units": drop.units,
                "weight_g": drop.weight_g,
                "requirements": list(drop.requirements),
                "due_at": _instant(drop.due_at),
                "leg_m": drop.leg_m,
                "base_minor": drop.base.minor,
                "incentive_minor": drop.incentive.minor,
                "tip_minor": drop.tip.minor,
                "tip_status": drop.tip_status.value,
                "return_m": drop.return_m,
                "return_pay_minor": drop.return_pay.minor,
            }
            for drop in terms.drops
        ],
        **({"joins": _joins(terms.joins)} if terms.joins else {}),
    }


def _joins(joins: Joins) -> dict[str, Any]:
    doors = zip(joins.doors, joins.legs_m, strict=True)
    return {
        "trip_id": str(joins.trip_id),
        "doors": [{"delivery_id": str(one), "leg_m": leg_m} for one, leg_m in doors],
    }


def joins_of(stored: Mapping[str, Any]) -> Joins | None:
    """The trip that a stored document adds to, if any."""
    if (told := stored.get("joins")) is None:
        return None
    return Joins(
        trip_id=TripId(UUID(told["trip_id"])),
        doors=tuple(DeliveryId(UUID(door["delivery_id"])) for door in told["doors"]),
        legs_m=tuple(door["leg_m"] for door in told["doors"]),
    )


def from_document(stored: Mapping[str, Any]) -> Terms:
    """The terms behind a stored document. Raises ValueError for a form nobody knows."""
    if stored.get("form") != FORM:
        raise ValueError(f"terms of an unknown form: {stored.get('form')}")
    currency = stored["currency"]

    def money(minor: int) -> Money:
        return Money(minor, currency)

    return Terms(
        mode=OfferMode(stored["mode"]),
        currency=currency,
        distance_m=stored["distance_m"],
        approach_m=stored["approach_m"],
        minutes=stored["minutes"],
        pay_lines=tuple(PayLine(line["what"], money(line["minor"])) for line in stored["pay_lines"]),
        base=money(stored["base_minor"]),
        incentive=money(stored["incentive_minor"]),
        return_per_mile_minor=stored["return_per_mile_minor"],
        reason=stored["reason"],
        shown_at=_at(stored["shown_at"]),
        expires_at=_at(stored["expires_at"]),
        pickups=tuple(
            PickupTerms(
                store_id=StoreId(UUID(pickup["store_id"])),
                name=pickup["name"],
                address=pickup["address"],
                point=_point(pickup["point"]),
                ready_at=_at(pickup["ready_at"]),
                delivery_ids=tuple(DeliveryId(UUID(one)) for one in pickup["delivery_ids"]),
                leg_m=pickup.get("leg_m", 0),
            )
            for pickup in stored["pickups"]
        ),
        drops=tuple(
            DropTerms(
                delivery_id=DeliveryId(UUID(drop["delivery_id"])),
                zone=drop["zone"],
                near=_point(drop["near"]),
                items=drop["items"],
                units=drop["units"],
                weight_g=drop["weight_g"],
                requirements=tuple(drop["requirements"]),
                due_at=_at(drop["due_at"]),
                leg_m=drop["leg_m"],
                base=money(drop["base_minor"]),
                incentive=money(drop["incentive_minor"]),
                tip=money(drop["tip_minor"]),
                tip_status=TipStatus(drop["tip_status"]),
                return_m=drop["return_m"],
                return_pay=money(drop["return_pay_minor"]),
            )
            for drop in stored["drops"]
        ),
        joins=joins_of(stored),
    )


def canonical(stored: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed."""
    return json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def document_hash(stored: Mapping[str, Any]) -> str:
    """SHA-256 of a stored document, in hex."""
    return hashlib.sha256(canonical(stored)).hexdigest()


def terms_hash(terms: Terms) -> str:
    """The hash by which these terms are known."""
    return document_hash(document(terms))
