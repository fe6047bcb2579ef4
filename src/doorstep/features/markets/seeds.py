"""Markets drawn from the tables of US ZIPs: the two pilots, and any metro or list of ZIPs."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from zoneinfo import ZoneInfo

from doorstep.connectors.us.nation import every_zip, metro_zips, nation
from doorstep.connectors.us.zips import NASHVILLE_CBSA, NEW_ORLEANS_CBSA, ZipArea, market_area, zip_areas
from doorstep.features.markets.rules import NewMarket, Stage

PILOTS: tuple[tuple[str, str, str], ...] = (
    (NASHVILLE_CBSA, "nashville", "Nashville"),
    (NEW_ORLEANS_CBSA, "new-orleans", "New Orleans"),
)


class UnknownZips(LookupError):
    """ZIPs that no table of this installation has; ``zips`` lists them."""

    def __init__(self, zips: Sequence[str]) -> None:
        """At most a few are named in the message."""
        super().__init__(f"no table has the ZIPs {', '.join(zips[:5])}{' …' if len(zips) > 5 else ''}")
        self.zips = tuple(zips)


@cache
def pilots() -> tuple[NewMarket, ...]:
    """Nashville and New Orleans, as pilots. The same every time."""
    return tuple(
        _market(zip_areas(cbsa), slug=slug, name=name, stage=Stage.PILOT) for cbsa, slug, name in PILOTS
    )


def from_us(
    *,
    cbsa: str | None = None,
    postcodes: Sequence[str] = (),
    slug: str = "",
    name: str = "",
    stage: Stage = Stage.PLANNED,
) -> NewMarket:
    """A market of a metro (CBSA code) or of ZIPs; one of both. Reads the nation's table, which takes seconds.

    Raises NationNotInstalled when that table is needed and not there, UnknownMetro, UnknownZips, ValueError
    when neither a metro nor a ZIP is named, or both.
    """
    if (cbsa is None) == (not postcodes):
        raise ValueError("a market is made of a metro or of ZIPs")
    areas = metro_zips(cbsa) if cbsa is not None else _of_zips(postcodes)
    name = name or plain_name(areas)
    return _market(areas, slug=slug or slug_of(name), name=name, stage=stage)


def plain_name(areas: Sequence[ZipArea]) -> str:
    """What people call it: the metro's first city (``Nashville-Davidson--…, TN``: Nashville), else the ZIPs' city."""
    metro = areas[0].metro if len({a.metro for a in areas}) == 1 else ""
    return metro.split(",")[0].split("-")[0].strip() or _commonest(areas, [a.city for a in areas])


def slug_of(name: str) -> str:
    """``name`` in small letters, digits and single dashes, at most 60."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()
    return "-".join(words)[:60].strip("-") or "market"


def _of_zips(postcodes: Sequence[str]) -> tuple[ZipArea, ...]:
    wanted = dict.fromkeys(postcodes)
    known = {area.postcode: area for area in every_zip()}
    missing = [postcode for postcode in wanted if postcode not in known]
    if missing:
        nation()  # without the nation's table they may well exist: NationNotInstalled says what helps
        raise UnknownZips(missing)
    return tuple(known[postcode] for postcode in wanted)


def _commonest(areas: Sequence[ZipArea], words: Sequence[str]) -> str:
    """The word under which most households live; the first in the alphabet of several."""
    weight: Counter[str] = Counter()
    for area, word in zip(areas, words, strict=True):
        weight[word] += max(area.households, 1)
    return min(weight, key=lambda word: (-weight[word], word))


def _market(areas: Sequence[ZipArea], *, slug: str, name: str, stage: Stage) -> NewMarket:
    zone = _commonest(areas, [a.timezone.key for a in areas])
    return NewMarket(slug=slug, name=name, timezone=ZoneInfo(zone), area=market_area(areas), stage=stage)
