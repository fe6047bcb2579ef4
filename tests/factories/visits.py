"""Visitors of a demo: browsers of their own that walk in by the doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tests.factories.journeys import told
from tests.factories.network import Network

from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import DemoRole, MerchantRole, StaffRole
from doorstep.features.visits import service
from doorstep.platform import clock_anchor

OWN = "http://127.0.0.1:8000"


async def open_doors(network: Network, driver_id: Any, merchant_id: Any) -> None:
    """Say as whom visitors enter: that driver, somebody of that merchant, and a dispatcher."""
    async with network.work() as work:
        dina = await identity.create_staff(
            work, email="dina@demo.example", name="Dina", role=StaffRole.DISPATCHER
        )
        cora = await identity.create_user(
            work,
            merchant_id,
            email="cora@demo.example",
            name="Cora",
            role=MerchantRole.ADMIN,
            password="a long enough password",
        )
        await identity.mark_demo_entry(work, DemoRole.DISPATCHER, dina.id)
        await identity.mark_demo_entry(work, DemoRole.DRIVER, driver_id)
        await identity.mark_demo_entry(work, DemoRole.SHOP, cora.id, merchant_id)


class Browser:
    """One visitor's browser, standing on our own pages."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Outside."""
        self.http = http

    async def enter(self, role: str, status: int = 201) -> Any:
        """Walk in by a door."""
        return told(await self.http.post("/demo/enter", json={"as": role}), status)

    async def leave(self) -> None:
        """Walk out."""
        assert (await self.http.post("/demo/leave")).status_code == 204

    async def pace(self) -> Any:
        """What she sees of the speed."""
        return told(await self.http.get("/demo/v1/speed"))

    async def ask(self, what: str, body: Any = None, status: int = 200) -> Any:
        """One of the demo's verbs."""
        return told(await self.http.post(f"/demo/v1/{what}", json=body), status)


@asynccontextmanager
async def browser(network: Network) -> AsyncIterator[Browser]:
    """A browser with cookies of its own."""
    transport = httpx.ASGITransport(network.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=OWN, headers={"Origin": OWN}) as http:
        yield Browser(http)


async def settle(network: Network) -> None:
    """What the worker does twice a second, and a second and a half later."""
    async with network.work() as work:
        await service.settle(work)
    await network.follow()
    network.clock.advance(clock_anchor.LEAD_S + 0.5)
