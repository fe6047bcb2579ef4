"""States of a delivery and the facts that move it.

The states are a superset of those of the courier networks (Uber Direct, DoorDash Drive, GoLocal, Bringg).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    REQUESTED = "requested"  # accepted from the merchant, waits for a carrier
    BATCHED = "batched"  # waits for a carrier, planned together with others
    ASSIGNED = "assigned"  # a driver accepted it, or a provider took it
    ENROUTE_TO_PICKUP = "enroute_to_pickup"  # the carrier is on the way to the store
    AT_PICKUP = "at_pickup"  # the carrier is at the store
    PICKED_UP = "picked_up"  # the goods are with the carrier
    ENROUTE_TO_DROPOFF = "enroute_to_dropoff"  # the next stop is this door
    AT_DROPOFF = "at_dropoff"  # the carrier is at the door
    ATTEMPT_FAILED = "attempt_failed"  # not handed over; its return policy says what comes next
    ENROUTE_TO_RETURN = "enroute_to_return"  # the goods go back to the store
    AT_RETURN = "at_return"  # the carrier is back at the store
    DELIVERED = "delivered"  # handed over, proven
    RETURNED = "returned"  # the store has the goods again
    CANCELLED = "cancelled"  # ended by someone's wish
    EXPIRED = "expired"  # no carrier was found in time


S = DeliveryState
WAITING = frozenset({S.REQUESTED, S.BATCHED})
CARRIED = frozenset({S.ASSIGNED, S.ENROUTE_TO_PICKUP, S.AT_PICKUP})
WITH_GOODS = frozenset(
    {S.PICKED_UP, S.ENROUTE_TO_DROPOFF, S.AT_DROPOFF, S.ATTEMPT_FAILED, S.ENROUTE_TO_RETURN, S.AT_RETURN}
)
FINAL = frozenset({S.DELIVERED, S.RETURNED, S.CANCELLED, S.EXPIRED})


class FactKind(StrEnum):
    """What can be reported or decided about a delivery."""

    BATCHED = "batched"  # planned together with others
    UNBATCHED = "unbatched"  # on its own again
    ASSIGNED = "assigned"  # a carrier has it
    UNASSIGNED = "unassigned"  # the carrier gave it back before the goods were picked up
    DEPARTED_TO_PICKUP = "departed_to_pickup"  # off to the store
    REACHED_PICKUP = "reached_pickup"  # at the store
    PICKED_UP = "picked_up"  # the store gave the goods out
    DEPARTED_TO_DROPOFF = "departed_to_dropoff"  # off to this door
    REACHED_DROPOFF = "reached_dropoff"  # at the door
    HANDED_OVER = "handed_over"  # to a person, or left at the door where that is wanted
    ATTEMPT_FAILED = "attempt_failed"  # nobody home, refused, no ID …
    DEPARTED_TO_RETURN = "departed_to_return"  # off back to the store
    REACHED_RETURN = "reached_return"  # back at the store
    RETURNED_TO_STORE = "returned_to_store"  # the store took the goods back
    CANCELLED = "cancelled"  # someone ended it
    EXPIRED = "expired"  # nobody took it in time


F = FactKind
MOVES: Mapping[tuple[DeliveryState, FactKind], DeliveryState] = {
    (S.REQUESTED, F.BATCHED): S.BATCHED,
    (S.BATCHED, F.UNBATCHED): S.REQUESTED,
    (S.REQUESTED, F.ASSIGNED): S.ASSIGNED,
    (S.BATCHED, F.ASSIGNED): S.ASSIGNED,
    (S.ASSIGNED, F.UNASSIGNED): S.REQUESTED,
    (S.ENROUTE_TO_PICKUP, F.UNASSIGNED): S.REQUESTED,
    (S.AT_PICKUP, F.UNASSIGNED): S.REQUESTED,
    (S.ASSIGNED, F.DEPARTED_TO_PICKUP): S.ENROUTE_TO_PICKUP,
    (S.ENROUTE_TO_PICKUP, F.REACHED_PICKUP): S.AT_PICKUP,
    (S.AT_PICKUP, F.PICKED_UP): S.PICKED_UP,
    (S.PICKED_UP, F.DEPARTED_TO_DROPOFF): S.ENROUTE_TO_DROPOFF,
    (S.ENROUTE_TO_DROPOFF, F.REACHED_DROPOFF): S.AT_DROPOFF,
    (S.AT_DROPOFF, F.HANDED_OVER): S.DELIVERED,
    (S.AT_DROPOFF, F.ATTEMPT_FAILED): S.ATTEMPT_FAILED,
    (S.PICKED_UP, F.ATTEMPT_FAILED): S.ATTEMPT_FAILED,  # turned back before the door
    (S.ENROUTE_TO_DROPOFF, F.ATTEMPT_FAILED): S.ATTEMPT_FAILED,  # turned back before the door
    (S.ATTEMPT_FAILED, F.HANDED_OVER): S.DELIVERED,  # left by policy, or she came to the door after all
    (S.ATTEMPT_FAILED, F.DEPARTED_TO_DROPOFF): S.ENROUTE_TO_DROPOFF,  # a second attempt
    (S.ATTEMPT_FAILED, F.DEPARTED_TO_RETURN): S.ENROUTE_TO_RETURN,
    (S.ENROUTE_TO_RETURN, F.REACHED_RETURN): S.AT_RETURN,
    (S.AT_RETURN, F.RETURNED_TO_STORE): S.RETURNED,
    # Who may cancel when is a rule of its own (``cancel_refusal``): with the goods gone, only the network.
    **{(state, F.CANCELLED): S.CANCELLED for state in (*WAITING, *CARRIED, *WITH_GOODS)},
    **{(state, F.EXPIRED): S.EXPIRED for state in WAITING},
}
"""Every edge there is; what is not here is refused, or follows from facts that must have come before."""

ROAD = (
    F.DEPARTED_TO_PICKUP,
    F.REACHED_PICKUP,
    F.PICKED_UP,
    F.DEPARTED_TO_DROPOFF,
    F.REACHED_DROPOFF,
    F.HANDED_OVER,
)
"""The way out, in the order in which it is travelled."""
ROAD_BACK = (F.DEPARTED_TO_RETURN, F.REACHED_RETURN, F.RETURNED_TO_STORE)
"""The way back; it begins with a failed attempt."""
REPORTABLE = frozenset({*ROAD, F.ATTEMPT_FAILED, *ROAD_BACK})
"""What a carrier may report; all else is decided by us."""

_TO_THE_DOOR = ROAD[:-1]
_DONE = {  # how many facts of the road lie behind
    S.ASSIGNED: 0,
    S.ENROUTE_TO_PICKUP: 1,
    S.AT_PICKUP: 2,
    S.PICKED_UP: 3,
    S.ENROUTE_TO_DROPOFF: 4,
    S.AT_DROPOFF: 5,
}
_DONE_BACK = {S.ATTEMPT_FAILED: 0, S.ENROUTE_TO_RETURN: 1, S.AT_RETURN: 2, S.RETURNED: 3}
_SAYS_THE_SAME = frozenset(
    {
        (S.REQUESTED, F.UNBATCHED),
        (S.REQUESTED, F.UNASSIGNED),
        (S.BATCHED, F.UNASSIGNED),
        (S.BATCHED, F.BATCHED),
        (S.CANCELLED, F.CANCELLED),
        (S.EXPIRED, F.EXPIRED),
    }
)


class Standing(StrEnum):
    """How a fact relates to the present state."""

    NEXT = "next"  # moves the delivery on
    ALREADY = "already"  # true and known: a doubled or late report
    IMPOSSIBLE = "impossible"  # cannot follow from here


@dataclass(frozen=True, slots=True)
class Advance:
    """What a fact does: the facts to write in order (implied ones first), or why it does nothing."""

    standing: Standing
    facts: tuple[FactKind, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether something is written."""
        return self.standing is Standing.NEXT


