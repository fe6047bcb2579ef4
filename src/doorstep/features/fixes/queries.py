"""Reads of positions."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from doorstep.features.fixes.models import PositionRow
from doorstep.features.fixes.rules import Fix
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId
from doorstep.units.time import MarketInstant


def _fixes(rows: Iterable[PositionRow]) -> dict[DriverId, Fix]:
    return {
        DriverId(row.driver_id): Fix(
            driver_id=DriverId(row.driver_id),
            point=LatLng(lat=row.lat, lng=row.lng),
            at=MarketInstant(row.at),
            device_at=MarketInstant(row.device_at),
            accuracy_m=row.accuracy_m,
            heading_deg=row.heading_deg,
            speed_mps=row.speed_mps,
        )
        for row in rows
    }


async def latest(work: Work, driver_ids: Sequence[UUID]) -> dict[DriverId, Fix]:
    """The newest fix of each of ``driver_ids`` that has one; at most a second behind the phones."""
    if not driver_ids:
        return {}
    rows = await work.session.scalars(
        select(PositionRow)
        .where(PositionRow.driver_id.in_(driver_ids))
        .execution_options(populate_existing=True)
    )
    return _fixes(rows)


async def latest_in_market(work: Work, market_id: UUID) -> dict[DriverId, Fix]:
    """The newest fix of every driver of a market that ever had one."""
    rows = await work.session.scalars(
        select(PositionRow)
        .where(PositionRow.market_id == market_id)
        .execution_options(populate_existing=True)
    )
    return _fixes(rows)
