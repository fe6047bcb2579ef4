"""Tables of the console."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class FiguresRow(Row):
    """The public figures of one market, written by the worker each second. No row of any tenant stands here."""

    __tablename__ = "market_figures"
    __visible__ = Visible(
        merchant="true",
        driver="true",
        shopper="true",
        provider="true",
        public="true",
        web="SELECT",
        # Rewritten every second and rebuilt within one: not worth the write-ahead log.
        extra=("ALTER TABLE market_figures SET UNLOGGED",),
    )
    market_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    open: Mapped[int]
    delivered: Mapped[int]
    drivers_online: Mapped[int]
    offers_open: Mapped[int]
    ledger_difference_minor: Mapped[int]
    promised_minus_paid_minor: Mapped[int]
    at: Mapped[datetime]
    at_wall: Mapped[datetime]
