"""Travel on real roads by OSRM (Luxen and Vetter, 2011), from an OpenStreetMap extract."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.maps.osrm_roads import prepare
from doorstep.connectors.maps.protocol import Leg, TravelMatrix
from doorstep.connectors.maps.traffic import slowdown
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.time import MarketInstant

FURTHEST_FROM_A_ROAD_M = 500
"""A place further from any road of the extract is off its map: OSRM would silently use the nearest road."""


class RoadTravel:
    """Travel on the roads of an extract; what they do not join goes by the great circle. Conforms to ``Travel``.

    OSRM's car profile knows empty roads; times are multiplied by the hour's slowdown, as in the
    fallback. Safe to share between tasks: the engine reads memory that nobody writes.
    """

    def __init__(self, engine: Any, fallback: GreatCircleTravel) -> None:
        """Wrap an ``osrm.OSRM``; use ``open`` to make one."""
        self._engine = engine
        self._fallback = fallback
        self._asked = 0
        self._fell_back = 0

    @classmethod
    async def open(cls, extract: Path, roads_home: Path, fallback: GreatCircleTravel) -> Self:
        """Prepare ``extract`` under ``roads_home`` unless it is, and open it.

        Raises RoadsNotInstalled, FileNotFoundError, ExtractRefused (see ``osrm_roads.prepare``).
        """
        return await asyncio.to_thread(cls._open, extract, roads_home, fallback)

    @classmethod
    def _open(cls, extract: Path, roads_home: Path, fallback: GreatCircleTravel) -> Self:
        roads = prepare(extract, roads_home)
        import osrm

        # -1: no limit on a matrix; the dispatcher bounds what it asks for.
        engine = osrm.OSRM(
            storage_config=str(roads),
            algorithm="MLD",
            use_shared_memory=False,
            max_locations_distance_table=-1,
        )
        return cls(engine, fallback)

    def in_zone(self, zone: ZoneInfo) -> "RoadTravel":
        """The same roads with the rush hours of ``zone``; the engine is shared."""
        return RoadTravel(self._engine, GreatCircleTravel(zone, self._fallback.detour))

    @property
    def pairs_asked(self) -> int:
        """Ordered pairs of different places asked for since opening."""
        return self._asked

    @property
    def pairs_fallen_back(self) -> int:
        """Those of them that no road of the extract joins, answered by the great circle."""
        return self._fell_back

    async def matrix(self, points: Sequence[LatLng], at: MarketInstant) -> TravelMatrix:
        """The ways between all ``points``, leaving at ``at``; computed in a thread (0.1 s for 100 points)."""
        if len(points) < 2:
            return self._fallback.between(points, at)
        seconds, metres, joined = await asyncio.to_thread(self._table, points)
        beeline = self._fallback.between(points, at)
        self._asked += len(points) * (len(points) - 1)
        self._fell_back += int((~joined).sum())
        slow_s = np.ceil(seconds * slowdown(at, self._fallback.zone))
        return TravelMatrix(
            seconds=np.where(joined, slow_s, beeline.seconds).astype(np.int32),
            metres=np.where(joined, np.ceil(metres), beeline.metres).astype(np.int32),
        )

    async def leg(self, a: LatLng, b: LatLng, at: MarketInstant) -> Leg:
        """The way from ``a`` to ``b``, leaving at ``at``."""
        both = await self.matrix((a, b), at)
        return Leg(metres=Metres(int(both.metres[0, 1])), seconds=Seconds(int(both.seconds[0, 1])))

    def _table(
        self, points: Sequence[LatLng]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        import osrm

        answer = self._engine.Table(
            osrm.TableParameters(
                coordinates=[(p.lng, p.lat) for p in points], annotations=["duration", "distance"]
            )
        )
        seconds, metres = _square(answer["durations"]), _square(answer["distances"])
        on_map = np.array([place["distance"] <= FURTHEST_FROM_A_ROAD_M for place in answer["sources"]])
        joined = np.isfinite(seconds) & np.isfinite(metres) & on_map[:, None] & on_map[None, :]
        np.fill_diagonal(joined, val=True)
        np.fill_diagonal(seconds, 0)
        np.fill_diagonal(metres, 0)
        return np.where(joined, seconds, 0), np.where(joined, metres, 0), joined


def _square(rows: Any) -> NDArray[np.float64]:
    """OSRM's rows as an array; a way that does not exist is NaN."""
    return np.array([[np.nan if way is None else way for way in row] for row in rows], dtype=np.float64)
