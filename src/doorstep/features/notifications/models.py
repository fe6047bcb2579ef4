"""Tables of notifications."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class WishRow(Row):
    """What a merchant wants its shoppers told; one that never said so wants the usual."""

    __tablename__ = "notification_wishes"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()",
        web="SELECT, INSERT, UPDATE",
        system="SELECT, INSERT, UPDATE",
    )
    merchant_id: Mapped[UUID] = mapped_column(primary_key=True)
    moments: Mapped[list[str]] = mapped_column(ARRAY(Text))
    language: Mapped[str]
    changed_wall: Mapped[datetime]


class NotificationRow(Row):
    """One text about one delivery. The number it goes to stays with the delivery."""

    __tablename__ = "notifications"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()", web="SELECT", system="SELECT, INSERT, UPDATE, DELETE"
    )
    __forgotten__ = "state <> 'waiting' AND made_wall < CAST(:wall AS timestamptz) - interval '30 days'"
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    moment: Mapped[str] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    market_id: Mapped[UUID]
    state: Mapped[str]
    phone_end: Mapped[str]
    text: Mapped[str]
    why: Mapped[str]
    attempts: Mapped[int]
    made_at: Mapped[datetime]
    made_wall: Mapped[datetime]
    sent_wall: Mapped[datetime | None]
    __table_args__ = (Index("ix_notifications_made_wall", "made_wall"),)
