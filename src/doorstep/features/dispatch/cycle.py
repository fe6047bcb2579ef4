"""One turn of dispatch for a market: look, decide, write, offer, climb the ladder.

Only the lease holder turns; each transaction checks the lease's epoch. The world outside (travel times)
is asked between transactions, the engine runs in a thread and holds no lock.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import structlog

from doorstep.connectors.maps.protocol import Leg, TravelMatrix
from doorstep.connectors.outside import Connectors
from doorstep.engine import record
from doorstep.engine.compiled import ready, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions, Send
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.params import Params
from doorstep.engine.world import Travel
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.dispatch import queries, service
from doorstep.features.dispatch.rules import Policy, Step, Waiting, latest_departure, next_step
from doorstep.features.dispatch.snapshot import (
    Belief,
    Snapshot,
    company_approach,
    eligible,
    params_of,
    policy_of,
    stops_s,
    take,
)
from doorstep.features.drivers import queries as drivers
from doorstep.features.fixes import queries as fixes
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market
from doorstep.features.merchants import queries as merchants
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.providers import queries as providers
from doorstep.platform import leases
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.errors import Refusal
from doorstep.platform.metrics import STALE_DECISIONS, TICK_SECONDS
from doorstep.platform.tracing import span
from doorstep.units.ids import DeliveryId, DriverId
from doorstep.units.time import MarketInstant, epoch_s

log = structlog.get_logger("dispatch")
ACTOR = system("dispatch")
CALM = timedelta(seconds=2)
"""Urgent calls closer together than this (market time) are answered by one tick."""

warm_up_mixing = mixing.warm_up
"""For the dispatcher of a market that mixes stores; see ``params_now``."""

__all__ = ["TickOutcome", "due", "params_now", "seed_of", "tick", "warm_up", "warm_up_mixing"]


@dataclass(frozen=True, slots=True)
class TickOutcome:
    """What a turn did."""

    tick_id: UUID
    offered: int
    stale: int
    broadcasts: int
    providers: int
    expired: int


_COUNTS = ("offered", "stale", "broadcasts", "providers", "expired")


async def due(work: Work, market_id: UUID, last: MarketInstant | None) -> bool:
    """Whether it is time to tick; lets offers that ran out expire first."""
    await offer_verbs.expire_due(work, market_id)
    market = await markets.market(work, market_id)
    ticked_at, called_at = await service.last_call(work, market_id)
    last = last or ticked_at
    now = work.now()
    if last is None or now - last >= timedelta(seconds=market.tick_s):
        return True
    return (
        called_at is not None
        and called_at >= last
        and now - last >= min(CALM, timedelta(seconds=market.tick_s))
    )


async def tick(
    database: Database,
    connectors: Connectors,
    market_id: UUID,
    lease: leases.Lease,
    cause: str = "turn",
    least_real_s: int = 0,
) -> TickOutcome:
    """One whole turn. Raises LostLease when the market has passed to another dispatcher."""
    with span("tick", market=str(market_id), cause=cause, epoch=lease.epoch) as traced:
        outcome = await _turn(database, connectors, market_id, lease, cause, least_real_s)
        traced.set_attributes({f"doorstep.{name}": getattr(outcome, name) for name in _COUNTS})
    return outcome


async def _turn(
    database: Database,
    connectors: Connectors,
    market_id: UUID,
    lease: leases.Lease,
    cause: str,
    least_real_s: int,
) -> TickOutcome:
    began = time.perf_counter()
    async with database.work(ACTOR) as work:
        belief = await _look(work, market_id)
        tick_id = work.new_id()
    snapshot = take(belief)
    TICK_SECONDS.labels("look").observe(time.perf_counter() - began)
    began = time.perf_counter()
    travel = connectors.travel_for(belief.market.timezone)
    matrix = await travel.matrix(snapshot.places, database.clock.market_now())
    TICK_SECONDS.labels("travel").observe(time.perf_counter() - began)
    decisions, content, engine_us = await asyncio.to_thread(_decide, belief, snapshot, matrix, tick_id)
    TICK_SECONDS.labels("decide").observe(engine_us / 1e6)
    key = f"ticks/{market_id}/{tick_id}"
    await connectors.blobs.put(key, content)
    began = time.perf_counter()
    names = {str(d.id): d.first_name for d in belief.drivers}
    facts = service.TickFacts(
        tick_id=tick_id, market_id=market_id, at=belief.now, cause=cause, epoch=lease.epoch,
        orders=len(snapshot.world.orders), drivers=len(snapshot.world.drivers), engine_us=engine_us, record_key=key,
    )  # fmt: skip
    async with database.work(ACTOR) as work:
        await leases.check(work, lease)
        gone = await service.write_tick(work, facts, decisions, names)
    for old in gone:
        await connectors.blobs.remove(old)
    offered = stale = 0
    for send in decisions.sends:
        if await _offer(database, lease, belief, snapshot, matrix, tick_id, send, names, least_real_s):
            offered += 1
        else:
            stale += 1
    climbed = await _climb(database, lease, belief, tick_id, decisions, least_real_s)
    TICK_SECONDS.labels("write").observe(time.perf_counter() - began)
    return TickOutcome(
        tick_id, offered, stale, climbed[Step.BROADCAST], climbed[Step.PROVIDER], climbed[Step.EXPIRE]
    )


async def _look(work: Work, market_id: UUID) -> Belief:
    market = await markets.market(work, market_id)
    waiting = await deliveries.waiting(work, market_id)
    state = await queries.state(work, market_id)
    broadcasts = await offers.broadcasts_without_taker(work, [d.id for d in waiting])
    return Belief(
        market=market,
        now=work.now(),
        deliveries=waiting,
        drivers=await drivers.on_duty(work, market_id),
        fixes=await fixes.latest_in_market(work, market_id),
        trips=await offers.trips_under_way(work, market_id),
        offers=await offers.open_in_market(work, market_id),
        refusals=await offers.refusals(work, [d.id for d in waiting]),
        broadcasts=broadcasts,
        plan=queries.plan_of(state),
        outside=await providers.held(work, [d.id for d in waiting]),
        companies=await _companies(work, market, [d for d in waiting if broadcasts.get(d.id)]),
        fees=await _fees(work, market, waiting),
        apart=await merchants.apart(work, (d.merchant_id for d in waiting)),
    )


async def _companies(work: Work, market: Market, passed: list[Delivery]) -> frozenset[UUID]:
    """Which of the deliveries that nobody took the ladder can hand to a courier company."""
    if not passed or not market.fallback.allowed:
        return frozenset()
    found = await providers.chances(work, market.id, passed)
    return frozenset(delivery_id for delivery_id, chance in found.items() if chance.open)


async def _fees(work: Work, market: Market, waiting: Sequence[Delivery]) -> dict[UUID, int]:
    """What courier companies want for the deliveries that wait, where the market lets their prices compete with drivers."""
    fallback = market.fallback
    if not (waiting and fallback.allowed and market.dispatch.get("company_minute_minor")):
        return {}
    most = fallback.most_minor
    return {
        delivery_id: chance.fee.minor
        for delivery_id, chance in (await providers.chances(work, market.id, waiting)).items()
        if chance.open and chance.fee is not None and (most is None or chance.fee.minor <= most)
    }


def seed_of(tick_id: UUID) -> int:
    """The chance that a tick is given: its id's own."""
    return tick_id.int & 0x3FFFFFFF


