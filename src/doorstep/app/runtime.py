"""What every process of a network has: database, clock, bus, connectors, and its place in the attendance.

While at least one process attends (a shared advisory lock), business time runs; the first to attend
after all were gone re-anchors it at the last heartbeat.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import SystemRandom
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import structlog

from doorstep.app import wiring
from doorstep.connectors.couriers.directory import courier_networks
from doorstep.connectors.maps.drawn_roads import DrawnRoads
from doorstep.connectors.maps.geocode import default_geocoder
from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.maps.osrm import RoadTravel
from doorstep.connectors.maps.osrm_roads import RoadsNotInstalled
from doorstep.connectors.maps.planar import PlanarGeocoder, PlanarTravel, Plane
from doorstep.connectors.maps.tiles import BadTiles, StreetTiles
from doorstep.connectors.messages.twin import MessageTwin
from doorstep.connectors.outside import Connectors, TravelFor
from doorstep.platform import clock_anchor, secrets
from doorstep.platform.auth.actors import Actor, system
from doorstep.platform.auth.gate import GATE
from doorstep.platform.blobs import FileBlobs
from doorstep.platform.bus import LONGEST_ABSENCE_S, Bus
from doorstep.platform.clock import Clock, WallClock, epoch_ms
from doorstep.platform.db.work import Database, Role, address_name
from doorstep.platform.postgres.keeping import kept_alive
from doorstep.platform.postgres.roles import check_serving_role
from doorstep.platform.postgres.server import EmbeddedPostgres
from doorstep.platform.settings import Settings
from doorstep.units.geo import LatLng
from doorstep.units.ids import IdSource

log = structlog.get_logger("runtime")
ATTENDANCE = 0x6F70656E
REPLAY_ORIGIN = LatLng(lat=0.0, lng=0.0)
"""Where the plane of a recorded day is laid: far from any market, where degrees and metres agree best."""
FOLLOW_S = clock_anchor.LEAD_S * 0.6
WEBHOOK_ALLOW_REFUSED = "DOORSTEP_WEBHOOK_ALLOW is for demos and tests alone: unset it to serve real people."
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
"""How a lost database shows."""


@dataclass(slots=True)
class Runtime:
    """One process's parts."""

    settings: Settings
    database: Database
    connectors: Connectors
    bus: Bus
    clock: Clock
    mode: str


@contextlib.asynccontextmanager
async def serving_url(role: Role, settings: Settings) -> AsyncIterator[str]:
    """The database address of ``role``: from the environment, else of the embedded database of this home.

    The embedded one is kept alive, also when another process started it and has left.
    Ends the process where an operator's database is named without the role's own address.
    """
    name = address_name(role)
    url = os.environ.get(name)
    if url:
        yield url
        return
    if settings.database_url:
        raise SystemExit(
            f"{name} is not set: give this process the address of its role (`doorstep serve` prints how)."
        )
    server = EmbeddedPostgres(settings.home, tcp_port=settings.database_port)
    await asyncio.to_thread(server.start)
    try:
        async with kept_alive(server):
            yield getattr(server.urls(), role.value)
    finally:
        await asyncio.to_thread(server.stop)


async def open_travel(settings: Settings) -> TravelFor:
    """Roads where an extract is configured, the plane of a recorded day while one is replayed, else the great circle."""
    if settings.plane is not None:
        plane = PlanarTravel(Plane(REPLAY_ORIGIN), settings.plane)
        return lambda _zone: plane
    if settings.osm_extract is None:
        return GreatCircleTravel
    roads = await RoadTravel.open(
        settings.osm_extract, settings.home / "roads", GreatCircleTravel(ZoneInfo("UTC"))
    )
    return roads.in_zone


def open_tiles(settings: Settings) -> StreetTiles | None:
    """The street map's tiles, where a file is configured. Ends the process with what is wrong with it."""
    if settings.tiles is None:
        return None
    try:
        return StreetTiles(settings.tiles)
    except BadTiles as error:
        raise SystemExit(f"DOORSTEP_TILES: {error}. Name another file, or none.") from error


