"""Tables of webhooks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from doorstep.platform.db.rows import HIDDEN, Row, Visible

_OWN = Visible(merchant="merchant_id = doorstep_tenant()")


class EndpointRow(Row):
    """An address of a merchant's."""

    __tablename__ = "webhook_endpoints"
    __visible__ = _OWN
    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(index=True)
    url: Mapped[str]
    label: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until_wall: Mapped[datetime | None]
    state: Mapped[str]
    disabled_why: Mapped[str | None]
    failing_since_wall: Mapped[datetime | None]
    created_wall: Mapped[datetime]


class MessageRow(Row):
    """One event for one endpoint, as it is sent."""

    __tablename__ = "webhook_messages"
    __visible__ = _OWN
    __forgotten__ = "state <> 'waiting' AND created_wall < CAST(:wall AS timestamptz) - interval '30 days'"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID]
    merchant_id: Mapped[UUID]
    delivery_id: Mapped[UUID | None]
    seq: Mapped[int]
    type: Mapped[str]
    payload: Mapped[str]
    state: Mapped[str]
    turn: Mapped[int]  # counts how often it was lined up; a job of an older turn does nothing
    tries: Mapped[int]  # since it was made, or last replayed
    attempts_count: Mapped[int]
    next_try_wall: Mapped[datetime | None]
    created_wall: Mapped[datetime]
    taken_wall: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "uq_webhook_messages_event", "endpoint_id", "delivery_id", "seq", unique=True,
            postgresql_where=text("delivery_id IS NOT NULL"),
        ),
        Index("ix_webhook_messages_merchant", "merchant_id", "id"),
        Index("ix_webhook_messages_endpoint", "endpoint_id", "id"),
        Index("ix_webhook_messages_created_wall", "created_wall"),
        Index("ix_webhook_messages_waiting", "endpoint_id", postgresql_where=text("state = 'waiting'")),
    )  # fmt: skip


class AttemptRow(Row):
    """One try to hand a message over."""

    __tablename__ = "webhook_attempts"
    __visible__ = _OWN
    __forgotten__ = "at_wall < CAST(:wall AS timestamptz) - interval '30 days'"
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    at_wall: Mapped[datetime]
    status: Mapped[int | None]
    latency_ms: Mapped[int]
    error: Mapped[str]
    answer: Mapped[str]
    __table_args__ = (Index("ix_webhook_attempts_at_wall", "at_wall"),)


class ToldRow(Row):
    """How far the timeline of a delivery has been turned into messages."""

    __tablename__ = "webhook_told"
    __visible__ = HIDDEN
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
