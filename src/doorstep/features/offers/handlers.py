"""How offers and trips react: offers run out, deliveries are cancelled, changed, taken elsewhere."""

from datetime import datetime

from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import events as told
from doorstep.features.deliveries.rules import Party
from doorstep.features.offers import events, service, trips
from doorstep.features.offers.rules import Cause, cause_of_cancel
from doorstep.features.offers.service import OffersDue
from doorstep.platform.db.work import Work
from doorstep.platform.jobs import Handler, Handlers

_CHANGED = "a delivery has changed; it will be offered as it is now"


async def _expire(work: Work, due: OffersDue) -> None:
    await service.expire_due(work, due.market_id)


async def _cancelled(work: Work, event: told.DeliveryCancelled) -> None:
    await service.withdraw_stale(work, event.delivery_id, "a delivery was cancelled", always=True)
    if event.trip_id is not None:
        reason = str(event.body["reason"])
        cause = cause_of_cancel(Party(event.body["by"]), reason)
        await trips.take_off(work, event.trip_id, event.delivery_id, cause, reason)


async def _expired(work: Work, event: told.DeliveryExpired) -> None:
    await service.withdraw_stale(work, event.delivery_id, "a delivery has ended", always=True)


async def _assigned(work: Work, event: told.DeliveryAssigned) -> None:
    if event.provider_job_id is not None:
        await service.withdraw_stale(work, event.delivery_id, "a courier company takes it", always=True)


async def _unassigned(work: Work, event: told.DeliveryUnassigned) -> None:
    """The line of a delivery that was taken away without our verb: the driver keeps what was offered."""
    if event.trip_id is not None:
        why = str(event.body.get("reason", "taken off"))
        await trips.take_off(work, event.trip_id, event.delivery_id, Cause.NETWORK, why)


async def _amended(work: Work, event: told.DeliveryMoved) -> None:
    await service.withdraw_stale(work, event.delivery_id, _CHANGED, always=False)


async def _ready_moved(work: Work, event: told.ReadyMoved) -> None:
    if event.trip_id is not None:
        ready_at = datetime.fromisoformat(str(event.body["ready_at"]))
        await trips.move_ready(work, event.trip_id, event.store_id, ready_at)


async def _picked_up(work: Work, event: told.DeliveryPickedUp) -> None:
    """Who has the goods is asked for no more of that shop on this trip."""
    if event.trip_id is not None and event.driver_id is not None:
        await service.withdraw_joining(work, event.trip_id, event.driver_id, "the trip has left its shop")
    await _follow(work, event)


async def _trip_changed(work: Work, event: events.TripChanged) -> None:
    """What was offered to join a trip was reckoned with all its doors."""
    await service.withdraw_joining(work, event.trip_id, event.driver_id, "the trip has changed")


async def _follow(work: Work, event: told.DeliveryMoved) -> None:
    """A delivery moved, perhaps by the store's or staff's word: the trip follows."""
    if event.trip_id is not None:
        await trips.settle_trip(work, event.trip_id)


def register(handlers: Handlers, connectors: Connectors) -> None:
    """All reactions of offers."""
    del connectors
    handlers.task(Handler("offers.expire", OffersDue, inside=_expire))
    for event, react in (
        (told.DeliveryCancelled, _cancelled),
        (told.DeliveryExpired, _expired),
        (told.DeliveryAssigned, _assigned),
        (told.DeliveryUnassigned, _unassigned),
        (told.DeliveryAmended, _amended),
        (told.TipChanged, _amended),
        (told.ReadyMoved, _ready_moved),
        (told.DeliveryPickedUp, _picked_up),
        (events.TripChanged, _trip_changed),
        (told.DeliveryCompleted, _follow),
        (told.AttemptFailed, _follow),
        (told.DeliveryReturned, _follow),
    ):
        handlers.on(event, Handler(f"offers.on_{event.name.replace('.', '_')}", event, inside=react))
