"""Routes of the shopper: by the token of the tracking link and nothing else."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.responses import StreamingResponse

from doorstep.connectors.outside import Connectors
from doorstep.features.tracking import queries, service
from doorstep.features.tracking.errors import Gone
from doorstep.features.tracking.schemas import Instructions, TipWanted, Tracking
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import ShopperWork, audience_actor, database_of
from doorstep.platform.bus import Bus
from doorstep.platform.db.work import Work
from doorstep.platform.http.problems import PROBLEMS
from doorstep.platform.http.streams import event_stream, frame, frames
from doorstep.units.ids import parse

_ANSWERS: dict[int | str, dict[str, Any]] = {
    **{status: PROBLEMS[status] for status in (400, 401, 404, 409, 422, 503)},
    410: {**PROBLEMS[404], "description": "The delivery ended more than a day ago"},
}


def _discreet(response: Response) -> None:
    """Keep the view out of search engines, caches and other sites' logs."""
    response.headers.update(DISCREET)


DISCREET = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
router = APIRouter(
    prefix="/shopper/v1", tags=["shopper"], responses=_ANSWERS, dependencies=[Depends(_discreet)]
)
Token = Annotated[str, Path(max_length=64, description="The token of the tracking link.")]
ProofPath = Annotated[str, Path(max_length=40, examples=["prf_01jd0000000000000000000000"])]
POSITIONS_EVERY_S = 2.0


def _connectors(request: Request) -> Connectors:
    connectors: Connectors = request.app.state.connectors
    return connectors


async def _view(work: Work, request: Request) -> Tracking:
    assert work.actor.subject is not None
    return Tracking.of(await queries.view(work, _connectors(request), work.actor.subject))


@router.get("/{token}")
async def track(work: ShopperWork, request: Request, token: Token) -> Tracking:  # noqa: ARG001 (read by the gate)
    """Where the order is, in words, with a range for its arrival."""
    return await _view(work, request)


@router.get(
    "/{token}/stream",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events `tracking`", "content": {"text/event-stream": {}}}},
)
async def stream(
    request: Request,
    token: Token,  # noqa: ARG001 (read by the gate)
    actor: Annotated[Actor, Depends(audience_actor(Audience.SHOPPER))],
) -> StreamingResponse:
    """The same view, again whenever it changes; ends when the link does."""
    database, connectors = database_of(request), _connectors(request)
    bus: Bus = request.app.state.bus
    subject = actor.subject
    assert subject is not None
    async with database.work(actor) as work:
        await queries.living(work, subject)
    shown: Tracking | None = None

    async def look() -> list[bytes]:
        nonlocal shown
        async with database.work(actor) as work:
            fresh = Tracking.of(await queries.view(work, connectors, subject))
        if shown is not None and _same(shown, fresh):
            return []
        shown = fresh
        return [frame("tracking", fresh.model_dump(mode="json"))]

    answer = event_stream(_until_gone(frames(bus, (f"delivery:{subject}",), look, POSITIONS_EVERY_S)))
    answer.headers.update(DISCREET)
    return answer


async def _until_gone(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for part in source:
            yield part
    except Gone:
        yield frame("gone", {"code": Gone.code})


def _same(a: Tracking, b: Tracking) -> bool:
    """Whether nothing but time has passed between two views."""
    ages: dict[str, Any] = {"as_of": True, "estimate": {"as_of", "age_s"}, "position": {"age_s"}}
    return a.model_dump(exclude=ages) == b.model_dump(exclude=ages)


@router.patch("/{token}/instructions")
async def instruct(work: ShopperWork, request: Request, token: Token, wanted: Instructions) -> Tracking:  # noqa: ARG001 (read by the gate)
    """Tell how to find the door; until the hand-over."""
    assert work.actor.subject is not None
    await service.instruct(work, work.actor.subject, wanted.instructions)
    return await _view(work, request)


@router.post("/{token}/tip")
async def tip(work: ShopperWork, request: Request, token: Token, wanted: TipWanted) -> Tracking:  # noqa: ARG001 (read by the gate)
    """Give the driver a tip, all of which is hers; until a day after the end. Once accepted it only rises."""
    assert work.actor.subject is not None
    await service.tip(work, work.actor.subject, wanted.amount_minor)
    return await _view(work, request)


@router.get(
    "/{token}/proof/{proof_id}",
    response_class=Response,
    responses={200: {"description": "The picture", "content": {"image/jpeg": {}, "image/png": {}}}},
)
async def proof(work: ShopperWork, request: Request, token: Token, proof_id: ProofPath) -> Response:  # noqa: ARG001 (read by the gate)
    """A picture of the hand-over."""
    assert work.actor.subject is not None
    key, media_type = await queries.picture(work, work.actor.subject, parse("proof", proof_id))
    return Response(await _connectors(request).blobs.get(key), media_type=media_type, headers=DISCREET)
