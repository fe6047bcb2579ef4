"""Routes of deliveries for merchants."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import placing, queries, service
from doorstep.features.deliveries.answers import DeliveryTold, EventTold, PinTold, ProofTold
from doorstep.features.deliveries.rules import Delivery, DeliveryState, Party
from doorstep.features.deliveries.schemas import (
    CancelAsked,
    DeliveryAmended,
    DeliveryAsked,
    Instant,
    ReadyAsked,
    TipAsked,
)
from doorstep.features.identity import queries as identity
from doorstep.features.identity.rules import Scope
from doorstep.features.identity.tokens import tracking_token
from doorstep.features.quotes.schemas import instant_of
from doorstep.platform.auth.gate import MerchantWork, need
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotAllowed
from doorstep.platform.http.idempotency import once
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import MEDIA, PROBLEMS
from doorstep.units.ids import parse
from doorstep.units.money import Money

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"], responses=PROBLEMS)

DeliveryPath = Annotated[str, Path(max_length=40, examples=["dlv_01jd0000000000000000000000"])]
ProofPath = Annotated[str, Path(max_length=40, examples=["prf_01jd0000000000000000000000"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="The same key with the same body is done once and answered alike for seven days.",
    ),
]
_CREDIT: dict[int | str, dict[str, Any]] = {
    402: {"description": "The credit is used up; nothing was stored.", "content": {MEDIA: {}}}
}
_READ = (Scope.DELIVERIES_READ, Scope.DELIVERIES_WRITE)


def _outside(request: Request) -> Connectors:
    connectors: Connectors = request.app.state.connectors
    return connectors


def _told(work: Work, request: Request, delivery: Delivery) -> DeliveryTold:
    outside = _outside(request)
    link = f"{outside.own_url}/track/{tracking_token(outside.secrets, delivery.id)}"
    return DeliveryTold.of(delivery, work.now(), link)


@router.post("", status_code=201, response_model=DeliveryTold, responses=_CREDIT)
async def create(
    work: MerchantWork, request: Request, wanted: DeliveryAsked, idempotency_key: IdempotencyKey = None
) -> Response:
    """Ask for a delivery: priced, promised, its money set aside, and on its way to a carrier.

    With `quote_id` at the quoted price, else at today's. Refusals store nothing; `not_eligible` gives all
    reasons and what could be had instead.
    """
    need(work, Scope.DELIVERIES_WRITE)

    async def act() -> JSONResponse:
        made = await placing.place(work, _outside(request), wanted.order())
        return JSONResponse(_told(work, request, made).model_dump(mode="json"), 201)

    return await once(work, request, idempotency_key, act)


@router.get("")
async def listed(
    work: MerchantWork,
    request: Request,
    state: Annotated[Sequence[DeliveryState], Query(max_length=15, description="Any of these.")] = (),
    store: Annotated[str | None, Query(max_length=40)] = None,
    external_id: Annotated[
        str | None,
        Query(min_length=1, max_length=120, pattern=r"^[^\x00]*$", description="Exactly this reference."),
    ] = None,
    created_from: Annotated[Instant | None, Query(description="At this instant or later.")] = None,
    created_until: Annotated[Instant | None, Query(description="Before this instant.")] = None,
    q: Annotated[
        str,
        Query(
            max_length=80,
            pattern=r"^[^\x00]*$",
            description="Part of a reference, a shopper's name, a street or a ZIP.",
        ),
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryTold]:
    """Your deliveries, newest first."""
    need(work, *_READ)
    found = await queries.search(
        work,
        limit=limit + 1,
        before=read_cursor(cursor),
        states=state,
        merchant_id=work.actor.tenant,
        external_id=external_id,
        store_id=None if store is None else parse("store", store),
        created_from=instant_of(created_from),
        created_until=instant_of(created_until),
        text=q,
    )
    page = found[:limit]
    return Page(
        items=[_told(work, request, one) for one in page],
        next=cursor_after(page[-1].id) if len(found) > limit else None,
    )


@router.get("/{delivery_id}")
async def read(work: MerchantWork, request: Request, delivery_id: DeliveryPath) -> DeliveryTold:
    """One delivery."""
    need(work, *_READ)
    return _told(work, request, await queries.delivery(work, parse("delivery", delivery_id)))


@router.patch("/{delivery_id}")
async def amend(
    work: MerchantWork, request: Request, delivery_id: DeliveryPath, wish: DeliveryAmended
) -> DeliveryTold:
    """Change what may still be changed, all of it or nothing.

    Address and phone until a carrier has it; window, goods, name, readiness until pickup; instructions until the
    end. Another address or window must cost the same (`repriced` otherwise).
    """
    need(work, Scope.DELIVERIES_WRITE)
    door = wish.dropoff
    changed = await placing.change(
        work,
        _outside(request),
        parse("delivery", delivery_id),
        wish.amendment(),
        address=None if door is None else door.address.value(),
        point=None if door is None or door.point is None else door.point.value(),
        window=None if wish.window is None else wish.window.value(),
    )
    return _told(work, request, changed)


@router.post("/{delivery_id}/cancel")
async def cancel(
    work: MerchantWork, request: Request, delivery_id: DeliveryPath, wish: CancelAsked
) -> DeliveryTold:
    """Call it off, until the goods are picked up. Free while no carrier has it; by the tariff's fee afterwards."""
    need(work, Scope.DELIVERIES_WRITE)
    ended = await service.cancel(work, parse("delivery", delivery_id), Party.MERCHANT, wish.why(), wish.note)
    return _told(work, request, ended)


