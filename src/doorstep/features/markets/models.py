"""Tables of markets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Float

from doorstep.platform.db.rows import Row, Visible


def _staff_write(table: str, *commands: str) -> tuple[str, ...]:
    """Everybody reads, only staff (and the system) write: restrictive policies on top of the table's own."""
    clause = {
        "INSERT": "WITH CHECK (doorstep_audience() = 'staff')",
        "UPDATE": "USING (doorstep_audience() = 'staff') WITH CHECK (doorstep_audience() = 'staff')",
    }
    return tuple(
        f"CREATE POLICY {table}_staff_{command.lower()} ON {table} AS RESTRICTIVE FOR {command}"
        f" TO doorstep_web {clause[command]}"
        for command in commands
    )


def _fact(table: str, privileges: str, *writes: str) -> Visible:
    return Visible(
        merchant="true",
        driver="true",
        shopper="true",
        provider="true",
        public="true",
        gate="true",
        web=privileges,
        system=privileges,
        extra=_staff_write(table, *writes),
    )


class MarketRow(Row):
    """One market. Its outline's bounds stand beside it so that a point finds its market by index."""

    __tablename__ = "markets"
    __visible__ = _fact("markets", "SELECT, INSERT, UPDATE", "INSERT", "UPDATE")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    timezone: Mapped[str]
    outline: Mapped[list[Any]]  # GeoJSON ring
    south: Mapped[float] = mapped_column(Float)
    north: Mapped[float] = mapped_column(Float)
    west: Mapped[float] = mapped_column(Float)
    east: Mapped[float] = mapped_column(Float)
    stage: Mapped[str]
    rules: Mapped[dict[str, Any]]
    tick_s: Mapped[int]
    dispatch: Mapped[dict[str, Any]]
    fallback: Mapped[dict[str, Any]]
    currency: Mapped[str]
    changes_count: Mapped[int]
    created_at: Mapped[datetime]
    created_wall: Mapped[datetime]


class TariffRow(Row):
    """Terms from an instant on. Never edited; who may add is staff. Of two for one instant the later written counts."""

    __tablename__ = "tariffs"
    __visible__ = _fact("tariffs", "SELECT, INSERT", "INSERT")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    kind: Mapped[str]
    valid_from: Mapped[datetime]
    terms: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_tariffs_from", "market_id", "kind", "valid_from"),)


class PayRatesRow(Row):
    """Pay rates from an instant on. Never edited. Of two for one instant the later written counts."""

    __tablename__ = "pay_rates"
    __visible__ = _fact("pay_rates", "SELECT, INSERT", "INSERT")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    valid_from: Mapped[datetime]
    rates: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_pay_rates_from", "market_id", "valid_from"),)


class MarketChangeRow(Row):
    """History: one row per change, numbered without gaps."""

    __tablename__ = "market_changes"
    __visible__ = Visible(web="SELECT, INSERT", system="SELECT, INSERT")
    market_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    at_wall: Mapped[datetime]
    actor: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
