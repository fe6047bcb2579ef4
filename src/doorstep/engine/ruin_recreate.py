"""Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt, Dueck 2000): take a few related orders out, put them back better.

Related as in Ropke and Pisinger (2006), recreated by greedy insertion with blinks as in Christiaens and Vanden Berghe
(2020, "Slack induction by string removals"), accepted by annealing, the best kept.
"""

from doorstep.engine.chains import (
    ABODE,
    ABSENT,
    CREW,
    DRIFT_COUNT,
    DRIFTS,
    DROPOFF,
    HOME,
    KEPT,
    KEY,
    MARKS,
    MEMBERS,
    NOTES,
    ORDER,
    OWNER,
    PART,
    PICKUP,
    POOLED_AT,
    READY,
    TALLY,
    TOTAL,
    TOUCHES,
    TRIPS,
    TURN,
    Case,
    Chains,
    Ints,
    Search,
    copy_row,
    way,
)
from doorstep.engine.chance import below, exponential, start_chance
from doorstep.engine.insertion import insert
from doorstep.engine.objective import take_out

COLDEST = 4
"""The temperature ends near its start divided by the square of this."""


SEARCHED = 200
"""Orders looked through for some that are left out, in one turn."""


def ruin_and_recreate(
    case: Case, chains: Chains, search: Search, saved: Chains, best: Chains, scope: Ints, rounds: int, seed: int, hot_ms: int,
    most: int, blink: int,
) -> None:  # fmt: skip
    """Polish the plan for ``rounds`` turns; leaves the best plan met.

    ``scope``: the orders that are searched, and behind them the drivers.
    """
    start_chance(search.chance, seed)
    for j in range(search.tally[CREW]):
        d = scope[search.tally[MEMBERS] + j]
        copy_row(case, chains, d, best, d)
        search.driver[d * NOTES + DRIFTS] = 0
    search.tally[DRIFT_COUNT] = 0
    current = search.tally[TOTAL]
    least = current
    for turn in range(1, rounds + 1):
        search.tally[TURN] = turn
        search.tally[TOUCHES] = 0
        absent = search.tally[ABSENT]
        count = ruin(case, chains, search, saved, scope, most)
        count = call_back(search, scope, count, most)
        recreate(case, chains, search, saved, count, blink)
        cooled = rounds + (COLDEST - 1) * turn
        heat = hot_ms * rounds // cooled * rounds // cooled
        if search.tally[TOTAL] < current + exponential(search.chance, heat):
            current = search.tally[TOTAL]
            note_drift(search)
            if current < least:
                least = current
                keep_best(case, chains, search, best)
        else:
            undo(case, chains, search, saved)
            search.tally[TOTAL] = current
            search.tally[ABSENT] = absent
    return_to_best(case, chains, search, best, scope)
    search.tally[TOTAL] = least


def ruin(case: Case, chains: Chains, search: Search, saved: Chains, scope: Ints, most: int) -> int:
    """Take out up to ``most`` orders around a random one; how many lie in the pool."""
    seed_order = scope[below(search.chance, search.tally[MEMBERS])]
    wanted = 1 + below(search.chance, most)
    if below(search.chance, 10) < 4:
        return ruin_drivers(case, chains, search, saved, seed_order, wanted)
    count = pull(case, chains, search, saved, seed_order, 0)
    for k in range(case.neighbours_most):
        other = search.neighbour[seed_order * case.neighbours_most + k]
        if other < 0 or count >= wanted:
            break
        if search.order[other * MARKS + HOME] != search.tally[PART]:
            continue
        if below(search.chance, 10) < 7:
            count = pull(case, chains, search, saved, other, count)
    return count


def ruin_drivers(
    case: Case, chains: Chains, search: Search, saved: Chains, seed_order: int, wanted: int
) -> int:
    """Take the orders of the seed's driver and of those who could have come first."""
    count = 0
    d = search.order[seed_order * MARKS + OWNER]
    count = pull(case, chains, search, saved, seed_order, count)
    for c in range(-1, case.candidates_most):
        if c >= 0:
            d = search.candidate[seed_order * case.candidates_most + c]
            if d < 0:
                break
            if search.driver[d * NOTES + ABODE] != search.tally[PART]:
                continue
            if below(search.chance, 10) < 3:
                continue
        while d >= 0 and count < wanted:
            o = last_free(case, chains, d)
            if o < 0:
                break
            count = pull(case, chains, search, saved, o, count)
        if count >= wanted:
            break
    return count


def last_free(case: Case, chains: Chains, d: int) -> int:
    """The last order in driver ``d``'s chain that she does not keep, -1 when there is none."""
    for t in range(chains.tally[d * TALLY + TRIPS] - 1, -1, -1):
        row = d * case.trips_most + t
        for k in range(chains.size[row] - 1, -1, -1):
            o = chains.order[row * case.bundle_most + k]
            if not case.order[o * ORDER + KEPT]:
                return o
    return -1


