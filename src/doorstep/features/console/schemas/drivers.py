"""A driver at this moment, with her trips and offers, on the wire."""

from datetime import datetime

from doorstep.features.console.overview import Drawer
from doorstep.features.console.schemas.deliveries import DeliveryTold
from doorstep.features.console.schemas.wire import Told
from doorstep.features.drivers.rules import DriverState
from doorstep.features.offers.rules import Offer, OfferState, TripState
from doorstep.units.ids import public


class PositionTold(Told):
    """Where a driver was, and when."""

    lat: float
    lng: float
    at: datetime
    age_s: int


class TripTold(Told):
    """A trip under way or next."""

    id: str
    state: TripState
    deliveries: list[str]
    stops_left: int
    terms_hash: str


class OfferTold(Told):
    """An offer as staff see it."""

    id: str
    state: OfferState
    drivers: list[str]
    deliveries: list[str]
    expires_at: datetime
    terms_hash: str

    @classmethod
    def of(cls, offer: Offer) -> "OfferTold":
        """The offer as told."""
        return cls(
            id=public("offer", offer.id),
            state=offer.state,
            drivers=[public("driver", driver_id) for driver_id in offer.driver_ids],
            deliveries=[public("delivery", delivery_id) for delivery_id in offer.delivery_ids],
            expires_at=offer.expires_at,
            terms_hash=offer.terms_hash,
        )


class DriverDrawer(Told):
    """A driver at this moment."""

    id: str
    first_name: str
    last_name: str
    phone: str
    vehicle: str
    state: DriverState
    state_reason: str
    on_duty: bool
    on_duty_since: datetime
    position: PositionTold | None
    trips: list[TripTold]
    offers: list[OfferTold]
    deliveries: list[DeliveryTold]

    @classmethod
    def of(cls, drawer: Drawer, now: datetime) -> "DriverDrawer":
        """The drawer as told at ``now``."""
        driver, fix = drawer.driver, drawer.fix
        vehicle = driver.vehicle
        return cls(
            id=public("driver", driver.id),
            first_name=driver.first_name,
            last_name=driver.last_name,
            phone=driver.phone,
            vehicle=" ".join(part for part in (vehicle.colour, vehicle.make, vehicle.kind) if part),
            state=driver.state,
            state_reason=drawer.reason,
            on_duty=driver.duty.at(now),
            on_duty_since=driver.duty.since,
            position=PositionTold(
                lat=fix.point.lat,
                lng=fix.point.lng,
                at=fix.device_at,
                age_s=max(int((now - fix.device_at).total_seconds()), 0),
            )
            if fix
            else None,
            trips=[
                TripTold(
                    id=public("trip", trip.id),
                    state=trip.state,
                    deliveries=[public("delivery", delivery_id) for delivery_id in trip.delivery_ids],
                    stops_left=len(trip.remaining),
                    terms_hash=trip.terms_hash,
                )
                for trip in drawer.trips
            ],
            offers=[OfferTold.of(offer) for offer in drawer.offers],
            deliveries=[DeliveryTold.of(one, now) for one in drawer.deliveries],
        )
