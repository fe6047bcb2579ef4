"""Browsers: session cookies, forged requests, the demo's one-click entry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.factories.identity import PASSWORD, probes
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.app.http import make_app
from doorstep.features.identity import service
from doorstep.features.identity.errors import NoDemoEntry
from doorstep.features.identity.rules import LIFETIMES, DemoRole, MerchantRole, StaffRole
from doorstep.platform.auth.actors import Audience
from doorstep.platform.bus import Bus
from doorstep.units.ids import public

OWN = "http://127.0.0.1:8000"
FROM_OUR_PAGE = {"Origin": OWN, "X-Doorstep-Csrf": "1"}


async def signed_in(network: Network, client: httpx.AsyncClient, origin: str = OWN) -> httpx.Response:
    async with network.work() as work:
        await service.create_staff(
            work, email="ada@example.com", name="Ada", role=StaffRole.OWNER, password=PASSWORD
        )
    body = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/staff/v1/session", json=body, headers={"Origin": origin})
    assert answer.status_code == 201
    return answer


@asynccontextmanager
async def visitor(network: Network, url: str, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at ``url`` of a process with other settings on the same network."""
    app = make_app(
        replace(network.settings, **settings),  # type: ignore[arg-type]
        network.web,
        network.connectors,
        Bus(network.web.url),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url) as client:
        yield client


async def test_our_own_page_gets_a_cookie_that_scripts_cannot_read(network: Network) -> None:
    answer = await signed_in(network, network.http)
    cookie, hint = answer.headers.get_list("set-cookie")
    assert hint.startswith("doorstep-staff-here=1;"), "for pages to read: it opens nothing"
    assert cookie.startswith("doorstep-staff=st_")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert (await network.http.get("/staff/v1/session")).status_code == 200
    gone = await network.http.delete("/staff/v1/session", headers=FROM_OUR_PAGE)
    assert gone.status_code == 204
    assert "doorstep-staff" not in network.http.cookies
    assert (await network.http.get("/staff/v1/session")).status_code == 401


async def test_a_drivers_cookie_outlives_the_app_and_nobody_elses_does(network: Network) -> None:
    staff = await signed_in(network, network.http)
    assert all("Max-Age" not in cookie for cookie in staff.headers.get_list("set-cookie"))
    town = await a_town(network, 1)
    phone = {"phone": town.drivers[0].phone}
    await network.http.post("/driver/v1/session/code", json=phone, headers=FROM_OUR_PAGE)
    code = network.messages.sent[-1][1][:6]
    opened = await network.http.post("/driver/v1/session", json=phone | {"code": code}, headers=FROM_OUR_PAGE)
    assert opened.status_code == 201, opened.text
    whole_life_s = LIFETIMES[Audience.DRIVER].absolute.total_seconds()
    for cookie in opened.headers.get_list("set-cookie"):
        assert f"Max-Age={whole_life_s:.0f};" in cookie, "as long as the session may live, and no longer"


async def test_over_https_the_cookie_is_bound_to_the_host(network: Network) -> None:
    async with visitor(network, "https://ops.example.com", host="0.0.0.0") as browser:
        answer = await signed_in(network, browser, "https://ops.example.com")
        cookie, _ = answer.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-doorstep-staff=st_")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert (await browser.get("/staff/v1/session")).status_code == 200


async def test_in_the_clear_beyond_this_machine_there_is_no_cookie(network: Network) -> None:
    async with visitor(network, "http://ops.example.com", host="0.0.0.0") as browser:
        answer = await signed_in(network, browser, "http://ops.example.com")
        assert "set-cookie" not in answer.headers
        forged = {"Cookie": f"doorstep-staff={answer.json()['token']}"}
        assert (await browser.get("/staff/v1/session", headers=forged)).status_code == 401


