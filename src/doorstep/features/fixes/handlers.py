"""Forgetting: where somebody was is kept for thirty days and then removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from doorstep.connectors.outside import Connectors
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers

KEPT = timedelta(days=30)
FORGET = "fixes.forget"


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove fixes that reached us before ``before``."""

    before: datetime


async def _forget(work: Work, wish: Forget) -> None:
    await work.session.execute(text("DELETE FROM fix_history WHERE at < :before"), {"before": wish.before})


def register(handlers: Handlers, connectors: Connectors) -> None:
    """The task that web processes ask for, at most once a day of business time."""
    del connectors
    handlers.task(Handler(FORGET, Forget, inside=_forget))
