"""What a merchant pays for a delivery, decided on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from doorstep.features.deliveries.rules import CARRIED, WAITING, DeliveryState, Party
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


def bill(
    state: DeliveryState,
    *,
    fee: Money,
    end_fees: EndFees,
    by: Party | None = None,
    stage: DeliveryState | None = None,
) -> tuple[Charge, ...]:
    """The charges of a delivery that ended as ``state``; none of zero.

    Delivered: the fee. Returned: the fee and the return. Expired: nothing. Cancelled by the merchant or the
    shopper (``by``): nothing while no carrier had it (``stage``), the cancellation fee (at most the fee)
    afterwards, the whole fee once the goods were on their way; cancelled by anybody else: nothing.
    Raises ValueError for a state that is no end.
    """
    if state is DeliveryState.DELIVERED:
        charges = [Charge(ChargeKind.DELIVERY, fee)]
    elif state is DeliveryState.RETURNED:
        charges = [Charge(ChargeKind.DELIVERY, fee), Charge(ChargeKind.RETURN, end_fees.return_fee)]
    elif state is DeliveryState.CANCELLED and by in _CUSTOMER and stage not in WAITING:
        most = min(end_fees.cancellation, fee, key=lambda money: money.minor)
        charges = [Charge(ChargeKind.CANCELLATION, most if stage in CARRIED else fee)]
    elif state in {DeliveryState.CANCELLED, DeliveryState.EXPIRED}:
        charges = []
    else:
        raise ValueError(f"a delivery that is {state} has no bill yet")
    return tuple(charge for charge in charges if charge.amount)


def tip_due(state: DeliveryState, tip: Money) -> Money:
    """What of the tip the merchant pays: all when the carrier did the work, even if nobody took the goods."""
    did_the_work = state in {DeliveryState.DELIVERED, DeliveryState.RETURNED}
    return tip if did_the_work else Money.zero(tip.currency)


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
