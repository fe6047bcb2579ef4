"""Handing a text to the message service, and what became of it.

A text goes out before its row says so: a process that dies between the two sends it a second time. The message
services know no keys against that, and a text twice does less harm than none.
"""

from doorstep.connectors.messages.protocol import MessageRefused, MessageUnavailable
from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.notifications.messages import Send
from doorstep.features.notifications.models import NotificationRow
from doorstep.features.notifications.rules import Moment, NotificationState, still_true
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database
from doorstep.platform.jobs import Attempt

ACTOR = system("notifications")


class Sending:
    """Sends; one per process."""

    def __init__(self, connectors: Connectors) -> None:
        """``connectors.messages`` is the service."""
        self._connectors = connectors

    async def send(self, database: Database, message: Send, attempt: Attempt) -> None:
        """Send the text while it is true. Raises MessageUnavailable to be tried again, but the last time."""
        async with database.work(ACTOR) as work:
            row = await work.session.get(
                NotificationRow, (message.delivery_id, message.moment), with_for_update=True
            )
            if row is None or row.state != NotificationState.WAITING:
                return
            delivery = await deliveries.delivery(work, message.delivery_id)
            if not still_true(Moment(row.moment), delivery.state):
                row.state, row.why = NotificationState.STALE, f"the delivery was {delivery.state} by then"
                return
            row.attempts += 1
            phone, text = delivery.dropoff.phone, row.text
        state, why = NotificationState.SENT, ""
        try:
            await self._connectors.messages.send(phone, text)
        except MessageRefused as refusal:
            state, why = NotificationState.REFUSED, _without(phone, str(refusal))
        except MessageUnavailable as away:
            if not attempt.last:
                raise
            state, why = NotificationState.GIVEN_UP, _without(phone, str(away))
        async with database.work(ACTOR) as work:
            row = await work.session.get(NotificationRow, (message.delivery_id, message.moment))
            if row is None:
                return
            row.state, row.why = state, why
            row.sent_wall = work.wall() if state is NotificationState.SENT else None
            work.wake(f"delivery:{message.delivery_id}")


def _without(phone: str, why: str) -> str:
    """The reason without the number, which stands with the delivery alone."""
    return why.replace(phone, f"…{phone[-4:]}" if phone else phone)[:300]
