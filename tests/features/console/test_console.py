"""Staff look at a market, at one delivery, and overrule."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from tests.factories.deliveries import report_all
from tests.factories.identity import bearer, sign_staff_in, tracking_link
from tests.factories.network import Network
from tests.factories.offers import Town, a_town
from tests.factories.providers import make_deal, make_provider
from tests.factories.streams import listening

from doorstep.features.console import service
from doorstep.features.console.live import MarketWatch, market_stream
from doorstep.features.console.schemas import MarketFrames
from doorstep.features.deliveries.rules import Delivery, FactKind
from doorstep.features.identity.rules import StaffRole
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import NewMerchant
from doorstep.platform.auth.actors import SYSTEM
from doorstep.units.ids import public

F = FactKind


class Desk:
    """A member of staff at her desk."""

    def __init__(self, network: Network, headers: dict[str, str]) -> None:
        self.network = network
        self.headers = headers

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.network.http.get(f"/staff/v1{path}", headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, status: int, **body: object) -> Any:
        answer = await self.network.http.post(f"/staff/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()


async def desk_of(network: Network, role: StaffRole = StaffRole.OWNER) -> Desk:
    signed_in = await sign_staff_in(network, role, f"{role}@example.com")
    return Desk(network, bearer(signed_in.token))


def shape(told: Any) -> Any:
    """The names in what is told, at every depth."""
    if isinstance(told, dict):
        return {name: shape(value) for name, value in told.items()}
    return [shape(one) for one in told] if isinstance(told, list) else None


async def a_delivery(network: Network, town: Town) -> Delivery:
    async with network.work() as work:
        merchant = await merchants.create_merchant(work, NewMerchant(name="Cupcakes on Fifth"))
    return await town.delivery(merchant_id=merchant.id)


class TestLists:
    async def test_search_finds_by_state_market_and_words(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        waiting, taken = await a_delivery(network, town), await town.delivery()
        await town.trip(taken)
        market = public("market", town.market.id)
        assert [one["id"] for one in (await desk.get("/deliveries?limit=1"))["items"]] == [
            public("delivery", taken.id)
        ]
        page = await desk.get("/deliveries?limit=1")
        rest = await desk.get(f"/deliveries?limit=1&cursor={page['next']}")
        assert [one["id"] for one in rest["items"]] == [public("delivery", waiting.id)]
        assert rest["next"] is None
        found = await desk.get(f"/deliveries?state=assigned&market={market}")
        assert [one["id"] for one in found["items"]] == [public("delivery", taken.id)]
        assert found["items"][0]["driver"] == public("driver", town.drivers[0].id)
        assert len((await desk.get("/deliveries?search=belmont"))["items"]) == 2
        assert len((await desk.get("/deliveries?search=ann%20belmont%20cupcakes"))["items"]) == 2
        (same,) = (await desk.get(f"/deliveries?search={public('delivery', taken.id)}"))["items"]
        assert same["id"] == public("delivery", taken.id)
        assert (await desk.get("/deliveries?search=nobody"))["items"] == []
        assert (await desk.get("/deliveries?search=belmont%20nobody"))["items"] == []
        await desk.get("/deliveries?market=nonsense", 404)

    async def test_a_driver_in_the_drawer(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await town.delivery()
        await town.trip(one)
        told = await desk.get(f"/drivers/{public('driver', town.drivers[0].id)}/drawer")
        assert told["on_duty"] is True
        assert told["trips"][0]["deliveries"] == [public("delivery", one.id)]
        assert told["deliveries"][0]["id"] == public("delivery", one.id)
        assert told["position"] is None


class TestTimeline:
    async def test_everything_about_one_delivery_in_one_list(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        offer = await town.offer([one])
        await town.accept(offer)
        await report_all(network, one.id, [F.REACHED_PICKUP, F.PICKED_UP, F.HANDED_OVER])
        await network.run_jobs()
        told = await desk.get(f"/deliveries/{public('delivery', one.id)}")
        lines = told["timeline"]
        assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
        kinds = {line["kind"] for line in lines}
        assert {"event", "offer", "offer_closed", "money"} <= kinds
        seqs = [line["facts"]["seq"] for line in lines if line["kind"] == "event"]
        assert seqs == list(range(1, len(seqs) + 1))
        shown = next(line for line in lines if line["kind"] == "offer")
        assert shown["facts"]["terms_hash"] == offer.terms_hash
        assert shown["facts"]["terms"]["tip_minor"] == 300
        money = [line for line in lines if line["kind"] == "money"]
        for line in money:
            assert sum(entry["amount_minor"] for entry in line["facts"]["entries"]) == 0
        assert any("payout" in line["what"] or "pay" in line["what"] for line in money)


class TestOverrides:
    async def test_a_chosen_driver_is_asked_and_the_audit_says_why(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        chosen = public("driver", town.drivers[1].id)
        url = f"/deliveries/{public('delivery', one.id)}/assign"
        offer = await desk.post(url, 201, driver_id=chosen, reason="she is next door")
        assert offer["drivers"] == [chosen]
        reasons = [
            line
            for line in (await desk.get(f"/deliveries/{public('delivery', one.id)}"))["timeline"]
            if line["kind"] == "reason"
        ]
        assert "she is next door" in reasons[0]["facts"]["sentence"]
        record = (await desk.get(f"/audit?subject={public('delivery', one.id)}"))["items"][0]
        assert (record["act"], record["reason"]) == ("delivery.assign", "she is next door")
        assert record["after"]["driver"] == chosen
        assert await desk.get("/audit/verdict") == {"holds": True, "broken_at": None, "why": ""}

    async def test_who_is_chosen_from_afar_sees_the_way_to_the_shop_and_what_it_leaves_her(
        self, network: Network
    ) -> None:
        town, desk = await a_town(network), await desk_of(network)
        phone = await town.phone(town.drivers[1])
        near, far = await town.delivery(), await town.delivery()
        seen = []
        for one, north_km in ((near, 0.1), (far, 13.5)):
            await town.stand(town.drivers[1], north_km)
            url = f"/deliveries/{public('delivery', one.id)}/assign"
            chosen = public("driver", town.drivers[1].id)
            made = await desk.post(url, 201, driver_id=chosen, reason="nobody else is left")
            answer = await network.http.get(f"/driver/v1/offers/{made['id']}", headers=phone)
            seen.append(answer.json())
            await network.http.post(f"/driver/v1/offers/{made['id']}/decline", headers=phone)
            network.clock.advance(1)
        assert seen[0]["approach_m"] < 500
        assert 13_000 < seen[1]["approach_m"] < 22_000
        assert seen[1]["car_minor"] > seen[0]["car_minor"]
        assert seen[1]["total_minor"] == seen[0]["total_minor"]

    async def test_a_delivery_is_taken_back_and_waits_again(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network, StaffRole.DISPATCHER)
        one = await a_delivery(network, town)
        await town.trip(one)
        url = f"/deliveries/{public('delivery', one.id)}"
        after = await desk.post(f"{url}/unassign", 200, reason="her car broke down")
        assert (after["state"], after["driver"]) == ("requested", None)

    async def test_an_offer_is_withdrawn(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        offer = await town.offer([await a_delivery(network, town)])
        told = await desk.post(f"/offers/{public('offer', offer.id)}/withdraw", 200, reason="wrong shop")
        assert told["state"] == "withdrawn"

    async def test_support_may_cancel_and_nothing_else(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network, StaffRole.SUPPORT)
        one = await a_delivery(network, town)
        url = f"/deliveries/{public('delivery', one.id)}"
        await desk.post(f"{url}/unassign", 403, reason="please")
        await desk.post(f"{url}/provider", 403, reason="please")
        await desk.get("/audit", 403)
        after = await desk.post(f"{url}/cancel", 200, why="out_of_stock", reason="the shop called")
        assert after["state"] == "cancelled"
        again = await desk.post(f"{url}/assign", 403, driver_id="drv_x", reason="please")
        assert again["code"] == "not_allowed"

    async def test_a_silent_companys_delivery_is_in_the_queue_and_freed_with_a_reason(
        self, network: Network
    ) -> None:
        town, desk = await a_town(network), await desk_of(network)
        await make_deal(network, await make_provider(network), market_id=town.market.id)
        one = await a_delivery(network, town)
        url = f"/deliveries/{public('delivery', one.id)}"
        await desk.post(f"{url}/provider", 202, reason="nobody is near")
        nothing = await desk.post(f"{url}/provider/set-aside", 409, reason="they never called back")
        assert nothing["code"] == "nothing_unconfirmed"
        async with network.work() as work:  # its order went out, and no answer came
            silent = text(
                "UPDATE provider_jobs SET state = 'booking', fee_minor = 935, unconfirmed_since = :at"
            )
            await work.session.execute(silent, {"at": network.clock.market_now()})
        network.clock.advance(360)
        queue = await desk.get(f"/markets/{public('market', town.market.id)}/exceptions")
        line = queue["items"][0]
        assert (line["trouble"], line["choices"][0]["price_minor"]) == ("courier_unconfirmed", 935)
        await desk.post(f"{url}/provider/set-aside", 422, reason="")
        await desk.post(f"{url}/provider/set-aside", 200, reason="they never called back")
        (entry,) = (await desk.get("/audit?act=delivery.set_aside"))["items"]
        assert entry["reason"] == "they never called back"
        queue = await desk.get(f"/markets/{public('market', town.market.id)}/exceptions")
        assert "courier_unconfirmed" not in [line["trouble"] for line in queue["items"]]

    async def test_without_a_provider_the_network_says_so(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        url = f"/deliveries/{public('delivery', one.id)}/provider"
        refused = await desk.post(url, 409, reason="nobody is near")
        assert refused["code"]

    @pytest.mark.parametrize("reason", ["", "ab", "x" * 301])
    async def test_a_reason_is_needed(self, network: Network, reason: str) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        await desk.post(f"/deliveries/{public('delivery', one.id)}/unassign", 422, reason=reason)


class TestWholeTrips:
    async def test_a_trip_is_moved_as_one_and_the_first_driver_keeps_her_pay(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network, StaffRole.DISPATCHER)
        one, two = await a_delivery(network, town), await town.delivery()
        trip = await town.trip(one, two)
        other = public("driver", town.drivers[1].id)
        url = f"/trips/{public('trip', trip.id)}/reassign"
        offer = await desk.post(url, 201, driver_id=other, reason="her car broke down")
        assert offer["drivers"] == [other]
        assert set(offer["deliveries"]) == {public("delivery", each.id) for each in (one, two)}
        owner = await desk_of(network)
        record = (await owner.get(f"/audit?subject={public('trip', trip.id)}"))["items"][0]
        assert record["act"] == "trip.reassign"
        assert record["after"]["kept_minor"] > 0
        told = await desk.get(f"/deliveries/{public('delivery', one.id)}")
        override = [line for line in told["timeline"] if line["kind"] == "override"]
        assert override[0]["facts"]["reason"] == "her car broke down"
        assert told["people"][other]
        await desk.post(url, 409, driver_id=other, reason="once more")

    async def test_not_once_goods_are_picked_up(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        trip = await town.trip(one)
        await report_all(network, one.id, [F.REACHED_PICKUP, F.PICKED_UP])
        other = public("driver", town.drivers[1].id)
        url = f"/trips/{public('trip', trip.id)}/reassign"
        await desk.post(url, 409, driver_id=other, reason="too late")


class TestSmallChanges:
    async def test_instructions_are_amended_and_the_audit_shows_both(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network, StaffRole.SUPPORT)
        one = await a_delivery(network, town)
        url = f"/deliveries/{public('delivery', one.id)}"
        await desk.post(f"{url}/amend", 200, instructions="Blue gate", reason="she called")
        told = await desk.get(url)
        assert told["dropoff"]["instructions"] == "Blue gate"
        line = next(line for line in told["timeline"] if line["kind"] == "override")
        assert line["facts"]["after"] == {"instructions": "Blue gate"}

    async def test_a_paused_zone_is_promised_nothing_new(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network, StaffRole.DISPATCHER)
        market = public("market", town.market.id)
        url = f"/markets/{market}/zones/37206"
        told = await desk.post(url, 200, paused=True, reason="the bridge is closed")
        assert told["paused_zones"] == ["37206"]
        assert (await desk.post(url, 200, paused=True, reason="again"))["paused_zones"] == ["37206"]
        history = (await desk.get(f"/markets/{market}/history"))["items"]
        assert history[0]["reason"] == "the bridge is closed"
        assert (await desk.post(url, 200, paused=False, reason="open again"))["paused_zones"] == []
        await desk.post(f"/markets/{market}/zones/3720", 422, paused=True, reason="no such code")

    async def test_vital_signs(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network, StaffRole.DISPATCHER)
        url = f"/markets/{public('market', town.market.id)}/vitals"
        assert (await desk.get(url))["on_time_share"] is None
        one = await a_delivery(network, town)
        await town.trip(one)
        assert (await desk.get(url))["drivers_busy"] == 1
        await report_all(network, one.id, [F.REACHED_PICKUP, F.PICKED_UP, F.HANDED_OVER])
        told = await desk.get(url)
        assert (told["on_time_share"], told["delivered_today"], told["asked_recently"]) == (1.0, 1, 1)
        assert len(told["on_time_slices"]) == 12


class TestQueue:
    async def test_what_nobody_has_comes_up_when_time_runs_out(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        url = f"/markets/{public('market', town.market.id)}/exceptions"
        assert (await desk.get(url))["items"] == []
        network.clock.advance(25 * 60)
        assert (await desk.get(url))["items"] == []
        network.clock.advance(15 * 60)
        queue = (await desk.get(url))["items"]
        assert [line["delivery"]["id"] for line in queue] == [public("delivery", one.id)]
        assert queue[0]["trouble"] == "no_carrier"
        assert "provider" in queue[0]["remedies"]
        assert queue[0]["minutes"] >= 0
        prices = {choice["remedy"]: choice["price_minor"] for choice in queue[0]["choices"]}
        assert prices["provider"] is None  # a company names its price when it is asked
        assert "assign" not in prices  # nobody has been heard of, so nobody is near

    async def test_what_is_with_its_driver_is_not_taken_from_her(self, network: Network) -> None:
        town = await a_town(network)
        one = await a_delivery(network, town)
        await town.trip(one)
        network.clock.advance(55 * 60)
        desk = await desk_of(network)
        url = f"/markets/{public('market', town.market.id)}/exceptions"
        before = (await desk.get(url))["items"][0]
        assert before["driver_name"]
        taken = next(choice for choice in before["choices"] if choice["remedy"] == "unassign")
        assert taken["price_minor"] > 0  # she keeps what she was promised
        await report_all(network, one.id, [F.REACHED_PICKUP, F.PICKED_UP])
        after = (await desk.get(url))["items"][0]
        assert "unassign" not in {choice["remedy"] for choice in after["choices"]}
        assert next(c for c in after["choices"] if c["remedy"] == "call")["phone"].startswith("+1")


async def to_the_end(stream: AsyncIterator[bytes]) -> None:
    async for _ in stream:
        pass


class TestLive:
    async def test_a_market_is_told_as_it_changes(self, network: Network) -> None:
        town, desk = await a_town(network), await desk_of(network)
        one = await a_delivery(network, town)
        async with network.work() as work:
            await service.refresh_figures(work)
        path = f"/staff/v1/markets/{public('market', town.market.id)}/stream"
        async with listening(network, path, desk.headers) as heard:
            await heard.until(lambda h: h.of("deliveries") and h.of("counts") and h.of("snapshot"))
            assert heard.headers["content-type"].startswith("text/event-stream")
            assert [told["id"] for told in heard.of("deliveries")[0]] == [public("delivery", one.id)]
            assert heard.of("counts")[0]["open"] == 1
            await heard.until(lambda h: h.of("drivers") and h.of("trips") and h.of("stores"))
            assert len(heard.of("drivers")[0]["here"]) == len(town.drivers)
            assert heard.of("trips")[0] == {"whole": True, "here": [], "gone": []}
            await town.trip(one)
            await heard.until(lambda h: h.of("changed") and len(h.of("trips")) > 1)
            stops = heard.of("trips")[1]["here"][0]["stops"]
            assert [stop["kind"] for stop in stops] == ["pickup", "drop"]
            assert heard.of("changed")[0][0]["state"] == "assigned"
            fix = {"lat": 36.15, "lng": -86.78, "device_at": network.clock.market_now().isoformat()}
            sent = await network.http.post(
                "/driver/v1/fixes", json={"fixes": [fix]}, headers=await town.phone()
            )
            assert sent.status_code == 202
            await heard.until(lambda h: h.of("positions"))
            assert heard.of("positions")[0][0]["driver"] == public("driver", town.drivers[0].id)
        for event, data in heard.events:  # nothing is said that the document does not know
            told = MarketFrames.model_validate({event: data}).model_dump(mode="json", exclude_unset=True)
            assert shape(told[event]) == shape(data), event

    async def test_an_error_of_our_own_is_raised_and_not_lost(self, network: Network) -> None:
        class Broken(MarketWatch):
            async def look(self) -> list[bytes]:
                raise KeyError("a fault of ours")

        town, state = await a_town(network), network.app.state
        watch = Broken(state.database, SYSTEM, town.market.id)
        told = market_stream(network.app, state.bus, town.market.id, watch, time.monotonic)
        with pytest.raises(KeyError, match="a fault of ours"):
            await asyncio.wait_for(to_the_end(told), 10)

    async def test_a_shopper_hears_her_delivery_move(self, network: Network) -> None:
        town = await a_town(network)
        one = await a_delivery(network, town)
        async with listening(network, f"/shopper/v1/{tracking_link(network, one.id)}/stream") as heard:
            await heard.until(lambda h: h.of("tracking"))
            assert heard.of("tracking")[0]["step"] == "booked"
            await town.trip(one)
            await heard.until(lambda h: len(h.of("tracking")) > 1)
            assert heard.of("tracking")[1]["step"] == "collecting"

    async def test_strangers_hear_nothing(self, network: Network) -> None:
        town = await a_town(network)
        path = f"/staff/v1/markets/{public('market', town.market.id)}/stream"
        assert (await network.http.get(path)).status_code == 401
        assert (await network.http.get(path, headers=await town.phone())).status_code == 401
