"""When things happen in a chain: the same arithmetic as the cost kernel, with the times kept."""

from dataclasses import dataclass

from doorstep.engine import kernels as kn
from doorstep.engine.arrays import Arrays


@dataclass(frozen=True, slots=True)
class Times:
    """One trip: the latest departure that keeps the pickup, the pickup, the drops in sequence."""

    leave_s: int
    pickup_s: int
    drops_s: tuple[int, ...]
    free_s: int


def times_of(arrays: Arrays, j: int, now_s: int) -> list[Times]:
    """Times of every trip in driver ``j``'s chain."""
    order_i, seconds = arrays.order_i, arrays.seconds
    t = max(int(arrays.driver_i[j, kn.D_FREE]), now_s)
    at = int(arrays.driver_i[j, kn.D_PLACE])
    found = []
    for trip in range(arrays.trips.shape[1]):
        rows = [int(o) for o in arrays.trips[j, trip, : arrays.sizes[j, trip]]]
        if not rows:
            break
        store = int(order_i[rows[0], kn.O_PICKUP])
        service = max(int(order_i[o, kn.O_PICK_SERVICE]) for o in rows)
        drive = int(seconds[at, store])
        pickup = max(t + drive + service // 2, *(int(order_i[o, kn.O_READY]) for o in rows))
        leave = pickup - service // 2 - drive
        t, at = pickup + service - service // 2, store
        drops = []
        for o in rows:
            half = int(order_i[o, kn.O_DROP_SERVICE]) // 2
            door = int(order_i[o, kn.O_DROPOFF])
            drop = max(t + int(seconds[at, door]) + half, int(order_i[o, kn.O_EARLIEST]))
            drops.append(drop)
            t, at = drop + int(order_i[o, kn.O_DROP_SERVICE]) - half, door
        found.append(Times(leave, pickup, tuple(drops), t))
    return found
