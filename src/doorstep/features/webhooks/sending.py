"""Handing messages over: one attempt, its record, and what follows from it."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from doorstep.connectors.outside import Connectors
from doorstep.features.webhooks import events, service
from doorstep.features.webhooks.egress import Answer, Egress
from doorstep.features.webhooks.messages import Send
from doorstep.features.webhooks.models import AttemptRow, EndpointRow, MessageRow
from doorstep.features.webhooks.rules import (
    DisabledWhy,
    EndpointState,
    MessageState,
    Verdict,
    failing_too_long,
    judge,
    retry_after,
)
from doorstep.features.webhooks.signing import headers
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.jobs import Attempt, RetryAt
from doorstep.units.time import WallInstant

ACTOR = system("webhooks")
AT_ONCE = 6
"""Attempts under way at one endpoint from one process: a slow receiver holds up its own messages alone."""

_READY = text("""
    SELECT m.payload, m.delivery_id, e.id AS endpoint_id, e.url, e.secret_sealed, e.old_secret_sealed, e.old_secret_until_wall
    FROM webhook_messages m JOIN webhook_endpoints e ON e.id = m.endpoint_id
    WHERE m.id = :id AND m.state = 'waiting' AND m.turn = :turn AND e.state = 'active'
      AND NOT EXISTS (SELECT 1 FROM webhook_messages b WHERE b.endpoint_id = m.endpoint_id
                      AND b.delivery_id = m.delivery_id AND b.state = 'waiting' AND b.seq < m.seq)
""")
"""The message, when it is its turn: the common case in one statement."""
_TAKEN = text("""
    WITH taken AS (
        UPDATE webhook_messages SET state = 'taken', taken_wall = :wall, next_try_wall = NULL, tries = tries + 1,
               attempts_count = attempts_count + 1
        WHERE id = :id AND state = 'waiting' AND turn = :turn
        RETURNING id, endpoint_id, merchant_id, delivery_id, seq, attempts_count
    ), attempt AS (
        INSERT INTO webhook_attempts (message_id, number, merchant_id, at_wall, status, latency_ms, error, answer)
        SELECT id, attempts_count, merchant_id, :sent_wall, :status, :latency_ms, '', :answer FROM taken
    )
    SELECT (SELECT failing_since_wall IS NOT NULL FROM webhook_endpoints WHERE id = taken.endpoint_id) AS failed,
           (SELECT f.id FROM webhook_messages f WHERE f.endpoint_id = taken.endpoint_id
            AND f.delivery_id = taken.delivery_id AND f.state = 'waiting' AND f.seq > taken.seq
            ORDER BY f.seq LIMIT 1) AS following
    FROM taken
