"""Routes of the demo's doors: enter, leave, and how fast time runs while somebody is inside.

They are there in a demo that listens on this machine, or is a public one, and answer our own pages alone.
"""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError

from doorstep.connectors.outside import Connectors
from doorstep.features.identity import cookies, credentials
from doorstep.features.identity import queries as identity
from doorstep.features.identity import service as identity_service
from doorstep.features.identity.errors import ForgeryRefused, NoDemoEntry
from doorstep.features.identity.gatekeeper import Gatekeeper
from doorstep.features.identity.rules import DemoRole
from doorstep.features.identity.tokens import tracking_token
from doorstep.features.visits import queries, service
from doorstep.features.visits.rules import PAGES, SPEEDS, Visit, Why, waits_for_reader, wished
from doorstep.features.visits.schemas import Entered, Entry, Inside, Pace, SpeedAsked, Turning, WheelAsked
from doorstep.platform import clock_anchor
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import GATE, GateWork, audience_actor, database_of
from doorstep.platform.clock import ScaledClock
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid, NotFound
from doorstep.platform.http.problems import PROBLEMS
from doorstep.platform.settings import Settings
from doorstep.units.ids import public

_MOST_BODY_BYTES = 1024
_FRESH = {"Cache-Control": "no-store"}
AtTheGate = Annotated[Actor, Depends(audience_actor(Audience.GATE))]


def _open_here(request: Request) -> None:
    """There are doors on this machine alone, unless the whole demo is public. Raises NoDemoEntry."""
    settings: Settings = request.app.state.settings
    if not settings.on_loopback and not settings.public_demo:
        raise NoDemoEntry


def _own_page(request: Request) -> None:
    """Changes are asked for by our own pages. Raises ForgeryRefused."""
    if not cookies.known_host(request) or not cookies.from_own_page(request):
        raise ForgeryRefused


router = APIRouter(tags=["demo"], responses=PROBLEMS, dependencies=[Depends(_open_here)])
OwnPage = Depends(_own_page)


def visit_token(request: Request) -> str | None:
    """What this browser shows of its visit, if anything."""
    name = cookies.cookie_name(request, cookies.VISIT)
    return request.cookies.get(name) if name else None


_ENTRY_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            media: {
                "schema": {
                    "type": "object",
                    "required": ["as"],
                    "additionalProperties": False,
                    "properties": {"as": {"type": "string", "enum": [role.value for role in DemoRole]}},
                }
            }
            for media in ("application/json", "application/x-www-form-urlencoded")
        },
    }
}


@router.post(
    "/demo/enter",
    status_code=201,
    response_model=Entered,
    responses={303: {"description": "Entered from a form: on to the page behind the door."}},
    openapi_extra=_ENTRY_BODY,
    dependencies=[OwnPage],
)
async def enter(request: Request, _gate: AtTheGate) -> Response:
    """Enter the demo with one click, from our own page alone; time then runs as in life until you leave.

    A public demo has no dispatcher's entry. A shopper is led to a delivery that is about to be picked up.
    """
    form = _is_form(request)
    role = await _role(request, form=form)
    settings: Settings = request.app.state.settings
    if role is DemoRole.DISPATCHER and settings.public_demo:
        raise NoDemoEntry
    database = database_of(request)
    async with database.work(GATE) as work:
        if role is DemoRole.SHOPPER:
            told = await _watch(work, request)
        else:
            opened = await identity_service.enter_demo(work, role)
            told = Entered.of(role, PAGES[role], opened)
    # In a work of its own: choosing a delivery has turned the first one into the dispatcher's.
    async with database.work(GATE) as work:
        _, fresh = await service.enter(work, role, visit_token(request))
    answer: Response = (
        RedirectResponse(told.go, 303, _FRESH)
        if form
        else JSONResponse(told.model_dump(mode="json"), 201, _FRESH)
    )
    if role is not DemoRole.SHOPPER:
        cookies.set_cookie(request, answer, told.audience, told.token)
    cookies.set_cookie(request, answer, cookies.VISIT, fresh)
    return answer


