"""The plane of a recorded day: whole metres survive the globe, times follow the instance's rule."""

import asyncio
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.connectors.maps.planar import PlanarGeocoder, PlanarTravel, Plane
from doorstep.connectors.maps.protocol import (
    Address,
    AddressQuery,
    Geocoder,
    Located,
    NotLocated,
    Precision,
    Travel,
)
from doorstep.units.geo import LatLng
from doorstep.units.time import market_instant

NOON = market_instant(datetime(2026, 11, 18, 12, tzinfo=UTC))
ORIGINS = [LatLng(lat=0, lng=0), LatLng(lat=36.1, lng=-86.8), LatLng(lat=-33.9, lng=151.2)]
PLANE = Plane(ORIGINS[1])
TRAVEL: Travel = PlanarTravel(PLANE, metres_per_minute=320)
GEOCODER: Geocoder = PlanarGeocoder()
metres = st.integers(-60_000, 60_000)


@settings(deadline=None)  # the machine may be busy
@given(metres, metres, st.sampled_from(ORIGINS))
def test_whole_metres_survive_the_globe_and_the_wire(x_m: int, y_m: int, origin: LatLng) -> None:
    plane = Plane(origin)
    point = plane.place(x_m, y_m)
    assert plane.metres(point) == (x_m, y_m)
    sent = json.loads(json.dumps({"lat": point.lat, "lng": point.lng}))
    assert plane.metres(LatLng(**sent)) == (x_m, y_m)
    six_decimals = LatLng(lat=round(point.lat, 6), lng=round(point.lng, 6))
    assert plane.metres(six_decimals) == (x_m, y_m)


@settings(deadline=None)  # the machine may be busy
@given(metres, metres, metres, metres, st.sampled_from([314, 320, 419, 427]))
def test_every_way_takes_the_minutes_of_the_rule(
    ax: int, ay: int, bx: int, by: int, metres_per_minute: int
) -> None:
    travel = PlanarTravel(PLANE, metres_per_minute)
    leg = asyncio.run(travel.leg(PLANE.place(ax, ay), PLANE.place(bx, by), NOON))
    euclid_m = math.sqrt((ax - bx) ** 2 + (ay - by) ** 2)
    assert leg.seconds == 60 * math.ceil(euclid_m / metres_per_minute)
    assert leg.metres == round(euclid_m)


def test_three_hundred_and_twenty_metres_are_one_minute_and_one_more_are_two() -> None:
    places = [PLANE.place(0, 0), PLANE.place(320, 0), PLANE.place(0, 321), PLANE.place(0, 0)]
    ways = asyncio.run(TRAVEL.matrix(places, NOON))
    assert ways.seconds[0].tolist() == [0, 60, 120, 0]
    assert ways.metres[0].tolist() == [0, 320, 321, 0]
    assert asyncio.run(TRAVEL.matrix([], NOON)).seconds.shape == (0, 0)


def test_a_city_where_nothing_moves_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        PlanarTravel(PLANE, metres_per_minute=0)


def test_the_plane_takes_given_points_and_knows_no_others() -> None:
    address = Address(line1="o17", city="Plane", state="TN", postcode="00000")
    found = asyncio.run(GEOCODER.locate(AddressQuery(address=address, point=PLANE.place(9131, 7497))))
    assert isinstance(found, Located)
    assert found.precision is Precision.GIVEN
    assert PLANE.metres(found.point) == (9131, 7497)
    assert isinstance(asyncio.run(GEOCODER.locate(AddressQuery(address=address))), NotLocated)
