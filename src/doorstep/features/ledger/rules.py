"""The ledger on paper: accounts, entries, postings and the ids they get."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

LEDGER = uuid5(NAMESPACE_URL, "https://doorstep.invalid/ledger")
"""Namespace of transaction ids (RFC 9562 version 5)."""

_FACT = re.compile(r"[a-z0-9][a-z0-9:._-]{0,199}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


class MalformedPosting(ValueError):
    """Entries that do not balance, mix currencies, are zero, or name an account outside the chart."""


class AccountType(StrEnum):
    """The five roots of bookkeeping that we use; assets and expenses grow by debit, the others by credit."""

    ASSET = "asset"  # what the network has or is owed
    LIABILITY = "liability"  # what the network owes
    INCOME = "income"  # what the network earned
    EXPENSE = "expense"  # what it cost


class OwnerKind(StrEnum):
    """Whose account it is: decides who may see its entries."""

    PLATFORM = "platform"  # the operator of the network
    MERCHANT = "merchant"  # who orders and owes fees
    DRIVER = "driver"  # one who is owed pay and tips
    PROVIDER = "provider"  # a courier company that is owed its price


class TransactionState(StrEnum):
    """Where a transaction stands. The row says pending or posted for ever; a closure beside it says the rest."""

    PENDING = "pending"  # money set aside: counts against credit, not in balances
    POSTED = "posted"  # counts in balances
    SETTLED = "settled"  # was pending; the transaction that settles it took its place
    VOIDED = "voided"  # was pending; came to nothing


@dataclass(frozen=True, slots=True)
class Owner:
    """One merchant, driver or provider."""

    kind: OwnerKind
    id: UUID


@dataclass(frozen=True, slots=True)
class AccountKind:
    """A line of the chart. ``name`` may hold ``{id}``: one account per owner."""

    name: str
    type: AccountType
    owner: OwnerKind
    meaning: str


_A, _L, _I, _E = AccountType.ASSET, AccountType.LIABILITY, AccountType.INCOME, AccountType.EXPENSE
_P = OwnerKind.PLATFORM

CHART: tuple[AccountKind, ...] = (
    AccountKind("cash:operating", _A, _P, "money in the operating bank account"),
    AccountKind("cash:payout-clearing", _A, _P, "money on its way to drivers and providers"),
    AccountKind("psp:receivable", _A, _P, "card payments taken and not yet paid over"),
    AccountKind("merchant:{id}:receivable", _A, OwnerKind.MERCHANT, "what a merchant owes"),
    AccountKind("driver:{id}:advance", _A, OwnerKind.DRIVER, "pay given ahead of being earned"),
    AccountKind("merchant:{id}:deposit", _L, OwnerKind.MERCHANT, "a merchant's prepaid money"),
    AccountKind("driver:{id}:payable", _L, OwnerKind.DRIVER, "pay earned and not yet paid out"),
    AccountKind("driver:{id}:tips", _L, OwnerKind.DRIVER, "tips earned and not yet paid out"),
    AccountKind("provider:{id}:payable", _L, OwnerKind.PROVIDER, "what a courier company is owed"),
    AccountKind("provider:{id}:tips", _L, OwnerKind.PROVIDER, "tips passed on to a company's couriers"),
    AccountKind("tips:unassigned", _L, _P, "tips whose driver is not known yet"),
    AccountKind("tax:sales", _L, _P, "sales tax collected for a state"),
    AccountKind("tax:backup-withholding", _L, _P, "pay withheld for the tax office"),
    AccountKind("shopper:refunds", _L, _P, "refunds owed to shoppers"),
    AccountKind("fees:delivery", _I, _P, "delivery fees"),
    AccountKind("fees:cancellation", _I, _P, "fees of deliveries cancelled late"),
    AccountKind("fees:platform", _I, _P, "fees for using the network's software"),
    AccountKind("fees:instant-cashout", _I, _P, "fees of instant payouts"),
    AccountKind("driver-pay", _E, _P, "base pay and return legs of drivers"),
    AccountKind("incentives", _E, _P, "incentives paid above base pay"),
    AccountKind("pay-guarantee-top-up", _E, _P, "top-ups to a guaranteed pay floor"),
    AccountKind("provider-cost", _E, _P, "what courier companies charge"),
    AccountKind("refunds", _E, _P, "fees given back"),
    AccountKind("claims", _E, _P, "lost and damaged goods"),
    AccountKind("psp-fees", _E, _P, "card processing"),
    AccountKind("bad-debt", _E, _P, "receivables given up"),
)
"""Every account there can be. A posting to anything else is refused."""

_BY_NAME = {kind.name: kind for kind in CHART}


def account(name: str, owner_id: UUID | None = None) -> str:
    """The full name of an account: ``account("driver:{id}:tips", id)``. Raises MalformedPosting."""
    if name not in _BY_NAME or ("{id}" in name) != (owner_id is not None):
        raise MalformedPosting(f"the chart has no account {name} with owner {owner_id}")
    return name.replace("{id}", str(owner_id))


def kind_of(full_name: str) -> tuple[AccountKind, Owner | None]:
    """The chart's line behind a full account name, and whose it is. Raises MalformedPosting."""
    plain = _BY_NAME.get(full_name)
    if plain is not None and plain.owner is OwnerKind.PLATFORM:
        return plain, None
    noun, _, rest = full_name.partition(":")
    text, _, last = rest.partition(":")
    line = _BY_NAME.get(f"{noun}:{{id}}:{last}")
    try:
        owner_id = UUID(text)
    except ValueError:
        owner_id = None
    if line is None or owner_id is None or str(owner_id) != text:
        raise MalformedPosting(f"the chart has no account {full_name}")
    return line, Owner(line.owner, owner_id)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transaction: ``amount`` is debit when positive, credit when negative, never zero.

    ``owner`` follows from the account and may be left out; another one is refused (MalformedPosting).
    ``delivery_id`` labels the entry for statements.
    """

    account: str
    amount: Money
    owner: Owner | None = None
    delivery_id: UUID | None = None

    def __post_init__(self) -> None:
        """Check the account against the chart and fill in its owner."""
        _, owner = kind_of(self.account)
        if self.owner is not None and self.owner != owner:
            raise MalformedPosting(f"{self.account} does not belong to {self.owner}")
        if not self.amount:
            raise MalformedPosting(f"an entry of nothing on {self.account}")
        object.__setattr__(self, "owner", owner)


@dataclass(frozen=True, slots=True)
class Posting:
    """A transaction to be written, caused by ``fact`` ("delivery:<id>:fee") at market time ``at``.

    Raises MalformedPosting unless it has two entries or more, of one currency, that add up to zero.
    ``market_id`` tells to which market it belongs, if to one.
    """

    fact: str
    kind: str
    entries: tuple[Entry, ...]
    memo: str
    at: MarketInstant
    market_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse what the database would refuse at commit, and say which."""
        if not _FACT.fullmatch(self.fact) or not _KIND.fullmatch(self.kind):
            raise MalformedPosting(f"{self.fact!r} or {self.kind!r} is no name for a fact")
        if len(self.entries) < 2:
            raise MalformedPosting(f"{self.fact} has fewer than two entries")
        if len({entry.amount.currency for entry in self.entries}) != 1:
            raise MalformedPosting(f"{self.fact} mixes currencies")
        if sum(entry.amount.minor for entry in self.entries) != 0:
            raise MalformedPosting(f"{self.fact} does not balance")

    @property
    def transaction_id(self) -> UUID:
        """The id that this fact always gets."""
        return transaction_id(self.fact)

    @property
    def currency(self) -> str:
        """The one currency of all entries."""
        return self.entries[0].amount.currency

    @property
    def tenant_id(self) -> UUID | None:
        """The merchant among the owners, who may see the transaction."""
        return next(
            (e.owner.id for e in self.entries if e.owner and e.owner.kind is OwnerKind.MERCHANT), None
        )

    def content_hash(self) -> str:
        """Equal for postings that move the same money; instant and memo do not count."""
        lines = sorted(
            (e.account, e.amount.minor, e.amount.currency, str(e.delivery_id or "")) for e in self.entries
        )
        return hashlib.sha256(json.dumps([self.kind, lines]).encode()).hexdigest()


