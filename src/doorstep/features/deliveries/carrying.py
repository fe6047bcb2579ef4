"""Who carries a delivery, and what the carrier reports. The only writers of the carrier columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from doorstep.features.deliveries.errors import AlreadyTaken, CannotFollow, ProofMissing, UnknownDelivery
from doorstep.features.deliveries.events import ContactTried
from doorstep.features.deliveries.journal import move, tell
from doorstep.features.deliveries.models import DeliveryRow, ReportRow
from doorstep.features.deliveries.queries import carrier_of, proofs, row_of, view
from doorstep.features.deliveries.rules import (
    CARRIED,
    FINAL,
    REPORTABLE,
    TURNED_BACK,
    WAITING,
    Carrier,
    Delivery,
    DeliveryState,
    Fact,
    FactKind,
    Party,
    Requirements,
    ReturnPolicy,
    TipStatus,
    missing_proofs,
)
from doorstep.platform.auth.actors import Audience
from doorstep.platform.db.work import Work
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant

FORGET_REPORTS = "deliveries.forget_reports"
REPORTS_KEPT = timedelta(days=30)
"""How long a doubled report is recognised: far longer than any phone keeps unsent ones."""


@dataclass(frozen=True, slots=True)
class ForgetReports:
    """Drop the reports that came before ``older_than``."""

    older_than: datetime


async def assign(
    work: Work, delivery_ids: Sequence[UUID], carrier: Carrier, *, note: Mapping[str, Any] | None = None
) -> list[Delivery]:
    """Give the deliveries to ``carrier``, all or none. ``note``: first name and vehicle, for the shopper.

    Raises AlreadyTaken when any is no longer waiting.
    """
    rows = await _locked(work, delivery_ids)
    if len(rows) != len(set(delivery_ids)):  # gone from the driver's sight: another one has it
        raise AlreadyTaken
    for row in rows:
        if row.state not in WAITING:
            raise AlreadyTaken(facts={"delivery_id": public("delivery", row.id), "state": row.state})
    for row in rows:  # only now: whoever catches the refusal and goes on must find nothing changed
        row.driver_id, row.trip_id = carrier.driver_id, carrier.trip_id
        row.provider_id, row.provider_job_id = carrier.provider_id, carrier.provider_job_id
        row.carrier_note = dict(note or {})
        row.assigned_at = work.now()
        if carrier.driver_id is not None:
            row.tip_promised_minor = max(row.tip_promised_minor, row.tip_minor)
            row.tip_status = TipStatus.CONFIRMED
        row.offered_to = []
        row.let_go_by = None
        move(work, row, FactKind.ASSIGNED, {})
    await work.flush()
    by_id = {row.id: view(row) for row in rows}
    return [by_id[delivery_id] for delivery_id in delivery_ids]


async def _locked(work: Work, delivery_ids: Sequence[UUID]) -> list[DeliveryRow]:
    """The rows, locked in the one order that everybody uses."""
    found = await work.session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.id.in_(delivery_ids))
        .order_by(DeliveryRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


async def unassign(work: Work, delivery_id: UUID, why: str, *, carrier: Carrier | None = None) -> Delivery:
    """Take it back from its carrier before the goods are picked up; nothing happens when there is none.

    With ``carrier`` nothing happens either when another one has it by now. Raises CannotFollow afterwards.
    """
    row = await row_of(work, delivery_id, lock=True)
    former = view(row).carrier
    if former is None or (carrier is not None and former != carrier):
        return view(row)
    if row.state not in CARRIED:
        raise CannotFollow(f"the goods are with the carrier ({row.state})", facts={"state": row.state})
    row.driver_id = row.trip_id = row.provider_id = row.provider_job_id = row.assigned_at = None
    row.carrier_note = {}
    row.let_go_by = _herself(work)
    move(work, row, FactKind.UNASSIGNED, {"reason": why}, former=former)
    await work.flush()
    return view(row)


def _herself(work: Work) -> UUID | None:
    """The acting driver or courier company, who lets go of a row and must keep sight of it."""
    return work.actor.subject if work.actor.audience in {Audience.DRIVER, Audience.PROVIDER} else None


async def batch(work: Work, delivery_ids: Sequence[UUID], *, batched: bool) -> None:
    """Note that deliveries are planned together, or no longer. Those not waiting are left alone."""
    for row in await _locked(work, delivery_ids):
        if row.state in WAITING:
            kind = FactKind.BATCHED if batched else FactKind.UNBATCHED
            move(work, row, kind, {"count": len(delivery_ids)})
    await work.flush()


async def offer_to(work: Work, delivery_ids: Sequence[UUID], driver_ids: Sequence[UUID]) -> None:
    """Let exactly these drivers, who hold an open offer, see the deliveries; none lets nobody."""
    changes: dict[str, Any] = {"offered_to": list(driver_ids)}
    if (herself := _herself(work)) is not None:
        changes["let_go_by"] = herself
    await work.session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(delivery_ids)).values(changes))


async def offer_over(work: Work, delivery_ids: Sequence[UUID]) -> None:
    """No offer of these deliveries is open any more: no driver sees them but the one who carries."""
    await offer_to(work, delivery_ids, ())


async def report(work: Work, delivery_id: UUID, fact: Fact, *, carrier: Carrier | None = None) -> Delivery:
    """Take in a report of the carrier; the same ``report_id`` counts once, a known fact changes nothing.

    A later fact implies the skipped ones (see ``rules.advance``). ``carrier``: who it is believed to be,
    where the network itself speaks for one. Raises UnknownDelivery for anyone who does not carry it,
    CannotFollow, ProofMissing (for a hand-over without the proofs its requirements ask for).
    """
    if fact.kind not in REPORTABLE:
        raise CannotFollow(f"{fact.kind} is decided by the network, not reported")
    row = await row_of(work, delivery_id, lock=True)
    if (herself := _herself(work)) is not None and herself not in {row.driver_id, row.provider_id}:
        raise UnknownDelivery
    if carrier is not None and carrier_of(row) != carrier:
        raise CannotFollow("another carrier has it by now", facts={"state": row.state})
    if await work.session.get(ReportRow, (delivery_id, fact.report_id)) is not None:
        return view(row)
    if fact.kind is FactKind.HANDED_OVER and row.state not in FINAL:
        await _check_proofs(work, row, fact)
    body: dict[str, Any] = {}
    if fact.reason:
        body["reason"] = fact.reason
    if fact.note:
        body["note"] = fact.note
    if fact.point is not None:
        body["point"] = {"lat": round(fact.point.lat, 5), "lng": round(fact.point.lng, 5)}  # about a metre
    step = move(work, row, fact.kind, body, device_at=fact.device_at, turned_back=fact.reason in TURNED_BACK)
    work.session.add(
        ReportRow(
            delivery_id=delivery_id,
            report_id=fact.report_id,
            kind=fact.kind,
            device_at=fact.device_at,
            at=work.now(),
            counted=step.counts,
        )
    )
    if step.counts and row.state in FINAL:
        _forget_in_time(work)
    await work.flush()
    return view(row)


async def contact_tried(
    work: Work, delivery_id: UUID, report_id: str, how: str, device_at: MarketInstant | None = None
) -> Delivery:
    """Note that the carrier tried to reach the shopper; the same ``report_id`` counts once.

    Raises UnknownDelivery for anyone who does not carry it, CannotFollow when it has ended.
    """
    row = await row_of(work, delivery_id, lock=True)
    if (herself := _herself(work)) is not None and herself not in {row.driver_id, row.provider_id}:
        raise UnknownDelivery
    if await work.session.get(ReportRow, (delivery_id, report_id)) is not None:
        return view(row)
    if row.state in FINAL:
        raise CannotFollow("the delivery has ended", facts={"state": row.state})
    tell(work, row, ContactTried, row.state, {"how": how}, device_at=device_at)
    work.session.add(
        ReportRow(
            delivery_id=delivery_id,
            report_id=report_id,
            kind="contact_tried",
            device_at=device_at,
            at=work.now(),
            counted=True,
        )
    )
    await work.flush()
    return view(row)


def _forget_in_time(work: Work) -> None:
    """One task a day of business, whatever the number of deliveries."""
    day = work.now().replace(hour=0, minute=0, second=0, microsecond=0)
    due = MarketInstant(day + REPORTS_KEPT + timedelta(days=1))
    work.schedule(FORGET_REPORTS, ForgetReports(day), due_market=due, key=day.date().isoformat())


async def _check_proofs(work: Work, row: DeliveryRow, fact: Fact) -> None:
    missing = missing_proofs(
        Requirements(**row.requirements),
        await proofs(work, row.id),
        attested=fact.attested if row.provider_job_id is not None else (),
        left=row.state == DeliveryState.ATTEMPT_FAILED and row.return_policy == ReturnPolicy.LEAVE,
    )
    if missing:
        raise ProofMissing(facts={"missing": [str(kind) for kind in missing]})


async def expire(work: Work, delivery_id: UUID, why: str) -> Delivery:
    """End it because no carrier was found. Left alone unless it still waits."""
    row = await row_of(work, delivery_id, lock=True)
    if row.state in WAITING:
        row.ended_by, row.end_reason = Party.NETWORK, why
        move(work, row, FactKind.EXPIRED, {"reason": why})
        await work.flush()
    return view(row)
