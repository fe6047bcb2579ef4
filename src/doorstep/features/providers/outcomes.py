"""What a company's answers change in our rows. Each verb is one transaction's part; none commits.

Locks are taken in one order: the job, then its delivery.
"""

from datetime import timedelta
from uuid import UUID

from doorstep.connectors.couriers.protocol import CourierJob
from doorstep.connectors.couriers.protocol import JobState as Told
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivering
from doorstep.features.deliveries.errors import CannotFollow, ProofMissing, ProofUnreadable
from doorstep.features.deliveries.rules import FINAL, Carrier, Delivery, DeliveryState, Fact, ProofKind
from doorstep.features.deliveries.rules import FactKind as F
from doorstep.features.providers import events, queries
from doorstep.features.providers.errors import UnknownJob
from doorstep.features.providers.messages import Poll, Refresh
from doorstep.features.providers.models import JobRow
from doorstep.features.providers.rules import (
    ENDS,
    LOST_ON_THE_WAY,
    POLL_EVERY_MINUTES,
    UNCONFIRMED,
    JobState,
    attested,
    facts,
    final_cost,
    gives_back,
    may_move,
    older,
    strands,
)
from doorstep.features.providers.service import call_off, tell
from doorstep.platform.blobs import Blobs
from doorstep.platform.db.work import Work
from doorstep.platform.secrets import Secrets
from doorstep.units.ids import ProviderJobId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


