"""What a driver earns, decided on paper from the frozen terms and how the work ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from doorstep.features.deliveries.rules import CARRIED, CancelReason, DeliveryState, Party
from doorstep.features.ledger.rules import Entry, account
from doorstep.features.offers.rules import CAUSE_OF_CANCEL, Cause, Offer
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

FEWEST_DRIVERS = 10
"""Weeks of a market with fewer drivers are not published: figures of a few would tell of each."""


class EarningKind(StrEnum):
    """A line of a driver's earnings."""

    BASE = "base"  # the offer's pay for this delivery
    INCENTIVE = "incentive"  # what the offer added to it
    TIP = "tip"  # the tip that the offer showed
    RETURN_LEG = "return_leg"  # bringing goods back, at the amount the offer showed
    CANCELLED = "cancelled"  # the part of base and incentive due after the customer called it off
    GUARANTEE = "guarantee"  # a shown tip that no customer pays, since the network ended the work
    ADDED_TIP = "added_tip"  # a tip, or its rise, that came after the offer; an addition


ADDITIONS = frozenset({EarningKind.ADDED_TIP})
"""Lines that nobody promised; they stand beside the promise and cannot make up for a shortfall."""

_EXPENSE = {
    EarningKind.BASE: "driver-pay",
    EarningKind.RETURN_LEG: "driver-pay",
    EarningKind.CANCELLED: "driver-pay",
    EarningKind.INCENTIVE: "incentives",
    EarningKind.GUARANTEE: "pay-guarantee-top-up",
}


class Ending(StrEnum):
    """How a driver's work on a delivery ended, as far as pay depends on it."""

    DELIVERED = "delivered"  # handed over
    RETURNED = "returned"  # nobody took it; brought back to the store
    DISCARDED = "discarded"  # nobody took it; disposed of, as the merchant's policy allows
    CUSTOMER_CANCELLED = "customer_cancelled"  # merchant or shopper called it off before pickup
    NETWORK_ENDED = "network_ended"  # the operator ended it or took it away; not for what the driver did
    GIVEN_BACK = "given_back"  # the driver gave it back, or did not do it


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One delivery's share of the terms a driver accepted, and the hash of those terms."""

    delivery_id: UUID
    driver_id: UUID
    trip_id: UUID
    offer_id: UUID
    base: Money
    incentive: Money
    tip: Money
    return_leg: Money
    terms_hash: str
    inputs: Mapping[str, Any] = field(default_factory=dict)  # metres, minutes … as the offer showed

    @property
    def offered(self) -> Money:
        """What the offer showed for a plain delivery: base, incentive and tip."""
        return self.base + self.incentive + self.tip


@dataclass(frozen=True, slots=True)
class Line:
    """One amount a driver has earned. ``why`` is a sentence she can check."""

    kind: EarningKind
    amount: Money
    why: str

    @property
    def promised(self) -> bool:
        """Whether it was promised; else it is an addition."""
        return self.kind not in ADDITIONS


def earned(
    promise: Promise, ending: Ending, *, tip: Money, stage: DeliveryState | None = None
) -> tuple[Line, ...]:
    """The lines due to the driver. ``tip`` is the tip when the work ended, ``stage`` where a cancellation met it.

    Delivered or discarded: all that was offered. Returned: that and the return leg. Ended by the network: all that was
    offered, the tip as a guarantee. Called off by the customer: nothing before the driver set off, half of
    base and incentive on the way to the store, all of it there. Given back: nothing. A tip above the one
    shown is an addition; one below it cannot be, and the shown one is paid.
    """
    zero = Money.zero(promise.base.currency)
    if ending is Ending.GIVEN_BACK:
        lines = []
    elif ending is Ending.CUSTOMER_CANCELLED:
        part, why = _share_at(stage)
        lines = [Line(EarningKind.CANCELLED, _percent(promise.base + promise.incentive, part), why)]
    elif ending is Ending.NETWORK_ENDED:
        lines = [
            Line(EarningKind.BASE, promise.base, "as offered"),
            Line(EarningKind.INCENTIVE, promise.incentive, "as offered"),
            Line(EarningKind.GUARANTEE, promise.tip, "the tip you were shown; the network ended the work"),
        ]
    else:
        short = max(promise.tip - tip, zero, key=_minor)  # never so by the rules of tips; paid all the same
        lines = [
            Line(EarningKind.BASE, promise.base, "as offered"),
            Line(EarningKind.INCENTIVE, promise.incentive, "as offered"),
            Line(EarningKind.TIP, promise.tip - short, "as offered, all of it"),
            Line(EarningKind.GUARANTEE, short, "the rest of the tip you were shown"),
            Line(
                EarningKind.ADDED_TIP,
                max(tip - promise.tip, zero, key=_minor),
                "the tip rose after the offer",
            ),
        ]
        if ending is Ending.RETURNED:
            lines.append(Line(EarningKind.RETURN_LEG, promise.return_leg, "the return leg, as offered"))
    return tuple(line for line in lines if line.amount)


