"""The driver's phone: signing in, offers, a whole trip with the camera replaced by a file, and what she earned."""

import asyncio
import re
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Street
from tests.factories.browser import Visitor, axe, no_sideways
from tests.factories.deliveries import DOWNTOWN, HOME
from tests.factories.driver_phone import PHONE, DriverPhone, a_phone, pin_of
from tests.factories.labels import label, square_label
from tests.factories.merchants import make_merchant
from tests.features.offers.test_trips import said, tell

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery, DeliveryState, ProofKind, Requirements, ReturnPolicy
from doorstep.features.drivers import queries as drivers
from doorstep.features.offers.rules import OfferState
from doorstep.units.geo import Metres, Seconds
from doorstep.units.money import Money

DECLINES = 50


async def now(street: Street, delivery: Delivery) -> Delivery:
    async with street.network.work() as work:
        return await deliveries.delivery(work, delivery.id)


async def timeline(street: Street, delivery: Delivery) -> list[str]:
    async with street.network.work() as work:
        return [one.name for one in await deliveries.timeline(work, delivery.id)]


async def phone_at(street: Street, visitor: Visitor, **settings: Any) -> DriverPhone:
    return await a_phone(visitor, street.network, street.town.drivers[0].id, **settings)


async def a_shop(street: Street) -> UUID:
    """A merchant who can be billed, so that what was earned is paid."""
    async with street.network.work() as work:
        return (await make_merchant(work)).id


async def trip_on(phone: DriverPhone) -> None:
    await expect(phone.page.locator(".trip")).to_be_visible()


