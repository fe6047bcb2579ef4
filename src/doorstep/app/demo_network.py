"""``doorstep demo``: a whole network with invented people in it, on time that runs faster."""

import asyncio
import shutil
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx

from doorstep.app import launcher, wiring
from doorstep.app.launcher import CannotStart, Plan
from doorstep.connectors.maps.geocode import default_geocoder
from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.messages.twin import MessageTwin
from doorstep.connectors.outside import Connectors
from doorstep.demo import founding, script
from doorstep.demo.script import Script
from doorstep.platform import secrets
from doorstep.platform.blobs import FileBlobs
from doorstep.platform.db.work import Work
from doorstep.platform.settings import Settings
from doorstep.units.time import MarketInstant

BEGINS = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
"""A Saturday, 11 in the morning in Nashville: lively from the first minute, and the same every time."""
OWN_FOLDERS = ("messages", "blobs", "demo")
"""What a demo leaves in its home beside the database and the keys."""


def run(settings: Settings, *, speed: float, seed: int, fresh: bool, public: bool) -> None:
    """Run the demo until SIGINT or SIGTERM. Raises CannotStart, WrongMode."""
    launcher.check_port(settings)
    if fresh:
        forget(settings)
    plan = plan_of(settings, speed=speed, seed=seed, public=public)
    launcher.run(settings, plan, lambda: announcement(settings, speed))


def announcement(settings: Settings, speed: float) -> str:
    """What the person at the terminal reads once the demo can serve."""
    return (
        f"Nashville is awake at {settings.own_url} and runs {speed:g} times faster than life.\n"
        "Open it and walk in by any door: as a dispatcher, as a driver, as a shop. Nobody there is real.\n"
        "Ctrl-C stops it, the next start goes on where it stopped, and `FRESH=1 make run` begins anew."
    )


def plan_of(settings: Settings, *, speed: float, seed: int, public: bool) -> Plan:
    """The processes of a demo and how its network is filled."""
    receiver, twin = free_ports(2)
    twin_url = f"http://127.0.0.1:{twin}"
    handed: list[Script] = []
    keys = secrets.load(settings.secrets, demo=True)

    async def found(work: Work) -> Mapping[str, str]:
        made = await founding.found(work, keys, settings.home, seed)
        handed[:] = [made]
        return {
            "DOORSTEP_COURIER_TWIN_KEY": made.twin_key,
            "DOORSTEP_COURIER_TWIN_WEBHOOK_SECRET": made.twin_webhook_secret,
        }

    here = settings.local_url
    return Plan(
        mode="demo",
        children={
            "web": ["web"],
            "dispatcher": ["dispatcher"],
            "worker": ["worker"],
            "courier-twin": [
                "courier-twin",
                *("--port", str(twin)),
                *("--webhook-url", f"{here}/provider/v1/webhooks/swift"),
                *("--network", here),
                *("--start", BEGINS.isoformat()),
                *("--seed", str(seed)),
                *("--state", str(script.folder_of(settings.home) / "twin")),
            ],
            "demo-actors": [
                "demo-actors",
                *("--network", here),
                *("--twin", twin_url),
                *("--receiver-port", str(receiver)),
            ],
        },
        speed=speed,
        start_market=MarketInstant(BEGINS),
        environment={
            "DOORSTEP_COURIER_TWIN_URL": twin_url,
            "DOORSTEP_WEBHOOK_ALLOW": f"127.0.0.1:{receiver}",
            "DOORSTEP_PUBLIC_DEMO": "1" if public else "0",
        },
        handlers=wiring.handlers(listeners(settings, keys)),
        founding=found,
        founded=lambda: script.store_script(settings.home, handed[0]),
    )


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses at this moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def listeners(settings: Settings, keys: secrets.Secrets) -> Connectors:
    """For the handlers' names alone: none of them runs while the network is founded."""
    return Connectors(
        geocoder=default_geocoder(),
        travel_for=GreatCircleTravel,
        messages=MessageTwin(settings.home / "messages"),
        blobs=FileBlobs(settings.home / "blobs"),
        secrets=keys,
        http=httpx.AsyncClient(),
    )


def forget(settings: Settings) -> None:
    """Remove the demo that lives in this home: its database's tables and its own folders.

    A home without a network is left as it is. Raises CannotStart when the database holds anything but a demo.
    """
    if settings.database_url is None and not (settings.home / "postgres").is_dir():
        return
    with launcher.open_database(settings) as (urls, _server):
        if asyncio.run(forget_database(urls.owner)):
            for name in OWN_FOLDERS:
                remove_folder(settings.home / name)


async def forget_database(owner_url: str) -> bool:
    """Drop a demo's tables; False when nothing is founded there. Raises CannotStart for any other network."""
    connection = await asyncpg.connect(owner_url)
    try:
        mode = await _mode(connection)
        if mode not in {None, "demo"}:
            raise CannotStart(
                f"This database holds a {mode} network; only a demo is ever forgotten. Use another DOORSTEP_HOME."
            )
        if mode == "demo":
            await _drop(connection)
        return mode == "demo"
    finally:
        await connection.close()


def remove_folder(folder: Path) -> None:
    """Remove ``folder`` with all in it; a link is left alone, and so is what is not there."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)


type _Connection = asyncpg.Connection[asyncpg.Record]


async def _mode(connection: _Connection) -> str | None:
    if await connection.fetchval("SELECT to_regclass('public.network')") is None:
        return None
    mode: str | None = await connection.fetchval("SELECT mode FROM network")
    return mode


async def _drop(connection: _Connection) -> None:
    """Drop every table and function in ``public`` that is the owner's; extensions belong to others."""
    async with connection.transaction():
        tables = await connection.fetch(
            "SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p') AND pg_get_userbyid(c.relowner) = current_user"
        )
        for row in tables:
            await connection.execute(f"DROP TABLE IF EXISTS {row['name']} CASCADE")
        functions = await connection.fetch(
            "SELECT p.oid::regprocedure::text AS name FROM pg_proc p"
            " WHERE p.pronamespace = 'public'::regnamespace AND pg_get_userbyid(p.proowner) = current_user"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        for row in functions:
            await connection.execute(f"DROP FUNCTION IF EXISTS {row['name']} CASCADE")
