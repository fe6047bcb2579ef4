"""The ground of a market's maps as bytes, made once for each outline and kept by the process."""

import gzip
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

import msgspec

from doorstep.connectors.maps.drawn_roads import DrawnRoads
from doorstep.connectors.maps.ground import ground
from doorstep.connectors.us.nation import every_zip
from doorstep.features.markets.rules import Market

_KEPT = 32


@dataclass(frozen=True, slots=True)
class Drawn:
    """GeoJSON, packed with gzip too, and the tag of its content."""

    plain: bytes
    packed: bytes
    etag: str


class Grounds:
    """The grounds of the markets asked for last; at most 32."""

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._kept: OrderedDict[UUID, tuple[Market, Drawn]] = OrderedDict()

    def of(self, market: Market, roads: DrawnRoads | None = None) -> Drawn:
        """The ground of ``market``: tens of milliseconds the first time (seconds where the nation's table or an extract is
        there and unread), then at once until its outline or name changes. Raises ExtractRefused.
        """
        kept = self._kept.get(market.id)
        if kept is not None and (kept[0].area, kept[0].name) == (market.area, market.name):
            self._kept.move_to_end(market.id)
            return kept[1]
        plain = msgspec.json.encode(ground(market.name, market.area, every_zip(), market.slug, roads))
        tag = f'"{hashlib.sha256(plain).hexdigest()[:20]}"'
        drawn = Drawn(plain, gzip.compress(plain, 9, mtime=0), tag)
        self._kept[market.id] = (market, drawn)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return drawn
