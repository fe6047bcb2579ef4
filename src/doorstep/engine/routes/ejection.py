"""Guided ejection: a request that finds no place pushes out one to three others whose grudges together are smaller.

Nagata and Kobayashi (2010), "Guided ejection search for the pickup and delivery problem with time windows".
"""

from doorstep.engine.chance import below
from doorstep.engine.routes.places import best_place
from doorstep.engine.routes.rows import ABILITIES, AT_DELIVERY, AT_PICKUP, NEVER, POOLED, TRAIT, Case, State
from doorstep.engine.routes.ruin import touch
from doorstep.engine.routes.timing import put_in, refresh, take_out_absent

CHOSEN = 8
"""Cell of ``spot`` that names the row; 5 to 7 name who leaves it, and 2 to 4 the same within one row."""
TRIPLES_UP_TO = 6
"""Requests in a route up to which three at once are tried."""


def eject_for(case: Case, state: State, r: int) -> None:
    """Give ``r``, which is in the pool, a place at the expense of others, who join the pool. Does nothing if none is cheap enough."""
    # One alone, everywhere; then several together of less grudge than that, the cheap ones before the dear.
    cheapest = cheapest_anywhere(case, state, r, 1, 0, state.grudge[r])
    floor, ceiling = 0, max(cheapest // 8, 1)
    while floor < cheapest:
        found = cheapest_anywhere(case, state, r, 2, floor, min(ceiling, cheapest))
        if found < min(ceiling, cheapest):
            cheapest = found
            break
        floor = ceiling
        ceiling *= 2
    if cheapest < state.grudge[r]:
        exchange(case, state, state.spot[CHOSEN], r)


def cheapest_anywhere(case: Case, state: State, r: int, at_once: int, floor: int, ceiling: int) -> int:
    """The least sum of grudges below ``ceiling`` that has to leave any one route for ``r``; who and where in ``spot`` 5 to 8.

    ``at_once`` 1: one who leaves alone; 2: several together who bear ``floor`` or more.
    """
    cheapest = ceiling
    first = below(state.chance, case.vehicles)
    for step in range(case.vehicles):
        v = first + step
        if v >= case.vehicles:
            v -= case.vehicles
        if (
            state.usable[v] == 0
            or state.size[v] == 0
            or case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0
        ):
            continue
        if at_once == 1:
            found = cheapest_alone(case, state, v, r, cheapest)
        else:
            found = cheapest_together(case, state, v, r, floor, cheapest)
        if found < cheapest:
            cheapest = found
            state.spot[5], state.spot[6], state.spot[7] = state.spot[2], state.spot[3], state.spot[4]
            state.spot[CHOSEN] = v
    return cheapest


def list_members(case: Case, state: State, v: int, below_grudge: int) -> int:
    """Put the requests of row ``v`` that bear less than ``below_grudge`` in ``members``, least first; their number."""
    count = 0
    row = v * case.wide + 1
    for k in range(state.size[v]):
        x = state.stop[row + k]
        if x & 1 == 1 or state.grudge[x >> 1] >= below_grudge:
            continue
        i = count
        while i > 0 and state.grudge[state.members[i - 1]] > state.grudge[x >> 1]:
            state.members[i] = state.members[i - 1]
            i -= 1
        state.members[i] = x >> 1
        count += 1
    return count


def cheapest_alone(case: Case, state: State, v: int, r: int, ceiling: int) -> int:
    """The least grudge below ``ceiling`` of one who makes room for ``r`` in row ``v`` by leaving; named in ``spot`` 2."""
    count = list_members(case, state, v, ceiling)
    for i in range(count):
        a = state.members[i]
        if fits_without(case, state, v, r, a, -1, -1):
            state.spot[2], state.spot[3], state.spot[4] = a, -1, -1
            return state.grudge[a]
    return ceiling


def cheapest_together(case: Case, state: State, v: int, r: int, floor: int, ceiling: int) -> int:
    """The same of two, or in short routes three, who leave together; named in ``spot`` 2 to 4."""
    best = ceiling
    count = list_members(case, state, v, best)
    longer = state.size[v] > 2 * case.pairs_up_to
    if longer:
        return best
    for i in range(count):
        a = state.members[i]
        for j in range(i + 1, count):
            b = state.members[j]
            pair = state.grudge[a] + state.grudge[b]
            if pair < floor:
                continue
            if pair >= best:
                break
            if fits_without(case, state, v, r, a, b, -1):
                best = pair
                state.spot[2], state.spot[3], state.spot[4] = a, b, -1
                break
            if state.size[v] > 2 * TRIPLES_UP_TO:
                continue
            for k in range(j + 1, count):
                c = state.members[k]
                if pair + state.grudge[c] >= best:
                    break
                if fits_without(case, state, v, r, a, b, c):
                    best = pair + state.grudge[c]
                    state.spot[2], state.spot[3], state.spot[4] = a, b, c
                    break
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
    return refresh(case, state, scratch, v) and best_place(case, state, scratch, v, r, NEVER) < NEVER


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
    put_in(case, state, v, r, state.spot[AT_PICKUP], state.spot[AT_DELIVERY])
    state.owner[r] = v
    refresh(case, state, v, v)
