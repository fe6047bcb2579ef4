"""Routes of the console."""

import time
from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime
from starlette.responses import StreamingResponse

from doorstep.connectors.outside import Connectors
from doorstep.features.console import overrides, overview, safety, schemas, timeline, vitals
from doorstep.features.console.live import MarketWatch, market_stream
from doorstep.features.console.records import Wanted, records
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import DeliveryState
from doorstep.features.deliveries.service import Amendment
from doorstep.features.identity import queries as identity
from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries as markets
from doorstep.platform import audit
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import StaffWork, audience_actor, database_of, need
from doorstep.platform.bus import Bus
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.platform.http.streams import EventStream, event_stream
from doorstep.units.ids import parse
from doorstep.units.time import MarketInstant

router = APIRouter(prefix="/staff/v1", tags=["staff: console"], responses=PROBLEMS)

DeliveryPath = Annotated[str, Path(max_length=40, examples=["dlv_01jd0000000000000000000000"])]
DriverPath = Annotated[str, Path(max_length=40, examples=["drv_01jd0000000000000000000000"])]
MarketPath = Annotated[str, Path(max_length=40, examples=["mkt_01jd0000000000000000000000"])]
OfferPath = Annotated[str, Path(max_length=40, examples=["off_01jd0000000000000000000000"])]
ProofPath = Annotated[str, Path(max_length=40, examples=["prf_01jd0000000000000000000000"])]
TripPath = Annotated[str, Path(max_length=40, examples=["trp_01jd0000000000000000000000"])]
Words = Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")]
IdFilter = Annotated[str | None, Query(max_length=40)]
DISPATCHES = (StaffRole.OWNER, StaffRole.DISPATCHER)
CANCELS = (*DISPATCHES, StaffRole.SUPPORT)


@router.get("/deliveries")
async def list_deliveries(
    work: StaffWork,
    search: Words = "",
    state: Annotated[list[DeliveryState] | None, Query(max_length=20)] = None,
    market: IdFilter = None,
    merchant: IdFilter = None,
    store: IdFilter = None,
    driver: IdFilter = None,
    created_from: AwareDatetime | None = None,
    created_until: AwareDatetime | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.DeliveryTold]:
    """Deliveries, newest first, that fit every filter; each word of `search` is part of a name, address or external id, or an id."""
    found = await deliveries.search(
        work,
        limit=limit + 1,
        before=read_cursor(cursor),
        states=[str(one) for one in state or ()],
        market_id=parse("market", market) if market else None,
        merchant_id=parse("merchant", merchant) if merchant else None,
        store_id=parse("store", store) if store else None,
        driver_id=parse("driver", driver) if driver else None,
        created_from=created_from,
        created_until=created_until,
        text=search,
    )
    now = work.now()
    more = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[schemas.DeliveryTold.of(one, now) for one in found[:limit]], next=more)


@router.get("/deliveries/{delivery_id}")
async def read_delivery(work: StaffWork, delivery_id: DeliveryPath) -> schemas.DeliveryWhole:
    """One delivery and its whole timeline: moves, offers with their terms, reasons, proofs, money, webhooks."""
    return schemas.DeliveryWhole.of(await timeline.whole(work, parse("delivery", delivery_id)), work.now())


@router.get(
    "/deliveries/{delivery_id}/proofs/{proof_id}",
    response_class=Response,
    responses={200: {"description": "The picture", "content": {"image/jpeg": {}, "image/png": {}}}},
)
async def read_proof_picture(
    work: StaffWork, request: Request, delivery_id: DeliveryPath, proof_id: ProofPath
) -> Response:
    """The picture of a photo or signature. Staff's own route: nobody else has its address, no cache keeps it."""
    key, media_type = await deliveries.proof_picture(
        work, parse("delivery", delivery_id), parse("proof", proof_id)
    )
    connectors: Connectors = request.app.state.connectors
    content = await connectors.blobs.get(key)
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, no-store"})


@router.get("/drivers/{driver_id}/drawer")
async def read_driver_drawer(work: StaffWork, driver_id: DriverPath) -> schemas.DriverDrawer:
    """A driver at this moment: position, trips, open offers, what she carries."""
    return schemas.DriverDrawer.of(await overview.drawer(work, parse("driver", driver_id)), work.now())


