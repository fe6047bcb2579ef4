"""The shop's counter: a delivery in two clicks, seen in the list with the link its shopper gets."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect
from tests.browser.conftest import Street
from tests.factories.browser import Visitor, axe, no_sideways, settled
from tests.factories.identity import PASSWORD, bearer, make_key
from tests.factories.journeys import Shop
from tests.factories.merchants import make_merchant, make_store
from tests.factories.network import Network
from tests.factories.visits import open_doors, settle

from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import MerchantRole
from doorstep.units.ids import public

EMAIL = "cora@demo.example"


@dataclass(slots=True)
class Counter:
    """A shop at the street, its own software, and the person at its counter."""

    street: Street
    shop: Shop
    visitor: Visitor
    merchant_id: Any

    async def enter(self, path: str = "/shop", **settings: Any) -> Page:
        """Walk in by the shop's door."""
        context = await self.visitor.context(**settings)
        entered = await context.request.post(
            "/demo/enter", data={"as": "shop"}, headers={"Origin": self.street.url}
        )
        assert entered.status == 201, await entered.text()
        return await self.visitor.open(path, in_context=context)

    async def ordered(self) -> None:
        """Ann ordered something lately."""
        await self.shop.order(contains=[{"name": "Red velvet cupcake", "quantity": 2}])

    async def listed(self) -> list[dict[str, Any]]:
        """The shop's deliveries, as its own software sees them."""
        found = await self.shop.get("/v1/deliveries")
        return list(found["items"])


@pytest_asyncio.fixture(loop_scope="session")
async def counter(street: Street, visitor: Visitor) -> Counter:
    network: Network = street.network
    async with network.work() as work:
        merchant = await make_merchant(work, "Sugar Rail")
        store = await make_store(work, merchant.id, name="Sugar Rail, Fifth Avenue")
    await open_doors(network, street.town.drivers[0].id, merchant.id)
    shop = Shop(network, bearer(await make_key(network, merchant.id)), store=public("store", store.id))
    return Counter(street, shop, visitor, merchant.id)


def book(page: Page) -> Any:
    return page.get_by_role("button", name="Book, $")


