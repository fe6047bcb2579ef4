"""One delivery on three screens at once: the desk, the driver's phone and the shopper's page, none of them reloaded."""

import asyncio
import re
from typing import Any

from playwright.async_api import Page, expect
from tests.browser.conftest import Street
from tests.factories.browser import PATIENCE_MS, Visitor
from tests.factories.dispatch import stand, turn
from tests.factories.driver_phone import PHONE, DriverPhone, a_phone, pin_of
from tests.factories.identity import bearer, make_key, sign_staff_in
from tests.factories.journeys import Shop
from tests.factories.merchants import DOWNTOWN_POINT, EAST_POINT, make_merchant, make_store

from doorstep.features.tracking.rules import GRID_M
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.ids import parse, public

HALFWAY = LatLng(lat=36.162345, lng=-86.769876)


async def a_desk(street: Street, visitor: Visitor) -> Page:
    """The console of somebody signed in."""
    token = (await sign_staff_in(street.network)).token
    context = await visitor.context(width=1440, height=900)
    await context.add_cookies(
        [
            {"name": "doorstep-staff", "value": token, "url": street.url},
            {"name": "doorstep-staff-here", "value": "1", "url": street.url},
        ]
    )
    return await visitor.open("/console", in_context=context)


async def the_shop(street: Street) -> Shop:
    """A shop downtown whose till speaks to the API."""
    network = street.network
    async with network.work() as work:
        merchant = await make_merchant(work, "Juniper Cupcakes")
        store = await make_store(work, merchant.id)
    return Shop(network, bearer(await make_key(network, merchant.id)), public("store", store.id))


async def place_given(page: Page) -> list[float] | None:
    """Where the shopper's browser is told that the car is, as longitude and latitude; None when it is told nothing."""
    state: dict[str, Any] = await page.evaluate(
        r"""fetch(location.href).then((answer) => answer.text()).then((text) =>
            JSON.parse(/<script [^>]*id="state">(.*?)<\/script>/.exec(text)[1]))"""
    )
    return None if state["map"] is None else state["map"]["car"]


async def seen_beyond(page: Page, point: LatLng) -> LatLng:
    """Where the shopper is told that the car is, once it is half a mile from ``point``."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while True:
            given = await place_given(page)
            if given is not None and great_circle_m(seen := LatLng(lat=given[1], lng=given[0]), point) > 800:
                return seen
            await asyncio.sleep(0.2)


async def shop_surface(page: Page) -> str:
    """The colour of surfaces in the dark as the page itself says it for this shop, whatever came with the map."""
    return str(
        await page.evaluate(
            r"""(() => {
                const said = [...document.querySelectorAll('style')].map((one) => one.textContent).join()
                const [, hex] = /scheme:dark\)\{:root:root:root\{[^}]*--surface:#([0-9a-f]{6})/.exec(said)
                return `rgb(${hex.match(/../g).map((two) => parseInt(two, 16)).join(', ')})`
            })()"""
        )
    )


class Screens:
    """What three people look at; nobody reloads anything."""

    def __init__(self, desk: Page, phone: DriverPhone, page: Page) -> None:
        """All three are open from before the driver is asked until after the hand-over."""
        self.desk, self.phone, self.page = desk, phone, page

    async def show(self, *, board: str, phone: str, page: str) -> None:
        """All three say the same, each in its own words."""
        column = self.desk.get_by_role("group", name=board, exact=True)
        await expect(column.get_by_role("button")).to_have_count(1)
        await expect(column).to_contain_text("Ann")
        await expect(self.phone.page.get_by_role("main")).to_contain_text(phone)
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile(page))


async def test_a_delivery_from_the_order_to_the_proof_is_seen_on_all_three_at_once(
    street: Street, visitor: Visitor
) -> None:
    network, driver = street.network, street.town.drivers[0]
    shop = await the_shop(street)
    await stand(network, driver, DOWNTOWN_POINT)
    desk = await a_desk(street, visitor)
    phone = await a_phone(visitor, network, driver.id, maps=True)
    await expect(phone.page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()

    order = await shop.order(requirements=["pin", "photo"])
    page = await visitor.open(f"/track/{order['tracking_url'].rsplit('/', 1)[-1]}", **PHONE)
    screens = Screens(desk, phone, page)
    await screens.show(board="Waiting", phone="On duty", page="Juniper Cupcakes has your order")

    await turn(network, street.town.market.id)  # dispatch asks the one who stands at the shop
    await screens.show(board="Being asked", phone="Saying no changes nothing else.", page="has your order")
    await phone.press("Accept")
    await screens.show(board="To store", phone="Get there", page="Rosa is on the way to Juniper Cupcakes")
    assert await place_given(page) is None, "where she is before she has the goods is nobody's business"

    await phone.move(DOWNTOWN_POINT)
    await screens.show(board="At store", phone="Collect the order", page="Rosa is collecting your order")
    await expect(page.locator("#map")).to_be_hidden()
    await phone.press("I have it all")
    network.clock.advance(300)
    # Her phone asks for the time now and then; until it has, what it says of a moment is older than what it said before.
    await expect(phone.page.get_by_text("11:05 am, time runs")).to_be_visible()
    await phone.move(HALFWAY)
    await screens.show(board="On the way", phone="Ann L.", page="Rosa is on the way with your 2 items")
    await expect(page.locator("#map canvas")).to_be_visible()
    await page.emulate_media(color_scheme="dark")
    await expect(page.locator(".crd").first).to_have_css("background-color", await shop_surface(page))
    seen = await seen_beyond(page, DOWNTOWN_POINT)
    assert 0 < great_circle_m(seen, HALFWAY) <= GRID_M, "told roughly, not where she is"
    assert seen == seen.rounded(GRID_M)

    await phone.move(EAST_POINT)
    await screens.show(board="At the door", phone="Ask for the PIN", page="Rosa is at your door")
    pin = await pin_of(network, parse("delivery", order["id"]))
    await expect(page.locator(".pin")).to_have_text(pin)
    await phone.page.get_by_label("PIN, four digits").fill(pin)
    await phone.step("Photo at the door")
    await phone.photograph()
    await phone.step("Hand it over")
    await phone.press("Handed over to Ann")
    await screens.show(board="Delivered", phone="On duty", page="Delivered at")
    await expect(page.get_by_role("img", name="Photo of the hand-over")).to_be_visible()
    await expect(page.locator("#map")).to_be_hidden()
    assert await place_given(page) is None, "nor after it"
    await desk.get_by_role("group", name="Delivered", exact=True).get_by_role("button").click()
    line = desk.get_by_role("region", name="Timeline")
    for told in ("Booked", "Accepted", "Picked up", "Photo", "Delivered"):
        await expect(line).to_contain_text(told)
