"""Vector tiles of the street map out of one PMTiles file (version 3 of its spec), in the OpenMapTiles schema.

A file is made from an OpenStreetMap extract, for example by tilemaker with its OpenMapTiles profile and
``pmtiles-convert``. Without one, maps are drawn from the market's own data.
"""

import mmap
from functools import lru_cache
from pathlib import Path

from pmtiles.tile import (
    Compression,
    Entry,
    HeaderDict,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

_HEADER_BYTES = 127
_DEEPEST = 4
"""Directories below one another: the spec has no more."""
_KEPT_DIRECTORIES = 64
DEEPEST_ZOOM = 22
_E7 = 1e-7


class BadTiles(ValueError):
    """A file without vector tiles that a map here could show."""


class StreetTiles:
    """The tiles of one file, read where they lie. Safe to share between tasks and threads."""

    def __init__(self, path: Path) -> None:
        """Open ``path``. Raises BadTiles, saying what is wrong with it."""
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise BadTiles(f"{path} cannot be read: {error}") from error
        try:
            header: HeaderDict = deserialize_header(self._bytes[:_HEADER_BYTES])
        except (MagicNumberNotFound, SpecVersionUnsupported, IndexError, ValueError) as error:
            raise BadTiles(f"{path} is no PMTiles file of version 3") from error
        if header["tile_type"] is not TileType.MVT:
            raise BadTiles(f"{path} holds {header['tile_type'].name} tiles; vector tiles (MVT) are needed")
        if header["tile_compression"] not in {Compression.GZIP, Compression.NONE}:
            raise BadTiles(
                f"{path} is packed by {header['tile_compression'].name}; gzip or nothing is understood"
            )
        self._root: tuple[int, int] = (header["root_offset"], header["root_length"])
        self._leaves: int = header["leaf_directory_offset"]
        self._tiles: int = header["tile_data_offset"]
        self.packed: bool = header["tile_compression"] is Compression.GZIP
        """Whether tiles are gzipped, as they should be passed on."""
        self.zooms: tuple[int, int] = (header["min_zoom"], header["max_zoom"])
        self.bounds: tuple[float, float, float, float] = (
            header["min_lon_e7"] * _E7,
            header["min_lat_e7"] * _E7,
            header["max_lon_e7"] * _E7,
            header["max_lat_e7"] * _E7,
        )
        """West, south, east, north, in degrees."""
        self.etag = f'"{path.stat().st_mtime_ns:x}-{len(self._bytes):x}"'
        self._directory = lru_cache(_KEPT_DIRECTORIES)(self._read_directory)

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """One tile as it lies in the file; None where there is none."""
        if not 0 <= zoom <= DEEPEST_ZOOM or not (0 <= x < 2**zoom and 0 <= y < 2**zoom):
            return None
        wanted = zxy_to_tileid(zoom, x, y)
        offset, length = self._root
        for _ in range(_DEEPEST):
            entry = find_tile(self._directory(offset, length), wanted)
            if entry is None:
                return None
            if entry.run_length:
                start = self._tiles + entry.offset
                return self._bytes[start : start + entry.length]
            offset, length = self._leaves + entry.offset, entry.length
        return None

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        return deserialize_directory(self._bytes[offset : offset + length])
