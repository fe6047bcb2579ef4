"""What companies may say and see, and what staff keep about them."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook
from tests.factories.couriers import SECRET
from tests.factories.deliveries import merchant_actor
from tests.factories.identity import bearer, make_provider_key, sign_staff_in
from tests.factories.markets import make_market
from tests.factories.network import Network
from tests.factories.providers import Outsourced, make_provider, outsourced

from doorstep.features.identity.rules import StaffRole
from doorstep.features.providers import queries, service
from doorstep.features.providers.errors import UnknownJob
from doorstep.units.ids import public

HOOK = "/provider/v1/webhooks/swift"


@pytest.fixture
async def out(network: Network) -> AsyncIterator[Outsourced]:
    async with outsourced(network) as running:
        yield running


def letter(
    network: Network, event_id: str, reference: str, *, secret: str = SECRET, late_s: int = 0
) -> dict[str, object]:
    """A webhook as the company would send it, ``late_s`` seconds old."""
    at = network.clock.wall_now() - timedelta(seconds=late_s)
    body = json.dumps({"type": "job.moved", "data": {"reference": reference, "state": "delivered"}})
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body),
    }
    return {"content": body, "headers": headers}


async def test_signed_news_counts_once_and_only_makes_us_look(out: Outsourced) -> None:
    http, job = out.network.http, await out.ask()
    await out.network.run_jobs()
    first = await http.post(HOOK, **letter(out.network, "msg_1", job.reference))  # type: ignore[arg-type]
    assert (first.status_code, first.json()) == (202, {"accepted": True})
    again = await http.post(HOOK, **letter(out.network, "msg_1", job.reference))  # type: ignore[arg-type]
    assert (again.status_code, again.json()["code"]) == (409, "webhook_replayed")
    await out.network.run_jobs()
    assert (await out.job(job)).told == "pending", "it said delivered; the company's books do not"


async def test_whose_signature_is_not_theirs_is_refused(out: Outsourced) -> None:
    http, job = out.network.http, await out.ask()
    good = letter(out.network, "msg_2", job.reference)
    tampered = good | {"content": str(good["content"]).replace("delivered", "returned")}
    other_secret = "whsec_" + "b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM="
    for kind, sent in {
        "unsigned": {"content": "{}"},
        "tampered": tampered,
        "foreign": letter(out.network, "msg_3", job.reference, secret=other_secret),
        "old": letter(out.network, "msg_4", job.reference, late_s=301),
        "from the future": letter(out.network, "msg_5", job.reference, late_s=-301),
        "not text": good | {"content": b"\xff\xfe"},
        "odd id": letter(out.network, "m" * 201, job.reference),
    }.items():
        answer = await http.post(HOOK, **sent)  # type: ignore[arg-type]
        assert answer.status_code == 401, kind
    unknown = await http.post("/provider/v1/webhooks/nobody", **good)  # type: ignore[arg-type]
    assert unknown.status_code == 401
    assert (await http.post(HOOK, content=b"x" * 70_000)).status_code == 413
    assert (await http.post(HOOK, **good)).status_code == 202, "none of these used up the id"  # type: ignore[arg-type]


async def test_news_of_unknown_jobs_and_of_nonsense_is_harmless(out: Outsourced) -> None:
    for number, reference in enumerate(("pjb_nobody", "", "x" * 5000)):
        answer = await out.network.http.post(HOOK, **letter(out.network, f"msg_{number}", reference))  # type: ignore[arg-type]
        assert answer.status_code == 202
    await out.network.run_jobs()


async def test_a_renewed_secret_ends_the_old_one(out: Outsourced) -> None:
    owner = bearer((await sign_staff_in(out.network)).token)
    path = f"/staff/v1/providers/{public('provider', out.provider.id)}/webhook-secret"
    fresh = (await out.network.http.post(path, headers=owner)).json()["webhook_secret"]
    assert (await out.network.http.post(HOOK, **letter(out.network, "a", "x"))).status_code == 401  # type: ignore[arg-type]
    signed = letter(out.network, "a", "x", secret=fresh)
    assert (await out.network.http.post(HOOK, **signed)).status_code == 202  # type: ignore[arg-type]


async def test_a_company_sees_its_own_jobs_alone(out: Outsourced) -> None:
    job = await out.ask()
    other = await make_provider(out.network, slug="other")
    theirs = bearer(await make_provider_key(out.network, out.provider.id))
    foreign = bearer(await make_provider_key(out.network, other.id))
    path = f"/provider/v1/jobs/{public('provider_job', job.id)}"
    listed = (await out.network.http.get("/provider/v1/jobs", headers=theirs)).json()
    assert [each["reference"] for each in listed["items"]] == [job.reference]
    assert (await out.network.http.get(path, headers=theirs)).json()["state"] == "asked"
    assert (await out.network.http.get("/provider/v1/jobs", headers=foreign)).json()["items"] == []
    assert (await out.network.http.get(path, headers=foreign)).status_code == 404
    async with out.network.work(merchant_actor()) as work:  # the database itself shows merchants none
        with pytest.raises(UnknownJob):
            await queries.job(work, job.id)
        assert await queries.providers(work) == []


async def test_staff_enter_a_company_and_its_deals(network: Network) -> None:
    http = network.http
    owner = bearer((await sign_staff_in(network)).token)
    made = await http.post("/staff/v1/providers", json={"name": "Swift", "slug": "swift"}, headers=owner)
    assert made.status_code == 201
    assert made.json()["webhook_secret"].startswith("whsec_")
    provider = made.json()["provider"]["id"]
    twice = await http.post("/staff/v1/providers", json={"name": "Swift", "slug": "swift"}, headers=owner)
    assert (twice.status_code, twice.json()["code"]) == (409, "slug_taken")
    async with network.work() as work:
        market = await make_market(work)
    terms = {
        "market": public("market", market.id),
        "service_levels": ["express"],
        "starts_at": "2026-11-01T00:00:00Z",
        "abilities": ["photo"],
        "areas": ["37203"],
    }
    deal = await http.post(f"/staff/v1/providers/{provider}/deals", json=terms, headers=owner)
    assert deal.status_code == 201, deal.text
    backward = terms | {"ends_at": "2026-10-01T00:00:00Z"}
    refused = await http.post(f"/staff/v1/providers/{provider}/deals", json=backward, headers=owner)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_deal")
    free = terms | {"pricing": "fixed"}
    assert (
        await http.post(f"/staff/v1/providers/{provider}/deals", json=free, headers=owner)
    ).status_code == 422
    ended = await http.post(f"/staff/v1/provider-deals/{deal.json()['id']}/end", json={}, headers=owner)
    assert ended.json()["ends_at"] is not None
    async with network.work() as work:
        assert await queries.deals(work, market.id, work.now()) == []
    listed = await http.get(f"/staff/v1/providers/{provider}/deals", headers=owner)
    assert [each["id"] for each in listed.json()] == [deal.json()["id"]]
    key = await http.post(f"/staff/v1/providers/{provider}/keys", json={}, headers=owner)
    assert (await http.get("/provider/v1/jobs", headers=bearer(key.json()["secret"]))).status_code == 200


async def test_only_owner_and_dispatcher_change_companies(network: Network) -> None:
    finance = bearer((await sign_staff_in(network, StaffRole.FINANCE, "f@example.com")).token)
    body = {"name": "Swift", "slug": "swift"}
    assert (await network.http.post("/staff/v1/providers", json=body, headers=finance)).status_code == 403
    assert (await network.http.get("/staff/v1/providers", headers=finance)).json() == []


async def test_old_webhook_ids_are_forgotten(out: Outsourced) -> None:
    await out.network.http.post(HOOK, **letter(out.network, "msg_1", "x"))  # type: ignore[arg-type]
    out.network.clock.advance(service.HEARD_KEPT.total_seconds() + 60)
    await out.network.run_jobs()
    late = letter(out.network, "msg_1", "x")
    assert (await out.network.http.post(HOOK, **late)).status_code == 202  # type: ignore[arg-type]
