"""A merchant's software speaks to the network."""

import asyncio
import io
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.factories.deliveries import DRIVER, TRIP, driver_actor, report_all
from tests.factories.identity import bearer, make_key
from tests.factories.markets import make_market
from tests.factories.merchants import make_merchant, make_store
from tests.factories.network import Network

from doorstep.features.deliveries import service
from doorstep.features.deliveries.rules import ROAD, Carrier, Fact, FactKind, ProofKind
from doorstep.features.deliveries.schemas import DeliveryAsked
from doorstep.features.deliveries.service import ProofTaken
from doorstep.features.identity.rules import Scope
from doorstep.features.ledger import queries as ledger
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import DISTANCE_TERMS, TariffKind
from doorstep.features.merchants.rules import Merchant, Store
from doorstep.units.geo import LatLng
from doorstep.units.ids import parse, public

HOME = {
    "line1": "2015 Belmont Blvd",
    "line2": "Apt 4",
    "city": "Nashville",
    "state": "TN",
    "postcode": "37212",
}
POINT = {"lat": 36.1372, "lng": -86.7934}


@dataclass(slots=True)
class Shop:
    """A merchant with one store and a key of every scope."""

    network: Network
    merchant: Merchant
    store: Store
    headers: dict[str, str]

    def wish(self, **changes: Any) -> dict[str, Any]:
        return {
            "store": public("store", self.store.id),
            "external_id": "A-1",
            "dropoff": {
                "address": HOME,
                "point": POINT,
                "first_name": "Ann",
                "last_name": "Lee",
                "phone": "(615) 555-0111",
                "instructions": "Blue door",
                "property_type": "apartment",
            },
            "cart_minor": 3500,
            "items": 3,
            "weight_g": 1200,
            "contains": [{"name": "Red velvet cupcake", "quantity": 3}],
            "tip_minor": 300,
        } | changes

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.network.http.post(f"/v1{path}", json=body, headers=self.headers | headers)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.network.http.get(f"/v1{path}", params=query, headers=self.headers)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        return await self.network.http.patch(f"/v1{path}", json=body, headers=self.headers)

    async def make(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("/deliveries", self.wish(**changes))
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def assign(self, delivery: dict[str, Any]) -> None:
        async with self.network.work() as work:
            carrier = Carrier(driver_id=DRIVER, trip_id=TRIP)
            note = {"first_name": "Dee", "vehicle": "green Kia Soul"}
            await service.assign(work, [parse("delivery", delivery["id"])], carrier, note=note)


async def open_shop(network: Network, name: str = "Cupcake Corner", **terms: Any) -> Shop:
    async with network.work() as work:
        merchant = await make_merchant(work, name, **terms)
        store = await make_store(work, merchant.id)
    return Shop(network, merchant, store, bearer(await make_key(network, merchant.id)))


@pytest.fixture
async def shop(network: Network) -> Shop:
    async with network.work() as work:
        await make_market(work)
    return await open_shop(network)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    return told


async def test_a_delivery_is_asked_for_and_read_back(shop: Shop) -> None:
    made = await shop.make(requirements=["photo", "fragile"])
    assert made["state"] == "requested"
    assert made["id"].startswith("dlv_")
    assert made["dropoff"]["phone"] == "+16155550111"
    assert made["dropoff"]["address"]["line1"] == "2015 Belmont Blvd"
    assert made["pickup"]["instructions"] == "Counter at the back."
    assert made["requirements"] == ["fragile", "photo"]
    assert made["goods"]["contains"] == [{"name": "Red velvet cupcake", "quantity": 3, "code": ""}]
    assert sum(line["amount_minor"] for line in made["fee"]["lines"]) == made["fee"]["total_minor"] > 0
    assert made["tip"] == {"minor": 300, "currency": "USD", "status": "pending"}
    assert made["tracking_url"].startswith("http://127.0.0.1:8000/track/")
    estimate = made["estimate"]
    assert made["ready_at"] < estimate["earliest"] <= estimate["latest"]
    assert (await shop.get(f"/deliveries/{made['id']}")).json() == made
    assert (await shop.get("/deliveries", external_id="A-1")).json() == {"items": [made], "next": None}
    assert (await shop.get("/deliveries", external_id="a-1")).json()["items"] == [], "exactly this reference"
    async with shop.network.work() as work:
        owed = await ledger.owed(work, shop.merchant.id)
    assert owed.minor == made["fee"]["total_minor"] + 300


async def test_fifty_posts_of_one_key_make_one_delivery(shop: Shop) -> None:
    answers = await asyncio.gather(
        *(shop.post("/deliveries", shop.wish(), **{"Idempotency-Key": "k1"}) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1, "all are answered alike"
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    listed = (await shop.get("/deliveries")).json()
    assert len(listed["items"]) == 1


async def test_a_key_is_not_for_another_body_and_a_refusal_does_not_use_it_up(shop: Shop) -> None:
    key = {"Idempotency-Key": "k1"}
    refused = await shop.post("/deliveries", shop.wish(requirements=["contactless", "pin"]), **key)
    problem(refused, 422, "contradictory_requirements")
    assert (await shop.post("/deliveries", shop.wish(), **key)).status_code == 201
    problem(await shop.post("/deliveries", shop.wish(tip_minor=1), **key), 409, "idempotency_key_reused")


async def test_the_same_reference_twice_is_told_with_the_first_ones_id(shop: Shop) -> None:
    made = await shop.make()
    told = problem(await shop.post("/deliveries", shop.wish()), 409, "duplicate_external_id")
    assert told["delivery_id"] == made["id"]


async def test_contradictions_are_named_with_pointers(shop: Shop) -> None:
    wish = shop.wish(requirements=["contactless", "signature", "alcohol", "age_18"], return_policy="leave")
    told = problem(await shop.post("/deliveries", wish), 422, "contradictory_requirements")
    assert {fault["where"] for fault in told["errors"]} == {
        "/requirements/signature",
        "/requirements/min_age",
        "/requirements/alcohol",
        "/return_policy",
    }
    assert (await shop.get("/deliveries")).json()["items"] == []


async def test_an_address_nobody_knows_is_refused_with_what_may_be_meant(shop: Shop) -> None:
    wish = shop.wish()
    wish["dropoff"] = wish["dropoff"] | {"address": HOME | {"city": "Memphis"}, "point": None}
    told = problem(await shop.post("/deliveries", wish), 422, "not_eligible")
    assert told["reasons"][0]["code"] == "address_unknown"


async def test_a_quote_is_honoured_once(shop: Shop) -> None:
    asked = {
        "store": public("store", shop.store.id),
        "dropoff": {"address": HOME, "point": POINT},
        "cart_minor": 3500,
        "requirements": ["photo"],
    }
    quote = (await shop.post("/quotes", asked)).json()
    shop.network.clock.advance(14 * 60)
    wish = shop.wish(quote_id=quote["id"], requirements=["photo"])
    problem(await shop.post("/deliveries", wish | {"cart_minor": 3600}), 409, "quote_mismatch")
    made = (await shop.post("/deliveries", wish)).json()
    assert made["fee"]["lines"] == quote["price"]["lines"]
    assert (made["due_at"], made["quote_id"]) == (quote["due_at"], quote["id"])
    problem(await shop.post("/deliveries", wish | {"external_id": "A-2"}), 409, "quote_used")


async def test_a_tip_is_held_to_the_limit_of_the_tariff_it_was_ordered_under(shop: Shop) -> None:
    async def allow(tip_limit_minor: int) -> None:
        shop.network.clock.advance(60)
        terms = replace(DISTANCE_TERMS, tip_limit_minor=tip_limit_minor)
        async with shop.network.work() as work:
            kind = TariffKind.MERCHANT_DISTANCE
            await markets.set_tariff(work, shop.store.market_id, kind, terms, reason="a trial")

    await allow(5_00)
    wish = shop.wish(tip_minor=5_01)
    asked = {name: wish[name] for name in ("store", "cart_minor")}
    quote = (await shop.post("/quotes", asked | {"dropoff": {"address": HOME, "point": POINT}})).json()
    for one in (wish, wish | {"quote_id": quote["id"]}):
        problem(await shop.post("/deliveries", one), 409, "tip_refused")
    made = await shop.make(tip_minor=5_00)
    await allow(50_00)
    path = f"/deliveries/{made['id']}/tip"
    problem(await shop.post(path, {"tip_minor": 5_01}), 409, "tip_refused")


async def test_a_refused_delivery_leaves_its_quote_unused(shop: Shop) -> None:
    asked = {
        "store": public("store", shop.store.id),
        "dropoff": {"address": HOME, "point": POINT},
        "cart_minor": 3500,
    }
    quote = (await shop.post("/quotes", asked)).json()
    await shop.make(external_id="A-9")
    wish = shop.wish(quote_id=quote["id"], external_id="A-9")
    problem(await shop.post("/deliveries", wish), 409, "duplicate_external_id")
    assert (await shop.post("/deliveries", wish | {"external_id": "A-10"})).status_code == 201


async def test_over_its_credit_a_merchant_gets_402_and_nothing_is_stored(network: Network) -> None:
    async with network.work() as work:
        await make_market(work)
    shop = await open_shop(network, credit_limit_minor=12_00)
    await shop.make(tip_minor=0)
    told = problem(await shop.post("/deliveries", shop.wish(external_id="A-2")), 402, "credit_exhausted")
    assert told["needed_minor"] > told["available_minor"]
    assert len((await shop.get("/deliveries")).json()["items"]) == 1


async def test_other_merchants_neither_see_nor_touch_it(shop: Shop) -> None:
    made = await shop.make(requirements=["pin"])
    other = await open_shop(shop.network, "Book Nook")
    path = f"/deliveries/{made['id']}"
    for answer in [
        await other.get(path),
        await other.get(f"{path}/events"),
        await other.get(f"{path}/proofs"),
        await other.get(f"{path}/pin"),
        await other.get(f"{path}/proofs/{public('proof', parse('delivery', made['id']))}"),
        await other.patch(path, {"instructions": "mine"}),
        await other.post(f"{path}/cancel", {"reason": "other"}),
        await other.post(f"{path}/tip", {"tip_minor": 0}),
        await other.post(f"{path}/ready", {}),
        await other.post("/deliveries", shop.wish()),  # another's store
    ]:
        assert answer.status_code == 404, answer.text
    for query in ({}, {"external_id": "A-1"}, {"q": "Belmont"}, {"store": public("store", shop.store.id)}):
        assert (await other.get("/deliveries", **query)).json()["items"] == []
    assert (await other.post("/deliveries", other.wish())).status_code == 201, "references do not clash"
    assert (await shop.get(path)).json() == made


async def test_a_key_does_what_its_scopes_say(shop: Shop) -> None:
    made = await shop.make()
    path = f"/v1/deliveries/{made['id']}"
    http = shop.network.http
    reader = bearer(await make_key(shop.network, shop.merchant.id, Scope.DELIVERIES_READ))
    counter = bearer(await make_key(shop.network, shop.merchant.id, Scope.STORE))
    assert (await http.get(path, headers=reader)).status_code == 200
    assert (await http.post("/v1/deliveries", json=shop.wish(), headers=reader)).status_code == 403
    assert (await http.get(f"{path}/pin", headers=reader)).status_code == 403
    assert (await http.post(f"{path}/ready", json={}, headers=reader)).status_code == 403
    assert (await http.post(f"{path}/ready", json={}, headers=counter)).status_code == 200
    assert (await http.get(path, headers=counter)).status_code == 403


async def test_pages_of_a_list_do_not_overlap_and_filters_hold(shop: Shop) -> None:
    ids = []
    for number in range(5):
        ids.append((await shop.make(external_id=f"A-{number}"))["id"])
        shop.network.clock.advance(60)
    await shop.post(f"/deliveries/{ids[2]}/cancel", {"reason": "changed_mind"})

    async def all_of(**query: Any) -> list[str]:
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = (
                await shop.get("/deliveries", limit=2, **query, **({"cursor": cursor} if cursor else {}))
            ).json()
            seen += [one["id"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return seen

    assert await all_of() == ids[::-1]
    assert await all_of(state="cancelled") == [ids[2]]
    assert await all_of(state=["cancelled", "requested"]) == ids[::-1]
    assert await all_of(q="a-3") == [ids[3]]
    assert await all_of(store=public("store", shop.store.id)) == ids[::-1]
    since = (await shop.get(f"/deliveries/{ids[1]}")).json()["created_at"]
    until = (await shop.get(f"/deliveries/{ids[3]}")).json()["created_at"]
    assert await all_of(created_from=since, created_until=until) == [ids[2], ids[1]]
    problem(await shop.get("/deliveries", cursor="nobody-gave-this-out"), 422, "invalid")
    problem(await shop.get("/deliveries", created_until="0.5"), 422, "invalid")


async def test_a_window_is_promised_and_can_be_moved_where_it_costs_the_same(shop: Shop) -> None:
    now = shop.network.clock.market_now()

    def window(hours: int, length: int = 2) -> dict[str, str]:
        start = now + timedelta(hours=hours)
        return {"start": start.isoformat(), "end": (start + timedelta(hours=length)).isoformat()}

    made = await shop.make(service_level="window", window=window(3))
    assert datetime.fromisoformat(made["due_at"]) == now + timedelta(hours=5)
    path = f"/deliveries/{made['id']}"
    moved = (await shop.patch(path, {"window": window(4), "instructions": "Ring"})).json()
    assert datetime.fromisoformat(moved["earliest_drop_at"]) == now + timedelta(hours=4)
    assert datetime.fromisoformat(moved["due_at"]) == now + timedelta(hours=6)
    assert moved["fee"] == made["fee"]
    told = problem(await shop.patch(path, {"window": window(4, length=1)}), 409, "repriced")
    assert told["would_be_minor"] > told["fee_minor"] == made["fee"]["total_minor"]
    problem(await shop.patch(path, {"window": window(-3)}), 422, "not_eligible")
    assert (await shop.get(path)).json() == moved


async def test_amending_door_phone_and_words(shop: Shop) -> None:
    made = await shop.make()
    path = f"/deliveries/{made['id']}"
    wish = {
        "dropoff": {"address": HOME | {"line1": "2019 Belmont Blvd", "line2": ""}, "point": POINT},
        "phone": "615 555 0122",
        "first_name": "Bea",
        "return_policy": "leave",
    }
    changed = (await shop.patch(path, wish)).json()
    assert changed["dropoff"]["address"]["line1"] == "2019 Belmont Blvd"
    assert changed["dropoff"]["phone"] == "+16155550122"
    assert changed["dropoff"]["instructions"] == "Blue door"
    far = {"dropoff": {"address": HOME | {"postcode": "37076", "city": "Hermitage"}}}
    assert (await shop.patch(path, far)).json()["code"] in {"repriced", "not_eligible"}
    await shop.assign(made)
    told = problem(await shop.patch(path, wish), 409, "frozen")
    assert {fault["where"] for fault in told["errors"]} == {"/dropoff", "/phone"}
    assert (await shop.patch(path, {"instructions": "Green door", "items": 5})).status_code == 200
    told = (await shop.get(f"{path}/events")).json()
    assert [event["name"] for event in told] == [
        "delivery.created",
        "delivery.amended",
        "delivery.assigned",
        "delivery.amended",
    ]
    assert [event["by"] for event in told] == ["merchant", "merchant", "system", "merchant"]


async def test_a_life_from_request_to_proof_as_its_merchant_sees_it(shop: Shop) -> None:
    made = await shop.make(requirements=["pin", "photo"])
    delivery_id, path = parse("delivery", made["id"]), f"/deliveries/{made['id']}"
    code = (await shop.get(f"{path}/pin")).json()["pin"]
    assert len(code) == 4
    await shop.assign(made)
    assert (await shop.get(path)).json()["carrier"] == {
        "kind": "driver",
        "first_name": "Dee",
        "vehicle": "green Kia Soul",
    }
    await report_all(shop.network, delivery_id, ROAD[:-1])
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "PNG")
    outside = shop.network.connectors
    async with shop.network.work(driver_actor()) as work:
        for taken in (
            ProofTaken(kind=ProofKind.PIN, report_id="p", text=code),
            ProofTaken(
                kind=ProofKind.PHOTO,
                report_id="f",
                content=out.getvalue(),
                point=LatLng(lat=36.1372, lng=-86.7934),
            ),
        ):
            await service.add_proof(work, outside.blobs, outside.secrets, delivery_id, taken)
        await service.report(
            work,
            delivery_id,
            Fact(kind=FactKind.HANDED_OVER, report_id="h", point=LatLng(lat=36.1, lng=-86.7)),
        )
    told = (await shop.get(path)).json()
    assert (told["state"], told["estimate"], told["events"]) == ("delivered", None, 8)
    seen = (await shop.get(f"{path}/events")).json()
    assert [event["seq"] for event in seen] == list(range(1, 9))
    assert "point" not in str(seen), "where the driver was is not the merchant's business"
    proofs = {proof["kind"]: proof for proof in (await shop.get(f"{path}/proofs")).json()}
    assert (proofs["pin"]["picture"], proofs["photo"]["picture"]) == (False, True)
    assert proofs["photo"]["detail"] == {}
    picture = await shop.get(f"{path}/proofs/{proofs['photo']['id']}")
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content[:3] == b"\xff\xd8\xff"
    problem(await shop.get(f"{path}/proofs/{proofs['pin']['id']}"), 404, "unknown_delivery")
    problem(await shop.post(f"{path}/cancel", {"reason": "changed_mind"}), 409, "not_cancellable")
    assert (await shop.post(f"{path}/tip", {"tip_minor": 500})).json()["tip"] == {
        "minor": 500,
        "currency": "USD",
        "status": "confirmed",
    }
    problem(await shop.post(f"{path}/tip", {"tip_minor": 499}), 409, "tip_refused")
    problem(await shop.patch(path, {"instructions": "too late"}), 409, "frozen")


async def test_ready_and_cancel(shop: Shop) -> None:
    made = await shop.make()
    path = f"/deliveries/{made['id']}"
    ready = (await shop.post(f"{path}/ready", {})).json()
    assert datetime.fromisoformat(ready["ready_at"]) == shop.network.clock.market_now()
    ended = (
        await shop.post(f"{path}/cancel", {"reason": "out_of_stock", "note": "no more red velvet"})
    ).json()
    assert (ended["state"], ended["estimate"]) == ("cancelled", None)
    last = (await shop.get(f"{path}/events")).json()[-1]
    assert last["detail"] == {
        "by": "merchant",
        "reason": "out_of_stock",
        "stage": "requested",
        "reached_store": False,
        "note": "no more red velvet",
    }
    assert (await shop.get(f"{path}/pin")).json() == {"pin": None}


UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"surprise": 1}, "/body/surprise"),
    ({"tip_minor": 10_000_001}, "/body/tip_minor"),
    ({"tip_minor": "3.00"}, "/body/tip_minor"),
    ({"cart_minor": "35.00"}, "/body/cart_minor"),
    ({"items": 0}, "/body/items"),
    ({"items": True}, "/body/items"),
    ({"ready_at": 0}, "/body/ready_at"),
    ({"ready_at": "1795284000"}, "/body/ready_at"),
    ({"external_id": "A\x00"}, "/body/external_id"),
    ({"requirements": ["tobacco"]}, "/body/requirements/0"),
    ({"currency": "EUR"}, "/body/currency"),
    ({"ready_at": "2026-11-21T18:00:00"}, "/body/ready_at"),
    ({"cart_minor": 10**12}, "/body/cart_minor"),
]


async def test_what_cannot_be_read_is_pointed_at(shop: Shop) -> None:
    for changes, where in UNREADABLE:
        told = problem(await shop.post("/deliveries", shop.wish(**changes)), 422, "invalid")
        assert where in {fault["where"] for fault in told["errors"]}


EDGES: list[dict[str, Any]] = [
    {"ready_at": "9999-12-31T23:59:59-12:00"},
    {
        "service_level": "window",
        "window": {"start": "0001-01-01T00:00:00+14:00", "end": "9999-12-31T23:59:59-12:00"},
    },
    {"store": "str_short"},
    {"quote_id": "qte_0000000000000000000000000z"},
]


async def test_the_edges_of_calendar_and_ids_are_refused_and_break_nothing(shop: Shop) -> None:
    for changes in EDGES:
        assert (await shop.post("/deliveries", shop.wish(**changes))).status_code in {404, 422}


def test_the_document_tells_the_bounds_that_are_held() -> None:
    told = DeliveryAsked.model_json_schema()["properties"]
    assert (told["tip_minor"]["minimum"], told["tip_minor"]["maximum"]) == (0, 10_000_000)
    assert (told["items"]["minimum"], told["cart_minor"]["type"]) == (1, "integer")
