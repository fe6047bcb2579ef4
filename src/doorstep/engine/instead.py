"""Who else could have had the trips that are sent, and at what cost: figures for the reasons.

Kernels over the finished plan. They change nothing, and each trip's figures stand in a line of its own, so stretches of them can be
reckoned side by side.
"""

from doorstep.engine.candidates import BARRIERS, POSSIBLE, barrier, rank, survey
from doorstep.engine.chains import (
    COST,
    DRIVER,
    KNOWN,
    OPEN,
    PLACE,
    TALLY,
    TIME,
    TRIPS,
    Case,
    Chains,
    Ints,
    Search,
)
from doorstep.engine.insertion import chain_with
from doorstep.engine.objective import NEVER, do_trip

RIVALS = 3
# Columns of a line: whose first trip it is and what it adds to her chain; how many others could have it, who, what it would add
# to theirs and when they could pick it up; how many drivers each barrier keeps from its first order, by how little they miss it.
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
            lines[line + PICKED + k] = pickup_with(case, chains, j, lines[line + WHO + k])
        survey(case, chains.order[j * case.trips_most * case.bundle_most], lines, line + COUNT, line + LEAST)


def next_best(case: Case, chains: Chains, search: Search, j: int, lines: Ints, line: int) -> int:
    """The drivers to whom driver ``j``'s first trip would cost least, cheapest first, and what; how many there are."""
    first = chains.order[j * case.trips_most * case.bundle_most]
    found = 0
    for c in range(case.candidates_most):
        d = search.candidate[first * case.candidates_most + c]
        if d < 0:
            break
        if d != j:
            cost = with_another(case, chains, j, d)
            if cost != NEVER:
                found = rank(lines, line + WHO, lines, line + ADDED, found, RIVALS, d, cost)
    return found


def pickup_with(case: Case, chains: Chains, j: int, d: int) -> int:
    """When driver ``d`` could pick up driver ``j``'s first trip at the earliest."""
    pickup = 0
    for k in range(chains.size[j * case.trips_most]):
        pickup = max(pickup, barrier(case, chains.order[j * case.trips_most * case.bundle_most + k], d)[1])
    return pickup


def with_another(case: Case, chains: Chains, j: int, d: int) -> int:
    """What driver ``j``'s first trip would add to driver ``d``'s chain, NEVER when he cannot do it."""
    row = j * case.trips_most
    size = chains.size[row]
    for k in range(size):
        wall, _ = barrier(case, chains.order[row * case.bundle_most + k], d)
        if wall != POSSIBLE:
            return NEVER
    best = NEVER
    if chains.tally[d * TALLY + TRIPS] == case.trips_most:
        return NEVER
    for t in range(chains.tally[d * TALLY + TRIPS] + 1):
        if t == 0 and case.driver[d * DRIVER + OPEN] >= 0:
            continue
        cost = chain_with(case, chains, d, t, chains.order, row * case.bundle_most, size, -1, NEVER, 1 << 60)
        if cost != NEVER and (best == NEVER or cost - chains.tally[d * TALLY + COST] < best):
            best = cost - chains.tally[d * TALLY + COST]
    return best


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
