"""Where people live and shop by an OpenStreetMap extract, and the main roads between: what a simulated town is laid out on.

Reader: osmium (extra ``doorstep[roads]``). What is shown of it is "© OpenStreetMap contributors" (ODbL 1.0).
"""

from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.drawn_roads import KINDS, thinned
from doorstep.connectors.maps.osrm_roads import ExtractRefused, RoadsNotInstalled

Real = NDArray[np.float64]
LIVED_ALONG = frozenset({"residential", "living_street"})
ELSE_LIVED_ALONG = frozenset({"unclassified", "tertiary"})
"""Where an extract knows no residential street."""
SHOPPED_ALONG = frozenset({"primary", "secondary", "tertiary"})
KITCHENS = frozenset({"restaurant", "fast_food", "cafe", "pharmacy", "food_court", "ice_cream"})
THIN_DEG = 0.0005
"""A point of a main road nearer than this to the line without it (about 50 m) is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class StreetPlaces:
    """Pieces and points as (lng, lat) in degrees."""

    lived_along: Real  # (n, 4): both ends of every straight piece of a street with homes
    shopped_along: Real  # (n, 4): of the streets where shops are
    shops: Real  # (n, 2): shops, kitchens and pharmacies on the map
    main: tuple[tuple[str, Real], ...]  # motorways and arterials as lines (n, 2)


def read(extract: Path) -> StreetPlaces:
    """The streets and shops of ``extract``. Seconds for a metro; blocking.

    Raises RoadsNotInstalled, ExtractRefused when it cannot be read or knows no street with homes.
    """
    if find_spec("osmium") is None:
        raise RoadsNotInstalled(
            "an extract is named but its reader is not installed; install it with: pip install 'doorstep[roads]'"
            "  (in a checkout: uv sync --extra roads)"
        )
    import osmium

    lived: list[list[float]] = []
    else_lived: list[list[float]] = []
    shopped: list[list[float]] = []
    shops: list[tuple[float, float]] = []
    main: list[tuple[str, Real]] = []
    wanted = osmium.filter.KeyFilter("highway", "shop", "amenity")
    try:
        what = osmium.osm.NODE | osmium.osm.WAY
        for one in osmium.FileProcessor(str(extract), what).with_locations().with_filter(wanted):
            points = _points(one, osmium)
            if not points:
                continue
            if "shop" in one.tags or one.tags.get("amenity") in KITCHENS:
                shops.append(points[0])
            kind = one.tags.get("highway")
            if kind is None or len(points) < 2:
                continue
            if kind in KINDS:
                main.append((KINDS[kind], np.array(thinned(points, THIN_DEG), np.float64)))
            for streets, kinds in (
                (lived, LIVED_ALONG), (else_lived, ELSE_LIVED_ALONG), (shopped, SHOPPED_ALONG),
            ):  # fmt: skip
                if kind in kinds:
                    streets += [[*a, *b] for a, b in pairwise(points)]
    except RuntimeError as error:
        raise ExtractRefused(f"{extract} cannot be read: {error}") from error
    if not lived and not else_lived:
        raise ExtractRefused(
            f"{extract} knows no street that people live along: it needs ways of highway=residential, as every town's extract has"
        )
    return StreetPlaces(
        lived_along=_table(lived or else_lived, 4),
        shopped_along=_table(shopped, 4),
        shops=_table([list(shop) for shop in shops], 2),
        main=tuple(main),
    )


def _points(one: Any, osmium: Any) -> list[tuple[float, float]]:
    if isinstance(one, osmium.osm.Node):
        return [(one.lon, one.lat)] if one.location.valid() else []
    if isinstance(one, osmium.osm.Way):
        return [(node.lon, node.lat) for node in one.nodes if node.location.valid()]
    return []


def _table(rows: list[list[float]], width: int) -> Real:
    return np.array(rows, np.float64).reshape(-1, width)
