"""The shared anchor of business time: one row that all processes of a network read.

While at least one process runs, a heartbeat notes how far both times have come. When all have stopped,
cleanly or not, business time pauses: the first process to start again re-anchors at the last heartbeat.
A network on wall time has the row too, with ``scaled`` false; then it is only the heartbeat.

The speed may change while the network runs: the new anchor is written ``LEAD_S`` real seconds before it takes
effect, and the topic ``TOPIC`` wakes every process to read it, so all turn at the same instant and business
time neither jumps nor steps back.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.clock import Anchor, Clock, ScaledClock, WallClock
from doorstep.platform.db.rows import Row, Visible
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Conflict
from doorstep.units.time import MarketInstant, WallInstant

TOPIC = "clock"
LEAD_S = 1.0
"""Real seconds between telling a new speed and turning to it: every process reads the row more often."""
FASTEST = 1000.0


class NetworkRow(Row):
    """The one row about this network: its mode and its business time."""

    __tablename__ = "network"
    __visible__ = Visible(secured=False, why="facts about the network itself", web="SELECT, UPDATE")
    id: Mapped[int] = mapped_column(primary_key=True, server_default="1")
    mode: Mapped[str]  # "live" or "demo": written once, never changed
    scaled: Mapped[bool]
    anchor_market: Mapped[datetime]
    anchor_wall: Mapped[datetime]
    speed: Mapped[float]
    speed_before: Mapped[float]  # until anchor_wall, while that lies ahead
    usual_speed: Mapped[float]  # with which the network was started
    beat_market: Mapped[datetime]
    beat_wall: Mapped[datetime]


class WrongMode(Conflict):
    """A demo network cannot turn live, nor a live one into a demo."""

    code = "wrong_mode"


class NoSpeed(Conflict):
    """A network that serves real people runs on real time."""

    code = "no_speed"


class SpeedTurns(Conflict):
    """One change of speed at a time."""

    code = "speed_turns"


async def found(work: Work, *, mode: str, scaled: bool, start: MarketInstant, speed: float) -> None:
    """Write the network's row into a new database. Raises WrongMode when it holds another kind."""
    wall = work.wall()
    await work.session.execute(
        text(
            "INSERT INTO network (id, mode, scaled, anchor_market, anchor_wall, speed, speed_before, usual_speed,"
            " beat_market, beat_wall) VALUES (1, :mode, :scaled, :market, :wall, :speed, 0, :speed, :market, :wall)"
            " ON CONFLICT (id) DO NOTHING"
        ),
        {"mode": mode, "scaled": scaled, "market": start, "wall": wall, "speed": speed},
    )
    hold_to(mode, await mode_of(work))


def hold_to(mode: str, there: str | None) -> None:
    """Raises WrongMode when a database holds a network of another kind; None: nobody has founded one."""
    if there is not None and there != mode:
        raise WrongMode(
            f"this database holds a {there} network, not a {mode} one",
            remedy="Use another DOORSTEP_HOME or DATABASE_URL.",
        )


async def mode_of(work: Work) -> str | None:
    """``live``, ``demo``, or None in a database nobody has founded."""
    return (await work.session.execute(text("SELECT mode FROM network WHERE id = 1"))).scalar_one_or_none()


async def anchor_of(work: Work, *, lock: bool = False) -> Anchor | None:
    """The anchor in force, or about to be; None on wall time. ``lock`` holds it to the end of the work."""
    if lock:
        await work.session.execute(text("SELECT id FROM network WHERE id = 1 FOR UPDATE"))
    row = (
        await work.session.execute(
            text("SELECT scaled, anchor_market, anchor_wall, speed, speed_before FROM network WHERE id = 1")
        )
    ).one_or_none()
    if row is None or not row.scaled:
        return None
    return Anchor(MarketInstant(row.anchor_market), WallInstant(row.anchor_wall), row.speed, row.speed_before)