def transaction_id(fact: str) -> UUID:
    """The id of the transaction caused by ``fact``: the same in every ledger."""
    return uuid5(LEDGER, fact)


def reversal_fact(fact: str) -> str:
    """The fact under which the reversal of ``fact`` is posted."""
    return f"reversal:{fact}"


def reserve_fact(delivery_id: UUID) -> str:
    """The fact under which a delivery's fee and tip are reserved at its creation."""
    return f"delivery:{delivery_id}:reserve"


def reserve_entries(merchant_id: UUID, delivery_id: UUID, fee: Money, tip: Money) -> tuple[Entry, ...]:
    """What is set aside for a delivery: the merchant will owe fee and tip; the tip is nobody's income.

    Raises MalformedPosting when both are zero or one is negative.
    """
    if fee.minor < 0 or tip.minor < 0:
        raise MalformedPosting("neither fee nor tip is negative")
    parts = (
        (account("merchant:{id}:receivable", merchant_id), fee + tip),
        (account("fees:delivery"), -fee),
        (account("tips:unassigned"), -tip),
    )
    return tuple(Entry(name, amount, delivery_id=delivery_id) for name, amount in parts if amount)


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as read back, with the transaction it is a line of."""

    transaction_id: UUID
    line: int
    fact: str
    kind: str
    state: TransactionState
    account: str
    amount: Money
    owner: Owner | None
    delivery_id: UUID | None
    market_id: UUID | None
    at: MarketInstant
    memo: str


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One account in the trial balance: posted debits, posted credits (both positive) and their difference."""

    account: str
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit positive."""
        return self.debit_minor - self.credit_minor


def mirrored(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that undo ``entries``."""
    return tuple(Entry(e.account, -e.amount, e.owner, e.delivery_id) for e in entries)
