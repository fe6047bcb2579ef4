"""Idempotency-Key: the same request twice is done once and answered alike.

Scope: tenant, method, path, key. The first request's row is written in the very transaction of its change
and holds the answer, so fifty concurrent posts make one thing: the others wait on the unique row and then
read the answer. The same key with another body is refused. Refusals are not kept, so a corrected request
may use the key again. Kept for seven days of real time.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Index, LargeBinary, bindparam, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Conflict, Fault, Invalid


class IdempotencyRow(Row):
    """One request that was done, with its answer."""

    __tablename__ = "idempotency_keys"
    __visible__ = Visible(merchant="tenant = doorstep_tenant()", driver="tenant = doorstep_subject()")
    __forgotten__ = "created_wall < CAST(:wall AS timestamptz) - interval '7 days'"
    tenant: Mapped[UUID] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    created_wall: Mapped[datetime]
    __table_args__ = (Index("ix_idempotency_keys_created_wall", "created_wall"),)


_TABLE = IdempotencyRow.__table__
_MINE = (
    (_TABLE.c.tenant == bindparam("of"))
    & (_TABLE.c.route == bindparam("by"))
    & (_TABLE.c.key == bindparam("with"))
)
_BEGIN = insert(_TABLE).on_conflict_do_nothing()  # type: ignore[arg-type]
_END = update(_TABLE).where(_MINE).values(status=bindparam("status"), answer=bindparam("answer"))  # type: ignore[arg-type]
_FORGET = delete(_TABLE).where(_MINE)  # type: ignore[arg-type]


class KeyReused(Conflict):
    """The key was used before with another body."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for a different request"
    remedy = "Use a fresh key for a new request; the same key only to repeat the very same one."


async def once(
    work: Work, request: Request, key: str | None, act: Callable[[], Awaitable[JSONResponse]]
) -> Response:
    """Run ``act`` unless this key has run before; then answer as it did. Without a key, just run.

    Raises KeyReused, and Invalid for a key that is empty or longer than 255 characters.
    """
    if key is None:
        return await act()
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid(
            "An Idempotency-Key has 1 to 255 printable characters.",
            faults=[Fault("/header/Idempotency-Key", "length")],
        )
    tenant = work.actor.tenant or work.actor.subject
    assert tenant is not None
    route = f"{request.method} {request.url.path}"
    body_hash = hashlib.sha256(await request.body()).digest()
    row = {"tenant": tenant, "route": route, "key": key, "body_hash": body_hash, "status": 0, "answer": b""}
    # The row is written first: concurrent twins wait at it for our commit, and then find it.
    first = await work.session.execute(_BEGIN, row | {"created_wall": work.wall()})
    if not getattr(first, "rowcount", 0):
        found = await work.session.get(IdempotencyRow, (tenant, route, key))
        assert found is not None, "the row that was in the way is ours to see"
        if found.body_hash != body_hash:
            raise KeyReused
        return Response(
            found.answer,
            status_code=found.status,
            media_type="application/json",
            headers={"Idempotent-Replayed": "true"},
        )
    answer = await act()
    told = {"of": tenant, "by": route, "with": key}
    if answer.status_code < 400:
        await work.session.execute(_END, told | {"status": answer.status_code, "answer": bytes(answer.body)})
    else:
        await work.session.execute(_FORGET, told)
    return answer
