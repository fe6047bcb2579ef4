"""The second half of a turn: greedy insertion with blinks puts the requests of the pool back, one after the other where it adds least.

Christiaens and Vanden Berghe (2020), "Slack induction by string removals for vehicle routing problems". The sequence is theirs,
drawn anew each turn (by lot, load, length, windows), or in the fleet phase by falling grudge, their absence counters. A blink
overlooks one position in a hundred; so it is in ``beside``, but where whole routes are tried, whose costs are remembered, one route.
"""

from doorstep.engine.chance import below
from doorstep.engine.routes.beside import BLINK, best_beside
from doorstep.engine.routes.places import best_place, remembered
from doorstep.engine.routes.rows import (
    AT_DELIVERY,
    AT_PICKUP,
    AT_ROW,
    CLOSES,
    NEVER,
    NODE,
    OPENS,
    POOLED,
    SCAN,
    TOUCHES,
    TURN,
    UNITS,
    WERE_ABSENT,
    Case,
    State,
)
from doorstep.engine.routes.ruin import touch
from doorstep.engine.routes.timing import put_in, refresh

PATIENT = 24
"""When more than so many are out, each is tried only in turns that changed something near it."""


def recreate(case: Case, state: State, guided: bool, most_out: int, most_grudges: int) -> bool:
    """Try to place every request of the pool; who finds no place stays in it.

    Gives up, and says False, as soon as more than ``most_out`` required ones found none who together bear
    ``most_grudges`` or more; the turn is to be undone then.
    """
    arrange(case, state, guided)
    count = state.tally[POOLED]
    left, out, grudges = 0, 0, 0
    for k in range(count):
        r = state.pool[k]
        if place(case, state, r):
            continue
        state.pool[left] = r
        left += 1
        if case.prize[r] < NEVER:
            continue
        out += 1
        grudges += state.grudge[r]
        state.grudge[r] += 1
        if out > most_out and grudges >= most_grudges:
            return False
    state.tally[POOLED] = left
    return True


def arrange(case: Case, state: State, guided: bool) -> None:
    """Choose a sequence and sort the pool by it."""
    how = below(state.chance, 19 if guided else 13)
    count = state.tally[POOLED]
    for k in range(count):
        r = state.pool[k]
        p = 2 * r
        if how < 4:
            key = 1.0 * below(state.chance, 1 << 24)
        elif how < 6:
            key = -case.node[p * NODE + UNITS]
        elif how < 8:
            key = -case.span[r]
        elif how < 9:
            key = case.span[r]
        elif how < 11:
            key = case.node[p * NODE + CLOSES] - case.node[p * NODE + OPENS]
        elif how < 12:
            key = case.node[p * NODE + OPENS]
        elif how < 13:
            key = -case.node[(p + 1) * NODE + CLOSES]
        else:
            key = -1.0 * state.grudge[r]
        state.rank[r] = key
        i = k
        while i > 0 and state.rank[state.pool[i - 1]] > key:
            state.pool[i] = state.pool[i - 1]
            i -= 1
        state.pool[i] = r


def place(case: Case, state: State, r: int) -> bool:
    """Insert ``r`` where it adds least, not above its prize; whether it found a place."""
    if cheapest(case, state, r) >= case.prize[r]:
        return False
    v = state.spot[AT_ROW]
    touch(case, state, v)
    put_in(case, state, v, r, state.spot[AT_PICKUP], state.spot[AT_DELIVERY])
    state.owner[r] = v
    refresh(case, state, v, v)
    return True


def cheapest(case: Case, state: State, r: int) -> float:
    """What ``r`` adds where it adds least, NEVER: nowhere; row and cells in ``spot``.

    Who was out before fits in no route but those that changed; who was just removed is tried near by first. Now and
    then, when that finds nothing, all routes are tried.
    """
    state.tally[SCAN] += 1
    if state.absent_at[r] == state.tally[TURN]:
        patient = state.tally[WERE_ABSENT] > PATIENT
        if patient and not near_change(case, state, r):
            return NEVER
        v = among_touched(case, state, r)
        if v < 0 and not patient and below(state.chance, case.scan_old) == 0:
            v = among_all(case, state, r)
        return in_row(case, state, r, v)
    if case.beside_most > 0:
        cost = best_beside(case, state, r)
        i, j, row = state.spot[AT_PICKUP], state.spot[AT_DELIVERY], state.spot[AT_ROW]
        v = among_starts(case, state, r, cost)
        if v < 0 and cost < NEVER:
            state.spot[AT_PICKUP], state.spot[AT_DELIVERY], state.spot[AT_ROW] = i, j, row
            return cost
    else:
        v = among_close(case, state, r)
    if v < 0 and below(state.chance, case.scan_new) == 0:
        v = among_all(case, state, r)
    return in_row(case, state, r, v)


