"""Tables of merchants."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Float

from doorstep.platform.db.rows import Row, Visible

_OPERATOR = "doorstep_audience() = 'staff'"


class MerchantRow(Row):
    """One merchant. Shoppers see the one that sends them something."""

    __tablename__ = "merchants"
    __visible__ = Visible(
        merchant="id = doorstep_tenant()",
        shopper="EXISTS (SELECT 1 FROM deliveries d WHERE d.merchant_id = merchants.id AND d.id = doorstep_subject())",
        web="SELECT, INSERT, UPDATE",
        system="SELECT, INSERT, UPDATE",
        extra=(
            f"CREATE POLICY merchants_operator_adds ON merchants AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK ({_OPERATOR})",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    brand: Mapped[dict[str, Any]]
    batching: Mapped[bool]
    events_count: Mapped[int]
    created_at: Mapped[datetime]
    created_wall: Mapped[datetime]


class MerchantTermsRow(Row):
    """How a merchant pays and by which tariff: the merchant reads it, only the operator writes it."""

    __tablename__ = "merchant_terms"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()",
        web="SELECT, INSERT, UPDATE",
        system="SELECT, INSERT, UPDATE",
        extra=(
            f"CREATE POLICY merchant_terms_operator_adds ON merchant_terms AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK ({_OPERATOR})",
            f"CREATE POLICY merchant_terms_operator_edits ON merchant_terms AS RESTRICTIVE FOR UPDATE TO doorstep_web USING ({_OPERATOR}) WITH CHECK ({_OPERATOR})",
        ),
    )
    merchant_id: Mapped[UUID] = mapped_column(primary_key=True)
    credit_limit_minor: Mapped[int]
    currency: Mapped[str]
    prepaid: Mapped[bool]
    tariff_kind: Mapped[str]
    __table_args__ = (CheckConstraint("credit_limit_minor >= 0", name="no_negative_credit"),)


class StoreRow(Row):
    """One store."""

    __tablename__ = "stores"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()",
        web="SELECT, INSERT, UPDATE",
        system="SELECT, INSERT, UPDATE",
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    market_id: Mapped[UUID]
    external_id: Mapped[str]
    name: Mapped[str]
    address: Mapped[dict[str, Any]]
    lat: Mapped[float] = mapped_column(Float)
    lng: Mapped[float] = mapped_column(Float)
    timezone: Mapped[str]  # of the market when the store was opened or moved
    hours: Mapped[dict[str, Any]]
    instructions: Mapped[str]
    prep_s: Mapped[int]
    phone: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_wall: Mapped[datetime]
    __table_args__ = (
        Index("ix_stores_merchant", "merchant_id", "id"),
        Index("ix_stores_market", "market_id", "id"),
        Index("uq_stores_external", "merchant_id", "external_id", unique=True, postgresql_where=text("external_id <> ''")),
    )  # fmt: skip
