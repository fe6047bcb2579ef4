"""What an offer promises: composed once, frozen when shown, told by a hash (``papers``). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import ceil
from uuid import UUID

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import Delivery, TipStatus
from doorstep.features.markets.rules import PayRates
from doorstep.units.geo import METRES_PER_MILE, LatLng
from doorstep.units.ids import DeliveryId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

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
    extras: Sequence[Money],
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
    Proposal. A stop takes ``pickup_stop_s`` or ``drop_stop_s``. Base is shared in proportion to each delivery's own way from its
    shop; ``extras`` are the deliveries' own, in their sequence. Raises ValueError when legs, visits and stops do not fit.
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
    shares = zip(deliveries, legs[len(pickups) - 1 :], base.split(weights), extras, strict=True)
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
        incentive=Money.sum(extras, rates.currency),
        return_per_mile_minor=rates.return_per_mile_minor,
        reason=reason,
        shown_at=shown_at,
        expires_at=expires_at,
    )


def still_true(drop: DropTerms, delivery: Delivery) -> bool:
    """Whether the frozen part of a delivery still describes it and promises no more than it can hold."""
    return (
        drop.zone == f"{delivery.dropoff.city} {delivery.dropoff.postcode}"
        and _same_place(drop.near, delivery.dropoff.point.rounded(AREA_M))
        and (drop.items, drop.units, drop.weight_g) == (delivery.items, delivery.units, delivery.weight_g)
        and drop.requirements == tuple(sorted(delivery.requirements.names()))
        and drop.due_at == delivery.due_at
        and drop.tip <= delivery.tip
    )


def _same_place(one: LatLng, other: LatLng) -> bool:
    """As far as the terms tell places apart: in millionths of a degree."""
    return (round(one.lat * 1e6), round(one.lng * 1e6)) == (round(other.lat * 1e6), round(other.lng * 1e6))
