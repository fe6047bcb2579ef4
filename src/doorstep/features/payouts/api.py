"""Earnings for the driver; promised beside paid for everybody, for the driver, for staff."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from doorstep.features.identity.rules import StaffRole
from doorstep.features.payouts import queries
from doorstep.features.payouts.schemas import ComparisonTold, EarningsTold, PublicReport
from doorstep.platform.auth.gate import DriverWork, PublicWork, StaffWork, need
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import parse

drivers = APIRouter(prefix="/driver/v1/earnings", tags=["driver: earnings"], responses=PROBLEMS)
public = APIRouter(prefix="/public/v1", tags=["public"], responses=PROBLEMS)
staff = APIRouter(prefix="/staff/v1", tags=["staff: payouts"], responses=PROBLEMS)
routers = [drivers, public, staff]

LONGEST = timedelta(days=93)
MarketAsked = Annotated[str | None, Query(max_length=40, examples=["mkt_01jd000000000000000000000z"])]
Since = Annotated[AwareDatetime | None, Query(description="From here on; by default 28 days before `until`.")]
Until = Annotated[AwareDatetime | None, Query(description="Up to here; by default now.")]


def _market(text: str | None) -> UUID | None:
    return None if text is None else parse("market", text)


def _driver(work: Work) -> UUID:
    assert work.actor.subject is not None
    return work.actor.subject


def _span(work: Work, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """The span asked for, at most 93 days. Raises Invalid."""
    try:
        end = until.astimezone(UTC) if until is not None else work.now() + timedelta(seconds=1)
        start = since.astimezone(UTC) if since is not None else end - timedelta(days=28)
    except OverflowError as error:
        raise Invalid(faults=[Fault("/query/since", "not a date anybody can mean")]) from error
    if not timedelta(0) < end - start <= LONGEST:
        raise Invalid(
            "A statement covers between a moment and 93 days.",
            faults=[Fault("/query/since", "too far or after until")],
        )
    return start, end


@drivers.get("")
async def my_earnings(work: DriverWork, since: Since = None, until: Until = None) -> EarningsTold:
    """What I earned, line by line, with the sums per trip, day and week."""
    start, end = _span(work, since, until)
    return EarningsTold.of(await queries.reckonings(work, _driver(work), start, end))


@drivers.get("/promised-versus-paid")
async def my_promised_versus_paid(work: DriverWork) -> list[ComparisonTold]:
    """What I was promised beside what the ledger holds for me, by week."""
    found = await queries.promised_versus_paid(work, driver_id=_driver(work))
    return [ComparisonTold.of(one) for one in found]


@public.get("/promised-versus-paid")
async def promised_versus_paid(work: PublicWork, market: MarketAsked = None) -> PublicReport:
    """What drivers were promised beside what they were paid, by market and week; weeks with few drivers left out."""
    return PublicReport.of(await queries.promised_versus_paid(work, _market(market)))


@staff.get("/promised-versus-paid")
async def all_promised_versus_paid(work: StaffWork, market: MarketAsked = None) -> list[ComparisonTold]:
    """All of it, however few drivers."""
    need(work, StaffRole.OWNER, StaffRole.FINANCE, StaffRole.DISPATCHER, StaffRole.READ_ONLY)
    return [ComparisonTold.of(one) for one in await queries.promised_versus_paid(work, _market(market))]
