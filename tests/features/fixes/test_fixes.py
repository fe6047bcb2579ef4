"""Fixes: what is taken, what is refused, what survives, who sees it live."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.factories.deliveries import driver_actor, merchant_actor, report_all, shopper_actor
from tests.factories.drivers import phone_of
from tests.factories.identity import bearer, sign_driver_in, sign_staff_in
from tests.factories.network import START, Network
from tests.factories.offers import a_town

from doorstep.features.deliveries.rules import FactKind
from doorstep.features.fixes import api, queries, writing
from doorstep.features.fixes.ingest import KNOWN_S, MOST_BYTES, Gateway, Inbox, Unreadable
from doorstep.features.fixes.live import QUEUED_FRAMES, Live, Position
from doorstep.features.fixes.rules import MOST_FIXES
from doorstep.features.fixes.stream import market_frames
from doorstep.features.identity import service as identity
from doorstep.platform.auth.gate import GATE
from doorstep.platform.clock import ManualClock
from doorstep.platform.http import problems
from doorstep.units.geo import LatLng
from doorstep.units.ids import public

PATH = "/driver/v1/fixes"
MARKET = uuid4()


def fix(network: Network, seconds_ago: float = 0, **changes: Any) -> dict[str, Any]:
    at = network.clock.market_now() - timedelta(seconds=seconds_ago)
    return {"lat": 36.16, "lng": -86.78, "device_at": at.isoformat(), "accuracy_m": 8} | changes


async def send(network: Network, phone: dict[str, str], *fixes: dict[str, Any]) -> httpx.Response:
    return await network.http.post(PATH, json={"fixes": list(fixes)}, headers=phone)


async def write(network: Network) -> int:
    return await writing.write(network.web, network.app.state.fixes_inbox)


async def test_the_newest_by_the_phones_time_counts(network: Network) -> None:
    town = await a_town(network, drivers=1)
    driver, phone = town.drivers[0], await town.phone()
    answer = await send(
        network,
        phone,
        fix(network, 30, lat=36.10),
        fix(network, 10, lat=36.30, heading_deg=359.7, speed_mps=4.5),
        fix(network, 20, lat=36.20),
    )
    assert (answer.status_code, answer.json()) == (202, {"taken": 3})
    await send(network, phone, fix(network, 15, lat=36.99))
    kept = network.app.state.live_positions.latest(town.market.id, driver.id)
    assert (kept.lat, kept.heading_deg, kept.speed_mps) == (36.30, 0, 4.5)
    await write(network)
    async with network.work() as work:
        found = (await queries.latest(work, [driver.id]))[driver.id]
        in_market = await queries.latest_in_market(work, town.market.id)
        history = (await work.session.execute(text("SELECT count(*), min(lat) FROM fix_history"))).one()
        assert await queries.latest(work, []) == {}
    assert found.point == LatLng(lat=36.30, lng=-86.78)
    assert found.age_s(network.clock.market_now()) == 10
    assert in_market == {driver.id: found}
    assert tuple(history) == (4, 36.10), "late ones are kept for the record"


async def test_a_clock_that_runs_ahead_counts_as_now(network: Network) -> None:
    town = await a_town(network, drivers=1)
    driver, phone = town.drivers[0], await town.phone()
    await send(network, phone, fix(network, -86_400, lat=36.50))
    live = network.app.state.live_positions
    assert live.latest(town.market.id, driver.id).device_at == network.clock.market_now()
    network.clock.advance(5)
    await send(network, phone, fix(network, 1, lat=36.60))
    assert live.latest(town.market.id, driver.id).lat == 36.60, "a wrong clock does not win for ever"


async def test_milliseconds_since_1970_are_a_time_too(network: Network) -> None:
    town = await a_town(network, drivers=1)
    at = network.clock.market_now() - timedelta(seconds=2)
    phone = await town.phone()
    assert (await send(network, phone, fix(network, device_at=int(at.timestamp() * 1000)))).status_code == 202
    assert network.app.state.live_positions.latest(town.market.id, town.drivers[0].id).device_at == at


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"lat": 91}, "/fixes/1/lat"),
        ({"lng": -180.5}, "/fixes/1/lng"),
        ({"lat": None}, "/fixes/1/lat"),
        ({"accuracy_m": -1}, "/fixes/1/accuracy_m"),
        ({"speed_mps": 400}, "/fixes/1/speed_mps"),
        ({"heading_deg": 361}, "/fixes/1/heading_deg"),
        ({"device_at": "2026-11-21T17:00:00"}, "/fixes/1/device_at"),
        ({"device_at": "2020-01-01T00:00:00Z"}, "/fixes/1/device_at"),
        ({"device_at": -5}, "/fixes/1/device_at"),
        ({"altitude_m": 5}, "/fixes/1"),
    ],
)
def test_what_cannot_be_true_is_refused_and_nothing_of_it_taken(change: dict[str, Any], where: str) -> None:
    inbox = Inbox(Live(), ManualClock(START))
    good = {"lat": 36.16, "lng": -86.78, "device_at": START, "accuracy_m": 8}
    with pytest.raises(Unreadable) as refused:
        inbox.take(uuid4(), MARKET, msgspec.json.encode({"fixes": [good, good | change]}))
    assert refused.value.faults[0].where == where
    assert (inbox.live.heard, inbox.history, inbox.live.markets) == (0, [], {})


async def test_a_refusal_is_a_problem_document(network: Network) -> None:
    town = await a_town(network, drivers=1)
    answer = await send(network, await town.phone(), fix(network), fix(network, lat=91))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["status"]) == ("fixes_unreadable", 422)
    assert answer.json()["errors"][0]["where"] == "/fixes/1/lat"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"fixes":[]}', b'{"fixes":1}', b"\xff\xfe", b'{"fixes":[{}]}']
)
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        Inbox(Live(), ManualClock(START)).take(uuid4(), MARKET, body)


async def test_at_most_a_hundred_fixes_and_64_kilobytes(network: Network) -> None:
    town = await a_town(network, drivers=1)
    phone = await town.phone()
    assert (await send(network, phone, *[fix(network)] * MOST_FIXES)).json() == {"taken": MOST_FIXES}
    assert (await send(network, phone, *[fix(network)] * (MOST_FIXES + 1))).status_code == 422
    large = await network.http.post(PATH, content=b" " * (MOST_BYTES + 1), headers=phone)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


async def test_only_drivers_report_and_only_while_signed_in(network: Network) -> None:
    town = await a_town(network, drivers=1)
    staff = await sign_staff_in(network)
    for headers in ({}, bearer("ds_nobody"), bearer(staff.token), {"Authorization": "Basic ds_x"}):
        answer = await send(network, headers, fix(network))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert network.app.state.live_positions.heard == 0
    ghost = await sign_driver_in(network, uuid4())
    assert (await send(network, bearer(ghost.token), fix(network))).status_code == 401
    assert (await send(network, await town.phone(), fix(network))).status_code == 202


async def test_an_ended_session_is_forgotten_within_five_seconds() -> None:
    """Who asks is remembered by real time, which here stands in our hands."""
    seconds, asked = [0.0], []

    async def find(scope: Any) -> Any:
        asked.append(scope)
        return uuid4(), MARKET

    async def nobody(*_: Any) -> None:
        raise AssertionError("the gateway answers fixes itself")

    clock = ManualClock(START)
    gateway = Gateway(nobody, inbox=Inbox(Live(), clock), find_driver=find, monotonic=lambda: seconds[0])
    body = msgspec.json.encode({"fixes": [{"lat": 1, "lng": 1, "device_at": START}]})

    async def post() -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send_back(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", b"Bearer ds_1")]
        await gateway(
            {"type": "http", "path": PATH, "method": "POST", "headers": headers}, receive, send_back
        )
        return int(sent[0]["status"])

    for at, lookups in ((0.0, 1), (KNOWN_S - 0.01, 1), (KNOWN_S, 2), (KNOWN_S + 1, 2), (3 * KNOWN_S, 3)):
        seconds[0] = at
        assert await post() == 202
        assert len(asked) == lookups


async def test_a_phone_that_signs_out_is_refused(network: Network) -> None:
    town = await a_town(network, drivers=1)
    opened = await sign_driver_in(network, town.drivers[0].id)
    async with network.work(GATE) as work:
        await identity.end_session(work, opened.token)
    assert (await send(network, bearer(opened.token), fix(network))).status_code == 401


async def test_a_process_starts_warm(network: Network) -> None:
    town = await a_town(network)
    for driver in town.drivers:
        await send(network, await town.phone(driver), fix(network, 5))
    await write(network)
    fresh = Live()
    assert await writing.read(network.web, fresh) == 2
    assert await writing.read(network.web, fresh) == 0
    kept = fresh.latest(town.market.id, town.drivers[0].id)
    assert kept == network.app.state.live_positions.latest(town.market.id, town.drivers[0].id)
    assert fresh.take_unwritten() == [], "what others wrote is not written again"


async def test_two_processes_agree_on_the_newest(network: Network) -> None:
    """An older position that is written later does not replace a newer one."""
    town = await a_town(network, drivers=1)
    driver, now = town.drivers[0], network.clock.market_now()
    for seconds_ago, lat in ((5, 36.5), (50, 36.1)):
        inbox = Inbox(Live(), network.clock)
        body = msgspec.json.encode({"fixes": [fix(network, seconds_ago, lat=lat)]})
        inbox.take(driver.id, town.market.id, body)
        await writing.write(network.web, inbox)
    async with network.work() as work:
        found = (await queries.latest(work, [driver.id]))[driver.id]
    assert (found.point.lat, found.device_at) == (36.5, now - timedelta(seconds=5))


async def test_what_could_not_be_written_is_written_later(network: Network) -> None:
    inbox = Inbox(Live(), network.clock)
    inbox.take(uuid4(), MARKET, msgspec.json.encode({"fixes": [fix(network)]}))
    async with network.work() as work:
        await work.session.execute(text("LOCK TABLE driver_positions IN ACCESS EXCLUSIVE MODE"))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(writing.write(network.web, inbox), 0.2)
    assert len(inbox.history) == 1
    assert await writing.write(network.web, inbox) == 1
    assert await writing.write(network.web, inbox) == 0
    async with network.work() as work:
        assert (await work.session.execute(text("SELECT count(*) FROM fix_history"))).scalar_one() == 1


async def test_who_sees_where_a_driver_is(network: Network) -> None:
    """Merchant and shopper see her from pickup to drop-off alone; the record nobody on the web."""
    town = await a_town(network)
    rosa, dee = town.drivers
    delivery = await town.delivery()
    await send(network, await town.phone(), fix(network))
    await write(network)
    eyes = {
        "merchant": merchant_actor(),
        "shopper": shopper_actor(delivery.id),
        "rosa": driver_actor(rosa.id),
        "dee": driver_actor(dee.id),
    }

    async def seeing() -> set[str]:
        found = set()
        for name, actor in eyes.items():
            async with network.work(actor) as work:
                if await queries.latest(work, [rosa.id]):
                    found.add(name)
        return found

    assert await seeing() == {"rosa"}
    await town.trip(delivery)
    await report_all(network, delivery.id, [FactKind.REACHED_PICKUP])
    assert await seeing() == {"rosa"}
    await report_all(network, delivery.id, [FactKind.PICKED_UP])
    assert await seeing() == {"rosa", "merchant", "shopper"}
    await report_all(network, delivery.id, [FactKind.HANDED_OVER])
    assert await seeing() == {"rosa"}
    async with network.work(GATE) as work:
        allowed = await work.session.execute(text("SELECT has_table_privilege('fix_history', 'SELECT')"))
        assert allowed.scalar_one() is False


async def test_viewers_get_all_once_and_then_what_changes(network: Network) -> None:
    town = await a_town(network)
    rosa, dee = town.drivers
    await send(network, await town.phone(rosa), fix(network, lat=36.1))
    frames = market_frames(network.app, town.market.id)
    first = await anext(frames)
    assert first.startswith(b"event: snapshot\ndata: [")
    assert public("driver", rosa.id).encode() in first
    network.clock.advance(1)
    await send(network, await town.phone(dee), fix(network, lat=36.2))
    second = await anext(frames)
    (shown,) = msgspec.json.decode(second.split(b"data: ")[1])
    assert second.startswith(b"event: positions\n")
    assert (shown["driver"], shown["lat"], shown["accuracy_m"]) == (public("driver", dee.id), 36.2, 8)
    await frames.aclose()  # type: ignore[attr-defined]
    assert network.app.state.live_positions.watched == []


def positions(count: int, at: datetime = START) -> Iterator[Position]:
    for number in range(count):
        moment = at + timedelta(seconds=number)
        yield Position(uuid4(), MARKET, 36.0, -86.0, 5, None, None, moment, moment)


def test_a_slow_viewer_loses_frames_and_then_gets_the_whole_picture() -> None:
    live = Live()
    slow, quick = live.watch(MARKET), live.watch(MARKET)
    quick.frames.get_nowait()
    for position in positions(QUEUED_FRAMES + 3):
        live.hear(position)
        live.show()
        assert quick.frames.get_nowait().startswith(b"event: positions")
    assert slow.frames.full()
    drained = [slow.frames.get_nowait() for _ in range(QUEUED_FRAMES)]
    live.hear(next(positions(1)))
    live.show()
    whole = slow.frames.get_nowait()
    assert whole.startswith(b"event: snapshot")
    assert whole.count(b'"driver"') == QUEUED_FRAMES + 4
    assert sum(frame.count(b'"driver"') for frame in drained) < QUEUED_FRAMES + 3


def test_a_frame_is_encoded_once_for_all_viewers() -> None:
    live = Live()
    viewers = [live.watch(MARKET) for _ in range(20)]
    for position in positions(3):
        live.hear(position)
    live.show()
    frames = [(viewer.frames.get_nowait(), viewer.frames.get_nowait())[1] for viewer in viewers]
    assert len({id(frame) for frame in frames}) == 1
    live.show()
    assert viewers[0].frames.empty(), "where nothing moves, nothing is sent"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=50))
def test_the_newest_wins_in_whatever_order_fixes_come(reports: list[tuple[int, int]]) -> None:
    drivers = [uuid4() for _ in range(4)]
    live = Live()
    for number, second in reports:
        at = START + timedelta(seconds=second)
        live.hear(Position(drivers[number], MARKET, float(second % 90), 0.0, None, None, None, at, START))
    for number, driver in enumerate(drivers):
        told = [second for who, second in reports if who == number]
        kept = live.latest(MARKET, driver)
        assert (kept is None) == (not told)
        if kept is not None:
            assert kept.device_at == START + timedelta(seconds=max(told))


async def test_the_documented_route_keeps_the_same_rules(network: Network) -> None:
    """Behind a server that mounts the routes alone, without the gateway in front."""
    town = await a_town(network, drivers=1)
    bare = FastAPI()
    bare.state._state.update(network.app.state._state)
    problems.install(bare)
    bare.include_router(api.router)
    phone = await town.phone()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(bare), base_url="http://127.0.0.1:8000"
    ) as http:
        taken = await http.post(PATH, json={"fixes": [fix(network)]}, headers=phone)
        wrong = await http.post(PATH, json={"fixes": [fix(network, lat=100)]}, headers=phone)
        large = await http.post(PATH, content=b" " * (MOST_BYTES + 1), headers=phone)
        stranger = await http.post(PATH, json={"fixes": [fix(network)]})
    assert (taken.status_code, taken.json()) == (202, {"taken": 1})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "/fixes/0/lat")
    assert (large.status_code, stranger.status_code) == (413, 401)


async def test_where_somebody_was_is_forgotten_after_thirty_days(network: Network) -> None:
    town = await a_town(network, drivers=1)
    phone = await town.phone()
    await send(network, phone, fix(network))
    await write(network)
    network.clock.advance(29 * 86_400)
    again = await phone_of(network, town.drivers[0].id)
    await send(network, again, fix(network))
    await write(network)
    for days, kept in ((0.5, 2), (1, 1)):
        network.clock.advance(days * 86_400)
        await writing.ask_to_forget(network.web)
        await writing.ask_to_forget(network.web)
        await network.run_jobs()
        async with network.work() as work:
            left = await work.session.execute(text("SELECT count(*) FROM fix_history"))
            assert left.scalar_one() == kept
