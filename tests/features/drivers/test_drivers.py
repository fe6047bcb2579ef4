"""Drivers: on and off duty, what staff may do, who sees whom."""

from datetime import timedelta

import pytest
from tests.factories.deliveries import driver_actor, merchant_actor, shopper_actor
from tests.factories.drivers import make_driver, phone_of
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.features.drivers import queries, service
from doorstep.features.drivers.errors import UnknownDriver
from doorstep.features.drivers.rules import (
    CAPACITY_UNITS,
    Ability,
    Driver,
    DriverState,
    VehicleKind,
    abilities_for,
    why_not,
)
from doorstep.features.identity.rules import StaffRole
from doorstep.features.offers.rules import TripState
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant

MARKET_PATH = "/staff/v1/drivers"


async def on_duty(network: Network, driver: Driver) -> list[str]:
    async with network.work() as work:
        return [one.first_name for one in await queries.on_duty(work, driver.market_id)]


async def test_duty_on_and_off_from_the_phone(network: Network) -> None:
    town = await a_town(network, drivers=0)
    driver = await make_driver(network, town.market.id, on_duty=False)
    phone = await phone_of(network, driver.id)
    assert not (await network.http.get("/driver/v1/me", headers=phone)).json()["duty"]["on"]
    on = await network.http.post("/driver/v1/duty", json={"on": True}, headers=phone)
    assert on.json()["duty"] == {"on": True, "since": "2026-11-21T17:00:00Z", "until": None}
    assert await on_duty(network, driver) == ["Rosa"]
    network.clock.advance(60)
    again = await network.http.post("/driver/v1/duty", json={"on": True}, headers=phone)
    assert again.json()["duty"]["since"] == "2026-11-21T17:00:00Z", "being on twice is being on"
    off = await network.http.post("/driver/v1/duty", json={"on": False}, headers=phone)
    assert off.json()["duty"] == {"on": False, "since": "2026-11-21T17:01:00Z", "until": None}
    assert await on_duty(network, driver) == []


async def test_duty_ends_at_the_named_instant_by_itself(network: Network) -> None:
    town = await a_town(network, drivers=0)
    driver = await make_driver(network, town.market.id, on_duty=False)
    phone = await phone_of(network, driver.id)
    until = (network.clock.market_now() + timedelta(hours=2)).isoformat()
    await network.http.post("/driver/v1/duty", json={"on": True, "until": until}, headers=phone)
    network.clock.advance(2 * 3600 - 1)
    assert await on_duty(network, driver) == ["Rosa"]
    network.clock.advance(1)
    assert await on_duty(network, driver) == []
    assert not (await network.http.get("/driver/v1/me", headers=phone)).json()["duty"]["on"]
    past = await network.http.post("/driver/v1/duty", json={"on": True, "until": until}, headers=phone)
    assert (past.status_code, past.json()["code"]) == (422, "duty_ends_before")


async def test_going_off_duty_leaves_the_trip_under_way_alone(network: Network) -> None:
    town = await a_town(network, drivers=1)
    trip = await town.trip(await town.delivery())
    off = await network.http.post("/driver/v1/duty", json={"on": False}, headers=await town.phone())
    assert off.status_code == 200
    assert (await town.trip_now(trip.id)).state is TripState.UNDER_WAY


async def test_a_pause_has_a_written_reason_that_the_driver_reads(network: Network) -> None:
    town = await a_town(network, drivers=1)
    driver = town.drivers[0]
    staff = bearer((await sign_staff_in(network)).token)
    path = f"{MARKET_PATH}/{public('driver', driver.id)}/state"
    silent = await network.http.post(path, json={"state": "paused", "reason": "  "}, headers=staff)
    assert silent.status_code == 422
    paused = await network.http.post(
        path, json={"state": "paused", "reason": "The insurance ran out."}, headers=staff
    )
    assert (paused.json()["state"], paused.json()["duty"]["on"]) == ("paused", False)
    phone = await phone_of(network, driver.id)
    me = (await network.http.get("/driver/v1/me", headers=phone)).json()
    assert (me["state"], me["state_reason"]) == ("paused", "The insurance ran out.")
    refused = await network.http.post("/driver/v1/duty", json={"on": True}, headers=phone)
    assert (refused.status_code, refused.json()["detail"]) == (409, "The insurance ran out.")
    await network.http.post(path, json={"state": "active", "reason": "New paper seen."}, headers=staff)
    assert (await network.http.post("/driver/v1/duty", json={"on": True}, headers=phone)).status_code == 200


