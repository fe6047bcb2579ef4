"""Who could take an order at all, who first, who else where orders crowd, and which orders are alike.

Kernels over a ``Case``: the drivers of earliest possible pickup for each order, for an order whose candidates others claim as well
the nearest whom nobody claims, the orders near each order in place and time (relatedness as in Shaw 1998, "Using constraint programming and local search methods to solve vehicle routing
problems"), and the price of leaving each out.
"""

from doorstep.engine.chains import (
    ABILITIES,
    CAPACITY,
    DRIVER,
    DROP_BEFORE,
    DROPOFF,
    EARLIEST,
    ELSEWHERE,
    EXPIRES,
    KEPT_CAPACITY,
    KEPT_MOST,
    KEPT_OFF,
    LATEST,
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
    RIDE,
    START,
    STORE,
    UNITS,
    Case,
    Ints,
    Search,
    seconds,
    way,
)
from doorstep.engine.grid import beyond_m, ring_cell, ring_length, rings
from doorstep.engine.objective import order_cost

POSSIBLE = 0
LACKS_ABILITY = 1
TOO_SMALL = 2
DECLINED = 3
OFF_SHIFT = 4
TOO_LATE = 5
TOO_FAR = 6
BARRIERS = 7
NO_LIMIT = 1 << 40


def barrier(case: Case, o: int, d: int) -> tuple[int, int]:
    """What keeps driver ``d`` from order ``o`` even with nothing else to do, and his earliest pickup.

    With OFF_SHIFT and TOO_LATE the second number is by how many seconds he misses it. TOO_FAR: the ride to the door is longer than
    the longest allowed, whoever drives.
    """
    open_trip = case.driver[d * DRIVER + OPEN] == case.order[o * ORDER + STORE]
    if case.order[o * ORDER + NEEDS] & ~case.driver[d * DRIVER + ABILITIES]:
        return LACKS_ABILITY, 0
    off_s = case.driver[d * DRIVER + OFF]
    capacity = case.driver[d * DRIVER + CAPACITY]
    most = case.driver[d * DRIVER + MOST]
    if open_trip:
        off_s = case.driver[d * DRIVER + KEPT_OFF]
        capacity = case.driver[d * DRIVER + KEPT_CAPACITY]
        most = case.driver[d * DRIVER + KEPT_MOST]
    if case.order[o * ORDER + UNITS] > capacity or most < 1:
        return TOO_SMALL, 0
    for k in range(case.order[o * ORDER + REFUSED_FROM], case.order[o * ORDER + REFUSED_TO]):
        if case.refused[k] == d:
            return DECLINED, 0
    start_s = case.driver[d * DRIVER + NEXT]
    if open_trip:
        start_s = case.driver[d * DRIVER + START]
    inside = start_s + case.offer_lead_s + approach(case, o, d) + case.order[o * ORDER + PICK_BEFORE]
    pickup = max(inside, case.order[o * ORDER + READY])
    if pickup > off_s:
        return OFF_SHIFT, pickup - off_s
    if pickup > case.order[o * ORDER + EXPIRES]:
        return TOO_LATE, pickup - case.order[o * ORDER + EXPIRES]
    if case.order[o * ORDER + LATEST] != NO_LIMIT or case.order[o * ORDER + RIDE] != NO_LIMIT:
        leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
        ride = case.order[o * ORDER + PICK_AFTER] + leg + case.order[o * ORDER + DROP_BEFORE]
        if ride > case.order[o * ORDER + RIDE]:
            return TOO_FAR, 0
        drop = max(pickup + ride, case.order[o * ORDER + EARLIEST])
        if drop > case.order[o * ORDER + LATEST]:
            return TOO_LATE, drop - case.order[o * ORDER + LATEST]
    return POSSIBLE, pickup


def approach(case: Case, o: int, d: int) -> int:
    """How long driver ``d`` takes to the store of order ``o``, once she is done with what she has begun."""
    if case.driver[d * DRIVER + OPEN] == case.order[o * ORDER + STORE]:
        return 0
    return way(case, case.driver[d * DRIVER + NEXT_PLACE], case.order[o * ORDER + PICKUP])


def find_candidates(case: Case, search: Search, since: int, until: int) -> None:
    """For the orders from row ``since`` to before ``until`` the drivers of earliest possible pickup, the nearer first among
    equals, and its price.
    """
    most = case.candidates_most
    for o in range(since, until):
        for c in range(most):
            search.candidate[o * most + c] = -1
        found = first_possible(case, search, o, 0, case.candidates_first)
        leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
        if found > 0:
            best = search.earliest_drop[o * most]
        else:
            best = max(case.now_s, case.order[o * ORDER + READY]) + leg
        price = case.coverage_ms + max(0, order_cost(case, o, best) - case.spared_ms)
        search.order[o * MARKS + PRICE] = min(price, 1000 * case.order[o * ORDER + ELSEWHERE])


