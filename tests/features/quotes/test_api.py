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