_ALREADY = Advance(Standing.ALREADY)
_IMPOSSIBLE = Advance(Standing.IMPOSSIBLE)


def advance(
    state: DeliveryState, fact: FactKind, *, stale: bool = False, turned_back: bool = False
) -> Advance:
    """How ``fact`` moves a delivery in ``state``.

    A report from the road implies what must have happened before it (who picked up has arrived; what comes
    back could not be handed over), so reports that come late or out of order all count once: the later
    ones move on through the implied facts, the earlier ones are then already known. ``stale`` says that
    the report was taken before the last one that counted: it then never opens a second attempt.
    ``turned_back`` says that the attempt failed before the door was reached.
    """
    if (state, fact) in _SAYS_THE_SAME:
        return _ALREADY
    if fact not in REPORTABLE:
        return Advance(Standing.NEXT, (fact,)) if (state, fact) in MOVES else _IMPOSSIBLE
    if state in _DONE:
        return _from_the_road(_DONE[state], fact, turned_back=turned_back)
    if state in _DONE_BACK:
        return _after_a_failure(state, fact, stale=stale)
    if state is S.DELIVERED and (fact in ROAD or (fact is F.ATTEMPT_FAILED and stale)):
        return _ALREADY
    return _IMPOSSIBLE


def _from_the_road(done: int, fact: FactKind, *, turned_back: bool) -> Advance:
    if fact in ROAD:
        place = ROAD.index(fact)
        return _ALREADY if place < done else Advance(Standing.NEXT, ROAD[done : place + 1])
    if fact is F.ATTEMPT_FAILED:
        before = ROAD[done:3] if turned_back else _TO_THE_DOOR[done:]
        return Advance(Standing.NEXT, (*before, fact))
    back = ROAD_BACK[: ROAD_BACK.index(fact) + 1]
    return Advance(Standing.NEXT, (*_TO_THE_DOOR[done:], F.ATTEMPT_FAILED, *back))


def _after_a_failure(state: DeliveryState, fact: FactKind, *, stale: bool) -> Advance:
    if fact in ROAD_BACK:
        place, done = ROAD_BACK.index(fact), _DONE_BACK[state]
        return _ALREADY if place < done else Advance(Standing.NEXT, ROAD_BACK[done : place + 1])
    if fact is F.HANDED_OVER:
        return Advance(Standing.NEXT, (fact,)) if state is S.ATTEMPT_FAILED else _IMPOSSIBLE
    again = {F.DEPARTED_TO_DROPOFF: (fact,), F.REACHED_DROPOFF: (F.DEPARTED_TO_DROPOFF, fact)}
    if state is S.ATTEMPT_FAILED and fact in again and not stale:
        return Advance(Standing.NEXT, again[fact])
    return _ALREADY
