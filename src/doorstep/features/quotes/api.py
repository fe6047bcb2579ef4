"""Routes of quotes: whether, by when, for how much."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from doorstep.connectors.maps.protocol import AddressQuery
from doorstep.connectors.outside import Connectors
from doorstep.features.identity.rules import Scope
from doorstep.features.quotes import queries, schemas, service
from doorstep.features.quotes.eligibility import Question
from doorstep.platform.auth.gate import MerchantWork, need
from doorstep.platform.http.idempotency import once
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import parse
from doorstep.units.money import Money

router = APIRouter(prefix="/v1", tags=["quotes"], responses=PROBLEMS)

QuotePath = Annotated[str, Path(max_length=40, examples=["qte_01jd0000000000000000000000"])]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]


def _outside(request: Request) -> Connectors:
    connectors: Connectors = request.app.state.connectors
    return connectors


def _drop(drop: schemas.Drop) -> AddressQuery:
    return AddressQuery(
        address=drop.address.value(), point=None if drop.point is None else drop.point.value()
    )


@router.post("/eligibility")
async def eligibility(
    work: MerchantWork, request: Request, wanted: schemas.EligibilityAsked
) -> schemas.Eligibility:
    """Which of your stores can deliver to which places: yes with a price, or the reasons and the nearest alternative."""
    need(work, Scope.QUOTES)
    question = Question(
        store_ids=[parse("store", store) for store in wanted.stores],
        drops=[_drop(drop) for drop in wanted.dropoffs],
        level=wanted.service_level,
        window=None if wanted.window is None else wanted.window.value(),
        ready_at=schemas.instant_of(wanted.ready_at),
        cart=wanted.cart(),
        requirements=frozenset(wanted.requirements),
    )
    answers = await service.eligibility(work, _outside(request), question)
    return schemas.Eligibility(answers=[schemas.Pair.of(answer) for answer in answers])


@router.post("/quotes", status_code=201, response_model=schemas.Quote)
async def quote(
    work: MerchantWork,
    request: Request,
    wanted: schemas.QuoteAsked,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A price line by line and a promise, honoured for 15 minutes. Refused with `not_eligible` and all reasons."""
    need(work, Scope.QUOTES)
    drop = _drop(wanted.dropoff)
    asked = service.Request(
        store_id=parse("store", wanted.store),
        address=drop.address,
        point=drop.point,
        level=wanted.service_level,
        window=None if wanted.window is None else wanted.window.value(),
        ready_at=schemas.instant_of(wanted.ready_at),
        cart=Money(wanted.cart_minor, wanted.currency),
        requirements=frozenset(wanted.requirements),
    )

    async def act() -> JSONResponse:
        made = await service.quote(work, _outside(request), asked)
        return JSONResponse(schemas.Quote.of(made).model_dump(mode="json"), 201)

    return await once(work, request, idempotency_key, act)


@router.get("/quotes/{quote_id}")
async def read_quote(work: MerchantWork, quote_id: QuotePath) -> schemas.Quote:
    """One of your quotes, also after it expired."""
    need(work, Scope.QUOTES)
    return schemas.Quote.of(await queries.quote(work, parse("quote", quote_id)))


@router.get("/windows")
async def windows(
    work: MerchantWork,
    request: Request,
    store: Annotated[str, Query(max_length=40, examples=["str_01jd0000000000000000000000"])],
    postcode: Annotated[str, Query(pattern=r"^[0-9]{5}$", examples=["37206"])],
) -> schemas.Windows:
    """The windows a store can offer now to an address in a ZIP, in UTC and in local time."""
    need(work, Scope.QUOTES)
    seen = await service.windows(work, _outside(request), parse("store", store), postcode)
    zone = seen.store.timezone
    return schemas.Windows(
        store=store,
        timezone=zone.key,
        express_due_at=seen.express_due_at,
        windows=[schemas.OfferedWindow.of(offer, zone) for offer in seen.offers],
        reasons=[
            schemas.Reason(code=r.code, text=r.text, suggestions=list(r.suggestions)) for r in seen.reasons
        ],
    )
