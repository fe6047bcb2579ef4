"""The verbs of quotes. Maps are asked before anything is written."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import update

from doorstep.connectors.maps.protocol import (
    Address,
    AddressQuery,
    Leg,
    Located,
    NotLocated,
    Precision,
    WhyNotLocated,
)
from doorstep.connectors.outside import Connectors
from doorstep.connectors.us.nation import every_zip
from doorstep.connectors.us.zips import ZipArea
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import ServiceLevel
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants.rules import Merchant, Store
from doorstep.features.quotes import queries
from doorstep.features.quotes.eligibility import (
    Answer,
    Question,
    answers_to,
    nearest_alternative,
    refusal,
)
from doorstep.features.quotes.errors import QuoteExpired, QuoteMismatch, QuoteUsed
from doorstep.features.quotes.models import QuoteRow
from doorstep.features.quotes.prices import Price, price
from doorstep.features.quotes.rules import (
    LASTS,
    Agreed,
    Case,
    Feasible,
    Quote,
    Reason,
    Wanted,
    anything,
    eligible,
    fingerprint,
    leaving,
    place_reasons,
    reach_reasons,
)
from doorstep.features.quotes.windows import WindowOffer, windows_on_offer
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a merchant asks about: from where, to where, how fast, what. ``point`` where the caller knows one."""

    store_id: UUID
    address: Address
    point: LatLng | None = None
    level: ServiceLevel = ServiceLevel.EXPRESS
    window: TimeWindow | None = None
    ready_at: MarketInstant | None = None
    cart: Money
    requirements: frozenset[str] = frozenset()


async def locate_and_measure(
    connectors: Connectors, store: Store, query: AddressQuery, at: MarketInstant
) -> tuple[Located | NotLocated, Leg | None]:
    """Where a drop-off is and the drive there from ``store``, leaving at ``at``. Touches no database."""
    found = await connectors.geocoder.locate(query)
    if isinstance(found, NotLocated):
        return found, None
    return found, await connectors.travel_for(store.timezone).leg(store.point, found.point, at)


async def assess(
    work: Work,
    store: Store,
    request: Request,
    found: Located | NotLocated,
    leg: Leg | None,
    *,
    connectors: Connectors | None = None,
    feasible: Feasible = anything,
    merchant: Merchant | None = None,
) -> Agreed:
    """The promise and the price of ``request`` right now, without keeping anything.

    Raises NotEligible with all reasons and the nearest alternative; with ``connectors`` the merchant's
    other stores are looked at, too. ``merchant``: the store's, where the caller has read it already.
    """
    case = await _case(work, store, request, found, leg, merchant)
    verdict = eligible(case, feasible)
    if verdict.promise is None or case.leg is None:
        other = await nearest_alternative(work, connectors, case, verdict, feasible)
        raise refusal(verdict, other)
    cost = price(case.tariff, case.leg, request.window, request.cart, work.now())
    return Agreed(case=case, promise=verdict.promise, price=cost)


async def quote(work: Work, connectors: Connectors, request: Request, feasible: Feasible = anything) -> Quote:
    """A quote for ``request``, honoured for 15 minutes of market time. Raises UnknownStore, NotEligible."""
    store = await merchants.store(work, request.store_id)
    query = AddressQuery(address=request.address, point=request.point)
    found, leg = await locate_and_measure(connectors, store, query, leaving(request.ready_at, work.now()))
    agreed = await assess(work, store, request, found, leg, connectors=connectors, feasible=feasible)
    assert isinstance(found, Located)
    assert leg is not None
    details = wanted(request, store, found)
    now = work.now()
    row = QuoteRow(
        id=work.new_id(),
        merchant_id=store.merchant_id,
        market_id=store.market_id,
        store_id=store.id,
        wanted=queries.stored(details),
        precision=found.precision.value,
        note=found.note,
        leg_m=leg.metres,
        leg_s=leg.seconds,
        price=queries.stored(agreed.price),
        promise=queries.stored(agreed.promise),
        tariff=queries.stored(agreed.case.tariff.terms),
        fingerprint=fingerprint(details),
        created_at=now,
        expires_at=now + LASTS,
        used_at=None,
    )
    work.session.add(row)
    await work.session.flush()
    return queries.view(row)


async def eligibility(
    work: Work, connectors: Connectors, question: Question, feasible: Feasible = anything
) -> list[Answer]:
    """The verdict on every pair of store and place, stores first. Raises UnknownStore."""
    return await answers_to(work, connectors, question, feasible)


