"""Cases that tests judge, and the merchant's side of asking."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.factories.markets import new_market
from tests.factories.merchants import DOWNTOWN, DOWNTOWN_POINT, EAST, EAST_POINT

from doorstep.connectors.maps.protocol import Leg, Located, Precision
from doorstep.features.markets.rules import (
    GROCERY_TERMS,
    Fallback,
    Market,
    ServiceLevel,
    ServiceRules,
    Stage,
    Tariff,
    TariffKind,
)
from doorstep.features.merchants.rules import ALWAYS, Hours, Store, StoreState
from doorstep.features.quotes.rules import Case
from doorstep.units.geo import Metres, Seconds
from doorstep.units.ids import MarketId, MerchantId, StoreId
from doorstep.units.money import USD, Money
from doorstep.units.time import MarketInstant, TimeWindow, market_instant

NASHVILLE_TIME = ZoneInfo("America/Chicago")


def local(text: str) -> MarketInstant:
    """The instant at which Nashville's clocks show ``text`` (``2026-11-21 11:00``)."""
    return market_instant(datetime.fromisoformat(text).replace(tzinfo=NASHVILLE_TIME))


def between(start: str, end: str) -> TimeWindow:
    """The window between two local times in Nashville."""
    return TimeWindow(local(start), local(end))


def a_market(stage: Stage = Stage.OPEN, rules: ServiceRules | None = None) -> Market:
    """A square market around downtown Nashville."""
    new = new_market(stage=stage)
    return Market(
        id=MarketId(UUID(int=1)),
        slug=new.slug,
        name=new.name,
        timezone=new.timezone,
        area=new.area,
        stage=new.stage,
        rules=rules or new.rules,
        tick_s=new.tick_s,
        dispatch={},
        pay=new.pay,
        fallback=Fallback(),
        currency=USD,
    )


def a_store(hours: Hours = ALWAYS, prep_s: int = 900) -> Store:
    """A store on Broadway."""
    return Store(
        id=StoreId(UUID(int=2)),
        merchant_id=MerchantId(UUID(int=3)),
        market_id=MarketId(UUID(int=1)),
        external_id="",
        name="Broadway",
        address=DOWNTOWN,
        point=DOWNTOWN_POINT,
        timezone=NASHVILLE_TIME,
        hours=hours,
        instructions="",
        prep_s=prep_s,
        phone="",
        state=StoreState.ACTIVE,
    )


def a_case(now: str = "2026-11-21 11:00", hours: Hours = ALWAYS, **changes: Any) -> Case:
    """A cart of 40 dollars, three miles and a quarter of an hour away, as soon as possible."""
    found = Located(address=EAST, point=EAST_POINT, precision=Precision.GIVEN, postcode=EAST.postcode)
    tariff = Tariff(
        market_id=MarketId(UUID(int=1)),
        kind=TariffKind.GROCERY_OWN,
        valid_from=local("2026-01-01 00:00"),
        terms=GROCERY_TERMS,
    )
    case = Case(
        market=a_market(),
        store=a_store(hours),
        tariff=tariff,
        found=found,
        leg=Leg(metres=Metres(4_900), seconds=Seconds(900)),
        level=ServiceLevel.EXPRESS,
        window=None,
        ready_at=None,
        cart=Money(40_00),
        requirements=frozenset(),
        now=local(now),
    )
    return replace(case, **changes)


def asking(store: str, **changes: Any) -> dict[str, Any]:
    """The body of a quote from ``store`` (public id) to East Nashville."""
    body = {
        "store": store,
        "dropoff": {
            "address": {
                "line1": EAST.line1,
                "city": EAST.city,
                "state": EAST.state,
                "postcode": EAST.postcode,
            },
            "point": {"lat": EAST_POINT.lat, "lng": EAST_POINT.lng},
        },
        "cart_minor": 40_00,
    }
    return body | changes
