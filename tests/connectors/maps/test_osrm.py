"""Roads by OSRM: prepared once, faster than the rush allows, and never a gap where no road leads."""

import asyncio
import math
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import doorstep
from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.maps.osrm import RoadTravel
from doorstep.connectors.maps.osrm_roads import ExtractRefused, prepare
from doorstep.connectors.maps.protocol import Travel
from doorstep.units.geo import LatLng
from doorstep.units.time import market_instant

pytest.importorskip("osrm", reason="the extra doorstep[roads] is not installed")

ZONE = ZoneInfo("America/New_York")
BEELINE = GreatCircleTravel(ZONE)
NIGHT = market_instant(datetime(2026, 11, 18, 3, tzinfo=ZONE))
RUSH = market_instant(datetime(2026, 11, 18, 17, 30, tzinfo=ZONE))
DATA = Path(os.environ.get("DOORSTEP_DATA", Path(__file__).parents[4] / "shared/data"))
COLUMBUS = DATA / "osm" / "columbus-oh.osm.pbf"
STEP = 0.002  # degrees between two crossings of the little town
SIDE = 6  # crossings along each side


def crossing(row: int, column: int) -> LatLng:
    return LatLng(lat=40 + row * STEP, lng=-83 + column * STEP)


ISLAND = (LatLng(lat=40.05, lng=-83), LatLng(lat=40.052, lng=-83))
OFF_THE_MAP = LatLng(lat=41, lng=-83)


def little_town(sign: int = 1) -> str:
    """A grid of streets and one street on an island, in OpenStreetMap's XML; ids negative when ``sign`` is -1."""
    ids = {(r, c): sign * (1 + r * SIDE + c) for r in range(SIDE) for c in range(SIDE)}
    spots = [(ids[r, c], crossing(r, c)) for r, c in ids] + [
        (sign * (900 + i), p) for i, p in enumerate(ISLAND)
    ]
    streets = [[ids[r, c] for c in range(SIDE)] for r in range(SIDE)]
    streets += [[ids[r, c] for r in range(SIDE)] for c in range(SIDE)]
    streets.append([sign * 900, sign * 901])
    nodes = "".join(f'<node id="{i}" version="1" lat="{p.lat}" lon="{p.lng}"/>' for i, p in spots)
    ways = "".join(
        f'<way id="{sign * (1000 + number)}" version="1">'
        + "".join(f'<nd ref="{i}"/>' for i in street)
        + '<tag k="highway" v="residential"/></way>'
        for number, street in enumerate(streets)
    )
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>'


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("town")
    extract = folder / "town.2026.osm"
    extract.write_text(little_town(), encoding="utf-8")
    return extract, folder / "roads"


@pytest.fixture(scope="module")
def travel(town: tuple[Path, Path]) -> RoadTravel:
    return asyncio.run(RoadTravel.open(*town, BEELINE))


def test_the_way_follows_the_streets_and_takes_longer_in_the_rush(travel: RoadTravel) -> None:
    conforms: Travel = travel
    south_west, north_east = crossing(0, 0), crossing(5, 5)
    leg = asyncio.run(conforms.leg(south_west, north_east, NIGHT))
    degree_m = math.radians(1) * 6_371_009
    blocks_m = 5 * STEP * degree_m * (1 + math.cos(math.radians(40)))
    assert leg.metres == pytest.approx(blocks_m, rel=0.01)
    assert 20 < leg.metres / leg.seconds * 3.6 < 30  # residential streets
    assert asyncio.run(travel.leg(south_west, north_east, RUSH)).seconds > leg.seconds * 1.3


def test_what_no_road_joins_goes_by_the_great_circle_and_is_counted(travel: RoadTravel) -> None:
    asked, fallen_back = travel.pairs_asked, travel.pairs_fallen_back
    places = [crossing(0, 0), crossing(2, 3), ISLAND[0], OFF_THE_MAP]
    ways = asyncio.run(travel.matrix(places, NIGHT))
    beeline = BEELINE.between(places, NIGHT)
    assert travel.pairs_asked - asked == 12
    assert travel.pairs_fallen_back - fallen_back == 10
    assert (ways.seconds[3] == beeline.seconds[3]).all()
    assert (ways.seconds[:, 2] == beeline.seconds[:, 2]).all()
    assert ways.seconds[0, 1] != beeline.seconds[0, 1]
    assert not ways.seconds.diagonal().any()
    assert ways.seconds.dtype == ways.metres.dtype == np.int32


