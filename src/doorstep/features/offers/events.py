"""What happened to an offer or a trip."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from doorstep.platform.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferShown(Event):
    """Its terms are frozen; those asked may accept until ``expires_at``."""

    name: ClassVar[str] = "offer.shown"
    offer_id: UUID
    market_id: UUID
    mode: str
    driver_ids: tuple[UUID, ...]
    delivery_ids: tuple[UUID, ...]
    terms_hash: str
    total_minor: int
    currency: str
    tick_id: UUID | None
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted(Event):
    """One driver has it. ``terms`` is the frozen document, ``terms_hash`` its hash."""

    name: ClassVar[str] = "offer.accepted"
    offer_id: UUID
    trip_id: UUID
    market_id: UUID
    driver_id: UUID
    delivery_ids: tuple[UUID, ...]
    terms_hash: str
    at: datetime
    terms: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(Event):
    """One of those asked said no; ``closed`` when nobody is left to say yes."""

    name: ClassVar[str] = "offer.declined"
    offer_id: UUID
    market_id: UUID
    driver_id: UUID
    delivery_ids: tuple[UUID, ...]
    closed: bool
    mode: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpired(Event):
    """Nobody accepted in time."""

    name: ClassVar[str] = "offer.expired"
    offer_id: UUID
    market_id: UUID
    driver_ids: tuple[UUID, ...]
    delivery_ids: tuple[UUID, ...]
    mode: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(Event):
    """Taken back before anybody accepted: ``why`` says so to those asked."""

    name: ClassVar[str] = "offer.withdrawn"
    offer_id: UUID
    market_id: UUID
    driver_ids: tuple[UUID, ...]
    delivery_ids: tuple[UUID, ...]
    mode: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TripStarted(Event):
    """The driver is on it: at acceptance, or when the trip before it was over."""

    name: ClassVar[str] = "trip.started"
    trip_id: UUID
    offer_id: UUID
    market_id: UUID
    driver_id: UUID
    delivery_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TripGrown(Event):
    """The driver accepted, by ``offer_id``, that these deliveries of the same shop join the trip she is under way with."""

    name: ClassVar[str] = "trip.grown"
    trip_id: UUID
    offer_id: UUID
    market_id: UUID
    driver_id: UUID
    delivery_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TripChanged(Event):
    """A delivery left the trip; the rest of what was offered stands. What stays owed for it is named.

    ``kept_minor`` is base and incentive as offered, ``tip_cover_minor`` the tip as offered: both zero when
    the driver or the customer caused it.
    """

    name: ClassVar[str] = "trip.changed"
    trip_id: UUID
    offer_id: UUID
    market_id: UUID
    driver_id: UUID
    delivery_id: UUID
    cause: str
    why: str
    kept_minor: int
    tip_cover_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TripFinished(Event):
    """Nothing is left to do. ``called_off`` when everything was taken off it before pickup."""

    name: ClassVar[str] = "trip.finished"
    trip_id: UUID
    offer_id: UUID
    market_id: UUID
    driver_id: UUID
    delivery_ids: tuple[UUID, ...]
    called_off: bool
    at: datetime


def offer_stream(offer_id: UUID) -> str:
    """The name under which an offer's events keep their order."""
    return f"offer:{offer_id}"


def trip_stream(trip_id: UUID) -> str:
    """The name under which a trip's events keep their order."""
    return f"trip:{trip_id}"