async def clock_of(work: Work) -> Clock:
    """A clock for this network, as its row says."""
    anchor = await anchor_of(work)
    return WallClock() if anchor is None else ScaledClock(anchor)


async def usual_speed(work: Work) -> float:
    """With which the network was started; 1 on wall time."""
    found = (
        await work.session.execute(text("SELECT usual_speed FROM network WHERE id = 1 AND scaled"))
    ).scalar_one_or_none()
    return 1.0 if found is None else float(found)


async def standing_clock(work: Work) -> Clock:
    """A clock for work done while nothing of this network runs: business time stands at the last heartbeat."""
    beat = (
        await work.session.execute(text("SELECT beat_market FROM network WHERE id = 1 AND scaled"))
    ).scalar_one_or_none()
    if beat is None:
        return WallClock()
    return ScaledClock(Anchor(MarketInstant(beat), work.wall(), 0.0))


async def follow(work: Work, clock: Clock) -> None:
    """Bring ``clock`` up to date with the row (another process may have changed the speed)."""
    if isinstance(clock, ScaledClock):
        fresh = await anchor_of(work)
        if fresh is not None:
            clock.anchor = fresh


async def beat(work: Work) -> None:
    """Note how far time has come."""
    await work.session.execute(
        text(
            "UPDATE network SET beat_market = greatest(beat_market, :market), beat_wall = :wall WHERE id = 1"
        ),
        {"market": work.now(), "wall": work.wall()},
    )


async def resume(work: Work) -> None:
    """Re-anchor at the last heartbeat: business time stood still while nothing ran."""
    await work.session.execute(
        text(
            "UPDATE network SET anchor_market = beat_market, anchor_wall = :wall, speed_before = 0, beat_wall = :wall"
            " WHERE id = 1 AND scaled"
        ),
        {"wall": work.wall()},
    )


async def begin(work: Work, speed: float) -> None:
    """Before anything runs: go on from ``work.now()``, ``speed`` times as fast, which is then the usual speed.

    Raises NoSpeed on a wall-time network, Conflict for a speed that cannot be meant.
    """
    _check(speed)
    row = (
        await work.session.execute(
            text(
                "UPDATE network SET anchor_market = :market, anchor_wall = :wall, speed = :speed, speed_before = 0,"
                " usual_speed = :speed WHERE id = 1 AND scaled RETURNING id"
            ),
            {"market": work.now(), "wall": work.wall(), "speed": speed},
        )
    ).one_or_none()
    if row is None:
        raise NoSpeed("this network runs on wall time")


async def set_speed(work: Work, speed: float) -> Anchor:
    """Run business time ``speed`` times as fast, ``LEAD_S`` from now. Whoever reads the row turns at that instant.

    Nothing changes when it runs so fast already. Raises NoSpeed on a wall-time network, SpeedTurns while the
    change before has not taken effect, Conflict for a speed that cannot be meant.
    """
    _check(speed)
    anchor = await anchor_of(work, lock=True)
    if anchor is None:
        raise NoSpeed("this network runs on wall time")
    if anchor.speed == speed:
        return anchor
    wall = work.wall()
    if wall < anchor.wall:
        raise SpeedTurns("the speed is changing at this moment", remedy="Ask again in a second.")
    turns = WallInstant(wall + timedelta(seconds=LEAD_S))
    fresh = Anchor(anchor.market_at(turns), turns, speed, anchor.speed)
    await work.session.execute(
        text(
            "UPDATE network SET anchor_market = :market, anchor_wall = :wall, speed = :speed, speed_before = :before"
            " WHERE id = 1"
        ),
        {"market": fresh.market, "wall": fresh.wall, "speed": fresh.speed, "before": fresh.speed_before},
    )
    work.wake(TOPIC)
    return fresh


def _check(speed: float) -> None:
    if not 0 < speed <= FASTEST:
        raise Conflict(f"a speed of {speed} cannot be meant", remedy="Choose between 0.1 and 1000.")
