"""Reads of quotes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from doorstep.connectors.maps.protocol import Leg, Precision
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Tariff, TariffTerms
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants.rules import Merchant, Store
from doorstep.features.quotes.errors import UnknownQuote
from doorstep.features.quotes.models import QuoteRow
from doorstep.features.quotes.prices import Price
from doorstep.features.quotes.rules import Promise, Quote, Wanted
from doorstep.platform.db.work import Work
from doorstep.units.geo import Metres, Seconds
from doorstep.units.ids import MarketId, MerchantId, QuoteId
from doorstep.units.time import MarketInstant


def stored(value: Price | Promise | Wanted | TariffTerms) -> dict[str, Any]:
    """A value of a quote as JSON; ``view`` reads it back."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def view(row: QuoteRow) -> Quote:
    """The row as other rooms see it."""
    return Quote(
        id=QuoteId(row.id),
        merchant_id=MerchantId(row.merchant_id),
        market_id=MarketId(row.market_id),
        wanted=msgspec.convert(row.wanted, Wanted),
        precision=Precision(row.precision),
        note=row.note,
        leg=Leg(metres=Metres(row.leg_m), seconds=Seconds(row.leg_s)),
        price=msgspec.convert(row.price, Price),
        promise=msgspec.convert(row.promise, Promise),
        tariff=msgspec.convert(row.tariff, TariffTerms),
        fingerprint=row.fingerprint,
        created_at=MarketInstant(row.created_at),
        expires_at=MarketInstant(row.expires_at),
        used_at=None if row.used_at is None else MarketInstant(row.used_at),
    )


async def quote(work: Work, quote_id: UUID) -> Quote:
    """One quote. Raises UnknownQuote."""
    row = await work.session.get(QuoteRow, quote_id, populate_existing=True)
    if row is None:
        raise UnknownQuote
    return view(row)


async def tariff_of(work: Work, store: Store, at: datetime, merchant: Merchant | None = None) -> Tariff:
    """The tariff of a store's merchant, read unless it is given, in the store's market at ``at``. Raises NoTariff."""
    merchant = merchant or await merchants.merchant(work, store.merchant_id)
    return await markets.tariff(work, store.market_id, merchant.tariff_kind, at)
