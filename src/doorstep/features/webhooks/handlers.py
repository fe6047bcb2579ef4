"""What webhooks do when something happens to a delivery, and the sending itself."""

from datetime import timedelta

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries.events import EVERY
from doorstep.features.webhooks import service
from doorstep.features.webhooks.messages import Send
from doorstep.features.webhooks.sending import Sending
from doorstep.platform.jobs import Handler, Handlers

PATIENT = tuple(timedelta(seconds=s) for s in (0.2, 1, 5, 15, *(60,) * 500))
"""Waits after a failure of our own (the database was away): no message is buried for that."""


def register(handlers: Handlers, connectors: Connectors) -> None:
    """Make the reactions and the task known."""
    for event in EVERY:
        name = f"webhooks.on_{event.name.replace('.', '_')}"
        handlers.on(event, Handler(name=name, message=event, inside=service.catch_up, together=True))
    handlers.task(
        Handler(name="webhooks.send", message=Send, outside=Sending(connectors).send, backoff=PATIENT)
    )
