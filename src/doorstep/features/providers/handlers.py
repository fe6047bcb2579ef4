"""What providers do when a delivery ends or changes hands, and their talks with companies."""

from datetime import timedelta

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries.events import DeliveryCancelled, DeliveryMoved, DeliveryUnassigned
from doorstep.features.providers import service
from doorstep.features.providers.booking import Booking
from doorstep.features.providers.following import Following
from doorstep.features.providers.messages import Book, CallOff, Poll, Refresh, Sweep
from doorstep.features.providers.queries import job_of
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers

PATIENT = tuple(timedelta(seconds=s) for s in (0.2, 1, 5, 15, *(60,) * 200))
"""Waits after a failure of our own (the database was away): a courier is never left without a watch."""


async def not_needed(work: Work, moved: DeliveryMoved) -> None:
    """The delivery was cancelled, or taken from the company by hand: call its courier off."""
    job = await job_of(work, moved.delivery_id)
    if job is None or (isinstance(moved, DeliveryUnassigned) and moved.provider_job_id != job.id):
        return
    await service.cancel_job(work, job.id, str(moved.body.get("reason", "not needed any more"))[:200])


def register(handlers: Handlers, connectors: Connectors) -> None:
    """Make the reactions and tasks known."""
    booking, following = Booking(connectors), Following(connectors)
    for name, event in (
        ("providers.on_delivery_cancelled", DeliveryCancelled),
        ("providers.on_delivery_unassigned", DeliveryUnassigned),
    ):
        handlers.on(event, Handler(name=name, message=event, inside=not_needed))
    handlers.task(Handler(name="providers.book", message=Book, outside=booking.book, backoff=PATIENT))
    handlers.task(
        Handler(name="providers.call_off", message=CallOff, outside=booking.call_off, backoff=PATIENT)
    )
    handlers.task(Handler(name="providers.refresh", message=Refresh, outside=following.refresh))
    handlers.task(Handler(name="providers.poll", message=Poll, outside=following.poll, backoff=PATIENT))
    handlers.task(Handler(name="providers.sweep", message=Sweep, inside=service.sweep))
