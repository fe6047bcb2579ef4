"""Business time changes its pace while everybody looks at it: the same for all, without a jump, never back."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.network import START, Network

from doorstep.platform import clock_anchor
from doorstep.platform.clock import Anchor, ManualClock, ScaledClock
from doorstep.platform.errors import Conflict
from doorstep.units.time import MarketInstant, WallInstant

SPEEDS = st.sampled_from([0.5, 1, 5, 30, 60, 1000])
STEPS_S = st.lists(st.floats(0.01, 3), min_size=1, max_size=30)


def clock_at(wall: ManualClock, anchor: Anchor) -> ScaledClock:
    return ScaledClock(anchor, wall.wall_now)


@given(before=SPEEDS, after=SPEEDS, ahead_s=st.floats(0, 5), steps_s=STEPS_S)
def test_time_neither_jumps_nor_steps_back_over_a_change(
    before: float, after: float, ahead_s: float, steps_s: list[float]
) -> None:
    wall = ManualClock(START)
    turns = WallInstant(START + timedelta(seconds=ahead_s))
    market = MarketInstant(START + timedelta(seconds=ahead_s * before))
    clock = clock_at(wall, Anchor(market, turns, after, before))
    told = [clock.market_now()]
    for step_s in steps_s:
        wall.advance(step_s)
        told.append(clock.market_now())
    fastest = max(before, after)
    for (earlier, later), step_s in zip(pairwise(told), steps_s, strict=True):
        assert timedelta(0) <= later - earlier <= timedelta(seconds=fastest * step_s + 1e-3)


@given(before=SPEEDS, after=SPEEDS, ahead_s=st.floats(0, 5), real_s=st.floats(0, 60))
def test_how_long_until_and_where_after_answer_each_other(
    before: float, after: float, ahead_s: float, real_s: float
) -> None:
    wall = ManualClock(START)
    turns = WallInstant(START + timedelta(seconds=ahead_s))
    market = MarketInstant(START + timedelta(seconds=ahead_s * before))
    clock = clock_at(wall, Anchor(market, turns, after, before))
    there = clock.market_after(real_s)
    assert clock.real_seconds_until(there) == pytest.approx(real_s, abs=1e-4)
    wall.advance(real_s)
    assert clock.market_now() == pytest.approx(there, abs=timedelta(milliseconds=2))


def test_who_hears_of_a_slower_speed_too_late_waits_for_the_others() -> None:
    wall = ManualClock(START)
    punctual = clock_at(wall, Anchor(MarketInstant(START), WallInstant(START), 30))
    late = clock_at(wall, punctual.anchor)
    slower = Anchor(
        MarketInstant(START + timedelta(seconds=30)), WallInstant(START + timedelta(seconds=1)), 1, 30
    )
    punctual.anchor = slower
    wall.advance(2)
    ahead = late.market_now()
    late.anchor = slower
    assert ahead > punctual.market_now()
    wall.advance(10)
    assert late.market_now() == ahead
    wall.advance(60)
    assert late.market_now() == punctual.market_now()


def test_time_that_stands_still_never_gets_there() -> None:
    clock = clock_at(ManualClock(START), Anchor(MarketInstant(START), WallInstant(START), 0))
    assert clock.real_seconds_until(MarketInstant(START + timedelta(seconds=1))) == float("inf")
    assert clock.real_seconds_until(MarketInstant(START)) == 0
    assert clock.speed == 0


async def test_all_processes_turn_at_the_same_instant(network: Network) -> None:
    await network.scale(30)
    network.clock.advance(10)
    async with network.work() as work:
        await clock_anchor.set_speed(work, 1)
    assert network.web.clock.market_now() == START + timedelta(seconds=300)  # told, not yet turned
    await network.follow()
    network.clock.advance(clock_anchor.LEAD_S)
    assert network.web.clock.market_now() == START + timedelta(seconds=330)
    network.clock.advance(60)
    assert network.web.clock.market_now() == START + timedelta(seconds=390)
    assert network.system.clock.market_now() == network.web.clock.market_now()
    async with network.work() as work:
        fresh = await clock_anchor.clock_of(work)
        assert isinstance(fresh, ScaledClock)
        assert fresh.anchor.market_at(work.wall()) == work.now()


async def test_one_change_at_a_time(network: Network) -> None:
    await network.scale(30)
    async with network.work() as work:
        first = await clock_anchor.set_speed(work, 1)
        assert await clock_anchor.set_speed(work, 1) == first
        with pytest.raises(clock_anchor.SpeedTurns):
            await clock_anchor.set_speed(work, 60)
    await network.follow()
    network.clock.advance(clock_anchor.LEAD_S)
    async with network.work() as work:
        second = await clock_anchor.set_speed(work, 60)
    assert second.speed_before == 1
    assert second.market == START + timedelta(seconds=31)


@pytest.mark.parametrize("speed", [0, -1, 1001, float("nan")])
async def test_a_speed_must_be_meant(network: Network, speed: float) -> None:
    await network.scale(30)
    with pytest.raises(Conflict):
        async with network.work() as work:
            await clock_anchor.set_speed(work, speed)


async def test_a_demo_that_was_slowed_down_starts_again_at_its_usual_speed(network: Network) -> None:
    await network.scale(30)
    async with network.work() as work:
        await clock_anchor.set_speed(work, 1)
    await network.follow()
    network.clock.advance(60)
    async with network.work() as work:
        await clock_anchor.beat(work)
        stood = work.now()
    network.clock.advance(3600)  # nothing runs
    async with network.work() as work:
        assert await clock_anchor.usual_speed(work) == 30
        work.clock = ScaledClock(Anchor(stood, work.wall(), 0), network.clock.wall_now)
        await clock_anchor.begin(work, 30)
        await clock_anchor.resume(work)
        anchor = await clock_anchor.anchor_of(work)
    assert anchor == Anchor(stood, network.clock.wall_now(), 30, 0)
