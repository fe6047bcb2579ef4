"""What billing does when a delivery ends, a tip changes, a courier company's job is over."""

from doorstep.connectors.outside import Connectors
from doorstep.features.billing import service
from doorstep.features.deliveries.events import (
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryExpired,
    DeliveryReturned,
    TipChanged,
)
from doorstep.features.providers.events import ProviderJobEnded
from doorstep.platform.jobs import Handler, Handlers

ENDS = {
    "billing.on_delivery_completed": DeliveryCompleted,
    "billing.on_delivery_returned": DeliveryReturned,
    "billing.on_delivery_cancelled": DeliveryCancelled,
    "billing.on_delivery_expired": DeliveryExpired,
}


def register(handlers: Handlers, connectors: Connectors) -> None:  # noqa: ARG001 (every feature's signature)
    """Make the reactions known."""
    for name, event in ENDS.items():
        handlers.on(event, Handler(name=name, message=event, inside=service.bill_ended))
    handlers.on(
        TipChanged, Handler(name="billing.on_tip_changed", message=TipChanged, inside=service.tip_changed)
    )
    handlers.on(
        ProviderJobEnded,
        Handler(
            name="billing.on_provider_job_ended", message=ProviderJobEnded, inside=service.provider_job_ended
        ),
    )
