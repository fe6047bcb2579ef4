"""Reads of the ledger. Row-level security applies: a merchant or driver sees the entries of its own accounts."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_

from doorstep.features.ledger.models import ClosureRow, EntryRow, OwedRow, TransactionRow
from doorstep.features.ledger.rules import EntryView, Owner, OwnerKind, TransactionState, TrialLine
from doorstep.platform.db.work import Work
from doorstep.units.money import USD, Money
from doorstep.units.time import MarketInstant

_LAST = chr(0x10FFFF)  # sorts behind every other character in collation C


async def balance(work: Work, account: str, currency: str = USD) -> Money:
    """The posted balance of one account, debit positive; reserves do not count."""
    total = await work.session.execute(
        select(func.coalesce(func.sum(EntryRow.amount_minor), 0)).where(
            EntryRow.account == account, EntryRow.currency == currency, ~EntryRow.pending
        )
    )
    return Money(int(total.scalar_one()), currency)


async def owed(work: Work, merchant_id: UUID, currency: str = USD) -> Money:
    """What a merchant owes: posted and pending receivables less what it prepaid (negative: it has money here)."""
    row = await work.session.execute(
        select(OwedRow.posted_minor + OwedRow.pending_minor).where(
            OwedRow.merchant_id == merchant_id, OwedRow.currency == currency
        )
    )
    return Money(int(row.scalar_one_or_none() or 0), currency)


async def set_aside(work: Work, merchant_id: UUID, currency: str = USD) -> Money:
    """The pending part of ``owed``."""
    row = await work.session.execute(
        select(OwedRow.pending_minor).where(OwedRow.merchant_id == merchant_id, OwedRow.currency == currency)
    )
    return Money(int(row.scalar_one_or_none() or 0), currency)


async def entries_of(work: Work, fact_prefix: str) -> list[EntryView]:
    """All entries, reserves included, whose fact begins with ``fact_prefix``; by fact, then line."""
    found = _entries().where(TransactionRow.fact >= fact_prefix, TransactionRow.fact < fact_prefix + _LAST)
    return await _views(work, found.order_by(TransactionRow.fact, EntryRow.line))


async def entries_of_delivery(work: Work, delivery_id: UUID) -> list[EntryView]:
    """All entries labelled with a delivery, reserves and reversals included, in order of time."""
    found = _entries().where(EntryRow.delivery_id == delivery_id)
    return await _views(work, found.order_by(EntryRow.at, EntryRow.transaction_id, EntryRow.line))


async def entries_of_account(
    work: Work, account: str, *, after: UUID | None = None, most: int = 100
) -> list[EntryView]:
    """One account's entries in up to ``most`` transactions, oldest first, behind the transaction ``after``."""
    place = (EntryRow.at, EntryRow.transaction_id)
    wanted = select(*place).where(EntryRow.account == account).distinct()
    if after is not None:
        last = select(TransactionRow.at, TransactionRow.id).where(TransactionRow.id == after)
        found = (await work.session.execute(last)).one_or_none()
        if found is None:
            return []
        wanted = wanted.where(tuple_(*place) > tuple_(*found))
    page = (await work.session.execute(wanted.order_by(*place).limit(most))).all()
    entries = _entries().where(
        EntryRow.account == account, EntryRow.transaction_id.in_([row.transaction_id for row in page])
    )
    return await _views(work, entries.order_by(*place, EntryRow.line))


async def open_reserves(work: Work, delivery_id: UUID) -> list[str]:
    """The facts of a delivery's reserves that are neither settled nor voided, in order."""
    found = await work.session.scalars(
        select(TransactionRow.fact)
        .distinct()
        .join(EntryRow, EntryRow.transaction_id == TransactionRow.id)
        .outerjoin(ClosureRow, ClosureRow.transaction_id == TransactionRow.id)
        .where(
            EntryRow.delivery_id == delivery_id,
            TransactionRow.state == TransactionState.PENDING,
            ClosureRow.transaction_id.is_(None),
        )
        .order_by(TransactionRow.fact)
    )
    return list(found)


