"""What happened to markets."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.events import Event


def stream(market_id: UUID) -> str:
    """The stream of a market's events."""
    return f"market:{market_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChanged(Event):
    """One line was added to a market's history; ``kind`` is a ``ChangeKind``."""

    name: ClassVar[str] = "market.changed"
    market_id: UUID
    seq: int
    kind: str
    at: datetime
