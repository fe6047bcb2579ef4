"""Every route, with everybody's credential and with things of somebody else.

The routes are read off the application, so a new one is tested the moment it is mounted. A path parameter
for which there is no foreign thing, or a body that cannot be made, fails the test: say here what it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Route
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network
from tests.factories.streams import listening
from tests.factories.two_sides import Side, make_market, make_side

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.identity.rules import StaffRole
from doorstep.platform.auth.actors import Audience
from doorstep.platform.auth.gate import route_audience
from doorstep.units.ids import PREFIXES, public

HIDDEN = {401, 403, 404}
MARK = "Zanzibar"  # stands in everything of the foreign side and nowhere else
PASSED_ON = {Audience.PUBLIC, Audience.GATE, None}
"""Audiences whose routes ask for no credential: another's is worth neither more nor less there."""

NO_AUDIENCE = {
    "/healthz": "tells that the process lives, nothing else",
    "/readyz": "tells whether it can serve, nothing else",
    "/version": "tells the version",
    "/metrics": "for this machine alone, by address",
    "/owner": "a page of no use without the link's token, which the browser keeps to itself",
    "/docs": "the routes, which are no secret",
    "/openapi.json": "the routes, which are no secret",
    "/tiles": "whether there is a street map; streets are no secret",
    "/tiles/{zoom}/{x}/{y}": "streets are no secret",
    "/front/{name}": "style sheets, scripts and fonts",
    "/assets/{name}": "scripts, style sheets and fonts of the pages",
    "/console": "a page without anybody's rows; the browser asks the API itself",
    "/console/{rest:below}": "the same page, and files beside it",
    "/driver": "a page without anybody's rows; the browser asks the API itself",
    "/driver/{rest:below}": "the same page, and files beside it",
    "/shop": "a page without anybody's rows; the browser asks the API itself",
    "/shop/{rest:below}": "the same page, and files beside it",
}
"""Routes without an audience, each with why."""

OWN_BUSINESS = {
    (
        "POST",
        "/v1/eligibility",
    ): "answers for every store it is asked for, telling nothing but that it is unknown",
    ("POST", "/v1/webhook-messages/replay"): "counts messages of one's own endpoint",
}
"""Routes that may answer 2xx although the body names foreign things; that nothing leaks is checked all the same."""

NOTHING_OF_NOBODY = {
    "/staff/v1/ledger/deliveries/{delivery_id}/entries": "the ledger knows labels, not deliveries: of an unknown one it has no entries",
}
"""Routes of staff that answer 200 for a thing that is not there, each with why."""

PARAMETERS = {
    "name": "front.css",
    "account": "cash:operating",
    "rest": "board",
    "postcode": "37203",
    "seq": "1",
    "zoom": "12",
    "x": "1060",
    "y": "1607",
}
FORMS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/driver/v1/deliveries/{delivery_id}/proofs"): {
        "data": {"kind": "photo", "report_id": "m-1"},
        "files": {"picture": ("a.jpg", b"\xff\xd8\xff", "image/jpeg")},
    },
}
"""Bodies that are no JSON."""

