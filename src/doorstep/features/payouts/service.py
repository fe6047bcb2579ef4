"""The verbs of payouts. Each may be told twice and counts once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.billing import service as billing
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.events import (
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryReturned,
    TipChanged,
)
from doorstep.features.deliveries.rules import CancelReason, DeliveryState, Party
from doorstep.features.ledger import service as ledger
from doorstep.features.ledger.rules import Posting
from doorstep.features.markets import queries as markets
from doorstep.features.offers import queries as offers
from doorstep.features.offers.events import TripChanged
from doorstep.features.offers.rules import Cause, terms_hash
from doorstep.features.payouts import rules
from doorstep.features.payouts.errors import TermsAltered, TermsMissing
from doorstep.features.payouts.models import EarningRow, ReckoningRow
from doorstep.features.payouts.rules import EarningKind, Ending, Line, Promise
from doorstep.platform.db.work import Work
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


async def work_done(work: Work, done: DeliveryCompleted | DeliveryReturned) -> None:
    """Pay the driver who delivered, or brought back. A courier company's work is billing's to pay.

    Bills the delivery first (whichever of the two rooms hears of it first does), so that a tip and its line
    in the driver's earnings appear in one commit. Raises TermsMissing, TermsAltered.
    """
    if done.driver_id is None:
        return
    await billing.bill_ended(work, done)
    ending = Ending.DELIVERED if done.state == DeliveryState.DELIVERED else Ending.RETURNED
    promise = await _accepted(work, done.delivery_id, done.driver_id)
    tip = Money(done.tip_minor, done.currency)
    await _reckon(work, promise, ending, rules.earned(promise, ending, tip=tip), done.market_id, done.at)


async def called_off(work: Work, cancelled: DeliveryCancelled) -> None:
    """Pay what stays due to the driver of a delivery that was cancelled. Raises TermsMissing, TermsAltered."""
    if cancelled.driver_id is None:
        return
    await billing.bill_ended(work, cancelled)
    ending = rules.ending_of_cancel(Party(cancelled.body["by"]), CancelReason(cancelled.body["reason"]))
    promise = await _accepted(work, cancelled.delivery_id, cancelled.driver_id)
    lines = rules.earned(
        promise,
        ending,
        tip=Money(cancelled.tip_minor, cancelled.currency),
        stage=DeliveryState(cancelled.body["stage"]),
    )
    await _reckon(work, promise, ending, lines, cancelled.market_id, cancelled.at)


async def taken_off(work: Work, changed: TripChanged) -> None:
    """Pay what stays due for a delivery that left a trip and lives on. Raises TermsMissing, TermsAltered.

    One that was cancelled is ``called_off``, which knows how far the driver was.
    """
    delivery = await deliveries.delivery(work, changed.delivery_id)
    still_hers = delivery.carrier is not None and delivery.carrier.trip_id == changed.trip_id
    if still_hers and delivery.state is DeliveryState.CANCELLED:
        return
    promise = await _promise(work, changed.offer_id, changed.delivery_id)
    ending = rules.ENDING_OF_CAUSE[Cause(changed.cause)]
    lines = rules.earned(promise, ending, tip=Money.zero(changed.currency))
    await _reckon(work, promise, ending, lines, changed.market_id, changed.at)


async def tip_added(work: Work, changed: TipChanged) -> None:
    """Show a tip given after the end as a line of its own; billing's posting is made sure of in the same commit."""
    if changed.driver_id is None or changed.trip_id is None or not changed.body["after_end"]:
        return
    await billing.tip_changed(work, changed)
    rise = Money(changed.tip_minor - int(changed.body["before_minor"]), changed.currency)
    line = Line(EarningKind.ADDED_TIP, rise, "a tip that came after the delivery")
    piece = _Piece(
        changed.delivery_id, changed.trip_id, changed.driver_id, changed.market_id, MarketInstant(changed.at)
    )
    await _write_lines(work, piece, [line], version=changed.seq)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The work that lines are about, and when it ended."""

    delivery_id: UUID
    trip_id: UUID
    driver_id: UUID
    market_id: UUID
    at: MarketInstant

    async def columns(self, work: Work) -> dict[str, Any]:
        market = await markets.market(work, self.market_id)
        return {
            "delivery_id": self.delivery_id,
            "trip_id": self.trip_id,
            "driver_id": self.driver_id,
            "market_id": self.market_id,
            "at": self.at,
            "day": rules.local_day(self.at, market.timezone),
        }


async def _accepted(work: Work, delivery_id: UUID, driver_id: UUID) -> Promise:
    """The promise of the newest offer with this delivery that the driver accepted."""
    accepted = await offers.terms_of_delivery(work, delivery_id, driver_id)
    if accepted is None:
        raise TermsMissing(f"driver {driver_id} has no accepted terms for delivery {delivery_id}")
    return await _promise(work, accepted.offer_id, delivery_id)


async def _promise(work: Work, offer_id: UUID, delivery_id: UUID) -> Promise:
    """The promise in an accepted offer whose terms are still what was shown."""
    offer = await offers.offer(work, offer_id)
    if terms_hash(offer.terms) != offer.terms_hash:
        raise TermsAltered(f"offer {offer_id} was shown with terms {offer.terms_hash}")
    promise = rules.promise_of(offer, delivery_id)
    if promise is None:
        raise TermsMissing(f"offer {offer_id} was not accepted for delivery {delivery_id}")
    return promise


async def _reckon(
    work: Work, promise: Promise, ending: Ending, lines: Sequence[Line], market_id: UUID, at: datetime
) -> None:
    """Write what came due and post what the network pays of it; the second telling changes nothing."""
    piece = _Piece(promise.delivery_id, promise.trip_id, promise.driver_id, market_id, MarketInstant(at))
    currency = promise.base.currency
    written = await work.session.execute(
        insert(ReckoningRow)
        .values(
            **await piece.columns(work),
            offer_id=promise.offer_id,
            ending=ending,
            offered_minor=promise.offered.minor,
            due_minor=rules.due(lines, currency).minor,
            currency=currency,
            terms_hash=promise.terms_hash,
            inputs=dict(promise.inputs),
        )
        .on_conflict_do_nothing()
    )
    assert isinstance(written, CursorResult)
    if not written.rowcount:
        return
    await _write_lines(work, piece, lines, version=0)
    entries = rules.pay_entries(lines, driver_id=promise.driver_id, delivery_id=promise.delivery_id)
    if entries:
        await ledger.post(
            work,
            Posting(
                fact=rules.pay_fact(promise.delivery_id, promise.trip_id),
                kind="driver_pay",
                entries=entries,
                memo=f"driver pay, {ending.replace('_', ' ')}, by terms {promise.terms_hash[:12]}",
                at=piece.at,
                market_id=market_id,
            ),
        )


async def _write_lines(work: Work, piece: _Piece, lines: Sequence[Line], *, version: int) -> None:
    if not lines:
        return
    columns = await piece.columns(work)
    await work.session.execute(
        insert(EarningRow)
        .values(
            [
                columns
                | {
                    "kind": line.kind,
                    "version": version,
                    "amount_minor": line.amount.minor,
                    "currency": line.amount.currency,
                    "promised": line.promised,
                    "why": line.why,
                }
                for line in lines
            ]
        )
        .on_conflict_do_nothing()
    )
