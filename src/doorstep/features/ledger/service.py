"""The ledger's verbs. Each is idempotent by its fact: the same again changes nothing, other money is refused."""

from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Result, String, Uuid, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from doorstep.features.ledger.errors import (
    AlreadyClosed,
    CreditExhausted,
    FactMismatch,
    NotReversible,
    UnknownFact,
)
from doorstep.features.ledger.models import ClosureRow, EntryRow, TransactionRow
from doorstep.features.ledger.rules import (
    Entry,
    OwnerKind,
    Posting,
    TransactionState,
    mirrored,
    reserve_entries,
    reserve_fact,
    reversal_fact,
    transaction_id,
)
from doorstep.platform.db.work import Work
from doorstep.units.money import Money

# Made once, so that their compiled form is found again by identity.
_LOCK_OWED = select(
    func.ledger_lock_owed(bindparam("merchant_id", type_=Uuid), bindparam("currency", type_=String))
)
_ADD_TRANSACTION = upsert(TransactionRow.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
_ADD_ENTRIES = insert(EntryRow.__table__)  # type: ignore[arg-type]


async def post(work: Work, posting: Posting) -> UUID:
    """Write a posted transaction and return its id. Raises FactMismatch."""
    await _write(work, posting, TransactionState.POSTED)
    return posting.transaction_id


async def reserve(work: Work, posting: Posting) -> UUID:
    """Write a pending transaction: set aside until it is settled or voided. Raises FactMismatch."""
    await _write(work, posting, TransactionState.PENDING)
    return posting.transaction_id


async def settle(work: Work, reserved_fact: str, posting: Posting) -> UUID:
    """Close the reserve of ``reserved_fact`` and post what it became, whatever the amounts.

    Raises UnknownFact, AlreadyClosed (voided, or settled by another posting), FactMismatch.
    """
    await _close(work, reserved_fact, "settled", posting)
    await _write(work, posting, TransactionState.POSTED, settles=transaction_id(reserved_fact))
    return posting.transaction_id


async def void(work: Work, fact: str) -> None:
    """Close a reserve that came to nothing. Raises UnknownFact, AlreadyClosed (it was settled)."""
    await _close(work, fact, "voided", None)


async def reverse(work: Work, fact: str, why: str) -> UUID:
    """Post the mirror image of a posted transaction and return the new id; once, however often asked.

    The acting role must see all entries (staff or the system). Raises UnknownFact, NotReversible.
    """
    original = await work.session.get(TransactionRow, transaction_id(fact))
    if original is None:
        raise UnknownFact(f"no transaction was caused by {fact}")
    if original.state != TransactionState.POSTED or original.reverses is not None:
        raise NotReversible(f"{fact} is a reserve or a reversal")
    rows = await work.session.scalars(
        select(EntryRow).where(EntryRow.transaction_id == original.id).order_by(EntryRow.line)
    )
    entries = tuple(
        Entry(row.account, Money(row.amount_minor, row.currency), delivery_id=row.delivery_id) for row in rows
    )
    mirror = Posting(
        fact=reversal_fact(fact),
        kind="reversal",
        entries=mirrored(entries),
        memo=why,
        at=work.now(),
        market_id=original.market_id,
    )
    await _write(work, mirror, TransactionState.POSTED, reverses=original.id)
    return mirror.transaction_id


async def reserve_fee(
    work: Work,
    *,
    merchant_id: UUID,
    delivery_id: UUID,
    market_id: UUID,
    fee: Money,
    tip: Money,
    credit_limit: Money,
    prepaid: bool,
) -> UUID | None:
    """Set a delivery's fee and tip aside against its merchant's credit, in the transaction that creates it.

    What is owed (posted and pending, less deposits) plus the new sum must stay within ``credit_limit``, or
    within the deposits when ``prepaid``. The merchant's row stays locked until the commit, so that any
    number of concurrent creations cannot overdraw: call this last. Nothing is reserved for a free
    delivery (None). Raises CreditExhausted with nothing stored, FactMismatch.
    """
    asked = fee + tip
    if not asked:
        return None
    posting = Posting(
        fact=reserve_fact(delivery_id),
        kind="reserve",
        entries=reserve_entries(merchant_id, delivery_id, fee, tip),
        memo="fee and tip set aside",
        at=work.now(),
        market_id=market_id,
    )
    limit = Money.zero(asked.currency) if prepaid else credit_limit
    owed = Money(await lock_owed(work, merchant_id, asked.currency), asked.currency)
    if not owed + asked <= limit and await _existing(work, posting) is None:
        available = max(Money.zero(asked.currency), limit - owed, key=lambda money: money.minor)
        raise CreditExhausted(
            f"{asked} is needed, {available} is available.",
            facts={
                "needed_minor": asked.minor,
                "available_minor": available.minor,
                "currency": asked.currency,
            },
        )
    await _write(work, posting, TransactionState.PENDING)
    return posting.transaction_id


async def lock_owed(work: Work, merchant_id: UUID, currency: str) -> int:
    """What the merchant owes in minor units, read under its lock, which is held until the commit."""
    found = await work.session.execute(_LOCK_OWED, {"merchant_id": merchant_id, "currency": currency})
    return int(found.scalar_one())


async def _existing(work: Work, posting: Posting) -> Any | None:
    """The transaction of this posting's fact as stored, None when there is none that the actor may see."""
    found = await work.session.execute(
        select(TransactionRow.content_hash, TransactionRow.state, TransactionRow.settles).where(
            TransactionRow.id == posting.transaction_id
        )
    )
    return found.one_or_none()


async def _write(
    work: Work,
    posting: Posting,
    state: TransactionState,
    *,
    settles: UUID | None = None,
    reverses: UUID | None = None,
) -> None:
    written = await work.session.execute(
        _ADD_TRANSACTION,
        {
            "id": posting.transaction_id,
            "fact": posting.fact,
            "kind": posting.kind,
            "state": state,
            "lines": len(posting.entries),
            "content_hash": posting.content_hash(),
            "memo": posting.memo,
            "at": posting.at,
            "market_id": posting.market_id,
            "tenant_id": posting.tenant_id,
            "settles": settles,
            "reverses": reverses,
        },
    )
    if not _count(written):
        earlier = await _existing(work, posting)
        if earlier != (posting.content_hash(), state, settles):
            raise FactMismatch(f"{posting.fact} was posted before with other amounts")
        return
    await work.session.execute(
        _ADD_ENTRIES,
        [
            {
                "transaction_id": posting.transaction_id,
                "line": line,
                "account": entry.account,
                "amount_minor": entry.amount.minor,
                "currency": entry.amount.currency,
                "pending": state is TransactionState.PENDING,
                "owner_kind": entry.owner.kind if entry.owner else OwnerKind.PLATFORM,
                "owner_id": entry.owner.id if entry.owner else None,
                "delivery_id": entry.delivery_id,
                "at": posting.at,
            }
            for line, entry in enumerate(posting.entries)
        ],
    )


async def _close(work: Work, fact: str, how: str, by: Posting | None) -> None:
    closed_id = transaction_id(fact)
    reserved = (
        await work.session.execute(
            select(TransactionRow.state, TransactionRow.tenant_id).where(TransactionRow.id == closed_id)
        )
    ).one_or_none()
    if reserved is None:
        raise UnknownFact(f"nothing was reserved for {fact}")
    if reserved.state != TransactionState.PENDING:
        raise AlreadyClosed(f"{fact} is posted, not a reserve")
    settled_by = by.transaction_id if by else None
    written = await work.session.execute(
        upsert(ClosureRow)
        .values(
            transaction_id=closed_id,
            how=how,
            settled_by=settled_by,
            tenant_id=reserved.tenant_id,
            at=by.at if by else work.now(),
        )
        .on_conflict_do_nothing()
    )
    if not _count(written):
        earlier = await work.session.execute(
            select(ClosureRow.how, ClosureRow.settled_by).where(ClosureRow.transaction_id == closed_id)
        )
        if earlier.one_or_none() != (how, settled_by):
            raise AlreadyClosed(f"{fact} was closed before in another way")


def _count(result: Result[Any]) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
