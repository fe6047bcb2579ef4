"""States and moves of a delivery, what it may require, and which proof satisfies it. Pure.

The states are a superset of those of the courier networks (Uber Direct, DoorDash Drive, GoLocal, Bringg).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from doorstep.units.geo import LatLng
from doorstep.units.ids import DeliveryId, DriverId, MarketId, MerchantId, ProviderJobId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    REQUESTED = "requested"  # accepted from the merchant, waits for a carrier
    BATCHED = "batched"  # waits for a carrier, planned together with others
    ASSIGNED = "assigned"  # a driver accepted it, or a provider took it
    ENROUTE_TO_PICKUP = "enroute_to_pickup"  # the carrier is on the way to the store
    AT_PICKUP = "at_pickup"  # the carrier is at the store
    PICKED_UP = "picked_up"  # the goods are with the carrier
    ENROUTE_TO_DROPOFF = "enroute_to_dropoff"  # the next stop is this door
    AT_DROPOFF = "at_dropoff"  # the carrier is at the door
    ATTEMPT_FAILED = (
        "attempt_failed"  # could not be handed over; what happens next is decided by its return policy
    )
    ENROUTE_TO_RETURN = "enroute_to_return"  # the goods go back to the store
    AT_RETURN = "at_return"  # the carrier is back at the store
    DELIVERED = "delivered"  # handed over, proven
    RETURNED = "returned"  # the store has the goods again
    CANCELLED = "cancelled"  # ended by someone's wish
    EXPIRED = "expired"  # no carrier was found in time


S = DeliveryState
WAITING = frozenset({S.REQUESTED, S.BATCHED})
CARRIED = frozenset({S.ASSIGNED, S.ENROUTE_TO_PICKUP, S.AT_PICKUP})
WITH_GOODS = frozenset(
    {S.PICKED_UP, S.ENROUTE_TO_DROPOFF, S.AT_DROPOFF, S.ATTEMPT_FAILED, S.ENROUTE_TO_RETURN, S.AT_RETURN}
)
FINAL = frozenset({S.DELIVERED, S.RETURNED, S.CANCELLED, S.EXPIRED})


class FactKind(StrEnum):
    """What can be reported or decided about a delivery."""

    BATCHED = "batched"  # planned together with others
    UNBATCHED = "unbatched"  # on its own again
    ASSIGNED = "assigned"  # a carrier has it
    UNASSIGNED = "unassigned"  # the carrier gave it back before the goods were picked up
    DEPARTED_TO_PICKUP = "departed_to_pickup"
    REACHED_PICKUP = "reached_pickup"
    PICKED_UP = "picked_up"
    DEPARTED_TO_DROPOFF = "departed_to_dropoff"
    REACHED_DROPOFF = "reached_dropoff"
    HANDED_OVER = "handed_over"
    ATTEMPT_FAILED = "attempt_failed"  # nobody home, refused, no ID …
    DEPARTED_TO_RETURN = "departed_to_return"
    REACHED_RETURN = "reached_return"
    RETURNED_TO_STORE = "returned_to_store"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


F = FactKind
MOVES: Mapping[tuple[DeliveryState, FactKind], DeliveryState] = {
    (S.REQUESTED, F.BATCHED): S.BATCHED,
    (S.BATCHED, F.UNBATCHED): S.REQUESTED,
    (S.REQUESTED, F.ASSIGNED): S.ASSIGNED,
    (S.BATCHED, F.ASSIGNED): S.ASSIGNED,
    (S.ASSIGNED, F.UNASSIGNED): S.REQUESTED,
    (S.ENROUTE_TO_PICKUP, F.UNASSIGNED): S.REQUESTED,
    (S.AT_PICKUP, F.UNASSIGNED): S.REQUESTED,
    (S.ASSIGNED, F.DEPARTED_TO_PICKUP): S.ENROUTE_TO_PICKUP,
    (S.ENROUTE_TO_PICKUP, F.REACHED_PICKUP): S.AT_PICKUP,
    (S.AT_PICKUP, F.PICKED_UP): S.PICKED_UP,
    (S.PICKED_UP, F.DEPARTED_TO_DROPOFF): S.ENROUTE_TO_DROPOFF,
    (S.ENROUTE_TO_DROPOFF, F.REACHED_DROPOFF): S.AT_DROPOFF,
    (S.AT_DROPOFF, F.HANDED_OVER): S.DELIVERED,
    (S.AT_DROPOFF, F.ATTEMPT_FAILED): S.ATTEMPT_FAILED,
    (S.PICKED_UP, F.ATTEMPT_FAILED): S.ATTEMPT_FAILED,
    (S.ENROUTE_TO_DROPOFF, F.ATTEMPT_FAILED): S.ATTEMPT_FAILED,
    (S.ATTEMPT_FAILED, F.DEPARTED_TO_DROPOFF): S.ENROUTE_TO_DROPOFF,  # a second attempt
    (S.ATTEMPT_FAILED, F.DEPARTED_TO_RETURN): S.ENROUTE_TO_RETURN,
    (S.ENROUTE_TO_RETURN, F.REACHED_RETURN): S.AT_RETURN,
    (S.AT_RETURN, F.RETURNED_TO_STORE): S.RETURNED,
    **{(state, F.CANCELLED): S.CANCELLED for state in (*WAITING, *CARRIED)},
    **{(state, F.EXPIRED): S.EXPIRED for state in WAITING},
}
_ROAD = (
    F.DEPARTED_TO_PICKUP,
    F.REACHED_PICKUP,
    F.PICKED_UP,
    F.DEPARTED_TO_DROPOFF,
    F.REACHED_DROPOFF,
    F.HANDED_OVER,
)
_ROAD_BACK = (F.DEPARTED_TO_RETURN, F.REACHED_RETURN, F.RETURNED_TO_STORE)
_REACHED = {
    S.ASSIGNED: -1,
    S.ENROUTE_TO_PICKUP: 0,
    S.AT_PICKUP: 1,
    S.PICKED_UP: 2,
    S.ENROUTE_TO_DROPOFF: 3,
    S.AT_DROPOFF: 4,
    S.ATTEMPT_FAILED: 4,
    S.DELIVERED: 5,
}
_REACHED_BACK = {S.ATTEMPT_FAILED: -1, S.ENROUTE_TO_RETURN: 0, S.AT_RETURN: 1, S.RETURNED: 2}


class Standing(StrEnum):
    """How a reported fact relates to the present state."""

    NEXT = "next"  # moves the delivery on
    ALREADY = "already"  # true and known: a doubled or late report
    IMPOSSIBLE = "impossible"  # cannot follow from here


@dataclass(frozen=True, slots=True)
class Advance:
    """What a fact does: the facts to write in order (implied ones first), or why it does nothing."""

    standing: Standing
    facts: tuple[FactKind, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether something is written."""
        return self.standing is Standing.NEXT


