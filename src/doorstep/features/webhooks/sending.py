"""Handing messages over: one attempt, its record, and what follows from it."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

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


@dataclass(frozen=True, slots=True)
class _Letter:
    """One attempt about to be made."""

    endpoint_id: UUID
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
        letter = await self._pick(database, message)
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
        again = await self._settle(database, message, answer, wall)
        if again is not None:
            raise RetryAt(again, answer.error or f"status {answer.status}")

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
            sealed = [endpoint.secret_sealed]
            until = endpoint.old_secret_until_wall
            if endpoint.old_secret_sealed is not None and until is not None and work.wall() < until:
                sealed.append(endpoint.old_secret_sealed)
            secrets = tuple(self._connectors.secrets.unseal(secret).decode() for secret in sealed)
            return _Letter(endpoint.id, endpoint.url, row.payload, secrets)

    async def _settle(
        self, database: Database, message: Send, answer: Answer, sent_wall: WallInstant
    ) -> WallInstant | None:
        """Record the attempt and act on it; when to try again, if so."""
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
            if outcome.verdict is Verdict.TAKEN:
                row.state, row.taken_wall, row.next_try_wall = MessageState.TAKEN, wall, None
            elif row.state == MessageState.WAITING and outcome.wait is not None:
                row.next_try_wall = wall + outcome.wait
                return WallInstant(wall + outcome.wait)
            else:
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
        if verdict is Verdict.TAKEN:
            if endpoint.failing_since_wall is not None:
                endpoint.failing_since_wall = None
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
