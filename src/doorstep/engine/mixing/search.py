"""Ruin and recreate over all tours: a few related orders out, each back where it adds least, accepted by annealing.

The search of ``ruin_recreate`` on stops instead of trips: see there for the papers. What a driver is bound to is moved within
her own tour only.
"""

from doorstep.engine.chains import (
    ABSENT,
    DRIFT_COUNT,
    DRIFTS,
    DROPOFF,
    KEY,
    MARKS,
    NOTES,
    ORDER,
    OWNER,
    PICKUP,
    POOLED_AT,
    PRICE,
    READY,
    TOTAL,
    TOUCHES,
    TURN,
    Case,
    Ints,
    Search,
    way,
)
from doorstep.engine.chance import below, exponential, start_chance
from doorstep.engine.mixing.places import UNLIMITED, place_order, queue
from doorstep.engine.mixing.tours import Tours, copy_tour, reckon, take_stops
from doorstep.engine.ruin_recreate import COLDEST, call_back, note_drift

UNTHINKABLE = 1 << 44
"""The price of an order that somebody is bound to: no plan is without it."""


def settle_tours(case: Case, tours: Tours, search: Search) -> None:
    """Work out the tours carried over from the last tick; what has become impossible is left out."""
    search.tally[TOTAL] = 0
    search.tally[ABSENT] = 0
    for o in range(case.orders):
        if tours.holder[o] >= 0:
            search.order[o * MARKS + PRICE] = UNTHINKABLE
        if search.order[o * MARKS + OWNER] < 0:
            search.tally[ABSENT] += 1
            search.tally[TOTAL] += search.order[o * MARKS + PRICE]
    for d in range(case.drivers):
        tours.cost[d] = 0
        reckon(case, tours, search, d, 0)


def polish_tours(
    case: Case, tours: Tours, search: Search, saved: Tours, best: Tours, scope: Ints, rounds: int, seed: int, hot_ms: int,
    most: int, blink: int,
) -> None:  # fmt: skip
    """Polish the plan for ``rounds`` turns; leaves the best plan met. ``scope``: the orders that are searched."""
    start_chance(search.chance, seed)
    for d in range(case.drivers):
        copy_tour(tours, d, best, d)
        search.driver[d * NOTES + DRIFTS] = 0
    search.tally[DRIFT_COUNT] = 0
    current = search.tally[TOTAL]
    least = current
    for turn in range(1, rounds + 1):
        search.tally[TURN] = turn
        search.tally[TOUCHES] = 0
        absent = search.tally[ABSENT]
        count = ruin_tours(case, tours, search, saved, most)
        count = call_back(search, scope, count, most)
        recreate_tours(case, tours, search, saved, count, blink)
        cooled = rounds + (COLDEST - 1) * turn
        heat = hot_ms * rounds // cooled * rounds // cooled
        if search.tally[TOTAL] < current + exponential(search.chance, heat):
            current = search.tally[TOTAL]
            note_drift(search)
            if current < least:
                least = current
                keep_best_tours(search, tours, best)
        else:
            undo_tours(tours, search, saved)
            search.tally[TOTAL] = current
            search.tally[ABSENT] = absent
    return_to_best_tours(case, tours, search, best)
    search.tally[TOTAL] = least


def ruin_tours(case: Case, tours: Tours, search: Search, saved: Tours, most: int) -> int:
    """Take out up to ``most`` orders around a random one; how many lie in the pool."""
    seed_order = below(search.chance, case.orders)
    wanted = 1 + below(search.chance, most)
    if below(search.chance, 10) < 4:
        return ruin_near_drivers(case, tours, search, saved, seed_order, wanted)
    count = pull_order(case, tours, search, saved, seed_order, 0)
    for k in range(case.neighbours_most):
        other = search.neighbour[seed_order * case.neighbours_most + k]
        if other < 0 or count >= wanted:
            break
        if below(search.chance, 10) < 7:
            count = pull_order(case, tours, search, saved, other, count)
    return count


