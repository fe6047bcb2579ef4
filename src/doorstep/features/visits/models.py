"""The table of visits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class VisitRow(Row):
    """One browser inside the demo. All times are real."""

    __tablename__ = "visits"
    __visible__ = Visible(staff=None, gate="true")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    roles: Mapped[list[Any]]
    entered_wall: Mapped[datetime]
    seen_wall: Mapped[datetime]
    left_wall: Mapped[datetime | None]  # said good-bye; silence ends a visit without it
    wish_speed: Mapped[float | None]  # none since entering: the speed of life
    wish_wall: Mapped[datetime]
    driven: Mapped[bool]  # the demo moves the visitor's car
