"""Where a request fits best: every pair of positions in a route, by what it adds to the cost.

Any pair is judged in constant time; a pickup's position is opened only while the cheapest delivery behind it could
still win, and the delay it brings is pushed forward only as far as it lasts. Results are remembered by the content of
the route, so a route that comes back is not searched again.
"""

from doorstep.engine.routes.rows import (
    ABILITIES,
    CAPACITY,
    CLOSES,
    ENDS,
    NEVER,
    NODE,
    OPENING,
    OPENS,
    SERVICE,
    TRAIT,
    UNITS,
    VEHICLE,
    WANTED,
    Case,
    State,
)
from doorstep.engine.routes.timing import refresh

WAYS = 8
"""Contents remembered for each request and vehicle."""


def remembered(case: Case, state: State, v: int, r: int, ceiling: float) -> float:
    """The least cost below ``ceiling`` of adding request ``r`` to vehicle ``v``'s route, else NEVER.

    A cell whose key is turned round (``~key``) holds no cost but a bound: nothing below it was found.
    """
    if case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0:
        return NEVER
    key = state.key[v]
    cell = (r * case.vehicles + v) * WAYS + (key & (WAYS - 1))
    if state.memory_key[cell] == key:
        return state.memory_cost[cell]
    if state.memory_key[cell] == ~key and state.memory_cost[cell] >= ceiling:
        return NEVER
    cost = best_place(case, state, v, v, r, ceiling)
    known = cost < NEVER or ceiling >= NEVER
    state.memory_key[cell] = key if known else ~key
    state.memory_cost[cell] = cost if known else ceiling
    return cost


def best_vehicle(case: Case, state: State, r: int) -> int:
    """The usable vehicle in whose route ``r`` adds least, -1: none; the cells before its two ends in ``spot``."""
    best, best_v = NEVER, -1
    i, j = 0, 0
    for v in range(case.vehicles):
        if state.usable[v] == 0 or case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0:
            continue
        cost = best_place(case, state, v, v, r, best)
        if cost < best:
            best, best_v = cost, v
            i, j = state.spot[0], state.spot[1]
    state.spot[0], state.spot[1] = i, j
    return best_v


def full(case: Case, state: State, v: int) -> bool:
    """Whether two stops more, with start and end, are more than row ``v`` has cells."""
    return state.size[v] + 4 > case.wide


def fits_alone(case: Case, state: State, r: int) -> bool:
    """Whether any vehicle can carry ``r`` and nothing else."""
    scratch = case.vehicles
    state.size[scratch] = 0
    for kind in range(case.kinds):
        v = case.kind_from[kind]
        if case.needs[r] & ~case.trait[v * TRAIT + ABILITIES] != 0:
            continue
        refresh(case, state, scratch, v)
        if best_place(case, state, scratch, v, r, NEVER) < NEVER:
            return True
    return False


def best_place(case: Case, state: State, v: int, as_of: int, r: int, ceiling: float) -> float:
    """The least cost below ``ceiling`` of adding ``r`` to row ``v`` driven by ``as_of``, else NEVER.

    The cells before its pickup and its delivery are left in ``spot``. Where ways are not ``direct``, what becomes possible only
    because the way over the delivery is faster than the straight one is not seen.
    """
    if full(case, state, v):
        return NEVER
    size = state.size[v]
    if case.soft:
        return best_soft_place(case, state, v, as_of, r, ceiling)
    row = v * case.wide
    n, node, stop = case.nodes, case.node, state.stop
    p, d = 2 * r, 2 * r + 1
    pn = p * n
    opens, closes, service = node[p * NODE + OPENS], node[p * NODE + CLOSES], node[p * NODE + SERVICE]
    room = case.vehicle[as_of * VEHICLE + CAPACITY] - node[p * NODE + UNITS]
    direct_s, direct = case.travel[pn + d], case.length[pn + d]
    extra = case.vehicle[as_of * VEHICLE + OPENING] if size == 0 else 0.0
    reach = price_deliveries(case, state, row, size, r)
    bound = ceiling - extra
    best = bound
    for i in range(reach + 1):
        if opens + service > state.late[row + i + 1] or state.load[row + i] > room:
            continue
        if state.leave[row + i] > closes:
            if case.direct:
                break
            continue
        here, then = stop[row + i], stop[row + i + 1]
        begin = state.leave[row + i] + case.travel_to[pn + here]
        if begin > closes:
            if case.direct:
                break
            continue
        leave = max(begin, opens) + service
        to_p = case.length_to[pn + here] - state.leg[row + i]
        cost = to_p + direct + case.length[d * n + then]
        if cost < best:
            begin = leave + direct_s
            begin = max(begin, node[d * NODE + OPENS])
            if (
                begin <= node[d * NODE + CLOSES]
                and begin + node[d * NODE + SERVICE] + case.travel[d * n + then] <= state.late[row + i + 1]
            ):
                best = cost
                state.spot[0] = i
                state.spot[1] = i
        if i == reach:
            break
        to_p += case.length[pn + then]
        if to_p + state.least[i + 1] < best:
            best = best_behind(
                case, state, row, r, i, reach, leave + case.travel[pn + then], room, to_p, best
            )
    return best + extra if best < bound else NEVER


