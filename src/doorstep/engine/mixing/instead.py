"""Who else could have gone to a store, and what that would have cost: tried out on the plan, which is left as it was."""

from doorstep.engine.barred import end_hinders
from doorstep.engine.candidates import OFF_SHIFT, POSSIBLE, TOO_LATE, barrier, rank
from doorstep.engine.chains import (
    ABSENT,
    MARKS,
    NOTES,
    OWNER,
    TOTAL,
    TOUCHED_AT,
    TOUCHES,
    TURN,
    Case,
    Ints,
    Search,
)
from doorstep.engine.mixing.places import UNLIMITED, best_pair
from doorstep.engine.mixing.search import undo_tours
from doorstep.engine.mixing.tours import FREE, HERE, STATE, Tours, copy_tour, put_stops, take_stops
from doorstep.engine.objective import NEVER

RIVALS = 3


def others_instead(
    case: Case,
    tours: Tours,
    search: Search,
    saved: Tours,
    j: int,
    count: int,
    driver: Ints,
    added: Ints,
    stops: Ints,
) -> tuple[int, int]:
    """What driver ``j``'s first ``count`` pickups add to her tour, and how many could have had them instead.

    The three to whose tours they would add least are in ``driver``, cheapest first, and what they would in ``added``; the tours they
    would then make in ``stops``, in lines of how many stops they are and room for all there can be.
    """
    total = search.tally[TOTAL]
    absent = search.tally[ABSENT]
    search.tally[TURN] += 1
    search.tally[TOUCHES] = 0
    for k in range(count):
        search.pool[k] = tours.stop[j * tours.wide + k] // 2
    own = tours.cost[j]
    for k in range(count):
        take_stops(case, tours, search, saved, search.pool[k])
    own -= tours.cost[j]
    first = search.pool[0]
    found = 0
    for c in range(case.candidates_most):
        d = search.candidate[first * case.candidates_most + c]
        if d < 0:
            break
        if d != j:
            cost = _added_to(case, tours, search, saved, d, count, stops, 0)
            if cost != NEVER:
                found = rank(driver, 0, added, 0, found, RIVALS, d, cost)
    for k in range(found):
        _added_to(case, tours, search, saved, driver[k], count, stops, k * (tours.wide + 1))
    undo_tours(tours, search, saved)
    search.tally[TOTAL] = total
    search.tally[ABSENT] = absent
    return own, found


def _added_to(
    case: Case, tours: Tours, search: Search, saved: Tours, d: int, count: int, stops: Ints, line: int
) -> int:
    """What the first ``count`` orders of the pool add to driver ``d``'s tour, one after the other; NEVER when one cannot go.

    The tour that she would then make is left in ``stops`` from ``line`` on.
    """
    before = tours.cost[d]
    cost = 0
    for k in range(count):
        o = search.pool[k]
        wall, _ = barrier(case, o, d)
        j = NEVER
        if wall == POSSIBLE:
            _, i, j = best_pair(case, tours, search, o, d, UNLIMITED, 0)
        if j == NEVER:
            cost = NEVER
            break
        put_stops(case, tours, search, saved, o, d, i, j)
    if cost != NEVER:
        cost = tours.cost[d] - before
        stops[line] = tours.size[d]
        for k in range(tours.size[d]):
            stops[line + 1 + k] = tours.stop[d * tours.wide + k]
    if search.driver[d * NOTES + TOUCHED_AT] == search.tally[TURN]:
        copy_tour(saved, 1, tours, d)
        search.driver[d * NOTES + TOUCHED_AT] = NEVER
        search.tally[TOUCHES] = 1
    for k in range(count):
        search.order[search.pool[k] * MARKS + OWNER] = -1
    return cost


def why_tours_full(case: Case, tours: Tours, o: int) -> tuple[int, int, int]:
    """See ``barred.why_full``: of the drivers who could take order ``o`` with nothing else to do, how many have as many stops ahead
    as are planned, how many others are full until their shifts end, and how many until it may no longer be picked up.
    """
    most = 0
    off = 0
    late = 0
    for d in range(case.drivers):
        wall, _ = barrier(case, o, d)
        if wall != POSSIBLE:
            continue
        end = (d * (tours.wide + 1) + tours.size[d]) * STATE
        if tours.size[d] + 2 > tours.wide:
            most += 1
            continue
        wall = end_hinders(case, o, d, tours.known[end + FREE], tours.known[end + HERE])
        if wall == OFF_SHIFT:
            off += 1
        elif wall == TOO_LATE:
            late += 1
    return most, off, late
