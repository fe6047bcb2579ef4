"""The ledger as Beancount text (https://beancount.github.io/docs/beancount_language_syntax.html).

A second, independent program then checks our sums: every transaction, and the balance of every account on
the day after the last entry, without tolerance.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta
from itertools import groupby

from doorstep.features.ledger import queries
from doorstep.features.ledger.rules import AccountType, EntryView, TrialLine, kind_of
from doorstep.platform.db.work import Work

_ROOTS = {
    AccountType.ASSET: "Assets",
    AccountType.LIABILITY: "Liabilities",
    AccountType.INCOME: "Income",
    AccountType.EXPENSE: "Expenses",
}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


async def export_beancount(work: Work) -> str:
    """All posted transactions as Beancount text that ``bean-check`` accepts; reserves are left out.

    The acting role must see all entries (staff, or the system). Amounts keep our sign: debit positive.
    """
    body: list[str] = []
    accounts: dict[str, set[str]] = {}
    first: date | None = None
    last: date | None = None
    async for page in queries.posted_oldest_first(work):
        for _, entries in groupby(page, key=lambda entry: entry.transaction_id):
            lines = list(entries)
            day = lines[0].at.astimezone(UTC).date()
            first, last = first or day, day
            for entry in lines:
                accounts.setdefault(entry.account, set()).add(entry.amount.currency)
            body.append(transaction(lines))
    if first is None or last is None:
        return _head([])
    opened = [
        f"{first} open {beancount_account(name)} {','.join(sorted(units))}"
        for name, units in sorted(accounts.items())
    ]
    closing = balances(await queries.trial(work), last + timedelta(days=1))
    return "\n".join([_head(opened), *body, *closing]) + "\n"


def transaction(entries: Sequence[EntryView]) -> str:
    """One transaction; ``entries`` are all of its lines."""
    head = entries[0]
    lines = [
        f"{head.at.astimezone(UTC).date()} * {_quoted(head.kind)} {_quoted(head.memo)}",
        f"  fact: {_quoted(head.fact)}",
    ]
    for entry in entries:
        lines.append(
            f"  {beancount_account(entry.account)}  {decimal(entry.amount.minor)} {entry.amount.currency}"
        )
        if entry.delivery_id is not None:
            lines.append(f'    delivery: "{entry.delivery_id}"')
    return "\n".join(lines) + "\n"


def balances(trial: Iterable[TrialLine], day: date) -> list[str]:
    """What every account must hold at the start of ``day``; a cent off is an error (Beancount allows one by itself)."""
    return [
        f"{day} balance {beancount_account(line.account)}  {decimal(line.balance_minor)} ~ 0.00 {line.currency}"
        for line in trial
    ]


def beancount_account(account: str) -> str:
    """A legal Beancount name, different for different accounts: ``Liabilities:Driver:019A…:Tips``."""
    line, _ = kind_of(account)
    parts = (part[:1].upper() + part[1:] for part in account.split(":"))
    return ":".join((_ROOTS[line.type], *parts))


def decimal(minor: int) -> str:
    """Minor units as a decimal number: ``-1.05``."""
    units, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{units}.{cents:02d}"


def _quoted(text: str) -> str:
    return '"' + _UNPRINTABLE.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _head(opened: Sequence[str]) -> str:
    return "\n".join(('option "title" "Doorstep ledger"', "", *opened, ""))
