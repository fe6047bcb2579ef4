"""The shopper's page: words and range before any script, then live; nothing of ours, nothing private."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Street
from tests.factories.browser import Visitor, axe, no_sideways, settled
from tests.factories.deliveries import driver_actor, report_all
from tests.factories.identity import tracking_link
from tests.features.deliveries.test_proofs import photo

from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.rules import Delivery, FactKind, ProofKind, Requirements
from doorstep.features.deliveries.service import ProofTaken
from doorstep.features.fixes import queries as fixes
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import Brand, NewMerchant

F = FactKind
TO_THE_ROAD = [F.DEPARTED_TO_PICKUP, F.REACHED_PICKUP, F.PICKED_UP, F.DEPARTED_TO_DROPOFF]
HALFWAY = (36.1489, -86.7851)
PHONE: dict[str, Any] = {"width": 390, "height": 844, "touch": True}


class Order:
    """One delivery of a shop with a brand, and what its driver does."""

    def __init__(self, street: Street, made: Delivery) -> None:
        self.street = street
        self.made = made
        self.link = f"/track/{tracking_link(street.network, made.id)}"

    async def accepted(self) -> None:
        await self.street.town.trip(self.made)
        await self.street.network.run_jobs()

    async def does(self, *facts: FactKind) -> None:
        await report_all(self.street.network, self.made.id, list(facts))
        await self.street.network.run_jobs()

    async def seen_at(self, lat: float, lng: float) -> None:
        network, town = self.street.network, self.street.town
        at = network.clock.market_now()
        fix = {"lat": lat, "lng": lng, "device_at": at.isoformat(), "accuracy_m": 8}
        answer = await network.http.post(
            "/driver/v1/fixes", json={"fixes": [fix]}, headers=await town.phone()
        )
        assert answer.status_code == 202, answer.text
        driver_id = town.drivers[0].id
        async for found in _again():
            async with network.work() as work:
                last = (await fixes.latest(work, [driver_id])).get(driver_id)
            if last is not None and last.device_at == at:
                found()

    async def on_the_road(self) -> None:
        await self.accepted()
        await self.does(*TO_THE_ROAD)
        await self.seen_at(*HALFWAY)

    async def photographed(self) -> None:
        network, driver = self.street.network, self.street.town.drivers[0]
        async with network.work(driver_actor(driver.id)) as work:
            await deliveries.add_proof(
                work, network.connectors.blobs, network.connectors.secrets, self.made.id,
                ProofTaken(kind=ProofKind.PHOTO, report_id="1", content=photo()),
            )  # fmt: skip


async def _again(within_s: float = 20) -> AsyncIterator[Any]:
    """Asks again until told that it was found; fails when it was not in time."""
    until = time.monotonic() + within_s
    over = False

    def found() -> None:
        nonlocal over
        over = True

    while time.monotonic() < until:
        yield found
        if over:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not happen within {within_s:g} s")


async def order(street: Street, brand: Brand | None = None, **changes: Any) -> Order:
    async with street.network.work() as work:
        merchant = await merchants.create_merchant(
            work,
            NewMerchant(
                name="Juniper Cupcakes",
                slug="juniper-cupcakes",
                brand=brand or Brand(colour="#a81f3d", help_phone="(615) 555-0142"),
            ),
        )
    sealed = street.network.connectors.secrets.seal(b"4471")
    made = await street.town.delivery(
        merchant_id=merchant.id,
        pin_sealed=sealed,
        **({"requirements": Requirements(pin=True), "items": 2} | changes),
    )
    return Order(street, made)


def words_of(page: Page) -> Any:
    return page.locator("[data-part=eta]")


class TestBeforeAnyScript:
    async def test_words_and_range_are_there_and_the_forms_work(
        self, visitor: Visitor, street: Street
    ) -> None:
        one = await order(street)
        page = await visitor.open(one.link, script=False, **PHONE)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Juniper Cupcakes has your order")
        await expect(page.locator(".t")).to_have_text("11:25–11:55 am".replace(" ", "\u00a0"))
        await expect(page.locator(".pin")).to_have_text("4471")
        await page.locator("#note summary").click()
        await page.get_by_label("How to find your door").fill("Side porch, <b>blue</b> door")
        await page.get_by_role("button", name="Save the note").click()
        await expect(page.get_by_role("status")).to_have_text("Saved. Your driver sees it.")
        await expect(page.locator(".own")).to_have_text("Side porch, <b>blue</b> door")
        await page.get_by_text("+ $2").click()
        await page.get_by_role("button", name="Set this tip").click()
        await expect(page.locator("#tip b").first).to_have_text("Tip $5.00")
        assert await no_sideways(page)

    async def test_no_platform_and_nothing_for_search_engines(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        answer = await street.network.http.get(one.link)
        assert "doorstep" not in answer.text.lower()
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "unsafe" not in answer.headers["content-security-policy"]
        page = await visitor.open(one.link)
        assert await page.title() == "Your order from Juniper Cupcakes"


class TestLive:
    async def test_a_delivery_from_booking_to_the_photo(self, visitor: Visitor, street: Street) -> None:
        one = await order(street, requirements=Requirements(photo=True))
        page = await visitor.open(one.link, **PHONE)
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Juniper Cupcakes has your order")
        await expect(page.locator("#map")).to_be_hidden()
        await one.accepted()
        await expect(heading).to_have_text("Rosa is on the way to Juniper Cupcakes")
        await expect(page.locator("[data-part=person]")).to_contain_text("Rosa")
        await expect(page.locator("#map")).to_be_hidden()
        await one.does(*TO_THE_ROAD)
        await expect(heading).to_have_text("Rosa is on the way with your 2 items")
        await one.seen_at(*HALFWAY)
        await expect(page.locator("#map canvas")).to_be_visible()
        await expect(page.locator(".ts")).to_contain_text("within")
        await one.does(F.REACHED_DROPOFF)
        await expect(heading).to_have_text("Rosa is at your door")
        await one.photographed()
        await one.does(F.HANDED_OVER)
        await expect(heading).to_contain_text("Delivered at")
        await expect(page.locator("#map")).to_be_hidden()
        picture = page.get_by_role("img", name="Photo of the hand-over")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("(img) => img.decode().then(() => img.naturalWidth)") > 0
        await page.get_by_text("+ $4").click()
        await page.get_by_role("button", name="Make it $7.00").click()
        await expect(page.get_by_role("status")).to_contain_text("The tip is $7.00")

    async def test_a_tip_a_driver_accepted_cannot_fall(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        await one.accepted()
        page = await visitor.open(one.link)
        await expect(page.locator("#tip")).to_contain_text("It can only go up now.")
        await page.get_by_text("Other", exact=True).click()
        await page.get_by_label("Tip in all, in $").fill("1")
        await page.evaluate("document.querySelector('form.tips').noValidate = true")
        await page.get_by_role("button", name="Make it $1.00").click()
        await expect(page.get_by_role("alert")).to_contain_text("It can only go up from $3.00")
        visitor.forgive("409")

    async def test_what_is_being_written_survives_the_news(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        page = await visitor.open(one.link)
        await page.locator("#note summary").click()
        box = page.get_by_label("How to find your door")
        await box.fill("Ring twi")
        await one.accepted()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Rosa is on the way to Juniper Cupcakes"
        )
        await expect(box).to_have_value("Ring twi")
        await box.press_sequentially("ce")
        await page.get_by_role("button", name="Save the note").click()
        await expect(page.locator(".own")).to_have_text("Ring twice")
        await expect(box).to_be_hidden()

    async def test_a_lost_line_is_said_and_caught_up(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        context = await visitor.context()
        page = await visitor.open(one.link, in_context=context)
        await expect(page.locator(".lost")).to_be_hidden()
        await context.set_offline(offline=True)
        await expect(page.locator(".lost")).to_be_visible()
        await expect(page.locator(".lost")).to_contain_text("Still")
        await expect(page.locator(".lost")).to_contain_text("Your order is not affected")
        await one.accepted()
        await context.set_offline(offline=False)
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Rosa is on the way to Juniper Cupcakes"
        )
        await expect(page.locator(".lost")).to_be_hidden()
        visitor.forgive("ERR_INTERNET_DISCONNECTED")

    async def test_the_position_grows_old_in_sight(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        await one.on_the_road()
        page = await visitor.open(one.link)
        first = await page.locator(".ts time").text_content()
        await expect(page.locator(".ts time")).not_to_have_text(first or "")


class TestEnds:
    async def test_a_link_that_has_ended_and_one_that_is_none(self, visitor: Visitor, street: Street) -> None:
        one = await order(street, requirements=Requirements())
        await one.accepted()
        await one.does(*TO_THE_ROAD, F.REACHED_DROPOFF, F.HANDED_OVER)
        street.network.clock.advance(25 * 3600)
        page = await visitor.open(one.link)
        await expect(page.get_by_role("heading")).to_have_text("This link has ended")
        assert await axe(page) == []
        page = await visitor.open("/track/nothing")
        await expect(page.get_by_role("heading")).to_have_text("This link shows nothing")
        assert await axe(page) == []
        visitor.forgive("410", "401")


class TestForEverybody:
    @pytest.mark.parametrize("width", [390, 1280])
    async def test_axe_finds_nothing_serious(self, visitor: Visitor, street: Street, width: int) -> None:
        one = await order(street)
        await one.on_the_road()
        page = await visitor.open(one.link, width=width)
        await expect(page.locator("#map canvas")).to_be_visible()
        await page.locator("#help summary").click()
        await settled(page)
        assert await axe(page) == []
        await page.keyboard.press("Escape")
        await page.locator("#note summary").click()
        await page.get_by_text("Other", exact=True).click()
        await settled(page)
        assert await axe(page) == []
        assert await no_sideways(page)

    async def test_spanish_by_the_browser_and_english_by_choice(
        self, visitor: Visitor, street: Street
    ) -> None:
        one = await order(street)
        await one.on_the_road()
        page = await visitor.open(one.link, language="es-MX", **PHONE)
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Rosa va en camino con sus 2 artículos")
        await expect(page.locator(".t")).to_contain_text("m.")
        assert await no_sideways(page)
        await one.does(F.REACHED_DROPOFF)
        await expect(heading).to_have_text("Rosa está en su puerta")
        await page.get_by_role("link", name="English").click()
        await expect(heading).to_have_text("Rosa is at your door")
        assert await page.evaluate("document.documentElement.lang") == "en"

    async def test_keys_alone_reach_everything(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        page = await visitor.open(one.link)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")  # skip link
        await page.locator("#note summary").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("End")
        await page.keyboard.type(", at the back")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator(".own")).to_have_text("Blue door, at the back")
        assert await page.evaluate("document.activeElement.closest('details')?.id") == "note"

    async def test_large_text_still_fits(self, visitor: Visitor, street: Street) -> None:
        one = await order(street)
        await one.on_the_road()
        page = await visitor.open(one.link, width=320, height=640)
        assert await no_sideways(page)


async def test_figures_are_written_as_the_browser_writes_them(visitor: Visitor) -> None:
    from datetime import UTC, datetime, timedelta

    from doorstep.app.faces.track.speech import Lang, Speech

    page = await visitor.open("/console")
    start = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
    instants = [start + timedelta(hours=5 * step, minutes=7 * step) for step in range(12)]
    for lang, locale in ((Lang.EN, "en-US"), (Lang.ES, "es-US")):
        speech = Speech(lang, "America/Chicago")
        written = await page.evaluate(
            """([locale, instants]) => instants.map((at) => new Intl.DateTimeFormat(locale,
                { hour: 'numeric', minute: '2-digit', timeZone: 'America/Chicago' }).format(new Date(at)).toLowerCase())""",
            [locale, [at.isoformat() for at in instants]],
        )
        spaces = str.maketrans({"\u202f": "\u00a0", " ": "\u00a0"})
        assert [speech.time(at) for at in instants] == [text.translate(spaces) for text in written]
