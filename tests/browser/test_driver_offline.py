"""The driver's phone in a tunnel: two minutes without a line in mid-trip, nothing lost, nothing doubled."""

from collections import Counter
from typing import Any

from playwright.async_api import expect
from sqlalchemy import text
from tests.browser.conftest import Street
from tests.factories.browser import Visitor
from tests.factories.deliveries import DOWNTOWN, HOME
from tests.factories.driver_phone import a_phone, pin_of

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import DeliveryState, ProofKind, Requirements

TUNNEL_S = 120
NO_LINE = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED", "ERR_FAILED")


async def test_two_minutes_without_a_line_in_mid_trip(street: Street, visitor: Visitor) -> None:
    network, town = street.network, street.town
    context_settings: dict[str, Any] = {
        "geolocation": {"latitude": DOWNTOWN.point.lat, "longitude": DOWNTOWN.point.lng}
    }
    delivery = await town.delivery(requirements=Requirements(pin=True, photo=True))
    await town.trip(delivery)
    phone = await a_phone(visitor, network, town.drivers[0].id, **context_settings)
    page = phone.page
    await phone.step("Collect the order")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    pin = await pin_of(network, delivery.id)

    await phone.context.set_offline(True)
    await phone.press("I have it all")
    await expect(page.get_by_role("heading", name="Ann L.")).to_be_visible()
    await phone.move(HOME.point)
    await phone.step("Ask for the PIN")
    await page.get_by_label("PIN, four digits").fill(pin)
    await phone.step("Photo at the door")
    await phone.photograph()
    await phone.step("Hand it over")
    await expect(page.get_by_text("reports wait on this phone")).to_be_visible()
    await expect(page.get_by_text("and go once, when the line is back")).to_be_visible()

    await page.reload()  # the phone closes the page; the app opens from its own shelf
    await phone.step("Hand it over")
    await phone.press("Handed over to Ann")
    network.clock.advance(TUNNEL_S)
    async with network.work() as work:
        assert (await deliveries.delivery(work, delivery.id)).state is DeliveryState.AT_PICKUP

    await phone.context.set_offline(False)
    await expect(page.get_by_role("switch", name="On duty")).to_be_visible(timeout=30_000)
    visitor.forgive(*NO_LINE)
    async with network.work() as work:
        assert (await deliveries.delivery(work, delivery.id)).state is DeliveryState.DELIVERED
        names = Counter(one.name for one in await deliveries.timeline(work, delivery.id))
        proofs = Counter(one.kind for one in await deliveries.proofs(work, delivery.id))
        rows = (
            await work.session.execute(
                text(
                    "SELECT kind, device_at, at FROM delivery_reports WHERE delivery_id = :id ORDER BY device_at"
                ),
                {"id": delivery.id},
            )
        ).all()
    assert max(names.values()) == 1, names
    assert proofs == {ProofKind.PIN: 1, ProofKind.PHOTO: 1}
    kinds = [row.kind for row in rows]
    assert kinds == sorted(kinds, key=list(dict.fromkeys(kinds)).index), "each report once, in order"
    assert len(kinds) == len(set(kinds))
    late = [row for row in rows if row.kind == "picked_up"]
    assert (late[0].at - late[0].device_at).total_seconds() > TUNNEL_S / 2, (
        "with the time at which it happened"
    )


async def test_the_app_opens_in_the_tunnel_with_what_it_last_knew(street: Street, visitor: Visitor) -> None:
    await street.town.trip(await street.town.delivery())
    phone = await a_phone(visitor, street.network, street.town.drivers[0].id)
    await expect(phone.page.get_by_role("heading", name="Cupcakes on Fifth")).to_be_visible()
    await phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    browser = await phone.context.new_cdp_session(phone.page)
    told = await browser.send("Page.getInstallabilityErrors")
    missing = {one["errorId"] for one in told["installabilityErrors"]}
    assert missing <= {"in-incognito"}, "the phone cannot put it on its home screen"
    await phone.context.set_offline(True)
    await phone.page.reload()
    await expect(phone.page.get_by_role("heading", name="Cupcakes on Fifth")).to_be_visible()
    await expect(phone.page.get_by_text("You can go on.")).to_be_visible()
    await phone.context.set_offline(False)
    visitor.forgive(*NO_LINE)
