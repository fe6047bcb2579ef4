"""What a shopper is told: words, the range of arrival and what it rests on, where the car is. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from doorstep.features.deliveries.rules import (
    CARRIED,
    FINAL,
    TIP_OPEN,
    WAITING,
    WITH_GOODS,
    DeliveryState,
    ProofKind,
    TipStatus,
)
from doorstep.features.merchants.rules import Brand
from doorstep.features.offers.rules import Stop, StopKind, StopState, set_out
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.ids import DeliveryId, MarketId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

S = DeliveryState
LINK_LIVES = timedelta(hours=24)
"""How long after the end a link still shows what happened."""
NARROWEST = timedelta(minutes=4)
FRESH = timedelta(minutes=3)
"""An older position says nothing about when she arrives."""
NEAR_M = 300
"""From here on the position is shown as it is: she looks out of the window for the car."""
GRID_M = 50


class Basis(StrEnum):
    """What an estimate rests on."""

    PROMISE = "promise"  # nothing but the time that was promised
    PLAN = "plan"  # the stops that the driver accepted
    POSITION = "position"  # where the driver is, on the last leg


@dataclass(frozen=True, slots=True)
class ArrivalPlan:
    """When the carrier's stops let this door expect her."""

    arrive_at: MarketInstant
    doors_before: int  # stops before it: with the goods on board, shops still to be visited among them
    made_at: MarketInstant


@dataclass(frozen=True, slots=True)
class Estimate:
    """The door is reached between ``earliest`` and ``latest``, by what was known at ``as_of``."""

    earliest: MarketInstant
    latest: MarketInstant
    basis: Basis
    as_of: MarketInstant


def _minute(at: datetime, *, up: bool) -> MarketInstant:
    """``at`` rounded to a whole minute, outwards."""
    down = at.astimezone(UTC).replace(second=0, microsecond=0)
    return MarketInstant(down + timedelta(minutes=1) if up and down < at else down)


def outward(
    earliest: datetime, latest: datetime, basis: Basis, as_of: MarketInstant, now: datetime
) -> Estimate:
    """The range rounded outwards to the minute, at least four minutes wide, nothing of it in the past."""
    start = _minute(max(earliest, now), up=False)
    end = _minute(max(latest, earliest, now), up=True)
    return Estimate(start, MarketInstant(max(end, start + NARROWEST)), basis, as_of)


def from_promise(due_at: datetime, ready_at: datetime, leg_s: int, now: MarketInstant) -> Estimate:
    """Before anybody carries it: not before the goods could be there, and by the promise if it still holds."""
    soonest = max(now, ready_at) + timedelta(seconds=leg_s)
    latest = max(due_at, soonest + timedelta(minutes=10))
    return outward(max(soonest, latest - timedelta(minutes=30)), latest, Basis.PROMISE, now, now)


def from_plan(plan: ArrivalPlan, now: MarketInstant) -> Estimate:
    """A plan slips with each stop before, seldom the other way: the range reaches further behind than ahead."""
    ahead = max(plan.arrive_at - now, timedelta(0))
    slack = timedelta(minutes=2) + ahead / 4 + timedelta(minutes=2) * plan.doors_before
    return outward(plan.arrive_at - ahead / 8, plan.arrive_at + slack, Basis.PLAN, plan.made_at, now)


def from_position(drive_s: int, seen_at: MarketInstant, now: datetime) -> Estimate:
    """``drive_s`` from where she was seen at ``seen_at``, with nothing before this door."""
    drive = timedelta(seconds=drive_s)
    return outward(
        seen_at + drive * 0.85, seen_at + drive * 1.25 + timedelta(minutes=1), Basis.POSITION, seen_at, now
    )


def planned_arrivals(
    stops: Sequence[Stop], started_at: MarketInstant, now: MarketInstant
) -> Mapping[DeliveryId, ArrivalPlan]:
    """When each open door of a trip is reached if the rest goes as planned.

    ``started_at``: when she set out for the first stop still to come, should no stop be behind her.
    """
    found: dict[DeliveryId, ArrivalPlan] = {}
    at: datetime = set_out(stops, started_at)
    ahead = {
        one for stop in stops if stop.kind is StopKind.PICKUP and not stop.over for one in stop.delivery_ids
    }
    doors = shops = 0
    for stop in stops:
        if stop.over:
            continue
        if stop.state is StopState.REACHED and stop.reached_at is not None:
            at = stop.reached_at
        else:
            at = max(at + timedelta(seconds=stop.leg_s), now)
        if stop.kind is StopKind.DROP:
            for delivery_id in stop.delivery_ids:
                before = doors if delivery_id in ahead else doors + shops
                found[delivery_id] = ArrivalPlan(MarketInstant(at), before, now)
            doors += 1
        elif stop.kind is StopKind.PICKUP:
            shops += 1
        at = max(stop.left(at), now)
    return found


