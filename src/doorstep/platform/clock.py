"""Clocks: wall, scaled and manual.

``market_now`` is business time, ``wall_now`` real time; see ``doorstep.units.time``. A scaled clock runs
business time at a multiple of real time from an anchor that all processes of one network share
(``platform.clock_anchor`` keeps it in the database).
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from doorstep.units.time import MarketInstant, WallInstant


class Clock(Protocol):
    """Tells both times. Passed in wherever time matters."""

    def market_now(self) -> MarketInstant:
        """The business instant."""

    def wall_now(self) -> WallInstant:
        """The real instant."""

    def real_seconds_until(self, instant: MarketInstant) -> float:
        """Real seconds until business time reaches ``instant``; at least zero."""


class WallClock:
    """Business time is real time: a network that serves real people."""

    def market_now(self) -> MarketInstant:
        """Real time."""
        return MarketInstant(datetime.now(UTC))

    def wall_now(self) -> WallInstant:
        """Real time."""
        return WallInstant(datetime.now(UTC))

    def real_seconds_until(self, instant: MarketInstant) -> float:
        """Plain difference."""
        return max(0.0, (instant - self.market_now()).total_seconds())


@dataclass(frozen=True, slots=True)
class Anchor:
    """Business time equals ``market`` at real time ``wall`` and runs ``speed`` times as fast."""

    market: MarketInstant
    wall: WallInstant
    speed: float

    def market_at(self, wall: WallInstant) -> MarketInstant:
        """Business time at the real instant ``wall``; time never runs before the anchor."""
        elapsed = max((wall - self.wall).total_seconds(), 0.0)
        return MarketInstant(self.market + timedelta(seconds=elapsed * self.speed))


class ScaledClock:
    """Business time from an anchor that may be replaced while running; never steps back."""

    def __init__(self, anchor: Anchor) -> None:
        """Start from ``anchor``."""
        self.anchor = anchor
        self._latest = anchor.market

    def market_now(self) -> MarketInstant:
        """Business time; at least the latest told before."""
        self._latest = max(self._latest, self.anchor.market_at(self.wall_now()))
        return self._latest

    def wall_now(self) -> WallInstant:
        """Real time."""
        return WallInstant(datetime.now(UTC))

    def real_seconds_until(self, instant: MarketInstant) -> float:
        """The business difference divided by the speed."""
        ahead = (instant - self.market_now()).total_seconds()
        return max(0.0, ahead / self.anchor.speed) if self.anchor.speed > 0 else float("inf")


class ManualClock:
    """Stands still until told; both times move together. For tests and the simulator."""

    def __init__(self, start: datetime) -> None:
        """Start at ``start`` (aware)."""
        self._now = start.astimezone(UTC)

    def market_now(self) -> MarketInstant:
        """The told instant."""
        return MarketInstant(self._now)

    def wall_now(self) -> WallInstant:
        """The told instant."""
        return WallInstant(self._now)

    def real_seconds_until(self, instant: MarketInstant) -> float:
        """Nothing ever needs waiting for: tests advance the clock."""
        return max(0.0, (instant - self.market_now()).total_seconds())

    def advance(self, seconds: float) -> None:
        """Move both times ahead. Raises ValueError when asked to go back."""
        if seconds < 0:
            raise ValueError("time does not run backward")
        self._now += timedelta(seconds=seconds)

    def move_to(self, instant: datetime) -> None:
        """Jump ahead to ``instant``. Raises ValueError when it lies in the past."""
        self.advance((instant - self._now).total_seconds())


def epoch_ms() -> int:
    """Real milliseconds since 1970, for ids."""
    return time.time_ns() // 1_000_000
