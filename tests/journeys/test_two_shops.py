"""A shortage: the operator lets a trip lead to several shops. Everybody speaks over HTTP."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.factories.identity import bearer, make_key
from tests.factories.journeys import City, Shop, a_city
from tests.factories.merchants import DOWNTOWN, make_merchant, make_store
from tests.factories.network import Network

from doorstep.engine import record
from doorstep.engine.mixing.compiled import warm_up
from doorstep.features.dispatch import queries
from doorstep.features.merchants import service as merchants
from doorstep.features.offers.rules import document_hash
from doorstep.units.geo import LatLng
from doorstep.units.ids import public


async def _another_shop(network: Network) -> tuple[Shop, UUID]:
    """A second merchant, three blocks on; its id."""
    async with network.work() as work:
        merchant = await make_merchant(work, "Hardware House")
        address = replace(DOWNTOWN, line1="21 Sycamore Pl")
        point = LatLng(lat=36.1535, lng=-86.7860)
        store = await make_store(work, merchant.id, "Gulch", address, point)
    return Shop(network, bearer(await make_key(network, merchant.id)), public("store", store.id)), merchant.id


async def _let_mix(city: City) -> list[dict[str, Any]]:
    """The operator turns the knob; the market's history from the newest on."""
    market = f"/staff/v1/markets/{public('market', city.market.id)}"
    wish = {"knobs": {"mixing": 1}, "reason": "a storm: half the drivers stay at home"}
    await city.office.post(f"{market}/dispatch", wish)
    changes: list[dict[str, Any]] = (await city.office.get(f"{market}/history"))["items"]
    return changes


async def test_where_drivers_are_short_one_trip_leads_to_two_shops(network: Network) -> None:
    warm_up()  # as the dispatcher of a market that mixes does
    city = await a_city(network, drivers=1)
    (phone,) = city.phones
    other, merchant_id = await _another_shop(network)
    shops = [city.shop, other]
    newest = (await _let_mix(city))[0]
    assert (newest["kind"], newest["after"]["mixing"]) == ("dispatch", 1)

    # One offer: both shops by name and address, the ways and what each door pays, all of it frozen.
    made = [await shop.order(tip_minor=tip) for shop, tip in zip(shops, (2_01, 5_00), strict=True)]
    outcome = await city.turn()
    offer = await phone.offer()
    by_shop = {one["address"].split(",")[0]: one for one in offer["pickups"]}
    assert list(by_shop) == ["400 Redbud St", "21 Sycamore Pl"], "the near one first"
    assert [one["deliveries"] for one in by_shop.values()] == [[one["id"]] for one in made]
    between, *doors = [*by_shop.values()][1]["leg_m"], *(drop["leg_m"] for drop in offer["drops"])
    assert between > 0
    assert offer["distance_m"] == between + sum(doors)
    assert sum(drop["base_minor"] for drop in offer["drops"]) == offer["base_minor"]
    assert all(drop["return_pay_minor"] > 0 for drop in offer["drops"])
    assert "2 orders of 2 stores" in offer["reason"]
    terms = await phone.get(f"/driver/v1/offers/{offer['id']}/terms")
    assert document_hash(terms["terms"]) == terms["terms_hash"] == offer["terms_hash"]

    # The tick can be decided again, and says why to the office.
    async with network.work() as work:
        kept = await network.connectors.blobs.get(await queries.record_key(work, outcome.tick_id))
    assert record.unpack(kept).params.mixing
    assert record.replay(kept).same
    pickups_s = []
    for one in made:
        lines = (await city.office.get(f"/staff/v1/deliveries/{one['id']}"))["timeline"]
        (why,) = [
            line["facts"] for line in lines if "2 orders of 2 stores" in line["facts"].get("sentence", "")
        ]
        pickups_s.append(why["pickup_s"])
    assert pickups_s[0] < pickups_s[1], "each delivery is told when it is collected"

    # From shop to shop to both doors; who has the goods on board already hears of the stop before hers.
    trip = await phone.accept()
    assert [stop["kind"] for stop in trip["stops"]] == ["pickup", "pickup", "drop", "drop"]
    assert [stop["leg_m"] for stop in trip["stops"][1:]] == [between, *doors]
    await phone.report(trip, "arrive_pickup", "picked_up", deliveries=[])
    assert [(await shop.delivery(one))["state"] for shop, one in zip(shops, made, strict=True)] == [
        "picked_up",
        "assigned",
    ]
    page = await city.page(made[0])
    assert (page["doors_before"] > 0, page["position"]) == (True, None), (
        "where else she goes is nobody's business"
    )
    await phone.report(trip, "arrive_pickup", "picked_up", deliveries=[])
    for stop in trip["stops"][2:]:
        await phone.report(
            trip, "depart_dropoff", "arrive_dropoff", "handed_over", deliveries=stop["deliveries"]
        )

    # Paid what was offered; each shop owes its own.
    await city.settle()
    assert (await phone.get("/driver/v1/trips/current"))["trip"] is None
    work_done = await phone.earned()
    assert sum(one["paid_minor"] for one in work_done) == offer["total_minor"]
    for shop, one, tip in zip(shops, made, (2_01, 5_00), strict=True):
        assert (await shop.account())["owed_minor"] == one["fee"]["total_minor"] + tip
        assert (await shop.delivery(one))["state"] == "delivered"

    # What a merchant wants to travel alone shares no trip, whatever the knob says.
    async with network.work() as work:
        await merchants.set_batching(work, merchant_id, batching=False)
    again = {(await shop.order())["id"] for shop in shops}
    await city.turn()
    alone = await phone.offer()
    assert [len(pickup["deliveries"]) for pickup in alone["pickups"]] == [1]
    assert len(alone["drops"]) == 1
    assert {one for pickup in alone["pickups"] for one in pickup["deliveries"]} < again
