"""One owner at a time, by a lease row with a fencing epoch.

A holder renews before its lease runs out; whoever takes over raises the epoch. Each transaction of the
holder calls ``check`` with its epoch, so a process that was paused and woke as a former owner cannot commit
(Lamport-style fencing tokens; leases after Gray and Cheriton, 1989). Leases count real time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import HIDDEN, Row
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Conflict
from doorstep.units.time import WallInstant

TERM = timedelta(seconds=5)


class LeaseRow(Row):
    """Who owns ``name`` until when."""

    __tablename__ = "leases"
    __visible__ = HIDDEN
    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[UUID]
    epoch: Mapped[int]
    until_wall: Mapped[datetime]


class LostLease(Conflict):
    """The lease has passed to another owner; what was decided under it must not be written."""

    code = "lost_lease"


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease: good until ``until_wall`` under ``epoch``."""

    name: str
    owner: UUID
    epoch: int
    until_wall: WallInstant


_TAKE = text("""
    INSERT INTO leases (name, owner, epoch, until_wall) VALUES (:name, :owner, 1, :until)
    ON CONFLICT (name) DO UPDATE SET
        epoch = CASE WHEN leases.owner = :owner AND leases.until_wall >= :now THEN leases.epoch ELSE leases.epoch + 1 END,
        owner = :owner, until_wall = :until
    WHERE leases.owner = :owner OR leases.until_wall < :now
    RETURNING epoch
""")


async def take(work: Work, name: str, owner: UUID, term: timedelta = TERM) -> Lease | None:
    """Take or renew ``name`` for ``owner``; None while another holds it."""
    now = work.wall()
    until = WallInstant(now + term)
    row = (
        await work.session.execute(_TAKE, {"name": name, "owner": owner, "until": until, "now": now})
    ).one_or_none()
    return None if row is None else Lease(name, owner, int(row.epoch), until)


async def check(work: Work, lease: Lease) -> None:
    """Hold the lease's row to the end of this transaction. Raises LostLease when it has passed on."""
    found = (
        await work.session.execute(
            text("SELECT 1 FROM leases WHERE name = :name AND owner = :owner AND epoch = :epoch FOR SHARE"),
            {"name": lease.name, "owner": lease.owner, "epoch": lease.epoch},
        )
    ).one_or_none()
    if found is None:
        raise LostLease(f"{lease.name} is no longer ours")


async def give_back(work: Work, owner: UUID) -> None:
    """Let go of everything ``owner`` holds, so that another process need not wait (clean stop)."""
    await work.session.execute(
        text("UPDATE leases SET until_wall = :past WHERE owner = :owner"),
        {"owner": owner, "past": work.wall() - timedelta(seconds=1)},
    )
