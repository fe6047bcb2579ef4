"""Tables of tracking."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class ArrivalPlanRow(Row):
    """When the carrier's trip lets the door expect her: all that a shopper may know of the stops before."""

    __tablename__ = "arrival_plans"
    __visible__ = Visible(
        shopper="delivery_id = doorstep_subject()",
        merchant="EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)",
        web="SELECT",
    )
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    arrive_at: Mapped[datetime]
    doors_before: Mapped[int]
    made_at: Mapped[datetime]
