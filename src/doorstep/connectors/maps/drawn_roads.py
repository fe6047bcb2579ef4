"""Main roads of an OpenStreetMap extract as lines to draw below a market's map: read once, then kept beside OSRM's files.

Reader: osmium (extra ``doorstep[roads]``). Lines are thinned by Douglas and Peucker (1973); what is drawn from them is
"© OpenStreetMap contributors" (ODbL 1.0) and says so.
"""

import hashlib
import json
import math
import threading
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from doorstep.connectors.maps.osrm_roads import ExtractRefused, RoadsNotInstalled
from doorstep.units.geo import LatLng, Polygon

CREDIT = "© OpenStreetMap contributors"
KINDS = {"motorway": "motorway", "trunk": "motorway", "primary": "arterial", "secondary": "arterial"}
"""How each class of ``highway`` is drawn; all others are left to tiles."""
THIN_DEG = 0.0002
"""A point nearer than this to the line without it (about 20 m) is left out."""
VERSION = 1
"""Of what is kept; another one is read anew."""

Line = list[list[float]]


class DrawnRoads:
    """The main roads of one extract. Safe from several threads and processes."""

    def __init__(self, extract: Path, roads_home: Path) -> None:
        """Nothing is read yet. Raises RoadsNotInstalled, FileNotFoundError."""
        if find_spec("osmium") is None:
            raise RoadsNotInstalled(
                "an extract is configured but its reader is not installed; install it with: pip install 'doorstep[roads]'"
                "  (in a checkout: uv sync --extra roads)"
            )
        if not extract.is_file():
            raise FileNotFoundError(f"the configured extract {extract} does not exist")
        self._extract, self._home = extract, roads_home
        self._lock = threading.Lock()
        self._lines: list[tuple[str, Line]] | None = None

    def within(self, area: Polygon) -> list[dict[str, Any]]:
        """GeoJSON features of kind ``motorway`` and ``arterial`` that have a point in ``area``.

        Seconds for a metro the first time ever, then at once. Blocking. Raises ExtractRefused.
        """
        south, north = min(p.lat for p in area.ring), max(p.lat for p in area.ring)
        west, east = min(p.lng for p in area.ring), max(p.lng for p in area.ring)
        return [
            {
                "type": "Feature",
                "properties": {"kind": kind},
                "geometry": {"type": "LineString", "coordinates": line},
            }
            for kind, line in self._read()
            if any(
                west <= x <= east and south <= y <= north and area.contains(LatLng(lat=y, lng=x))
                for x, y in line
            )
        ]

    def _read(self) -> list[tuple[str, Line]]:
        with self._lock:
            if self._lines is None:
                kept = self._home / f"drawn-{_fingerprint(self._extract)}.json"
                if not kept.is_file():
                    self._home.mkdir(parents=True, exist_ok=True)
                    making = kept.with_suffix(f".{threading.get_native_id()}")
                    making.write_text(json.dumps(list(_main_roads(self._extract))), encoding="utf-8")
                    making.rename(kept)
                self._lines = [(kind, line) for kind, line in json.loads(kept.read_text(encoding="utf-8"))]
            return self._lines


def _main_roads(extract: Path) -> Iterator[tuple[str, Line]]:
    import osmium

    wanted = osmium.filter.TagFilter(*(("highway", name) for name in KINDS))
    try:
        what = osmium.osm.NODE | osmium.osm.WAY
        for way in osmium.FileProcessor(str(extract), what).with_locations().with_filter(wanted):
            if isinstance(way, osmium.osm.Way):
                points = [(n.lon, n.lat) for n in way.nodes if n.location.valid()]
                if len(points) > 1:
                    line = [[round(x, 5), round(y, 5)] for x, y in thinned(points, THIN_DEG)]
                    yield KINDS[way.tags["highway"]], line
    except RuntimeError as error:
        raise ExtractRefused(f"{extract} cannot be read: {error}") from error


def thinned(points: Sequence[tuple[float, float]], most: float) -> list[tuple[float, float]]:
    """The first, the last and those points without which the line would move by more than ``most`` (same unit)."""
    keep = {0, len(points) - 1}
    open_ = [(0, len(points) - 1)]
    while open_:
        first, last = open_.pop()
        inner = range(first + 1, last)
        farthest = max(inner, key=lambda k: _off(points[k], points[first], points[last]), default=None)
        if farthest is not None and _off(points[farthest], points[first], points[last]) > most:
            keep.add(farthest)
            open_ += [(first, farthest), (farthest, last)]
    return [points[k] for k in sorted(keep)]


def _off(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    """How far ``point`` is from the segment ``a`` to ``b``."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    part = 0.0 if length == 0 else ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length
    part = min(1.0, max(0.0, part))
    return math.hypot(point[0] - a[0] - part * dx, point[1] - a[1] - part * dy)


def _fingerprint(extract: Path) -> str:
    digest = hashlib.sha256(f"drawn {VERSION} {THIN_DEG} {sorted(KINDS.items())}\n".encode())
    with extract.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:16]