@pytest.mark.parametrize("count", [0, 1])
def test_no_way_needs_no_road(travel: RoadTravel, count: int) -> None:
    assert asyncio.run(travel.matrix([ISLAND[0]] * count, NIGHT)).seconds.shape == (count, count)


def test_an_extract_is_prepared_once_and_a_changed_one_anew(town: tuple[Path, Path], tmp_path: Path) -> None:
    extract, roads_home = town
    first = prepare(extract, roads_home)
    made_at = first.parent.stat().st_mtime_ns
    assert prepare(extract, roads_home) == first
    assert first.parent.stat().st_mtime_ns == made_at
    changed = tmp_path / "town.osm"
    changed.write_text(little_town().replace("residential", "primary"), encoding="utf-8")
    half_made = tmp_path / "roads"
    assert prepare(changed, half_made).parent.name != first.parent.name
    assert not list(half_made.glob("*.making"))


def test_what_a_killed_preparation_left_is_thrown_away(town: tuple[Path, Path], tmp_path: Path) -> None:
    extract, roads_home = town
    left = tmp_path / f"{prepare(extract, roads_home).parent.name}.making"
    left.mkdir()
    (left / "roads.osrm.ebg").write_text("half", encoding="utf-8")
    prepared = prepare(extract, tmp_path)
    assert prepared.parent.is_dir()
    assert not left.exists()


def test_a_broken_extract_is_refused_in_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"this is no map")
    with pytest.raises(ExtractRefused, match="osrm-extract failed"):
        prepare(broken, tmp_path / "roads")
    with pytest.raises(ExtractRefused, match=r"expected a name ending in \.osm\.pbf"):
        prepare(Path(__file__), tmp_path / "roads")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.osm\.pbf"):
        prepare(tmp_path / "nowhere.osm.pbf", tmp_path / "roads")


def test_negative_ids_are_explained_with_the_repair(tmp_path: Path) -> None:
    extract = tmp_path / "drawn-by-hand.osm"
    extract.write_text(little_town(sign=-1), encoding="utf-8")
    with pytest.raises(ExtractRefused, match="osmium renumber"):
        prepare(extract, tmp_path / "roads")


def test_without_the_extra_roads_say_which_command_helps(tmp_path: Path) -> None:
    """An interpreter without any installed package stands for the default install."""
    sources = Path(doorstep.__file__).parents[1]
    story = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(sources)!r})
from doorstep.connectors.maps.osrm_roads import RoadsNotInstalled, prepare
try:
    prepare(Path("town.osm.pbf"), Path({str(tmp_path)!r}))
except RoadsNotInstalled as refusal:
    assert "pip install 'doorstep[roads]'" in str(refusal)
else:
    raise SystemExit("roads appeared from nowhere")
"""
    done = subprocess.run([sys.executable, "-S", "-c", story], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    not COLUMBUS.is_file(), reason=f"no extract at {COLUMBUS}; set DOORSTEP_DATA to a folder that has it"
)
def test_a_real_city_routes_everywhere_and_the_default_travel_is_not_far_off(tmp_path: Path) -> None:
    travel = asyncio.run(RoadTravel.open(COLUMBUS, tmp_path / "roads", BEELINE))
    chance = Random(1)
    centre = [
        LatLng(lat=chance.uniform(39.93, 40.02), lng=chance.uniform(-83.06, -82.93)) for _ in range(100)
    ]
    ways = asyncio.run(travel.matrix(centre, NIGHT))
    assert travel.pairs_fallen_back < 0.1 * travel.pairs_asked
    beeline = BEELINE.between(centre, NIGHT)
    assert 0.8 < beeline.seconds.sum() / ways.seconds.sum() < 1.25
    assert 0.8 < beeline.metres.sum() / ways.metres.sum() < 1.25
