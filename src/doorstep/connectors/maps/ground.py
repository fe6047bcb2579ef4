"""The ground that maps of a market are drawn on, made of what the market knows of itself: no tile server.

ZIP points give cells (Voronoi, 1908) clipped to the market's outline, shaded by households; rivers, main roads and
names of parts of town come from a small sketch where there is one (``sketches/``), roads from an extract where one is
configured (``drawn_roads``).
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from doorstep.connectors.maps.drawn_roads import CREDIT, DrawnRoads
from doorstep.connectors.us.zips import ZipArea
from doorstep.units.geo import LatLng, Polygon

Ring = list[tuple[float, float]]
Feature = dict[str, Any]
_ROADS = {"motorway", "arterial"}


def ground(
    name: str,
    area: Polygon,
    zips: Sequence[ZipArea],
    sketch: str | None = None,
    roads: DrawnRoads | None = None,
) -> dict[str, Any]:
    """A GeoJSON FeatureCollection; each feature's ``kind`` says what it is.

    ``outline`` of the market; ``zip`` cells with ``name``, ``households`` and ``step`` (1 to 3, by thirds of the
    cells), each with a point ``zip-label``; of the sketch ``river``, ``water``, ``park``, ``airport``,
    ``motorway``, ``arterial``, ``place``. Those of ``zips`` whose point lies outside are left out. Where an extract
    knows the area, its roads take the place of the sketch's and ``credit`` names whose they are. Raises ExtractRefused.
    """
    inside = [one for one in zips if one.households > 0 and area.contains(one.point)]
    features = [_feature("outline", "Polygon", [_closed([(p.lng, p.lat) for p in area.ring])], name=name)]
    steps = _steps([one.households for one in inside])
    for one, step, ring in zip(inside, steps, cells([one.point for one in inside], area), strict=True):
        facts = {"name": one.postcode, "households": one.households, "step": step}
        if len(ring) >= 3:
            features.append(_feature("zip", "Polygon", [_closed(ring)], **facts))
        at = [round(one.point.lng, 5), round(one.point.lat, 5)]
        features.append(_feature("zip-label", "Point", at, **facts))
    drawn = [] if roads is None else roads.within(area)
    if sketch is not None:
        features.extend(
            one for one in _sketched(sketch) if not drawn or one["properties"]["kind"] not in _ROADS
        )
    whole = {"type": "FeatureCollection", "name": name, "features": [*features, *drawn]}
    return whole | {"credit": CREDIT} if drawn else whole


def cells(points: Sequence[LatLng], area: Polygon) -> list[Ring]:
    """For each point the part of ``area`` that is nearer to it than to any other, as a ring of (lng, lat).

    On a plane that is true at the area's middle latitude: right for a metro. A hollow outline may leave a cell in
    two parts joined by an edge along the outline.
    """
    if not points:
        return []
    middle = sum(p.lat for p in area.ring) / len(area.ring)
    narrow = math.cos(math.radians(middle))
    sites = [(p.lng * narrow, p.lat) for p in points]
    outline = [(p.lng * narrow, p.lat) for p in area.ring]
    found: list[Ring] = []
    for number, site in enumerate(sites):
        ring = outline
        others = sorted((_apart(site, other), k) for k, other in enumerate(sites) if k != number)
        for apart, k in others:
            if apart == 0:
                continue  # two ZIPs at one point: both get the whole cell
            if apart / 2 > max(_apart(site, corner) for corner in ring):
                break  # its border passes beyond every corner, and so do those of all that are further away
            ring = _nearer(ring, site, sites[k])
            if len(ring) < 3:
                break
        found.append([(round(x / narrow, 5), round(y, 5)) for x, y in ring])
    return found


def _apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _nearer(ring: Ring, site: tuple[float, float], other: tuple[float, float]) -> Ring:
    """The part of ``ring`` that is nearer to ``site`` (one step of Sutherland and Hodgman's clipping, 1974)."""
    east, north = other[0] - site[0], other[1] - site[1]
    border = (other[0] ** 2 + other[1] ** 2 - site[0] ** 2 - site[1] ** 2) / 2
    kept: Ring = []
    previous = ring[-1]
    was = previous[0] * east + previous[1] * north - border
    for corner in ring:
        beyond = corner[0] * east + corner[1] * north - border
        if (was <= 0) != (beyond <= 0):
            part = was / (was - beyond)
            kept.append(
                (
                    previous[0] + part * (corner[0] - previous[0]),
                    previous[1] + part * (corner[1] - previous[1]),
                )
            )
        if beyond <= 0:
            kept.append(corner)
        previous, was = corner, beyond
    return kept


def _steps(households: Sequence[int]) -> list[int]:
    """1, 2 or 3: in which third of all cells each is."""
    ordered = sorted(households)
    return [1 + ordered.index(count) * 3 // len(ordered) for count in households]


def _closed(ring: Ring) -> list[list[float]]:
    return [[round(x, 5), round(y, 5)] for x, y in [*ring, ring[0]]]


def _feature(kind: str, shape: str, coordinates: object, **facts: object) -> Feature:
    return {
        "type": "Feature",
        "properties": {"kind": kind, **facts},
        "geometry": {"type": shape, "coordinates": coordinates},
    }


@lru_cache(maxsize=8)
def _sketched(slug: str) -> tuple[Feature, ...]:
    """The features of a sketch, none where there is no sketch of that name."""
    if not slug.replace("-", "").isalnum():
        return ()
    found = resources.files("doorstep.connectors.maps").joinpath("sketches", f"{slug}.geojson")
    if not found.is_file():
        return ()
    return tuple(json.loads(found.read_text(encoding="utf-8"))["features"])
