"""People walk into the demo, change the pace of its time, and leave it as they found it."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.factories.drivers import make_driver
from tests.factories.merchants import make_merchant
from tests.factories.network import Network
from tests.factories.offers import Town, a_town
from tests.factories.visits import browser, open_doors, settle

from doorstep.features.identity.tokens import read_tracking_token
from doorstep.features.offers import service as offers
from doorstep.features.visits import service
from doorstep.features.visits.rules import LIFE

USUAL = 30


@pytest.fixture
async def town(network: Network) -> Town:
    """A demo at thirty times life whose first driver is the visitors'."""
    town = await a_town(network)
    async with network.work() as work:
        merchant = await make_merchant(work, "Sugar Rail")
    await open_doors(network, town.drivers[0].id, merchant.id)
    await network.scale(USUAL)
    return town


@pytest.mark.usefixtures("town")
class TestDoors:
    @pytest.mark.parametrize(
        ("role", "go", "own"),
        [
            ("dispatcher", "/console", "/staff/v1/session"),
            ("driver", "/driver", "/driver/v1/me"),
            ("shop", "/shop", "/v1/session"),
        ],
    )
    async def test_each_door_leads_to_its_page_signed_in(
        self, network: Network, role: str, go: str, own: str
    ) -> None:
        async with browser(network) as visitor:
            assert (await visitor.enter(role))["go"] == go
            assert (await visitor.http.get(own)).status_code == 200
            entered = await visitor.http.post("/demo/enter", data={"as": role})
            assert (entered.status_code, entered.headers["location"]) == (303, go)
            await visitor.leave()
            assert (await visitor.http.get(own)).status_code == 401
            assert not visitor.http.cookies

    async def test_a_shopper_looks_over_what_is_about_to_be_picked_up(
        self, network: Network, town: Town
    ) -> None:
        waits = await town.delivery()
        chosen = await town.delivery()
        await town.trip(chosen, driver=town.drivers[1])
        async with browser(network) as visitor:
            entered = await visitor.enter("shopper")
            assert entered["go"] == f"/track/{entered['token']}"
            assert read_tracking_token(network.connectors.secrets, entered["token"]) == chosen.id != waits.id
            assert [one["as"] for one in (await visitor.pace())["inside"]] == [["shopper"]]

    async def test_who_drives_looks_over_her_own_delivery(self, network: Network, town: Town) -> None:
        mine, other = await town.delivery(), await town.delivery()
        await town.trip(mine, driver=town.drivers[0])
        await town.trip(other, driver=town.drivers[1])
        async with browser(network) as visitor:
            await visitor.enter("driver")
            entered = await visitor.enter("shopper")
            assert read_tracking_token(network.connectors.secrets, entered["token"]) == mine.id

    async def test_with_nothing_under_way_there_is_nothing_to_watch(self, network: Network) -> None:
        async with browser(network) as visitor:
            assert (await visitor.enter("shopper", 404))["code"] == "nothing_to_watch"
            assert (await visitor.pace())["inside"] == []


