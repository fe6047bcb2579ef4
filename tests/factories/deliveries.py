"""Small deliveries for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.factories.network import START, Network

from doorstep.features.deliveries import service
from doorstep.features.deliveries.rules import (
    Carrier,
    Delivery,
    Fact,
    FactKind,
    Place,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
)
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId, MarketId, MerchantId, ProviderJobId, StoreId, TripId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

MERCHANT = MerchantId(UUID("0192f000-0000-7000-8000-00000000000a"))
MARKET = MarketId(UUID("0192f000-0000-7000-8000-00000000000b"))
STORE = StoreId(UUID("0192f000-0000-7000-8000-00000000000c"))
DRIVER = DriverId(UUID("0192f000-0000-7000-8000-00000000000d"))
TRIP = TripId(UUID("0192f000-0000-7000-8000-00000000000e"))
PROVIDER = UUID("0192f000-0000-7000-8000-00000000000f")
JOB = ProviderJobId(UUID("0192f000-0000-7000-8000-000000000010"))

DOWNTOWN = Place(
    name="Cupcakes on Fifth",
    phone="+16155550100",
    line1="501 Broadway",
    line2="",
    city="Nashville",
    state="TN",
    postcode="37203",
    point=LatLng(lat=36.1592, lng=-86.7785),
    instructions="Ring at the side door",
)
HOME = Place(
    name="Ann Lee",
    phone="+16155550111",
    line1="2015 Belmont Blvd",
    line2="Apt 4",
    city="Nashville",
    state="TN",
    postcode="37212",
    point=LatLng(lat=36.1372, lng=-86.7934),
    instructions="Blue door",
)


def new_delivery(
    merchant_id: UUID = MERCHANT,
    market_id: UUID = MARKET,
    store_id: UUID = STORE,
    at: datetime = START,
    **changes: Any,
) -> service.NewDelivery:
    """Everything a small delivery is made of; ``changes`` replace single parts."""
    new = service.NewDelivery(
        merchant_id=MerchantId(merchant_id),
        market_id=MarketId(market_id),
        store_id=StoreId(store_id),
        external_id="",
        quote_id=None,
        service_level=ServiceLevel.EXPRESS,
        pickup=DOWNTOWN,
        dropoff=HOME,
        shopper_first_name="Ann",
        shopper_last_name="Lee",
        requirements=Requirements(),
        return_policy=ReturnPolicy.RETURN,
        items=3,
        units=1,
        weight_g=1200,
        cart=Money(35_00),
        ready_at=MarketInstant(at + timedelta(minutes=10)),
        wanted_from=MarketInstant(at),
        earliest_drop_at=None,
        due_at=MarketInstant(at + timedelta(minutes=55)),
        leg_m=4200,
        leg_s=600,
        fee=Money(9_95),
        tip=Money(3_00),
        tip_limit=Money(100_00),
        credit_limit=Money(500_00),
        prepaid=False,
    )
    return replace(new, **changes)


async def make_delivery(network: Network, **changes: Any) -> Delivery:
    """A fresh delivery that waits for a carrier."""
    async with network.work() as work:
        return await service.create(work, new_delivery(at=work.now(), **changes))


async def assigned_delivery(network: Network, driver_id: UUID = DRIVER, **changes: Any) -> Delivery:
    """A fresh delivery that a driver has accepted."""
    made = await make_delivery(network, **changes)
    async with network.work() as work:
        carrier = Carrier(driver_id=DriverId(driver_id), trip_id=TRIP)
        return (await service.assign(work, [made.id], carrier, note={"first_name": "Dee"}))[0]


async def report_all(network: Network, delivery_id: UUID, kinds: Sequence[FactKind]) -> Delivery:
    """The delivery after its carrier has reported ``kinds`` one after the other."""
    for kind in kinds:
        async with network.work() as work:
            fact = Fact(kind=kind, report_id=str(work.new_id()), device_at=work.now())
            told = await service.report(work, delivery_id, fact)
        network.clock.advance(60)
    return told


def merchant_actor(merchant_id: UUID = MERCHANT) -> Actor:
    """The merchant's software."""
    roles = frozenset({"deliveries:read", "deliveries:write", "store"})
    return Actor(Audience.MERCHANT, subject=merchant_id, tenant=merchant_id, roles=roles, label="till")


def driver_actor(driver_id: UUID = DRIVER) -> Actor:
    """A driver's phone."""
    return Actor(Audience.DRIVER, subject=driver_id, label="driver Dee")


def shopper_actor(delivery_id: UUID) -> Actor:
    """Whoever holds the tracking link."""
    return Actor(Audience.SHOPPER, subject=delivery_id, label="shopper")
