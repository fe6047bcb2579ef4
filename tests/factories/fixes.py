"""Where a driver's phone says that she is."""

import asyncio
from collections.abc import Mapping

from tests.factories.network import Network

from doorstep.features.fixes import queries as fixes
from doorstep.features.fixes import writing
from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId


async def report(network: Network, driver_id: DriverId, phone: Mapping[str, str], point: LatLng) -> None:
    """Her ``phone`` (its header) says that she is at ``point``; returns when the network knows."""
    at = network.clock.market_now()
    fix = {"lat": point.lat, "lng": point.lng, "device_at": at.isoformat(), "accuracy_m": 8}
    answer = await network.http.post("/driver/v1/fixes", json={"fixes": [fix]}, headers=dict(phone))
    assert answer.status_code == 202, answer.text
    await writing.write(network.web, network.app.state.fixes_inbox)  # not in a second
    for _ in range(100):  # it may have been written behind just now
        async with network.work() as work:
            known = (await fixes.latest(work, [driver_id])).get(driver_id)
        if known is not None and known.device_at == at and abs(known.point.lat - point.lat) < 1e-5:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the fix never arrived")
