"""An offer was shown: ring the phones of those asked that want it."""

from datetime import timedelta

from sqlalchemy import select

from doorstep.connectors.outside import Connectors
from doorstep.features.offers.events import OfferShown
from doorstep.features.wakeups.models import SubscriptionRow
from doorstep.features.wakeups.ringing import Ring, Ringing
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers

SOON = tuple(timedelta(seconds=s) for s in (0.5, 2, 5))
"""An offer lives a minute: what is not rung by then need not be."""


async def _shown(work: Work, event: OfferShown) -> None:
    wanting = await work.session.scalars(
        select(SubscriptionRow.driver_id).where(SubscriptionRow.driver_id.in_(event.driver_ids))
    )
    for driver_id in wanting:
        work.schedule(
            "wakeups.ring",
            Ring(driver_id, event.offer_id),
            key=f"{event.offer_id}:{driver_id}",
            market_id=event.market_id,
        )


def register(handlers: Handlers, connectors: Connectors) -> None:
    """Make the reaction and the task known."""
    handlers.on(OfferShown, Handler("wakeups.on_offer_shown", OfferShown, inside=_shown, together=True))
    handlers.task(Handler("wakeups.ring", Ring, outside=Ringing(connectors).ring, backoff=SOON))
