"""Markets over HTTP: the operator's people change them, everybody sees where the network runs."""

from typing import Any

import pytest
from tests.factories.identity import bearer, make_key, sign_staff_in
from tests.factories.markets import make_market
from tests.factories.network import Network

from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets.rules import KNOBS, Market, Stage
from doorstep.units.ids import public

RING = [[-90.3, 34.9], [-89.6, 34.9], [-89.6, 35.4], [-90.3, 35.4], [-90.3, 34.9]]
MEMPHIS = {
    "name": "Memphis",
    "timezone": "America/Chicago",
    "outline": {"type": "Polygon", "coordinates": [RING]},
}
TERMS = {"base_minor": 895, "minimum_cart_minor": 2500}


async def a_market(network: Network, slug: str = "testville", stage: Stage = Stage.OPEN) -> Market:
    async with network.work() as work:
        return await make_market(work, slug, stage=stage)


@pytest.mark.no_markets
async def test_an_owner_draws_a_market_and_opens_it(network: Network) -> None:
    owner = bearer((await sign_staff_in(network)).token)
    made = await network.http.post("/staff/v1/markets", json=MEMPHIS, headers=owner)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["slug"], told["stage"], told["timezone"]) == ("memphis", "planned", "America/Chicago")
    assert told["outline"]["coordinates"][0] == RING
    assert told["service_levels"] == ["express", "next_day", "window"]
    assert (await network.http.get("/public/v1/markets")).json() == []

    url = f"/staff/v1/markets/{told['id']}"
    opened = await network.http.post(
        f"{url}/stage", json={"stage": "pilot", "reason": "First two stores."}, headers=owner
    )
    assert opened.json()["stage"] == "pilot"
    (seen,) = (await network.http.get("/public/v1/markets")).json()
    assert (seen["name"], seen["stage"], seen["outline"]) == ("Memphis", "pilot", told["outline"])
    assert "pay" not in seen
    assert (await network.http.get(url, headers=owner)).json() == opened.json()
    listed = (await network.http.get("/staff/v1/markets", headers=owner)).json()
    assert listed == [opened.json()]


@pytest.mark.no_markets
async def test_a_market_of_built_in_zips_is_named_by_them(network: Network) -> None:
    owner = bearer((await sign_staff_in(network)).token)
    wanted = {"postcodes": ["37203", "37206"], "stage": "open"}
    made = await network.http.post("/staff/v1/markets", json=wanted, headers=owner)
    assert (made.status_code, made.json()["name"]) == (201, "Nashville")
    again = await network.http.post("/staff/v1/markets", json=wanted, headers=owner)
    assert (again.status_code, again.json()["code"]) == (409, "market_slug_taken")


async def test_what_could_not_run_is_not_made(network: Network) -> None:
    owner = bearer((await sign_staff_in(network)).token)
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "/body"),
        (MEMPHIS | {"cbsa": "34980"}, "/body/outline/cbsa"),
        ({"outline": MEMPHIS["outline"]}, "/body/outline/name"),
        (MEMPHIS | {"timezone": "Mars/Olympus"}, "/body/outline/timezone"),
        (MEMPHIS | {"stage": "closed"}, "/body/outline/stage"),
        (MEMPHIS | {"name": " "}, "/body/outline/name"),
        (MEMPHIS | {"slug": "Big City"}, "/body/outline/slug"),
        (MEMPHIS | {"outline": {"coordinates": [[[0, 0], [1, 1], [0, 0]]]}}, "/outline"),
        (
            MEMPHIS | {"outline": {"coordinates": [[[0, 0], [1, 1], [200, 0]]]}},
            "/body/outline/outline/coordinates/0/2/0",
        ),
    ]
    for wanted, where in refused:
        answer = await network.http.post("/staff/v1/markets", json=wanted, headers=owner)
        assert answer.status_code == 422, answer.text
        assert where in {error["where"] for error in answer.json()["errors"]}


