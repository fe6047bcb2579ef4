"""The market as the engine sees it, made of what the features below believe. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from doorstep.engine.params import Params
from doorstep.engine.world import FOREVER_S, Order, Plan, World
from doorstep.engine.world import Driver as EngineDriver
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.dispatch.rules import Policy
from doorstep.features.drivers.rules import Ability, Driver, abilities_for, why_not
from doorstep.features.fixes.rules import Fix
from doorstep.features.markets.rules import Market
from doorstep.features.offers.rising import NEVER_PASSED, Passed
from doorstep.features.offers.rules import Offer, OfferMode, Trip, TripState
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.ids import DriverId
from doorstep.units.time import MarketInstant, epoch_s

ABILITIES = {ability: 1 << number for number, ability in enumerate(Ability)}
PICKUP_SERVICE_S = 240
DROPOFF_SERVICE_S = 180
SILENT_S = 900
"""A free driver whose last fix is older than this (market time) is not planned with: she may be anywhere."""

STANDARD = Params(offer_lead_s=180, ask_ahead_s=300, join_lead_s=600, whole_trips=True, load_most=4)
"""The engine's knobs of a market that has set none. An offer's terms stand, so a trip goes out whole; and where a market mixes stores,
a trip holds as many deliveries as one of one store. More for a trip is asked as soon as it is planned: a no leaves time for others."""
NAMED_MOST = 8
"""Drivers kept from an order who are named in its reason; a dispatcher reads no more, and knows the nearest."""
TRIPS_GROW = 1
"""Whether more of a shop may join a trip until its goods are collected, unless the market says otherwise."""
COMPANY_PICKUP_S = 1200
"""How long a courier company's courier is reckoned to take to a store, unless the market says otherwise."""
COLD_RIDE_S = 3600
"""How long chilled or frozen goods ride at most in an insulated bag, from the pickup to the door, unless the market says otherwise."""
UNHEARD_S = 120
"""A driver under way whose last fix is older than this is not asked ahead: her phone could not tell her."""


@dataclass(frozen=True, slots=True)
class Belief:
    """Everything a tick read from the database."""

    market: Market
    now: MarketInstant
    deliveries: Sequence[Delivery]
    drivers: Sequence[Driver]
    fixes: Mapping[Any, Fix]
    trips: Sequence[Trip]
    offers: Sequence[Offer]
    passed: Mapping[Any, Passed[UUID]]
    plan: Plan
    outside: frozenset[UUID] = frozenset()
    """Deliveries for which a courier company may have a courier on the way."""
    companies: frozenset[UUID] = frozenset()
    """Deliveries that nobody took in a broadcast and that the ladder can hand to a courier company."""
    fees: Mapping[UUID, int] = field(default_factory=dict)
    """What a courier company would want for a delivery, in the market's minor units, where it competes with drivers."""
    apart: frozenset[UUID] = frozenset()
    """Merchants whose deliveries share a trip with no other."""
    carried: Mapping[UUID, Delivery] = field(default_factory=dict)
    """Deliveries that drivers are under way to collect, of trips that may grow (``may_grow``)."""

    def passed_on(self, delivery: Delivery) -> Passed[UUID]:
        """How often it was passed on, and by whom."""
        return self.passed.get(delivery.id, NEVER_PASSED)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The engine's world and the places its indices stand for."""

    world: World
    places: tuple[LatLng, ...]
    versions: Mapping[UUID, int]
    growing: Mapping[str, Trip] = field(default_factory=dict)
    """By driver, the trip that more of its shop may join."""


def knob(market: Market, name: str, default: float) -> float:
    """One dispatch setting of the market."""
    return float(market.dispatch.get(name, default))


def stops_s(market: Market) -> tuple[int, int]:
    """How long a stop takes at a store and at a door, in seconds."""
    return (
        int(knob(market, "pickup_service_s", PICKUP_SERVICE_S)),
        int(knob(market, "dropoff_service_s", DROPOFF_SERVICE_S)),
    )


def company_approach(market: Market) -> timedelta:
    """How long a courier company's courier is reckoned to take to a store."""
    return timedelta(seconds=knob(market, "company_pickup_s", COMPANY_PICKUP_S))


def params_of(market: Market) -> Params:
    """The engine's parameters as this market sets them."""
    params = replace(STANDARD, tick_s=market.tick_s, named_most=NAMED_MOST)
    known = {field.name: type(getattr(params, field.name)) for field in fields(Params)}
    told = {name: known[name](value) for name, value in market.dispatch.items() if name in known}
    params = replace(params, **told)
    answer_s = int(policy_of(market).offer_lasts.total_seconds())
    return replace(params, join_lead_s=max(params.join_lead_s, answer_s))