def add_unclaimed(case: Case, search: Search) -> None:
    """Where more orders than drivers crowd around, more drivers: each order claims the first of its candidates whom none claimed
    before; one that finds none gets to know the first whom nobody claims, behind the others, and claims the first of them.

    So nobody is idle for no other reason than that the same few are nearest to everybody.
    """
    first = case.candidates_first
    most = case.candidates_most
    if first == most:
        return
    for d in range(case.drivers):
        search.touched[d] = 0  # whether somebody claims her
    for o in range(case.orders):
        c = 0
        while c < first and search.candidate[o * most + c] >= 0:
            if search.touched[search.candidate[o * most + c]] == 0:
                break
            c += 1
        # Who has fewer candidates than there is room for knows everybody who could.
        if c == first and first_possible(case, search, o, first, most - first) == 0:
            continue
        if search.candidate[o * most + c] >= 0:
            search.touched[search.candidate[o * most + c]] = 1


def first_possible(case: Case, search: Search, o: int, begin: int, most: int) -> int:
    """Rank the first ``most`` who could take order ``o`` and write them down, with the earliest drop of each, from column ``begin`` on;
    how many there are. From a later column than the first only those whom nobody claims and for whom it is worth more than to be left
    out. Further rings could only be later.
    """
    unclaimed = begin > 0
    price = search.order[o * MARKS + PRICE]
    begin += o * case.candidates_most
    found = 0
    if case.near.wide == 0:
        for d in range(case.drivers):
            if not unclaimed or search.touched[d] == 0:
                found = consider(case, search, o, d, begin, found, most)
    else:
        store = case.order[o * ORDER + PICKUP]
        for ring in range(rings(case.near)):
            if ring > 0 and found == most and _rank_beyond(case, o, ring - 1) > search.keys[found - 1]:
                break
            if unclaimed and ring > 0 and drop_cost(case, o, pickup_beyond(case, o, ring - 1)) >= price:
                break
            for k in range(ring_length(ring)):
                cell = ring_cell(case.near, case.x_m[store], case.y_m[store], ring, k)
                if cell < 0:
                    continue
                for i in range(case.near.start[cell], case.near.start[cell + 1]):
                    d = stands_for(case, o, case.near.item[i])
                    if d >= 0 and (not unclaimed or search.touched[d] == 0):
                        found = consider(case, search, o, d, begin, found, most)
    leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
    for c in range(found):
        pickup = search.keys[c] >> 22
        door = pickup + case.order[o * ORDER + PICK_AFTER] + leg + case.order[o * ORDER + DROP_BEFORE]
        search.earliest_drop[begin + c] = max(door, case.order[o * ORDER + EARLIEST])
    while unclaimed and found > 0 and order_cost(case, o, search.earliest_drop[begin + found - 1]) >= price:
        found -= 1
        search.candidate[begin + found] = -1
    return found


def drop_cost(case: Case, o: int, pickup: int) -> int:
    """What order ``o`` costs at least when it is picked up at ``pickup``."""
    leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
    door = pickup + case.order[o * ORDER + PICK_AFTER] + leg + case.order[o * ORDER + DROP_BEFORE]
    return order_cost(case, o, max(door, case.order[o * ORDER + EARLIEST]))


def stands_for(case: Case, o: int, item: int) -> int:
    """The driver that an item of ``Case.near`` stands for, as seen from order ``o``; -1 for the other of her two places."""
    if item >= case.drivers:
        d = item - case.drivers
        if case.driver[d * DRIVER + OPEN] == case.order[o * ORDER + STORE]:
            return d
        return -1
    if case.driver[item * DRIVER + OPEN] == case.order[o * ORDER + STORE]:
        return -1
    return item


def consider(case: Case, search: Search, o: int, d: int, begin: int, found: int, most: int) -> int:
    """Rank driver ``d`` among the candidates of order ``o`` when she can take it; how many there are then."""
    wall, pickup = barrier(case, o, d)
    if wall != POSSIBLE:
        return found
    # The approach takes less than 2^22 seconds, so one number ranks pickup, then approach.
    return rank(
        search.candidate, begin, search.keys, 0, found, most, d, (pickup << 22) + approach(case, o, d)
    )


def pickup_beyond(case: Case, o: int, ring: int) -> int:
    """The earliest pickup of order ``o`` by anybody outside ``ring``."""
    leg = seconds(case, beyond_m(case.near, ring))
    inside = case.now_s + case.offer_lead_s + leg + case.order[o * ORDER + PICK_BEFORE]
    return max(inside, case.order[o * ORDER + READY])


def _rank_beyond(case: Case, o: int, ring: int) -> int:
    return (pickup_beyond(case, o, ring) << 22) + seconds(case, beyond_m(case.near, ring))


