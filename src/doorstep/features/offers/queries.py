"""Reads of offers and trips. What an actor may not see is not there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text

from doorstep.features.offers.errors import UnknownOffer, UnknownTrip
from doorstep.features.offers.models import (
    AnswerRow,
    ChangeRow,
    OfferedRow,
    OfferRow,
    RefusalRow,
    StopRow,
    TripRow,
)
from doorstep.features.offers.rising import Passed, Refused, Rise
from doorstep.features.offers.rules import (
    LIVE_TRIPS,
    ZONE_SPAN,
    AcceptedTerms,
    Answer,
    Cause,
    Change,
    Offer,
    OfferMode,
    OfferState,
    Stop,
    StopKind,
    StopState,
    Trip,
    TripState,
    Zone,
    from_document,
)
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import DeliveryId, DriverId, MarketId, OfferId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

_LATELY = text("SELECT * FROM offers_lately(:market, :since)")


def _instant(value: datetime | None) -> MarketInstant | None:
    return None if value is None else MarketInstant(value)


def offer_view(row: OfferRow) -> Offer:
    """The row as other rooms see it."""
    return Offer(
        id=OfferId(row.id),
        market_id=MarketId(row.market_id),
        state=OfferState(row.state),
        driver_ids=tuple(DriverId(one) for one in row.driver_ids),
        delivery_ids=tuple(DeliveryId(one) for one in row.delivery_ids),
        terms=from_document(row.terms),
        terms_hash=row.terms_hash,
        approach_s=row.legs_s[0],
        tick_id=row.tick_id,
        accepted_by=None if row.accepted_by is None else DriverId(row.accepted_by),
        trip_id=None if row.trip_id is None else TripId(row.trip_id),
        closed_at=_instant(row.closed_at),
        why=row.why,
    )


def stop_view(row: StopRow) -> Stop:
    """The row as a value."""
    return Stop(
        position=row.position,
        kind=StopKind(row.kind),
        store_id=None if row.store_id is None else StoreId(row.store_id),
        delivery_ids=tuple(DeliveryId(one) for one in row.delivery_ids),
        point=LatLng(lat=row.lat, lng=row.lng),
        leg_m=row.leg_m,
        leg_s=row.leg_s,
        stop_s=row.stop_s,
        not_before=_instant(row.not_before),
        due_at=_instant(row.due_at),
        state=StopState(row.state),
        reached_at=_instant(row.reached_at),
        done_at=_instant(row.done_at),
    )


def change_view(row: ChangeRow) -> Change:
    """The row as a value."""
    return Change(
        delivery_id=DeliveryId(row.delivery_id),
        cause=Cause(row.cause),
        why=row.why,
        at=MarketInstant(row.at),
        kept=Money(row.kept_minor, row.currency),
        tip_cover=Money(row.tip_cover_minor, row.currency),
    )


async def trip_views(work: Work, rows: Sequence[TripRow]) -> list[Trip]:
    """The rows as other rooms see them, with their stops and changes."""
    ids = [row.id for row in rows]
    stops: dict[UUID, list[Stop]] = defaultdict(list)
    changes: dict[UUID, list[Change]] = defaultdict(list)
    if ids:
        for stop in await work.session.scalars(
            select(StopRow)
            .where(StopRow.trip_id.in_(ids))
            .order_by(StopRow.trip_id, StopRow.position)
            .execution_options(populate_existing=True)
        ):
            stops[stop.trip_id].append(stop_view(stop))
        for change in await work.session.scalars(
            select(ChangeRow).where(ChangeRow.trip_id.in_(ids)).order_by(ChangeRow.at, ChangeRow.delivery_id)
        ):
            changes[change.trip_id].append(change_view(change))
    return [
        Trip(
            id=TripId(row.id),
            offer_id=OfferId(row.offer_id),
            market_id=MarketId(row.market_id),
            driver_id=DriverId(row.driver_id),
            state=TripState(row.state),
            delivery_ids=tuple(DeliveryId(one) for one in row.delivery_ids),
            stops=tuple(stops[row.id]),
            terms_hash=row.terms_hash,
            accepted_at=MarketInstant(row.accepted_at),
            started_at=_instant(row.started_at),
            ended_at=_instant(row.ended_at),
            changes=tuple(changes[row.id]),
            joined={DeliveryId(UUID(one)): OfferId(UUID(offer)) for one, offer in row.joined.items()},
        )
        for row in rows
    ]


async def offer(work: Work, offer_id: UUID) -> Offer:
    """One offer. Raises UnknownOffer."""
    row = await work.session.get(OfferRow, offer_id)
    if row is None:
        raise UnknownOffer
    return offer_view(row)


async def open_in_market(work: Work, market_id: UUID) -> list[Offer]:
    """Open offers of a market, oldest first; some may have run out and not been closed yet."""
    rows = await work.session.scalars(
        select(OfferRow)
        .where(OfferRow.market_id == market_id, OfferRow.state == OfferState.OPEN.value)
        .order_by(OfferRow.id)
        .execution_options(populate_existing=True)
    )
    return [offer_view(row) for row in rows]


async def is_offered(work: Work, delivery_id: UUID) -> bool:
    """Whether a delivery is in an open offer: some driver may take it at any moment."""
    found = await work.session.scalar(
        select(OfferedRow.offer_id).where(OfferedRow.delivery_id == delivery_id, OfferedRow.open)
    )
    return found is not None


async def count_open(work: Work, market_id: UUID) -> int:
    """How many offers of a market can be accepted now."""
    return int(
        await work.session.scalar(
            select(func.count())
            .select_from(OfferRow)
            .where(
                OfferRow.market_id == market_id,
                OfferRow.state == OfferState.OPEN.value,
                OfferRow.expires_at > work.now(),
            )
        )
        or 0
    )


async def open_for(work: Work, driver_id: UUID) -> list[Offer]:
    """Offers that a driver may accept now, and has not declined, oldest first."""
    rows = await work.session.scalars(
        select(OfferRow)
        .where(
            OfferRow.driver_ids.contains([driver_id]),
            OfferRow.state == OfferState.OPEN.value,
            OfferRow.expires_at > work.now(),
            ~select(AnswerRow)
            .where(AnswerRow.offer_id == OfferRow.id, AnswerRow.driver_id == driver_id)
            .exists(),
        )
        .order_by(OfferRow.id)
        .execution_options(populate_existing=True)
    )
    return [offer_view(row) for row in rows]


async def shown_within(work: Work, driver_id: UUID, real_s: float) -> bool:
    """Whether an offer that ``driver_id`` may still answer was shown in the last ``real_s`` real seconds."""
    oldest = work.wall() - timedelta(seconds=real_s)
    shown = await work.session.scalars(
        select(OfferRow.id).where(
            OfferRow.driver_ids.contains([driver_id]),
            OfferRow.state == OfferState.OPEN.value,
            OfferRow.expires_at > work.now(),
            OfferRow.shown_wall > oldest,
            ~select(AnswerRow)
            .where(AnswerRow.offer_id == OfferRow.id, AnswerRow.driver_id == driver_id)
            .exists(),
        )
    )
    return shown.first() is not None


async def offers_of(work: Work, delivery_id: UUID) -> list[Offer]:
    """Every offer a delivery was in, oldest first."""
    rows = await work.session.scalars(
        select(OfferRow)
        .join(OfferedRow, OfferedRow.offer_id == OfferRow.id)
        .where(OfferedRow.delivery_id == delivery_id)
        .order_by(OfferRow.id)
    )
    return [offer_view(row) for row in rows]


async def answers(work: Work, offer_ids: Sequence[UUID]) -> dict[OfferId, dict[DriverId, Answer]]:
    """Who answered what to each of ``offer_ids``."""
    found: dict[OfferId, dict[DriverId, Answer]] = defaultdict(dict)
    for row in await work.session.scalars(select(AnswerRow).where(AnswerRow.offer_id.in_(offer_ids))):
        found[OfferId(row.offer_id)][DriverId(row.driver_id)] = Answer(row.answer)
    return dict(found)


async def passed(work: Work, delivery_ids: Sequence[UUID], rise: Rise) -> dict[DeliveryId, Passed[UUID]]:
    """How often each delivery was passed on, by whom, and what its next offer adds by the market's ``rise``; of those that were."""
    next_best = OfferRow.next_best_min
    raising = func.count().filter(or_(next_best.is_(None), next_best >= rise.from_min))
    broadcasts = func.count().filter(OfferRow.mode == OfferMode.BROADCAST.value)
    ended = await work.session.execute(
        select(OfferedRow.delivery_id, raising, broadcasts)
        .join(OfferRow, OfferRow.id == OfferedRow.offer_id)
        .where(
            OfferedRow.delivery_id.in_(delivery_ids),
            OfferRow.state.in_((OfferState.EXPIRED.value, OfferState.DECLINED.value)),
        )
        .group_by(OfferedRow.delivery_id)
    )
    counts = {one: (rise.after(noes), asked_of_all) for one, noes, asked_of_all in ended}
    by: dict[UUID, dict[UUID, Refused]] = defaultdict(dict)
    for row in await work.session.scalars(select(RefusalRow).where(RefusalRow.delivery_id.in_(delivery_ids))):
        by[row.delivery_id][row.driver_id] = Refused(row.times, row.extra_minor, row.final)
    return {
        DeliveryId(one): Passed(*counts.get(one, (0, 0)), by.get(one, {}))
        for one in counts.keys() | by.keys()
    }


