"""Clocks: wall, scaled and manual.

``market_now`` is business time, ``wall_now`` real time; see ``doorstep.units.time``. A scaled clock runs
business time at a multiple of real time from an anchor that all processes of one network share
(``platform.clock_anchor`` keeps it in the database).
"""

import time
from collections.abc import Callable
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

    def market_after(self, real_s: float) -> MarketInstant:
        """Where business time will be when ``real_s`` real seconds have passed, as far as is known now."""


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

    def market_after(self, real_s: float) -> MarketInstant:
        """So much later."""
        return MarketInstant(self.market_now() + timedelta(seconds=real_s))


@dataclass(frozen=True, slots=True)
class Anchor:
    """Business time equals ``market`` at the real instant ``wall`` and runs ``speed`` times as fast from there.

    A change of speed is told a moment before it takes effect, so ``wall`` may lie ahead: until then business
    time runs ``speed_before`` times as fast, and reaches ``market`` exactly then. Whoever learns of the change
    in time therefore tells the same time as everybody else at every instant.
    """

    market: MarketInstant
    wall: WallInstant
    speed: float
    speed_before: float = 0.0

    def market_at(self, wall: WallInstant) -> MarketInstant:
        """Business time at the real instant ``wall``."""
        return MarketInstant(self.market + (wall - self.wall) * self.speed_at(wall))

    def speed_at(self, wall: WallInstant) -> float:
        """How fast business time runs at the real instant ``wall``."""
        return self.speed_before if wall < self.wall else self.speed

    def wall_at(self, market: MarketInstant) -> WallInstant | None:
        """When business time reaches ``market``; None when it stands still and never does."""
        speed = self.speed_before if market < self.market else self.speed
        return WallInstant(self.wall + (market - self.market) / speed) if speed > 0 else None


def machine_time() -> WallInstant:
    """Real time, as this machine has it."""
    return WallInstant(datetime.now(UTC))


class ScaledClock:
    """Business time from an anchor that may be replaced while running; never steps back.

    A process that learns of a slower speed too late has run ahead: it then stands until the others are there.
    """

    def __init__(self, anchor: Anchor, wall: Callable[[], WallInstant] = machine_time) -> None:
        """Start from ``anchor``; ``wall`` tells real time."""
        self.anchor = anchor
        self._wall = wall
        self._latest: MarketInstant | None = None

    @property
    def speed(self) -> float:
        """How fast business time runs at this instant."""
        return self.anchor.speed_at(self.wall_now())

    def market_now(self) -> MarketInstant:
        """Business time; at least the latest told before."""
        now = self.anchor.market_at(self.wall_now())
        self._latest = now if self._latest is None else max(self._latest, now)
        return self._latest

    def wall_now(self) -> WallInstant:
        """Real time."""
        return self._wall()

    def real_seconds_until(self, instant: MarketInstant) -> float:
        """Until the anchor says so; infinite when business time stands still."""
        if instant <= self.market_now():
            return 0.0
        there = self.anchor.wall_at(instant)
        return float("inf") if there is None else max(0.0, (there - self.wall_now()).total_seconds())

    def market_after(self, real_s: float) -> MarketInstant:
        """As the anchor says, a change of speed that is under way included."""
        there = self.anchor.market_at(WallInstant(self.wall_now() + timedelta(seconds=real_s)))
        return max(self.market_now(), there)


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

    def market_after(self, real_s: float) -> MarketInstant:
        """As if time ran at the speed of life."""
        return MarketInstant(self._now + timedelta(seconds=real_s))

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
