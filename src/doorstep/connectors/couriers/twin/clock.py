"""The twin's notion of business time: its own anchor and speed, or those of the network it serves."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx


class TwinClock(Protocol):
    """Tells business time, by which couriers move, and real time, by which webhooks are signed."""

    def now(self) -> datetime:
        """Business time."""
        ...

    def wall(self) -> datetime:
        """Real time."""
        ...


def real_time() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class PacedClock:
    """Business time from an anchor at a multiple of real time; never steps back."""

    def __init__(
        self, speed: float, start: datetime | None = None, wall: Callable[[], datetime] = real_time
    ) -> None:
        """Begin at ``start`` (now when left out) and run ``speed`` times as fast as life."""
        self._wall = wall
        self._anchor = (start or wall(), wall(), speed)
        self._turn: tuple[datetime, float] | None = None  # from that real instant on, that speed
        self._latest = self._anchor[0]

    def now(self) -> datetime:
        """Business time."""
        market, wall, speed = self._anchor
        here = self._wall()
        if self._turn is None or here < self._turn[0]:
            reached = market + (here - wall) * speed
        else:
            turns, after = self._turn
            reached = market + (turns - wall) * speed + (here - turns) * after
        self._latest = max(self._latest, reached)
        return self._latest

    def wall(self) -> datetime:
        """Real time."""
        return self._wall()

    def set(self, market: datetime, speed: float, turn: tuple[float, float] | None = None) -> None:
        """From now on run from ``market`` at ``speed``; ``turn``: at another speed after so many real seconds."""
        here = self._wall()
        self._anchor = (market, here, speed)
        self._turn = None if turn is None else (here + timedelta(seconds=turn[1]), turn[0])

    async def follow(self, network_url: str, every_s: float = 0.5) -> None:
        """Take over time and speed of the network at ``network_url``, again and again until cancelled.

        Reads ``GET /public/v1/clock``: ``{"market_time": instant, "speed": number, "turn": {"speed": number,
        "in_real_s": number} or null}``. A change of speed is told before it comes. While the network does not
        answer, time runs on at the last known speed for one interval and then stands still, as the network's
        own business time does while nothing of it runs.
        """
        async with httpx.AsyncClient(base_url=network_url, timeout=2.0, trust_env=False) as http:
            while True:
                with contextlib.suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
                    answer = (await http.get("/public/v1/clock")).raise_for_status().json()
                    turn = answer.get("turn")
                    self.set(
                        datetime.fromisoformat(answer["market_time"]),
                        float(answer["speed"]),
                        None if turn is None else (float(turn["speed"]), float(turn["in_real_s"])),
                    )
                    await asyncio.sleep(every_s)
                    continue
                self.set(self.now(), 0.0)
                await asyncio.sleep(min(every_s, 0.5))


def minutes(count: float) -> timedelta:
    """``count`` minutes as a span."""
    return timedelta(minutes=count)
