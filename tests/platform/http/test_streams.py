"""Streams: what changes is told at once, but never more than four times in a second."""

import asyncio
from itertools import pairwise

import pytest
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs

from doorstep.platform.bus import Bus
from doorstep.platform.http.streams import FRAMES_A_SECOND, frame, frames, until_lost


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


@pytest.mark.parametrize(
    "away",
    [
        PoolTimeout("QueuePool limit of size 10 overflow 4 reached"),
        InterfaceError("SELECT 1", None, RuntimeError("connection\nis closed")),
        ConnectionResetError("reset by peer"),
    ],
    ids=["pool", "connection", "socket"],
)
async def test_a_database_that_is_away_ends_the_stream_with_one_plain_line(away: Exception) -> None:
    async def look() -> list[bytes]:
        raise away

    bus = Bus("postgresql://nobody@/nothing")
    with capture_logs() as lines:
        parts = [part async for part in until_lost(frames(bus, ("gone",), look), held_s=0)]
    assert parts == [b"retry: 1000\n\n"]
    assert [(line["event"], line["log_level"]) for line in lines] == [("stream_lost", "warning")]
    assert "\n" not in lines[0]["error"], "one line"
    assert "exc_info" not in lines[0]


async def test_a_fault_of_our_own_is_not_hushed_up() -> None:
    async def look() -> list[bytes]:
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        [part async for part in until_lost(frames(Bus("postgresql://nobody@/nothing"), ("odd",), look))]
