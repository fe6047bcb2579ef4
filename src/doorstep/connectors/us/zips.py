"""One ZIP as a value, the pilots' table, and what a planner asks of a set of ZIPs."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from doorstep.units.geo import EARTH_RADIUS_M, LatLng, Polygon, convex_hull, great_circle_m

NASHVILLE_CBSA = "34980"
NEW_ORLEANS_CBSA = "35380"
COLUMNS = (
    *("postcode", "city", "state", "county", "lat", "lng", "population", "households"),
    *("cbsa", "metro", "timezone", "land_km2"),
)
_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M
_ROUND = 12  # corners of the polygon that stands for a circle around a ZIP point


class UnknownMetro(LookupError):
    """A CBSA code that no table of this installation has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipArea:
    """One ZIP of the United States.

    ``point`` is the census bureau's internal point of its area; ``population`` and ``households`` are
    estimates (American Community Survey 2022, five years), 0 where nobody lives.
    """

    postcode: str
    city: str
    state: str
    county: str
    point: LatLng
    population: int
    households: int
    cbsa: str | None
    """Code of the metro or micro area (CBSA) it belongs to, if any."""
    metro: str
    """The area's name, as ``"New Orleans-Metairie, LA"``; empty without a CBSA."""
    timezone: ZoneInfo
    land_km2: float | None

    @property
    def reach_m(self) -> float:
        """How far from ``point`` a place may lie and still be plausible for this ZIP.

        Three times the radius of a disc of its land area, since areas are no discs, and at least 5 km;
        8 km where the land area is unknown.
        """
        if self.land_km2 is None:
            return 8_000.0
        return max(5_000.0, 3 * math.sqrt(self.land_km2 / math.pi) * 1_000)


def as_csv(areas: Iterable[ZipArea]) -> str:
    """The table of ``areas`` in the format of ``pilots.csv``, ordered by postcode."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for area in sorted(areas, key=lambda a: a.postcode):
        table.writerow(
            (
                *(area.postcode, area.city, area.state, area.county, area.point.lat, area.point.lng),
                *(area.population, area.households, area.cbsa or "", area.metro, area.timezone.key),
                "" if area.land_km2 is None else area.land_km2,
            )
        )
    return text.getvalue()


def from_csv(text: str) -> tuple[ZipArea, ...]:
    """The areas of a table written by ``as_csv``."""
    return tuple(
        ZipArea(
            postcode=row["postcode"],
            city=row["city"],
            state=row["state"],
            county=row["county"],
            point=LatLng(lat=float(row["lat"]), lng=float(row["lng"])),
            population=int(row["population"]),
            households=int(row["households"]),
            cbsa=row["cbsa"] or None,
            metro=row["metro"],
            timezone=ZoneInfo(row["timezone"]),
            land_km2=float(row["land_km2"]) if row["land_km2"] else None,
        )
        for row in csv.DictReader(io.StringIO(text))
    )


@lru_cache(maxsize=1)
def pilot_zips() -> tuple[ZipArea, ...]:
    """Every ZIP of the two pilots, also those where nobody lives, ordered by postcode."""
    table = resources.files("doorstep.connectors.us").joinpath("pilots.csv")
    return from_csv(table.read_text(encoding="utf-8"))


def zip_areas(cbsa: str | None = None) -> tuple[ZipArea, ...]:
    """The inhabited ZIPs of one pilot, or of both, ordered by postcode.

    Raises UnknownMetro for any other CBSA (``nation.metro_zips`` knows them all).
    """
    if cbsa not in {None, NASHVILLE_CBSA, NEW_ORLEANS_CBSA}:
        raise UnknownMetro(
            f"{cbsa} is not a pilot: Nashville is {NASHVILLE_CBSA}, New Orleans {NEW_ORLEANS_CBSA}"
        )
    return tuple(a for a in pilot_zips() if a.households > 0 and cbsa in {None, a.cbsa})


def market_area(areas: Sequence[ZipArea], margin_m: float = 3_000) -> Polygon:
    """A convex outline that holds every point within ``margin_m`` of the ZIP points of ``areas``.

    There are no ZIP outlines in the table: this is wider than the metro where its edge is hollow, and
    may cut off the far end of a large rural ZIP. Raises ValueError without areas.
    """
    if not areas:
        raise ValueError("an area needs at least one ZIP")
    # The polygon around a circle, not inside it: its sides touch where the corners would fall short.
    corner_m = margin_m / math.cos(math.pi / _ROUND)
    corners = [offset(a.point, corner_m, 360 * k / _ROUND) for a in areas for k in range(_ROUND)]
    return convex_hull(corners)


def households_within(areas: Iterable[ZipArea], points: Sequence[LatLng], radius_m: float) -> int:
    """Households of the ZIPs whose point lies within ``radius_m`` of any of ``points`` (great circle).

    A ZIP counts whole or not at all.
    """
    return sum(
        area.households for area in areas if any(great_circle_m(area.point, p) <= radius_m for p in points)
    )


def offset(point: LatLng, distance_m: float, bearing_deg: float) -> LatLng:
    """The place ``distance_m`` from ``point`` towards ``bearing_deg``; on a local plane, for a few kilometres."""
    north_m = distance_m * math.cos(math.radians(bearing_deg))
    east_m = distance_m * math.sin(math.radians(bearing_deg))
    metres_per_degree_east = _METRES_PER_DEGREE * math.cos(math.radians(point.lat))
    return LatLng(
        lat=round(point.lat + north_m / _METRES_PER_DEGREE, 6),
        lng=round(point.lng + east_m / metres_per_degree_east, 6),
    )
