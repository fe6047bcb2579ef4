"""A town on the streets of an extract: small enough to write down, driven by OSRM."""

from pathlib import Path

import numpy as np
import pytest

from doorstep.engine.compiled import warm_up
from doorstep.sim.day import play
from doorstep.sim.ground import apart_m
from doorstep.sim.measures import measure
from doorstep.sim.reading import Raw, load, scenario_of
from doorstep.sim.scenario import ScenarioRefused
from doorstep.sim.town import town_of

pytest.importorskip("osrm", reason="the extra doorstep[roads] is not installed")
pytest.importorskip("osmium", reason="the extra doorstep[roads] is not installed")

SIDE, STEP = 14, 0.003  # crossings along each side of the town, degrees between two
SHOPS = ((2, 2), (11, 4), (5, 11))


def little_town() -> str:
    """Streets with homes, a main street through the middle, three shops, and a street on an island."""
    number = {(r, c): 1 + r * SIDE + c for r in range(SIDE) for c in range(SIDE)}
    spots = [(n, 40 + r * STEP, -83 + c * STEP, "") for (r, c), n in number.items()]
    spots += [(800 + n, 40.2, -83 + n * STEP, "") for n in range(3)]
    spots += [
        (900 + n, 40 + r * STEP + 2e-4, -83 + c * STEP + 2e-4, '<tag k="shop" v="supermarket"/>')
        for n, (r, c) in enumerate(SHOPS)
    ]
    nodes = "".join(
        f'<node id="{n}" version="1" lat="{lat}" lon="{lng}">{tag}</node>' for n, lat, lng, tag in spots
    )
    lines = [
        ([number[r, c] for c in range(SIDE)], "primary" if r == 7 else "residential") for r in range(SIDE)
    ]
    lines += [([number[r, c] for r in range(SIDE)], "residential") for c in range(SIDE)]
    lines.append(([800, 801, 802], "residential"))
    ways = "".join(
        f'<way id="{2000 + n}" version="1">{"".join(f"<nd ref='{ref}'/>" for ref in refs)}<tag k="highway" v="{kind}"/></way>'
        for n, (refs, kind) in enumerate(lines)
    )
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>'


TOML = """
title = "A town on a map"
[city]
extract = "town.osm"
kept_in = "roads"
radius_km = 4
stores = 5
doors = 60
reach_km = 4
[demand]
orders = 60
[fleet]
drivers = 16
[behaviour]
cancels = 0.2
[dispatch.engine]
iterations_min = 20
iterations_per_order = 1
"""


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Raw]:
    folder = tmp_path_factory.mktemp("mapped")
    (folder / "town.osm").write_text(little_town(), encoding="utf-8")
    (folder / "mapped.toml").write_text(TOML)
    return load(str(folder / "mapped.toml"))


def test_a_town_has_the_shops_streets_and_ways_of_its_map(mapped: tuple[str, Raw]) -> None:
    town = town_of(scenario_of(*mapped).city)
    assert (len(town.stores), town.on_the_map) == (5, 3)
    doors = town.homes.drawn(np.random.default_rng(1).random((500, 3)))
    assert 50 < len(np.unique(doors, axis=0)) <= 60
    assert (np.hypot(*doors.T) < 4000).all()  # nobody on the island, to which no road leads
    straight, driven = apart_m(doors[:50], doors[50:100]), town.ground.metres(doors[:50], doors[50:100])
    assert (driven >= straight - 30).all()
    assert (driven <= 1.6 * straight + 800).all()  # streets cross at right angles
    assert len(town.roads) == 1
    with pytest.raises(LookupError, match="does not know"):
        town.ground.metres(doors[:1], doors[:1] + 1)
    assert town.ground.stand(*(doors[0] + 1)) == tuple(doors[0])


def test_a_day_on_a_map_is_driven_by_its_roads(mapped: tuple[str, Raw]) -> None:
    figures = measure(play(scenario_of(*mapped), 1, warm_up()))
    assert figures.undelivered_pct < 10
    assert 5 < figures.cancelled_pct < 25


def test_a_map_that_cannot_hold_a_town_is_refused_with_what_would_help(
    mapped: tuple[str, Raw], tmp_path: Path
) -> None:
    name, raw = mapped
    nodes = "".join(
        f'<node id="{2 * n + end}" version="1" lat="{40 + 0.001 * n}" lon="{-83 + 0.002 * end}"/>'
        for n in range(1, 9)
        for end in (0, 1)
    )
    ways = "".join(
        f'<way id="{100 + n}" version="1"><nd ref="{2 * n}"/><nd ref="{2 * n + 1}"/><tag k="highway" v="residential"/></way>'
        for n in range(1, 9)
    )
    (tmp_path / "islands.osm").write_text(f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>')
    (tmp_path / "empty.osm").write_text('<?xml version="1.0"?><osm version="0.6"></osm>')
    for file, says in (
        (
            "islands.osm",
            r"city\.(doors|stores) = \d+: .*have room for \d+; ask for fewer or take a larger radius_km",
        ),
        ("empty.osm", r"city\.extract: .*empty\.osm"),
    ):
        city = {**raw["city"], "kept_in": str(tmp_path), "extract": str(tmp_path / file)}
        with pytest.raises(ScenarioRefused, match=says):
            town_of(scenario_of(name, {**raw, "city": city}).city)
