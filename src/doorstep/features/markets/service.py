"""The verbs of markets. Every change is written into the market's history and told as an event."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from doorstep.connectors.us.nation import NationNotInstalled
from doorstep.connectors.us.zips import UnknownMetro
from doorstep.features.markets import events, queries, seeds
from doorstep.features.markets.errors import (
    BackDated,
    MalformedMarket,
    NationMissing,
    SlugTaken,
    StageMoveRefused,
    UnknownMarket,
    UnknownPlaces,
)
from doorstep.features.markets.models import MarketChangeRow, MarketRow, PayRatesRow, TariffRow
from doorstep.features.markets.rules import (
    KNOBS,
    MOVES,
    ChangeKind,
    Fallback,
    Market,
    NewMarket,
    PayRates,
    ServiceRules,
    Stage,
    Tariff,
    TariffKind,
    TariffTerms,
    geojson_ring,
    knob_fault,
)
from doorstep.platform import audit
from doorstep.platform.auth.actors import Audience
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid, NotAllowed
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant, market_instant

TOPIC = "markets"
"""Awake after any market was made or changed."""
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


async def make_market(work: Work, new: NewMarket) -> Market:
    """Make a market with its first tariffs and pay rates, valid from now. For staff and the network itself.

    Raises SlugTaken, MalformedMarket.
    """
    if work.actor.audience not in {Audience.STAFF, Audience.SYSTEM}:
        raise NotAllowed("markets are made by the operator")
    _check(new)
    now, market_id = work.now(), work.new_id()
    lats = [p.lat for p in new.area.ring]
    lngs = [p.lng for p in new.area.ring]
    made = await work.session.execute(
        insert(MarketRow)
        .values(
            id=market_id,
            slug=new.slug,
            name=new.name,
            timezone=new.timezone.key,
            outline=geojson_ring(new.area),
            south=min(lats),
            north=max(lats),
            west=min(lngs),
            east=max(lngs),
            stage=new.stage.value,
            rules=asdict(new.rules),
            tick_s=new.tick_s,
            dispatch=dict(new.dispatch),
            fallback=asdict(new.fallback),
            currency=new.currency,
            changes_count=0,
            created_at=now,
            created_wall=work.wall(),
        )
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(MarketRow.id)
    )
    if made.one_or_none() is None:
        raise SlugTaken
    for kind, terms in new.tariffs.items():
        work.session.add(_tariff_row(work, market_id, kind, terms, now))
    work.session.add(
        PayRatesRow(id=work.new_id(), market_id=market_id, valid_from=now, rates=asdict(new.pay))
    )
    row = await _held(work, market_id)
    tariffs = {kind.value: asdict(terms) for kind, terms in new.tariffs.items()}
    after = {"slug": new.slug, "stage": new.stage.value, "tariffs": tariffs, "pay": asdict(new.pay)}
    await _changed(work, row, ChangeKind.MADE, {}, after, "made")
    return await queries.market(work, market_id)


async def make_market_from_us(
    work: Work,
    *,
    cbsa: str | None = None,
    postcodes: Sequence[str] = (),
    slug: str = "",
    name: str = "",
    stage: Stage = Stage.PLANNED,
) -> Market:
    """Make a market of a US metro (CBSA code) or of a list of ZIPs; name and time zone follow from them.

    Raises NationMissing when the extra with all ZIPs is needed and not installed, UnknownPlaces, SlugTaken.
    """
    try:
        # Reading the nation's table takes seconds the first time: not on the event loop.
        new = await asyncio.to_thread(
            seeds.from_us, cbsa=cbsa, postcodes=tuple(postcodes), slug=slug, name=name, stage=stage
        )
    except NationNotInstalled as missing:
        raise NationMissing(str(missing)) from missing
    except UnknownMetro as unknown:
        raise UnknownPlaces(str(unknown), faults=[Fault("/cbsa", "unknown")]) from unknown
    except seeds.UnknownZips as unknown:
        raise UnknownPlaces(
            str(unknown), faults=[Fault("/postcodes", f"{postcode} is unknown") for postcode in unknown.zips]
        ) from unknown
    return await make_market(work, new)


async def seed_pilots(work: Work) -> list[Market]:
    """Make the two pilots where they are not there yet; returns both, Nashville first. Safe to repeat."""
    there = {market.slug: market for market in await queries.all_markets(work)}
    return [there.get(new.slug) or await make_market(work, new) for new in seeds.pilots()]


async def set_stage(work: Work, market_id: UUID, stage: Stage, reason: str) -> Market:
    """Move a market to ``stage``; to the one it is in already changes nothing.

    Raises UnknownMarket, StageMoveRefused, Invalid without a reason.
    """
    why = _said(reason)
    row = await _held(work, market_id)
    before = Stage(row.stage)
    if stage is not before:
        if stage not in MOVES[before]:
            possible = sorted(MOVES[before])
            raise StageMoveRefused(
                f"A market that is {before} can become {' or '.join(possible)}, not {stage}.",
                facts={"stage": before.value, "possible": [s.value for s in possible]},
            )
        row.stage = stage.value
        await _changed(work, row, ChangeKind.STAGE, {"stage": before.value}, {"stage": stage.value}, why)
    return await queries.market(work, market_id)


async def set_tariff(
    work: Work,
    market_id: UUID,
    kind: TariffKind,
    terms: TariffTerms,
    *,
    valid_from: datetime | None = None,
    instead: bool = False,
    reason: str,
) -> Tariff:
    """Let ``terms`` be valid from now or from a later instant; those before stay as they were.

    ``instead``: they may take the place of others that were to begin at the same instant. Raises UnknownMarket, BackDated, MalformedMarket (another currency), Invalid without a reason.
    """
    why = _said(reason)
    row = await _held(work, market_id)
    if terms.currency != row.currency:
        raise MalformedMarket(f"this market counts in {row.currency}", faults=[Fault("/currency", "another")])
    earlier = [t for t in await queries.tariffs(work, market_id) if t.kind is kind]
    since = _start(work, valid_from, () if instead else [t.valid_from for t in earlier])
    before = next((asdict(t.terms) for t in reversed(earlier) if t.valid_from <= since), None)
    work.session.add(_tariff_row(work, market_id, kind, terms, since))
    await _changed(
        work,
        row,
        ChangeKind.TARIFF,
        {"kind": kind.value, "terms": before},
        {"kind": kind.value, "terms": asdict(terms), "valid_from": since.isoformat()},
        why,
    )
    return await queries.tariff(work, market_id, kind, since)


async def set_pay(
    work: Work,
    market_id: UUID,
    rates: PayRates,
    *,
    valid_from: datetime | None = None,
    instead: bool = False,
    reason: str,
) -> Market:
    """Let ``rates`` be valid from now or from a later instant. Offers already shown keep their terms.

    ``instead``: they may take the place of others that were to begin at the same instant. Raises UnknownMarket,
    BackDated, MalformedMarket (another currency), Invalid without a reason.
    """
    why = _said(reason)
    row = await _held(work, market_id)
    if rates.currency != row.currency:
        raise MalformedMarket(f"this market counts in {row.currency}", faults=[Fault("/currency", "another")])
    periods = await queries.pay_periods(work, market_id)
    since = _start(work, valid_from, () if instead else [one.valid_from for one in periods])
    before = await queries.pay_rates(work, market_id, since)
    work.session.add(
        PayRatesRow(id=work.new_id(), market_id=market_id, valid_from=since, rates=asdict(rates))
    )
    after = asdict(rates) | {"valid_from": since.isoformat()}
    await _changed(work, row, ChangeKind.PAY, asdict(before), after, why)
    return await queries.market(work, market_id)


async def set_dispatch(work: Work, market_id: UUID, knobs: Mapping[str, float | None], reason: str) -> Market:
    """Set some knobs, or give them back to dispatch by None; the others stay.

    Raises UnknownMarket, MalformedMarket, Invalid without a reason.
    """
    faults = []
    for name, value in knobs.items():
        if value is not None:
            fault = knob_fault(name, value)
        elif name == "tick_s":
            fault = "a market always has a tick"
        else:
            fault = None if name in KNOBS else "no such knob"
        if fault is not None:
            faults.append(Fault(f"/knobs/{name}", fault))
    if faults:
        raise MalformedMarket("Some knobs cannot be set so.", faults=faults)
    why = _said(reason)
    row = await _held(work, market_id)
    before: dict[str, Any] = dict(row.dispatch) | {"tick_s": row.tick_s}
    after = {name: value for name, value in (before | dict(knobs)).items() if value is not None}
    if after != before:
        row.tick_s = int(after["tick_s"])
        row.dispatch = {name: value for name, value in after.items() if name != "tick_s"}
        await _changed(work, row, ChangeKind.DISPATCH, before, after, why)
    return await queries.market(work, market_id)


async def set_rules(work: Work, market_id: UUID, rules: ServiceRules, reason: str) -> Market:
    """Offer these service levels from now on. Raises UnknownMarket, Invalid without a reason."""
    why = _said(reason)
    row = await _held(work, market_id)
    before = dict(row.rules)
    after = asdict(rules) | {"paused_zones": before.get("paused_zones", [])}
    row.rules = after
    await _changed(work, row, ChangeKind.RULES, before, after, why)
    return await queries.market(work, market_id)


async def pause_zone(work: Work, market_id: UUID, postcode: str, reason: str, *, paused: bool) -> Market:
    """Promise nothing new to a postcode, or promise again; what is under way goes on. Twice is once.

    Raises UnknownMarket, Invalid without a reason.
    """
    why = _said(reason)
    row = await _held(work, market_id)
    before: list[str] = list(row.rules.get("paused_zones", []))
    after = sorted({*before, postcode} if paused else {*before} - {postcode})
    if after != before:
        row.rules = row.rules | {"paused_zones": after}
        kind = ChangeKind.RULES
        await _changed(work, row, kind, {"paused_zones": before}, {"paused_zones": after}, why)
    return await queries.market(work, market_id)


async def set_fallback(work: Work, market_id: UUID, fallback: Fallback, reason: str) -> Market:
    """Say whether and at what cost courier companies take what drivers do not.

    Raises UnknownMarket, Invalid without a reason.
    """
    why = _said(reason)
    row = await _held(work, market_id)
    before = dict(row.fallback)
    row.fallback = asdict(fallback)
    await _changed(work, row, ChangeKind.FALLBACK, before, asdict(fallback), why)
    return await queries.market(work, market_id)


def _check(new: NewMarket) -> None:
    faults = []
    if not _SLUG.fullmatch(new.slug):
        faults.append(Fault("/slug", "small letters, digits and dashes, 1 to 60"))
    if not new.name.strip():
        faults.append(Fault("/name", "empty"))
    faults += [
        Fault(f"/dispatch/{name}", fault)
        for name, value in new.dispatch.items()
        if (fault := knob_fault(name, value)) is not None
    ]
    if "tick_s" in new.dispatch:
        faults.append(Fault("/dispatch/tick_s", "is a field of its own"))
    if (fault := knob_fault("tick_s", new.tick_s)) is not None:
        faults.append(Fault("/tick_s", fault))
    currencies = {new.pay.currency, *(terms.currency for terms in new.tariffs.values())}
    if currencies != {new.currency}:
        faults.append(Fault("/currency", "tariffs and pay are of one currency"))
    if faults:
        raise MalformedMarket(faults=faults)


def _said(reason: str) -> str:
    if not reason.strip():
        raise Invalid("A reason must be written down.", faults=[Fault("/reason", "empty")])
    return reason.strip()


def _start(work: Work, asked: datetime | None, taken: Sequence[datetime]) -> MarketInstant:
    """From when something dated is valid. Raises BackDated for the past and for an instant that is taken."""
    since = work.now() if asked is None else market_instant(asked)
    if since < work.now() or since in taken:
        raise BackDated(faults=[Fault("/valid_from", "in the past, or the instant of another")])
    return since


def _tariff_row(
    work: Work, market_id: UUID, kind: TariffKind, terms: TariffTerms, since: datetime
) -> TariffRow:
    return TariffRow(
        id=work.new_id(), market_id=market_id, kind=kind.value, valid_from=since, terms=asdict(terms)
    )


async def _held(work: Work, market_id: UUID) -> MarketRow:
    await work.session.flush()
    row = await work.session.get(MarketRow, market_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownMarket
    return row


async def _changed(
    work: Work,
    row: MarketRow,
    kind: ChangeKind,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str,
) -> None:
    """Number the change, write it down and tell it. The row must be locked or new."""
    row.changes_count += 1
    now = work.now()
    work.session.add(
        MarketChangeRow(
            market_id=row.id,
            seq=row.changes_count,
            kind=kind.value,
            at=now,
            at_wall=work.wall(),
            actor=work.actor.label or str(work.actor.audience),
            before=dict(before),
            after=dict(after),
            reason=reason,
        )
    )
    event = events.MarketChanged(market_id=row.id, seq=row.changes_count, kind=kind.value, at=now)
    work.emit(event, stream=events.stream(row.id), seq=event.seq, market_id=row.id)
    work.wake(f"market:{row.id}")
    work.wake(TOPIC)
    await work.session.flush()
    await audit.record(
        work, f"market.{kind.value}", public("market", row.id), before=before, after=after, reason=reason
    )
