"""What is known along a route: earliest departures, latest arrivals, loads, costs, and the mark of its content.

With both ends of the slack at each stop, any insertion is judged without walking the rest (Savelsbergh 1992).
"""

from doorstep.engine.routes.rows import (
    CAPACITY,
    CLOSES,
    END,
    ENDS,
    NODE,
    OPENING,
    OPENS,
    SERVICE,
    START,
    STARTS,
    TRAIT,
    UNITS,
    VEHICLE,
    WANTED,
    Case,
    State,
)

# A polynomial over the stops, modulo two primes below 2^31: whole numbers of 62 bits in any language.
PRIME_A, PRIME_B = 2147483647, 2147483629
BASE_A, BASE_B = 1103515245, 1664525003


def refresh(case: Case, state: State, v: int, as_of: int) -> bool:
    """Work out row ``v`` anew from its stops, for the vehicle ``as_of``; whether it keeps every hard rule."""
    row = v * case.wide
    size = state.size[v]
    stop, node, n = state.stop, case.node, case.nodes
    here = case.trait[as_of * TRAIT + START]
    kind_end = case.trait[as_of * TRAIT + END]
    stop[row] = here
    stop[row + size + 1] = kind_end
    a = here + 1
    b = here + 1
    leave_s = case.vehicle[as_of * VEHICLE + STARTS]
    most = case.vehicle[as_of * VEHICLE + CAPACITY]
    load = 0.0
    cost = 0.0
    late_s = 0.0
    possible = True
    state.leave[row] = leave_s
    state.load[row] = 0.0
    state.tardy[row] = 0.0
    service_s = 0.0
    for i in range(row, row + size):
        there = stop[i + 1]
        drive_s = case.travel[here * n + there]
        state.hop[i] = service_s + drive_s
        state.leg[i] = case.length[here * n + there]
        cost += state.leg[i]
        begin_s = leave_s + drive_s
        if begin_s < node[there * NODE + OPENS]:
            begin_s = node[there * NODE + OPENS]
        elif begin_s > node[there * NODE + CLOSES]:
            possible = False
        load += node[there * NODE + UNITS]
        if load > most:
            possible = False
        if case.soft and begin_s > node[there * NODE + WANTED]:
            late_s += begin_s - node[there * NODE + WANTED]
        service_s = node[there * NODE + SERVICE]
        leave_s = begin_s + service_s
        state.leave[i + 1] = leave_s
        state.load[i + 1] = load
        state.tardy[i + 1] = late_s
        if v == as_of:  # a trial on the scratch row needs neither
            state.at[there] = i + 1 - row
            a = (a * BASE_A + there + 1) % PRIME_A
            b = (b * BASE_B + there + 1) % PRIME_B
        here = there
    end = row + size
    drive_s = case.travel[here * n + kind_end]
    state.hop[end] = service_s + drive_s
    # Who stays at home drives no way home either: nothing is saved by a first stop on it.
    state.leg[end] = case.length[here * n + kind_end] if size > 0 else 0.0
    cost += state.leg[end]
    latest_s = case.vehicle[as_of * VEHICLE + ENDS]
    if leave_s + drive_s > latest_s:
        possible = False
    state.late[end + 1] = latest_s
    state.leave[end + 1] = leave_s + drive_s
    state.load[end + 1] = 0.0
    state.tardy[end + 1] = late_s
    for i in range(end, row, -1):
        latest_s -= state.hop[i]
        closes_s = node[stop[i] * NODE + CLOSES]
        latest_s = min(latest_s, closes_s)
        state.late[i] = latest_s
    if size == 0:
        cost = 0.0
    else:
        cost += case.vehicle[as_of * VEHICLE + OPENING] + case.late_price * late_s
    state.cost[v] = cost
    state.key[v] = (a << 31) | b
    return possible


def take_out_absent(case: Case, state: State, v: int) -> bool:
    """Drop from row ``v`` every stop whose request has no owner any more, and refresh it; whether it keeps every hard rule."""
    row = v * case.wide
    kept = row
    for i in range(row + 1, row + state.size[v] + 1):
        if state.owner[state.stop[i] >> 1] >= 0:
            kept += 1
            state.stop[kept] = state.stop[i]
    state.size[v] = kept - row
    return refresh(case, state, v, v)


def put_in(case: Case, state: State, v: int, r: int, i: int, j: int) -> None:
    """Insert request ``r`` in row ``v``: its pickup behind cell ``i``, its delivery behind what was cell ``j``."""
    row = v * case.wide
    for k in range(row + state.size[v], row + j, -1):
        state.stop[k + 2] = state.stop[k]
    state.stop[row + j + 2] = 2 * r + 1
    for k in range(row + j, row + i, -1):
        state.stop[k + 1] = state.stop[k]
    state.stop[row + i + 1] = 2 * r
    state.size[v] += 2
