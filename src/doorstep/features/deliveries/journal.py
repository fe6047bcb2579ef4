"""The one place that moves a delivery: state, number, timeline and event change together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from doorstep.features.deliveries import events
from doorstep.features.deliveries.errors import CannotFollow
from doorstep.features.deliveries.models import DeliveryEventRow, DeliveryRow
from doorstep.features.deliveries.rules import (
    FINAL,
    MOVES,
    Advance,
    Carrier,
    DeliveryState,
    FactKind,
    Standing,
    advance,
)
from doorstep.platform.db.work import Work

_ADD_EVENT = insert(DeliveryEventRow.__table__)  # type: ignore[arg-type]


def tell(
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
    work.add(
        _ADD_EVENT,
        {
            "delivery_id": row.id,
            "seq": row.events_count,
            "merchant_id": row.merchant_id,
            "name": kind.name,
            "at": now,
            "at_wall": work.wall(),
            "device_at": device_at,
            "audience": work.actor.audience,
            "actor": work.actor.label or str(work.actor.audience),
            "state_before": before,
            "state_after": row.state,
            "body": event.body,
        },
    )
    work.emit(event, stream=events.stream(row.id), seq=row.events_count, market_id=row.market_id)
    work.wake(f"delivery:{row.id}")
    work.wake(f"market:{row.market_id}")


def move(
    work: Work,
    row: DeliveryRow,
    fact: FactKind,
    body: Mapping[str, Any],
    *,
    device_at: datetime | None = None,
    former: Carrier | None = None,
    turned_back: bool = False,
) -> Advance:
    """Write ``fact`` and what it implies, each as an event of its own, in order.

    Nothing is written for what is already so. Raises CannotFollow.
    """
    last = row.moved_device_at
    stale = device_at is not None and last is not None and device_at < last
    step = advance(DeliveryState(row.state), fact, stale=stale, turned_back=turned_back)
    if step.standing is Standing.IMPOSSIBLE:
        raise CannotFollow(
            f"{fact} cannot follow while the delivery is {row.state}",
            facts={"state": row.state, "fact": fact},
        )
    for number, each in enumerate(step.facts, start=1):
        before = row.state
        row.state = MOVES[DeliveryState(before), each]
        row.version += 1
        if each is FactKind.PICKED_UP:
            row.picked_up_at = work.now()
        if each is FactKind.ATTEMPT_FAILED:
            row.attempts += 1
        if row.state in FINAL:
            row.ended_at = work.now()
        said = body if number == len(step.facts) else {"implied_by": fact}
        tell(work, row, events.BY_FACT[each], before, said, device_at=device_at, former=former)
    if step.counts and device_at is not None and not stale:
        row.moved_device_at = device_at
    return step
