"""What staff see of a market, of a driver and of the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from doorstep.features.console.remedies import Troubled, helped
from doorstep.features.console.rules import Situation, ranked
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import Driver
from doorstep.features.fixes import queries as fixes
from doorstep.features.fixes.rules import Fix
from doorstep.features.markets import queries as markets
from doorstep.features.offers import queries as offers
from doorstep.features.offers.rules import Offer, Trip
from doorstep.features.providers import queries as providers
from doorstep.platform.db.work import Work
from doorstep.units.ids import DeliveryId, DriverId
from doorstep.units.time import MarketInstant


async def concerns(work: Work, market_id: UUID) -> list[Troubled]:
    """What of a market gets dearer when left alone, the dearest first. Raises UnknownMarket."""
    await markets.market(work, market_id)
    under_way = {one.id: one for one in await deliveries.under_way(work, market_id)}
    heard = await fixes.latest_in_market(work, market_id)
    unconfirmed = await providers.unconfirmed(work, market_id)
    situations = [
        Situation(delivery=one, heard_at=_heard_at(one, heard), unconfirmed_since=unconfirmed.get(one.id))
        for one in under_way.values()
    ]
    found = ranked(situations, work.now())
    pairs = [(concern, under_way[DeliveryId(concern.delivery_id)]) for concern in found]
    return await helped(work, market_id, pairs, heard)


def _heard_at(delivery: Delivery, heard: Mapping[DriverId, Fix]) -> MarketInstant | None:
    driver_id = delivery.carrier.driver_id if delivery.carrier else None
    fix = heard.get(driver_id) if driver_id else None
    return fix.at if fix else None


@dataclass(frozen=True, slots=True)
class Drawer:
    """One driver at this moment."""

    driver: Driver
    reason: str
    fix: Fix | None
    trips: Sequence[Trip]
    offers: Sequence[Offer]
    deliveries: Sequence[Delivery]


async def drawer(work: Work, driver_id: UUID) -> Drawer:
    """A driver with her position, trips, offers and what she carries. For staff. Raises UnknownDriver."""
    driver = await drivers.driver(work, driver_id)
    trips = await offers.trips_of(work, driver_id, live=True)
    ids = [delivery_id for trip in trips for delivery_id in trip.delivery_ids]
    return Drawer(
        driver=driver,
        reason=await drivers.state_reason(work, driver_id),
        fix=(await fixes.latest(work, [driver_id])).get(driver.id),
        trips=trips,
        offers=await offers.open_for(work, driver_id),
        deliveries=await deliveries.many(work, ids),
    )
