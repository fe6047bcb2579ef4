"""The line to the network: one HTTP client for all actors, which waits and tries again when nobody answers."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import structlog

log = structlog.get_logger("demo")
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
TRY_AGAIN = frozenset({429, 502, 503, 504})


class SignedOut(Exception):
    """The credential lets nobody in any more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and the JSON body ({} when there is none)."""

    status: int
    body: Any

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The name of a refusal; empty when it was done."""
        return "" if self.good or not isinstance(self.body, dict) else str(self.body.get("code", ""))


class Line:
    """Speaks to one server. Every request may come twice: what actors send is safe to repeat."""

    def __init__(self, http: httpx.AsyncClient, chance: Random) -> None:
        """``chance`` spreads the tries of many actors over time."""
        self.http = http
        self._chance = chance

    async def call(
        self, method: str, path: str, token: str | None = None, *, tries: int | None = None, **request: Any
    ) -> Reply:
        """Send a request until it is answered, by a refusal too; ``tries`` None: for ever.

        Raises SignedOut for 401, httpx.TransportError when the tries are used up.
        """
        headers = dict(request.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self.http.request(method, path, headers=headers, **request)
            except httpx.TransportError:
                if attempt == tries:
                    raise
            else:
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    raise SignedOut
                if answer.status_code not in TRY_AGAIN or attempt == tries:
                    return Reply(answer.status_code, _json(answer))
            await self.pause(attempt)

    async def pause(self, attempt: int) -> None:
        """Wait before the next try, longer each time."""
        wait_s = min(FIRST_WAIT_S * 2 ** min(attempt - 1, 8), LONGEST_WAIT_S)
        await asyncio.sleep(wait_s * self._chance.uniform(0.7, 1.3))


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return {}


FOLLOW_REAL_S = 0.5
"""How often the network's time is asked for: more often than a change of speed takes to come."""


class MarketTime:
    """The network's business time, asked for often, and reckoned on in between."""

    def __init__(self, line: Line) -> None:
        """Unknown until ``follow`` has asked once."""
        self._line = line
        self._told = datetime.now(UTC).timestamp()
        self._told_real_s = asyncio.get_running_loop().time()
        self._latest = 0.0
        self._speed = 1.0
        self._turn_real_s = float("inf")
        self._turn_speed = 1.0
        self._turned = asyncio.Event()
        self.known = asyncio.Event()

    @property
    def speed(self) -> float:
        """Business seconds in a real one, at this instant."""
        return self._turn_speed if self._real_s() >= self._turn_real_s else self._speed

    def now(self) -> datetime:
        """Business time, as far as is known; never steps back."""
        real_s = self._real_s()
        before_s = min(real_s, self._turn_real_s) - self._told_real_s
        after_s = max(real_s - self._turn_real_s, 0.0)
        passed_s = before_s * self._speed + after_s * self._turn_speed
        self._latest = max(self._latest, self._told + passed_s)
        return datetime.fromtimestamp(self._latest, UTC)

    async def sleep(self, market_s: float) -> None:
        """Let ``market_s`` seconds of business time pass, however its speed changes meanwhile."""
        until = self.now() + timedelta(seconds=market_s)
        while (left_s := (until - self.now()).total_seconds()) > 0:
            turned = self._turned
            with contextlib.suppress(TimeoutError):
                to_turn_s = self._turn_real_s - self._real_s()
                wait_s = left_s / self.speed
                await asyncio.wait_for(
                    turned.wait(), max(min(wait_s, to_turn_s) if to_turn_s > 0 else wait_s, 0.005)
                )

    def hear(self, market_time: datetime, speed: float, turn: tuple[float, float] | None = None) -> None:
        """Take over what the network tells: its time, its speed, and (speed, real seconds from now) of a turn."""
        was = (self._speed, self._turn_speed if self._turn_real_s < float("inf") else None)
        self._told, self._told_real_s = market_time.timestamp(), self._real_s()
        self._speed = speed
        self._turn_speed, in_real_s = turn or (speed, float("inf"))
        self._turn_real_s = self._told_real_s + in_real_s
        self.known.set()
        if was != (speed, turn[0] if turn else None):
            self._turned.set()  # whoever sleeps reckons again
            self._turned = asyncio.Event()

    async def follow(self) -> None:
        """Ask again and again until cancelled."""
        while True:
            reply = await self._line.call("GET", "/public/v1/clock")
            if reply.good:
                turn = reply.body["turn"]
                self.hear(
                    datetime.fromisoformat(reply.body["market_time"]),
                    float(reply.body["speed"]),
                    None if turn is None else (float(turn["speed"]), float(turn["in_real_s"])),
                )
            await asyncio.sleep(FOLLOW_REAL_S)

    def _real_s(self) -> float:
        return asyncio.get_running_loop().time()