def in_row(case: Case, state: State, r: int, v: int) -> float:
    """What ``r`` adds to row ``v`` (-1: none); row and cells in ``spot``."""
    if v < 0:
        return NEVER
    state.spot[AT_ROW] = v
    return best_place(case, state, v, v, r, NEVER)


def near_change(case: Case, state: State, r: int) -> bool:
    """Whether a route that changed this turn passes near ``r``, or somebody near it was taken out."""
    for k in range(case.close_most):
        x = case.close[r * case.close_most + k]
        if x < 0:
            break
        v = state.owner[x >> 1]
        if v >= 0 and state.touched_at[v] == state.tally[TURN]:
            return True
        if v < 0 and state.absent_at[x >> 1] != state.tally[TURN]:
            return True
    return False


def among_touched(case: Case, state: State, r: int) -> int:
    """The best of the routes that changed this turn."""
    best, best_v = NEVER, -1
    for t in range(state.tally[TOUCHES]):
        v = state.touched[t]
        if state.usable[v] == 0 or below(state.chance, BLINK) == 0:
            continue
        cost = remembered(case, state, v, r, best)
        if cost < best:
            best, best_v = cost, v
    return best_v


def among_close(case: Case, state: State, r: int) -> int:
    """The best of the routes that pass near ``r`` and of the vehicles that start near it."""
    stamp = state.tally[SCAN]
    best, best_v = NEVER, -1
    for k in range(case.close_most):
        x = case.close[r * case.close_most + k]
        if x < 0:
            break
        v = state.owner[x >> 1]
        if v < 0 or state.seen[v] == stamp:
            continue
        state.seen[v] = stamp
        if below(state.chance, BLINK) == 0:
            continue
        cost = remembered(case, state, v, r, best)
        if cost < best:
            best, best_v = cost, v
    v = among_starts(case, state, r, best)
    return v if v >= 0 else best_v


def among_starts(case: Case, state: State, r: int, ceiling: float) -> int:
    """The best of the vehicles not seen in this scan that start near ``r``, where it adds less than ``ceiling``, else -1."""
    stamp = state.tally[SCAN]
    best, best_v = ceiling, -1
    for k in range(case.kinds_most):
        kind = case.near_kind[r * case.kinds_most + k]
        if kind < 0:
            break
        v = unused(case, state, kind)
        if v < 0 or state.seen[v] == stamp or below(state.chance, BLINK) == 0:
            continue
        state.seen[v] = stamp
        cost = remembered(case, state, v, r, best)
        if cost < best:
            best, best_v = cost, v
    return best_v


def unused(case: Case, state: State, kind: int) -> int:
    """The first usable vehicle of ``kind`` with an empty route; its only one even when not empty; -1: none."""
    first, behind = case.kind_from[kind], case.kind_from[kind + 1]
    if behind - first == 1 and state.usable[first] != 0:
        return first
    for v in range(first, behind):
        if state.usable[v] != 0 and state.size[v] == 0:
            return v
    return -1


def among_all(case: Case, state: State, r: int) -> int:
    """The best of all usable vehicles; of the empty ones of a kind, the first."""
    best, best_v = NEVER, -1
    for kind in range(case.kinds):
        empty = False
        for v in range(case.kind_from[kind], case.kind_from[kind + 1]):
            if state.usable[v] == 0 or (empty and state.size[v] == 0):
                continue
            if state.size[v] == 0:
                empty = True
            if below(state.chance, BLINK) == 0:
                continue
            cost = remembered(case, state, v, r, best)
            if cost < best:
                best, best_v = cost, v
    return best_v
