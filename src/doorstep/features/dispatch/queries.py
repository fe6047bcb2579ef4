"""Reads of dispatch."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from doorstep.engine.world import Chain
from doorstep.features.dispatch.models import DispatchStateRow, ReasonRow, TickRow
from doorstep.features.dispatch.rules import Reason, ReasonKind
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotFound


def _reason(row: ReasonRow) -> Reason:
    return Reason(
        row.delivery_id, row.tick_id, row.at, ReasonKind(row.kind), row.sentence, row.facts, row.offer_id
    )


async def reasons(work: Work, delivery_id: UUID) -> list[Reason]:
    """Why the delivery was offered to whom it was, and why not sooner; oldest first."""
    rows = await work.session.scalars(
        select(ReasonRow)
        .where(ReasonRow.delivery_id == delivery_id)
        .order_by(ReasonRow.at, ReasonRow.tick_id)
    )
    return [_reason(row) for row in rows]


async def last_sentences(work: Work, delivery_ids: list[UUID]) -> dict[UUID, str]:
    """The newest sentence of each delivery that has one."""
    rows = await work.session.execute(
        select(ReasonRow.delivery_id, ReasonRow.sentence)
        .where(ReasonRow.delivery_id.in_(delivery_ids))
        .ext(distinct_on(ReasonRow.delivery_id))
        .order_by(ReasonRow.delivery_id, ReasonRow.at.desc())
    )
    return {row.delivery_id: row.sentence for row in rows}


async def state(work: Work, market_id: UUID) -> DispatchStateRow:
    """What the market's dispatch carries; a fresh one when it never ticked. For this feature alone."""
    row = await work.session.get(DispatchStateRow, market_id, populate_existing=True)
    return row or DispatchStateRow(
        market_id=market_id, plan=[], ticks=0, ticked_at=None, called_at=None, tick_id=None
    )


def plan_of(row: DispatchStateRow) -> dict[str, Chain]:
    """The plan as the engine carries it."""
    return {driver: tuple(tuple(trip) for trip in chain) for driver, chain in row.plan}


async def ticks(work: Work, market_id: UUID, limit: int = 50) -> list[TickRow]:
    """The newest ticks of a market, newest first."""
    rows = await work.session.scalars(
        select(TickRow).where(TickRow.market_id == market_id).order_by(TickRow.number.desc()).limit(limit)
    )
    return list(rows)


async def record_key(work: Work, tick_id: UUID) -> str:
    """Where a tick's record lies in the blob store. Raises NotFound."""
    row = await work.session.get(TickRow, tick_id)
    if row is None:
        raise NotFound("this tick is no longer kept")
    return row.record_key