def params_now(market: Market) -> Params:
    """The market's parameters; stores are mixed once the kernels for it are warm: a tick neither waits for them nor does without."""
    params = params_of(market)
    return replace(params, mixing=params.mixing and mixing.ready().compiled)


def _decide(
    belief: Belief, snapshot: Snapshot, matrix: TravelMatrix, tick_id: UUID
) -> tuple[Decisions, bytes, int]:
    kernels = ready()
    travel, params = Travel(matrix.seconds), params_now(belief.market)
    now_s, seed = epoch_s(belief.now), seed_of(tick_id)
    began = time.perf_counter()
    decisions = decide(snapshot.world, travel, params, now_s, seed, kernels)
    engine_us = int((time.perf_counter() - began) * 1e6)
    content = record.pack(snapshot.world, travel, params, now_s, seed, decisions, kernels.name)
    return decisions, content, engine_us


async def _offer(
    database: Database,
    lease: leases.Lease,
    belief: Belief,
    snapshot: Snapshot,
    matrix: TravelMatrix,
    tick_id: UUID,
    send: Send,
    names: Mapping[str, str],
    least_real_s: int,
) -> bool:
    """Offer one trip in a transaction of its own. Whether it was still possible."""
    orders = {o.id: o for o in snapshot.world.orders}
    driver = next(d for d in snapshot.world.drivers if d.id == send.driver)
    visits = send.visits or (send.orders,)
    stores = [orders[visit[0]].pickup for visit in visits]
    route = [driver.place, *stores, *(orders[o].dropoff for o in send.orders)]
    legs = [_leg(matrix, a, b) for a, b in pairwise(route)]
    sentence = f"{names.get(send.driver, 'this driver')}: {send.sentence}"
    body: dict[str, Any] = {
        "cost": round(send.cost, 3),
        "leave_s": send.leave_s,
        "pickup_s": send.pickup_s,
        "drops_s": list(send.drops_s),
        "rivals": [
            {
                "driver": r.driver,
                "name": names.get(r.driver, ""),
                "extra_cost": r.extra_cost,
                "pickup_s": r.pickup_s,
            }
            for r in send.rivals
        ],
        "excluded": dict(send.excluded),
        "kept_out": service.kept_out(send.kept_out, names),
    }
    offer = None
    try:
        async with database.work(ACTOR) as work:
            await leases.check(work, lease)
            offer = await service.offer_trip(
                work, tick_id=tick_id, market_id=belief.market.id, driver_id=DriverId(UUID(send.driver)),
                delivery_ids=[DeliveryId(UUID(o)) for o in send.orders],
                visits=[[DeliveryId(UUID(o)) for o in visit] for visit in visits], visits_s=send.visits_s, versions=snapshot.versions, approach=legs[0],
                legs=legs[1:], stops_s=stops_s(belief.market), policy=policy_of(belief.market), sentence=sentence, body=body, least_real_s=least_real_s,
            )  # fmt: skip
    except leases.LostLease:
        raise
    except Refusal as refusal:
        log.info("decision_refused", code=refusal.code, driver=send.driver)
    if offer is None:
        STALE_DECISIONS.inc()
        async with database.work(ACTOR) as work:
            await service.count_stale(work, tick_id)
    return offer is not None


