"""Tables of drivers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible

_CARRIES = "EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = drivers.id AND d.{who})"


class DriverRow(Row):
    """One driver. Merchants and shoppers see those who carry their own deliveries."""

    __tablename__ = "drivers"
    __visible__ = Visible(
        driver="id = doorstep_subject()",
        merchant=_CARRIES.format(who="merchant_id = doorstep_tenant()"),
        shopper=_CARRIES.format(who="id = doorstep_subject()"),
        web="SELECT, INSERT, UPDATE",
        system="SELECT, INSERT, UPDATE",
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str] = mapped_column(unique=True)  # E.164
    vehicle_kind: Mapped[str]
    vehicle_make: Mapped[str]
    vehicle_colour: Mapped[str]
    capacity_units: Mapped[int]
    abilities: Mapped[list[Any]]
    state: Mapped[str]
    state_reason: Mapped[str]
    on_duty: Mapped[bool]
    duty_since: Mapped[datetime]
    duty_until: Mapped[datetime | None]
    longer_to_answer: Mapped[bool]  # an accessibility need of hers: for her phone and offers alone
    events_count: Mapped[int]
    created_at: Mapped[datetime]
    created_wall: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("capacity_units > 0", name="carries_something"),
        Index("ix_drivers_market", "market_id", "id"),
        Index("ix_drivers_on_duty", "market_id", postgresql_where=text("on_duty")),
    )


class SafetyCallRow(Row):
    """A press of the safety button; kept as pressed."""

    __tablename__ = "safety_calls"
    __visible__ = Visible(
        driver="driver_id = doorstep_subject()", web="SELECT, INSERT", system="SELECT, INSERT"
    )
    driver_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[str] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    kind: Mapped[str]
    lat: Mapped[float | None] = mapped_column(Float)
    lng: Mapped[float | None] = mapped_column(Float)
    note: Mapped[str]
    at: Mapped[datetime]
    at_wall: Mapped[datetime]
    __table_args__ = (Index("ix_safety_calls_at", "at"),)
