"""The verbs of webhooks: endpoints and their secrets, messages made, lined up and replayed. None sends."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.events import EVERY, DeliveryMoved
from doorstep.features.webhooks import events, queries
from doorstep.features.webhooks.egress import read_url
from doorstep.features.webhooks.errors import (
    EndpointOff,
    TooManyEndpoints,
    UnknownEndpoint,
    UnknownEvents,
    UnknownMessage,
)
from doorstep.features.webhooks.messages import Send
from doorstep.features.webhooks.models import EndpointRow, MessageRow, ToldRow
from doorstep.features.webhooks.rules import (
    ENDPOINTS_MOST,
    LARGEST_PAYLOAD,
    OLD_SECRET_KEPT,
    DisabledWhy,
    Endpoint,
    EndpointState,
    Message,
    MessageState,
    payload,
    trial_payload,
    wants,
)
from doorstep.features.webhooks.signing import new_secret
from doorstep.platform import audit
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.platform.secrets import Secrets
from doorstep.units.ids import public
from doorstep.units.time import WallInstant

EVENT_NAMES = tuple(sorted(event.name for event in EVERY))
REPLAYED_MOST = 1000


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint just made. ``secret`` is told this once."""

    endpoint: Endpoint
    secret: str = field(repr=False)


def _check_events(names: Iterable[str]) -> list[str]:
    wanted = sorted(set(names))
    known = {*EVENT_NAMES, "delivery.*"}
    faults = [Fault("/events", f"{name} is never told") for name in wanted if name not in known]
    if faults:
        raise UnknownEvents(faults=faults, facts={"known": sorted(known)})
    return wanted


async def _row(work: Work, endpoint_id: UUID, *, lock: bool = False) -> EndpointRow:
    row = await work.session.get(
        EndpointRow, endpoint_id, with_for_update=True if lock else None, populate_existing=lock
    )
    if row is None:
        raise UnknownEndpoint
    return row


async def create_endpoint(
    work: Work,
    secrets: Secrets,
    merchant_id: UUID,
    *,
    url: str,
    label: str = "",
    events: Iterable[str] = (),
    allow: frozenset[str] = frozenset(),
) -> NewEndpoint:
    """Have messages sent to ``url``; no ``events`` means all. Raises UnsafeUrl, UnknownEvents, TooManyEndpoints."""
    read_url(url, allow)
    wanted = _check_events(events)
    there = await work.session.scalar(
        select(func.count()).select_from(EndpointRow).where(EndpointRow.merchant_id == merchant_id)
    )
    if (there or 0) >= ENDPOINTS_MOST:
        raise TooManyEndpoints(f"{ENDPOINTS_MOST} are allowed.")
    secret = new_secret()
    row = EndpointRow(
        id=work.new_id(),
        merchant_id=merchant_id,
        url=url,
        label=label,
        events=wanted,
        secret_sealed=secrets.seal(secret.encode()),
        state=EndpointState.ACTIVE,
        created_wall=work.wall(),
    )
    work.session.add(row)
    await work.session.flush()
    await audit.record(work, "webhook_endpoint.create", public("endpoint", row.id), after={"url": url})
    return NewEndpoint(queries.endpoint_view(row), secret)


async def change_endpoint(
    work: Work,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    label: str | None = None,
    events: Iterable[str] | None = None,
    state: EndpointState | None = None,
    allow: frozenset[str] = frozenset(),
) -> Endpoint:
    """Change what is given; None leaves a part alone. What waits is tried at once at a new address.

    Raises UnknownEndpoint, UnsafeUrl, UnknownEvents.
    """
    row = await _row(work, endpoint_id, lock=True)
    if label is not None:
        row.label = label
    if events is not None:
        row.events = _check_events(events)
    if url is not None and url != row.url:
        read_url(url, allow)
        await audit.record(
            work,
            "webhook_endpoint.change_url",
            public("endpoint", row.id),
            before={"url": row.url},
            after={"url": url},
        )
        row.url, row.failing_since_wall = url, None
        await work.session.flush()
        await _line_up_again(work, row.id)
    if state is EndpointState.DISABLED and row.state == EndpointState.ACTIVE:
        await disable(work, row, DisabledWhy.MERCHANT)
    elif state is EndpointState.ACTIVE and row.state == EndpointState.DISABLED:
        row.state, row.disabled_why, row.failing_since_wall = EndpointState.ACTIVE, None, None
    await work.session.flush()
    return queries.endpoint_view(row)


