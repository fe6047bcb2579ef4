"""A trip's stops and how they follow from where its deliveries stand. Pure.

Stops are never advanced by themselves: each is read off the states of its deliveries, so reports that come
late, doubled or out of order leave the same trip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from doorstep.features.deliveries.rules import Delivery, DeliveryState
from doorstep.features.offers.terms import DropTerms, Terms
from doorstep.units.geo import LatLng
from doorstep.units.ids import DeliveryId, StoreId
from doorstep.units.time import MarketInstant


class StopKind(StrEnum):
    """What is done at a stop."""

    PICKUP = "pickup"  # at the shop, once per trip for all its deliveries there
    DROP = "drop"  # at a door
    RETURN = "return"  # back at the shop with what could not be handed over


class StopState(StrEnum):
    """Where a stop stands."""

    OPEN = "open"  # still to come
    REACHED = "reached"  # the driver is there
    DONE = "done"  # goods collected, handed over or brought back
    FAILED = "failed"  # a door where nothing could be handed over
    OFF = "off"  # taken off the trip


OVER = frozenset({StopState.DONE, StopState.FAILED, StopState.OFF})
S = DeliveryState
_BEFORE_PICKUP = frozenset({S.ASSIGNED, S.ENROUTE_TO_PICKUP, S.AT_PICKUP})
_COMING_BACK = frozenset({S.ATTEMPT_FAILED, S.ENROUTE_TO_RETURN, S.AT_RETURN, S.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop. ``leg_m`` and ``leg_s`` lead there from the stop before."""

    position: int
    kind: StopKind
    store_id: StoreId | None
    delivery_ids: tuple[DeliveryId, ...]
    point: LatLng
    leg_m: int
    leg_s: int
    stop_s: int
    not_before: MarketInstant | None  # when the goods are ready
    due_at: MarketInstant | None
    state: StopState = StopState.OPEN
    reached_at: MarketInstant | None = None
    done_at: MarketInstant | None = None

    @property
    def after(self) -> timedelta:
        """What a hand-over still takes when it is done: the way back to the car, the goods stowed."""
        return timedelta(seconds=self.stop_s - self.stop_s // 2)

    def left(self, reached_at: datetime) -> datetime:
        """When she leaves after reaching it: half the stop before the hand-over, which waits for the goods, half after.

        As the engine plans, and the rules of the MDRP instances.
        """
        handed = reached_at + timedelta(seconds=self.stop_s // 2)
        return (handed if self.not_before is None else max(handed, self.not_before)) + self.after

    @property
    def over(self) -> bool:
        """Whether nothing is left to do here."""
        return self.state in OVER


def planned(
    terms: Terms,
    deliveries: Sequence[Delivery],
    legs_s: Sequence[int],
    approach_s: int,
    *,
    pickup_stop_s: int,
    drop_stop_s: int,
) -> tuple[Stop, ...]:
    """The stops of an accepted offer, exact doors included. ``legs_s`` has the terms' legs in seconds."""
    by_id = {delivery.id: delivery for delivery in deliveries}
    stops = []
    drive_s = [approach_s, *legs_s]
    for number, pickup in enumerate(terms.pickups):
        lead_m = pickup.leg_m if number else terms.approach_m or 0
        stops.append(
            Stop(
                position=number,
                kind=StopKind.PICKUP,
                store_id=pickup.store_id,
                delivery_ids=pickup.delivery_ids,
                point=pickup.point,
                leg_m=lead_m,
                leg_s=drive_s[number],
                stop_s=pickup_stop_s,
                not_before=pickup.ready_at,
                due_at=None,
            )
        )
    for number, drop in enumerate(terms.drops, start=len(stops)):
        stops.append(door_of(drop, by_id[drop.delivery_id], number, drive_s[number], drop_stop_s))
    return tuple(stops)


def door_of(drop: DropTerms, delivery: Delivery, position: int, leg_s: int, stop_s: int) -> Stop:
    """The stop at the door of one delivery, as it was offered."""
    return Stop(
        position=position,
        kind=StopKind.DROP,
        store_id=None,
        delivery_ids=(drop.delivery_id,),
        point=delivery.dropoff.point,
        leg_m=drop.leg_m,
        leg_s=leg_s,
        stop_s=stop_s,
        not_before=None,
        due_at=drop.due_at,
    )


def _pickup_state(states: Sequence[DeliveryState]) -> StopState:
    if not states:
        return StopState.OFF
    if not any(state in _BEFORE_PICKUP for state in states):
        return StopState.DONE
    if all(state in {S.ASSIGNED, S.ENROUTE_TO_PICKUP} for state in states):
        return StopState.OPEN
    return StopState.REACHED


def _drop_state(states: Sequence[DeliveryState]) -> StopState:
    if not states:
        return StopState.OFF
    if states[0] in _COMING_BACK:
        return StopState.FAILED
    return {S.DELIVERED: StopState.DONE, S.AT_DROPOFF: StopState.REACHED}.get(states[0], StopState.OPEN)


def _return_state(states: Sequence[DeliveryState]) -> StopState:
    back = [state for state in states if state in _COMING_BACK]
    if not back:
        return StopState.OFF
    if all(state is S.RETURNED for state in back):
        return StopState.DONE
    return StopState.REACHED if S.AT_RETURN in back else StopState.OPEN


_STATE_OF = {
    StopKind.PICKUP: _pickup_state,
    StopKind.DROP: _drop_state,
    StopKind.RETURN: _return_state,
}


def _stand(stop: Stop, states: Mapping[UUID, DeliveryState], at: MarketInstant) -> Stop:
    here = [states[delivery_id] for delivery_id in stop.delivery_ids if delivery_id in states]
    if not here and stop.over:
        return stop  # what was done there stays done, whatever left the trip later
    state = _STATE_OF[stop.kind](here)
    reached, done = stop.reached_at, stop.done_at
    if state is StopState.OPEN:
        reached = done = None
    elif state is not StopState.OFF:
        reached = reached or at
        done = (done or at) if state in OVER else None
    elif done is None:
        done = at
    return replace(stop, state=state, reached_at=reached, done_at=done)


def settle(
    stops: Sequence[Stop],
    states: Mapping[UUID, DeliveryState],
    at: MarketInstant,
    ways_back: Mapping[UUID, tuple[int, int]] | None = None,
) -> tuple[Stop, ...]:
    """The stops as the deliveries stand; those that came into being, such as a way back, at the end.

    ``states`` holds the deliveries still on the trip: one that is missing was taken off or cancelled.
    ``ways_back`` gives metres and seconds from a delivery's door to its shop.
    """
    now = [_stand(stop, states, at) for stop in stops]
    for pickup in [stop for stop in now if stop.kind is StopKind.PICKUP]:
        coming = tuple(
            delivery_id for delivery_id in pickup.delivery_ids if states.get(delivery_id) in _COMING_BACK
        )
        there = next(
            (stop for stop in now if stop.kind is StopKind.RETURN and stop.store_id == pickup.store_id), None
        )
        if there is not None:
            ids = tuple(dict.fromkeys((*there.delivery_ids, *coming)))
            now[now.index(there)] = _stand(replace(there, delivery_ids=ids), states, at)
        elif coming:
            way_m, way_s = (ways_back or {}).get(coming[-1], (0, 0))
            new = Stop(
                position=len(now),
                kind=StopKind.RETURN,
                store_id=pickup.store_id,
                delivery_ids=coming,
                point=pickup.point,
                leg_m=way_m,
                leg_s=way_s,
                stop_s=pickup.stop_s,
                not_before=None,
                due_at=None,
            )
            now.append(_stand(new, states, at))
    return tuple(now)


def set_out(stops: Sequence[Stop], since: datetime) -> datetime:
    """When she left, or leaves, the last stop behind her; ``since`` when there is none."""
    return max([since, *(stop.done_at + stop.after for stop in stops if stop.done_at is not None)])


def all_over(stops: Sequence[Stop]) -> bool:
    """Whether nothing is left to do on a trip."""
    return all(stop.over for stop in stops)


def free_when(stops: Sequence[Stop], since: datetime, now: datetime) -> datetime:
    """When the driver is likely done with all ``stops``: remaining driving, waiting for goods, stop times.

    ``since``: when she set out for the first stop still to come. Never before ``now``.
    """
    at = now
    ahead = [stop for stop in stops if not stop.over]
    for number, stop in enumerate(ahead):
        if stop.state is StopState.REACHED and stop.reached_at is not None:
            there: datetime = stop.reached_at
        elif number == 0:
            there = max(now, reaches_when(stops, since))
        else:
            there = at + timedelta(seconds=stop.leg_s)
        at = max(now, stop.left(there))
    return at


def reaches_when(stops: Sequence[Stop], since: datetime) -> datetime:
    """When she reached, or by the plan reaches, the first of ``stops`` that is not over; ``since`` as above. May have passed.

    Raises ValueError without one.
    """
    stop = next((stop for stop in stops if not stop.over), None)
    if stop is None:
        raise ValueError("nothing is left to reach")
    if stop.state is StopState.REACHED and stop.reached_at is not None:
        return stop.reached_at
    return set_out(stops, since) + timedelta(seconds=stop.leg_s)


def shop_ahead(stops: Sequence[Stop]) -> Stop | None:
    """The one shop of a trip whose goods are still to be collected; None when she has them, or there are several shops."""
    shops = [stop for stop in stops if stop.kind is StopKind.PICKUP and stop.state is not StopState.OFF]
    return shops[0] if len(shops) == 1 and not shops[0].over else None


def doors_ahead(stops: Sequence[Stop]) -> tuple[Stop, ...]:
    """The doors that are still to come, in sequence."""
    return tuple(stop for stop in stops if stop.kind is StopKind.DROP and not stop.over)


def grown(
    stops: Sequence[Stop],
    joining: Sequence[Stop],
    doors: Sequence[DeliveryId],
    legs_s: Sequence[int],
    legs_m: Sequence[int],
    ready_at: MarketInstant,
) -> tuple[Stop, ...]:
    """A trip's stops when the doors ``joining`` are added to it: one shop, then ``doors`` in their sequence, each after its leg.

    The shop hands over all of it, no sooner than ``ready_at``. What is over stays, at the end. Raises ValueError when the shop is
    behind her or ``doors`` are not those ahead of her and those that join.
    """
    shop = shop_ahead(stops)
    by_delivery = {stop.delivery_ids[0]: stop for stop in (*doors_ahead(stops), *joining)}
    if shop is None or sorted(by_delivery) != sorted(doors):
        raise ValueError(
            "only a trip whose goods are still at its one shop can grow, by the doors that were named"
        )
    hands_over = replace(
        shop,
        delivery_ids=(*shop.delivery_ids, *(stop.delivery_ids[0] for stop in joining)),
        not_before=max(ready_at, shop.not_before or ready_at),
    )
    there = [
        replace(by_delivery[door], leg_m=leg_m, leg_s=leg_s)
        for door, leg_m, leg_s in zip(doors, legs_m, legs_s, strict=True)
    ]
    rest = [stop for stop in stops if stop is not shop and stop not in by_delivery.values()]
    return tuple(replace(stop, position=number) for number, stop in enumerate((hands_over, *there, *rest)))
