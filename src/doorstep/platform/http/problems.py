"""Every error leaves as an RFC 9457 problem document, whatever raised it."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from doorstep.platform.errors import Fault, Invalid, Refusal
from doorstep.units.ids import MalformedId

log = structlog.get_logger("http")
MEDIA = "application/problem+json"


def _documented(description: str) -> dict[str, Any]:
    shape = {"type": "object", "required": ["type", "title", "status", "detail"]}
    return {"description": description, "content": {MEDIA: {"schema": shape}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _documented("The request cannot be read"),
    401: _documented("No credential, or not one of this audience"),
    403: _documented("The credential may not do that"),
    404: _documented("No such thing, or not yours to know of"),
    409: _documented("The thing has moved on since you looked"),
    413: _documented("The body is too large"),
    415: _documented("The body is of another media type"),
    422: _documented("Something in the request does not fit; `errors` says what"),
    429: _documented("Too many requests; Retry-After says when to come back"),
    503: _documented("Not right now; send the same request again"),
}
"""Refusals by status as OpenAPI documents them: a route's ``responses=`` takes those it can give."""

_BUSY = {"40001", "40P01", "55P03", "57014"}  # serialisation, deadlock, lock wait, statement time-out


def _answer(request: Request, refusal: Refusal, status: int | None = None) -> JSONResponse:
    document = refusal.problem(getattr(request.state, "request_id", ""))
    headers = {}
    if status:
        document["status"] = status
    if "retry_after_s" in refusal.facts:
        headers["Retry-After"] = str(refusal.facts["retry_after_s"])
    if document["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(document, status_code=document["status"], media_type=MEDIA, headers=headers)


def _pointer(location: tuple[Any, ...]) -> str:
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return _answer(request, error)


async def _malformed_id(request: Request, error: Exception) -> JSONResponse:
    refusal = Refusal(str(error), remedy="Use the id exactly as it was given.")
    refusal.facts["code"] = "malformed_id"
    return _answer(request, refusal, 404)


async def _unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [Fault(_pointer(tuple(e["loc"])), str(e["msg"])) for e in error.errors()]
    refusal = Invalid(
        "Some fields are missing or malformed.", faults=faults, remedy="See `errors` and /docs."
    )
    return _answer(request, refusal)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    refusal = Refusal(str(error.detail))
    refusal.facts["code"] = {404: "no_such_route", 405: "wrong_method"}.get(error.status_code, "http_error")
    answer = _answer(request, refusal, error.status_code)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    if error.status_code == 405:
        answer.headers["Allow"] = ", ".join(_methods(request))
    return answer


def _methods(request: Request) -> list[str]:
    """Every method the path answers; the router itself tells only those of its first route (RFC 9110, 10.2.1)."""
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return [
        method
        for method in methods
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.router.routes
        )
    ]


def _state(error: BaseException) -> str:
    """PostgreSQL's five characters for what went wrong; empty when it did not get to say."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def passes(error: BaseException) -> bool:
    """Whether ``error`` says that the database (or the way to it) is busy or away: the same is worth asking again."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, (PoolTimeout, OSError))
    state = _state(error)
    return state in _BUSY or state.startswith(("08", "57P", "53")) or not state


async def _database(request: Request, error: Exception) -> JSONResponse:
    state = _state(error)
    if passes(error):
        log.warning("database_busy", sqlstate=state, path=request.url.path, error=repr(error)[:300])
        refusal = Refusal(
            "The database is not answering right now; nothing was changed.",
            remedy="Send the same request again, with the same Idempotency-Key if it had one.",
            facts={"code": "try_again", "retry_after_s": 1},
        )
        return _answer(request, refusal, 503)
    if state in {"22P05", "22021", "22003", "22008"}:  # characters or numbers that PostgreSQL cannot hold
        return _answer(
            request, Invalid("A value in the request cannot be stored (NUL character or out of range).")
        )
    return await broken(request, error)


async def _hung_up(request: Request, _error: Exception) -> JSONResponse:
    """The caller went away before it had said all: nobody hears the answer, and nothing is wrong here."""
    return _answer(request, Invalid("The request ended before its body did."), 400)


async def broken(request: Request, error: Exception) -> JSONResponse:
    """The answer to what nobody expected: 500, logged, and nothing told of its cause."""
    log.error("unexpected", path=request.url.path, exc_info=error)
    refusal = Refusal(
        "Something on our side went wrong; nothing was changed.",
        remedy="Try again; if it stays so, send us the request_id.",
        facts={"code": "unexpected"},
    )
    return _answer(request, refusal, 500)


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error as a problem document."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(MalformedId, _malformed_id)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(OSError, _database)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, broken)
