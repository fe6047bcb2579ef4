"""What payouts does when a driver's work on a delivery ends."""

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries.events import (
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryReturned,
    TipChanged,
)
from doorstep.features.offers.events import TripChanged
from doorstep.features.payouts import service
from doorstep.platform.events import Event
from doorstep.platform.jobs import Handler, Handlers, InsideFn

REACTIONS: tuple[tuple[str, type[Event], InsideFn], ...] = (
    ("payouts.on_delivery_completed", DeliveryCompleted, service.work_done),
    ("payouts.on_delivery_returned", DeliveryReturned, service.work_done),
    ("payouts.on_delivery_cancelled", DeliveryCancelled, service.called_off),
    ("payouts.on_trip_changed", TripChanged, service.taken_off),
    ("payouts.on_tip_changed", TipChanged, service.tip_added),
)


def register(handlers: Handlers, connectors: Connectors) -> None:  # noqa: ARG001 (every feature's signature)
    """Make the reactions known."""
    for name, event, react in REACTIONS:
        handlers.on(event, Handler(name=name, message=event, inside=react))