@router.get("/markets/{market_id}/exceptions")
async def list_exceptions(work: StaffWork, market_id: MarketPath) -> schemas.Queue:
    """What needs somebody, ranked by what it comes to if nobody acts for a quarter of an hour."""
    found = await overview.concerns(work, parse("market", market_id))
    now = work.now()
    return schemas.Queue(as_of=now, items=[schemas.ConcernTold.of(trouble, now) for trouble in found])


@router.get("/markets/{market_id}/vitals")
async def read_vitals(work: StaffWork, market_id: MarketPath) -> schemas.VitalsTold:
    """What a dispatcher looks at first: kept promises, what is open, who drives, promised minus paid."""
    return schemas.VitalsTold.of(await vitals.vitals(work, parse("market", market_id)))


@router.get("/markets/{market_id}/safety-calls")
async def list_waiting_for_help(work: StaffWork, market_id: MarketPath) -> list[schemas.SafetyWaiting]:
    """Drivers who pressed the safety button and are still waited for, the gravest first."""
    found = await safety.waiting(work, parse("market", market_id))
    return [schemas.SafetyWaiting.of(one) for one in found]


@router.post("/drivers/{driver_id}/safety-settled", status_code=204)
async def settle_safety_calls(work: StaffWork, driver_id: DriverPath, wanted: schemas.SafetySettled) -> None:
    """Write down what was done about a driver's calls. For owners, dispatchers and support."""
    need(work, *CANCELS)
    await safety.settle(work, parse("driver", driver_id), wanted.seen_at.astimezone(UTC), wanted.reason)


@router.get(
    "/markets/{market_id}/stream",
    response_class=EventStream,
    responses={
        200: {
            "description": "Server-sent events; the name of each says what its data is. Ends after five minutes; reconnect.",
            "model": schemas.MarketFrames,
            "content": {"text/event-stream": {"schema": {"type": "object"}}},
        }
    },
)
async def stream_market(
    request: Request,
    market_id: MarketPath,
    actor: Annotated[Actor, Depends(audience_actor(Audience.STAFF))],
) -> StreamingResponse:
    """A market live."""
    database, wanted = database_of(request), parse("market", market_id)
    async with database.work(actor) as work:
        await markets.market(work, wanted)
    bus: Bus = request.app.state.bus
    watch = MarketWatch(database, actor, wanted)
    return event_stream(market_stream(request.app, bus, wanted, watch, time.monotonic))


@router.post("/deliveries/{delivery_id}/assign", status_code=201)
async def assign(
    work: StaffWork, request: Request, delivery_id: DeliveryPath, wanted: schemas.AssignAsked
) -> schemas.OfferTold:
    """Show a waiting delivery to one driver alone; she may still say no. For owners and dispatchers."""
    need(work, *DISPATCHES)
    connectors: Connectors = request.app.state.connectors
    driver_id = parse("driver", wanted.driver_id)
    offer = await overrides.assign(work, connectors, parse("delivery", delivery_id), driver_id, wanted.reason)
    return schemas.OfferTold.of(offer)


@router.post("/deliveries/{delivery_id}/unassign")
async def unassign(
    work: StaffWork, delivery_id: DeliveryPath, wanted: schemas.OverrideAsked
) -> schemas.DeliveryTold:
    """Take a delivery back from its carrier before pickup. For owners and dispatchers."""
    need(work, *DISPATCHES)
    after = await overrides.unassign(work, parse("delivery", delivery_id), wanted.reason)
    return schemas.DeliveryTold.of(after, work.now())


@router.post("/deliveries/{delivery_id}/cancel")
async def cancel(
    work: StaffWork, delivery_id: DeliveryPath, wanted: schemas.CancelAsked
) -> schemas.DeliveryTold:
    """End a delivery. For owners, dispatchers and support."""
    need(work, *CANCELS)
    after = await overrides.cancel(work, parse("delivery", delivery_id), wanted.why, wanted.reason)
    return schemas.DeliveryTold.of(after, work.now())