@pytest.mark.usefixtures("town")
class TestPace:
    async def test_time_slows_down_while_somebody_is_inside(self, network: Network) -> None:
        async with browser(network) as visitor:
            before = await visitor.pace()
            assert (before["speed"], before["why"], before["you"]) == (USUAL, "usual", None)
            await visitor.enter("driver")
            await settle(network)
            inside = await visitor.pace()
            assert (inside["speed"], inside["usual_speed"]) == (1, USUAL)
            assert (inside["why"], inside["you"]["as"]) == ("somebody_inside", ["driver"])
            await visitor.leave()
            await settle(network)
            after = await visitor.pace()
            assert (after["speed"], after["why"], after["inside"]) == (USUAL, "usual", [])

    async def test_market_time_runs_on_without_a_jump(self, network: Network) -> None:
        clock = network.web.clock
        begun = clock.market_now()
        async with browser(network) as visitor:
            await visitor.enter("shop")
            await settle(network)  # one second at the old pace, half a one at the new
        assert clock.market_now() == begun + timedelta(seconds=USUAL + 0.5)
        network.clock.advance(10)
        assert clock.market_now() == begun + timedelta(seconds=USUAL + 10.5)

    async def test_a_turn_under_way_is_told(self, network: Network) -> None:
        async with browser(network) as visitor:
            await visitor.enter("shop")
            async with network.work() as work:
                await service.settle(work)
            told = await visitor.pace()
            assert told["speed"] == USUAL
            assert told["turning"] == {"speed": 1, "in_real_s": 1}

    async def test_a_visitor_chooses_and_the_next_to_enter_slows_it_again(self, network: Network) -> None:
        async with browser(network) as first, browser(network) as second:
            await first.enter("dispatcher")
            await settle(network)
            chosen = await first.ask("speed", {"speed": 60})
            assert (chosen["wished_speed"], chosen["why"]) == (60, "chosen")
            await settle(network)
            assert (await first.pace())["speed"] == 60
            await second.enter("driver")
            await settle(network)
            assert (await first.pace())["speed"] == 1
            await second.leave()
            await settle(network)
            assert (await first.pace())["speed"] == 60

    async def test_silence_ends_a_visit_and_a_sign_of_life_takes_it_up_again(self, network: Network) -> None:
        async with browser(network) as visitor:
            await visitor.enter("driver")
            await settle(network)
            network.clock.advance(LIFE.total_seconds() - 10)
            assert (await visitor.ask("here"))["you"]["as"] == ["driver"]
            network.clock.advance(LIFE.total_seconds() - 10)
            await settle(network)
            assert (await visitor.pace())["speed"] == 1
            network.clock.advance(60)
            await settle(network)
            assert (await visitor.pace())["speed"] == USUAL
            assert (await visitor.pace())["you"] is None
            assert (await visitor.ask("here"))["why"] == "somebody_inside"
            await settle(network)
            assert (await visitor.pace())["speed"] == 1

    async def test_who_left_must_come_in_by_a_door_again(self, network: Network) -> None:
        async with browser(network) as visitor:
            await visitor.enter("driver")
            token = visitor.http.cookies["doorstep-visit"]
            await visitor.leave()
            visitor.http.cookies.set("doorstep-visit", token)
            for verb, body in (("here", None), ("speed", {"speed": 5}), ("drive-for-me", {"on": True})):
                assert (await visitor.ask(verb, body, 403))["code"] == "not_inside"

    @pytest.mark.parametrize("speed", [0, 0.5, 121, "5", True, None])
    async def test_speeds_nobody_can_mean_are_refused(self, network: Network, speed: object) -> None:
        async with browser(network) as visitor:
            await visitor.enter("shop")
            await visitor.ask("speed", {"speed": speed}, 422)


class TestAnOfferToAPerson:
    async def test_lasts_half_a_minute_at_any_speed(self, network: Network, town: Town) -> None:
        person, other = town.drivers
        for speed in (1, 30, 120):
            await network.scale(speed)
            shown = await town.offer([await town.delivery()], [person], lasts_s=20)
            assert network.system.clock.real_seconds_until(shown.expires_at) == pytest.approx(30)
            async with network.work() as work:
                await offers.withdraw(work, shown.id, "the next one comes")
        unhurried = await town.offer([await town.delivery()], [other], lasts_s=20)
        assert network.system.clock.real_seconds_until(unhurried.expires_at) == pytest.approx(
            20 / 120, abs=1e-3
        )

    async def test_a_broadcast_that_asks_her_too_waits_for_her(self, network: Network, town: Town) -> None:
        shown = await town.offer([await town.delivery()], town.drivers, lasts_s=60)
        assert network.system.clock.real_seconds_until(shown.expires_at) == pytest.approx(30)

    async def test_time_does_not_speed_up_while_she_reads(self, network: Network, town: Town) -> None:
        async with browser(network) as visitor:
            await visitor.enter("driver")
            await settle(network)
            shown = await town.offer([await town.delivery()], [town.drivers[0]], lasts_s=60)
            await visitor.ask("speed", {"speed": 60})
            await settle(network)
            await visitor.ask("here")
            network.clock.advance(2)
            told = await visitor.pace()
            assert (told["speed"], told["wished_speed"], told["why"]) == (1, 60, "offer_open")
            answer = await visitor.http.post(
                f"/driver/v1/offers/{(await visitor.http.get('/driver/v1/offers')).json()['items'][0]['id']}/decline",
                headers={"X-Doorstep-CSRF": "1"},
            )
            assert answer.status_code == 200
            await settle(network)
            assert (await visitor.pace())["speed"] == 60
            assert shown.driver_ids == (town.drivers[0].id,)

    async def test_an_offer_she_lets_lie_holds_time_for_half_a_minute_only(
        self, network: Network, town: Town
    ) -> None:
        async with browser(network) as visitor:
            await visitor.enter("driver")
            await settle(network)
            shown = await town.offer([await town.delivery()], [town.drivers[0]], lasts_s=300)
            await visitor.ask("speed", {"speed": 60})
            network.clock.advance(29)
            await settle(network)
            assert (await visitor.pace())["speed"] == 1
            assert shown.expires_at > network.web.clock.market_now()
            await settle(network)
            assert (await visitor.pace())["speed"] == 60


