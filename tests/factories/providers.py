"""Courier companies and what was agreed with them, for tests."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tests.factories.couriers import SECRET, TwinNetwork, courier_twin, listening
from tests.factories.deliveries import MARKET, make_delivery
from tests.factories.network import Network

from doorstep.connectors.couriers.directory import TWIN_SLUG
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.providers import queries, service
from doorstep.features.providers.rules import Ability, Deal, Provider, ProviderJob
from doorstep.units.ids import MarketId
from doorstep.units.time import MarketInstant

ABILITIES = frozenset(
    {Ability.PHOTO, Ability.CONTACTLESS, Ability.PIN, Ability.SIGNATURE, Ability.COLD, Ability.FRAGILE}
)


async def make_provider(network: Network, slug: str = TWIN_SLUG, secret: str = SECRET) -> Provider:
    """A company that signs with ``secret``."""
    async with network.work() as work:
        entered = await service.create_provider(
            work, network.connectors.secrets, name=f"{slug} couriers", slug=slug, webhook_secret=secret
        )
    return entered.provider


async def make_deal(network: Network, provider: Provider, **changes: Any) -> Deal:
    """A deal for express and windows in the test market, in force since yesterday; ``changes`` replace parts."""
    new = service.NewDeal(
        provider_id=provider.id,
        market_id=MarketId(MARKET),
        service_levels=frozenset({"express", "window"}),
        starts_at=MarketInstant(network.clock.market_now() - timedelta(days=1)),
        abilities=ABILITIES,
    )
    async with network.work() as work:
        return await service.create_deal(work, replace(new, **changes))


@dataclass(slots=True)
class Outsourced:
    """A network with one courier company that is really running."""

    network: Network
    twin: TwinNetwork
    provider: Provider
    deal: Deal
    heard: list[int] = field(default_factory=list)

    async def ask(self, **changes: Any) -> ProviderJob:
        """A fresh delivery, and the company asked to carry it."""
        delivery = await make_delivery(self.network, **changes)
        async with self.network.work() as work:
            return await service.request(work, delivery.id, "nobody took the broadcast")

    async def job(self, job: ProviderJob) -> ProviderJob:
        """The job as it is now."""
        async with self.network.work() as work:
            return await queries.job(work, job.id)

    async def delivery(self, job: ProviderJob) -> Delivery:
        """Its delivery as it is now."""
        async with self.network.work() as work:
            return await deliveries.delivery(work, job.delivery_id)

    async def run(self, minutes: float, *, news: bool = True) -> None:
        """Let time pass, two minutes at a time; the company tells its news, due jobs run."""
        for _ in range(round(minutes / 2)):
            self.network.clock.advance(120)
            if news and self.twin.company.news is not None:
                await self.twin.company.news.tell()
            await self.network.run_jobs()


@contextlib.asynccontextmanager
async def outsourced(network: Network, **deal: Any) -> AsyncIterator[Outsourced]:
    """The company runs, is entered, has a deal, and its webhooks arrive over real HTTP."""
    async with (
        listening(network.app, lifespan="off") as address,
        courier_twin(  # patient: client and company share one loop, which a crowded machine may stop for seconds
            network.clock, webhook_url=f"{address}/provider/v1/webhooks/{TWIN_SLUG}", patience=12
        ) as twin,
    ):
        network.connectors.couriers[TWIN_SLUG] = twin.courier
        provider = await make_provider(network)
        yield Outsourced(network, twin, provider, await make_deal(network, provider, **deal))
