"""Routes of drivers' offers and trips."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from fastapi.responses import StreamingResponse

from doorstep.connectors.maps.protocol import Leg
from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.rules import Fact, ProofKind
from doorstep.features.deliveries.service import PaperSeen, ProofTaken
from doorstep.features.drivers import queries as drivers
from doorstep.features.offers import queries, schemas, service, trip_schemas
from doorstep.features.offers.reporting import Contact, Reported
from doorstep.features.offers.rules import (
    CONTACTS,
    FACT_OF,
    ZONE_SPAN,
    Offer,
    OfferMode,
    OfferState,
    ReportKind,
    Trip,
    TripState,
    document,
    meant,
)
from doorstep.features.offers.ways import ways
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import DriverWork, audience_actor, database_of
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.platform.http.streams import event_stream, frame, frames
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.ids import parse
from doorstep.units.time import MarketInstant, market_instant

router = APIRouter(prefix="/driver/v1", tags=["driver: offers and trips"], responses=PROBLEMS)
OfferPath = Annotated[str, Path(max_length=40, examples=["off_01jd0000000000000000000000"])]
TripPath = Annotated[str, Path(max_length=40, examples=["trp_01jd0000000000000000000000"])]
DeliveryPath = Annotated[str, Path(max_length=40, examples=["dlv_01jd0000000000000000000000"])]
MOST_PICTURE_BYTES = 8 * 1024 * 1024


def _me(work: Work) -> UUID:
    assert work.actor.subject is not None
    return work.actor.subject


async def _offer(work: Work, connectors: Connectors, offer: Offer) -> schemas.OfferTold:
    """As told to the driver; how far she is from its shop is frozen only when she alone is asked."""
    shop, approach = offer.terms.pickups[0].point, None
    if offer.terms.approach_m is not None:
        approach = Leg(Metres(offer.terms.approach_m), Seconds(offer.approach_s))
    elif offer.mode is OfferMode.BROADCAST and offer.state is OfferState.OPEN:
        approach, _ = await ways(work, connectors, offer.market_id, _me(work), [shop])
    return schemas.OfferTold.of(offer, work.clock.real_seconds_until(offer.expires_at), approach)


async def _trip(work: Work, trip: Trip) -> trip_schemas.TripTold:
    return trip_schemas.TripTold.of(trip, await deliveries.many(work, trip.delivery_ids))


@router.get("/offers")
async def offers(work: DriverWork, request: Request) -> schemas.Offers:
    """Offers you may accept now, oldest first."""
    mine = await queries.open_for(work, _me(work))
    return schemas.Offers(items=[await _offer(work, request.app.state.connectors, offer) for offer in mine])


@router.get(
    "/offers/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def offers_stream(
    request: Request, actor: Annotated[Actor, Depends(audience_actor(Audience.DRIVER))]
) -> StreamingResponse:
    """The same list, live: an event ``offers`` at once and whenever it changes."""
    database = database_of(request)
    connectors: Connectors = request.app.state.connectors
    last: list[Any] = [None]

    async def look() -> list[bytes]:
        async with database.work(actor) as work:
            mine = await queries.open_for(work, _me(work))
            shown = [offer.id for offer in mine]
            if shown == last[0]:
                return []
            told = [(await _offer(work, connectors, offer)).model_dump(mode="json") for offer in mine]
        last[0] = shown
        return [frame("offers", {"items": told})]

    source = frames(request.app.state.bus, (f"driver:{actor.subject}",), look, every_s=3.0)
    return event_stream(source)


@router.get("/zones")
async def zones(work: DriverWork) -> schemas.Zones:
    """Where offers were made in your market in the last quarter of an hour, to whomever. Counts, never a forecast."""
    market_id = (await drivers.driver(work, _me(work))).market_id
    found = await queries.zones(work, market_id)
    return schemas.Zones(
        since=work.now() - ZONE_SPAN,
        items=[schemas.ZoneTold(point=schemas.Point.of(zone.point), offers=zone.offers) for zone in found],
    )


@router.get("/offers/{offer_id}")
async def read_offer(work: DriverWork, request: Request, offer_id: OfferPath) -> schemas.OfferTold:
    """One offer that was shown to you, whatever became of it."""
    offer = await queries.offer(work, parse("offer", offer_id))
    return await _offer(work, request.app.state.connectors, offer)


@router.get("/offers/{offer_id}/terms")
async def read_terms(work: DriverWork, offer_id: OfferPath) -> schemas.TermsTold:
    """The frozen terms as they were hashed."""
    offer = await queries.offer(work, parse("offer", offer_id))
    return schemas.TermsTold(terms_hash=offer.terms_hash, terms=document(offer.terms))


@router.post("/offers/{offer_id}/accept")
async def accept(work: DriverWork, offer_id: OfferPath) -> trip_schemas.TripTold:
    """Take an offer: you get its trip, addresses included. 409 ``offer_gone`` when somebody was quicker."""
    return await _trip(work, await service.accept(work, parse("offer", offer_id), _me(work)))


@router.post("/offers/{offer_id}/decline")
async def decline(work: DriverWork, request: Request, offer_id: OfferPath) -> schemas.OfferTold:
    """Say no. It is offered to you again only with more extra pay; nothing else follows."""
    offer = await service.decline(work, parse("offer", offer_id), _me(work))
    return await _offer(work, request.app.state.connectors, offer)


@router.get("/trips/current")
async def current(work: DriverWork) -> trip_schemas.Current:
    """The trip you are on, and the one you accepted to follow it."""
    live = {trip.state: trip for trip in await queries.trips_of(work, _me(work), live=True)}
    now, following = live.get(TripState.UNDER_WAY), live.get(TripState.NEXT)
    return trip_schemas.Current(
        trip=None if now is None else await _trip(work, now),
        next=None if following is None else await _trip(work, following),
    )


@router.get("/trips")
async def trips(work: DriverWork, limit: Limit = 20, cursor: Cursor = None) -> Page[trip_schemas.TripTold]:
    """Your trips, newest first."""
    found = await queries.trips_of(work, _me(work), limit=limit + 1, before=read_cursor(cursor))
    following = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[await _trip(work, trip) for trip in found[:limit]], next=following)


@router.get("/trips/{trip_id}")
async def read_trip(work: DriverWork, trip_id: TripPath) -> trip_schemas.TripTold:
    """One of your trips."""
    return await _trip(work, await queries.trip(work, parse("trip", trip_id)))


@router.post("/trips/{trip_id}/reports")
async def report(
    work: DriverWork, request: Request, trip_id: TripPath, wanted: trip_schemas.ReportsAsked
) -> trip_schemas.ReportsTold:
    """What happened on the road, as many as the phone has kept. Late, doubled, disordered: each counts once.

    The answer tells of each whether it counts; one that does not keeps no other from counting.
    """
    connectors: Connectors = request.app.state.connectors
    found = await queries.trip(work, parse("trip", trip_id))
    reports = list(_reports(work, found, wanted.reports))
    trip, heard = await service.report(work, connectors.blobs, connectors.secrets, found.id, reports)
    return trip_schemas.ReportsTold(
        heard=[trip_schemas.HeardTold.of(one) for one in heard], trip=await _trip(work, trip)
    )


def _reports(work: Work, trip: Trip, asked: Iterable[trip_schemas.ReportAsked]) -> Iterable[Reported]:
    now = work.now()
    for number, one in enumerate(asked):
        named = [parse("delivery", text) for text in one.deliveries]
        about = list(dict.fromkeys(named)) or list(meant(one.kind, trip.stops))
        if not about:
            raise Invalid(
                "This report must name its delivery.",
                faults=[Fault(f"/reports/{number}/deliveries", "empty")],
            )
        # A phone's clock that runs ahead counts as now.
        device_at = None if one.device_at is None else min(market_instant(one.device_at), now)
        point = None if one.point is None else LatLng(lat=one.point.lat, lng=one.point.lng)
        kind = FACT_OF.get(one.kind)
        contact = None
        if one.kind is ReportKind.CONTACT_TRIED:
            if one.reason not in CONTACTS:
                raise Invalid(
                    "Say how she was to be reached.", faults=[Fault(f"/reports/{number}/reason", "unknown")]
                )
            contact = Contact(one.reason, device_at)
        for delivery_id in about:
            yield Reported(
                report_id=one.report_id,
                delivery_id=delivery_id,
                fact=None
                if kind is None
                else Fact(
                    kind=kind,
                    report_id=one.report_id,
                    device_at=device_at,
                    point=point,
                    note=one.note,
                    reason=one.reason,
                ),
                proofs=tuple(_proofs(one, device_at, point)),
                contact=contact,
            )


def _proofs(
    one: trip_schemas.ReportAsked, device_at: MarketInstant | None, point: LatLng | None
) -> Iterable[ProofTaken]:
    if one.pin is not None:
        yield ProofTaken(
            kind=ProofKind.PIN, report_id=one.report_id, text=one.pin, device_at=device_at, point=point
        )
    for number, scanned in enumerate(one.scans):
        yield ProofTaken(
            kind=ProofKind.SCAN,
            report_id=f"{one.report_id}:{number}",
            text=scanned,
            device_at=device_at,
            point=point,
        )
    if one.paper is not None:
        seen = PaperSeen(
            paper=one.paper.paper,
            of_age=one.paper.of_age,
            expired=one.paper.expired,
            last_4=one.paper.last_4,
        )
        yield ProofTaken(
            kind=ProofKind.ID_CHECK, report_id=one.report_id, paper=seen, device_at=device_at, point=point
        )


@router.post("/trips/{trip_id}/deliveries/{delivery_id}/give-back")
async def give_back(
    work: DriverWork, trip_id: TripPath, delivery_id: DeliveryPath, wanted: trip_schemas.GiveBackAsked
) -> trip_schemas.TripTold:
    """Give a delivery back before you have its goods: somebody else is asked. Its pay goes with it."""
    trip, delivery = parse("trip", trip_id), parse("delivery", delivery_id)
    why = wanted.reason or "given back by the driver"
    return await _trip(work, await service.give_back(work, trip, delivery, why))


@router.post("/deliveries/{delivery_id}/proofs", status_code=201)
async def add_proof(
    request: Request,
    work: DriverWork,
    delivery_id: DeliveryPath,
    kind: Annotated[ProofKind, Form(description="`photo` or `signature`.")],
    report_id: Annotated[str, Form(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")],
    picture: Annotated[UploadFile, File(description="JPEG, PNG or WebP, at most 8 MB.")],
    signer: Annotated[str, Form(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
) -> trip_schemas.ProofTold:
    """A photo or signature of a hand-over. Drawn anew here: nothing the camera wrote beside it is kept."""
    if kind not in {ProofKind.PHOTO, ProofKind.SIGNATURE}:
        raise Invalid(
            "Codes, scans and papers go with the report.", faults=[Fault("/body/kind", "no picture")]
        )
    connectors: Connectors = request.app.state.connectors
    content = await picture.read(MOST_PICTURE_BYTES + 1)
    taken = ProofTaken(kind=kind, report_id=report_id, content=content, signer=signer)
    proof = await deliveries_service.add_proof(
        work, connectors.blobs, connectors.secrets, parse("delivery", delivery_id), taken
    )
    return trip_schemas.ProofTold(kind=proof.kind, ok=proof.ok, result=dict(proof.result))
