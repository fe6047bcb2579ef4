"""What happened to a merchant's endpoint. Each stands for itself: none waits for another."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.events import Event


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
