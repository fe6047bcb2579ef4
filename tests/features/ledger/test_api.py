"""Staff look into the ledger over HTTP."""

from uuid import uuid4

from tests.factories.identity import bearer, sign_staff_in
from tests.factories.ledger import a_fee
from tests.factories.network import Network

from doorstep.features.identity.rules import StaffRole
from doorstep.features.ledger import service
from doorstep.units.ids import public


async def test_finance_reads_balances_entries_and_the_export(network: Network) -> None:
    shop, market = uuid4(), uuid4()
    async with network.work() as work:
        for number in range(5):
            await service.post(work, a_fee(f"fee:{number}", shop, 100 + number, market_id=market))
    signed = await sign_staff_in(network, StaffRole.FINANCE)
    headers = bearer(signed.token)

    told = (await network.http.get("/staff/v1/ledger/trial-balance", headers=headers)).json()
    receivable = f"merchant:{public('merchant', shop)}:receivable"
    assert {a["account"]: a["balance_minor"] for a in told["accounts"]} == {
        receivable: 510,
        "fees:delivery": -510,
    }
    assert told["difference_minor"] == 0
    elsewhere = await network.http.get(
        f"/staff/v1/ledger/trial-balance?market={public('market', uuid4())}", headers=headers
    )
    assert elsewhere.json() == {"accounts": [], "difference_minor": 0}

    amounts: list[int] = []
    url = f"/staff/v1/ledger/accounts/{receivable}/entries?limit=2"
    cursor = ""
    while True:
        page = (await network.http.get(url + cursor, headers=headers)).json()
        amounts += [entry["amount_minor"] for entry in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(amounts) == [100, 101, 102, 103, 104]

    export = await network.http.get("/staff/v1/ledger/export.beancount", headers=headers)
    assert export.headers["content-type"].startswith("text/plain")
    assert export.text.count(" * ") == 5


async def test_what_is_not_in_the_chart_is_not_found(network: Network) -> None:
    headers = bearer((await sign_staff_in(network)).token)
    for name in ("fees", "merchant:mer_x:receivable", f"ghost:{public('merchant', uuid4())}:receivable"):
        answer = await network.http.get(f"/staff/v1/ledger/accounts/{name}/entries", headers=headers)
        assert answer.status_code == 404, name


async def test_money_is_not_for_everybody(network: Network) -> None:
    headers = bearer((await sign_staff_in(network, StaffRole.DISPATCHER)).token)
    for path in ("trial-balance", "export.beancount", "accounts/fees:delivery/entries"):
        assert (await network.http.get(f"/staff/v1/ledger/{path}", headers=headers)).status_code == 403
        assert (await network.http.get(f"/staff/v1/ledger/{path}")).status_code == 401
    delivery = public("delivery", uuid4())
    answer = await network.http.get(f"/staff/v1/ledger/deliveries/{delivery}/entries", headers=headers)
    assert (answer.status_code, answer.json()) == (200, [])
