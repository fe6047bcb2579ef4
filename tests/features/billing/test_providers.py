"""A courier company carries: it is owed its price and the whole tip, and no driver earns."""

from uuid import uuid4

from tests.factories.deliveries import report_all
from tests.factories.network import Network
from tests.factories.payouts import HANDED_OVER, City, a_city

from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.rules import Carrier, Delivery
from doorstep.features.ledger import queries as ledger
from doorstep.features.ledger.rules import account
from doorstep.features.payouts import queries as payouts
from doorstep.features.providers.events import ProviderJobEnded, stream
from doorstep.units.ids import ProviderJobId
from doorstep.units.money import Money

PROVIDER, JOB = uuid4(), uuid4()


async def given_away(city: City) -> Delivery:
    one = await city.delivery(tip=Money(400))
    async with city.network.work() as work:
        carrier = Carrier(provider_id=PROVIDER, provider_job_id=ProviderJobId(JOB))
        await deliveries.assign(work, [one.id], carrier)
    return one


async def job_ended(city: City, delivery: Delivery, *, cost: int, delivered: bool) -> None:
    async with city.network.work() as work:
        ended = ProviderJobEnded(
            job_id=JOB,
            delivery_id=delivery.id,
            provider_id=PROVIDER,
            market_id=city.market.id,
            seq=1,
            at=work.now(),
            state="delivered" if delivered else "cancelled",
            fee_minor=cost,
            currency="USD",
            delivered=delivered,
        )
        work.emit(ended, stream=stream(JOB), seq=1)
    await city.network.run_jobs()


async def test_a_companys_price_is_a_cost_and_the_tip_is_passed_on(network: Network) -> None:
    city = await a_city(network)
    one = await given_away(city)
    await report_all(network, one.id, HANDED_OVER)
    for _ in range(2):  # told twice
        await job_ended(city, one, cost=811, delivered=True)
    async with network.work() as work:
        held = {line.account: line.balance_minor for line in await ledger.trial(work)}
        assert held == {
            account("merchant:{id}:receivable", city.merchant.id): 1395,
            "fees:delivery": -995,
            account("provider:{id}:tips", PROVIDER): -400,
            "provider-cost": 811,
            account("provider:{id}:payable", PROVIDER): -811,
        }
        assert await payouts.reckonings_of_delivery(work, one.id) == []
        assert await payouts.difference_minor(work) == 0
        assert await ledger.difference_minor(work) == 0


async def test_a_job_called_off_may_still_cost(network: Network) -> None:
    city = await a_city(network)
    one = await given_away(city)
    async with network.work() as work:
        await deliveries.unassign(work, one.id, "the company lost its courier")
    await job_ended(city, one, cost=250, delivered=False)
    async with network.work() as work:
        assert await ledger.balance(work, "provider-cost") == Money(250)
        assert await ledger.owed(work, city.merchant.id) == Money(1395)  # still set aside: it waits again


async def test_a_job_for_nothing_costs_nothing(network: Network) -> None:
    city = await a_city(network)
    one = await given_away(city)
    await job_ended(city, one, cost=0, delivered=False)
    async with network.work() as work:
        assert await ledger.trial(work) == []
