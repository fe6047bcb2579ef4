"""Figures of a running network: real processes, real HTTP, real webhooks; client, server and database on one machine."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import uvicorn
from bench.figures import Figure, Limit, share
from bench.network import Cast, Running, cast_of, free_port, running
from bench.pace import Pace

from doorstep.demo.orders import draw_order
from doorstep.demo.town import areas
from doorstep.units.geo import LatLng
from doorstep.units.ids import MalformedId, parse

PACE = 50
AT_ONCE = 16
STEADY_S = 20.0
MS = 1000.0


class Orders:
    """Endless small orders of three merchants in turn; of one alone with ``shops=1``."""

    def __init__(self, cast: Cast, shops: int | None = None) -> None:
        self._shops = cast.shops[:shops]
        self._chance = Random("bench")
        self._homes = areas()
        self.number = 0

    def next(self, **changes: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """Headers and body of one more."""
        self.number += 1
        shop = self._shops[self.number % len(self._shops)]
        at = LatLng(lat=shop.lat, lng=shop.lng)
        body = draw_order(self._chance, shop.trade, shop.store, at, self._homes)
        headers = {"Authorization": f"Bearer {shop.key}", "Idempotency-Key": f"bench-{self.number}"}
        return headers, body | changes


async def paced(act: Callable[[], Awaitable[None]], a_second: float, seconds: float) -> list[float]:
    """Begin ``act`` at an even pace, whatever the answers do; seconds from when each was due to its end."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    begun = loop.time() + 0.05

    async def one(due: float) -> None:
        await act()
        took.append(loop.time() - due)

    async with asyncio.TaskGroup() as group:
        for number in range(int(a_second * seconds)):
            due = begun + number / a_second
            await asyncio.sleep(max(due - loop.time(), 0))
            group.create_task(one(due))
    return took


async def settled(network: Running, most_s: float = 90.0) -> None:
    """Wait until the fresh network has done what it does once (kernels are compiled in the background)."""
    until, used = time.monotonic() + most_s, sum(network.cores().values())
    while time.monotonic() < until:
        await asyncio.sleep(2)
        before, used = used, sum(network.cores().values())
        if used - before < 2 * 0.25:
            return


async def flat_out(act: Callable[[], Awaitable[None]], seconds: float, at_once: int = AT_ONCE) -> float:
    """As many as go, ``at_once`` side by side; how many a second."""
    loop = asyncio.get_running_loop()
    begun, done = loop.time(), 0

    async def lane() -> None:
        nonlocal done
        while loop.time() - begun < seconds:
            await act()
            done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(lane())
    return done / (loop.time() - begun)


def expect(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer, which must be ``status``."""
    if answer.status_code != status:
        raise SystemExit(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:500]}"
        )
    return answer


class Ears:
    """A merchant's system that notes when each event reaches it first."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 204 to everything."""
        while (await receive()).get("more_body"):
            pass
        names = dict(scope["headers"])
        self.heard.setdefault(names.get(b"webhook-id", b"").decode(), time.time())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def listening(app: Any, port: int) -> AsyncIterator[None]:
    """Serve ``app`` in this process."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    )
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn tells by a flag alone)
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class Floor:
    """The limits of this run: a one-row insert with its commit, and a route that does nothing."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", http: httpx.AsyncClient) -> None:
        self._pool = pool
        self._http = http

    async def prepare(self) -> None:
        """A table of its own."""
        await self._pool.execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, told jsonb)")

    async def insert(self) -> None:
        """One row, committed."""
        await self._pool.execute("INSERT INTO bare (told) VALUES ($1)", '{"state": "requested"}')

    async def route(self) -> None:
        """One request that asks for nothing."""
        expect(await self._http.get("/healthz"), 200)

    async def measure(self, seconds: float) -> dict[str, float]:
        """Rates flat out, and 95 % latencies at the pace of the figures."""
        inserts, routes = (
            await paced(self.insert, PACE, seconds / 2),
            await paced(self.route, PACE, seconds / 2),
        )
        return {
            "insert_p95_ms": share(inserts, 0.95) * MS,
            "route_p95_ms": share(routes, 0.95) * MS,
            "inserts_a_second": await flat_out(self.insert, seconds / 2),
            "routes_a_second": await flat_out(self.route, seconds / 2),
        }