async def _watch(work: Work, request: Request) -> Entered:
    connectors: Connectors = request.app.state.connectors
    visit = await queries.present(work, visit_token(request))
    drives = visit is not None and DemoRole.DRIVER in visit.roles
    driver_id = await identity.demo_subject(work, DemoRole.DRIVER) if drives else None
    delivery = await service.watch(work, driver_id)
    token = tracking_token(connectors.secrets, delivery.id)
    return Entered(
        **{"as": DemoRole.SHOPPER},
        go=PAGES[DemoRole.SHOPPER] + token,
        token=token,
        audience=Audience.SHOPPER,
        subject=public("delivery", delivery.id),
        expires_at=None,
    )


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


async def _role(request: Request, *, form: bool) -> DemoRole:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY_BYTES:
            raise NotFound
    try:
        if form:
            fields = parse_qs(body.decode(), strict_parsing=True, max_num_fields=4)
            return Entry.model_validate({name: found[0] for name, found in fields.items()}).role
        return Entry.model_validate_json(body).role
    except (ValidationError, ValueError) as error:
        raise Invalid("Say as whom to enter.", faults=[Fault("/body/as", "unknown")]) from error


@router.post(
    "/demo/leave",
    status_code=204,
    responses={303: {"description": "Left from a form: back to the front page."}},
    dependencies=[OwnPage],
)
async def leave(request: Request, work: GateWork) -> Response:
    """Go out: signed out of every role you came in as, and time takes up its usual speed. Twice is once."""
    roles = await service.leave(work, visit_token(request))
    answer: Response = RedirectResponse("/", 303) if _is_form(request) else Response(status_code=204)
    keeper: Gatekeeper = request.app.state.authenticate
    for role in roles:
        name = cookies.cookie_name(request, role.audience)
        token = request.cookies.get(name) if name else None
        if token is not None:
            await identity_service.end_session(work, token)
            keeper.remembered.forget(credentials.digest(token))
            cookies.drop_cookie(request, answer, role.audience)
    cookies.drop_cookie(request, answer, cookies.VISIT)
    return answer


@router.get("/demo/v1/speed")
async def speed(request: Request, response: Response, work: GateWork) -> Pace:
    """How fast time runs, why, and who is inside."""
    await service.demand_demo(work)
    return await _pace(work, response, await queries.present(work, visit_token(request)))


@router.post("/demo/v1/speed", dependencies=[OwnPage])
async def wish(request: Request, response: Response, work: GateWork, wanted: SpeedAsked) -> Pace:
    """Wish for another speed; for those inside. It turns within about a second.

    It holds until you leave or somebody wishes for another. A higher speed waits while a person reads an offer.
    """
    return await _pace(work, response, await service.wish(work, visit_token(request), wanted.speed))


@router.post("/demo/v1/here", dependencies=[OwnPage])
async def here(request: Request, response: Response, work: GateWork) -> Pace:
    """A sign of life of a page that stands open: one every half minute will do. After 90 s without, you have left."""
    return await _pace(work, response, await service.here(work, visit_token(request)))


@router.post("/demo/v1/drive-for-me", dependencies=[OwnPage])
async def drive_for_me(request: Request, response: Response, work: GateWork, wanted: WheelAsked) -> Pace:
    """Let the demo move your car to the next stop of your trip, or take the wheel back.

    It moves the car and nothing else: arriving, proof and hand-over stay yours.
    """
    return await _pace(work, response, await service.give_wheel(work, visit_token(request), driven=wanted.on))


async def _pace(work: Work, response: Response, mine: Visit | None) -> Pace:
    response.headers.update(_FRESH)
    found = await queries.inside(work)
    usual_speed = await clock_anchor.usual_speed(work)
    anchor = await clock_anchor.anchor_of(work)
    wall = work.wall()
    wanted = wished(found, usual_speed)
    turning = None
    if anchor is not None and wall < anchor.wall:
        turning = Turning(speed=anchor.speed, in_real_s=(anchor.wall - wall).total_seconds())
    waits = anchor is not None and turning is None and waits_for_reader(wanted, found, anchor.speed, wall)
    return Pace(
        speed=work.clock.speed if isinstance(work.clock, ScaledClock) else 1.0,
        turning=turning,
        wished_speed=wanted.speed,
        usual_speed=usual_speed,
        why=Why.OFFER_OPEN if waits else wanted.why,
        choices=list(SPEEDS),
        market_time=work.now(),
        real_time=wall,
        inside=[Inside.of(visit, mine) for visit in found],
        you=None if mine is None else Inside.of(mine, mine),
    )
