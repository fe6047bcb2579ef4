"""The street map's tiles on the wire."""

from typing import Self

from pydantic import BaseModel, Field

from doorstep.connectors.maps.tiles import StreetTiles


class Coverage(BaseModel):
    """Where and how closely the street map is drawn."""

    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float] = Field(description="West, south, east, north, in degrees.")


class StreetMap(BaseModel):
    """The operator's street map. ``coverage`` is null where there is none: maps are then the markets' own."""

    coverage: Coverage | None

    @classmethod
    def of(cls, tiles: StreetTiles | None) -> Self:
        """On the wire."""
        if tiles is None:
            return cls(coverage=None)
        lowest, highest = tiles.zooms
        return cls(coverage=Coverage(min_zoom=lowest, max_zoom=highest, bounds=tiles.bounds))
