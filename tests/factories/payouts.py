"""A small city in which deliveries are carried for pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.factories.deliveries import make_delivery, report_all
from tests.factories.network import Network

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import Delivery, FactKind
from doorstep.features.drivers import service as drivers
from doorstep.features.drivers.rules import NewDriver
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import Market
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import Merchant, NewMerchant
from doorstep.features.offers import service as offers
from doorstep.features.offers.rules import Offer, Proposal, Trip
from doorstep.units.geo import Metres, Seconds
from doorstep.units.ids import DeliveryId, DriverId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

F = FactKind
TO_THE_DOOR = (F.DEPARTED_TO_PICKUP, F.REACHED_PICKUP, F.PICKED_UP, F.DEPARTED_TO_DROPOFF, F.REACHED_DROPOFF)
HANDED_OVER = (*TO_THE_DOOR, F.HANDED_OVER)
BROUGHT_BACK = (*TO_THE_DOOR, F.ATTEMPT_FAILED, F.DEPARTED_TO_RETURN, F.REACHED_RETURN, F.RETURNED_TO_STORE)


@dataclass(frozen=True, slots=True)
class City:
    """Nashville with one merchant."""

    network: Network
    market: Market
    merchant: Merchant

    async def driver(self, number: int = 1) -> UUID:
        """A fresh driver on duty."""
        async with self.network.work() as work:
            wanted = NewDriver(
                market_id=self.market.id,
                first_name="Dee",
                last_name="Roe",
                phone=f"+1615555{1000 + number:04d}",
            )
            made = await drivers.create_driver(work, wanted)
            await drivers.go_on_duty(work, made.id)
            return made.id

    async def delivery(self, **changes: Any) -> Delivery:
        """A fresh delivery of the merchant."""
        return await make_delivery(
            self.network, merchant_id=self.merchant.id, market_id=self.market.id, **changes
        )

    async def accepted(
        self, driver_id: UUID, deliveries: Sequence[Delivery], incentive: Money | None = None
    ) -> tuple[Offer, Trip]:
        """An offer of ``deliveries`` to the driver, and the trip it became."""
        legs = tuple(Leg(metres=Metres(4000), seconds=Seconds(600)) for _ in deliveries)
        async with self.network.work() as work:
            offer = await offers.show(
                work,
                Proposal(
                    market_id=self.market.id,
                    driver_ids=(DriverId(driver_id),),
                    delivery_ids=tuple(DeliveryId(one.id) for one in deliveries),
                    legs=legs,
                    expires_at=MarketInstant(work.now() + timedelta(seconds=60)),
                    incentive=incentive,
                    reason="nearest",
                ),
            )
        async with self.network.work() as work:
            return offer, await offers.accept(work, offer.id, driver_id)

    async def reported(self, delivery: Delivery, kinds: Sequence[FactKind]) -> Delivery:
        """The delivery after its driver has reported ``kinds`` and every listener has heard of it."""
        told = await report_all(self.network, delivery.id, kinds)
        await self.network.run_jobs()
        return told


async def a_city(network: Network, **changes: Any) -> City:
    """A market that is open and a merchant that pays by distance."""
    async with network.work() as work:
        market = (await markets.seed_pilots(work))[0]
        merchant = await merchants.create_merchant(work, NewMerchant(name="Cupcakes on Fifth", **changes))
    return City(network, market, merchant)
