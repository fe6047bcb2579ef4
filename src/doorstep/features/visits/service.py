"""Verbs of visits: enter, give a sign of life, wish for a speed, leave; and the network's part, to turn to it."""

from secrets import token_urlsafe
from uuid import UUID

import structlog
from sqlalchemy import delete, text

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.identity import queries as identity
from doorstep.features.identity.errors import NoDemoEntry
from doorstep.features.identity.rules import DemoRole, StaffRole
from doorstep.features.offers import queries as offers
from doorstep.features.offers.rules import PERSON_OFFER_S
from doorstep.features.visits import queries
from doorstep.features.visits.errors import NotDriving, NothingToWatch, NotInside
from doorstep.features.visits.models import VisitRow
from doorstep.features.visits.rules import KEPT, WORTH_WATCHING, Visit, Wish, wished, worth_watching
from doorstep.platform import clock_anchor
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.db.work import Work

log = structlog.get_logger("visits")
TOPIC = "visits"
_KEEPER = 0x73706565
_MOST_LOOKED_THROUGH = 100


async def demand_demo(work: Work) -> None:
    """Go on in a demo alone. Raises NoDemoEntry."""
    if await clock_anchor.mode_of(work) != "demo":
        raise NoDemoEntry


async def enter(work: Work, role: DemoRole, token: str | None) -> tuple[Visit, str]:
    """Let a browser in as ``role``, beside the roles it is in as already; its visit and the visit's token.

    From now on time runs as in life, until she wishes otherwise.
    """
    await demand_demo(work)
    wall = work.wall()
    row = await queries.row_of(work, token, lock=True)
    if row is None or token is None:
        token = token_urlsafe(32)
        row = VisitRow(
            id=work.new_id(),
            digest=queries.digest(token),
            roles=[],
            entered_wall=wall,
            seen_wall=wall,
            left_wall=None,
            wish_speed=None,
            wish_wall=wall,
            driven=False,
        )
        work.session.add(row)
    elif not queries.view(row).inside_at(wall):
        row.roles, row.entered_wall, row.left_wall, row.driven = [], wall, None, False
    row.roles = [*(one for one in row.roles if one != role.value), role.value]
    row.seen_wall = row.wish_wall = wall
    row.wish_speed = None
    await work.session.flush()
    work.wake(TOPIC)
    return queries.view(row), token


async def here(work: Work, token: str | None) -> Visit:
    """A sign of life. Takes a visit up again that ended by silence. Raises NoDemoEntry, NotInside."""
    row = await _mine(work, token)
    wall = work.wall()
    if not queries.view(row).inside_at(wall):
        row.wish_speed, row.wish_wall = None, wall
        work.wake(TOPIC)
    row.seen_wall = wall
    await work.session.flush()
    return queries.view(row)


async def wish(work: Work, token: str | None, speed: float) -> Visit:
    """Ask for a speed. It holds while she is inside, or until somebody else wishes. Raises NoDemoEntry, NotInside."""
    row = await _mine(work, token)
    row.wish_speed = speed
    row.wish_wall = row.seen_wall = work.wall()
    await work.session.flush()
    work.wake(TOPIC)
    return queries.view(row)


async def give_wheel(work: Work, token: str | None, *, driven: bool) -> Visit:
    """Let the demo move the visitor's car, or take the wheel back. Raises NoDemoEntry, NotInside, NotDriving."""
    row = await _mine(work, token)
    if DemoRole.DRIVER.value not in row.roles:
        raise NotDriving
    row.driven = driven
    row.seen_wall = work.wall()
    await work.session.flush()
    work.wake(TOPIC)
    return queries.view(row)


async def leave(work: Work, token: str | None) -> tuple[DemoRole, ...]:
    """Go out; as whom she had been in. Leaving twice is once. Raises NoDemoEntry."""
    await demand_demo(work)
    row = await queries.row_of(work, token, lock=True)
    if row is None or row.left_wall is not None:
        return ()
    row.left_wall = work.wall()
    row.driven = False
    await work.session.flush()
    work.wake(TOPIC)
    return queries.view(row).roles


async def _mine(work: Work, token: str | None) -> VisitRow:
    await demand_demo(work)
    row = await queries.row_of(work, token, lock=True)
    if row is None or row.left_wall is not None:
        raise NotInside
    return row


async def watch(work: Work, driver_id: UUID | None) -> Delivery:
    """A living delivery for a shopper to look over, rather one that ``driver_id`` carries.

    Begun at the gate, the work goes on as the dispatcher of the demo: only who sees all can choose.
    Raises NoDemoEntry, NothingToWatch.
    """
    await demand_demo(work)
    entry = await identity.demo_subject(work, DemoRole.DISPATCHER)
    await work.become(
        Actor(Audience.STAFF, subject=entry, roles=frozenset({StaffRole.READ_ONLY}), label="the demo")
    )
    states = [state.value for state in WORTH_WATCHING]
    found = await deliveries.search(work, limit=_MOST_LOOKED_THROUGH, states=states)
    if driver_id is not None:
        found += await deliveries.search(work, limit=5, states=states, driver_id=driver_id)
    chosen = worth_watching(found, driver_id)
    if chosen is None:
        raise NothingToWatch
    return chosen


async def settle(work: Work) -> Wish | None:
    """Turn to the speed that those inside wish for; for the network itself, again and again.

    None when there is nothing to settle: no demo, time that does not scale, or somebody else is at it. A higher
    speed waits while a person reads an offer, a further change until the one before has taken effect.
    """
    if await clock_anchor.mode_of(work) != "demo":
        return None
    if not (
        await work.session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _KEEPER})
    ).scalar_one():
        return None
    anchor = await clock_anchor.anchor_of(work)
    if anchor is None:
        return None
    await work.session.execute(delete(VisitRow).where(VisitRow.seen_wall < work.wall() - KEPT))
    wanted = wished(await queries.inside(work), await clock_anchor.usual_speed(work))
    if wanted.speed == anchor.speed or work.wall() < anchor.wall:
        return wanted
    if wanted.speed > anchor.speed and await being_read(work):
        return wanted
    await clock_anchor.set_speed(work, wanted.speed)
    work.wake(TOPIC)
    log.info("speed_turns", speed=wanted.speed, why=wanted.why.value)
    return wanted


async def being_read(work: Work) -> bool:
    """Whether a person was shown an offer so lately that she may still read it."""
    person = await identity.demo_subject(work, DemoRole.DRIVER)
    return person is not None and await offers.shown_within(work, person, PERSON_OFFER_S)
