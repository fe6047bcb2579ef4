"""What all schemas of markets are made of."""

from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from doorstep.features.markets import rules
from doorstep.platform.http.wire import Number
from doorstep.units.geo import Polygon

Minor = Annotated[int, Field(ge=0, le=10_000_000, description="Minor units (cents)."), Number]
PayMinor = Annotated[int, Field(ge=0, le=1_000_000, description="Minor units (cents)."), Number]
Reach = Annotated[int, Field(ge=500, le=200_000, description="Metres by road from the store."), Number]
Span = Annotated[int, Field(ge=900, le=43_200, multiple_of=60, description="Seconds, whole minutes."), Number]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$")
]
Reason = Annotated[
    str,
    StringConstraints(min_length=3, max_length=500, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$"),
    Field(examples=["The first week went well."]),
]
Slug = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    Field(examples=["memphis"]),
]
Lng = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), Number]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), Number]
Position = tuple[Lng, Lat]
Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]


def _known_zone(key: str) -> str:
    if key not in available_timezones():
        raise ValueError("no time zone of the IANA database")
    return key


ZoneKey = Annotated[
    str, StringConstraints(max_length=60), AfterValidator(_known_zone), Field(examples=["America/Chicago"])
]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Outline(Asked):
    """A GeoJSON polygon (RFC 7946): one outer ring of ``[longitude, latitude]``."""

    type: Literal["Polygon"] = "Polygon"
    coordinates: Annotated[
        list[Annotated[list[Position], Field(min_length=3, max_length=1000)]],
        Field(min_length=1, max_length=1),
        Field(examples=[[[[-86.9, 36.0], [-86.6, 36.0], [-86.6, 36.3], [-86.9, 36.0]]]]),
    ]

    @classmethod
    def of(cls, area: Polygon) -> Self:
        """The outline of ``area``."""
        return cls(coordinates=[[(lng, lat) for lng, lat in rules.geojson_ring(area)]])

    def polygon(self) -> Polygon:
        """The area inside. Raises ValueError for a ring that encloses nothing."""
        return rules.polygon_of([list(position) for position in self.coordinates[0]])
