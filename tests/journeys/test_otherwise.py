"""Deliveries that do not go the plain way, each told to its end and to the last cent."""

import asyncio
from datetime import timedelta

from tests.factories.journeys import TO_THE_DOOR, a_city
from tests.factories.merchants import EAST_POINT
from tests.factories.network import Network

from doorstep.features.offers.rising import STEP_MINOR
from doorstep.units.ids import public


async def test_one_says_no_and_the_other_brings_it(network: Network) -> None:
    city = await a_city(network, together=True)
    made = await city.shop.order()
    await city.turn()
    first, second = city.phones if await city.phones[0].offers() else reversed(city.phones)
    offer = await first.offer()
    await first.post(f"/driver/v1/offers/{offer['id']}/decline")
    await city.wait(10)
    assert await first.offers() == [], "who said no is left in peace: the other is as near"
    shown = await second.offer()
    assert shown["incentive_minor"] == 0
    trip = await second.accept()
    await second.report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    assert (await city.shop.delivery(made))["state"] == "delivered"
    (work,) = await second.earned()
    assert work["paid_minor"] == shown["total_minor"]
    assert await first.earned() == []
    me = await first.get("/driver/v1/me")
    assert not any(word in str(me) for word in ("declin", "rating", "score", "acceptance"))


async def test_where_the_other_is_far_a_no_raises_the_pay_and_who_then_brings_it_is_paid_that(
    network: Network,
) -> None:
    city = await a_city(network)
    near, _ = city.phones
    made = await city.shop.order()
    await city.turn()
    offer = await near.offer()
    await near.post(f"/driver/v1/offers/{offer['id']}/decline")
    await city.wait(10)
    again = await near.offer()
    assert again["total_minor"] == offer["total_minor"] + STEP_MINOR
    assert (offer["incentive_minor"], again["incentive_minor"]) == (0, STEP_MINOR)
    assert again["base_minor"] == offer["base_minor"]
    trip = await near.accept()
    await near.report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    assert (await city.shop.delivery(made))["state"] == "delivered"
    (work,) = await near.earned()
    assert work["paid_minor"] == again["total_minor"]


async def test_an_offer_that_runs_out_goes_on_to_another(network: Network) -> None:
    city = await a_city(network)
    first, second = city.phones
    await city.shop.order()
    await city.turn()
    late = await first.offer()
    await city.wait(65)
    assert await first.offers() == []
    gone = await first.post(f"/driver/v1/offers/{late['id']}/accept", status=409)
    assert gone["code"] == "offer_gone"
    await second.accept()


async def test_two_doors_in_one_trip(network: Network) -> None:
    city = await a_city(network, drivers=1)
    shop, (phone,) = city.shop, city.phones
    made = [await shop.order(tip_minor=tip) for tip in (2_01, 5_00)]
    await city.turn()
    offer = await phone.offer()
    assert {drop["delivery"] for drop in offer["drops"]} == {one["id"] for one in made}
    assert {(await shop.delivery(one))["state"] for one in made} == {"batched"}
    assert sum(drop["base_minor"] for drop in offer["drops"]) == offer["base_minor"]
    assert {d["delivery"]: d["tip_minor"] for d in offer["drops"]} == {
        made[0]["id"]: 2_01,
        made[1]["id"]: 5_00,
    }
    trip = await phone.accept()
    assert [stop["kind"] for stop in trip["stops"]] == ["pickup", "drop", "drop"]
    await phone.report(trip, "arrive_pickup", "picked_up", deliveries=[])  # at a shop: all that wait there
    assert {(await shop.delivery(one))["state"] for one in made} == {"picked_up"}
    for stop in trip["stops"][1:]:
        await phone.report(
            trip, "depart_dropoff", "arrive_dropoff", "handed_over", deliveries=stop["deliveries"]
        )
    await city.settle()
    assert (await phone.get("/driver/v1/trips/current"))["trip"] is None
    work = await phone.earned()
    assert sum(one["paid_minor"] for one in work) == offer["total_minor"]
    tips = {
        one["delivery"]: line["amount_minor"]
        for one in work
        for line in one["lines"]
        if line["kind"] == "tip"
    }
    assert tips == {made[0]["id"]: 2_01, made[1]["id"]: 5_00}


