"""The people of a recorded day: a merchant who places its orders, couriers who accept and follow."""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import structlog

from doorstep.app.replay.founding import DAY, STREET, Cast
from doorstep.app.runtime import REPLAY_ORIGIN
from doorstep.connectors.maps.planar import Plane
from doorstep.sim.mdrp.instance import Courier, Instance, MealOrder
from doorstep.sim.mdrp.log import Stop
from doorstep.units.geo import LatLng
from doorstep.units.time import MarketInstant

log = structlog.get_logger("replay")
PLANE = Plane(REPLAY_ORIGIN)
BROKEN = (httpx.HTTPError, json.JSONDecodeError, KeyError)


@dataclass(slots=True)
class Time:
    """Business time of the network, from its public clock."""

    market: MarketInstant = DAY
    real: float = 0.0
    speed: float = 1.0

    async def read(self, http: httpx.AsyncClient) -> None:
        """Ask the network."""
        asked = asyncio.get_running_loop().time()
        told = (await http.get("/public/v1/clock")).raise_for_status().json()
        self.real = (asked + asyncio.get_running_loop().time()) / 2
        self.market = MarketInstant(datetime.fromisoformat(told["market_time"]))
        self.speed = float(told["speed"])

    def now(self) -> MarketInstant:
        """Business time."""
        return MarketInstant(
            self.market + timedelta(seconds=(asyncio.get_running_loop().time() - self.real) * self.speed)
        )

    def minute(self) -> float:
        """Minutes of the recorded day."""
        return (self.now() - DAY) / timedelta(minutes=1)

    async def until(self, instant: datetime) -> None:
        """Wait for a business instant."""
        await asyncio.sleep(max(0.0, (instant - self.now()).total_seconds() / self.speed))


@dataclass(slots=True)
class Log:
    """What really happened, by the day's own order names; instants of business time."""

    placed: dict[str, str] = field(default_factory=dict)  # order -> delivery
    picked_up: dict[str, datetime] = field(default_factory=dict)  # delivery -> instant
    dropped: dict[str, datetime] = field(default_factory=dict)
    handed: set[str] = field(default_factory=set)  # deliveries whose hand-over was reported
    refused: dict[str, str] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)  # its orders are deliveries


async def _ask(http: httpx.AsyncClient, method: str, path: str, token: str, **request: Any) -> httpx.Response:
    """A request, repeated until the network answers."""
    for attempt in range(200):
        with contextlib.suppress(httpx.TransportError):
            answer = await http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **request)
            if answer.status_code not in {429, 502, 503, 504}:
                return answer
        await asyncio.sleep(min(0.05 * (attempt + 1), 1.0))
    raise TimeoutError(f"{method} {path} was not answered")


async def place_orders(
    http: httpx.AsyncClient, time: Time, cast: Cast, orders: list[MealOrder], log_: Log
) -> None:
    """Create every order's delivery at the minute it was placed."""
    async with asyncio.TaskGroup() as group:
        for order in sorted(orders, key=lambda o: (o.placed_min, o.id)):
            await time.until(DAY + timedelta(minutes=order.placed_min))
            group.create_task(_place(http, cast, order, log_))


async def _place(http: httpx.AsyncClient, cast: Cast, order: MealOrder, log_: Log) -> None:
    point = PLANE.place(order.x, order.y)
    body = {
        "store": cast.stores[order.restaurant],
        "external_id": order.id,
        "ready_at": (DAY + timedelta(minutes=order.ready_min)).isoformat(),
        "dropoff": {
            "address": {
                "line1": f"{order.id}{STREET}",
                "city": "Plane",
                "state": "TN",
                "postcode": "37203",
            },
            "point": {"lat": point.lat, "lng": point.lng},
            "first_name": "Guest",
        },
        "cart_minor": 3000,
        "units": 1,
    }
    answer = await _ask(
        http, "POST", "/v1/deliveries", cast.key, json=body,
    )  # fmt: skip
    if answer.status_code == 201:
        log_.placed[order.id] = answer.json()["id"]
    else:
        log_.refused[order.id] = answer.text[:300]
        log.warning("order_refused", order=order.id, status=answer.status_code, answer=answer.text[:300])


def second(at: datetime) -> float:
    """Seconds of the recorded day."""
    return (at - DAY).total_seconds()


