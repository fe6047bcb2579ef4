"""When a message is tried again, when it is given up, when an endpoint is switched off, and what is said. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from doorstep.features.deliveries.rules import Delivery, DeliveryEvent
from doorstep.units.ids import EndpointId, MerchantId, public
from doorstep.units.money import Money
from doorstep.units.time import WallInstant

WAITS = tuple(
    timedelta(seconds=s)
    for s in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""Real time between the tries of one message, the first being at once: ten tries in about 75 hours (the spec's example)."""
JITTER = 0.1
"""Each wait is stretched or shortened by up to this share, so that failures do not come back together."""
LONGEST_ASKED = timedelta(hours=24)
"""How long a receiver's Retry-After may put a message off."""
OLD_SECRET_KEPT = timedelta(hours=24)
GIVES_UP_AFTER = timedelta(days=5)
"""An endpoint that only failed for so long is switched off."""
ENDPOINTS_MOST = 20
LARGEST_PAYLOAD = 20_000
SNIPPET = 1024
TIMEOUT_S = 15.0
ANSWER_MOST = 65_536


class EndpointState(StrEnum):
    """Whether messages are sent."""

    ACTIVE = "active"  # messages are made and sent
    DISABLED = "disabled"  # switched off: by its merchant, by a 410, or after days of failures alone


class DisabledWhy(StrEnum):
    """Why an endpoint is switched off."""

    MERCHANT = "merchant"  # its merchant wished so
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # only failures for five days


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be tried, again
    TAKEN = "taken"  # answered with 2xx
    PARKED = "parked"  # given up: may be replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a merchant's messages go."""

    id: EndpointId
    merchant_id: MerchantId
    url: str
    label: str
    events: frozenset[str]  # empty: all
    state: EndpointState
    disabled_why: DisabledWhy | None
    failing_since_wall: WallInstant | None
    old_secret_until_wall: WallInstant | None
    created_wall: WallInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. ``status`` is None when no answer came; then ``error`` says why."""

    number: int
    at_wall: WallInstant
    status: int | None
    latency_ms: int
    error: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event for one endpoint."""

    id: UUID
    endpoint_id: EndpointId
    delivery_id: UUID | None
    seq: int
    type: str
    payload: str
    state: MessageState
    tries: int
    next_try_wall: WallInstant | None
    created_wall: WallInstant
    taken_wall: WallInstant | None
    attempts: tuple[Attempt, ...] = ()


class Verdict(StrEnum):
    """What one attempt means."""

    TAKEN = "taken"  # 2xx
    AGAIN = "again"  # to be tried later
    PARKED = "parked"  # that was the last try
    GONE = "gone"  # 410: the endpoint wants nothing more


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and, when to be tried again, after how long."""

    verdict: Verdict
    wait: timedelta | None = None


def wants(events: frozenset[str], name: str) -> bool:
    """Whether an endpoint with the filter ``events`` is told of ``name``; ``delivery.*`` stands for all of a noun."""
    return not events or name in events or f"{name.partition('.')[0]}.*" in events


def judge(message_id: UUID, tries: int, status: int | None, retry_after: timedelta | None = None) -> Outcome:
    """What the ``tries``-th attempt (from 1) means, which got ``status`` (None: no answer).

    Only 2xx is success; a redirect is a failure. ``retry_after`` counts with 429, 502, 503 and 504 and can
    only put the next try off.
    """
    if status is not None and 200 <= status < 300:
        return Outcome(Verdict.TAKEN)
    if status == 410:
        return Outcome(Verdict.GONE)
    if tries > len(WAITS):
        return Outcome(Verdict.PARKED)
    wait = WAITS[tries - 1] * (1 + JITTER * _spread(message_id, tries))
    if retry_after is not None and status in {429, 502, 503, 504}:
        wait = max(wait, min(retry_after, LONGEST_ASKED))
    return Outcome(Verdict.AGAIN, wait)


def _spread(message_id: UUID, tries: int) -> float:
    """A figure in [-1, 1) that is as good as chance and the same each time."""
    drawn = hashlib.sha256(message_id.bytes + tries.to_bytes(2)).digest()
    return int.from_bytes(drawn[:4]) / 2**31 - 1


def retry_after(header: str | None, at: datetime) -> timedelta | None:
    """The wait a Retry-After header asks for (RFC 9110: seconds, or a date); None when it cannot be read."""
    if not header:
        return None
    if header.isascii() and header.strip().isdigit():
        return timedelta(seconds=min(int(header.strip()[:9]), int(LONGEST_ASKED.total_seconds())))
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return max(timedelta(0), (until if until.tzinfo else until.replace(tzinfo=UTC)) - at)


def failing_too_long(failing_since: datetime | None, at: datetime) -> bool:
    """Whether an endpoint that has not taken anything since its first failure is to be switched off."""
    return failing_since is not None and at - failing_since >= GIVES_UP_AFTER


def _money(amount: Money) -> dict[str, Any]:
    return {"minor": amount.minor, "currency": amount.currency}


def payload(event: DeliveryEvent, delivery: Delivery) -> dict[str, Any]:
    """What a message says: the event, and the delivery with the state it then came to."""
    ended = delivery.ended_at.isoformat() if delivery.ended_at else None
    return {
        "type": event.name,
        "timestamp": event.at.isoformat(),
        "data": {
            "delivery": {
                "id": public("delivery", delivery.id),
                "external_id": delivery.external_id,
                "state": str(event.state_after),
                "service_level": str(delivery.service_level),
                "store": public("store", delivery.store_id),
                "carrier": _carrier(delivery),
                "due_at": delivery.due_at.isoformat(),
                "ready_at": delivery.ready_at.isoformat(),
                "picked_up_at": delivery.picked_up_at.isoformat() if delivery.picked_up_at else None,
                "ended_at": ended,
                "fee": _money(delivery.fee),
                "tip": _money(delivery.tip),
            },
            "sequence": event.seq,
            "state_before": str(event.state_before),
            "occurred_at": (event.device_at or event.at).isoformat(),
            "detail": _shown(event.body),
        },
    }


def _carrier(delivery: Delivery) -> str | None:
    if delivery.carrier is None:
        return None
    return "driver" if delivery.carrier.driver_id is not None else "courier_company"


_SHOWN = (
    "reason",
    "by",
    "stage",
    "changed",
    "before_minor",
    "ready_at",
    "implied_by",
    "count",
    "note",
    "service_level",
)


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an event's body that are a merchant's business, none of them long."""
    return {
        name: value[:500] if isinstance(value, str) else value
        for name, value in body.items()
        if name in _SHOWN
    }


def trial_payload(endpoint_id: UUID, at: datetime) -> dict[str, Any]:
    """What a test message says."""
    return {
        "type": "webhook.test",
        "timestamp": at.isoformat(),
        "data": {"endpoint": public("endpoint", endpoint_id), "message": "Your endpoint can be reached."},
    }
