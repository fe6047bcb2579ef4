"""Tables of providers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from doorstep.platform.db.rows import Row, Visible

_OWN = "provider_id = doorstep_subject()"


class ProviderRow(Row):
    """A courier company."""

    __tablename__ = "providers"
    __visible__ = Visible(
        provider="id = doorstep_subject()",
        gate="true",  # its webhook is checked with its secret before it is known who speaks
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    webhook_secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class DealRow(Row):
    """What was agreed with a company for a market."""

    __tablename__ = "provider_deals"
    __visible__ = Visible(provider=_OWN)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(index=True)
    market_id: Mapped[UUID]
    service_levels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    pricing: Mapped[str]
    flat_minor: Mapped[int]
    per_mile_minor: Mapped[int]
    most_minor: Mapped[int | None]
    currency: Mapped[str]
    abilities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    heaviest_g: Mapped[int]
    furthest_m: Mapped[int]
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rank: Mapped[int]
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="in_order"),
        Index("ix_provider_deals_market", "market_id", "starts_at"),
    )


class JobRow(Row):
    """One attempt to have a delivery carried. ``reference`` is what the company knows it by."""

    __tablename__ = "provider_jobs"
    __visible__ = Visible(
        provider=_OWN,
        shopper="delivery_id = doorstep_subject()",  # where the courier is and who she is
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    delivery_id: Mapped[UUID]
    market_id: Mapped[UUID]
    provider_id: Mapped[UUID]
    deal_id: Mapped[UUID]
    state: Mapped[str]
    why: Mapped[str]
    quote_id: Mapped[str]
    external_id: Mapped[str]
    fee_minor: Mapped[int]
    currency: Mapped[str]
    told: Mapped[str]
    courier_name: Mapped[str]
    vehicle: Mapped[str]
    lat: Mapped[float | None] = mapped_column(Float)
    lng: Mapped[float | None] = mapped_column(Float)
    position_at: Mapped[datetime | None]
    proof_url: Mapped[str]
    refusal: Mapped[str]
    lookups: Mapped[int]  # without an answer
    absences: Mapped[int]  # how often the company's books did not hold the order that was sent last
    polls: Mapped[int]
    events_count: Mapped[int]
    asked_at: Mapped[datetime]
    booked_at: Mapped[datetime | None]
    unconfirmed_since: Mapped[datetime | None]  # the company alone knows whether a courier is on the way
    looked_at: Mapped[datetime | None]  # when the company last answered
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "uq_provider_jobs_live", "delivery_id", unique=True,
            postgresql_where=text("state IN ('asked', 'booking', 'booked', 'calling_off')"),
        ),
        Index("ix_provider_jobs_delivery", "delivery_id", "id"),
        Index("ix_provider_jobs_provider", "provider_id", "id"),
        Index("ix_provider_jobs_open", "state", postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip


class HeardRow(Row):
    """A webhook that was heard, so that it counts once."""

    __tablename__ = "provider_webhooks"
    __visible__ = Visible(provider=_OWN, web="SELECT, INSERT")
    provider_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    heard_wall: Mapped[datetime]
    reference: Mapped[str]
