"""Instants and windows.

Two kinds of instant never mix. ``MarketInstant`` is the time of the business (slots, offers, promises,
pay periods); a demo may run it thirty times faster than life. ``WallInstant`` is real time, kept for
signatures, sign-ins, retries, leases and logs. Both are aware UTC datetimes to the machine and two
types to the type checker.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NewType

MarketInstant = NewType("MarketInstant", datetime)
WallInstant = NewType("WallInstant", datetime)


def utc(value: datetime) -> datetime:
    """``value`` in UTC. Raises ValueError for a datetime without a zone."""
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return value.astimezone(UTC)


def market_instant(value: datetime) -> MarketInstant:
    """``value`` as business time, in UTC. Raises ValueError without a zone."""
    return MarketInstant(utc(value))


def epoch_s(value: datetime) -> int:
    """Whole seconds since 1970, rounded down: the engine's only notion of time."""
    return int((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))


def from_epoch_s(seconds: int) -> MarketInstant:
    """The business instant ``seconds`` after 1970."""
    return MarketInstant(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A half-open span ``[start, end)`` of business time. Raises ValueError unless start < end."""

    start: MarketInstant
    end: MarketInstant

    def __post_init__(self) -> None:
        """Refuse an empty or backward span."""
        if not self.start < self.end:
            raise ValueError("a window ends after it starts")

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: "TimeWindow") -> bool:
        """Whether the two spans share an instant."""
        return self.start < other.end and other.start < self.end