class Rider:
    """One courier: on duty for her shift, takes what she is offered, drives by the rules of the day."""

    def __init__(
        self, http: httpx.AsyncClient, time: Time, instance: Instance, courier: Courier, token: str, log_: Log
    ) -> None:
        """Not yet on duty, where her shift begins."""
        self._http, self._time, self._token, self._log = http, time, token, log_
        self._instance, self._courier = instance, courier
        self._at = (courier.x, courier.y)
        self._count = 0

    async def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        return await _ask(self._http, method, path, self._token, **request)

    async def work(self) -> None:
        """The whole shift, and the trip that outlasts it."""
        starts = DAY + timedelta(minutes=self._courier.on_min)
        ends = MarketInstant(DAY + timedelta(minutes=self._courier.off_min))
        if ends <= self._time.now():
            return
        await self._time.until(starts)
        await self._stand(starts)
        await self._call("POST", "/driver/v1/duty", json={"on": True, "until": ends.isoformat()})
        while self._time.now() < ends:
            try:
                async with asyncio.timeout(
                    (ends - self._time.now()).total_seconds() / self._time.speed + 0.1
                ):
                    offer = await self._next_offer()
            except TimeoutError:
                return
            answer = await self._call("POST", f"/driver/v1/offers/{offer['id']}/accept")
            if answer.status_code < 300:
                await self._follow(answer.json())

    async def _next_offer(self) -> dict[str, Any]:
        while True:
            with contextlib.suppress(*BROKEN):
                async for offers in self._stream():
                    if offers:
                        return offers[0]
            await asyncio.sleep(0.2)

    async def _stream(self) -> AsyncIterator[list[dict[str, Any]]]:
        async with self._http.stream(
            "GET", "/driver/v1/offers/stream", headers={"Authorization": f"Bearer {self._token}"},
            timeout=httpx.Timeout(10, read=20),
        ) as answer:  # fmt: skip
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])["items"]

    async def _stand(self, at: datetime) -> None:
        point = PLANE.place(*self._at)
        fix = {"lat": point.lat, "lng": point.lng, "device_at": at.isoformat(), "accuracy_m": 1}
        await self._call("POST", "/driver/v1/fixes", json={"fixes": [fix]})

    def _drive(self, to: tuple[int, int]) -> timedelta:
        metres = math.dist(self._at, to)
        self._at = to
        return timedelta(minutes=math.ceil(metres / self._instance.metres_per_minute))

    async def _report(self, trip: str, kind: str, deliveries: list[str], at: datetime) -> None:
        self._count += 1
        report = {
            "report_id": f"{self._courier.id}-{self._count}", "kind": kind, "deliveries": deliveries,
            "device_at": at.isoformat(),
        }  # fmt: skip
        answer = await self._call("POST", f"/driver/v1/trips/{trip}/reports", json={"reports": [report]})
        answer.raise_for_status()
        for heard in answer.json()["heard"]:
            if heard["problem"]:
                log.warning("report_refused", kind=kind, problem=heard["problem"])

    async def _follow(self, trip: dict[str, Any]) -> None:
        """Drive the trip: service half before and half after each hand-over, as the rules have it."""
        half_pick = timedelta(minutes=self._instance.pickup_service_min) / 2
        half_drop = timedelta(minutes=self._instance.dropoff_service_min) / 2
        t = accepted = self._time.now()
        name = trip["id"]
        for stop in sorted(trip["stops"], key=lambda s: s["position"]):
            there, left = stop["address"]["point"], t
            t = MarketInstant(t + self._drive(PLANE.metres(LatLng(lat=there["lat"], lng=there["lng"]))))
            if stop["kind"] == "pickup":
                t = MarketInstant(max(t + half_pick, datetime.fromisoformat(stop["ready_at"])))
                await self._time.until(t)
                await self._report(name, "picked_up", stop["deliveries"], t)
                self._log.picked_up.update(dict.fromkeys(stop["deliveries"], t))
                self._note(stop, left, t, accepted)
                t += half_pick
                continue
            t += half_drop
            await self._time.until(t)
            await self._report(name, "arrive_dropoff", stop["deliveries"], t)
            self._log.dropped.update(dict.fromkeys(stop["deliveries"], t))
            self._note(stop, left, t, None)
            handed = t
            t += half_drop
            await self._time.until(t)
            await self._stand(t)
            await self._report(name, "handed_over", stop["deliveries"], handed)
            self._log.handed.update(stop["deliveries"])

    def _note(self, stop: dict[str, Any], left: datetime, at: datetime, accepted: datetime | None) -> None:
        assigned_s = -1.0 if accepted is None else second(accepted)
        place, orders = stop["address"]["line1"].removesuffix(STREET), tuple(stop["deliveries"])
        self._log.stops.append(Stop(self._courier.id, place, second(left), second(at), orders, assigned_s))
