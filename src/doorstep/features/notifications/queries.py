"""Reads of notifications."""

from uuid import UUID

from sqlalchemy import select

from doorstep.features.notifications.models import NotificationRow, WishRow
from doorstep.features.notifications.rules import Language, Moment, Notification, NotificationState, Wish
from doorstep.platform.db.work import Work
from doorstep.units.time import MarketInstant


async def wish(work: Work, merchant_id: UUID) -> Wish:
    """What the merchant wants told; the usual, unless it said otherwise."""
    row = await work.session.get(WishRow, merchant_id)
    if row is None:
        return Wish()
    return Wish(moments=frozenset(map(Moment, row.moments)), language=Language(row.language))


async def of_delivery(work: Work, delivery_id: UUID) -> list[Notification]:
    """What a delivery's shopper was told, in order."""
    rows = await work.session.scalars(
        select(NotificationRow)
        .where(NotificationRow.delivery_id == delivery_id)
        .order_by(NotificationRow.made_at, NotificationRow.moment)
    )
    return [view(row) for row in rows]


def view(row: NotificationRow) -> Notification:
    """A row as other rooms see it."""
    return Notification(
        delivery_id=row.delivery_id,
        moment=Moment(row.moment),
        state=NotificationState(row.state),
        phone_end=row.phone_end,
        text=row.text,
        why=row.why,
        attempts=row.attempts,
        made_at=MarketInstant(row.made_at),
        sent_wall=row.sent_wall,
    )
