"""How tracking reacts: each move of a delivery on a trip changes when its doors are reached."""

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import events
from doorstep.features.tracking import service
from doorstep.platform.jobs import Handler, Handlers

MOVES = (
    events.DeliveryAssigned,
    events.DeliveryUnassigned,
    events.PickupReached,
    events.DeliveryPickedUp,
    events.DropoffEnroute,
    events.DropoffReached,
    events.DeliveryCompleted,
    events.AttemptFailed,
    events.DeliveryCancelled,
    events.ReadyMoved,
)
"""Moves after which the doors of a trip are expected at other times."""


def register(handlers: Handlers, connectors: Connectors) -> None:  # noqa: ARG001 (every feature's signature)
    """Make the reactions known."""
    for event in MOVES:
        name = f"tracking.on_{event.name.removeprefix('delivery.')}"
        handlers.on(event, Handler(name=name, message=event, inside=service.follow))
