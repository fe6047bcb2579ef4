"""Rooms of the console in which things are set and read back: the market, one's own sign-in, the audit, proofs."""

import re
from urllib.parse import parse_qs, urlsplit

import pyotp
from playwright.async_api import Page, expect
from tests.browser.conftest import Street
from tests.browser.test_console import at_the_desk, on_the_road
from tests.factories.browser import Visitor, axe
from tests.factories.deliveries import report_all
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.journeys import a_photo

from doorstep.features.deliveries.rules import FactKind
from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import TariffKind
from doorstep.units.ids import public

F = FactKind


async def base_minor(street: Street) -> int:
    async with street.network.work() as work:
        kind = TariffKind.MERCHANT_DISTANCE
        return (await markets.tariff(work, street.town.market.id, kind, work.now())).terms.base_minor


async def says(page: Page, reason: str) -> None:
    """Write the reason into the form that is open."""
    form = page.locator(".changing")
    await form.get_by_label("Reason, stands in the audit").fill(reason)


class TestMarket:
    async def test_a_tariff_is_typed_checked_begun_and_taken_back(
        self, visitor: Visitor, street: Street
    ) -> None:
        street.network.clock.advance(60)
        before = await base_minor(street)
        page = await at_the_desk(visitor, street, "/console/market")
        opens = page.get_by_role("button", name="New tariff")
        form = page.locator(".changing")
        await opens.press("Enter")
        await expect(form.get_by_role("combobox")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(opens).to_be_focused()
        await opens.press("Enter")
        base = form.get_by_label("Base", exact=True)
        begin = form.get_by_role("button", name="Begin now")
        await base.fill("7,5")
        await expect(form.get_by_role("alert")).to_contain_text("Write an amount like 12.50")
        await expect(begin).to_have_attribute("aria-disabled", "true")
        await base.fill("7.25")
        await says(page, "fuel costs more")
        await begin.click()
        await expect(form).to_be_hidden()
        assert await base_minor(street) == 725
        history = page.get_by_role("complementary", name="Who changed what")
        await expect(history).to_contain_text("by Ada")
        await expect(history).to_contain_text(re.compile(r"Base: \$5\.99 → \$7\.25"))
        street.network.clock.advance(1)
        back = history.get_by_role("button", name="Take back").first
        dialog = page.get_by_role("dialog")
        await back.press("Enter")
        assert await axe(page) == []
        await page.keyboard.press("Escape")
        await expect(back).to_be_focused()
        await back.press("Enter")
        await dialog.get_by_label("Reason, stands in the audit").fill("a typo")
        await dialog.get_by_role("button", name="Take it back").click()
        await expect(history).to_contain_text("a typo")
        assert await base_minor(street) == before

    async def test_levels_change_in_spanish_for_new_promises(self, visitor: Visitor, street: Street) -> None:
        page = await at_the_desk(visitor, street, "/console/market", language="es-MX")
        await page.get_by_role("button", name="Cambiar los niveles").click()
        form = page.locator(".changing")
        await form.get_by_label("En la puerta en").fill("5")
        await expect(form.get_by_role("alert")).to_contain_text("Entre 10")
        await form.get_by_label("En la puerta en").fill("60")
        await form.get_by_label("Día siguiente").uncheck()
        await form.get_by_label(re.compile("Motivo")).fill("hay nieve")
        await form.get_by_role("button", name="Ofrecer estos niveles").click()
        await expect(form).to_be_hidden()
        async with street.network.work() as work:
            rules = (await markets.market(work, street.town.market.id)).rules
        assert rules.express is not None
        assert (rules.express.promise_s, rules.next_day) == (3600, None)
        assert rules.express.reach_m == 16_000  # nobody touched it
        history = page.get_by_role("complementary", name="Quién cambió qué")
        await expect(history).to_contain_text("hay nieve")
        await expect(history).to_contain_text("Sus primeros ajustes")  # what the network wrote as its reason


class TestSignIn:
    async def test_an_authenticator_is_enrolled_by_what_the_page_shows(
        self, visitor: Visitor, street: Street
    ) -> None:
        page = await at_the_desk(visitor, street, "/console/account")
        await page.get_by_role("button", name="Set up an authenticator").click()
        await expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
        assert await axe(page) == []
        secret = (await page.locator(".secret code").inner_text()).replace(" ", "")
        code = page.get_by_label("Now the six digits it shows:")
        await code.fill("000000")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("That code does not fit")
        visitor.forgive("401")
        await code.fill(pyotp.TOTP(secret).at(street.network.clock.wall_now()))
        await page.get_by_role("button", name="Switch it on").click()
        await expect(page.get_by_text("Signing in asks for the code of your authenticator.")).to_be_visible()
        await expect(page.get_by_text("doorstep owner-link")).to_be_visible()


class TestAudit:
    async def test_filters_stand_in_the_address(self, visitor: Visitor, street: Street) -> None:
        network = street.network
        other = await sign_staff_in(network, StaffRole.DISPATCHER, "d@example.com")
        who = f"staff:{public('staff', other.subject)}"
        url = f"/staff/v1/markets/{public('market', street.town.market.id)}/zones/37206"
        for number in range(30):
            body = {"paused": number % 2 == 0, "reason": f"flood {number}"}
            assert (await network.http.post(url, json=body, headers=bearer(other.token))).is_success
        page = await at_the_desk(visitor, street, f"/console/audit?who={who}&what=market")
        lines = page.locator(".audit > ol > li")
        await expect(lines).to_have_count(30)
        await expect(lines.first).to_contain_text("Levels or zones changed")
        await expect(lines.first).to_contain_text("Reason: flood 29")
        await page.get_by_label("Who", exact=True).select_option("")
        await page.get_by_label("What", exact=True).select_option("staff")
        await expect(lines.first).to_contain_text("Person added")
        assert parse_qs(urlsplit(page.url).query) == {"what": ["staff"]}
        await page.get_by_role("button", name="All of it").click()
        await page.get_by_label("From").fill("2036-01-01")
        await expect(page.get_by_text("Nothing fits these filters.")).to_be_visible()
        await page.get_by_role("button", name="Check that nothing was altered").click()
        await expect(page.get_by_text("Unbroken, from the first record")).to_be_visible()


class TestProof:
    async def test_the_photo_at_the_door_is_looked_at(self, visitor: Visitor, street: Street) -> None:
        one, _ = await on_the_road(street)
        delivery = public("delivery", one)
        await report_all(street.network, one, [F.REACHED_PICKUP, F.PICKED_UP, F.REACHED_DROPOFF])
        sent = await street.network.http.post(
            f"/driver/v1/deliveries/{delivery}/proofs",
            data={"kind": "photo", "report_id": "p-1"},
            files={"picture": ("door.jpg", a_photo(), "image/jpeg")},
            headers=await street.town.phone(),
        )
        assert sent.is_success, sent.text
        page = await at_the_desk(visitor, street, f"/console?open={delivery}")
        await page.get_by_role("button", name="Look at it: Photo at the door").click()
        picture = page.get_by_role("img", name="Photo at the door")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("(one) => one.naturalWidth") == 64
