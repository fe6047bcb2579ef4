"""A dispatcher at her desk: signs in, watches, overrules, takes back, by hand and by keyboard alone."""

import re
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.browser.conftest import Street
from tests.factories.browser import Visitor, axe, no_sideways
from tests.factories.deliveries import DOWNTOWN, report_all
from tests.factories.dispatch import stand, turn
from tests.factories.drivers import make_driver
from tests.factories.identity import PASSWORD, bearer, sign_staff_in
from tests.factories.tiles import street_map

from doorstep.connectors.maps.tiles import StreetTiles
from doorstep.features.console import service
from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.rules import CancelReason, FactKind, Party
from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries as markets
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import NewMerchant
from doorstep.features.offers import queries as offers
from doorstep.features.offers.rules import Trip
from doorstep.units.ids import DeliveryId, public

F = FactKind


async def token_of(street: Street, role: StaffRole = StaffRole.OWNER) -> str:
    return (await sign_staff_in(street.network, role, f"{role}@example.com")).token


async def desk(visitor: Visitor, street: Street, token: str, **settings: Any) -> BrowserContext:
    """A browser whose person is signed in as staff."""
    context = await visitor.context(**({"width": 1440, "height": 900, "maps": False} | settings))
    await context.add_cookies(
        [
            {"name": "doorstep-staff", "value": token, "url": street.url},
            {"name": "doorstep-staff-here", "value": "1", "url": street.url},
        ]
    )
    return context


async def at_the_desk(visitor: Visitor, street: Street, path: str = "/console", **settings: Any) -> Page:
    context = await desk(visitor, street, await token_of(street), **settings)
    page = await visitor.open(path, in_context=context)
    await expect(page.get_by_role("navigation")).to_be_visible()
    return page


async def a_delivery(street: Street) -> DeliveryId:
    async with street.network.work() as work:
        merchant = await merchants.create_merchant(work, NewMerchant(name="Cupcakes on Fifth"))
    return (await street.town.delivery(merchant_id=merchant.id)).id


async def on_the_road(street: Street) -> tuple[DeliveryId, Trip]:
    """A delivery that has its driver, and her first position."""
    one = await street.town.delivery()
    trip = await street.town.trip(one)
    await a_fix(street)
    return one.id, trip


async def a_fix(street: Street, lat: float = 36.15) -> None:
    fix = {"lat": lat, "lng": -86.78, "device_at": street.network.clock.market_now().isoformat()}
    sent = await street.network.http.post(
        "/driver/v1/fixes", json={"fixes": [fix]}, headers=await street.town.phone()
    )
    assert sent.status_code == 202


class TestSignIn:
    async def test_with_password_and_the_code_of_an_authenticator(
        self, visitor: Visitor, street: Street
    ) -> None:
        network = street.network
        token = await token_of(street)
        begun = await network.http.post("/staff/v1/totp", headers=bearer(token))
        authenticator = pyotp.parse_uri(begun.json()["otpauth_uri"])
        assert isinstance(authenticator, pyotp.TOTP)
        code = authenticator.at(network.clock.wall_now())
        await network.http.post("/staff/v1/totp/confirm", headers=bearer(token), json={"code": code})
        network.clock.advance(60)

        page = await visitor.open("/console")
        await page.get_by_label("E-mail").fill("owner@example.com")
        await page.get_by_label("Password").fill("not this one at all")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("do not go together")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_label("Code")).to_be_focused()
        await page.get_by_label("Code").fill(authenticator.at(network.clock.wall_now()))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Needs a person")).to_be_visible()
        visitor.forgive("401")

        await page.get_by_role("button", name="Signed in as Ada").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("E-mail")).to_be_visible()


TRACED = """(tag) => {
    window.traced?.watch.disconnect()
    window.traced = new Set()
    const from = tag.style.transform
    window.traced.watch = new MutationObserver(() => {
        if (tag.style.transform === from || window.traced.has(tag.style.transform)) return
        window.traced.add(tag.style.transform)
        window.tracedAt = performance.now()
    })
    window.traced.watch.observe(tag, { attributes: true, attributeFilter: ['style'] })
}"""
"""Notes every place on the screen that a name tag goes to."""
COME_TO_REST = """() => new Promise((told) => {
    const still = () => window.traced.size && performance.now() - window.tracedAt > 1500
    const look = () => still() ? told(window.traced.size) : setTimeout(look, 100)
    look()
})"""
"""In how many places it was, once it has moved and stands."""


