"""Where an order fits best in a tour: every pair of pickup and drop, by what it adds to the cost.

Insertion of a pickup with its drop as in dial-a-ride (Jaw, Odoni, Psaraftis and Wilson 1986, "A heuristic algorithm for the
multi-vehicle advance request dial-a-ride problem"). A pickup is walked on stop by stop, and at each the drop is tried; a pair
is given up once what is sure to come makes it dearer than the best found, and a tail is walked only as far as the delay lasts.
"""

from doorstep.engine.candidates import POSSIBLE, barrier, drop_cost
from doorstep.engine.chains import (
    DRIVER,
    DROP_BEFORE,
    KEY,
    MARKS,
    MOST,
    ORDER,
    OWNER,
    PICK_BEFORE,
    PRICE,
    READY,
    STORE,
    Case,
    Search,
)
from doorstep.engine.chance import below
from doorstep.engine.mixing.tours import (
    FREE,
    HERE,
    INSIDE,
    LOAD,
    PICKED,
    SERVED,
    SO_FAR,
    STATE,
    UNTIL,
    VOLUME,
    Tours,
    do_stop,
    put_stops,
)
from doorstep.engine.objective import NEVER, order_cost

UNLIMITED = 1 << 60


def tail_cost(
    case: Case, tours: Tours, d: int, since: int, time_s: int, place: int, load: int, volume: int, spent: int, ceiling: int
) -> int:  # fmt: skip
    """Cost of driver ``d``'s tour when a drop ends at ``time_s`` at ``place`` and stops from ``since`` on follow; NEVER from ``ceiling`` on."""
    known = tours.known
    begin = d * (tours.wide + 1)
    size = tours.size[d]
    borne = known[(begin + size) * STATE + SERVED]
    inside = -1
    picked = 0
    until = 0
    for k in range(since, size):
        here = (begin + k) * STATE
        if spent + borne - known[here + SERVED] >= ceiling:
            return NEVER
        time_s, place, load, volume, inside, picked, until, cost, _ = do_stop(
            case, d, tours.stop[d * tours.wide + k], time_s, place, load, volume, inside, picked, until
        )
        if time_s == NEVER:
            return NEVER
        spent += cost
        if time_s == known[here + STATE + FREE] and inside < 0:
            spent += tours.cost[d] - known[here + STATE + SO_FAR]
            break
    if spent >= ceiling:
        return NEVER
    return spent


def best_pair(
    case: Case, tours: Tours, search: Search, o: int, d: int, ceiling: int, blink: int
) -> tuple[int, int, int]:
    """The cheapest places for ``o`` with driver ``d`` below ``ceiling``: (added cost, pickup before stop, drop before stop).

    Both NEVER when there are none. A pickup she is under way for stays where it is. Places are overlooked with chance
    ``blink`` in a thousand.
    """
    size = tours.size[d]
    if tours.holder[o] >= 0:
        return best_drop(case, tours, o, d, ceiling)
    if size + 2 > tours.wide:
        return ceiling, NEVER, NEVER
    known = tours.known
    begin = d * (tours.wide + 1)
    own = tours.cost[d]
    borne = known[(begin + size) * STATE + SERVED]
    limit = own + ceiling
    best_i = NEVER
    best_j = NEVER
    for i in range(tours.fixed[d], size + 1):
        here = (begin + i) * STATE
        if pair_at_least(case, tours, o, here, borne) >= limit:
            break
        if known[here + LOAD] >= case.driver[d * DRIVER + MOST] or (
            blink > 0 and below(search.chance, 1000) < blink
        ):
            continue
        time_s, place, load, volume, inside, picked, until, cost, _ = do_stop(
            case, d, 2 * o, known[here + FREE], known[here + HERE], known[here + LOAD], known[here + VOLUME],
            known[here + INSIDE], known[here + PICKED], known[here + UNTIL],
        )  # fmt: skip
        if time_s == NEVER:
            continue
        spent = known[here + SO_FAR] + cost
        for j in range(i, size + 1):
            then = (begin + j) * STATE
            # Even at the next door the order would cost this much by now.
            if (
                spent
                + borne
                - known[then + SERVED]
                + order_cost(case, o, time_s + case.order[o * ORDER + DROP_BEFORE])
                >= limit
            ):
                break
            if blink == 0 or below(search.chance, 1000) >= blink:
                after_s, door, left, room, _, _, _, cost, _ = do_stop(
                    case, d, 2 * o + 1, time_s, place, load, volume, inside, picked, until
                )
                cost = tail_cost(case, tours, d, j, after_s, door, left, room, spent + cost, limit)
                if cost != NEVER:
                    limit = cost
                    best_i = i
                    best_j = j
            if j == size:
                break
            time_s, place, load, volume, inside, picked, until, cost, _ = do_stop(
                case, d, tours.stop[d * tours.wide + j], time_s, place, load, volume, inside, picked, until
            )
            if time_s == NEVER:
                break
            spent += cost
    return limit - own, best_i, best_j


