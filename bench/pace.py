"""How fast this machine is just now: a virtual one shares its cores with neighbours that nobody here sees.

A fixed piece of work is done again and again beside what is measured (two milliseconds twice a second), and its
processor time noted. Work by itself always takes the same; where it takes longer, somebody else had the core's
other half, and every figure of that moment is slower by as much.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

EVERY_S = 0.5
TURNS = 25_000
MS = 1000.0


def fixed_work_ms() -> float:
    """Processor milliseconds that ``TURNS`` of a small loop take."""
    begun, total = time.thread_time(), 0
    for number in range(TURNS):
        total += number * number
    return (time.thread_time() - begun) * MS


class Pace:
    """The fixed work's times so far."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.took_ms: list[float] = []

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Note the machine's pace twice a second."""

        async def look() -> None:
            while True:
                self.took_ms.append(fixed_work_ms())
                await asyncio.sleep(EVERY_S)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()

    def since(self, mark: int) -> dict[str, Any]:
        """The times from number ``mark`` on, beside the quickest tenth of all: how much slower the machine was than it can be."""
        return told(self.took_ms[mark:] or self.took_ms[-1:], best_ms(self.took_ms))


def best_ms(took_ms: Sequence[float]) -> float:
    """What the quickest tenth took at most: the machine undisturbed."""
    return sorted(took_ms)[len(took_ms) // 10]


def told(took_ms: Sequence[float], best: float) -> dict[str, Any]:
    """For machines."""
    middle = sorted(took_ms)[len(took_ms) // 2]
    return {"fixed_work_ms": round(middle, 2), "slower_than_best": round(middle / best, 2)}
