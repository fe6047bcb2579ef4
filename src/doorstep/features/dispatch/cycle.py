"""One turn of dispatch for a market: look, decide, write, then act (``acting``).

Only the lease holder turns; each transaction checks the lease's epoch. The world outside (travel times)
is asked between transactions, the engine runs in a thread and holds no lock.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from doorstep.connectors.maps.protocol import TravelMatrix
from doorstep.connectors.outside import Connectors
from doorstep.engine import record
from doorstep.engine.compiled import ready, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.params import Params
from doorstep.engine.world import Travel
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.dispatch import queries, service
from doorstep.features.dispatch.acting import ACTOR, Turn
from doorstep.features.dispatch.rules import Step
from doorstep.features.dispatch.snapshot import (
    Belief,
    Snapshot,
    params_of,
    take,
)
from doorstep.features.drivers import queries as drivers
from doorstep.features.fixes import queries as fixes
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market
from doorstep.features.merchants import queries as merchants
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.rising import rise_of
from doorstep.features.providers import queries as providers
from doorstep.platform import leases
from doorstep.platform.db.work import Database, Work
from doorstep.platform.metrics import TICK_SECONDS
from doorstep.platform.tracing import span
from doorstep.units.time import MarketInstant, epoch_s

CALM = timedelta(seconds=2)
"""Urgent calls closer together than this (market time) are answered by one tick."""

CORES = os.cpu_count() or 1
"""What a large market's tick may use of this machine: it settles how soon the answer is there, never what it is."""

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
        gone = await service.write_tick(work, facts, decisions, names, under_way=set(belief.carried))
    for old in gone:
        await connectors.blobs.remove(old)
    act = Turn(
        database=database, lease=lease, belief=belief, snapshot=snapshot, matrix=matrix, tick_id=tick_id,
        names=names, least_real_s=least_real_s,
    )  # fmt: skip
    shown = [await act.offer(send) for send in decisions.sends]
    shown += [await act.ask_to_join(pickup) for pickup in decisions.pickups if pickup.joined]
    climbed = await act.climb(decisions)
    TICK_SECONDS.labels("write").observe(time.perf_counter() - began)
    return TickOutcome(
        tick_id,
        sum(shown),
        shown.count(False),
        climbed[Step.BROADCAST],
        climbed[Step.PROVIDER],
        climbed[Step.EXPIRE],
    )


async def _look(work: Work, market_id: UUID) -> Belief:
    market = await markets.market(work, market_id)
    waiting = await deliveries.waiting(work, market_id)
    state = await queries.state(work, market_id)
    open_offers = await offers.open_in_market(
        work, market_id
    )  # before who passed: what is closed by then is told there
    passed = await offers.passed(work, [d.id for d in waiting], rise_of(market.dispatch))
    trips = await offers.trips_under_way(work, market_id)
    open_trips = [one for trip in trips if trip.shop_ahead for one in trip.delivery_ids]
    return Belief(
        market=market,
        now=work.now(),
        deliveries=waiting,
        drivers=await drivers.on_duty(work, market_id),
        fixes=await fixes.latest_in_market(work, market_id),
        trips=trips,
        offers=open_offers,
        passed=passed,
        plan=queries.plan_of(state),
        outside=await providers.held(work, [d.id for d in waiting]),
        companies=await _companies(
            work, market, [d for d in waiting if d.id in passed and passed[d.id].broadcasts]
        ),
        fees=await _fees(work, market, waiting),
        apart=await merchants.apart(work, (d.merchant_id for d in waiting)),
        carried={d.id: d for d in await deliveries.many(work, open_trips)} if open_trips else {},
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
    decisions = decide(snapshot.world, travel, params, now_s, seed, kernels, threads=CORES)
    engine_us = int((time.perf_counter() - began) * 1e6)
    content = record.pack(snapshot.world, travel, params, now_s, seed, decisions, kernels.name)
    return decisions, content, engine_us
