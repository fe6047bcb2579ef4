"""A network says truthfully whether it can serve."""

from contextlib import AsyncExitStack

import httpx
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network

from doorstep.platform.db.work import POOL_SIZE


async def test_a_founded_network_is_ready(network: Network) -> None:
    assert (await network.http.get("/healthz")).json() == {"status": "ok"}
    assert (await network.http.get("/readyz")).status_code == 200
    network.app.state.draining = True
    answer = await network.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "draining"})


async def test_a_crowded_network_is_still_ready(network: Network) -> None:
    """Readiness has a connection of its own: work that waits for one does not take the process out."""
    engine = network.web.engine
    async with AsyncExitStack() as crowd:
        for _ in range(POOL_SIZE):
            await crowd.enter_async_context(engine.connect())
        assert (await network.http.get("/readyz")).status_code == 200


async def test_an_unknown_route_is_a_problem_document(network: Network) -> None:
    answer = await network.http.get("/v1/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "no_such_route"


async def test_metrics_are_for_this_machine_and_for_staff(network: Network) -> None:
    here = await network.http.get("/metrics")
    assert here.status_code == 200
    for name in ("outbox_age_seconds", "offer_latency_seconds", "tick_seconds", "ledger_drift_minor"):
        assert f"doorstep_{name}" in here.text
    away = httpx.ASGITransport(network.app, client=("203.0.113.9", 4000))
    async with httpx.AsyncClient(transport=away, base_url="http://doorstep.example") as stranger:
        refused = await stranger.get("/metrics")
        assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
        staff = bearer((await sign_staff_in(network)).token)
        assert (await stranger.get("/metrics", headers=staff)).text.startswith("# HELP")
