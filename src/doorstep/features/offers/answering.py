"""Answering an offer: the first conditional update has it; a no has no consequence."""

from uuid import UUID

from sqlalchemy import any_, select, update

from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.errors import AlreadyTaken, UnknownDelivery
from doorstep.features.deliveries.rules import Carrier, Delivery
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import DriverState
from doorstep.features.offers import events, joining, trips
from doorstep.features.offers.closing import close, wake, write_answer
from doorstep.features.offers.errors import OfferGone, UnknownOffer
from doorstep.features.offers.models import AnswerRow, OfferedRow, OfferRow, TripRow
from doorstep.features.offers.queries import offer_view, trip_views
from doorstep.features.offers.rules import Answer, Offer, OfferState, Trip, joins_of, still_true
from doorstep.platform.db.work import Work
from doorstep.units.ids import DriverId, TripId


async def accept(work: Work, offer_id: UUID, driver_id: UUID) -> Trip:
    """Take an offer: the first conditional update wins. Again by the winner returns her trip.

    One that joins a trip adds to it; any other is a trip of its own.

    Raises UnknownOffer, OfferGone (somebody was quicker, too late, taken back, the trip has changed), HasTrip.
    """
    await trips.one_at_a_time(work, driver_id)
    now = work.now()
    joins = await _joins(work, offer_id)
    trip_id = joins or work.new_id()
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
    taken = await _assigned(work, row, driver_id, driver.first_name, driver.vehicle.looks, TripId(trip_id))
    await work.session.execute(update(OfferedRow).where(OfferedRow.offer_id == offer_id).values(open=False))
    await write_answer(work, row, driver_id, Answer.ACCEPTED)
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
    wake(work, row)
    return await (joining.grow if joins else trips.begin)(work, row, taken)


async def _joins(work: Work, offer_id: UUID) -> TripId | None:
    """The trip that an offer adds to: it stands in its frozen terms."""
    terms = await work.session.scalar(select(OfferRow.terms).where(OfferRow.id == offer_id))
    joins = None if terms is None else joins_of(terms)
    return None if joins is None else joins.trip_id


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


async def decline(work: Work, offer_id: UUID, driver_id: UUID) -> Offer:
    """Say no. Nothing follows but that these deliveries are offered to this driver again only with more extra pay.

    Saying no twice, or to an offer that is gone, changes nothing. Raises UnknownOffer.
    """
    row = await work.session.get(OfferRow, offer_id, with_for_update=True, populate_existing=True)
    if row is None or driver_id not in row.driver_ids:
        raise UnknownOffer
    answered = await work.session.get(AnswerRow, (offer_id, driver_id))
    if answered is not None or row.state != OfferState.OPEN.value or row.expires_at <= work.now():
        return offer_view(row)
    await write_answer(work, row, driver_id, Answer.DECLINED)
    row.awaiting -= 1
    closed = row.awaiting == 0
    if closed:
        await close(work, row, OfferState.DECLINED, "")
    else:
        row.events_count += 1
        wake(work, row)
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
