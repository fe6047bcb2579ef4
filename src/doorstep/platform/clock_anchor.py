"""The shared anchor of business time: one row that all processes of a network read.

While at least one process runs, a heartbeat notes how far both times have come. When all have stopped,
cleanly or not, business time pauses: the first process to start again re-anchors at the last heartbeat.
A network on wall time has the row too, with ``scaled`` false; then it is only the heartbeat.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.clock import Anchor, Clock, ScaledClock, WallClock
from doorstep.platform.db.rows import Row, Visible
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Conflict
from doorstep.units.time import MarketInstant, WallInstant


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
    beat_market: Mapped[datetime]
    beat_wall: Mapped[datetime]


class WrongMode(Conflict):
    """A demo network cannot turn live, nor a live one into a demo."""

    code = "wrong_mode"


async def found(work: Work, *, mode: str, scaled: bool, start: MarketInstant, speed: float) -> None:
    """Write the network's row into a new database. Raises WrongMode when it holds another kind."""
    wall = work.wall()
    await work.session.execute(
        text(
            "INSERT INTO network (id, mode, scaled, anchor_market, anchor_wall, speed, beat_market, beat_wall)"
            " VALUES (1, :mode, :scaled, :market, :wall, :speed, :market, :wall) ON CONFLICT (id) DO NOTHING"
        ),
        {"mode": mode, "scaled": scaled, "market": start, "wall": wall, "speed": speed},
    )
    there = await mode_of(work)
    if there != mode:
        raise WrongMode(
            f"this database holds a {there} network, not a {mode} one",
            remedy="Use another DOORSTEP_HOME or DATABASE_URL.",
        )


async def mode_of(work: Work) -> str | None:
    """``live``, ``demo``, or None in a database nobody has founded."""
    return (await work.session.execute(text("SELECT mode FROM network WHERE id = 1"))).scalar_one_or_none()


async def clock_of(work: Work) -> Clock:
    """A clock for this network, as its row says."""
    row = (
        await work.session.execute(
            text("SELECT scaled, anchor_market, anchor_wall, speed FROM network WHERE id = 1")
        )
    ).one_or_none()
    if row is None or not row.scaled:
        return WallClock()
    return ScaledClock(Anchor(MarketInstant(row.anchor_market), WallInstant(row.anchor_wall), row.speed))


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
        fresh = await clock_of(work)
        if isinstance(fresh, ScaledClock):
            clock.anchor = fresh.anchor


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
            "UPDATE network SET anchor_market = beat_market, anchor_wall = :wall, beat_wall = :wall WHERE id = 1 AND scaled"
        ),
        {"wall": work.wall()},
    )


async def set_speed(work: Work, speed: float) -> None:
    """Run business time ``speed`` times as fast from now on. Raises Conflict on a wall-time network."""
    if not 0 < speed <= 1000:
        raise Conflict(f"a speed of {speed} cannot be meant", remedy="Choose between 0.1 and 1000.")
    row = (
        await work.session.execute(
            text(
                "UPDATE network SET anchor_market = :market, anchor_wall = :wall, speed = :speed"
                " WHERE id = 1 AND scaled RETURNING id"
            ),
            {"market": work.now(), "wall": work.wall(), "speed": speed},
        )
    ).one_or_none()
    if row is None:
        raise Conflict("this network runs on wall time")
    work.wake("clock")
