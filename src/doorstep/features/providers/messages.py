"""What timed tasks of providers are told."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Book:
    """Order a courier for a job, or find out whether one was ordered.

    ``most_minor`` is the dearest price that the market lets be booked without a person; None: any.
    """

    job_id: UUID
    most_minor: int | None = None


@dataclass(frozen=True, slots=True)
class CallOff:
    """Tell the company that the courier of a job is not needed."""

    job_id: UUID


@dataclass(frozen=True, slots=True)
class Refresh:
    """Ask the company where a job stands, because a webhook said that something happened."""

    job_id: UUID


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask the company where a job stands, because it is time to; ``number`` counts up."""

    job_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Forget old webhook ids of a company."""

    provider_id: UUID
    round: int = 0
