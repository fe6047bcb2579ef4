"""The verbs of deliveries. Each reads, asks the rules, writes rows and tells its event; none commits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from doorstep.features.deliveries import events
from doorstep.features.deliveries.errors import (
    AlreadyTaken,
    CannotFollow,
    Contradiction,
    ExternalIdTaken,
    Frozen,
    NotCancellable,
    ProofMissing,
    TipRefused,
)
from doorstep.features.deliveries.models import DeliveryEventRow, DeliveryRow, ReportRow
from doorstep.features.deliveries.queries import proofs, row_of, view
from doorstep.features.deliveries.rules import (
    CARRIED,
    FINAL,
    MOVES,
    WAITING,
    WITH_GOODS,
    Carrier,
    Delivery,
    DeliveryState,
    Fact,
    FactKind,
    Party,
    Place,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    Standing,
    TipStatus,
    advance,
    contradictions,
    missing_proofs,
    tip_change_refusal,
)
from doorstep.features.ledger import service as ledger
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.units.ids import MarketId, MerchantId, StoreId, public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

TIP_LIMIT_MINOR = 100_00


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """Everything a delivery is made of: places found, way measured, fee priced, promise made."""

    merchant_id: MerchantId
    market_id: MarketId
    store_id: StoreId
    external_id: str
    quote_id: UUID | None
    service_level: ServiceLevel
    pickup: Place
    dropoff: Place
    shopper_first_name: str
    shopper_last_name: str
    requirements: Requirements
    return_policy: ReturnPolicy
    items: int
    units: int
    weight_g: int
    cart: Money
    manifest: Sequence[Mapping[str, Any]] = ()
    ready_at: MarketInstant
    wanted_from: MarketInstant
    earliest_drop_at: MarketInstant | None
    due_at: MarketInstant
    leg_m: int
    leg_s: int
    fee: Money
    fee_lines: Sequence[Mapping[str, Any]] = field(default=())
    tip: Money
    pin_sealed: bytes | None = None
    credit_limit: Money
    prepaid: bool


def _stored(end: Place) -> dict[str, Any]:
    fields = {k: v for k, v in asdict(end).items() if k != "point"}
    return fields | {"lat": end.point.lat, "lng": end.point.lng}


async def create(work: Work, new: NewDelivery) -> Delivery:
    """Make a delivery and set its money aside, in one transaction.

    Raises Contradiction, ExternalIdTaken (with ``delivery_id``), TipRefused, ledger's CreditExhausted.
    """
    faults = [Fault(f"/requirements/{where}", why) for where, why in contradictions(new.requirements)]
    if faults:
        raise Contradiction(faults=faults)
    if not 0 <= new.tip.minor <= TIP_LIMIT_MINOR:
        raise TipRefused(f"a tip lies between $0.00 and {Money(TIP_LIMIT_MINOR, new.tip.currency)}")
    now = work.now()
    row = DeliveryRow(
        id=work.new_id(),
        merchant_id=new.merchant_id,
        market_id=new.market_id,
        store_id=new.store_id,
        external_id=new.external_id,
        quote_id=new.quote_id,
        state=DeliveryState.REQUESTED,
        service_level=new.service_level,
        pickup=_stored(new.pickup),
        dropoff=_stored(new.dropoff),
        dropoff_lat=new.dropoff.point.lat,
        dropoff_lng=new.dropoff.point.lng,
        shopper_first_name=new.shopper_first_name,
        shopper_last_name=new.shopper_last_name,
        requirements=asdict(new.requirements),
        return_policy=new.return_policy,
        items=new.items,
        units=new.units,
        weight_g=new.weight_g,
        cart_minor=new.cart.minor,
        manifest=[dict(item) for item in new.manifest],
        ready_at=new.ready_at,
        wanted_from=new.wanted_from,
        earliest_drop_at=new.earliest_drop_at,
        due_at=new.due_at,
        leg_m=new.leg_m,
        leg_s=new.leg_s,
        fee_minor=new.fee.minor,
        fee_lines=[dict(line) for line in new.fee_lines],
        tip_minor=new.tip.minor,
        tip_status=TipStatus.PENDING,
        tip_promised_minor=0,
        currency=new.fee.currency,
        pin_sealed=new.pin_sealed,
        pin_failures=0,
        carrier_note={},
        offered_to=[],
        version=1,
        events_count=0,
        attempts=0,
        created_at=now,
        created_wall=work.wall(),
    )
    work.session.add(row)
    try:
        async with work.session.begin_nested():
            await work.session.flush()
    except IntegrityError as error:
        if "uq_deliveries_external" not in str(error.orig):
            raise
        there = await work.session.scalar(
            select(DeliveryRow.id)
            .where(
                DeliveryRow.merchant_id == new.merchant_id,
                DeliveryRow.external_id == new.external_id,
                DeliveryRow.state.not_in(FINAL),
            )
            .limit(1)
        )
        raise ExternalIdTaken(facts={"delivery_id": public("delivery", there)} if there else {}) from error
    _tell(work, row, events.DeliveryCreated, row.state, {"service_level": row.service_level})
    await work.flush()
    await ledger.reserve_fee(
        work,
        merchant_id=new.merchant_id,
        delivery_id=row.id,
        market_id=new.market_id,
        fee=new.fee,
        tip=new.tip,
        credit_limit=new.credit_limit,
        prepaid=new.prepaid,
    )
    return view(row)


def _tell(
    work: Work,
    row: DeliveryRow,
    kind: type[events.DeliveryMoved],
    before: str,
    body: Mapping[str, Any],
    *,
    device_at: datetime | None = None,
    former: Carrier | None = None,
) -> None:
    """Number the event, write it to the timeline and tell it. The row must be locked or new."""
    row.events_count += 1
    now = work.now()
    event = kind(
        delivery_id=row.id,
        merchant_id=row.merchant_id,
        market_id=row.market_id,
        store_id=row.store_id,
        external_id=row.external_id,
        seq=row.events_count,
        at=now,
        state=row.state,
        state_before=before,
        driver_id=former.driver_id if former else row.driver_id,
        provider_id=former.provider_id if former else row.provider_id,
        provider_job_id=former.provider_job_id if former else row.provider_job_id,
        trip_id=former.trip_id if former else row.trip_id,
        fee_minor=row.fee_minor,
        tip_minor=row.tip_minor,
        currency=row.currency,
        body=dict(body),
    )
    work.session.add(
        DeliveryEventRow(
            delivery_id=row.id,
            seq=row.events_count,
            name=kind.name,
            at=now,
            at_wall=work.wall(),
            device_at=device_at,
            actor=work.actor.label or str(work.actor.audience),
            state_before=before,
            state_after=row.state,
            body=event.body,
        )
    )
    work.emit(event, stream=events.stream(row.id), seq=row.events_count, market_id=row.market_id)
    work.wake(f"delivery:{row.id}")
    work.wake(f"market:{row.market_id}")


def _move(
    work: Work,
    row: DeliveryRow,
    fact: FactKind,
    body: Mapping[str, Any],
    *,
    device_at: datetime | None = None,
    former: Carrier | None = None,
) -> bool:
    """Write ``fact`` and what it implies. Whether it counted; raises CannotFollow when it cannot be."""
    step = advance(DeliveryState(row.state), fact)
    if step.standing is Standing.IMPOSSIBLE:
        raise CannotFollow(
            f"{fact} cannot follow while the delivery is {row.state}",
            facts={"state": row.state, "fact": fact},
        )
    for number, each in enumerate(step.facts):
        before = row.state
        implied = number < len(step.facts) - 1
        row.state = MOVES[DeliveryState(before), each]
        row.version += 1
        if each is FactKind.PICKED_UP:
            row.picked_up_at = work.now()
        if each is FactKind.ATTEMPT_FAILED:
            row.attempts += 1
        if row.state in FINAL:
            row.ended_at = work.now()
        _tell(
            work,
            row,
            events.BY_FACT[each],
            before,
            {"implied_by": fact} if implied else body,
            device_at=device_at,
            former=former,
        )
    return step.counts


async def assign(
    work: Work, delivery_ids: Sequence[UUID], carrier: Carrier, *, note: Mapping[str, Any] | None = None
) -> list[Delivery]:
    """Give the deliveries to ``carrier``, all or none. ``note``: first name and vehicle, for the shopper.

    Raises AlreadyTaken when any is no longer waiting.
    """
    taken = []
    for delivery_id in sorted(delivery_ids):  # one order of locks everywhere
        row = await row_of(work, delivery_id, lock=True)
        if row.state not in WAITING:
            raise AlreadyTaken(facts={"delivery_id": public("delivery", row.id), "state": row.state})
        row.driver_id, row.trip_id = carrier.driver_id, carrier.trip_id
        row.provider_id, row.provider_job_id = carrier.provider_id, carrier.provider_job_id
        row.carrier_note = dict(note or {})
        row.assigned_at = work.now()
        if carrier.driver_id is not None:
            row.tip_promised_minor = max(row.tip_promised_minor, row.tip_minor)
        row.offered_to = []
        _move(work, row, FactKind.ASSIGNED, {})
        taken.append(row)
    await work.flush()
    by_id = {row.id: view(row) for row in taken}
    return [by_id[delivery_id] for delivery_id in delivery_ids]


async def unassign(work: Work, delivery_id: UUID, why: str) -> Delivery:
    """Take it back from its carrier before the goods are picked up. Raises CannotFollow afterwards."""
    row = await row_of(work, delivery_id, lock=True)
    former = view(row).carrier
    if former is None:
        return view(row)
    if row.state not in CARRIED:
        raise CannotFollow(f"the goods are with the carrier ({row.state})", facts={"state": row.state})
    row.driver_id = row.trip_id = row.provider_id = row.provider_job_id = row.assigned_at = None
    row.carrier_note = {}
    _move(work, row, FactKind.UNASSIGNED, {"reason": why}, former=former)
    await work.flush()
    return view(row)


async def batch(work: Work, delivery_ids: Sequence[UUID], *, batched: bool) -> None:
    """Note that deliveries are planned together, or no longer. Those not waiting are left alone."""
    for delivery_id in sorted(delivery_ids):
        row = await row_of(work, delivery_id, lock=True)
        if row.state in WAITING:
            _move(
                work, row, FactKind.BATCHED if batched else FactKind.UNBATCHED, {"count": len(delivery_ids)}
            )
    await work.flush()


async def offer_to(work: Work, delivery_ids: Sequence[UUID], driver_ids: Sequence[UUID]) -> None:
    """Let the drivers of an open offer see these deliveries; none lets nobody."""
    await work.session.execute(
        update(DeliveryRow).where(DeliveryRow.id.in_(delivery_ids)).values(offered_to=list(driver_ids))
    )


async def report(work: Work, delivery_id: UUID, fact: Fact) -> Delivery:
    """Take in a report from the road; the same ``report_id`` counts once, a known fact changes nothing.

    Raises CannotFollow, ProofMissing (for a hand-over without the proofs its requirements ask for).
    """
    row = await row_of(work, delivery_id, lock=True)
    heard = await work.session.get(ReportRow, (delivery_id, fact.report_id))
    if heard is not None:
        return view(row)
    if fact.kind is FactKind.HANDED_OVER and row.state not in FINAL:
        missing = missing_proofs(Requirements(**row.requirements), await proofs(work, delivery_id))
        if missing:
            raise ProofMissing(facts={"missing": [str(kind) for kind in missing]})
    body: dict[str, Any] = {}
    if fact.reason:
        body["reason"] = fact.reason
    if fact.note:
        body["note"] = fact.note
    if fact.point is not None:
        body["point"] = {"lat": round(fact.point.lat, 5), "lng": round(fact.point.lng, 5)}
    counted = _move(work, row, fact.kind, body, device_at=fact.device_at)
    work.session.add(
        ReportRow(
            delivery_id=delivery_id,
            report_id=fact.report_id,
            kind=fact.kind,
            device_at=fact.device_at,
            at=work.now(),
            counted=counted,
        )
    )
    await work.flush()
    return view(row)


async def cancel(work: Work, delivery_id: UUID, by: Party, reason: str) -> Delivery:
    """End it by wish. Before pickup only; what it costs is decided from ``stage`` by billing and payouts.

    Raises NotCancellable once the goods are with the driver, CannotFollow when it has ended otherwise.
    """
    row = await row_of(work, delivery_id, lock=True)
    if row.state == DeliveryState.CANCELLED:
        return view(row)
    if row.state in WITH_GOODS:
        raise NotCancellable(facts={"state": row.state})
    stage = row.state
    reached = stage == DeliveryState.AT_PICKUP
    _move(
        work, row, FactKind.CANCELLED, {"by": by, "reason": reason, "stage": stage, "reached_store": reached}
    )
    await work.flush()
    return view(row)


async def expire(work: Work, delivery_id: UUID, why: str) -> Delivery:
    """End it because no carrier was found. Left alone unless it still waits."""
    row = await row_of(work, delivery_id, lock=True)
    if row.state in WAITING:
        _move(work, row, FactKind.EXPIRED, {"reason": why})
        await work.flush()
    return view(row)


async def move_ready(work: Work, delivery_id: UUID, ready_at: MarketInstant) -> Delivery:
    """The store says when the goods are ready. Raises Frozen after pickup."""
    row = await row_of(work, delivery_id, lock=True)
    if row.state not in WAITING | CARRIED:
        raise Frozen("the goods have left the store", facts={"state": row.state})
    row.ready_at = ready_at
    row.version += 1
    _tell(work, row, events.ReadyMoved, row.state, {"ready_at": ready_at.isoformat()})
    await work.flush()
    return view(row)


async def amend(
    work: Work,
    delivery_id: UUID,
    *,
    instructions: str | None = None,
    phone: str | None = None,
    dropoff: Place | None = None,
    leg: tuple[int, int] | None = None,
    due_at: MarketInstant | None = None,
    items: int | None = None,
) -> Delivery:
    """Change what may still be changed; None leaves a part alone.

    Instructions until the end; phone and address until a carrier is found; promise and items until
    pickup. A new address must be priced the same: the fee of a delivery never changes. Raises Frozen.
    """
    row = await row_of(work, delivery_id, lock=True)
    frozen = []
    if row.state in FINAL:
        frozen.append(Fault("/", "the delivery has ended"))
    if row.state not in WAITING:
        frozen += [
            Fault(f"/{name}", "fixed since a carrier was found")
            for name, v in (("phone", phone), ("dropoff", dropoff))
            if v is not None
        ]
    if row.state not in WAITING | CARRIED:
        frozen += [
            Fault(f"/{name}", "fixed since pickup")
            for name, v in (("due_at", due_at), ("items", items))
            if v is not None
        ]
    if frozen:
        raise Frozen(faults=frozen, facts={"state": row.state})
    changed: list[str] = []
    if dropoff is not None:
        row.dropoff = _stored(dropoff)
        row.dropoff_lat, row.dropoff_lng = dropoff.point.lat, dropoff.point.lng
        if leg is not None:
            row.leg_m, row.leg_s = leg
        changed.append("dropoff")
    if instructions is not None:
        row.dropoff = row.dropoff | {"instructions": instructions}
        changed.append("instructions")
    if phone is not None:
        row.dropoff = row.dropoff | {"phone": phone}
        changed.append("phone")
    if due_at is not None:
        row.due_at = due_at
        changed.append("due_at")
    if items is not None:
        row.items = items
        changed.append("items")
    if changed:
        row.version += 1
        _tell(work, row, events.DeliveryAmended, row.state, {"changed": changed})
        await work.flush()
    return view(row)


async def tip(work: Work, delivery_id: UUID, amount: Money) -> Delivery:
    """Change the tip by the rule of ``tip_change_refusal``. Raises TipRefused."""
    row = await row_of(work, delivery_id, lock=True)
    if row.state in {DeliveryState.CANCELLED, DeliveryState.EXPIRED}:
        raise TipRefused("this delivery did not take place")
    refusal = tip_change_refusal(
        new=amount,
        now=work.now(),
        old=Money(row.tip_minor, row.currency),
        promised=Money(row.tip_promised_minor, row.currency),
        ended_at=row.ended_at,
        limit=Money(TIP_LIMIT_MINOR, row.currency),
    )
    if refusal is not None:
        raise TipRefused(refusal)
    if amount.minor != row.tip_minor:
        before = row.tip_minor
        row.tip_minor = amount.minor
        row.version += 1
        _tell(
            work,
            row,
            events.TipChanged,
            row.state,
            {"before_minor": before, "after_end": row.ended_at is not None},
        )
        await work.flush()
    return view(row)


async def forget_reports(work: Work, older_than: datetime) -> int:
    """Drop what was kept to recognise doubled reports of deliveries long over."""
    done = await work.session.execute(delete(ReportRow).where(ReportRow.at < older_than))
    return int(getattr(done, "rowcount", 0))
