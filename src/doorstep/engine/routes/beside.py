"""Where a request fits best next to one of its neighbours: the cells around the nodes near its two ends, in all routes at once.

Long routes have hundreds of cells and few of them are near. Granular neighbourhoods (Toth and Vigo 2003, "The granular
tabu search"; nearness in space and time as in Vidal et al. 2013) look at these alone; ``places`` looks at all of one route.
"""

from doorstep.engine.chance import below
from doorstep.engine.routes.places import full
from doorstep.engine.routes.rows import (
    ABILITIES,
    AT_DELIVERY,
    AT_PICKUP,
    AT_ROW,
    CAPACITY,
    CLOSES,
    NEVER,
    NODE,
    OPENS,
    SCAN,
    SERVICE,
    TRAIT,
    UNITS,
    VEHICLE,
    Case,
    State,
)

BLINK = 100
"""One place in so many that would be the best so far is overlooked."""


def best_beside(case: Case, state: State, r: int) -> float:
    """The least cost of adding ``r`` next to its neighbours in any route, else NEVER; row and cells in ``spot``."""
    stamp = state.tally[SCAN]
    best = list_deliveries(case, state, r, stamp)
    p, most = 2 * r, case.beside_most
    for k in range(p * most, (p + 1) * most):
        x = case.beside[k]
        if x < 0:
            break
        v = state.owner[x >> 1]
        if v < 0 or full(case, state, v) or case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0:
            continue
        row = v * case.wide
        for i in range(row + state.at[x] - 1, row + state.at[x] + 1):
            if state.boarded[i] != stamp:
                state.boarded[i] = stamp
                best = best_from(case, state, r, v, i, stamp, best)
    return best


def list_deliveries(case: Case, state: State, r: int, stamp: int) -> float:
    """Chain the cells behind which the delivery of ``r`` could stand, row by row; the best cost with its pickup right there."""
    d, most, n = 2 * r + 1, case.beside_most, case.nodes
    dn, node = d * n, case.node
    opens, closes, service = node[d * NODE + OPENS], node[d * NODE + CLOSES], node[d * NODE + SERVICE]
    earliest = node[(d - 1) * NODE + OPENS] + node[(d - 1) * NODE + SERVICE] + case.travel_to[dn + d - 1]
    earliest = max(earliest, opens)
    best, count = NEVER, 0
    for k in range(d * most, (d + 1) * most):
        x = case.beside[k]
        if x < 0:
            break
        v = state.owner[x >> 1]
        if v < 0 or full(case, state, v) or case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0:
            continue
        row = v * case.wide
        for j in range(row + state.at[x] - 1, row + state.at[x] + 1):
            if state.dropped[j] == stamp:
                continue
            state.dropped[j] = stamp
            here, then = state.stop[j], state.stop[j + 1]
            begin = state.leave[j] + case.travel_to[dn + here]
            if begin > closes:
                continue
            begin = max(begin, earliest)
            if begin + service + case.travel[dn + then] > state.late[j + 1]:
                continue
            best = best_together(case, state, r, v, j, best)
            cost = case.length_to[dn + here] + case.length[dn + then] - state.leg[j]
            if state.chained[v] != stamp:
                state.chained[v] = stamp
                state.chain_first[v] = -1
                state.chain_least[v] = cost
            state.chain_least[v] = min(state.chain_least[v], cost)
            state.chain_cell[count] = j
            state.chain_cost[count] = cost
            state.chain_next[count] = state.chain_first[v]
            state.chain_first[v] = count
            count += 1
    return best


def best_together(case: Case, state: State, r: int, v: int, i: int, best: float) -> float:
    """The cost of pickup and delivery of ``r`` right behind cell ``i``, where that is below ``best``."""
    p, n, node = 2 * r, case.nodes, case.node
    here, then = state.stop[i], state.stop[i + 1]
    cost = case.length_to[p * n + here] + case.length[p * n + p + 1] + case.length[(p + 1) * n + then]
    cost -= state.leg[i]
    if cost >= best or state.load[i] + node[p * NODE + UNITS] > case.vehicle[v * VEHICLE + CAPACITY]:
        return best
    begin = state.leave[i] + case.travel_to[p * n + here]
    if begin > node[p * NODE + CLOSES]:
        return best
    begin = max(begin, node[p * NODE + OPENS]) + node[p * NODE + SERVICE] + case.travel[p * n + p + 1]
    if begin > node[(p + 1) * NODE + CLOSES]:
        return best
    begin = max(begin, node[(p + 1) * NODE + OPENS]) + node[(p + 1) * NODE + SERVICE]
    if begin + case.travel[(p + 1) * n + then] > state.late[i + 1] or below(state.chance, BLINK) == 0:
        return best
    return chosen(case, state, v, i, i, cost)


def best_from(case: Case, state: State, r: int, v: int, i: int, stamp: int, best: float) -> float:
    """The best cost below ``best`` with the pickup of ``r`` behind cell ``i`` of row ``v`` and its delivery in a chained cell."""
    p, n, node = 2 * r, case.nodes, case.node
    pn, dn = p * n, (p + 1) * n
    here, then = state.stop[i], state.stop[i + 1]
    arrive = state.leave[i] + case.travel_to[pn + here]
    room = case.vehicle[v * VEHICLE + CAPACITY] - node[p * NODE + UNITS]
    if arrive > node[p * NODE + CLOSES] or state.load[i] > room:
        return best
    arrive = max(arrive, node[p * NODE + OPENS]) + node[p * NODE + SERVICE] + case.travel[pn + then]
    if arrive > state.late[i + 1]:
        return best
    best = best_together(case, state, r, v, i, best)
    to_p = case.length_to[pn + here] + case.length[pn + then] - state.leg[i]
    if state.chained[v] != stamp or to_p + state.chain_least[v] >= best:
        return best
    k = state.chain_first[v]
    while k >= 0:
        j, cost = state.chain_cell[k], to_p + state.chain_cost[k]
        k = state.chain_next[k]
        if j <= i or cost >= best:
            continue
        leave = delayed(case, state, i + 1, j, arrive, room)
        if leave >= NEVER:
            continue
        begin = leave + case.travel_to[dn + state.stop[j]]
        if begin > node[(p + 1) * NODE + CLOSES]:
            continue
        begin = max(begin, node[(p + 1) * NODE + OPENS]) + node[(p + 1) * NODE + SERVICE]
        if begin + case.travel[dn + state.stop[j + 1]] > state.late[j + 1] or below(state.chance, BLINK) == 0:
            continue
        best = chosen(case, state, v, i, j, cost)
    return best


def delayed(case: Case, state: State, first: int, last: int, arrive: float, room: float) -> float:
    """When cell ``last`` is left if ``first`` is reached at ``arrive`` with no more than ``room`` on board between, else NEVER."""
    k = first
    while True:
        if arrive > state.late[k] or state.load[k] > room:
            return NEVER
        x = state.stop[k]
        begin = max(arrive, case.node[x * NODE + OPENS])
        if k == last:
            return begin + case.node[x * NODE + SERVICE]
        arrive = begin + state.hop[k]
        k += 1


def chosen(case: Case, state: State, v: int, i: int, j: int, cost: float) -> float:
    """Note the place behind cells ``i`` and ``j`` as the best so far."""
    state.spot[AT_PICKUP] = i - v * case.wide
    state.spot[AT_DELIVERY] = j - v * case.wide
    state.spot[AT_ROW] = v
    return cost
