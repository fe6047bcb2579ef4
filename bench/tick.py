"""How long one turn of dispatch takes with 500 open deliveries and 500 drivers on duty, and how much of it is the engine.

The turn is the real one (``cycle.tick``): look into the database, ask for travel times, decide, write reasons
and offers. It runs in this process on a database of its own, as the dispatcher would, minute after minute of
business time; nobody answers an offer, so offered drivers are busy until their offers run out. Its limit: as many bare
inserts into the same database, one after the other, each committed, as the turn wrote rows.
"""

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import asyncpg
import httpx
from bench.figures import Figure, Limit, share

from doorstep.app import wiring
from doorstep.app.launcher import Plan, prepare
from doorstep.connectors.maps.geocode import default_geocoder
from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.messages.twin import MessageTwin
from doorstep.connectors.outside import Connectors
from doorstep.demo import town
from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.rules import Place, Requirements, ReturnPolicy, ServiceLevel
from doorstep.features.dispatch import cycle
from doorstep.features.drivers import service as drivers
from doorstep.features.drivers.rules import NewDriver
from doorstep.features.markets import service as markets
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import Brand, NewMerchant, NewStore, Store
from doorstep.platform import leases
from doorstep.platform.auth.actors import system
from doorstep.platform.blobs import FileBlobs
from doorstep.platform.clock import ManualClock
from doorstep.platform.db.work import Database, Role, Work
from doorstep.platform.postgres.roles import DATABASE
from doorstep.platform.postgres.server import EmbeddedPostgres
from doorstep.platform.secrets import ephemeral
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.ids import IdSource, MarketId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

BEGINS = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
ACTOR = system("bench")
OWNER = uuid4()
FLUSHED_S = 1.2
"""After so long the server has counted what every connection wrote."""
BARE = 500


