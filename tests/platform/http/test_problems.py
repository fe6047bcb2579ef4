"""Every error leaves as a problem document that says what to do and nothing it should not."""

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import text
from tests.factories.network import Network

from doorstep.platform.auth.gate import PublicWork
from doorstep.platform.errors import Fault, Invalid, NotFound, NotSignedIn, Refusal, TooMany
from doorstep.platform.http.problems import MEDIA, PROBLEMS
from doorstep.units.ids import parse


class Box(BaseModel):
    size_cm: int = Field(ge=1, le=100)
    label: str = Field(default="", max_length=10)


def troubles() -> APIRouter:
    router = APIRouter(prefix="/trouble")

    @router.get("/{kind}")
    async def raise_it(kind: str) -> None:
        refusals: dict[str, Exception] = {
            "missing": NotFound("no such box"),
            "unsigned": NotSignedIn(),
            "busy": TooMany(facts={"retry_after_s": 7}),
            "odd": Invalid("odd", faults=[Fault("/body/size_cm", "too odd")], remedy="make it even"),
            "away": ConnectionRefusedError("nobody listens on 10.1.2.3"),
            "bug": RuntimeError("secret of the house"),
        }
        raise refusals[kind]

    @router.post("/boxes")
    async def take(box: Box) -> Box:
        return box

    @router.get("/boxes/{box_id}")
    async def look(box_id: str) -> str:
        return str(parse("delivery", box_id))

    @router.get("/nul/{word}")
    async def nul(word: str, work: PublicWork) -> str:
        found = await work.session.execute(text("SELECT :word"), {"word": f"{word}\x00"})
        return str(found.scalar_one())

    return router


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("missing", 404, "not_found"),
        ("unsigned", 401, "not_signed_in"),
        ("busy", 429, "too_many"),
        ("odd", 422, "invalid"),
        ("away", 503, "try_again"),
        ("bug", 500, "unexpected"),
        ("boxes/dlv_short", 404, "malformed_id"),
        ("boxes/drv_00000000000000000000000000", 404, "malformed_id"),
        ("nul/x", 422, "invalid"),
        ("no/such/route", 404, "no_such_route"),
    ],
)
async def test_each_trouble_has_its_document(network: Network, path: str, status: int, code: str) -> None:
    network.app.include_router(troubles())
    answer = await network.http.get(f"/trouble/{path}")
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "detail"} <= told.keys()
    if code != "unexpected":
        assert told["request_id"] == answer.headers["x-request-id"]
    assert "secret of the house" not in answer.text
    assert "10.1.2.3" not in answer.text


async def test_what_to_do_stands_in_headers_and_document(network: Network) -> None:
    network.app.include_router(troubles())
    assert (await network.http.get("/trouble/busy")).headers["retry-after"] == "7"
    assert (await network.http.get("/trouble/unsigned")).headers["www-authenticate"] == "Bearer"
    odd = (await network.http.get("/trouble/odd")).json()
    assert odd["errors"] == [{"where": "/body/size_cm", "what": "too odd"}]
    assert odd["remedy"] == "make it even"
    wrong_method = await network.http.put("/trouble/busy")
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, "wrong_method")
    assert wrong_method.headers["allow"] == "GET"


async def test_a_wrong_method_is_told_every_right_one(network: Network) -> None:
    """The router's own answer names the methods of the first route alone."""
    answer = await network.http.put("/v1/session")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST, DELETE"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"size_cm": 0}, "/body/size_cm"),
        ({"size_cm": "big"}, "/body/size_cm"),
        ({}, "/body/size_cm"),
        ({"size_cm": 1, "label": "x" * 11}, "/body/label"),
    ],
)
async def test_a_field_that_does_not_fit_is_pointed_at_and_not_echoed(
    network: Network, body: dict[str, object], where: str
) -> None:
    network.app.include_router(troubles())
    answer = await network.http.post("/trouble/boxes", json=body)
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["errors"]] == [where]
    assert "input" not in answer.text


async def test_a_body_that_is_no_json_is_told_so(network: Network) -> None:
    network.app.include_router(troubles())
    answer = await network.http.post(
        "/trouble/boxes", content=b'{"size_cm": ', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_refusal_has_a_code_a_status_and_no_empty_parts() -> None:
    told = Refusal("that way lies nothing").problem()
    assert told == {
        "type": "https://doorstep.invalid/problems/refused",
        "title": "The request was declined",
        "status": 400,
        "detail": "that way lies nothing",
        "code": "refused",
    }


def test_every_documented_refusal_is_a_problem_document() -> None:
    app = FastAPI()

    @app.get("/", responses=PROBLEMS)
    async def root() -> None: ...

    documented = app.openapi()["paths"]["/"]["get"]["responses"]
    assert {"401", "403", "404", "409", "422", "429", "503"} <= documented.keys()
    assert all(MEDIA in documented[str(status)]["content"] for status in PROBLEMS)