async def measure(pace: Pace, seconds: float = STEADY_S) -> tuple[list[Figure], dict[str, Any]]:
    """Every figure of the running network, and the limits beside them."""
    ears, port = Ears(), free_port()
    async with (
        listening(ears, port),
        running(["bench.network"], {"DOORSTEP_WEBHOOK_ALLOW": f"127.0.0.1:{port}"}) as network,
        httpx.AsyncClient(
            base_url=network.url, trust_env=False, timeout=60, limits=httpx.Limits(max_connections=200)
        ) as http,
        asyncpg.create_pool(network.asking_url, min_size=AT_ONCE, max_size=AT_ONCE) as pool,
        pace.watched(),
    ):
        cast, floor = cast_of(network.home), Floor(pool, http)
        await floor.prepare()
        await settled(network)
        limits = await floor.measure(seconds / 2)
        least = Limit(
            "one insert + one bare request, p95 ms", limits["insert_p95_ms"] + limits["route_p95_ms"]
        )
        orders = Orders(cast)
        figures = await _offers(http, pool, cast, orders, seconds, least)
        figures += await _webhooks(http, pool, cast, orders, ears, port, seconds, least)
        made: list[str] = []
        await settled(network)  # or what the figure before set going would be measured
        figures += await _creations(network, http, orders, made, seconds, least, limits, pace)
        await settled(network)
        figures += await _tracking(http, made, seconds, limits)
        return figures, limits


async def _creations(
    network: Running,
    http: httpx.AsyncClient,
    orders: Orders,
    made: list[str],
    seconds: float,
    least: Limit,
    limits: Mapping[str, float],
    pace: Pace,
) -> list[Figure]:
    busy = 0

    async def create() -> None:
        nonlocal busy
        headers, body = orders.next()
        while (answer := await http.post("/v1/deliveries", headers=headers, json=body)).status_code == 503:
            busy += 1  # the same request again, as the refusal asks: the time goes on
            await asyncio.sleep(0.2)
        made.append(expect(answer, 201).json()["tracking_url"].rpartition("/")[2])

    await paced(create, 10, 2)  # plans and caches of the first few
    used, mark = network.cores(), len(pace.took_ms)
    took = await paced(create, PACE, seconds)
    used = {name: round((after - used[name]) / len(took) * MS, 2) for name, after in network.cores().items()}
    paced_busy, busy = busy, 0
    rate = await flat_out(create, seconds / 4)
    return [
        Figure(
            what=f"delivery creation, {PACE} a second, p95", value=round(share(took, 0.95) * MS, 1), unit="ms", aim=150,
            limit=least, count=len(took), detail={"p50_ms": round(share(took, 0.5) * MS, 1), "p99_ms": round(share(took, 0.99) * MS, 1), "told_to_try_again": paced_busy, "processor_ms_each": used, "machine": pace.since(mark)},
        ),
        Figure(
            what=f"deliveries created a second, {AT_ONCE} at once", value=round(rate, 1), unit="/s", more_is_better=True,
            limit=Limit("bare inserts a second", round(limits["inserts_a_second"], 1)),
        ),
    ]  # fmt: skip


async def _tracking(
    http: httpx.AsyncClient, made: Sequence[str], seconds: float, limits: Mapping[str, float]
) -> list[Figure]:
    chance = Random("read")

    async def read() -> None:
        expect(await http.get(f"/shopper/v1/{chance.choice(made)}"), 200)

    await paced(read, 20, 1)
    took = await paced(read, PACE, seconds / 2)
    rate = await flat_out(read, seconds / 4)
    return [
        Figure(
            what=f"tracking read, {PACE} a second, p95", value=round(share(took, 0.95) * MS, 1), unit="ms", aim=50,
            limit=Limit("bare route, p95 ms", round(limits["route_p95_ms"], 1)), count=len(took),
            detail={"p50_ms": round(share(took, 0.5) * MS, 1)},
        ),
        Figure(
            what=f"tracking reads a second, {AT_ONCE} at once", value=round(rate, 1), unit="/s", more_is_better=True,
            limit=Limit("bare route a second", round(limits["routes_a_second"], 1)),
        ),
    ]  # fmt: skip


