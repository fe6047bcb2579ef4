"""Drivers sign in by a code sent to their phone."""

import asyncio
import re
import time
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.factories.identity import bearer, sign_driver_in
from tests.factories.network import Network

from doorstep.features.identity import queries, service
from doorstep.features.identity.errors import PhoneTaken
from doorstep.features.identity.remembered import ASK_EVERY_S, Remembered
from doorstep.platform.auth.actors import Audience
from doorstep.platform.auth.gate import GATE
from doorstep.units.ids import public

PHONE = "+16155550142"


async def driver_with(network: Network, phone: str = PHONE) -> UUID:
    driver = uuid4()
    async with network.work() as work:
        await service.register_driver_phone(work, driver, phone)
    return driver


async def ask(network: Network, phone: str = PHONE) -> str:
    """The code that arrives on ``phone``."""
    before = len(network.messages.sent)
    answer = await network.http.post("/driver/v1/session/code", json={"phone": phone})
    assert answer.status_code == 202, answer.text
    to, message = network.messages.sent[before]
    assert to == PHONE
    found = re.match(r"\d{6}", message)
    assert found
    return found[0]


async def enter(network: Network, code: str, phone: str = PHONE) -> httpx.Response:
    return await network.http.post("/driver/v1/session", json={"phone": phone, "code": code})


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 10**6:06d}"


async def test_a_code_lets_its_driver_in_once(network: Network) -> None:
    driver = await driver_with(network)
    code = await ask(network, "(615) 555-0142")
    answers = await asyncio.gather(*(enter(network, code) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401]
    opened = next(answer for answer in answers if answer.status_code == 201).json()
    assert opened["subject"] == public("driver", driver)
    me = await network.http.get("/driver/v1/session", headers=bearer(opened["token"]))
    assert me.json() == {"driver": public("driver", driver)}
    assert (
        await network.http.delete("/driver/v1/session", headers=bearer(opened["token"]))
    ).status_code == 204
    assert (await network.http.get("/driver/v1/session", headers=bearer(opened["token"]))).status_code == 401


async def test_a_code_lasts_five_minutes(network: Network) -> None:
    await driver_with(network)
    code = await ask(network)
    network.clock.advance(299)
    assert (await enter(network, code)).status_code == 201
    code = await ask(network)
    network.clock.advance(300)
    assert (await enter(network, code)).status_code == 401


async def test_fifty_wrong_codes_at_once_use_five_tries_and_lock_the_right_one(network: Network) -> None:
    await driver_with(network)
    code = await ask(network)
    wrong = await asyncio.gather(*(enter(network, another(code, n)) for n in range(1, 51)))
    assert {answer.status_code for answer in wrong} == {401}
    assert (await enter(network, code)).status_code == 401
    async with network.work() as work:
        assert (await work.session.execute(text("SELECT tries FROM sign_in_codes"))).scalar_one() == 5


async def test_the_fifth_try_may_still_be_right(network: Network) -> None:
    await driver_with(network)
    code = await ask(network)
    for n in range(1, 5):
        assert (await enter(network, another(code, n))).status_code == 401
    assert (await enter(network, code)).status_code == 201


async def test_a_newer_code_replaces_the_older(network: Network) -> None:
    await driver_with(network)
    first = await ask(network)
    second = await ask(network)
    if first != second:
        assert (await enter(network, first)).status_code == 401
    assert (await enter(network, second)).status_code == 201


async def test_five_codes_an_hour_for_a_phone(network: Network) -> None:
    await driver_with(network)
    for _ in range(5):
        await ask(network)
        network.clock.advance(60)
    sixth = await network.http.post("/driver/v1/session/code", json={"phone": PHONE})
    assert (sixth.status_code, sixth.json()["code"]) == (429, "too_many_tries")
    wait_s = int(sixth.headers["retry-after"])
    network.clock.advance(wait_s)
    assert await ask(network)


async def test_five_codes_an_hour_for_a_place(network: Network) -> None:
    transport = httpx.ASGITransport(network.app, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as stranger:
        answers = [
            await stranger.post("/driver/v1/session/code", json={"phone": f"+1615555014{n}"})
            for n in range(6)
        ]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]


async def test_nobody_learns_who_drives(network: Network) -> None:
    await driver_with(network)
    known = await network.http.post("/driver/v1/session/code", json={"phone": PHONE})
    unknown = await network.http.post("/driver/v1/session/code", json={"phone": "+16155550199"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert [to for to, _ in network.messages.sent] == [PHONE]
    for _ in range(4):
        await network.http.post("/driver/v1/session/code", json={"phone": "+16155550199"})
    sixth = await network.http.post("/driver/v1/session/code", json={"phone": "+16155550199"})
    assert sixth.status_code == 429


async def test_one_active_device_per_driver(network: Network) -> None:
    await driver_with(network)
    first = (await enter(network, await ask(network))).json()["token"]
    second = (await enter(network, await ask(network))).json()["token"]
    assert (await network.http.get("/driver/v1/session", headers=bearer(first))).status_code == 401
    assert (await network.http.get("/driver/v1/session", headers=bearer(second))).status_code == 200


async def test_a_remembered_session_ends_for_every_process_within_half_a_second(network: Network) -> None:
    driver = await driver_with(network)
    first = bearer((await sign_driver_in(network, driver)).token)
    assert (await network.http.get("/driver/v1/session", headers=first)).status_code == 200
    async with network.work() as work:  # another process
        await service.end_sessions(work, driver)
    ended = time.monotonic()
    while True:
        answer = await network.http.get("/driver/v1/session", headers=first)
        if answer.status_code == 401:
            break
    assert time.monotonic() - ended < 1.0


async def test_a_session_looked_up_while_it_ended_is_not_remembered(network: Network) -> None:
    """Read before the end, kept after it: the generation asked for first gives it away."""
    driver = await driver_with(network)
    token = (await sign_driver_in(network, driver)).token
    remembered = Remembered()
    before = await remembered.generation(network.web)
    async with network.work(GATE) as work:
        session = await queries.session_of(work, token, Audience.DRIVER)
    assert session is not None
    async with network.work() as work:
        await service.end_sessions(work, driver)
    remembered.keep(b"digest", before, session)
    await asyncio.sleep(ASK_EVERY_S)  # real time: that long a process may go on without asking
    after = await remembered.generation(network.web)
    assert remembered.find(b"digest", before) == session
    assert remembered.find(b"digest", after) is None


async def test_a_remembered_session_still_ends_in_time(network: Network) -> None:
    token = bearer((await sign_driver_in(network, uuid4())).token)
    assert (await network.http.get("/driver/v1/session", headers=token)).status_code == 200
    network.clock.advance(14 * 86_400)
    assert (await network.http.get("/driver/v1/session", headers=token)).status_code == 401


async def test_a_driver_changes_her_phone_and_nobody_takes_anothers(network: Network) -> None:
    driver = await driver_with(network)
    with pytest.raises(PhoneTaken):
        await driver_with(network)
    async with network.work() as work:
        assert await service.register_driver_phone(work, driver, "615 555 0143") == "+16155550143"
    await network.http.post("/driver/v1/session/code", json={"phone": PHONE})
    assert network.messages.sent == []
    other = await driver_with(network)
    assert other != driver


@pytest.mark.parametrize("phone", ["12345", "call me", "+999 1", "0000", "+1615555014\x00"])
async def test_what_is_no_phone_is_told_so(network: Network, phone: str) -> None:
    answer = await network.http.post("/driver/v1/session/code", json={"phone": phone})
    assert answer.status_code == 422
    assert (await enter(network, "123456", phone)).status_code == 422
