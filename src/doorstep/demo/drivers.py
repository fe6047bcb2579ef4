"""A driver: on duty by her own hours, choosy about offers, mostly on time, now and then without a signal."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.demo.diary import Acknowledged, Diary
from doorstep.demo.line import MarketTime
from doorstep.demo.orders import UNWANTED_G
from doorstep.demo.phone import Phone, seconds_between
from doorstep.demo.shoppers import Shoppers
from doorstep.demo.tally import Tally
from doorstep.units.geo import LatLng, bearing_deg, great_circle_m
from doorstep.units.time import MarketInstant

log = structlog.get_logger("demo")
TRAVEL = GreatCircleTravel(ZoneInfo("America/Chicago"))
STEP_REAL_S = 1.0
"""How often a phone in a moving car sends its positions."""
IDLE_REAL_S = 5.0
"""How often one that stands still does."""
LOOK_REAL_S = 25.0
"""How often a driver without a trip looks whether somebody gave her one."""
FIXES_A_STEP = 2
SERVICE_S = (60, 170)
"""Market seconds at a shop or a door."""
DETOUR = 1.35
"""How much longer roads are than the crow's way."""
UNWANTED_TAKEN = {"directed": 0.06, "broadcast": 0.01}
"""How likely a driver takes what nobody likes: many kilos up many stairs without a tip."""
OVER = frozenset({"done", "failed", "off"})


@dataclass(frozen=True, slots=True)
class Temper:
    """What a driver is like; shares lie between 0 and 1."""

    choosy: float  # how far a poor offer puts her off
    silent: float  # of what she does not take, how much she simply lets run out
    dawdles: float  # legs that begin late
    dead_spots: float  # legs without a signal
    gives_back: float  # deliveries given back before pickup
    swift: float  # her driving times against those of the map

    @classmethod
    def draw(cls, chance: Random) -> "Temper":
        """Somebody's temper."""
        return cls(
            choosy=chance.uniform(0.1, 0.5),
            silent=chance.uniform(0.2, 0.5),
            dawdles=chance.choice((0.02, 0.05, 0.18)),
            dead_spots=chance.choice((0.02, 0.05, 0.15)),
            gives_back=chance.choice((0.0, 0.0, 0.01, 0.05)),
            swift=chance.uniform(0.85, 1.2),
        )


def share_taken(offer: dict[str, Any], temper: Temper, away_m: float) -> float:
    """How likely a driver of that temper takes an offer: by what it pays a minute, the way there included.

    ``away_m`` is how far the shop is, as the crow flies.
    """
    cents_a_minute: float = offer["total_minor"] / max(offer["minutes"] + away_m * DETOUR / 9 / 60, 5)
    liking = (cents_a_minute - 25) / 40
    taken = 0.88 + 0.25 * liking - temper.choosy * (1 - liking)
    if offer["mode"] == "broadcast":
        taken -= 0.25 + away_m / 16_000  # others are asked, too, and some are nearer
    if offer["tip_minor"] == 0 and any(drop["weight_g"] >= UNWANTED_G for drop in offer["drops"]):
        return UNWANTED_TAKEN[offer["mode"]]
    return min(max(taken, 0.05 if offer["mode"] == "broadcast" else 0.12), 0.97)


@dataclass(frozen=True, slots=True)
class Leg:
    """A car's way along a straight line, in the time that the roads take."""

    here: LatLng
    there: LatLng
    begun: datetime
    lasts_s: float

    @classmethod
    def begin(cls, here: LatLng, there: LatLng, begun: datetime, swift: float = 1.0) -> "Leg":
        """``swift``: the driver's times against those of the map."""
        way = TRAVEL.between((here, there), MarketInstant(begun))
        return cls(here, there, begun, max(float(way.seconds[0, 1]) * swift, 1.0))

    @property
    def speed_mps(self) -> float:
        """How fast the car moves."""
        return great_circle_m(self.here, self.there) / self.lasts_s

    @property
    def heading_deg(self) -> float:
        """Where it points."""
        return bearing_deg(self.here, self.there)

    def part(self, now: datetime) -> float:
        """How much of the way is done; from 0 to 1."""
        return min(max(seconds_between(self.begun, now) / self.lasts_s, 0.0), 1.0)

    def point(self, now: datetime) -> LatLng:
        """Where the car is."""
        part = self.part(now)
        if part >= 1:
            return self.there
        return LatLng(
            lat=self.here.lat + (self.there.lat - self.here.lat) * part,
            lng=self.here.lng + (self.there.lng - self.here.lng) * part,
        )


