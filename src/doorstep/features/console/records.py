"""Reads of the audit: who did what, and when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from doorstep.platform.audit import AuditRow
from doorstep.platform.db.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records; what is empty fits all. ``act`` and ``actor`` are beginnings, the instants are business time."""

    subject: str = ""
    act: str = ""
    actor: str = ""
    at_from: datetime | None = None
    at_until: datetime | None = None


async def records(work: Work, wanted: Wanted, *, limit: int, before: int | None = None) -> list[AuditRow]:
    """Records of the audit, newest first; ``before`` is the last id of the page before."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRow.id < before)
    if wanted.subject:
        query = query.where(AuditRow.subject == wanted.subject)
    if wanted.act:
        query = query.where(AuditRow.act.startswith(wanted.act, autoescape=True))
    if wanted.actor:
        query = query.where(AuditRow.actor.startswith(wanted.actor, autoescape=True))
    if wanted.at_from is not None:
        query = query.where(AuditRow.at >= wanted.at_from)
    if wanted.at_until is not None:
        query = query.where(AuditRow.at < wanted.at_until)
    return list(await work.session.scalars(query))