def advance(state: DeliveryState, fact: FactKind) -> Advance:
    """How ``fact`` moves a delivery in ``state``.

    A report from the road implies what must have happened before it (who picked up has arrived), so
    reports that come late or out of order all count once: the later ones move on through the implied
    facts, the earlier ones are then already known.
    """
    if (state, fact) in MOVES:
        return Advance(Standing.NEXT, (fact,))
    if fact in _ROAD and state in _REACHED and state is not S.ATTEMPT_FAILED:
        place, reached = _ROAD.index(fact), _REACHED[state]
        if place <= reached:
            return Advance(Standing.ALREADY)
        return Advance(Standing.NEXT, _ROAD[reached + 1 : place + 1])
    if fact in _ROAD and (state is S.ATTEMPT_FAILED or state in _REACHED_BACK) and fact is not F.HANDED_OVER:
        return Advance(Standing.ALREADY)
    if fact in _ROAD_BACK and state in _REACHED_BACK:
        place, reached = _ROAD_BACK.index(fact), _REACHED_BACK[state]
        return (
            Advance(Standing.ALREADY)
            if place <= reached
            else Advance(Standing.NEXT, _ROAD_BACK[reached + 1 : place + 1])
        )
    if fact is F.ATTEMPT_FAILED and state in _REACHED_BACK:
        return Advance(Standing.ALREADY)
    if fact is F.ATTEMPT_FAILED and state in {S.ASSIGNED, S.ENROUTE_TO_PICKUP, S.AT_PICKUP}:
        return Advance(Standing.NEXT, (*_ROAD[_REACHED[state] + 1 : 3], fact))
    if (fact, state) in {
        (F.CANCELLED, S.CANCELLED),
        (F.EXPIRED, S.EXPIRED),
        (F.BATCHED, S.BATCHED),
        (F.UNBATCHED, S.REQUESTED),
        (F.UNASSIGNED, S.REQUESTED),
        (F.UNASSIGNED, S.BATCHED),
    }:
        return Advance(Standing.ALREADY)
    return Advance(Standing.IMPOSSIBLE)


