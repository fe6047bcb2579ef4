"""The first ladder: given coordinates, then the middle of the ZIP, else a reason and a suggestion."""

import asyncio

from doorstep.connectors.maps.geocode import ZipGeocoder
from doorstep.connectors.maps.protocol import (
    Address,
    AddressQuery,
    Geocoder,
    Located,
    NotLocated,
    Precision,
)
from doorstep.connectors.maps.protocol import WhyNotLocated as Why
from doorstep.connectors.us.zips import pilot_zips
from doorstep.units.geo import LatLng

GEOCODER: Geocoder = ZipGeocoder(pilot_zips(), unknown_hint="pip install 'doorstep[us]'")
MIDDLE_OF_37203 = next(a.point for a in pilot_zips() if a.postcode == "37203")


def ask(
    line1: str = "1600 Broadway",
    *,
    city: str = "Nashville",
    state: str = "TN",
    postcode: str = "37203",
    country: str = "US",
    point: LatLng | None = None,
) -> Located | NotLocated:
    address = Address(line1=line1, city=city, state=state, postcode=postcode, country=country)
    return asyncio.run(GEOCODER.locate(AddressQuery(address=address, point=point)))


def refused(answer: Located | NotLocated) -> NotLocated:
    assert isinstance(answer, NotLocated)
    assert answer.message
    return answer


def test_a_given_point_in_its_zip_is_taken_as_it_is() -> None:
    door = LatLng(lat=36.1531, lng=-86.7897)
    found = ask("1600 broadway, suite 5", point=door)
    assert isinstance(found, Located)
    assert (found.point, found.precision, found.note) == (door, Precision.GIVEN, "")
    assert (found.address.line1, found.address.line2) == ("1600 Broadway", "Ste 5")


def test_without_a_point_the_middle_of_the_zip_stands_in_and_says_so() -> None:
    found = ask(postcode="37203-1234", state="Tennessee", city="nashville")
    assert isinstance(found, Located)
    assert (found.point, found.precision, found.postcode) == (MIDDLE_OF_37203, Precision.POSTCODE, "37203")
    assert "not the door" in found.note


def test_a_zip_where_nobody_lives_still_takes_deliveries() -> None:
    """37232 is a hospital: no household, many lunches."""
    assert isinstance(ask(postcode="37232"), Located)


def test_the_wrong_city_gets_the_right_one_first() -> None:
    answer = refused(ask(city="Franklin"))
    assert answer.reason is Why.CITY_MISMATCH
    assert answer.suggestions[0] == "Nashville, TN 37203"
    assert "Franklin, TN 37064" in answer.suggestions


def test_the_wrong_state_is_told_apart_from_the_wrong_city() -> None:
    answer = refused(ask(state="LA"))
    assert answer.reason is Why.STATE_MISMATCH
    assert answer.suggestions == ("Nashville, TN 37203",)


def test_an_unknown_zip_says_what_helps() -> None:
    answer = refused(ask(city="Memphis", postcode="38103"))
    assert answer.reason is Why.POSTCODE_UNKNOWN
    assert "doorstep[us]" in answer.message
    assert refused(ask(postcode="37200")).suggestions[0].startswith("Nashville, TN")


def test_a_point_beyond_the_zip_is_refused_and_swapped_coordinates_are_noticed() -> None:
    far = refused(ask(point=LatLng(lat=36.6, lng=-86.79)))
    assert far.reason is Why.POINT_TOO_FAR
    assert "swapped" not in far.message
    swapped = refused(ask(point=LatLng(lat=MIDDLE_OF_37203.lng, lng=MIDDLE_OF_37203.lat)))
    assert "swapped" in swapped.message


def test_what_no_courier_can_find_is_refused_with_its_reason() -> None:
    assert refused(ask("PO Box 12")).reason is Why.PO_BOX
    assert refused(ask("Broadway")).reason is Why.STREET_MISSING
    assert refused(ask("")).reason is Why.STREET_MISSING
    assert refused(ask(postcode="3720")).reason is Why.POSTCODE_MALFORMED
    assert refused(ask(country="CA")).reason is Why.COUNTRY_NOT_SERVED
