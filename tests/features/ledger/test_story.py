"""A shop's first week in the ledger, on the real database."""

from uuid import uuid4

import pytest
from tests.factories.ledger import a_fee, a_posting, usd
from tests.factories.network import Network

from doorstep.features.ledger import queries, service
from doorstep.features.ledger.errors import AlreadyClosed, FactMismatch, NotReversible, UnknownFact
from doorstep.features.ledger.rules import TransactionState, account


async def test_a_delivery_is_reserved_settled_and_paid(network: Network) -> None:
    shop, driver, delivery, market = uuid4(), uuid4(), uuid4(), uuid4()
    receivable = account("merchant:{id}:receivable", shop)
    tips = account("driver:{id}:tips", driver)
    async with network.work() as work:
        await service.reserve_fee(
            work,
            merchant_id=shop,
            delivery_id=delivery,
            market_id=market,
            fee=usd(995),
            tip=usd(300),
            credit_limit=usd(5000),
            prepaid=False,
        )
    async with network.work() as work:
        assert await queries.balance(work, receivable) == usd(0)
        assert await queries.owed(work, shop) == usd(1295)
        assert await queries.set_aside(work, shop) == usd(1295)
        assert await queries.open_reserves(work, delivery) == [f"delivery:{delivery}:reserve"]

    done = a_posting(
        f"delivery:{delivery}:fee",
        (receivable, 1295),
        ("fees:delivery", -995),
        (tips, -300),
        delivery_id=delivery,
        market_id=market,
    )
    for _ in range(2):  # the event is heard twice
        async with network.work() as work:
            await service.settle(work, f"delivery:{delivery}:reserve", done)
    async with network.work() as work:
        assert await queries.balance(work, receivable) == usd(1295)
        assert await queries.balance(work, "fees:delivery") == usd(-995)
        assert await queries.balance(work, tips) == usd(-300)
        assert await queries.owed(work, shop) == usd(1295)
        assert await queries.set_aside(work, shop) == usd(0)
        assert await queries.open_reserves(work, delivery) == []
        assert await queries.state(work, f"delivery:{delivery}:reserve") is TransactionState.SETTLED
        assert await queries.difference_minor(work) == 0
        states = [entry.state for entry in await queries.entries_of(work, f"delivery:{delivery}")]
        assert states == [TransactionState.POSTED] * 3 + [TransactionState.SETTLED] * 3
        assert len(await queries.entries_of_delivery(work, delivery)) == 6

    paid = a_posting("bank:wire-17", ("cash:operating", 1295), (receivable, -1295))
    async with network.work() as work:
        await service.post(work, paid)
    async with network.work() as work:
        assert await queries.owed(work, shop) == usd(0)
        assert {line.account: line.balance_minor for line in await queries.trial(work)} == {
            "cash:operating": 1295,
            receivable: 0,
            "fees:delivery": -995,
            tips: -300,
        }
        assert {line.account for line in await queries.trial(work, market)} == {
            receivable,
            "fees:delivery",
            tips,
        }


async def test_a_mistake_is_reversed_once_and_never_edited(network: Network) -> None:
    shop = uuid4()
    async with network.work() as work:
        await service.post(work, a_fee("delivery:a:fee", shop, 995))
        await service.reverse(work, "delivery:a:fee", "the wrong shop was charged")
        await service.reverse(work, "delivery:a:fee", "asked again")
    async with network.work() as work:
        assert await queries.owed(work, shop) == usd(0)
        assert [e.kind for e in await queries.entries_of(work, "reversal:delivery:a")] == ["reversal"] * 2
        assert await queries.difference_minor(work) == 0
        with pytest.raises(NotReversible):
            await service.reverse(work, "reversal:delivery:a:fee", "a reversal stays")
        with pytest.raises(UnknownFact):
            await service.reverse(work, "delivery:b:fee", "never happened")


async def test_a_fact_posted_again_with_other_money_is_refused(network: Network) -> None:
    shop = uuid4()
    async with network.work() as work:
        await service.post(work, a_fee("delivery:a:fee", shop, 995))
        await service.post(work, a_fee("delivery:a:fee", shop, 995))
    with pytest.raises(FactMismatch):
        async with network.work() as work:
            await service.post(work, a_fee("delivery:a:fee", shop, 996))
    with pytest.raises(FactMismatch):
        async with network.work() as work:
            await service.reserve(work, a_fee("delivery:a:fee", shop, 995))
    async with network.work() as work:
        assert await queries.owed(work, shop) == usd(995)


async def test_a_reserve_ends_once(network: Network) -> None:
    shop = uuid4()
    async with network.work() as work:
        await service.reserve(work, a_fee("reserve:a", shop, 500))
        await service.reserve(work, a_fee("reserve:b", shop, 700))
        assert await queries.owed(work, shop) == usd(1200)
        await service.void(work, "reserve:a")
        await service.void(work, "reserve:a")
        await service.settle(work, "reserve:b", a_fee("fee:b", shop, 650))
        assert await queries.owed(work, shop) == usd(650)
        assert await queries.state(work, "reserve:a") is TransactionState.VOIDED
    with pytest.raises(AlreadyClosed):
        async with network.work() as work:
            await service.void(work, "reserve:b")
    with pytest.raises(AlreadyClosed):
        async with network.work() as work:
            await service.settle(work, "reserve:a", a_fee("fee:a", shop, 500))
    with pytest.raises(AlreadyClosed):
        async with network.work() as work:
            await service.settle(work, "reserve:b", a_fee("fee:c", shop, 650))
    with pytest.raises(AlreadyClosed):
        async with network.work() as work:
            await service.void(work, "fee:b")
    with pytest.raises(UnknownFact):
        async with network.work() as work:
            await service.void(work, "reserve:zzz")
    async with network.work() as work:
        assert await queries.owed(work, shop) == usd(650)
        assert await queries.difference_minor(work) == 0
