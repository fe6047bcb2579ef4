"""Who did what: the audit by its filters, and the pictures of proofs for staff alone."""

from typing import Any

from tests.factories.deliveries import report_all
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.journeys import a_photo
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.features.deliveries.rules import FactKind
from doorstep.features.identity.rules import StaffRole
from doorstep.units.ids import public

F = FactKind


async def test_the_audit_is_read_by_who_what_and_when(network: Network) -> None:
    town = await a_town(network)
    owner = await sign_staff_in(network)
    other = await sign_staff_in(network, StaffRole.DISPATCHER, "d@example.com")
    market = public("market", town.market.id)

    async def zone(token: str, postcode: str) -> None:
        url = f"/staff/v1/markets/{market}/zones/{postcode}"
        wanted = {"paused": True, "reason": "the bridge is closed"}
        answer = await network.http.post(url, json=wanted, headers=bearer(token))
        assert answer.status_code == 200, answer.text

    async def audit(**wanted: str) -> list[dict[str, Any]]:
        answer = await network.http.get("/staff/v1/audit", params=wanted, headers=bearer(owner.token))
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    await zone(owner.token, "37206")
    network.clock.advance(60)
    noon = network.clock.market_now().isoformat()
    await zone(other.token, "37207")

    by_other = f"staff:{public('staff', other.subject)}"
    (line,) = await audit(actor=by_other)
    assert (line["act"], line["actor_name"], line["subject"]) == ("market.rules", "Ada", market)
    assert line["after"] == {"paused_zones": ["37206", "37207"]}
    assert [one["actor"] for one in await audit(act="market.", at_from=noon)] == [by_other]
    assert by_other not in {one["actor"] for one in await audit(at_until=noon)}
    assert len(await audit(subject=market, act="market.rules")) == 2
    assert await audit(act="market%") == []  # a sign is a sign, not a pattern
    assert len(await audit(actor="staff:")) == 2

    page = await network.http.get("/staff/v1/audit?limit=1&act=market.rules", headers=bearer(owner.token))
    rest = await audit(act="market.rules", before=str(page.json()["next"]))
    assert [one["actor_name"] for one in rest] == ["Ada"]
    told = await network.http.get(f"/staff/v1/markets/{market}/history", headers=bearer(owner.token))
    assert told.json()["items"][0]["actor_name"] == "Ada"


async def test_a_picture_is_seen_by_staff_and_kept_by_no_cache(network: Network) -> None:
    town = await a_town(network)
    one = await town.delivery()
    await town.trip(one)
    await report_all(network, one.id, [F.REACHED_PICKUP, F.PICKED_UP, F.REACHED_DROPOFF])
    delivery = public("delivery", one.id)
    sent = await network.http.post(
        f"/driver/v1/deliveries/{delivery}/proofs",
        data={"kind": "photo", "report_id": "p-1"},
        files={"picture": ("door.jpg", a_photo(), "image/jpeg")},
        headers=await town.phone(),
    )
    assert sent.status_code < 300, sent.text
    staff = bearer((await sign_staff_in(network, StaffRole.SUPPORT)).token)
    whole = (await network.http.get(f"/staff/v1/deliveries/{delivery}", headers=staff)).json()
    proof = next(line for line in whole["timeline"] if line["what"] == "proof.photo")["facts"]["proof"]
    url = f"/staff/v1/deliveries/{delivery}/proofs/{proof}"
    seen = await network.http.get(url, headers=staff)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert seen.headers["cache-control"] == "private, no-store"
    assert seen.content[:2] == b"\xff\xd8"
    assert (await network.http.get(url)).status_code == 401
    assert (await network.http.get(url, headers=await town.phone())).status_code == 401
    other = await town.delivery()
    elsewhere = f"/staff/v1/deliveries/{public('delivery', other.id)}/proofs/{proof}"
    assert (await network.http.get(elsewhere, headers=staff)).status_code == 404
