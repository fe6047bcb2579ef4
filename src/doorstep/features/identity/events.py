"""What identity tells: who may do what has changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.auth.actors import Actor
from doorstep.platform.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChanged(Event):
    """Somebody was let in, let do other work, or shut out. For the audit trail; carries no secret."""

    name: ClassVar[str] = "access.changed"
    id: UUID
    what: str  # "staff_invited", "role_changed", "staff_disabled", "totp_forgotten", "key_created" …
    noun: str  # "staff" or "key"
    subject: UUID  # whose access
    tenant: UUID | None  # the merchant, for its keys
    detail: str  # the new role, the key's scopes
    by: str  # the actor's label
    by_subject: UUID | None
    at_wall: datetime

    @property
    def stream(self) -> str:
        """Each change stands for itself; none waits for another."""
        return f"access:{self.id}"


def access_changed(
    event_id: UUID,
    actor: Actor,
    at_wall: datetime,
    *,
    what: str,
    noun: str,
    subject: UUID,
    detail: str,
    tenant: UUID | None = None,
) -> AccessChanged:
    """The fact that ``actor`` changed somebody's access."""
    return AccessChanged(
        id=event_id,
        what=what,
        noun=noun,
        subject=subject,
        tenant=tenant,
        detail=detail,
        by=actor.label,
        by_subject=actor.subject,
        at_wall=at_wall,
    )