def wanted(request: Request, store: Store, found: Located) -> Wanted:
    """The details of ``request`` as a quote keeps them: its ``fingerprint`` is what ``take`` compares."""
    return Wanted(
        store_id=store.id,
        address=found.address,
        point=found.point,
        level=request.level,
        window=request.window,
        ready_at=request.ready_at,
        cart=request.cart,
        requirements=request.requirements,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnOffer:
    """What a store can promise right now to a ZIP; ``reasons`` say why there is nothing."""

    store: Store
    express_due_at: MarketInstant | None
    offers: list[WindowOffer]
    reasons: tuple[Reason, ...]


async def windows(
    work: Work, connectors: Connectors, store_id: UUID, postcode: str, feasible: Feasible = anything
) -> OnOffer:
    """The windows that ``store_id`` can offer to addresses in a ZIP, judged at the ZIP's point.

    ``feasible`` lets dispatch narrow them to what it could place now. Raises UnknownStore.
    """
    store = await merchants.store(work, store_id)
    found = await _middle_of(postcode)
    leg = None
    if isinstance(found, Located):
        leg = await connectors.travel_for(store.timezone).leg(store.point, found.point, work.now())
    case = Case(
        market=await markets.market(work, store.market_id),
        store=store,
        tariff=await queries.tariff_of(work, store, work.now()),
        found=found,
        leg=leg,
        level=ServiceLevel.EXPRESS,
        window=None,
        ready_at=None,
        cart=None,
        requirements=frozenset(),
        now=work.now(),
    )
    express = eligible(case, feasible)
    by_level = {reason.code for reason in reach_reasons(case)}
    blocked = [reason for reason in place_reasons(case) if reason.code not in by_level]
    offers = [] if blocked else windows_on_offer(case, feasible)
    nothing = not offers and express.promise is None
    return OnOffer(
        store=store,
        express_due_at=None if express.promise is None else express.promise.due_at,
        offers=offers,
        reasons=express.reasons if nothing else (),
    )


@lru_cache(maxsize=1)
def _areas() -> dict[str, ZipArea]:
    return {area.postcode: area for area in every_zip()}


async def _middle_of(postcode: str) -> Located | NotLocated:
    """The middle of a ZIP, as a place."""
    # Where the nation's table is installed, reading it takes seconds the first time.
    area = (await asyncio.to_thread(_areas)).get(postcode)
    if area is None:
        return NotLocated(reason=WhyNotLocated.POSTCODE_UNKNOWN, message=f"ZIP {postcode} is not known here.")
    return Located(
        address=Address(line1="", city=area.city, state=area.state, postcode=postcode),
        point=area.point,
        precision=Precision.POSTCODE,
        postcode=postcode,
    )


async def take(work: Work, quote_id: UUID, details: str) -> Quote:
    """Use a quote up for a delivery whose ``fingerprint(wanted(...))`` is ``details``: once, before it expires.

    One statement decides, so of two at once one has it. Raises UnknownQuote, QuoteUsed, QuoteExpired
    (expiry itself is too late), QuoteMismatch (the quote stays usable).
    """
    now = work.now()
    taken = await work.session.execute(
        update(QuoteRow)
        .where(
            QuoteRow.id == quote_id,
            QuoteRow.used_at.is_(None),
            QuoteRow.expires_at > now,
            QuoteRow.fingerprint == details,
        )
        .values(used_at=now)
        .returning(QuoteRow.id)
        .execution_options(synchronize_session=False)
    )
    hit = taken.one_or_none() is not None
    found = await queries.quote(work, quote_id)
    if hit:
        return found
    if found.used_at is not None:
        raise QuoteUsed
    if found.expires_at <= now:
        raise QuoteExpired(facts={"expired_at": found.expires_at.isoformat()})
    raise QuoteMismatch


async def price_now(
    work: Work,
    store: Store,
    leg: Leg,
    window: TimeWindow | None,
    cart: Money,
    at: MarketInstant,
) -> Price:
    """What a delivery from ``store`` over ``leg`` costs at ``at``, by its merchant's tariff. Judges nothing."""
    tariff = await queries.tariff_of(work, store, at)
    return price(tariff, leg, window, cart, at)


async def _case(
    work: Work,
    store: Store,
    request: Request,
    found: Located | NotLocated,
    leg: Leg | None,
    merchant: Merchant | None,
) -> Case:
    return Case(
        market=await markets.market(work, store.market_id),
        store=store,
        tariff=await queries.tariff_of(work, store, work.now(), merchant),
        found=found,
        leg=leg,
        level=request.level,
        window=request.window,
        ready_at=request.ready_at,
        cart=request.cart,
        requirements=request.requirements,
        now=work.now(),
    )
