"""The actors' time: told by the network, reckoned on, and right while its speed changes."""

import asyncio
from datetime import timedelta
from random import Random

import httpx
import pytest
from tests.factories.network import START, Network

from doorstep.demo.line import Line, MarketTime
from doorstep.platform import clock_anchor


def _line(http: httpx.AsyncClient) -> Line:
    return Line(http, Random(1))


async def test_a_sleeper_wakes_in_time_although_time_speeds_up() -> None:
    async with httpx.AsyncClient() as http:
        time = MarketTime(_line(http))
        time.hear(START, 1.0)
        sleeping = asyncio.create_task(time.sleep(600))
        await asyncio.sleep(0.05)
        assert not sleeping.done()
        time.hear(time.now(), 1.0, (6000.0, 0.1))  # ten minutes in a tenth of a second, a tenth from now
        begun = asyncio.get_running_loop().time()
        await asyncio.wait_for(sleeping, 60)
        assert asyncio.get_running_loop().time() - begun >= 0.19
        assert time.now() >= START + timedelta(seconds=600)


async def test_a_sleeper_sleeps_on_when_time_slows_down() -> None:
    async with httpx.AsyncClient() as http:
        time = MarketTime(_line(http))
        time.hear(START, 60.0)
        sleeping = asyncio.create_task(time.sleep(12))
        await asyncio.sleep(0.02)
        time.hear(time.now(), 1.0)
        await asyncio.sleep(0.4)
        assert not sleeping.done()
        sleeping.cancel()


async def test_it_neither_jumps_nor_steps_back_over_a_turn() -> None:
    async with httpx.AsyncClient() as http:
        time = MarketTime(_line(http))
        time.hear(START, 30.0, (1.0, 0.1))
        loop = asyncio.get_running_loop()
        real_s, last = loop.time(), time.now()
        for _ in range(20):
            await asyncio.sleep(0.01)
            before_s, now, after_s = loop.time(), time.now(), loop.time()
            assert timedelta(0) <= now - last <= timedelta(seconds=30 * (after_s - real_s) + 1e-3)
            real_s, last = before_s, now
        assert time.speed == 1.0
        time.hear(START, 1.0)  # an answer that took its time: the past is not told again
        assert time.now() >= last


async def test_it_follows_the_network(network: Network) -> None:
    await network.scale(30)
    async with network.work() as work:
        await clock_anchor.set_speed(work, 5)
    await network.follow()
    time = MarketTime(_line(network.http))
    following = asyncio.create_task(time.follow())
    await asyncio.wait_for(time.known.wait(), 60)
    assert time.speed == 30
    assert time.now() == pytest.approx(START, abs=timedelta(seconds=20))
    network.clock.advance(clock_anchor.LEAD_S)
    for _ in range(200):
        if time.speed == 5:
            break
        await asyncio.sleep(0.02)
    assert time.speed == 5
    following.cancel()
