"""A whole network in one process on a fresh database, with a clock that stands still until told."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from tests.factories.tls import trusted

from doorstep.app import wiring
from doorstep.app.http import make_app
from doorstep.connectors.maps.geocode import default_geocoder
from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.outside import Connectors
from doorstep.features.markets import service as markets
from doorstep.platform import clock_anchor
from doorstep.platform.auth.actors import SYSTEM, Actor, Audience
from doorstep.platform.blobs import FileBlobs
from doorstep.platform.bus import Bus
from doorstep.platform.clock import Anchor, ManualClock, ScaledClock, epoch_ms
from doorstep.platform.db.work import Database, Role, Work
from doorstep.platform.secrets import ephemeral
from doorstep.platform.settings import Settings
from doorstep.platform.worker import Worker
from doorstep.units.ids import IdSource

START = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # a Saturday, 11 in the morning in Nashville


@dataclass(slots=True)
class MessagesHeard:
    """A message service that keeps what it was given."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, to: str, text: str) -> None:
        """Keep it."""
        self.sent.append((to, text))


@dataclass(slots=True)
class Network:
    """What a test holds in its hands."""

    clock: ManualClock
    web: Database
    system: Database
    connectors: Connectors
    messages: MessagesHeard
    settings: Settings
    app: FastAPI
    http: httpx.AsyncClient
    worker: Worker

    def work(self, actor: Actor = SYSTEM) -> AbstractAsyncContextManager[Work]:
        """A unit of work under the role that fits the actor."""
        database = self.system if actor.audience is Audience.SYSTEM else self.web
        return database.work(actor)

    async def scale(self, speed: float) -> None:
        """From now on business time runs ``speed`` times as fast as ``clock``, which becomes real time."""
        market, wall = self.clock.market_now(), self.clock.wall_now()
        async with self.work() as work:
            await work.session.execute(text("UPDATE network SET scaled = true"))
            await clock_anchor.begin(work, speed)
        anchor = Anchor(market, wall, speed)
        self.web.clock = ScaledClock(anchor, self.clock.wall_now)
        self.system.clock = ScaledClock(anchor, self.clock.wall_now)

    async def follow(self) -> None:
        """Let both databases' clocks look at the anchor, as every process does more than once a second."""
        for database in (self.web, self.system):
            async with self.work() as work:
                await clock_anchor.follow(work, database.clock)

    async def run_jobs(self) -> int:
        """Run every job that is due; returns how many ran."""
        return await self.worker.drain()


async def plant_pilots(system_url: str, home: Path, start: datetime = START) -> None:
    """Put the two pilot markets into a migrated database, as an operator did before the story of a test begins."""
    clock, ids = ManualClock(start), IdSource(epoch_ms, Random(5))
    async with httpx.AsyncClient(verify=trusted()) as outward:
        handlers = wiring.handlers(_outside(home, outward, MessagesHeard()))
        system = Database(system_url, Role.SYSTEM, clock, ids, handlers, lambda _: None)
        async with system.work(SYSTEM) as work:
            await markets.seed_pilots(work)
        await system.close()


def _outside(home: Path, outward: httpx.AsyncClient, messages: MessagesHeard) -> Connectors:
    return Connectors(
        geocoder=default_geocoder(),
        travel_for=GreatCircleTravel,
        messages=messages,
        blobs=FileBlobs(home / "blobs"),
        secrets=ephemeral(),
        http=outward,
    )


@asynccontextmanager
async def open_network(
    web_url: str, system_url: str, home: Path, start: datetime = START
) -> AsyncIterator[Network]:
    """A network on a migrated database in which nothing runs yet."""
    clock = ManualClock(start)
    ids = IdSource(epoch_ms, Random(7))
    messages = MessagesHeard()
    async with httpx.AsyncClient(timeout=30, verify=trusted()) as outward:
        connectors = _outside(home, outward, messages)
        handlers = wiring.handlers(connectors)
        bus = Bus(web_url)
        web = Database(web_url, Role.WEB, clock, ids, handlers, bus.wake)
        system = Database(system_url, Role.SYSTEM, clock, ids, handlers, bus.wake)
        settings = Settings(home=home)
        async with system.work(SYSTEM) as work:
            await clock_anchor.found(work, mode="demo", scaled=False, start=work.now(), speed=1)
        app = make_app(settings, web, connectors, bus)
        try:
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                    base_url="http://127.0.0.1:8000",
                    timeout=30,
                ) as http,
            ):
                yield Network(
                    clock, web, system, connectors, messages, settings, app, http, Worker(system, poll_s=0.01)
                )
        finally:
            await system.close()
            await web.close()
