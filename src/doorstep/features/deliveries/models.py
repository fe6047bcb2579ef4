"""Tables of deliveries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Float, Uuid

from doorstep.platform.db.rows import Row, Visible

_THROUGH_DELIVERY = "EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)"
_MERCHANT = "merchant_id = doorstep_tenant()"
LIVE = "state NOT IN ('delivered', 'returned', 'cancelled', 'expired')"
LIVE_EXTERNAL = f"external_id <> '' AND {LIVE}"
"""Where the merchant's own reference must be unique: among deliveries that have not ended."""


class DeliveryRow(Row):
    """One delivery. The carrier columns are written by assign and unassign alone.

    ``let_go_by`` is the driver or courier company that last gave it back or declined it: row-level security
    lets nobody write herself out of sight, so she keeps sight of the row until the next carrier has it.
    """

    __tablename__ = "deliveries"
    __visible__ = Visible(
        merchant=_MERCHANT,
        driver=(
            "driver_id = doorstep_subject() OR doorstep_subject() = ANY(offered_to)"
            " OR let_go_by = doorstep_subject()"
        ),
        shopper="id = doorstep_subject()",
        provider="provider_id = doorstep_subject() OR let_go_by = doorstep_subject()",
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    market_id: Mapped[UUID]
    store_id: Mapped[UUID]
    external_id: Mapped[str]
    quote_id: Mapped[UUID | None]
    state: Mapped[str]
    service_level: Mapped[str]
    pickup: Mapped[dict[str, Any]]
    dropoff: Mapped[dict[str, Any]]
    dropoff_lat: Mapped[float] = mapped_column(Float)
    dropoff_lng: Mapped[float] = mapped_column(Float)
    shopper_first_name: Mapped[str]
    shopper_last_name: Mapped[str]
    requirements: Mapped[dict[str, Any]]
    return_policy: Mapped[str]
    items: Mapped[int]
    units: Mapped[int]
    weight_g: Mapped[int]
    cart_minor: Mapped[int]
    manifest: Mapped[list[Any]]
    ready_at: Mapped[datetime]
    wanted_from: Mapped[datetime]
    earliest_drop_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    leg_m: Mapped[int]
    leg_s: Mapped[int]
    fee_minor: Mapped[int]
    fee_lines: Mapped[list[Any]]
    tip_minor: Mapped[int]
    tip_status: Mapped[str]
    tip_limit_minor: Mapped[int]  # the largest tip, by the tariff it was made under
    tip_promised_minor: Mapped[int]  # the largest tip in terms a driver accepted: it never falls below
    currency: Mapped[str]
    pin_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    pin_failures: Mapped[int]
    driver_id: Mapped[UUID | None]
    trip_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None]
    provider_job_id: Mapped[UUID | None]
    carrier_note: Mapped[dict[str, Any]]  # first name and vehicle of the carrier, for the shopper
    offered_to: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    let_go_by: Mapped[UUID | None]
    moved_device_at: Mapped[datetime | None]  # latest device time among reports that counted
    version: Mapped[int]
    events_count: Mapped[int]
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    created_wall: Mapped[datetime]
    assigned_at: Mapped[datetime | None]
    picked_up_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]  # the party, when it was cancelled
    end_reason: Mapped[str]
    __table_args__ = (
        CheckConstraint("driver_id IS NULL OR provider_job_id IS NULL", name="one_carrier"),
        Index(
            "uq_deliveries_external", "merchant_id", "external_id", unique=True,
            postgresql_where=text(LIVE_EXTERNAL),
        ),
        Index("ix_deliveries_market_open", "market_id", "state", postgresql_where=text(LIVE)),
        Index("ix_deliveries_merchant", "merchant_id", "id"),
        Index("ix_deliveries_external", "merchant_id", "external_id"),
        Index("ix_deliveries_driver", "driver_id", postgresql_where=text("driver_id IS NOT NULL")),
        Index("ix_deliveries_trip", "trip_id", postgresql_where=text("trip_id IS NOT NULL")),
        Index("ix_deliveries_ended", "market_id", "ended_at"),
    )  # fmt: skip


class DeliveryEventRow(Row):
    """The timeline: one row per event, numbered without gaps."""

    __tablename__ = "delivery_events"
    __visible__ = Visible(
        merchant=_MERCHANT,
        driver=_THROUGH_DELIVERY,
        shopper=_THROUGH_DELIVERY,
        provider=_THROUGH_DELIVERY,
        web="SELECT, INSERT",
        system="SELECT, INSERT, DELETE",
    )
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    name: Mapped[str]
    at: Mapped[datetime]
    at_wall: Mapped[datetime]
    device_at: Mapped[datetime | None]
    audience: Mapped[str]
    actor: Mapped[str]
    state_before: Mapped[str]
    state_after: Mapped[str]
    body: Mapped[dict[str, Any]]


class ReportRow(Row):
    """Reports that were heard, so that each counts once."""

    __tablename__ = "delivery_reports"
    __visible__ = Visible(driver=_THROUGH_DELIVERY, provider=_THROUGH_DELIVERY, web="SELECT, INSERT")
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    device_at: Mapped[datetime | None]
    at: Mapped[datetime]
    counted: Mapped[bool]


class ProofRow(Row):
    """A proof that was taken; pictures lie in the blob store under ``blob_key``."""

    __tablename__ = "proofs"
    __visible__ = Visible(
        merchant=_THROUGH_DELIVERY,
        driver=_THROUGH_DELIVERY,
        shopper=_THROUGH_DELIVERY,
        provider=_THROUGH_DELIVERY,
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID]
    kind: Mapped[str]
    ok: Mapped[bool]
    at: Mapped[datetime]
    device_at: Mapped[datetime | None]
    blob_key: Mapped[str]
    media_type: Mapped[str]
    result: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_proofs_delivery", "delivery_id"),)