async def trip(work: Work, trip_id: UUID) -> Trip:
    """One trip. Raises UnknownTrip."""
    row = await work.session.get(TripRow, trip_id)
    if row is None:
        raise UnknownTrip
    return (await trip_views(work, [row]))[0]


async def trips_of(
    work: Work, driver_id: UUID, *, live: bool = False, limit: int = 50, before: UUID | None = None
) -> list[Trip]:
    """A driver's trips, newest first; ``live``: only those under way or next, the one under way first."""
    query = select(TripRow).where(TripRow.driver_id == driver_id).limit(limit)
    if before is not None:
        query = query.where(TripRow.id < before)
    if live:
        query = query.where(TripRow.state.in_([state.value for state in LIVE_TRIPS]))
        query = query.order_by(TripRow.state.desc(), TripRow.id)  # "under_way" sorts after "next"
    else:
        query = query.order_by(TripRow.id.desc())
    return await trip_views(work, (await work.session.scalars(query)).all())


async def trips_under_way(work: Work, market_id: UUID) -> list[Trip]:
    """Trips that drivers of a market are on, each followed by the driver's next one if she accepted one."""
    rows = await work.session.scalars(
        select(TripRow)
        .where(TripRow.market_id == market_id, TripRow.state.in_([state.value for state in LIVE_TRIPS]))
        .order_by(TripRow.driver_id, TripRow.state.desc())
        .execution_options(populate_existing=True)
    )
    found = await trip_views(work, rows.all())
    under_way = {trip.driver_id: trip for trip in found if trip.state is TripState.UNDER_WAY}
    return [
        replace(trip, after=under_way.get(trip.driver_id)) if trip.state is TripState.NEXT else trip
        for trip in found
    ]