class Party(StrEnum):
    """Who ends or changes a delivery."""

    MERCHANT = "merchant"
    SHOPPER = "shopper"
    DRIVER = "driver"
    PROVIDER = "provider"
    STAFF = "staff"
    NETWORK = "network"  # a rule of ours, such as expiry


class ReturnPolicy(StrEnum):
    """What happens to goods that could not be handed over."""

    RETURN = "return"  # back to the store, paid
    LEAVE = "leave"  # at the door, with a photo
    DISCARD = "discard"  # the driver may dispose of them


class ServiceLevel(StrEnum):
    """How fast, as promised to the merchant."""

    EXPRESS = "express"  # as soon as possible
    WINDOW = "window"  # within a same-day window
    NEXT_DAY = "next_day"  # within a window of the next day


class TipStatus(StrEnum):
    """How sure a tip is."""

    PENDING = "pending"  # may still be changed by the shopper
    FINAL = "final"  # can only rise


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the goods and the hand-over ask for."""

    min_age: int = 0  # 0, 18 or 21: an ID check at the door
    alcohol: bool = False
    cold: bool = False  # chilled or frozen: the cold clock runs from pickup
    fragile: bool = False
    heavy: bool = False
    high_value: bool = False
    signature: bool = False
    pin: bool = False  # a four-digit code the shopper tells the driver
    photo: bool = False
    contactless: bool = False  # left at the door

    def names(self) -> frozenset[str]:
        """The flags that are set, as words; the age as ``age_21``."""
        flags = {
            n
            for n in (
                "alcohol",
                "cold",
                "fragile",
                "heavy",
                "high_value",
                "signature",
                "pin",
                "photo",
                "contactless",
            )
            if getattr(self, n)
        }
        return frozenset(flags | ({f"age_{self.min_age}"} if self.min_age else set()))


def contradictions(wanted: Requirements) -> list[tuple[str, str]]:
    """Pairs of (flag, why it cannot be) that no driver could fulfil; empty when all fits."""
    found = []
    if wanted.contactless:
        found += [
            (name, "a delivery left at the door cannot also be handed to a person")
            for name, set_ in (
                ("signature", wanted.signature),
                ("pin", wanted.pin),
                ("min_age", wanted.min_age > 0),
            )
            if set_
        ]
    if wanted.min_age not in {0, 18, 21}:
        found.append(("min_age", "an age check is for 18 or 21"))
    if wanted.alcohol and wanted.min_age != 21:
        found.append(("alcohol", "alcohol needs min_age 21"))
    return found


class ProofKind(StrEnum):
    """What proves a hand-over."""

    PHOTO = "photo"
    SIGNATURE = "signature"
    PIN = "pin"
    ID_CHECK = "id_check"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that was taken. ``ok`` is false for a wrong PIN or a failed ID check."""

    id: UUID
    kind: ProofKind
    ok: bool
    at: MarketInstant
    result: Mapping[str, object] = field(default_factory=dict)


