"""Reads of providers. What an actor may not see is not there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from doorstep.features.deliveries.rules import Delivery
from doorstep.features.providers.errors import UnknownDeal, UnknownJob, UnknownProvider
from doorstep.features.providers.models import DealRow, JobRow, ProviderRow
from doorstep.features.providers.rules import (
    LIVE,
    UNCONFIRMED,
    Ability,
    Deal,
    JobState,
    Pricing,
    Provider,
    ProviderJob,
    ProviderState,
    choose,
    known_fee,
)
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import DeliveryId, MarketId, ProviderId, ProviderJobId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


def provider_view(row: ProviderRow) -> Provider:
    """The row as other rooms see it."""
    return Provider(id=ProviderId(row.id), name=row.name, slug=row.slug, state=ProviderState(row.state))


def deal_view(row: DealRow) -> Deal:
    """The row as other rooms see it."""
    return Deal(
        id=row.id,
        provider_id=ProviderId(row.provider_id),
        market_id=MarketId(row.market_id),
        service_levels=frozenset(row.service_levels),
        starts_at=MarketInstant(row.starts_at),
        ends_at=None if row.ends_at is None else MarketInstant(row.ends_at),
        pricing=Pricing(row.pricing),
        flat=Money(row.flat_minor, row.currency),
        per_mile_minor=row.per_mile_minor,
        most=None if row.most_minor is None else Money(row.most_minor, row.currency),
        abilities=frozenset(Ability(name) for name in row.abilities),
        heaviest_g=row.heaviest_g,
        furthest_m=row.furthest_m,
        areas=frozenset(row.areas),
        rank=row.rank,
    )


def _instant(value: datetime | None) -> MarketInstant | None:
    return None if value is None else MarketInstant(value)


def job_view(row: JobRow) -> ProviderJob:
    """The row as other rooms see it."""
    return ProviderJob(
        id=ProviderJobId(row.id),
        delivery_id=DeliveryId(row.delivery_id),
        provider_id=ProviderId(row.provider_id),
        deal_id=row.deal_id,
        market_id=MarketId(row.market_id),
        reference=row.reference,
        state=JobState(row.state),
        why=row.why,
        external_id=row.external_id,
        fee=Money(row.fee_minor, row.currency),
        told=row.told,
        courier_name=row.courier_name,
        vehicle=row.vehicle,
        position=None if row.lat is None or row.lng is None else LatLng(lat=row.lat, lng=row.lng),
        position_at=_instant(row.position_at),
        proof_url=row.proof_url,
        refusal=row.refusal,
        asked_at=MarketInstant(row.asked_at),
        booked_at=_instant(row.booked_at),
        unconfirmed_since=_instant(row.unconfirmed_since),
        ended_at=_instant(row.ended_at),
    )


async def providers(work: Work) -> list[Provider]:
    """All companies, by name."""
    rows = await work.session.scalars(select(ProviderRow).order_by(ProviderRow.name, ProviderRow.id))
    return [provider_view(row) for row in rows]


async def provider(work: Work, provider_id: UUID) -> Provider:
    """One company. Raises UnknownProvider."""
    row = await work.session.get(ProviderRow, provider_id)
    if row is None:
        raise UnknownProvider
    return provider_view(row)


async def by_slug(work: Work, slug: str) -> Provider | None:
    """The company that goes by ``slug``."""
    row = await work.session.scalar(select(ProviderRow).where(ProviderRow.slug == slug))
    return None if row is None else provider_view(row)


async def deals(work: Work, market_id: UUID, at: datetime) -> list[Deal]:
    """Deals of active companies in force in a market at ``at``, best rank first."""
    rows = await work.session.scalars(
        select(DealRow)
        .join(ProviderRow, ProviderRow.id == DealRow.provider_id)
        .where(
            DealRow.market_id == market_id,
            DealRow.starts_at <= at,
            or_(DealRow.ends_at.is_(None), DealRow.ends_at > at),
            ProviderRow.state == ProviderState.ACTIVE,
        )
        .order_by(DealRow.rank, DealRow.id)
    )
    return [deal_view(row) for row in rows]


async def deals_of(work: Work, provider_id: UUID) -> list[Deal]:
    """All deals of a company, past ones too, newest first."""
    rows = await work.session.scalars(
        select(DealRow).where(DealRow.provider_id == provider_id).order_by(DealRow.id.desc())
    )
    return [deal_view(row) for row in rows]


async def deal(work: Work, deal_id: UUID) -> Deal:
    """One deal. Raises UnknownDeal."""
    row = await work.session.get(DealRow, deal_id)
    if row is None:
        raise UnknownDeal
    return deal_view(row)


async def job(work: Work, job_id: UUID) -> ProviderJob:
    """One job. Raises UnknownJob."""
    row = await work.session.get(JobRow, job_id)
    if row is None:
        raise UnknownJob
    return job_view(row)


async def job_of(work: Work, delivery_id: UUID) -> ProviderJob | None:
    """The live job of a delivery, else its newest; None when no company was ever asked."""
    rows = list(
        await work.session.scalars(
            select(JobRow).where(JobRow.delivery_id == delivery_id).order_by(JobRow.id.desc())
        )
    )
    live = [row for row in rows if row.state in LIVE]
    return job_view((live or rows)[0]) if rows else None


async def jobs_of(work: Work, delivery_id: UUID) -> list[ProviderJob]:
    """All jobs of a delivery, oldest first."""
    rows = await work.session.scalars(
        select(JobRow).where(JobRow.delivery_id == delivery_id).order_by(JobRow.id)
    )
    return [job_view(row) for row in rows]


async def jobs(
    work: Work,
    *,
    limit: int,
    before: UUID | None = None,
    provider_id: UUID | None = None,
    states: Sequence[str] = (),
) -> list[ProviderJob]:
    """Jobs, newest first; ``before`` is the last id of the page before."""
    query = select(JobRow).order_by(JobRow.id.desc()).limit(limit)
    if provider_id is not None:
        query = query.where(JobRow.provider_id == provider_id)
    if before is not None:
        query = query.where(JobRow.id < before)
    if states:
        query = query.where(JobRow.state.in_(states))
    return [job_view(row) for row in await work.session.scalars(query)]


async def held(work: Work, delivery_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of ``delivery_ids`` for which a company may have a courier on the way: nobody else is asked."""
    found = await work.session.scalars(
        select(JobRow.delivery_id).where(JobRow.delivery_id.in_(list(delivery_ids)), JobRow.state.in_(LIVE))
    )
    return frozenset(found)


