"""The verbs of quotes. Maps are asked before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from doorstep.connectors.maps.protocol import Address, AddressQuery, Leg, Located, NotLocated
from doorstep.connectors.outside import Connectors
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market, ServiceLevel, Tariff
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants.rules import Store
from doorstep.features.quotes import queries, windows
from doorstep.features.quotes.errors import NotEligible, QuoteExpired, QuoteMismatch, QuoteUsed, UnknownQuote
from doorstep.features.quotes.models import QuoteRow
from doorstep.features.quotes.prices import Price, price
from doorstep.features.quotes.rules import (
    LASTS,
    Agreed,
    Alternative,
    Case,
    Feasible,
    Quote,
    Verdict,
    Wanted,
    Why,
    anything,
    eligible,
    fingerprint,
)
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.units.geo import LatLng, Metres, Seconds, great_circle_m
from doorstep.units.ids import public
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
) -> Agreed:
    """The promise and the price of ``request`` right now, without keeping anything.

    Raises NotEligible with all reasons and the nearest alternative; with ``connectors`` the merchant's
    other stores are looked at, too.
    """
    case = await _case(work, store, request, found, leg)
    verdict = eligible(case, feasible)
    if verdict.promise is None or case.leg is None:
        other = await _alternative(work, connectors, case, verdict, feasible)
        raise refusal(verdict, other)
    cost = price(case.tariff, case.leg, request.window, request.cart, work.now())
    return Agreed(case=case, promise=verdict.promise, price=cost)


async def quote(work: Work, connectors: Connectors, request: Request, feasible: Feasible = anything) -> Quote:
    """A quote for ``request``, honoured for 15 minutes of market time. Raises UnknownStore, NotEligible."""
    store = await merchants.store(work, request.store_id)
    query = AddressQuery(address=request.address, point=request.point)
    found, leg = await locate_and_measure(connectors, store, query, request.ready_at or work.now())
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
    found: Located,
    leg: Leg,
    window: TimeWindow | None,
    cart: Money,
    at: MarketInstant,
) -> Price:
    """What a delivery from ``store`` to ``found`` costs at ``at``, by its merchant's tariff. Judges nothing."""
    tariff = await _tariff(work, store, at)
    return price(tariff, leg, window, cart, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which of up to ten stores may deliver to which of up to ten places; ``cart`` None when not known yet."""

    store_ids: Sequence[UUID]
    drops: Sequence[AddressQuery]
    level: ServiceLevel = ServiceLevel.EXPRESS
    window: TimeWindow | None = None
    ready_at: MarketInstant | None = None
    cart: Money | None = None
    requirements: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The verdict on one pair of store and place, by their numbers in the question."""

    pickup: int
    dropoff: int
    verdict: Verdict
    leg: Leg | None
    price: Price | None
    """None when it cannot be, or the cart is not known."""
    alternative: Alternative | None


async def eligibility(
    work: Work, connectors: Connectors, question: Question, feasible: Feasible = anything
) -> list[Answer]:
    """The verdict on every pair, pickups first. Raises UnknownStore for a store that is not the merchant's."""
    stores = [await merchants.store(work, store_id) for store_id in question.store_ids]
    known: dict[UUID, Market] = {}
    tariffs: dict[UUID, Tariff] = {}
    for store in stores:
        known[store.market_id] = await markets.market(work, store.market_id)
        tariffs[store.id] = await _tariff(work, store, work.now())
    found = [await connectors.geocoder.locate(drop) for drop in question.drops]
    legs = await _legs(connectors, stores, found, question.ready_at or work.now())
    cases = [
        Case(
            market=known[store.market_id],
            store=store,
            tariff=tariffs[store.id],
            found=found[there],
            leg=legs.get((here, there)),
            level=question.level,
            window=question.window,
            ready_at=question.ready_at,
            cart=question.cart,
            requirements=question.requirements,
            now=work.now(),
        )
        for here, store in enumerate(stores)
        for there in range(len(found))
    ]
    verdicts = [eligible(case, feasible) for case in cases]
    answers = []
    for number, (case, verdict) in enumerate(zip(cases, verdicts, strict=True)):
        here, there = divmod(number, len(found))
        others = [
            (other.leg.metres, other.store)
            for other, judged in list(zip(cases, verdicts, strict=True))[there :: len(found)]
            if judged.eligible and other.leg is not None
        ]
        cost = None
        if verdict.eligible and case.leg is not None and case.cart is not None:
            cost = price(case.tariff, case.leg, case.window, case.cart, case.now)
        alternative = None
        if not verdict.eligible and others:
            alternative = _other_store(case, min(others, key=lambda o: (o[0], o[1].id))[1])
        elif not verdict.eligible:
            alternative = _later_window(case, verdict, feasible)
        answers.append(
            Answer(
                pickup=here,
                dropoff=there,
                verdict=verdict,
                leg=case.leg,
                price=cost,
                alternative=alternative,
            )
        )
    return answers


async def _legs(
    connectors: Connectors, stores: Sequence[Store], found: Sequence[Located | NotLocated], at: MarketInstant
) -> dict[tuple[int, int], Leg]:
    """The drive from each store to each place that was found: one matrix per time zone."""
    places = [(there, place.point) for there, place in enumerate(found) if isinstance(place, Located)]
    legs: dict[tuple[int, int], Leg] = {}
    for zone in {store.timezone for store in stores}:
        here = [number for number, store in enumerate(stores) if store.timezone == zone]
        points = [*(stores[number].point for number in here), *(point for _, point in places)]
        matrix = await connectors.travel_for(zone).matrix(points, at)
        for row, number in enumerate(here):
            for column, (there, _) in enumerate(places, start=len(here)):
                legs[number, there] = Leg(
                    metres=Metres(int(matrix.metres[row, column])),
                    seconds=Seconds(int(matrix.seconds[row, column])),
                )
    return legs


_BY_TIME = frozenset(
    {
        Why.STORE_CLOSED,
        Why.LEVEL_NOT_OFFERED,
        Why.BEYOND_CATCHMENT,
        Why.WINDOW_MISSING,
        Why.WINDOW_UNEXPECTED,
        Why.WINDOW_PAST,
        Why.WINDOW_TOO_SHORT,
        Why.WINDOW_WRONG_DAY,
        Why.READY_TOO_LATE,
        Why.NOT_FEASIBLE,
    }
)
"""Reasons that a window may overcome."""
_BY_STORE = frozenset(
    {
        Why.OUTSIDE_AREA,
        Why.MARKET_NOT_OPEN,
        Why.STORE_INACTIVE,
        Why.STORE_CLOSED,
        Why.BEYOND_CATCHMENT,
        Why.LEVEL_NOT_OFFERED,
        Why.NOT_FEASIBLE,
    }
)
"""Reasons that another store may overcome."""
_STORES_TRIED = 3


def _later_window(case: Case, verdict: Verdict, feasible: Feasible) -> Alternative | None:
    if not {reason.code for reason in verdict.reasons} <= _BY_TIME or case.leg is None:
        return None
    offer = windows.later(case, feasible)
    if offer is None:
        return None
    return Alternative(store_id=case.store.id, level=offer.level, window=offer.window, text="a later window")


def _other_store(case: Case, store: Store) -> Alternative:
    return Alternative(store_id=store.id, level=case.level, window=case.window, text=f"from {store.name}")


async def _alternative(
    work: Work, connectors: Connectors | None, case: Case, verdict: Verdict, feasible: Feasible
) -> Alternative | None:
    """The merchant's nearest other store that could, else the first window of this one."""
    codes = {reason.code for reason in verdict.reasons}
    if connectors is not None and codes <= _BY_STORE and isinstance(case.found, Located):
        door = case.found.point
        market = await markets.market_at(work, door)
        near = [] if market is None else await merchants.stores_in(work, market.id, case.store.merchant_id)
        near = [store for store in near if store.id != case.store.id]
        for store in sorted(near, key=lambda s: (great_circle_m(s.point, door), s.id))[:_STORES_TRIED]:
            assert market is not None
            leg = await connectors.travel_for(store.timezone).leg(store.point, door, case.now)
            if eligible(replace(case, market=market, store=store, leg=leg), feasible).eligible:
                return _other_store(case, store)
    return _later_window(case, verdict, feasible)


def refusal(verdict: Verdict, alternative: Alternative | None) -> NotEligible:
    """The refusal that tells every reason and the alternative."""
    reasons = [
        {"code": r.code.value, "text": r.text, "suggestions": list(r.suggestions)} for r in verdict.reasons
    ]
    facts: dict[str, object] = {"reasons": reasons}
    if alternative is not None:
        window = alternative.window
        facts["alternative"] = {
            "store": public("store", alternative.store_id),
            "service_level": alternative.level.value,
            "window": None
            if window is None
            else {"start": window.start.isoformat(), "end": window.end.isoformat()},
        }
    faults = [Fault(_WHERE.get(r.code, "/"), r.text) for r in verdict.reasons]
    return NotEligible(" ".join(r.text for r in verdict.reasons), faults=faults, facts=facts)


_WHERE = {
    Why.ADDRESS_UNKNOWN: "/dropoff",
    Why.OUTSIDE_AREA: "/dropoff",
    Why.BEYOND_CATCHMENT: "/dropoff",
    Why.STORE_CLOSED: "/store",
    Why.STORE_INACTIVE: "/store",
    Why.MARKET_NOT_OPEN: "/store",
    Why.LEVEL_NOT_OFFERED: "/service_level",
    Why.BELOW_MINIMUM_CART: "/cart",
    Why.READY_TOO_LATE: "/ready_at",
    Why.PROHIBITED_COMBINATION: "/requirements",
    Why.WINDOW_MISSING: "/window",
    Why.WINDOW_UNEXPECTED: "/window",
    Why.WINDOW_PAST: "/window",
    Why.WINDOW_TOO_SHORT: "/window",
    Why.WINDOW_WRONG_DAY: "/window",
}


async def _tariff(work: Work, store: Store, at: datetime) -> Tariff:
    merchant = await merchants.merchant(work, store.merchant_id)
    return await markets.tariff(work, store.market_id, merchant.tariff_kind, at)


async def _case(
    work: Work, store: Store, request: Request, found: Located | NotLocated, leg: Leg | None
) -> Case:
    return Case(
        market=await markets.market(work, store.market_id),
        store=store,
        tariff=await _tariff(work, store, work.now()),
        found=found,
        leg=leg,
        level=request.level,
        window=request.window,
        ready_at=request.ready_at,
        cart=request.cart,
        requirements=request.requirements,
        now=work.now(),
    )