def missing_proofs(wanted: Requirements, taken: Sequence[Proof]) -> list[ProofKind]:
    """Proofs still owed before the goods may be handed over; empty when the policy is satisfied."""
    have = {proof.kind for proof in taken if proof.ok}
    owed = []
    if wanted.pin and ProofKind.PIN not in have:
        owed.append(ProofKind.PIN)
    if wanted.signature and ProofKind.SIGNATURE not in have:
        owed.append(ProofKind.SIGNATURE)
    if wanted.min_age and ProofKind.ID_CHECK not in have:
        owed.append(ProofKind.ID_CHECK)
    if (wanted.photo or wanted.contactless) and ProofKind.PHOTO not in have:
        owed.append(ProofKind.PHOTO)
    return owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One end of a delivery, as frozen when it was made."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postcode: str
    point: LatLng
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Who carries: a driver on a trip, or a provider's job. Exactly one."""

    driver_id: DriverId | None = None
    trip_id: TripId | None = None
    provider_id: UUID | None = None
    provider_job_id: ProviderJobId | None = None

    def __post_init__(self) -> None:
        """Refuse none and both."""
        if (self.driver_id is None) == (self.provider_job_id is None):
            raise ValueError("a carrier is a driver or a provider's job")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery as other rooms see it."""

    id: DeliveryId
    merchant_id: MerchantId
    market_id: MarketId
    store_id: StoreId
    external_id: str
    state: DeliveryState
    service_level: ServiceLevel
    pickup: Place
    dropoff: Place
    shopper_first_name: str
    requirements: Requirements
    return_policy: ReturnPolicy
    items: int
    units: int  # load units of the vehicle's capacity
    weight_g: int
    cart: Money
    ready_at: MarketInstant
    wanted_from: MarketInstant  # lateness and click-to-door count from here
    earliest_drop_at: MarketInstant | None
    due_at: MarketInstant  # the promise
    leg_m: int
    leg_s: int
    fee: Money
    tip: Money
    tip_status: TipStatus
    carrier: Carrier | None
    version: int
    events_count: int
    attempts: int
    created_at: MarketInstant
    picked_up_at: MarketInstant | None
    ended_at: MarketInstant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One report about a delivery. ``report_id`` is the reporter's own: the same one counts once."""

    kind: FactKind
    report_id: str
    device_at: MarketInstant | None = None
    point: LatLng | None = None
    note: str = ""
    reason: str = ""  # a code: nobody_home, refused, no_id, address_wrong, damaged …


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent:
    """One line of a delivery's timeline."""

    seq: int
    name: str
    at: MarketInstant
    device_at: MarketInstant | None
    actor: str
    state_before: DeliveryState
    state_after: DeliveryState
    body: Mapping[str, object]


TIP_OPEN = timedelta(hours=24)
"""How long after the end a shopper may still tip."""


def tip_change_refusal(
    *, new: Money, now: datetime, old: Money, promised: Money, ended_at: datetime | None, limit: Money
) -> str | None:
    """Why the tip cannot become ``new``; None when it can.

    ``promised`` is the largest tip in an offer that a driver accepted: the tip never falls below it.
    """
    if new.minor < 0 or limit < new:
        return f"a tip lies between $0.00 and {limit}"
    if ended_at is not None and now >= ended_at + TIP_OPEN:
        return "a tip can be given until 24 hours after the end"
    if new < promised:
        return f"a driver accepted this delivery with a tip of {promised}; it can only rise"
    if ended_at is not None and new < old:
        return "after the delivery a tip can only rise"
    return None