def ending_of_cancel(by: Party, reason: CancelReason) -> Ending:
    """How a cancelled delivery counts for the driver who had it."""
    if reason is CancelReason.DISCARDED:
        return Ending.DISCARDED
    return ENDING_OF_CAUSE[CAUSE_OF_CANCEL[by]]


ENDING_OF_CAUSE: Mapping[Cause, Ending] = {
    Cause.STAFF: Ending.NETWORK_ENDED,
    Cause.NETWORK: Ending.NETWORK_ENDED,
    Cause.DRIVER: Ending.GIVEN_BACK,
    Cause.CUSTOMER: Ending.CUSTOMER_CANCELLED,
}
"""How a delivery that left a trip counts."""


def promise_of(offer: Offer, delivery_id: UUID) -> Promise | None:
    """The promise that an accepted offer holds for one delivery; None when it holds none."""
    part = offer.terms.drop(delivery_id)
    if part is None or offer.accepted_by is None or offer.trip_id is None:
        return None
    return Promise(
        delivery_id=part.delivery_id,
        driver_id=offer.accepted_by,
        trip_id=offer.trip_id,
        offer_id=offer.id,
        base=part.base,
        incentive=part.incentive,
        tip=part.tip,
        return_leg=part.return_pay,
        terms_hash=offer.terms_hash,
        inputs={
            "leg_m": part.leg_m,
            "return_m": part.return_m,
            "base_minor": part.base.minor,
            "incentive_minor": part.incentive.minor,
            "tip_minor": part.tip.minor,
            "trip_base_minor": offer.terms.base.minor,
            "trip_distance_m": offer.terms.distance_m,
            "trip_minutes": offer.terms.minutes,
            "trip_pay_lines": [[line.what, line.amount.minor] for line in offer.terms.pay_lines],
        },
    )


def _minor(money: Money) -> int:
    return money.minor


def _share_at(stage: DeliveryState | None) -> tuple[int, str]:
    if stage is DeliveryState.ENROUTE_TO_PICKUP:
        return 50, "called off while you were on the way to the store: half of base and incentive"
    if stage in CARRIED and stage is not DeliveryState.AT_PICKUP:
        return 0, ""
    return 100, "called off when you were at the store: all of base and incentive"


def _percent(amount: Money, percent: int) -> Money:
    """The share, rounded up to the minor unit: a doubt is the driver's."""
    return Money(-(-amount.minor * percent // 100), amount.currency)


def due(lines: Sequence[Line], currency: str) -> Money:
    """The sum of the promised lines."""
    return Money.sum([line.amount for line in lines if line.promised], currency)


def pay_entries(lines: Sequence[Line], *, driver_id: UUID, delivery_id: UUID) -> tuple[Entry, ...]:
    """The entries of what the network pays: expenses against the driver's payable. Tips are billing's.

    Empty when the network owes nothing.
    """
    by_expense: dict[str, Money] = {}
    for line in lines:
        name = _EXPENSE.get(line.kind)
        if name is not None:
            by_expense[name] = by_expense.get(name, Money.zero(line.amount.currency)) + line.amount
    if not by_expense:
        return ()
    total = Money.sum(by_expense.values(), lines[0].amount.currency)
    entries = [Entry(name, amount, delivery_id=delivery_id) for name, amount in by_expense.items()]
    return (*entries, Entry(account("driver:{id}:payable", driver_id), -total, delivery_id=delivery_id))


def pay_fact(delivery_id: UUID, trip_id: UUID) -> str:
    """The fact under which the work on a delivery of a trip is paid: once."""
    return f"delivery:{delivery_id}:pay:{trip_id}"


def local_day(at: datetime, timezone: ZoneInfo) -> date:
    """The market's own date at ``at``."""
    return at.astimezone(timezone).date()


def week_of(day: date) -> date:
    """The Monday of ``day``'s week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """One line as stored: for the driver's statement."""

    delivery_id: UUID
    driver_id: UUID
    trip_id: UUID
    market_id: UUID
    kind: EarningKind
    version: int
    amount: Money
    promised: bool
    why: str
    at: MarketInstant
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What came due for one driver's work on one delivery, with the promise it rests on."""

    delivery_id: UUID
    driver_id: UUID
    trip_id: UUID
    market_id: UUID
    offer_id: UUID
    ending: Ending
    offered: Money
    due: Money
    terms_hash: str
    inputs: Mapping[str, Any]
    at: MarketInstant
    day: date
    lines: tuple[Earning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Promised beside paid for one market (or driver) and week.

    ``paid`` is read from the ledger, without additions. ``difference`` is the sum of absolute differences per
    finished delivery and driver, so that an overpayment cannot hide a shortfall.
    """

    market_id: UUID
    week: date
    drivers: int
    deliveries: int
    promised: Money
    paid: Money
    additions: Money
    difference: Money

    @property
    def published(self) -> bool:
        """Whether enough drivers stand behind the figures to show them to everybody."""
        return self.drivers >= FEWEST_DRIVERS