def open_roads(settings: Settings) -> DrawnRoads | None:
    """The main roads to draw, where an extract is configured. Ends the process with what is wrong with it."""
    if settings.osm_extract is None:
        return None
    try:
        return DrawnRoads(settings.osm_extract, settings.home / "roads")
    except (RoadsNotInstalled, FileNotFoundError) as error:
        raise SystemExit(f"DOORSTEP_OSM_EXTRACT: {error}") from error


@contextlib.asynccontextmanager
async def process(name: str, role: Role, settings: Settings) -> AsyncIterator[Runtime]:
    """Open the parts of a process called ``name`` under ``role``; closes them at the end."""
    actor: Actor = system(name) if role is Role.SYSTEM else GATE
    wall = WallClock()
    async with (
        serving_url(role, settings) as url,
        httpx.AsyncClient(timeout=15, follow_redirects=False) as outward,
    ):
        bootstrap = await asyncpg.connect(url, timeout=10)
        try:
            await check_serving_role(bootstrap)
            mode = await bootstrap.fetchval("SELECT mode FROM network") if await _founded(bootstrap) else None
        finally:
            await bootstrap.close()
        if mode is None:
            raise SystemExit("nobody has founded a network in this database: run `doorstep serve` first")
        if mode != "demo" and settings.webhook_allow:
            raise SystemExit(WEBHOOK_ALLOW_REFUSED)
        keys = secrets.load(settings.secrets, demo=mode == "demo")
        connectors = Connectors(
            geocoder=default_geocoder() if settings.plane is None else PlanarGeocoder(),
            travel_for=await open_travel(settings),
            messages=MessageTwin(settings.home / "messages"),
            blobs=FileBlobs(settings.home / "blobs"),
            secrets=keys,
            http=outward,
            tiles=open_tiles(settings) if role is Role.WEB else None,
            roads=open_roads(settings) if role is Role.WEB else None,
            couriers=courier_networks(os.environ, outward),
            own_url=settings.own_url,
            webhook_allow=settings.webhook_allow,
        )
        bus = Bus(url)
        database = Database(
            url, role, wall, IdSource(epoch_ms, SystemRandom()), wiring.handlers(connectors), bus.wake
        )
        attending = asyncio.Event()
        attendance = asyncio.create_task(_attend(database, actor, url, attending))
        await attending.wait()
        async with database.work(actor) as work:
            database.clock = await clock_anchor.clock_of(work)
        following = asyncio.create_task(_follow(database, bus, actor))
        warming = asyncio.create_task(_warm(database))
        try:
            yield Runtime(settings, database, connectors, bus, database.clock, mode)
        finally:
            attendance.cancel()
            following.cancel()
            warming.cancel()
            await asyncio.gather(attendance, following, warming, return_exceptions=True)
            await database.close()


async def _founded(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await connection.fetchval("SELECT to_regclass('public.network') IS NOT NULL"))


async def _attend(database: Database, actor: Actor, url: str, attending: asyncio.Event) -> None:
    """Hold the shared attendance lock; the first process resumes business time. Reconnects for ever."""
    failures = 0
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
            try:
                first = not attending.is_set() and await connection.fetchval(
                    "SELECT pg_try_advisory_lock($1)", ATTENDANCE
                )
                if first:
                    async with database.work(actor) as work:
                        await clock_anchor.resume(work)
                await connection.execute("SELECT pg_advisory_lock_shared($1)", ATTENDANCE)
                if first:
                    await connection.execute("SELECT pg_advisory_unlock($1)", ATTENDANCE)
                attending.set()
                failures = 0
                while True:
                    await asyncio.sleep(2)
                    await connection.fetchval("SELECT 1", timeout=5)
            finally:
                await connection.close(timeout=1)
        except LOST as error:
            log.warning("attendance_reconnects", error=str(error))
            await asyncio.sleep(min(0.3 * 2**failures, LONGEST_ABSENCE_S))
            failures += 1


async def _warm(database: Database) -> None:
    with contextlib.suppress(*LOST):
        await database.warm()


async def _follow(database: Database, bus: Bus, actor: Actor) -> None:
    """Follow changes of speed at once, and note how far time has come, more than once a second."""
    async for _ in bus.changes(clock_anchor.TOPIC, at_least_every_s=FOLLOW_S):
        with contextlib.suppress(Exception):
            async with database.work(actor) as work:
                await clock_anchor.follow(work, database.clock)
                await clock_anchor.beat(work)
