"""The visitor's car: the demo moves it when asked to, finds it a place and work, and finishes what she leaves.

It speaks with a session of its own beside hers. While she is inside, arriving, proof and hand-over are hers; the
car only stands or moves. When she has left with goods on board, the car becomes a driver like any other until
they are delivered, and goes off duty.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import structlog

from doorstep.connectors.messages.twin import MessageTwin
from doorstep.demo.drivers import IDLE_REAL_S, OVER, Driver, Leg
from doorstep.demo.line import Line, MarketTime, SignedOut
from doorstep.demo.merchants import Merchant
from doorstep.demo.phone import Phone, Sessions
from doorstep.demo.script import DriverPart, StorePart, VisitorPart
from doorstep.demo.shoppers import Shoppers
from doorstep.demo.tally import Tally
from doorstep.units.geo import LatLng, great_circle_m

log = structlog.get_logger("demo")
STEP_REAL_S = 1.0
WAITS_REAL_S = 12.0
"""So long a visitor on duty waits for an offer before a shop near her gets an order."""
ANOTHER_REAL_S = 40.0
"""So long until the next one, when that order found somebody else."""
WANTED = ("requested", "batched")


class CarPhone(Phone):
    """Signed in by the session of its own; never by a code, which would sign the visitor out."""

    def __init__(
        self, part: VisitorPart, line: Line, time: MarketTime, messages: MessageTwin, sessions: Sessions
    ) -> None:
        """At its place of rest."""
        super().__init__(
            DriverPart(name="the visitor's car", phone=part.phone, lat=part.lat, lng=part.lng),
            line,
            time,
            messages,
            sessions,
        )
        self._session: str | None = part.session

    async def _sign_in(self) -> str:
        session, self._session = self._session, None
        if session is None:
            raise SignedOut
        self._sessions.put(self.part.phone, session)
        return session


class VisitorCar:
    """The car of the driver that visitors enter as."""

    def __init__(
        self,
        phone: CarPhone,
        line: Line,
        time: MarketTime,
        merchants: Sequence[Merchant],
        shoppers: Shoppers,
        tally: Tally,
        chance: Random,
        waits_real_s: float = WAITS_REAL_S,
    ) -> None:
        """Parked. ``waits_real_s``: how long a visitor on duty may be without an offer."""
        self._waits_real_s = waits_real_s
        self.phone = phone
        self._line = line
        self._time = time
        self._merchants = merchants
        self._driver = Driver(phone, time, shoppers, tally, chance)
        self._chance = chance
        self._placed = False
        self._parked = False
        self._leg: Leg | None = None
        self._seen_real_s = float("-inf")
        self._waits_since_real_s: float | None = None

    async def live(self) -> None:
        """Look after the car until cancelled."""
        while True:
            try:
                await self.step()
            except SignedOut:
                log.warning("visitors_car_signed_out")
                await asyncio.sleep(30)
            except Exception as error:
                log.warning("visitors_car_stumbles", error=repr(error)[:300])
                await asyncio.sleep(2)
            await asyncio.sleep(STEP_REAL_S)

    async def step(self) -> None:
        """Do what is to be done now: move, stand, or bring an abandoned trip to its end."""
        told = (await self._line.call("GET", "/demo/v1/speed")).body
        driving = [one for one in told.get("inside", ()) if "driver" in one["as"]]
        if not driving:
            await self._park()
            return
        self._parked = False
        trip = (await self.phone.call("GET", "/driver/v1/trips/current")).body.get("trip")
        on = (await self.phone.call("GET", "/driver/v1/me")).body["duty"]["on"]
        if not on and trip is None:
            self._placed, self._waits_since_real_s = False, None
            return
        if not self._placed:
            if trip is None:
                self.phone.point = await self.busy_place()
            self._placed = True
            self._seen_real_s = float("-inf")
        if trip is not None:
            self._waits_since_real_s = None
        else:
            await self._see_to_work()
        await self._move(trip if any(one["drive_for_me"] for one in driving) else None)

    # Where there is work.

    async def busy_place(self) -> LatLng:
        """The store with most orders that wait for a driver."""
        waiting: Counter[str] = Counter()
        for merchant in self._merchants:
            reply = await merchant.call("GET", "/v1/deliveries", params={"state": list(WANTED), "limit": 100})
            if reply.good:
                waiting.update(delivery["store"] for delivery in reply.body["items"])
        stores = {store.id: store for merchant in self._merchants for store in merchant.part.stores}
        known = [(count, store) for store, count in waiting.items() if store in stores]
        if not known:
            return LatLng(lat=self.phone.part.lat, lng=self.phone.part.lng)
        busiest = stores[max(known)[1]]
        return LatLng(lat=busiest.lat, lng=busiest.lng)

    async def _see_to_work(self) -> None:
        """A visitor is not left waiting long: the shop next to her gets an order."""
        real_s = asyncio.get_running_loop().time()
        if (await self.phone.call("GET", "/driver/v1/offers")).body["items"]:
            self._waits_since_real_s = None
            return
        if self._waits_since_real_s is None:
            self._waits_since_real_s = real_s
        if real_s - self._waits_since_real_s < self._waits_real_s:
            return
        self._waits_since_real_s = real_s + ANOTHER_REAL_S - self._waits_real_s
        merchant, store = min(
            ((merchant, store) for merchant in self._merchants for store in merchant.part.stores),
            key=lambda one: great_circle_m(self.phone.point, _point(one[1])),
        )
        await merchant.order_at(store)

    # On the road.

    async def _move(self, trip: dict[str, Any] | None) -> None:
        """One step along the way to the next stop; without a trip to drive, stand."""
        stop = None
        if trip is not None:
            stop = next((one for one in trip["stops"] if one["state"] not in OVER), None)
        if stop is None or stop["state"] != "open" or stop["address"] is None:
            self._leg = None
            await self._stand()
            return
        there = LatLng(**stop["address"]["point"])
        now = self._time.now()
        if self._leg is None or self._leg.there != there:
            self._leg = Leg.begin(self.phone.point, there, now)
        if self._leg.part(now) >= 1 and self.phone.point == there:
            await self._stand()
            return
        self.phone.point = self._leg.point(now)
        self.phone.see(self._leg.speed_mps, self._leg.heading_deg)
        await self._send()

    async def _stand(self) -> None:
        if asyncio.get_running_loop().time() >= self._seen_real_s + IDLE_REAL_S:
            self.phone.see()
            await self._send()

    async def _send(self) -> None:
        self._seen_real_s = asyncio.get_running_loop().time()
        await self.phone.send_fixes()

    # When she has gone.

    async def _park(self) -> None:
        """Bring what is on board to its doors, then go off duty, once."""
        self._leg, self._placed, self._waits_since_real_s = None, False, None
        if self._parked:
            return
        if await self._driver.go_on():
            return
        await self.phone.call("POST", "/driver/v1/duty", json={"on": False})
        self._parked = True


def _point(store: StorePart) -> LatLng:
    return LatLng(lat=store.lat, lng=store.lng)
