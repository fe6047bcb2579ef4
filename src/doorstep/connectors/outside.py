"""Everything outside that a process may speak to, chosen once at start and passed to routes and handlers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import httpx

from doorstep.connectors.couriers.protocol import Courier
from doorstep.connectors.maps.drawn_roads import CREDIT, DrawnRoads
from doorstep.connectors.maps.protocol import Geocoder, Travel
from doorstep.connectors.maps.tiles import StreetTiles
from doorstep.connectors.messages.protocol import Messages
from doorstep.platform.blobs import Blobs
from doorstep.platform.secrets import Secrets

TravelFor = Callable[[ZoneInfo], Travel]
"""Driving times for a market, by its time zone."""


@dataclass(slots=True)
class Connectors:
    """The outside world of one process."""

    geocoder: Geocoder
    travel_for: TravelFor
    messages: Messages
    blobs: Blobs
    secrets: Secrets
    http: httpx.AsyncClient
    couriers: dict[str, Courier] = field(default_factory=dict)
    """Courier networks by the provider's slug."""
    tiles: StreetTiles | None = None
    """The street map's tiles, where the operator has a file of them."""
    roads: DrawnRoads | None = None
    """Main roads to draw, where an extract is configured."""
    own_url: str = "http://127.0.0.1:8000"
    webhook_allow: frozenset[str] = frozenset()
    """Exact ``host:port`` pairs that webhooks may reach although they are private: demo and tests alone."""

    @property
    def map_credit(self) -> str:
        """Whose the maps are that pages show, in their licence's words; empty where all of it is our own."""
        if self.tiles is not None:
            return f"{CREDIT}, © OpenMapTiles"
        return "" if self.roads is None else CREDIT
