"""Actors against a real network: they sign in as anybody would, keep trying, and check what they are told."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import pytest
from standardwebhooks.webhooks import Webhook
from tests.factories.network import Network

from doorstep.connectors.messages.twin import MessageTwin
from doorstep.demo import founding, script
from doorstep.demo.line import Line, MarketTime, SignedOut
from doorstep.demo.merchants import Merchant
from doorstep.demo.phone import Phone, Sessions
from doorstep.demo.receiver import Receiver
from doorstep.demo.shoppers import Shoppers
from doorstep.demo.tally import Tally
from doorstep.demo.town import areas


async def _script(network: Network, home: Path) -> script.Script:
    network.connectors.messages = MessageTwin(home / "messages")
    async with network.work() as work:
        return await founding.found(work, network.connectors.secrets, home, 1)


def _phone(network: Network, home: Path, part: script.DriverPart) -> Phone:
    line = Line(network.http, Random(1))
    sessions = Sessions(home / "demo" / "sessions.json")
    return Phone(part, line, MarketTime(line), MessageTwin(home / "messages"), sessions)


async def test_a_driver_signs_in_by_the_code_on_her_phone_and_stays_in_over_a_restart(
    network: Network, tmp_path: Path
) -> None:
    part = (await _script(network, tmp_path)).drivers[0]
    first = await _phone(network, tmp_path, part).call("GET", "/driver/v1/me")
    assert first.good
    assert f"{first.body['first_name']} {first.body['last_name']}" == part.name
    messages = MessageTwin(tmp_path / "messages")
    assert len(messages.received(part.phone)) == 1
    assert (await _phone(network, tmp_path, part).call("GET", "/driver/v1/me")).good
    assert len(messages.received(part.phone)) == 1  # no second code was needed
    assert (tmp_path / "demo" / "sessions.json").stat().st_mode & 0o077 == 0


async def test_a_driver_whose_session_ended_signs_in_again(network: Network, tmp_path: Path) -> None:
    part = (await _script(network, tmp_path)).drivers[1]
    phone = _phone(network, tmp_path, part)
    assert (await phone.call("DELETE", "/driver/v1/session")).good
    assert (await phone.call("GET", "/driver/v1/me")).good
    assert len(MessageTwin(tmp_path / "messages").received(part.phone)) == 2


async def test_a_phone_without_signal_keeps_its_fixes(network: Network, tmp_path: Path) -> None:
    part = (await _script(network, tmp_path)).drivers[2]
    phone = _phone(network, tmp_path, part)
    phone.signal = False
    for _ in range(3):
        phone.see(8.0, 90.0)
    await phone.send_fixes()
    assert network.app.state.live_positions.heard == 0
    phone.signal = True
    await phone.send_fixes()
    assert network.app.state.live_positions.heard == 3


async def test_a_merchant_orders_and_the_shopper_learns_the_code_from_her_own_page(
    network: Network, tmp_path: Path
) -> None:
    played = await _script(network, tmp_path)
    line, tally = Line(network.http, Random(1)), Tally()
    shoppers = Shoppers(line, tally, 1)
    time = MarketTime(line)
    following = asyncio.create_task(time.follow())
    await asyncio.wait_for(time.known.wait(), 60)
    assert abs((time.now() - network.clock.market_now()).total_seconds()) < 30
    for number, part in enumerate(played.merchants):
        merchant = Merchant(part, line, time, shoppers, tally, areas(), Random(number))
        living = asyncio.create_task(merchant.live())
        for _ in range(200):
            found = await merchant.call("GET", "/v1/deliveries")
            if found.body["items"]:
                break
            await asyncio.sleep(0.1)
        living.cancel()
        made = found.body["items"][0]
        told = await shoppers.tell_pin(made["id"])
        assert (told is not None) == ("pin" in made["requirements"])
    following.cancel()
    assert tally.counts["ordered"] >= len(played.merchants)


async def test_the_line_tries_again_until_it_is_answered() -> None:
    answers = iter([503, None, 429, 200])

    def answer(request: httpx.Request) -> httpx.Response:
        status = next(answers)
        if status is None:
            raise httpx.ConnectError("nobody there", request=request)
        return httpx.Response(status, json={"status": status})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://net") as http:
        line = Line(http, Random(1))
        assert (await line.call("GET", "/x")).body == {"status": 200}


async def test_the_line_tells_a_refusal_from_being_signed_out() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401 if request.url.path == "/closed" else 409, json={"code": "offer_gone"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://net") as http:
        line = Line(http, Random(1))
        assert (await line.call("POST", "/offer")).code == "offer_gone"
        with pytest.raises(SignedOut):
            await line.call("POST", "/closed")


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_the_receiver_takes_what_is_signed_and_nothing_else(tmp_path: Path) -> None:
    secrets = tmp_path / "endpoints.json"
    script.write_private(secrets, {"0": SECRET})
    tally = Tally()
    receiver = Receiver(1, secrets, tally, Random(1))
    body = json.dumps({"type": "delivery.created"})
    at = datetime.now(UTC)

    def headers(secret: str) -> dict[str, str]:
        return {
            "webhook-id": "evt_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign("evt_1", at, body),
        }

    transport = httpx.ASGITransport(receiver)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        statuses = {
            (await http.post("/hooks/0", content=body, headers=headers(SECRET))).status_code
            for _ in range(60)
        }
        assert statuses == {204, 500}  # now and then it fails, as real systems do
        assert tally.counts["webhook_heard"] == 1
        assert tally.counts["webhook_again"] > 40
        forged = headers("whsec_" + "A" * 32)
        refused = {(await http.post("/hooks/0", content=body, headers=forged)).status_code for _ in range(20)}
        assert refused <= {400, 500}
        assert 400 in refused
        assert (await http.post("/hooks/7", content=body, headers=headers(SECRET))).status_code == 404