VALUES: dict[str, Any] = {
    "email": "zoe@example.com",
    "password": "a long enough password",
    "totp": "123456",
    "code": "123456",
    "phone": "+16155550199",
    "url": "https://example.com/hooks",
    "slug": "somewhere-else",
    "timezone": "America/Chicago",
    "reason": "a test asks",
    "cart_minor": 4000,
    "postcode": "37203",
    "knobs": {"declines_before_broadcast": 3},
}
"""Values of fields whose schema alone does not say what would do."""


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one path."""

    method: str
    path: str
    audience: Audience | None
    operation: dict[str, Any]

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1].split(":")[0] for part in self.path.split("/") if part.startswith("{")]

    @property
    def streams(self) -> bool:
        return self.path.endswith("/stream")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors(app: FastAPI) -> Iterator[Door]:
    """Every method of every route. Raises AssertionError for a kind of route it does not know."""
    document = app.openapi()
    for context in iter_route_contexts(app.routes):
        route: Any = getattr(context, "original_route", context)
        assert isinstance(route, Route | APIRoute), (
            f"{route!r} is a kind of route that the matrix does not know"
        )
        audience = route_audience(route.dependant) if isinstance(route, APIRoute) else None
        path = str(context.path)
        for method in sorted((context.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = document["paths"].get(path, {}).get(method.lower(), {})
            yield Door(method, path, audience, operation)


class Samples:
    """Makes a request for a door that names ``side``'s things wherever it can."""

    def __init__(self, app: FastAPI, ids: dict[str, str]) -> None:
        self._schemas = app.openapi()["components"]["schemas"]
        self._ids = ids
        self._count = 0

    def url(self, door: Door) -> str:
        path = door.path
        for name in door.parameters:
            known = self._ids.get(name) or PARAMETERS.get(name)
            assert known is not None, (
                f"{door}: the matrix has no foreign {name}; add one to two_sides.make_side"
            )
            if "proof_id" in door.parameters:  # pictures are of the delivery that was handed over
                done = {"delivery_id": "done_id", "token": "done_token"}.get(name, name)
                known = self._ids.get(done, known)
            path = re.sub(r"\{" + name + r"(:\w+)?\}", known, path)
        query = {
            given["name"]: self._ids[f"{given['name']}_id"]
            for given in door.operation.get("parameters", [])
            if given["in"] == "query" and f"{given['name']}_id" in self._ids
        }
        needed = {
            given["name"]: self.value(given["schema"], given["name"])
            for given in door.operation.get("parameters", [])
            if given["in"] == "query" and given.get("required") and given["name"] not in query
        }
        return str(httpx.URL(path, params=query | needed)) if query | needed else path

    def request(self, door: Door) -> dict[str, Any]:
        self._count += 1
        wanted: dict[str, Any] = {"headers": {"Idempotency-Key": f"matrix-{self._count}"}}
        if (door.method, door.path) in FORMS:
            return wanted | FORMS[door.method, door.path]
        content = door.operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            wanted["json"] = self.value(content["application/json"]["schema"], "")
        return wanted

    def value(self, schema: dict[str, Any], name: str) -> Any:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[-1]]
        for spelling in (name, f"{name}_id", f"{name.removesuffix('s')}_id"):
            if spelling in self._ids and schema.get("type") == "string":
                return self._ids[spelling]
        if name in VALUES and "enum" not in schema:
            return VALUES[name]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self.value(schema[choice][0], name)
        if "allOf" in schema:
            return self.value(schema["allOf"][0], name)
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            needed = set(schema.get("required", []))
            ours = {n for n in schema.get("properties", {}) if f"{n}_id" in self._ids or n in self._ids}
            return {n: self.value(schema["properties"][n], n) for n in sorted(needed | ours)}
        if kind == "array":
            items = schema.get("items", {})
            return [
                self.value(items, name.removesuffix("s")) for _ in range(max(schema.get("minItems", 0), 1))
            ]
        return self._plain(schema, kind)

    @staticmethod
    def _plain(schema: dict[str, Any], kind: str | None) -> Any:
        if schema.get("examples"):
            return schema["examples"][0]
        if kind == "boolean":
            return True
        if kind in {"integer", "number"}:
            return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
        if schema.get("format") == "date-time":
            return "2026-11-21T20:00:00Z"
        return "x" * max(schema.get("minLength", 1), 3)