class Driver:
    """One simulated driver."""

    def __init__(
        self,
        phone: Phone,
        time: MarketTime,
        shoppers: Shoppers,
        tally: Tally,
        chance: Random,
        diary: Diary | None = None,
    ) -> None:
        """``chance`` is her own; what is acknowledged to her is noted in ``diary``."""
        self._diary = diary or Diary()
        self.phone = phone
        self._time = time
        self._shoppers = shoppers
        self._tally = tally
        self._chance = chance
        self._temper = Temper.draw(chance)
        self._weighed: set[str] = set()
        self._open: set[str] = set()
        self._changed = asyncio.Event()
        self._looked_real_s = float("-inf")
        self._answering: set[asyncio.Task[None]] = set()
        self._wakes_h = chance.choice((5, 6, 7, 8, 9, 10, 10, 10, 14, 20))
        self._works_h = chance.choice((8, 10, 12, 14))

    def works_at(self, now: datetime) -> bool:
        """Whether her day goes on at ``now``."""
        hour = now.astimezone(TRAVEL.zone).hour
        return (hour - self._wakes_h) % 24 < self._works_h

    async def live(self) -> None:
        """Work until cancelled; whatever goes wrong is told and slept over."""
        await asyncio.sleep(self._chance.uniform(0, 3))
        listening: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    if not (self._should_look() and await self.go_on()):
                        works = self.works_at(self._time.now())
                        if works and (listening is None or listening.done()):
                            await self._go(on=True)
                            listening = asyncio.create_task(self.phone.offers(self._hear))
                        elif not works and listening is not None:
                            await self._go(on=False)
                            listening.cancel()
                            listening = None
                        await self._idle()
                except Exception as error:
                    log.warning("driver_stumbles", driver=self.phone.part.name, error=repr(error)[:300])
                    await asyncio.sleep(2)
        finally:
            if listening is not None:
                listening.cancel()

    async def _go(self, *, on: bool) -> None:
        self.phone.see()
        await self.phone.send_fixes()
        await self.phone.call("POST", "/driver/v1/duty", json={"on": on})

    async def _idle(self) -> None:
        self.phone.see()
        await self.phone.send_fixes()
        try:
            await asyncio.wait_for(self._changed.wait(), self._chance.uniform(0.8, 1.2) * IDLE_REAL_S)
        except TimeoutError:
            return

    def _should_look(self) -> bool:
        """Whether there may be a trip: she accepted one, was on one, or has not looked for a while."""
        return self._changed.is_set() or asyncio.get_running_loop().time() > self._looked_real_s + LOOK_REAL_S

    # Offers.

    def _hear(self, offers: list[dict[str, Any]]) -> None:
        self._open = {offer["id"] for offer in offers}
        for offer in offers:
            if offer["id"] not in self._weighed:
                self._weighed.add(offer["id"])
                task = asyncio.create_task(self._answer(offer))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

    def _away_m(self, offer: dict[str, Any]) -> float:
        """How far the shop is, as the crow flies: asked alone, from where she will be free."""
        told: int | None = offer["approach_m"]
        if offer["mode"] == "directed" and told is not None:
            return told / DETOUR
        return great_circle_m(self.phone.point, LatLng(**offer["pickups"][0]["point"]))

    async def _answer(self, offer: dict[str, Any]) -> None:
        try:
            away_m = self._away_m(offer)
            takes = self._chance.random() < share_taken(offer, self._temper, away_m)
            # Who does not want what many are asked says nothing; a question to her alone she may answer.
            silent = offer["mode"] == "broadcast" or self._chance.random() < self._temper.silent
            await asyncio.sleep(self._chance.uniform(0.05, 0.35) * max(offer["real_s_left"], 0.2))
            if offer["id"] not in self._open:
                self._tally.count("gone_meanwhile")
            elif takes:
                reply = await self.phone.call("POST", f"/driver/v1/offers/{offer['id']}/accept")
                self._tally.count("accepted" if reply.good else f"accept_refused_{reply.code}")
                if reply.good:
                    self._diary.note(Acknowledged.ACCEPTED, offer["id"])
                    self._changed.set()
            elif silent:
                self._tally.count("passed" if offer["mode"] == "broadcast" else "left_to_expire")
            else:
                await self.phone.call("POST", f"/driver/v1/offers/{offer['id']}/decline")
                self._tally.count("declined")
        except Exception as error:
            log.warning("answer_failed", driver=self.phone.part.name, error=repr(error)[:300])

    # Trips.

    async def go_on(self) -> bool:
        """Do the next thing of the trip under way; False when there is none."""
        self._looked_real_s = asyncio.get_running_loop().time()
        self._changed.clear()
        reply = await self.phone.call("GET", "/driver/v1/trips/current")
        trip = reply.body.get("trip") if reply.good else None
        if trip is None:
            return False
        self._changed.set()
        stop = next((one for one in trip["stops"] if one["state"] not in OVER), None)
        if stop is None or stop["address"] is None:
            await asyncio.sleep(0.5)
            return True
        if stop["kind"] == "pickup":
            await self._pickup(trip, stop)
        elif stop["kind"] == "drop":
            await self._drop(trip, stop)
        else:
            await self._return(trip, stop)
        return True

    async def _pickup(self, trip: dict[str, Any], stop: dict[str, Any]) -> None:
        mine = _on_board(trip, stop)
        if stop["state"] == "open" and self._chance.random() < self._temper.gives_back:
            self._tally.count("given_back")
            await self.phone.call(
                "POST",
                f"/driver/v1/trips/{trip['id']}/deliveries/{mine[0]}/give-back",
                json={"reason": "my car makes a noise"},
            )
            return
        if stop["state"] == "open":
            await self._dawdle()
            await self.phone.report(trip["id"], "depart_pickup", mine)
            await self._drive(stop)
            await self.phone.report(trip["id"], "arrive_pickup", mine)
        await self._wait_for(stop)
        await self._stand(self._chance.uniform(*SERVICE_S))
        stop, mine = await self._counter(trip["id"], stop, mine)
        await self._wait_for(stop)
        heard = await self.phone.report(
            trip["id"], "picked_up", mine, scans=[f"bag {number}" for number in range(1, len(mine) + 1)]
        )
        await self._settle(heard)

    async def _wait_for(self, stop: dict[str, Any]) -> None:
        if stop["ready_at"]:
            wait_s = seconds_between(self._time.now(), datetime.fromisoformat(stop["ready_at"]))
            await self._stand(min(wait_s, 25 * 60))

    async def _counter(
        self, trip: str, stop: dict[str, Any], mine: list[str]
    ) -> tuple[dict[str, Any], list[str]]:
        """The stop at a shop as it is now, and what she collects: more may have joined since she set out."""
        reply = await self.phone.call("GET", f"/driver/v1/trips/{trip}")
        if not reply.good:
            return stop, mine
        now: dict[str, Any] = reply.body["stops"][stop["position"]]
        there = _on_board(reply.body, now)
        return (now, there) if now["kind"] == "pickup" and there else (stop, mine)

    async def _drop(self, trip: dict[str, Any], stop: dict[str, Any]) -> None:
        delivery = stop["deliveries"][0]
        carried = next((one for one in trip["deliveries"] if one["id"] == delivery), None)
        if carried is None:
            await asyncio.sleep(0.5)
            return
        alone = False
        if stop["state"] == "open":
            await self._dawdle()
            alone = self._chance.random() < self._temper.dead_spots
            self.phone.signal = not alone
            if alone:
                self._tally.count("signal_lost")
            await self.phone.report(trip["id"], "depart_dropoff", [delivery])
            await self._drive(stop)
            await self.phone.report(trip["id"], "arrive_dropoff", [delivery])
        await self._stand(self._chance.uniform(*SERVICE_S))
        if alone:
            self.phone.signal = True
            await self.phone.send_fixes()
            await self.phone.send_reports(self._chance)
        if not self._shoppers.opens(delivery, carried):
            self._tally.count("attempt_failed")
            await self._settle(
                await self.phone.report(trip["id"], "attempt_failed", [delivery], reason="nobody_home")
            )
            return
        await self._hand_over(trip, delivery, carried)

    async def _hand_over(self, trip: dict[str, Any], delivery: str, carried: dict[str, Any]) -> None:
        more: dict[str, Any] = {}
        for proof in carried["proofs"]:
            if proof in {"photo", "signature"}:
                await self.phone.photograph(delivery, proof, self._chance)
            elif proof == "id_check":
                more["paper"] = {"paper": "driver_license", "of_age": True, "last_4": "1234"}
            elif proof == "pin":
                pin = await self._shoppers.tell_pin(delivery)
                if pin is not None:
                    more["pin"] = pin
        heard = await self.phone.report(trip["id"], "handed_over", [delivery], **more)
        refused = [one for one in heard if one["delivery"] == delivery and not one["counted"]]
        if refused:
            code = (refused[-1]["problem"] or {}).get("code", "unknown")
            self._tally.count(f"hand_over_refused_{code}")
            if code == "proof_missing":
                await self.phone.report(trip["id"], "attempt_failed", [delivery], reason="no_code")
        else:
            self._tally.count("handed_over")
        if any(one["delivery"] == delivery and one["state"] == "delivered" for one in heard):
            self._diary.note(Acknowledged.HANDED_OVER, delivery)
        await self._settle(heard)

    async def _return(self, trip: dict[str, Any], stop: dict[str, Any]) -> None:
        mine = _on_board(trip, stop)
        if stop["state"] == "open":
            await self.phone.report(trip["id"], "depart_return", mine)
            await self._drive(stop)
            await self.phone.report(trip["id"], "arrive_return", mine)
        await self._stand(self._chance.uniform(*SERVICE_S))
        heard = await self.phone.report(trip["id"], "returned", mine)
        self._tally.count("returned")
        await self._settle(heard)

    async def _settle(self, heard: list[dict[str, Any]]) -> None:
        """Look again in a moment when something did not count, not at once."""
        if any(not one["counted"] for one in heard):
            await asyncio.sleep(1)

    async def _dawdle(self) -> None:
        if self._chance.random() < self._temper.dawdles:
            self._tally.count("late")
            await self._stand(self._chance.uniform(6, 16) * 60)

    # On the road.

    async def _stand(self, market_s: float) -> None:
        while market_s > 0:
            step_s = min(market_s, IDLE_REAL_S * self._time.speed)
            await self._time.sleep(step_s)
            market_s -= step_s
            self.phone.see()
            await self.phone.send_fixes()

    async def _drive(self, stop: dict[str, Any]) -> None:
        """Along a straight line to the stop, in the time that the roads take, more or less."""
        there = LatLng(**stop["address"]["point"])
        swift = self._temper.swift * self._chance.uniform(0.9, 1.15)
        leg = Leg.begin(self.phone.point, there, self._time.now(), swift)
        part = 0.0
        while part < 1:
            await asyncio.sleep(STEP_REAL_S / FIXES_A_STEP)
            now = self._time.now()
            part = leg.part(now)
            self.phone.point = leg.point(now)
            self.phone.see(leg.speed_mps, leg.heading_deg)
            if part >= 1 or self._chance.random() < 1 / FIXES_A_STEP:
                await self.phone.send_fixes()


def _on_board(trip: dict[str, Any], stop: dict[str, Any]) -> list[str]:
    """Deliveries of a stop that are still on the trip."""
    live = {one["id"] for one in trip["deliveries"]}
    return [one for one in stop["deliveries"] if one in live]
