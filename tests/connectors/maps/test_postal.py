"""One spelling for one door, by the short forms of USPS Publication 28."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.connectors.maps.postal import city_key, is_po_box, normalise, postcode_of, state_code
from doorstep.connectors.maps.postal_words import DIRECTIONS, LONE_UNITS, SUFFIXES, UNITS
from doorstep.connectors.maps.protocol import Address


def lines(line1: str, line2: str = "") -> tuple[str, str]:
    found = normalise(Address(line1=line1, line2=line2, city="Nashville", state="TN", postcode="37203"))
    return found.line1, found.line2


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("123 Main Street", ("123 Main St", "")),
        ("123 NORTH MAIN STREET", ("123 N Main St", "")),
        ("123 north main st. southwest", ("123 N Main St SW", "")),
        ("1600 West End Avenue, Apartment 4b", ("1600 West End Ave", "Apt 4B")),
        ("1600 Broadway #12", ("1600 Broadway", "# 12")),
        ("1600 Broadway Apt # 12", ("1600 Broadway", "Apt 12")),
        ("1600 Broadway apt#12", ("1600 Broadway", "Apt 12")),
        ("77 Music Sq E Ste 200-C", ("77 Music Sq E", "Ste 200-C")),
        ("12 Park Avenue Building 3 Unit B", ("12 Park Ave", "Bldg 3 Unit B")),
        ("12 Park Avenue Rear", ("12 Park Ave", "Rear")),
        ("405 12TH AVENUE SOUTH", ("405 12th Ave S", "")),
        ("3900 Saint Charles Avenue", ("3900 Saint Charles Ave", "")),
        ("3900 St. Charles Ave", ("3900 St Charles Ave", "")),
        ("12 North Street", ("12 North St", "")),
        ("5 Avenue of the Stars", ("5 Avenue of the Stars", "")),
        ("100 McGavock Pike", ("100 McGavock Pike", "")),
        ("100 o'neal lane", ("100 O'Neal Ln", "")),
        ("8 Lot Street", ("8 Lot St", "")),
        ("9 The Park", ("9 The Park", "")),
        ("8 N Lot Street", ("8 N Lot St", "")),
        ("221B Baker Street", ("221B Baker St", "")),
    ],
)
def test_a_line_gets_the_standard_short_forms(written: str, standard: tuple[str, str]) -> None:
    assert lines(written) == standard


def test_the_unit_has_its_own_line_wherever_it_was_written() -> None:
    assert lines("12 Park Ave Apt 4", "building 3") == ("12 Park Ave", "Bldg 3 Apt 4")
    assert lines("12 Park Ave", "SUITE 5") == ("12 Park Ave", "Ste 5")
    assert lines("12 Park Ave", "ask the doorman") == ("12 Park Ave", "ask the doorman")


def test_a_lone_word_and_a_unit_from_the_street_line_meet_in_one_spelling() -> None:
    """Parsed apart, the two lines would give another answer than together."""
    assert lines("12 Park Ave # 5", "Apt") == ("12 Park Ave", "Apt 5")


def test_state_country_and_postcode_have_one_form() -> None:
    found = normalise(
        Address(
            line1="1 Main St",
            city="NEW  ORLEANS",
            state="louisiana",
            postcode=" 70112-1234 ",
            country="U.S.A.",
        )
    )
    assert (found.city, found.state, found.postcode, found.country) == ("New Orleans", "LA", "70112", "US")
    assert state_code("la") == "LA"
    assert state_code("Cascadia") == "Cascadia"
    assert postcode_of("701121234") == "70112"
    assert postcode_of("7011") is None
    assert postcode_of("٧٠١١٢") is None


def test_cities_are_the_same_however_people_shorten_them() -> None:
    assert city_key("St. Rose") == city_key("SAINT ROSE")
    assert city_key("LaPlace") == city_key("La Place")
    assert city_key("Mt Juliet") == city_key("Mount Juliet")
    assert city_key("Thompson's Station") == city_key("Thompsons Station")
    assert city_key("Nashville") != city_key("Knoxville")


def test_a_po_box_is_no_door_and_a_box_street_is_one() -> None:
    assert is_po_box("P.O. Box 12")
    assert is_po_box("po box 12")
    assert is_po_box("Post Office Box 12")
    assert not is_po_box("12 Pillbox Rd")


words = st.sampled_from(
    [
        *SUFFIXES,
        *DIRECTIONS,
        *UNITS,
        *LONE_UNITS,
        "Main",
        "OAK",
        "mcgavock",
        "o'neal",
        "12",
        "4B",
        "5th",
        "#7",
        "st.",
        "A",
    ]
)
texts = st.lists(words, max_size=7).map(" ".join) | st.text(max_size=20)


@settings(deadline=None)  # the machine may be busy
@given(texts, texts, st.text(max_size=12))
def test_normalising_twice_changes_nothing(line1: str, line2: str, city: str) -> None:
    once = normalise(Address(line1=line1, line2=line2, city=city, state="TN", postcode="37203"))
    assert normalise(once) == once
