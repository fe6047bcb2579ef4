"""The verbs of trips: begin, follow reports, take a delivery off, end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.errors import CannotFollow
from doorstep.features.deliveries.rules import Delivery, DeliveryState
from doorstep.features.fixes import service as fixes
from doorstep.features.offers import events
from doorstep.features.offers.errors import HasTrip, NotOnTrip, TooLateToDrop, UnknownTrip
from doorstep.features.offers.models import ChangeRow, OfferRow, RefusalRow, StopRow, TripRow
from doorstep.features.offers.queries import offer_view, stop_view, trip_views
from doorstep.features.offers.rules import (
    LIVE_TRIPS,
    Answer,
    Cause,
    Offer,
    Stop,
    StopKind,
    StopState,
    Trip,
    TripState,
    all_over,
    kept_after,
    settle,
)
from doorstep.features.offers.stops import planned
from doorstep.platform.db.work import Work
from doorstep.platform.events import Event
from doorstep.units.time import MarketInstant


async def one_at_a_time(work: Work, driver_id: UUID) -> None:
    """A driver's trips begin and end one after the other."""
    await work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"trips:{driver_id}"}
    )


def tell(work: Work, row: TripRow, event: Event) -> None:
    """Tell what happened to a trip, in sequence, and wake who looks at it. For this feature alone."""
    row.events_count += 1
    work.emit(event, stream=events.trip_stream(row.id), seq=row.events_count, market_id=row.market_id)
    work.wake(f"trip:{row.id}")
    work.wake(f"driver:{row.driver_id}")
    work.wake(f"market:{row.market_id}")


def _start(work: Work, row: TripRow) -> None:
    row.state, row.started_at = TripState.UNDER_WAY.value, work.now()
    tell(
        work,
        row,
        events.TripStarted(
            trip_id=row.id,
            offer_id=row.offer_id,
            market_id=row.market_id,
            driver_id=row.driver_id,
            delivery_ids=tuple(row.delivery_ids),
            at=work.now(),
        ),
    )


async def begin(work: Work, offer: OfferRow, taken: Sequence[Delivery]) -> Trip:
    """The trip of an offer that was just accepted: under way at once, or next after the one under way.

    Raises HasTrip when there is a next one already. The driver's trips must be held (``one_at_a_time``).
    """
    assert offer.accepted_by is not None
    assert offer.trip_id is not None
    live = set(
        await work.session.scalars(
            select(TripRow.state).where(
                TripRow.driver_id == offer.accepted_by,
                TripRow.state.in_([state.value for state in LIVE_TRIPS]),
            )
        )
    )
    if TripState.NEXT.value in live:
        raise HasTrip
    row = TripRow(
        id=offer.trip_id,
        offer_id=offer.id,
        market_id=offer.market_id,
        driver_id=offer.accepted_by,
        state=TripState.NEXT.value,
        delivery_ids=list(offer.delivery_ids),
        terms_hash=offer.terms_hash,
        accepted_at=work.now(),
        started_at=None,
        ended_at=None,
        events_count=0,
        joined={},
    )
    if not live:
        _start(work, row)
    work.session.add(row)
    await work.session.flush()
    approach_s, *legs_s = offer.legs_s
    terms = offer_view(offer).terms
    for stop in planned(
        terms, taken, legs_s, approach_s, pickup_stop_s=offer.pickup_stop_s, drop_stop_s=offer.drop_stop_s
    ):
        work.session.add(_stop_row(row, stop))
    await work.flush()
    return (await trip_views(work, [row]))[0]


_LAID = (
    "kind", "store_id", "delivery_ids", "lat", "lng", "leg_m", "leg_s", "stop_s", "not_before", "due_at",
    "state", "reached_at", "done_at",
)  # fmt: skip


def _stop_row(trip: TripRow, stop: Stop) -> StopRow:
    return StopRow(
        trip_id=trip.id,
        position=stop.position,
        driver_id=trip.driver_id,
        market_id=trip.market_id,
        kind=stop.kind.value,
        store_id=stop.store_id,
        delivery_ids=list(stop.delivery_ids),
        lat=stop.point.lat,
        lng=stop.point.lng,
        leg_m=stop.leg_m,
        leg_s=stop.leg_s,
        stop_s=stop.stop_s,
        not_before=stop.not_before,
        due_at=stop.due_at,
        state=stop.state.value,
        reached_at=stop.reached_at,
        done_at=stop.done_at,
    )


