"""Reads of what drivers earned. A driver sees her own; the comparison tells sums to everybody."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select as sql
from sqlalchemy import text, tuple_

from doorstep.features.offers import queries as offers
from doorstep.features.payouts.models import EarningRow, ReckoningRow
from doorstep.features.payouts.rules import Comparison, Earning, EarningKind, Ending, Reckoning
from doorstep.platform.db.work import Work
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

_COMPARED = text("SELECT * FROM payouts_compared(CAST(:market AS uuid), CAST(:driver AS uuid))")

_UNPAID = text("""
    SELECT d.id, d.driver_id FROM deliveries d
     WHERE d.state IN ('delivered', 'returned') AND d.driver_id IS NOT NULL AND d.ended_at < :before
       AND (CAST(:market AS uuid) IS NULL OR d.market_id = :market)
       AND NOT EXISTS (SELECT FROM reckonings r WHERE r.delivery_id = d.id AND r.driver_id = d.driver_id)
     ORDER BY d.id LIMIT 1000
""")


async def promised_versus_paid(
    work: Work, market_id: UUID | None = None, *, driver_id: UUID | None = None
) -> list[Comparison]:
    """Promised beside paid by market, week and currency, oldest first; of one market or one driver if asked.

    Promised is what came due under the frozen terms, paid what the ledger holds for the drivers; any audience
    may ask, so routes show only what is ``published`` or the asker's own.
    """
    rows = await work.session.execute(_COMPARED, {"market": market_id, "driver": driver_id})
    return [
        Comparison(
            market_id=row.market_id,
            week=row.week,
            drivers=row.drivers,
            deliveries=row.deliveries,
            promised=Money(row.promised, row.currency),
            paid=Money(row.paid, row.currency),
            additions=Money(row.additions, row.currency),
            difference=Money(row.difference, row.currency),
        )
        for row in rows
    ]


async def difference_minor(work: Work, market_id: UUID | None = None) -> int:
    """Promised minus paid: absolute differences per finished delivery, added up. Zero, or there is a fault.

    For staff and the system work that ended more than an hour ago and was never reckoned counts with all that
    was offered for it; other audiences do not see such work.
    """
    compared = sum(found.difference.minor for found in await promised_versus_paid(work, market_id))
    forgotten = 0
    for delivery_id, driver_id in await unpaid(work, market_id):
        accepted = await offers.terms_of_delivery(work, delivery_id, driver_id)
        if accepted is not None:
            part = accepted.part
            forgotten += (part.base + part.incentive + part.tip).minor
    return compared + forgotten


async def unpaid(
    work: Work, market_id: UUID | None = None, *, after: timedelta = timedelta(hours=1)
) -> list[tuple[UUID, UUID]]:
    """Deliveries and drivers whose work ended more than ``after`` ago and was not reckoned: there is a fault.

    For staff and the system.
    """
    rows = await work.session.execute(_UNPAID, {"market": market_id, "before": work.now() - after})
    return [(row.id, row.driver_id) for row in rows]


async def earnings(work: Work, driver_id: UUID, since: datetime, until: datetime) -> list[Earning]:
    """A driver's lines in ``[since, until)``, oldest first."""
    rows = await work.session.scalars(
        sql(EarningRow)
        .where(EarningRow.driver_id == driver_id, EarningRow.at >= since, EarningRow.at < until)
        .order_by(EarningRow.at, EarningRow.delivery_id, EarningRow.kind, EarningRow.version)
    )
    return [_earning(row) for row in rows]


async def reckonings(work: Work, driver_id: UUID, since: datetime, until: datetime) -> list[Reckoning]:
    """A driver's finished work in ``[since, until)``, oldest first, each with all of its lines."""
    rows = await work.session.scalars(
        sql(ReckoningRow)
        .where(ReckoningRow.driver_id == driver_id, ReckoningRow.at >= since, ReckoningRow.at < until)
        .order_by(ReckoningRow.at, ReckoningRow.delivery_id)
    )
    return await _with_lines(work, rows.all())


async def reckonings_of_delivery(work: Work, delivery_id: UUID) -> list[Reckoning]:
    """What came due to every driver who had the delivery, in order."""
    rows = await work.session.scalars(
        sql(ReckoningRow).where(ReckoningRow.delivery_id == delivery_id).order_by(ReckoningRow.at)
    )
    return await _with_lines(work, rows.all())


async def _with_lines(work: Work, rows: Sequence[ReckoningRow]) -> list[Reckoning]:
    keys = [(row.delivery_id, row.trip_id) for row in rows]
    found: dict[tuple[UUID, UUID], list[Earning]] = defaultdict(list)
    for line in await work.session.scalars(
        sql(EarningRow)
        .where(tuple_(EarningRow.delivery_id, EarningRow.trip_id).in_(keys))
        .order_by(EarningRow.version, EarningRow.kind)
    ):
        found[line.delivery_id, line.trip_id].append(_earning(line))
    return [
        Reckoning(
            delivery_id=row.delivery_id,
            driver_id=row.driver_id,
            trip_id=row.trip_id,
            market_id=row.market_id,
            offer_id=row.offer_id,
            ending=Ending(row.ending),
            offered=Money(row.offered_minor, row.currency),
            due=Money(row.due_minor, row.currency),
            terms_hash=row.terms_hash,
            inputs=row.inputs,
            at=MarketInstant(row.at),
            day=row.day,
            lines=tuple(found[row.delivery_id, row.trip_id]),
        )
        for row in rows
    ]


def _earning(row: EarningRow) -> Earning:
    return Earning(
        delivery_id=row.delivery_id,
        driver_id=row.driver_id,
        trip_id=row.trip_id,
        market_id=row.market_id,
        kind=EarningKind(row.kind),
        version=row.version,
        amount=Money(row.amount_minor, row.currency),
        promised=row.promised,
        why=row.why,
        at=MarketInstant(row.at),
        day=row.day,
    )
