"""What is seen of a market beside its deliveries: who drives, along which stops, who is being asked, which shops."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from doorstep.features.console.remedies import named
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import Driver
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants.rules import Store
from doorstep.features.offers import queries as offers
from doorstep.features.offers.rules import Offer, OfferMode, StopKind, StopState, Trip, TripState
from doorstep.platform.db.work import Work
from doorstep.units.ids import public


class Seen(BaseModel):
    """Something on the map."""

    model_config = ConfigDict(frozen=True)

    id: str


class DriverSeen(Seen):
    """A driver on duty."""

    name: str
    phone: str
    vehicle: str

    @classmethod
    def of(cls, one: Driver) -> Self:
        """As the map shows her."""
        return cls(
            id=public("driver", one.id),
            name=named(one),
            phone=one.phone,
            vehicle=one.vehicle.looks,
        )


class StopSeen(BaseModel):
    """One stop of a trip."""

    kind: StopKind
    lat: float
    lng: float
    state: StopState
    due_at: datetime | None
    deliveries: list[str]


class TripSeen(Seen):
    """A trip under way or next, as a line."""

    driver: str
    state: TripState
    stops: list[StopSeen]

    @classmethod
    def of(cls, one: Trip) -> Self:
        """As the map shows it."""
        return cls(
            id=public("trip", one.id),
            driver=public("driver", one.driver_id),
            state=one.state,
            stops=[
                StopSeen(
                    kind=stop.kind,
                    lat=stop.point.lat,
                    lng=stop.point.lng,
                    state=stop.state,
                    due_at=stop.due_at,
                    deliveries=[public("delivery", each) for each in stop.delivery_ids],
                )
                for stop in one.stops
            ],
        )


class OfferSeen(Seen):
    """An open offer, as a pulse."""

    mode: OfferMode
    drivers: list[str]
    deliveries: list[str]
    shown_at: datetime
    expires_at: datetime
    total_minor: int

    @classmethod
    def of(cls, one: Offer) -> Self:
        """As the map shows it."""
        return cls(
            id=public("offer", one.id),
            mode=one.terms.mode,
            drivers=[public("driver", each) for each in one.driver_ids],
            deliveries=[public("delivery", each) for each in one.delivery_ids],
            shown_at=one.shown_at,
            expires_at=one.expires_at,
            total_minor=one.terms.total.minor,
        )


class StoreSeen(Seen):
    """A shop."""

    name: str
    lat: float
    lng: float

    @classmethod
    def of(cls, one: Store) -> Self:
        """As the map shows it."""
        return cls(id=public("store", one.id), name=one.name, lat=one.point.lat, lng=one.point.lng)


class Told:
    """What one viewer has been told of one kind of sight."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._known: dict[str, Seen] | None = None

    def change(self, seen: Iterable[Seen]) -> Mapping[str, object] | None:
        """What is new since the last time, ready for the wire; None when nothing is."""
        now = {one.id: one for one in seen}
        known = self._known
        self._known = now
        if known is None:
            fresh, gone = list(now.values()), []
        else:
            fresh = [one for key, one in now.items() if known.get(key) != one]
            gone = [key for key in known if key not in now]
            if not fresh and not gone:
                return None
        return {
            "whole": known is None,
            "here": [one.model_dump(mode="json") for one in fresh],
            "gone": gone,
        }


async def drivers_seen(work: Work, market_id: UUID) -> list[Seen]:
    """Drivers on duty, and those off duty who still finish a trip."""
    found = {one.id: one for one in await drivers.on_duty(work, market_id)}
    finishing = {one.driver_id for one in await offers.trips_under_way(work, market_id)} - found.keys()
    found |= await drivers.many(work, sorted(finishing))
    return [DriverSeen.of(one) for one in found.values()]


async def trips_seen(work: Work, market_id: UUID) -> list[Seen]:
    """Trips under way and next."""
    return [TripSeen.of(one) for one in await offers.trips_under_way(work, market_id)]


async def offers_seen(work: Work, market_id: UUID) -> list[Seen]:
    """Offers that can be accepted now."""
    now = work.now()
    return [OfferSeen.of(one) for one in await offers.open_in_market(work, market_id) if one.expires_at > now]


async def stores_seen(work: Work, market_id: UUID) -> list[Seen]:
    """Shops of the market."""
    return [StoreSeen.of(one) for one in await merchants.stores_of_market(work, market_id)]
