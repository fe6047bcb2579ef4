"""The verbs of deliveries. Each reads, asks the rules, writes rows and tells its event; none commits.

What carriers do stands in ``carrying``, proofs in ``proofs``; both are called from here by others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.deliveries import events
from doorstep.features.deliveries.carrying import (
    assign,
    batch,
    contact_tried,
    expire,
    offer_over,
    offer_to,
    report,
    unassign,
)
from doorstep.features.deliveries.errors import (
    Contradiction,
    ExternalIdTaken,
    Frozen,
    NotCancellable,
    TipRefused,
)
from doorstep.features.deliveries.journal import move, tell
from doorstep.features.deliveries.models import LIVE_EXTERNAL, DeliveryRow, ReportRow
from doorstep.features.deliveries.proofs import PaperSeen, ProofTaken, add_proof, fresh_pin, waive_proof
from doorstep.features.deliveries.queries import row_of, view
from doorstep.features.deliveries.rules import (
    FINAL,
    CancelReason,
    Delivery,
    DeliveryState,
    FactKind,
    Part,
    Party,
    Place,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    TipStatus,
    cancel_refusal,
    contradictions,
    frozen_since,
    tip_change_refusal,
    tip_refusal,
)
from doorstep.features.ledger import service as ledger
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid
from doorstep.units.ids import MarketId, MerchantId, StoreId, public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

__all__ = [
    "Amendment",
    "NewDelivery",
    "PaperSeen",
    "ProofTaken",
    "add_proof",
    "amend",
    "assign",
    "batch",
    "cancel",
    "contact_tried",
    "create",
    "expire",
    "forget_reports",
    "fresh_pin",
    "move_ready",
    "offer_over",
    "offer_to",
    "refuse_contradictions",
    "refuse_frozen",
    "report",
    "tip",
    "unassign",
    "waive_proof",
]

READY_AHEAD = timedelta(hours=48)
"""How far ahead a store may put the readiness of a delivery that is made."""


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
    tip_limit: Money
    pin_sealed: bytes | None = None
    credit_limit: Money
    prepaid: bool


_ADD = insert(DeliveryRow.__table__).on_conflict_do_nothing(  # type: ignore[arg-type]
    index_elements=["merchant_id", "external_id"], index_where=text(LIVE_EXTERNAL)
)


def _pointer(flag: str) -> str:
    return f"/{flag}" if flag == "return_policy" else f"/requirements/{flag}"


def refuse_contradictions(wanted: Requirements, policy: ReturnPolicy) -> None:
    """Go on only with requirements that one driver can fulfil at one door. Raises Contradiction."""
    faults = [Fault(_pointer(where), why) for where, why in contradictions(wanted, policy)]
    if faults:
        raise Contradiction(faults=faults)


def _stored(end: Place) -> dict[str, Any]:
    fields = {k: v for k, v in asdict(end).items() if k != "point"}
    return fields | {"lat": end.point.lat, "lng": end.point.lng}


async def create(work: Work, new: NewDelivery) -> Delivery:
    """Make a delivery and set its money aside, in one transaction.

    Raises Contradiction, ExternalIdTaken (with ``delivery_id``), TipRefused, ledger's CreditExhausted.
    """
    refuse_contradictions(new.requirements, new.return_policy)
    if beyond := tip_refusal(new.tip, new.tip_limit):
        raise TipRefused(beyond)
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
        tip_limit_minor=new.tip_limit.minor,
        tip_promised_minor=0,
        currency=new.fee.currency,
        pin_sealed=new.pin_sealed,
        pin_failures=0,
        carrier_note={},
        offered_to=[],
        ended_by="",
        end_reason="",
        version=1,
        events_count=0,
        attempts=0,
        created_at=now,
        created_wall=work.wall(),
    )
    await _insert(work, row)
    tell(work, row, events.DeliveryCreated, row.state, {"service_level": row.service_level})
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


async def _insert(work: Work, row: DeliveryRow) -> None:
    """Write a new delivery as if its first event had been told, so that telling it needs no second statement.

    Raises ExternalIdTaken.
    """
    values = {column.key: getattr(row, column.key) for column in DeliveryRow.__table__.columns}
    written = await work.session.execute(_ADD, values | {"events_count": 1})
    if getattr(written, "rowcount", 0):
        return
    there = await work.session.scalar(
        select(DeliveryRow.id).where(
            DeliveryRow.merchant_id == row.merchant_id,
            DeliveryRow.external_id == row.external_id,
            DeliveryRow.state.not_in(FINAL),
        )
    )
    raise ExternalIdTaken(facts={"delivery_id": public("delivery", there)} if there else {})


async def cancel(work: Work, delivery_id: UUID, by: Party, reason: CancelReason, note: str = "") -> Delivery:
    """End it by wish. What that costs is decided from the event's ``stage`` by billing and payouts.

    Cancelling again changes nothing. Raises NotCancellable by the rule of ``rules.cancel_refusal``.
    """
    row = await row_of(work, delivery_id, lock=True)
    if row.state == DeliveryState.CANCELLED:
        return view(row)
    stage = DeliveryState(row.state)
    refusal = cancel_refusal(stage, by, reason, ReturnPolicy(row.return_policy))
    if refusal is not None:
        raise NotCancellable(refusal, facts={"state": stage})
    row.ended_by, row.end_reason = by, reason
    body = {
        "by": by,
        "reason": reason,
        "stage": stage,
        "reached_store": stage == DeliveryState.AT_PICKUP,
    }
    move(work, row, FactKind.CANCELLED, body | ({"note": note} if note else {}))
    await work.flush()
    return view(row)


def _ready(row: DeliveryRow, asked: MarketInstant, now: MarketInstant) -> MarketInstant:
    """The instant as it is kept: never before the delivery was made. Raises Invalid beyond ``READY_AHEAD``."""
    if asked > now + READY_AHEAD:
        raise Invalid("Goods are ready within 48 hours.", faults=[Fault("/ready_at", "too far ahead")])
    return max(asked, MarketInstant(row.created_at))


async def move_ready(work: Work, delivery_id: UUID, ready_at: MarketInstant) -> Delivery:
    """The store says when the goods are ready. Raises Frozen after pickup, Invalid for a day too far ahead."""
    row = await row_of(work, delivery_id, lock=True)
    if frozen_since(Part.READY, DeliveryState(row.state)) is not None:
        raise Frozen("the goods have left the store", facts={"state": row.state})
    ready_at = _ready(row, ready_at, work.now())
    if row.ready_at == ready_at:
        return view(row)
    row.ready_at = ready_at
    row.version += 1
    tell(work, row, events.ReadyMoved, row.state, {"ready_at": ready_at.isoformat()})
    await work.flush()
    return view(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What shall change; None leaves a part alone. ``leg_m`` and ``leg_s`` go with a new ``dropoff``."""

    dropoff: Place | None = None
    leg_m: int = 0
    leg_s: int = 0
    phone: str | None = None
    instructions: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    ready_at: MarketInstant | None = None
    due_at: MarketInstant | None = None
    earliest_drop_at: MarketInstant | None = None
    wanted_from: MarketInstant | None = None
    items: int | None = None
    units: int | None = None
    weight_g: int | None = None
    return_policy: ReturnPolicy | None = None

    def parts(self) -> dict[str, Part]:
        """The fields that shall change, and the part of the delivery each belongs to."""
        return {name: part for name, part in _PART_OF.items() if getattr(self, name) is not None}


