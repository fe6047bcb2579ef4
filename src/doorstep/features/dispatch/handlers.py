"""What makes a market tick at once."""

from uuid import UUID

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries.events import DeliveryCancelled, DeliveryCreated, DeliveryUnassigned
from doorstep.features.dispatch import service
from doorstep.features.offers.events import OfferDeclined, OfferExpired, OfferWithdrawn, TripFinished
from doorstep.features.providers.events import ProviderJobEnded, ProviderLost, ProviderRefused
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers


async def _call(work: Work, event: object) -> None:
    market_id = getattr(event, "market_id", None)
    assert isinstance(market_id, UUID)
    await service.call(work, market_id)


def register(handlers: Handlers, _connectors: Connectors) -> None:
    """Calls on events that cannot wait for the next turn."""
    for event in (
        DeliveryCreated,
        DeliveryCancelled,
        DeliveryUnassigned,
        OfferDeclined,
        OfferExpired,
        OfferWithdrawn,
        TripFinished,
        ProviderRefused,
        ProviderLost,
        ProviderJobEnded,  # one that was called off leaves its delivery to others
    ):
        handlers.on(
            event,
            Handler(f"dispatch.call_on_{event.name}", event, inside=_call, label="dispatch", together=True),
        )