async def _offers(
    http: httpx.AsyncClient,
    pool: "asyncpg.Pool[asyncpg.Record]",
    cast: Cast,
    orders: Orders,
    seconds: float,
    least: Limit,
) -> list[Figure]:
    """From the moment a merchant's request is due to the first phone that shows an offer of it.

    The goods are ready and drivers are free, so that no offer waits for a reason of the business.
    """
    seen: dict[str, float] = {}
    phones = [asyncio.create_task(_phone(http, *driver, seen)) for driver in cast.drivers]
    try:
        await asyncio.sleep(3)
        posted: dict[str, float] = {}

        async def create() -> None:
            ready = datetime.fromisoformat(
                expect(await http.get("/public/v1/clock"), 200).json()["market_time"]
            )
            headers, body = orders.next(ready_at=ready.isoformat(), requirements=[], items=1, weight_g=900)
            at = time.monotonic()
            told = expect(await http.post("/v1/deliveries", headers=headers, json=body), 201).json()
            posted[told["id"]] = at

        pace, wanted = 1.5, max(int(1.2 * seconds), 8)
        await paced(create, pace, min(wanted, len(cast.drivers) // 2) / pace)
        until = time.monotonic() + 30
        while set(posted) - set(seen) and time.monotonic() < until:  # noqa: ASYNC110 (phones note, nobody calls)
            await asyncio.sleep(0.1)
    finally:
        for phone in phones:
            phone.cancel()
        await asyncio.gather(*phones, return_exceptions=True)
    took = [seen[one] - at for one, at in posted.items() if one in seen]
    ticks = await pool.fetchval("SELECT count(*) FROM dispatch_ticks")
    for token, _, _ in cast.drivers:
        await http.post("/driver/v1/duty", json={"on": False}, headers={"Authorization": f"Bearer {token}"})
    return [
        Figure(
            what="offer latency, creation to first phone, p95",
            value=round(share(took, 0.95), 3), unit="s", aim=3.0, count=len(took),
            limit=Limit("one insert + one bare request, p95 s", round(least.value / MS, 4)),
            detail={"p50_s": round(share(took, 0.5), 3), "without_offer": len(posted) - len(took), "ticks": ticks},
        ),
    ]  # fmt: skip


async def _phone(http: httpx.AsyncClient, token: str, lat: float, lng: float, seen: dict[str, float]) -> None:
    """A driver on duty whose screen is looked at: notes when each delivery is first shown to anybody."""
    headers = {"Authorization": f"Bearer {token}"}
    fix = {"lat": lat, "lng": lng, "device_at": int(time.time() * 1000), "accuracy_m": 8}
    clock = expect(await http.get("/public/v1/clock"), 200).json()["market_time"]
    expect(
        await http.post("/driver/v1/fixes", json={"fixes": [fix | {"device_at": clock}]}, headers=headers),
        202,
    )
    expect(await http.post("/driver/v1/duty", json={"on": True}, headers=headers), 200)
    async with http.stream("GET", "/driver/v1/offers/stream", headers=headers, timeout=None) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                for offer in json.loads(line.removeprefix("data:")).get("items", []):
                    for drop in offer["drops"]:
                        seen.setdefault(drop["delivery"], time.monotonic())


async def _webhooks(
    http: httpx.AsyncClient,
    pool: "asyncpg.Pool[asyncpg.Record]",
    cast: Cast,
    orders: Orders,
    ears: Ears,
    port: int,
    seconds: float,
    least: Limit,
) -> list[Figure]:
    """From the merchant's answer (the change is committed) to the first try at its system."""
    wanted = {"url": f"http://127.0.0.1:{port}/hooks", "events": ["delivery.*"]}
    for shop in cast.shops:
        key = {"Authorization": f"Bearer {shop.key}"}
        expect(await http.post("/v1/webhook-endpoints", json=wanted, headers=key), 201)
    answered: dict[UUID, float] = {}

    async def create() -> None:
        headers, body = orders.next()
        told = expect(await http.post("/v1/deliveries", headers=headers, json=body), 201).json()
        answered[parse("delivery", told["id"])] = time.time()

    await paced(create, 10, seconds / 2)
    until = time.monotonic() + 60
    first: dict[UUID, float] = {}
    while len(first) < len(answered) and time.monotonic() < until:
        await asyncio.sleep(0.5)
        rows = await pool.fetch("SELECT id, delivery_id FROM webhook_messages WHERE seq = 1")
        heard = {_bare(name): at for name, at in ears.heard.items()}
        first = {
            row["delivery_id"]: heard[str(row["id"])]
            for row in rows
            if row["delivery_id"] in answered and str(row["id"]) in heard
        }
    took = [max(first[one] - at, 0.0) for one, at in answered.items() if one in first]
    return [
        Figure(
            what="webhook, commit to first try, 10 deliveries a second, p95",
            value=round(share(took, 0.95), 3), unit="s", aim=2.0, count=len(took),
            limit=Limit("one insert + one bare request, p95 s", round(least.value / MS, 4)),
            detail={"p50_s": round(share(took, 0.5), 3), "not_heard": len(answered) - len(took)},
        ),
    ]  # fmt: skip


def _bare(name: str) -> str:
    try:
        return str(parse("event", name))
    except MalformedId:
        return name
