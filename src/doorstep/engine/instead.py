"""Who else could have had the trips that are sent, and at what cost: figures for the reasons.

Kernels over the finished plan. They change nothing, and each trip's figures stand in a line of its own, so stretches of them can be
reckoned side by side.
"""

from doorstep.engine.barred import survey_trip
from doorstep.engine.candidates import BARRIERS, POSSIBLE, barrier, rank
from doorstep.engine.chains import (
    COST,
    DRIVER,
    DROP_BEFORE,
    DROPOFF,
    EARLIEST,
    EXPIRES,
    KNOWN,
    OFF,
    OPEN,
    ORDER,
    PICK_AFTER,
    PICK_BEFORE,
    PICKUP,
    PLACE,
    READY,
    TALLY,
    TIME,
    TRIPS,
    Case,
    Chains,
    Ints,
    Search,
    way,
)
from doorstep.engine.insertion import chain_with
from doorstep.engine.objective import NEVER, do_trip

RIVALS = 3
# Columns of a line: whose first trip it is and what it adds to her chain; how many others could have it, who, what it would add
# to theirs and when they would pick it up at that; how many drivers each barrier keeps from it, by how little they miss it.
DRIVES, OWN, FOUND, WHO = range(4)
ADDED = WHO + RIVALS
PICKED = ADDED + RIVALS
COUNT = PICKED + RIVALS
LEAST = COUNT + BARRIERS
LINE = LEAST + BARRIERS


def look_around(case: Case, chains: Chains, search: Search, since: int, until: int, lines: Ints) -> None:
    """Fill ``lines`` from ``since`` to before ``until``; ``DRIVES`` is told in each."""
    for i in range(since, until):
        line = i * LINE
        j = lines[line + DRIVES]
        own = without_first(case, chains, j)
        if own == NEVER:
            own = chains.tally[j * TALLY + COST]
        lines[line + OWN] = own
        lines[line + FOUND] = next_best(case, chains, search, j, lines, line)
        for k in range(lines[line + FOUND]):
            _, t = with_another(case, chains, j, lines[line + WHO + k])
            lines[line + PICKED + k] = pickup_at(case, chains, j, lines[line + WHO + k], t)
        row = j * case.trips_most
        first, size = row * case.bundle_most, chains.size[row]
        survey_trip(case, chains.order, first, size, 1, lines, line + COUNT, line + LEAST)


def next_best(case: Case, chains: Chains, search: Search, j: int, lines: Ints, line: int) -> int:
    """The drivers to whom driver ``j``'s first trip would cost least, cheapest first, and what; how many there are."""
    first = chains.order[j * case.trips_most * case.bundle_most]
    found = 0
    for c in range(case.candidates_most):
        d = search.candidate[first * case.candidates_most + c]
        if d < 0:
            break
        if d != j:
            cost, _ = with_another(case, chains, j, d)
            if cost != NEVER:
                found = rank(lines, line + WHO, lines, line + ADDED, found, RIVALS, d, cost)
    return found


def with_another(case: Case, chains: Chains, j: int, d: int) -> tuple[int, int]:
    """What driver ``j``'s first trip would add to driver ``d``'s chain, NEVER when he cannot do it, and before which of his trips
    it would add least.
    """
    row = j * case.trips_most
    size = chains.size[row]
    best = NEVER
    best_t = NEVER
    for k in range(size):
        wall, _ = barrier(case, chains.order[row * case.bundle_most + k], d)
        if wall != POSSIBLE:
            return NEVER, NEVER
    if chains.tally[d * TALLY + TRIPS] == case.trips_most:
        return NEVER, NEVER
    for t in range(chains.tally[d * TALLY + TRIPS] + 1):
        if t == 0 and case.driver[d * DRIVER + OPEN] >= 0:
            continue
        cost = chain_with(case, chains, d, t, chains.order, row * case.bundle_most, size, -1, NEVER, 1 << 60)
        if cost != NEVER and (best == NEVER or cost - chains.tally[d * TALLY + COST] < best):
            best = cost - chains.tally[d * TALLY + COST]
            best_t = t
    return best, best_t


def pickup_at(case: Case, chains: Chains, j: int, d: int, t: int) -> int:
    """When driver ``d`` would pick up driver ``j``'s first trip before his trip ``t``: what waits for its window so late that he
    does not wait at its door, as in ``schedule``.
    """
    row = j * case.trips_most
    first = row * case.bundle_most
    ready = 0
    before = 0
    after = 0
    latest = case.driver[d * DRIVER + OFF]
    for k in range(chains.size[row]):
        line = chains.order[first + k] * ORDER
        ready = max(ready, case.order[line + READY])
        before = max(before, case.order[line + PICK_BEFORE])
        after = max(after, case.order[line + PICK_AFTER])
        latest = min(latest, case.order[line + EXPIRES])
    line = chains.order[first] * ORDER
    here = (d * (case.trips_most + 1) + t) * KNOWN
    approach = way(case, chains.known[here + PLACE], case.order[line + PICKUP])
    pickup = max(chains.known[here + TIME] + case.offer_lead_s + approach + before, ready)
    leg = way(case, case.order[line + PICKUP], case.order[line + DROPOFF])
    spare = max(0, case.order[line + EARLIEST] - (pickup + after + leg + case.order[line + DROP_BEFORE]))
    return max(pickup, min(pickup + spare, latest))


def without_first(case: Case, chains: Chains, j: int) -> int:
    """What driver ``j``'s first trip adds to his own chain; NEVER when the rest of it hangs on that trip."""
    here = j * (case.trips_most + 1)
    time_s = chains.known[here * KNOWN + TIME]
    place = chains.known[here * KNOWN + PLACE]
    cost = 0
    for t in range(1, chains.tally[j * TALLY + TRIPS]):
        row = j * case.trips_most + t
        time_s, place, more, _ = do_trip(
            case, chains.order, row * case.bundle_most, chains.size[row], -1, 0, j, time_s, place
        )
        if time_s == NEVER:
            return NEVER
        cost += more
    return chains.tally[j * TALLY + COST] - cost
