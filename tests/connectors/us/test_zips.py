"""The pilots' ZIPs: the figures of the census bureau, an outline, and the nation when it is installed."""

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import doorstep
from doorstep.connectors.us.nation import (
    NationNotInstalled,
    every_zip,
    metro_zips,
    nation,
    nation_installed,
    nation_rows,
)
from doorstep.connectors.us.zips import (
    NASHVILLE_CBSA,
    NEW_ORLEANS_CBSA,
    UnknownMetro,
    as_csv,
    from_csv,
    households_within,
    market_area,
    offset,
    pilot_zips,
    zip_areas,
)
from doorstep.units.geo import LatLng, great_circle_m

SOURCES = Path(doorstep.__file__).parents[1]


@pytest.mark.parametrize(
    ("cbsa", "name", "zips", "households"),
    [
        (NASHVILLE_CBSA, "Nashville-Davidson--Murfreesboro--Franklin, TN", 108, 782_995),
        (NEW_ORLEANS_CBSA, "New Orleans-Metairie, LA", 69, 397_194),
    ],
)
def test_a_pilot_holds_the_households_the_survey_counted(
    cbsa: str, name: str, zips: int, households: int
) -> None:
    areas = zip_areas(cbsa)
    assert len(areas) == zips
    assert sum(a.households for a in areas) == households
    assert {a.metro for a in areas} == {name}
    assert {a.timezone for a in areas} == {ZoneInfo("America/Chicago")}
    assert all(a.households > 0 and a.population > 0 for a in areas)
    assert [a.postcode for a in areas] == sorted(a.postcode for a in areas)
    assert metro_zips(cbsa) == areas


def test_both_pilots_together_are_the_two_apart() -> None:
    assert set(zip_areas()) == set(zip_areas(NASHVILLE_CBSA)) | set(zip_areas(NEW_ORLEANS_CBSA))


def test_another_metro_is_no_pilot() -> None:
    with pytest.raises(UnknownMetro, match="not a pilot"):
        zip_areas("32820")


def test_the_table_reads_back_as_it_was_written() -> None:
    assert from_csv(as_csv(pilot_zips())) == pilot_zips()
    assert (SOURCES / "doorstep/connectors/us/pilots.csv").read_text(encoding="utf-8") == as_csv(pilot_zips())


def test_the_outline_holds_every_zip_point_and_its_margin_but_not_the_next_city() -> None:
    areas = zip_areas(NASHVILLE_CBSA)
    outline = market_area(areas, margin_m=3_000)
    for area in areas:
        assert outline.contains(area.point)
        for bearing_deg in range(0, 360, 15):
            assert outline.contains(offset(area.point, 2_990, bearing_deg))
    memphis, chattanooga = LatLng(lat=35.1495, lng=-90.0490), LatLng(lat=35.0456, lng=-85.3097)
    assert not outline.contains(memphis)
    assert not outline.contains(chattanooga)
    with pytest.raises(ValueError, match="at least one"):
        market_area([])


def test_households_within_a_radius_count_whole_zips_once() -> None:
    areas = zip_areas(NASHVILLE_CBSA)
    downtown = LatLng(lat=36.1627, lng=-86.7816)
    near = households_within(areas, [downtown, downtown], 5_000)
    assert 0 < near < households_within(areas, [downtown], 20_000) < 782_995
    assert households_within(areas, [downtown], 500_000) == 782_995
    assert households_within(areas, [], 500_000) == 0
    expected = sum(a.households for a in areas if great_circle_m(a.point, downtown) <= 5_000)
    assert near == expected


def test_an_offset_lands_where_it_was_sent() -> None:
    start = LatLng(lat=29.95, lng=-90.07)
    for bearing_deg in range(0, 360, 30):
        assert great_circle_m(start, offset(start, 2_000, bearing_deg)) == pytest.approx(2_000, abs=2)


def test_without_the_extra_the_nation_says_which_command_helps() -> None:
    """An interpreter without any installed package stands for the default install."""
    story = f"""
import sys
sys.path.insert(0, {str(SOURCES)!r})
from doorstep.connectors.us.nation import NationNotInstalled, every_zip, metro_zips, nation, nation_installed
from doorstep.connectors.us.zips import pilot_zips
assert not nation_installed()
assert every_zip() == pilot_zips()
assert len(metro_zips("34980")) == 108
for ask in (nation, lambda: metro_zips("32820")):
    try:
        ask()
    except NationNotInstalled as refusal:
        assert "pip install 'doorstep[us]'" in str(refusal)
    else:
        raise SystemExit("the nation appeared from nowhere")
"""
    done = subprocess.run([sys.executable, "-S", "-c", story], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    not nation_installed(), reason="the extra doorstep[us] is not installed: uv sync --group us"
)
def test_with_the_extra_any_metro_can_open_and_the_pilots_table_is_still_the_wheel_s() -> None:
    assert len(nation()) > 32_000
    assert sum(a.households for a in nation()) > 125_000_000
    assert set(nation()) <= set(every_zip())
    memphis = metro_zips("32820")
    assert sum(a.households for a in memphis) > 400_000
    with pytest.raises(UnknownMetro, match="00000"):
        metro_zips("00000")
    pilots = [a for a in nation_rows() if a.cbsa in {NASHVILLE_CBSA, NEW_ORLEANS_CBSA}]
    assert as_csv(pilots) == as_csv(pilot_zips())


@pytest.mark.skipif(nation_installed(), reason="the extra doorstep[us] is installed")
def test_a_metro_beyond_the_pilots_is_refused_here() -> None:
    with pytest.raises(NationNotInstalled, match="doorstep\\[us\\]"):
        metro_zips("32820")
