"""What a driver's phone asks beside offers and reports: where offers are, what stays after the car, who was called."""

from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.offers.rules import net_of
from doorstep.units.ids import public
from doorstep.units.money import Money


async def test_the_zone_picture_counts_offers_to_anybody_and_names_nobody(network: Network) -> None:
    town = await a_town(network)
    first, second = town.drivers
    await town.offer([await town.delivery()], [first])
    hers = await town.phone(second)
    assert (await network.http.get("/driver/v1/offers", headers=hers)).json() == {"items": []}
    told = (await network.http.get("/driver/v1/zones", headers=hers)).json()
    assert [zone["offers"] for zone in told["items"]] == [1]
    assert set(told["items"][0]) == {"point", "offers"}
    network.clock.advance(16 * 60)
    assert (await network.http.get("/driver/v1/zones", headers=hers)).json()["items"] == []


async def test_an_offer_says_what_stays_per_hour_after_the_car(network: Network) -> None:
    town = await a_town(network)
    await town.offer([await town.delivery(tip=Money(4_00))])
    (told,) = (await network.http.get("/driver/v1/offers", headers=await town.phone())).json()["items"]
    assert (told["approach_m"], told["approach_minutes"]) == (None, None)  # nobody knows where she is
    assert (told["car_minor"], told["net_per_hour_minor"]) == net_of(
        told["total_minor"], told["distance_m"], told["minutes"], told["car_per_mile_minor"]
    )


async def test_each_of_several_sees_her_own_way_to_the_shop_reckoned_in(network: Network) -> None:
    town = await a_town(network)
    near, far = town.drivers
    await town.stand(near, 0.5)
    await town.stand(far, 6)
    delivery = await town.delivery()
    await town.offer([delivery], [near, far])
    seen = []
    for driver in (near, far):
        (told,) = (await network.http.get("/driver/v1/offers", headers=await town.phone(driver))).json()[
            "items"
        ]
        assert (told["car_minor"], told["net_per_hour_minor"]) == net_of(
            told["total_minor"],
            told["approach_m"] + told["distance_m"],
            told["approach_minutes"] + told["minutes"],
            told["car_per_mile_minor"],
        )
        seen.append(told)
    here, there = seen
    assert here["terms_hash"] == there["terms_hash"]
    assert here["approach_m"] < 1_000
    assert there["approach_m"] > 5_000
    assert here["approach_minutes"] < there["approach_minutes"]
    assert here["net_per_hour_minor"] > there["net_per_hour_minor"]


def test_what_stays_after_the_car_and_no_time_is_no_division() -> None:
    assert net_of(17_40, 14_645, 41, 30) == (2_73, 21_47)
    assert net_of(10_00, 1609, 60, 30) == (30, 9_70)
    assert net_of(10_00, 0, 0, 30) == (0, 600_00)


async def test_a_try_to_reach_the_shopper_stands_in_the_timeline_once(network: Network) -> None:
    town = await a_town(network)
    trip = await town.trip(await town.delivery())
    phone = await town.phone()
    about = public("delivery", trip.delivery_ids[0])
    called = {
        "report_id": "c-1",
        "kind": "contact_tried",
        "deliveries": [about],
        "reason": "called",
        "device_at": network.clock.market_now().isoformat(),
    }
    path = f"/driver/v1/trips/{public('trip', trip.id)}/reports"
    for _ in range(2):
        answer = await network.http.post(path, headers=phone, json={"reports": [called]})
        assert answer.json()["heard"][0]["counted"] is True
    async with network.work() as work:
        told = await deliveries.timeline(work, trip.delivery_ids[0])
    tried = [one for one in told if one.name == "delivery.contact_tried"]
    assert [(one.body, one.state_before == one.state_after) for one in tried] == [({"how": "called"}, True)]


async def test_how_she_was_to_be_reached_must_be_said(network: Network) -> None:
    town = await a_town(network)
    trip = await town.trip(await town.delivery())
    about = public("delivery", trip.delivery_ids[0])
    report = {"report_id": "c-1", "kind": "contact_tried", "deliveries": [about], "reason": "telepathy"}
    path = f"/driver/v1/trips/{public('trip', trip.id)}/reports"
    answer = await network.http.post(path, headers=await town.phone(), json={"reports": [report]})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "/reports/0/reason")


async def test_nobody_notes_a_contact_on_a_trip_of_another(network: Network) -> None:
    town = await a_town(network)
    trip = await town.trip(await town.delivery())
    about = public("delivery", trip.delivery_ids[0])
    report = {"report_id": "c-1", "kind": "contact_tried", "deliveries": [about], "reason": "called"}
    path = f"/driver/v1/trips/{public('trip', trip.id)}/reports"
    answer = await network.http.post(
        path, headers=await town.phone(town.drivers[1]), json={"reports": [report]}
    )
    assert answer.status_code == 404
