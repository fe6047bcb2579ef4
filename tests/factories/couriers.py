"""A courier network that really answers over HTTP, with time in the test's hands."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn
from tests.factories.tls import trusted

from doorstep.connectors.couriers.protocol import JobRequest, Stop
from doorstep.connectors.couriers.twin.app import Company, make_app
from doorstep.connectors.couriers.twin_client import TwinCourier
from doorstep.connectors.maps.protocol import Address
from doorstep.platform.clock import Clock
from doorstep.units.geo import LatLng
from doorstep.units.money import Money

KEY = "twin-key"
SECRET = "whsec_" + "c3dpZnQtY291cmllcnMtdHdpbi1zZWNyZXQtMzI="
STORE = LatLng(lat=36.1627, lng=-86.7816)
DOOR = LatLng(lat=36.1447, lng=-86.8027)


@dataclass(slots=True)
class SameTime:
    """The network's clock as the twin sees it."""

    clock: Clock

    def now(self) -> datetime:
        """Business time."""
        return self.clock.market_now()

    def wall(self) -> datetime:
        """Real time, as the network takes it to be."""
        return self.clock.wall_now()


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def listening(app: Any, port: int = 0, *, lifespan: Literal["on", "off"] = "on") -> AsyncIterator[str]:
    """Serve ``app`` on a real socket of this machine; yields its address."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan=lifespan)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn tells by a flag alone)
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@dataclass(slots=True)
class TwinNetwork:
    """A running twin and a client of it."""

    url: str
    company: Company
    courier: TwinCourier
    http: httpx.AsyncClient

    async def behave(self, **manners: float | str) -> None:
        """Tell it how to behave."""
        answer = await self.http.post(f"{self.url}/twin/behaviour", json=manners)
        assert answer.status_code == 200, answer.text


@contextlib.asynccontextmanager
async def courier_twin(
    clock: Clock, *, webhook_url: str = "", state: Path | None = None, seed: int = 1, patience: float = 1.0
) -> AsyncIterator[TwinNetwork]:
    """A twin that runs on ``clock`` and sends webhooks when asked to (``company.news.tell()``)."""
    port = free_port()
    app = make_app(
        SameTime(clock),
        key=KEY,
        seed=seed,
        state=state,
        url=f"http://127.0.0.1:{port}",
        webhook_url=webhook_url,
        webhook_secret=SECRET,
        watch=False,
    )
    async with listening(app, port) as url, httpx.AsyncClient(trust_env=False, verify=trusted()) as http:
        yield TwinNetwork(url, app.state.company, TwinCourier(url, KEY, http, patience=patience), http)


def a_request(
    reference: str, at: datetime, *, requirements: frozenset[str] = frozenset(), dropoff: LatLng = DOOR
) -> JobRequest:
    """A job across Nashville, ready in ten minutes."""
    address = Address(line1="501 Broadway", city="Nashville", state="TN", postcode="37203")
    return JobRequest(
        reference=reference,
        pickup=Stop(name="Corner Store", phone="+16155550100", address=address, point=STORE),
        dropoff=Stop(name="Ada", phone="+16155550101", address=address, point=dropoff),
        ready_at=at + timedelta(minutes=10),
        deadline_at=at + timedelta(minutes=90),
        tip=Money(300),
        items=2,
        requirements=requirements,
    )
