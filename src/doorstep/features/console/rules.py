"""Values of the console and how its queue is ranked. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from doorstep.features.deliveries.rules import CARRIED, FINAL, WAITING, WITH_GOODS, Delivery, DeliveryState
from doorstep.features.providers.rules import STAFF_ASKED_AFTER
from doorstep.units.ids import MarketId
from doorstep.units.time import MarketInstant, WallInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of one market that everybody may know. Differences are zero, or there is a fault."""

    market_id: MarketId
    name: str
    timezone: str
    open: int
    delivered: int
    drivers_online: int
    offers_open: int
    ledger_difference_minor: int
    promised_minus_paid_minor: int
    at: MarketInstant
    at_wall: WallInstant


def under_way(counts: Mapping[DeliveryState, int]) -> int:
    """How many deliveries have not ended."""
    return sum(number for state, number in counts.items() if state not in FINAL)


class EntryKind(StrEnum):
    """What a line of a delivery's timeline tells of."""

    EVENT = "event"  # the delivery moved, or was changed
    OFFER = "offer"  # it was shown to drivers under frozen terms
    OFFER_CLOSED = "offer_closed"  # accepted, declined, run out or withdrawn
    REASON = "reason"  # why dispatch did so
    PROOF = "proof"  # something was proven at a door or counter
    MONEY = "money"  # a transaction of the ledger
    WEBHOOK = "webhook"  # the merchant's software was told, or was not there
    MESSAGE = "message"  # the shopper was told by text
    OVERRIDE = "override"  # somebody of the operator's decided by hand, and wrote down why
    PROVIDER = "provider"  # a courier company's job began or ended


