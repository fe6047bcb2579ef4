"""The line to the network: one HTTP client for all actors, which waits and tries again when nobody answers."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
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


class MarketTime:
    """The network's business time, asked for now and then, and reckoned on in between."""

    def __init__(self, line: Line) -> None:
        """Unknown until ``follow`` has asked once."""
        self._line = line
        self._market = datetime.now(UTC)
        self._real_s = asyncio.get_running_loop().time()
        self.speed = 1.0
        self.known = asyncio.Event()

    def now(self) -> datetime:
        """Business time, as far as is known."""
        passed_s = asyncio.get_running_loop().time() - self._real_s
        return datetime.fromtimestamp(self._market.timestamp() + passed_s * self.speed, UTC)

    async def sleep(self, market_s: float) -> None:
        """Let ``market_s`` seconds of business time pass."""
        await asyncio.sleep(max(market_s, 0.0) / self.speed)

    async def follow(self) -> None:
        """Ask again and again until cancelled."""
        while True:
            reply = await self._line.call("GET", "/public/v1/clock")
            if reply.good:
                self._market = datetime.fromisoformat(reply.body["market_time"])
                self._real_s = asyncio.get_running_loop().time()
                self.speed = float(reply.body["speed"])
                self.known.set()
            await asyncio.sleep(5)