class TestLive:
    async def test_what_happens_shows_without_a_reload(self, visitor: Visitor, street: Street) -> None:
        async with street.network.work() as work:
            await service.refresh_figures(work)
        page = await at_the_desk(visitor, street, maps=True)
        waiting = page.get_by_role("group", name="Waiting")
        await expect(waiting).to_contain_text("0")
        one = await a_delivery(street)
        await expect(waiting.get_by_role("button")).to_have_count(1)
        await waiting.get_by_role("button").click()
        drawer = page.get_by_role("complementary", name="Delivery")
        await expect(drawer.get_by_role("heading", level=2)).to_contain_text("promised by")
        await expect(page).to_have_url(f"{street.url}/console?open={public('delivery', one)}")
        await page.reload()
        await expect(drawer.get_by_role("heading", level=2)).to_contain_text("promised by")

    async def test_marks_are_drawn_and_glide_between_fixes_unless_motion_is_unwanted(
        self, visitor: Visitor, street: Street
    ) -> None:
        await a_fix(street)
        await street.town.offer([await street.town.delivery()])
        context = await desk(visitor, street, await token_of(street), maps=True, still=False)
        await context.add_init_script("window.drawn = 0; window.doorstepTiming = () => { window.drawn += 1 }")
        driver = public("driver", street.town.drivers[0].id)
        page = await visitor.open(f"/console?open={driver}", in_context=context)
        tag = page.locator(".mapbox .tag").first
        await expect(tag).to_be_visible()  # a layer the map refuses is a complaint of the page
        assert await page.evaluate("window.drawn") > 0

        async def places_on_the_way_to(lat: float) -> int:
            """In how many places of the screen she is seen until she stands at ``lat``."""
            await tag.evaluate(TRACED)
            street.network.clock.advance(5)
            await a_fix(street, lat)
            return int(await page.evaluate(COME_TO_REST))

        assert await places_on_the_way_to(36.17) > 1
        await page.emulate_media(reduced_motion="reduce")
        assert await places_on_the_way_to(36.14) == 1

    async def test_what_came_back_is_not_on_its_way_back(self, visitor: Visitor, street: Street) -> None:
        one = await street.town.delivery()
        await street.town.trip(one)
        way = [F.REACHED_PICKUP, F.PICKED_UP, F.REACHED_DROPOFF, F.ATTEMPT_FAILED]
        await report_all(street.network, one.id, way)
        page = await at_the_desk(visitor, street)
        door = page.get_by_role("group", name="At the door", exact=True)
        await expect(door).to_contain_text("1 returning")
        await report_all(street.network, one.id, [F.REACHED_RETURN, F.RETURNED_TO_STORE])
        await expect(door).not_to_contain_text("returning")

    async def test_cards_keep_their_place_under_the_pointer(self, visitor: Visitor, street: Street) -> None:
        await a_delivery(street)
        page = await at_the_desk(visitor, street, "/console/board")
        waiting = page.get_by_role("region", name="Waiting")
        cards = waiting.locator(".cd")
        await expect(cards).to_have_count(1)
        await waiting.hover()
        await street.town.delivery()
        await expect(waiting.get_by_role("button", name="1 new")).to_be_visible()
        await expect(cards).to_have_count(1)
        await page.mouse.move(5, 5)
        await expect(cards).to_have_count(2)
        await expect(waiting.get_by_role("button", name="1 new")).to_have_count(0)

    async def test_what_ended_long_ago_is_found(self, visitor: Visitor, street: Street) -> None:
        one = await a_delivery(street)
        async with street.network.work() as work:
            await deliveries.cancel(work, one, Party.STAFF, CancelReason.OUT_OF_STOCK)
        street.network.clock.advance(3 * 24 * 3600)
        page = await at_the_desk(visitor, street, f"/console/board?find={public('delivery', one)}")
        card = page.get_by_role("region", name="Cancelled").get_by_role("button")
        await expect(card).to_have_count(1)
        await card.click()
        drawer = page.get_by_role("complementary", name="Delivery")
        await expect(drawer).to_contain_text("Over since")

    async def test_one_timeline_from_booking_to_proof_and_money(
        self, visitor: Visitor, street: Street
    ) -> None:
        async with street.network.work() as work:
            shop = await merchants.create_merchant(work, NewMerchant(name="Cupcakes on Fifth"))
        made = await street.town.delivery(merchant_id=shop.id)
        await street.town.trip(made)
        one = made.id
        await report_all(street.network, one, [F.REACHED_PICKUP, F.PICKED_UP])
        await street.network.run_jobs()
        await report_all(street.network, one, [F.HANDED_OVER])
        await street.network.run_jobs()
        page = await at_the_desk(visitor, street, f"/console?open={public('delivery', one)}")
        line = page.get_by_role("region", name="Timeline")
        for told in (
            "Booked",
            "Shown to",
            "Picked up",
            "Delivered",
            "Driver's pay booked",
            "Frozen when shown",
            "Text to the shopper",
            "to …0111, sent",
        ):
            await expect(line).to_contain_text(told)
        assert not await line.locator(".band.e").count(), "a transaction does not balance"
        await page.set_viewport_size({"width": 390, "height": 844})
        for room, there in (("money", ".verdict"), ("market", ".knobs"), ("table", ".twin td")):
            await page.goto(f"/console/{room}")
            await expect(page.locator(there).first).to_be_visible()
            assert await no_sideways(page, ".sheet, .twin"), room

    async def test_a_lost_line_is_said_and_nothing_is_missed(self, visitor: Visitor, street: Street) -> None:
        context = await desk(visitor, street, await token_of(street))
        page = await visitor.open("/console", in_context=context)
        await expect(page.get_by_text("Live", exact=True).nth(1)).to_be_visible()
        waiting = page.get_by_role("group", name="Waiting")
        await context.set_offline(True)
        await expect(page.get_by_text("No connection since")).to_be_visible(timeout=15_000)
        await a_delivery(street)
        await expect(waiting.get_by_role("button")).to_have_count(0)
        await context.set_offline(False)
        await expect(waiting.get_by_role("button")).to_have_count(1, timeout=20_000)
        await expect(page.get_by_text("No connection since")).to_be_hidden()
        visitor.forgive("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK")


