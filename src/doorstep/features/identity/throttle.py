"""How often one place or one account may try to get in, in this process's memory and real time.

The count that must hold across processes and restarts, codes sent to a phone, is kept in the database
(``sign_in``); this is the cheap first wall before any hash is computed or row read.
"""

import math
import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from doorstep.features.identity.errors import TooManyTries
from doorstep.features.identity.rules import CODES_AN_HOUR

# A wrong password from one place for one account; from anywhere for one account; from one place for any.
ACCOUNT_HERE = RateLimitItemPerMinute(10, 15, namespace="account-here")
ACCOUNT = RateLimitItemPerHour(100, namespace="account")
PLACE = RateLimitItemPerMinute(60, namespace="place")
CODES_SENT_TO_PLACE = RateLimitItemPerHour(CODES_AN_HOUR, namespace="codes")
CODE_TRIES_OF_PHONE = RateLimitItemPerHour(60, namespace="code-tries")
LINK_TRIES = RateLimitItemPerMinute(20, namespace="links")
_OWN_MACHINE = frozenset({"127.0.0.1", "::1"})


class Throttle:
    """Counts tries. Places on this very machine are not counted: behind them is a tunnel or nobody else."""

    def __init__(self) -> None:
        """Nothing counted yet."""
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def account(self, place: str, account: str) -> None:
        """Count a sign-in to ``account`` from ``place``. Raises TooManyTries."""
        await self.place(PLACE, place)
        await self._hit(ACCOUNT_HERE, place, account)
        await self._hit(ACCOUNT, account)

    async def forgive(self, place: str, account: str) -> None:
        """The sign-in was right: forget the tries before it."""
        await self._limiter.clear(ACCOUNT_HERE, place, account)
        await self._limiter.clear(ACCOUNT, account)

    async def place(self, limit: RateLimitItem, place: str) -> None:
        """Count a try from ``place``. Raises TooManyTries."""
        if place not in _OWN_MACHINE:
            await self._hit(limit, place)

    async def phone(self, phone: str) -> None:
        """Count a code typed in for ``phone``. Raises TooManyTries."""
        await self._hit(CODE_TRIES_OF_PHONE, phone)

    async def _hit(self, limit: RateLimitItem, *who: str) -> None:
        if not await self._limiter.hit(limit, *who):
            stats = await self._limiter.get_window_stats(limit, *who)
            wait_s = max(1, math.ceil(stats.reset_time - time.time()))
            raise TooManyTries(f"Try again in {wait_s} s.", facts={"retry_after_s": wait_s})
