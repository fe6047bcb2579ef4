"""Reads of visits: for the gate, and for the network itself."""

from hashlib import sha256

from sqlalchemy import select

from doorstep.features.identity.rules import DemoRole
from doorstep.features.visits.models import VisitRow
from doorstep.features.visits.rules import LIFE, Visit
from doorstep.platform.db.work import Work
from doorstep.units.time import WallInstant


def digest(token: str) -> bytes:
    """What is kept of a visit's token, which has entropy enough for a plain hash."""
    return sha256(token.encode()).digest()


def view(row: VisitRow) -> Visit:
    """The row as a value."""
    return Visit(
        id=row.id,
        roles=tuple(DemoRole(role) for role in row.roles),
        entered_wall=WallInstant(row.entered_wall),
        seen_wall=WallInstant(row.seen_wall),
        left_wall=None if row.left_wall is None else WallInstant(row.left_wall),
        wish_speed=row.wish_speed,
        wish_wall=WallInstant(row.wish_wall),
        driven=row.driven,
    )


async def inside(work: Work) -> list[Visit]:
    """Everybody inside, who came first first."""
    wall = work.wall()
    rows = await work.session.scalars(
        select(VisitRow)
        .where(VisitRow.left_wall.is_(None), VisitRow.seen_wall >= wall - LIFE)
        .order_by(VisitRow.entered_wall, VisitRow.id)
        .execution_options(populate_existing=True)
    )
    return [view(row) for row in rows]


async def row_of(work: Work, token: str | None, *, lock: bool = False) -> VisitRow | None:
    """The visit of a browser, over or not; None for a token nobody gave out. For this feature alone."""
    if not token:
        return None
    query = select(VisitRow).where(VisitRow.digest == digest(token))
    row: VisitRow | None = await work.session.scalar(query.with_for_update() if lock else query)
    return row


async def present(work: Work, token: str | None) -> Visit | None:
    """The visit of a browser whose person is inside; else None. For the gate."""
    row = await row_of(work, token)
    visit = None if row is None else view(row)
    return visit if visit is not None and visit.inside_at(work.wall()) else None