def pair_at_least(case: Case, tours: Tours, o: int, here: int, borne: int) -> int:
    """What a tour costs at least with order ``o`` picked up at the stop known at ``here`` or later: as if the store were at
    hand and nothing else delayed.
    """
    known = tours.known
    if known[here + INSIDE] == case.order[o * ORDER + STORE]:
        pickup = known[here + PICKED]
    else:
        pickup = known[here + FREE] + case.order[o * ORDER + PICK_BEFORE]
        if case.whole_trips == 0 or known[here + LOAD] == 0:
            pickup += case.offer_lead_s
    return (
        known[here + SO_FAR]
        + borne
        - known[here + SERVED]
        + drop_cost(case, o, max(pickup, case.order[o * ORDER + READY]))
    )


def best_drop(case: Case, tours: Tours, o: int, d: int, ceiling: int) -> tuple[int, int, int]:
    """The same for an order that is on board, or whose pickup stands already: only its drop is placed, pickup NEVER."""
    size = tours.size[d]
    if size + 1 > tours.wide:
        return ceiling, NEVER, NEVER
    known = tours.known
    own = tours.cost[d]
    limit = own + ceiling
    best_j = NEVER
    for j in range(tours.fixed[d], size + 1):
        here = (d * (tours.wide + 1) + j) * STATE
        time_s, place, load, volume, _, _, _, cost, _ = do_stop(
            case, d, 2 * o + 1, known[here + FREE], known[here + HERE], known[here + LOAD], known[here + VOLUME],
            known[here + INSIDE], known[here + PICKED], known[here + UNTIL],
        )  # fmt: skip
        cost = tail_cost(case, tours, d, j, time_s, place, load, volume, known[here + SO_FAR] + cost, limit)
        if cost != NEVER:
            limit = cost
            best_j = j
    return limit - own, NEVER, best_j


def place_order(case: Case, tours: Tours, search: Search, saved: Tours, o: int, blink: int) -> None:
    """Give order ``o`` to the candidate who takes it cheapest, unless leaving it out is cheaper still.

    Who is bound to it keeps it, at whatever cost.
    """
    best = search.order[o * MARKS + PRICE]
    best_d = NEVER
    best_i = NEVER
    best_j = NEVER
    if tours.holder[o] >= 0:
        _, best_i, best_j = best_pair(case, tours, search, o, tours.holder[o], UNLIMITED, 0)
        if best_j != NEVER:
            put_stops(case, tours, search, saved, o, tours.holder[o], best_i, best_j)
        return
    for c in range(case.candidates_most):
        d = search.candidate[o * case.candidates_most + c]
        # Candidates come by earliest drop: from here on even an empty tour would cost more.
        if d < 0 or order_cost(case, o, search.earliest_drop[o * case.candidates_most + c]) >= best:
            break
        added, i, j = best_pair(case, tours, search, o, d, best, blink)
        if j != NEVER:
            best = added
            best_d = d
            best_i = i
            best_j = j
    if best_d != NEVER:
        put_stops(case, tours, search, saved, o, best_d, best_i, best_j)


def place_new(case: Case, tours: Tours, search: Search, saved: Tours) -> None:
    """Place every order that nobody has: first what is bound to somebody, then the soonest ready."""
    count = 0
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            search.order[o * MARKS + KEY] = case.order[o * ORDER + READY]
            if tours.holder[o] >= 0:
                search.order[o * MARKS + KEY] = NEVER
            queue(search, o, count)
            count += 1
    for k in range(count):
        place_order(case, tours, search, saved, search.pool[k], 0)


def queue(search: Search, o: int, count: int) -> None:
    """Put order ``o`` into the pool of ``count`` orders by its key, behind its equals."""
    k = count
    while k > 0 and search.order[search.pool[k - 1] * MARKS + KEY] > search.order[o * MARKS + KEY]:
        search.pool[k] = search.pool[k - 1]
        k -= 1
    search.pool[k] = o


def place_with_anybody(case: Case, tours: Tours, search: Search, saved: Tours) -> None:
    """Try every driver for the orders their candidates could not take."""
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            _, d, i, j = cheapest_tour(case, tours, search, o, search.order[o * MARKS + PRICE])
            if d != NEVER:
                put_stops(case, tours, search, saved, o, d, i, j)


def cheapest_tour(
    case: Case, tours: Tours, search: Search, o: int, ceiling: int
) -> tuple[int, int, int, int]:
    """The cheapest place for ``o`` with anybody below ``ceiling``: (added cost, driver, pickup, drop), driver NEVER when none."""
    best = ceiling
    best_d = NEVER
    best_i = NEVER
    best_j = NEVER
    for d in range(case.drivers):
        wall, pickup = barrier(case, o, d)
        if wall != POSSIBLE or drop_cost(case, o, pickup) >= best:
            continue
        added, i, j = best_pair(case, tours, search, o, d, best, 0)
        if j != NEVER:
            best = added
            best_d = d
            best_i = i
            best_j = j
    return best, best_d, best_i, best_j


def cheapest_added(case: Case, tours: Tours, search: Search, o: int) -> int:
    """What order ``o``, left out, would add at least to anybody's tour; NEVER when nobody can take it as things stand."""
    best, d, _, _ = cheapest_tour(case, tours, search, o, UNLIMITED)
    if d == NEVER:
        return NEVER
    return best