@dataclass(slots=True)
class World:
    """Both sides, everybody's credential, and every door."""

    network: Network
    own: Side
    foreign: Side
    staff: str
    looks_only: str
    doors: list[Door]
    foreign_things: Samples

    def credentials(self) -> dict[str, dict[str, str]]:
        own = self.own
        return {
            "nobody": {},
            "merchant": bearer(own.merchant_key),
            "driver": bearer(own.driver_session),
            "provider": bearer(own.provider_key),
            "staff": bearer(self.staff),
            "shopper": bearer(own.tracking),
            "nonsense": bearer("sk_" + "0" * 40),
        }

    async def ask(self, door: Door, url: str, headers: dict[str, str]) -> tuple[int, str]:
        """Status and text of the answer; of a stream, what it says first."""
        if door.streams:
            async with listening(self.network, url, headers) as heard:
                await heard.until(lambda h: h.ended or h.events)
                return heard.status, str(heard.events)
        wanted = self.foreign_things.request(door)
        wanted["headers"] |= headers
        answer = await self.network.http.request(door.method, url, **wanted)
        self.network.http.cookies.clear()
        return answer.status_code, answer.text


@pytest.fixture
async def world(network: Network) -> World:
    market = await make_market(network)
    own = await make_side(network, market, "Quillon", 1)
    foreign = await make_side(network, market, MARK, 2)
    owner = await sign_staff_in(network)
    looks_only = await sign_staff_in(network, StaffRole.READ_ONLY, "looks@example.com")
    return World(
        network=network,
        own=own,
        foreign=foreign,
        staff=owner.token,
        looks_only=looks_only.token,
        doors=list(doors(network.app)),
        foreign_things=Samples(network.app, foreign.ids | {"staff_id": public("staff", owner.subject)}),
    )


def with_token(world: World, url: str, token: str) -> str:
    """``url`` of a foreign delivery under another link."""
    for foreign in (world.foreign.ids["token"], world.foreign.ids["done_token"]):
        url = url.replace(foreign, token)
    return url


async def state_of(world: World) -> Delivery:
    async with world.network.work() as work:
        return await deliveries.delivery(work, world.foreign.delivery_id)


def test_every_route_says_whom_it_is_for_or_why_not(network: Network) -> None:
    silent = {door.path for door in doors(network.app) if door.audience is None}
    assert silent == set(NO_AUDIENCE)


def test_every_prefix_belongs_to_one_audience(network: Network) -> None:
    rooms = {
        "/v1": Audience.MERCHANT, "/staff/v1": Audience.STAFF, "/driver/v1": Audience.DRIVER,
        "/shopper/v1": Audience.SHOPPER, "/provider/v1": Audience.PROVIDER, "/public/v1": Audience.PUBLIC,
    }  # fmt: skip
    for door in doors(network.app):
        for prefix, audience in rooms.items():
            if door.path.startswith(f"{prefix}/"):
                assert door.audience in {audience, Audience.GATE}, str(door)


async def test_a_credential_opens_no_door_of_another_audience(world: World) -> None:
    breaches = []
    for door in world.doors:
        url = world.foreign_things.url(door)
        if door.audience is Audience.SHOPPER:  # its credential is the token in the path
            url = with_token(world, url, "A" * 43)
        for name, headers in world.credentials().items():
            if door.audience is not None and name == door.audience.value and name != "shopper":
                continue
            status, text = await world.ask(door, url, headers)
            passed = door.audience in PASSED_ON
            if status >= 500 or MARK in text or (not passed and status not in HIDDEN):
                breaches.append(f"{door} as {name}: {status} {text[:200]}")
    assert not breaches, "\n".join(breaches)


OWN = {
    Audience.MERCHANT: "merchant",
    Audience.DRIVER: "driver",
    Audience.PROVIDER: "provider",
}


async def test_foreign_things_are_not_there(world: World) -> None:
    before = await state_of(world)
    mine = [door for door in world.doors if door.audience in OWN]
    breaches = []
    for door in sorted(mine, key=lambda one: (one.path.endswith("/session"), one.path, one.method)):
        headers = world.credentials()[OWN[door.audience]]  # type: ignore[index]
        status, text = await world.ask(door, world.foreign_things.url(door), headers)
        named = bool(door.parameters)
        excused = (door.method, door.path) in OWN_BUSINESS
        if status >= 500 or MARK in text or (named and status not in HIDDEN and not excused):
            breaches.append(f"{door}: {status} {text[:300]}")
    assert not breaches, "\n".join(breaches)
    assert await state_of(world) == before


