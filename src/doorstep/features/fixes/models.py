"""Tables of fixes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible

_CARRIES = (
    "EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = driver_positions.driver_id"
    " AND d.state IN ('picked_up', 'enroute_to_dropoff', 'at_dropoff') AND d.{who})"
)


class PositionRow(Row):
    """A driver's newest position. Merchants and shoppers see it while their goods are on board."""

    __tablename__ = "driver_positions"
    __visible__ = Visible(
        driver="driver_id = doorstep_subject()",
        merchant=_CARRIES.format(who="merchant_id = doorstep_tenant()"),
        shopper=_CARRIES.format(who="id = doorstep_subject()"),
        gate="true",  # written behind by the process, for all drivers at once
        web="SELECT, INSERT, UPDATE",
        # Rewritten every second and rebuilt by the phones within seconds: not worth the write-ahead log.
        extra=("ALTER TABLE driver_positions SET UNLOGGED",),
    )
    driver_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    lat: Mapped[float] = mapped_column(Float)
    lng: Mapped[float] = mapped_column(Float)
    accuracy_m: Mapped[int | None]
    heading_deg: Mapped[int | None]
    speed_mps: Mapped[float | None] = mapped_column(Float)
    device_at: Mapped[datetime]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_driver_positions_market", "market_id", "at"),)


class FixRow(Row):
    """Every fix, for the record: disputes, calibration, replay."""

    __tablename__ = "fix_history"
    __visible__ = Visible(
        secured=False,
        why="the web role may only add, by COPY, which row-level security refuses; it reads no row of it",
        web="INSERT",
        system="SELECT, DELETE",
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    driver: Mapped[UUID]
    market_id: Mapped[UUID]
    lat: Mapped[float] = mapped_column(Float)
    lng: Mapped[float] = mapped_column(Float)
    accuracy_m: Mapped[int | None]
    heading_deg: Mapped[int | None]
    speed_mps: Mapped[float | None] = mapped_column(Float)
    device_at: Mapped[datetime]
    at: Mapped[datetime]
    __table_args__ = (
        Index("ix_fix_history_driver", "driver", "device_at"),
        Index("ix_fix_history_at", "at", postgresql_using="brin"),
    )
