"""Reads of markets. Every audience may read them; the history is for staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Select, bindparam, select

from doorstep.features.markets.errors import NoTariff, UnknownChange, UnknownMarket
from doorstep.features.markets.models import MarketChangeRow, MarketRow, PayRatesRow, TariffRow
from doorstep.features.markets.rules import (
    Change,
    ChangeKind,
    DatedPay,
    Fallback,
    Market,
    PayRates,
    ServiceRules,
    Stage,
    Tariff,
    TariffKind,
    TariffTerms,
    polygon_of,
)
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import MarketId
from doorstep.units.time import MarketInstant


def view(row: MarketRow, rates: dict[str, Any]) -> Market:
    """The row as other rooms see it."""
    return Market(
        id=MarketId(row.id),
        slug=row.slug,
        name=row.name,
        timezone=ZoneInfo(row.timezone),
        area=polygon_of(row.outline),
        stage=Stage(row.stage),
        rules=msgspec.convert(row.rules, ServiceRules),
        tick_s=row.tick_s,
        dispatch=dict(row.dispatch),
        pay=msgspec.convert(rates, PayRates),
        fallback=msgspec.convert(row.fallback, Fallback),
        currency=row.currency,
    )


def _markets() -> Select[tuple[MarketRow, dict[str, Any]]]:
    """Markets with the pay rates valid at the parameter ``now``."""
    valid = (
        select(PayRatesRow.rates)
        .where(PayRatesRow.market_id == MarketRow.id, PayRatesRow.valid_from <= bindparam("now"))
        .order_by(PayRatesRow.valid_from.desc(), PayRatesRow.id.desc())
        .limit(1)
        .correlate(MarketRow)
        .scalar_subquery()
    )
    return select(MarketRow, valid).execution_options(populate_existing=True)


# Asked for by nearly every request: made once, so that their compiled form is found again by identity.
_ALL = _markets()
_ONE = _ALL.where(MarketRow.id == bindparam("market_id"))
_TARIFF = (
    select(TariffRow)
    .where(
        TariffRow.market_id == bindparam("market_id"),
        TariffRow.kind == bindparam("kind"),
        TariffRow.valid_from <= bindparam("at"),
    )
    .order_by(TariffRow.valid_from.desc(), TariffRow.id.desc())
    .limit(1)
)


async def _found(
    work: Work, query: Select[tuple[MarketRow, dict[str, Any]]], **named: object
) -> list[Market]:
    rows = await work.session.execute(query, named | {"now": work.now()})
    return [view(row, rates) for row, rates in rows]


async def market(work: Work, market_id: UUID) -> Market:
    """One market. Raises UnknownMarket."""
    found = await _found(work, _ONE, market_id=market_id)
    if not found:
        raise UnknownMarket
    return found[0]


async def by_slug(work: Work, slug: str) -> Market:
    """The market called ``slug``. Raises UnknownMarket."""
    found = await _found(work, _ALL.where(MarketRow.slug == slug))
    if not found:
        raise UnknownMarket
    return found[0]


async def all_markets(work: Work) -> list[Market]:
    """Every market, by slug."""
    return await _found(work, _ALL.order_by(MarketRow.slug))


async def market_at(work: Work, point: LatLng) -> Market | None:
    """The market whose area holds ``point``; where areas overlap, the oldest that takes orders, else the oldest."""
    candidates = await _found(
        work,
        _ALL.where(
            MarketRow.south <= point.lat,
            MarketRow.north >= point.lat,
            MarketRow.west <= point.lng,
            MarketRow.east >= point.lng,
        ).order_by(MarketRow.id),
    )
    holding = [m for m in candidates if m.area.contains(point)]
    return min(holding, key=lambda m: (not m.takes_orders, m.id), default=None)


def tariff_view(row: TariffRow) -> Tariff:
    """The row as other rooms see it."""
    return Tariff(
        market_id=MarketId(row.market_id),
        kind=TariffKind(row.kind),
        valid_from=MarketInstant(row.valid_from),
        terms=msgspec.convert(row.terms, TariffTerms),
    )


async def tariff(work: Work, market_id: UUID, kind: TariffKind, at: datetime) -> Tariff:
    """The tariff for merchants of ``kind`` that is valid at ``at``. Raises NoTariff."""
    row = await work.session.scalar(_TARIFF, {"market_id": market_id, "kind": kind, "at": at})
    if row is None:
        raise NoTariff(f"no tariff {kind} is valid there at {at.isoformat()}")
    return tariff_view(row)


async def tariffs(work: Work, market_id: UUID) -> list[Tariff]:
    """Every tariff a market had, has and will have: by kind, then by date. What was taken back before it began is not."""
    rows = await work.session.scalars(
        select(TariffRow)
        .where(TariffRow.market_id == market_id)
        .order_by(TariffRow.kind, TariffRow.valid_from, TariffRow.id)
    )
    return list({(row.kind, row.valid_from): tariff_view(row) for row in rows}.values())


async def pay_periods(work: Work, market_id: UUID) -> list[DatedPay]:
    """Every pay rate a market had, has and will have, by date. What was taken back before it began is not."""
    rows = await work.session.scalars(
        select(PayRatesRow)
        .where(PayRatesRow.market_id == market_id)
        .order_by(PayRatesRow.valid_from, PayRatesRow.id)
    )
    dated = {row.valid_from: row.rates for row in rows}
    return [
        DatedPay(valid_from=MarketInstant(since), rates=msgspec.convert(rates, PayRates))
        for since, rates in dated.items()
    ]


async def pay_rates(work: Work, market_id: UUID, at: datetime) -> PayRates:
    """The pay rates valid at ``at``; the first ones before those began. Raises UnknownMarket."""
    periods = await pay_periods(work, market_id)
    if not periods:
        raise UnknownMarket
    return next((one.rates for one in reversed(periods) if one.valid_from <= at), periods[0].rates)


async def change(work: Work, market_id: UUID, seq: int) -> Change:
    """One line of a market's history. Raises UnknownChange."""
    row = await work.session.get(MarketChangeRow, (market_id, seq))
    if row is None:
        raise UnknownChange
    return _change_view(row)


async def history(
    work: Work, market_id: UUID, *, before: int | None = None, limit: int = 50
) -> Sequence[Change]:
    """A market's changes, newest first; ``before`` is the last number of the page before."""
    query = select(MarketChangeRow).where(MarketChangeRow.market_id == market_id)
    if before is not None:
        query = query.where(MarketChangeRow.seq < before)
    rows = await work.session.scalars(query.order_by(MarketChangeRow.seq.desc()).limit(limit))
    return [_change_view(row) for row in rows]


def _change_view(row: MarketChangeRow) -> Change:
    return Change(
        market_id=MarketId(row.market_id),
        seq=row.seq,
        kind=ChangeKind(row.kind),
        at=MarketInstant(row.at),
        actor=row.actor,
        before=row.before,
        after=row.after,
        reason=row.reason,
    )
