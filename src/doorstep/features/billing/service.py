"""The verbs of billing. Each may be told twice; the ledger counts it once."""

from doorstep.features.billing import rules
from doorstep.features.billing.queries import end_fees_of
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.events import DeliveryMoved, TipChanged
from doorstep.features.deliveries.rules import FINAL, CancelReason, DeliveryState, Party
from doorstep.features.ledger import queries as ledger_queries
from doorstep.features.ledger import service as ledger
from doorstep.features.ledger.rules import Entry, Posting, reserve_fact
from doorstep.features.providers.events import ProviderJobEnded
from doorstep.platform.db.work import Work
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


async def bill_ended(work: Work, ended: DeliveryMoved) -> None:
    """Bill a delivery that reached its end and close what was reserved for it.

    ``ended`` is DeliveryCompleted, DeliveryReturned, DeliveryCancelled or DeliveryExpired.
    """
    await ledger.lock_owed(work, ended.merchant_id, ended.currency)  # see ``tip_changed``
    end = _end(ended)
    tip = rules.tip_due(end, Money(ended.tip_minor, ended.currency))
    charges = rules.bill(
        end, fee=Money(ended.fee_minor, ended.currency), end_fees=await _end_fees(work, ended, end)
    )
    entries = rules.bill_entries(
        charges,
        tip,
        merchant_id=ended.merchant_id,
        tips_to=rules.tips_account(ended.driver_id, ended.provider_id) if tip else None,
        delivery_id=ended.delivery_id,
    )
    reserved = reserve_fact(ended.delivery_id)
    if entries:
        posting = Posting(
            fact=rules.bill_fact(ended.delivery_id),
            kind="delivery_bill",
            entries=entries,
            memo=", ".join([f"{charge.kind} fee" for charge in charges] + ["tip"] * bool(tip)),
            at=MarketInstant(ended.at),
            market_id=ended.market_id,
        )
        if await ledger_queries.state(work, reserved) is None:
            await ledger.post(work, posting)
        else:
            await ledger.settle(work, reserved, posting)
    for fact in await ledger_queries.open_reserves(work, ended.delivery_id):
        await ledger.void(work, fact)


async def tip_changed(work: Work, changed: TipChanged) -> None:
    """Post a tip given after the end; before the end, change what is set aside for it.

    Takes the merchant's lock first, as ``bill_ended`` does: what is set aside here is either there when the
    delivery is billed, or the delivery has visibly ended and nothing is set aside.
    """
    change = Money(changed.tip_minor - int(changed.body["before_minor"]), changed.currency)
    fact = rules.tip_fact(changed.delivery_id, changed.seq)
    if changed.body["after_end"]:
        entries = rules.tip_entries(
            change,
            merchant_id=changed.merchant_id,
            tips_to=rules.tips_account(changed.driver_id, changed.provider_id),
            delivery_id=changed.delivery_id,
        )
        await ledger.post(work, _tip_posting(changed, fact, entries, "tip after the delivery"))
        return
    await ledger.lock_owed(work, changed.merchant_id, changed.currency)
    if (await deliveries.delivery(work, changed.delivery_id)).state in FINAL:
        return
    entries = rules.reserve_change_entries(
        change, merchant_id=changed.merchant_id, delivery_id=changed.delivery_id
    )
    await ledger.reserve(work, _tip_posting(changed, fact, entries, "tip changed"))


async def provider_job_ended(work: Work, ended: ProviderJobEnded) -> None:
    """Owe a courier company what its job costs. Nothing is posted for one that was free."""
    cost = Money(ended.fee_minor, ended.currency)
    if not cost:
        return
    posting = Posting(
        fact=rules.cost_fact(ended.job_id),
        kind="provider_cost",
        entries=rules.cost_entries(cost, provider_id=ended.provider_id, delivery_id=ended.delivery_id),
        memo=f"courier company's job, {ended.state}",
        at=MarketInstant(ended.at),
        market_id=ended.market_id,
    )
    await ledger.post(work, posting)


def _end(ended: DeliveryMoved) -> rules.End:
    told = ended.body if ended.state == DeliveryState.CANCELLED else {}
    return rules.End(
        DeliveryState(ended.state),
        by=Party(told["by"]) if "by" in told else None,
        reason=CancelReason(told["reason"]) if "reason" in told else None,
        stage=DeliveryState(told["stage"]) if "stage" in told else None,
    )


async def _end_fees(work: Work, ended: DeliveryMoved, end: rules.End) -> rules.EndFees:
    if end.state in {DeliveryState.DELIVERED, DeliveryState.EXPIRED}:  # nothing to look up in the common case
        nothing = Money.zero(ended.currency)
        return rules.EndFees(cancellation=nothing, return_fee=nothing)
    return await end_fees_of(work, ended.delivery_id)


def _tip_posting(changed: TipChanged, fact: str, entries: tuple[Entry, ...], memo: str) -> Posting:
    return Posting(
        fact=fact,
        kind="tip",
        entries=entries,
        memo=memo,
        at=MarketInstant(changed.at),
        market_id=changed.market_id,
    )