class TestOverrides:
    async def test_assigned_with_a_reason_and_taken_back(self, visitor: Visitor, street: Street) -> None:
        one = await a_delivery(street)
        await a_fix(street)
        page = await at_the_desk(visitor, street, f"/console?open={public('delivery', one)}")
        drawer = page.get_by_role("complementary", name="Delivery")
        await drawer.get_by_role("button", name="Assign").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("radio").first.check()
        third = await make_driver(
            street.network, street.town.market.id, 2
        )  # comes on duty while the list is open
        await stand(street.network, third, DOWNTOWN.point)
        await expect(dialog.locator("label", has_text=third.first_name)).to_contain_text("ft")
        await expect(dialog.get_by_role("radio").first).to_be_checked()  # and moves nobody
        ask = dialog.get_by_role("button", name=re.compile("^Ask "))
        await expect(ask).to_have_attribute("aria-disabled", "true")
        await dialog.get_by_label("In your own words").fill("she is next door")
        await ask.click()
        await expect(page.get_by_role("status").filter(has_text="is being asked")).to_be_visible()
        await expect(drawer).to_contain_text("Being asked")
        await expect(drawer).to_contain_text("Reason: she is next door")
        await page.keyboard.press("z")
        await expect(drawer).to_contain_text("Waiting")
        await expect(drawer).to_contain_text("taken back")

    async def test_a_whole_trip_moves_for_the_price_of_the_promise(
        self, visitor: Visitor, street: Street
    ) -> None:
        one, _ = await on_the_road(street)
        page = await at_the_desk(visitor, street, f"/console?open={public('delivery', one)}")
        await page.get_by_role("button", name="Move trip").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("radio").first.check()
        await dialog.get_by_role("button", name="Somebody is nearer").click()
        await dialog.get_by_role("button", name="Move it, $").click()
        drawer = page.get_by_role("complementary", name="Delivery")
        await expect(drawer).to_contain_text("Trip moved by hand")
        await expect(drawer).to_contain_text("Being asked")

    async def test_calling_an_order_off_says_what_its_driver_keeps(
        self, visitor: Visitor, street: Street
    ) -> None:
        one, trip = await on_the_road(street)
        page = await at_the_desk(visitor, street, f"/console?open={public('delivery', one)}")
        drawer = page.get_by_role("complementary", name="Delivery")
        await expect(drawer.get_by_role("button", name="Cancel")).to_be_visible()
        await page.keyboard.press("x")
        dialog = page.get_by_role("dialog")
        async with street.network.work() as work:
            promised = (await offers.offer(work, trip.offer_id)).terms.total
        await expect(dialog).to_contain_text("keeps what she was promised")
        act = dialog.get_by_role("button", name=f"Cancel it for good, {promised}")
        await dialog.get_by_role("button", name="The shop asked for it").click()
        await act.click()
        await expect(drawer).to_contain_text("Cancelled by hand")
        await expect(drawer).to_contain_text("Does not want it any more")

    async def test_who_only_looks_is_told_so_before_she_tries(self, visitor: Visitor, street: Street) -> None:
        one = await a_delivery(street)
        context = await desk(visitor, street, await token_of(street, StaffRole.READ_ONLY))
        page = await visitor.open(f"/console?open={public('delivery', one)}", in_context=context)
        drawer = page.get_by_role("complementary", name="Delivery")
        for name in ("Assign", "Courier", "Amend", "Cancel"):
            act = drawer.get_by_role("button", name=name)
            await expect(act).to_have_attribute("aria-disabled", "true")
            await expect(act).to_have_accessible_description("Your role may not do that.")
        await page.keyboard.press("a")
        await expect(page.get_by_role("dialog")).to_have_count(0)

    async def test_the_queue_is_worked_with_one_key(self, visitor: Visitor, street: Street) -> None:
        await a_delivery(street)
        street.network.clock.advance(45 * 60)
        await a_fix(street)
        page = await at_the_desk(visitor, street)
        queue = page.get_by_role("region", name="Needs a person")
        await expect(queue.get_by_role("listitem")).to_have_count(1)
        await expect(queue).to_contain_text("No driver for")
        await page.keyboard.press("1")
        await expect(
            page.get_by_role("status").filter(has_text="is being asked").or_(page.get_by_role("dialog"))
        ).to_be_visible()


