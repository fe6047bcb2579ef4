"""The audit on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from doorstep.features.console.schemas.wire import Told
from doorstep.platform.audit import AuditRow


class AuditTold(Told):
    """One record of the audit."""

    id: int
    at: datetime
    at_wall: datetime
    actor: str
    actor_name: str = Field(description="Who that is; empty when it is nobody of ours.")
    audience: str
    act: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    hash: str

    @classmethod
    def of(cls, row: AuditRow, names: Mapping[str, str]) -> "AuditTold":
        """The record as told; ``names`` of actors by their labels."""
        return cls(
            id=row.id,
            at=row.at,
            at_wall=row.at_wall,
            actor=row.actor,
            actor_name=names.get(row.actor, ""),
            audience=row.audience,
            act=row.act,
            subject=row.subject,
            before=row.before,
            after=row.after,
            reason=row.reason,
            hash=row.hash.hex(),
        )


class AuditPage(Told):
    """Records, newest first; go on with ``before=next``."""

    items: list[AuditTold]
    next: int | None


class AuditVerdict(Told):
    """Whether the chain of the audit holds."""

    holds: bool
    broken_at: int | None = Field(
        default=None, description="The first record that does not fit; 0: the end is missing."
    )
    why: str = ""
