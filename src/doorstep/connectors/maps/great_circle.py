"""The default travel: the great circle times a detour factor, at the speed of the hour."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.protocol import Leg, TravelMatrix
from doorstep.connectors.maps.traffic import DETOUR, free_flow_s, slowdown
from doorstep.units.geo import EARTH_RADIUS_M, LatLng, Metres, Seconds
from doorstep.units.time import MarketInstant

_AT_ONCE = 500  # places whose matrix may hold up the event loop: about 10 ms


def great_circles_m(points: Sequence[LatLng]) -> NDArray[np.float64]:
    """Metres between all ``points`` by the haversine formula, as an (n, n) array with a zero diagonal."""
    lat = np.radians(np.array([p.lat for p in points], dtype=np.float64))
    lng = np.radians(np.array([p.lng for p in points], dtype=np.float64))
    half_lat = np.sin((lat[None, :] - lat[:, None]) / 2)
    half_lng = np.sin((lng[None, :] - lng[:, None]) / 2)
    h = half_lat * half_lat + np.cos(lat)[:, None] * np.cos(lat)[None, :] * half_lng * half_lng
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return metres


@dataclass(frozen=True, slots=True)
class GreatCircleTravel:
    """Travel without a map: symmetric, never shorter by a stop in between (seconds are rounded up).

    ``zone`` is the market's time zone: rush hours are local. Conforms to ``Travel``.
    """

    zone: ZoneInfo
    detour: float = DETOUR

    def __post_init__(self) -> None:
        """Refuse roads shorter than the great circle."""
        if not self.detour >= 1:
            raise ValueError(f"a detour factor is at least 1, not {self.detour}")

    async def matrix(self, points: Sequence[LatLng], at: MarketInstant) -> TravelMatrix:
        """The ways between all ``points``, leaving at ``at``: 10 ms for 500 points, many more in a thread."""
        if len(points) > _AT_ONCE:
            return await asyncio.to_thread(self.between, points, at)
        return self.between(points, at)

    async def leg(self, a: LatLng, b: LatLng, at: MarketInstant) -> Leg:
        """The way from ``a`` to ``b``, leaving at ``at``."""
        both = self.between((a, b), at)
        return Leg(metres=Metres(int(both.metres[0, 1])), seconds=Seconds(int(both.seconds[0, 1])))

    def between(self, points: Sequence[LatLng], at: MarketInstant) -> TravelMatrix:
        """The same matrix, computed at once: for other adapters that fall back on this one."""
        road_m = great_circles_m(points) * self.detour
        seconds = np.ceil(free_flow_s(road_m) * slowdown(at, self.zone))
        return TravelMatrix(seconds=seconds.astype(np.int32), metres=np.ceil(road_m).astype(np.int32))
