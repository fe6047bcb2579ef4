"""The ground of a market's maps, from its own data."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.connectors.maps.ground import cells, ground
from doorstep.connectors.us.zips import zip_areas
from doorstep.features.markets.seeds import pilots
from doorstep.units.geo import LatLng, Polygon

SQUARE = Polygon(
    (LatLng(lat=36.0, lng=-87.0), LatLng(lat=36.0, lng=-86.5), LatLng(lat=36.5, lng=-86.5), LatLng(lat=36.5, lng=-87.0))
)  # fmt: skip
points = st.builds(LatLng, lat=st.floats(36.01, 36.49), lng=st.floats(-86.99, -86.51))
NARROW = math.cos(math.radians(36.25))


def apart(a: LatLng, b: LatLng) -> float:
    return math.hypot((a.lng - b.lng) * NARROW, a.lat - b.lat)


def area(ring: list[tuple[float, float]]) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


class TestCells:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(points, min_size=1, max_size=12, unique_by=lambda p: (round(p.lat, 2), round(p.lng, 2))),
        points,
    )
    def test_every_place_lies_in_the_cell_of_its_nearest_point(
        self, sites: list[LatLng], place: LatLng
    ) -> None:
        found = cells(sites, SQUARE)
        nearest = sorted(range(len(sites)), key=lambda k: apart(sites[k], place))
        if len(sites) > 1 and apart(sites[nearest[1]], place) - apart(sites[nearest[0]], place) < 1e-4:
            return  # on a border: both are right
        ring = found[nearest[0]]
        assert Polygon(tuple(LatLng(lat=y, lng=x) for x, y in ring)).contains(place)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(points, min_size=1, max_size=12, unique_by=lambda p: (round(p.lat, 2), round(p.lng, 2))))
    def test_together_they_are_the_market(self, sites: list[LatLng]) -> None:
        assert sum(area(ring) for ring in cells(sites, SQUARE)) == pytest.approx(0.25, rel=1e-3)

    def test_no_points_no_cells(self) -> None:
        assert cells([], SQUARE) == []


class TestGround:
    def test_nashville_has_cells_a_river_and_roads(self) -> None:
        market = pilots()[0]
        drawn = ground(market.name, market.area, zip_areas(), market.slug)
        kinds = [feature["properties"]["kind"] for feature in drawn["features"]]
        assert kinds.count("outline") == 1
        assert kinds.count("zip") > 80
        assert {"river", "motorway", "arterial", "park", "place", "zip-label"} <= set(kinds)
        steps = [f["properties"]["step"] for f in drawn["features"] if f["properties"]["kind"] == "zip"]
        assert {steps.count(step) // 5 for step in (1, 2, 3)} == {len(steps) // 15}
        json.dumps(drawn, allow_nan=False)

    def test_a_market_nobody_has_sketched_has_cells_alone(self) -> None:
        market = pilots()[1]
        drawn = ground(market.name, market.area, zip_areas(), market.slug)
        assert {f["properties"]["kind"] for f in drawn["features"]} == {"outline", "zip", "zip-label"}

    def test_a_name_cannot_reach_another_file(self) -> None:
        drawn = ground("x", SQUARE, (), "../../us/pilots")
        assert [f["properties"]["kind"] for f in drawn["features"]] == ["outline"]
