"""What the stream of a market says, frame by frame: pages take their types from here, too."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from doorstep.features.console.schemas.deliveries import DeliveryTold
from doorstep.features.console.schemas.wire import Asked, Told
from doorstep.features.console.sights import DriverSeen, OfferSeen, StoreSeen, TripSeen

Gone = Annotated[list[str], Field(description="Ids of what is no longer there.")]
Whole = Annotated[bool, Field(description="`here` is all there is; else only what is new or has changed.")]


class DriversSeen(Told):
    """Who is on duty."""

    whole: Whole
    here: list[DriverSeen]
    gone: Gone


class TripsSeen(Told):
    """Trips under way and next."""

    whole: Whole
    here: list[TripSeen]
    gone: Gone


class OffersSeen(Told):
    """Offers that can be accepted now."""

    whole: Whole
    here: list[OfferSeen]
    gone: Gone


class StoresSeen(Told):
    """Shops of the market."""

    whole: Whole
    here: list[StoreSeen]
    gone: Gone


class CountsSeen(Told):
    """Figures of the market."""

    market: str
    open: int
    delivered: int
    drivers_online: int
    offers_open: int


class FixSeen(Told):
    """Where a driver's phone was."""

    driver: str
    lat: float
    lng: float
    heading_deg: int | None
    accuracy_m: int | None
    speed_mps: float | None
    at: datetime


class MarketFrames(Asked):
    """Each frame's event is a name below; its data is what stands there, as JSON."""

    deliveries: list[DeliveryTold] | None = Field(None, description="All under way, first of all.")
    changed: list[DeliveryTold] | None = Field(None, description="Those that are new, moved or ended.")
    counts: CountsSeen | None = None
    stores: StoresSeen | None = None
    drivers: DriversSeen | None = None
    trips: TripsSeen | None = None
    offers: OffersSeen | None = None
    snapshot: list[FixSeen] | None = Field(None, description="All positions, first.")
    positions: list[FixSeen] | None = Field(None, description="Those that moved.")
