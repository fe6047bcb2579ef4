"""Credit is granted under a lock: nobody overdraws, however many ask at once."""

import asyncio
from uuid import UUID, uuid4

import pytest
from tests.factories.ledger import a_posting, usd
from tests.factories.network import Network

from doorstep.features.ledger import queries, service
from doorstep.features.ledger.errors import CreditExhausted
from doorstep.features.ledger.rules import account
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.db.work import Work


async def ask(
    work: Work, shop: UUID, delivery: UUID, fee: int, limit: int, *, tip: int = 0, prepaid: bool = False
) -> None:
    await service.reserve_fee(
        work,
        merchant_id=shop,
        delivery_id=delivery,
        market_id=UUID(int=3),
        fee=usd(fee),
        tip=usd(tip),
        credit_limit=usd(limit),
        prepaid=prepaid,
    )


async def test_fifty_at_once_cannot_overdraw(network: Network) -> None:
    shop = uuid4()
    actor = Actor(Audience.MERCHANT, subject=shop, tenant=shop)

    async def create() -> None:
        async with network.work(actor) as work:
            await ask(work, shop, work.new_id(), 1000, 20_500)

    answers = await asyncio.gather(*(create() for _ in range(50)), return_exceptions=True)
    refusals = [answer.facts for answer in answers if isinstance(answer, CreditExhausted)]
    assert refusals == [{"needed_minor": 1000, "available_minor": 500, "currency": "USD"}] * 30
    assert answers.count(None) == 20
    async with network.work() as work:
        assert await queries.owed(work, shop) == usd(20_000)
        assert len(await queries.entries_of(work, "delivery:")) == 40
        assert await queries.difference_minor(work) == 0


async def test_over_the_limit_nothing_is_stored(network: Network) -> None:
    shop, delivery = uuid4(), uuid4()
    with pytest.raises(CreditExhausted) as refused:
        async with network.work() as work:
            await ask(work, shop, delivery, 900, 1000, tip=101)
    assert (refused.value.status, refused.value.code) == (402, "credit_exhausted")
    async with network.work() as work:
        assert await queries.entries_of_delivery(work, delivery) == []
        assert await queries.owed(work, shop) == usd(0)
        await ask(work, shop, delivery, 900, 1000, tip=100)
        await ask(work, shop, delivery, 900, 1000, tip=100)  # the same again is the same
        assert await queries.owed(work, shop) == usd(1000)


async def test_a_prepaid_merchant_spends_what_it_paid_in(network: Network) -> None:
    shop = uuid4()
    async with network.work() as work:
        with pytest.raises(CreditExhausted):
            await ask(work, shop, uuid4(), 1, 10_000, prepaid=True)
        top_up = a_posting(
            "bank:wire-1", ("cash:operating", 2000), (account("merchant:{id}:deposit", shop), -2000)
        )
        await service.post(work, top_up)
        await ask(work, shop, uuid4(), 1500, 0, prepaid=True)
        with pytest.raises(CreditExhausted):
            await ask(work, shop, uuid4(), 501, 0, prepaid=True)
        await ask(work, shop, uuid4(), 500, 0, prepaid=True)
        assert await queries.owed(work, shop) == usd(0)


async def test_a_free_delivery_needs_no_credit(network: Network) -> None:
    async with network.work() as work:
        delivery = uuid4()
        await ask(work, uuid4(), delivery, 0, 0)
        assert await queries.entries_of_delivery(work, delivery) == []
