"""A market that is dispatched: turns of the cycle, positions of its drivers."""

import asyncio
from uuid import UUID, uuid4

from tests.factories.drivers import phone_of
from tests.factories.network import Network

from doorstep.features.dispatch import cycle
from doorstep.features.drivers.rules import Driver
from doorstep.features.fixes import queries as fixes
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
    body = {
        "fixes": [
            {
                "lat": point.lat,
                "lng": point.lng,
                "device_at": network.clock.market_now().isoformat(),
                "accuracy_m": 8,
            }
        ]
    }
    answer = await network.http.post(
        "/driver/v1/fixes", json=body, headers=await phone_of(network, driver.id)
    )
    assert answer.status_code < 300, answer.text
    for _ in range(100):
        async with network.work() as work:
            known = (await fixes.latest(work, [driver.id])).get(driver.id)
        if (
            known is not None
            and abs(known.point.lat - point.lat) < 1e-5
            and known.device_at == network.clock.market_now()
        ):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the fix never arrived")
