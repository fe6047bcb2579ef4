"""The verbs of drivers."""

from uuid import UUID

from doorstep.features.drivers.errors import DutyEndsBefore, NotActive, UnknownDriver
from doorstep.features.drivers.events import (
    DriverCreated,
    DriverOffDuty,
    DriverOnDuty,
    DriverStateChanged,
    SafetyCalled,
    stream,
)
from doorstep.features.drivers.models import DriverRow, SafetyCallRow
from doorstep.features.drivers.queries import safety_view, view
from doorstep.features.drivers.rules import (
    CAPACITY_UNITS,
    Driver,
    DriverState,
    NewDriver,
    SafetyCall,
    SafetyKind,
)
from doorstep.features.identity.service import register_driver_phone
from doorstep.platform import audit
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid
from doorstep.platform.events import Event
from doorstep.units.geo import LatLng
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant


def _tell(work: Work, row: DriverRow, event: Event) -> None:
    row.events_count += 1
    work.emit(event, stream=stream(row.id), seq=row.events_count, market_id=row.market_id)
    work.wake(f"driver:{row.id}")
    work.wake(f"market:{row.market_id}")


async def _held(work: Work, driver_id: UUID) -> DriverRow:
    row = await work.session.get(DriverRow, driver_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownDriver
    return row


async def create_driver(work: Work, wanted: NewDriver) -> Driver:
    """Let somebody drive in a market: active, off duty, able to sign in by phone.

    Raises NoPhone, PhoneTaken, and Invalid for a vehicle that carries nothing.
    """
    driver_id = work.new_id()
    units = CAPACITY_UNITS[wanted.kind] if wanted.capacity_units is None else wanted.capacity_units
    if units < 1:
        raise Invalid(
            "A vehicle carries at least one unit.", faults=[Fault("/vehicle/capacity_units", "too small")]
        )
    phone = await register_driver_phone(work, driver_id, wanted.phone)
    now = work.now()
    row = DriverRow(
        id=driver_id,
        market_id=wanted.market_id,
        first_name=wanted.first_name,
        last_name=wanted.last_name,
        phone=phone,
        vehicle_kind=wanted.kind.value,
        vehicle_make=wanted.make,
        vehicle_colour=wanted.colour,
        capacity_units=units,
        abilities=sorted(wanted.abilities),
        state=DriverState.ACTIVE.value,
        state_reason="",
        on_duty=False,
        duty_since=now,
        duty_until=None,
        longer_to_answer=False,
        events_count=0,
        created_at=now,
        created_wall=work.wall(),
    )
    work.session.add(row)
    await work.session.flush()
    _tell(work, row, DriverCreated(driver_id=row.id, market_id=row.market_id, at=now))
    return view(row)


async def go_on_duty(work: Work, driver_id: UUID, until: MarketInstant | None = None) -> Driver:
    """Let new offers reach her from now on, until ``until`` if named. Again is fine and moves the end.

    Raises UnknownDriver, NotActive, DutyEndsBefore.
    """
    row = await _held(work, driver_id)
    if row.state != DriverState.ACTIVE.value:
        raise NotActive(row.state_reason or f"The driver is {row.state}.")
    now = work.now()
    if until is not None and until <= now:
        raise DutyEndsBefore(faults=[Fault("/until", "in the past")])
    working = view(row).duty.at(now)
    if working and row.duty_until == until:
        return view(row)
    if not working:
        row.duty_since = now
    row.on_duty, row.duty_until = True, until
    _tell(work, row, DriverOnDuty(driver_id=row.id, market_id=row.market_id, at=now, until=until))
    return view(row)


async def go_off_duty(work: Work, driver_id: UUID) -> Driver:
    """Let no new offer reach her; a trip under way is finished as it was offered. Raises UnknownDriver."""
    row = await _held(work, driver_id)
    if row.on_duty:
        now = work.now()
        row.on_duty, row.duty_since, row.duty_until = False, now, None
        _tell(work, row, DriverOffDuty(driver_id=row.id, market_id=row.market_id, at=now))
    return view(row)


async def set_time_to_answer(work: Work, driver_id: UUID, *, longer: bool) -> Driver:
    """Give her more time for offers shown from now on to her alone, or the usual again. Raises UnknownDriver."""
    row = await _held(work, driver_id)
    row.longer_to_answer = longer
    await work.session.flush()
    return view(row)


async def set_state(work: Work, driver_id: UUID, state: DriverState, reason: str) -> Driver:
    """Pause, deactivate or take back in, with a written ``reason`` that the driver reads.

    Whoever is not active is off duty. Raises UnknownDriver, and Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid("A reason must be written down.", faults=[Fault("/reason", "empty")])
    row = await _held(work, driver_id)
    before = row.state
    if before == state.value:
        return view(row)
    now = work.now()
    row.state, row.state_reason = state.value, reason
    if state is not DriverState.ACTIVE and row.on_duty:
        row.on_duty, row.duty_since, row.duty_until = False, now, None
    _tell(
        work,
        row,
        DriverStateChanged(
            driver_id=row.id,
            market_id=row.market_id,
            at=now,
            before=before,
            after=state.value,
            reason=reason,
        ),
    )
    await audit.record(
        work,
        "driver.set_state",
        public("driver", row.id),
        before={"state": before},
        after={"state": state.value},
        reason=reason,
    )
    return view(row)


async def call_for_safety(
    work: Work, driver_id: UUID, report_id: str, kind: SafetyKind, point: LatLng | None, note: str = ""
) -> SafetyCall:
    """Put a press of the safety button on record and tell the operator. The same ``report_id`` counts once.

    Raises UnknownDriver.
    """
    row = await _held(work, driver_id)
    known = await work.session.get(SafetyCallRow, (driver_id, report_id))
    if known is not None:
        return safety_view(known)
    call = SafetyCallRow(
        driver_id=driver_id,
        report_id=report_id,
        market_id=row.market_id,
        kind=kind.value,
        lat=None if point is None else point.lat,
        lng=None if point is None else point.lng,
        note=note,
        at=work.now(),
        at_wall=work.wall(),
    )
    work.session.add(call)
    _tell(
        work,
        row,
        SafetyCalled(driver_id=row.id, market_id=row.market_id, at=work.now(), kind=kind.value),
    )
    await work.session.flush()
    return safety_view(call)
