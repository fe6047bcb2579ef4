"""Routes of the front page and of what everybody may know."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from doorstep import __version__
from doorstep.app.faces.track.speech import chosen
from doorstep.app.front import booking, owner_page, pages, routes_page
from doorstep.app.front.schemas import ClockTold, MarketFigures, Status, Turn
from doorstep.demo.script import load_script
from doorstep.features.console import queries
from doorstep.features.identity import cookies
from doorstep.features.identity.rules import DemoRole
from doorstep.features.visits import queries as visits
from doorstep.features.visits.api import visit_token
from doorstep.features.visits.rules import SPEEDS
from doorstep.platform import clock_anchor
from doorstep.platform.auth.gate import PUBLIC, GateWork, PublicWork
from doorstep.platform.clock import Clock, ScaledClock
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotFound
from doorstep.platform.http.problems import PROBLEMS
from doorstep.platform.settings import Settings
from doorstep.units.ids import public

router = APIRouter(tags=["public"])
_BUSY: dict[int | str, dict[str, Any]] = {503: PROBLEMS[503]}
_FRESH = {"Cache-Control": "no-store"}
LangAsked = Annotated[str | None, Query(max_length=5)]


def _speed(clock: Clock) -> float:
    return clock.speed if isinstance(clock, ScaledClock) else 1.0


def _turn(clock: Clock) -> Turn | None:
    if not isinstance(clock, ScaledClock):
        return None
    ahead_s = (clock.anchor.wall - clock.wall_now()).total_seconds()
    return Turn(speed=clock.anchor.speed, in_real_s=ahead_s) if ahead_s > 0 else None


@router.get("/status.json", responses=_BUSY)
async def status(work: PublicWork, response: Response) -> Status:
    """Counts of every market; at most two seconds old while a worker runs."""
    response.headers.update(_FRESH)
    told = [
        MarketFigures(
            id=public("market", found.market_id),
            name=found.name,
            open=found.open,
            delivered=found.delivered,
            drivers_online=found.drivers_online,
            offers_open=found.offers_open,
            ledger_difference_minor=found.ledger_difference_minor,
            promised_minus_paid_minor=found.promised_minus_paid_minor,
        )
        for found in await queries.figures(work)
    ]
    return Status(version=__version__, markets=told)


@router.get("/public/v1/clock", responses=_BUSY)
async def clock(work: PublicWork, response: Response) -> ClockTold:
    """Business time, real time, and how many business seconds pass in a real one."""
    response.headers.update(_FRESH)
    mode = await clock_anchor.mode_of(work)
    return ClockTold(
        market_time=work.now(),
        real_time=work.wall(),
        speed=_speed(work.clock),
        turn=_turn(work.clock),
        mode=mode or "not founded",
    )


def _doors(request: Request) -> tuple[DemoRole, ...]:
    """As whom one may enter from here with one click."""
    settings: Settings = request.app.state.settings
    if settings.public_demo:
        return tuple(role for role in DemoRole if role is not DemoRole.DISPATCHER)
    return tuple(DemoRole) if settings.on_loopback else ()


async def _stay(request: Request, work: Work) -> pages.Stay | None:
    visit = await visits.present(work, visit_token(request))
    if visit is None:
        return None
    return pages.Stay(visit.roles, _speed(work.clock), SPEEDS)


def _call(request: Request) -> str | None:
    """The command that books a delivery; its key is shown on this machine alone."""
    settings: Settings = request.app.state.settings
    if not settings.on_loopback or settings.public_demo or not cookies.known_host(request):
        return None
    played = load_script(settings.home)
    return None if played is None else booking.call(played, settings.own_url)


@router.get("/", include_in_schema=False)
async def front(request: Request, work: GateWork, lang: LangAsked = None) -> HTMLResponse:
    """What runs here, in words and figures, and the ways in; in the reader's language, or in the one asked for."""
    demo = await clock_anchor.mode_of(work) == "demo"
    stay = await _stay(request, work) if demo else None
    await work.become(PUBLIC)
    page = pages.front(
        figures=await queries.figures(work),
        now=work.now(),
        speed=_speed(work.clock),
        demo=demo,
        doors=_doors(request) if demo else (),
        stay=stay,
        call=_call(request) if demo else None,
        lang=chosen(lang, request.headers.get("accept-language", "")),
    )
    return HTMLResponse(page, headers={**_FRESH, "Vary": "Accept-Language"})


@router.get("/owner", include_in_schema=False)
async def owner(request: Request, lang: LangAsked = None) -> HTMLResponse:
    """Where the owner's link leads: she says who she is, and is signed in."""
    page = owner_page.owner_page(chosen(lang, request.headers.get("accept-language", "")))
    return HTMLResponse(page, headers={**_FRESH, "Vary": "Accept-Language"})


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Every route, from the OpenAPI document; written once, for the routes of a process do not change."""
    state = request.app.state
    if not hasattr(state, "routes_page"):
        state.routes_page = routes_page.page_of_routes(request.app.openapi())
    return HTMLResponse(state.routes_page)


@router.get("/front/{name}", include_in_schema=False)
async def asset(request: Request, name: Annotated[str, Path(max_length=80)]) -> Response:
    """A style sheet, script or font of these pages."""
    found = pages.ASSETS.get(name)
    if found is None:
        raise NotFound
    headers = {"ETag": found.etag, "Cache-Control": "public, max-age=3600"}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)