def rank(
    items: Ints, first: int, keys: Ints, first_key: int, found: int, most: int, item: int, key: int
) -> int:
    """Put ``item`` into a list of at most ``most`` with the least keys, the lesser item first among equals; its new length."""
    if found == most:
        if key > keys[first_key + most - 1]:
            return found
        if key == keys[first_key + most - 1] and item > items[first + most - 1]:
            return found
        k = most - 1
    else:
        k = found
        found += 1
    while k > 0 and (
        keys[first_key + k - 1] > key or (keys[first_key + k - 1] == key and items[first + k - 1] > item)
    ):
        keys[first_key + k] = keys[first_key + k - 1]
        items[first + k] = items[first + k - 1]
        k -= 1
    keys[first_key + k] = key
    items[first + k] = item
    return found


def find_neighbours(case: Case, search: Search, since: int, until: int) -> None:
    """For those orders the others nearest to each: way between the stores plus half the gap between ready times."""
    for o in range(since, until):
        found = 0
        if case.stores.wide == 0:
            for other in range(case.orders):
                found = compare(case, search, o, other, found)
        else:
            found = _neighbours_around(case, search, o)
        for k in range(found, case.neighbours_most):
            search.neighbour[o * case.neighbours_most + k] = -1


def _neighbours_around(case: Case, search: Search, o: int) -> int:
    store = case.order[o * ORDER + PICKUP]
    found = 0
    for ring in range(rings(case.stores)):
        if ring > 0 and found == case.neighbours_most:
            least = seconds(case, beyond_m(case.stores, ring - 1))
            if least > search.keys[case.candidates_most + found - 1]:
                break
        for k in range(ring_length(ring)):
            cell = ring_cell(case.stores, case.x_m[store], case.y_m[store], ring, k)
            if cell < 0:
                continue
            for i in range(case.stores.start[cell], case.stores.start[cell + 1]):
                found = compare(case, search, o, case.stores.item[i], found)
    return found


def compare(case: Case, search: Search, o: int, other: int, found: int) -> int:
    """Rank order ``other`` among the neighbours of order ``o``; how many there are then."""
    if other == o:
        return found
    most = case.neighbours_most
    leg = way(case, case.order[o * ORDER + PICKUP], case.order[other * ORDER + PICKUP])
    gap = abs(case.order[o * ORDER + READY] - case.order[other * ORDER + READY]) // 2
    return rank(search.neighbour, o * most, search.keys, case.candidates_most, found, most, other, leg + gap)


def could_wherever(case: Case, o: int, d: int) -> bool:
    """Whether driver ``d`` can certainly take order ``o``, even from the far end of the world. Quicker than ``barrier``."""
    inside = (
        case.driver[d * DRIVER + NEXT]
        + case.offer_lead_s
        + case.reach_s
        + case.order[o * ORDER + PICK_BEFORE]
    )
    pickup = max(inside, case.order[o * ORDER + READY])
    return (
        pickup <= case.driver[d * DRIVER + OFF]
        and pickup <= case.order[o * ORDER + EXPIRES]
        and case.order[o * ORDER + REFUSED_FROM] == case.order[o * ORDER + REFUSED_TO]
        and case.order[o * ORDER + LATEST] == NO_LIMIT
        and case.order[o * ORDER + RIDE] == NO_LIMIT
        and case.order[o * ORDER + NEEDS] & ~case.driver[d * DRIVER + ABILITIES] == 0
        and case.order[o * ORDER + UNITS] <= case.driver[d * DRIVER + CAPACITY]
        and case.driver[d * DRIVER + MOST] >= 1
    )


def survey(case: Case, o: int, found: Ints, count: int, least: int) -> None:
    """How many drivers each barrier keeps from order ``o``, in ``found`` from ``count`` on, and from ``least`` on by how little the
    nearest of them misses it.
    """
    for wall in range(BARRIERS):
        found[count + wall] = 0
        found[least + wall] = -1
    for d in range(case.drivers):
        if could_wherever(case, o, d):
            found[count + POSSIBLE] += 1
            found[least + POSSIBLE] = 0
            continue
        wall, short = barrier(case, o, d)
        found[count + wall] += 1
        if found[least + wall] < 0 or short < found[least + wall]:
            found[least + wall] = short


def kept_out(case: Case, o: int, most: int, who: Ints, wall: Ints, key: Ints) -> int:
    """The ``most`` drivers nearest to the store of order ``o`` who are kept from it, by what each; how many they are.

    Nearest first, from where each is done with what she has begun. ``key``: scratch as long as ``most``.
    """
    found = 0
    for d in range(case.drivers):
        if could_wherever(case, o, d):
            continue
        barred, _ = barrier(case, o, d)
        if barred != POSSIBLE:
            found = rank(who, 0, key, 0, found, most, d, approach(case, o, d))
    for k in range(found):
        wall[k], _ = barrier(case, o, who[k])
    return found
