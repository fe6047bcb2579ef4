"""Routes of markets: for staff, and where the network runs for everybody."""

import asyncio
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Path, Request, Response

from doorstep.connectors.maps.osrm_roads import ExtractRefused
from doorstep.connectors.maps.tiles import DEEPEST_ZOOM
from doorstep.connectors.outside import Connectors
from doorstep.features.identity import queries as identity
from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries, rules, schemas, service, taking_back
from doorstep.features.markets.errors import MalformedMarket, NoTiles, UnknownMarket
from doorstep.features.markets.ground import Grounds
from doorstep.features.markets.seeds import slug_of
from doorstep.platform.auth.gate import PublicWork, StaffWork, need
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import parse

log = structlog.get_logger("markets")
public = APIRouter(prefix="/public/v1/markets", tags=["public"], responses=PROBLEMS)
staff = APIRouter(prefix="/staff/v1/markets", tags=["staff: markets"], responses=PROBLEMS)
tiles = APIRouter(prefix="/tiles", tags=["public"], responses=PROBLEMS)
routers = [public, staff, tiles]

_GROUNDS = Grounds()
_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "GeoJSON: outline, ZIP cells, and rivers, main roads and places where they are known",
        "content": {"application/geo+json": {"schema": {"type": "object"}}},
    },
    304: {"description": "Unchanged since the version named in If-None-Match"},
}
_TILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A Mapbox vector tile",
        "content": {"application/vnd.mapbox-vector-tile": {"schema": {"type": "string", "format": "binary"}}},
    },
    204: {"description": "Nothing is drawn there"},
    304: {"description": "Unchanged since the version named in If-None-Match"},
}
Zoom = Annotated[int, Path(ge=0, le=DEEPEST_ZOOM, examples=[12])]
Column = Annotated[int, Path(ge=0, lt=2**DEEPEST_ZOOM, examples=[1060])]
Postcode = Annotated[str, Path(pattern=r"^[0-9]{5}$", max_length=5, examples=["37206"])]
Seq = Annotated[int, Path(ge=1, le=2**31, description="The number of a line of the history.", examples=[1])]
MarketPath = Annotated[str, Path(max_length=40, examples=["mkt_01jd0000000000000000000000"])]


@public.get("")
async def list_public(work: PublicWork) -> list[schemas.PublicMarket]:
    """Markets that were announced, by slug."""
    found = await queries.all_markets(work)
    return [schemas.PublicMarket.of(market) for market in found if market.stage in rules.ANNOUNCED]


@public.get("/{market_id}/base", response_class=Response, responses=_GEOJSON)
async def public_base(work: PublicWork, request: Request, market_id: MarketPath) -> Response:
    """The base map of a market that was announced, drawn from its own data; each feature has a `kind`."""
    market = await queries.market(work, parse("market", market_id))
    if market.stage not in rules.ANNOUNCED:
        raise UnknownMarket
    return await _base(request, market, "public")


@staff.get("/{market_id}/base", response_class=Response, responses=_GEOJSON)
async def base(work: StaffWork, request: Request, market_id: MarketPath) -> Response:
    """The base map of any market."""
    return await _base(request, await queries.market(work, parse("market", market_id)), "private")


