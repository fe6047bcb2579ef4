"""A driver's tour, stop by stop: what it costs and what it must never do.

The plan of the pickup-and-delivery problem with time windows (Dumas, Desrosiers and Soumis 1991) as one row of stops for each driver,
with a label before each stop, so that a change is reckoned from there on.

A stop is one whole number: twice an order's row for its pickup, one more for its drop. Pickups at one store that follow each
other are one visit: one service, left when all of it is ready. Cost is that of ``objective``; hard are load, abilities, and
each pickup before the shift's end and before the order expires, and each drop before its latest; where trips are sent whole, no pickup between two drops.
"""

from typing import NamedTuple

from doorstep.engine.chains import (
    ABSENT,
    ALONE,
    CAPACITY,
    COUNTS,
    DRIVER,
    DROP_AFTER,
    DROP_BEFORE,
    DROPOFF,
    EARLIEST,
    EXPIRES,
    KEPT,
    KEPT_CAPACITY,
    KEPT_MOST,
    KEPT_OFF,
    LATEST,
    MARKS,
    MOST,
    NOTES,
    OFF,
    ORDER,
    OWNER,
    PICK_AFTER,
    PICK_BEFORE,
    PICKUP,
    PRICE,
    READY,
    REOFFER,
    STORE,
    TOTAL,
    TOUCHED_AT,
    TOUCHES,
    TURN,
    UNITS,
    Case,
    Ints,
    Search,
    way,
)
from doorstep.engine.objective import NEVER, order_cost

# Columns of ``Tours.known``, before each stop: where the driver is, when she could leave, what is on board, the store she
# stands in (-1: none) with the instant of the pickup and the latest it may be, the cost until then, and what of that is the
# orders' own.
HERE, FREE, LOAD, VOLUME, INSIDE, PICKED, UNTIL, SO_FAR, SERVED, STATE = range(10)


class Tours(NamedTuple):
    """Every driver's tour, with what is known before each of its stops."""

    wide: int  # stops there is room for
    stop: Ints  # (m x wide)
    size: Ints  # (m)
    cost: Ints  # (m)
    known: Ints  # (m x (wide + 1) x STATE)
    fixed: Ints  # (m) how many pickups at the front are those she is under way for
    holder: Ints  # (n) the driver who is bound to the order, on board or under way for it; -1: none


def do_stop(
    case: Case,
    d: int,
    stop: int,
    time_s: int,
    place: int,
    load: int,
    volume: int,
    inside: int,
    picked: int,
    until: int,
) -> tuple[int, int, int, int, int, int, int, int, int]:
    """Driver ``d`` goes on to ``stop``: all she was before it, after it, then what it costs and what of that is the
    order's own.

    The time is NEVER when a hard limit breaks.
    """
    o = stop // 2
    line = o * ORDER
    if stop % 2 == 1:
        leg = way(case, place, case.order[line + DROPOFF])
        door = time_s + leg + case.order[line + DROP_BEFORE]
        drop = max(door, case.order[line + EARLIEST])
        late = drop > case.order[line + LATEST]
        borne = order_cost(case, o, drop)
        cost = case.driving_price * leg + borne
        if inside < 0:  # else the pickup can be later: nobody waits at the door
            cost += case.waiting_price * (drop - door)
        time_s = drop + case.order[line + DROP_AFTER]
        if late:
            time_s = NEVER
        return (
            time_s,
            case.order[line + DROPOFF],
            load - case.order[line + COUNTS],
            volume - case.order[line + UNITS],
            -1,
            0,
            0,
            cost,
            borne,
        )
    counts = case.order[line + COUNTS]
    load += counts
    volume += case.order[line + UNITS]
    if inside == case.order[line + STORE]:
        pickup = max(picked, case.order[line + READY])
        cost = case.waiting_price * (pickup - picked)
        after = max(time_s - picked, case.order[line + PICK_AFTER])
        until = min(until, case.order[line + EXPIRES])
        if case.order[line + KEPT] == 0:
            until = min(until, case.driver[d * DRIVER + OFF])
    else:
        leg = way(case, place, case.order[line + PICKUP])
        door = time_s + leg + case.order[line + PICK_BEFORE]
        cost = case.driving_price * leg
        joins = case.whole_trips == 1 and load > counts
        if not joins:  # somebody is asked for it
            door += case.offer_lead_s
            cost += case.driver[d * DRIVER + REOFFER]
        pickup = max(door, case.order[line + READY])
        cost += case.waiting_price * (pickup - door)
        after = case.order[line + PICK_AFTER]
        until = min(case.driver[d * DRIVER + KEPT_OFF], case.order[line + EXPIRES])
        if case.order[line + KEPT] == 0:
            until = min(until, case.driver[d * DRIVER + OFF])
    time_s = pickup + after
    aboard = load if load < ALONE else 1
    most = case.driver[d * DRIVER + KEPT_MOST]
    capacity = case.driver[d * DRIVER + KEPT_CAPACITY]
    if case.order[line + KEPT] == 0:  # what she is bound to is hers, whatever else is
        most = case.driver[d * DRIVER + MOST]
        capacity = case.driver[d * DRIVER + CAPACITY]
        if load > counts and (load >= ALONE or (inside < 0 and case.whole_trips == 1)):
            time_s = NEVER
    if pickup > until or aboard > most or volume > capacity:
        time_s = NEVER
    return time_s, case.order[line + PICKUP], load, volume, case.order[line + STORE], pickup, until, cost, 0


