"""What a chain costs, in milliseconds of one shopper's waiting, and what it must never do.

Cost: each order by its drop (the click-to-door of Reyes et al. 2018), driving and waiting at their prices, and a price for
each order left out (Balas 1989, "The prize collecting traveling salesman problem"). Hard: one store per trip, load, pickup
before the shift's end and before the order expires, each drop before its latest and within its longest ride. All whole numbers.
"""

from doorstep.engine.chains import (
    ABSENT,
    BORNE,
    CAPACITY,
    COST,
    DRIVER,
    DROP_AFTER,
    DROP_BEFORE,
    DROPOFF,
    DUE,
    EARLIEST,
    EXPIRES,
    KEPT,
    KEPT_CAPACITY,
    KEPT_MOST,
    KEPT_OFF,
    KNOWN,
    LATEST,
    MARKS,
    MOST,
    NOTES,
    OFF,
    OPEN,
    ORDER,
    OWNER,
    PICK_AFTER,
    PICK_BEFORE,
    PICKUP,
    PLACE,
    PRICE,
    READY,
    REOFFER,
    RIDE,
    SPENT,
    TALLY,
    TIME,
    TOTAL,
    TOUCHED_AT,
    TOUCHES,
    TRIPS,
    TURN,
    UNITS,
    WANTED,
    Case,
    Chains,
    Ints,
    Search,
    copy_row,
    way,
)

FOREVER_S = 1 << 40  # as in ``world``: a kernel knows constants of its own room alone
NEVER = -1
"""Instead of a time: this cannot be done."""


def order_cost(case: Case, o: int, drop_s: int) -> int:
    """Cost of handing order ``o`` over at ``drop_s``: waiting, lateness past the promise, the slow end at extra price."""
    waited = max(0, drop_s - case.order[o * ORDER + WANTED])
    late = max(0, drop_s - case.order[o * ORDER + DUE])
    slow = max(0, waited - case.convex_after_s)
    return 1000 * waited + case.late_price * late + case.convex_price * slow


def do_trip(
    case: Case, order: Ints, first: int, size: int, extra: int, at: int, d: int, time_s: int, place: int
) -> tuple[int, int, int, int]:
    """Driver ``d``, free at ``place`` at ``time_s``, does a trip: when he is free again, where, its cost, the orders' part.

    The trip is the ``size`` orders of ``order`` from ``first``, with order ``extra`` put in at ``at`` when not
    negative. The time is NEVER when a hard limit breaks.
    """
    count = size
    if extra >= 0:
        count += 1
    ready = 0
    expires = FOREVER_S
    before = 0
    after = 0
    units = 0
    store = -1
    kept = 0
    for k in range(count):
        o = _nth(order, first, extra, at, k)
        if k == 0:
            store = case.order[o * ORDER + PICKUP]
        kept = max(kept, case.order[o * ORDER + KEPT])
        ready = max(ready, case.order[o * ORDER + READY])
        expires = min(expires, case.order[o * ORDER + EXPIRES])
        before = max(before, case.order[o * ORDER + PICK_BEFORE])
        after = max(after, case.order[o * ORDER + PICK_AFTER])
        units += case.order[o * ORDER + UNITS]
    leg = way(case, place, store)
    inside = time_s + case.offer_lead_s + leg + before
    pickup = max(inside, ready)
    if kept == 0:
        expires = min(expires, case.driver[d * DRIVER + OFF])
        broken = units > case.driver[d * DRIVER + CAPACITY] or count > case.driver[d * DRIVER + MOST]
    else:
        expires = min(expires, case.driver[d * DRIVER + KEPT_OFF])
        broken = (
            units > case.driver[d * DRIVER + KEPT_CAPACITY] or count > case.driver[d * DRIVER + KEPT_MOST]
        )
    if broken or pickup > expires:
        return NEVER, place, 0, 0
    cost = (
        case.driver[d * DRIVER + REOFFER] + case.driving_price * leg + case.waiting_price * (pickup - inside)
    )
    borne = 0
    time_s = pickup + after
    place = store
    for k in range(count):
        o = _nth(order, first, extra, at, k)
        leg = way(case, place, case.order[o * ORDER + DROPOFF])
        door = time_s + leg + case.order[o * ORDER + DROP_BEFORE]
        drop = max(door, case.order[o * ORDER + EARLIEST])
        if k > 0:
            cost += case.waiting_price * (drop - door)
        else:  # who would wait at the first door leaves the store so much later
            pickup = max(pickup, min(pickup + drop - door, expires))
        if drop > case.order[o * ORDER + LATEST] or drop - pickup > case.order[o * ORDER + RIDE]:
            return NEVER, place, 0, 0
        cost += case.driving_price * leg
        borne += order_cost(case, o, drop)
        time_s = drop + case.order[o * ORDER + DROP_AFTER]
        place = case.order[o * ORDER + DROPOFF]
    return time_s, place, cost + borne, borne


def _nth(order: Ints, first: int, extra: int, at: int, k: int) -> int:
    if extra < 0 or k < at:
        return order[first + k]
    if k == at:
        return extra
    return order[first + k - 1]