class TestBooking:
    async def test_two_clicks_book_what_is_on_offer(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter()
        await expect(page.get_by_text("At the door by")).to_be_visible()
        await page.get_by_role("group", name="When").get_by_role("radio").nth(1).check(force=True)
        await expect(page.get_by_text("At the door by")).to_have_count(0)
        await expect(book(page)).to_be_visible()
        await book(page).click()
        await expect(page.get_by_text("Booked for Ann")).to_be_visible()
        first = page.get_by_role("listitem").first
        await expect(first).to_contain_text("Ann")
        await expect(first).to_contain_text("Waiting")
        link = await first.get_by_role("link", name="Ann’s page").get_attribute("href")
        newest, earlier = await counter.listed()
        assert link == newest["tracking_url"] != earlier["tracking_url"]
        assert newest["service_level"] != "express"
        assert newest["quote_id"] is not None
        assert newest["dropoff"]["address"] == earlier["dropoff"]["address"]

    async def test_the_price_is_told_as_its_parts_and_their_sum(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter()
        await expect(book(page)).to_be_visible()
        await page.locator("summary").click()
        await page.get_by_role("combobox", name="The shopper’s tip").select_option("500")
        amounts = [
            round(float(text.removeprefix("$")) * 100) for text in await page.locator("dd").all_inner_texts()
        ]
        *lines, fee, tip, together = amounts
        assert sum(lines) == fee
        assert tip == 500
        assert fee + tip == together
        await expect(page.get_by_role("button", name=f"Book, ${together / 100:.2f}")).to_be_visible()

    async def test_the_first_booking_of_a_shop_is_typed(self, counter: Counter) -> None:
        page = await counter.enter()
        await expect(page.get_by_text("Nothing booked yet.")).to_be_visible()
        await expect(page.get_by_text("Say for whom it is.")).to_be_visible()
        home = counter.shop.wish()["dropoff"]["address"]
        for label, value in (
            ("First name", "Hannah"),
            ("Street and number", home["line1"]),
            ("City", home["city"]),
            ("State", home["state"]),
            ("ZIP", home["postcode"]),
            ("What it is, if you like", "Red velvet cupcake"),
            ("Items", "12"),
            ("Value in dollars", "36.00"),
        ):
            await page.get_by_label(label, exact=True).fill(value)
        await book(page).click()
        await expect(page.get_by_text("Booked for Hannah")).to_be_visible()
        (made,) = await counter.listed()
        assert made["goods"]["contains"][0]["quantity"] == 12
        assert made["goods"]["cart_minor"] == 36_00

    async def test_a_price_that_ran_out_meanwhile_is_asked_again_and_booked(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter()
        await expect(book(page)).to_be_visible()
        counter.street.network.clock.advance(31 * 60)
        await book(page).click()
        await expect(page.get_by_text("Booked for Ann")).to_be_visible()
        assert len(await counter.listed()) == 2
        counter.visitor.forgive("409", "422", "410")

    async def test_a_door_out_of_reach_is_said_in_words(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter(language="es-US")
        await page.get_by_role("radio", name="Otra puerta").check(force=True)
        for label, value in (
            ("Nombre", "Ana"),
            ("Calle y número", "1 Main St"),
            ("Ciudad", "Memphis"),
            ("Estado", "TN"),
            ("Código postal", "38103"),
        ):
            await page.get_by_label(label, exact=True).fill(value)
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await page.get_by_role("alert").inner_text() in {
            "Esta puerta queda fuera de la zona.",
            "No se conoce esta dirección.",
            "Esta puerta queda demasiado lejos de la tienda.",
        }
        counter.visitor.forgive("422")


class TestTheDemo:
    async def test_time_slows_down_for_her_and_she_may_change_it_and_leave(self, counter: Counter) -> None:
        network = counter.street.network
        await network.scale(30)
        page = await counter.enter()
        await settle(network)
        await expect(page.get_by_text("1× life")).to_be_visible(timeout=10_000)
        async with page.expect_response(
            lambda heard: heard.request.method == "POST" and "speed" in heard.url
        ):
            await page.get_by_role("button", name="60×").click()
        await expect(page.get_by_role("button", name="60×")).to_have_attribute("aria-pressed", "true")
        await settle(network)
        await expect(page.get_by_text("60× life")).to_be_visible(timeout=10_000)
        await page.get_by_role("button", name="Leave").click()
        await page.wait_for_url(f"{counter.street.url}/")
        back = await counter.visitor.open("/shop", in_context=page.context)
        await expect(back.get_by_role("button", name="Sign in")).to_be_visible()


class TestSigningIn:
    async def test_with_a_password(self, counter: Counter) -> None:
        page = await counter.visitor.open("/shop")
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill("something else")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        counter.visitor.forgive("401")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Sugar Rail")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()

    async def test_who_may_not_book_sees_the_list(self, counter: Counter) -> None:
        await counter.ordered()
        async with counter.street.network.work() as work:
            await identity.create_user(
                work,
                counter.merchant_id,
                email="store@demo.example",
                name="Sam",
                role=MerchantRole.STORE,
                password=PASSWORD,
            )
        page = await counter.visitor.open("/shop")
        await page.get_by_label("E-mail").fill("store@demo.example")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text("Booking needs an administrator")).to_be_visible()
        await expect(page.get_by_role("listitem")).to_have_count(1)
        counter.visitor.forgive("403")


class TestLooks:
    async def test_axe_finds_nothing_serious(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter()
        await expect(book(page)).to_be_visible()
        await settled(page)
        assert await axe(page) == []

    async def test_it_fits_a_phone(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter(width=360, height=740, touch=True)
        await expect(book(page)).to_be_visible()
        await settled(page)
        assert await no_sideways(page)

    async def test_the_keyboard_alone_books(self, counter: Counter) -> None:
        await counter.ordered()
        page = await counter.enter()
        await expect(book(page)).to_be_visible()
        await page.get_by_role("radio", name="Ann").focus()
        for _ in range(12):
            if await page.evaluate("document.activeElement.type") == "submit":
                break
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Booked for Ann")).to_be_visible()
