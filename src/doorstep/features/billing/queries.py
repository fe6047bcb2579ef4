"""Reads of billing."""

from uuid import UUID

from doorstep.features.billing.rules import EndFees
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.markets import queries as markets
from doorstep.features.merchants import queries as merchants
from doorstep.platform.db.work import Work


async def end_fees_of(work: Work, delivery_id: UUID) -> EndFees:
    """What ending otherwise costs by the tariff that held when the delivery was made."""
    delivery = await deliveries.delivery(work, delivery_id)
    merchant = await merchants.merchant(work, delivery.merchant_id)
    tariff = await markets.tariff(work, delivery.market_id, merchant.tariff_kind, delivery.created_at)
    terms = tariff.terms
    return EndFees(
        cancellation=terms.money(terms.cancellation_minor), return_fee=terms.money(terms.return_minor)
    )