async def unconfirmed(work: Work, market_id: UUID) -> dict[DeliveryId, MarketInstant]:
    """Deliveries of a market of which a company alone knows whether its courier is on the way, and since when."""
    found = await work.session.execute(
        select(JobRow.delivery_id, JobRow.unconfirmed_since).where(
            JobRow.market_id == market_id,
            JobRow.state.in_(UNCONFIRMED),
            JobRow.ended_at.is_(None),
        )
    )
    return {
        DeliveryId(delivery_id): MarketInstant(since) for delivery_id, since in found if since is not None
    }


@dataclass(frozen=True, slots=True)
class Chance:
    """Whether a company could take a delivery, and whether one is asked and may have a courier on the way.

    ``fee``: what the company asked first would want for it, where that is known without asking.
    """

    open: bool
    asked: bool
    fee: Money | None = None


async def chances(work: Work, market_id: UUID, waiting: Iterable[Delivery]) -> dict[DeliveryId, Chance]:
    """For each of ``waiting`` (deliveries of one market): what dispatch needs to know of companies."""
    wanted = list(waiting)
    now = work.now()
    in_force = await deals(work, market_id, now)
    found = await work.session.execute(
        select(JobRow.delivery_id, JobRow.provider_id, JobRow.state).where(
            JobRow.delivery_id.in_([delivery.id for delivery in wanted])
        )
    )
    tried: dict[UUID, set[UUID]] = {}
    asked: set[UUID] = set()
    for delivery_id, provider_id, state in found:
        tried.setdefault(delivery_id, set()).add(provider_id)
        if state in LIVE:
            asked.add(delivery_id)
    found_chances = {}
    for delivery in wanted:
        able = choose(in_force, delivery, now, frozenset(tried.get(delivery.id, ()))).deals
        fee = known_fee(able[0], delivery.leg_m) if able else None
        found_chances[delivery.id] = Chance(open=bool(able), asked=delivery.id in asked, fee=fee)
    return found_chances