async def terms_of_delivery(work: Work, delivery_id: UUID, driver_id: UUID) -> AcceptedTerms | None:
    """What ``driver_id`` accepted for a delivery, the newest if more than once; None when she never did."""
    row = await work.session.scalar(
        select(OfferRow)
        .join(OfferedRow, OfferedRow.offer_id == OfferRow.id)
        .where(OfferedRow.delivery_id == delivery_id, OfferRow.accepted_by == driver_id)
        .order_by(OfferRow.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    found = offer_view(row)
    part = found.terms.drop(delivery_id)
    assert part is not None
    assert found.trip_id is not None
    assert found.closed_at is not None
    off = await work.session.get(ChangeRow, (found.trip_id, delivery_id))
    return AcceptedTerms(
        offer_id=found.id,
        trip_id=found.trip_id,
        driver_id=DriverId(driver_id),
        terms_hash=found.terms_hash,
        accepted_at=found.closed_at,
        part=part,
        off=None if off is None else change_view(off),
    )


async def zones(work: Work, market_id: UUID) -> list[Zone]:
    """Where offers were made in a market lately, busiest first; counts that any audience may know."""
    rows = await work.session.execute(_LATELY, {"market": market_id, "since": work.now() - ZONE_SPAN})
    return [Zone(LatLng(lat=row.lat, lng=row.lng), row.offers) for row in rows]