async def test_nobody_home_and_back_to_the_shop(network: Network) -> None:
    city = await a_city(network, drivers=1)
    shop, (phone,) = city.shop, city.phones
    made = await shop.order()
    await city.turn()
    offer = await phone.offer()
    trip = await phone.accept()
    await phone.report(trip, *TO_THE_DOOR)
    network.clock.advance(600)  # rung and waited
    await phone.report(trip, "attempt_failed", reason="nobody_home")
    assert (await shop.delivery(made))["state"] == "attempt_failed"
    await phone.report(trip, "depart_return")
    assert (await city.page(made))["step"] == "going_back"
    await phone.report(trip, "arrive_return", "returned")
    await city.settle()
    ended = await shop.delivery(made)
    assert (ended["state"], ended["attempts"]) == ("returned", 1)
    (work,) = await phone.earned()
    back = offer["drops"][0]["return_pay_minor"]
    assert back > 0
    assert work["paid_minor"] == work["due_minor"] == offer["total_minor"] + back
    assert {line["kind"]: line["amount_minor"] for line in work["lines"]}["return_leg"] == back
    account = await shop.account()
    assert account["set_aside_minor"] == 0
    assert account["owed_minor"] >= made["fee"]["total_minor"] + 3_00
    assert (await shop.events(made))[-1]["name"] == "delivery.returned"


