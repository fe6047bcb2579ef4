"""Markets on paper."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.markets import NASHVILLE

from doorstep.connectors.us.zips import NASHVILLE_CBSA, NEW_ORLEANS_CBSA, zip_areas
from doorstep.engine.params import Params
from doorstep.features.markets import seeds
from doorstep.features.markets.rules import (
    FIRST_TARIFFS,
    KNOBS,
    MOVES,
    TAKES_ORDERS,
    PayRates,
    ServiceLevel,
    ServiceRules,
    Stage,
    TariffKind,
    TariffTerms,
    geojson_ring,
    knob_fault,
    polygon_of,
)
from doorstep.units.geo import LatLng, Polygon
from doorstep.units.money import Money


def test_every_stage_leads_on_and_none_to_itself() -> None:
    assert set(MOVES) == set(Stage)
    for stage, following in MOVES.items():
        assert following
        assert stage not in following
    assert MOVES[Stage.PAUSED] >= TAKES_ORDERS, "who paused can go on"


def test_a_closed_market_is_planned_anew_before_it_takes_orders() -> None:
    assert not MOVES[Stage.CLOSED] & TAKES_ORDERS


def test_the_first_tariffs() -> None:
    grocery = FIRST_TARIFFS[TariffKind.GROCERY_OWN]
    assert grocery.money(grocery.base_minor) == Money(9_95)
    assert grocery.money(grocery.minimum_cart_minor) == Money(30_00)
    assert set(FIRST_TARIFFS) == set(TariffKind)


def test_negative_money_is_no_tariff_and_no_pay() -> None:
    with pytest.raises(ValueError, match="base_minor"):
        TariffTerms(base_minor=-1)
    with pytest.raises(ValueError, match="floor_minor"):
        PayRates(floor_minor=-1)


def test_a_level_without_a_rule_is_not_offered() -> None:
    assert ServiceRules().levels() == frozenset(ServiceLevel)
    assert ServiceRules(express=None, next_day=None).levels() == {ServiceLevel.WINDOW}


def test_what_the_engine_does_by_itself_could_also_be_set() -> None:
    shared = [field.name for field in fields(Params) if field.name in KNOBS]
    assert {"driving_price", "late_price", "max_bundle", "tick_s"} <= set(shared)
    for name in shared:
        assert knob_fault(name, getattr(Params(), name)) is None, name


@given(st.sampled_from(sorted(KNOBS)), st.floats(-10, 1e6))
def test_a_knob_is_refused_exactly_outside_its_bounds(name: str, value: float) -> None:
    knob = KNOBS[name]
    fits = knob.lowest <= value <= knob.highest and (not knob.whole or value == int(value))
    assert (knob_fault(name, value) is None) == fits
    assert knob_fault("volume", value) == "no such knob"


corners = st.lists(
    st.tuples(st.floats(-60, 60), st.floats(-170, 170)).map(lambda p: LatLng(lat=p[0], lng=p[1])),
    min_size=3,
    max_size=12,
    unique=True,
)


@given(corners)
def test_an_outline_survives_geojson(points: list[LatLng]) -> None:
    area = Polygon(tuple(points))
    ring = geojson_ring(area)
    assert ring[0] == ring[-1] == [points[0].lng, points[0].lat]
    assert polygon_of(ring) == area


def test_the_pilots_are_the_same_every_time_and_hold_their_zips() -> None:
    nashville, new_orleans = seeds.pilots()
    assert seeds.pilots() == (nashville, new_orleans)
    assert (nashville.slug, new_orleans.slug) == ("nashville", "new-orleans")
    assert nashville.timezone.key == new_orleans.timezone.key == "America/Chicago"
    assert nashville.area.contains(NASHVILLE)
    assert not new_orleans.area.contains(NASHVILLE)
    for market, cbsa in ((nashville, NASHVILLE_CBSA), (new_orleans, NEW_ORLEANS_CBSA)):
        assert market.stage is Stage.PILOT
        assert all(market.area.contains(area.point) for area in zip_areas(cbsa))


def test_a_market_of_a_few_zips_is_called_as_people_call_it() -> None:
    made = seeds.from_us(postcodes=["37203", "37206", "37203"])
    assert (made.name, made.slug, made.stage) == ("Nashville", "nashville", Stage.PLANNED)
    assert made.area.contains(NASHVILLE)
    assert not made.area.contains(LatLng(lat=36.571781, lng=-87.108705)), "Adams is not among them"
    assert seeds.from_us(cbsa=NEW_ORLEANS_CBSA).name == "New Orleans"


@pytest.mark.parametrize("places", [{}, {"cbsa": NASHVILLE_CBSA, "postcodes": ["37203"]}])
def test_a_metro_or_zips_not_both_nor_neither(places: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a metro or of ZIPs"):
        seeds.from_us(**places)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "slug"), [("St. Louis", "st-louis"), ("Coeur d’Alene", "coeur-d-alene"), ("东京", "market")]
)
def test_slugs(name: str, slug: str) -> None:
    assert seeds.slug_of(name) == slug
