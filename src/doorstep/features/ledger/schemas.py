"""The ledger on the wire. Accounts show public ids: ``merchant:mer_…:receivable``."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.ledger.rules import (
    AccountType,
    EntryView,
    MalformedPosting,
    TransactionState,
    TrialLine,
    account,
    kind_of,
)
from doorstep.platform.errors import NotFound
from doorstep.units.ids import parse, public


def public_account(name: str) -> str:
    """An account's name with its owner's public id. Raises MalformedPosting outside the chart."""
    line, owner = kind_of(name)
    return line.name if owner is None else line.name.replace("{id}", public(owner.kind, owner.id))


def read_account(text: str) -> str:
    """The account behind a public name. Raises NotFound outside the chart, MalformedId for a mangled id."""
    noun, *rest = text.split(":")
    try:
        if len(rest) == 2:
            return account(f"{noun}:{{id}}:{rest[1]}", parse(noun, rest[0]))
        return account(text)
    except (MalformedPosting, KeyError) as error:
        raise NotFound(f"The chart has no account {text}.") from error


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class EntryTold(Told):
    """One line of a transaction; ``amount_minor`` is debit when positive, credit when negative."""

    transaction: str = Field(examples=["txn_01jd000000000000000000000z"])
    fact: str = Field(examples=["delivery:0193…:fee"])
    kind: str = Field(examples=["delivery_fee"])
    state: TransactionState
    account: str = Field(examples=["merchant:mer_01jd000000000000000000000z:receivable"])
    amount_minor: int = Field(examples=[995])
    currency: str = Field(examples=["USD"])
    delivery: str | None = Field(examples=["dlv_01jd000000000000000000000z"])
    at: datetime
    memo: str

    @classmethod
    def of(cls, entry: EntryView) -> Self:
        """As told of ``entry``."""
        return cls(
            transaction=public("entry", entry.transaction_id),
            fact=entry.fact,
            kind=entry.kind,
            state=entry.state,
            account=public_account(entry.account),
            amount_minor=entry.amount.minor,
            currency=entry.amount.currency,
            delivery=public("delivery", entry.delivery_id) if entry.delivery_id else None,
            at=entry.at,
            memo=entry.memo,
        )


class AccountTold(Told):
    """One account in the trial balance."""

    account: str
    type: AccountType
    currency: str
    debit_minor: int
    credit_minor: int
    balance_minor: int = Field(description="Debits less credits.")

    @classmethod
    def of(cls, line: TrialLine) -> Self:
        """As told of ``line``."""
        return cls(
            account=public_account(line.account),
            type=kind_of(line.account)[0].type,
            currency=line.currency,
            debit_minor=line.debit_minor,
            credit_minor=line.credit_minor,
            balance_minor=line.balance_minor,
        )


class TrialBalance(Told):
    """Every account's posted debits and credits. ``difference_minor`` is zero, or there is a fault."""

    accounts: list[AccountTold]
    difference_minor: int = Field(examples=[0])
