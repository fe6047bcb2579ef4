"""Main roads of an extract: read once, thinned by no more than they may be, drawn with their owner's name."""

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.extracts import Way, write_extract

from doorstep.connectors.maps.drawn_roads import CREDIT, DrawnRoads, thinned
from doorstep.connectors.maps.ground import ground
from doorstep.connectors.maps.osrm_roads import ExtractRefused
from doorstep.units.geo import LatLng, Polygon

pytest.importorskip("osmium", reason="the extra doorstep[roads] is not installed")

WAYS: tuple[Way, ...] = (
    ("motorway", [(36.00, -86.00), (36.00001, -86.01), (36.00, -86.02), (36.02, -86.02)]),
    ("primary", [(36.01, -86.00), (36.01, -86.03)]),
    ("residential", [(36.005, -86.00), (36.005, -86.01)]),
    ("trunk", [(37.0, -86.0), (37.0, -86.1)]),
)
AREA = Polygon(
    tuple(
        LatLng(lat=lat, lng=lng) for lat, lng in ((35.9, -86.1), (35.9, -85.9), (36.1, -85.9), (36.1, -86.1))
    )
)


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    return write_extract(tmp_path / "town.osm", WAYS)


def test_main_roads_of_the_area_are_drawn_and_minor_or_distant_ones_are_not(
    extract: Path, tmp_path: Path
) -> None:
    found = DrawnRoads(extract, tmp_path / "roads").within(AREA)
    lines = {one["properties"]["kind"]: one["geometry"]["coordinates"] for one in found}
    assert lines == {
        "motorway": [[-86.0, 36.0], [-86.02, 36.0], [-86.02, 36.02]],  # a metre aside is no bend
        "arterial": [[-86.0, 36.01], [-86.03, 36.01]],
    }


def test_an_extract_is_read_once_for_all_starts(extract: Path, tmp_path: Path) -> None:
    home = tmp_path / "roads"
    first = DrawnRoads(extract, home).within(AREA)
    (kept,) = home.iterdir()
    told = json.loads(kept.read_text(encoding="utf-8"))
    kept.write_text(json.dumps([one for one in told if one[0] == "motorway"]), encoding="utf-8")
    assert len(DrawnRoads(extract, home).within(AREA)) == len(first) - 1, "what was kept is what is read"
    extract.write_text(extract.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert DrawnRoads(extract, home).within(AREA) == first, "another file is read anew"


def test_its_roads_take_the_place_of_a_sketch_and_name_their_owner(extract: Path, tmp_path: Path) -> None:
    roads = DrawnRoads(extract, tmp_path / "roads")
    drawn = ground("Nashville", AREA, (), "nashville", roads)
    assert drawn["credit"] == CREDIT
    kinds = [one["properties"]["kind"] for one in drawn["features"]]
    assert (kinds.count("motorway"), kinds.count("arterial")) == (1, 1)
    assert "river" in kinds, "what the extract was not asked for stays"
    elsewhere = Polygon(tuple(LatLng(lat=p.lat + 5, lng=p.lng) for p in AREA.ring))
    assert "credit" not in ground("Elsewhere", elsewhere, (), None, roads)


def test_what_is_no_extract_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        DrawnRoads(tmp_path / "none.osm.pbf", tmp_path)
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"no map at all")
    with pytest.raises(ExtractRefused, match=r"broken\.osm\.pbf cannot be read"):
        DrawnRoads(broken, tmp_path / "roads").within(AREA)


spots = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


@given(st.lists(spots, min_size=2, max_size=40), st.floats(0.001, 0.5))
def test_a_thinned_line_keeps_its_ends_and_strays_no_further_than_it_may(
    points: list[tuple[float, float]], most: float
) -> None:
    kept = thinned(points, most)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    rest = iter(points)
    assert all(one in rest for one in kept), "in the order of the road"
    for x, y in points:
        assert min(math.dist((x, y), _nearest((x, y), a, b)) for a, b in pairwise(kept)) <= most + 1e-9


def _nearest(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    part = 0.0 if length == 0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length))
    return a[0] + part * dx, a[1] + part * dy
