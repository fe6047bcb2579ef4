"""The search itself: ruin, recreate, accept or undo, keep the best; in the fleet phase give up one vehicle after another.

Annealing (Kirkpatrick et al. 1983) over plans; while required requests are out, those out longest count most (the
absence counters of Christiaens and Vanden Berghe 2020) and may push others out (guided ejection, Nagata and Kobayashi 2010).
"""

from doorstep.engine.chance import below, exponential
from doorstep.engine.routes.ejection import eject_for
from doorstep.engine.routes.recreate import recreate
from doorstep.engine.routes.rows import (
    BEST_MISSING,
    BEST_TOTAL,
    EJECTED_AT,
    GONE,
    LEAST_MISSING,
    MISSING,
    NEVER,
    POOLED,
    TOTAL,
    TURN,
    Case,
    State,
)
from doorstep.engine.routes.ruin import begin_turn, count_up, keep_best, return_to_best, ruin, touch, undo
from doorstep.engine.routes.timing import refresh

MEAN = 1 << 20


def start(case: Case, state: State) -> None:
    """A first plan: everything into the pool, then in."""
    for v in range(case.vehicles):
        refresh(case, state, v, v)
    begin_turn(state)
    for r in range(case.requests):
        state.absent_at[r] = 0  # nobody has been tried yet
    recreate(case, state, False, case.requests, 0)
    count_up(case, state)
    keep_best(case, state)


def polish(case: Case, state: State, count: int, heat: float, fleet: bool) -> None:
    """``count`` turns at temperature ``heat``; ``fleet``: whenever nobody required is out, give up a vehicle."""
    for _ in range(count):
        if fleet and state.tally[MISSING] == 0:
            give_up_vehicle(case, state)
        missing, total, grudges = state.tally[MISSING], state.amount[TOTAL], grudge_of_absent(case, state)
        begin_turn(state)
        if missing > 0 and fleet and state.tally[TURN] - state.tally[EJECTED_AT] >= case.eject_every:
            state.tally[EJECTED_AT] = state.tally[TURN]
            eject_for(case, state, most_absent(case, state))
        else:
            seed = below(state.chance, case.requests)
            if missing > 0 and below(state.chance, 2) == 0:
                seed = state.pool[below(state.chance, state.tally[POOLED])]
            ruin(case, state, 2 * seed + below(state.chance, 2))
        most_out, most_grudges = case.requests, 0
        if fleet:
            most_out, most_grudges = missing, grudges
        elif missing == 0:
            most_out = 0
        if not recreate(case, state, fleet and missing > 0, most_out, most_grudges):
            undo(case, state)
            continue
        count_up(case, state)
        margin = heat * exponential(state.chance, MEAN) / MEAN
        now_missing = state.tally[MISSING]
        if fleet:
            better = now_missing <= missing and state.amount[TOTAL] < total + margin
            # Without this bound, few who bear much are swapped for ever more who bear little.
            if not better and now_missing <= max(missing, case.out_most):
                better = grudge_of_absent(case, state) - now_missing < grudges
        else:
            worse = state.amount[TOTAL] - total + (now_missing - missing) * case.left_out * case.unit
            # Fewer out than ever is better however far they are.
            better = worse < margin or now_missing < state.tally[BEST_MISSING]
        if not better:
            undo(case, state)
            state.tally[MISSING] = missing
            state.amount[TOTAL] = total
            continue
        state.tally[LEAST_MISSING] = min(state.tally[LEAST_MISSING], now_missing)
        if now_missing < state.tally[BEST_MISSING] or (
            now_missing == state.tally[BEST_MISSING]
            and ((fleet and now_missing == 0) or state.amount[TOTAL] < state.amount[BEST_TOTAL])
        ):
            keep_best(case, state)


def grudge_of_absent(case: Case, state: State) -> int:
    """The grudges of all required requests that are out."""
    total = 0
    for k in range(state.tally[POOLED]):
        if case.prize[state.pool[k]] >= NEVER:
            total += state.grudge[state.pool[k]]
    return total


def most_absent(case: Case, state: State) -> int:
    """The required request out of any route that bears the greatest grudge."""
    chosen = -1
    for k in range(state.tally[POOLED]):
        r = state.pool[k]
        if case.prize[r] >= NEVER and (chosen < 0 or state.grudge[r] > state.grudge[chosen]):
            chosen = r
    return chosen


def give_up_vehicle(case: Case, state: State) -> None:
    """Keep this plan as the best; then take the vehicle away whose requests bear the least grudge."""
    keep_best(case, state)
    chosen, least = -1, 0
    for v in range(case.vehicles):
        if state.usable[v] == 0:
            continue
        if state.size[v] == 0:
            state.usable[v] = 0
            state.best_usable[v] = 0
            continue
        grudges = 0
        row = v * case.wide + 1
        for k in range(state.size[v]):
            grudges += state.grudge[state.stop[row + k] >> 1]
        if chosen < 0 or grudges < least:
            chosen, least = v, grudges
    if chosen < 0:
        return
    state.tally[GONE] += 1
    begin_turn(state)
    touch(case, state, chosen)
    row = chosen * case.wide + 1
    for k in range(state.size[chosen]):
        r = state.stop[row + k] >> 1
        if state.owner[r] >= 0:
            state.owner[r] = -1
            state.pool[state.tally[POOLED]] = r
            state.tally[POOLED] += 1
    state.size[chosen] = 0
    state.usable[chosen] = 0
    state.tally[EJECTED_AT] = state.tally[TURN]
    refresh(case, state, chosen, chosen)
    recreate(case, state, True, case.requests, 0)
    count_up(case, state)
    state.tally[LEAST_MISSING] = state.tally[MISSING]


def end_phase(case: Case, state: State) -> None:
    """Back to the best plan."""
    return_to_best(case, state)
