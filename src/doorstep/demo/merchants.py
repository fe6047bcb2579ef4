"""Merchants' shop software: quotes, deliveries, changes of mind, all with an API key like anybody's."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from doorstep.connectors.us.zips import ZipArea
from doorstep.demo.line import Line, MarketTime
from doorstep.demo.orders import ORDERS_AN_HOUR, SHARE_OF_TRADE, draw_order
from doorstep.demo.script import MerchantPart, StorePart
from doorstep.demo.shoppers import Shoppers
from doorstep.demo.tally import Tally
from doorstep.units.geo import LatLng

log = structlog.get_logger("demo")
ZONE = ZoneInfo("America/Chicago")
OPEN_STATES = (
    *("requested", "batched", "assigned", "enroute_to_pickup", "at_pickup", "picked_up"),
    *("enroute_to_dropoff", "at_dropoff", "attempt_failed", "enroute_to_return", "at_return"),
)
FIRST_ORDERS = 16
"""What has come in overnight and is packed: placed at once when nothing is open."""
UNCOMMON = frozenset({"heavy", "high_value", "alcohol"})
QUOTED_SHARE = 0.5
WINDOW_SHARE = 0.12
CHANGES = (
    # what, share of deliveries, market minutes after ordering
    ("cancel_early", 0.04, (0.2, 1.0)),
    ("cancel_late", 0.05, (8, 16)),
    ("raise_tip", 0.08, (1, 20)),
    ("amend", 0.08, (0.5, 10)),
    ("later_ready", 0.06, (1, 6)),
)


class Merchant:
    """One merchant's software."""

    def __init__(
        self,
        part: MerchantPart,
        line: Line,
        time: MarketTime,
        shoppers: Shoppers,
        tally: Tally,
        homes: tuple[ZipArea, ...],
        chance: Random,
    ) -> None:
        """``chance`` is the merchant's own."""
        self.part = part
        self._line = line
        self._time = time
        self._shoppers = shoppers
        self._tally = tally
        self._homes = homes
        self._chance = chance
        self._following: set[asyncio.Task[None]] = set()

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """A request with the merchant's key; the Reply."""
        return await self._line.call(method, path, self.part.key, **request)

    async def live(self) -> None:
        """Take orders until cancelled."""
        backlog = 0
        while True:
            try:
                reply = await self.call(
                    "GET", "/v1/deliveries", params={"state": list(OPEN_STATES), "limit": 100}
                )
                if reply.good:
                    for delivery in reply.body["items"]:
                        self._shoppers.await_delivery(delivery["id"], delivery["tracking_url"])
                    backlog = 0 if reply.body["items"] else self._share(FIRST_ORDERS)
                    break
            except Exception as error:
                log.warning("merchant_stumbles", merchant=self.part.name, error=repr(error)[:300])
            await asyncio.sleep(2)
        while True:
            packed = backlog > 0
            if packed:
                backlog -= 1
                await asyncio.sleep(self._chance.uniform(0.2, 1.5))
            else:
                await self._time.sleep(self._chance.expovariate(1) * self._gap_s())
            try:
                await self._order(packed=packed)
            except Exception as error:
                log.warning("merchant_stumbles", merchant=self.part.name, error=repr(error)[:300])
                await asyncio.sleep(2)

    def _share(self, orders: int) -> int:
        return round(orders * SHARE_OF_TRADE[self.part.trade] + 0.49)

    def _gap_s(self) -> float:
        """Market seconds between two orders at this hour, on average."""
        hour = self._time.now().astimezone(ZONE).hour
        return 3600 / (ORDERS_AN_HOUR[hour] * SHARE_OF_TRADE[self.part.trade])

    async def order_at(self, store: StorePart) -> None:
        """Somebody orders from ``store`` at once: something with a tip, which any driver may carry."""
        for _ in range(20):
            body = self._draw(store)
            if body["tip_minor"] > 0 and not UNCOMMON.intersection(body["requirements"]):
                break
        body["ready_at"] = (self._time.now() + timedelta(minutes=1)).isoformat()
        await self._send(body)

    def _draw(self, store: StorePart) -> dict[str, Any]:
        point = LatLng(lat=store.lat, lng=store.lng)
        return draw_order(self._chance, self.part.trade, store.id, point, self._homes)

    async def _order(self, *, packed: bool) -> None:
        store = self._chance.choice(self.part.stores)
        body = self._draw(store)
        if packed:
            body["ready_at"] = (self._time.now() + timedelta(minutes=2)).isoformat()
        elif self._chance.random() < WINDOW_SHARE:
            body |= await self._window(store.id, body["dropoff"]["address"]["postcode"])
        if self._chance.random() < QUOTED_SHARE:
            quote = await self._quote(body)
            if quote is None:
                return
            body["quote_id"] = quote
        made = await self._send(body)
        if made is None:
            return
        for what, share, after_min in CHANGES:
            if self._chance.random() < share:
                task = asyncio.create_task(self._later(made, what, self._chance.uniform(*after_min)))
                self._following.add(task)
                task.add_done_callback(self._following.discard)
                break

    async def _send(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """Place the order and let its shopper watch; None when it was refused."""
        key = str(uuid4())  # not of our chance: a key is never used twice, not even by the same story again
        reply = await self.call("POST", "/v1/deliveries", json=body, headers={"Idempotency-Key": key})
        if not reply.good:
            self._tally.count(f"order_refused_{reply.code}")
            if reply.code not in {"not_eligible", "quote_expired"}:
                log.warning("order_refused", merchant=self.part.name, refusal=reply.body)
            return None
        self._tally.count("ordered")
        made: dict[str, Any] = reply.body
        self._shoppers.await_delivery(made["id"], made["tracking_url"])
        return made

    async def _window(self, store_id: str, postcode: str) -> dict[str, Any]:
        """One of the windows on offer; nothing (express) when there is none."""
        reply = await self.call("GET", "/v1/windows", params={"store": store_id, "postcode": postcode})
        offered = reply.body["windows"][:3] if reply.good else []
        if not offered:
            return {}
        chosen = self._chance.choice(offered)
        return {
            "service_level": chosen["service_level"],
            "window": {"start": chosen["start"], "end": chosen["end"]},
        }

    async def _quote(self, body: dict[str, Any]) -> str | None:
        same = ("store", "service_level", "window", "ready_at", "cart_minor", "requirements")
        asked = {name: body[name] for name in same if name in body}
        asked["dropoff"] = {name: body["dropoff"][name] for name in ("address", "point")}
        reply = await self.call("POST", "/v1/quotes", json=asked)
        if not reply.good:
            self._tally.count(f"quote_refused_{reply.code}")
            if reply.code != "not_eligible":
                log.warning("quote_refused", merchant=self.part.name, refusal=reply.body)
            return None
        self._tally.count("quoted")
        return str(reply.body["id"])

    async def _later(self, made: dict[str, Any], what: str, after_min: float) -> None:
        """Somebody changes her mind about a delivery."""
        try:
            await self._time.sleep(after_min * 60)
            path = f"/v1/deliveries/{made['id']}"
            if what.startswith("cancel"):
                reply = await self.call("POST", f"{path}/cancel", json={"reason": "changed_mind"})
            elif what == "raise_tip":
                tip_minor = made["tip"]["minor"] + self._chance.choice((100, 200, 400))
                reply = await self.call("POST", f"{path}/tip", json={"tip_minor": tip_minor})
            elif what == "amend":
                reply = await self.call(
                    "PATCH", path, json={"instructions": "Please leave it with the neighbour in 4B."}
                )
            else:
                later = self._time.now() + timedelta(minutes=self._chance.randint(15, 25))
                reply = await self.call("POST", f"{path}/ready", json={"ready_at": later.isoformat()})
            self._tally.count(what if reply.good else f"{what}_refused")
        except Exception as error:
            log.warning("merchant_stumbles", merchant=self.part.name, error=repr(error)[:300])
