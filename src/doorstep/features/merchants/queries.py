"""Reads of merchants and stores. What an actor may not see is not there."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import bindparam, or_, select

from doorstep.connectors.maps.protocol import Address
from doorstep.features.markets.rules import TariffKind
from doorstep.features.merchants.errors import UnknownMerchant, UnknownStore
from doorstep.features.merchants.models import MerchantRow, MerchantTermsRow, StoreRow
from doorstep.features.merchants.rules import Billing, Brand, Hours, Merchant, Store, StoreState
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import MarketId, MerchantId, StoreId
from doorstep.units.money import Money


def merchant_view(row: MerchantRow, terms: MerchantTermsRow) -> Merchant:
    """The two rows as other rooms see them."""
    return Merchant(
        id=MerchantId(row.id),
        name=row.name,
        slug=row.slug,
        brand=msgspec.convert(row.brand, Brand),
        billing=Billing(credit_limit=Money(terms.credit_limit_minor, terms.currency), prepaid=terms.prepaid),
        tariff_kind=TariffKind(terms.tariff_kind),
        batching=row.batching,
    )


def store_view(row: StoreRow) -> Store:
    """The row as other rooms see it."""
    return Store(
        id=StoreId(row.id),
        merchant_id=MerchantId(row.merchant_id),
        market_id=MarketId(row.market_id),
        external_id=row.external_id,
        name=row.name,
        address=msgspec.convert(row.address, Address),
        point=LatLng(lat=row.lat, lng=row.lng),
        timezone=ZoneInfo(row.timezone),
        hours=msgspec.convert(row.hours, Hours),
        instructions=row.instructions,
        prep_s=row.prep_s,
        phone=row.phone,
        state=StoreState(row.state),
    )


def stored_hours(hours: Hours) -> dict[str, Any]:
    """Hours as JSON; ``store_view`` reads them back."""
    plain: dict[str, Any] = msgspec.to_builtins(hours)
    plain["closed_days"] = sorted(plain["closed_days"])
    return plain


def stored_address(address: Address) -> dict[str, Any]:
    """An address as JSON."""
    return asdict(address)


_BOTH = select(MerchantRow, MerchantTermsRow).join(
    MerchantTermsRow, MerchantTermsRow.merchant_id == MerchantRow.id
)
_ONE = _BOTH.where(MerchantRow.id == bindparam("merchant_id"))


async def merchant(work: Work, merchant_id: UUID) -> Merchant:
    """One merchant. Raises UnknownMerchant."""
    found = (await work.session.execute(_ONE, {"merchant_id": merchant_id})).one_or_none()
    if found is None:
        raise UnknownMerchant
    return merchant_view(*found)


async def by_slug(work: Work, slug: str) -> Merchant:
    """The merchant called ``slug``. Raises UnknownMerchant."""
    found = (await work.session.execute(_BOTH.where(MerchantRow.slug == slug))).one_or_none()
    if found is None:
        raise UnknownMerchant
    return merchant_view(*found)


async def name_and_brand(work: Work, merchant_id: UUID) -> tuple[str, Brand]:
    """What a merchant's shopper sees of it. Raises UnknownMerchant."""
    row = await work.session.get(MerchantRow, merchant_id)
    if row is None:
        raise UnknownMerchant
    return row.name, msgspec.convert(row.brand, Brand)


async def apart(work: Work, merchant_ids: Iterable[UUID]) -> frozenset[MerchantId]:
    """Those of ``merchant_ids`` whose deliveries share a trip with no other."""
    found = await work.session.scalars(
        select(MerchantRow.id).where(MerchantRow.id.in_(set(merchant_ids)), ~MerchantRow.batching)
    )
    return frozenset(MerchantId(one) for one in found)


async def search(work: Work, *, limit: int, before: UUID | None = None, text: str = "") -> list[Merchant]:
    """Merchants, newest first, with ``text`` in name or slug; ``before`` is the last id of the page before."""
    query = _BOTH.order_by(MerchantRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(MerchantRow.id < before)
    if text:
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(MerchantRow.name.ilike(like), MerchantRow.slug.ilike(like)))
    return [merchant_view(*found) for found in await work.session.execute(query)]


async def store(work: Work, store_id: UUID) -> Store:
    """One store. Raises UnknownStore."""
    row = await work.session.get(StoreRow, store_id)
    if row is None:
        raise UnknownStore
    return store_view(row)


async def stores(
    work: Work, merchant_id: UUID, *, limit: int = 1000, before: UUID | None = None
) -> list[Store]:
    """A merchant's stores, newest first; ``before`` is the last id of the page before."""
    query = select(StoreRow).where(StoreRow.merchant_id == merchant_id)
    if before is not None:
        query = query.where(StoreRow.id < before)
    return [
        store_view(row) for row in await work.session.scalars(query.order_by(StoreRow.id.desc()).limit(limit))
    ]


async def many_stores(work: Work, store_ids: Sequence[UUID]) -> dict[StoreId, Store]:
    """Those of ``store_ids`` that exist for this actor."""
    rows = await work.session.scalars(select(StoreRow).where(StoreRow.id.in_(store_ids)))
    return {StoreId(row.id): store_view(row) for row in rows}


async def stores_of_market(work: Work, market_id: UUID) -> list[Store]:
    """Every store of a market, oldest first. For staff."""
    rows = await work.session.scalars(
        select(StoreRow).where(StoreRow.market_id == market_id).order_by(StoreRow.id)
    )
    return [store_view(row) for row in rows]


async def stores_in(work: Work, market_id: UUID, merchant_id: UUID) -> list[Store]:
    """A merchant's stores in one market, oldest first."""
    rows = await work.session.scalars(
        select(StoreRow)
        .where(StoreRow.market_id == market_id, StoreRow.merchant_id == merchant_id)
        .order_by(StoreRow.id)
    )
    return [store_view(row) for row in rows]
