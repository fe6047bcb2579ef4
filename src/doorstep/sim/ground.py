"""Where things are and how long the way takes: a city on a plane, in metres, with a rule of travel."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.traffic import DETOUR, free_flow_s
from doorstep.units.geo import EARTH_RADIUS_M, LatLng

Spots = NDArray[np.float64]
"""Places as rows of (x, y): metres east and north of the middle of the city."""
_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M


class Ground(Protocol):
    """A rule of travel."""

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Road metres from each ``a`` to each ``b``; the shapes broadcast."""

    def seconds(self, metres: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """Whole seconds of driving when everything takes ``slow`` times as long as on empty roads."""


@dataclass(frozen=True, slots=True)
class Streets:
    """The great circle times a detour, at a speed that grows with the way: the product's own travel without a map."""

    detour: float = DETOUR

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Road metres."""
        return apart_m(a, b) * self.detour

    def seconds(self, metres: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """Whole seconds, rounded up."""
        return np.ceil(free_flow_s(metres) * slow).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Plane:
    """The rule of the recorded MDRP days: whole minutes at one speed; the hour plays no part."""

    metres_per_minute: float

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Metres as the crow flies."""
        return apart_m(a, b)

    def seconds(self, metres: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """60 * ceil(metres / speed)."""
        return np.asarray(60 * np.ceil(metres * slow / self.metres_per_minute), np.int32)


def apart_m(a: Spots, b: Spots) -> NDArray[np.float64]:
    """Metres between the places; the shapes broadcast."""
    dx, dy = a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]
    return np.asarray(np.sqrt(dx * dx + dy * dy), np.float64)


def flat(points: list[LatLng], middle: LatLng) -> Spots:
    """``points`` on the plane around ``middle``: within 1 % up to 60 km away."""
    east = _METRES_PER_DEGREE * math.cos(math.radians(middle.lat))
    return np.array(
        [((p.lng - middle.lng) * east, (p.lat - middle.lat) * _METRES_PER_DEGREE) for p in points], np.float64
    ).reshape(-1, 2)
