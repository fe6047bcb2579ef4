"""The front door of the running demo: a street to walk into, by click, by key, and out again."""

import asyncio
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Demo
from tests.factories.browser import Visitor, axe, no_sideways, settled


async def pace(demo: Demo) -> Any:
    """What anybody sees of the demo's speed."""
    async with httpx.AsyncClient(base_url=demo.url, trust_env=False) as http:
        return (await http.get("/demo/v1/speed")).json()


async def until_speed(demo: Demo, speed: float) -> None:
    """Wait until the demo's time runs so fast."""
    async with asyncio.timeout(15):
        while (await pace(demo))["speed"] != speed:  # noqa: ASYNC110 (another process changes it)
            await asyncio.sleep(0.1)


async def leave(page: Page, demo: Demo) -> None:
    """Close the page, which would ask on, and walk out."""
    context = page.context
    await page.close()
    left = await context.request.post("/demo/leave", headers={"Origin": demo.url})
    assert left.status == 204


@pytest.mark.slow
class TestDoors:
    @pytest.mark.parametrize(
        ("key", "where"), [("1", "/console"), ("2", "/driver"), ("3", "/shop"), ("4", "/track/")]
    )
    async def test_one_key_leads_through_each_door(
        self, tourist: Visitor, demo: Demo, key: str, where: str
    ) -> None:
        page = await tourist.open("/")
        await expect(page.locator(".now[data-market]")).to_be_visible(timeout=60_000)
        if key == "4":  # somebody has ordered something by now, or will in a moment
            await expect(page.locator('[data-figure="open"]').first).not_to_have_text("0", timeout=60_000)
        await page.keyboard.press(key)
        await page.wait_for_url(f"{demo.url}{where}**")
        await expect(page.get_by_role("heading").first).to_be_visible()
        await leave(page, demo)

    async def test_a_house_is_a_door_too(self, tourist: Visitor, demo: Demo) -> None:
        page = await tourist.open("/", width=1440, height=1000)
        await page.locator('[data-house="3"]').click()
        await page.wait_for_url(f"{demo.url}/shop")
        await leave(page, demo)

    async def test_the_market_slows_down_while_she_is_inside_and_takes_up_its_pace(
        self, tourist: Visitor, demo: Demo
    ) -> None:
        page = await tourist.open("/")
        await until_speed(demo, 30)
        await expect(page.get_by_text("30 times faster than life")).to_be_visible()
        await page.keyboard.press("3")
        await page.wait_for_url(f"{demo.url}/shop")
        await until_speed(demo, 1)
        front = await tourist.open("/", in_context=page.context)
        await expect(front.get_by_text("You are inside as the shop.")).to_be_visible()
        await expect(front.get_by_text("as fast as life").first).to_be_visible()
        await front.get_by_role("button", name="5×", exact=True).click()
        await until_speed(demo, 5)
        await expect(front.get_by_text("5 times faster than life")).to_be_visible()
        await page.close()  # or its own reads would meet a session that is over
        await front.get_by_role("button", name="Leave").click()
        await until_speed(demo, 30)
        await expect(front.get_by_text("You are inside")).to_have_count(0)

    async def test_a_driver_and_a_dispatcher_choose_the_pace_and_walk_out(
        self, tourist: Visitor, demo: Demo
    ) -> None:
        context = await tourist.context(width=390, height=844, touch=True, maps=False)
        page = await tourist.open("/", in_context=context)
        await page.keyboard.press("2")
        await page.wait_for_url(f"{demo.url}/driver")
        await until_speed(demo, 1)
        await page.get_by_text("time runs 1×").click()
        await expect(page.get_by_text("As in life, while somebody is inside.")).to_be_visible()
        assert await axe(page) == []
        assert await no_sideways(page)
        await page.get_by_role("button", name="5×", exact=True).click()
        await until_speed(demo, 5)
        await expect(page.get_by_role("switch", name="Drive for me")).to_be_visible()
        await page.get_by_role("button", name="Leave the demo").click()
        await expect(page).to_have_url(f"{demo.url}/")
        await until_speed(demo, 30)
        tourist.forgive("401")  # what was being asked when the session ended

        desk = await tourist.open("/", maps=False)
        await desk.keyboard.press("1")
        await desk.wait_for_url(f"{demo.url}/console**")
        await desk.get_by_role("button", name="Signed in as").click()
        await desk.get_by_role("dialog").get_by_role("button", name="Leave the demo").click()
        await expect(desk).to_have_url(f"{demo.url}/")
        await until_speed(demo, 30)
        tourist.forgive("401")

    async def test_the_call_that_is_shown_books_a_delivery(self, tourist: Visitor, demo: Demo) -> None:
        context = await tourist.context()
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await tourist.open("/", in_context=context)
        await page.get_by_role("button", name="Copy").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        command = await page.evaluate("navigator.clipboard.readText()")
        curl = await asyncio.create_subprocess_shell(
            f"{command} --silent --noproxy '*'", stdout=asyncio.subprocess.PIPE
        )
        said, _ = await curl.communicate()
        assert b'"tracking_url"' in said, said
        assert f"{demo.url}/track/".encode() in said

    async def test_an_order_under_way_shows_time_slowed_down_and_the_way_out(self, tourist: Visitor) -> None:
        page = await tourist.open("/docs")  # a page that does nothing by itself
        go = ""
        async with asyncio.timeout(90):  # a fresh demo has no order under way yet
            while not go:
                go = await page.evaluate(
                    """fetch('/demo/enter', { method: 'POST', headers: { 'Content-Type': 'application/json' },
                        body: JSON.stringify({ as: 'shopper' }) }).then((a) => a.json()).then((told) => told.go || '')"""
                )
                tourist.forgive("/demo/enter")
                await asyncio.sleep(0.2)
        await page.goto(go)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        bar = page.get_by_role("complementary", name="Demo")
        await expect(bar).to_contain_text("time runs 1× life")
        assert await axe(page) == []
        await bar.get_by_role("button", name="30×").click()
        await expect(bar).to_contain_text("time runs 30× life")
        await bar.get_by_role("button", name="Leave the demo").click()
        await expect(page).to_have_url(f"{tourist.url}/")


@pytest.mark.slow
class TestLooks:
    async def test_axe_finds_nothing_serious(self, tourist: Visitor) -> None:
        page = await tourist.open("/")
        await settled(page)
        assert await axe(page) == []
        await page.goto("/docs")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await axe(page) == []

    async def test_on_a_phone_its_head_is_one_line_and_nothing_is_cut_off(self, tourist: Visitor) -> None:
        page = await tourist.open("/", width=360, height=740, touch=True)
        await settled(page)
        assert await no_sideways(page)
        shown = page.locator(".top nav a:visible")
        assert await shown.all_inner_texts() == ["API", "Español"]
        box = await page.locator(".top").bounding_box()
        assert box is not None
        assert box["height"] < 80
