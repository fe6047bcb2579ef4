"""Many stores, many doors: the verdict on each pair, and what could be had instead of a no."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from doorstep.connectors.maps.protocol import AddressQuery, Leg, Located, NotLocated
from doorstep.connectors.outside import Connectors
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market, ServiceLevel, Tariff
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants.rules import Store
from doorstep.features.quotes import queries, windows
from doorstep.features.quotes.errors import NotEligible
from doorstep.features.quotes.prices import Price, price
from doorstep.features.quotes.rules import (
    Alternative,
    Case,
    Feasible,
    Verdict,
    Why,
    anything,
    eligible,
    leaving,
)
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.units.geo import Metres, Seconds, great_circle_m
from doorstep.units.ids import public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow


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


async def answers_to(
    work: Work, connectors: Connectors, question: Question, feasible: Feasible = anything
) -> list[Answer]:
    """The verdict on every pair, pickups first. Raises UnknownStore for a store that is not the merchant's."""
    stores = [await merchants.store(work, store_id) for store_id in question.store_ids]
    known: dict[UUID, Market] = {}
    tariffs: dict[UUID, Tariff] = {}
    for store in stores:
        known[store.market_id] = await markets.market(work, store.market_id)
        tariffs[store.id] = await queries.tariff_of(work, store, work.now())
    found = [await connectors.geocoder.locate(drop) for drop in question.drops]
    legs = await _legs(connectors, stores, found, leaving(question.ready_at, work.now()))
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


async def nearest_alternative(
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
