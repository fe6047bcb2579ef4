"""How offers end without a taker: they run out, are taken back, or the last one asked declines."""

from uuid import UUID

from sqlalchemy import select, text, update

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.offers import events
from doorstep.features.offers.errors import UnknownOffer
from doorstep.features.offers.models import AnswerRow, OfferedRow, OfferRow
from doorstep.features.offers.queries import offer_view
from doorstep.features.offers.rules import Answer, Offer, OfferState, joins_of, still_true
from doorstep.features.offers.trips import remember_refusal
from doorstep.platform.db.work import Work


async def one_at_a_time(work: Work, market_id: UUID) -> None:
    """Opening and closing offers of one market never overlap; accepting does not wait for this."""
    await work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"offers:{market_id}"}
    )


def wake(work: Work, row: OfferRow) -> None:
    """Tell the market and those asked to look again."""
    work.wake(f"market:{row.market_id}")
    for driver_id in row.driver_ids:
        work.wake(f"driver:{driver_id}")


async def write_answer(work: Work, row: OfferRow, driver_id: UUID, answer: Answer) -> None:
    """Write down what a driver answered; who passed is asked again only for more, who let it run out not at all."""
    work.session.add(
        AnswerRow(
            offer_id=row.id, driver_id=driver_id, market_id=row.market_id, answer=answer.value, at=work.now()
        )
    )
    await work.session.flush()
    if answer is not Answer.ACCEPTED:
        drops = offer_view(row).terms.drops
        extra_minor: dict[UUID, int] = {drop.delivery_id: drop.incentive.minor for drop in drops}
        final = answer is Answer.EXPIRED
        await remember_refusal(work, row.market_id, extra_minor, driver_id, answer, final=final)


async def expire_due(work: Work, market_id: UUID) -> list[Offer]:
    """Close the offers of a market whose time has run out; returns them. For dispatcher and worker."""
    await one_at_a_time(work, market_id)
    rows = (
        await work.session.scalars(
            select(OfferRow)
            .where(
                OfferRow.market_id == market_id,
                OfferRow.state == OfferState.OPEN.value,
                OfferRow.expires_at <= work.now(),
            )
            .order_by(OfferRow.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    ).all()
    for row in rows:
        if row.directed_to is not None:
            await write_answer(work, row, row.directed_to, Answer.EXPIRED)
        await close(work, row, OfferState.EXPIRED, "")
        work.emit(
            events.OfferExpired(
                offer_id=row.id,
                market_id=row.market_id,
                driver_ids=tuple(row.driver_ids),
                delivery_ids=tuple(row.delivery_ids),
                mode=row.mode,
                at=work.now(),
            ),
            stream=events.offer_stream(row.id),
            seq=row.events_count,
            market_id=row.market_id,
        )
    return [offer_view(row) for row in rows]


async def withdraw(work: Work, offer_id: UUID, why: str) -> Offer:
    """Take an open offer back; one that is closed stays as it is. For dispatcher, worker and staff.

    Raises UnknownOffer.
    """
    row = await work.session.get(OfferRow, offer_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownOffer
    if row.state == OfferState.OPEN.value:
        await close(work, row, OfferState.WITHDRAWN, why)
        work.emit(
            events.OfferWithdrawn(
                offer_id=row.id,
                market_id=row.market_id,
                driver_ids=tuple(row.driver_ids),
                delivery_ids=tuple(row.delivery_ids),
                mode=row.mode,
                why=why,
                at=work.now(),
            ),
            stream=events.offer_stream(row.id),
            seq=row.events_count,
            market_id=row.market_id,
        )
    return offer_view(row)


async def close(work: Work, row: OfferRow, state: OfferState, why: str) -> None:
    """End an open offer whose row is locked; its deliveries are on their own again and no longer seen through it."""
    row.state, row.why, row.closed_at = state.value, why, work.now()
    row.events_count += 1
    await work.session.flush()
    await work.session.execute(update(OfferedRow).where(OfferedRow.offer_id == row.id).values(open=False))
    if len(row.delivery_ids) > 1 or joins_of(row.terms):
        await deliveries_service.batch(work, row.delivery_ids, batched=False)
    await deliveries_service.offer_over(work, row.delivery_ids)
    wake(work, row)


async def withdraw_joining(work: Work, trip_id: UUID, driver_id: UUID, why: str) -> None:
    """Take back the open offer that would add to a trip, if there is one: it can grow no more."""
    row = await work.session.scalar(
        select(OfferRow).where(OfferRow.directed_to == driver_id, OfferRow.state == OfferState.OPEN.value)
    )
    joins = None if row is None else joins_of(row.terms)
    if row is not None and joins is not None and joins.trip_id == trip_id:
        await withdraw(work, row.id, why)


async def withdraw_stale(work: Work, delivery_id: UUID, why: str, *, always: bool) -> None:
    """Take back the open offer of a delivery: ``always``, or when its terms no longer describe it."""
    row = await work.session.scalar(
        select(OfferRow)
        .join(OfferedRow, OfferedRow.offer_id == OfferRow.id)
        .where(OfferedRow.delivery_id == delivery_id, OfferedRow.open)
    )
    if row is None:
        return
    part = offer_view(row).terms.drop(delivery_id)
    if always or part is None or not still_true(part, await deliveries.delivery(work, delivery_id)):
        await withdraw(work, row.id, why)
