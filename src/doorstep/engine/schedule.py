"""When things happen in a chain, and what it costs: the kernels' arithmetic once more, on the plain values.

Written for reading and apart from the kernels, so that each checks the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Ways


@dataclass(frozen=True, slots=True)
class Times:
    """One trip. ``leave_s`` is the latest departure that delays nothing; ``cost`` in minutes of a shopper's waiting."""

    leave_s: int
    pickup_s: int
    drops_s: tuple[int, ...]
    free_s: int
    cost: float


def times_of(
    driver: Driver, chain: Sequence[Sequence[Order]], travel: Ways, params: Params, now_s: int
) -> list[Times]:
    """Times of every trip in ``driver``'s chain.

    An order whose window has not opened is picked up so late that nobody waits at its door. An open trip begins when
    she is at the store, and nobody is asked for it.
    """
    free_s, place = max(driver.free_s, driver.on_s, now_s), driver.place
    if driver.keeps:
        free_s = arrival_s(driver, chain[0], now_s)
    found = []
    for number, trip in enumerate(chain):
        lead_s = 0 if number == 0 and driver.keeps else params.offer_lead_s
        store = trip[0].pickup
        before = max(o.pickup_service_s // 2 for o in trip)
        after = max(o.pickup_service_s - o.pickup_service_s // 2 for o in trip)
        drive_s = travel.between(place, store)
        inside_s = free_s + lead_s + drive_s + before
        pickup_s = max(inside_s, *(o.ready_s for o in trip))
        driven_s, waited_s, cost = drive_s, pickup_s - inside_s, 0.0
        free_s, place = pickup_s + after, store
        spare_s = 0
        drops = []
        for door_number, order in enumerate(trip):
            leg_s = travel.between(place, order.dropoff)
            door_s = free_s + leg_s + order.dropoff_service_s // 2
            drop_s = max(door_s, order.earliest_drop_s)
            driven_s += leg_s
            if door_number == 0:
                spare_s = drop_s - door_s
            else:
                waited_s += drop_s - door_s
            cost += order_cost(order, drop_s, params)
            drops.append(drop_s)
            free_s = drop_s + order.dropoff_service_s - order.dropoff_service_s // 2
            place = order.dropoff
        cost += params.reoffer_price * (1000 - driver.acceptance_permille) / 1000
        cost += (params.driving_price * driven_s + params.waiting_price * waited_s) / 60
        latest_s = min([driver.off_s, *(o.expires_s for o in trip if o.id not in driver.keeps)])
        pickup_s = max(pickup_s, min(pickup_s + spare_s, latest_s))
        found.append(Times(pickup_s - before - drive_s, pickup_s, tuple(drops), free_s, cost))
    return found


def arrival_s(driver: Driver, trip: Sequence[Order], now_s: int) -> int:
    """When a driver under way reaches the store of her open trip, as far as it still matters: she may be inside now."""
    inside_s = max(o.pickup_service_s // 2 for o in trip if o.id in driver.keeps)
    return max(driver.free_s, driver.on_s, now_s - inside_s)


def order_cost(order: Order, drop_s: int, params: Params) -> float:
    """Minutes of waiting, of lateness and of slowness at their prices."""
    waited = max(0, drop_s - order.wanted_from_s) / 60
    late = max(0, drop_s - order.due_s) / 60
    slow = max(0.0, waited - params.convex_after_min)
    return waited + params.late_price * late + params.convex_price * slow
