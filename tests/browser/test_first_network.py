"""A real network from its first start to its first market, as its owner lives it."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from bench.victims import Kind, find
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Demo
from tests.factories.browser import Visitor, axe, no_sideways, settled
from tests.factories.identity import PASSWORD

from doorstep.connectors.us.nation import nation_installed


def own(someone: Visitor) -> dict[str, str]:
    """What a request from a page of this network brings along."""
    return {"X-Doorstep-Csrf": "1", "Origin": someone.url}


def printed_link(network: Demo) -> str:
    """The link that the first start prints, as the path of this network."""
    found = re.search(rf"{network.url}(/owner#[A-Za-z0-9_-]+)", network.log.read_text())
    assert found, network.log.read_text()
    return found[1]


def command(network: Demo, *words: str) -> "subprocess.CompletedProcess[str]":
    """``doorstep WORDS`` beside the running network."""
    program = str(Path(sys.executable).parent / "doorstep")
    return subprocess.run(
        [program, *words], env=network.environment, capture_output=True, text=True, check=False, timeout=60
    )


async def names_in_figures(network: Demo, count: int) -> list[str]:
    """The markets of ``/status.json`` once there are ``count``."""
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=network.url, trust_env=False) as http:
        while True:
            told = (await http.get("/status.json")).json()["markets"]
            if len(told) == count:
                return [market["name"] for market in told]
            await asyncio.sleep(0.2)


async def sign_up(someone: Visitor, link: str) -> Page:
    """She follows the link on her phone, errs, and becomes the owner."""
    page = await someone.open(link, width=390, height=844, touch=True, maps=False)
    become = page.get_by_role("button", name="Become the owner")
    await become.tap()
    await expect(page.get_by_label("Your name")).to_be_focused()
    await expect(page.get_by_text("A name, please.")).to_be_visible()
    await page.get_by_label("Your name").fill("Ada Quist")
    await page.get_by_label("E-mail").fill("ada@example.com")
    password = page.get_by_label("Password")
    await password.fill("too short")
    await page.get_by_role("button", name="Show").tap()
    await expect(password).to_have_attribute("type", "text")
    await become.tap()
    await expect(password).to_be_focused()
    await expect(page.get_by_text("At least 12 characters, 200 at most.")).to_be_visible()
    await settled(page)
    assert not await axe(page)
    assert await no_sideways(page)
    await password.fill(PASSWORD)
    await become.tap()
    await page.wait_for_url("**/console")
    await expect(page.get_by_role("heading", name="Open your first market")).to_be_visible()
    return page


async def a_dispatcher_waits(someone: Visitor, owner: Page) -> None:
    """Somebody invited, who is told that markets are not hers to make."""
    wanted = {"email": "bo@example.com", "name": "Bo", "role": "dispatcher"}
    invited = await owner.context.request.post("/staff/v1/staff", data=wanted, headers=own(someone))
    assert invited.status == 201, await invited.text()
    hers = await someone.context(maps=False)
    accepted = {"token": (await invited.json())["token"], "password": PASSWORD}
    assert (
        await hers.request.post("/staff/v1/invitation", data=accepted, headers=own(someone))
    ).status == 201
    page = await someone.open("/console", in_context=hers)
    await expect(page.get_by_text("Only an owner can open one.")).to_be_visible()
    await expect(page.get_by_role("button", name="Open it")).to_have_count(0)
    await hers.close()


async def a_second_use_is_refused(someone: Visitor, link: str) -> None:
    page = await someone.open(link)
    await page.get_by_label("Your name").fill("Eve")
    await page.get_by_label("E-mail").fill("eve@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This link lets nobody in any more")
    someone.forgive("401")
    await page.goto("/owner")
    await expect(page.get_by_role("alert")).to_contain_text("doorstep owner-link")
    await expect(page.get_by_label("Password")).to_be_hidden()
    await page.context.close()


async def who_reacts_gives_way_to_who_answers(network: Demo) -> None:
    """Within one session, or kernels that share processors out by session would not heed it; in groups of their own."""
    home, launcher = Path(network.environment["DOORSTEP_HOME"]), network.process.pid
    pids = {kind: find(launcher, home, kind) for kind in (Kind.WEB, Kind.DISPATCHER, Kind.WORKER)}
    assert None not in pids.values(), pids

    def nice(kind: Kind) -> int:
        return os.getpriority(os.PRIO_PROCESS, pids[kind] or 0)

    async with asyncio.timeout(20):
        while nice(Kind.WORKER) <= nice(Kind.WEB):  # noqa: ASYNC110 (another process's state: it yields once it is up)
            await asyncio.sleep(0.1)
    assert nice(Kind.WEB) == nice(Kind.DISPATCHER) == os.getpriority(os.PRIO_PROCESS, launcher)
    assert {os.getsid(pid or 0) for pid in pids.values()} == {os.getsid(launcher)}
    assert len({os.getpgid(pid or 0) for pid in [launcher, *pids.values()]}) == 4


async def is_stopped_amid_a_request(network: Demo) -> None:
    """SIGTERM comes while half of a request is under way: it is answered, new ones are not, and all ends well."""
    body = json.dumps({"phone": "+16155550142"}).encode()
    head = (
        f"POST /driver/v1/session/code HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    where = urlsplit(network.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(head.encode() + body[:9])
    await writer.drain()
    async with httpx.AsyncClient(base_url=network.url, trust_env=False) as http:
        assert (await http.get("/readyz")).is_success  # and what was sent before is with the server
        network.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(httpx.TransportError):
            while (await http.get("/readyz")).is_success:  # noqa: ASYNC110 (another process's state)
                await asyncio.sleep(0.02)
    writer.write(body[9:])
    assert (await reader.readline()).startswith(b"HTTP/1.1 202 ")
    writer.close()
    assert await asyncio.to_thread(network.process.wait, 25) == 0
    assert "child_fell" not in network.log.read_text()


@pytest.mark.slow
async def test_the_first_owner_opens_the_first_market_and_the_machine_a_second(
    empty_network: Demo, browser: Browser
) -> None:
    someone = Visitor(browser, empty_network.url)
    link = printed_link(empty_network)
    assert await names_in_figures(empty_network, 0) == []
    await who_reacts_gives_way_to_who_answers(empty_network)

    page = await sign_up(someone, link)
    await a_dispatcher_waits(someone, page)
    await a_second_use_is_refused(someone, link)

    assert not await axe(page)
    assert await no_sideways(page)
    if not nation_installed():
        await page.get_by_label("Another US metro").check()
        await page.get_by_label("Code of the metro").fill("32820")
        await page.get_by_role("button", name="Open it").click()
        await expect(page.get_by_role("alert")).to_contain_text("pip install 'doorstep[us]'")
        someone.forgive("409")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.get_by_label("Nashville").check()
    await page.get_by_role("button", name="Open it").click()
    await expect(page.get_by_role("heading", name="Nashville")).to_be_visible()
    assert await names_in_figures(empty_network, 1) == ["Nashville"]

    # The machine's own way to a market: a command, written down in the audit like everything else.
    made = command(empty_network, "market", "create", "East Side", "--zips", "37206,37216", "--json", "-")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["slug"] == "east-side"
    again = command(empty_network, "market", "create", "--pilot", "nashville")
    assert (again.returncode, again.stdout) == (1, "")
    assert "Another market has this slug" in again.stderr
    assert await names_in_figures(empty_network, 2) == ["East Side", "Nashville"]
    told = await page.context.request.get("/staff/v1/audit")
    assert "market.made" in await told.text()

    for context in someone.contexts:
        await context.close()
    assert not someone.complaints, "\n".join(someone.complaints)
    await is_stopped_amid_a_request(empty_network)
