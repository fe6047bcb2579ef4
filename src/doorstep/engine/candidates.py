"""Who could take an order at all, who first, and which orders are alike.

Kernels over a ``Case``: the drivers of earliest possible pickup for each order, the orders near each order in place and
time, and the price of leaving each out.
"""

from doorstep.engine.chains import (
    ABILITIES,
    CAPACITY,
    DRIVER,
    DROP_BEFORE,
    DROPOFF,
    EARLIEST,
    EXPIRES,
    MARKS,
    MOST,
    NEEDS,
    NEXT,
    NEXT_PLACE,
    OFF,
    OPEN,
    ORDER,
    PICK_AFTER,
    PICK_BEFORE,
    PICKUP,
    PRICE,
    READY,
    REFUSED_FROM,
    REFUSED_TO,
    START,
    STORE,
    UNITS,
    Case,
    Ints,
    Search,
    way,
)
from doorstep.engine.objective import order_cost

POSSIBLE = 0
LACKS_ABILITY = 1
TOO_SMALL = 2
DECLINED = 3
OFF_SHIFT = 4
TOO_LATE = 5
BARRIERS = 6


def barrier(case: Case, o: int, d: int) -> tuple[int, int]:
    """What keeps driver ``d`` from order ``o`` even with nothing else to do, and his earliest pickup.

    With OFF_SHIFT and TOO_LATE the second number is by how many seconds he misses it.
    """
    if case.order[o * ORDER + NEEDS] & ~case.driver[d * DRIVER + ABILITIES]:
        return LACKS_ABILITY, 0
    if (
        case.order[o * ORDER + UNITS] > case.driver[d * DRIVER + CAPACITY]
        or case.driver[d * DRIVER + MOST] < 1
    ):
        return TOO_SMALL, 0
    for k in range(case.order[o * ORDER + REFUSED_FROM], case.order[o * ORDER + REFUSED_TO]):
        if case.refused[k] == d:
            return DECLINED, 0
    start_s = case.driver[d * DRIVER + NEXT]
    if case.driver[d * DRIVER + OPEN] == case.order[o * ORDER + STORE]:
        start_s = case.driver[d * DRIVER + START]
    inside = start_s + case.offer_lead_s + approach(case, o, d) + case.order[o * ORDER + PICK_BEFORE]
    pickup = max(inside, case.order[o * ORDER + READY])
    if pickup > case.driver[d * DRIVER + OFF]:
        return OFF_SHIFT, pickup - case.driver[d * DRIVER + OFF]
    if pickup > case.order[o * ORDER + EXPIRES]:
        return TOO_LATE, pickup - case.order[o * ORDER + EXPIRES]
    return POSSIBLE, pickup


def approach(case: Case, o: int, d: int) -> int:
    """How long driver ``d`` takes to the store of order ``o``, once she is done with what she has begun."""
    if case.driver[d * DRIVER + OPEN] == case.order[o * ORDER + STORE]:
        return 0
    return way(case, case.driver[d * DRIVER + NEXT_PLACE], case.order[o * ORDER + PICKUP])


def find_candidates(case: Case, search: Search) -> None:
    """For every order the drivers of earliest possible pickup, the nearer first among equals, and its price."""
    most = case.candidates_most
    for o in range(case.orders):
        found = 0
        for d in range(case.drivers):
            wall, pickup = barrier(case, o, d)
            if wall == POSSIBLE:
                # The approach takes less than 2^22 seconds, so one number ranks pickup, then approach.
                key = (pickup << 22) + approach(case, o, d)
                found = rank(search.candidate, o * most, search.heap, 0, found, most, d, key)
        leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
        for c in range(found):
            pickup = search.heap[c] >> 22
            door = pickup + case.order[o * ORDER + PICK_AFTER] + leg + case.order[o * ORDER + DROP_BEFORE]
            search.earliest_drop[o * most + c] = max(door, case.order[o * ORDER + EARLIEST])
        for c in range(found, most):
            search.candidate[o * most + c] = -1
        if found > 0:
            best = search.earliest_drop[o * most]
        else:
            best = max(case.now_s, case.order[o * ORDER + READY]) + leg
        search.order[o * MARKS + PRICE] = case.coverage_ms + max(
            0, order_cost(case, o, best) - case.spared_ms
        )


def rank(
    items: Ints, first: int, keys: Ints, first_key: int, found: int, most: int, item: int, key: int
) -> int:
    """Put ``item`` into a list of at most ``most`` with the least keys, the earlier first among equals; its new length."""
    if found == most:
        if key >= keys[first_key + most - 1]:
            return found
        k = most - 1
    else:
        k = found
        found += 1
    while k > 0 and keys[first_key + k - 1] > key:
        keys[first_key + k] = keys[first_key + k - 1]
        items[first + k] = items[first + k - 1]
        k -= 1
    keys[first_key + k] = key
    items[first + k] = item
    return found


def find_neighbours(case: Case, search: Search) -> None:
    """For every order the others nearest to it: way between the stores plus half the gap between ready times."""
    most = case.neighbours_most
    scratch = case.candidates_most
    for o in range(case.orders):
        found = 0
        for other in range(case.orders):
            if other != o:
                leg = way(case, case.order[o * ORDER + PICKUP], case.order[other * ORDER + PICKUP])
                gap = abs(case.order[o * ORDER + READY] - case.order[other * ORDER + READY]) // 2
                found = rank(search.neighbour, o * most, search.heap, scratch, found, most, other, leg + gap)
        for k in range(found, most):
            search.neighbour[o * most + k] = -1


def survey(case: Case, o: int, count: Ints, least: Ints) -> None:
    """How many drivers each barrier keeps from order ``o``, and by how little the nearest of them misses it."""
    for wall in range(BARRIERS):
        count[wall] = 0
        least[wall] = -1
    for d in range(case.drivers):
        wall, short = barrier(case, o, d)
        count[wall] += 1
        if least[wall] < 0 or short < least[wall]:
            least[wall] = short
