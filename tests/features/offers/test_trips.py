"""Trips on the road: reports late, doubled, disordered; splitting; bringing back; the next trip."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import text
from tests.factories.deliveries import DOWNTOWN, HOME
from tests.factories.network import Network
from tests.factories.offers import Town, a_town

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.rules import (
    CancelReason,
    Delivery,
    DeliveryState,
    Fact,
    FactKind,
    Party,
    Requirements,
)
from doorstep.features.fixes import queries as fixes
from doorstep.features.fixes import service as fixes_service
from doorstep.features.offers import events, queries, service
from doorstep.features.offers.errors import TooLateToDrop
from doorstep.features.offers.rules import Cause, StopState, Trip, TripState
from doorstep.platform.jobs import Handler
from doorstep.units.ids import public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

WELL = ("depart_pickup", "arrive_pickup", "picked_up", "depart_dropoff", "arrive_dropoff", "handed_over")


def said(network: Network, kind: str, delivery: Delivery | None = None, **more: Any) -> dict[str, Any]:
    """One report as a phone sends it, with an id that tells what it is about."""
    body: dict[str, Any] = {
        "report_id": f"{kind}-{delivery.id if delivery else 'all'}",
        "kind": kind,
        "device_at": network.clock.market_now().isoformat(),
    }
    if delivery is not None:
        body["deliveries"] = [public("delivery", delivery.id)]
    return body | more


async def tell(town: Town, trip: Trip, reports: list[dict[str, Any]]) -> dict[str, Any]:
    """What the network answers to the driver's reports."""
    answer = await town.network.http.post(
        f"/driver/v1/trips/{public('trip', trip.id)}/reports",
        json={"reports": reports},
        headers=await town.phone(trip.driver_id),
    )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def state_of(network: Network, delivery: Delivery) -> DeliveryState:
    async with network.work() as work:
        return (await deliveries.delivery(work, delivery.id)).state