async def state(work: Work, fact: str) -> TransactionState | None:
    """Where the transaction of ``fact`` stands; None when there is none that the actor may see."""
    found = await work.session.execute(
        select(_STATE)
        .select_from(TransactionRow)
        .outerjoin(ClosureRow, ClosureRow.transaction_id == TransactionRow.id)
        .where(TransactionRow.fact == fact)
    )
    known = found.scalar_one_or_none()
    return None if known is None else TransactionState(known)


async def trial(work: Work, market_id: UUID | None = None) -> list[TrialLine]:
    """The trial balance: posted debits and credits of every account, by account; of one market if asked."""
    sums = select(
        EntryRow.account,
        EntryRow.currency,
        func.coalesce(func.sum(EntryRow.amount_minor).filter(EntryRow.amount_minor > 0), 0),
        func.coalesce(-func.sum(EntryRow.amount_minor).filter(EntryRow.amount_minor < 0), 0),
    ).where(~EntryRow.pending)
    if market_id is not None:
        sums = sums.join(TransactionRow, TransactionRow.id == EntryRow.transaction_id).where(
            TransactionRow.market_id == market_id
        )
    rows = await work.session.execute(
        sums.group_by(EntryRow.account, EntryRow.currency).order_by(EntryRow.account, EntryRow.currency)
    )
    return [TrialLine(name, unit, int(debit), int(credit)) for name, unit, debit, credit in rows]


async def difference_minor(work: Work, market_id: UUID | None = None) -> int:
    """By how much the ledger fails to balance: zero, or there is a fault. Any audience may ask; it tells no amounts.

    Sums, per transaction and currency, how far its entries are from zero (absolute, so that errors cannot
    cancel), adds one per transaction that lacks entries and, for the whole ledger, how far each merchant's
    kept balance is from its entries.
    """
    found = await work.session.execute(select(func.ledger_difference_minor(market_id)))
    return int(found.scalar_one())


async def posted_oldest_first(work: Work, batch: int = 2000) -> AsyncIterator[Sequence[EntryView]]:
    """Every posted entry, oldest transaction first, in lists of whole transactions."""
    after: tuple[datetime, UUID] | None = None
    while True:
        wanted = select(TransactionRow.id, TransactionRow.at).where(
            TransactionRow.state == TransactionState.POSTED
        )
        if after is not None:
            wanted = wanted.where(tuple_(TransactionRow.at, TransactionRow.id) > tuple_(*after))
        page = (
            await work.session.execute(wanted.order_by(TransactionRow.at, TransactionRow.id).limit(batch))
        ).all()
        if not page:
            return
        after = (page[-1].at, page[-1].id)
        found = _entries().where(TransactionRow.id.in_([row.id for row in page]))
        yield await _views(work, found.order_by(TransactionRow.at, TransactionRow.id, EntryRow.line))


_STATE: ColumnElement[str] = case(
    (ClosureRow.how.is_not(None), ClosureRow.how), else_=TransactionRow.state
).label("state")
_Found = Select[EntryRow, str, str, str, UUID | None, str]


def _entries() -> _Found:
    return (
        select(
            EntryRow,
            TransactionRow.fact,
            TransactionRow.kind,
            _STATE,
            TransactionRow.market_id,
            TransactionRow.memo,
        )
        .join(TransactionRow, TransactionRow.id == EntryRow.transaction_id)
        .outerjoin(ClosureRow, ClosureRow.transaction_id == TransactionRow.id)
    )


async def _views(work: Work, found: _Found) -> list[EntryView]:
    rows = await work.session.execute(found)
    return [
        EntryView(
            transaction_id=row.transaction_id,
            line=row.line,
            fact=fact,
            kind=kind,
            state=TransactionState(known),
            account=row.account,
            amount=Money(row.amount_minor, row.currency),
            owner=Owner(OwnerKind(row.owner_kind), row.owner_id) if row.owner_id else None,
            delivery_id=row.delivery_id,
            market_id=market_id,
            at=MarketInstant(row.at),
            memo=memo,
        )
        for row, fact, kind, known, market_id, memo in rows
    ]
