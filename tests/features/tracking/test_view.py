"""A shopper follows her order by the link alone."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.factories.deliveries import driver_actor, report_all
from tests.factories.fixes import report
from tests.factories.identity import bearer, tracking_link
from tests.factories.network import Network
from tests.factories.offers import Town, a_town
from tests.features.deliveries.test_proofs import photo

from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.rules import (
    CancelReason,
    Delivery,
    FactKind,
    Party,
    ProofKind,
    Requirements,
)
from doorstep.features.deliveries.service import ProofTaken
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import Brand, NewMerchant
from doorstep.units.geo import LatLng

F = FactKind


async def a_delivery(network: Network, **changes: Any) -> tuple[Town, Delivery, str]:
    town = await a_town(network)
    async with network.work() as work:
        merchant = await merchants.create_merchant(
            work, NewMerchant(name="Cupcakes on Fifth", brand=Brand(colour="#7b3f6e"))
        )
    made = await town.delivery(merchant_id=merchant.id, **changes)
    return town, made, f"/shopper/v1/{tracking_link(network, made.id)}"


async def seen(network: Network, url: str) -> dict[str, Any]:
    answer = await network.http.get(url)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def send_fix(network: Network, town: Town, lat: float, lng: float) -> None:
    await report(network, town.drivers[0].id, await town.phone(), LatLng(lat=lat, lng=lng))


class TestStory:
    async def test_before_anybody_carries_it_the_promise_is_all_there_is(self, network: Network) -> None:
        _town, made, url = await a_delivery(network)
        told = await seen(network, url)
        assert told["sentence"] == "Cupcakes on Fifth has your order. A driver is being found."
        assert told["merchant"]["colour"] == "#7b3f6e"
        assert told["estimate"]["basis"] == "promise"
        assert told["position"] is None
        assert told["driver"] is None
        assert told["promised_by"] == made.due_at.isoformat().replace("+00:00", "Z")

    async def test_once_a_driver_has_it_her_stops_tell_when(self, network: Network) -> None:
        town, made, url = await a_delivery(network)
        await town.trip(made)
        await network.run_jobs()
        told = await seen(network, url)
        assert told["driver"] == {"first_name": "Rosa", "vehicle": "yellow Corolla"}
        assert told["estimate"]["basis"] == "plan"
        assert told["sentence"] == "Rosa is on the way to Cupcakes on Fifth."

    async def test_on_the_last_leg_the_car_is_seen_and_tells_when(self, network: Network) -> None:
        town, made, url = await a_delivery(network)
        await town.trip(made)
        await send_fix(network, town, 36.1592, -86.7785)
        assert (await seen(network, url))["position"] is None
        await report_all(
            network, made.id, [F.DEPARTED_TO_PICKUP, F.REACHED_PICKUP, F.PICKED_UP, F.DEPARTED_TO_DROPOFF]
        )
        await network.run_jobs()
        network.clock.advance(1)
        told = await seen(network, url)
        assert told["position"]["exact"] is False
        assert told["position"]["age_s"] >= 240
        assert told["estimate"]["basis"] == "plan"  # that position is too old to go by

    async def test_the_door_before_is_not_shown(self, network: Network) -> None:
        town, made, _url = await a_delivery(network)
        other = await town.delivery(merchant_id=made.merchant_id)
        url = f"/shopper/v1/{tracking_link(network, other.id)}"
        await town.trip(made, other)
        for one in (made, other):
            await report_all(network, one.id, [F.DEPARTED_TO_PICKUP, F.REACHED_PICKUP, F.PICKED_UP])
        await send_fix(network, town, 36.15, -86.78)
        await network.run_jobs()
        told = await seen(network, url)
        assert told["position"] is None
        assert told["sentence"] == "Rosa has your order and makes another stop before yours."

    async def test_the_link_dies_a_day_after_the_end(self, network: Network) -> None:
        town, made, url = await a_delivery(network)
        await town.trip(made)
        await report_all(network, made.id, [F.HANDED_OVER])
        told = await seen(network, url)
        assert told["sentence"] == "Your order was delivered."
        assert told["estimate"] is None
        network.clock.advance(timedelta(hours=25).total_seconds())
        for method, path in (("GET", ""), ("GET", "/stream"), ("POST", "/tip"), ("PATCH", "/instructions")):
            body = {"POST": {"amount_minor": 100}, "PATCH": {"instructions": "x"}}.get(method)
            gone = await network.http.request(method, url + path, json=body)
            assert (gone.status_code, gone.json()["code"]) == (410, "gone"), path

    async def test_a_cancelled_delivery_says_so(self, network: Network) -> None:
        _town, made, url = await a_delivery(network)
        async with network.work() as work:
            await deliveries.cancel(work, made.id, Party.MERCHANT, next(iter(CancelReason)))
        told = await seen(network, url)
        assert told["sentence"] == "This delivery was cancelled."
        assert told["tip"]["open"] is False


class TestWalls:
    async def test_nothing_private_is_told(self, network: Network) -> None:
        town, made, url = await a_delivery(network, requirements=Requirements(photo=True))
        await town.trip(made)
        await network.run_jobs()
        text = json.dumps(await seen(network, url)).lower()
        driver = town.drivers[0]
        for secret in (
            driver.last_name,
            driver.phone,
            made.dropoff.phone,
            made.pickup.phone,
            "lee",
            "doorstep",
            "fee",
        ):
            assert secret.lower() not in text, secret

    async def test_it_stays_out_of_search_engines_and_caches(self, network: Network) -> None:
        _town, _made, url = await a_delivery(network)
        answer = await network.http.get(url)
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize("token", ["x", "A" * 43, "%00"])
    async def test_a_made_up_token_opens_nothing(self, network: Network, token: str) -> None:
        assert (await network.http.get(f"/shopper/v1/{token}")).status_code == 401

    async def test_the_code_is_shown_to_the_shopper_until_the_hand_over(self, network: Network) -> None:
        sealed = network.connectors.secrets.seal(b"4711")
        _town, _made, url = await a_delivery(network, requirements=Requirements(pin=True), pin_sealed=sealed)
        assert (await seen(network, url))["pin"] == "4711"


class TestWishes:
    async def test_instructions_reach_the_driver_at_once(self, network: Network) -> None:
        town, made, url = await a_delivery(network)
        await town.trip(made)
        answer = await network.http.patch(f"{url}/instructions", json={"instructions": "Gate code 12"})
        assert answer.json()["instructions"] == "Gate code 12"
        refused = await network.http.patch(f"{url}/instructions", json={"instructions": "x" * 501})
        assert refused.status_code == 422

    async def test_a_tip_once_accepted_only_rises(self, network: Network) -> None:
        town, made, url = await a_delivery(network)
        assert (await network.http.post(f"{url}/tip", json={"amount_minor": 100})).json()["tip"][
            "amount_minor"
        ] == 100
        await town.trip(made)
        lower = await network.http.post(f"{url}/tip", json={"amount_minor": 50})
        assert (lower.status_code, lower.json()["code"]) == (409, "tip_refused")
        higher = await network.http.post(f"{url}/tip", json={"amount_minor": 900})
        assert higher.json()["tip"] == {
            "amount_minor": 900, "currency": "USD", "most_minor": 100_00, "status": "confirmed", "open": True,
            "only_rises": True,
        }  # fmt: skip

    async def test_the_picture_of_the_hand_over_can_be_seen(self, network: Network) -> None:
        town, made, url = await a_delivery(network, requirements=Requirements(photo=True))
        await town.trip(made)
        await report_all(network, made.id, [F.REACHED_DROPOFF])
        async with network.work(driver_actor(town.drivers[0].id)) as work:
            await deliveries.add_proof(
                work, network.connectors.blobs, network.connectors.secrets, made.id,
                ProofTaken(kind=ProofKind.PHOTO, report_id="1", content=photo()),
            )  # fmt: skip
        await report_all(network, made.id, [F.HANDED_OVER])
        proof = (await seen(network, url))["proofs"][0]
        picture = await network.http.get(f"{url}/proof/{proof['id']}")
        assert picture.headers["content-type"] == "image/jpeg"
        other = await town.delivery(merchant_id=made.merchant_id)
        foreign = await network.http.get(
            f"/shopper/v1/{tracking_link(network, other.id)}/proof/{proof['id']}"
        )
        assert foreign.status_code == 404

    async def test_a_merchants_key_is_no_link(self, network: Network) -> None:
        assert (await network.http.get("/shopper/v1/x", headers=bearer("sk_x"))).status_code == 401