async def test_ones_own_things_are_there(world: World) -> None:
    """Else the foreign ones would be missing for a reason that has nothing to do with walls."""
    own = Samples(world.network.app, world.own.ids | {"staff_id": "unused"})
    breaches = []
    for door in world.doors:
        if door.method != "GET" or door.streams or not door.parameters or door.audience is None:
            continue
        if door.audience in PASSED_ON:
            continue
        headers = world.credentials()[OWN.get(door.audience, "staff")]
        status, text = await world.ask(door, own.url(door), headers)
        if status != 200 or (MARK in text and door.audience is not Audience.STAFF):
            breaches.append(f"{door}: {status} {text[:300]}")
    assert not breaches, "\n".join(breaches)


async def test_a_shopper_sees_her_own_delivery_alone(world: World) -> None:
    breaches = []
    for door in world.doors:
        if door.audience is not Audience.SHOPPER:
            continue
        url = with_token(world, world.foreign_things.url(door), world.own.tracking)
        status, text = await world.ask(door, url, {})
        right = (
            HIDDEN if "proof_id" in door.parameters else {200, 303, 409}
        )  # 303: a form, done, back to its page
        if status not in right or MARK in text:
            breaches.append(f"{door}: {status} {text[:300]}")
    assert not breaches, "\n".join(breaches)


async def test_staff_ask_for_things_that_are_not_there(world: World) -> None:
    nouns = {"deal": "deal", "job": "provider_job", "message": "event"}
    nobody = {
        name: public(nouns.get(noun, noun), UUID(int=0x0192F0000000700080000000000000FF))
        for name in world.foreign.ids
        if (noun := name.removesuffix("_id")) in PREFIXES or noun in nouns
    }
    samples = Samples(world.network.app, nobody | {"staff_id": public("staff", UUID(int=7))})
    breaches = []
    for door in world.doors:
        if door.audience is not Audience.STAFF or not set(door.parameters) - {"account"}:
            continue
        wanted = samples.request(door)
        wanted["headers"] |= bearer(world.staff)
        answer = await world.network.http.request(door.method, samples.url(door), **wanted)
        expected = 200 if door.path in NOTHING_OF_NOBODY else 404
        if answer.status_code != expected or (expected == 200 and answer.json()):
            breaches.append(f"{door}: {answer.status_code} {answer.text[:300]}")
    assert not breaches, "\n".join(breaches)


async def test_who_only_looks_changes_nothing(world: World) -> None:
    before = await state_of(world)
    breaches = []
    for door in world.doors:
        own_affairs = door.path.startswith(("/staff/v1/session", "/staff/v1/totp"))
        if door.audience is not Audience.STAFF or door.method == "GET" or own_affairs:
            continue
        status, text = await world.ask(door, world.foreign_things.url(door), bearer(world.looks_only))
        if status != 403:
            breaches.append(f"{door}: {status} {text[:200]}")
    assert not breaches, "\n".join(breaches)
    assert await state_of(world) == before


def test_the_matrix_notices_a_route_it_cannot_fill(network: Network) -> None:
    samples = Samples(network.app, {})
    strange = Door("GET", "/v1/strange/{strange_id}", Audience.MERCHANT, {})
    with pytest.raises(AssertionError, match="strange_id"):
        samples.url(strange)


def test_excuses_are_for_routes_that_exist(network: Network) -> None:
    there = {(door.method, door.path) for door in doors(network.app)}
    assert set(OWN_BUSINESS) | set(FORMS) <= there
    assert set(NOTHING_OF_NOBODY) | set(NO_AUDIENCE) <= {path for _method, path in there}
