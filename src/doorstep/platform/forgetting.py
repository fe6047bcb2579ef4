"""What is kept no longer than it is needed.

A row class says by ``__forgotten__`` when one of its rows may go: an SQL condition that may use ``:market``
and ``:wall``, the two times. Workers ask for it every few minutes; rows go in small batches, so that no one waits.
"""

from sqlalchemy import text

from doorstep.platform.db.rows import Row
from doorstep.platform.db.work import Work

BATCH = 2000


async def forget(work: Work) -> dict[str, int]:
    """Delete up to ``BATCH`` rows of each table whose time is over; how many went, by table."""
    gone = {}
    for mapper in Row.registry.mappers:
        table, over = mapper.class_.__tablename__, mapper.class_.__forgotten__
        if not over:
            continue
        statement = text(
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 (names and conditions of our own)
            f"SELECT ctid FROM {table} WHERE {over} LIMIT {BATCH} FOR UPDATE SKIP LOCKED))"
        )
        times = {"market": work.now(), "wall": work.wall()}
        told = {name: at for name, at in times.items() if f":{name}" in over}
        done = await work.session.execute(statement, told)
        gone[table] = int(getattr(done, "rowcount", 0))
    return gone
