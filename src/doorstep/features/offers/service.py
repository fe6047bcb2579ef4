"""The verbs of offers: show, accept, decline, let run out, take back. Trips are in ``trips``."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import any_, select, text, update

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.errors import AlreadyTaken, UnknownDelivery
from doorstep.features.deliveries.rules import WAITING, Carrier, Delivery
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import DriverState
from doorstep.features.markets import queries as markets
from doorstep.features.offers import events, trips
from doorstep.features.offers.errors import AlreadyOffered, OfferGone, UnknownOffer
from doorstep.features.offers.models import AnswerRow, OfferedRow, OfferRow, TripRow
from doorstep.features.offers.queries import offer_view, trip_views
from doorstep.features.offers.rules import (
    Answer,
    Offer,
    OfferMode,
    OfferState,
    Proposal,
    Trip,
    TripState,
    compose,
    document,
    document_hash,
    mode_of,
    open_until,
    still_true,
)
from doorstep.features.offers.trips import (
    give_back,
    release,
    remember_refusal,
    report,
    settle_trip,
    take_off,
)
from doorstep.platform.db.work import Work
from doorstep.platform.metrics import OFFER_LATENCY
from doorstep.units.geo import Metres, Seconds
from doorstep.units.ids import DriverId, TripId, public
from doorstep.units.money import Money

__all__ = [
    "OfferMode",
    "accept",
    "decline",
    "expire_due",
    "give_back",
    "release",
    "remember_refusal",
    "report",
    "settle_trip",
    "show",
    "take_off",
    "withdraw",
    "withdraw_stale",
]


@dataclass(frozen=True, slots=True)
class OffersDue:
    """Some offer of a market runs out: look which."""

    market_id: UUID


async def _one_at_a_time(work: Work, market_id: UUID) -> None:
    """Opening and closing offers of one market never overlap; accepting does not wait for this."""
    await work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"offers:{market_id}"}
    )


async def show(work: Work, proposal: Proposal) -> Offer:
    """Freeze the terms of ``proposal`` and show it. For dispatcher and staff.

    Raises AlreadyOffered when a delivery is not waiting or is in an open offer, or when a driver asked
    alone has an offer to answer or two trips already; ValueError when legs and stops do not fit.
    """
    await _one_at_a_time(work, proposal.market_id)
    wanted = await _waiting(work, proposal)
    mode = mode_of(proposal)
    if mode is OfferMode.DIRECTED:
        await _can_be_asked(work, proposal.driver_ids)
    market = await markets.market(work, proposal.market_id)
    now = work.now()
    expires_at = open_until(
        now, proposal.expires_at, work.clock.real_seconds_until(proposal.expires_at), proposal.least_real_s
    )
    legs = proposal.legs or tuple(Leg(Metres(one.leg_m), Seconds(one.leg_s)) for one in wanted[:1])
    terms = compose(
        mode=mode,
        deliveries=wanted,
        legs=legs,
        rates=market.pay,
        incentive=proposal.incentive or Money.zero(market.pay.currency),
        reason=proposal.reason,
        shown_at=now,
        expires_at=expires_at,
        approach_m=None if proposal.approach is None else proposal.approach.metres,
        stop_s=proposal.stop_s,
    )
    stored = document(terms)
    approach_s = 0 if proposal.approach is None else proposal.approach.seconds
    driver_ids = list(dict.fromkeys(proposal.driver_ids))
    row = OfferRow(
        id=work.new_id(),
        market_id=proposal.market_id,
        mode=mode.value,
        state=OfferState.OPEN.value,
        driver_ids=driver_ids,
        delivery_ids=list(proposal.delivery_ids),
        directed_to=driver_ids[0] if mode is OfferMode.DIRECTED else None,
        terms=stored,
        terms_hash=document_hash(stored),
        legs_s=[approach_s, *(leg.seconds for leg in legs)],
        stop_s=proposal.stop_s,
        tick_id=proposal.tick_id,
        awaiting=len(driver_ids),
        shown_at=now,
        shown_wall=work.wall(),
        expires_at=expires_at,
        accepted_by=None,
        trip_id=None,
        closed_at=None,
        why="",
        events_count=1,
    )
    work.session.add(row)
    await work.session.flush()
    work.session.add_all(
        OfferedRow(
            offer_id=row.id,
            delivery_id=delivery.id,
            market_id=row.market_id,
            driver_ids=driver_ids,
            open=True,
        )
        for delivery in wanted
    )
    await work.session.flush()
    await deliveries_service.offer_to(work, proposal.delivery_ids, driver_ids)
    work.emit(
        events.OfferShown(
            offer_id=row.id,
            market_id=row.market_id,
            mode=row.mode,
            driver_ids=tuple(driver_ids),
            delivery_ids=tuple(proposal.delivery_ids),
            terms_hash=row.terms_hash,
            total_minor=terms.total.minor,
            currency=terms.currency,
            tick_id=row.tick_id,
            at=now,
            expires_at=expires_at,
        ),
        stream=events.offer_stream(row.id),
        seq=row.events_count,
        market_id=row.market_id,
    )
    work.schedule(
        "offers.expire",
        OffersDue(row.market_id),
        due_market=expires_at,
        key=str(row.id),
        market_id=row.market_id,
    )
    _wake(work, row)
    return offer_view(row)


async def _waiting(work: Work, proposal: Proposal) -> list[Delivery]:
    """The deliveries, in drop sequence, when all of them can be offered."""
    wanted = await deliveries.many(work, proposal.delivery_ids)
    if not wanted or len(wanted) != len(set(proposal.delivery_ids)) or not proposal.driver_ids:
        raise AlreadyOffered("Some of these deliveries do not exist, or nobody is asked.")
    for delivery in wanted:
        if delivery.state not in WAITING or delivery.market_id != proposal.market_id:
            raise AlreadyOffered(
                f"This delivery is {delivery.state}.", facts={"delivery_id": public("delivery", delivery.id)}
            )
    before = (
        await work.session.execute(
            select(OfferedRow.delivery_id, OfferedRow.open).where(
                OfferedRow.delivery_id.in_(proposal.delivery_ids)
            )
        )
    ).all()
    for delivery_id, is_open in before:
        if is_open:
            raise AlreadyOffered(
                "This delivery is being offered.", facts={"delivery_id": public("delivery", delivery_id)}
            )
    offered = {delivery_id for delivery_id, _ in before}
    wall = work.wall()
    for delivery in wanted:
        if delivery.id not in offered:
            # The real time of its making stands in its id: milliseconds in the first 48 bits.
            made_s = (delivery.id.int >> 80) / 1000
            waited_s = max(0.0, wall.timestamp() - made_s)
            work.after_commit(lambda waited_s=waited_s: OFFER_LATENCY.observe(waited_s))  # type: ignore[misc]
    return wanted


async def _can_be_asked(work: Work, driver_ids: Sequence[DriverId]) -> None:
    if len(set(driver_ids)) != 1:
        raise AlreadyOffered("A directed offer asks exactly one driver.")
    busy = await work.session.scalar(
        select(OfferRow.id).where(
            OfferRow.directed_to == driver_ids[0], OfferRow.state == OfferState.OPEN.value
        )
    )
    if busy is not None:
        raise AlreadyOffered("The driver has an offer to answer.")
    following = await work.session.scalar(
        select(TripRow.id).where(TripRow.driver_id == driver_ids[0], TripRow.state == TripState.NEXT.value)
    )
    if following is not None:
        raise AlreadyOffered("The driver has her next trip already.")


def _wake(work: Work, row: OfferRow) -> None:
    work.wake(f"market:{row.market_id}")
    for driver_id in row.driver_ids:
        work.wake(f"driver:{driver_id}")


async def accept(work: Work, offer_id: UUID, driver_id: UUID) -> Trip:
    """Take an offer: the first conditional update wins. Again by the winner returns her trip.

    Raises UnknownOffer, OfferGone (somebody was quicker, too late, taken back), HasTrip.
    """
    await trips.one_at_a_time(work, driver_id)
    now = work.now()
    trip_id = work.new_id()
    row = await work.session.scalar(
        update(OfferRow)
        .where(
            OfferRow.id == offer_id,
            OfferRow.state == OfferState.OPEN.value,
            OfferRow.expires_at > now,
            any_(OfferRow.driver_ids) == driver_id,
            ~select(AnswerRow)
            .where(AnswerRow.offer_id == offer_id, AnswerRow.driver_id == driver_id)
            .exists(),
        )
        .values(
            state=OfferState.ACCEPTED.value,
            accepted_by=driver_id,
            trip_id=trip_id,
            closed_at=now,
            events_count=OfferRow.events_count + 1,
        )
        .returning(OfferRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if row is None:
        return await _had_or_gone(work, offer_id, driver_id)
    driver = await drivers.driver(work, driver_id)
    if driver.state is not DriverState.ACTIVE:
        raise OfferGone("Your account is not active.")
    taken = await _assigned(work, row, driver_id, driver.first_name, driver.vehicle.kind, TripId(trip_id))
    await work.session.execute(update(OfferedRow).where(OfferedRow.offer_id == offer_id).values(open=False))
    await _answer(work, row, driver_id, Answer.ACCEPTED)
    work.emit(
        events.OfferAccepted(
            offer_id=row.id,
            trip_id=trip_id,
            market_id=row.market_id,
            driver_id=driver_id,
            delivery_ids=tuple(row.delivery_ids),
            terms_hash=row.terms_hash,
            at=now,
            terms=row.terms,
        ),
        stream=events.offer_stream(row.id),
        seq=row.events_count,
        market_id=row.market_id,
    )
    _wake(work, row)
    return await trips.begin(work, row, taken)


async def _had_or_gone(work: Work, offer_id: UUID, driver_id: UUID) -> Trip:
    """The trip, when this driver accepted before; else why the offer is gone."""
    row = await work.session.get(OfferRow, offer_id, populate_existing=True)
    if row is None or driver_id not in row.driver_ids:
        raise UnknownOffer
    if row.accepted_by == driver_id:
        trip = await work.session.get(TripRow, row.trip_id)
        assert trip is not None
        return (await trip_views(work, [trip]))[0]
    if row.accepted_by is not None:
        raise OfferGone("Another driver was quicker.")
    if row.state == OfferState.WITHDRAWN.value:
        raise OfferGone(f"It was taken back: {row.why}")
    if row.state == OfferState.OPEN.value and row.expires_at > work.now():
        raise OfferGone("You declined it.")
    raise OfferGone("Its time ran out.")


async def _assigned(
    work: Work, row: OfferRow, driver_id: UUID, first_name: str, vehicle: str, trip_id: TripId
) -> list[Delivery]:
    """The deliveries, all given to the driver, all as they were shown."""
    try:
        taken = await deliveries_service.assign(
            work,
            row.delivery_ids,
            Carrier(driver_id=DriverId(driver_id), trip_id=trip_id),
            note={"first_name": first_name, "vehicle": vehicle},
        )
    except (AlreadyTaken, UnknownDelivery) as error:
        raise OfferGone("One of its deliveries was taken back or cancelled.") from error
    terms = offer_view(row).terms
    for delivery in taken:
        part = terms.drop(delivery.id)
        if part is None or not still_true(part, delivery):
            raise OfferGone("One of its deliveries has changed; it will be offered again as it is now.")
    return taken


async def _answer(work: Work, row: OfferRow, driver_id: UUID, answer: Answer) -> None:
    work.session.add(
        AnswerRow(
            offer_id=row.id, driver_id=driver_id, market_id=row.market_id, answer=answer.value, at=work.now()
        )
    )
    await work.session.flush()
    if answer is not Answer.ACCEPTED:
        await remember_refusal(work, row.market_id, row.delivery_ids, driver_id, answer)


async def decline(work: Work, offer_id: UUID, driver_id: UUID) -> Offer:
    """Say no. Nothing follows but that these deliveries are not offered to this driver again.

    Saying no twice, or to an offer that is gone, changes nothing. Raises UnknownOffer.
    """
    row = await work.session.get(OfferRow, offer_id, with_for_update=True, populate_existing=True)
    if row is None or driver_id not in row.driver_ids:
        raise UnknownOffer
    answered = await work.session.get(AnswerRow, (offer_id, driver_id))
    if answered is not None or row.state != OfferState.OPEN.value or row.expires_at <= work.now():
        return offer_view(row)
    await _answer(work, row, driver_id, Answer.DECLINED)
    row.awaiting -= 1
    closed = row.awaiting == 0
    if closed:
        await _close(work, row, OfferState.DECLINED, "")
    else:
        row.events_count += 1
        _wake(work, row)
    work.emit(
        events.OfferDeclined(
            offer_id=row.id,
            market_id=row.market_id,
            driver_id=driver_id,
            delivery_ids=tuple(row.delivery_ids),
            closed=closed,
            mode=row.mode,
            at=work.now(),
        ),
        stream=events.offer_stream(row.id),
        seq=row.events_count,
        market_id=row.market_id,
    )
    await work.session.flush()
    return offer_view(row)


async def expire_due(work: Work, market_id: UUID) -> list[Offer]:
    """Close the offers of a market whose time has run out; returns them. For dispatcher and worker."""
    await _one_at_a_time(work, market_id)
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
            await _answer(work, row, row.directed_to, Answer.EXPIRED)
        await _close(work, row, OfferState.EXPIRED, "")
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
        await _close(work, row, OfferState.WITHDRAWN, why)
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


async def _close(work: Work, row: OfferRow, state: OfferState, why: str) -> None:
    row.state, row.why, row.closed_at = state.value, why, work.now()
    row.events_count += 1
    await work.session.flush()
    await work.session.execute(update(OfferedRow).where(OfferedRow.offer_id == row.id).values(open=False))
    await deliveries_service.offer_over(work, row.delivery_ids)
    _wake(work, row)


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