@router.post("/{delivery_id}/tip")
async def tip(
    work: MerchantWork, request: Request, delivery_id: DeliveryPath, wish: TipAsked
) -> DeliveryTold:
    """Set the tip, until 24 hours after the end. Once a driver has accepted the delivery it can only rise."""
    need(work, Scope.DELIVERIES_WRITE)
    found = await queries.delivery(work, parse("delivery", delivery_id))
    changed = await service.tip(work, found.id, Money(wish.tip_minor, found.tip.currency))
    return _told(work, request, changed)


@router.post("/{delivery_id}/ready")
async def ready(
    work: MerchantWork, request: Request, delivery_id: DeliveryPath, wish: ReadyAsked
) -> DeliveryTold:
    """Say when the goods are, or will be, ready at the counter. Who works at one store says it of that store's."""
    need(work, Scope.DELIVERIES_WRITE, Scope.STORE)
    found = await queries.delivery(work, parse("delivery", delivery_id))
    if await identity.store_of(work) not in {None, found.store_id}:
        raise NotAllowed("It leaves from another store.")
    changed = await service.move_ready(work, found.id, wish.at(work.now()))
    return _told(work, request, changed)


@router.get("/{delivery_id}/pin")
async def pin(work: MerchantWork, request: Request, delivery_id: DeliveryPath) -> PinTold:
    """The shopper's code, for you to pass on."""
    need(work, Scope.DELIVERIES_WRITE)
    sealed = await queries.sealed_pin(work, parse("delivery", delivery_id))
    return PinTold(pin=None if sealed is None else _outside(request).secrets.unseal(sealed).decode())


@router.get("/{delivery_id}/events")
async def events(work: MerchantWork, delivery_id: DeliveryPath) -> list[EventTold]:
    """Everything that happened to it, in order."""
    need(work, *_READ)
    return [EventTold.of(one) for one in await queries.timeline(work, parse("delivery", delivery_id))]


@router.get("/{delivery_id}/proofs")
async def proofs(work: MerchantWork, delivery_id: DeliveryPath) -> list[ProofTold]:
    """The proofs that were taken."""
    need(work, *_READ)
    found = await queries.delivery(work, parse("delivery", delivery_id))
    return [ProofTold.of(one) for one in await queries.proofs(work, found.id)]


@router.get(
    "/{delivery_id}/proofs/{proof_id}",
    response_class=Response,
    responses={200: {"description": "The picture", "content": {"image/jpeg": {}, "image/png": {}}}},
)
async def proof_picture(
    work: MerchantWork, request: Request, delivery_id: DeliveryPath, proof_id: ProofPath
) -> Response:
    """The picture of a photo or signature."""
    need(work, *_READ)
    key, media_type = await queries.proof_picture(
        work, parse("delivery", delivery_id), parse("proof", proof_id)
    )
    content = await _outside(request).blobs.get(key)
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})
