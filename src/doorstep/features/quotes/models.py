"""Tables of quotes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class QuoteRow(Row):
    """One quote. Only ``used_at`` is ever changed."""

    __tablename__ = "quotes"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()",
        web="SELECT, INSERT",
        system="SELECT, INSERT, UPDATE, DELETE",
        extra=("GRANT UPDATE (used_at) ON quotes TO doorstep_web",),
    )
    __forgotten__ = "used_at IS NULL AND expires_at < CAST(:market AS timestamptz) - interval '7 days'"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    market_id: Mapped[UUID]
    store_id: Mapped[UUID]
    wanted: Mapped[dict[str, Any]]
    precision: Mapped[str]
    note: Mapped[str]
    leg_m: Mapped[int]
    leg_s: Mapped[int]
    price: Mapped[dict[str, Any]]
    promise: Mapped[dict[str, Any]]
    tariff: Mapped[dict[str, Any]]
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_quotes_merchant", "merchant_id", "id"),
        Index("ix_quotes_unused", "expires_at", postgresql_where=text("used_at IS NULL")),
    )
