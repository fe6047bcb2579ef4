"""Places: on the globe, inside or outside, and how far apart."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.units.geo import EARTH_RADIUS_M, LatLng, Polygon, bearing_deg, convex_hull, great_circle_m

calm = settings(deadline=None, max_examples=60)
PLACES = st.builds(LatLng, lat=st.floats(-60, 60), lng=st.floats(-170, 170))
NEAR = st.builds(LatLng, lat=st.floats(35.0, 37.0), lng=st.floats(-88.0, -86.0))
HORSESHOE = Polygon(
    tuple(
        LatLng(lat=lat, lng=lng)
        for lat, lng in ((0, 0), (0, 6), (6, 6), (6, 4), (2, 4), (2, 2), (6, 2), (6, 0))
    )
)


@pytest.mark.parametrize(("lat", "lng"), [(91, 0), (0, 181), (math.nan, 0), (0, math.nan), (math.inf, 0)])
def test_what_is_not_on_the_globe_is_no_place(lat: float, lng: float) -> None:
    with pytest.raises(ValueError, match="not a place"):
        LatLng(lat=lat, lng=lng)


def test_lengths_that_are_known() -> None:
    pole, equator = LatLng(lat=90, lng=0), LatLng(lat=0, lng=17)
    assert great_circle_m(pole, equator) == pytest.approx(EARTH_RADIUS_M * math.pi / 2)
    assert great_circle_m(equator, LatLng(lat=0, lng=-163)) == pytest.approx(EARTH_RADIUS_M * math.pi)
    assert [bearing_deg(LatLng(lat=0, lng=0), LatLng(lat=lat, lng=lng)) for lat, lng in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [0, 90, 180, 270]  # fmt: skip
    assert bearing_deg(LatLng(lat=-1, lng=0), LatLng(lat=0, lng=-1e-38)) == 0  # a hair west of north


@given(PLACES, PLACES, PLACES)
@calm
def test_the_way_back_is_as_long_and_no_detour_is_shorter(a: LatLng, b: LatLng, c: LatLng) -> None:
    assert great_circle_m(a, b) == pytest.approx(great_circle_m(b, a))
    assert great_circle_m(a, c) <= great_circle_m(a, b) + great_circle_m(b, c) + 1e-3
    assert 0 <= bearing_deg(a, b) < 360


@given(NEAR, st.sampled_from([50.0, 300.0, 1000.0]))
@calm
def test_a_place_rounded_is_near_hides_the_door_and_stays_when_rounded_again(
    place: LatLng, grid_m: float
) -> None:
    shown = place.rounded(grid_m)
    assert great_circle_m(place, shown) <= grid_m * 0.75
    assert great_circle_m(shown, shown.rounded(grid_m)) < 1


def test_inside_and_outside_of_a_bay() -> None:
    arms, bay, beyond = ((5, 1), (5, 5), (1, 3)), (5, 3), ((7, 1), (-1, 3), (3, -1), (3, 7))
    assert all(HORSESHOE.contains(LatLng(lat=lat, lng=lng)) for lat, lng in arms)
    assert not HORSESHOE.contains(LatLng(lat=bay[0], lng=bay[1]))
    assert not any(HORSESHOE.contains(LatLng(lat=lat, lng=lng)) for lat, lng in beyond)
    with pytest.raises(ValueError, match="three points"):
        Polygon(HORSESHOE.ring[:2])


@given(st.lists(NEAR, min_size=3, max_size=25, unique=True), st.data())
@calm
def test_a_hull_holds_what_lies_between_any_two_of_its_points(
    points: list[LatLng], data: st.DataObject
) -> None:
    try:
        hull = convex_hull(points)
    except ValueError:  # all on one line: nothing is enclosed
        return
    assert set(hull.ring) <= set(points)
    corners = [*hull.ring, hull.ring[0], hull.ring[1]]
    turns = [
        (b.lng - a.lng) * (c.lat - b.lat) - (b.lat - a.lat) * (c.lng - b.lng)
        for (a, b), (_, c) in pairwise(pairwise(corners))
    ]
    assert all(turn > 0 for turn in turns)
    middle = LatLng(
        lat=sum(p.lat for p in hull.ring) / len(hull.ring), lng=sum(p.lng for p in hull.ring) / len(hull.ring)
    )
    one = data.draw(st.sampled_from(points))
    inward = LatLng(lat=(one.lat + middle.lat) / 2, lng=(one.lng + middle.lng) / 2)
    if min(turns) > 1e-6:  # thinner ones lie within rounding of a line
        assert hull.contains(inward)
