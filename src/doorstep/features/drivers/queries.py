"""Reads of drivers. What an actor may not see is not there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from doorstep.features.drivers.errors import UnknownDriver
from doorstep.features.drivers.models import DriverRow, SafetyCallRow
from doorstep.features.drivers.rules import (
    Ability,
    Driver,
    DriverState,
    Duty,
    SafetyCall,
    SafetyKind,
    Vehicle,
    VehicleKind,
)
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId, MarketId
from doorstep.units.time import MarketInstant


def view(row: DriverRow) -> Driver:
    """The row as other rooms see it."""
    return Driver(
        id=DriverId(row.id),
        market_id=MarketId(row.market_id),
        first_name=row.first_name,
        last_name=row.last_name,
        phone=row.phone,
        vehicle=Vehicle(
            kind=VehicleKind(row.vehicle_kind),
            make=row.vehicle_make,
            colour=row.vehicle_colour,
            capacity_units=row.capacity_units,
        ),
        abilities=frozenset(Ability(name) for name in row.abilities),
        state=DriverState(row.state),
        duty=Duty(
            on=row.on_duty,
            since=MarketInstant(row.duty_since),
            until=None if row.duty_until is None else MarketInstant(row.duty_until),
        ),
        longer_to_answer=row.longer_to_answer,
    )


def safety_view(row: SafetyCallRow) -> SafetyCall:
    """A press of the safety button as other rooms see it."""
    known = row.lat is not None and row.lng is not None
    return SafetyCall(
        driver_id=DriverId(row.driver_id),
        market_id=MarketId(row.market_id),
        kind=SafetyKind(row.kind),
        point=LatLng(lat=row.lat, lng=row.lng) if known else None,  # type: ignore[arg-type]
        note=row.note,
        at=MarketInstant(row.at),
    )


async def safety_calls(
    work: Work, since: datetime, *, limit: int = 200, market_id: UUID | None = None
) -> list[SafetyCall]:
    """Presses of the safety button since then, newest first; of one market, if one is named."""
    query = (
        select(SafetyCallRow)
        .where(SafetyCallRow.at >= since)
        .order_by(SafetyCallRow.at.desc(), SafetyCallRow.driver_id)
        .limit(limit)
    )
    if market_id is not None:
        query = query.where(SafetyCallRow.market_id == market_id)
    return [safety_view(row) for row in await work.session.scalars(query)]


async def driver(work: Work, driver_id: UUID) -> Driver:
    """One driver. Raises UnknownDriver."""
    row = await work.session.get(DriverRow, driver_id)
    if row is None:
        raise UnknownDriver
    return view(row)


async def many(work: Work, driver_ids: Sequence[UUID]) -> dict[DriverId, Driver]:
    """Those of ``driver_ids`` that exist for this actor."""
    rows = await work.session.scalars(select(DriverRow).where(DriverRow.id.in_(driver_ids)))
    return {DriverId(row.id): view(row) for row in rows}


def _working(query: Select[DriverRow], now: datetime) -> Select[DriverRow]:
    return query.where(
        DriverRow.on_duty,
        DriverRow.state == DriverState.ACTIVE.value,
        or_(DriverRow.duty_until.is_(None), DriverRow.duty_until > now),
    )


async def on_duty(work: Work, market_id: UUID) -> list[Driver]:
    """Active drivers of a market whom new offers may reach now, by id."""
    query = _working(select(DriverRow), work.now()).where(DriverRow.market_id == market_id)
    rows = await work.session.scalars(query.order_by(DriverRow.id).execution_options(populate_existing=True))
    return [view(row) for row in rows]


async def count_on_duty(work: Work, market_id: UUID) -> int:
    """How many drivers of a market new offers may reach now."""
    query = _working(select(DriverRow), work.now()).where(DriverRow.market_id == market_id)
    return int(await work.session.scalar(select(func.count()).select_from(query.subquery())) or 0)


async def search(
    work: Work,
    *,
    limit: int,
    before: UUID | None = None,
    market_id: UUID | None = None,
    on_duty: bool | None = None,
    text: str = "",
) -> list[Driver]:
    """Drivers, newest first, that fit every filter; ``before`` is the last id of the page before."""
    query = select(DriverRow).order_by(DriverRow.id.desc()).limit(limit)
    if market_id is not None:
        query = query.where(DriverRow.market_id == market_id)
    if before is not None:
        query = query.where(DriverRow.id < before)
    if on_duty is True:
        query = _working(query, work.now())
    elif on_duty is False:
        query = query.where(or_(~DriverRow.on_duty, DriverRow.duty_until <= work.now()))
    if text:
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        name = DriverRow.first_name + " " + DriverRow.last_name
        query = query.where(or_(name.ilike(like), DriverRow.phone.ilike(like)))
    return [view(row) for row in await work.session.scalars(query)]


async def state_reason(work: Work, driver_id: UUID) -> str:
    """Why a driver is in the state she is in, as written. Raises UnknownDriver."""
    row = await work.session.get(DriverRow, driver_id)
    if row is None:
        raise UnknownDriver
    return row.state_reason