class TestKnobs:
    async def test_a_sum_of_dispatch_is_typed_and_told_as_money(
        self, visitor: Visitor, street: Street
    ) -> None:
        await a_delivery(street)
        page = await at_the_desk(visitor, street, "/console/market")
        rise = page.get_by_label("A no adds")
        knobs = page.locator("form.change").filter(has=page.locator(".knobs"))
        await rise.fill("2.505")
        await expect(rise).to_have_attribute("aria-invalid", "true")
        await rise.fill("2.50")
        await expect(rise).not_to_have_attribute("aria-invalid", "true")
        await knobs.get_by_label("Reason").fill("the bridge is closed")
        await knobs.get_by_role("button", name="Save 1 change").click()
        await expect(page.locator(".diff").first).to_contain_text("A no adds: none → $2.50")
        await expect(rise).to_have_value("2.50")
        async with street.network.work() as work:
            market = await markets.market(work, street.town.market.id)
        assert market.dispatch["rise_step_minor"] == 250


class TestSafety:
    async def test_a_call_for_help_stands_in_every_room_until_it_is_seen_to(
        self, visitor: Visitor, street: Street
    ) -> None:
        page = await at_the_desk(visitor, street)
        help_wanted = page.get_by_role("region", name="Waits for help")
        pressed = {"report_id": "s-1", "kind": "not_safe", "note": "followed"}
        answer = await street.network.http.post(
            "/driver/v1/safety", json=pressed, headers=await street.town.phone()
        )
        assert answer.status_code == 201
        await expect(page.locator(".sr[aria-live=assertive]")).to_contain_text("Rosa R. says she is not safe")
        await expect(help_wanted).to_contain_text("followed")
        await expect(help_wanted.get_by_role("link")).to_have_attribute(
            "href", f"tel:{street.town.drivers[0].phone}"
        )
        assert await axe(page) == []
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await no_sideways(page)
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.keyboard.press("g")
        await page.keyboard.press("t")
        await expect(help_wanted).to_be_visible()
        await help_wanted.get_by_role("button", name="Seen to").click()
        dialog = page.get_by_role("dialog", name="What was done for Rosa")
        await dialog.get_by_label("What was done").fill("the police are with her")
        await dialog.get_by_role("button", name="It is seen to").click()
        await expect(help_wanted).to_be_hidden()


class TestKeyboard:
    async def test_everything_without_a_mouse(self, visitor: Visitor, street: Street) -> None:
        await a_delivery(street)
        page = await at_the_desk(visitor, street)
        await expect(page.get_by_role("group", name="Waiting").get_by_role("button")).to_have_count(1)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        ring = "(({ outlineStyle, outlineWidth }) => `${outlineStyle} ${outlineWidth}`)(getComputedStyle(document.activeElement))"
        assert await page.evaluate(ring) == "solid 2px"
        await page.keyboard.press("Enter")
        drawer = page.get_by_role("complementary", name="Delivery")
        await expect(drawer).to_be_visible()
        await page.keyboard.press("e")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Instructions for the door").focus()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("Blue gate")
        await dialog.get_by_label("In your own words").focus()
        await page.keyboard.type("she called")
        await page.keyboard.press("Enter")
        await expect(drawer).to_contain_text("Blue gate")
        await page.keyboard.press("Escape")
        await expect(drawer).to_be_hidden()
        await page.keyboard.press("/")
        await page.keyboard.type("nobody of that name")
        await expect(page.get_by_role("group", name="Waiting").get_by_role("button")).to_have_count(0)
        await expect(page).to_have_url(f"{street.url}/console?find=nobody+of+that+name")
        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await page.keyboard.press("t")
        await expect(page.get_by_role("table", name="The map as a table")).to_contain_text("→")