async def test_a_trip_of_two_from_shop_to_doors(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(), await town.delivery()
    trip = await town.trip(ann, ben)
    told = await tell(town, trip, [said(network, kind) for kind in WELL[:3]])
    assert [one["counted"] for one in told["heard"]] == [True] * 6, "a shop's reports are about all of it"
    network.clock.advance(600)
    for delivery in (ann, ben):
        told = await tell(town, trip, [said(network, kind, delivery) for kind in WELL[3:]])
    assert told["trip"]["state"] == "finished"
    assert {stop["state"] for stop in told["trip"]["stops"]} == {"done"}
    assert await state_of(network, ann) is await state_of(network, ben) is DeliveryState.DELIVERED
    assert (await town.trip_now(trip.id)).ended_at is not None


async def test_whose_trip_is_over_is_known_to_be_at_its_last_door(network: Network) -> None:
    """A phone's fixes are written a second later: minutes of a demo's time, in which dispatch would plan with the past."""
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    network.clock.advance(900)
    await tell(town, trip, [said(network, kind, delivery) for kind in WELL])
    door = trip.stops[-1].point
    async with network.work() as work:
        known = (await fixes.latest(work, [trip.driver_id]))[trip.driver_id]
    assert (known.point, known.device_at) == (door, network.clock.market_now())
    async with network.work() as work:
        before = MarketInstant(known.device_at - timedelta(seconds=1))
        await fixes_service.was_at(work, trip.driver_id, trip.market_id, DOWNTOWN.point, before)
    async with network.work() as work:
        still = (await fixes.latest(work, [trip.driver_id]))[trip.driver_id]
    assert still.point == door, "what is older than what is known changes nothing"


async def test_reports_that_come_late_doubled_and_out_of_order_count_once(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    kept = [said(network, kind, delivery) for kind in WELL]
    await tell(town, trip, [kept[5]])
    assert await state_of(network, delivery) is DeliveryState.DELIVERED
    late = await tell(town, trip, [kept[2], kept[0], kept[4], kept[2], kept[5]])
    assert all(one["counted"] for one in late["heard"])
    async with network.work() as work:
        timeline = await deliveries.timeline(work, delivery.id)
        finished = (
            await work.session.execute(text("SELECT count(*) FROM trips WHERE state = 'finished'"))
        ).scalar_one()
    names = [event.name for event in timeline]
    assert len(names) == len(set(names)), "each move was written once"
    assert finished == 1


async def test_the_same_batch_sent_twice_at_once_counts_once(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(), await town.delivery()
    trip = await town.trip(ann, ben)
    batch = [said(network, kind) for kind in WELL[:3]] + [
        said(network, kind, one) for one in (ann, ben) for kind in WELL[3:]
    ]
    phone = await town.phone()
    path = f"/driver/v1/trips/{public('trip', trip.id)}/reports"
    answers = await asyncio.gather(
        *(network.http.post(path, json={"reports": batch}, headers=phone) for _ in range(4))
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    async with network.work() as work:
        for delivery in (ann, ben):
            names = [event.name for event in await deliveries.timeline(work, delivery.id)]
            assert names.count("delivery.delivered") == 1
    assert (await town.trip_now(trip.id)).state is TripState.FINISHED


async def test_the_phones_time_is_kept_and_never_lies_ahead(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    network.clock.advance(900)
    now = network.clock.market_now()
    await tell(
        town,
        trip,
        [
            said(network, "arrive_pickup", delivery, device_at=(now - timedelta(minutes=5)).isoformat()),
            said(network, "picked_up", delivery, device_at=(now + timedelta(days=1)).isoformat()),
        ],
    )
    async with network.work() as work:
        by_name = {event.name: event for event in await deliveries.timeline(work, delivery.id)}
    assert by_name["delivery.at_pickup"].device_at == now - timedelta(minutes=5)
    assert by_name["delivery.picked_up"].device_at == now
    assert by_name["delivery.picked_up"].at == now


async def test_one_report_that_cannot_be_keeps_no_other_from_counting(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(requirements=Requirements(photo=True)), await town.delivery()
    stranger = await town.delivery()
    trip = await town.trip(ann, ben)
    told = await tell(
        town,
        trip,
        [
            said(network, "handed_over", ann),
            said(network, "handed_over", ben),
            said(network, "handed_over", stranger),
        ],
    )
    codes = [one["problem"] and one["problem"]["code"] for one in told["heard"]]
    assert codes == ["proof_missing", None, "not_on_trip"]
    assert told["heard"][0]["problem"]["missing"] == ["photo"]
    assert await state_of(network, ben) is DeliveryState.DELIVERED
    assert await state_of(network, ann) is DeliveryState.ASSIGNED
    assert await state_of(network, stranger) is DeliveryState.REQUESTED


async def test_a_code_goes_with_the_report(network: Network) -> None:
    town = await a_town(network)
    sealed = network.connectors.secrets.seal(b"4821")
    delivery = await town.delivery(requirements=Requirements(pin=True), pin_sealed=sealed)
    trip = await town.trip(delivery)
    wrong = await tell(town, trip, [said(network, "handed_over", delivery, pin="0000", report_id="a")])
    assert wrong["heard"][0]["proofs"] == [{"kind": "pin", "ok": False, "result": {"tries_left": 4}}]
    assert wrong["heard"][0]["problem"]["code"] == "proof_missing"
    right = await tell(town, trip, [said(network, "handed_over", delivery, pin="4821", report_id="b")])
    assert right["heard"][0]["counted"]
    assert right["trip"]["state"] == "finished"


async def test_a_look_at_a_paper_and_a_scan_go_with_the_report(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery(requirements=Requirements(alcohol=True, min_age=21))
    trip = await town.trip(delivery)
    seen = {"paper": "driver_license", "of_age": True, "last_4": "77A1"}
    told = await tell(
        town,
        trip,
        [
            said(network, "proved", delivery, scans=["0012345", "0012346"]),
            said(network, "handed_over", delivery, paper=seen),
        ],
    )
    assert [[proof["kind"] for proof in one["proofs"]] for one in told["heard"]] == [
        ["scan", "scan"],
        ["id_check"],
    ]
    assert await state_of(network, delivery) is DeliveryState.DELIVERED


async def test_goods_nobody_took_go_back_and_the_way_is_a_stop(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    told = await tell(
        town,
        trip,
        [
            said(network, "arrive_dropoff", delivery),
            said(network, "attempt_failed", delivery, reason="nobody_home"),
        ],
    )
    back = told["trip"]["stops"][-1]
    assert (back["kind"], back["state"], back["leg_m"]) == ("return", "open", delivery.leg_m)
    assert back["address"]["line1"] == DOWNTOWN.line1
    assert told["trip"]["state"] == "under_way"
    told = await tell(
        town, trip, [said(network, kind) for kind in ("depart_return", "arrive_return", "returned")]
    )
    assert told["trip"]["state"] == "finished"
    async with network.work() as work:
        accepted = await queries.terms_of_delivery(work, delivery.id, trip.driver_id)
    assert accepted is not None
    assert accepted.part.return_pay.minor > 0


async def test_the_next_trip_begins_when_the_one_under_way_ends(network: Network) -> None:
    town = await a_town(network)
    first, second = await town.delivery(), await town.delivery()
    trip, following = await town.trip(first), await town.trip(second)
    phone = await town.phone()
    current = (await network.http.get("/driver/v1/trips/current", headers=phone)).json()
    assert [current["trip"]["id"], current["next"]["id"]] == [
        public("trip", trip.id),
        public("trip", following.id),
    ]
    await tell(town, trip, [said(network, "handed_over", first)])
    current = (await network.http.get("/driver/v1/trips/current", headers=phone)).json()
    assert (current["trip"]["id"], current["next"]) == (public("trip", following.id), None)
    assert (await town.trip_now(following.id)).started_at is not None


async def test_staff_split_a_trip_and_the_driver_loses_nothing(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(tip=Money(7_00)), await town.delivery(tip=Money(3_00))
    heard: list[events.TripChanged] = []

    async def hear(_work: object, event: events.TripChanged) -> None:
        heard.append(event)

    handler = Handler("test.hear", events.TripChanged, inside=hear)
    network.system.handlers.on(events.TripChanged, handler)
    trip = await town.trip(ann, ben)
    async with network.work() as work:
        offer = await queries.offer(work, trip.offer_id)
        await service.release(work, ann.id, Cause.STAFF, "the shop is out of bags")
    changed = await town.trip_now(trip.id)
    part = offer.terms.drop(ann.id)
    assert part is not None
    assert changed.delivery_ids == (ben.id,)
    (line,) = changed.changes
    assert (line.cause, line.kept, line.tip_cover) == (Cause.STAFF, part.base + part.incentive, Money(7_00))
    async with network.work() as work:
        rest = await queries.terms_of_delivery(work, ben.id, trip.driver_id)
        again = await deliveries.delivery(work, ann.id)
    assert rest is not None
    assert rest.part == offer.terms.drop(ben.id), "what was offered for the rest stands"
    assert (again.state, again.tip) == (DeliveryState.REQUESTED, Money(7_00)), "the tip stays whole"
    other = await town.trip(ann, driver=town.drivers[1])
    async with network.work() as work:
        second = await queries.terms_of_delivery(work, ann.id, other.driver_id)
    assert second is not None
    assert second.part.tip == Money(7_00)


async def test_a_delivery_taken_by_another_verb_keeps_its_line_too(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(), await town.delivery()
    trip = await town.trip(ann, ben)
    async with network.work() as work:
        await deliveries_service.unassign(work, ann.id, "a dispatcher needs it elsewhere")
    await network.run_jobs()
    changed = await town.trip_now(trip.id)
    assert [(line.cause, line.why) for line in changed.changes] == [
        (Cause.NETWORK, "a dispatcher needs it elsewhere")
    ]
    assert changed.changes[0].kept.minor > 0
    assert [stop.state for stop in changed.stops] == [StopState.OPEN, StopState.OFF, StopState.OPEN]


async def test_the_customer_cancels_one_of_two(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(), await town.delivery()
    trip = await town.trip(ann, ben)
    async with network.work() as work:
        await deliveries_service.cancel(work, ann.id, Party.SHOPPER, CancelReason.CHANGED_MIND)
    await network.run_jobs()
    changed = await town.trip_now(trip.id)
    assert changed.state is TripState.UNDER_WAY
    (line,) = changed.changes
    assert (line.cause, line.kept, line.tip_cover) == (Cause.CUSTOMER, Money(0), Money(0))


async def test_when_all_is_cancelled_the_trip_is_called_off_and_the_next_begins(network: Network) -> None:
    town = await a_town(network)
    ann = await town.delivery()
    trip, following = await town.trip(ann), await town.trip(await town.delivery())
    async with network.work() as work:
        await deliveries_service.cancel(work, ann.id, Party.MERCHANT, CancelReason.OUT_OF_STOCK)
    await network.run_jobs()
    assert (await town.trip_now(trip.id)).state is TripState.CALLED_OFF
    assert (await town.trip_now(following.id)).state is TripState.UNDER_WAY


async def test_a_driver_gives_back_and_is_not_asked_again(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(), await town.delivery()
    trip = await town.trip(ann, ben)
    phone = await town.phone()
    path = f"/driver/v1/trips/{public('trip', trip.id)}/deliveries/{public('delivery', ann.id)}/give-back"
    answer = await network.http.post(path, json={"reason": "no room"}, headers=phone)
    assert answer.status_code == 200, answer.text
    assert [change["cause"] for change in answer.json()["changes"]] == ["driver"]
    await network.run_jobs()
    assert await state_of(network, ann) is DeliveryState.REQUESTED
    assert (await town.passed(ann)).barred == {trip.driver_id}
    assert len((await town.trip_now(trip.id)).changes) == 1
    await tell(town, trip, [said(network, "picked_up", ben)])
    late = await network.http.post(
        path.replace(public("delivery", ann.id), public("delivery", ben.id)), json={}, headers=phone
    )
    assert (late.status_code, late.json()["code"]) == (409, TooLateToDrop.code)


async def test_the_store_hands_over_and_the_trip_follows(network: Network) -> None:
    """Whoever tells of a delivery, its trip follows: here the network itself does."""
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    async with network.work() as work:
        await deliveries_service.report(work, delivery.id, Fact(kind=FactKind.PICKED_UP, report_id="counter"))
    await network.run_jobs()
    assert (await town.trip_now(trip.id)).stops[0].state is StopState.DONE


async def test_goods_that_are_ready_later_move_the_estimate(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    now = network.clock.market_now()
    before = trip.free_at(now)
    ready_at = MarketInstant(now + timedelta(minutes=40))
    async with network.work() as work:
        await deliveries_service.move_ready(work, delivery.id, ready_at)
    await network.run_jobs()
    after = (await town.trip_now(trip.id)).free_at(now)
    assert after > before
    assert after > ready_at


async def test_the_exact_door_comes_with_acceptance_and_goes_with_the_end(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    phone = await town.phone()
    offer = await town.offer([delivery])
    shown = await network.http.get("/driver/v1/offers", headers=phone)
    terms = await network.http.get(f"/driver/v1/offers/{public('offer', offer.id)}/terms", headers=phone)
    for told in (shown.text, terms.text):
        assert HOME.line1 not in told
        assert HOME.phone not in told
        assert "37212" in told
    accepted = await network.http.post(f"/driver/v1/offers/{public('offer', offer.id)}/accept", headers=phone)
    door = accepted.json()["stops"][-1]["address"]
    assert (door["line1"], door["line2"], door["phone"]) == (HOME.line1, HOME.line2, HOME.phone)
    trip = await _only_trip(network, town)
    await tell(town, trip, [said(network, "handed_over", delivery)])
    over = await network.http.get(f"/driver/v1/trips/{public('trip', trip.id)}", headers=phone)
    assert over.json()["state"] == "finished"
    assert HOME.line1 not in over.text


async def _only_trip(network: Network, town: Town) -> Trip:
    async with network.work() as work:
        (trip,) = await queries.trips_under_way(work, town.market.id)
    return trip


async def test_another_drivers_trip_is_not_there(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    trip = await town.trip(delivery)
    stranger = await town.phone(town.drivers[1])
    base = f"/driver/v1/trips/{public('trip', trip.id)}"
    tries: list[httpx.Response] = [
        await network.http.get(base, headers=stranger),
        await network.http.post(
            f"{base}/reports", json={"reports": [said(network, "handed_over", delivery)]}, headers=stranger
        ),
        await network.http.post(
            f"{base}/deliveries/{public('delivery', delivery.id)}/give-back", json={}, headers=stranger
        ),
        await network.http.get(f"/driver/v1/offers/{public('offer', trip.offer_id)}", headers=stranger),
        await network.http.post(
            f"/driver/v1/offers/{public('offer', trip.offer_id)}/accept", headers=stranger
        ),
        await network.http.post(
            f"/driver/v1/offers/{public('offer', trip.offer_id)}/decline", headers=stranger
        ),
        await network.http.post(
            f"/driver/v1/deliveries/{public('delivery', delivery.id)}/proofs",
            data={"kind": "photo", "report_id": "x"},
            files={"picture": ("door.jpg", b"not seen", "image/jpeg")},
            headers=stranger,
        ),
    ]
    assert [answer.status_code for answer in tries] == [404] * len(tries)
    assert await state_of(network, delivery) is DeliveryState.ASSIGNED


async def test_a_report_about_a_door_names_its_delivery(network: Network) -> None:
    town = await a_town(network)
    trip = await town.trip(await town.delivery())
    for kind in ("handed_over", "attempt_failed", "proved"):
        answer = await network.http.post(
            f"/driver/v1/trips/{public('trip', trip.id)}/reports",
            json={"reports": [said(network, kind)]},
            headers=await town.phone(),
        )
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"where": "/reports/0/deliveries", "what": "empty"}]
