"""Streams: what changes is told at once, but never more than four times in a second."""

import asyncio
from itertools import pairwise

from doorstep.platform.bus import Bus
from doorstep.platform.http.streams import FRAMES_A_SECOND, frame, frames


async def test_a_burst_is_told_at_once_and_then_four_times_a_second() -> None:
    """The topics change all the time; what is looked at is new each time."""
    bus, count, told_s = Bus("postgresql://nobody@/nothing"), 0, list[float]()

    async def look() -> list[bytes]:
        nonlocal count
        count += 1
        return [frame("number", {"number": count})]

    now_s = asyncio.get_running_loop().time
    async for part in frames(bus, ("numbers",), look, every_s=0.001):
        if b"number" in part:
            told_s.append(now_s())
        if len(told_s) == 2 * FRAMES_A_SECOND + 1:
            break
    windows = zip(told_s, told_s[FRAMES_A_SECOND:], strict=False)
    assert all(later - earlier > 0.99 for earlier, later in windows), "five frames never fit into a second"
    assert all(later > earlier for earlier, later in pairwise(told_s))


async def test_what_did_not_change_is_not_told_again() -> None:
    bus, looks = Bus("postgresql://nobody@/nothing"), 0

    async def look() -> list[bytes]:
        nonlocal looks
        looks += 1
        return [frame("first", {})] if looks == 1 else []

    parts = []
    async for part in frames(bus, ("still",), look, every_s=0.001):
        parts.append(part)
        if looks == 3:
            break
    assert [part.split(b"\n")[0] for part in parts] == [
        b"retry: 1000",
        b"event: first",
        b": still here",
        b": still here",
    ]
