"""The table of subscriptions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class SubscriptionRow(Row):
    """Where a driver's phone is rung. Its address opens the way to her phone, so it is sealed."""

    __tablename__ = "wake_subscriptions"
    __visible__ = Visible(
        staff=None,
        driver="driver_id = doorstep_subject()",
        web="SELECT, INSERT, UPDATE, DELETE",
        system="SELECT, DELETE",
    )
    driver_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str]
    made_wall: Mapped[datetime]