_PART_OF = {
    "dropoff": Part.DROPOFF,
    "phone": Part.PHONE,
    "instructions": Part.INSTRUCTIONS,
    "first_name": Part.NAME,
    "last_name": Part.NAME,
    "ready_at": Part.READY,
    "due_at": Part.WINDOW,
    "earliest_drop_at": Part.WINDOW,
    "wanted_from": Part.WINDOW,
    "items": Part.ITEMS,
    "units": Part.ITEMS,
    "weight_g": Part.ITEMS,
    "return_policy": Part.RETURN_POLICY,
}
_COLUMN_OF = {"first_name": "shopper_first_name", "last_name": "shopper_last_name"}


def refuse_frozen(state: DeliveryState, wish: Amendment) -> None:
    """Go on only when every part of ``wish`` may still be changed. Raises Frozen, naming those that may not."""
    faults = [
        Fault(f"/{name}", why)
        for name, part in wish.parts().items()
        if (why := frozen_since(part, state)) is not None
    ]
    if faults:
        raise Frozen(faults=faults, facts={"state": state})


async def amend(work: Work, delivery_id: UUID, wish: Amendment) -> Delivery:
    """Change what may still be changed by ``rules.frozen_since``, all of it or nothing.

    The fee never changes: a new address must have been found to cost the same. Raises Frozen, Contradiction.
    """
    row = await row_of(work, delivery_id, lock=True)
    parts = wish.parts()
    refuse_frozen(DeliveryState(row.state), wish)
    if wish.return_policy is not None:
        refuse_contradictions(Requirements(**row.requirements), wish.return_policy)
    before = {c.key: getattr(row, c.key) for c in DeliveryRow.__table__.columns}
    if wish.dropoff is not None:
        row.dropoff = _stored(wish.dropoff)
        row.dropoff_lat, row.dropoff_lng = wish.dropoff.point.lat, wish.dropoff.point.lng
        row.leg_m, row.leg_s = wish.leg_m, wish.leg_s
    for name in ("phone", "instructions"):
        if name in parts:
            row.dropoff = row.dropoff | {name: getattr(wish, name)}
    if wish.ready_at is not None:
        row.ready_at = _ready(row, wish.ready_at, work.now())
    for name in parts.keys() - {"dropoff", "phone", "instructions", "ready_at"}:
        setattr(row, _COLUMN_OF.get(name, name), getattr(wish, name))
    if any(getattr(row, key) != value for key, value in before.items()):
        row.version += 1
        tell(work, row, events.DeliveryAmended, row.state, {"changed": sorted(parts)})
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
        limit=Money(row.tip_limit_minor, row.currency),
    )
    if refusal is not None:
        raise TipRefused(refusal)
    if amount.minor != row.tip_minor:
        before = row.tip_minor
        row.tip_minor = amount.minor
        row.version += 1
        tell(
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
