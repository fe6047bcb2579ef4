"""Reads of deliveries. What an actor may not see is not there."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from doorstep.features.deliveries.errors import UnknownDelivery
from doorstep.features.deliveries.models import DeliveryEventRow, DeliveryRow, ProofRow
from doorstep.features.deliveries.rules import (
    FINAL,
    WAITING,
    Carrier,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Place,
    Proof,
    ProofKind,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    TipStatus,
)
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import (
    DeliveryId,
    DriverId,
    MalformedId,
    MarketId,
    MerchantId,
    ProviderJobId,
    StoreId,
    TripId,
    parse,
)
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


def place(stored: dict[str, Any]) -> Place:
    """One end of a delivery from its column."""
    point = LatLng(lat=stored["lat"], lng=stored["lng"])
    return Place(point=point, **{k: v for k, v in stored.items() if k not in {"lat", "lng"}})


def _instant(value: datetime | None) -> MarketInstant | None:
    return None if value is None else MarketInstant(value)


def carrier_of(row: DeliveryRow) -> Carrier | None:
    """Who carries it now, if anyone."""
    if row.driver_id is not None:
        return Carrier(
            driver_id=DriverId(row.driver_id), trip_id=TripId(row.trip_id) if row.trip_id else None
        )
    if row.provider_job_id is not None:
        return Carrier(provider_id=row.provider_id, provider_job_id=ProviderJobId(row.provider_job_id))
    return None


def view(row: DeliveryRow) -> Delivery:
    """The row as other rooms see it."""
    return Delivery(
        id=DeliveryId(row.id),
        merchant_id=MerchantId(row.merchant_id),
        market_id=MarketId(row.market_id),
        store_id=StoreId(row.store_id),
        external_id=row.external_id,
        quote_id=row.quote_id,
        state=DeliveryState(row.state),
        service_level=ServiceLevel(row.service_level),
        pickup=place(row.pickup),
        dropoff=place(row.dropoff),
        shopper_first_name=row.shopper_first_name,
        shopper_last_name=row.shopper_last_name,
        requirements=Requirements(**row.requirements),
        return_policy=ReturnPolicy(row.return_policy),
        items=row.items,
        units=row.units,
        weight_g=row.weight_g,
        cart=Money(row.cart_minor, row.currency),
        manifest=tuple(row.manifest),
        ready_at=MarketInstant(row.ready_at),
        wanted_from=MarketInstant(row.wanted_from),
        earliest_drop_at=_instant(row.earliest_drop_at),
        due_at=MarketInstant(row.due_at),
        leg_m=row.leg_m,
        leg_s=row.leg_s,
        fee=Money(row.fee_minor, row.currency),
        fee_lines=tuple(row.fee_lines),
        tip=Money(row.tip_minor, row.currency),
        tip_limit=Money(row.tip_limit_minor, row.currency),
        tip_status=TipStatus(row.tip_status),
        carrier=carrier_of(row),
        carrier_note=row.carrier_note,
        version=row.version,
        events_count=row.events_count,
        attempts=row.attempts,
        created_at=MarketInstant(row.created_at),
        assigned_at=_instant(row.assigned_at),
        picked_up_at=_instant(row.picked_up_at),
        ended_at=_instant(row.ended_at),
    )


async def row_of(work: Work, delivery_id: UUID, *, lock: bool = False) -> DeliveryRow:
    """The row itself, locked to the end of the transaction when asked. For this feature alone."""
    row = await work.session.get(
        DeliveryRow, delivery_id, with_for_update=True if lock else None, populate_existing=lock
    )
    if row is None:
        raise UnknownDelivery
    return row


async def delivery(work: Work, delivery_id: UUID) -> Delivery:
    """One delivery. Raises UnknownDelivery."""
    return view(await row_of(work, delivery_id))


async def many(work: Work, delivery_ids: Sequence[UUID]) -> list[Delivery]:
    """Those of ``delivery_ids`` that exist for this actor, in the order asked."""
    rows = await work.session.scalars(select(DeliveryRow).where(DeliveryRow.id.in_(delivery_ids)))
    found = {row.id: view(row) for row in rows}
    return [found[delivery_id] for delivery_id in delivery_ids if delivery_id in found]


async def by_external_id(work: Work, external_id: str) -> Delivery | None:
    """The merchant's newest delivery of that external id."""
    row = await work.session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.merchant_id == work.actor.tenant, DeliveryRow.external_id == external_id)
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    )
    return None if row is None else view(row)


async def waiting(work: Work, market_id: UUID) -> list[Delivery]:
    """Deliveries of a market without a carrier, oldest first."""
    rows = await work.session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.market_id == market_id, DeliveryRow.state.in_(WAITING))
        .order_by(DeliveryRow.id)
        .execution_options(populate_existing=True)
    )
    return [view(row) for row in rows]


async def under_way(work: Work, market_id: UUID) -> list[Delivery]:
    """Deliveries of a market that have not ended, oldest first."""
    rows = await work.session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.market_id == market_id, DeliveryRow.state.not_in(FINAL))
        .order_by(DeliveryRow.id)
    )
    return [view(row) for row in rows]