def measure(open_: int = 500, on_duty: int = 500, ticks: int = 6) -> list[Figure]:
    """The figures of ``ticks`` turns."""
    with tempfile.TemporaryDirectory(prefix="dsb-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        with EmbeddedPostgres(home) as server:
            urls = server.urls()
            asyncio.run(prepare(urls, Plan("demo", {}, start_market=MarketInstant(BEGINS))))
            return asyncio.run(
                _measure(urls.system, server.superuser_dsn(DATABASE), home, open_, on_duty, ticks)
            )


async def _measure(
    url: str, asking_url: str, home: Path, open_: int, on_duty: int, ticks: int
) -> list[Figure]:
    clock = ManualClock(BEGINS)
    async with httpx.AsyncClient() as outward:
        connectors = Connectors(
            geocoder=default_geocoder(),
            travel_for=GreatCircleTravel,
            messages=MessageTwin(home / "messages"),
            blobs=FileBlobs(home / "blobs"),
            secrets=ephemeral(),
            http=outward,
        )
        ids = IdSource(lambda: int(time.time() * 1000), Random(1))
        database = Database(url, Role.SYSTEM, clock, ids, wiring.handlers(connectors))
        wiring.import_rows()
        await asyncio.to_thread(cycle.warm_up)
        asking = await asyncpg.connect(asking_url)
        try:
            placed: list[tuple[UUID, LatLng]] = []
            async with database.work(ACTOR) as work:
                market_id = await _fill(work, placed, open_, on_duty)
            whole, engine, waiting = [], [], []
            insert_s, before = await _insert_s(asking), await _written(asking)
            for _ in range(ticks):
                at = clock.market_now()
                await asking.execute("DELETE FROM driver_positions")
                await asking.executemany(
                    "INSERT INTO driver_positions (driver_id, market_id, lat, lng, device_at, at)"
                    " VALUES ($1, $2, $3, $4, $5, $5)",
                    [(driver, market_id, point.lat, point.lng, at) for driver, point in placed],
                )
                async with database.work(ACTOR) as work:
                    await cycle.due(work, market_id, None)  # offers that ran out end first
                    lease = await leases.take(work, f"market:{market_id}", OWNER)
                assert lease is not None
                began = time.perf_counter()
                outcome = await cycle.tick(database, connectors, market_id, lease)
                whole.append(time.perf_counter() - began)
                engine.append(
                    await asking.fetchval(
                        "SELECT engine_us FROM dispatch_ticks WHERE id = $1", outcome.tick_id
                    )
                    / 1e6
                )
                waiting.append(outcome.offered)
                clock.advance(60)
            rows = (await _written(asking) - before) / ticks
        finally:
            await asking.close()
            await database.close()
    return [
        Figure(
            what=f"tick, {open_} open deliveries, {on_duty} drivers, median of {ticks}",
            value=round(share(whole, 0.5), 3), unit="s", aim=None, count=ticks,
            limit=Limit(f"{rows:.0f} bare inserts, one after the other, s", round(rows * insert_s, 3)),
            detail={"rows_a_tick": round(rows), "bare_insert_ms": round(insert_s * 1000, 3),
                    "slowest_s": round(max(whole), 3), "ticks_s": [round(one, 3) for one in whole],
                    "offered": waiting},
        ),
        Figure(
            what="the engine's part of a tick, median", value=round(share(engine, 0.5), 3), unit="s", count=ticks,
            detail={"engine_s": [round(one, 3) for one in engine]},
        ),
    ]  # fmt: skip


async def _insert_s(asking: "asyncpg.Connection[asyncpg.Record]") -> float:
    """Seconds that one row and its commit take, with nothing else to do."""
    await asking.execute("CREATE TABLE bare (told jsonb)")
    began = time.perf_counter()
    for _ in range(BARE):
        await asking.execute("INSERT INTO bare (told) VALUES ($1)", '{"state": "requested"}')
    return (time.perf_counter() - began) / BARE


async def _written(asking: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Rows of the network written so far, positions left out: those are ours."""
    await asyncio.sleep(FLUSHED_S)
    count = await asking.fetchval(
        "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname NOT IN ('bare', 'driver_positions')"
    )
    return int(count)


async def _fill(work: Work, placed: list[tuple[UUID, LatLng]], open_: int, on_duty: int) -> MarketId:
    chance = Random("tick")
    market = (await markets.seed_pilots(work))[0]
    wanted = NewMerchant(name="Corner Shops", slug="corner", brand=Brand(), credit_limit=Money(10_000_000_00))
    merchant = await merchants.create_merchant(work, wanted)
    stores = [
        await merchants.create_store(
            work,
            NewStore(
                merchant_id=merchant.id, name=f"Corner {number}", address=spot.address, point=spot.point,
                prep_s=600, phone=f"+1615555{100 + number:04d}",
            ),
        )
        for number, spot in enumerate(town.store_spots(chance, 8))
    ]  # fmt: skip
    for number in range(on_duty):
        driver = await drivers.create_driver(
            work,
            NewDriver(
                market_id=market.id, first_name="Rosa", last_name=f"No {number}", phone=f"+1615{2000000 + number}"
            ),
        )  # fmt: skip
        await drivers.go_on_duty(work, driver.id)
        placed.append((driver.id, town.near(chance, town.DOWNTOWN, 15_000)))
    homes = town.areas()
    for _ in range(open_):
        store = chance.choice(stores)
        spot = town.home_near(chance, store.point, 8_000, homes)
        await deliveries.create(work, _delivery(work, chance, market.id, store, spot))
    return market.id


def _delivery(
    work: Work, chance: Random, market_id: MarketId, store: Store, spot: town.Spot
) -> deliveries.NewDelivery:
    ready = work.now() + timedelta(minutes=chance.uniform(0, 45))
    way_m = great_circle_m(store.point, spot.point) * 1.35

    def place(name: str, at: town.Spot | Store) -> Place:
        return Place(
            name=name, phone="+16155550111", line1=at.address.line1, line2="", city=at.address.city,
            state=at.address.state, postcode=at.address.postcode, point=at.point, instructions="",
        )  # fmt: skip

    return deliveries.NewDelivery(
        merchant_id=store.merchant_id, market_id=market_id, store_id=store.id, external_id="", quote_id=None,
        service_level=ServiceLevel.EXPRESS, pickup=place(store.name, store), dropoff=place("Ann Lee", spot),
        shopper_first_name="Ann", shopper_last_name="Lee", requirements=Requirements(), return_policy=ReturnPolicy.RETURN,
        items=3, units=1, weight_g=1200, cart=Money(35_00), ready_at=MarketInstant(ready), wanted_from=work.now(),
        earliest_drop_at=None, due_at=MarketInstant(ready + timedelta(minutes=45)), leg_m=int(way_m), leg_s=int(way_m / 9),
        fee=Money(9_95), tip=Money(3_00), tip_limit=Money(100_00), credit_limit=Money(10_000_000_00),
        prepaid=False,
    )  # fmt: skip


if __name__ == "__main__":
    from bench.figures import show

    show(f"load {os.getloadavg()[0]:.1f}", figures := measure())
    print(figures[0].detail)