def policy_of(market: Market) -> Policy:
    """The ladder's settings as this market sets them."""

    def seconds(name: str, default: timedelta) -> timedelta:
        return timedelta(seconds=knob(market, name, default.total_seconds()))

    standard = Policy()
    return Policy(
        declines_before_broadcast=int(
            knob(market, "declines_before_broadcast", standard.declines_before_broadcast)
        ),
        offer_lasts=seconds("offer_lasts_s", standard.offer_lasts),
        broadcast_lead=seconds("broadcast_lead_s", standard.broadcast_lead),
        broadcast_lasts=seconds("broadcast_lasts_s", standard.broadcast_lasts),
        broadcast_reach_m=int(knob(market, "broadcast_reach_m", standard.broadcast_reach_m)),
        approach=seconds("approach_s", standard.approach),
        give_up=seconds("give_up_s", standard.give_up),
    )


class _Places:
    """Numbers each different place once."""

    def __init__(self) -> None:
        self.points: list[LatLng] = []
        self._numbers: dict[tuple[float, float], int] = {}

    def number(self, point: LatLng) -> int:
        key = (point.lat, point.lng)
        if key not in self._numbers:
            self._numbers[key] = len(self.points)
            self.points.append(point)
        return self._numbers[key]


def take(belief: Belief) -> Snapshot:
    """The world of one tick.

    A delivery in an open directed offer is left out (its driver is busy with it); one in an open broadcast
    is there but reserved, and so is one that a courier company may be bringing, or that the ladder has (``_with_the_ladder``). A driver on a trip is where her last stop is, when she is likely done;
    with an offer to answer, a next trip already or a silent phone she is spoken for. While more may join her trip (``may_grow``) she is
    at its shop, when she will likely be there, and keeps what she was sent for.
    """
    places = _Places()
    directed = {d for o in belief.offers if o.mode is OfferMode.DIRECTED for d in o.delivery_ids}
    broadcast = {d for o in belief.offers if o.mode is OfferMode.BROADCAST for d in o.delivery_ids}
    orders = tuple(
        _order(
            delivery,
            places,
            belief,
            reserved=delivery.id in broadcast | belief.outside or _with_the_ladder(delivery, belief),
        )
        for delivery in belief.deliveries
        if delivery.id not in directed
    )
    trips = {trip.driver_id: trip for trip in belief.trips}
    on_duty = {driver.id for driver in belief.drivers}
    growing = {
        str(trip.driver_id): trip
        for trip in trips.values()
        if trip.driver_id in on_duty and may_grow(trip, belief)
    }
    kept = [belief.carried[one] for trip in growing.values() for one in trip.delivery_ids]
    orders += tuple(_order(delivery, places, belief, reserved=False) for delivery in kept)
    asked = {o.driver_ids[0]: o for o in belief.offers if o.mode is OfferMode.DIRECTED}
    drivers = []
    for driver in belief.drivers:
        trip, offer = trips.get(driver.id), asked.get(driver.id)
        grows = growing.get(str(driver.id))
        where = _there(grows, belief) if grows else _where(driver, belief, trip, offer)
        if where is not None:
            point, free_at = where
            drivers.append(
                EngineDriver(
                    id=str(driver.id),
                    place=places.number(point),
                    free_s=epoch_s(free_at),
                    off_s=epoch_s(driver.duty.until) if driver.duty.until else FOREVER_S,
                    abilities=sum(ABILITIES[a] for a in driver.abilities),
                    capacity_units=driver.vehicle.capacity_units,
                    spoken_for=_spoken_for(driver, belief, trip, offer),
                    keeps=tuple(str(one) for one in grows.delivery_ids) if grows else (),
                )
            )
    world = World(orders, tuple(drivers), belief.plan)
    return Snapshot(world, tuple(places.points), {d.id: d.version for d in belief.deliveries}, growing)


def may_grow(trip: Trip, belief: Belief) -> bool:
    """Whether more of its shop may join a trip: its driver is under way there, can be heard, and has time left to answer.

    Not where stores are mixed: there a trip is sent whole (docs/decisions/0011).
    """
    market, shop = belief.market, trip.shop_ahead
    if shop is None or not knob(market, "trips_grow", TRIPS_GROW) or params_of(market).mixing:
        return False
    kept = [one for one in map(belief.carried.get, trip.delivery_ids) if one is not None]
    if len(kept) < len(trip.delivery_ids) or any(one.merchant_id in belief.apart for one in kept):
        return False
    if len({(one.store_id, one.pickup.point) for one in kept}) != 1:  # the shop has moved between two of them
        return False
    if any(trip.driver_id in offer.driver_ids for offer in belief.offers if offer.mode is OfferMode.DIRECTED):
        return False
    fix, collects_at = belief.fixes.get(trip.driver_id), trip.collects_at(belief.now)
    heard = fix is not None and fix.age_s(belief.now) <= UNHEARD_S
    in_time = collects_at is not None and collects_at - belief.now >= policy_of(market).offer_lasts
    return heard and in_time


