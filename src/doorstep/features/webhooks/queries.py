"""Reads of webhooks. What an actor may not see is not there."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from doorstep.features.webhooks.errors import UnknownEndpoint, UnknownMessage
from doorstep.features.webhooks.models import AttemptRow, EndpointRow, MessageRow
from doorstep.features.webhooks.rules import (
    Attempt,
    DisabledWhy,
    Endpoint,
    EndpointState,
    Message,
    MessageState,
)
from doorstep.platform.db.work import Work
from doorstep.units.ids import EndpointId, MerchantId
from doorstep.units.time import WallInstant


def _wall(value: datetime | None) -> WallInstant | None:
    return None if value is None else WallInstant(value)


def endpoint_view(row: EndpointRow) -> Endpoint:
    """The row as other rooms see it: without its secrets."""
    return Endpoint(
        id=EndpointId(row.id),
        merchant_id=MerchantId(row.merchant_id),
        url=row.url,
        label=row.label,
        events=frozenset(row.events),
        state=EndpointState(row.state),
        disabled_why=None if row.disabled_why is None else DisabledWhy(row.disabled_why),
        failing_since_wall=_wall(row.failing_since_wall),
        old_secret_until_wall=_wall(row.old_secret_until_wall),
        created_wall=WallInstant(row.created_wall),
    )


def message_view(row: MessageRow, attempts: tuple[Attempt, ...] = ()) -> Message:
    """The row as other rooms see it."""
    return Message(
        id=row.id,
        endpoint_id=EndpointId(row.endpoint_id),
        delivery_id=row.delivery_id,
        seq=row.seq,
        type=row.type,
        payload=row.payload,
        state=MessageState(row.state),
        tries=row.tries,
        next_try_wall=_wall(row.next_try_wall),
        created_wall=WallInstant(row.created_wall),
        taken_wall=_wall(row.taken_wall),
        attempts=attempts,
    )


async def endpoints(work: Work, merchant_id: UUID) -> list[Endpoint]:
    """A merchant's endpoints, oldest first."""
    rows = await work.session.scalars(
        select(EndpointRow).where(EndpointRow.merchant_id == merchant_id).order_by(EndpointRow.id)
    )
    return [endpoint_view(row) for row in rows]


async def endpoint(work: Work, endpoint_id: UUID) -> Endpoint:
    """One endpoint. Raises UnknownEndpoint."""
    row = await work.session.get(EndpointRow, endpoint_id)
    if row is None:
        raise UnknownEndpoint
    return endpoint_view(row)


async def _attempts(work: Work, message_ids: list[UUID]) -> dict[UUID, tuple[Attempt, ...]]:
    rows = await work.session.scalars(
        select(AttemptRow)
        .where(AttemptRow.message_id.in_(message_ids))
        .order_by(AttemptRow.message_id, AttemptRow.number)
    )
    found: defaultdict[UUID, tuple[Attempt, ...]] = defaultdict(tuple)
    for row in rows:
        found[row.message_id] += (
            Attempt(
                number=row.number,
                at_wall=WallInstant(row.at_wall),
                status=row.status,
                latency_ms=row.latency_ms,
                error=row.error,
                answer=row.answer,
            ),
        )
    return found


async def message(work: Work, message_id: UUID) -> Message:
    """One message with all its attempts. Raises UnknownMessage."""
    row = await work.session.get(MessageRow, message_id)
    if row is None:
        raise UnknownMessage
    return message_view(row, (await _attempts(work, [row.id]))[row.id])


async def messages(
    work: Work,
    merchant_id: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    endpoint_id: UUID | None = None,
    delivery_id: UUID | None = None,
    state: MessageState | None = None,
) -> list[Message]:
    """A merchant's messages with their attempts, newest first; ``before`` is the last id of the page before."""
    query = select(MessageRow).where(MessageRow.merchant_id == merchant_id)
    for column, value in (
        (MessageRow.endpoint_id, endpoint_id),
        (MessageRow.delivery_id, delivery_id),
        (MessageRow.state, state),
    ):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(MessageRow.id < before)
    rows = list(await work.session.scalars(query.order_by(MessageRow.id.desc()).limit(limit)))
    attempts = await _attempts(work, [row.id for row in rows])
    return [message_view(row, attempts[row.id]) for row in rows]
