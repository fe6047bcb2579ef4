"""Addresses of the tracking page: it works by link alone, with forms that need no script."""

import gzip
import re
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.responses import StreamingResponse

from doorstep.app.faces.api import CONTENT_POLICY, not_built
from doorstep.app.faces.built import NotBuilt, built
from doorstep.app.faces.track import page
from doorstep.app.faces.track.parts import ANSWERS, Said, Scene, parts
from doorstep.app.faces.track.speech import Lang, Markup, Speech, chosen
from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries.errors import Frozen, TipRefused
from doorstep.features.identity import cookies
from doorstep.features.tracking import queries, service
from doorstep.features.tracking.api import DISCREET
from doorstep.features.tracking.errors import Gone
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import ShopperWork, audience_actor, database_of
from doorstep.platform.bus import Bus
from doorstep.platform.clock import Clock, ScaledClock
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotSignedIn, Refusal
from doorstep.platform.http.streams import event_stream, frame, frames
from doorstep.units.money import Money

LOOK_EVERY_S = 2.0
_AGES = re.compile(r"(<time data-since=[^>]*>)[^<]*")

Token = Annotated[str, Path(max_length=64)]
LangAsked = Annotated[str | None, Query(max_length=5)]
Words = Annotated[str, Form(max_length=500, pattern=r"^[^\x00]*$")]
Amount = Annotated[str, Form(max_length=12)]


class _PageRoute(APIRoute):
    """Answers a link that has ended or is none of ours with a page, not with a problem document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except (Gone, NotSignedIn, RequestValidationError) as error:
                if request.url.path.endswith("/stream"):
                    raise
                return _notice(request, error)

        return told


router = APIRouter(prefix="/track", include_in_schema=False, route_class=_PageRoute)


def _lang(request: Request, asked: str | None) -> Lang:
    return chosen(asked, request.headers.get("accept-language", ""))


def _speed(clock: Clock) -> float:
    return clock.anchor.speed if isinstance(clock, ScaledClock) else 1.0


def _around(clock: Clock | None) -> page.Around:
    """Raises NotBuilt."""
    entry = built().entry("track/main.ts")
    return page.Around(entry, secrets.token_urlsafe(16), 1.0 if clock is None else _speed(clock))


def _notice(request: Request, error: Exception) -> Response:
    what = "gone" if isinstance(error, Gone) else "unknown"
    status = error.status if isinstance(error, Refusal) else 422
    try:
        around = _around(None)
    except NotBuilt:
        return not_built()
    text = page.notice(_lang(request, request.query_params.get("lang")), what, around)
    return _html(request, text, around.nonce, "", status)


def _html(request: Request, text: str, nonce: str, logo: str, status: int = 200) -> Response:
    policy = CONTENT_POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
    headers = {
        **DISCREET,
        "Content-Security-Policy": policy.replace("img-src 'self'", f"img-src 'self'{logo}"),
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Vary": "Accept-Encoding, Accept-Language",
    }
    body = text.encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers, "text/html; charset=utf-8")


async def _scene(work: Work, request: Request, token: str, lang: str | None) -> Scene:
    assert work.actor.subject is not None
    connectors: Connectors = request.app.state.connectors
    view = await queries.view(work, connectors, work.actor.subject)
    speech = Speech(_lang(request, lang), view.timezone)
    return Scene(view, speech, f"/track/{token}", token, credit=connectors.map_credit)


def _visiting(request: Request) -> bool:
    name = cookies.cookie_name(request, cookies.VISIT)
    return name is not None and name in request.cookies


def _shown(scene: Scene, request: Request, work: Work, status: int = 200) -> Response:
    try:
        around = replace(_around(work.clock), visiting=_visiting(request))
    except NotBuilt:
        return not_built()
    logo = page.logo_origin(scene.view.brand)
    return _html(request, page.whole(scene, around), around.nonce, logo, status)


def _told(scene: Scene, speed: float) -> dict[str, Any]:
    return {"parts": parts(scene), "age": page.map_age(scene), "state": page.state(scene, speed)}


@router.get("/{token}")
async def track(work: ShopperWork, request: Request, token: Token, lang: LangAsked = None) -> Response:
    """Where the order is: whole before any script runs."""
    scene = await _scene(work, request, token, lang)
    done = request.query_params.get("done", "")
    return _shown(replace(scene, said=_done(scene, done)), request, work)


def _done(scene: Scene, what: str) -> Said | None:
    """What is said after a note was saved or a tip was set."""
    html = scene.speech.html
    if what == "note":
        return Said("note", html("note.saved", who=scene.who))
    if what == "tip":
        return Said("tip", html("tip.set", sum=scene.speech.money(scene.view.tip)))
    return None


@router.post("/{token}/instructions")
async def instruct(
    work: ShopperWork, request: Request, token: Token, instructions: Words = "", lang: LangAsked = None
) -> Response:
    """Keep the note for the driver."""
    assert work.actor.subject is not None
    try:
        await service.instruct(work, work.actor.subject, instructions.strip())
    except Frozen:
        scene = await _scene(work, request, token, lang)
        return _refused(work, request, scene, "note", scene.speech.html("note.over"))
    return await _after(work, request, token, lang, "note")


@router.post("/{token}/tip")
async def tip(
    work: ShopperWork,
    request: Request,
    token: Token,
    amount: Amount = "",
    other: Amount = "",
    lang: LangAsked = None,
) -> Response:
    """Set the tip to ``amount`` minor units, or to ``other`` dollars."""
    assert work.actor.subject is not None
    scene = await _scene(work, request, token, lang)
    speech, before = scene.speech, scene.view.tip
    wanted = _minor(amount, other)
    limit = scene.view.tip_limit
    why = None
    if wanted is None or not 0 <= wanted <= limit.minor:
        why = speech.html(
            "tip.refused.limit", least=speech.money(Money.zero(limit.currency)), limit=speech.money(limit)
        )
    else:
        try:
            await service.tip(work, work.actor.subject, wanted)
        except TipRefused:
            key = "tip.refused.rises" if scene.view.may_tip else "tip.refused.over"
            why = speech.html(key, sum=speech.money(before))
    if why is not None:
        return _refused(work, request, scene, "tip", speech.html("tip.refused", why=Markup(why)))
    return await _after(work, request, token, lang, "tip")


def _minor(amount: str, other: str) -> int | None:
    """Minor units of what was chosen; None when it is no sum of money."""
    if amount != "other":
        return int(amount) if amount.isascii() and amount.isdigit() else None
    try:
        dollars = Decimal(other.strip().removeprefix("$").replace(",", "."))
    except InvalidOperation:
        return None
    if not dollars.is_finite() or dollars.as_tuple().exponent < -2:  # type: ignore[operator]  # finite: a number
        return None
    return int(dollars * 100)


def _by_script(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def _after(work: Work, request: Request, token: str, lang: str | None, what: str) -> Response:
    """After a change: fresh parts for the page's script, else back to the page."""
    if _by_script(request):
        scene = await _scene(work, request, token, lang)
        told = _told(replace(scene, said=_done(scene, what)), _speed(work.clock))
        return JSONResponse(told, headers=DISCREET)
    where = f"/track/{token}?lang={_lang(request, lang)}&done={what}#{what}"
    return RedirectResponse(where, 303, headers=DISCREET)