@router.post("/deliveries/{delivery_id}/provider", status_code=202)
async def call_provider(
    work: StaffWork, delivery_id: DeliveryPath, wanted: schemas.ProviderAsked
) -> schemas.DeliveryTold:
    """Have an outside courier asked for a waiting delivery at once. For owners and dispatchers."""
    need(work, *DISPATCHES)
    after = await overrides.call_provider(
        work,
        parse("delivery", delivery_id),
        wanted.reason,
        parse("provider", wanted.provider_id) if wanted.provider_id else None,
    )
    return schemas.DeliveryTold.of(after, work.now())


@router.post("/deliveries/{delivery_id}/provider/set-aside")
async def set_provider_aside(
    work: StaffWork, delivery_id: DeliveryPath, wanted: schemas.OverrideAsked
) -> schemas.DeliveryTold:
    """Let others have a delivery although a courier company does not say whether its courier is coming.

    The one way in which a second courier may be sent; the company is still called off. For owners and dispatchers.
    """
    need(work, *DISPATCHES)
    after = await overrides.set_aside(work, parse("delivery", delivery_id), wanted.reason)
    return schemas.DeliveryTold.of(after, work.now())


@router.post("/deliveries/{delivery_id}/amend")
async def amend(
    work: StaffWork, delivery_id: DeliveryPath, wanted: schemas.AmendAsked
) -> schemas.DeliveryTold:
    """Change the door's instructions or phone, or when the goods are ready. For owners, dispatchers, support."""
    need(work, *CANCELS)
    wish = Amendment(
        instructions=wanted.instructions,
        phone=wanted.phone,
        ready_at=MarketInstant(wanted.ready_at.astimezone(UTC)) if wanted.ready_at else None,
    )
    after = await overrides.amend(work, parse("delivery", delivery_id), wish, wanted.reason)
    return schemas.DeliveryTold.of(after, work.now())


@router.post("/trips/{trip_id}/reassign", status_code=201)
async def reassign(
    work: StaffWork, request: Request, trip_id: TripPath, wanted: schemas.ReassignAsked
) -> schemas.OfferTold:
    """Take a whole trip from its driver before pickup and ask another. For owners and dispatchers.

    The first keeps what she was promised; the other may still say no.
    """
    need(work, *DISPATCHES)
    connectors: Connectors = request.app.state.connectors
    driver_id = parse("driver", wanted.driver_id)
    offer = await overrides.reassign(work, connectors, parse("trip", trip_id), driver_id, wanted.reason)
    return schemas.OfferTold.of(offer)


@router.post("/offers/{offer_id}/withdraw")
async def withdraw(work: StaffWork, offer_id: OfferPath, wanted: schemas.OverrideAsked) -> schemas.OfferTold:
    """Take an open offer back. For owners and dispatchers."""
    need(work, *DISPATCHES)
    return schemas.OfferTold.of(await overrides.withdraw(work, parse("offer", offer_id), wanted.reason))


@router.get("/audit")
async def list_audit(
    work: StaffWork,
    subject: Words = "",
    act: Words = "",
    actor: Words = "",
    at_from: AwareDatetime | None = None,
    at_until: AwareDatetime | None = None,
    limit: Limit = 50,
    before: Annotated[int | None, Query(ge=1, le=1 << 62)] = None,
) -> schemas.AuditPage:
    """What was done by hand, newest first: to `subject`, by whom and what (both as beginnings), when. For owners."""
    need(work, StaffRole.OWNER)
    wanted = Wanted(subject=subject, act=act, actor=actor, at_from=at_from, at_until=at_until)
    found = await records(work, wanted, limit=limit + 1, before=before)
    more = found[limit - 1].id if len(found) > limit else None
    names = await identity.names_of(work, {row.actor for row in found})
    return schemas.AuditPage(items=[schemas.AuditTold.of(row, names) for row in found[:limit]], next=more)


@router.get("/audit/verdict")
async def verify_audit(work: StaffWork) -> schemas.AuditVerdict:
    """Walk the whole chain of the audit: whether nothing was changed, removed or put in between. For owners."""
    need(work, StaffRole.OWNER)
    broken = await audit.verify(work)
    if broken is None:
        return schemas.AuditVerdict(holds=True)
    return schemas.AuditVerdict(holds=False, broken_at=broken.record_id, why=broken.why)