async def endings(
    work: Work, market_id: UUID, since: datetime
) -> list[tuple[DeliveryState, MarketInstant, MarketInstant]]:
    """How and when deliveries of a market ended since then, with the promise of each, oldest first."""
    rows = await work.session.execute(
        select(DeliveryRow.state, DeliveryRow.ended_at, DeliveryRow.due_at)
        .where(
            DeliveryRow.market_id == market_id, DeliveryRow.state.in_(FINAL), DeliveryRow.ended_at >= since
        )
        .order_by(DeliveryRow.ended_at)
    )
    return [
        (DeliveryState(state), MarketInstant(ended), MarketInstant(due))
        for state, ended, due in rows
        if ended is not None
    ]


async def made_since(work: Work, market_id: UUID, since: datetime) -> int:
    """How many deliveries of a market were asked for since then."""
    query = select(func.count()).where(DeliveryRow.market_id == market_id, DeliveryRow.created_at >= since)
    return int(await work.session.scalar(query) or 0)


async def of_trip(work: Work, trip_id: UUID) -> list[Delivery]:
    """Deliveries on a trip."""
    rows = await work.session.scalars(
        select(DeliveryRow).where(DeliveryRow.trip_id == trip_id).order_by(DeliveryRow.id)
    )
    return [view(row) for row in rows]


async def counts(work: Work, market_id: UUID) -> dict[DeliveryState, int]:
    """How many deliveries of a market are in each state."""
    rows = await work.session.execute(
        select(DeliveryRow.state, func.count())
        .where(DeliveryRow.market_id == market_id)
        .group_by(DeliveryRow.state)
    )
    return {DeliveryState(state): int(number) for state, number in rows}


async def search(
    work: Work,
    *,
    limit: int,
    before: UUID | None = None,
    states: Sequence[str] = (),
    market_id: UUID | None = None,
    merchant_id: UUID | None = None,
    store_id: UUID | None = None,
    driver_id: UUID | None = None,
    external_id: str | None = None,
    created_from: datetime | None = None,
    created_until: datetime | None = None,
    text: str = "",
) -> list[Delivery]:
    """Deliveries, newest first, that fit every filter given; ``before`` is the last id of the page before.

    Each word of ``text`` is a part of a name, the shop's, the address or the external id, or it is a whole id.
    """
    query: Select[DeliveryRow] = select(DeliveryRow).order_by(DeliveryRow.id.desc()).limit(limit)
    for column, value in (
        (DeliveryRow.market_id, market_id),
        (DeliveryRow.merchant_id, merchant_id),
        (DeliveryRow.store_id, store_id),
        (DeliveryRow.driver_id, driver_id),
        (DeliveryRow.external_id, external_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(DeliveryRow.id < before)
    if states:
        query = query.where(DeliveryRow.state.in_(states))
    if created_from is not None:
        query = query.where(DeliveryRow.created_at >= created_from)
    if created_until is not None:
        query = query.where(DeliveryRow.created_at < created_until)
    for word in text.split():
        query = query.where(_found_by(word))
    return [view(row) for row in await work.session.scalars(query)]


def _found_by(word: str) -> ColumnElement[bool]:
    with suppress(MalformedId):
        return DeliveryRow.id == parse("delivery", word)
    like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(
        DeliveryRow.external_id.ilike(like),
        DeliveryRow.shopper_first_name.ilike(like),
        DeliveryRow.shopper_last_name.ilike(like),
        DeliveryRow.pickup["name"].astext.ilike(like),
        DeliveryRow.dropoff["line1"].astext.ilike(like),
        DeliveryRow.dropoff["postcode"].astext.ilike(like),
    )


async def timeline(work: Work, delivery_id: UUID) -> list[DeliveryEvent]:
    """Everything that happened to it, in order. Raises UnknownDelivery."""
    found = await work.session.scalars(
        select(DeliveryEventRow)
        .where(DeliveryEventRow.delivery_id == delivery_id)
        .order_by(DeliveryEventRow.seq)
    )
    rows = found.all()
    if not rows:
        await row_of(work, delivery_id)
    return [
        DeliveryEvent(
            seq=row.seq,
            name=row.name,
            at=MarketInstant(row.at),
            device_at=_instant(row.device_at),
            audience=row.audience,
            actor=row.actor,
            state_before=DeliveryState(row.state_before),
            state_after=DeliveryState(row.state_after),
            body=row.body,
        )
        for row in rows
    ]


async def proofs(work: Work, delivery_id: UUID) -> list[Proof]:
    """Proofs taken, oldest first."""
    rows = await work.session.scalars(
        select(ProofRow).where(ProofRow.delivery_id == delivery_id).order_by(ProofRow.id)
    )
    return [
        Proof(id=row.id, kind=ProofKind(row.kind), ok=row.ok, at=MarketInstant(row.at), result=row.result)
        for row in rows
    ]


async def proof_picture(work: Work, delivery_id: UUID, proof_id: UUID) -> tuple[str, str]:
    """Blob key and media type of a picture. Raises UnknownDelivery when there is none to see."""
    row = await work.session.get(ProofRow, proof_id)
    if row is None or row.delivery_id != delivery_id or not row.blob_key:
        raise UnknownDelivery("there is no such picture")
    return row.blob_key, row.media_type


async def sealed_pin(work: Work, delivery_id: UUID) -> bytes | None:
    """The shopper's code as sealed, None when the delivery has none."""
    return (await row_of(work, delivery_id)).pin_sealed


async def price_lines(work: Work, delivery_id: UUID) -> list[Any]:
    """The lines of the fee, as quoted."""
    return (await row_of(work, delivery_id)).fee_lines