def _refused(work: Work, request: Request, scene: Scene, part: str, html: str) -> Response:
    """The page, or its parts, with what could not be done said where it was tried."""
    scene = replace(scene, said=Said(part, html, refused=True))
    if _by_script(request):
        return JSONResponse(_told(scene, _speed(work.clock)), 409, headers=DISCREET)
    return _shown(scene, request, work, 409)


@router.get("/{token}/stream")
async def stream(
    request: Request,
    token: Token,
    actor: Annotated[Actor, Depends(audience_actor(Audience.SHOPPER))],
    lang: LangAsked = None,
) -> StreamingResponse:
    """Parts that have changed, whenever they do; all of them first. Ends when the link does."""
    database = database_of(request)
    bus: Bus = request.app.state.bus
    subject = actor.subject
    assert subject is not None
    async with database.work(actor) as work:
        await queries.living(work, subject)
    shown: dict[str, str] = {}
    placed = ""

    async def look() -> list[bytes]:
        nonlocal placed
        async with database.work(actor) as work:
            scene = await _scene(work, request, token, lang)
            told = _told(scene, _speed(work.clock))
        fresh = {
            name: text
            for name, text in told["parts"].items()
            if name not in ANSWERS and _still(text) != shown.get(name)
        }
        place = f"{told['state']['map']}{told['state']['speed']}{told['state']['over']}"
        if not fresh and place == placed:
            return []
        shown.update({name: _still(text) for name, text in fresh.items()})
        placed = place
        return [frame("parts", {**told, "parts": fresh})]

    answer = event_stream(_until_gone(frames(bus, (f"delivery:{subject}",), look, LOOK_EVERY_S)))
    answer.headers.update(DISCREET)
    return answer


def _still(html: str) -> str:
    """A part without what changes by the passing of time alone."""
    return _AGES.sub(r"\1", html)


async def _until_gone(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for part in source:
            yield part
    except Gone:
        yield frame("gone", {"code": Gone.code})
