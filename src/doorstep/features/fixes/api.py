"""The route of fixes, mounted raw in front of the framework, and documented by it."""

import time
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.drivers import queries as drivers
from doorstep.features.fixes import queries, writing
from doorstep.features.fixes.ingest import MOST_BYTES, Gateway, Inbox, Scope, TooLarge
from doorstep.features.fixes.live import Live
from doorstep.features.fixes.rules import FASTEST_MPS, MOST_ACCURACY_M, MOST_FIXES
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import DriverWork, audience_actor
from doorstep.platform.db.work import Database
from doorstep.platform.errors import NotSignedIn, Refusal
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import DriverId

router = APIRouter(prefix="/driver/v1", tags=["driver: fixes"])

_FIX: dict[str, Any] = {
    "type": "object",
    "required": ["lat", "lng", "device_at"],
    "additionalProperties": False,
    "properties": {
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lng": {"type": "number", "minimum": -180, "maximum": 180},
        "device_at": {
            "description": "The phone's clock: RFC 3339 with a zone, or milliseconds since 1970.",
            "oneOf": [
                {"type": "string", "format": "date-time"},
                {"type": "integer", "minimum": 0, "maximum": 1 << 43},
            ],
        },
        "accuracy_m": {"type": ["number", "null"], "minimum": 0, "maximum": MOST_ACCURACY_M},
        "heading_deg": {"type": ["number", "null"], "minimum": 0, "maximum": 360},
        "speed_mps": {"type": ["number", "null"], "minimum": 0, "maximum": FASTEST_MPS},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["fixes"],
                    "additionalProperties": False,
                    "properties": {
                        "fixes": {"type": "array", "minItems": 1, "maxItems": MOST_FIXES, "items": _FIX}
                    },
                },
                "example": {
                    "fixes": [
                        {
                            "lat": 36.1627,
                            "lng": -86.7816,
                            "device_at": "2026-11-21T17:00:00Z",
                            "accuracy_m": 8,
                        }
                    ]
                },
            }
        },
    }
}


class LookUpLater(Refusal):
    """Who asks could not be found out."""

    code = "try_again"
    status = 503
    title = "Not right now"
    remedy = "Send the same fixes again."


class _Finder:
    """Finds the driver behind a request: her session by the gatekeeper, her market by her own row."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._markets: dict[UUID, UUID] = {}  # a driver's market does not change

    async def __call__(self, scope: Scope) -> tuple[UUID, UUID]:
        request = Request(scope)
        database: Database = self._app.state.database
        try:
            actor: Actor = await self._app.state.authenticate(request, database, Audience.DRIVER)
            assert actor.subject is not None
            return actor.subject, await self.market(database, actor)
        except Refusal:
            raise
        except Exception as error:
            raise LookUpLater from error

    async def market(self, database: Database, actor: Actor) -> UUID:
        """The market of a signed-in driver. Raises NotSignedIn when there is no such driver."""
        assert actor.subject is not None
        known = self._markets.get(actor.subject)
        if known is None:
            async with database.work(actor) as work:
                found = await drivers.many(work, [actor.subject])
            if not found:
                raise NotSignedIn("No driver signs in with this.")
            known = self._markets[actor.subject] = next(iter(found.values())).market_id
        return known


def mount(app: FastAPI) -> None:
    """Take fixes in front of everything else, write them behind, keep viewers posted."""
    database: Database = app.state.database
    live = Live()
    inbox = Inbox(live, database.clock)
    finder = _Finder(app)
    app.state.live_positions = live
    app.state.fixes_inbox = inbox
    app.state.fixes_finder = finder
    app.add_middleware(Gateway, inbox=inbox, find_driver=finder, monotonic=time.monotonic)
    app.state.on_start += [
        lambda: writing.write_behind(database, inbox),
        lambda: writing.read_on(database, live),
        lambda: writing.show_on(live),
    ]


class PositionTold(BaseModel):
    """Where the network thinks you are."""

    model_config = ConfigDict(frozen=True)
    lat: float
    lng: float
    heading_deg: int | None
    accuracy_m: int | None
    speed_mps: float | None
    at: datetime = Field(description="By your phone's clock.")


class Whereabouts(BaseModel):
    """The newest position, or null before the first."""

    model_config = ConfigDict(frozen=True)
    position: PositionTold | None


@router.get("/position", responses=PROBLEMS)
async def position(work: DriverWork) -> Whereabouts:
    """Your newest position as the network has it, whichever way it came."""
    assert work.actor.subject is not None
    found = (await queries.latest(work, [work.actor.subject])).get(DriverId(work.actor.subject))
    if found is None:
        return Whereabouts(position=None)
    return Whereabouts(
        position=PositionTold(
            lat=round(found.point.lat, 6),
            lng=round(found.point.lng, 6),
            heading_deg=found.heading_deg,
            accuracy_m=found.accuracy_m,
            speed_mps=found.speed_mps,
            at=found.device_at,
        )
    )


@router.post(
    "/fixes",
    status_code=202,
    openapi_extra=_BODY,
    responses={
        202: {
            "description": "Taken in",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["taken"],
                        "properties": {"taken": {"type": "integer"}},
                    }
                }
            },
        },
        **{status: PROBLEMS[status] for status in (401, 413, 422, 503)},
    },
)
async def take_fixes(
    request: Request, actor: Annotated[Actor, Depends(audience_actor(Audience.DRIVER))]
) -> JSONResponse:
    """Up to 100 positions of the driver who asks, in any order; the newest by the phone's time counts.

    What is taken in is written within a second; a server that falls loses what it took in that second, and the next position mends it.
    Served by the gateway before it gets here; the same rules, should a server mount the routes alone.
    """
    state = request.app.state
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise TooLarge
    assert actor.subject is not None
    market_id = await state.fixes_finder.market(state.database, actor)
    return JSONResponse({"taken": state.fixes_inbox.take(actor.subject, market_id, body)}, 202)
