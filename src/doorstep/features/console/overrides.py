"""Decisions by hand. Each carries a reason and stands in the audit, in the transaction of what it changes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from doorstep.connectors.outside import Connectors
from doorstep.features.console.remedies import kept_minor
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.deliveries.rules import CancelReason, Delivery, Party
from doorstep.features.deliveries.service import Amendment
from doorstep.features.dispatch import service as dispatch
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.rules import Offer, StopState
from doorstep.features.offers.ways import ways
from doorstep.features.providers import service as provider_verbs
from doorstep.platform import audit
from doorstep.platform.db.work import Work
from doorstep.units.ids import public


async def _note(
    work: Work, act: str, before: Delivery, reason: str, after: Mapping[str, Any] | None = None
) -> None:
    carrier = before.carrier
    told = {
        "state": before.state,
        "driver": public("driver", carrier.driver_id) if carrier and carrier.driver_id else None,
        "provider_job": public("provider_job", carrier.provider_job_id)
        if carrier and carrier.provider_job_id
        else None,
    }
    await audit.record(
        work, act, public("delivery", before.id), before=told, after=after or {}, reason=reason
    )


async def assign(
    work: Work, connectors: Connectors, delivery_id: UUID, driver_id: UUID, reason: str
) -> Offer:
    """Show it to one driver alone, above any plan, her way to the shop included; she may still decline.

    Raises UnknownDelivery, UnknownDriver, dispatch's NotWaiting and DriverUnfit.
    """
    before = await deliveries.delivery(work, delivery_id)
    approach, _ = await ways(work, connectors, before.market_id, driver_id, [before.pickup.point])
    offer = await dispatch.override_assign(work, delivery_id, driver_id, reason, approach=approach)
    after = {"driver": public("driver", driver_id), "offer": public("offer", offer.id)}
    await _note(work, "delivery.assign", before, reason, after)
    return offer


async def unassign(work: Work, delivery_id: UUID, reason: str) -> Delivery:
    """Take it back from its carrier before pickup; it waits again. Raises deliveries' CannotFollow."""
    before = await deliveries.delivery(work, delivery_id)
    after = await dispatch.override_unassign(work, delivery_id, reason)
    await _note(work, "delivery.unassign", before, reason, {"state": after.state})
    return after


async def cancel(work: Work, delivery_id: UUID, why: CancelReason, reason: str) -> Delivery:
    """End it. Raises deliveries' NotCancellable."""
    before = await deliveries.delivery(work, delivery_id)
    after = await delivery_verbs.cancel(work, delivery_id, Party.STAFF, why, reason)
    await _note(work, "delivery.cancel", before, reason, {"state": after.state, "why": why})
    return after


async def call_provider(
    work: Work, delivery_id: UUID, reason: str, provider_id: UUID | None = None
) -> Delivery:
    """Have an outside courier asked at once. Raises dispatch's NotWaiting, providers' NoDeal."""
    before = await deliveries.delivery(work, delivery_id)
    await dispatch.call_provider(work, delivery_id, reason, provider_id)
    after = {"provider": public("provider", provider_id)} if provider_id else None
    await _note(work, "delivery.provider", before, reason, after)
    return await deliveries.delivery(work, delivery_id)


async def set_aside(work: Work, delivery_id: UUID, reason: str) -> Delivery:
    """Let others have it although a courier company has not said that no courier of its is coming.

    Raises UnknownDelivery, providers' NothingUnconfirmed.
    """
    before = await deliveries.delivery(work, delivery_id)
    job = await provider_verbs.set_aside(work, delivery_id, reason)
    after = {"provider_job": public("provider_job", job.id), "provider": public("provider", job.provider_id)}
    await _note(work, "delivery.set_aside", before, reason, after)
    return before


async def withdraw(work: Work, offer_id: UUID, reason: str) -> Offer:
    """Take an open offer back; one that is closed stays as it is. Raises UnknownOffer."""
    before = await offers.offer(work, offer_id)
    after = await offer_verbs.withdraw(work, offer_id, reason)
    await audit.record(
        work,
        "offer.withdraw",
        public("offer", offer_id),
        before={"state": before.state},
        after={"state": after.state},
        reason=reason,
    )
    return after


async def reassign(work: Work, connectors: Connectors, trip_id: UUID, driver_id: UUID, reason: str) -> Offer:
    """Take a whole trip from its driver before pickup and ask another for all of it.

    The first keeps what she was promised. Raises UnknownTrip, UnknownDriver, dispatch's DriverUnfit,
    deliveries' CannotFollow.
    """
    trip = await offers.trip(work, trip_id)
    carried = await deliveries.many(work, trip.delivery_ids)
    kept = await kept_minor(work, carried)
    stops = [stop for stop in trip.stops if stop.state is not StopState.OFF]
    approach, legs = await ways(work, connectors, trip.market_id, driver_id, [stop.point for stop in stops])
    offer = await dispatch.override_reassign(work, trip_id, driver_id, legs, reason, approach=approach)
    told = {"trip": public("trip", trip_id), "driver": public("driver", driver_id)}
    for before in carried:
        await _note(work, "delivery.reassign", before, reason, {**told, "offer": public("offer", offer.id)})
    await audit.record(
        work,
        "trip.reassign",
        public("trip", trip_id),
        before={"driver": public("driver", trip.driver_id)},
        after={"driver": told["driver"], "kept_minor": kept},
        reason=reason,
    )
    return offer


async def amend(work: Work, delivery_id: UUID, wish: Amendment, reason: str) -> Delivery:
    """Change the door's instructions or phone, or when the goods are ready. Raises deliveries' Frozen."""
    before = await deliveries.delivery(work, delivery_id)
    after = await delivery_verbs.amend(work, delivery_id, wish)
    parts = {"instructions": "dropoff", "phone": "dropoff", "ready_at": ""}
    was, now = ({name: _part(one, name, of) for name, of in parts.items()} for one in (before, after))
    changed = {name for name in parts if was[name] != now[name]}
    await audit.record(
        work,
        "delivery.amend",
        public("delivery", delivery_id),
        before={name: was[name] for name in sorted(changed)},
        after={name: now[name] for name in sorted(changed)},
        reason=reason,
    )
    return after


def _part(one: Delivery, name: str, of: str) -> str:
    return str(getattr(getattr(one, of) if of else one, name))