def refresh(case: Case, chains: Chains, search: Search, d: int, since: int) -> None:
    """Work out driver ``d``'s chain anew from trip ``since`` on. Trips that have become impossible are taken out.

    Of an open trip only what has joined it is taken out: the orders she keeps alone are always possible.
    """
    room = case.bundle_most
    old = chains.tally[d * TALLY + COST]
    t = since
    while t < chains.tally[d * TALLY + TRIPS]:
        here = d * (case.trips_most + 1) + t
        time_s, place, cost, borne = do_trip(
            case, chains.order, (d * case.trips_most + t) * room, chains.size[d * case.trips_most + t], -1, 0, d,
            chains.known[here * KNOWN + TIME], chains.known[here * KNOWN + PLACE],
        )  # fmt: skip
        if time_s == NEVER and t == 0 and case.driver[d * DRIVER + OPEN] >= 0:
            _cut(case, chains, search, d, 1)
            _strip(case, chains, search, d)
            time_s, place, cost, borne = do_trip(
                case, chains.order, d * case.trips_most * room, chains.size[d * case.trips_most], -1, 0, d,
                chains.known[here * KNOWN + TIME], chains.known[here * KNOWN + PLACE],
            )  # fmt: skip
        if time_s == NEVER:
            _cut(case, chains, search, d, t)
            break
        chains.known[(here + 1) * KNOWN + TIME] = time_s
        chains.known[(here + 1) * KNOWN + PLACE] = place
        chains.known[(here + 1) * KNOWN + SPENT] = chains.known[here * KNOWN + SPENT] + cost
        chains.known[(here + 1) * KNOWN + BORNE] = chains.known[here * KNOWN + BORNE] + borne
        t += 1
    chains.tally[d * TALLY + COST] = chains.known[
        (d * (case.trips_most + 1) + chains.tally[d * TALLY + TRIPS]) * KNOWN + SPENT
    ]
    search.tally[TOTAL] += chains.tally[d * TALLY + COST] - old


def _cut(case: Case, chains: Chains, search: Search, d: int, since: int) -> None:
    for t in range(since, chains.tally[d * TALLY + TRIPS]):
        row = d * case.trips_most + t
        for k in range(chains.size[row]):
            o = chains.order[row * case.bundle_most + k]
            search.order[o * MARKS + OWNER] = -1
            search.tally[ABSENT] += 1
            search.tally[TOTAL] += search.order[o * MARKS + PRICE]
        chains.size[row] = 0
    chains.tally[d * TALLY + TRIPS] = since


def _strip(case: Case, chains: Chains, search: Search, d: int) -> None:
    """Leave in driver ``d``'s first trip only the orders that she keeps."""
    row = d * case.trips_most
    left = 0
    for k in range(chains.size[row]):
        o = chains.order[row * case.bundle_most + k]
        if case.order[o * ORDER + KEPT]:
            chains.order[row * case.bundle_most + left] = o
            left += 1
        else:
            search.order[o * MARKS + OWNER] = -1
            search.tally[ABSENT] += 1
            search.tally[TOTAL] += search.order[o * MARKS + PRICE]
    chains.size[row] = left


def touch(case: Case, chains: Chains, search: Search, saved: Chains, d: int) -> None:
    """Remember driver ``d``'s chain as it was before this turn."""
    if search.driver[d * NOTES + TOUCHED_AT] != search.tally[TURN]:
        search.driver[d * NOTES + TOUCHED_AT] = search.tally[TURN]
        copy_row(case, chains, d, saved, search.tally[TOUCHES])
        search.touched[search.tally[TOUCHES]] = d
        search.tally[TOUCHES] += 1


def take_out(case: Case, chains: Chains, search: Search, saved: Chains, o: int) -> None:
    """Take order ``o`` out of its driver's chain."""
    d = search.order[o * MARKS + OWNER]
    touch(case, chains, search, saved, d)
    t = 0
    at = -1
    while at < 0:
        row = d * case.trips_most + t
        for k in range(chains.size[row]):
            if chains.order[row * case.bundle_most + k] == o:
                at = k
        t += 1
    t -= 1
    row = d * case.trips_most + t
    for k in range(at, chains.size[row] - 1):
        chains.order[row * case.bundle_most + k] = chains.order[row * case.bundle_most + k + 1]
    chains.size[row] -= 1
    if chains.size[row] == 0:
        for later in range(t, chains.tally[d * TALLY + TRIPS] - 1):
            move_trip(case, chains, d, later + 1, later)
        chains.tally[d * TALLY + TRIPS] -= 1
        chains.size[d * case.trips_most + chains.tally[d * TALLY + TRIPS]] = 0
    search.order[o * MARKS + OWNER] = -1
    search.tally[ABSENT] += 1
    search.tally[TOTAL] += search.order[o * MARKS + PRICE]
    refresh(case, chains, search, d, t)


def put_in(
    case: Case, chains: Chains, search: Search, saved: Chains, o: int, d: int, t: int, at: int
) -> None:
    """Put order ``o`` into driver ``d``'s trip ``t`` as drop ``at``; NEVER for ``at``: a trip of its own before ``t``."""
    touch(case, chains, search, saved, d)
    if at == NEVER:
        for later in range(chains.tally[d * TALLY + TRIPS], t, -1):
            move_trip(case, chains, d, later - 1, later)
        chains.tally[d * TALLY + TRIPS] += 1
        chains.size[d * case.trips_most + t] = 0
        at = 0
    row = d * case.trips_most + t
    for k in range(chains.size[row], at, -1):
        chains.order[row * case.bundle_most + k] = chains.order[row * case.bundle_most + k - 1]
    chains.order[row * case.bundle_most + at] = o
    chains.size[row] += 1
    search.order[o * MARKS + OWNER] = d
    search.tally[ABSENT] -= 1
    search.tally[TOTAL] -= search.order[o * MARKS + PRICE]
    refresh(case, chains, search, d, t)


def move_trip(case: Case, chains: Chains, d: int, source: int, target: int) -> None:
    """Copy trip ``source`` of driver ``d`` over trip ``target``."""
    from_row = d * case.trips_most + source
    to_row = d * case.trips_most + target
    chains.size[to_row] = chains.size[from_row]
    for k in range(chains.size[from_row]):
        chains.order[to_row * case.bundle_most + k] = chains.order[from_row * case.bundle_most + k]
