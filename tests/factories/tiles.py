"""A small street map: one motorway through Nashville and its river, in every tile of a few zooms."""

import gzip
from collections.abc import Sequence
from math import asinh, pi, radians, tan
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from doorstep.units.geo import LatLng

NASHVILLE = LatLng(lat=36.1627, lng=-86.7816)
EXTENT = 4096
ZOOMS = range(8, 15)
_LINE, _POLYGON = 2, 3


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _packed(numbers: Sequence[int]) -> bytes:
    return b"".join(map(_varint, numbers))


def _path(points: Sequence[tuple[int, int]], *, closed: bool) -> list[int]:
    """Commands of a geometry: zigzag steps from point to point (Mapbox vector tile spec 2.1, section 4.3)."""
    steps, (x, y) = [], (0, 0)
    for at_x, at_y in points:
        steps += [(step << 1) ^ (step >> 31) for step in (at_x - x, at_y - y)]
        x, y = at_x, at_y
    return [1 | 1 << 3, *steps[:2], 2 | (len(points) - 1) << 3, *steps[2:], *([7 | 1 << 3] if closed else [])]


def layer(name: str, kind: int, points: Sequence[tuple[int, int]], **tags: str) -> bytes:
    """One layer with one feature."""
    feature = (
        _field(2, _packed([index for number in range(len(tags)) for index in (number, number)]))
        + _varint(3 << 3)
        + _varint(kind)
        + _field(4, _packed(_path(points, closed=kind == _POLYGON)))
    )
    body = _varint(15 << 3) + _varint(2) + _field(1, name.encode()) + _field(2, feature)
    body += b"".join(_field(3, key.encode()) for key in tags)
    body += b"".join(_field(4, _field(1, value.encode())) for value in tags.values())
    return _field(3, body + _varint(5 << 3) + _varint(EXTENT))


def tile() -> bytes:
    """A motorway from west to east, a lake below it."""
    lake = [(500, 2600), (3500, 2600), (3500, 3600), (500, 3600)]
    return layer("water", _POLYGON, lake, **{"class": "lake"}) + layer(
        "transportation", _LINE, [(0, 1500), (EXTENT, 1700)], **{"class": "motorway"}
    )


def street_map(path: Path, *, kind: TileType = TileType.MVT) -> Path:
    """Write the map to ``path``: the tiles around Nashville."""
    body = gzip.compress(tile(), mtime=0)
    with path.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call]
        for zoom in ZOOMS:
            x, y = tile_of(NASHVILLE, zoom)
            for number in sorted(
                zxy_to_tileid(zoom, x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)
            ):
                writer.write_tile(number, body)
        writer.finalize(
            {
                "tile_type": kind, "tile_compression": Compression.GZIP, "min_zoom": ZOOMS[0], "max_zoom": ZOOMS[-1],
                "min_lon_e7": -883_000_000, "min_lat_e7": 350_000_000, "max_lon_e7": -853_000_000,
                "max_lat_e7": 373_000_000, "center_zoom": 10, "center_lon_e7": -867_816_000, "center_lat_e7": 361_627_000,
            },
            {},
        )  # fmt: skip
    return path


def tile_of(point: LatLng, zoom: int) -> tuple[int, int]:
    """Column and row of the tile that holds ``point`` (web Mercator)."""
    side = 2**zoom
    x = (point.lng + 180) / 360 * side
    y = (1 - asinh(tan(radians(point.lat))) / pi) / 2 * side
    return int(x), int(y)