def pull(case: Case, chains: Chains, search: Search, saved: Chains, o: int, count: int) -> int:
    """Move order ``o``, unless somebody keeps it, to the pool of ``count`` orders; the pool's new size."""
    if search.order[o * MARKS + POOLED_AT] == search.tally[TURN] or case.order[o * ORDER + KEPT]:
        return count
    if search.order[o * MARKS + OWNER] >= 0:
        take_out(case, chains, search, saved, o)
    search.order[o * MARKS + POOLED_AT] = search.tally[TURN]
    search.pool[count] = o
    return count + 1


def call_back(search: Search, scope: Ints, count: int, most: int) -> int:
    """Add to the pool some of the orders that are left out, from a random one on; the pool's new size.

    In a large world only a part of it is searched for them, so that a turn costs the same in any world.
    """
    if search.tally[ABSENT] == 0:
        return count
    i = below(search.chance, search.tally[MEMBERS])
    called = 0
    for _ in range(min(search.tally[MEMBERS], SEARCHED)):
        o = scope[i]
        if search.order[o * MARKS + OWNER] < 0 and search.order[o * MARKS + POOLED_AT] != search.tally[TURN]:
            search.order[o * MARKS + POOLED_AT] = search.tally[TURN]
            search.pool[count] = o
            count += 1
            called += 1
            if called == most:
                break
        i += 1
        if i == search.tally[MEMBERS]:
            i = 0
    return count


def recreate(case: Case, chains: Chains, search: Search, saved: Chains, count: int, blink: int) -> None:
    """Put the pool back: soonest ready first, farthest shopper first, or in any sequence."""
    how = below(search.chance, 3)
    for k in range(count):
        o = search.pool[k]
        if how == 0:
            search.order[o * MARKS + KEY] = case.order[o * ORDER + READY]
        elif how == 1:
            search.order[o * MARKS + KEY] = -way(
                case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF]
            )
        else:
            search.order[o * MARKS + KEY] = below(search.chance, 1 << 20)
        i = k
        while i > 0 and search.order[search.pool[i - 1] * MARKS + KEY] > search.order[o * MARKS + KEY]:
            search.pool[i] = search.pool[i - 1]
            i -= 1
        search.pool[i] = o
    for k in range(count):
        insert(case, chains, search, saved, search.pool[k], blink)


def undo(case: Case, chains: Chains, search: Search, saved: Chains) -> None:
    """Put the chains touched this turn back as they were."""
    for j in range(search.tally[TOUCHES]):
        mark(case, chains, search, search.touched[j], -1)
    for j in range(search.tally[TOUCHES]):
        d = search.touched[j]
        copy_row(case, saved, j, chains, d)
    for j in range(search.tally[TOUCHES]):
        mark(case, chains, search, search.touched[j], search.touched[j])


def mark(case: Case, chains: Chains, search: Search, d: int, owner: int) -> None:
    """Note ``owner`` as the driver of every order in driver ``d``'s chain."""
    for t in range(chains.tally[d * TALLY + TRIPS]):
        row = d * case.trips_most + t
        for k in range(chains.size[row]):
            search.order[chains.order[row * case.bundle_most + k] * MARKS + OWNER] = owner


def note_drift(search: Search) -> None:
    """Remember that the chains touched this turn may differ from the best plan."""
    for j in range(search.tally[TOUCHES]):
        d = search.touched[j]
        if search.driver[d * NOTES + DRIFTS] == 0:
            search.driver[d * NOTES + DRIFTS] = 1
            search.drifted[search.tally[DRIFT_COUNT]] = d
            search.tally[DRIFT_COUNT] += 1


def keep_best(case: Case, chains: Chains, search: Search, best: Chains) -> None:
    """The plan is the best so far: copy what differs."""
    for j in range(search.tally[DRIFT_COUNT]):
        d = search.drifted[j]
        copy_row(case, chains, d, best, d)
        search.driver[d * NOTES + DRIFTS] = 0
    search.tally[DRIFT_COUNT] = 0


def return_to_best(case: Case, chains: Chains, search: Search, best: Chains, scope: Ints) -> None:
    """Go back to the best plan met."""
    for j in range(search.tally[DRIFT_COUNT]):
        d = search.drifted[j]
        mark(case, chains, search, d, -1)
    for j in range(search.tally[DRIFT_COUNT]):
        d = search.drifted[j]
        copy_row(case, best, d, chains, d)
    for j in range(search.tally[DRIFT_COUNT]):
        mark(case, chains, search, search.drifted[j], search.drifted[j])
    search.tally[ABSENT] = 0
    for i in range(search.tally[MEMBERS]):
        if search.order[scope[i] * MARKS + OWNER] < 0:
            search.tally[ABSENT] += 1
