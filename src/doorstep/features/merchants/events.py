"""What happened to merchants and stores."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.events import Event


def stream(merchant_id: UUID) -> str:
    """The stream of a merchant's events, those of its stores included."""
    return f"merchant:{merchant_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantCreated(Event):
    """A merchant was taken in."""

    name: ClassVar[str] = "merchant.created"
    merchant_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditChanged(Event):
    """The operator changed how a merchant pays."""

    name: ClassVar[str] = "merchant.credit_changed"
    merchant_id: UUID
    credit_limit_minor: int
    prepaid: bool
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOpened(Event):
    """A merchant has a new store."""

    name: ClassVar[str] = "store.opened"
    merchant_id: UUID
    store_id: UUID
    market_id: UUID
    at: datetime
