"""Routes of drivers: about themselves, and for staff."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from doorstep.features.drivers import queries, rules, schemas, service
from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries as markets
from doorstep.platform.auth.gate import DriverWork, StaffWork, need
from doorstep.platform.clock_anchor import mode_of
from doorstep.platform.db.work import Work
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.geo import LatLng
from doorstep.units.ids import MarketId, parse
from doorstep.units.time import market_instant

drivers = APIRouter(prefix="/driver/v1", tags=["driver: me"], responses=PROBLEMS)
staff = APIRouter(prefix="/staff/v1", tags=["staff: drivers"], responses=PROBLEMS)
routers = [drivers, staff]

DriverPath = Annotated[str, Path(max_length=40, examples=["drv_01jd0000000000000000000000"])]
CHANGE = (StaffRole.OWNER, StaffRole.DISPATCHER, StaffRole.SUPPORT)


async def _me(work: Work) -> schemas.Me:
    assert work.actor.subject is not None
    driver = await queries.driver(work, work.actor.subject)
    told = schemas.Driver.of(driver, work.now())
    reason = await queries.state_reason(work, driver.id)
    return schemas.Me(
        **told.model_dump(),
        state_reason=reason,
        longer_to_answer=driver.longer_to_answer,
        now=work.now(),
        demo=await mode_of(work) == "demo",
    )


@drivers.get("/me")
async def me(work: DriverWork) -> schemas.Me:
    """The driver who asks."""
    return await _me(work)


@drivers.post("/duty")
async def set_duty(work: DriverWork, wanted: schemas.DutyAsked) -> schemas.Me:
    """Go on or off duty. A trip under way is finished either way; off only stops new offers."""
    assert work.actor.subject is not None
    if wanted.on:
        until = None if wanted.until is None else market_instant(wanted.until)
        await service.go_on_duty(work, work.actor.subject, until)
    else:
        await service.go_off_duty(work, work.actor.subject)
    return await _me(work)


@drivers.put("/time-to-answer")
async def set_time_to_answer(work: DriverWork, wanted: schemas.TimeToAnswer) -> schemas.Me:
    """Have offers to you alone last twice as long, or as long as usual again.

    It counts from the next offer on and stands in its terms. It changes nothing about what you are offered.
    """
    assert work.actor.subject is not None
    await service.set_time_to_answer(work, work.actor.subject, longer=wanted.longer)
    return await _me(work)


@drivers.post("/safety", status_code=201)
async def call_for_safety(work: DriverWork, wanted: schemas.SafetyAsked) -> schemas.SafetyTold:
    """The safety button: on record at once, and before the operator's eyes. Nothing about your work follows from it."""
    assert work.actor.subject is not None
    point = None if wanted.point is None else LatLng(lat=wanted.point.lat, lng=wanted.point.lng)
    call = await service.call_for_safety(
        work, work.actor.subject, wanted.report_id, wanted.kind, point, wanted.note
    )
    return schemas.SafetyTold.of(call)


@staff.get("/safety-calls")
async def list_safety_calls(work: StaffWork) -> list[schemas.SafetyTold]:
    """Presses of the safety button in the last day, newest first; the newest of a driver says how she stands."""
    found = await queries.safety_calls(work, work.now() - timedelta(days=1))
    return [schemas.SafetyTold.of(call) for call in found]


@staff.get("/drivers")
async def list_drivers(
    work: StaffWork,
    search: Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$", description="In name or phone.")] = "",
    market: Annotated[str | None, Query(max_length=40)] = None,
    on_duty: Annotated[bool | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.Driver]:
    """Drivers, newest first."""
    found = await queries.search(
        work,
        limit=limit + 1,
        before=read_cursor(cursor),
        market_id=None if market is None else parse("market", market),
        on_duty=on_duty,
        text=search,
    )
    following = cursor_after(found[limit - 1].id) if len(found) > limit else None
    now = work.now()
    return Page(items=[schemas.Driver.of(driver, now) for driver in found[:limit]], next=following)


@staff.post("/drivers", status_code=201)
async def create_driver(work: StaffWork, wanted: schemas.NewDriver) -> schemas.Driver:
    """Let somebody drive."""
    need(work, *CHANGE)
    market = await markets.market(work, MarketId(parse("market", wanted.market)))
    vehicle = wanted.vehicle
    made = await service.create_driver(
        work,
        rules.NewDriver(
            market_id=market.id,
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            phone=wanted.phone,
            kind=vehicle.kind,
            make=vehicle.make,
            colour=vehicle.colour,
            capacity_units=vehicle.capacity_units,
            abilities=frozenset(wanted.abilities),
        ),
    )
    return schemas.Driver.of(made, work.now())


@staff.get("/drivers/{driver_id}")
async def read_driver(work: StaffWork, driver_id: DriverPath) -> schemas.Driver:
    """One driver."""
    return schemas.Driver.of(await queries.driver(work, parse("driver", driver_id)), work.now())


@staff.post("/drivers/{driver_id}/state")
async def set_state(work: StaffWork, driver_id: DriverPath, wanted: schemas.NewState) -> schemas.Driver:
    """Pause, deactivate or take back in, with the reason the driver reads."""
    need(work, *CHANGE)
    changed = await service.set_state(work, parse("driver", driver_id), wanted.state, wanted.reason)
    return schemas.Driver.of(changed, work.now())
