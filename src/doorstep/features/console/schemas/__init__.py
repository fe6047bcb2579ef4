"""The wire of the console, room by room."""

from doorstep.features.console.schemas.acts import (
    AmendAsked,
    AssignAsked,
    CancelAsked,
    OverrideAsked,
    ProviderAsked,
    ReassignAsked,
)
from doorstep.features.console.schemas.audit import AuditPage, AuditTold, AuditVerdict
from doorstep.features.console.schemas.deliveries import DeliveryTold, DeliveryWhole, LineTold, PlaceTold
from doorstep.features.console.schemas.drivers import DriverDrawer, OfferTold, PositionTold, TripTold
from doorstep.features.console.schemas.frames import MarketFrames
from doorstep.features.console.schemas.queue import ChoiceTold, ConcernTold, Queue, VitalsTold
from doorstep.features.console.schemas.safety import SafetySettled, SafetyWaiting

__all__ = [
    "AmendAsked",
    "AssignAsked",
    "AuditPage",
    "AuditTold",
    "AuditVerdict",
    "CancelAsked",
    "ChoiceTold",
    "ConcernTold",
    "DeliveryTold",
    "DeliveryWhole",
    "DriverDrawer",
    "LineTold",
    "MarketFrames",
    "OfferTold",
    "OverrideAsked",
    "PlaceTold",
    "PositionTold",
    "ProviderAsked",
    "Queue",
    "ReassignAsked",
    "SafetySettled",
    "SafetyWaiting",
    "TripTold",
    "VitalsTold",
]
