"""Timed tasks of deliveries."""

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import service
from doorstep.features.deliveries.carrying import FORGET_REPORTS, ForgetReports
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers


async def forget_reports(work: Work, told: ForgetReports) -> None:
    """Reports older than ``told`` cannot be sent again by any phone that is still in use."""
    await service.forget_reports(work, told.older_than)


def register(handlers: Handlers, connectors: Connectors) -> None:  # noqa: ARG001 (every feature's signature)
    """Make the tasks known."""
    handlers.task(Handler(name=FORGET_REPORTS, message=ForgetReports, inside=forget_reports))
