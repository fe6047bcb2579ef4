"""What a tick decided is done: each offer and each step of the ladder in a transaction of its own, checked again.

The engine decided on a snapshot. A transaction checks the lease's epoch and that the deliveries stand as they were seen;
what has moved on meanwhile is left for the next tick and counted.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import structlog

from doorstep.connectors.maps.protocol import Leg, TravelMatrix
from doorstep.engine.decisions import Decisions, Pickup, Send
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.dispatch import service
from doorstep.features.dispatch.rules import Policy, Step, Waiting, latest_departure, next_step
from doorstep.features.dispatch.snapshot import (
    Belief,
    Snapshot,
    company_approach,
    eligible,
    policy_of,
    stops_s,
)
from doorstep.features.offers.rising import next_best_min
from doorstep.features.providers import queries as providers
from doorstep.platform import leases
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.errors import Refusal
from doorstep.platform.metrics import STALE_DECISIONS
from doorstep.units.ids import DeliveryId, DriverId
from doorstep.units.time import MarketInstant

log = structlog.get_logger("dispatch")
ACTOR = system("dispatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One tick, after its decision. ``least_real_s``: how long an offer stays open at least, on a real clock."""

    database: Database
    lease: leases.Lease
    belief: Belief
    snapshot: Snapshot
    matrix: TravelMatrix
    tick_id: UUID
    names: Mapping[str, str]
    least_real_s: int

    async def offer(self, send: Send) -> bool:
        """Offer one trip. Whether it was still possible."""
        orders = {o.id: o for o in self.snapshot.world.orders}
        driver = next(d for d in self.snapshot.world.drivers if d.id == send.driver)
        visits = send.visits or (send.orders,)
        stores = [orders[visit[0]].pickup for visit in visits]
        approach, *legs = self._legs([driver.place, *stores, *(orders[o].dropoff for o in send.orders)])
        body = {**self._why(send), "leave_s": send.leave_s}
        proposed = self._proposed(send, send.orders, legs, body)

        async def show(work: Work) -> object:
            there = [_deliveries(visit) for visit in visits]
            return await service.offer_trip(
                work, proposed, approach=approach, visits=there, visits_s=send.visits_s
            )

        return await self._shown(send.driver, show)

    async def ask_to_join(self, pickup: Pickup) -> bool:
        """Offer a driver under way to a shop that more of it joins her trip. Whether it was still possible."""
        orders = {o.id: o for o in self.snapshot.world.orders}
        legs = self._legs([orders[pickup.orders[0]].pickup, *(orders[o].dropoff for o in pickup.orders)])
        proposed = self._proposed(pickup, pickup.joined, legs, self._why(pickup))
        trip = self.snapshot.growing[pickup.driver]

        async def show(work: Work) -> object:
            return await service.offer_to_join(work, proposed, trip.id, doors=_deliveries(pickup.orders))

        return await self._shown(pickup.driver, show)

    def _proposed(
        self, chosen: Send | Pickup, orders: Sequence[str], legs: Sequence[Leg], body: Mapping[str, Any]
    ) -> service.Proposed:
        return service.Proposed(
            tick_id=self.tick_id,
            market_id=self.belief.market.id,
            driver_id=DriverId(UUID(chosen.driver)),
            delivery_ids=_deliveries(orders),
            versions=self.snapshot.versions,
            legs=legs,
            stops_s=stops_s(self.belief.market),
            policy=policy_of(self.belief.market),
            sentence=f"{self.names.get(chosen.driver, 'this driver')}: {chosen.sentence}",
            body=body,
            next_best_min=next_best_min((rival.extra_cost for rival in chosen.rivals), len(orders)),
            least_real_s=self.least_real_s,
        )

    def _legs(self, places: Sequence[int]) -> list[Leg]:
        metres, seconds = self.matrix.metres, self.matrix.seconds
        return [
            Leg(metres=int(metres[a, b]), seconds=int(seconds[a, b]))  # type: ignore[arg-type]
            for a, b in pairwise(places)
        ]

    def _why(self, chosen: Send | Pickup) -> dict[str, Any]:
        """Why her: what is kept with the reason."""
        return {
            "cost": round(chosen.cost, 3),
            "pickup_s": chosen.pickup_s,
            "drops_s": list(chosen.drops_s),
            "rivals": [
                {
                    "driver": r.driver,
                    "name": self.names.get(r.driver, ""),
                    "extra_cost": r.extra_cost,
                    "pickup_s": r.pickup_s,
                }
                for r in chosen.rivals
            ],
            "excluded": dict(chosen.excluded),
            "kept_out": service.kept_out(chosen.kept_out, self.names),
        }

    async def _shown(self, driver: str, show: Callable[[Work], Awaitable[object]]) -> bool:
        """Show an offer. Whether it was still possible; counted with the tick when not."""
        offer = None
        try:
            async with self.database.work(ACTOR) as work:
                await leases.check(work, self.lease)
                offer = await show(work)
        except leases.LostLease:
            raise
        except Refusal as refusal:
            log.info("decision_refused", code=refusal.code, driver=driver)
        if offer is None:
            STALE_DECISIONS.inc()
            async with self.database.work(ACTOR) as work:
                await service.count_stale(work, self.tick_id)
        return offer is not None

    async def climb(self, decisions: Decisions) -> dict[Step, int]:
        """Do what the ladder asks for deliveries that no directed offer holds: broadcast, provider, end."""
        done = dict.fromkeys(Step, 0)
        policy, fallback = policy_of(self.belief.market), self.belief.market.fallback
        offered = {d for o in self.belief.offers for d in o.delivery_ids}
        sent = {order for send in decisions.sends for order in send.orders}
        sent |= {order for pickup in decisions.pickups for order in pickup.joined}
        cheaper = {outlook.order for outlook in decisions.outlooks if outlook.elsewhere}
        idle = [d for d in self.belief.deliveries if d.id not in offered and str(d.id) not in sent]
        if not idle:
            return done
        async with self.database.work(ACTOR) as work:
            chances = await providers.chances(work, self.belief.market.id, idle)
        for delivery in idle:
            chance = chances.get(delivery.id)
            if chance is not None and chance.asked:
                continue
            passed = self.belief.passed_on(delivery)
            waiting = Waiting(
                due_at=delivery.due_at,
                ready_at=delivery.ready_at,
                drive=timedelta(seconds=delivery.leg_s + 420),
                refusals=passed.drivers,
                broadcasts=passed.broadcasts,
                eligible=0,
                provider_open=fallback.allowed and bool(chance and chance.open),
                cheaper=str(delivery.id) in cheaper,
                provider_approach=company_approach(self.belief.market),
            )
            presses = _pressing(waiting, policy, self.belief.now)
            near = eligible(delivery, self.belief, policy) if presses else []
            step, why = next_step(replace(waiting, eligible=len(near)), policy, self.belief.now)
            if step is Step.PLAN:
                continue
            async with self.database.work(ACTOR) as work:
                try:
                    await leases.check(work, self.lease)
                    present = await deliveries.delivery(work, delivery.id)
                    if present.version != delivery.version:
                        continue
                    if step is Step.BROADCAST:
                        await service.broadcast(
                            work, tick_id=self.tick_id, delivery=delivery, driver_ids=near, policy=policy, why=why,
                            least_real_s=self.least_real_s,
                        )  # fmt: skip
                    elif step is Step.PROVIDER:
                        await service.hand_to_provider(
                            work,
                            tick_id=self.tick_id,
                            delivery=delivery,
                            why=why,
                            most_minor=fallback.most_minor,
                        )
                    else:
                        await delivery_verbs.expire(work, delivery.id, why)
                except leases.LostLease:
                    raise
                except Refusal as refusal:
                    log.info("ladder_refused", step=step, code=refusal.code)
                    await work.session.rollback()
                    continue
                done[step] += 1
        return done


def _deliveries(ids: Sequence[str]) -> list[DeliveryId]:
    return [DeliveryId(UUID(one)) for one in ids]


def _pressing(waiting: Waiting, policy: Policy, now: MarketInstant) -> bool:
    """Whether the ladder may have something to do: sparing the search for near drivers otherwise."""
    early = now + policy.broadcast_lead + timedelta(minutes=1)
    tired = waiting.refusals >= policy.declines_before_broadcast
    return tired or early >= latest_departure(waiting, policy)
