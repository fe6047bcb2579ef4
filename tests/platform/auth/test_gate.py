"""One transaction per request: committed before the answer leaves, gone when the handler refuses."""

import asyncio
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.utils import get_dependant
from sqlalchemy import text
from starlette.types import Receive, Scope, Send
from tests.factories.identity import bearer, make_key, probes, sign_staff_in
from tests.factories.network import Network

from doorstep.features.identity import rules
from doorstep.platform.auth.actors import Audience
from doorstep.platform.auth.gate import MerchantWork, PublicWork, StaffWork, need, route_audience
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Conflict

MERCHANT = uuid4()


async def change(work: Work) -> None:
    """A change that every audience may make and a test can look for."""
    await work.session.execute(text("UPDATE network SET speed = 7"))


async def changed(network: Network) -> bool:
    """Whether others see the change."""
    async with network.work() as work:
        return bool((await work.session.execute(text("SELECT speed = 7 FROM network"))).scalar_one())


def changes() -> APIRouter:
    """Routes that change something and end in different ways."""
    router = APIRouter(prefix="/change")

    @router.post("/kept")
    async def kept(work: MerchantWork) -> dict[str, bool]:
        await change(work)
        return {"changed": True}

    @router.post("/refused")
    async def refused(work: MerchantWork) -> None:
        await change(work)
        raise Conflict("thought better of it")

    @router.post("/broken")
    async def broken(work: MerchantWork) -> None:
        await change(work)
        raise RuntimeError("a bug")

    @router.post("/uncommittable")
    async def uncommittable(work: MerchantWork) -> dict[str, bool]:
        await change(work)
        for statement in (
            "CREATE TEMPORARY TABLE parents (id int PRIMARY KEY)",
            "CREATE TEMPORARY TABLE orphans (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO orphans VALUES (1)",  # refused at the commit and no earlier
        ):
            await work.session.execute(text(statement))
        return {"changed": True}

    @router.post("/slow")
    async def slow(work: MerchantWork) -> dict[str, bool]:
        await change(work)
        await asyncio.sleep(30)
        return {"changed": True}

    @router.get("/for-finance")
    async def for_finance(work: StaffWork) -> dict[str, bool]:
        need(work, rules.StaffRole.FINANCE, rules.StaffRole.OWNER)
        return {"seen": True}

    return router


class Watcher:
    """Stands between the application and the caller and looks at the database when the answer starts."""

    def __init__(self, app: FastAPI, network: Network) -> None:
        self.app = app
        self.network = network
        self.seen_at_start: list[bool] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.seen_at_start.append(await changed(self.network))
            await send(message)

        await self.app(scope, receive, watched)


async def test_the_change_is_committed_before_the_answer_leaves(network: Network) -> None:
    network.app.include_router(changes())
    key = bearer(await make_key(network, MERCHANT))
    watcher = Watcher(network.app, network)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(watcher), base_url="http://127.0.0.1:8000"
    ) as caller:
        assert (await caller.post("/change/kept", headers=key)).status_code == 200
    assert watcher.seen_at_start == [True]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("refused", 409, "conflict"), ("broken", 500, "unexpected"), ("uncommittable", 500, "unexpected")],
)
async def test_a_refusal_a_bug_and_a_failed_commit_change_nothing(
    network: Network, path: str, status: int, code: str
) -> None:
    network.app.include_router(changes())
    key = bearer(await make_key(network, MERCHANT))
    answer = await network.http.post(f"/change/{path}", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert not await changed(network)
    assert (await network.http.post("/change/kept", headers=key)).status_code == 200
    assert await changed(network)


async def test_a_caller_who_hangs_up_changes_nothing(network: Network) -> None:
    network.app.include_router(changes())
    key = bearer(await make_key(network, MERCHANT))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await network.http.post("/change/slow", headers=key)
    assert not await changed(network)


async def test_a_role_is_demanded_where_a_route_needs_it(network: Network) -> None:
    network.app.include_router(changes())
    for role in rules.StaffRole:
        token = (await sign_staff_in(network, role, f"{role}@example.com")).token
        answer = await network.http.get("/change/for-finance", headers=bearer(token))
        assert answer.status_code == (200 if role in {"finance", "owner"} else 403), role


async def test_the_gate_sets_whom_the_database_sees(network: Network) -> None:
    router = APIRouter(prefix="/settings")
    query = text(
        "SELECT current_user::text, doorstep_audience(), doorstep_tenant()::text, doorstep_subject()::text"
    )

    @router.get("/merchant")
    async def merchant(work: MerchantWork) -> list[str | None]:
        return list((await work.session.execute(query)).one())

    @router.get("/public")
    async def public(work: PublicWork) -> list[str | None]:
        return list((await work.session.execute(query)).one())

    network.app.include_router(router)
    key = bearer(await make_key(network, MERCHANT))
    for _ in range(25):  # more than the pool has connections: none carries over whom it served last
        seen = (await network.http.get("/settings/merchant", headers=key)).json()
        assert seen == ["doorstep_web", "merchant", str(MERCHANT), None]
        seen = (await network.http.get("/settings/public")).json()
        assert seen == ["doorstep_web", "public", None, None]


async def test_a_routes_audience_can_be_read_off_it() -> None:
    found = {}
    for route in probes().routes:
        path = str(getattr(route, "path", ""))
        found[path] = route_audience(get_dependant(path=path, call=getattr(route, "endpoint", None)))  # type: ignore[arg-type]
    assert found == {
        "/probe/merchant": Audience.MERCHANT,
        "/probe/staff": Audience.STAFF,
        "/probe/driver": Audience.DRIVER,
        "/probe/provider": Audience.PROVIDER,
        "/probe/shopper/{token}": Audience.SHOPPER,
        "/probe/public": Audience.PUBLIC,
    }