def may_see_position(state: DeliveryState, doors_before: int) -> bool:
    """Whether the car may be shown: with the goods on board, on the leg to this very door."""
    on_last_leg = state in {S.ENROUTE_TO_DROPOFF, S.AT_DROPOFF}
    return on_last_leg or (state is S.PICKED_UP and doors_before == 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the car was at ``at``, give or take ``within_m``.

    ``exact``: near enough to look for it; else rounded to about 50 m.
    """

    point: LatLng
    at: MarketInstant
    exact: bool
    within_m: int


def seen(point: LatLng, at: MarketInstant, door: LatLng, accuracy_m: float = 0) -> Seen:
    """The position as the shopper may see it. ``accuracy_m``: how sure the phone was."""
    near = great_circle_m(point, door) <= NEAR_M
    blur_m = accuracy_m if near else accuracy_m + GRID_M
    return Seen(point if near else point.rounded(GRID_M), at, near, math.ceil(max(blur_m, 10)))


class Step(StrEnum):
    """The steps a shopper's page shows, always in this order."""

    BOOKED = "booked"  # the shop has asked for the delivery
    COLLECTING = "collecting"  # somebody is on the way to the shop, or there
    ON_THE_WAY = "on_the_way"  # the goods are on board
    AT_THE_DOOR = "at_the_door"  # she is there
    DELIVERED = "delivered"  # handed over
    GOING_BACK = "going_back"  # could not be handed over, goes back to the shop
    RETURNED = "returned"  # back at the shop
    CANCELLED = "cancelled"  # will not come


def step(state: DeliveryState) -> Step:
    """The step of a state."""
    if state in WAITING:
        return Step.BOOKED
    if state in CARRIED:
        return Step.COLLECTING
    return {
        S.PICKED_UP: Step.ON_THE_WAY,
        S.ENROUTE_TO_DROPOFF: Step.ON_THE_WAY,
        S.AT_DROPOFF: Step.AT_THE_DOOR,
        S.DELIVERED: Step.DELIVERED,
        S.ATTEMPT_FAILED: Step.GOING_BACK,
        S.ENROUTE_TO_RETURN: Step.GOING_BACK,
        S.AT_RETURN: Step.GOING_BACK,
        S.RETURNED: Step.RETURNED,
    }.get(state, Step.CANCELLED)


def sentence(state: DeliveryState, merchant: str, driver: str, doors_before: int) -> str:
    """What is going on, as a person would say it aloud. ``driver`` is a first name, or empty."""
    who = driver or "Your driver"
    match state:
        case S.REQUESTED | S.BATCHED:
            return f"{merchant} has your order. A driver is being found."
        case S.ASSIGNED | S.ENROUTE_TO_PICKUP:
            return f"{who} is on the way to {merchant}."
        case S.AT_PICKUP:
            return f"{who} is at {merchant}, collecting your order."
        case S.PICKED_UP if doors_before:
            return f"{who} has your order and makes another stop before yours."
        case S.PICKED_UP:
            return f"{who} has your order."
        case S.ENROUTE_TO_DROPOFF:
            return f"{who} is on the way to you."
        case S.AT_DROPOFF:
            return f"{who} is at your door."
        case S.DELIVERED:
            return "Your order was delivered."
        case S.ATTEMPT_FAILED:
            return f"{who} could not hand over your order."
        case S.ENROUTE_TO_RETURN | S.AT_RETURN:
            return f"Your order goes back to {merchant}."
        case S.RETURNED:
            return f"Your order is back at {merchant}."
        case S.CANCELLED:
            return "This delivery was cancelled."
        case S.EXPIRED:
            return f"Nobody could bring your order. {merchant} knows."


def link_is_dead(ended_at: datetime | None, now: datetime) -> bool:
    """Whether the link has ended: 24 hours after the delivery did."""
    return ended_at is not None and now >= ended_at + LINK_LIVES


def tip_is_open(state: DeliveryState, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a tip can still be given."""
    if state in {S.CANCELLED, S.EXPIRED}:
        return False
    return ended_at is None or now < ended_at + TIP_OPEN


def needs_pin(state: DeliveryState) -> bool:
    """Whether the shopper still needs her code: until the hand-over."""
    return state not in FINAL


PICTURES = frozenset({ProofKind.PHOTO, ProofKind.SIGNATURE})
"""Proofs that can be looked at; what an ID check found is nobody's to read again."""


@dataclass(frozen=True, slots=True)
class ProofSeen:
    """A proof that the shopper may look at."""

    id: UUID
    kind: ProofKind
    at: MarketInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Where the order comes from: a place that is open to the public."""

    name: str
    address: str
    point: LatLng


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperView:
    """Everything a shopper sees of her delivery. ``reached_at``: when the driver stood at the door."""

    state: DeliveryState
    step: Step
    sentence: str
    merchant: str
    brand: Brand
    market_id: MarketId
    order: str
    items: int
    shop: Shop
    door: LatLng
    requirements: frozenset[str]
    doors_before: int
    booked_at: MarketInstant
    picked_up_at: MarketInstant | None
    reached_at: MarketInstant | None
    shopper: str
    timezone: str
    due_at: MarketInstant
    estimate: Estimate | None
    position: Seen | None
    driver: str
    vehicle: str
    pin: str | None
    instructions: str
    may_instruct: bool
    tip: Money
    tip_limit: Money
    tip_status: TipStatus
    may_tip: bool
    tip_only_rises: bool
    proofs: tuple[ProofSeen, ...]
    ended_at: MarketInstant | None
    now: MarketInstant


def with_goods(state: DeliveryState) -> bool:
    """Whether the goods are on board."""
    return state in WITH_GOODS
