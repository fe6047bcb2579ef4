"""A merchant asks whether, by when and for how much."""

from datetime import timedelta

from tests.factories.identity import bearer, make_key
from tests.factories.markets import make_market
from tests.factories.merchants import EAST, make_merchant, make_store
from tests.factories.network import Network
from tests.factories.quotes import asking

from doorstep.features.identity.rules import Scope
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import GROCERY_TERMS, Stage, TariffKind, TariffTerms
from doorstep.features.merchants.rules import Hours, Merchant, Store
from doorstep.units.ids import public


async def open_shop(
    network: Network, kind: TariffKind = TariffKind.GROCERY_OWN, hours: Hours | None = None
) -> tuple[Merchant, Store, dict[str, str]]:
    """A market, a merchant with a store in it, and the header of its key."""
    async with network.work() as work:
        await make_market(work)
        merchant = await make_merchant(work, kind=kind)
        store = await make_store(work, merchant.id, hours=hours or Hours.daily(8 * 60, 22 * 60))
    return merchant, store, bearer(await make_key(network, merchant.id))


async def test_own_groceries_are_quoted_for_nine_ninety_five_and_due_in_an_hour(network: Network) -> None:
    _, store, key = await open_shop(network)
    answer = await network.http.post("/v1/quotes", json=asking(public("store", store.id)), headers=key)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["price"] == {
        "total_minor": 9_95,
        "currency": "USD",
        "lines": [{"kind": "delivery", "text": "Delivery fee", "amount_minor": 9_95}],
    }
    assert told["precision"] == "given"
    assert told["ready_at"] == "2026-11-21T17:15:00Z"
    assert told["due_at"] == "2026-11-21T18:00:00Z"
    assert told["expires_at"] == "2026-11-21T17:15:00Z"
    assert not told["used"]
    assert 4_000 < told["way"]["metres"] < 8_000

    again = await network.http.get(f"/v1/quotes/{told['id']}", headers=key)
    assert again.json() == told


async def test_a_quote_outlives_a_dearer_tariff_and_a_new_one_does_not(network: Network) -> None:
    _, store, key = await open_shop(network)
    body = asking(public("store", store.id))
    first = (await network.http.post("/v1/quotes", json=body, headers=key)).json()
    network.clock.advance(60)
    async with network.work() as work:
        dearer = TariffTerms(base_minor=12_95, minimum_cart_minor=30_00)
        await markets.set_tariff(work, store.market_id, TariffKind.GROCERY_OWN, dearer, reason="fuel")
    kept = (await network.http.get(f"/v1/quotes/{first['id']}", headers=key)).json()
    assert kept["price"]["total_minor"] == 9_95
    second = (await network.http.post("/v1/quotes", json=body, headers=key)).json()
    assert second["price"]["total_minor"] == 12_95


async def test_a_small_cart_is_refused_with_the_minimum(network: Network) -> None:
    _, store, key = await open_shop(network)
    body = asking(public("store", store.id), cart_minor=GROCERY_TERMS.minimum_cart_minor - 1)
    answer = await network.http.post("/v1/quotes", json=body, headers=key)
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "not_eligible"
    assert [r["code"] for r in told["reasons"]] == ["below_minimum_cart"]
    assert told["errors"] == [{"where": "/cart", "what": "The cart of $29.99 is below $30.00."}]
    assert "alternative" not in told
    body["cart_minor"] = GROCERY_TERMS.minimum_cart_minor
    assert (await network.http.post("/v1/quotes", json=body, headers=key)).status_code == 201


async def test_every_reason_is_told_at_once(network: Network) -> None:
    _, store, key = await open_shop(network)
    body = asking(public("store", store.id), cart_minor=100, requirements=["signature", "pin", "alcohol"])
    body["dropoff"] = {
        "address": {"line1": "5 Elder St", "city": "Nashvile", "state": "TN", "postcode": "37206"}
    }
    told = (await network.http.post("/v1/quotes", json=body, headers=key)).json()
    assert [r["code"] for r in told["reasons"]] == [
        "address_unknown",
        "prohibited_combination",
        "prohibited_combination",
        "below_minimum_cart",
    ]
    assert told["reasons"][0]["suggestions"][0] == "Nashville, TN 37206"


