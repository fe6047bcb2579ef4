"""Small postings for tests."""

from datetime import UTC, datetime
from uuid import UUID

from doorstep.features.ledger.rules import Entry, Posting, account
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

NOON = MarketInstant(datetime(2026, 11, 21, 18, 0, tzinfo=UTC))


def usd(minor: int) -> Money:
    """``minor`` cents."""
    return Money(minor)


def a_posting(
    fact: str,
    *lines: tuple[str, int],
    kind: str = "test",
    memo: str = "",
    at: MarketInstant = NOON,
    delivery_id: UUID | None = None,
    market_id: UUID | None = None,
) -> Posting:
    """A posting of ``(account, cents)`` lines."""
    entries = tuple(Entry(name, usd(minor), delivery_id=delivery_id) for name, minor in lines)
    return Posting(fact=fact, kind=kind, entries=entries, memo=memo, at=at, market_id=market_id)


def a_fee(fact: str, merchant_id: UUID, minor: int, *, market_id: UUID | None = None) -> Posting:
    """The merchant owes a delivery fee of ``minor`` cents."""
    return a_posting(
        fact,
        (account("merchant:{id}:receivable", merchant_id), minor),
        ("fees:delivery", -minor),
        kind="fee",
        market_id=market_id,
    )