def reckon(case: Case, tours: Tours, search: Search, d: int, since: int) -> None:
    """Work out driver ``d``'s tour anew from stop ``since`` on. An order whose pickup has become impossible is left out.

    What she is bound to never is: her limits are widened to it, and pickups she is under way for come first.
    """
    old = tours.cost[d]
    known = tours.known
    k = since
    while k < tours.size[d]:
        here = (d * (tours.wide + 1) + k) * STATE
        stop = tours.stop[d * tours.wide + k]
        time_s, place, load, volume, inside, picked, until, cost, borne = do_stop(
            case, d, stop, known[here + FREE], known[here + HERE], known[here + LOAD], known[here + VOLUME],
            known[here + INSIDE], known[here + PICKED], known[here + UNTIL],
        )  # fmt: skip
        if time_s == NEVER:  # of a drop that comes too late the pickup goes, too
            k = min(k, strike(tours, d, stop // 2))
            leave_out(search, stop // 2)
            continue
        there = here + STATE
        known[there + FREE] = time_s
        known[there + HERE] = place
        known[there + LOAD] = load
        known[there + VOLUME] = volume
        known[there + INSIDE] = inside
        known[there + PICKED] = picked
        known[there + UNTIL] = until
        known[there + SO_FAR] = known[here + SO_FAR] + cost
        known[there + SERVED] = known[here + SERVED] + borne
        k += 1
    tours.cost[d] = known[(d * (tours.wide + 1) + tours.size[d]) * STATE + SO_FAR]
    search.tally[TOTAL] += tours.cost[d] - old


def strike(tours: Tours, d: int, o: int) -> int:
    """Take the stops of order ``o`` out of driver ``d``'s tour; where the first of them was."""
    first = -1
    left = 0
    for k in range(tours.size[d]):
        stop = tours.stop[d * tours.wide + k]
        if stop // 2 == o:
            if first < 0:
                first = k
        else:
            tours.stop[d * tours.wide + left] = stop
            left += 1
    tours.size[d] = left
    return first


def slip_in(tours: Tours, d: int, stop: int, at: int) -> None:
    """Put ``stop`` before stop ``at`` of driver ``d``'s tour."""
    for k in range(tours.size[d], at, -1):
        tours.stop[d * tours.wide + k] = tours.stop[d * tours.wide + k - 1]
    tours.stop[d * tours.wide + at] = stop
    tours.size[d] += 1


def leave_out(search: Search, o: int) -> None:
    """Note that nobody has order ``o``."""
    search.order[o * MARKS + OWNER] = -1
    search.tally[ABSENT] += 1
    search.tally[TOTAL] += search.order[o * MARKS + PRICE]


def copy_tour(source: Tours, i: int, target: Tours, j: int) -> None:
    """Copy tour ``i`` of ``source`` over tour ``j`` of ``target``."""
    size = source.size[i]
    target.size[j] = size
    target.cost[j] = source.cost[i]
    for k in range(size):
        target.stop[j * target.wide + k] = source.stop[i * source.wide + k]
    for k in range((size + 1) * STATE):
        target.known[j * (target.wide + 1) * STATE + k] = source.known[i * (source.wide + 1) * STATE + k]


def remember(tours: Tours, search: Search, saved: Tours, d: int) -> None:
    """Keep driver ``d``'s tour as it was before this turn."""
    if search.driver[d * NOTES + TOUCHED_AT] != search.tally[TURN]:
        search.driver[d * NOTES + TOUCHED_AT] = search.tally[TURN]
        copy_tour(tours, d, saved, search.tally[TOUCHES])
        search.touched[search.tally[TOUCHES]] = d
        search.tally[TOUCHES] += 1


def take_stops(case: Case, tours: Tours, search: Search, saved: Tours, o: int) -> None:
    """Take what is planned of order ``o`` out of its driver's tour; a pickup she is under way for stays."""
    d = search.order[o * MARKS + OWNER]
    remember(tours, search, saved, d)
    fixed = tours.fixed[d]
    kept = -1
    for k in range(fixed):
        if tours.stop[d * tours.wide + k] == 2 * o:
            kept = k
    first = strike(tours, d, o)
    if kept >= 0:
        slip_in(tours, d, 2 * o, kept)
    leave_out(search, o)
    reckon(case, tours, search, d, first)


def put_stops(case: Case, tours: Tours, search: Search, saved: Tours, o: int, d: int, i: int, j: int) -> None:
    """Put order ``o`` into driver ``d``'s tour: pickup before stop ``i`` (NEVER: it needs none), drop before stop ``j``."""
    remember(tours, search, saved, d)
    slip_in(tours, d, 2 * o + 1, j)
    if i != NEVER:
        slip_in(tours, d, 2 * o, i)
    search.order[o * MARKS + OWNER] = d
    search.tally[ABSENT] -= 1
    search.tally[TOTAL] -= search.order[o * MARKS + PRICE]
    if i == NEVER:
        reckon(case, tours, search, d, j)
    else:
        reckon(case, tours, search, d, i)
