"""What dispatch decides outside the engine: when to ask one, when to ask all, when to ask a provider."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Step(StrEnum):
    """What is due for a delivery that waits for a carrier."""

    PLAN = "plan"  # the engine decides: a directed offer in plan order, or wait
    BROADCAST = "broadcast"  # ask every eligible driver of the zone at once; the first to accept has it
    PROVIDER = "provider"  # no driver in time: an outside courier takes it
    EXPIRE = "expire"  # nobody can any more: end it, tell the merchant, give the money back


class ReasonKind(StrEnum):
    """What a reason explains."""

    OFFERED = "offered"  # this driver was asked, and why
    WAITING = "waiting"  # planned, but not yet due to leave
    UNPLANNED = "unplanned"  # no driver can, and what would have to change
    BROADCAST = "broadcast"  # asked of everybody, and why
    PROVIDER = "provider"  # handed to an outside courier, and why
    OVERRULED = "overruled"  # a dispatcher decided


@dataclass(frozen=True, slots=True)
class Policy:
    """The dated dispatch settings of a market that matter here (market time throughout)."""

    declines_before_broadcast: int = 3
    broadcast_lead: timedelta = timedelta(minutes=5)
    """A broadcast goes out at the latest departure minus this."""
    broadcast_lasts: timedelta = timedelta(minutes=4)
    offer_lasts: timedelta = timedelta(seconds=60)
    approach: timedelta = timedelta(minutes=10)
    """How far away a driver is reckoned to be when no plan says better."""
    give_up: timedelta = timedelta(minutes=90)
    """How long after its promise a delivery without a carrier is ended."""
    broadcast_reach_m: int = 20_000
    broadcast_again: timedelta = timedelta(minutes=10)
    """Between two broadcasts of one delivery: who passed five minutes ago is left in peace a while."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the rule needs to know of a delivery without a carrier."""

    due_at: datetime
    ready_at: datetime
    drive: timedelta  # store to door, with the stop at each end
    refusals: int  # drivers who declined or let an offer expire
    broadcasts: int  # broadcasts that ended without a taker
    eligible: int  # drivers on duty who could take it at all
    provider_open: bool  # the market lets providers; one has a deal here, can do it and has not refused it
    cheaper: bool = False  # the plan leaves it to a provider: any driver would cost more
    provider_approach: timedelta = timedelta(0)  # how long its courier is reckoned to take to the store
    carried_out: bool = False  # a provider is being asked right now


def latest_departure(waiting: Waiting, policy: Policy) -> datetime:
    """When a driver must leave for the store so that the promise holds, but not before it makes sense.

    What the plan leaves to a provider has to leave by the provider's own way to the store, if that is longer.
    """
    approach = policy.approach
    if waiting.cheaper and waiting.provider_open:
        approach = max(approach, waiting.provider_approach)
    return max(waiting.due_at - waiting.drive, waiting.ready_at) - approach


def next_step(waiting: Waiting, policy: Policy, now: datetime) -> tuple[Step, str]:
    """What is due for ``waiting`` and why, in words.

    The ladder: the engine's directed offers; a provider where the plan finds it cheaper than any driver; a broadcast after N refusals or shortly before the latest
    departure; a provider when the broadcast found nobody, or at once when no driver is eligible at that
    point; where no provider can, directed offers again and a broadcast every ``broadcast_again``; the end long after the promise.
    """
    latest = latest_departure(waiting, policy)
    pressing = now >= latest - policy.broadcast_lead
    tired = waiting.refusals >= policy.declines_before_broadcast
    if now >= waiting.due_at + policy.give_up:
        return Step.EXPIRE, "no carrier was found long after the promise"
    if not (pressing or tired):
        return Step.PLAN, "there is time to ask in plan order"
    why = f"{waiting.refusals} drivers passed on it" if tired else "the latest departure is near"
    if waiting.broadcasts == 0 and waiting.eligible > 0:
        if waiting.cheaper and waiting.provider_open:
            return Step.PROVIDER, f"{why}; any driver would cost more than a courier company"
        return Step.BROADCAST, why
    if waiting.provider_open:
        reason = "nobody took the broadcast" if waiting.broadcasts else "no driver on duty can take it"
        return Step.PROVIDER, f"{why}; {reason}"
    again = (
        max(latest - policy.broadcast_lead, waiting.ready_at) + waiting.broadcasts * policy.broadcast_again
    )
    if waiting.eligible > 0 and now >= again:
        return Step.BROADCAST, f"{why}; no provider can"
    return Step.PLAN, f"{why}; waiting for a driver to come free"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as it is shown."""

    delivery_id: UUID
    tick_id: UUID
    at: datetime
    kind: ReasonKind
    sentence: str
    facts: dict[str, object]
    offer_id: UUID | None
