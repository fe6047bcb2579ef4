"""A flat city: the plane of a recorded day, laid on the globe at a fixed origin.

The rule is that of the Meal Delivery Routing Problem instances (Reyes, Erera, Savelsbergh, Sahasrabudhe
and O'Neil, 2018): from a to b takes ``ceil(euclid(a, b) / metres_per_minute)`` whole minutes, points
have whole-metre coordinates.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from doorstep.connectors.maps.protocol import AddressQuery, Leg, Located, NotLocated, Precision, TravelMatrix
from doorstep.connectors.maps.protocol import WhyNotLocated as Why
from doorstep.units.geo import EARTH_RADIUS_M, LatLng, Metres, Seconds
from doorstep.units.time import MarketInstant

METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east (x) and north (y) of ``origin``, told as latitude and longitude.

    Exactly invertible for whole metres up to 60 km away, also when the degrees were cut to six
    decimals on the way. Distances along the globe differ a little from those of the plane: less than
    1 % within 60 km of an origin between 40° south and 40° north.
    """

    origin: LatLng

    def place(self, x_m: int, y_m: int) -> LatLng:
        """The point ``x_m`` metres east and ``y_m`` metres north of the origin."""
        return LatLng(
            lat=self.origin.lat + y_m / METRES_PER_DEGREE,
            lng=self.origin.lng + x_m / self._metres_per_degree_east(),
        )

    def metres(self, point: LatLng) -> tuple[int, int]:
        """The whole metres (x, y) of ``point``: the inverse of ``place``."""
        x_m = round((point.lng - self.origin.lng) * self._metres_per_degree_east())
        y_m = round((point.lat - self.origin.lat) * METRES_PER_DEGREE)
        return x_m, y_m

    def _metres_per_degree_east(self) -> float:
        return METRES_PER_DEGREE * math.cos(math.radians(self.origin.lat))


@dataclass(frozen=True, slots=True)
class PlanarTravel:
    """Travel by the instance's exact rule. The hour plays no part. Conforms to ``Travel``."""

    plane: Plane
    metres_per_minute: int

    def __post_init__(self) -> None:
        """Refuse a city where nothing moves."""
        if self.metres_per_minute <= 0:
            raise ValueError(f"metres a minute must be positive, not {self.metres_per_minute}")

    async def matrix(self, points: Sequence[LatLng], at: MarketInstant) -> TravelMatrix:
        """The ways between all ``points``, each snapped to its whole metre."""
        del at
        flat = np.array([self.plane.metres(p) for p in points], dtype=np.int64).reshape(-1, 2)
        apart = flat[:, None, :] - flat[None, :, :]
        euclid_m = np.sqrt((apart * apart).sum(axis=2).astype(np.float64))
        seconds = 60 * np.ceil(euclid_m / self.metres_per_minute)
        return TravelMatrix(seconds=seconds.astype(np.int32), metres=np.rint(euclid_m).astype(np.int32))

    async def leg(self, a: LatLng, b: LatLng, at: MarketInstant) -> Leg:
        """The way from ``a`` to ``b``."""
        both = await self.matrix((a, b), at)
        return Leg(metres=Metres(int(both.metres[0, 1])), seconds=Seconds(int(both.seconds[0, 1])))


class PlanarGeocoder:
    """Takes every given point as it is: a plane has no postcodes to check against. Conforms to ``Geocoder``."""

    async def locate(self, query: AddressQuery) -> Located | NotLocated:
        """The given point, or a refusal when none is given."""
        if query.point is None:
            return NotLocated(
                reason=Why.POSTCODE_UNKNOWN,
                message="This market is a plane without postcodes; give the coordinates with the address.",
            )
        return Located(
            address=query.address,
            point=query.point,
            precision=Precision.GIVEN,
            postcode=query.address.postcode,
        )
