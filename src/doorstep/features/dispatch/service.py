"""The verbs of dispatch: write a tick, offer what it decided, climb the ladder, obey a dispatcher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from doorstep.connectors.maps.protocol import Leg
from doorstep.engine.decisions import Decisions, KeptOut
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.deliveries.rules import WAITING, Delivery
from doorstep.features.dispatch.errors import DriverUnfit, NotWaiting
from doorstep.features.dispatch.models import DispatchStateRow, ReasonRow, TickRow
from doorstep.features.dispatch.queries import last_sentences
from doorstep.features.dispatch.rules import Policy, ReasonKind
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import why_not
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.rules import Cause, Offer, Proposal, StopKind
from doorstep.features.providers import queries as providers
from doorstep.features.providers import service as provider_verbs
from doorstep.features.providers.errors import CourierUnconfirmed
from doorstep.platform.db.work import Work
from doorstep.units.ids import DeliveryId, DriverId, MarketId, public
from doorstep.units.time import MarketInstant

KEEP_TICKS = 400
"""Records of this many ticks are kept per market."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickFacts:
    """What is written about a tick."""

    tick_id: UUID
    market_id: UUID
    at: MarketInstant  # when it looked
    cause: str
    epoch: int
    orders: int
    drivers: int
    engine_us: int
    record_key: str


async def call(work: Work, market_id: UUID) -> None:
    """Something urgent happened in a market: tick soon, not at the next turn."""
    await work.session.execute(
        insert(DispatchStateRow)
        .values(market_id=market_id, plan=[], ticks=0, called_at=work.now())
        .on_conflict_do_update(index_elements=["market_id"], set_={"called_at": work.now()})
    )
    work.wake(f"dispatch:{market_id}")


async def write_tick(
    work: Work, facts: TickFacts, decisions: Decisions, names: Mapping[str, str]
) -> list[str]:
    """Write the tick, its plan and what changed about the waiting; returns record keys no longer needed."""
    plan = [[driver, [list(trip) for trip in chain]] for driver, chain in sorted(decisions.plan.items())]
    number = await work.session.scalar(
        insert(DispatchStateRow)
        .values(market_id=facts.market_id, plan=plan, ticks=1, ticked_at=work.now(), tick_id=facts.tick_id)
        .on_conflict_do_update(
            index_elements=["market_id"],
            set_={
                "plan": plan,
                "ticks": DispatchStateRow.ticks + 1,
                "ticked_at": work.now(),
                "tick_id": facts.tick_id,
            },
        )
        .returning(DispatchStateRow.ticks)
    )
    assert number is not None
    work.session.add(
        TickRow(
            id=facts.tick_id,
            market_id=facts.market_id,
            number=number,
            at=facts.at,
            cause=facts.cause,
            epoch=facts.epoch,
            orders=facts.orders,
            drivers=facts.drivers,
            sends=len(decisions.sends),
            stale=0,
            engine_us=facts.engine_us,
            record_key=facts.record_key,
        )
    )
    known = await last_sentences(work, [UUID(o.order) for o in decisions.outlooks])
    rows = []
    for outlook in decisions.outlooks:
        sentence = outlook.sentence
        if outlook.driver is not None:
            sentence = sentence.replace("a driver", names.get(outlook.driver, "a driver"), 1)
        if known.get(UUID(outlook.order)) == sentence:
            continue
        kind = ReasonKind.UNPLANNED if outlook.driver is None else ReasonKind.WAITING
        body = {
            "driver": outlook.driver,
            "pickup_s": outlook.pickup_s,
            "drop_s": outlook.drop_s,
            "excluded": dict(outlook.excluded),
            "kept_out": kept_out(outlook.kept_out, names),
        }
        at = work.now()
        rows.append(_reason(facts.tick_id, facts.market_id, UUID(outlook.order), at, kind, sentence, body))
    if rows:
        await work.session.execute(insert(ReasonRow).values(rows).on_conflict_do_nothing())
    if number % 50 == 0:
        return await _forget(work, facts.market_id, number - KEEP_TICKS)
    return []


def kept_out(found: Sequence[KeptOut], names: Mapping[str, str]) -> list[dict[str, str]]:
    """Who could not take an order and why, as it is kept with its reason."""
    return [
        {"driver": one.driver, "name": names.get(one.driver, ""), "constraint": one.constraint}
        for one in found
    ]


async def _forget(work: Work, market_id: UUID, up_to: int) -> list[str]:
    gone = await work.session.scalars(
        delete(TickRow)
        .where(TickRow.market_id == market_id, TickRow.number <= up_to)
        .returning(TickRow.record_key)
    )
    return list(gone)


def _reason(
    tick_id: UUID,
    market_id: UUID,
    delivery_id: UUID,
    at: MarketInstant,
    kind: ReasonKind,
    sentence: str,
    body: Mapping[str, Any],
    offer_id: UUID | None = None,
) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "tick_id": tick_id,
        "market_id": market_id,
        "at": at,
        "kind": str(kind),
        "sentence": sentence,
        "facts": dict(body),
        "offer_id": offer_id,
    }


async def explain(
    work: Work,
    tick_id: UUID,
    market_id: UUID,
    delivery_ids: Sequence[UUID],
    kind: ReasonKind,
    sentence: str,
    body: Mapping[str, Any],
    offer_id: UUID | None = None,
) -> None:
    """Keep why these deliveries are treated so. Within one tick the weightier reason stays."""
    rows = [_reason(tick_id, market_id, d, work.now(), kind, sentence, body, offer_id) for d in delivery_ids]
    statement = insert(ReasonRow).values(rows)
    await work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["delivery_id", "tick_id"],
            set_={c: statement.excluded[c] for c in ("kind", "sentence", "facts", "offer_id", "at")},
        )
    )