def _leg(matrix: TravelMatrix, a: int, b: int) -> Leg:
    return Leg(metres=int(matrix.metres[a, b]), seconds=int(matrix.seconds[a, b]))  # type: ignore[arg-type]


async def _climb(
    database: Database,
    lease: leases.Lease,
    belief: Belief,
    tick_id: UUID,
    decisions: Decisions,
    least_real_s: int,
) -> dict[Step, int]:
    """Do what the ladder asks for deliveries that no directed offer holds: broadcast, provider, end."""
    done = dict.fromkeys(Step, 0)
    policy, fallback = policy_of(belief.market), belief.market.fallback
    offered = {d for o in belief.offers for d in o.delivery_ids}
    sent = {order for send in decisions.sends for order in send.orders}
    cheaper = {outlook.order for outlook in decisions.outlooks if outlook.elsewhere}
    idle = [d for d in belief.deliveries if d.id not in offered and str(d.id) not in sent]
    if not idle:
        return done
    async with database.work(ACTOR) as work:
        chances = await providers.chances(work, belief.market.id, idle)
    for delivery in idle:
        chance = chances.get(delivery.id)
        if chance is not None and chance.asked:
            continue
        waiting = Waiting(
            due_at=delivery.due_at,
            ready_at=delivery.ready_at,
            drive=timedelta(seconds=delivery.leg_s + 420),
            refusals=len(belief.refusals.get(delivery.id, ())),
            broadcasts=belief.broadcasts.get(delivery.id, 0),
            eligible=0,
            provider_open=fallback.allowed and bool(chance and chance.open),
            cheaper=str(delivery.id) in cheaper,
            provider_approach=company_approach(belief.market),
        )
        near = eligible(delivery, belief, policy) if _pressing(waiting, policy, belief.now) else []
        step, why = next_step(replace(waiting, eligible=len(near)), policy, belief.now)
        if step is Step.PLAN:
            continue
        async with database.work(ACTOR) as work:
            try:
                await leases.check(work, lease)
                present = await deliveries.delivery(work, delivery.id)
                if present.version != delivery.version:
                    continue
                if step is Step.BROADCAST:
                    await service.broadcast(
                        work, tick_id=tick_id, delivery=delivery, driver_ids=near, policy=policy, why=why,
                        least_real_s=least_real_s,
                    )  # fmt: skip
                elif step is Step.PROVIDER:
                    await service.hand_to_provider(
                        work, tick_id=tick_id, delivery=delivery, why=why, most_minor=fallback.most_minor
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


def _pressing(waiting: Waiting, policy: Policy, now: MarketInstant) -> bool:
    """Whether the ladder may have something to do: sparing the search for near drivers otherwise."""
    early = now + policy.broadcast_lead + timedelta(minutes=1)
    tired = waiting.refusals >= policy.declines_before_broadcast
    return tired or early >= latest_departure(waiting, policy)
