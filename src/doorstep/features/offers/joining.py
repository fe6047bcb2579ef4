"""A trip that grows: more of its shop is offered to the driver who is under way there, until she has the goods.

The second stage of the "additive commitment" of Reyes et al. (2018), as an offer of its own: what she accepted stays as it was,
what comes on top is told whole (way, minutes, pay, where its doors come in) and a no has no consequence.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import select

from doorstep.features.deliveries.rules import Delivery
from doorstep.features.markets.rules import PayRates
from doorstep.features.offers import events, trips
from doorstep.features.offers.errors import AlreadyOffered, OfferGone
from doorstep.features.offers.models import OfferRow, StopRow, TripRow
from doorstep.features.offers.queries import offer_view, stop_view, trip_views
from doorstep.features.offers.rules import (
    Joins,
    OfferMode,
    Proposal,
    Terms,
    Trip,
    doors_ahead,
    pay_lines,
)
from doorstep.features.offers.stops import door_of, grown
from doorstep.features.offers.terms import drop_of, pickups_of, visits_of
from doorstep.platform.db.work import Work
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


def compose_joining(
    trip: Trip,
    *,
    deliveries: Sequence[Delivery],
    proposal: Proposal,
    rates: PayRates,
    extras: Sequence[Money],
    reason: str,
    shown_at: MarketInstant,
    expires_at: MarketInstant,
) -> Terms:
    """The terms of bringing ``deliveries`` along on ``trip``: what they add to its way, its minutes and its pay.

    Minutes count the longer way, a stop at each further door and the wait for goods that are ready later than hers; ``extras`` and
    ``reason`` as in ``compose``. Raises AlreadyOffered when the trip is not as the proposal has it, ValueError when legs and doors do not fit.
    """
    shop = trip.shop_ahead
    before = doors_ahead(trip.stops)
    joining = {delivery.id for delivery in deliveries}
    known = {stop.delivery_ids[0] for stop in before}
    if shop is None or known | joining != set(proposal.doors) or known & joining:
        raise AlreadyOffered("The trip that it was to join has changed, or its goods are on the way.")
    if any(delivery.store_id != shop.store_id for delivery in deliveries):
        raise ValueError("only goods of the same shop can join")
    legs = dict(zip(proposal.doors, proposal.legs, strict=True))
    further_m = max(0, sum(leg.metres for leg in proposal.legs) - sum(stop.leg_m for stop in before))
    further_s = max(0, sum(leg.seconds for leg in proposal.legs) - sum(stop.leg_s for stop in before))
    ready_at = max(delivery.ready_at for delivery in deliveries)
    waits_s = _waits(trip, ready_at, shown_at) / timedelta(seconds=1)
    minutes = ceil((further_s + waits_s + proposal.drop_stop_s * len(deliveries)) / 60)
    lines = pay_lines(rates, further_m, minutes, len(deliveries), new_trip=False)
    base = Money.sum((line.amount for line in lines), rates.currency)
    weights = [delivery.leg_m + 1 for delivery in deliveries]
    shares = zip(base.split(weights), extras, strict=True)
    return Terms(
        mode=OfferMode.DIRECTED,
        currency=rates.currency,
        pickups=pickups_of(deliveries, visits_of(deliveries), ()),
        drops=tuple(
            drop_of(delivery, legs[delivery.id], *share, rates)
            for delivery, share in zip(deliveries, shares, strict=True)
        ),
        distance_m=further_m,
        approach_m=0,
        minutes=minutes,
        pay_lines=lines,
        base=base,
        incentive=Money.sum(extras, rates.currency),
        return_per_mile_minor=rates.return_per_mile_minor,
        reason=reason,
        shown_at=shown_at,
        expires_at=expires_at,
        joins=Joins(trip_id=trip.id, doors=proposal.doors, legs_m=tuple(leg.metres for leg in proposal.legs)),
    )


def _waits(trip: Trip, ready_at: datetime, now: datetime) -> timedelta:
    """How much longer she waits at the shop."""
    collects_at = trip.collects_at(now)
    return max(timedelta(0), ready_at - collects_at) if collects_at else timedelta(0)


async def open_trip(work: Work, proposal: Proposal) -> Trip:
    """The trip that ``proposal`` adds to. Raises AlreadyOffered when it is not the one its driver is under way with."""
    row = await work.session.get(TripRow, proposal.joins, populate_existing=True)
    if row is None or row.driver_id not in proposal.driver_ids:
        raise AlreadyOffered("The trip that it was to join is somebody else's.")
    return (await trip_views(work, [row]))[0]


async def grow(work: Work, offer: OfferRow, taken: Sequence[Delivery]) -> Trip:
    """The trip with what was just accepted. Raises OfferGone when it has changed since, or its goods are collected."""
    terms = offer_view(offer).terms
    assert terms.joins is not None
    row = await trips.held(work, terms.joins.trip_id)
    stop_rows = list(
        await work.session.scalars(
            select(StopRow)
            .where(StopRow.trip_id == row.id)
            .order_by(StopRow.position)
            .execution_options(populate_existing=True)
        )
    )
    trip = (await trip_views(work, [row]))[0]
    if trip.shop_ahead is None:
        raise OfferGone("You have collected the goods of this trip already.")
    by_id = {delivery.id: delivery for delivery in taken}
    legs_s = dict(zip(terms.joins.doors, offer.legs_s[1:], strict=True))
    joining = [
        door_of(drop, by_id[drop.delivery_id], 0, legs_s[drop.delivery_id], offer.drop_stop_s)
        for drop in terms.drops
    ]
    try:
        stops = grown(
            [stop_view(one) for one in stop_rows],
            joining,
            terms.joins.doors,
            list(legs_s.values()),
            terms.joins.legs_m,
            max(pickup.ready_at for pickup in terms.pickups),
        )
    except ValueError as error:
        raise OfferGone("Your trip has changed since.") from error
    trips.lay(work, row, stop_rows, stops)
    row.joined = {**row.joined, **{str(one): str(offer.id) for one in offer.delivery_ids}}
    row.delivery_ids = [one for one in terms.joins.doors if one in {*row.delivery_ids, *by_id}]
    trips.tell(
        work,
        row,
        events.TripGrown(
            trip_id=row.id,
            offer_id=offer.id,
            market_id=row.market_id,
            driver_id=row.driver_id,
            delivery_ids=tuple(offer.delivery_ids),
            at=work.now(),
        ),
    )
    await work.flush()
    return (await trip_views(work, [row]))[0]
