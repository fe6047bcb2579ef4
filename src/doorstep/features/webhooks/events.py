"""What happened to a merchant's endpoint."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReady(Event):
    """A message is to be sent, after those before it in its stream."""

    name: ClassVar[str] = "webhook.message_ready"
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDisabled(Event):
    """An endpoint was switched off, because it said so or only failed: its merchant should hear of it otherwise."""

    name: ClassVar[str] = "webhook.endpoint_disabled"
    endpoint_id: UUID
    merchant_id: UUID
    url: str
    why: str  # rules.DisabledWhy
    at_wall: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParked(Event):
    """A message was given up after its last try; it can be replayed."""

    name: ClassVar[str] = "webhook.message_parked"
    message_id: UUID
    endpoint_id: UUID
    merchant_id: UUID
    at_wall: datetime


def stream(endpoint_id: UUID, about: UUID) -> str:
    """The name under which an endpoint's messages about one delivery keep their order."""
    return f"webhook:{endpoint_id}:{about}"