async def _base(request: Request, market: rules.Market, kept_by: str) -> Response:
    outside: Connectors = request.app.state.connectors
    try:
        drawn = await asyncio.to_thread(_GROUNDS.of, market, outside.roads)
    except ExtractRefused as error:
        log.warning("roads_not_drawn", error=str(error))
        drawn = await asyncio.to_thread(_GROUNDS.of, market)
    headers = {"ETag": drawn.etag, "Cache-Control": f"{kept_by}, max-age=3600", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == drawn.etag:
        return Response(status_code=304, headers=headers)
    body = drawn.plain
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = drawn.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/geo+json", headers=headers)


@tiles.get("")
async def read_tiles(request: Request) -> schemas.StreetMap:
    """Whether the operator has a street map in tiles, and of where. Maps are drawn from `…/base` otherwise."""
    outside: Connectors = request.app.state.connectors
    return schemas.StreetMap.of(outside.tiles)


@tiles.get("/{zoom}/{x}/{y}", response_class=Response, responses=_TILE)
async def read_tile(request: Request, zoom: Zoom, x: Column, y: Column) -> Response:
    """One vector tile of the street map, in the OpenMapTiles schema."""
    outside: Connectors = request.app.state.connectors
    street = outside.tiles
    if street is None:
        raise NoTiles
    headers = {"ETag": street.etag, "Cache-Control": "public, max-age=86400"}
    if request.headers.get("if-none-match") == street.etag:
        return Response(status_code=304, headers=headers)
    found = street.tile(zoom, x, y)
    if found is None:
        return Response(status_code=204, headers=headers)  # a browser would complain of a 404
    if street.packed:
        headers["Content-Encoding"] = "gzip"
    return Response(found, media_type="application/vnd.mapbox-vector-tile", headers=headers)


@staff.get("")
async def list_markets(work: StaffWork) -> list[schemas.Market]:
    """Every market, by slug."""
    return [schemas.Market.of(market) for market in await queries.all_markets(work)]


@staff.post("", status_code=201)
async def make_market(work: StaffWork, wanted: schemas.NewMarket) -> schemas.Market:
    """Make a market of an outline, a metro or ZIPs. Those outside the pilots need the extra `doorstep[us]` on the server."""
    need(work, StaffRole.OWNER)
    if isinstance(wanted, schemas.DrawnMarket):
        return schemas.Market.of(await service.make_market(work, _drawn(wanted)))
    made = await service.make_market_from_us(
        work,
        cbsa=wanted.cbsa if isinstance(wanted, schemas.MetroMarket) else None,
        postcodes=wanted.postcodes if isinstance(wanted, schemas.ZipsMarket) else (),
        slug=wanted.slug or "",
        name=wanted.name or "",
        stage=wanted.stage,
    )
    return schemas.Market.of(made)


def _drawn(wanted: schemas.DrawnMarket) -> rules.NewMarket:
    try:
        area = wanted.outline.polygon()
    except ValueError as error:
        raise MalformedMarket(str(error), faults=[Fault("/outline", str(error))]) from error
    return rules.NewMarket(
        slug=wanted.slug or slug_of(wanted.name),
        name=wanted.name,
        timezone=ZoneInfo(wanted.timezone),
        area=area,
        stage=wanted.stage,
    )


@staff.get("/{market_id}")
async def read_market(work: StaffWork, market_id: MarketPath) -> schemas.Market:
    """One market."""
    return schemas.Market.of(await queries.market(work, parse("market", market_id)))


@staff.post("/{market_id}/stage")
async def set_stage(work: StaffWork, market_id: MarketPath, wanted: schemas.NewStage) -> schemas.Market:
    """Move a market to another stage. Owners may do all that is possible, dispatchers may pause."""
    if wanted.stage is rules.Stage.PAUSED:
        need(work, StaffRole.OWNER, StaffRole.DISPATCHER)
    else:
        need(work, StaffRole.OWNER)
    moved = await service.set_stage(work, parse("market", market_id), wanted.stage, wanted.reason)
    return schemas.Market.of(moved)


@staff.get("/{market_id}/tariffs")
async def list_tariffs(work: StaffWork, market_id: MarketPath) -> list[schemas.Tariff]:
    """Every tariff a market had, has and will have: by kind, then by date."""
    found = await _existing(work, market_id)
    return [schemas.Tariff.of(tariff) for tariff in await queries.tariffs(work, found)]


@staff.post("/{market_id}/tariffs", status_code=201)
async def set_tariff(work: StaffWork, market_id: MarketPath, wanted: schemas.NewTariff) -> schemas.Tariff:
    """Let other terms be valid from now or later. Quotes already given keep theirs."""
    need(work, StaffRole.OWNER)
    made = await service.set_tariff(
        work,
        parse("market", market_id),
        wanted.kind,
        wanted.terms.value(),
        valid_from=wanted.valid_from,
        reason=wanted.reason,
    )
    return schemas.Tariff.of(made)


@staff.get("/{market_id}/pay")
async def list_pay(work: StaffWork, market_id: MarketPath) -> list[schemas.PayPeriod]:
    """Every pay rate a market had, has and will have, by date."""
    found = await _existing(work, market_id)
    return [schemas.PayPeriod.of(period) for period in await queries.pay_periods(work, found)]


@staff.post("/{market_id}/pay")
async def set_pay(work: StaffWork, market_id: MarketPath, wanted: schemas.NewPay) -> schemas.Market:
    """Let other pay rates be valid from now or later. Offers already shown keep their terms."""
    need(work, StaffRole.OWNER)
    changed = await service.set_pay(
        work,
        parse("market", market_id),
        wanted.rates.value(),
        valid_from=wanted.valid_from,
        reason=wanted.reason,
    )
    return schemas.Market.of(changed)


@staff.post("/{market_id}/dispatch")
async def set_dispatch(work: StaffWork, market_id: MarketPath, wanted: schemas.NewKnobs) -> schemas.Market:
    """Turn the knobs of dispatch."""
    need(work, StaffRole.OWNER)
    changed = await service.set_dispatch(work, parse("market", market_id), wanted.knobs, wanted.reason)
    return schemas.Market.of(changed)


@staff.post("/{market_id}/service-levels")
async def set_rules(
    work: StaffWork, market_id: MarketPath, wanted: schemas.NewServiceRules
) -> schemas.Market:
    """Offer these service levels from now on."""
    need(work, StaffRole.OWNER)
    changed = await service.set_rules(
        work, parse("market", market_id), wanted.service_rules.value(), wanted.reason
    )
    return schemas.Market.of(changed)


@staff.post("/{market_id}/fallback")
async def set_fallback(work: StaffWork, market_id: MarketPath, wanted: schemas.NewFallback) -> schemas.Market:
    """Say whether courier companies take what no driver takes."""
    need(work, StaffRole.OWNER)
    fallback = rules.Fallback(allowed=wanted.fallback.allowed, most_minor=wanted.fallback.most_minor)
    changed = await service.set_fallback(work, parse("market", market_id), fallback, wanted.reason)
    return schemas.Market.of(changed)


@staff.post("/{market_id}/zones/{postcode}")
async def pause_zone(
    work: StaffWork, market_id: MarketPath, postcode: Postcode, wanted: schemas.ZonePause
) -> schemas.Market:
    """Promise nothing new to a postcode, or promise again. For owners and dispatchers."""
    need(work, StaffRole.OWNER, StaffRole.DISPATCHER)
    market = parse("market", market_id)
    changed = await service.pause_zone(work, market, postcode, wanted.reason, paused=wanted.paused)
    return schemas.Market.of(changed)


@staff.get("/{market_id}/history")
async def history(
    work: StaffWork, market_id: MarketPath, limit: Limit = 50, cursor: Cursor = None
) -> Page[schemas.Change]:
    """What was changed, newest first: who, when, why, from what to what."""
    market = await _existing(work, market_id)
    last = read_cursor(cursor)
    before = None if last is None else min(last.int, 2**63 - 1)
    found = await queries.history(work, market, before=before, limit=limit + 1)
    following = cursor_after(UUID(int=found[limit - 1].seq)) if len(found) > limit else None
    standing = await taking_back.standing(work, market)
    names = await identity.names_of(work, {change.actor for change in found})
    return Page(items=[schemas.Change.of(one, standing, names) for one in found[:limit]], next=following)


@staff.post("/{market_id}/history/{seq}/undo")
async def take_back(
    work: StaffWork, market_id: MarketPath, seq: Seq, wanted: schemas.TakenBack
) -> schemas.Market:
    """Take a change back while what it set still stands: what was before counts again, from now on."""
    need(work, StaffRole.OWNER)
    changed = await taking_back.take_back(work, parse("market", market_id), seq, wanted.reason)
    return schemas.Market.of(changed)


async def _existing(work: Work, market_id: str) -> UUID:
    return (await queries.market(work, parse("market", market_id))).id
