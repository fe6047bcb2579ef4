"""The network of a recorded day: one market, its restaurants as stores, its couriers as drivers."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from doorstep.app import launcher, wiring
from doorstep.app.demo_network import listeners
from doorstep.app.launcher import Plan
from doorstep.app.runtime import REPLAY_ORIGIN
from doorstep.connectors.maps.planar import Plane
from doorstep.connectors.maps.protocol import Address
from doorstep.features.drivers import service as drivers
from doorstep.features.drivers.rules import NewDriver
from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import Scope
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import ExpressRule, NewMarket, ServiceRules, Stage
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import NewMerchant, NewStore
from doorstep.platform import secrets
from doorstep.platform.db.work import Work
from doorstep.platform.settings import Settings
from doorstep.sim.mdrp.instance import Instance, read
from doorstep.units.geo import Polygon
from doorstep.units.ids import public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

DAY = MarketInstant(datetime(2026, 11, 21, tzinfo=UTC))
"""Minute 0 of the recorded day."""
OFFER_REAL_S = 0.4
"""From the look at the market to the courier on her way, in real seconds: minutes of the day when it runs fast."""
LEAD = timedelta(minutes=2)
"""The network is up this long before the first thing happens."""
EDGE_M = 90_000
STREET = " Plane Street"
"""What follows the day's own name of a place in its address."""


@dataclass(frozen=True, slots=True)
class Cast:
    """What the actors of the day need: credentials and ids, by the day's own names."""

    key: str
    stores: dict[str, str]
    sessions: dict[str, str]


def first_minute(instance: Instance) -> int:
    """When the day begins: the first order or the first shift."""
    return min(*(o.placed_min for o in instance.orders), *(c.on_min for c in instance.couriers))


def store_cast(home: Path, cast: Cast) -> None:
    """Keep the credentials in a file that only we can read."""
    descriptor = os.open(home / "replay.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(cast), file)


def load_cast(home: Path) -> Cast:
    """What ``store_cast`` kept."""
    return Cast(**json.loads((home / "replay.json").read_text()))


def serve(settings: Settings, folder: Path, *, speed: float) -> None:
    """Run the network of the day in ``folder`` until SIGINT."""
    instance = read(folder)
    keys = secrets.load(settings.secrets, demo=True)
    made: list[Cast] = []

    async def found(work: Work) -> Mapping[str, str]:
        made[:] = [await _found(work, instance, speed)]
        return {}

    plan = Plan(
        mode="demo",
        children={"web": ["web"], "dispatcher": ["dispatcher"], "worker": ["worker"]},
        speed=speed,
        start_market=MarketInstant(DAY + timedelta(minutes=first_minute(instance)) - LEAD),
        environment={"DOORSTEP_PLANE": str(int(instance.metres_per_minute))},
        handlers=wiring.handlers(listeners(settings, keys)),
        founding=found,
        founded=lambda: store_cast(settings.home, made[0]),
    )
    ready = f"The day {instance.name} runs at {settings.own_url}, {speed:g} times as fast."
    launcher.run(settings, plan, lambda: ready)


async def _found(work: Work, instance: Instance, speed: float) -> Cast:
    plane = Plane(REPLAY_ORIGIN)
    corners = ((-EDGE_M, -EDGE_M), (EDGE_M, -EDGE_M), (EDGE_M, EDGE_M), (-EDGE_M, EDGE_M))
    market = await markets.make_market(
        work,
        NewMarket(
            slug="recorded-day",
            name=f"Recorded day {instance.name}",
            timezone=ZoneInfo("UTC"),
            area=Polygon(tuple(plane.place(x, y) for x, y in corners)),
            stage=Stage.OPEN,
            rules=ServiceRules(
                express=ExpressRule(promise_s=90 * 60, reach_m=100_000), window=None, next_day=None
            ),
            tick_s=60,
            dispatch={
                "offer_lead_s": round(OFFER_REAL_S * speed),
                "ask_ahead_s": 0,  # as the recorded days have it: a courier hears of nothing while she drives
                "trips_grow": 0,
                "pickup_service_s": instance.pickup_service_min * 60,
                "dropoff_service_s": instance.dropoff_service_min * 60,
                "silent_s": 24 * 3600,
                "give_up_s": 0,
                "late_price": 0,
            },
        ),
    )
    merchant = await merchants.create_merchant(
        work, NewMerchant(name="Recorded restaurants", slug="recorded", credit_limit=Money(100_000_000))
    )
    key = await identity.create_key(work, merchant.id, tuple(Scope), "replay")
    stores = {}
    for restaurant in instance.restaurants:
        store = await merchants.create_store(
            work,
            NewStore(
                merchant_id=merchant.id,
                name=restaurant.id,
                address=_address(restaurant.id),
                point=plane.place(restaurant.x, restaurant.y),
                external_id=restaurant.id,
            ),
        )
        stores[restaurant.id] = public("store", store.id)
    sessions = {}
    for number, courier in enumerate(instance.couriers):
        driver = await drivers.create_driver(
            work,
            NewDriver(
                market_id=market.id, first_name=f"Courier {courier.id}", last_name="R", phone=f"+1615555{number:04d}",
                capacity_units=100,
            ),
        )  # fmt: skip
        sessions[courier.id] = (await identity.open_driver_session(work, driver.id)).token
    return Cast(key.secret, stores, sessions)


def _address(name: str) -> Address:
    return Address(line1=f"{name}{STREET}", city="Plane", state="TN", postcode="37203")
