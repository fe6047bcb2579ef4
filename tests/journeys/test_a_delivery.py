"""One delivery from the quote to the last cent, everybody speaking over HTTP."""

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook
from tests.factories.journeys import a_city
from tests.factories.merchants import EAST
from tests.factories.network import Network
from tests.factories.webhooks import receiver

from doorstep.features.offers.rules import document_hash


async def test_from_the_quote_to_the_last_cent(network: Network) -> None:
    city = await a_city(network)
    shop, phone = city.shop, city.phones[0]
    async with receiver(network) as mailbox:
        secret = (await shop.post("/v1/webhook-endpoints", {"url": mailbox.url}, 201))["secret"]

        # The shop asks what it costs, then orders at that price; a doubled post makes nothing new.
        wish = shop.wish(requirements=["photo", "pin"])
        asked = {name: wish[name] for name in ("store", "cart_minor", "ready_at", "requirements")}
        door = {name: wish["dropoff"][name] for name in ("address", "point")}
        quote = await shop.post("/v1/quotes", asked | {"dropoff": door}, 201)
        key = {"Idempotency-Key": "one-order"}
        made = await shop.post("/v1/deliveries", wish | {"quote_id": quote["id"]}, 201, **key)
        again = await shop.post("/v1/deliveries", wish | {"quote_id": quote["id"]}, 201, **key)
        assert again["id"] == made["id"]
        assert (made["state"], made["fee"]["total_minor"]) == ("requested", quote["price"]["total_minor"])
        owed = made["fee"]["total_minor"] + 3_00
        assert (await shop.account())["set_aside_minor"] == owed
        page = await city.page(made)
        assert (page["step"], page["driver"], page["position"]) == ("booked", None, None)

        # The near driver is asked: all terms, no door.
        assert (await city.turn()).offered == 1
        offer = await phone.offer()
        (drop,) = offer["drops"]
        assert offer["total_minor"] == offer["base_minor"] + offer["incentive_minor"] + 3_00
        assert sum(line["amount_minor"] for line in offer["pay_lines"]) == offer["base_minor"]
        assert (drop["zone"], drop["items"], drop["requirements"]) == ("Nashville 37206", 2, ["photo", "pin"])
        assert drop["return_pay_minor"] > 0
        assert offer["reason"]
        assert offer["pickups"][0]["address"].startswith("400 Redbud St")
        terms = await phone.get(f"/driver/v1/offers/{offer['id']}/terms")
        assert document_hash(terms["terms"]) == terms["terms_hash"] == offer["terms_hash"]
        for secret_word in (EAST.line1, "Ann", "Leemann", "Blue door"):
            assert secret_word not in json.dumps([offer, terms])
        assert await city.phones[1].offers() == []

        # She accepts; now she knows the door, and the shopper knows her first name.
        trip = await phone.accept()
        assert [stop["kind"] for stop in trip["stops"]] == ["pickup", "drop"]
        assert trip["stops"][1]["address"]["line1"] == EAST.line1
        page = await city.page(made)
        assert page["driver"]["first_name"] == phone.who.first_name
        pin = page["pin"]
        assert len(pin) == 4

        # At the shop there is no signal: the report of arriving comes after that of leaving, and both come twice.
        network.clock.advance(300)
        arrived, left = phone.happened("arrive_pickup", 240), phone.happened("picked_up", 60)
        assert [one["state"] for one in await phone.send(trip, left)] == ["picked_up"]
        heard = await phone.send(trip, arrived, left, arrived)
        assert [(one["counted"], one["state"]) for one in heard] == [(True, "picked_up")] * 3
        assert (await city.page(made))["step"] == "on_the_way"

        # At the door: no picture yet, then a wrong code, then all is well.
        this = [made["id"]]
        await phone.report(trip, "depart_dropoff", "arrive_dropoff")
        (early,) = await phone.send(trip, phone.happened("handed_over", deliveries=this, pin=pin))
        assert not early["counted"]
        await phone.photo(made, "door-1")
        wrong = f"{(int(pin) + 1) % 10_000:04d}"
        (mistyped,) = await phone.send(trip, phone.happened("proved", deliveries=this, pin=wrong))
        assert [proof["ok"] for proof in mistyped["proofs"]] == [False]
        (done,) = await phone.send(trip, phone.happened("handed_over", deliveries=this, pin=pin))
        assert done["state"] == "delivered"
        await network.run_jobs()
        page = await city.page(made)
        assert page["step"] == "delivered"
        assert [proof["kind"] for proof in page["proofs"]] == ["photo"]
        words = json.dumps(page)
        for hidden in ("Doorstep", "doorstep", phone.who.last_name, "Leemann", phone.who.phone):
            assert hidden not in words

        # The shop heard of every move, in order, signed.
        letters = [
            letter for letter in mailbox.letters if letter.said["data"]["delivery"]["id"] == made["id"]
        ]
        for letter in letters:
            signed_at = datetime.fromtimestamp(int(letter.headers["webhook-timestamp"]), UTC)
            signature = Webhook(secret).sign(
                letter.id, signed_at, letter.body
            )  # the test's clock is not today's
            assert letter.headers["webhook-signature"] == signature
        events = await shop.events(made)
        assert [letter.said["type"] for letter in letters] == [event["name"] for event in events]
        assert [letter.about[1] for letter in letters] == [event["seq"] for event in events]
        assert events[-1]["name"] == "delivery.delivered"
        assert [e["name"] for e in events].count("delivery.picked_up") == 1

    # The money: fee and tip from the shop; the driver has what she was shown, the tip wholly hers.
    await city.settle()
    account = await shop.account()
    assert (account["owed_minor"], account["set_aside_minor"]) == (owed, 0)
    (work,) = await phone.earned()
    assert work["terms_hash"] == offer["terms_hash"]
    assert work["paid_minor"] == work["due_minor"] == work["offered_minor"] == offer["total_minor"]
    lines = {line["kind"]: line["amount_minor"] for line in work["lines"]}
    assert lines == {"base": offer["base_minor"], "tip": 3_00}
    charged = (await shop.get("/v1/account/entries"))["items"]
    posted = [entry["amount_minor"] for entry in charged if entry["state"] == "posted"]
    assert sum(posted) == owed
    whole = await city.office.get(f"/staff/v1/deliveries/{made['id']}")
    assert whole["delivery"]["state"] == "delivered"