async def count_stale(work: Work, tick_id: UUID) -> None:
    """A decision of this tick came too late: the world had moved on."""
    await work.session.execute(update(TickRow).where(TickRow.id == tick_id).values(stale=TickRow.stale + 1))


async def _show(work: Work, proposal: Proposal) -> Offer:
    """Show an offer, unless a courier company may be bringing one of its deliveries already.

    Asked under the market's own lock of offers, which whoever asks a company takes too: of the two one comes
    first. Raises as offers' ``show``, and providers' CourierUnconfirmed.
    """
    offer = await offer_verbs.show(work, proposal)
    if outside := await providers.held(work, proposal.delivery_ids):
        raise CourierUnconfirmed(facts={"deliveries": [public("delivery", one) for one in sorted(outside)]})
    return offer


async def offer_trip(
    work: Work,
    *,
    tick_id: UUID,
    market_id: MarketId,
    driver_id: DriverId,
    delivery_ids: Sequence[DeliveryId],
    versions: Mapping[UUID, int],
    approach: Leg,
    legs: Sequence[Leg],
    stops_s: tuple[int, int],
    policy: Policy,
    sentence: str,
    body: Mapping[str, Any],
    least_real_s: int,
    visits: Sequence[Sequence[DeliveryId]] = (),
    visits_s: Sequence[int] = (),
) -> Offer | None:
    """Show a planned trip to its driver; None when the world has moved on since the snapshot.

    ``visits`` as in offers' Proposal, ``visits_s``: when. ``stops_s``: how long a stop takes at a store and at a door.
    """
    present = await deliveries.many(work, delivery_ids)
    if len(present) != len(delivery_ids) or any(
        d.state not in WAITING or d.version != versions.get(d.id) for d in present
    ):
        return None
    offer = await _show(
        work,
        Proposal(
            market_id=market_id,
            driver_ids=(driver_id,),
            delivery_ids=tuple(delivery_ids),
            expires_at=MarketInstant(work.now() + policy.offer_lasts),
            legs=tuple(legs),
            visits=tuple(tuple(visit) for visit in visits),
            approach=approach,
            pickup_stop_s=stops_s[0],
            drop_stop_s=stops_s[1],
            reason=sentence,
            tick_id=tick_id,
            least_real_s=least_real_s,
        ),
    )
    if len(delivery_ids) > 1:
        await delivery_verbs.batch(work, delivery_ids, batched=True)
    await explain(work, tick_id, market_id, delivery_ids, ReasonKind.OFFERED, sentence, body, offer.id)
    for visit, pickup_s in zip(visits, visits_s, strict=False):
        there = {**body, "pickup_s": pickup_s}
        await explain(work, tick_id, market_id, visit, ReasonKind.OFFERED, sentence, there, offer.id)
    return offer


async def broadcast(
    work: Work,
    *,
    tick_id: UUID,
    delivery: Delivery,
    driver_ids: Sequence[DriverId],
    policy: Policy,
    why: str,
    least_real_s: int,
) -> Offer:
    """Ask all of ``driver_ids`` at once; the first to accept has it."""
    offer = await _show(
        work,
        Proposal(
            market_id=delivery.market_id,
            driver_ids=tuple(driver_ids),
            delivery_ids=(delivery.id,),
            expires_at=MarketInstant(work.now() + policy.broadcast_lasts),
            mode=offer_verbs.OfferMode.BROADCAST,
            reason=f"asked of all near drivers: {why}",
            tick_id=tick_id,
            least_real_s=least_real_s,
        ),
    )
    await explain(
        work,
        tick_id,
        delivery.market_id,
        [delivery.id],
        ReasonKind.BROADCAST,
        f"asked of {len(driver_ids)} drivers at once: {why}",
        {"drivers": len(driver_ids)},
        offer.id,
    )
    return offer


async def hand_to_provider(
    work: Work,
    *,
    tick_id: UUID,
    delivery: Delivery,
    why: str,
    provider_id: UUID | None = None,
    most_minor: int | None = None,
    by_hand: bool = False,
) -> None:
    """Let an outside courier take it; the last three as providers' ``request``."""
    job = await provider_verbs.request(
        work, delivery.id, why, provider_id=provider_id, most_minor=most_minor, by_hand=by_hand
    )
    await explain(
        work,
        tick_id,
        delivery.market_id,
        [delivery.id],
        ReasonKind.PROVIDER,
        f"handed to an outside courier: {why}",
        {"provider_job": str(job.id)},
    )


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
    offer = await _show(
        work,
        Proposal(
            market_id=delivery.market_id,
            driver_ids=(driver.id,),
            delivery_ids=(delivery.id,),
            expires_at=MarketInstant(work.now() + timedelta(minutes=3)),
            approach=approach,
            reason=f"chosen by a dispatcher: {reason}",
            least_real_s=30,
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
    offer = await _show(
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


async def last_call(work: Work, market_id: UUID) -> tuple[MarketInstant | None, MarketInstant | None]:
    """When the market last ticked, and when something urgent last called."""
    row = (
        await work.session.execute(
            select(DispatchStateRow.ticked_at, DispatchStateRow.called_at).where(
                DispatchStateRow.market_id == market_id
            )
        )
    ).one_or_none()
    return (None, None) if row is None else (row.ticked_at, row.called_at)
