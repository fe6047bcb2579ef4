"""A shop lets its own people in, each as what she is, and shuts them out again."""

from datetime import timedelta
from uuid import UUID

import httpx
from tests.factories.deliveries import make_delivery
from tests.factories.identity import PASSWORD, bearer, make_key
from tests.factories.merchants import make_merchant, make_store
from tests.factories.network import Network
from tests.factories.two_sides import make_market

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.identity.rules import Scope
from doorstep.units.ids import MerchantId, public


class Shop:
    """A merchant whose software speaks with a key."""

    def __init__(self, network: Network, merchant_id: UUID, key: str) -> None:
        self.network, self.id, self.key = network, merchant_id, key

    async def ask(
        self, method: str, path: str, status: int, body: object = None, key: str = ""
    ) -> httpx.Response:
        answer = await self.network.http.request(
            method, f"/v1{path}", json=body, headers=bearer(key or self.key)
        )
        assert answer.status_code == status, answer.text
        self.network.http.cookies.clear()
        return answer

    async def invite(
        self, email: str, role: str, store: UUID | None = None, status: int = 201
    ) -> httpx.Response:
        body = {"email": email, "name": "Cleo", "role": role}
        return await self.ask(
            "POST", "/users", status, body | ({"store": public("store", store)} if store else {})
        )

    async def accept(self, token: str, status: int = 201) -> str:
        body = {"token": token, "password": PASSWORD}
        answer = await self.network.http.post("/v1/invitation", json=body)
        assert answer.status_code == status, answer.text
        return str(answer.json().get("token", ""))


async def a_shop(network: Network, *scopes: Scope, name: str = "Corner") -> Shop:
    async with network.work() as work:
        merchant = await make_merchant(work, name)
    return Shop(network, merchant.id, await make_key(network, merchant.id, *(scopes or tuple(Scope))))


async def ready(shop: Shop, one: Delivery, key: str, status: int) -> None:
    await shop.ask("POST", f"/deliveries/{public('delivery', one.id)}/ready", status, {}, key)


async def test_who_works_at_a_counter_does_what_is_done_there_and_nothing_else(network: Network) -> None:
    await make_market(network)
    shop = await a_shop(network)
    async with network.work() as work:
        hers, other = [await make_store(work, MerchantId(shop.id), name=name) for name in ("East", "West")]
    here = await make_delivery(network, merchant_id=shop.id, store_id=hers.id)
    there = await make_delivery(network, merchant_id=shop.id, store_id=other.id)
    invited = (await shop.invite("cleo@example.com", "store", hers.id)).json()
    assert (invited["user"]["store"], invited["user"]["invited"]) == (public("store", hers.id), True)
    cleo = await shop.accept(invited["token"])
    await shop.accept(invited["token"], 401)
    await ready(shop, here, cleo, 200)
    await ready(shop, there, cleo, 403)
    await shop.ask("GET", f"/deliveries/{public('delivery', here.id)}", 200, key=cleo)
    await shop.ask("GET", "/users", 403, key=cleo)
    await shop.ask("GET", "/keys", 403, key=cleo)
    url = f"/deliveries/{public('delivery', here.id)}"
    await shop.ask("POST", f"{url}/cancel", 403, {"reason": "other"}, cleo)
    async with network.work() as work:
        assert (await deliveries.delivery(work, there.id)).ready_at == there.ready_at

    listed = (await shop.ask("GET", "/users", 200)).json()["items"]
    assert [(one["email"], one["invited"]) for one in listed] == [("cleo@example.com", False)]
    await shop.ask("DELETE", f"/users/{invited['user']['id']}", 204)
    await shop.ask("DELETE", f"/users/{invited['user']['id']}", 204)
    await shop.ask("GET", f"/deliveries/{public('delivery', here.id)}", 401, key=cleo)
    body = {"email": "cleo@example.com", "password": PASSWORD}
    assert (await network.http.post("/v1/session", json=body)).status_code == 401


async def test_nobody_lets_in_who_may_do_more_than_herself(network: Network) -> None:
    await make_market(network)
    shop = await a_shop(network, Scope.USERS_WRITE, Scope.STORE, Scope.DELIVERIES_READ)
    async with network.work() as work:
        store = await make_store(work, MerchantId(shop.id))
    refused = await shop.invite("eve@example.com", "admin", status=403)
    assert refused.json()["code"] == "scope_too_wide"
    await shop.invite("eve@example.com", "store", status=422)
    await shop.invite("eve@example.com", "store", store.id)
    await shop.invite("eve@example.com", "store", store.id, status=409)


async def test_another_shops_people_and_stores_are_not_there(network: Network) -> None:
    await make_market(network)
    ours, theirs = await a_shop(network), await a_shop(network, name="Rival")
    async with network.work() as work:
        store = await make_store(work, MerchantId(theirs.id))
    await ours.invite("dan@example.com", "store", store.id, status=404)
    dan = (await theirs.invite("dan@example.com", "admin")).json()
    await ours.ask("DELETE", f"/users/{dan['user']['id']}", 404)
    assert (await ours.ask("GET", "/users", 200)).json()["items"] == []
    owner = {"token": dan["token"], "name": "Dan", "email": "dan@example.com", "password": PASSWORD}
    for path, body in (("owner", owner), ("invitation", {"token": dan["token"], "password": PASSWORD})):
        answer = await network.http.post(f"/staff/v1/{path}", json=body)
        assert answer.status_code == 401, "a shop's link opens no door of the operator"
    network.clock.advance(timedelta(hours=25).total_seconds())
    await theirs.accept(dan["token"], 401)