async def delete_endpoint(work: Work, endpoint_id: UUID) -> None:
    """Send nothing there any more; its messages stay in the log. Raises UnknownEndpoint."""
    row = await _row(work, endpoint_id, lock=True)
    await _park_all(work, row.id)
    await work.session.delete(row)
    await audit.record(work, "webhook_endpoint.delete", public("endpoint", row.id), before={"url": row.url})


async def rotate_secret(work: Work, secrets: Secrets, endpoint_id: UUID) -> tuple[str, WallInstant]:
    """A fresh secret, told this once, and until when messages are signed with the one before, too.

    Raises UnknownEndpoint.
    """
    row = await _row(work, endpoint_id, lock=True)
    secret, until = new_secret(), WallInstant(work.wall() + OLD_SECRET_KEPT)
    row.old_secret_sealed, row.old_secret_until_wall = row.secret_sealed, until
    row.secret_sealed = secrets.seal(secret.encode())
    await audit.record(work, "webhook_endpoint.rotate_secret", public("endpoint", row.id))
    return secret, until


async def disable(work: Work, row: EndpointRow, why: DisabledWhy) -> None:
    """Switch an endpoint off and give up what waits. The row must be locked."""
    row.state, row.disabled_why = EndpointState.DISABLED, why
    await _park_all(work, row.id)
    await audit.record(work, "webhook_endpoint.disable", public("endpoint", row.id), reason=why)
    work.emit(
        events.EndpointDisabled(
            endpoint_id=row.id, merchant_id=row.merchant_id, url=row.url, why=why, at_wall=work.wall()
        ),
        stream=f"webhook_endpoint:{work.new_id()}",
        seq=1,
    )


async def _park_all(work: Work, endpoint_id: UUID) -> None:
    await work.session.execute(
        update(MessageRow)
        .where(MessageRow.endpoint_id == endpoint_id, MessageRow.state == MessageState.WAITING)
        .values(state=MessageState.PARKED, next_try_wall=None)
        .execution_options(synchronize_session="fetch")
    )


async def in_line(work: Work, endpoint_id: UUID, delivery_id: UUID | None) -> None:
    """Hold the line of an endpoint's messages about one delivery to the end of the transaction.

    Picking a message and settling the one before it exclude each other, so none is ever left behind.
    """
    if delivery_id is not None:
        await work.session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:line, 0))"),
            {"line": f"webhook:{endpoint_id}:{delivery_id}"},
        )


def line_up(work: Work, row: MessageRow) -> None:
    """Have a message tried as soon as those before it are settled. Older jobs of it become idle."""
    row.turn += 1
    row.state, row.next_try_wall = MessageState.WAITING, None
    work.schedule("webhooks.send", Send(row.id, row.turn))


async def _line_up_again(work: Work, endpoint_id: UUID) -> None:
    rows = await work.session.scalars(
        select(MessageRow)
        .where(MessageRow.endpoint_id == endpoint_id, MessageRow.state == MessageState.WAITING)
        .order_by(MessageRow.id)
        .limit(REPLAYED_MOST)
    )
    for row in rows:
        line_up(work, row)


def _message(
    work: Work, endpoint: EndpointRow, body: dict[str, Any], *, delivery_id: UUID | None, seq: int
) -> MessageRow:
    said = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    assert len(said.encode()) < LARGEST_PAYLOAD, "every part of a payload is bounded"
    row = MessageRow(
        id=work.new_id(),
        endpoint_id=endpoint.id,
        merchant_id=endpoint.merchant_id,
        delivery_id=delivery_id,
        seq=seq,
        type=body["type"],
        payload=said,
        state=MessageState.WAITING,
        turn=0,
        tries=0,
        attempts_count=0,
        created_wall=work.wall(),
    )
    work.session.add(row)
    line_up(work, row)
    return row


