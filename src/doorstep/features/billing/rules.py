"""What a merchant pays for a delivery, decided on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from doorstep.features.deliveries.rules import CARRIED, FINAL, WAITING, CancelReason, DeliveryState, Party
from doorstep.features.ledger.rules import Entry, account
from doorstep.units.money import Money


class ChargeKind(StrEnum):
    """Why a merchant is charged."""

    DELIVERY = "delivery"  # the fee that was quoted
    RETURN = "return"  # goods that nobody took were brought back
    CANCELLATION = "cancellation"  # called off after a carrier had accepted


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a delivery's bill."""

    kind: ChargeKind
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFees:
    """What ending otherwise than delivered costs, as agreed when the delivery was made."""

    cancellation: Money
    return_fee: Money


_INCOME = {
    ChargeKind.DELIVERY: "fees:delivery",
    ChargeKind.RETURN: "fees:delivery",
    ChargeKind.CANCELLATION: "fees:cancellation",
}
_CUSTOMER = frozenset({Party.MERCHANT, Party.SHOPPER})


@dataclass(frozen=True, slots=True)
class End:
    """How a delivery ended; of a cancelled one by whom, why, and in which ``stage`` it was."""

    state: DeliveryState
    by: Party | None = None
    reason: CancelReason | None = None
    stage: DeliveryState | None = None

    @property
    def work_done(self) -> bool:
        """Whether the carrier did what was asked, even if nobody took the goods."""
        return (
            self.state in {DeliveryState.DELIVERED, DeliveryState.RETURNED}
            or self.reason is CancelReason.DISCARDED
        )


def bill(end: End, *, fee: Money, end_fees: EndFees) -> tuple[Charge, ...]:
    """The charges of a delivery that ended so; none of zero.

    Delivered, or discarded by the merchant's own policy: the fee. Returned: the fee and the return. Expired:
    nothing. Cancelled by the merchant or the shopper: nothing while no carrier had it, the cancellation fee
    (at most the fee) afterwards, the whole fee once the goods were on their way; by anybody else: nothing.
    Raises ValueError for a state that is no end.
    """
    if end.state not in FINAL:
        raise ValueError(f"a delivery that is {end.state} has no bill yet")
    charges = []
    if end.work_done:
        charges.append(Charge(ChargeKind.DELIVERY, fee))
        if end.state is DeliveryState.RETURNED:
            charges.append(Charge(ChargeKind.RETURN, end_fees.return_fee))
    elif end.state is DeliveryState.CANCELLED and end.by in _CUSTOMER and end.stage not in WAITING:
        most = min(end_fees.cancellation, fee, key=lambda money: money.minor)
        charges.append(Charge(ChargeKind.CANCELLATION, most if end.stage in CARRIED else fee))
    return tuple(charge for charge in charges if charge.amount)


def tip_due(end: End, tip: Money) -> Money:
    """What of the tip the merchant pays: all of it when the carrier did the work, else nothing."""
    return tip if end.work_done else Money.zero(tip.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a merchant owes (negative: prepaid), what is set aside besides, and how much it may owe in all."""

    owed: Money
    set_aside: Money
    limit: Money
    prepaid: bool

    @property
    def available(self) -> Money:
        """What new deliveries may cost; never below zero."""
        left = self.limit - self.owed - self.set_aside
        return max(left, Money.zero(left.currency), key=lambda money: money.minor)


def tips_account(driver_id: UUID | None, provider_id: UUID | None) -> str:
    """Whose tips: the driver's or the courier company's. Raises ValueError when nobody carried."""
    if driver_id is not None:
        return account("driver:{id}:tips", driver_id)
    if provider_id is not None:
        return account("provider:{id}:tips", provider_id)
    raise ValueError("a tip needs somebody who carried")


def bill_entries(
    charges: Sequence[Charge], tip: Money, *, merchant_id: UUID, tips_to: str | None, delivery_id: UUID
) -> tuple[Entry, ...]:
    """The entries of a bill: receivable against income, and the whole tip against ``tips_to``. Empty when free."""
    total = Money.sum([charge.amount for charge in charges], tip.currency) + tip
    if not total:
        return ()
    entries = [Entry(account("merchant:{id}:receivable", merchant_id), total, delivery_id=delivery_id)]
    entries += [Entry(_INCOME[c.kind], -c.amount, delivery_id=delivery_id) for c in charges]
    if tip:
        if tips_to is None:
            raise ValueError("a tip needs somebody who carried")
        entries.append(Entry(tips_to, -tip, delivery_id=delivery_id))
    return tuple(entries)


def tip_entries(change: Money, *, merchant_id: UUID, tips_to: str, delivery_id: UUID) -> tuple[Entry, ...]:
    """The entries of a tip given after the end."""
    return (
        Entry(account("merchant:{id}:receivable", merchant_id), change, delivery_id=delivery_id),
        Entry(tips_to, -change, delivery_id=delivery_id),
    )


def reserve_change_entries(change: Money, *, merchant_id: UUID, delivery_id: UUID) -> tuple[Entry, ...]:
    """The entries that raise or lower what is set aside for a tip before the end."""
    return tip_entries(change, merchant_id=merchant_id, tips_to="tips:unassigned", delivery_id=delivery_id)


def cost_entries(cost: Money, *, provider_id: UUID, delivery_id: UUID) -> tuple[Entry, ...]:
    """The entries of what a courier company charges."""
    return (
        Entry("provider-cost", cost, delivery_id=delivery_id),
        Entry(account("provider:{id}:payable", provider_id), -cost, delivery_id=delivery_id),
    )


def bill_fact(delivery_id: UUID) -> str:
    """The fact under which a delivery is billed."""
    return f"delivery:{delivery_id}:bill"


def tip_fact(delivery_id: UUID, seq: int) -> str:
    """The fact under which a change of tip is posted; ``seq`` is that of its event."""
    return f"delivery:{delivery_id}:tip:{seq}"


def cost_fact(job_id: UUID) -> str:
    """The fact under which a courier company's job is paid for."""
    return f"provider-job:{job_id}:cost"
