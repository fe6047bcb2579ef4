"""What a tick leaves behind: its row, its plan, the reasons; and when a market last ticked or called."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from doorstep.engine.decisions import Decisions, KeptOut
from doorstep.features.dispatch.models import DispatchStateRow, ReasonRow, TickRow
from doorstep.features.dispatch.queries import last_sentences
from doorstep.features.dispatch.rules import ReasonKind
from doorstep.platform.db.work import Work
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


async def write_tick(
    work: Work,
    facts: TickFacts,
    decisions: Decisions,
    names: Mapping[str, str],
    under_way: Collection[UUID] = (),
) -> list[str]:
    """Write the tick, its plan and what changed about the waiting; returns record keys no longer needed.

    Of deliveries that somebody is ``under_way`` to collect nothing is told: they wait for nobody.
    """
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
    waiting = [outlook for outlook in decisions.outlooks if UUID(outlook.order) not in under_way]
    known = await last_sentences(work, [UUID(o.order) for o in waiting])
    rows = []
    for outlook in waiting:
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
