"""Put the pool back: one request after the other where it adds least, in one of several sequences, with rare blinks."""

from doorstep.engine.chance import below
from doorstep.engine.routes.places import best_place, remembered
from doorstep.engine.routes.rows import (
    CLOSES,
    NEVER,
    NODE,
    OPENS,
    POOLED,
    SCAN,
    TURN,
    UNITS,
    WERE_ABSENT,
    Case,
    State,
)
from doorstep.engine.routes.ruin import touch
from doorstep.engine.routes.timing import put_in, refresh

BLINK = 100
"""One route in so many is overlooked."""
FEW_ROUTES = 12
"""Up to so many vehicles every route is a candidate."""
PATIENT = 24
"""Up to so many absent requests are all tried in each turn; of more, those near a route that changed."""


def recreate(case: Case, state: State, guided: bool) -> None:
    """Try to place every request of the pool; who finds no place stays in it, and bears a grudge if required."""
    arrange(case, state, guided)
    count = state.tally[POOLED]
    left = 0
    calm = state.tally[WERE_ABSENT] > PATIENT
    for k in range(count):
        r = state.pool[k]
        placed = False
        if not (calm and state.rank[r] >= NEVER):
            placed = place(case, state, r)
        if not placed:
            state.pool[left] = r
            left += 1
    state.tally[POOLED] = left


def arrange(case: Case, state: State, guided: bool) -> None:
    """Choose a sequence and sort the pool by it. Long absent requests with nothing new near them go last, unranked."""
    how = below(state.chance, 19 if guided else 13)
    count = state.tally[POOLED]
    before = state.tally[WERE_ABSENT]
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
        if before > PATIENT and k < before and not near_change(case, state, r):
            key = NEVER
        state.rank[r] = key
        i = k
        while i > 0 and state.rank[state.pool[i - 1]] > key:
            state.pool[i] = state.pool[i - 1]
            i -= 1
        state.pool[i] = r


def near_change(case: Case, state: State, r: int) -> bool:
    """Whether a route close to ``r`` was touched this turn."""
    for k in range(case.close_most):
        x = case.close[r * case.close_most + k]
        if x < 0:
            break
        v = state.owner[x >> 1]
        if v < 0 or state.touched_at[v] == state.tally[TURN]:
            return True
    return False


def place(case: Case, state: State, r: int) -> bool:
    """Insert ``r`` where it adds least, not above its prize; whether it found a place."""
    best_v = cheapest(case, state, r)
    if best_v < 0:
        return False
    cost = best_place(case, state, best_v, best_v, r, NEVER)
    if cost >= case.prize[r]:
        return False
    touch(case, state, best_v)
    put_in(case, state, best_v, r, state.spot[0], state.spot[1])
    state.owner[r] = best_v
    refresh(case, state, best_v, best_v)
    return True


def cheapest(case: Case, state: State, r: int) -> int:
    """The vehicle in whose route ``r`` adds least, -1: none. Candidates first; all when none of them can."""
    if case.vehicles > FEW_ROUTES:
        state.tally[SCAN] += 1
        v = among_close(case, state, r)
        if v >= 0:
            return v
    return among_all(case, state, r)


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
        cost = remembered(case, state, v, r)
        if cost < best:
            best, best_v = cost, v
    for k in range(case.kinds_most):
        kind = case.near_kind[r * case.kinds_most + k]
        if kind < 0:
            break
        v = unused(case, state, kind)
        if v < 0 or state.seen[v] == stamp or below(state.chance, BLINK) == 0:
            continue
        state.seen[v] = stamp
        cost = remembered(case, state, v, r)
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
            cost = remembered(case, state, v, r)
            if cost < best:
                best, best_v = cost, v
    return best_v