def lay(work: Work, trip: TripRow, rows: Sequence[StopRow], stops: Sequence[Stop]) -> None:
    """Write the stops over the rows there are, by position, and add those that are new. For this feature alone."""
    for row, stop in zip(rows, stops, strict=False):
        fresh = _stop_row(trip, stop)
        for name in _LAID:
            setattr(row, name, getattr(fresh, name))
    work.session.add_all(_stop_row(trip, stop) for stop in stops[len(rows) :])


async def held(work: Work, trip_id: UUID) -> TripRow:
    """The trip's row, locked. Raises UnknownTrip. For this feature alone."""
    row = await work.session.get(TripRow, trip_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownTrip
    return row


async def _offer_of(work: Work, trip: TripRow, delivery_id: UUID) -> Offer:
    """The accepted offer that put a delivery on the trip."""
    row = await work.session.get(OfferRow, UUID(trip.joined.get(str(delivery_id), str(trip.offer_id))))
    assert row is not None
    return offer_view(row)


async def settle_trip(work: Work, trip_id: UUID) -> Trip:
    """Read the stops off the deliveries; end the trip when nothing is left. Safe to repeat. Raises UnknownTrip."""
    row = await held(work, trip_id)
    stop_rows = (
        await work.session.scalars(
            select(StopRow)
            .where(StopRow.trip_id == trip_id)
            .order_by(StopRow.position)
            .execution_options(populate_existing=True)
        )
    ).all()
    there = await deliveries.many(work, row.delivery_ids)
    states: dict[UUID, DeliveryState] = {
        delivery.id: delivery.state for delivery in there if _on(delivery, row)
    }
    ways_back: dict[UUID, tuple[int, int]] = {
        delivery.id: (delivery.leg_m, delivery.leg_s) for delivery in there
    }
    before = [stop_view(stop) for stop in stop_rows]
    after = settle(before, states, work.now(), ways_back)
    if list(after) != before:
        lay(work, row, stop_rows, after)
        work.wake(f"trip:{row.id}")
        work.wake(f"driver:{row.driver_id}")
    if TripState(row.state) in LIVE_TRIPS and all_over(after):
        await _end(work, row, after)
    await work.flush()
    return (await trip_views(work, [row]))[0]


def _on(delivery: Delivery, trip: TripRow) -> bool:
    return (
        delivery.state is not DeliveryState.CANCELLED
        and delivery.carrier is not None
        and delivery.carrier.trip_id == trip.id
    )


async def _end(work: Work, row: TripRow, stops: Sequence[Stop]) -> None:
    called_off = all(stop.state is StopState.OFF for stop in stops if stop.kind is not StopKind.PICKUP)
    row.state = (TripState.CALLED_OFF if called_off else TripState.FINISHED).value
    row.ended_at = work.now()
    done = [stop for stop in stops if stop.state is StopState.DONE and stop.done_at is not None]
    if done:
        last = max(done, key=lambda stop: stop.position)
        at = MarketInstant(last.done_at or work.now())
        await fixes.was_at(work, row.driver_id, row.market_id, last.point, at)
    tell(
        work,
        row,
        events.TripFinished(
            trip_id=row.id,
            offer_id=row.offer_id,
            market_id=row.market_id,
            driver_id=row.driver_id,
            delivery_ids=tuple(row.delivery_ids),
            called_off=called_off,
            at=work.now(),
        ),
    )
    await work.session.flush()
    await one_at_a_time(work, row.driver_id)
    following = await work.session.scalar(
        select(TripRow)
        .where(TripRow.driver_id == row.driver_id, TripRow.state == TripState.NEXT.value)
        .execution_options(populate_existing=True)
    )
    under_way = await work.session.scalar(
        select(TripRow.id).where(
            TripRow.driver_id == row.driver_id, TripRow.state == TripState.UNDER_WAY.value
        )
    )
    if following is not None and under_way is None:
        _start(work, following)
        await work.session.flush()


async def take_off(work: Work, trip_id: UUID, delivery_id: UUID, cause: Cause, why: str) -> None:
    """Let a delivery leave its trip, with a visible line of what stays owed for it. Safe to repeat."""
    row = await held(work, trip_id)
    if delivery_id not in row.delivery_ids:
        return
    offer = await _offer_of(work, row, delivery_id)
    part = offer.terms.drop(delivery_id)
    assert part is not None
    kept, tip_cover = kept_after(part, cause)
    row.delivery_ids = [one for one in row.delivery_ids if one != delivery_id]
    work.session.add(
        ChangeRow(
            trip_id=row.id,
            delivery_id=delivery_id,
            driver_id=row.driver_id,
            market_id=row.market_id,
            cause=cause.value,
            why=why,
            kept_minor=kept.minor,
            tip_cover_minor=tip_cover.minor,
            currency=kept.currency,
            at=work.now(),
        )
    )
    tell(
        work,
        row,
        events.TripChanged(
            trip_id=row.id,
            offer_id=offer.id,
            market_id=row.market_id,
            driver_id=row.driver_id,
            delivery_id=delivery_id,
            cause=cause.value,
            why=why,
            kept_minor=kept.minor,
            tip_cover_minor=tip_cover.minor,
            currency=kept.currency,
            at=work.now(),
        ),
    )
    await work.session.flush()
    await settle_trip(work, trip_id)


async def release(work: Work, delivery_id: UUID, cause: Cause, why: str) -> Delivery:
    """Take a delivery from its driver before the goods are picked up. For staff and the network.

    The driver keeps what was offered for it unless she or the customer caused it. Raises deliveries'
    UnknownDelivery, and CannotFollow once the goods are with her.
    """
    before = await deliveries.delivery(work, delivery_id)
    changed = await deliveries_service.unassign(work, delivery_id, why)
    if before.carrier is not None and before.carrier.trip_id is not None:
        await take_off(work, before.carrier.trip_id, delivery_id, cause, why)
    return changed


async def give_back(work: Work, trip_id: UUID, delivery_id: UUID, why: str) -> Trip:
    """A driver gives a delivery back before pickup: offered to others, not to her again, nothing else.

    Raises UnknownTrip, NotOnTrip, TooLateToDrop.
    """
    trip = await work.session.get(TripRow, trip_id)
    if trip is None:
        raise UnknownTrip
    if delivery_id not in trip.delivery_ids:
        raise NotOnTrip
    try:
        await release(work, delivery_id, Cause.DRIVER, why)
    except CannotFollow as error:
        raise TooLateToDrop(facts=error.facts) from error
    await remember_refusal(
        work, trip.market_id, {delivery_id: 0}, trip.driver_id, Answer.DECLINED, final=True
    )
    return (await trip_views(work, [trip]))[0]


async def remember_refusal(
    work: Work,
    market_id: UUID,
    extra_minor: Mapping[UUID, int],
    driver_id: UUID,
    answer: Answer,
    *,
    final: bool,
) -> None:
    """She passed on these deliveries, which paid ``extra_minor`` on top: not hers again unless for more, if not ``final``.

    Nothing else follows.
    """
    said = insert(RefusalRow).values(
        [
            {
                "delivery_id": delivery_id,
                "driver_id": driver_id,
                "market_id": market_id,
                "answer": answer.value,
                "times": 1,
                "extra_minor": extra,
                "final": final,
                "at": work.now(),
            }
            for delivery_id, extra in extra_minor.items()
        ]
    )
    again = said.excluded
    await work.session.execute(
        said.on_conflict_do_update(
            index_elements=[RefusalRow.delivery_id, RefusalRow.driver_id],
            set_={
                "answer": again.answer,
                "times": RefusalRow.times + 1,
                "extra_minor": again.extra_minor,
                "final": or_(RefusalRow.final, again.final),
                "at": again.at,
            },
        )
    )


async def move_ready(work: Work, trip_id: UUID, store_id: UUID, ready_at: datetime) -> None:
    """The goods of a trip's pickup are ready at another time than thought."""
    await held(work, trip_id)
    rows = await work.session.scalars(
        select(StopRow).where(StopRow.trip_id == trip_id, StopRow.store_id == store_id)
    )
    for row in rows:
        if row.kind == StopKind.PICKUP.value and row.state == StopState.OPEN.value:
            row.not_before = max(ready_at, row.not_before or ready_at)
    work.wake(f"trip:{trip_id}")