async def test_software_gets_no_cookie(network: Network) -> None:
    async with network.work() as work:
        await service.create_staff(
            work, email="ada@example.com", name="Ada", role=StaffRole.OWNER, password=PASSWORD
        )
    answer = await network.http.post(
        "/staff/v1/session", json={"email": "ada@example.com", "password": PASSWORD}
    )
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (FROM_OUR_PAGE, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin", "X-Doorstep-Csrf": "1"}, 200),
        ({}, 403),
        ({"Origin": OWN}, 403),
        ({"X-Doorstep-Csrf": "1"}, 403),
        ({"X-Doorstep-Csrf": "0", "Origin": OWN}, 403),
        ({"X-Doorstep-Csrf": "1", "Origin": "http://evil.example"}, 403),
        ({"X-Doorstep-Csrf": "1", "Origin": "http://127.0.0.1:9000"}, 403),
        ({"X-Doorstep-Csrf": "1", "Origin": "https://127.0.0.1:8000"}, 403),
        ({"X-Doorstep-Csrf": "1", "Origin": "null"}, 403),
        ({"X-Doorstep-Csrf": "1", "Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Doorstep-Csrf": "1", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
    ],
)
async def test_a_change_by_cookie_must_come_from_our_own_page(
    network: Network, headers: dict[str, str], status: int
) -> None:
    network.app.include_router(probes())
    await signed_in(network, network.http)
    assert (await network.http.get("/probe/staff")).status_code == 200
    answer = await network.http.post("/probe/staff", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "forgery_refused"


async def test_a_cookie_of_one_audience_is_nothing_in_anothers_routes(network: Network) -> None:
    network.app.include_router(probes())
    token = (await signed_in(network, network.http)).json()["token"]
    for audience in ("merchant", "driver", "provider"):
        assert (await network.http.get(f"/probe/{audience}")).status_code == 401
        cookie = {"Cookie": f"doorstep-{audience}={token}"}
        assert (await network.http.get(f"/probe/{audience}", headers=cookie)).status_code == 401


async def demo_people(network: Network) -> None:
    driver, merchant = uuid4(), uuid4()
    async with network.work() as work:
        ada = await service.create_staff(
            work, email="demo@example.com", name="Demo", role=StaffRole.DISPATCHER, label="demo"
        )
        user = await service.create_user(
            work, merchant, email="m@example.com", name="Mo", role=MerchantRole.ADMIN, password=PASSWORD
        )
        await service.mark_demo_entry(work, DemoRole.DISPATCHER, ada.id)
        await service.mark_demo_entry(work, DemoRole.DRIVER, uuid4())
        await service.mark_demo_entry(work, DemoRole.DRIVER, driver)
        await service.mark_demo_entry(work, DemoRole.SHOP, user.id, merchant)


async def test_one_click_enters_the_demo_on_this_machine(network: Network) -> None:
    await demo_people(network)
    for role, path in (
        ("dispatcher", "/staff/v1/session"),
        ("driver", "/driver/v1/session"),
        ("shop", "/v1/session"),
    ):
        entered = await network.http.post("/demo/enter", json={"as": role}, headers={"Origin": OWN})
        assert entered.status_code == 201, entered.text
        token = entered.json()["token"]
        network.http.cookies.clear()
        assert (await network.http.get(path)).status_code == 401
        assert (await network.http.get(path, headers={"Authorization": f"Bearer {token}"})).status_code == 200


async def test_a_form_enters_too_and_leads_to_the_page_behind_the_door(network: Network) -> None:
    await demo_people(network)
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    entered = await network.http.post("/demo/enter", data={"as": "driver"}, headers=headers)
    assert (entered.status_code, entered.headers["location"]) == (303, "/driver")
    assert (await network.http.get("/driver/v1/session")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        # A name of the attacker's, pointed at this machine: its page is "same origin" with itself.
        {"Origin": "http://evil.example:8000", "Host": "evil.example:8000", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_a_foreign_page_cannot_enter(network: Network, headers: dict[str, str]) -> None:
    await demo_people(network)
    answer = await network.http.post("/demo/enter", json={"as": "dispatcher"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forgery_refused")


async def test_beyond_this_machine_only_a_public_demo_is_entered_and_without_dispatcher(
    network: Network,
) -> None:
    await demo_people(network)
    url = "http://demo.example.com"
    for public_demo, expected in (
        (False, {"dispatcher": 404, "driver": 404, "shop": 404}),
        (True, {"dispatcher": 404, "driver": 201, "shop": 201}),
    ):
        async with visitor(network, url, host="0.0.0.0", public_demo=public_demo) as browser:
            for role, status in expected.items():
                answer = await browser.post("/demo/enter", json={"as": role}, headers={"Origin": url})
                assert answer.status_code == status, (public_demo, role)


async def test_a_live_network_has_no_such_entry(network: Network) -> None:
    await demo_people(network)
    async with network.work() as work:
        await work.session.execute(text("UPDATE network SET mode = 'live'"))
    answer = await network.http.post("/demo/enter", json={"as": "driver"}, headers={"Origin": OWN})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_demo_entry")
    with pytest.raises(NoDemoEntry):
        async with network.work() as work:
            await service.mark_demo_entry(work, DemoRole.DRIVER, uuid4())


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"as": "owner"}', b'{"as": "driver", "x": 1}', b"\xff", b'"driver"']
)
async def test_entering_as_nobody_is_refused(network: Network, body: bytes) -> None:
    answer = await network.http.post("/demo/enter", content=body, headers={"Origin": OWN})
    assert answer.status_code == 422


async def test_a_visitor_does_not_push_out_another(network: Network) -> None:
    await demo_people(network)
    tokens = [
        (await network.http.post("/demo/enter", json={"as": "driver"}, headers={"Origin": OWN})).json()[
            "token"
        ]
        for _ in range(2)
    ]
    network.http.cookies.clear()
    for token in tokens:
        answer = await network.http.get("/driver/v1/session", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["driver"].startswith(public("driver", uuid4())[:4])