# Once for each event of each delivery: made once, so that their compiled form is found again by identity.
_TABLE = ToldRow.__table__
_ADD_TOLD = insert(_TABLE)  # type: ignore[arg-type]
_TOLD = _ADD_TOLD.on_conflict_do_update(index_elements=["delivery_id"], set_={"seq": _TABLE.c.seq}).returning(
    _TABLE.c.seq
)
_HEARING = (
    select(EndpointRow)
    .where(EndpointRow.merchant_id == bindparam("of"), EndpointRow.state == EndpointState.ACTIVE)
    .order_by(EndpointRow.id)
)
_TELL = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.delivery_id == bindparam("line"))
    .values(seq=bindparam("reached"))
)


async def catch_up(work: Work, moved: DeliveryMoved) -> None:
    """Make messages of everything in a delivery's timeline that has none yet, in order.

    Whichever reaction comes first makes those of earlier events, too: the reactions of different events are
    not ordered among each other, the timeline is.
    """
    told = (await work.session.execute(_TOLD, {"delivery_id": moved.delivery_id, "seq": 0})).scalar_one()
    if told >= moved.seq:
        return
    rows = list(await work.session.scalars(_HEARING, {"of": moved.merchant_id}))
    reached = moved.seq
    if rows:
        delivery = await deliveries.delivery(work, moved.delivery_id)
        fresh = [event for event in await deliveries.timeline(work, moved.delivery_id) if event.seq > told]
        reached = max([moved.seq, *(event.seq for event in fresh)])
        for row in rows:
            wanted = [event for event in fresh if wants(frozenset(row.events), event.name)]
            for event in wanted:
                _message(work, row, payload(event, delivery), delivery_id=moved.delivery_id, seq=event.seq)
    await work.session.execute(_TELL, {"line": moved.delivery_id, "reached": reached})


async def send_trial(work: Work, endpoint_id: UUID) -> Message:
    """Send a message that says only that it arrived. Raises UnknownEndpoint, EndpointOff."""
    row = await _row(work, endpoint_id)
    if row.state != EndpointState.ACTIVE:
        raise EndpointOff
    made = _message(work, row, trial_payload(row.id, work.now()), delivery_id=None, seq=1)
    await work.session.flush()
    return queries.message_view(made)


async def replay(work: Work, message_id: UUID) -> Message:
    """Send a message once more under its old id, whether it was taken, was given up, or still waits.

    Raises UnknownMessage, EndpointOff.
    """
    row = await work.session.get(MessageRow, message_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownMessage
    await _active(work, row.endpoint_id)
    row.tries = 0
    line_up(work, row)
    await work.session.flush()
    return queries.message_view(row)


async def replay_since(work: Work, endpoint_id: UUID, since: datetime, *, taken_too: bool = False) -> int:
    """Replay an endpoint's messages made since ``since`` (real time), oldest first; returns how many.

    Those given up; with ``taken_too`` also those taken. At most 1,000 at a time. Raises UnknownEndpoint, EndpointOff.
    """
    await _active(work, endpoint_id)
    states = [MessageState.PARKED, MessageState.TAKEN] if taken_too else [MessageState.PARKED]
    rows = list(
        await work.session.scalars(
            select(MessageRow)
            .where(
                MessageRow.endpoint_id == endpoint_id,
                MessageRow.created_wall >= since,
                MessageRow.state.in_(states),
            )
            .order_by(MessageRow.id)
            .limit(REPLAYED_MOST)
            .with_for_update()
        )
    )
    for row in rows:
        row.tries = 0
        line_up(work, row)
    await work.session.flush()
    return len(rows)


async def _active(work: Work, endpoint_id: UUID) -> None:
    if (await _row(work, endpoint_id)).state != EndpointState.ACTIVE:
        raise EndpointOff
