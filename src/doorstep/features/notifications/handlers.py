"""What notifications do when a delivery moves, and the sending itself."""

from datetime import timedelta

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries.events import EVERY, DeliveryMoved
from doorstep.features.notifications import service
from doorstep.features.notifications.messages import Send
from doorstep.features.notifications.rules import MOMENTS
from doorstep.features.notifications.sending import Sending
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers

AGAIN = tuple(timedelta(seconds=s) for s in (1, 5, 15, 60, 120, 300))
"""Waits while the message service is away; what is untrue by then is not sent."""


def register(handlers: Handlers, connectors: Connectors) -> None:
    """Make the reactions and the task known."""

    async def tell(work: Work, moved: DeliveryMoved) -> None:
        await service.tell(work, connectors, moved)

    for event in EVERY:
        if event.name in MOMENTS:
            name = f"notifications.on_{event.name.replace('.', '_')}"
            handlers.on(event, Handler(name=name, message=event, inside=tell, together=True))
    sending = Sending(connectors)
    handlers.task(Handler(name="notifications.send", message=Send, outside=sending.send, backoff=AGAIN))
