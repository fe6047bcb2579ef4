"""Webhooks on the wire."""

import json
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from doorstep.features.webhooks import rules
from doorstep.features.webhooks.rules import DisabledWhy, EndpointState, MessageState
from doorstep.units.ids import public

Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=2000, pattern=r"^[!-~]+$"),
    Field(examples=["https://hooks.example.com/doorstep"]),
]
Label = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
EventName = Annotated[
    str,
    StringConstraints(min_length=3, max_length=60, pattern=r"^[a-z_]+\.([a-z_]+|\*)$"),
    Field(examples=["delivery.delivered"]),
]


def _plausible(instant: datetime) -> datetime:
    if not 2000 <= instant.year < 2200:
        raise ValueError("must lie between the years 2000 and 2199")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
PublicId = Annotated[str, StringConstraints(max_length=40)]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class EndpointWanted(Asked):
    """An address that wants to be told."""

    url: Url
    label: Label = ""
    events: list[EventName] = Field(
        default_factory=list,
        max_length=50,
        description="Which events; empty: all. `delivery.*` is all of deliveries.",
    )


class EndpointChange(Asked):
    """What to change; what is left out stays."""

    url: Url | None = None
    label: Label | None = None
    events: list[EventName] | None = Field(default=None, max_length=50)
    state: EndpointState | None = None


class EndpointTold(Told):
    """An endpoint."""

    id: str
    url: str
    label: str
    events: list[str]
    state: EndpointState
    disabled_why: DisabledWhy | None
    failing_since: datetime | None = Field(description="Since when every attempt has failed.")
    old_secret_until: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, endpoint: rules.Endpoint) -> Self:
        """An endpoint as its merchant sees it."""
        return cls(
            id=public("endpoint", endpoint.id),
            url=endpoint.url,
            label=endpoint.label,
            events=sorted(endpoint.events),
            state=endpoint.state,
            disabled_why=endpoint.disabled_why,
            failing_since=endpoint.failing_since_wall,
            old_secret_until=endpoint.old_secret_until_wall,
            created_at=endpoint.created_wall,
        )


class EndpointMade(Told):
    """An endpoint just made. `secret` is shown this once."""

    endpoint: EndpointTold
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class SecretRotated(Told):
    """A fresh secret, shown this once; until then messages carry a signature of the old one, too."""

    secret: str
    old_secret_until: datetime


class AttemptTold(Told):
    """One try to hand a message over."""

    number: int
    at: datetime
    status: int | None = Field(description="Null when no answer came; `error` then says why.")
    latency_ms: int
    error: str
    answer: str = Field(description="The beginning of the answer's body.")


class MessageTold(Told):
    """One event for one endpoint."""

    id: str = Field(description="The `webhook-id` of every attempt.")
    endpoint: str
    delivery: str | None
    sequence: int
    type: str
    state: MessageState
    next_try_at: datetime | None
    created_at: datetime
    taken_at: datetime | None
    payload: dict[str, Any]
    attempts: list[AttemptTold]

    @classmethod
    def of(cls, message: rules.Message) -> Self:
        """A message as its merchant sees it."""
        return cls(
            id=public("event", message.id),
            endpoint=public("endpoint", message.endpoint_id),
            delivery=None if message.delivery_id is None else public("delivery", message.delivery_id),
            sequence=message.seq,
            type=message.type,
            state=message.state,
            next_try_at=message.next_try_wall,
            created_at=message.created_wall,
            taken_at=message.taken_wall,
            payload=json.loads(message.payload),
            attempts=[
                AttemptTold(
                    number=attempt.number,
                    at=attempt.at_wall,
                    status=attempt.status,
                    latency_ms=attempt.latency_ms,
                    error=attempt.error,
                    answer=attempt.answer,
                )
                for attempt in message.attempts
            ],
        )


class ReplayWanted(Asked):
    """Which messages to send once more."""

    endpoint: PublicId = Field(examples=["whe_01jd0000000000000000000000"])
    since: Instant
    taken_too: bool = Field(
        default=False, description="Also those that were taken; else only those given up."
    )


class ReplayBegun(Told):
    """How many messages were lined up; send again from the last one's time when it is 1,000."""

    count: int
