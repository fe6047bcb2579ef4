"""Where things are and how long the way takes: a city on a plane, in metres, with a rule of travel or the ways of a map."""

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
    """How one travels here."""

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Road metres from each ``a`` to each ``b``; the shapes broadcast."""

    def spans(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """The same ways in the measure from which this ground tells ``seconds``."""

    def seconds(self, spans: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """Whole seconds of driving when everything takes ``slow`` times as long as on empty roads."""

    def stand(self, x: float, y: float) -> tuple[float, float]:
        """Where somebody stands who is at (x, y), or near it: a place from which ways are known."""


@dataclass(frozen=True, slots=True)
class Streets:
    """The great circle times a detour, at a speed that grows with the way: the product's own travel without a map."""

    detour: float = DETOUR

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Road metres."""
        return apart_m(a, b) * self.detour

    def spans(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Road metres, too."""
        return self.metres(a, b)

    def seconds(self, spans: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """Whole seconds, rounded up."""
        return np.ceil(free_flow_s(spans) * slow).astype(np.int32)

    def stand(self, x: float, y: float) -> tuple[float, float]:
        """Right there."""
        return x, y


@dataclass(frozen=True, slots=True)
class Plane:
    """The rule of the recorded MDRP days: whole minutes at one speed; the hour plays no part."""

    metres_per_minute: float

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Metres as the crow flies."""
        return apart_m(a, b)

    def spans(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Metres as the crow flies."""
        return apart_m(a, b)

    def seconds(self, spans: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """60 * ceil(metres / speed)."""
        return np.asarray(60 * np.ceil(spans * slow / self.metres_per_minute), np.int32)

    def stand(self, x: float, y: float) -> tuple[float, float]:
        """Right there."""
        return x, y


class Mapped:
    """Ways as a road map has them, between places that are all known before the day; no two of them at one spot."""

    def __init__(self, places: Spots, metres: NDArray[np.float64], empty_s: NDArray[np.float64]) -> None:
        """``metres`` and ``empty_s`` (seconds on empty roads): row = from, column = to. Raises ValueError for a place twice."""
        marks = places[:, 0] + 1j * places[:, 1]
        self._order = np.argsort(marks)
        self._marks = marks[self._order]
        if (self._marks[1:] == self._marks[:-1]).any():
            raise ValueError("two places of a map lie at one spot")
        self._metres, self._empty_s = metres, empty_s

    def metres(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Metres driven. Raises LookupError for a place that is not known."""
        return np.asarray(self._metres[self._rows(a), self._rows(b)], np.float64)

    def spans(self, a: Spots, b: Spots) -> NDArray[np.float64]:
        """Seconds on empty roads. Raises LookupError for a place that is not known."""
        return np.asarray(self._empty_s[self._rows(a), self._rows(b)], np.float64)

    def seconds(self, spans: NDArray[np.float64], slow: float | NDArray[np.float64]) -> NDArray[np.int32]:
        """Whole seconds, rounded up."""
        return np.ceil(spans * slow).astype(np.int32)

    def stand(self, x: float, y: float) -> tuple[float, float]:
        """The nearest known place."""
        nearest = self._marks[int(np.abs(self._marks - complex(x, y)).argmin())]
        return float(nearest.real), float(nearest.imag)

    def _rows(self, spots: Spots) -> NDArray[np.int64]:
        marks = spots[..., 0] + 1j * spots[..., 1]
        at = np.minimum(np.searchsorted(self._marks, marks), len(self._marks) - 1)
        if (self._marks[at] != marks).any():
            raise LookupError("a way was asked for from or to a place that this map does not know")
        return np.asarray(self._order[at], np.int64)


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