async def test_staff_let_somebody_in_who_can_then_sign_in(network: Network) -> None:
    town = await a_town(network, drivers=0)
    staff = bearer((await sign_staff_in(network, StaffRole.DISPATCHER)).token)
    wanted = {
        "market": public("market", town.market.id),
        "first_name": "Lin",
        "last_name": "Wu",
        "phone": "(615) 555-0170",
        "vehicle": {"kind": "van", "make": "Ford Transit", "colour": "white"},
        "abilities": ["heavy", "cold_bag"],
    }
    made = await network.http.post(MARKET_PATH, json=wanted, headers=staff)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["phone"], told["vehicle"]["capacity_units"]) == (
        "+16155550170",
        CAPACITY_UNITS[VehicleKind.VAN],
    )
    assert told["abilities"] == ["cold_bag", "heavy"]
    code = await network.http.post("/driver/v1/session/code", json={"phone": "+16155550170"})
    assert code.status_code == 202
    assert network.messages.sent[-1][0] == "+16155550170"
    twin = await network.http.post(MARKET_PATH, json=wanted, headers=staff)
    assert (twin.status_code, twin.json()["code"]) == (409, "phone_taken")
    nowhere = await network.http.post(
        MARKET_PATH, json=wanted | {"market": "mkt_" + "0" * 26, "phone": "+16155550171"}, headers=staff
    )
    assert nowhere.status_code == 404


async def test_those_who_only_look_change_nothing(network: Network) -> None:
    town = await a_town(network, drivers=1)
    reader = bearer((await sign_staff_in(network, StaffRole.READ_ONLY)).token)
    finance = bearer((await sign_staff_in(network, StaffRole.FINANCE, "money@example.com")).token)
    path = f"{MARKET_PATH}/{public('driver', town.drivers[0].id)}"
    assert (await network.http.get(path, headers=reader)).status_code == 200
    for headers in (reader, finance):
        change = await network.http.post(
            f"{path}/state", json={"state": "paused", "reason": "for fun"}, headers=headers
        )
        assert change.status_code == 403


async def test_the_list_is_searched_and_turned_page_by_page(network: Network) -> None:
    town = await a_town(network, drivers=5)
    await make_driver(network, town.market.id, 7, on_duty=False)
    staff = bearer((await sign_staff_in(network)).token)

    async def names(**query: str | int | bool) -> list[str]:
        answer = await network.http.get(MARKET_PATH, params=query, headers=staff)
        assert answer.status_code == 200, answer.text
        return [one["first_name"] for one in answer.json()["items"]]

    assert await names(search="ros") == ["Rosa"]
    assert await names(search="Dee Roe1") == ["Dee"]
    assert await names(search="5551002") == ["Marcus"]
    assert await names(search="100%") == []
    assert await names(on_duty=False) == ["Sam"]
    assert len(await names(on_duty=True, market=public("market", town.market.id))) == 5
    first = await network.http.get(MARKET_PATH, params={"limit": 4}, headers=staff)
    second = await network.http.get(
        MARKET_PATH, params={"limit": 4, "cursor": first.json()["next"]}, headers=staff
    )
    ids = [one["id"] for answer in (first, second) for one in answer.json()["items"]]
    assert len(set(ids)) == 6
    assert second.json()["next"] is None


async def test_who_sees_a_driver(network: Network) -> None:
    """Herself, staff, and those whose goods she carries; no one else."""
    town = await a_town(network)
    rosa, dee = town.drivers
    delivery = await town.delivery()
    seen_by = {
        "herself": (driver_actor(rosa.id), True),
        "another driver": (driver_actor(dee.id), False),
        "the merchant before": (merchant_actor(), False),
        "the shopper before": (shopper_actor(delivery.id), False),
    }

    async def check() -> None:
        for who, (actor, sees) in seen_by.items():
            async with network.work(actor) as work:
                assert (rosa.id in await queries.many(work, [rosa.id])) is sees, who

    await check()
    await town.trip(delivery)
    seen_by = {
        "the merchant": (merchant_actor(), True),
        "the shopper": (shopper_actor(delivery.id), True),
        "another driver": (driver_actor(dee.id), False),
    }
    await check()
    async with network.work(driver_actor(dee.id)) as work:
        with pytest.raises(UnknownDriver):
            await service.go_off_duty(work, rosa.id)


async def test_what_a_driver_can_carry(network: Network) -> None:
    town = await a_town(network, drivers=0)
    driver = await make_driver(
        network, town.market.id, abilities=frozenset({Ability.AGE_CHECK}), capacity_units=3
    )
    assert why_not(driver, frozenset({"age_18", "fragile"}), 3) is None
    assert why_not(driver, frozenset(), 4) == "4 units do not fit into 3"
    assert why_not(driver, frozenset({"alcohol", "age_21", "cold"}), 1) == "lacks alcohol, cold_bag"
    assert abilities_for(frozenset({"photo", "signature"})) == frozenset()
    async with network.work() as work:
        paused = await service.set_state(work, driver.id, DriverState.PAUSED, "papers")
    assert why_not(paused, frozenset(), 1) == "the driver is paused"
    assert not paused.duty.at(MarketInstant(network.clock.market_now()))