def ruin_near_drivers(
    case: Case, tours: Tours, search: Search, saved: Tours, seed_order: int, wanted: int
) -> int:
    """Take the last stops of the seed's driver and of those who could have come first."""
    d = search.order[seed_order * MARKS + OWNER]
    count = pull_order(case, tours, search, saved, seed_order, 0)
    for c in range(-1, case.candidates_most):
        if c >= 0:
            d = search.candidate[seed_order * case.candidates_most + c]
            if d < 0:
                break
            if below(search.chance, 10) < 3:
                continue
        while d >= 0 and count < wanted and tours.size[d] > tours.fixed[d]:
            count = pull_order(
                case, tours, search, saved, tours.stop[d * tours.wide + tours.size[d] - 1] // 2, count
            )
        if count >= wanted:
            break
    return count


def pull_order(case: Case, tours: Tours, search: Search, saved: Tours, o: int, count: int) -> int:
    """Move order ``o`` to the pool of ``count`` orders; the pool's new size."""
    if search.order[o * MARKS + POOLED_AT] == search.tally[TURN]:
        return count
    if search.order[o * MARKS + OWNER] >= 0:
        take_stops(case, tours, search, saved, o)
    search.order[o * MARKS + POOLED_AT] = search.tally[TURN]
    search.pool[count] = o
    return count + 1


def recreate_tours(case: Case, tours: Tours, search: Search, saved: Tours, count: int, blink: int) -> None:
    """Put the pool back: what is bound first, then soonest ready, farthest shopper or any sequence."""
    how = below(search.chance, 3)
    for k in range(count):
        o = search.pool[k]
        if tours.holder[o] >= 0:
            search.order[o * MARKS + KEY] = -UNLIMITED
        elif how == 0:
            search.order[o * MARKS + KEY] = case.order[o * ORDER + READY]
        elif how == 1:
            search.order[o * MARKS + KEY] = -way(
                case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF]
            )
        else:
            search.order[o * MARKS + KEY] = below(search.chance, 1 << 20)
        queue(search, o, k)
    for k in range(count):
        place_order(case, tours, search, saved, search.pool[k], blink)


def undo_tours(tours: Tours, search: Search, saved: Tours) -> None:
    """Put the tours touched this turn back as they were."""
    for j in range(search.tally[TOUCHES]):
        mark_tour(tours, search, search.touched[j], -1)
    for j in range(search.tally[TOUCHES]):
        copy_tour(saved, j, tours, search.touched[j])
    for j in range(search.tally[TOUCHES]):
        mark_tour(tours, search, search.touched[j], search.touched[j])


def mark_tour(tours: Tours, search: Search, d: int, owner: int) -> None:
    """Note ``owner`` as the driver of every order that driver ``d`` drops."""
    for k in range(tours.size[d]):
        stop = tours.stop[d * tours.wide + k]
        if stop % 2 == 1:
            search.order[stop // 2 * MARKS + OWNER] = owner


def keep_best_tours(search: Search, tours: Tours, best: Tours) -> None:
    """The plan is the best so far: copy what differs."""
    for j in range(search.tally[DRIFT_COUNT]):
        d = search.drifted[j]
        copy_tour(tours, d, best, d)
        search.driver[d * NOTES + DRIFTS] = 0
    search.tally[DRIFT_COUNT] = 0


def return_to_best_tours(case: Case, tours: Tours, search: Search, best: Tours) -> None:
    """Go back to the best plan met."""
    for j in range(search.tally[DRIFT_COUNT]):
        mark_tour(tours, search, search.drifted[j], -1)
    for j in range(search.tally[DRIFT_COUNT]):
        copy_tour(best, search.drifted[j], tours, search.drifted[j])
    for j in range(search.tally[DRIFT_COUNT]):
        mark_tour(tours, search, search.drifted[j], search.drifted[j])
    search.tally[ABSENT] = 0
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            search.tally[ABSENT] += 1