def eligible(delivery: Delivery, belief: Belief, policy: Policy) -> list[DriverId]:
    """Drivers on duty near the store who could take it and may be asked, nearest first."""
    refused = belief.passed_on(delivery).barred
    busy = {trip.driver_id for trip in belief.trips}
    needs = delivery.requirements.names()
    near = []
    for driver in belief.drivers:
        fix = belief.fixes.get(driver.id)
        if driver.id in refused or driver.id in busy or fix is None:
            continue
        far = great_circle_m(fix.point, delivery.pickup.point)
        if far <= policy.broadcast_reach_m and why_not(driver, needs, delivery.units) is None:
            near.append((far, driver.id))
    return [driver_id for _, driver_id in sorted(near)]


def _with_the_ladder(delivery: Delivery, belief: Belief) -> bool:
    """Whether nobody is asked alone for now: many passed, so all are asked next; or nobody took that, so a courier company is.

    Where no company can take it, it is in the plan again once a broadcast has found nobody: who said no to it is asked only for
    more, who let the broadcast run out may be, and all are asked again after a while.
    """
    passed = belief.passed_on(delivery)
    if passed.broadcasts:
        return delivery.id in belief.companies
    return passed.drivers >= policy_of(belief.market).declines_before_broadcast


def _order(delivery: Delivery, places: _Places, belief: Belief, *, reserved: bool) -> Order:
    pickup_service_s, dropoff_service_s = stops_s(belief.market)
    alone = delivery.merchant_id in belief.apart
    order = Order(
        id=str(delivery.id),
        pickup=places.number(delivery.pickup.point),
        dropoff=places.number(delivery.dropoff.point),
        store=str(delivery.id if alone else delivery.store_id),
        placed_s=epoch_s(delivery.created_at),
        ready_s=epoch_s(delivery.ready_at),
        wanted_from_s=epoch_s(delivery.wanted_from),
        due_s=epoch_s(delivery.due_at),
        earliest_drop_s=epoch_s(delivery.earliest_drop_at) if delivery.earliest_drop_at else 0,
        pickup_service_s=pickup_service_s,
        dropoff_service_s=dropoff_service_s,
        units=delivery.units,
        alone=alone,
        ride_most_s=int(knob(belief.market, "cold_ride_s", COLD_RIDE_S))
        if delivery.requirements.cold
        else FOREVER_S,
        needs=sum(ABILITIES[a] for a in abilities_for(delivery.requirements.names())),
        refused_by=frozenset(str(d) for d in belief.passed_on(delivery).barred),
        reserved=reserved,
    )
    fee, minute_minor = belief.fees.get(delivery.id), knob(belief.market, "company_minute_minor", 0)
    if fee is None or not minute_minor:
        return order
    comes = belief.now + company_approach(belief.market)
    late_price = params_of(belief.market).late_price
    return replace(
        order, elsewhere_s=elsewhere_s(order, epoch_s(comes), delivery.leg_s, late_price, fee / minute_minor)
    )


def elsewhere_s(order: Order, comes_s: int, leg_s: int, late_price: float, fee_min: float) -> int:
    """What a courier company costs: how long the shopper waits for it, what she waits too long, and its fee as minutes.

    ``comes_s``: when its courier is reckoned to be at the store; ``leg_s``: from there to the door. In seconds of her waiting.
    """
    there_s = max(comes_s, order.ready_s) + order.pickup_service_s + leg_s + order.dropoff_service_s // 2
    late_s = max(0, there_s - order.due_s) * late_price
    return min(FOREVER_S, max(0, round(there_s - order.wanted_from_s + late_s + 60 * fee_min)))


def _spoken_for(driver: Driver, belief: Belief, trip: Trip | None, offer: Offer | None) -> bool:
    """Whether a driver is asked for nothing more for now, whenever she will be free."""
    if offer is not None or trip is None:
        return offer is not None
    fix = belief.fixes.get(driver.id)
    return trip.state is TripState.NEXT or fix is None or fix.age_s(belief.now) > UNHEARD_S


def _there(trip: Trip, belief: Belief) -> tuple[LatLng, datetime] | None:
    """Where and when a driver is at the shop that she is under way to."""
    shop = trip.shop_ahead
    return None if shop is None else (shop.point, trip.reaches_at(belief.now))


def _where(
    driver: Driver, belief: Belief, trip: Trip | None, offer: Offer | None
) -> tuple[LatLng, datetime] | None:
    """Where and when a driver will be free; None when we do not know."""
    soonest = belief.now + timedelta(seconds=1)
    free_at = None if trip is None else trip.free_at(belief.now)
    if offer is not None:
        last = next((d for d in belief.deliveries if d.id == offer.delivery_ids[-1]), None)
        if last is not None:
            begins_at = max(offer.expires_at, free_at or offer.expires_at)
            return last.dropoff.point, max(begins_at + timedelta(minutes=offer.terms.minutes), soonest)
    if trip is not None and free_at is not None:
        return trip.free_point, max(free_at, soonest)
    fix = belief.fixes.get(driver.id)
    if fix is None or fix.age_s(belief.now) > knob(belief.market, "silent_s", SILENT_S):
        return None
    return fix.point, belief.now
