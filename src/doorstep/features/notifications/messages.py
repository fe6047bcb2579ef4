"""Timed work of notifications."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Send:
    """Send the text of this moment."""

    delivery_id: UUID
    moment: str
