"""When things happen on a tour, and what it costs: the kernels' arithmetic once more, on the plain values.

Written for reading and apart from the kernels, so that each checks the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from doorstep.engine.params import Params
from doorstep.engine.schedule import arrival_s, order_cost
from doorstep.engine.world import Driver, Order, Ways


@dataclass(frozen=True, slots=True)
class Visit:
    """One stop: what is picked up at a store, or the one order that is handed over."""

    orders: tuple[Order, ...]
    is_pickup: bool
    leave_s: int
    """The latest departure to it that delays nothing."""
    at_s: int
    done_s: int
    cost: float  # in minutes of a shopper's waiting


Step = tuple[tuple[Order, ...], bool]
"""Orders of one store and True for a pickup, one order and False for a drop."""


def steps_of(stops: Sequence[tuple[Order, bool]]) -> list[Step]:
    """Stops of one order each as steps: pickups at one store that follow each other are one."""
    found: list[Step] = []
    for order, is_pickup in stops:
        if found and is_pickup and found[-1][1]:
            last = found[-1][0][-1]
            if (last.store, last.pickup) == (order.store, order.pickup):
                found[-1] = ((*found[-1][0], order), True)
                continue
        found.append(((order,), is_pickup))
    return found


def visits_of(driver: Driver, steps: Sequence[Step], travel: Ways, params: Params, now_s: int) -> list[Visit]:
    """Every stop of ``driver``'s tour. One she is under way to begins when she is there, and nobody asks her for it.

    What a store hands over for a window that has not opened is picked up so late that nobody waits at the first door; where
    trips are sent whole, the stores before one that is not ready are visited so late that nobody waits there.
    """
    free_s, place = max(driver.free_s, driver.on_s, now_s), driver.place
    if driver.keeps:
        free_s = arrival_s(driver, steps[0][0], now_s)
    found: list[Visit] = []
    for number, (orders, is_pickup) in enumerate(steps):
        first = orders[0]
        if is_pickup:
            joins = params.whole_trips and number > 0 and steps[number - 1][1]
            asked_s = 0 if joins or (number == 0 and driver.keeps) else params.offer_lead_s
            drive_s = travel.between(place, first.pickup)
            inside_s = free_s + asked_s + drive_s + first.pickup_service_s // 2
            at_s = max(inside_s, *(o.ready_s for o in orders))
            cost = 0.0 if joins else params.reoffer_price * (1000 - driver.acceptance_permille) / 1000
            cost += (params.driving_price * drive_s + params.waiting_price * (at_s - inside_s)) / 60
            latest_s = min([max(driver.off_s, at_s), *(o.expires_s for o in orders)])
            leave_s = at_s - first.pickup_service_s // 2 - drive_s
            free_s = at_s + max(o.pickup_service_s - o.pickup_service_s // 2 for o in orders)
            place = first.pickup
            if joins:
                put_off(found, at_s - inside_s)
            found.append(Visit(orders, True, leave_s, at_s, free_s, cost))
            continue
        drive_s = travel.between(place, first.dropoff)
        door_s = free_s + drive_s + first.dropoff_service_s // 2
        at_s = max(door_s, first.earliest_drop_s)
        cost = order_cost(first, at_s, params) + params.driving_price * drive_s / 60
        if found and found[-1].is_pickup:
            spare_s = max(0, min(at_s - door_s, latest_s - found[-1].at_s))
            last = found[-1]
            found[-1] = replace(last, leave_s=last.leave_s + spare_s, at_s=last.at_s + spare_s)
        else:
            cost += params.waiting_price * (at_s - door_s) / 60
        leave_s = at_s - first.dropoff_service_s // 2 - drive_s
        free_s = at_s + first.dropoff_service_s - first.dropoff_service_s // 2
        place = first.dropoff
        found.append(Visit(orders, False, leave_s, at_s, free_s, cost))
    return found


def put_off(visits: list[Visit], wait_s: int) -> None:
    """Let the last stores of ``visits`` be visited so much later as somebody would wait at the store behind them, unless an order
    expires before.
    """
    for number in range(len(visits) - 1, -1, -1):
        visit = visits[number]
        if not visit.is_pickup:
            break
        wait_s = max(0, min([wait_s, *(o.expires_s - visit.at_s for o in visit.orders)]))
        visits[number] = replace(visit, leave_s=visit.leave_s + wait_s, at_s=visit.at_s + wait_s)


def trips_of(visits: Sequence[Visit]) -> list[list[Visit]]:
    """The stops of a driver who has nothing on board, parted where she has nothing again."""
    found: list[list[Visit]] = []
    load = 0
    for visit in visits:
        if load == 0:
            found.append([])
        found[-1].append(visit)
        load += len(visit.orders) if visit.is_pickup else -1
    return found
