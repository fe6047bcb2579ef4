"""What dispatch offers, and to whom: a trip, more for a trip under way, a broadcast, a courier company."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.deliveries.rules import WAITING, Delivery
from doorstep.features.dispatch.rules import Policy, ReasonKind
from doorstep.features.dispatch.writing import explain
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.rules import Offer, Proposal
from doorstep.features.providers import queries as providers
from doorstep.features.providers import service as provider_verbs
from doorstep.features.providers.errors import CourierUnconfirmed
from doorstep.platform.db.work import Work
from doorstep.units.ids import DeliveryId, DriverId, MarketId, TripId, public
from doorstep.units.time import MarketInstant


async def show(work: Work, proposal: Proposal) -> Offer:
    """Show an offer, unless a courier company may be bringing one of its deliveries already.

    Asked under the market's own lock of offers, which whoever asks a company takes too: of the two one comes
    first. Raises as offers' ``show``, and providers' CourierUnconfirmed.
    """
    offer = await offer_verbs.show(work, proposal)
    if outside := await providers.held(work, proposal.delivery_ids):
        raise CourierUnconfirmed(facts={"deliveries": [public("delivery", one) for one in sorted(outside)]})
    return offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What a tick decided to offer to one driver. ``legs``: between the stops, the way to the first shop left out.

    ``versions``: of the deliveries, as the tick saw them. ``next_best_min``: as in offers' Proposal. ``stops_s``: how long a stop takes at a store and at a door.
    """

    tick_id: UUID
    market_id: MarketId
    driver_id: DriverId
    delivery_ids: Sequence[DeliveryId]
    versions: Mapping[UUID, int]
    legs: Sequence[Leg]
    stops_s: tuple[int, int]
    policy: Policy
    sentence: str
    body: Mapping[str, Any]
    next_best_min: float | None
    least_real_s: int

    def proposal(self, now: MarketInstant) -> Proposal:
        """As it is shown ``now``."""
        return Proposal(
            market_id=self.market_id,
            driver_ids=(self.driver_id,),
            delivery_ids=tuple(self.delivery_ids),
            expires_at=MarketInstant(now + self.policy.offer_lasts),
            legs=tuple(self.legs),
            pickup_stop_s=self.stops_s[0],
            drop_stop_s=self.stops_s[1],
            reason=self.sentence,
            tick_id=self.tick_id,
            next_best_min=self.next_best_min,
            least_real_s=self.least_real_s,
        )

    async def stands(self, work: Work) -> bool:
        """Whether all of it still waits as the tick saw it."""
        present = await deliveries.many(work, self.delivery_ids)
        return len(present) == len(self.delivery_ids) and all(
            d.state in WAITING and d.version == self.versions.get(d.id) for d in present
        )

    async def explain(
        self, work: Work, delivery_ids: Sequence[UUID], offer: Offer, body: Mapping[str, Any]
    ) -> None:
        """Keep why these of it are offered to her."""
        await explain(
            work,
            self.tick_id,
            self.market_id,
            delivery_ids,
            ReasonKind.OFFERED,
            offer.terms.reason,
            body,
            offer.id,
        )


async def offer_trip(
    work: Work,
    proposed: Proposed,
    *,
    approach: Leg,
    visits: Sequence[Sequence[DeliveryId]] = (),
    visits_s: Sequence[int] = (),
) -> Offer | None:
    """Show a planned trip to its driver; None when the world has moved on since the snapshot.

    ``visits`` as in offers' Proposal, ``visits_s``: when.
    """
    if not await proposed.stands(work):
        return None
    proposal = replace(
        proposed.proposal(work.now()), visits=tuple(tuple(visit) for visit in visits), approach=approach
    )
    offer = await show(work, proposal)
    if len(proposed.delivery_ids) > 1:
        await delivery_verbs.batch(work, proposed.delivery_ids, batched=True)
    await proposed.explain(work, proposed.delivery_ids, offer, proposed.body)
    for visit, pickup_s in zip(visits, visits_s, strict=False):
        await proposed.explain(work, visit, offer, {**proposed.body, "pickup_s": pickup_s})
    return offer


async def offer_to_join(
    work: Work, proposed: Proposed, trip_id: TripId, *, doors: Sequence[DeliveryId]
) -> Offer | None:
    """Ask a driver under way to a shop whether more of it joins her trip; None when the world has moved on.

    ``doors``: all that the trip would then have, in sequence. Raises offers' AlreadyOffered when the trip has changed.
    """
    if not await proposed.stands(work):
        return None
    offer = await show(work, replace(proposed.proposal(work.now()), joins=trip_id, doors=tuple(doors)))
    await delivery_verbs.batch(work, proposed.delivery_ids, batched=True)
    await proposed.explain(work, proposed.delivery_ids, offer, proposed.body)
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
    offer = await show(
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