""")
"""A message that was taken, its attempt, and what waited behind it: the common case in one statement."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """One attempt about to be made."""

    endpoint_id: UUID
    delivery_id: UUID | None
    url: str
    body: str
    secrets: tuple[str, ...]


class Sending:
    """Sends; one per process."""

    def __init__(self, connectors: Connectors, egress: Egress | None = None) -> None:
        """``egress`` is the guarded way out, the usual one when None."""
        self._connectors = connectors
        self._egress = egress or Egress()
        self._under_way: Counter[UUID] = Counter()

    async def send(self, database: Database, message: Send, attempt: Attempt) -> None:  # noqa: ARG002 (tries are counted on the row)
        """Make one attempt when it is this message's turn. Raises RetryAt for the next one."""
        letter = await self._ready(database, message) or await self._pick(database, message)
        if letter is None:
            return
        if self._under_way[letter.endpoint_id] >= AT_ONCE:
            raise RetryAt(
                WallInstant(database.clock.wall_now() + timedelta(seconds=0.3)), "its endpoint is busy"
            )
        self._under_way[letter.endpoint_id] += 1
        try:
            wall = database.clock.wall_now()
            answer = await self._egress.post(
                letter.url,
                letter.body,
                headers(message.message_id, wall, letter.body, letter.secrets),
                self._connectors.webhook_allow,
            )
        finally:
            self._under_way[letter.endpoint_id] -= 1
            if not self._under_way[letter.endpoint_id]:
                del self._under_way[letter.endpoint_id]
        if await self._taken(database, message, letter, answer, wall):
            return
        again = await self._settle(database, message, answer, wall)
        if again is not None:
            raise RetryAt(again, answer.error or f"status {answer.status}")

    async def _ready(self, database: Database, message: Send) -> _Letter | None:
        """What is to be sent now, if that can be seen at a glance."""
        async with database.glance() as connection:
            row = (
                await connection.execute(_READY, {"id": message.message_id, "turn": message.turn})
            ).one_or_none()
        if row is None:
            return None
        return self._letter(row, row.endpoint_id, row.delivery_id, row.payload, database.clock.wall_now())

    async def _pick(self, database: Database, message: Send) -> _Letter | None:
        """What is to be sent now; None when the message is settled, lined up anew, or not yet its line's first."""
        async with database.work(ACTOR) as work:
            row = await work.session.get(MessageRow, message.message_id)
            if row is None:
                return None
            await service.in_line(work, row.endpoint_id, row.delivery_id)
            await work.session.refresh(row)
            if row.state != MessageState.WAITING or row.turn != message.turn:
                return None
            if await _first_waiting(work, row, before=True) is not None:
                return None  # lined up again when the one before is settled
            endpoint = await work.session.get(EndpointRow, row.endpoint_id)
            if endpoint is None or endpoint.state != EndpointState.ACTIVE:
                row.state = MessageState.PARKED
                await self._next(work, row)
                return None
            return self._letter(endpoint, endpoint.id, row.delivery_id, row.payload, work.wall())

    def _letter(
        self,
        endpoint: EndpointRow | Row[Any],
        endpoint_id: UUID,
        delivery_id: UUID | None,
        payload: str,
        wall: WallInstant,
    ) -> _Letter:
        """``endpoint`` has an address and its secrets; the old one signs, too, while it holds."""
        sealed = [endpoint.secret_sealed]
        until = endpoint.old_secret_until_wall
        if endpoint.old_secret_sealed is not None and until is not None and wall < until:
            sealed.append(endpoint.old_secret_sealed)
        secrets = tuple(self._connectors.secrets.unseal(secret).decode() for secret in sealed)
        return _Letter(endpoint_id, delivery_id, endpoint.url, payload, secrets)

    async def _taken(
        self, database: Database, message: Send, letter: _Letter, answer: Answer, sent_wall: WallInstant
    ) -> bool:
        """Record an attempt that was taken at an endpoint that did not fail before. False: nothing was recorded."""
        if judge(message.message_id, 1, answer.status).verdict is not Verdict.TAKEN:
            return False
        async with database.work(ACTOR) as work:
            await service.in_line(work, letter.endpoint_id, letter.delivery_id)
            said = {
                "id": message.message_id,
                "turn": message.turn,
                "wall": work.wall(),
                "sent_wall": sent_wall,
            }
            told = {"status": answer.status, "latency_ms": answer.latency_ms, "answer": answer.snippet}
            row = (await work.session.execute(_TAKEN, said | told)).one_or_none()
            if row is None:
                return False  # given up or lined up anew while the attempt was under way
            if row.failed:
                endpoint = await work.session.get(EndpointRow, letter.endpoint_id)
                assert endpoint is not None
                endpoint.failing_since_wall = None
            if row.following is not None:
                following = await work.session.get(MessageRow, row.following)
                assert following is not None
                service.line_up(work, following)
            return True

    async def _settle(
        self, database: Database, message: Send, answer: Answer, sent_wall: WallInstant
    ) -> WallInstant | None:
        """Record an attempt that failed, or came after its message's turn, and act on it; when to try again, if so."""
        async with database.work(ACTOR) as work:
            row = await work.session.get(MessageRow, message.message_id)
            if row is None:
                return None
            await service.in_line(work, row.endpoint_id, row.delivery_id)
            await work.session.refresh(row, with_for_update=True)
            row.attempts_count += 1
            work.session.add(
                AttemptRow(
                    message_id=row.id,
                    number=row.attempts_count,
                    merchant_id=row.merchant_id,
                    at_wall=sent_wall,
                    status=answer.status,
                    latency_ms=answer.latency_ms,
                    error=answer.error,
                    answer=answer.snippet,
                )
            )
            if row.state != MessageState.WAITING or row.turn != message.turn:
                return None  # given up or lined up anew while the attempt was under way
            row.tries += 1
            wall = work.wall()
            outcome = judge(row.id, row.tries, answer.status, retry_after(answer.retry_after, wall))
            await self._note_endpoint(work, row, outcome.verdict)
            if row.state == MessageState.WAITING and outcome.wait is not None:
                row.next_try_wall = wall + outcome.wait
                return WallInstant(wall + outcome.wait)
            row.state, row.next_try_wall = MessageState.PARKED, None
            parked = events.MessageParked(
                message_id=row.id, endpoint_id=row.endpoint_id, merchant_id=row.merchant_id, at_wall=wall
            )
            work.emit(parked, stream=f"webhook_message:{row.id}", seq=row.attempts_count)
            await self._next(work, row)
            return None

    async def _note_endpoint(self, work: Work, row: MessageRow, verdict: Verdict) -> None:
        """Note since when the endpoint only fails, and switch it off when that is too long or it said so."""
        endpoint = await work.session.get(EndpointRow, row.endpoint_id)
        if endpoint is None or endpoint.state != EndpointState.ACTIVE:
            return
        if endpoint.failing_since_wall is None:
            endpoint.failing_since_wall = work.wall()
        gone, failing = verdict is Verdict.GONE, failing_too_long(endpoint.failing_since_wall, work.wall())
        if gone or failing:
            await work.session.flush()
            await work.session.refresh(endpoint, with_for_update=True)
            if endpoint.state == EndpointState.ACTIVE:
                await service.disable(work, endpoint, DisabledWhy.GONE if gone else DisabledWhy.FAILING)

    async def _next(self, work: Work, row: MessageRow) -> None:
        """Line up the one that waited behind ``row``."""
        await work.session.flush()
        following = await _first_waiting(work, row, before=False)
        if following is not None:
            service.line_up(work, following)


async def _first_waiting(work: Work, row: MessageRow, *, before: bool) -> MessageRow | None:
    """The first message of the same line that waits before (after) ``row``."""
    if row.delivery_id is None:
        return None
    side = MessageRow.seq < row.seq if before else MessageRow.seq > row.seq
    found: MessageRow | None = await work.session.scalar(
        select(MessageRow)
        .where(
            MessageRow.endpoint_id == row.endpoint_id,
            MessageRow.delivery_id == row.delivery_id,
            MessageRow.state == MessageState.WAITING,
            side,
        )
        .order_by(MessageRow.seq)
        .limit(1)
    )
    return found