async def test_terms_pay_knobs_levels_and_fallback_are_changed_with_a_reason(network: Network) -> None:
    market = await a_market(network)
    owner = bearer((await sign_staff_in(network)).token)
    url = f"/staff/v1/markets/{public('market', market.id)}"
    network.clock.advance(1)

    async def post(path: str, **body: Any) -> Any:
        answer = await network.http.post(
            f"{url}/{path}", json=body | {"reason": "Autumn plan."}, headers=owner
        )
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    made = await post("tariffs", kind="grocery_own", terms=TERMS, valid_from="2026-12-01T00:00:00-06:00")
    assert made["valid_from"] == "2026-12-01T06:00:00Z"
    tariffs = (await network.http.get(f"{url}/tariffs", headers=owner)).json()
    grocery = [t["terms"]["base_minor"] for t in tariffs if t["kind"] == "grocery_own"]
    assert grocery == [995, 895]

    rates = {
        "base_minor": 350,
        "per_mile_minor": 70,
        "per_minute_minor": 25,
        "floor_minor": 800,
        "return_per_mile_minor": 70,
    }
    assert (await post("pay", rates=rates))["pay"] == rates | {"currency": "USD"}
    knobs = {k["name"]: k["value"] for k in (await post("dispatch", knobs={"tick_s": 30}))["knobs"]}
    assert knobs == dict.fromkeys(KNOBS) | {"tick_s": 30}
    levels = await post("service-levels", service_rules={"express": {"promise_s": 3600}, "window": None})
    assert levels["service_levels"] == ["express", "next_day"]
    assert levels["service_rules"]["express"] == {"promise_s": 3600, "reach_m": 16_000}
    assert (await post("fallback", fallback={"allowed": False}))["fallback"] == {
        "allowed": False,
        "most_minor": None,
    }

    page = (await network.http.get(f"{url}/history?limit=4", headers=owner)).json()
    rest = (await network.http.get(f"{url}/history?limit=4&cursor={page['next']}", headers=owner)).json()
    assert [c["kind"] for c in page["items"]] == ["fallback", "rules", "dispatch", "pay"]
    assert [c["kind"] for c in rest["items"]] == ["tariff", "made"]
    assert rest["next"] is None
    assert page["items"][0]["reason"] == "Autumn plan."
    assert page["items"][0]["actor"]
    assert rest["items"][0]["before"]["terms"]["base_minor"] == 995


async def test_a_dispatcher_may_pause_and_nothing_else(network: Network) -> None:
    market = await a_market(network)
    dispatcher = bearer((await sign_staff_in(network, StaffRole.DISPATCHER)).token)
    url = f"/staff/v1/markets/{public('market', market.id)}"
    paused = await network.http.post(
        f"{url}/stage", json={"stage": "paused", "reason": "Tornado warning."}, headers=dispatcher
    )
    assert paused.json()["stage"] == "paused"
    for path, body in (
        ("/stage", {"stage": "open", "reason": "over"}),
        ("/tariffs", {"kind": "grocery_own", "terms": TERMS, "reason": "cheap"}),
        ("/dispatch", {"knobs": {"tick_s": 1}, "reason": "faster"}),
        ("/fallback", {"fallback": {}, "reason": "none"}),
    ):
        answer = await network.http.post(url + path, json=body, headers=dispatcher)
        assert answer.status_code == 403, path
    assert (await network.http.post("/staff/v1/markets", json=MEMPHIS, headers=dispatcher)).status_code == 403
    assert (await network.http.get(url, headers=dispatcher)).json()["stage"] == "paused"


async def test_impossible_moves_and_back_dated_terms_are_refused(network: Network) -> None:
    market = await a_market(network)
    owner = bearer((await sign_staff_in(network)).token)
    url = f"/staff/v1/markets/{public('market', market.id)}"
    back = await network.http.post(f"{url}/stage", json={"stage": "pilot", "reason": "back"}, headers=owner)
    assert (back.status_code, back.json()["possible"]) == (409, ["closed", "paused"])
    late = await network.http.post(
        f"{url}/tariffs",
        json={
            "kind": "grocery_own",
            "terms": TERMS,
            "reason": "yesterday",
            "valid_from": "2026-11-20T00:00:00Z",
        },
        headers=owner,
    )
    assert (late.status_code, late.json()["code"]) == (409, "back_dated")
    knob = await network.http.post(
        f"{url}/dispatch", json={"knobs": {"tick_s": 10_000}, "reason": "slow"}, headers=owner
    )
    assert knob.json()["errors"] == [{"where": "/knobs/tick_s", "what": "between 1 and 600"}]


async def test_markets_are_changed_by_staff_alone(network: Network) -> None:
    market = await a_market(network)
    url = f"/staff/v1/markets/{public('market', market.id)}"
    key = bearer(await make_key(network, market.id))
    for path in ("", "/tariffs", "/history"):
        assert (await network.http.get(url + path)).status_code == 401
        assert (await network.http.get(url + path, headers=key)).status_code in {401, 403}
    staff = bearer((await sign_staff_in(network, StaffRole.READ_ONLY)).token)
    assert (await network.http.get(url, headers=staff)).status_code == 200
    ghost = f"/staff/v1/markets/{public('market', network.web.ids.new())}"
    for path in ("", "/tariffs", "/history"):
        assert (await network.http.get(ghost + path, headers=staff)).status_code == 404