def price_deliveries(case: Case, state: State, row: int, size: int, r: int) -> int:
    """What the delivery of ``r`` adds behind each cell, in ``after``, NEVER where it fits at no time, and the least from there on,
    in ``least``; the last cell behind which it could stand, -1: none.
    """
    n, node, stop = case.nodes, case.node, state.stop
    p, d = 2 * r, 2 * r + 1
    dn = d * n
    closes = node[d * NODE + CLOSES]
    # No service of the delivery can begin before this. Over other stops the way to it may be faster than the straight one, and
    # over the pickup the way to those stops.
    soonest = node[p * NODE + OPENS] + node[p * NODE + SERVICE]
    if case.direct:
        soonest += case.travel[p * n + d]
    soonest = max(soonest, node[d * NODE + OPENS])
    if soonest > closes:
        return -1
    # Ways are never shorter than nothing: many positions are ruled out before a way is looked up.
    leave = soonest + node[d * NODE + SERVICE]
    reach = -1
    for j in range(size + 1):
        if leave > state.late[row + j + 1]:
            state.after[j] = NEVER
            reach = j
            continue
        if case.direct and state.leave[row + j] > closes:
            break
        here, then = stop[row + j], stop[row + j + 1]
        if case.direct and state.leave[row + j] + case.travel_to[dn + here] > closes:
            break
        if leave + case.travel[dn + then] > state.late[row + j + 1]:
            state.after[j] = NEVER
        else:
            state.after[j] = case.length_to[dn + here] + case.length[dn + then] - state.leg[row + j]
        reach = j
    least = NEVER
    for j in range(reach, -1, -1):
        least = min(least, state.after[j])
        state.least[j] = least
    return reach


def best_behind(
    case: Case,
    state: State,
    row: int,
    r: int,
    i: int,
    reach: int,
    arrive: float,
    room: float,
    to_p: float,
    best: float,
) -> float:
    """The least cost below ``best`` with the pickup of ``r`` behind cell ``i``, at ``to_p``, and its delivery behind a later one, else ``best``.

    The cell after the pickup is reached at ``arrive``; the delay is pushed forward from there.
    """
    node, stop = case.node, state.stop
    d = 2 * r + 1
    dn = d * case.nodes
    opens, closes, service = node[d * NODE + OPENS], node[d * NODE + CLOSES], node[d * NODE + SERVICE]
    j = i + 1
    while arrive <= state.late[row + j] and state.load[row + j] <= room:
        here = stop[row + j]
        begin = node[here * NODE + OPENS]
        begin = max(begin, arrive)
        cost = to_p + state.after[j]
        if cost < best:
            begin_d = begin + node[here * NODE + SERVICE] + case.travel_to[dn + here]
            if begin_d > closes:
                if case.direct:
                    break
            else:
                begin_d = max(begin_d, opens)
                if begin_d + service + case.travel[dn + stop[row + j + 1]] <= state.late[row + j + 1]:
                    best = cost
                    state.spot[0] = i
                    state.spot[1] = j
        if j == reach:
            break
        if to_p + state.least[j + 1] >= best:
            break
        arrive = begin + state.hop[row + j]
        j += 1
    return best


def best_soft_place(case: Case, state: State, v: int, as_of: int, r: int, ceiling: float) -> float:
    """``best_place`` where lateness has a price: each pair is walked until its delay is gone."""
    row, size = v * case.wide, state.size[v]
    n, stop = case.nodes, state.stop
    p, d = 2 * r, 2 * r + 1
    room = case.vehicle[as_of * VEHICLE + CAPACITY] - case.node[p * NODE + UNITS]
    extra = case.vehicle[as_of * VEHICLE + OPENING] if size == 0 else 0.0
    best = ceiling
    found = False
    for i in range(size + 1):
        if state.load[row + i] > room:
            continue
        here, then = stop[row + i], stop[row + i + 1]
        to_p = case.length[here * n + p] - state.leg[row + i] + extra
        for j in range(i, size + 1):
            if j > i and state.load[row + j] > room:
                break
            at_j, next_j = stop[row + j], stop[row + j + 1]
            if j == i:
                added = to_p + case.length[p * n + d] + case.length[d * n + then]
            else:
                added = to_p + case.length[p * n + then] + case.length[at_j * n + d]
                added += case.length[d * n + next_j] - state.leg[row + j]
            if added < best:
                late_s = walk(case, state, row, size, i, j, p, d, case.vehicle[as_of * VEHICLE + ENDS])
                if late_s < NEVER:
                    added += case.late_price * (late_s - state.tardy[row + size + 1])
                    if added < best:
                        best = added
                        found = True
                        state.spot[0] = i
                        state.spot[1] = j
    return best if found else NEVER


def walk(
    case: Case, state: State, row: int, size: int, i: int, j: int, p: int, d: int, ends_s: float
) -> float:
    """Seconds late of the whole route with ``p`` behind cell ``i`` and ``d`` behind cell ``j``, or NEVER."""
    n, node, stop = case.nodes, case.node, state.stop
    here, leave_s, late_s = stop[row + i], state.leave[row + i], state.tardy[row + i]
    k = i  # the next cell of the route is k + 1
    stage = 0  # 1: the pickup is done, 2: the delivery too
    while True:
        if stage == 0:
            there = p
        elif stage == 1 and k == j:
            there = d
        elif k == size:
            break
        else:
            there = stop[row + k + 1]
        begin_s = leave_s + case.travel[here * n + there]
        begin_s = max(begin_s, node[there * NODE + OPENS])
        if begin_s > node[there * NODE + CLOSES]:
            return NEVER
        if begin_s > node[there * NODE + WANTED]:
            late_s += begin_s - node[there * NODE + WANTED]
        leave_s = begin_s + node[there * NODE + SERVICE]
        here = there
        if stage == 0:
            stage = 1
        elif stage == 1 and k == j:
            stage = 2
        else:
            k += 1
            # Who is earlier than before, over a faster way, may be less late at the rest: that is walked.
            caught_up = leave_s <= state.leave[row + k] if case.direct else leave_s == state.leave[row + k]
            if stage == 2 and caught_up:
                return late_s + state.tardy[row + size + 1] - state.tardy[row + k]
    if leave_s + case.travel[here * n + stop[row + size + 1]] > ends_s:
        return NEVER
    return late_s