@pytest.mark.usefixtures("town")
class TestTheWheel:
    async def test_the_demo_drives_for_her_until_she_takes_the_wheel_or_leaves(
        self, network: Network
    ) -> None:
        async with browser(network) as visitor:
            await visitor.enter("driver")
            assert (await visitor.ask("drive-for-me", {"on": True}))["you"]["drive_for_me"]
            assert [one["drive_for_me"] for one in (await visitor.pace())["inside"]] == [True]
            assert not (await visitor.ask("drive-for-me", {"on": False}))["you"]["drive_for_me"]
            await visitor.ask("drive-for-me", {"on": True})
            await visitor.leave()
            await visitor.enter("driver")
            assert not (await visitor.pace())["you"]["drive_for_me"]

    async def test_only_a_driver_has_a_car(self, network: Network) -> None:
        async with browser(network) as visitor:
            await visitor.enter("shop")
            assert (await visitor.ask("drive-for-me", {"on": True}, 409))["code"] == "not_driving"


@pytest.mark.usefixtures("town")
class TestWalls:
    async def test_a_live_network_knows_nothing_of_it(self, network: Network) -> None:
        async with network.work() as work:
            await work.session.execute(text("UPDATE network SET mode = 'live'"))
        async with browser(network) as visitor:
            assert (await visitor.http.get("/demo/v1/speed")).status_code == 404
            for verb, body in (("here", None), ("speed", {"speed": 5}), ("drive-for-me", {"on": True})):
                await visitor.ask(verb, body, 404)
            assert (await visitor.http.post("/demo/leave")).status_code == 404
            assert (await visitor.http.post("/demo/enter", json={"as": "shop"})).status_code == 404

    async def test_a_foreign_page_changes_nothing(self, network: Network) -> None:
        async with browser(network) as visitor:
            await visitor.enter("driver")
            for origin in ({"Origin": "http://evil.example"}, {"Origin": ""}):
                for path, body in (
                    ("/demo/leave", None),
                    ("/demo/v1/here", None),
                    ("/demo/v1/speed", {"speed": 60}),
                    ("/demo/v1/drive-for-me", {"on": True}),
                ):
                    refused = await visitor.http.post(path, json=body, headers=origin)
                    assert refused.json()["code"] == "forgery_refused"
            assert (await visitor.pace())["you"] is not None

    async def test_a_made_up_visit_is_nobody(self, network: Network) -> None:
        async with browser(network) as visitor:
            visitor.http.cookies.set("doorstep-visit", "x" * 43, domain="127.0.0.1")
            assert (await visitor.pace())["you"] is None
            await visitor.ask("here", status=403)
            await visitor.enter("shop")
            assert visitor.http.cookies.get("doorstep-visit", domain="127.0.0.1") != "x" * 43


async def test_a_demo_without_that_driver_goes_on(network: Network) -> None:
    """Where nobody enters as a driver, offers last as long as dispatch says."""
    town = await a_town(network)
    extra = await make_driver(network, town.market.id, 7)
    await network.scale(USUAL)
    shown = await town.offer([await town.delivery()], [extra], lasts_s=60)
    assert network.system.clock.real_seconds_until(shown.expires_at) == pytest.approx(2)
