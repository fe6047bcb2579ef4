"""The verbs of providers that change rows alone; what is said to companies is in ``booking`` and ``following``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_bytes
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.errors import AlreadyTaken
from doorstep.features.deliveries.rules import WAITING
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.errors import AlreadyOffered
from doorstep.features.providers import events, queries
from doorstep.features.providers.errors import (
    BadDeal,
    CourierUnconfirmed,
    NoDeal,
    NothingUnconfirmed,
    SlugTaken,
    UnknownDeal,
    UnknownProvider,
)
from doorstep.features.providers.messages import Book, CallOff, Sweep
from doorstep.features.providers.models import DealRow, HeardRow, JobRow, ProviderRow
from doorstep.features.providers.rules import (
    LIVE,
    UNCONFIRMED,
    WANTED,
    Deal,
    JobState,
    Pricing,
    Provider,
    ProviderJob,
    ProviderState,
    choose,
    unknown_abilities,
)
from doorstep.features.providers.signatures import secret_text
from doorstep.platform import audit
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.platform.secrets import Secrets
from doorstep.units.ids import MarketId, ProviderId, public
from doorstep.units.money import USD, Money
from doorstep.units.time import MarketInstant, WallInstant

HEARD_KEPT = timedelta(days=2)
"""How long webhook ids are kept; a replay older than five minutes fails by its timestamp already."""


@dataclass(frozen=True, slots=True)
class NewProvider:
    """A company just entered. ``webhook_secret`` is told this once."""

    provider: Provider
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeal:
    """Terms of a deal to be written."""

    provider_id: ProviderId
    market_id: MarketId
    service_levels: frozenset[str]
    starts_at: MarketInstant
    ends_at: MarketInstant | None = None
    pricing: Pricing = Pricing.QUOTED
    flat: Money = field(default_factory=lambda: Money(0, USD))
    per_mile_minor: int = 0
    most: Money | None = None
    abilities: Iterable[str] = ()
    heaviest_g: int = 25_000
    furthest_m: int = 40_000
    areas: frozenset[str] = frozenset()
    rank: int = 100


async def create_provider(
    work: Work, secrets: Secrets, *, name: str, slug: str, webhook_secret: str | None = None
) -> NewProvider:
    """Enter a company. Its webhooks are signed with the secret told, a fresh one when None. Raises SlugTaken."""
    secret = webhook_secret or secret_text(token_bytes(32))
    row = ProviderRow(
        id=work.new_id(),
        name=name,
        slug=slug,
        state=ProviderState.ACTIVE,
        webhook_secret_sealed=secrets.seal(secret.encode()),
        created_at=work.now(),
    )
    try:
        async with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as error:
        raise SlugTaken(f"{slug!r} is another company's.") from error
    await audit.record(
        work, "provider.create", public("provider", row.id), after={"slug": slug, "name": name}
    )
    work.schedule(
        "providers.sweep",
        Sweep(row.id),
        due_wall=WallInstant(work.wall() + HEARD_KEPT),
        key=f"{row.id}",
    )
    return NewProvider(queries.provider_view(row), secret)


async def _provider_row(work: Work, provider_id: UUID) -> ProviderRow:
    row = await work.session.get(ProviderRow, provider_id)
    if row is None:
        raise UnknownProvider
    return row


async def set_state(work: Work, provider_id: UUID, state: ProviderState) -> Provider:
    """Ask a company, or do not for a while; its jobs under way go on. Raises UnknownProvider."""
    row = await _provider_row(work, provider_id)
    if row.state != state:
        await audit.record(
            work,
            "provider.set_state",
            public("provider", row.id),
            before={"state": row.state},
            after={"state": state},
        )
        row.state = state
    return queries.provider_view(row)


async def renew_webhook_secret(work: Work, secrets: Secrets, provider_id: UUID) -> str:
    """A fresh secret; the one before it is worth nothing from this commit on. Raises UnknownProvider."""
    row = await _provider_row(work, provider_id)
    secret = secret_text(token_bytes(32))
    row.webhook_secret_sealed = secrets.seal(secret.encode())
    await audit.record(work, "provider.renew_webhook_secret", public("provider", row.id))
    return secret


async def create_deal(work: Work, new: NewDeal) -> Deal:
    """Write a deal. Raises UnknownProvider, BadDeal."""
    await _provider_row(work, new.provider_id)
    abilities = list(new.abilities)
    faults = [Fault("/abilities", f"{name} is no ability") for name in unknown_abilities(abilities)]
    if new.ends_at is not None and new.ends_at <= new.starts_at:
        faults.append(Fault("/ends_at", "must lie after starts_at"))
    if new.pricing is Pricing.FIXED and new.flat.minor <= 0 and new.per_mile_minor <= 0:
        faults.append(Fault("/flat_minor", "a fixed price needs a flat part or one per mile"))
    if new.most is not None and new.most.currency != new.flat.currency:
        faults.append(Fault("/most_minor", "one currency for a deal"))
    if faults:
        raise BadDeal(faults=faults)
    row = DealRow(
        id=work.new_id(),
        provider_id=new.provider_id,
        market_id=new.market_id,
        service_levels=sorted(new.service_levels),
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        pricing=new.pricing,
        flat_minor=new.flat.minor,
        per_mile_minor=new.per_mile_minor,
        most_minor=None if new.most is None else new.most.minor,
        currency=new.flat.currency,
        abilities=sorted(set(abilities)),
        heaviest_g=new.heaviest_g,
        furthest_m=new.furthest_m,
        areas=sorted(new.areas),
        rank=new.rank,
    )
    work.session.add(row)
    await work.session.flush()
    await audit.record(
        work,
        "deal.create",
        public("provider", row.provider_id),
        after={"deal": public("deal", row.id), "pricing": row.pricing},
    )
    return queries.deal_view(row)


async def end_deal(work: Work, deal_id: UUID, at: MarketInstant) -> Deal:
    """Let a deal end at ``at``, or at once when that is past. Raises UnknownDeal, BadDeal."""
    row = await work.session.get(DealRow, deal_id)
    if row is None:
        raise UnknownDeal
    if at <= row.starts_at:
        raise BadDeal("A deal ends after it starts.", faults=[Fault("/ends_at", "before starts_at")])
    await audit.record(
        work,
        "deal.end",
        public("provider", row.provider_id),
        before={"deal": public("deal", row.id), "ends_at": row.ends_at},
        after={"ends_at": at},
    )
    row.ends_at = at
    return queries.deal_view(row)


async def request(
    work: Work,
    delivery_id: UUID,
    why: str,
    *,
    provider_id: UUID | None = None,
    most_minor: int | None = None,
    by_hand: bool = False,
) -> ProviderJob:
    """Have the best fitting company asked to carry a delivery; the answer comes as ProviderBooked or ProviderRefused.

    The live job when there is one already. Companies that were asked before are left out, but when a person asks
    (``by_hand``) and no other is left; and all but ``provider_id`` when it is named. A price above ``most_minor``
    is not taken. Raises
    UnknownDelivery, AlreadyTaken (it does not wait for a carrier), offers' AlreadyOffered (a driver may take it
    at this moment), CourierUnconfirmed (another company is being called off, or is not the one named), NoDeal.
    """
    delivery = await deliveries.delivery(work, delivery_id)
    await offer_verbs.one_at_a_time(work, delivery.market_id)
    before = list(await work.session.scalars(select(JobRow).where(JobRow.delivery_id == delivery_id)))
    live = [row for row in before if row.state in LIVE]
    if live:
        other = provider_id is not None and live[0].provider_id != provider_id
        if other or live[0].state not in WANTED:
            raise CourierUnconfirmed(facts={"provider_job": live[0].reference})
        return queries.job_view(live[0])
    if delivery.state not in WAITING:
        raise AlreadyTaken(facts={"state": delivery.state})
    if await offers.is_offered(work, delivery.id):
        raise AlreadyOffered("This delivery is being offered to drivers.")
    now = work.now()
    tried = frozenset(row.provider_id for row in before)
    deals = await queries.deals(work, delivery.market_id, now)
    if provider_id is not None:
        deals = [deal for deal in deals if deal.provider_id == provider_id]
    choice = choose(deals, delivery, now, tried)
    if by_hand and not choice.deals:
        choice = choose(deals, delivery, now)
    if not choice.deals:
        raise NoDeal(
            facts={"unfit": [f"{public('deal', unfit.deal_id)}: {unfit.why}" for unfit in choice.unfit]}
        )
    deal = choice.deals[0]
    job_id = work.new_id()
    row = JobRow(
        id=job_id,
        reference=public("provider_job", job_id),
        delivery_id=delivery.id,
        market_id=delivery.market_id,
        provider_id=deal.provider_id,
        deal_id=deal.id,
        state=JobState.ASKED,
        why=why,
        quote_id="",
        external_id="",
        fee_minor=0,
        currency=deal.flat.currency,
        told="",
        courier_name="",
        vehicle="",
        proof_url="",
        refusal="",
        lookups=0,
        absences=0,
        polls=0,
        events_count=0,
        asked_at=now,
    )
    try:
        async with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError:  # another request was faster: theirs is the live one
        there = await queries.job_of(work, delivery_id)
        assert there is not None
        return there
    work.schedule("providers.book", Book(job_id, most_minor), key=str(job_id), market_id=delivery.market_id)
    work.wake(f"delivery:{delivery_id}")
    return queries.job_view(row)


async def cancel_job(work: Work, job_id: UUID, why: str) -> None:
    """Call a company off, whatever its job stands at; a job that has ended is left alone.

    A booking under way notices by itself that it is no longer wanted. Called before the delivery is
    changed in the same transaction: jobs are locked before deliveries everywhere.
    """
    row = await work.session.get(JobRow, job_id, with_for_update=True, populate_existing=True)
    if row is None or row.state not in WANTED:
        return
    if row.state == JobState.ASKED:
        row.state, row.ended_at, row.refusal = JobState.CANCELLED, work.now(), why
        return
    call_off(work, row, why)


def call_off(work: Work, row: JobRow, why: str) -> None:
    """Have the company told that its courier is not needed. The row must be locked."""
    row.state = JobState.CALLING_OFF
    row.refusal = why
    row.unconfirmed_since = row.unconfirmed_since or work.now()
    _tell_off(work, row)


def _tell_off(work: Work, row: JobRow) -> None:
    key = f"{row.id}:{row.events_count}"  # a job that went on after all may be called off a second time
    work.schedule("providers.call_off", CallOff(row.id), key=key, market_id=row.market_id)


async def set_aside(work: Work, delivery_id: UUID, why: str) -> ProviderJob:
    """Let others have a delivery although a company has not said that no courier of its is on the way.

    For staff who know from elsewhere, or who would rather have two couriers than none: it is the one way in
    which a second may be sent. The company is still called off and followed to its last word. Raises
    NothingUnconfirmed.
    """
    job = await queries.job_of(work, delivery_id)
    row = (
        None
        if job is None
        else await work.session.get(JobRow, job.id, with_for_update=True, populate_existing=True)
    )
    if row is None or row.state not in UNCONFIRMED:
        raise NothingUnconfirmed
    told_already = row.state == JobState.CALLING_OFF
    row.state, row.refusal, row.unconfirmed_since = JobState.SET_ASIDE, why, None
    if not told_already:
        _tell_off(work, row)
    tell(work, row, events.ProviderRefused, code="set_aside", why=why[:300])
    return queries.job_view(row)


def tell(work: Work, row: JobRow, kind: type[events.ProviderJobMoved], **more: Any) -> None:
    """Write the next event of a job, ``more`` being what this kind says beyond the others."""
    row.events_count += 1
    event = kind(
        job_id=row.id,
        delivery_id=row.delivery_id,
        provider_id=row.provider_id,
        market_id=row.market_id,
        seq=row.events_count,
        at=work.now(),
        **more,
    )
    work.emit(event, stream=events.stream(row.id), seq=row.events_count, market_id=row.market_id)
    work.wake(f"delivery:{row.delivery_id}")
    work.wake(f"market:{row.market_id}")


async def sweep(work: Work, message: Sweep) -> None:
    """Forget webhook ids that no replay can use any more, and come again."""
    await work.session.execute(
        delete(HeardRow).where(
            HeardRow.provider_id == message.provider_id, HeardRow.heard_wall < work.wall() - HEARD_KEPT
        )
    )
    work.schedule(
        "providers.sweep",
        Sweep(message.provider_id, message.round + 1),
        due_wall=WallInstant(work.wall() + timedelta(days=1)),
        key=f"{message.provider_id}:{message.round + 1}",
    )
