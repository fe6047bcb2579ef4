"""The street map in tiles, where an operator has one."""

import gzip
from pathlib import Path

import pytest
from pmtiles.tile import TileType
from tests.factories.network import Network
from tests.factories.tiles import NASHVILLE, street_map, tile, tile_of

from doorstep.app.runtime import open_tiles
from doorstep.connectors.maps.tiles import BadTiles, StreetTiles
from doorstep.platform.settings import from_environment

X, Y = tile_of(NASHVILLE, 12)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return street_map(tmp_path / "streets.pmtiles")


def test_tiles_are_found_and_only_where_they_are(file: Path) -> None:
    streets = StreetTiles(file)
    assert (streets.zooms, streets.packed) == ((8, 14), True)
    assert streets.bounds == pytest.approx((-88.3, 35.0, -85.3, 37.3))
    for zoom in range(8, 15):
        found = streets.tile(zoom, *tile_of(NASHVILLE, zoom))
        assert found is not None
        assert gzip.decompress(found) == tile()
    assert streets.tile(12, X + 2, Y) is None
    assert streets.tile(7, *tile_of(NASHVILLE, 7)) is None
    assert streets.tile(12, 2**12, 0) is None
    assert streets.tile(30, 0, 0) is None


@pytest.mark.parametrize("content", [b"", b"PMTiles", b"\x00" * 500, b"PMTiles\x02" + b"\x00" * 500])
def test_another_file_is_refused_with_what_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.pmtiles"
    path.write_bytes(content)
    with pytest.raises(BadTiles, match=r"other\.pmtiles"):
        StreetTiles(path)
    with pytest.raises(BadTiles, match="cannot be read"):
        StreetTiles(tmp_path / "nothing.pmtiles")
    with pytest.raises(BadTiles, match="PNG"):
        StreetTiles(street_map(path, kind=TileType.PNG))


async def test_maps_learn_of_it_and_read_it(network: Network, file: Path) -> None:
    told = await network.http.get("/tiles")
    assert told.json() == {"coverage": None}
    refused = await network.http.get(f"/tiles/12/{X}/{Y}")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_tiles")

    network.connectors.tiles = StreetTiles(file)
    told = await network.http.get("/tiles")
    assert told.json()["coverage"] == {"min_zoom": 8, "max_zoom": 14, "bounds": [-88.3, 35.0, -85.3, 37.3]}
    answer = await network.http.get(f"/tiles/12/{X}/{Y}")
    assert (answer.status_code, answer.content) == (200, tile())
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    again = await network.http.get(f"/tiles/12/{X}/{Y}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    nothing = await network.http.get(f"/tiles/12/{X + 2}/{Y}")
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert (await network.http.get("/tiles/99/0/0")).status_code == 422


def test_a_start_with_a_file_that_cannot_be_used_says_so(tmp_path: Path, file: Path) -> None:
    settings = from_environment({"DOORSTEP_HOME": str(tmp_path), "DOORSTEP_TILES": str(file)})
    opened = open_tiles(settings)
    assert opened is not None
    assert opened.zooms == (8, 14)
    assert open_tiles(from_environment({"DOORSTEP_HOME": str(tmp_path)})) is None
    file.write_bytes(b"no tiles")
    with pytest.raises(SystemExit, match=r"DOORSTEP_TILES: .*streets\.pmtiles is no PMTiles file"):
        open_tiles(settings)
