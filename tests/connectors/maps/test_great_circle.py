"""Travel without a map: symmetric, rounded up, slower in the rush, never helped by a detour."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.connectors.maps.great_circle import GreatCircleTravel, great_circles_m
from doorstep.connectors.maps.protocol import Travel, TravelMatrix
from doorstep.connectors.maps.traffic import slowdown
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.time import market_instant

CHICAGO = ZoneInfo("America/Chicago")
NIGHT = market_instant(datetime(2026, 11, 18, 3, tzinfo=CHICAGO))
RUSH = market_instant(datetime(2026, 11, 18, 17, 30, tzinfo=CHICAGO))
SATURDAY_EVENING = market_instant(datetime(2026, 11, 21, 17, 30, tzinfo=CHICAGO))
BROADWAY = LatLng(lat=36.1600, lng=-86.7780)
AIRPORT = LatLng(lat=36.1263, lng=-86.6774)
TRAVEL: Travel = GreatCircleTravel(CHICAGO)

nashville = st.builds(
    LatLng,
    lat=st.floats(35.8, 36.5, allow_nan=False),
    lng=st.floats(-87.2, -86.3, allow_nan=False),
)


def test_the_airport_is_a_quarter_of_an_hour_away_at_night_and_longer_in_the_rush() -> None:
    at_night = asyncio.run(TRAVEL.leg(BROADWAY, AIRPORT, NIGHT))
    in_the_rush = asyncio.run(TRAVEL.leg(BROADWAY, AIRPORT, RUSH))
    on_saturday = asyncio.run(TRAVEL.leg(BROADWAY, AIRPORT, SATURDAY_EVENING))
    assert 12_500 < at_night.metres < 14_500
    assert 13 * 60 < at_night.seconds < 18 * 60
    assert in_the_rush.metres == at_night.metres
    assert at_night.seconds < on_saturday.seconds < in_the_rush.seconds


def test_short_trips_are_slower_than_long_ones() -> None:
    near = asyncio.run(TRAVEL.leg(BROADWAY, LatLng(lat=36.165, lng=-86.778), NIGHT))
    far = asyncio.run(TRAVEL.leg(BROADWAY, LatLng(lat=36.4, lng=-86.778), NIGHT))
    assert near.metres / near.seconds < 8 < far.metres / far.seconds


def test_no_plan_changes_because_a_clock_struck() -> None:
    minutes = [
        market_instant(datetime(2026, 11, 20, h, m, tzinfo=CHICAGO)) for h in range(24) for m in range(60)
    ]
    factors = [slowdown(at, CHICAGO) for at in minutes]
    assert min(factors) >= 1
    assert max(abs(b - a) for a, b in pairwise(factors)) < 0.005


def test_rush_hour_is_a_matter_of_the_market_s_own_clock() -> None:
    five_pm_in_nashville = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert slowdown(five_pm_in_nashville, CHICAGO) > slowdown(
        five_pm_in_nashville, ZoneInfo("America/New_York")
    )


@pytest.mark.parametrize("count", [0, 1, 5, 300])
def test_a_matrix_holds_any_number_of_places(count: int) -> None:
    ways = asyncio.run(TRAVEL.matrix([BROADWAY, AIRPORT] * count, RUSH))
    assert ways.seconds.shape == ways.metres.shape == (2 * count, 2 * count)
    assert ways.seconds.dtype == ways.metres.dtype == np.int32
    assert not ways.seconds.diagonal().any()


@settings(deadline=None)  # the machine may be busy
@given(st.lists(nashville, min_size=3, max_size=3), st.sampled_from([NIGHT, RUSH]))
def test_a_stop_in_between_never_shortens_the_way(points: list[LatLng], at: datetime) -> None:
    ways = GreatCircleTravel(CHICAGO).between(points, market_instant(at))
    assert (ways.seconds == ways.seconds.T).all()
    assert ways.seconds[0, 2] <= ways.seconds[0, 1] + ways.seconds[1, 2]
    assert ways.metres[0, 2] <= ways.metres[0, 1] + ways.metres[1, 2]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(nashville, min_size=2, max_size=4))
def test_a_leg_is_the_entry_of_the_matrix_and_no_shorter_than_the_crow_flies(points: list[LatLng]) -> None:
    ways = GreatCircleTravel(CHICAGO).between(points, RUSH)
    leg = asyncio.run(TRAVEL.leg(points[0], points[1], RUSH))
    assert (leg.seconds, leg.metres) == (ways.seconds[0, 1], ways.metres[0, 1])
    assert leg.metres >= great_circle_m(points[0], points[1])
    assert great_circles_m(points)[0, 1] == pytest.approx(great_circle_m(points[0], points[1]), abs=1e-3)


def test_roads_shorter_than_the_great_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        GreatCircleTravel(CHICAGO, detour=0.9)


def test_a_matrix_that_an_engine_could_misread_is_refused() -> None:
    square = np.zeros((2, 2), dtype=np.int32)
    with pytest.raises(ValueError, match="square"):
        TravelMatrix(seconds=np.zeros((2, 3), dtype=np.int32), metres=square)
    with pytest.raises(ValueError, match="differ in shape"):
        TravelMatrix(seconds=square, metres=np.zeros((3, 3), dtype=np.int32))
    with pytest.raises(ValueError, match="int32"):
        TravelMatrix(seconds=square, metres=np.zeros((2, 2)))  # type: ignore[arg-type]
