"""A phone in a pocket: the worker wakes, says that an offer waits, and nothing else. And more time to answer it."""

import asyncio
import json
import re
from typing import Any

from playwright.async_api import expect
from tests.browser.conftest import Street
from tests.factories.browser import Visitor
from tests.factories.driver_phone import a_phone

from doorstep.features.drivers import queries as drivers
from doorstep.features.wakeups.rules import Language, says
from doorstep.units.ids import public


async def test_a_ring_shows_a_notice_in_her_language(street: Street, visitor: Visitor) -> None:
    phone = await a_phone(
        visitor,
        street.network,
        street.town.drivers[0].id,
        permissions=["geolocation", "notifications"],
    )
    page = phone.page
    line = await phone.context.new_cdp_session(page)
    known: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def registered(told: dict[str, Any]) -> None:
        for one in told["registrations"]:
            if not known.done():
                known.set_result(one["registrationId"])

    line.on("ServiceWorker.workerRegistrationUpdated", registered)
    await line.send("ServiceWorker.enable")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    offer = await street.town.offer([await street.town.delivery()])
    ring = says(public("offer", offer.id), offer.expires_at.isoformat(), "America/Chicago", Language.ES)
    await line.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": street.url, "registrationId": await known, "data": json.dumps(ring)},
    )
    notices = (
        "navigator.serviceWorker.ready.then((worker) => worker.getNotifications())"
        ".then((all) => all.map((one) => [one.title, one.body, one.tag]))"
    )
    async with asyncio.timeout(20):
        while not (shown := await page.evaluate(notices)):  # noqa: ASYNC110 (the worker tells nobody)
            await asyncio.sleep(0.1)
    (title, body, tag), *more = shown
    assert (title, tag, more) == ("Te espera una oferta", "offer", [])
    assert body.startswith("Responde antes de las 11:01")
    await phone.press("Not this one")
    await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
    async with asyncio.timeout(20):
        while await page.evaluate(notices):  # noqa: ASYNC110 (answered: the notice goes)
            await asyncio.sleep(0.1)


async def test_more_time_is_asked_for_once_and_the_card_counts_it(street: Street, visitor: Visitor) -> None:
    driver = street.town.drivers[0]
    phone = await a_phone(visitor, street.network, driver.id, "/driver/settings")
    wish = phone.page.get_by_role("switch", name="More time to answer")
    await expect(wish).not_to_be_checked()
    async with phone.page.expect_response(lambda answer: answer.request.method != "GET") as saved:
        await wish.click()  # shown at once, said to be so a moment later
    assert (await saved.value).ok
    await expect(wish).to_be_checked()
    async with street.network.work() as work:
        assert (await drivers.driver(work, driver.id)).longer_to_answer
    await street.town.offer([await street.town.delivery()])
    await expect(phone.page.get_by_role("timer")).to_have_text(re.compile(r"^1[0-2]\d$"))
