"""Demo addresses: invented, repeatable, where the people are, and good enough for our own geocoder."""

import asyncio
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.connectors.maps.geocode import ZipGeocoder
from doorstep.connectors.maps.postal import normalise
from doorstep.connectors.maps.protocol import AddressQuery, Located, Precision
from doorstep.connectors.us.streets import draw_address, draw_area, draw_household
from doorstep.connectors.us.zips import NASHVILLE_CBSA, ZipArea, market_area, pilot_zips, zip_areas
from doorstep.units.geo import great_circle_m

GEOCODER = ZipGeocoder(pilot_zips())
NASHVILLE = zip_areas(NASHVILLE_CBSA)
OUTLINE = market_area(NASHVILLE)


def test_the_same_seed_draws_the_same_doors() -> None:
    first, second = Random(7), Random(7)
    assert [draw_household(first, NASHVILLE) for _ in range(50)] == [
        draw_household(second, NASHVILLE) for _ in range(50)
    ]
    assert draw_household(Random(8), NASHVILLE) != draw_household(Random(7), NASHVILLE)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 2**32), st.sampled_from(pilot_zips()))
def test_a_drawn_address_is_normal_near_its_zip_and_found(seed: int, area: ZipArea) -> None:
    address, point = draw_address(Random(seed), area)
    assert normalise(address) == address
    assert great_circle_m(area.point, point) <= 2_010
    found = asyncio.run(GEOCODER.locate(AddressQuery(address=address, point=point)))
    assert isinstance(found, Located)
    assert (found.precision, found.address) == (Precision.GIVEN, address)


def test_more_deliveries_go_where_more_households_are() -> None:
    chance = Random(1)
    drawn = Counter(draw_area(chance, NASHVILLE).postcode for _ in range(20_000))
    households = {a.postcode: a.households for a in NASHVILLE}
    total = sum(households.values())
    for postcode in ("37013", "37211", "37203"):
        assert drawn[postcode] / 20_000 == pytest.approx(households[postcode] / total, rel=0.2)
    assert drawn["37213"] <= 5  # thirteen households


def test_every_drawn_door_lies_in_the_market() -> None:
    chance = Random(3)
    assert all(OUTLINE.contains(draw_household(chance, NASHVILLE)[1]) for _ in range(500))


def test_nobody_lives_where_there_are_no_households() -> None:
    empty = [a for a in pilot_zips() if a.households == 0]
    assert empty
    with pytest.raises(ValueError, match="no household"):
        draw_household(Random(1), empty)