async def test_a_closed_store_offers_its_first_window_instead(network: Network) -> None:
    _, store, key = await open_shop(network, hours=Hours.daily(13 * 60, 20 * 60))
    told = (await network.http.post("/v1/quotes", json=asking(public("store", store.id)), headers=key)).json()
    assert [r["code"] for r in told["reasons"]] == ["store_closed"]
    assert told["reasons"][0]["text"] == "Broadway is closed then; it opens Sat 13:00."
    assert told["alternative"] == {
        "store": public("store", store.id),
        "service_level": "window",
        "window": {"start": "2026-11-21T19:00:00+00:00", "end": "2026-11-21T20:00:00+00:00"},
    }
    offered = told["alternative"]
    body = asking(public("store", store.id), service_level="window", window=offered["window"])
    answer = await network.http.post("/v1/quotes", json=body, headers=key)
    assert answer.status_code == 201, "what is offered instead can be had"


async def test_the_nearest_other_store_is_offered_when_this_one_is_switched_off(network: Network) -> None:
    merchant, store, key = await open_shop(network)
    async with network.work() as work:
        near = await make_store(work, merchant.id, name="Shelby", external_id="2")
    off = await network.http.patch(
        f"/v1/stores/{public('store', store.id)}", json={"state": "inactive"}, headers=key
    )
    assert off.json()["state"] == "inactive"
    told = (await network.http.post("/v1/quotes", json=asking(public("store", store.id)), headers=key)).json()
    assert [r["code"] for r in told["reasons"]] == ["store_inactive"]
    assert told["alternative"]["store"] == public("store", near.id)


async def test_a_paused_market_promises_nothing(network: Network) -> None:
    _, store, key = await open_shop(network)
    async with network.work() as work:
        await markets.set_stage(work, store.market_id, Stage.PAUSED, "ice on the roads")
    told = (await network.http.post("/v1/quotes", json=asking(public("store", store.id)), headers=key)).json()
    assert [r["code"] for r in told["reasons"]] == ["market_not_open"]
    seen = await network.http.get(
        f"/v1/windows?store={public('store', store.id)}&postcode=37206", headers=key
    )
    assert seen.json()["windows"] == []
    assert [r["code"] for r in seen.json()["reasons"]] == ["market_not_open"]


async def test_a_matrix_of_stores_and_doors_names_the_store_that_can(network: Network) -> None:
    merchant, store, key = await open_shop(network)
    async with network.work() as work:
        east = await make_store(work, merchant.id, name="East", address=EAST, hours=Hours.daily(540, 600))
    body = asking("unused")
    door = body["dropoff"]
    nowhere = {"address": {"line1": "1 Elm St", "city": "Nashville", "state": "TN", "postcode": "00000"}}
    answer = await network.http.post(
        "/v1/eligibility",
        json={
            "stores": [public("store", store.id), public("store", east.id)],
            "dropoffs": [door, nowhere],
            "cart_minor": 35_00,
        },
        headers=key,
    )
    assert answer.status_code == 200, answer.text
    pairs = {(a["store"], a["dropoff"]): a for a in answer.json()["answers"]}
    assert {place: a["eligible"] for place, a in pairs.items()} == {
        (0, 0): True,
        (0, 1): False,
        (1, 0): False,
        (1, 1): False,
    }
    assert pairs[0, 0]["price"]["total_minor"] == 9_95
    assert pairs[0, 0]["due_at"] == "2026-11-21T18:00:00Z"
    assert [r["code"] for r in pairs[1, 0]["reasons"]] == ["store_closed"]
    assert pairs[1, 0]["alternative"]["store"] == public("store", store.id)
    assert [r["code"] for r in pairs[0, 1]["reasons"]] == ["address_unknown"]
    assert pairs[0, 1]["alternative"] is None

    too_many = {"stores": [public("store", store.id)] * 11, "dropoffs": [door]}
    assert (await network.http.post("/v1/eligibility", json=too_many, headers=key)).status_code == 422


