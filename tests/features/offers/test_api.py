"""Drivers' routes: offers listed and live, accepted, declined; proofs; pages."""

import asyncio
import io
import json
from typing import Any

import httpx
from PIL import Image
from starlette.requests import Request
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import DeliveryState, Requirements
from doorstep.features.offers import service
from doorstep.features.offers.api import offers_stream
from doorstep.features.offers.rules import document_hash
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.units.ids import public
from doorstep.units.money import Money


def a_photo() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "JPEG")
    return picture.getvalue()


async def test_an_offer_from_list_to_trip(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery(tip=Money(4_00))
    offer = await town.offer([delivery], incentive=Money(1_00))
    phone = await town.phone()
    (told,) = (await network.http.get("/driver/v1/offers", headers=phone)).json()["items"]
    assert told["id"] == public("offer", offer.id)
    assert told["total_minor"] == told["base_minor"] + 1_00 + 4_00
    assert sum(line["amount_minor"] for line in told["pay_lines"]) == told["base_minor"]
    assert told["real_s_left"] == 60
    terms = (await network.http.get(f"/driver/v1/offers/{told['id']}/terms", headers=phone)).json()
    assert terms["terms_hash"] == told["terms_hash"] == document_hash(terms["terms"])
    trip = (await network.http.post(f"/driver/v1/offers/{told['id']}/accept", headers=phone)).json()
    assert [stop["kind"] for stop in trip["stops"]] == ["pickup", "drop"]
    assert trip["terms_hash"] == told["terms_hash"]
    assert (await network.http.get("/driver/v1/offers", headers=phone)).json() == {"items": []}
    kept = (await network.http.get(f"/driver/v1/offers/{told['id']}", headers=phone)).json()
    assert (kept["state"], kept["trip"], kept["real_s_left"]) == ("accepted", trip["id"], 0)
    again = await network.http.post(f"/driver/v1/offers/{told['id']}/accept", headers=phone)
    assert (again.status_code, again.json()["id"]) == (200, trip["id"])


async def test_the_slower_one_is_told_kindly(network: Network) -> None:
    town = await a_town(network)
    offer = await town.offer([await town.delivery()], town.drivers)
    path = f"/driver/v1/offers/{public('offer', offer.id)}/accept"
    phones = [await town.phone(driver) for driver in town.drivers]
    answers = await asyncio.gather(*(network.http.post(path, headers=phone) for phone in phones))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    gone = next(answer for answer in answers if answer.status_code == 409).json()
    assert (gone["code"], gone["detail"]) == ("offer_gone", "Another driver was quicker.")
    assert "Nothing is held against you" in gone["remedy"]


async def test_declining_from_the_phone(network: Network) -> None:
    town = await a_town(network)
    offer = await town.offer([await town.delivery()])
    phone = await town.phone()
    path = f"/driver/v1/offers/{public('offer', offer.id)}/decline"
    for _ in range(2):
        answer = await network.http.post(path, headers=phone)
        assert (answer.status_code, answer.json()["state"]) == (200, "declined")


async def test_offers_come_live(network: Network) -> None:
    town = await a_town(network)
    rosa = town.drivers[0]
    request = Request({"type": "http", "app": network.app, "headers": [], "method": "GET", "path": "/"})
    stream = await offers_stream(request, Actor(Audience.DRIVER, subject=rosa.id))
    frames = aiter(stream.body_iterator)

    async def following() -> list[str]:
        """The offers of the next frame that has any news."""
        while True:
            told = bytes(await asyncio.wait_for(anext(frames), 60)).decode()  # type: ignore[arg-type]
            if told.startswith("event: offers"):
                shown: dict[str, list[dict[str, Any]]] = json.loads(told.split("data: ")[1])
                return [offer["id"] for offer in shown["items"]]

    assert await following() == []
    offer = await town.offer([await town.delivery()])
    assert await following() == [public("offer", offer.id)]
    async with network.work() as work:
        await service.withdraw(work, offer.id, "staff took it back")
    assert await following() == []


async def test_a_photo_of_the_door_lets_the_goods_be_handed_over(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery(requirements=Requirements(contactless=True))
    trip = await town.trip(delivery)
    phone = await town.phone()
    path = f"/driver/v1/deliveries/{public('delivery', delivery.id)}/proofs"

    async def send(content: bytes, **form: str) -> httpx.Response:
        return await network.http.post(
            path,
            data={"kind": "photo", "report_id": "p1"} | form,
            files={"picture": ("door.jpg", content, "image/jpeg")},
            headers=phone,
        )

    broken = await send(b"no picture at all")
    assert (broken.status_code, broken.json()["code"]) == (422, "proof_unreadable")
    assert (await send(a_photo(), kind="scan")).status_code == 422
    taken = await send(a_photo())
    assert (taken.status_code, taken.json()) == (201, {"kind": "photo", "ok": True, "result": {}})
    assert (await send(a_photo())).status_code == 201, "sent again it is the same proof"
    report = {"report_id": "r", "kind": "handed_over", "deliveries": [public("delivery", delivery.id)]}
    answer = await network.http.post(
        f"/driver/v1/trips/{public('trip', trip.id)}/reports", json={"reports": [report]}, headers=phone
    )
    assert answer.json()["heard"][0]["state"] == "delivered"
    async with network.work() as work:
        assert (await deliveries.delivery(work, delivery.id)).state is DeliveryState.DELIVERED
        assert len(await deliveries.proofs(work, delivery.id)) == 1


async def test_trips_are_listed_page_by_page(network: Network) -> None:
    town = await a_town(network)
    phone = await town.phone()
    for _ in range(3):
        delivery = await town.delivery()
        trip = await town.trip(delivery)
        report = {"report_id": "r", "kind": "handed_over", "deliveries": [public("delivery", delivery.id)]}
        await network.http.post(
            f"/driver/v1/trips/{public('trip', trip.id)}/reports", json={"reports": [report]}, headers=phone
        )
    first = (await network.http.get("/driver/v1/trips", params={"limit": 2}, headers=phone)).json()
    second = (
        await network.http.get(
            "/driver/v1/trips", params={"limit": 2, "cursor": first["next"]}, headers=phone
        )
    ).json()
    assert [len(page["items"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None
    nothing = (await network.http.get("/driver/v1/trips/current", headers=phone)).json()
    assert nothing == {"trip": None, "next": None}


async def test_ids_of_another_noun_are_not_there(network: Network) -> None:
    town = await a_town(network)
    phone = await town.phone()
    for path in (
        "/driver/v1/offers/trp_1/accept",
        f"/driver/v1/offers/{public('trip', town.market.id)}/decline",
    ):
        assert (await network.http.post(path, headers=phone)).status_code == 404