_ORDER = {kind: number for number, kind in enumerate(EntryKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a timeline. ``seq`` orders lines of one kind at one instant."""

    at: MarketInstant
    kind: EntryKind
    seq: int
    what: str
    who: str
    facts: Mapping[str, Any]


def merged(lines: Iterable[Line]) -> list[Line]:
    """All lines in order of time; at one instant causes stand before what follows from them."""
    return sorted(lines, key=lambda line: (line.at, _ORDER[line.kind], line.seq))


class Trouble(StrEnum):
    """What gets dearer when it is left alone."""

    LATE = "late"  # the promise is broken and the goods are not there
    NO_CARRIER = "no_carrier"  # nobody has it, and the time to leave has come
    COURIER_UNCONFIRMED = "courier_unconfirmed"  # a courier company does not say whether anybody is coming
    FAILED_ATTEMPT = "failed_attempt"  # could not be handed over; somebody must say what comes next
    SILENT = "silent"  # its driver has not been heard of
    AT_RISK = "at_risk"  # the promise breaks if nothing happens
    WAITING_AT_STORE = "waiting_at_store"  # a driver waits for goods that should be ready


class Remedy(StrEnum):
    """What staff can do about it with one key."""

    ASSIGN = "assign"  # give it to a driver of our own by name
    UNASSIGN = "unassign"  # take it from its driver, so that others can have it
    PROVIDER = "provider"  # ask an outside courier company for it
    SET_ASIDE = "set_aside"  # let others have it without the company's word
    CANCEL = "cancel"  # end it; whoever has it is told
    CALL = "call"  # ring who knows: its driver, else the shopper


REMEDIES: Mapping[Trouble, tuple[Remedy, ...]] = {
    Trouble.LATE: (Remedy.CALL, Remedy.UNASSIGN, Remedy.ASSIGN, Remedy.PROVIDER, Remedy.CANCEL),
    Trouble.NO_CARRIER: (Remedy.ASSIGN, Remedy.PROVIDER, Remedy.CANCEL),
    Trouble.COURIER_UNCONFIRMED: (Remedy.SET_ASIDE, Remedy.CANCEL),
    Trouble.FAILED_ATTEMPT: (Remedy.CALL,),
    Trouble.SILENT: (Remedy.CALL, Remedy.UNASSIGN),
    Trouble.AT_RISK: (Remedy.ASSIGN, Remedy.UNASSIGN, Remedy.CALL, Remedy.PROVIDER),
    Trouble.WAITING_AT_STORE: (Remedy.CALL, Remedy.UNASSIGN, Remedy.CANCEL),
}


def possible(remedy: Remedy, one: Delivery) -> bool:
    """Whether ``remedy`` can be used on a delivery as it stands."""
    if remedy in {Remedy.ASSIGN, Remedy.PROVIDER, Remedy.SET_ASIDE}:
        return one.state in WAITING
    if remedy is Remedy.UNASSIGN:
        return one.state in CARRIED
    if remedy is Remedy.CALL:
        return one.carrier is not None and one.carrier.driver_id is not None
    return one.state in WAITING | CARRIED


SILENT_AFTER = timedelta(minutes=5)
STORE_WAIT = timedelta(minutes=10)
LOOK_AHEAD = timedelta(minutes=15)
"""The queue ranks by what it comes to if nobody acts for another quarter of an hour."""
LATE_MINUTE_MINOR = 50
"""What a minute past the promise is reckoned to cost: refunds, calls, a shopper who does not come back."""
IDLE_MINUTE_MINOR = 30
"""What a minute of a driver who waits is reckoned to cost."""
APPROACH = timedelta(minutes=10)
"""How far away a driver is when nobody has it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A delivery under way, and when its driver was last heard of (None: no driver of ours, or never).

    ``unconfirmed_since``: since when a courier company alone knows whether its courier is coming; None: none does.
    """

    delivery: Delivery
    heard_at: MarketInstant | None
    unconfirmed_since: MarketInstant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """A line of the queue: what is wrong, since when, and what it comes to if left alone for a quarter of an hour."""

    delivery_id: UUID
    trouble: Trouble
    since: MarketInstant
    cost_minor: int
    sentence: str
    minutes: int
    """How late it is or may be, how long its driver has been silent or has waited; by the trouble."""
    remedies: tuple[Remedy, ...]


def _still_to_drive(delivery: Delivery) -> timedelta:
    leg = timedelta(seconds=delivery.leg_s)
    if delivery.state in WAITING:
        return APPROACH + leg
    return leg if delivery.state in CARRIED | {DeliveryState.PICKED_UP} else leg / 2


def concern_of(situation: Situation, now: MarketInstant) -> Concern | None:
    """What is wrong with a delivery; None when nothing is. The dearest trouble stands for all of it."""
    found = [line for line in _troubles(situation, now) if line is not None]
    return max(found, key=lambda line: (line.cost_minor, line.trouble), default=None)


def _troubles(situation: Situation, now: MarketInstant) -> Iterable[Concern | None]:
    one = situation.delivery
    if one.state in FINAL:
        return
    arrives = max(now, one.ready_at if one.state in WAITING | CARRIED else now) + _still_to_drive(one)
    late_cost = _minutes(max(now + LOOK_AHEAD, arrives) - one.due_at) * LATE_MINUTE_MINOR
    coming_back = one.state in {DeliveryState.ENROUTE_TO_RETURN, DeliveryState.AT_RETURN}
    asked_since = situation.unconfirmed_since
    if asked_since is not None and one.state in WAITING and now - asked_since >= STAFF_ASKED_AFTER:
        silent = _minutes(now - asked_since)
        said = f"A courier company has not said for {silent} min whether its courier is coming."
        cost = one.fee.minor + (late_cost if arrives > one.due_at else 0)
        yield _line(one, Trouble.COURIER_UNCONFIRMED, asked_since, cost, said, silent)
        return  # nobody else may be sent before this is settled
    cold = 2 if one.requirements.cold and one.state in WITH_GOODS else 1
    if one.state is DeliveryState.ATTEMPT_FAILED:
        yield _line(one, Trouble.FAILED_ATTEMPT, now, one.fee.minor * cold, "Could not be handed over.")
    elif now >= one.due_at and not coming_back:
        yield _line(
            one,
            Trouble.LATE,
            one.due_at,
            late_cost * cold,
            f"{_minutes(now - one.due_at)} min past its promise.",
            _minutes(now - one.due_at),
        )
    elif arrives > one.due_at and not coming_back:
        over = _minutes(arrives - one.due_at)
        said = f"May be {over} min late."
        yield _line(one, Trouble.AT_RISK, now, over * LATE_MINUTE_MINOR * cold, said, over)
    latest = MarketInstant(max(one.due_at - APPROACH - timedelta(seconds=one.leg_s), one.created_at))
    if one.state in WAITING and now >= latest:
        cost = one.fee.minor + (late_cost if now >= one.due_at else 0)
        yield _line(
            one,
            Trouble.NO_CARRIER,
            latest,
            cost,
            "Nobody has it, and the time to leave has come.",
            _minutes(now - latest),
        )
    driven = one.carrier is not None and one.carrier.driver_id is not None
    heard = situation.heard_at
    if driven and (heard is None or now - heard >= SILENT_AFTER):
        since = heard or now
        said = (
            f"Its driver was last heard of {_minutes(now - heard)} min ago."
            if heard
            else "Its driver was never heard of."
        )
        goods = one.cart.minor // 10 if one.state in WITH_GOODS else 0
        silent = _minutes(now - since)
        yield _line(one, Trouble.SILENT, since, (goods + one.fee.minor) * cold, said, silent)
    if one.state is DeliveryState.AT_PICKUP and now >= one.ready_at + STORE_WAIT:
        waited = _minutes(now - one.ready_at)
        cost = _minutes(LOOK_AHEAD) * IDLE_MINUTE_MINOR + (late_cost if now >= one.due_at else 0)
        since = MarketInstant(one.ready_at + STORE_WAIT)
        yield _line(
            one,
            Trouble.WAITING_AT_STORE,
            since,
            cost,
            f"Its driver waits; the goods were due {waited} min ago.",
            waited,
        )


def _minutes(span: timedelta) -> int:
    return max(int(span.total_seconds() // 60), 0)


def _line(
    one: Delivery, trouble: Trouble, since: MarketInstant, cost_minor: int, sentence: str, minutes: int = 0
) -> Concern:
    return Concern(
        delivery_id=one.id,
        trouble=trouble,
        since=since,
        cost_minor=cost_minor,
        sentence=sentence,
        minutes=minutes,
        remedies=tuple(remedy for remedy in REMEDIES[trouble] if possible(remedy, one)),
    )


def ranked(situations: Iterable[Situation], now: MarketInstant) -> list[Concern]:
    """The queue: the dearest to leave alone first, then the oldest."""
    found = [line for one in situations if (line := concern_of(one, now)) is not None]
    return sorted(found, key=lambda line: (-line.cost_minor, line.since, line.delivery_id))
