"""Verbs of notifications: what a merchant wishes, and what a moment brings."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.events import DeliveryMoved
from doorstep.features.identity.tokens import tracking_token
from doorstep.features.merchants import queries as merchants
from doorstep.features.notifications import queries
from doorstep.features.notifications.messages import Send
from doorstep.features.notifications.models import NotificationRow, WishRow
from doorstep.features.notifications.rules import MOMENTS, NotificationState, Wish, words
from doorstep.platform.db.work import Work


async def set_wish(work: Work, merchant_id: UUID, wish: Wish) -> Wish:
    """From now on tell the merchant's shoppers so."""
    values = {"moments": sorted(wish.moments), "language": wish.language, "changed_wall": work.wall()}
    await work.session.execute(
        insert(WishRow)
        .values(merchant_id=merchant_id, **values)
        .on_conflict_do_update(index_elements=["merchant_id"], set_=values)
    )
    return wish


async def tell(work: Work, connectors: Connectors, moved: DeliveryMoved) -> None:
    """A delivery moved: have its shopper told, if the merchant wishes it and there is a phone. Twice is once."""
    moment = MOMENTS[moved.name]
    wish = await queries.wish(work, moved.merchant_id)
    if moment not in wish.moments:
        return
    delivery = await deliveries.delivery(work, moved.delivery_id)
    phone = delivery.dropoff.phone
    if not phone:
        return
    merchant = await merchants.merchant(work, moved.merchant_id)
    link = f"{connectors.own_url}/track/{tracking_token(connectors.secrets, delivery.id)}"
    made = await work.session.execute(
        insert(NotificationRow)
        .values(
            delivery_id=delivery.id,
            moment=moment,
            merchant_id=delivery.merchant_id,
            market_id=delivery.market_id,
            state=NotificationState.WAITING,
            phone_end=phone[-4:],
            text=words(moment, wish.language, merchant.name, link),
            why="",
            attempts=0,
            made_at=moved.at,
            made_wall=work.wall(),
        )
        .on_conflict_do_nothing()
        .returning(NotificationRow.moment)
    )
    if made.scalar_one_or_none() is not None:
        work.schedule(
            "notifications.send",
            Send(delivery.id, moment),
            key=f"{delivery.id}:{moment}",
            market_id=delivery.market_id,
        )
