"""The courier twin over real HTTP: it carries, it remembers, and it misbehaves when told to."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.factories.couriers import (
    DOOR,
    KEY,
    STORE,
    SameTime,
    TwinNetwork,
    a_request,
    courier_twin,
    free_port,
    listening,
)

from doorstep.connectors.couriers.directory import courier_networks
from doorstep.connectors.couriers.protocol import CourierRefused, CourierUnknown, JobState
from doorstep.connectors.couriers.twin.clock import PacedClock
from doorstep.connectors.couriers.twin.world import FINAL, Behaviour, Order, World
from doorstep.connectors.couriers.twin_client import TwinCourier
from doorstep.platform.clock import ManualClock
from doorstep.units.geo import LatLng

NOON = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def twin(clock: ManualClock) -> AsyncIterator[TwinNetwork]:
    async with courier_twin(clock, patience=12) as running:  # both ends share one loop: it may be busy
        yield running


def impatient(twin: TwinNetwork) -> TwinCourier:
    """A client that waits a quarter of a second, and half a second for a booking."""
    return TwinCourier(twin.url, KEY, twin.http, patience=0.05)


async def test_a_job_from_quote_to_photo(twin: TwinNetwork, clock: ManualClock) -> None:
    request = a_request("pjb_1", clock.market_now(), requirements=frozenset({"photo", "pin"}))
    quote = await twin.courier.quote(request)
    assert quote.expires_at == NOON + timedelta(minutes=15)
    job = await twin.courier.book(request, quote.quote_id)
    assert (job.state, job.reference, job.fee) == (JobState.PENDING, "pjb_1", quote.fee)

    seen: list[JobState] = []
    for _ in range(120):
        clock.advance(60)
        found = await twin.courier.find("pjb_1")
        assert found is not None
        if not seen or seen[-1] is not found.state:
            seen.append(found.state)
        assert (found.position is None) == (found.state in FINAL | {JobState.PENDING})
        if found.state in FINAL:
            break
    assert seen == [s for s in JobState if s in seen], "states come in the order of their declaration"
    assert seen[-1] is JobState.DELIVERED
    assert found is not None
    assert found.proofs == {"photo", "pin"}
    picture = await twin.courier.proof(found.proof_url)
    assert picture is not None
    assert picture.startswith(b"\xff\xd8")
    assert await twin.courier.proof("http://169.254.169.254/api/proofs/job_000001.jpg") is None


async def test_a_reference_is_booked_once(twin: TwinNetwork, clock: ManualClock) -> None:
    request = a_request("pjb_2", clock.market_now())
    quote = await twin.courier.quote(request)
    first, *others = await asyncio.gather(*(twin.courier.book(request, quote.quote_id) for _ in range(8)))
    assert {job.job_id for job in others} == {first.job_id}
    assert len(twin.company.world.jobs) == 1


async def test_calling_off_costs_nothing_before_the_store_and_half_there(
    twin: TwinNetwork, clock: ManualClock
) -> None:
    for reference, wait_s, share in (("pjb_3", 0, 0), ("pjb_4", 13 * 60, 2)):
        request = a_request(reference, clock.market_now() + timedelta(minutes=30))
        job = await twin.courier.book(request, (await twin.courier.quote(request)).quote_id)
        clock.advance(wait_s)
        ended = await twin.courier.cancel(job.job_id, "not needed")
        assert ended.state is JobState.CANCELLED
        assert ended.fee.minor == (job.fee.minor // share if share else 0)
        assert await twin.courier.cancel(job.job_id, "again") == ended


async def test_too_late_to_call_off(twin: TwinNetwork, clock: ManualClock) -> None:
    request = a_request("pjb_5", clock.market_now())
    job = await twin.courier.book(request, (await twin.courier.quote(request)).quote_id)
    clock.advance(3 * 3600)
    with pytest.raises(CourierRefused) as refusal:
        await twin.courier.cancel(job.job_id, "too late")
    assert refusal.value.code == "not_cancellable"


async def test_what_it_will_not_carry(twin: TwinNetwork, clock: ManualClock) -> None:
    now = clock.market_now()
    for request, code in (
        (a_request("far", now, dropoff=LatLng(lat=35.0, lng=-85.3)), "out_of_area"),
        (a_request("wine", now, requirements=frozenset({"alcohol", "age_21"})), "requirement_unmet"),
    ):
        with pytest.raises(CourierRefused) as refusal:
            await twin.courier.quote(request)
        assert refusal.value.code == code
    request = a_request("late", now)
    quote = await twin.courier.quote(request)
    clock.advance(16 * 60)
    with pytest.raises(CourierRefused, match="no longer good"):
        await twin.courier.book(request, quote.quote_id)
    stranger = TwinCourier(twin.url, "guessed", twin.http)
    with pytest.raises(CourierRefused) as refusal:
        await stranger.find("late")
    assert refusal.value.code == "unauthorized"


async def test_an_answer_that_never_comes_leaves_a_job_that_can_be_found(
    twin: TwinNetwork, clock: ManualClock
) -> None:
    await twin.behave(drop_answers=1)
    request = a_request("pjb_6", clock.market_now())
    quote = await twin.courier.quote(request)
    with pytest.raises(CourierUnknown):
        await impatient(twin).book(request, quote.quote_id)
    found = await twin.courier.find("pjb_6")
    assert found is not None
    assert found.state is JobState.PENDING


async def test_nobody_there_and_nonsense_are_unknown(clock: ManualClock) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        courier = TwinCourier(f"http://127.0.0.1:{free_port()}", KEY, http)
        with pytest.raises(CourierUnknown):
            await courier.quote(a_request("x", clock.market_now()))


async def test_slow_and_refusing(twin: TwinNetwork, clock: ManualClock) -> None:
    await twin.behave(refuse_share=1)
    request = a_request("pjb_7", clock.market_now())
    quote = await twin.courier.quote(request)
    with pytest.raises(CourierRefused) as refusal:
        await twin.courier.book(request, quote.quote_id)
    assert refusal.value.code == "no_courier"
    await twin.behave(slow_s=5)
    with pytest.raises(CourierUnknown):
        await impatient(twin).find("pjb_7")


async def test_it_remembers_over_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    async with courier_twin(clock, state=tmp_path) as twin:
        await twin.behave(lose_share=1, lose_when="after")
        request = a_request("pjb_8", clock.market_now())
        booked = await twin.courier.book(request, (await twin.courier.quote(request)).quote_id)
    clock.advance(3 * 3600)
    async with courier_twin(clock, state=tmp_path) as twin:
        found = await twin.courier.find("pjb_8")
        assert found is not None
        assert found.job_id == booked.job_id
        assert (found.state, found.fee.minor) == (JobState.LOST, 0)
        assert twin.company.world.behaviour.lose_share == 1


async def test_killed_as_a_process_it_comes_back_with_its_jobs(tmp_path: Path) -> None:
    """The process itself: started by its command line, killed without warning, started again."""
    port = free_port()
    command = [
        sys.executable, "-m", "doorstep.connectors.couriers.twin", "--port", str(port), "--key", KEY,
        "--state", str(tmp_path), "--speed", "600",
    ]  # fmt: skip
    async with httpx.AsyncClient(trust_env=False) as http:
        courier = TwinCourier(f"http://127.0.0.1:{port}", KEY, http)

        async def ready() -> datetime:
            for _ in range(400):
                try:
                    answer = await http.get(f"http://127.0.0.1:{port}/healthz")
                    return datetime.fromisoformat(answer.json()["now"])
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
            raise AssertionError("the twin did not start")

        process = await asyncio.create_subprocess_exec(*command)
        request = a_request("pjb_9", await ready())
        booked = await courier.book(request, (await courier.quote(request)).quote_id)
        process.kill()
        await process.wait()
        process = await asyncio.create_subprocess_exec(*command)
        await ready()
        found = await courier.find("pjb_9")
        process.send_signal(signal.SIGTERM)
        await process.wait()
    assert found is not None
    assert found.job_id == booked.job_id


def test_one_seed_tells_one_story(clock: ManualClock) -> None:
    def story(seed: int) -> list[tuple[str, datetime]]:
        world = World(SameTime(ManualClock(NOON)), seed, Behaviour(lose_share=0.3, return_share=0.3))
        told = []
        for number in range(20):
            order = Order(f"r{number}", STORE, DOOR, NOON, NOON + timedelta(hours=2))
            job = world.book(order, world.quote(order).quote_id)
            told += [(str(step.state), step.at) for step in job.steps]
        return told

    assert story(1) == story(1)
    assert story(1) != story(2)
    assert {"lost", "returned", "delivered"} <= {state for state, _ in story(1)}


def test_the_directory_knows_only_what_it_was_told() -> None:
    http = httpx.AsyncClient()
    assert courier_networks({}, http) == {}
    told = {"DOORSTEP_COURIER_TWIN_URL": "http://127.0.0.1:1", "DOORSTEP_COURIER_TWIN_KEY": KEY}
    assert list(courier_networks(told, http)) == ["swift"]


async def until(so: Callable[[], bool]) -> None:
    """Wait for another task to make something so."""
    async with asyncio.timeout(60):
        while not so():  # noqa: ASYNC110 (the clock tells nobody that it was set)
            await asyncio.sleep(0.01)


def test_it_turns_to_another_speed_when_told_without_a_jump() -> None:
    wall = [NOON]
    clock = PacedClock(30.0, NOON, wall=lambda: wall[0])
    clock.set(NOON, 30.0, (1.0, 0.5))
    wall[0] += timedelta(seconds=0.5)
    assert clock.now() == NOON + timedelta(seconds=15)
    wall[0] += timedelta(seconds=10)
    assert clock.now() == NOON + timedelta(seconds=25)
    clock.set(NOON, 1.0)  # told late: time never steps back
    assert clock.now() == NOON + timedelta(seconds=25)


async def test_it_takes_its_time_from_the_network_and_stands_still_with_it() -> None:
    wall = [NOON]
    app = FastAPI()

    @app.get("/public/v1/clock")
    async def told() -> dict[str, object]:
        return {"market_time": "2030-01-01T00:00:00+00:00", "real_time": "x", "speed": 30.0, "mode": "demo"}

    clock = PacedClock(1.0, NOON, wall=lambda: wall[0])
    async with listening(app, lifespan="off") as address:
        following = asyncio.create_task(clock.follow(address, every_s=0.05))
        await until(lambda: clock.now().year == 2030)
        wall[0] += timedelta(seconds=2)
        assert clock.now() == datetime(2030, 1, 1, 0, 1, tzinfo=UTC)

    def stands_still() -> bool:
        before = clock.now()
        wall[0] += timedelta(seconds=2)
        return clock.now() == before

    await until(stands_still)  # the network is gone
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
