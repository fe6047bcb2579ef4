"""The visitor's car: it stands where there is work, moves when asked to, and leaves nothing half done."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.factories.journeys import told
from tests.factories.network import Network
from tests.factories.visits import Browser, browser

from doorstep.connectors.maps.protocol import Leg
from doorstep.connectors.messages.twin import MessageTwin
from doorstep.demo import founding, script, town
from doorstep.demo.car import CarPhone, VisitorCar
from doorstep.demo.line import Line, MarketTime, SignedOut
from doorstep.demo.merchants import Merchant
from doorstep.demo.phone import Sessions
from doorstep.demo.shoppers import Shoppers
from doorstep.demo.tally import Tally
from doorstep.features.markets import queries as markets
from doorstep.features.offers import service as offers
from doorstep.features.offers.rules import Proposal
from doorstep.units.geo import LatLng, Metres, Seconds, great_circle_m
from doorstep.units.ids import DeliveryId, DriverId, parse
from doorstep.units.time import MarketInstant

SPEED = 120  # so that a long drive is over before a visitor counts as gone
CSRF = {"X-Doorstep-CSRF": "1"}


@dataclass(slots=True)
class Stage:
    """The founded demo with its car, and a visitor in her browser."""

    network: Network
    played: script.Script
    time: MarketTime
    merchants: list[Merchant]
    car: VisitorCar
    visitor: Browser

    async def go_on_duty(self) -> None:
        await self.visitor.enter("driver")
        told(await self.visitor.http.post("/driver/v1/duty", json={"on": True}, headers=CSRF))

    async def ordered(self, store: script.StorePart) -> str:
        """The id of a delivery that somebody just ordered from ``store``."""
        merchant = next(one for one in self.merchants if store in one.part.stores)
        await merchant.order_at(store)
        listed = (await merchant.call("GET", "/v1/deliveries")).body["items"]
        return str(next(one for one in listed if one["store"] == store.id)["id"])

    async def trip(self, delivery: str) -> dict[str, Any]:
        """The visitor is offered ``delivery`` and takes it."""
        async with self.network.work() as work:
            nashville = await markets.by_slug(work, "nashville")
            me = told(await self.visitor.http.get("/driver/v1/me"))
            shown = await offers.show(
                work,
                Proposal(
                    market_id=nashville.id,
                    driver_ids=(DriverId(parse("driver", me["id"])),),
                    delivery_ids=(DeliveryId(parse("delivery", delivery)),),
                    legs=(Leg(Metres(4000), Seconds(600)),),
                    expires_at=MarketInstant(work.now() + timedelta(seconds=60)),
                ),
            )
        mine = told(await self.visitor.http.get("/driver/v1/offers"))["items"]
        assert len(mine) == len(shown.driver_ids) == 1
        taken = await self.visitor.http.post(f"/driver/v1/offers/{mine[0]['id']}/accept", headers=CSRF)
        return dict(told(taken))

    def later(self, minutes: float) -> None:
        """Let business time pass for the network and for the actors."""
        self.network.clock.advance(minutes * 60 / SPEED)
        self.time.hear(self.network.web.clock.market_now(), 1.0)


@pytest.fixture
async def stage(network: Network, tmp_path: Path) -> AsyncIterator[Stage]:
    network.connectors.messages = MessageTwin(tmp_path / "messages")
    async with network.work() as work:
        played = await founding.found(work, network.connectors.secrets, tmp_path, 1)
    assert played.visitor is not None
    await network.scale(SPEED)
    line, tally = Line(network.http, Random(1)), Tally()
    time = MarketTime(line)
    time.hear(network.clock.market_now(), 1.0)
    shoppers = Shoppers(line, tally, 1)
    merchants = [
        Merchant(part, line, time, shoppers, tally, town.areas(), Random(n))
        for n, part in enumerate(played.merchants)
    ]
    sessions = Sessions(tmp_path / "demo" / "car.json")
    phone = CarPhone(played.visitor, line, time, MessageTwin(tmp_path / "messages"), sessions)
    car = VisitorCar(phone, line, time, merchants, shoppers, tally, Random(1), waits_real_s=0)
    async with browser(network) as visitor:
        yield Stage(network, played, time, merchants, car, visitor)


def away_m(a: LatLng, b: dict[str, float]) -> float:
    return great_circle_m(a, LatLng(**b))


async def test_on_duty_it_stands_at_the_store_with_most_to_do(stage: Stage) -> None:
    grocer = next(part for part in stage.played.merchants if part.trade == "grocery")
    busy, quiet = grocer.stores[4], grocer.stores[1]
    for store in (busy, quiet, busy):
        await stage.ordered(store)
    await stage.go_on_duty()
    await stage.car.step()
    assert (stage.car.phone.point.lat, stage.car.phone.point.lng) == (busy.lat, busy.lng)
    assert stage.network.app.state.live_positions.heard == 1  # and the network knows it


async def test_the_visitor_stays_signed_in_beside_it(stage: Stage) -> None:
    await stage.go_on_duty()
    await stage.car.step()
    assert (await stage.visitor.http.get("/driver/v1/me")).status_code == 200


async def test_off_duty_it_sends_nothing(stage: Stage) -> None:
    await stage.visitor.enter("driver")
    await stage.car.step()
    assert stage.network.app.state.live_positions.heard == 0


async def test_a_visitor_who_waits_gets_an_order_from_the_shop_beside_her(stage: Stage) -> None:
    await stage.go_on_duty()
    await stage.car.step()
    here = stage.car.phone.point
    near = [
        one
        for merchant in stage.merchants
        for one in (await merchant.call("GET", "/v1/deliveries")).body["items"]
    ]
    assert len(near) == 1
    assert away_m(here, near[0]["pickup"]["point"]) < 1
    assert near[0]["tip"]["minor"] > 0
    await stage.car.step()  # one at a time
    assert len((await stage.merchants[1].call("GET", "/v1/deliveries")).body["items"]) <= 1


async def test_it_moves_along_the_trip_while_the_demo_has_the_wheel(stage: Stage) -> None:
    grocer = next(part for part in stage.played.merchants if part.trade == "grocery")
    await stage.go_on_duty()
    await stage.car.step()
    begun = stage.car.phone.point
    trip = await stage.trip(await stage.ordered(grocer.stores[5]))
    shop = trip["stops"][0]["address"]["point"]
    stage.later(1)
    await stage.car.step()
    assert stage.car.phone.point == begun  # nobody asked for it

    await stage.visitor.ask("drive-for-me", {"on": True})
    await stage.car.step()
    way_m = away_m(begun, shop)
    stage.later(1)
    await stage.car.step()
    on_the_way = stage.car.phone.point
    assert 0 < away_m(on_the_way, shop) < way_m

    await stage.visitor.ask("drive-for-me", {"on": False})
    stage.later(3)
    await stage.car.step()
    assert stage.car.phone.point == on_the_way  # it stands where she took the wheel

    await stage.visitor.ask("drive-for-me", {"on": True})
    for minutes in (0.1, 60, 1):
        await stage.car.step()
        stage.later(minutes)
    await stage.car.step()
    assert away_m(stage.car.phone.point, shop) == 0
    current = told(await stage.visitor.http.get("/driver/v1/trips/current"))["trip"]
    assert [stop["state"] for stop in current["stops"]] == ["open", "open"]  # arriving is hers


async def test_it_goes_on_to_the_door_once_she_has_the_goods(stage: Stage) -> None:
    bakery = next(part for part in stage.played.merchants if part.trade == "bakery")
    await stage.go_on_duty()
    trip = await stage.trip(await stage.ordered(bakery.stores[0]))
    for number, kind in enumerate(("arrive_pickup", "picked_up")):
        report = {"report_id": f"r-{number}", "kind": kind}
        await stage.visitor.http.post(
            f"/driver/v1/trips/{trip['id']}/reports", json={"reports": [report]}, headers=CSRF
        )
    await stage.visitor.ask("drive-for-me", {"on": True})
    await stage.car.step()
    stage.later(120)
    await stage.car.step()
    assert away_m(stage.car.phone.point, trip["stops"][1]["address"]["point"]) == 0


async def test_when_she_has_left_it_goes_off_duty(stage: Stage) -> None:
    await stage.go_on_duty()
    await stage.car.step()
    await stage.visitor.leave()
    await stage.car.step()
    await stage.visitor.enter("driver")
    assert not told(await stage.visitor.http.get("/driver/v1/me"))["duty"]["on"]


async def test_what_she_left_half_done_is_brought_to_its_door(stage: Stage) -> None:
    bakery = next(part for part in stage.played.merchants if part.trade == "bakery")
    await stage.go_on_duty()
    delivery = await stage.ordered(bakery.stores[0])
    await stage.trip(delivery)
    await stage.visitor.leave()
    stage.time.hear(stage.network.web.clock.market_now(), 3000.0)
    merchant = next(one for one in stage.merchants if one.part is bakery)
    async with asyncio.timeout(60):
        while True:
            await stage.car.step()
            state = (await merchant.call("GET", f"/v1/deliveries/{delivery}")).body["state"]
            if state in {"delivered", "returned"}:
                break


async def test_signed_out_it_never_asks_for_a_code_which_would_sign_the_visitor_out(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.go_on_duty()
    assert (await stage.car.phone.call("DELETE", "/driver/v1/session")).good
    for _ in range(2):
        with pytest.raises(SignedOut):
            await stage.car.step()
    assert stage.played.visitor is not None
    assert MessageTwin(tmp_path / "messages").received(stage.played.visitor.phone) == []
    assert (await stage.visitor.http.get("/driver/v1/me")).status_code == 200
