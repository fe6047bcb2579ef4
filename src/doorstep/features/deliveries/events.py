"""What happened to a delivery. One class per fact; every event carries what listeners need."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from doorstep.features.deliveries.rules import FactKind
from doorstep.platform.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMoved(Event):
    """What all events of a delivery have in common. ``seq`` is gapless per delivery, from 1."""

    name: ClassVar[str] = ""
    delivery_id: UUID
    merchant_id: UUID
    market_id: UUID
    store_id: UUID
    external_id: str
    seq: int
    at: datetime
    state: str
    state_before: str
    driver_id: UUID | None
    provider_id: UUID | None
    provider_job_id: UUID | None
    trip_id: UUID | None
    fee_minor: int
    tip_minor: int
    currency: str
    body: dict[str, Any] = field(default_factory=dict)  # reason, by, stage, before … of the fact


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCreated(DeliveryMoved):
    """A merchant asked for it; the money is reserved."""

    name: ClassVar[str] = "delivery.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAmended(DeliveryMoved):
    """Something about it changed by wish: body ``changed``."""

    name: ClassVar[str] = "delivery.amended"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryBatched(DeliveryMoved):
    """Planned together with others."""

    name: ClassVar[str] = "delivery.batched"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryUnbatched(DeliveryMoved):
    """On its own again."""

    name: ClassVar[str] = "delivery.unbatched"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAssigned(DeliveryMoved):
    """A carrier has it."""

    name: ClassVar[str] = "delivery.assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryUnassigned(DeliveryMoved):
    """The carrier gave it back: body ``reason``, ``driver_id`` or ``provider_job_id`` of the former one."""

    name: ClassVar[str] = "delivery.unassigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupEnroute(DeliveryMoved):
    """The carrier is on the way to the store."""

    name: ClassVar[str] = "delivery.enroute_to_pickup"


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupReached(DeliveryMoved):
    """The carrier is at the store."""

    name: ClassVar[str] = "delivery.at_pickup"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPickedUp(DeliveryMoved):
    """The goods are with the carrier."""

    name: ClassVar[str] = "delivery.picked_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoffEnroute(DeliveryMoved):
    """The next stop is this door."""

    name: ClassVar[str] = "delivery.enroute_to_dropoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoffReached(DeliveryMoved):
    """The carrier is at the door."""

    name: ClassVar[str] = "delivery.at_dropoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCompleted(DeliveryMoved):
    """Handed over and proven."""

    name: ClassVar[str] = "delivery.delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(DeliveryMoved):
    """Could not be handed over: body ``reason``."""

    name: ClassVar[str] = "delivery.attempt_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnStarted(DeliveryMoved):
    """The goods go back."""

    name: ClassVar[str] = "delivery.enroute_to_return"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReached(DeliveryMoved):
    """The carrier is back at the store."""

    name: ClassVar[str] = "delivery.at_return"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReturned(DeliveryMoved):
    """The store has the goods again."""

    name: ClassVar[str] = "delivery.returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCancelled(DeliveryMoved):
    """Ended by wish: body ``by`` (a Party), ``reason``, ``stage`` (the state it was in), ``reached_store``."""

    name: ClassVar[str] = "delivery.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryExpired(DeliveryMoved):
    """No carrier was found in time."""

    name: ClassVar[str] = "delivery.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class TipChanged(DeliveryMoved):
    """The shopper changed the tip: body ``before_minor``, ``status``, ``after_end``."""

    name: ClassVar[str] = "delivery.tip_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyMoved(DeliveryMoved):
    """The store said when the goods are ready: body ``ready_at``."""

    name: ClassVar[str] = "delivery.ready_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTried(DeliveryMoved):
    """The driver tried to reach the shopper: body ``how``, and her phone's time. Nothing has moved."""

    name: ClassVar[str] = "delivery.contact_tried"


BY_FACT: dict[FactKind, type[DeliveryMoved]] = {
    FactKind.BATCHED: DeliveryBatched,
    FactKind.UNBATCHED: DeliveryUnbatched,
    FactKind.ASSIGNED: DeliveryAssigned,
    FactKind.UNASSIGNED: DeliveryUnassigned,
    FactKind.DEPARTED_TO_PICKUP: PickupEnroute,
    FactKind.REACHED_PICKUP: PickupReached,
    FactKind.PICKED_UP: DeliveryPickedUp,
    FactKind.DEPARTED_TO_DROPOFF: DropoffEnroute,
    FactKind.REACHED_DROPOFF: DropoffReached,
    FactKind.HANDED_OVER: DeliveryCompleted,
    FactKind.ATTEMPT_FAILED: AttemptFailed,
    FactKind.DEPARTED_TO_RETURN: ReturnStarted,
    FactKind.REACHED_RETURN: ReturnReached,
    FactKind.RETURNED_TO_STORE: DeliveryReturned,
    FactKind.CANCELLED: DeliveryCancelled,
    FactKind.EXPIRED: DeliveryExpired,
}
"""The event each fact becomes."""
EVERY: tuple[type[DeliveryMoved], ...] = (
    DeliveryCreated,
    DeliveryAmended,
    *BY_FACT.values(),
    TipChanged,
    ReadyMoved,
)
"""All events of a delivery, for those who tell others (webhooks, tracking)."""


def stream(delivery_id: UUID) -> str:
    """The name under which a delivery's events keep their order."""
    return f"delivery:{delivery_id}"
