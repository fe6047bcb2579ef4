"""Merchants and their stores over HTTP."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.factories.identity import bearer, make_key, sign_staff_in
from tests.factories.markets import make_market
from tests.factories.merchants import make_merchant, make_store
from tests.factories.network import Network

from doorstep.features.identity.rules import Scope, StaffRole
from doorstep.features.merchants import queries
from doorstep.features.merchants.errors import UnknownMerchant
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.units.ids import parse, public

STORE: dict[str, Any] = {
    "name": "Broadway",
    "external_id": "0042",
    "address": {
        "line1": "400 redbud street",
        "line2": "suite 5",
        "city": "nashville",
        "state": "tn",
        "postcode": "37203-1234",
    },
    "point": {"lat": 36.1512, "lng": -86.7895},
    "hours": {
        **{
            d: [{"opens": "08:00", "closes": "22:00"}] for d in ("monday", "tuesday", "wednesday", "thursday")
        },
        "saturday": [{"opens": "17:00", "closes": "24:00"}, {"opens": "09:30", "closes": "14:00"}],
        "closed_days": ["2026-12-25"],
    },
    "instructions": "Ring at the side door.",
    "prep_s": 1200,
    "phone": "(615) 555-0142",
}


async def a_shop(network: Network) -> tuple[str, dict[str, str]]:
    """A merchant in an open market: its public id and the header of its key."""
    async with network.work() as work:
        await make_market(work)
        merchant = await make_merchant(work)
    return public("merchant", merchant.id), bearer(await make_key(network, merchant.id))


async def test_a_store_is_opened_in_the_market_that_holds_it(network: Network) -> None:
    merchant, key = await a_shop(network)
    made = await network.http.post("/v1/stores", json=STORE, headers=key)
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["merchant"] == merchant
    assert told["timezone"] == "America/Chicago"
    assert told["phone"] == "+16155550142"
    assert told["address"] == {
        "line1": "400 Redbud St",
        "line2": "Ste 5",
        "city": "Nashville",
        "state": "TN",
        "postcode": "37203",
        "country": "US",
    }
    assert told["hours"]["saturday"] == [
        {"opens": "09:30", "closes": "14:00"},
        {"opens": "17:00", "closes": "24:00"},
    ]
    assert told["hours"]["friday"] == []
    assert told["open_now"] is True  # a Saturday, eleven in the morning
    assert told["next_open"]["end"] == "2026-11-21T20:00:00Z"
    read = await network.http.get(f"/v1/stores/{told['id']}", headers=key)
    assert read.json() == told
    assert (await network.http.get("/v1/stores", headers=key)).json() == {"items": [told], "next": None}


async def test_without_coordinates_the_zip_decides(network: Network) -> None:
    _, key = await a_shop(network)
    coarse = {name: value for name, value in STORE.items() if name != "point"}
    told = (await network.http.post("/v1/stores", json=coarse, headers=key)).json()
    assert told["point"] == {"lat": 36.149775, "lng": -86.789146}


async def test_what_cannot_be_a_store(network: Network) -> None:
    _, key = await a_shop(network)
    refused: list[tuple[dict[str, Any], str, str]] = [
        ({"address": STORE["address"] | {"postcode": "99999"}}, "address_not_found", "/address"),
        ({"point": {"lat": 36.9, "lng": -86.7}}, "address_not_found", "/address"),
        ({"phone": "12"}, "malformed_phone", "/phone"),
        ({"hours": {"monday": [{"opens": "22:00", "closes": "08:00"}]}}, "malformed_hours", "/hours/monday"),
        ({"hours": {"monday": [{"opens": "8", "closes": "9"}]}}, "invalid", "/body/hours/monday/0/opens"),
        ({"name": "a\x00b"}, "invalid", "/body/name"),
        ({"instructions": "x" * 1001}, "invalid", "/body/instructions"),
        ({"prep_s": -1}, "invalid", "/body/prep_s"),
    ]
    for changes, code, where in refused:
        answer = await network.http.post("/v1/stores", json=STORE | changes, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert where in {error["where"] for error in answer.json()["errors"]}


@pytest.mark.no_markets
async def test_where_no_market_is_no_store_can_be(network: Network) -> None:
    async with network.work() as work:
        merchant = await make_merchant(work)
    key = bearer(await make_key(network, merchant.id))
    answer = await network.http.post("/v1/stores", json=STORE, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "outside_markets")


async def test_a_stores_number_is_its_merchants_own(network: Network) -> None:
    _, key = await a_shop(network)
    async with network.work() as work:
        rival = await make_merchant(work, name="Rival")
    other = bearer(await make_key(network, rival.id))
    first = (await network.http.post("/v1/stores", json=STORE, headers=key)).json()
    again = await network.http.post("/v1/stores", json=STORE, headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "store_external_id_taken")
    assert (await network.http.post("/v1/stores", json=STORE, headers=other)).status_code == 201
    second = (await network.http.post("/v1/stores", json=STORE | {"external_id": "43"}, headers=key)).json()
    taken = await network.http.patch(f"/v1/stores/{second['id']}", json={"external_id": "0042"}, headers=key)
    assert taken.status_code == 409
    same = await network.http.patch(f"/v1/stores/{first['id']}", json={"external_id": "0042"}, headers=key)
    assert same.status_code == 200


async def test_the_same_idempotency_key_opens_one_store(network: Network) -> None:
    _, key = await a_shop(network)
    headers = key | {"Idempotency-Key": "opening"}
    first = await network.http.post("/v1/stores", json=STORE, headers=headers)
    second = await network.http.post("/v1/stores", json=STORE, headers=headers)
    assert first.json() == second.json()
    assert len((await network.http.get("/v1/stores", headers=key)).json()["items"]) == 1


async def test_a_store_moves_closes_and_changes_its_hours(network: Network) -> None:
    _, key = await a_shop(network)
    store = (await network.http.post("/v1/stores", json=STORE, headers=key)).json()
    url = f"/v1/stores/{store['id']}"
    moved = await network.http.patch(
        url, json={"address": STORE["address"] | {"postcode": "37206"}}, headers=key
    )
    assert moved.json()["point"] == {"lat": 36.179319, "lng": -86.731083}
    corrected = await network.http.patch(url, json={"point": {"lat": 36.18, "lng": -86.73}}, headers=key)
    assert corrected.json()["point"] == {"lat": 36.18, "lng": -86.73}
    assert corrected.json()["address"]["postcode"] == "37206"
    changed = await network.http.patch(
        url,
        json={"hours": {"sunday": [{"opens": "10:00", "closes": "12:00"}]}, "state": "inactive", "phone": ""},
        headers=key,
    )
    told = changed.json()
    assert (told["state"], told["phone"], told["open_now"]) == ("inactive", "", False)
    assert told["next_open"]["start"] == "2026-11-22T16:00:00Z"
    assert told["instructions"] == STORE["instructions"], "what is left out stays"


async def test_stores_come_page_by_page_newest_first(network: Network) -> None:
    _, key = await a_shop(network)
    for number in range(5):
        body = STORE | {"external_id": str(number), "name": f"Store {number}"}
        assert (await network.http.post("/v1/stores", json=body, headers=key)).status_code == 201
    names: list[str] = []
    cursor = ""
    while True:
        page = (await network.http.get(f"/v1/stores?limit=2{cursor}", headers=key)).json()
        names += [store["name"] for store in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert names == [f"Store {number}" for number in (4, 3, 2, 1, 0)]


async def test_a_merchant_sees_and_changes_only_its_own(network: Network) -> None:
    merchant, key = await a_shop(network)
    store = (await network.http.post("/v1/stores", json=STORE, headers=key)).json()
    async with network.work() as work:
        rival = await make_merchant(work, name="Rival")
    other = bearer(await make_key(network, rival.id))
    url = f"/v1/stores/{store['id']}"
    assert (await network.http.get(url, headers=other)).status_code == 404
    assert (await network.http.patch(url, json={"name": "Mine"}, headers=other)).status_code == 404
    assert (await network.http.get("/v1/stores", headers=other)).json()["items"] == []
    own = (await network.http.get("/v1/merchant", headers=other)).json()
    assert own["name"] == "Rival"
    async with network.work(Actor(Audience.MERCHANT, subject=rival.id, tenant=rival.id)) as work:
        with pytest.raises(UnknownMerchant):
            await queries.merchant(work, parse("merchant", merchant))


async def test_a_brand_tells_whether_it_can_be_read(network: Network) -> None:
    _, key = await a_shop(network)
    pale = await network.http.patch(
        "/v1/merchant", json={"colour": "#ffd1dc", "logo_url": "https://cakes.example/logo.svg"}, headers=key
    )
    brand = pale.json()["brand"]
    assert (brand["readable"], brand["readable_text_colour"]) == (False, "#000000")
    assert brand["contrast"] < 4.5
    dark = await network.http.patch("/v1/merchant", json={"colour": "#7a1f3d", "name": "Cakes"}, headers=key)
    assert dark.json()["brand"]["readable"] is True
    assert (dark.json()["name"], dark.json()["brand"]["logo_url"]) == (
        "Cakes",
        "https://cakes.example/logo.svg",
    )
    for bad in ({"colour": "pink"}, {"logo_url": "http://x.example/"}, {"logo_url": "javascript:alert(1)"}):
        assert (await network.http.patch("/v1/merchant", json=bad, headers=key)).status_code == 422
    credit = await network.http.patch("/v1/merchant", json={"credit_limit_minor": 1}, headers=key)
    assert credit.status_code == 422, "a merchant does not set its own credit"


async def test_a_store_key_reads_and_does_not_change(network: Network) -> None:
    merchant, key = await a_shop(network)
    store = (await network.http.post("/v1/stores", json=STORE, headers=key)).json()
    narrow = bearer(await make_key(network, parse("merchant", merchant), Scope.DELIVERIES_READ))
    assert (await network.http.get("/v1/stores", headers=narrow)).status_code == 200
    assert (await network.http.post("/v1/stores", json=STORE, headers=narrow)).status_code == 403
    url = f"/v1/stores/{store['id']}"
    assert (await network.http.patch(url, json={}, headers=narrow)).status_code == 403
    assert (await network.http.patch("/v1/merchant", json={}, headers=narrow)).status_code == 403


async def test_staff_takes_a_merchant_in_and_hands_it_its_first_key(network: Network) -> None:
    async with network.work() as work:
        await make_market(work)
    owner = bearer((await sign_staff_in(network)).token)
    made = await network.http.post(
        "/staff/v1/merchants", json={"name": "Cupcake Corner", "brand": {"colour": "#7a1f3d"}}, headers=owner
    )
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["slug"], told["tariff"], told["credit_limit_minor"]) == (
        "cupcake-corner",
        "merchant_distance",
        500_00,
    )
    again = await network.http.post("/staff/v1/merchants", json={"name": "Cupcake Corner"}, headers=owner)
    assert (again.status_code, again.json()["code"]) == (409, "merchant_slug_taken")
    url = f"/staff/v1/merchants/{told['id']}"
    handed = await network.http.post(f"{url}/keys", json={}, headers=owner)
    assert handed.status_code == 201
    assert handed.headers["cache-control"] == "no-store"
    key = bearer(handed.json()["secret"])
    store = (await network.http.post("/v1/stores", json=STORE, headers=key)).json()
    assert (await network.http.get(f"{url}/stores", headers=owner)).json()["items"] == [store]
    assert (await network.http.get(url, headers=owner)).json() == told


async def test_staff_finds_merchants_by_name(network: Network) -> None:
    async with network.work() as work:
        for name in ("Green Grocer", "100% Juice", "Grocery Barn"):
            await make_merchant(work, name=name)
    staff = bearer((await sign_staff_in(network, StaffRole.READ_ONLY)).token)

    async def found(search: str) -> list[str]:
        page = await network.http.get("/staff/v1/merchants", params={"search": search}, headers=staff)
        return [merchant["name"] for merchant in page.json()["items"]]

    assert await found("groc") == ["Grocery Barn", "Green Grocer"]
    assert await found("%") == ["100% Juice"]
    assert len(await found("")) == 3
    page = (await network.http.get("/staff/v1/merchants?limit=2", headers=staff)).json()
    rest = (await network.http.get(f"/staff/v1/merchants?cursor={page['next']}", headers=staff)).json()
    assert [m["name"] for m in page["items"] + rest["items"]] == [
        "Grocery Barn",
        "100% Juice",
        "Green Grocer",
    ]


async def test_credit_is_set_by_finance_with_a_reason(network: Network) -> None:
    merchant, key = await a_shop(network)
    finance = bearer((await sign_staff_in(network, StaffRole.FINANCE)).token)
    support = bearer((await sign_staff_in(network, StaffRole.SUPPORT, "s@example.com")).token)
    url = f"/staff/v1/merchants/{merchant}/credit"
    body = {"credit_limit_minor": 2_000_00, "prepaid": True, "reason": "Paid three invoices on time."}
    assert (await network.http.post(url, json=body, headers=support)).status_code == 403
    changed = await network.http.post(url, json=body, headers=finance)
    assert (changed.json()["credit_limit_minor"], changed.json()["prepaid"]) == (2_000_00, True)
    assert (await network.http.get("/v1/merchant", headers=key)).json() == changed.json()
    unsaid = body | {"reason": "  "}
    assert (await network.http.post(url, json=unsaid, headers=finance)).status_code == 422
    ghost = f"/staff/v1/merchants/{public('merchant', network.web.ids.new())}/credit"
    assert (await network.http.post(ghost, json=body, headers=finance)).status_code == 404


async def test_the_database_keeps_a_merchant_from_its_own_terms(network: Network) -> None:
    async with network.work() as work:
        await make_market(work)
        merchant = await make_merchant(work)
        store = await make_store(work, merchant.id)
    async with network.work(Actor(Audience.MERCHANT, subject=merchant.id, tenant=merchant.id)) as work:
        raised = await work.session.execute(
            text("UPDATE merchant_terms SET credit_limit_minor = 9999999 RETURNING merchant_id")
        )
        assert raised.all() == []
        assert (await queries.merchant(work, merchant.id)).billing.credit_limit.minor == 500_00
        assert (await queries.store(work, store.id)).name == "Broadway"
    async with network.work(Actor(Audience.DRIVER, subject=network.web.ids.new())) as work:
        for table in ("merchants", "merchant_terms", "stores", "quotes"):
            assert (await work.session.execute(text(f"SELECT * FROM {table}"))).all() == []


async def test_a_number_is_a_number_and_yes_is_true(network: Network) -> None:
    _, key = await a_shop(network)
    for prep_s in ("900", True, 900.5):
        answer = await network.http.post("/v1/stores", json=STORE | {"prep_s": prep_s}, headers=key)
        assert answer.status_code == 422, prep_s
    assert (
        await network.http.post("/v1/stores", json=STORE | {"prep_s": 900.0}, headers=key)
    ).status_code == 201
    owner = bearer((await sign_staff_in(network)).token)
    vague = {"name": "Cakes", "prepaid": 1}
    assert (await network.http.post("/staff/v1/merchants", json=vague, headers=owner)).status_code == 422
