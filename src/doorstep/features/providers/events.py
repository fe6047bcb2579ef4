"""What happened to a job given to a courier company."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderJobMoved(Event):
    """What all events of a job have in common. ``seq`` is gapless per job, from 1."""

    name: ClassVar[str] = ""
    job_id: UUID
    delivery_id: UUID
    provider_id: UUID
    market_id: UUID
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderBooked(ProviderJobMoved):
    """A company took it; the delivery is assigned to the job."""

    name: ClassVar[str] = "provider.booked"
    fee_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefused(ProviderJobMoved):
    """A company declined, or its answer could not be had: the next carrier may be looked for."""

    name: ClassVar[str] = "provider.refused"
    code: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLost(ProviderJobMoved):
    """A company gave up: before pickup the delivery waits again, after it (``with_goods``) somebody must look."""

    name: ClassVar[str] = "provider.lost"
    with_goods: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderJobEnded(ProviderJobMoved):
    """A booked job is over and this is what it costs; told once per job, also for nothing."""

    name: ClassVar[str] = "provider.job_ended"
    state: str  # rules.JobState
    fee_minor: int
    currency: str
    delivered: bool


def stream(job_id: UUID) -> str:
    """The name under which a job's events keep their order."""
    return f"provider_job:{job_id}"
