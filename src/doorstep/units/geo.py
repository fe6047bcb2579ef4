"""Places on the earth and lengths between them.

``LatLng`` is keyword-only because half of all geo bugs are swapped arguments; ``[lng, lat]`` order
appears only inside GeoJSON and connectors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

Metres = NewType("Metres", int)
Seconds = NewType("Seconds", int)
Grams = NewType("Grams", int)

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1, IUGG
METRES_PER_MILE = 1609.344


@dataclass(frozen=True, slots=True, kw_only=True)
class LatLng:
    """A WGS 84 point in degrees. Raises ValueError outside the globe or for NaN."""

    lat: float
    lng: float

    def __post_init__(self) -> None:
        """Refuse a point that is not on the globe."""
        if not (-90 <= self.lat <= 90 and -180 <= self.lng <= 180):
            raise ValueError(f"not a place on earth: {self.lat}, {self.lng}")

    def rounded(self, grid_m: float) -> "LatLng":
        """The nearest point of a grid of about ``grid_m`` metres: an area, not a door."""
        lat_step = grid_m / 111_195
        lat = round(self.lat / lat_step) * lat_step
        lng_step = grid_m / (111_195 * max(math.cos(math.radians(lat)), 0.01))
        return LatLng(lat=round(lat, 6), lng=round(round(self.lng / lng_step) * lng_step, 6))


def great_circle_m(a: LatLng, b: LatLng) -> float:
    """Metres between two points by the haversine formula on the mean sphere."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat = math.sin((lat_b - lat_a) / 2)
    half_lng = math.sin(math.radians(b.lng - a.lng) / 2)
    h = half_lat * half_lat + math.cos(lat_a) * math.cos(lat_b) * half_lng * half_lng
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(a: LatLng, b: LatLng) -> float:
    """Initial course from ``a`` to ``b`` in degrees clockwise from north, in [0, 360)."""
    lat_a, lat_b, d_lng = math.radians(a.lat), math.radians(b.lat), math.radians(b.lng - a.lng)
    east = math.sin(d_lng) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(d_lng)
    course = math.degrees(math.atan2(east, north)) % 360
    return course if course < 360 else 0.0  # a hair west of north is rounded up to the whole circle


@dataclass(frozen=True, slots=True)
class Polygon:
    """A simple polygon: its outer ring, first point not repeated. At least three points."""

    ring: tuple[LatLng, ...]

    def __post_init__(self) -> None:
        """Refuse a ring that encloses nothing."""
        if len(self.ring) < 3:
            raise ValueError("a polygon needs at least three points")

    def contains(self, point: LatLng) -> bool:
        """Whether ``point`` lies inside (even-odd rule, planar: right for a metro, not for a pole)."""
        inside = False
        previous = self.ring[-1]
        for current in self.ring:
            if (current.lat > point.lat) != (previous.lat > point.lat):
                slope = (previous.lng - current.lng) / (previous.lat - current.lat)
                if point.lng < current.lng + slope * (point.lat - current.lat):
                    inside = not inside
            previous = current
        return inside


def convex_hull(points: Sequence[LatLng]) -> Polygon:
    """The smallest convex polygon around ``points`` (Andrew's monotone chain, 1979)."""
    unique = sorted({(p.lng, p.lat) for p in points})
    if len(unique) < 3:
        raise ValueError("a hull needs three different points")

    def half(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in ordered:
            while len(chain) >= 2 and (
                (chain[-1][0] - chain[-2][0]) * (y - chain[-2][1])
                - (chain[-1][1] - chain[-2][1]) * (x - chain[-2][0])
                <= 0
            ):
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    ring = half(unique) + half(unique[::-1])
    return Polygon(tuple(LatLng(lat=lat, lng=lng) for lng, lat in ring))
