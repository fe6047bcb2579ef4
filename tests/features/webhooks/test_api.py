"""What merchants do with their endpoints and their log over HTTP."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tests.factories.deliveries import MERCHANT, make_delivery
from tests.factories.identity import bearer, make_key
from tests.factories.network import Network
from tests.factories.webhooks import Receiver, receiver

from doorstep.features.identity.rules import Scope
from doorstep.features.webhooks.rules import ENDPOINTS_MOST

STRANGER = UUID("0192f000-0000-7000-8000-0000000000aa")


@pytest.fixture
async def shop(network: Network) -> AsyncIterator[Receiver]:
    async with receiver(network) as opened:
        yield opened


async def test_a_merchants_afternoon_with_webhooks(network: Network, shop: Receiver) -> None:
    http, key = network.http, bearer(await make_key(network, MERCHANT))
    made = await http.post("/v1/webhook-endpoints", json={"url": shop.url, "label": "till"}, headers=key)
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["secret"].startswith("whsec_")
    endpoint = made.json()["endpoint"]
    assert endpoint["id"].startswith("whe_")
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    read = await http.get(path, headers=key)
    assert read.json() == endpoint
    assert "secret" not in read.text.replace("old_secret_until", "")

    trial = await http.post(f"{path}/test", headers=key)
    assert trial.status_code == 202
    await network.run_jobs()
    message = await http.get(f"/v1/webhook-messages/{trial.json()['id']}", headers=key)
    assert (message.json()["state"], message.json()["attempts"][0]["status"]) == ("taken", 204)
    assert shop.letters[0].said["type"] == "webhook.test"

    shop.answer = lambda _said: (500, {})
    await make_delivery(network)
    await network.run_jobs()
    waiting = (await http.get("/v1/webhook-messages?state=waiting", headers=key)).json()["items"]
    assert [(m["type"], m["attempts"][0]["status"]) for m in waiting] == [("delivery.created", 500)]
    shop.answer = lambda _said: (204, {})
    replayed = await http.post(f"/v1/webhook-messages/{waiting[0]['id']}/replay", headers=key)
    assert replayed.status_code == 202
    await network.run_jobs()
    assert [letter.status for letter in shop.letters] == [204, 500, 204]

    off = await http.patch(path, json={"state": "disabled"}, headers=key)
    assert (off.json()["state"], off.json()["disabled_why"]) == ("disabled", "merchant")
    assert (await http.post(f"{path}/test", headers=key)).json()["code"] == "endpoint_disabled"
    assert (
        await http.post(f"/v1/webhook-messages/{waiting[0]['id']}/replay", headers=key)
    ).status_code == 409
    await http.patch(path, json={"state": "active", "events": ["delivery.delivered"]}, headers=key)
    since = {"endpoint": endpoint["id"], "since": "2026-11-01T00:00:00Z", "taken_too": True}
    assert (await http.post("/v1/webhook-messages/replay", json=since, headers=key)).json() == {"count": 2}
    rotated = await http.post(f"{path}/rotate", headers=key)
    assert rotated.json()["secret"] != made.json()["secret"]
    assert (await http.delete(path, headers=key)).status_code == 204
    assert (await http.get(path, headers=key)).status_code == 404
    assert len((await http.get("/v1/webhook-messages", headers=key)).json()["items"]) == 2, "the log stays"


async def test_pages_of_the_log(network: Network, shop: Receiver) -> None:
    http, key = network.http, bearer(await make_key(network, MERCHANT))
    await http.post("/v1/webhook-endpoints", json={"url": shop.url}, headers=key)
    for _ in range(5):
        await make_delivery(network)
    await network.run_jobs()
    seen, cursor = [], ""
    while True:
        page = (await http.get(f"/v1/webhook-messages?limit=2{cursor}", headers=key)).json()
        seen += [message["id"] for message in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_addresses_and_events_that_cannot_be(network: Network) -> None:
    http, key = network.http, bearer(await make_key(network, MERCHANT))
    for body, code in (
        ({"url": "http://hooks.example.com/"}, "unsafe_url"),
        ({"url": "https://169.254.169.254/"}, "unsafe_url"),
        ({"url": "https://localhost/"}, "unsafe_url"),
        ({"url": "https://hooks.example.com/", "events": ["delivery.flown"]}, "unknown_events"),
    ):
        answer = await http.post("/v1/webhook-endpoints", json=body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    good = await http.post("/v1/webhook-endpoints", json={"url": "https://hooks.example.com/"}, headers=key)
    path = f"/v1/webhook-endpoints/{good.json()['endpoint']['id']}"
    assert (await http.patch(path, json={"url": "https://10.0.0.1/"}, headers=key)).status_code == 422


async def test_not_more_than_so_many(network: Network) -> None:
    http, key = network.http, bearer(await make_key(network, MERCHANT))
    body = {"url": "https://hooks.example.com/"}
    for _ in range(ENDPOINTS_MOST):
        assert (await http.post("/v1/webhook-endpoints", json=body, headers=key)).status_code == 201
    assert (await http.post("/v1/webhook-endpoints", json=body, headers=key)).status_code == 409


async def test_another_merchant_and_another_scope_get_nowhere(network: Network, shop: Receiver) -> None:
    http, key = network.http, bearer(await make_key(network, MERCHANT))
    made = await http.post("/v1/webhook-endpoints", json={"url": shop.url}, headers=key)
    endpoint = f"/v1/webhook-endpoints/{made.json()['endpoint']['id']}"
    await make_delivery(network)
    await network.run_jobs()
    message = (await http.get("/v1/webhook-messages", headers=key)).json()["items"][0]["id"]
    stranger = bearer(await make_key(network, STRANGER))
    narrow = bearer(await make_key(network, MERCHANT, Scope.DELIVERIES_READ))
    assert (await http.get("/v1/webhook-endpoints", headers=stranger)).json() == []
    assert (await http.get("/v1/webhook-messages", headers=stranger)).json()["items"] == []
    since = {"endpoint": made.json()["endpoint"]["id"], "since": "2026-11-01T00:00:00Z"}
    for method, path, body in (
        ("GET", endpoint, None),
        ("PATCH", endpoint, {"label": "mine now"}),
        ("DELETE", endpoint, None),
        ("POST", f"{endpoint}/rotate", None),
        ("POST", f"{endpoint}/test", None),
        ("GET", f"/v1/webhook-messages/{message}", None),
        ("POST", f"/v1/webhook-messages/{message}/replay", None),
        ("POST", "/v1/webhook-messages/replay", since),
    ):
        assert (await http.request(method, path, json=body, headers=stranger)).status_code == 404, path
        assert (await http.request(method, path, json=body, headers=narrow)).status_code == 403, path
    assert (await http.get(endpoint, headers=key)).json()["label"] == ""
