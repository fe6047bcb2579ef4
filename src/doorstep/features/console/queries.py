"""Reads of the console that need no other feature."""

from sqlalchemy import select

from doorstep.features.console.models import FiguresRow
from doorstep.features.console.rules import Figures
from doorstep.platform.db.work import Work
from doorstep.units.ids import MarketId
from doorstep.units.time import MarketInstant, WallInstant


async def figures(work: Work) -> list[Figures]:
    """The figures of every announced market, by name, as the worker last wrote them. Any audience may ask."""
    rows = await work.session.scalars(select(FiguresRow).order_by(FiguresRow.name, FiguresRow.market_id))
    return [
        Figures(
            market_id=MarketId(row.market_id),
            name=row.name,
            timezone=row.timezone,
            open=row.open,
            delivered=row.delivered,
            drivers_online=row.drivers_online,
            offers_open=row.offers_open,
            ledger_difference_minor=row.ledger_difference_minor,
            promised_minus_paid_minor=row.promised_minus_paid_minor,
            at=MarketInstant(row.at),
            at_wall=WallInstant(row.at_wall),
        )
        for row in rows
    ]
