"""Guided ejection: a request that finds no place pushes out one to three others whose grudges together are smaller.

Nagata and Kobayashi (2010), "Guided ejection search for the pickup and delivery problem with time windows".
"""

from doorstep.engine.chance import below
from doorstep.engine.routes.places import best_place
from doorstep.engine.routes.rows import ABILITIES, NEVER, POOLED, TRAIT, Case, State
from doorstep.engine.routes.ruin import touch
from doorstep.engine.routes.timing import put_in, refresh, take_out_absent

TRIPLES_UP_TO = 6
"""Requests in a route up to which three at once are tried."""


def eject_for(case: Case, state: State, r: int) -> None:
    """Give ``r``, which is in the pool, a place at the expense of others, who join the pool. Does nothing if none is cheap enough."""
    cheapest = state.grudge[r]
    chosen = -1
    first = below(state.chance, case.vehicles)
    for step in range(case.vehicles):
        v = first + step
        if v >= case.vehicles:
            v -= case.vehicles
        if state.usable[v] == 0 or state.size[v] == 0:
            continue
        if case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0:
            continue
        found = cheapest_of_route(case, state, v, r, cheapest)
        if found < cheapest:
            cheapest, chosen = found, v
            state.spot[5], state.spot[6], state.spot[7] = state.spot[2], state.spot[3], state.spot[4]
            if cheapest == 0:
                break
    if chosen >= 0:
        exchange(case, state, chosen, r)


def cheapest_of_route(case: Case, state: State, v: int, r: int, ceiling: int) -> int:
    """The least sum of grudges below ``ceiling`` that has to leave row ``v`` for ``r``; who leaves is put in ``spot`` 2 to 4."""
    count = 0
    row = v * case.wide + 1
    for k in range(state.size[v]):
        if state.stop[row + k] & 1 == 0:
            state.members[count] = state.stop[row + k] >> 1
            count += 1
    best = ceiling
    for i in range(count):
        a = state.members[i]
        sum_a = state.grudge[a]
        if sum_a >= best:
            continue
        if fits_without(case, state, v, r, a, -1, -1):
            best = sum_a
            state.spot[2], state.spot[3], state.spot[4] = a, -1, -1
            continue
        if count > case.pairs_up_to:
            continue
        for j in range(i + 1, count):
            b = state.members[j]
            sum_b = sum_a + state.grudge[b]
            if sum_b >= best:
                continue
            if fits_without(case, state, v, r, a, b, -1):
                best = sum_b
                state.spot[2], state.spot[3], state.spot[4] = a, b, -1
                continue
            if count > TRIPLES_UP_TO:
                continue
            for k in range(j + 1, count):
                c = state.members[k]
                if sum_b + state.grudge[c] < best and fits_without(case, state, v, r, a, b, c):
                    best = sum_b + state.grudge[c]
                    state.spot[2], state.spot[3], state.spot[4] = a, b, c
    return best


def fits_without(case: Case, state: State, v: int, r: int, a: int, b: int, c: int) -> bool:
    """Whether ``r`` finds a place in row ``v`` once ``a``, ``b`` and ``c`` (-1: nobody) are out of it."""
    scratch = case.vehicles
    row, copy = v * case.wide, scratch * case.wide
    size = 0
    for k in range(row + 1, row + state.size[v] + 1):
        x = state.stop[k] >> 1
        if x != a and x != b and x != c:  # noqa: PLR1714  tuples would be built anew each time
            size += 1
            state.stop[copy + size] = state.stop[k]
    state.size[scratch] = size
    refresh(case, state, scratch, v)
    return best_place(case, state, scratch, v, r, NEVER) < NEVER


def exchange(case: Case, state: State, v: int, r: int) -> None:
    """Push those named in ``spot`` 5 to 7 out of row ``v`` into the pool, and put ``r`` in."""
    touch(case, state, v)
    count = 0
    for k in range(state.tally[POOLED]):
        if state.pool[k] != r:
            state.pool[count] = state.pool[k]
            count += 1
    for k in range(5, 8):
        x = state.spot[k]
        if x >= 0:
            state.owner[x] = -1
            state.pool[count] = x
            count += 1
    state.tally[POOLED] = count
    take_out_absent(case, state, v)
    best_place(case, state, v, v, r, NEVER)
    put_in(case, state, v, r, state.spot[0], state.spot[1])
    state.owner[r] = v
    refresh(case, state, v, v)