async def test_windows_are_told_in_utc_and_on_the_stores_clock(network: Network) -> None:
    _, store, key = await open_shop(network)
    url = f"/v1/windows?store={public('store', store.id)}&postcode=37206"
    told = (await network.http.get(url, headers=key)).json()
    assert told["timezone"] == "America/Chicago"
    assert told["express_due_at"] == "2026-11-21T18:00:00Z"
    first = told["windows"][0]
    assert first == {
        "service_level": "window",
        "start": "2026-11-21T18:00:00Z",
        "end": "2026-11-21T19:00:00Z",
        "local_start": "2026-11-21T12:00:00-06:00",
        "local_end": "2026-11-21T13:00:00-06:00",
    }
    assert {w["service_level"] for w in told["windows"]} == {"window", "next_day"}
    unknown = (await network.http.get(url.replace("37206", "99999"), headers=key)).json()
    assert (unknown["windows"], unknown["reasons"][0]["code"]) == ([], "address_unknown")


async def test_the_same_key_gives_the_same_quote(network: Network) -> None:
    _, store, key = await open_shop(network)
    headers = key | {"Idempotency-Key": "cart-17"}
    body = asking(public("store", store.id))
    first = await network.http.post("/v1/quotes", json=body, headers=headers)
    network.clock.advance(30)
    second = await network.http.post("/v1/quotes", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    other = await network.http.post("/v1/quotes", json=body | {"cart_minor": 50_00}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_quotes_and_stores_of_another_merchant_are_not_there(network: Network) -> None:
    _, store, key = await open_shop(network)
    async with network.work() as work:
        rival = await make_merchant(work, name="Rival")
    other = bearer(await make_key(network, rival.id))
    body = asking(public("store", store.id))
    mine = (await network.http.post("/v1/quotes", json=body, headers=key)).json()
    assert (await network.http.get(f"/v1/quotes/{mine['id']}", headers=other)).status_code == 404
    assert (await network.http.post("/v1/quotes", json=body, headers=other)).status_code == 404
    asked = {"stores": [body["store"]], "dropoffs": [body["dropoff"]]}
    assert (await network.http.post("/v1/eligibility", json=asked, headers=other)).status_code == 404
    url = f"/v1/windows?store={body['store']}&postcode=37206"
    assert (await network.http.get(url, headers=other)).status_code == 404


async def test_a_key_without_the_scope_asks_in_vain(network: Network) -> None:
    merchant, store, _ = await open_shop(network)
    narrow = bearer(await make_key(network, merchant.id, Scope.DELIVERIES_READ))
    answer = await network.http.post("/v1/quotes", json=asking(public("store", store.id)), headers=narrow)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_nonsense_is_refused_in_words(network: Network) -> None:
    _, store, key = await open_shop(network)
    store_id = public("store", store.id)
    backward = {"start": "2026-11-21T20:00:00Z", "end": "2026-11-21T19:00:00Z"}
    ancient = {"start": "0001-01-01T00:00:00+14:00", "end": "0001-01-01T01:00:00+14:00"}
    for changes, code in (
        ({"service_level": "window", "window": backward}, "malformed_window"),
        ({"service_level": "window", "window": ancient}, "malformed_window"),
        ({"ready_at": "0001-01-01T00:00:00+14:00"}, "malformed_window"),
        ({"cart_minor": -1}, "invalid"),
        ({"requirements": ["levitate"]}, "invalid"),
        ({"surprise": 1}, "invalid"),
        ({"ready_at": "2026-11-21T20:00:00"}, "invalid"),
    ):
        answer = await network.http.post("/v1/quotes", json=asking(store_id, **changes), headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, code), changes
    far = {"ready_at": (network.clock.market_now() + timedelta(days=30)).isoformat()}
    answer = await network.http.post("/v1/quotes", json=asking(store_id, **far), headers=key)
    assert [r["code"] for r in answer.json()["reasons"]] == ["ready_too_late"]
    edge = {"ready_at": "9999-12-31T23:59:59Z"}
    answer = await network.http.post("/v1/quotes", json=asking(store_id, **edge), headers=key)
    assert answer.status_code == 422, answer.text
    last = {"start": "9999-12-31T20:00:00Z", "end": "9999-12-31T23:00:00Z"}
    answer = await network.http.post(
        "/v1/quotes", json=asking(store_id, service_level="window", window=last), headers=key
    )
    assert answer.status_code == 422, answer.text
