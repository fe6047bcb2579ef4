"""Verbs of the console."""

from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.console.models import FiguresRow
from doorstep.features.console.rules import under_way
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import DeliveryState
from doorstep.features.drivers import queries as drivers
from doorstep.features.ledger import queries as ledger
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import ANNOUNCED
from doorstep.features.offers import queries as offers
from doorstep.features.payouts import queries as payouts
from doorstep.platform.db.work import Work

_LOCK = 0x66696775


async def refresh_figures(work: Work) -> bool:
    """Count every announced market anew; whether it was done (another worker may be at it right now).

    For the system role: it sees the rows of all tenants, and writes down nothing but counts and sums.
    """
    free = await work.session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK})
    if not free.scalar_one():
        return False
    told: list[dict[str, Any]] = []
    for market in await markets.all_markets(work):
        if market.stage not in ANNOUNCED:
            continue
        counts = await deliveries.counts(work, market.id)
        told.append(
            {
                "market_id": market.id,
                "name": market.name,
                "timezone": market.timezone.key,
                "open": under_way(counts),
                "delivered": counts.get(DeliveryState.DELIVERED, 0),
                "drivers_online": await drivers.count_on_duty(work, market.id),
                "offers_open": await offers.count_open(work, market.id),
                "ledger_difference_minor": await ledger.difference_minor(work, market.id),
                "promised_minus_paid_minor": await payouts.difference_minor(work, market.id),
                "at": work.now(),
                "at_wall": work.wall(),
            }
        )
    gone = delete(FiguresRow).where(FiguresRow.market_id.not_in([row["market_id"] for row in told]))
    await work.session.execute(gone)
    if told:
        written = insert(FiguresRow).values(told)
        fresh = {column: written.excluded[column] for column in told[0] if column != "market_id"}
        await work.session.execute(written.on_conflict_do_update(index_elements=["market_id"], set_=fresh))
    return True
