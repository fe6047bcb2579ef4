"""The ledger for the operator's people: trial balance, entries, export. Nobody posts by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from doorstep.features.identity.rules import Scope, StaffRole
from doorstep.features.ledger import queries
from doorstep.features.ledger.export import export_beancount
from doorstep.features.ledger.rules import account as account_named
from doorstep.features.ledger.schemas import AccountTold, EntryTold, TrialBalance, read_account
from doorstep.platform.auth.gate import MerchantWork, StaffWork, need
from doorstep.platform.db.work import Work
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import parse

staff = APIRouter(prefix="/staff/v1/ledger", tags=["staff: ledger"], responses=PROBLEMS)
merchants = APIRouter(prefix="/v1/account", tags=["merchant: account"], responses=PROBLEMS)
routers = [staff, merchants]

READERS = (StaffRole.OWNER, StaffRole.FINANCE, StaffRole.READ_ONLY)
AccountPath = Annotated[
    str,
    Path(
        max_length=80,
        pattern=r"^[a-z0-9_:-]+$",
        examples=["fees:delivery"],
        description="An account of the chart.",
    ),
]
DeliveryPath = Annotated[str, Path(max_length=40, examples=["dlv_01jd000000000000000000000z"])]
MarketAsked = Annotated[str | None, Query(max_length=40, examples=["mkt_01jd000000000000000000000z"])]


def _market(text: str | None) -> UUID | None:
    return None if text is None else parse("market", text)


@staff.get("/trial-balance")
async def trial_balance(work: StaffWork, market: MarketAsked = None) -> TrialBalance:
    """Debits and credits of every account, of the whole network or of one market."""
    need(work, *READERS)
    market_id = _market(market)
    return TrialBalance(
        accounts=[AccountTold.of(line) for line in await queries.trial(work, market_id)],
        difference_minor=await queries.difference_minor(work, market_id),
    )


@staff.get("/accounts/{account}/entries")
async def entries_of_account(
    work: StaffWork, account: AccountPath, limit: Limit = 50, cursor: Cursor = None
) -> Page[EntryTold]:
    """One account's entries, oldest first; `limit` counts transactions."""
    need(work, *READERS)
    return await _page(work, read_account(account), limit, cursor)


@merchants.get("/entries")
async def my_entries(work: MerchantWork, limit: Limit = 50, cursor: Cursor = None) -> Page[EntryTold]:
    """What we were charged and what we paid, oldest first, reserves included; `limit` counts transactions.

    Needs the scope `deliveries:read`.
    """
    need(work, Scope.DELIVERIES_READ)
    assert work.actor.tenant is not None
    return await _page(work, account_named("merchant:{id}:receivable", work.actor.tenant), limit, cursor)


async def _page(work: Work, account: str, limit: int, cursor: str | None) -> Page[EntryTold]:
    found = await queries.entries_of_account(work, account, after=read_cursor(cursor), most=limit + 1)
    transactions = list(dict.fromkeys(entry.transaction_id for entry in found))
    kept = set(transactions[:limit])
    more = cursor_after(transactions[limit - 1]) if len(transactions) > limit else None
    return Page(items=[EntryTold.of(e) for e in found if e.transaction_id in kept], next=more)


@staff.get("/deliveries/{delivery_id}/entries")
async def entries_of_delivery(work: StaffWork, delivery_id: DeliveryPath) -> list[EntryTold]:
    """All money that moved for one delivery, reserves and reversals included."""
    need(work, *READERS, StaffRole.SUPPORT, StaffRole.DISPATCHER)
    found = await queries.entries_of_delivery(work, parse("delivery", delivery_id))
    return [EntryTold.of(entry) for entry in found]


@staff.get(
    "/export.beancount",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}, "description": "Beancount text"}},
)
async def beancount(work: StaffWork) -> PlainTextResponse:
    """All posted transactions for Beancount, which checks every sum again (`bean-check FILE`)."""
    need(work, *READERS)
    return PlainTextResponse(
        await export_beancount(work),
        headers={
            "Content-Disposition": 'attachment; filename="doorstep.beancount"',
            "Cache-Control": "no-store",
        },
    )
