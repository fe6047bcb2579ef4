"""A merchant looks at its account."""

from tests.factories.identity import bearer, make_key
from tests.factories.network import Network
from tests.factories.payouts import HANDED_OVER, a_city

from doorstep.features.identity.rules import Scope
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import NewMerchant
from doorstep.units.money import Money


async def test_a_merchant_sees_what_it_owes_and_what_is_left(network: Network) -> None:
    city = await a_city(network, credit_limit=Money(50_00))
    driver = await city.driver()
    carried, waiting = await city.delivery(tip=Money(300)), await city.delivery(tip=Money(0))
    await city.accepted(driver, [carried])
    await city.reported(carried, HANDED_OVER)
    headers = bearer(await make_key(network, city.merchant.id))
    assert (await network.http.get("/v1/account", headers=headers)).json() == {
        "currency": "USD",
        "owed_minor": 1295,
        "set_aside_minor": waiting.fee.minor,
        "prepaid": False,
        "credit_limit_minor": 5000,
        "available_minor": 5000 - 1295 - 995,
    }
    entries = (await network.http.get("/v1/account/entries", headers=headers)).json()["items"]
    assert sorted((e["state"], e["kind"], e["amount_minor"]) for e in entries) == [
        ("pending", "reserve", 995),
        ("posted", "delivery_bill", 1295),
        ("settled", "reserve", 1295),
    ]
    async with network.work() as work:
        stranger = await merchants.create_merchant(work, NewMerchant(name="Bagels"))
    other = bearer(await make_key(network, stranger.id))
    assert (await network.http.get("/v1/account/entries", headers=other)).json()["items"] == []
    narrow = bearer(await make_key(network, city.merchant.id, Scope.QUOTES))
    for path in ("/v1/account", "/v1/account/entries"):
        assert (await network.http.get(path, headers=narrow)).status_code == 403
