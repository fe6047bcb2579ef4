"""A driver's way to a shop and on from there, reckoned from where she is now."""

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

from doorstep.connectors.maps.protocol import Leg
from doorstep.connectors.outside import Connectors
from doorstep.features.fixes import queries as fixes
from doorstep.features.markets import queries as markets
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.ids import DriverId


async def ways(
    work: Work, connectors: Connectors, market_id: UUID, driver_id: UUID, points: Sequence[LatLng]
) -> tuple[Leg | None, tuple[Leg, ...]]:
    """The driver's way to the first point, None when nobody knows where she is, and the legs between the points."""
    fix = (await fixes.latest(work, [driver_id])).get(DriverId(driver_id))
    path = [*([fix.point] if fix else []), *points]
    if len(path) < 2:
        return None, ()
    market = await markets.market(work, market_id)
    matrix = await connectors.travel_for(market.timezone).matrix(path, work.now())
    legs = [
        Leg(metres=Metres(int(matrix.metres[a, b])), seconds=Seconds(int(matrix.seconds[a, b])))
        for a, b in pairwise(range(len(path)))
    ]
    return (legs[0], tuple(legs[1:])) if fix else (None, tuple(legs))
