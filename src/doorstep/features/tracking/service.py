"""Verbs of tracking: keep arrival plans true, and what a shopper may change."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.events import DeliveryMoved
from doorstep.features.deliveries.rules import FINAL, WAITING, DeliveryState
from doorstep.features.offers import queries as offers
from doorstep.features.tracking import queries, rules
from doorstep.features.tracking.models import ArrivalPlanRow
from doorstep.platform.db.work import Work
from doorstep.units.money import Money


async def follow(work: Work, moved: DeliveryMoved) -> None:
    """A delivery moved: plan its trip's doors anew; forget the plan when nobody carries it any more."""
    if DeliveryState(moved.state) in WAITING | FINAL:
        await work.session.execute(
            delete(ArrivalPlanRow).where(ArrivalPlanRow.delivery_id == moved.delivery_id)
        )
        work.wake(f"delivery:{moved.delivery_id}")
    if moved.trip_id is not None:
        await _plan_trip(work, moved.trip_id)


async def _plan_trip(work: Work, trip_id: UUID) -> None:
    trip = await offers.trip(work, trip_id)
    now = work.now()
    planned = rules.planned_arrivals(trip.stops, trip.started_at or trip.accepted_at, now)
    rows = [
        {
            "delivery_id": delivery_id,
            "market_id": trip.market_id,
            "arrive_at": plan.arrive_at,
            "doors_before": plan.doors_before,
            "made_at": plan.made_at,
        }
        for delivery_id, plan in sorted(planned.items())
        if delivery_id in trip.delivery_ids
    ]
    if not rows:
        return
    written = insert(ArrivalPlanRow).values(rows)
    fresh = {name: written.excluded[name] for name in ("arrive_at", "doors_before", "made_at")}
    await work.session.execute(written.on_conflict_do_update(index_elements=["delivery_id"], set_=fresh))
    for row in rows:
        work.wake(f"delivery:{row['delivery_id']}")


async def instruct(work: Work, delivery_id: UUID, instructions: str) -> None:
    """The shopper tells how to find her. Raises Gone, deliveries' Frozen after the end."""
    await queries.living(work, delivery_id)
    await deliveries.amend(work, delivery_id, deliveries.Amendment(instructions=instructions))


async def tip(work: Work, delivery_id: UUID, amount_minor: int) -> None:
    """The shopper gives a tip, or changes it. Raises Gone, deliveries' TipRefused."""
    delivery = await queries.living(work, delivery_id)
    await deliveries.tip(work, delivery_id, Money(amount_minor, delivery.tip.currency))