class TestTheDoor:
    async def test_a_code_sent_to_the_phone_lets_her_in_and_duty_is_a_switch(
        self, street: Street, visitor: Visitor
    ) -> None:
        network, driver = street.network, street.town.drivers[0]
        context = await visitor.context(**PHONE, permissions=["geolocation"])
        page = await visitor.open("/driver", in_context=context)
        await page.get_by_label("Your phone number").fill(driver.phone)
        await page.get_by_role("button", name="Send me a code").click()
        field = page.get_by_label("The six digits")
        await expect(field).to_be_focused()
        sent = re.match(r"\d{6}", network.messages.sent[-1][1])
        assert sent
        await field.fill(sent[0])
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()
        duty = page.get_by_role("switch", name="On duty")
        async with page.expect_response(
            "**/driver/v1/duty"
        ):  # the switch turns before the network has answered
            await duty.click()
            await expect(page.get_by_role("heading", name="Off duty, Rosa")).to_be_visible()
        async with network.work() as work:
            assert not (await drivers.driver(work, driver.id)).duty.on
        await duty.click()
        await expect(duty).to_be_checked()
        assert await no_sideways(page)

    async def test_signing_out_leaves_nothing_on_the_phone(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor)
        await expect(phone.page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()
        await phone.page.get_by_role("link", name="Settings").click()
        await phone.press("Sign out")
        await phone.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
        await expect(phone.page.get_by_label("Your phone number")).to_be_visible()
        kept = await phone.page.evaluate(
            "Object.keys(localStorage).filter((k) => k.startsWith('doorstep-driver:'))"
        )
        assert kept == []


class TestOffers:
    async def test_everything_frozen_stands_on_the_card(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor)
        first = await street.town.delivery(tip=Money(5_60), requirements=Requirements(pin=True))
        second = await street.town.delivery(tip=Money(2_00))
        offer = await street.town.offer([first, second], incentive=Money(2_00))
        card = phone.page.locator(".offer")
        await expect(card).to_contain_text(str(offer.terms.total))
        for part in (offer.terms.base, offer.terms.tip, offer.terms.incentive):
            await expect(card).to_contain_text(str(part))
        await expect(card.locator(".facts")).to_contain_text(re.compile(r"5miles.*2doors.*6items"))
        await expect(card).to_contain_text("an hour after")
        await expect(card).to_contain_text("PIN")
        await expect(card.get_by_role("timer")).to_be_visible()
        await expect(card).to_contain_text("Saying no changes nothing else.")
        await expect(card).not_to_contain_text("2015 Belmont")
        no = await card.get_by_role("button", name="Not this one").bounding_box()
        yes = await card.get_by_role("button", name="Accept").bounding_box()
        assert no
        assert yes
        assert (no["width"], no["height"], no["y"]) == (yes["width"], yes["height"], yes["y"])
        assert no["height"] >= 60

    async def test_fifty_times_no_and_nothing_else_changes(self, street: Street, visitor: Visitor) -> None:
        town = street.town
        phone = await phone_at(street, visitor)
        delivery = await town.delivery(credit_limit=Money(5_000_00))
        shown = []
        for _ in range(DECLINES):
            fresh = await town.delivery(credit_limit=Money(5_000_00))
            shown.append(await town.offer([fresh]))
            await phone.press("Not this one")
            await expect(
                phone.page.get_by_text(
                    "It is offered to you again only with more extra pay. Nothing else changes."
                )
            ).to_be_visible()
        assert {(await town.offer_now(offer.id)).state for offer in shown} == {OfferState.DECLINED}
        await expect(phone.page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()
        async with street.network.work() as work:
            driver = await drivers.driver(work, town.drivers[0].id)
        assert (driver.state, driver.duty) == (town.drivers[0].state, town.drivers[0].duty)
        await town.offer([delivery])
        await phone.press("Accept")
        await trip_on(phone)

    async def test_several_at_once_and_one_that_goes_to_somebody_else(
        self, street: Street, visitor: Visitor
    ) -> None:
        town = street.town
        phone = await phone_at(street, visitor)
        slow = await town.offer([await town.delivery()], town.drivers)
        await town.offer([await town.delivery(tip=Money(9_00))], town.drivers)
        await expect(phone.page.get_by_text("2 offers, take one or none")).to_be_visible()
        await expect(phone.page.locator(".several button")).to_have_count(2)
        await town.accept(slow, town.drivers[1])
        await expect(phone.page.get_by_text("2 offers, take one or none")).to_be_hidden()
        await phone.press("Not this one")
        await expect(phone.page.get_by_role("switch", name="On duty")).to_be_visible()


FEELS = """
    window.felt = []
    const request = navigator.wakeLock.request.bind(navigator.wakeLock)
    navigator.wakeLock.request = (kind) => { window.felt.push(`awake: ${kind}`); return request(kind) }
    navigator.vibrate = (pattern) => { window.felt.push(`shakes: ${pattern}`); return true }
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (...at) { window.felt.push("sounds"); return start.apply(this, at) }
"""


class TestAttention:
    async def test_an_offer_sounds_and_shakes_and_the_screen_stays_on(
        self, street: Street, visitor: Visitor
    ) -> None:
        town, phone = street.town, await phone_at(street, visitor)
        page = phone.page
        await phone.context.add_init_script(FEELS)
        await page.reload()
        duty = page.get_by_role("switch", name="On duty")
        await duty.click()  # a page may make itself heard only once it was touched
        await expect(page.get_by_role("heading", name="Off duty, Rosa")).to_be_visible()
        await duty.click()
        await expect(page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()
        await town.offer([await town.delivery()])
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        felt = await page.evaluate("window.felt")
        assert {"awake: screen", "shakes: 180,120,180", "sounds"} <= set(felt)
        await phone.press("Not this one")
        await page.get_by_role("link", name="Settings").click()
        for name in ("Sound", "Vibration"):
            await page.get_by_role("switch", name=name).click()
        await page.evaluate("window.felt.length = 0")
        await town.offer([await town.delivery()])
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        assert await page.evaluate("window.felt") == []

    async def test_targets_are_large_and_the_answers_lie_under_the_thumb(
        self, street: Street, visitor: Visitor
    ) -> None:
        phone = await phone_at(street, visitor)
        page = phone.page

        async def small() -> Any:
            return await page.evaluate(
                """() => [...document.querySelectorAll('.btn, .rnd, .tabs a, .sw:not(.small)')]
                    .filter((one) => one.checkVisibility())
                    .map((one) => [one.getBoundingClientRect(), one.innerText || one.getAttribute('aria-label')])
                    .filter(([box]) => box.height > 0 && (box.height < 47.5 || box.width < 47.5))
                    .map(([box, name]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""
            )

        await expect(page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()
        assert await small() == []
        await street.town.offer([await street.town.delivery(requirements=Requirements(pin=True))])
        for name in ("Not this one", "Accept"):
            button = page.get_by_role("button", name=name)
            await expect(button).to_be_visible()
            box = await button.bounding_box()
            assert box is not None
            assert box["y"] >= 844 * 2 / 3 - 60, f"{name} lies too high for a thumb"
        assert await small() == []
        await phone.press("Accept")
        await trip_on(phone)
        assert await small() == []


CALLS_ITSELF = (
    "(agent) => Object.defineProperty(navigator, 'userAgent', { value: agent, configurable: true })"
)


class TestATrip:
    async def test_from_offer_to_earnings(self, street: Street, visitor: Visitor) -> None:
        town, network = street.town, street.network
        phone = await phone_at(street, visitor, maps=True)
        page = phone.page
        wanted = Requirements(pin=True, photo=True)
        delivery = await town.delivery(tip=Money(4_00), requirements=wanted, merchant_id=await a_shop(street))
        offer = await town.offer([delivery])
        await phone.press("Accept")
        await expect(page.get_by_role("heading", name="Cupcakes on Fifth")).to_be_visible()
        assert (await page.get_by_role("link", name="Navigate").get_attribute("href") or "").endswith(
            "36.159200%2C-86.778500"
        )
        await phone.step("Get there")
        await phone.move(DOWNTOWN.point)
        await phone.step("Collect the order")
        await expect(page.get_by_text("by location")).to_be_visible()
        await page.get_by_text("Scan labels").click()
        await page.get_by_label("From a picture").set_input_files(
            {"name": "label.png", "mimeType": "image/png", "buffer": label("40-1A")}
        )
        await expect(page.get_by_text("Read: 40-1A")).to_be_visible()
        await phone.look_at(square_label())
        await page.get_by_role("button", name="Camera").click()
        await expect(page.get_by_text("Read: 40-2B")).to_be_visible()
        await phone.press("Stop the camera")
        await expect(page.get_by_label("What the camera sees")).to_be_hidden()
        await page.evaluate(CALLS_ITSELF, "Mozilla/5.0 (Linux; Android 16; Pixel 9)")
        await phone.press("I have it all")
        await expect(page.get_by_role("heading", name="Ann L.")).to_be_visible()
        navigate = page.get_by_role("link", name="Navigate")
        at = f"{HOME.point.lat:.6f},{HOME.point.lng:.6f}"
        await expect(navigate).to_have_attribute("href", re.compile(rf"^geo:{at}\?q={at}\(Ann"))
        await page.evaluate(CALLS_ITSELF, "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)")
        await expect(page.locator(".trip")).not_to_contain_text("Lee")
        await expect(page.get_by_text("Blue door")).to_be_visible()
        network.clock.advance(17 * 60)  # a slow road: longer than was promised
        await phone.move(HOME.point)
        await phone.step("Ask for the PIN")
        await expect(navigate).to_have_attribute("href", f"https://maps.apple.com/?daddr={at}&dirflg=d")
        pin = await pin_of(network, delivery.id)
        await page.get_by_label("PIN, four digits").fill("0000" if pin != "0000" else "1111")
        await expect(page.get_by_role("alert")).to_have_text("That is not the code. 4 tries left.")
        await page.get_by_label("PIN, four digits").fill(pin)
        await phone.step("Photo at the door")
        await phone.photograph()
        await phone.step("Hand it over")
        await phone.press("Handed over to Ann")
        await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
        shown = await phone.steps_shown()
        assert len(shown) == len(set(shown)), "a step that was done was drawn as one to do again"
        ended = await now(street, delivery)
        assert ended.state is DeliveryState.DELIVERED
        async with network.work() as work:
            proofs = await deliveries.proofs(work, delivery.id)
        assert {(one.kind, one.ok) for one in proofs if one.kind is not ProofKind.PIN} == {
            (ProofKind.SCAN, True),
            (ProofKind.PHOTO, True),
        }
        await network.run_jobs()
        await page.get_by_role("link", name="Earnings").first.click()
        await page.reload()
        await expect(page.get_by_role("heading", name=str(offer.terms.total))).to_be_visible()
        await expect(page.get_by_text("Paid = promised, 1 of 1")).to_be_visible()
        await expect(page.get_by_text("Difference $0.00.")).to_be_visible()
        # An hour of hers is one of the clock, not of the promise.
        await expect(page.get_by_text(re.compile(r"1 trip, 1[78] min"))).to_be_visible()
        await page.get_by_text("Cupcakes on Fifth").click()
        for line in offer.terms.pay_lines:
            await expect(page.locator(".trips .sum")).to_contain_text(line.what)

    async def test_nobody_home_she_is_tried_twice_and_it_goes_back_for_pay(
        self, street: Street, visitor: Visitor
    ) -> None:
        town, network = street.town, street.network
        phone = await phone_at(street, visitor, geolocation={"latitude": 36.1592, "longitude": -86.7785})
        page = phone.page
        delivery = await town.delivery(merchant_id=await a_shop(street))
        await town.trip(delivery)
        await phone.press("I have it all")
        await phone.move(HOME.point)
        await phone.step("Hand it over")
        await phone.press("Can’t deliver")
        sheet = page.get_by_role("dialog")
        await sheet.get_by_label("Nobody home").check()
        await expect(sheet.get_by_text("Try to reach Ann in two ways first")).to_be_visible()
        await sheet.get_by_role("button", name="I knocked").click()
        await sheet.get_by_role("button", name="I rang").click()
        await sheet.get_by_role("button", name=re.compile(r"Take it back, \$")).click()
        await expect(page.get_by_role("heading", name="Cupcakes on Fifth")).to_be_visible()
        await phone.move(DOWNTOWN.point)
        await phone.step("Give it back")
        await page.get_by_label("Who took it, first name").fill("Sam")
        await phone.press("The shop has it again")
        await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
        assert (await now(street, delivery)).state is DeliveryState.RETURNED
        told = await timeline(street, delivery)
        assert told.count("delivery.contact_tried") == 2
        await network.run_jobs()
        await page.get_by_role("link", name="Earnings").first.click()
        await page.reload()
        await page.locator(".trips summary").first.click()
        await expect(page.locator(".trips .sum")).to_contain_text("way back to the shop")

    async def test_left_with_a_photo_where_the_shop_allows_it(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor, geolocation={"latitude": 36.1592, "longitude": -86.7785})
        delivery = await street.town.delivery(return_policy=ReturnPolicy.LEAVE)
        await street.town.trip(delivery)
        await phone.press("I have it all")
        await phone.move(HOME.point)
        await phone.step("Hand it over")
        await phone.press("Can’t deliver")
        sheet = phone.page.get_by_role("dialog")
        await sheet.get_by_label("Nobody home").check()
        await sheet.get_by_role("button", name="I knocked").click()
        await sheet.get_by_role("button", name="I rang").click()
        from_file = sheet.get_by_label("Photo, and leave it")
        await from_file.set_input_files({"name": "d.png", "mimeType": "image/png", "buffer": label("1")})
        await expect(phone.page.get_by_role("switch", name="On duty")).to_be_visible()
        assert (await now(street, delivery)).state is DeliveryState.DELIVERED

    async def test_a_look_at_a_paper_and_a_signature(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor, geolocation={"latitude": 36.1592, "longitude": -86.7785})
        page = phone.page
        delivery = await street.town.delivery(
            requirements=Requirements(min_age=21, alcohol=True, signature=True)
        )
        await street.town.trip(delivery)
        await phone.press("I have it all")
        await phone.move(HOME.point)
        await phone.step("Look at an ID")
        await phone.press("Expired")
        await expect(page.get_by_role("alert")).to_contain_text("cannot be handed over with this paper")
        await page.get_by_label("Which paper").select_option("passport")
        await phone.press("21 or older, and valid")
        await phone.step("Signature")
        await page.get_by_label("Name of who signs").fill("Ann")
        await phone.press("Signed")
        await phone.press("Handed over to Ann")
        await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
        async with street.network.work() as work:
            proofs = await deliveries.proofs(work, delivery.id)
        papers = sorted((one for one in proofs if one.kind is ProofKind.ID_CHECK), key=lambda one: one.ok)
        assert [one.ok for one in papers] == [False, True]
        assert set(papers[-1].result) <= {"paper", "of_age", "expired", "min_age", "point"}

    async def test_being_there_can_be_said_with_a_reason(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor)
        delivery = await street.town.delivery()
        await street.town.trip(delivery)
        await phone.press("I am here, and why")
        await phone.press("The map has the wrong place")
        await phone.step("Collect the order")
        async with asyncio.timeout(15):  # the step is foreseen; the report is on its way
            while (await now(street, delivery)).state is not DeliveryState.AT_PICKUP:  # noqa: ASYNC110 (the database tells nobody)
                await asyncio.sleep(0.1)
        async with street.network.work() as work:
            events = await deliveries.timeline(work, delivery.id)
        assert events[-1].body["reason"] == "pin_wrong"

    async def test_more_of_the_shop_joins_on_top_and_what_she_had_stays(
        self, street: Street, visitor: Visitor
    ) -> None:
        town = street.town
        phone = await phone_at(street, visitor)
        page = phone.page
        shop = await a_shop(street)
        lunch = await town.delivery(tip=Money(4_00), merchant_id=shop)
        trip = await town.trip(lunch)
        await trip_on(phone)
        dinner = await town.delivery(
            tip=Money(2_50), merchant_id=shop, shopper_first_name="Bea", ready_at=lunch.ready_at
        )
        legs = (Leg(Metres(4000), Seconds(600)), Leg(Metres(800), Seconds(120)))
        offer = await town.offer(
            [dinner], joins=trip.id, doors=(lunch.id, dinner.id), legs=legs, lasts_s=3600
        )
        band = page.get_by_role(
            "button", name=f"More from this shop for your trip: {offer.terms.total} on top"
        )
        await band.click()
        card = page.locator(".offer")
        await expect(card).to_contain_text("One more from the shop ahead")
        await expect(card.locator(".amt")).to_have_text(f"+{offer.terms.total}")
        await expect(card.locator(".facts")).to_contain_text(
            re.compile(r"0.5more miles.*5more minutes.*1more door")
        )
        await expect(card.locator(".stops li")).to_contain_text(
            ["on your way, ready", "A door of yours", "Nashville 37212"]
        )
        await expect(card).to_contain_text("Saying no changes nothing: your trip stays as it is.")
        assert not await axe(page)
        assert await no_sideways(page)
        await phone.press("Accept")
        await trip_on(phone)
        for promised in ("Promised for this trip:", f"Promised for what joined it: {offer.terms.total}"):
            await expect(page.get_by_text(promised)).to_be_visible()
        await phone.press("Give back")
        for name in ("Ann", "Bea"):
            await expect(
                page.get_by_role("button", name=re.compile(rf"Give {name}’s back, \$\d"))
            ).to_be_visible()
        await page.keyboard.press("Escape")
        await phone.move(DOWNTOWN.point)
        await phone.press("I have all 2")
        await expect(page.get_by_role("heading", name="Ann L.")).to_be_visible()
        for one in (lunch, dinner):
            async with asyncio.timeout(10):
                while "delivery.picked_up" not in await timeline(street, one):  # noqa: ASYNC110 (her phone's doing)
                    await asyncio.sleep(0.1)
        assert (await now(street, dinner)).carrier == (await now(street, lunch)).carrier

    async def test_a_yes_that_comes_too_late_to_join_is_told_and_the_trip_stays(
        self, street: Street, visitor: Visitor
    ) -> None:
        town = street.town
        phone = await phone_at(street, visitor)
        town.phones[town.drivers[0].id] = await phone.header()
        lunch = await town.delivery()
        trip = await town.trip(lunch)
        await trip_on(phone)
        dinner = await town.delivery(shopper_first_name="Bea", ready_at=lunch.ready_at)
        legs = (Leg(Metres(4000), Seconds(600)), Leg(Metres(800), Seconds(120)))
        await town.offer([dinner], joins=trip.id, doors=(lunch.id, dinner.id), legs=legs, lasts_s=3600)
        await phone.page.get_by_role("button", name=re.compile("More from this shop")).click()
        await tell(town, trip, [said(street.network, "picked_up")])
        await phone.press("Accept")
        told = phone.page.get_by_text("Too late: it does not join this trip.")
        await expect(told).to_be_visible()
        visitor.forgive("409")
        await trip_on(phone)
        await expect(told).to_be_hidden()
        assert (await now(street, dinner)).carrier is None

    async def test_an_order_given_back_is_somebody_elses_and_its_pay_goes_with_it(
        self, street: Street, visitor: Visitor
    ) -> None:
        phone = await phone_at(street, visitor)
        delivery = await street.town.delivery()
        await street.town.trip(delivery)
        await phone.press("Give back")
        await phone.page.get_by_role("button", name=re.compile(r"Give Ann’s back, \$\d+\.\d\d less")).click()
        await expect(phone.page.get_by_role("switch", name="On duty")).to_be_visible()
        assert (await now(street, delivery)).state is DeliveryState.REQUESTED


class TestForEverybody:
    async def test_axe_finds_nothing_serious_anywhere(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor, maps=True)
        page = phone.page
        for view in ("Earnings", "Help", "Settings", "Drive"):
            await page.get_by_role("link", name=view, exact=True).last.click()
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert await axe(page) == [], view
        delivery = await street.town.delivery(
            tip=Money(3_00), requirements=Requirements(pin=True, photo=True)
        )
        await street.town.offer([delivery], incentive=Money(1_00))
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        assert await axe(page) == [], "offer"
        await phone.press("Accept")
        await trip_on(phone)
        assert await axe(page) == [], "at the shop"
        await page.get_by_role("button", name="Safety").click()
        assert await axe(page) == [], "safety"
        await phone.press("Close")
        await phone.move(DOWNTOWN.point)
        await phone.press("I have it all")
        await phone.move(HOME.point)
        await phone.step("Ask for the PIN")
        assert await axe(page) == [], "at the door"
        await phone.press("Can’t deliver")
        assert await axe(page) == [], "cannot deliver"

    async def test_spanish_from_the_first_word_to_the_last(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor, language="es-MX")
        page = phone.page
        await expect(page.get_by_role("heading", name="De turno, Rosa")).to_be_visible()
        delivery = await street.town.delivery(tip=Money(3_00), merchant_id=await a_shop(street))
        await street.town.offer([delivery])
        await expect(page.get_by_text("Si dices que no, no cambia nada más.")).to_be_visible()
        await phone.press("Aceptar")
        await phone.move(DOWNTOWN.point)
        await phone.press("Lo tengo todo")
        await phone.move(HOME.point)
        await phone.press("Entregado a Ann")
        await expect(page.get_by_role("heading", name="De turno, Rosa")).to_be_visible()
        assert (await now(street, delivery)).state is DeliveryState.DELIVERED
        await street.network.run_jobs()
        await page.get_by_role("link", name="Ganancias").first.click()
        await page.reload()
        await page.locator(".trips summary").first.click()
        arithmetic = page.locator(".trips .sum")
        for line in ("por viaje", "millas", "minutos"):
            await expect(arithmetic).to_contain_text(line)
        await expect(arithmetic).not_to_contain_text("per trip")

    async def test_a_code_that_does_not_fit_is_said_in_her_language(
        self, street: Street, visitor: Visitor
    ) -> None:
        page = await visitor.open("/driver", language="es-MX", **PHONE)
        await page.get_by_role("textbox").fill(street.town.drivers[0].phone)
        await page.locator("form button[type=submit]").click()
        await page.get_by_label("Los seis dígitos").fill("000000")
        await page.locator("form button[type=submit]").click()
        await expect(page.get_by_role("alert")).to_contain_text("Ese código no te deja entrar")
        visitor.forgive("401")

    async def test_keyboard_alone(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor, touch=False)
        page = phone.page
        await expect(page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()

        async def to(name: str) -> None:
            until = time.monotonic() + 20  # round and round: what she goes for may be on its way
            while time.monotonic() < until:
                await page.keyboard.press("Tab")
                here = await page.evaluate(
                    "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText).trim()"
                )
                if here.startswith(name):
                    return
            pytest.fail(f"the keyboard does not reach {name}")

        await to("On duty")
        await page.keyboard.press("Space")
        await expect(page.get_by_role("heading", name="Off duty, Rosa")).to_be_visible()
        await page.keyboard.press("Space")
        await expect(page.get_by_role("heading", name="On duty, Rosa")).to_be_visible()
        delivery = await street.town.delivery()
        await street.town.offer([delivery])
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        await to("Accept")
        await page.keyboard.press("Enter")
        await trip_on(phone)
        await to("I am here, and why")
        await page.keyboard.press("Enter")
        await to("Parked near")
        await page.keyboard.press("Enter")
        await phone.step("Collect the order")
        await to("I have it all")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Ann L.")).to_be_visible()
        await to("I am here, and why")
        await page.keyboard.press("Enter")
        await to("Parked near")
        await page.keyboard.press("Enter")
        await to("Handed over to Ann")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
        assert (await now(street, delivery)).state is DeliveryState.DELIVERED

    async def test_the_largest_text_fits_the_phone(self, street: Street, visitor: Visitor) -> None:
        phone = await phone_at(street, visitor)
        page = phone.page
        await street.town.offer([await street.town.delivery(tip=Money(3_00))], incentive=Money(1_00))
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        await page.set_viewport_size({"width": 260, "height": 563})  # 390 x 844 with the page at 150 %
        assert await no_sideways(page)
        await phone.press("Accept")
        await trip_on(phone)
        assert await no_sideways(page)

    async def test_the_safety_button_reaches_dispatch_with_where_she_is(
        self, street: Street, visitor: Visitor
    ) -> None:
        phone = await phone_at(street, visitor)
        await phone.page.get_by_role("link", name="Help").click()
        await phone.press("Safety")
        await expect(phone.page.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
        await phone.context.set_offline(True)
        await phone.press("I am not safe: tell dispatch")
        await expect(phone.page.get_by_text("No line yet; it goes as soon as there is one.")).to_be_visible()
        await phone.press("Close")  # a call that was made is not taken back by a closed sheet
        await phone.context.set_offline(False)
        await phone.press("Safety")
        await expect(phone.page.get_by_text("Dispatch has it, with where you are.")).to_be_visible()
        visitor.forgive("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK")
        async with street.network.work() as work:
            (call,) = await drivers.safety_calls(work, work.now() - timedelta(hours=1))
        assert call.driver_id == street.town.drivers[0].id
        assert call.point is not None
