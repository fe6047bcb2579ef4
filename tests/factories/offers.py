"""Offers and trips for tests: a market, its drivers, and what is offered to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.factories.deliveries import DOWNTOWN, driver_actor, make_delivery
from tests.factories.drivers import make_driver, phone_of
from tests.factories.fixes import report
from tests.factories.network import Network

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.drivers.rules import Driver
from doorstep.features.markets import queries as market_queries
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import Market
from doorstep.features.offers import queries, service
from doorstep.features.offers.rising import NEVER_PASSED, Passed, rise_of
from doorstep.features.offers.rules import Offer, Proposal, Trip
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.ids import DeliveryId
from doorstep.units.time import MarketInstant


@dataclass(frozen=True, slots=True)
class Town:
    """A market with drivers on duty."""

    network: Network
    market: Market
    drivers: list[Driver]
    phones: dict[UUID, dict[str, str]] = field(default_factory=dict)

    async def delivery(self, **changes: Any) -> Delivery:
        """A fresh delivery that waits; with its code where it wants one."""
        wanted = changes.get("requirements")
        if wanted is not None and wanted.pin:
            changes.setdefault("pin_sealed", self.network.connectors.secrets.seal(b"4821"))
        return await make_delivery(self.network, market_id=self.market.id, **changes)

    async def offer(
        self,
        deliveries: Sequence[Delivery],
        drivers: Sequence[Driver] | None = None,
        *,
        lasts_s: float = 60,
        **changes: Any,
    ) -> Offer:
        """``deliveries`` shown to ``drivers`` (the first of the town unless told)."""
        asked = self.drivers[:1] if drivers is None else drivers
        legs = tuple(Leg(Metres(4000), Seconds(600)) for _ in deliveries)
        async with self.network.work() as work:
            proposal: dict[str, Any] = {
                "market_id": self.market.id,
                "driver_ids": tuple(driver.id for driver in asked),
                "delivery_ids": tuple(DeliveryId(one.id) for one in deliveries),
                "legs": legs,
                "expires_at": MarketInstant(work.now() + timedelta(seconds=lasts_s)),
                "reason": "nearest and free",
            }
            return await service.show(work, Proposal(**(proposal | changes)))

    async def accept(self, offer: Offer, driver: Driver | None = None) -> Trip:
        """The trip of ``offer``, accepted on the driver's own phone (the first of the town unless told)."""
        driver_id = (driver or self.drivers[0]).id
        async with self.network.work(driver_actor(driver_id)) as work:
            return await service.accept(work, offer.id, driver_id)

    async def trip(self, *deliveries: Delivery, driver: Driver | None = None) -> Trip:
        """A trip of ``deliveries`` that the driver has just accepted."""
        chosen = driver or self.drivers[0]
        return await self.accept(await self.offer(deliveries, [chosen]), chosen)

    async def trip_now(self, trip_id: UUID) -> Trip:
        """The trip as it stands."""
        async with self.network.work() as work:
            return await queries.trip(work, trip_id)

    async def passed(self, delivery: Delivery) -> Passed[UUID]:
        """How often it was passed on, by whom, and what its next offer adds."""
        async with self.network.work() as work:
            market = await market_queries.market(work, self.market.id)
            found = await queries.passed(work, [delivery.id], rise_of(market.dispatch))
        return found.get(delivery.id, NEVER_PASSED)

    async def offer_now(self, offer_id: UUID) -> Offer:
        """The offer as it stands."""
        async with self.network.work() as work:
            return await queries.offer(work, offer_id)

    async def stand(self, driver: Driver, north_km: float) -> None:
        """The driver's phone says that she is so far north of the shop."""
        point = LatLng(lat=DOWNTOWN.point.lat + north_km / 111.2, lng=DOWNTOWN.point.lng)
        await report(self.network, driver.id, await self.phone(driver), point)

    async def phone(self, driver: Driver | UUID | None = None) -> dict[str, str]:
        """The header of a driver's one signed-in phone."""
        driver_id = driver if isinstance(driver, UUID) else (driver or self.drivers[0]).id
        if driver_id not in self.phones:
            self.phones[driver_id] = await phone_of(self.network, driver_id)
        return self.phones[driver_id]


async def a_town(network: Network, drivers: int = 2) -> Town:
    """Nashville with so many drivers on duty."""
    async with network.work() as work:
        market = (await markets.seed_pilots(work))[0]
    return Town(network, market, [await make_driver(network, market.id, number) for number in range(drivers)])
