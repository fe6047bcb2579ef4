"""A market that is dispatched: turns of the cycle, positions of its drivers."""

from uuid import UUID, uuid4

from tests.factories.drivers import phone_of
from tests.factories.fixes import report
from tests.factories.network import Network

from doorstep.features.dispatch import cycle
from doorstep.features.drivers.rules import Driver
from doorstep.platform import leases
from doorstep.platform.leases import Lease
from doorstep.units.geo import LatLng

OWNER = uuid4()


async def hold(network: Network, market_id: UUID, owner: UUID = OWNER) -> Lease:
    """The market's lease, taken or renewed."""
    async with network.work() as work:
        lease = await leases.take(work, f"market:{market_id}", owner)
    assert lease is not None
    return lease


async def turn(network: Network, market_id: UUID) -> cycle.TickOutcome:
    """One turn by whoever holds the market, after what was due has run."""
    await network.run_jobs()
    lease = await hold(network, market_id)
    async with network.work() as work:
        await cycle.due(work, market_id, None)
    outcome = await cycle.tick(network.system, network.connectors, market_id, lease)
    await network.run_jobs()
    return outcome


async def stand(network: Network, driver: Driver, point: LatLng) -> None:
    """The driver's phone reports that she is at ``point``; returns when the network knows."""
    await report(network, driver.id, await phone_of(network, driver.id), point)