async def locked(work: Work, job_id: UUID) -> JobRow:
    """The job's row, locked to the end of the transaction. Raises UnknownJob."""
    row = await work.session.get(JobRow, job_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownJob
    return row


def _move(row: JobRow, after: JobState) -> None:
    assert may_move(JobState(row.state), after), f"{row.state} to {after}"
    row.state = after
    if after not in UNCONFIRMED:
        row.unconfirmed_since = None


def refused(work: Work, row: JobRow, code: str, why: str) -> None:
    """The company will not do it: the next carrier may be looked for. The row must be locked."""
    _move(row, JobState.REFUSED)
    row.refusal, row.ended_at = f"{code}: {why}"[:500], work.now()
    tell(work, row, events.ProviderRefused, code=code[:60], why=why[:300])


def superseded(work: Work, row: JobRow) -> None:
    """The delivery found another carrier or ended while the company was asked."""
    if row.state == JobState.ASKED:
        _move(row, JobState.CANCELLED)
        row.refusal, row.ended_at = "not needed any more", work.now()
    else:
        call_off(work, row, "not needed any more")


async def booked(work: Work, row: JobRow, told: CourierJob) -> None:
    """The company has it: the delivery is the job's from now on. Raises deliveries' AlreadyTaken.

    Also when it was to be called off and the courier goes on after all. What the courier has done already, when
    the answer comes late, is left to the next look, which is at once.
    """
    _move(row, JobState.BOOKED)
    row.external_id, row.booked_at = told.job_id, work.now()
    note(work, row, told)
    if told.state is not Told.PENDING:
        row.told = ""
        work.schedule("providers.refresh", Refresh(row.id), key=f"{row.id}:booked", market_id=row.market_id)
    await delivering.assign(
        work,
        [row.delivery_id],
        Carrier(provider_id=row.provider_id, provider_job_id=ProviderJobId(row.id)),
        note={"first_name": told.courier_name, "vehicle": told.vehicle} if told.courier_name else {},
    )
    tell(work, row, events.ProviderBooked, fee_minor=row.fee_minor, currency=row.currency)
    next_poll(work, row)


def next_poll(work: Work, row: JobRow) -> None:
    """Look again in a few market minutes, should no webhook come."""
    row.polls += 1
    work.schedule(
        "providers.poll",
        Poll(row.id, row.polls),
        due_market=MarketInstant(work.now() + timedelta(minutes=POLL_EVERY_MINUTES)),
        key=f"{row.id}:{row.polls}",
        market_id=row.market_id,
    )


def note(work: Work, row: JobRow, told: CourierJob) -> None:
    """Keep what the company said, as it said it."""
    row.told, row.external_id = told.state, told.job_id
    row.courier_name = told.courier_name or row.courier_name
    row.vehicle = told.vehicle or row.vehicle
    row.proof_url = told.proof_url or row.proof_url
    row.looked_at = work.now()
    row.lookups = 0
    if told.position is not None:
        row.lat, row.lng, row.position_at = told.position.lat, told.position.lng, work.now()


async def looked(
    work: Work, row: JobRow, told: CourierJob, *, photo: bytes | None, blobs: Blobs, secrets: Secrets
) -> None:
    """Turn what the company's own books say into facts of the delivery. The row must be locked and booked.

    ``photo`` is the picture taken at the door, when there is one. An answer older than one heard before
    (two looks may overtake each other) changes nothing.
    """
    if older(told.state, row.told):
        return
    news = row.told != told.state
    note(work, row, told)
    work.wake(f"delivery:{row.delivery_id}")
    delivery = await deliveries.delivery(work, row.delivery_id)
    ours = delivery.carrier is not None and delivery.carrier.provider_job_id == row.id
    if news and ours and delivery.state not in FINAL:
        if photo is not None:
            await _keep_photo(work, row, photo, blobs, secrets)
        await _report(work, row, delivery, told)
    if told.state in ENDS:
        await ended(work, row, told)


async def _keep_photo(work: Work, row: JobRow, photo: bytes, blobs: Blobs, secrets: Secrets) -> None:
    taken = delivering.ProofTaken(kind=ProofKind.PHOTO, report_id=row.reference, content=photo)
    try:
        await delivering.add_proof(work, blobs, secrets, row.delivery_id, taken)
    except ProofUnreadable as refusal:
        row.refusal = f"photo: {refusal.detail}"[:500]


async def _report(work: Work, row: JobRow, delivery: Delivery, told: CourierJob) -> None:
    if gives_back(told.state, delivery.state):
        why = told.cancel_reason or "the courier company gave it up"
        tell(work, row, events.ProviderLost, with_goods=False, why=why)
        await delivering.unassign(work, row.delivery_id, why, carrier=delivery.carrier)
    elif strands(told.state, delivery.state):
        why = told.cancel_reason or "the courier company lost its courier with the goods"
        tell(work, row, events.ProviderLost, with_goods=True, why=why)
        await _heard(work, row, F.ATTEMPT_FAILED, told, delivery.carrier, reason=LOST_ON_THE_WAY, note=why)
    else:
        for fact in facts(told.state):
            await _heard(work, row, fact, told, delivery.carrier, note=told.cancel_reason)


async def _heard(
    work: Work,
    row: JobRow,
    fact: F,
    told: CourierJob,
    carrier: Carrier | None,
    *,
    reason: str = "",
    note: str = "",
) -> None:
    """Report one fact; one that cannot follow, or lacks its proof, is noted on the job and changes nothing."""
    failed = fact is F.ATTEMPT_FAILED
    try:
        await delivering.report(
            work,
            row.delivery_id,
            Fact(
                kind=fact,
                report_id=f"{row.reference}:{fact}",
                point=told.position,
                reason=(reason or "nobody_home") if failed else "",
                note=note if failed else "",
                attested=attested(told.proofs),
            ),
            carrier=carrier,
        )
    except (CannotFollow, ProofMissing) as refusal:
        row.refusal = f"{fact}: {refusal.detail} {refusal.facts}"[:500]


async def ended(work: Work, row: JobRow, told: CourierJob) -> None:
    """The company's books say it is over: count the cost, once. The row must be locked."""
    deal = await queries.deal(work, row.deal_id)
    _move(row, ENDS[told.state])
    cost = final_cost(deal, Money(row.fee_minor, row.currency), told)
    row.fee_minor, row.currency = cost.minor, cost.currency
    row.ended_at = work.now()
    row.told, row.external_id = told.state, told.job_id
    delivery = await deliveries.delivery(work, row.delivery_id)
    delivered = told.state is Told.DELIVERED and delivery.state is DeliveryState.DELIVERED
    tell(
        work,
        row,
        events.ProviderJobEnded,
        state=row.state,
        fee_minor=row.fee_minor,
        currency=row.currency,
        delivered=delivered,
    )


def never_was(work: Work, row: JobRow) -> None:
    """The company's books hold no such job: nothing to call off, nothing to pay."""
    _move(row, JobState.CANCELLED)
    row.fee_minor, row.ended_at = 0, work.now()
