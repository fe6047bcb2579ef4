"""Drivers who pressed the safety button and are still waited for.

Each stands before staff's eyes until she says that all is well, or one of them writes down what was done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from doorstep.features.console.remedies import named
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import SafetyCall, SafetyKind
from doorstep.features.markets import queries as markets
from doorstep.platform import audit
from doorstep.platform.audit import AuditRow
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId, public
from doorstep.units.time import MarketInstant

SETTLED = "driver.safety_settled"
Gravest = Literal[SafetyKind.NOT_SAFE, SafetyKind.CALL_ME]
LASTS = timedelta(days=1)
"""An older call is history: it stands on record, and waits for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A driver who waits for somebody. ``point``: where her phone was when it last knew, of any of her presses."""

    driver_id: DriverId
    name: str
    phone: str
    kind: Gravest
    since: MarketInstant
    at: MarketInstant
    presses: int
    point: LatLng | None
    note: str


def unsettled(calls: Sequence[SafetyCall], settled_until: datetime | None) -> list[SafetyCall]:
    """What of one driver's presses (newest first) still waits: none after her own word that all is well.

    ``settled_until``: presses up to then were settled by staff.
    """
    waits = []
    for call in calls:
        if call.kind is SafetyKind.ALL_WELL or (settled_until is not None and call.at <= settled_until):
            break
        waits.append(call)
    return waits


async def waiting(work: Work, market_id: UUID) -> list[Waiting]:
    """Who of a market waits, the longest first; those in danger before all others. Raises UnknownMarket."""
    await markets.market(work, market_id)
    by_driver: dict[DriverId, list[SafetyCall]] = {}
    for call in await drivers.safety_calls(work, work.now() - LASTS, market_id=market_id):
        by_driver.setdefault(call.driver_id, []).append(call)
    if not by_driver:
        return []
    settled = await _settled(work, list(by_driver))
    people = await drivers.many(work, sorted(by_driver))
    found = []
    for driver_id, calls in by_driver.items():
        waits = unsettled(calls, settled.get(driver_id))
        if not waits:
            continue
        danger = any(call.kind is SafetyKind.NOT_SAFE for call in waits)
        found.append(
            Waiting(
                driver_id=driver_id,
                name=named(people[driver_id]),
                phone=people[driver_id].phone,
                kind=SafetyKind.NOT_SAFE if danger else SafetyKind.CALL_ME,
                since=waits[-1].at,
                at=waits[0].at,
                presses=len(waits),
                point=next((call.point for call in waits if call.point is not None), None),
                note=next((call.note for call in waits if call.note), ""),
            )
        )
    return sorted(found, key=lambda one: (one.kind is not SafetyKind.NOT_SAFE, one.since, one.driver_id))


async def _settled(work: Work, driver_ids: Sequence[DriverId]) -> dict[DriverId, datetime]:
    """Up to which press each driver's calls were settled by staff."""
    of = {public("driver", one): one for one in driver_ids}
    rows = await work.session.scalars(
        select(AuditRow).where(AuditRow.subject.in_(of), AuditRow.act == SETTLED).order_by(AuditRow.id)
    )
    return {of[row.subject]: datetime.fromisoformat(row.after["pressed_at"]) for row in rows}


async def settle(work: Work, driver_id: UUID, seen_at: datetime, reason: str) -> None:
    """Write down what was done about a driver's calls up to ``seen_at``; one that came meanwhile still stands.

    Raises UnknownDriver.
    """
    driver = await drivers.driver(work, driver_id)
    told = {"pressed_at": min(seen_at, work.now()).isoformat()}  # nobody settles what is still to come
    await audit.record(work, SETTLED, public("driver", driver.id), before={}, after=told, reason=reason)
