"""One owner per market, and business time that all processes agree on."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.factories.network import START, Network

from doorstep.platform import clock_anchor, leases
from doorstep.platform.clock import Anchor, ManualClock, ScaledClock
from doorstep.units.time import MarketInstant, WallInstant

ANA, BEN = uuid4(), uuid4()


async def test_a_lease_is_held_by_one_and_fences_the_former_holder_out(network: Network) -> None:
    async with network.work() as work:
        first = await leases.take(work, "market:x", ANA)
        assert first is not None
        assert await leases.take(work, "market:x", BEN) is None
    network.clock.advance(3)
    async with network.work() as work:
        renewed = await leases.take(work, "market:x", ANA)
        assert renewed is not None
        assert renewed.epoch == first.epoch
    network.clock.advance(6)
    async with network.work() as work:
        second = await leases.take(work, "market:x", BEN)
        assert second is not None
        assert second.epoch == first.epoch + 1
        await leases.check(work, second)
    with pytest.raises(leases.LostLease):
        async with network.work() as work:
            await leases.check(work, first)


async def test_a_clean_stop_gives_leases_back_at_once(network: Network) -> None:
    async with network.work() as work:
        await leases.take(work, "market:x", ANA)
        await leases.give_back(work, ANA)
    async with network.work() as work:
        assert await leases.take(work, "market:x", BEN) is not None


def test_scaled_time_runs_faster_and_never_back() -> None:
    anchor = Anchor(MarketInstant(START), WallInstant(START), 30)
    assert anchor.market_at(WallInstant(START + timedelta(seconds=10))) == START + timedelta(seconds=300)
    assert anchor.market_at(WallInstant(START - timedelta(hours=1))) == START
    clock = ScaledClock(anchor)
    before = clock.market_now()
    clock.anchor = Anchor(MarketInstant(START), WallInstant(clock.wall_now()), 1)
    assert clock.market_now() >= before


def test_a_manual_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="backward"):
        ManualClock(START).advance(-1)


async def test_business_time_stands_still_while_nothing_runs(network: Network) -> None:
    async with network.work() as work:
        await work.session.execute(
            text(
                "UPDATE network SET scaled = true, speed = 30, anchor_market = :t, anchor_wall = :t, beat_market = :t"
            ),
            {"t": START},
        )
    network.clock.advance(5)
    async with network.work() as work:
        work.clock = await clock_anchor.clock_of(work)
        assert isinstance(work.clock, ScaledClock)
    async with network.work() as work:  # the last heartbeat, two minutes of business time in
        await work.session.execute(
            text("UPDATE network SET beat_market = :t"), {"t": START + timedelta(minutes=2)}
        )
    network.clock.advance(3600)
    async with network.work() as work:
        await clock_anchor.resume(work)
        row = (await work.session.execute(text("SELECT anchor_market, anchor_wall FROM network"))).one()
    assert row.anchor_market == START + timedelta(minutes=2)
    assert row.anchor_wall == network.clock.wall_now()


async def test_a_demo_never_turns_live(network: Network) -> None:
    with pytest.raises(clock_anchor.WrongMode):
        async with network.work() as work:
            await clock_anchor.found(work, mode="live", scaled=False, start=work.now(), speed=1)


async def test_a_network_on_wall_time_has_no_speed(network: Network) -> None:
    for change in (clock_anchor.begin, clock_anchor.set_speed):
        with pytest.raises(clock_anchor.NoSpeed):
            async with network.work() as work:
                await change(work, 10)
