"""What timed tasks of webhooks are told."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Send:
    """Try to hand a message over, if it is still in this ``turn``."""

    message_id: UUID
    turn: int