class TestStreets:
    async def test_an_operators_street_map_lies_below_the_marks(
        self, visitor: Visitor, street: Street, tmp_path: Path
    ) -> None:
        street.network.connectors.tiles = StreetTiles(street_map(tmp_path / "streets.pmtiles"))
        await on_the_road(street)
        context = await desk(visitor, street, await token_of(street), maps=True)
        page = await context.new_page()
        async with page.expect_response(lambda one: "/tiles/" in one.url and one.status == 200):
            await page.goto("/console")
        await expect(page.get_by_text("© OpenStreetMap contributors")).to_be_visible()


class TestEveryRoom:
    async def test_axe_finds_nothing_serious(self, visitor: Visitor, street: Street) -> None:
        one, _ = await on_the_road(street)
        page = await at_the_desk(visitor, street, f"/console?open={public('delivery', one)}", maps=True)
        await expect(page.get_by_role("region", name="Timeline")).to_contain_text("Booked")
        assert await axe(page) == []
        for room, seen in (
            ("board", "Board"),
            ("table", "The map as a table"),
            ("money", "Promised versus paid"),
            ("market", "How Nashville runs"),
            ("audit", "Audit"),
            ("account", "How you sign in"),
        ):
            await page.goto(f"/console/{room}")
            await expect(page.get_by_role("heading", name=seen)).to_be_visible()
            if room == "market":  # with everything open that can be changed
                for _ in range(await page.locator(".begin").count()):
                    await page.locator(".begin").first.click()
            assert await axe(page) == []
        await page.goto(f"/console?open={public('driver', street.town.drivers[0].id)}")
        await expect(page.get_by_role("complementary", name="Driver")).to_contain_text("stops to go")
        assert await axe(page) == []
        await page.goto(f"/console?open={public('delivery', one)}")
        for key in ("r", "x", "e"):
            await expect(page.get_by_role("button", name="Move trip")).to_be_visible()
            await page.keyboard.press(key)
            await expect(page.get_by_role("dialog")).to_be_visible()
            assert await axe(page) == []
            await page.keyboard.press("Escape")

    @pytest.mark.parametrize("width", [820, 1024, 1280])
    async def test_it_fits_a_tablet(self, visitor: Visitor, street: Street, width: int) -> None:
        one, _ = await on_the_road(street)
        page = await at_the_desk(
            visitor, street, f"/console?open={public('delivery', one)}", width=width, height=800, maps=True
        )
        await expect(page.get_by_role("complementary", name="Delivery")).to_be_visible()
        assert await no_sideways(page)

    async def test_it_speaks_spanish(self, visitor: Visitor, street: Street) -> None:
        page = await at_the_desk(visitor, street, language="es-MX")
        await expect(page.get_by_role("heading", name="Necesita a alguien")).to_be_visible()

    async def test_the_engines_reason_is_told_in_spanish(self, visitor: Visitor, street: Street) -> None:
        one = await a_delivery(street)
        await stand(street.network, street.town.drivers[0], DOWNTOWN.point)
        await turn(street.network, street.town.market.id)
        page = await at_the_desk(
            visitor, street, f"/console?open={public('delivery', one)}", language="es-MX"
        )
        line = page.get_by_role("complementary", name="Entrega")
        await expect(line).to_contain_text("salir más tarde retrasaría la recogida")
        await expect(line).not_to_contain_text("leaving later")

    async def test_a_zone_rests_and_wakes(self, visitor: Visitor, street: Street) -> None:
        page = await at_the_desk(visitor, street, "/console/market")
        await page.get_by_label("ZIP code").fill("37206")
        await page.get_by_role("button", name="Pause a zone").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="The road is blocked").click()
        await dialog.get_by_role("button", name="Pause 37206").click()
        await expect(page.get_by_role("button", name="Open again")).to_be_visible()
        await expect(page.get_by_role("complementary", name="Who changed what")).to_contain_text(
            "The road is blocked"
        )
        await page.keyboard.press("z")
        await expect(page.get_by_role("button", name="Open again")).to_be_hidden()
