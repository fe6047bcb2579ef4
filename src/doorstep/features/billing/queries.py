"""Reads of billing."""

from uuid import UUID

from doorstep.features.billing.rules import Account, EndFees
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.ledger import queries as ledger
from doorstep.features.markets import queries as markets
from doorstep.features.merchants import queries as merchants
from doorstep.platform.db.work import Work
from doorstep.units.money import Money


async def end_fees_of(work: Work, delivery_id: UUID) -> EndFees:
    """What ending otherwise costs by the tariff that held when the delivery was made."""
    delivery = await deliveries.delivery(work, delivery_id)
    merchant = await merchants.merchant(work, delivery.merchant_id)
    tariff = await markets.tariff(work, delivery.market_id, merchant.tariff_kind, delivery.created_at)
    terms = tariff.terms
    return EndFees(
        cancellation=terms.money(terms.cancellation_minor), return_fee=terms.money(terms.return_minor)
    )


async def account_of(work: Work, merchant_id: UUID) -> Account:
    """What a merchant owes and may still spend. Raises merchants' UnknownMerchant."""
    terms = (await merchants.merchant(work, merchant_id)).billing
    currency = terms.credit_limit.currency
    set_aside = await ledger.set_aside(work, merchant_id, currency)
    return Account(
        owed=await ledger.owed(work, merchant_id, currency) - set_aside,
        set_aside=set_aside,
        limit=Money.zero(currency) if terms.prepaid else terms.credit_limit,
        prepaid=terms.prepaid,
    )