async def test_the_shop_calls_it_off_while_she_is_on_her_way(network: Network) -> None:
    city = await a_city(network, drivers=1)
    shop, (phone,) = city.shop, city.phones
    made = await shop.order()
    await city.turn()
    offer = await phone.offer()
    trip = await phone.accept()
    await phone.report(trip, "depart_pickup")
    ended = await shop.post(f"/v1/deliveries/{made['id']}/cancel", {"reason": "out_of_stock"})
    assert ended["state"] == "cancelled"
    await city.settle()
    (work,) = await phone.earned()
    assert work["ending"] == "customer_cancelled"
    half = -(-(offer["base_minor"] + offer["incentive_minor"]) // 2)
    assert [(line["kind"], line["amount_minor"]) for line in work["lines"]] == [("cancelled", half)]
    account = await shop.account()
    assert account["set_aside_minor"] == 0
    assert 0 < account["owed_minor"] <= made["fee"]["total_minor"]
    assert (await phone.get("/driver/v1/trips/current"))["trip"] is None
    (late,) = await phone.send(trip, phone.happened("arrive_pickup", deliveries=[made["id"]]))
    assert not late["counted"]
    assert (await city.page(made))["step"] == "cancelled"
    refused = await shop.post(f"/v1/deliveries/{made['id']}/tip", {"tip_minor": 5_00}, 409)
    assert refused["status"] == 409


async def test_calling_it_off_before_anybody_has_it_costs_nothing(network: Network) -> None:
    city = await a_city(network, drivers=1)
    made = await city.shop.order()
    await city.turn()
    await city.phones[0].offer()
    await city.shop.post(f"/v1/deliveries/{made['id']}/cancel", {"reason": "changed_mind"})
    await city.settle()
    assert await city.phones[0].offers() == []
    account = await city.shop.account()
    assert (account["owed_minor"], account["set_aside_minor"]) == (0, 0)


async def test_a_tip_that_rises_after_the_end_is_hers_to_the_cent(network: Network) -> None:
    city = await a_city(network, drivers=1)
    shop, (phone,) = city.shop, city.phones
    made = await shop.order()
    await city.turn()
    offer = await phone.offer()
    trip = await phone.accept()
    lower = await shop.post(f"/v1/deliveries/{made['id']}/tip", {"tip_minor": 1_00}, 409)
    assert lower["status"] == 409, "shown and accepted, it can only rise"
    await phone.report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    token = made["tracking_url"].rsplit("/", 1)[-1]
    answer = await network.http.post(f"/shopper/v1/{token}/tip", json={"amount_minor": 8_00})
    assert answer.status_code == 200, answer.text
    await city.settle()
    (work,) = await phone.earned()
    assert work["due_minor"] == offer["total_minor"], "the promise stands as it was"
    assert work["paid_minor"] == offer["total_minor"] + 5_00
    sums = (await phone.get("/driver/v1/earnings"))["totals"]
    assert [one["tips_minor"] for one in sums] == [8_00]
    assert (await shop.account())["owed_minor"] == made["fee"]["total_minor"] + 8_00


async def test_a_dispatcher_decides_and_the_audit_knows(network: Network) -> None:
    city = await a_city(network)
    near, far = city.phones
    made = await city.shop.order()
    await city.turn()
    await near.offer()
    at = f"/staff/v1/deliveries/{made['id']}"
    chosen = {"driver_id": public("driver", far.who.id), "reason": "she knows the building"}
    offer = await city.office.post(f"{at}/assign", chosen, 201)
    assert await near.offers() == [], "the plan's offer was withdrawn"
    assert (await far.offer())["id"] == offer["id"]
    trip = await far.accept()
    await city.office.post(f"{at}/unassign", {"reason": "her car broke down"})
    await network.run_jobs()
    assert (await city.shop.delivery(made))["state"] in {"requested", "assigned"}
    assert (await far.get(f"/driver/v1/trips/{trip['id']}"))["state"] == "called_off"
    await city.wait(10)
    trip = await near.accept()
    await near.report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    (kept,) = await far.earned()
    assert kept["ending"] == "network_ended"
    assert kept["paid_minor"] == kept["offered_minor"], "what was taken from her without her doing is paid"
    acts = (await city.office.get("/staff/v1/audit", subject=made["id"]))["items"]
    told = {one["act"]: one["reason"] for one in acts}
    assert told == {"delivery.assign": "she knows the building", "delivery.unassign": "her car broke down"}
    assert (await city.office.get("/staff/v1/audit/verdict"))["holds"]


async def test_all_near_drivers_are_asked_and_the_quickest_has_it(network: Network) -> None:
    city = await a_city(network, drivers=6, together=True)
    made = await city.shop.order()
    for _ in range(3):
        await city.wait(10)
        (asked,) = [phone for phone in city.phones if await phone.offers()]
        offer = await asked.offer()
        assert offer["mode"] == "directed"
        await asked.post(f"/driver/v1/offers/{offer['id']}/decline")
    await city.wait(10)
    racing = [phone for phone in city.phones if await phone.offers()]
    assert len(racing) == 3
    offer = await racing[0].offer()
    assert offer["mode"] == "broadcast"
    path = f"/driver/v1/offers/{offer['id']}/accept"
    answers = await asyncio.gather(*(network.http.post(path, headers=phone.headers) for phone in racing))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    winner = next(p for p, a in zip(racing, answers, strict=True) if a.status_code == 200)
    trip = next(a.json() for a in answers if a.status_code == 200)
    await winner.report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    assert [len(await phone.earned()) for phone in city.phones].count(1) == 1
    assigned = [e for e in await city.shop.events(made) if e["name"] == "delivery.assigned"]
    assert len(assigned) == 1


async def test_a_phone_without_signal_tells_two_minutes_later_what_was(network: Network) -> None:
    city = await a_city(network, drivers=1)
    shop, (phone,) = city.shop, city.phones
    made = await shop.order()
    await city.turn()
    trip = await phone.accept()
    await phone.report(trip, "arrive_pickup", "picked_up")
    network.clock.advance(900)
    there = network.clock.market_now()
    at_the_door = [
        phone.happened(kind, 0, deliveries=[made["id"]], point={"lat": EAST_POINT.lat, "lng": EAST_POINT.lng})
        for kind in ("depart_dropoff", "arrive_dropoff", "handed_over")
    ]
    network.clock.advance(120)
    heard = await phone.send(trip, *at_the_door)
    assert [one["state"] for one in heard][-1] == "delivered"
    heard = await phone.send(trip, *reversed(at_the_door))
    assert all(one["counted"] for one in heard)
    last = (await shop.events(made))[-1]
    assert last["name"] == "delivery.delivered"
    assert last["device_at"].startswith(there.isoformat()[:19])
    assert last["at"].startswith((there + timedelta(seconds=120)).isoformat()[:19])
    assert "point" not in str(last), "where she was is no business of the shop"
    await city.settle()
    assert len(await phone.earned()) == 1
