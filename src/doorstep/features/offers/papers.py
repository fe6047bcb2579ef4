"""The terms of an offer as they are stored, told and hashed: plain JSON values. Pure.

The hash is SHA-256 (hex) over the canonical encoding of ``document(terms)``: JSON with keys sorted by code
point, no spaces, UTF-8, no floating-point number (money in minor units, lengths in metres, places in
millionths of a degree, instants as RFC 3339 in UTC with six decimals). Whoever holds the document can
check it with any JSON library.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from doorstep.features.deliveries.rules import TipStatus
from doorstep.features.offers.terms import DropTerms, Joins, OfferMode, PayLine, PickupTerms, Terms
from doorstep.units.geo import LatLng
from doorstep.units.ids import DeliveryId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

FORM = "doorstep-terms/1"


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
