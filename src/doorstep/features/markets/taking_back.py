"""Taking a change of a market back. Nothing is erased: what was before begins again, as a change of its own."""

from datetime import datetime
from uuid import UUID

import msgspec

from doorstep.features.markets import queries, service
from doorstep.features.markets.errors import ChangeOver
from doorstep.features.markets.history import Standing, begins
from doorstep.features.markets.rules import (
    Change,
    ChangeKind,
    Fallback,
    Market,
    PayRates,
    ServiceRules,
    Stage,
    TariffKind,
    TariffTerms,
)
from doorstep.platform.db.work import Work


async def standing(work: Work, market_id: UUID) -> Standing:
    """What stands in a market now. Raises UnknownMarket."""
    return Standing(
        market=await queries.market(work, market_id),
        tariffs=await queries.tariffs(work, market_id),
        pay=await queries.pay_periods(work, market_id),
        now=work.now(),
    )


async def take_back(work: Work, market_id: UUID, seq: int, reason: str) -> Market:
    """Set what stood before change ``seq``; terms that had not begun never begin.

    Raises UnknownMarket, UnknownChange, ChangeOver when what it set no longer stands, Invalid without a reason.
    """
    now = await standing(work, market_id)
    change = await queries.change(work, market_id, seq)
    if not now.still_holds(change):
        raise ChangeOver
    if change.kind is ChangeKind.STAGE:
        return await service.set_stage(work, market_id, Stage(str(change.before["stage"])), reason)
    if change.kind is ChangeKind.FALLBACK:
        return await service.set_fallback(work, market_id, msgspec.convert(change.before, Fallback), reason)
    if change.kind is ChangeKind.DISPATCH:
        knobs = dict.fromkeys(change.after) | msgspec.convert(change.before, dict[str, float])
        return await service.set_dispatch(work, market_id, knobs, reason)
    if change.kind is ChangeKind.RULES:
        return await _rules_as_before(work, market_id, change, reason)
    since = begins(change)
    again = since if since > now.now else None
    if change.kind is ChangeKind.PAY:
        rates = msgspec.convert(change.before, PayRates)
        return await service.set_pay(work, market_id, rates, valid_from=again, instead=True, reason=reason)
    return await _tariff_as_before(work, market_id, change, again, reason)


async def _rules_as_before(work: Work, market_id: UUID, change: Change, reason: str) -> Market:
    if "express" in change.after:
        return await service.set_rules(work, market_id, msgspec.convert(change.before, ServiceRules), reason)
    before = set(msgspec.convert(change.before["paused_zones"], list[str]))
    after = set(msgspec.convert(change.after["paused_zones"], list[str]))
    for postcode in sorted(before ^ after):
        await service.pause_zone(work, market_id, postcode, reason, paused=postcode in before)
    return await queries.market(work, market_id)


async def _tariff_as_before(
    work: Work, market_id: UUID, change: Change, again: datetime | None, reason: str
) -> Market:
    await service.set_tariff(
        work,
        market_id,
        TariffKind(str(change.before["kind"])),
        msgspec.convert(change.before["terms"], TariffTerms),
        valid_from=again,
        instead=True,
        reason=reason,
    )
    return await queries.market(work, market_id)
