"""What staff and keys changed by hand: append-only, each record chained to the one before by its hash.

Altering, removing or inserting a record breaks the chain from there on; ``verify`` finds the place. The
serving roles may add and read, nothing else.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Identity, Index, LargeBinary, select, text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible
from doorstep.platform.db.work import Work

_CHAIN = 0x61756474


class AuditRow(Row):
    """One act."""

    __tablename__ = "audit"
    __visible__ = Visible(
        gate="true",  # sign-in links made and used are acts, too
        merchant="tenant = doorstep_tenant()",
        web="SELECT, INSERT",
        system="SELECT, INSERT",
        extra=(
            """
            CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = '42501'; END$$
            """,
            (
                "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
                " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
            ),
        ),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    at_wall: Mapped[datetime]
    audience: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor: Mapped[str]
    tenant: Mapped[UUID | None]
    act: Mapped[str]
    subject: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_audit_subject", "subject", "id"),
        Index("ix_audit_actor", "actor", "id", postgresql_ops={"actor": "text_pattern_ops"}),
        Index("ix_audit_act", "act", "id", postgresql_ops={"act": "text_pattern_ops"}),
    )
    """Who and what are looked for by their beginnings."""


class AuditHeadRow(Row):
    """The hash of the last record: where the chain goes on."""

    __tablename__ = "audit_heads"
    __visible__ = Visible(
        secured=False,
        why="one row with a hash; every audience's acts continue the chain",
        web="SELECT, INSERT, UPDATE",
        system="SELECT, INSERT, UPDATE",
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    head: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold."""

    record_id: int
    why: str


def _link(previous: bytes, fields: Mapping[str, Any]) -> bytes:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(previous + canonical.encode()).digest()


def _fields(row: AuditRow) -> dict[str, Any]:
    names = (
        "at",
        "at_wall",
        "audience",
        "actor_id",
        "actor",
        "tenant",
        "act",
        "subject",
        "before",
        "after",
        "reason",
    )
    return {
        name: value.isoformat() if isinstance(value := getattr(row, name), datetime) else value
        for name in names
    }


async def record(
    work: Work,
    act: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add to the audit, in the transaction of the act: ``act`` as ``noun.verb``, ``subject`` as a public id.

    ``before`` and ``after`` hold plain JSON values. The chain is continued under a lock held to the commit.
    """
    await work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN})
    head = (
        await work.session.execute(text("SELECT head FROM audit_heads WHERE id = 1"))
    ).scalar_one_or_none()
    row = AuditRow(
        at=work.now(),
        at_wall=work.wall(),
        audience=str(work.actor.audience),
        actor_id=work.actor.subject,
        actor=work.actor.label,
        tenant=work.actor.tenant,
        act=act,
        subject=subject,
        before=json.loads(json.dumps(before or {}, default=str)),
        after=json.loads(json.dumps(after or {}, default=str)),
        reason=reason,
    )
    row.hash = _link(head or b"", _fields(row))
    await work.session.execute(
        text(
            "INSERT INTO audit (at, at_wall, audience, actor_id, actor, tenant, act, subject, before, after, reason, hash)"
            " VALUES (:at, :at_wall, :audience, :actor_id, :actor, :tenant, :act, :subject,"
            " CAST(:before AS jsonb), CAST(:after AS jsonb), :reason, :hash)"
        ),
        {
            **{name: getattr(row, name) for name in _fields(row)},
            "before": json.dumps(row.before),
            "after": json.dumps(row.after),
            "hash": row.hash,
        },
    )
    await work.session.execute(
        text(
            "INSERT INTO audit_heads (id, head) VALUES (1, :head) ON CONFLICT (id) DO UPDATE SET head = :head"
        ),
        {"head": row.hash},
    )


async def verify(work: Work) -> Break | None:
    """Walk the whole chain; None when it holds. For staff and the system alone."""
    previous = b""
    rows = await work.session.stream_scalars(
        select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=1000)
    )
    async for row in rows:
        expected = _link(previous, _fields(row))
        if expected != row.hash:
            return Break(row.id, "this record, or one before it, was changed after it was written")
        previous = row.hash
    head = (
        await work.session.execute(text("SELECT head FROM audit_heads WHERE id = 1"))
    ).scalar_one_or_none()
    if (head or b"") != previous:
        return Break(0, "records at the end are missing")
    return None
