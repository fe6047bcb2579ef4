"""Tables of dispatch."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible

STAFF_READS = Visible(web="SELECT")
STAFF_CALLS = Visible(web="SELECT, INSERT, UPDATE")  # staff overrule: they call for a tick and say why


class DispatchStateRow(Row):
    """What a market's dispatch carries from tick to tick."""

    __tablename__ = "dispatch_states"
    __visible__ = STAFF_CALLS
    market_id: Mapped[UUID] = mapped_column(primary_key=True)
    plan: Mapped[list[Any]]  # [[driver, [[order, …], …]], …]
    ticks: Mapped[int]
    ticked_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]  # the last urgent call; a tick after it answers it
    tick_id: Mapped[UUID | None]


class TickRow(Row):
    """One tick: what it looked at, what came out; the full record lies in the blob store."""

    __tablename__ = "dispatch_ticks"
    __visible__ = STAFF_READS
    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    number: Mapped[int]
    at: Mapped[datetime]
    cause: Mapped[str]
    epoch: Mapped[int]
    orders: Mapped[int]
    drivers: Mapped[int]
    sends: Mapped[int]
    stale: Mapped[int]
    engine_us: Mapped[int]
    record_key: Mapped[str]
    __table_args__ = (Index("ix_dispatch_ticks_market", "market_id", "number"),)


class ReasonRow(Row):
    """Why a delivery was offered to someone, or why not yet: one sentence and the facts behind it."""

    __tablename__ = "dispatch_reasons"
    __visible__ = STAFF_CALLS
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    tick_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    at: Mapped[datetime]
    kind: Mapped[str]
    sentence: Mapped[str]
    facts: Mapped[dict[str, Any]]
    offer_id: Mapped[UUID | None]
    __table_args__ = (Index("ix_dispatch_reasons_delivery_at", "delivery_id", "at"),)
