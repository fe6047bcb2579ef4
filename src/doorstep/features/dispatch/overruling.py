"""A dispatcher decides: what she wishes stands above any plan, and is written down with her reason."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.deliveries.rules import WAITING, Delivery
from doorstep.features.dispatch.errors import DriverUnfit, NotWaiting
from doorstep.features.dispatch.offering import hand_to_provider, show
from doorstep.features.dispatch.rules import ReasonKind
from doorstep.features.dispatch.writing import call, explain
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import why_not
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.rules import Cause, Offer, Proposal, StopKind
from doorstep.platform.db.work import Work
from doorstep.units.time import MarketInstant


async def override_assign(
    work: Work, delivery_id: UUID, driver_id: UUID, reason: str, *, approach: Leg | None = None
) -> Offer:
    """A dispatcher chooses the driver: an offer goes to her alone, above any plan. She may still decline.

    ``approach`` is her way to the shop, None when nobody knows where she is. Any open offer of the delivery is withdrawn first. Raises NotWaiting, DriverUnfit,
    providers' CourierUnconfirmed.
    """
    delivery = await deliveries.delivery(work, delivery_id)
    if delivery.state not in WAITING:
        raise NotWaiting(facts={"state": delivery.state})
    driver = await drivers.driver(work, driver_id)
    unfit = why_not(driver, delivery.requirements.names(), delivery.units)
    if unfit is None and not driver.duty.at(work.now()):
        unfit = "the driver is off duty"
    if unfit is None and driver.market_id != delivery.market_id:
        unfit = "the driver works in another market"
    if unfit is not None:
        raise DriverUnfit(unfit)
    for open_offer in await offers.open_in_market(work, delivery.market_id):
        if delivery.id in open_offer.delivery_ids:
            await offer_verbs.withdraw(work, open_offer.id, "a dispatcher chose another driver")
    offer = await show(
        work,
        Proposal(
            market_id=delivery.market_id,
            driver_ids=(driver.id,),
            delivery_ids=(delivery.id,),
            expires_at=MarketInstant(work.now() + timedelta(minutes=3)),
            approach=approach,
            reason=f"chosen by a dispatcher: {reason}",
            least_real_s=30,
            next_best_min=0,  # whom a dispatcher chose says nothing of who is next
        ),
    )
    await explain(
        work, work.new_id(), delivery.market_id, [delivery.id], ReasonKind.OVERRULED,
        f"{work.actor.label or 'a dispatcher'} chose {driver.first_name}: {reason}", {"driver": str(driver.id)}, offer.id,
    )  # fmt: skip
    return offer


async def override_unassign(work: Work, delivery_id: UUID, reason: str) -> Delivery:
    """A dispatcher takes a delivery back from its carrier before pickup; it waits again."""
    delivery = await delivery_verbs.unassign(work, delivery_id, reason)
    await call(work, delivery.market_id)
    return delivery


async def override_reassign(
    work: Work,
    trip_id: UUID,
    driver_id: UUID,
    legs: Sequence[Leg],
    reason: str,
    *,
    approach: Leg | None = None,
) -> Offer:
    """A dispatcher moves a whole trip before pickup: its driver keeps her pay, the other is asked for all of it.

    ``legs`` and ``approach`` as in offers' Proposal. Raises UnknownTrip, deliveries' CannotFollow (some goods are picked up),
    DriverUnfit, offers' AlreadyOffered.
    """
    trip = await offers.trip(work, trip_id)
    driver = await drivers.driver(work, driver_id)
    carried = {one.id: one for one in await deliveries.many(work, trip.delivery_ids)}
    if driver.id == trip.driver_id:
        raise DriverUnfit("the trip is hers already")
    for one in carried.values():
        unfit = why_not(driver, one.requirements.names(), sum(each.units for each in carried.values()))
        if unfit is None and not driver.duty.at(work.now()):
            unfit = "the driver is off duty"
        if unfit is not None:
            raise DriverUnfit(unfit)
    if not carried:
        raise NotWaiting(facts={"state": trip.state})
    for delivery_id in trip.delivery_ids:
        await offer_verbs.release(work, delivery_id, Cause.STAFF, reason)
    order = tuple(one for stop in trip.stops if stop.kind is StopKind.DROP for one in stop.delivery_ids)
    shops = [stop.delivery_ids for stop in trip.stops if stop.kind is StopKind.PICKUP]
    visits = [tuple(one for one in here if one in carried) for here in shops]
    offer = await show(
        work,
        Proposal(
            market_id=trip.market_id,
            driver_ids=(driver.id,),
            delivery_ids=tuple(one for one in order if one in carried),
            expires_at=MarketInstant(work.now() + timedelta(minutes=3)),
            legs=tuple(legs),
            visits=tuple(here for here in visits if here),
            approach=approach,
            reason=f"the whole trip, chosen by a dispatcher: {reason}",
            least_real_s=30,
            next_best_min=0,  # whom a dispatcher chose says nothing of who is next
        ),
    )
    await explain(
        work, work.new_id(), trip.market_id, list(offer.delivery_ids), ReasonKind.OVERRULED,
        f"{work.actor.label or 'a dispatcher'} moved the trip to {driver.first_name}: {reason}",
        {"driver": str(driver.id)}, offer.id,
    )  # fmt: skip
    return offer


async def call_provider(work: Work, delivery_id: UUID, reason: str, provider_id: UUID | None = None) -> None:
    """A dispatcher hands a waiting delivery to an outside courier, whatever the market's fallback says.

    Raises NotWaiting, and as providers' ``request``.
    """
    delivery = await deliveries.delivery(work, delivery_id)
    if delivery.state not in WAITING:
        raise NotWaiting(facts={"state": delivery.state})
    for open_offer in await offers.open_in_market(work, delivery.market_id):
        if delivery.id in open_offer.delivery_ids:
            await offer_verbs.withdraw(work, open_offer.id, "an outside courier takes it")
    await hand_to_provider(
        work,
        tick_id=work.new_id(),
        delivery=delivery,
        why=reason,
        provider_id=provider_id,
        by_hand=True,
    )
