"""Slack induction by string removals: adjacent strings of stops around a seed leave, whole requests at a time.

Christiaens and Vanden Berghe (2020), "Slack induction by string removals for vehicle routing problems".
"""

from doorstep.engine.chance import below
from doorstep.engine.routes.rows import (
    BEST_KNOWN,
    BEST_MISSING,
    BEST_TOTAL,
    EJECTED_AT,
    KEPT,
    MISSING,
    NEVER,
    POOLED,
    TOTAL,
    TOUCHES,
    TURN,
    WERE_ABSENT,
    Case,
    State,
)
from doorstep.engine.routes.timing import refresh, take_out_absent


def begin_turn(state: State) -> None:
    """Forget what was touched; remember who was absent."""
    state.tally[TURN] += 1
    state.tally[TOUCHES] = 0
    state.tally[KEPT] = 0
    count = state.tally[POOLED]
    state.tally[WERE_ABSENT] = count
    for k in range(count):
        state.absent_before[k] = state.pool[k]
        state.absent_at[state.pool[k]] = state.tally[TURN]


def touch(case: Case, state: State, v: int) -> None:
    """Keep row ``v`` as it was before this turn."""
    if state.touched_at[v] == state.tally[TURN]:
        return
    state.touched_at[v] = state.tally[TURN]
    t = state.tally[TOUCHES]
    state.touched[t] = v
    state.tally[TOUCHES] = t + 1
    first = state.tally[KEPT]
    size = state.size[v]
    row = v * case.wide + 1
    for k in range(size):
        state.kept[first + k] = state.stop[row + k]
    state.kept_from[t] = first
    state.kept_size[t] = size
    state.tally[KEPT] = first + size


def undo(case: Case, state: State) -> None:
    """Put every row touched this turn back, and the absent."""
    for t in range(state.tally[TOUCHES]):
        v = state.touched[t]
        row = v * case.wide + 1
        for k in range(state.size[v]):
            state.owner[state.stop[row + k] >> 1] = -1
    for t in range(state.tally[TOUCHES]):
        v = state.touched[t]
        row = v * case.wide + 1
        first = state.kept_from[t]
        state.size[v] = state.kept_size[t]
        for k in range(state.kept_size[t]):
            x = state.kept[first + k]
            state.stop[row + k] = x
            state.owner[x >> 1] = v
        refresh(case, state, v, v)
    count = state.tally[WERE_ABSENT]
    for k in range(count):
        state.pool[k] = state.absent_before[k]
    state.tally[POOLED] = count


def ruin(case: Case, state: State, seed: int) -> None:
    """Take strings out around node ``seed``; those who leave join the pool."""
    v = state.owner[seed >> 1]
    stops, routes = 0, 0
    if v >= 0:
        stops, routes = state.size[v], 1
    # The mean length of the routes nearby stands for the mean of all.
    for k in range(8):
        x = case.near[seed * case.near_most + k] if k < case.near_most else -1
        if x >= 0 and state.owner[x >> 1] >= 0:
            stops += state.size[state.owner[x >> 1]]
            routes += 1
    if routes == 0:
        return
    longest = stops // routes
    longest = min(longest, case.longest)
    longest = max(longest, 1)
    most = 4 * case.removed * 100 // (1 + longest) - 100
    most = max(most, 100)
    strings = (below(state.chance, most) + 100) // 100
    removed = 0
    if v >= 0:
        take_string(case, state, v, state.at[seed], longest)
        removed = 1
    for k in range(case.near_most):
        if removed >= strings:
            break
        x = case.near[seed * case.near_most + k]
        if x < 0:
            break
        v = state.owner[x >> 1]
        if v >= 0 and state.touched_at[v] != state.tally[TURN]:
            take_string(case, state, v, state.at[x], longest)
            removed += 1


def take_string(case: Case, state: State, v: int, at: int, longest: int) -> None:
    """Take a string of up to ``longest`` stops that has cell ``at`` in it out of row ``v``; half of them with a gap."""
    touch(case, state, v)
    row, size = v * case.wide, state.size[v]
    most = longest
    most = min(most, size)
    length = 1 + below(state.chance, most)
    gap, gap_from = 0, 0
    if length > 1 and length < size and below(state.chance, 2) == 0:
        gap = 1
        while length + gap < size and below(state.chance, 100) == 0:
            gap += 1
        gap_from = 1 + below(state.chance, length - 1)
    span = length + gap
    first = at - span + 1
    first = max(first, 1)
    last = at
    last = min(last, size - span + 1)
    begin = first + below(state.chance, last - first + 1)
    for k in range(span):
        if gap_from <= k < gap_from + gap:
            continue
        leave_route(state, state.stop[row + begin + k] >> 1)
    if not take_out_absent(case, state, v):
        # Where the way over a stop is faster than the straight one, the rest may come too late without it: all leave.
        for k in range(1, state.size[v] + 1):
            leave_route(state, state.stop[row + k] >> 1)
        take_out_absent(case, state, v)


def leave_route(state: State, r: int) -> None:
    """Request ``r`` joins the pool, if it is not there already; its stops are taken out later."""
    if state.owner[r] >= 0:
        state.owner[r] = -1
        state.pool[state.tally[POOLED]] = r
        state.tally[POOLED] += 1


def count_up(case: Case, state: State) -> None:
    """The cost of the plan and how many required requests it misses, from the rows."""
    total = 0.0
    for v in range(case.vehicles):
        total += state.cost[v]
    missing = 0
    for k in range(state.tally[POOLED]):
        r = state.pool[k]
        if case.prize[r] < NEVER:
            total += case.prize[r]
        else:
            missing += 1
    state.amount[TOTAL] = total
    state.tally[MISSING] = missing


def keep_best(case: Case, state: State) -> None:
    """The plan now is the best so far: copy the rows that differ."""
    for v in range(case.vehicles):
        state.best_usable[v] = state.usable[v]
        if state.best_key[v] != state.key[v]:
            state.best_key[v] = state.key[v]
            state.best_size[v] = state.size[v]
            row = v * case.wide + 1
            for k in range(state.size[v]):
                state.best_stop[row + k] = state.stop[row + k]
    state.amount[BEST_TOTAL] = state.amount[TOTAL]
    state.tally[BEST_MISSING] = state.tally[MISSING]
    state.tally[BEST_KNOWN] = 1


def return_to_best(case: Case, state: State) -> None:
    """Go back to the best plan met."""
    if state.tally[BEST_KNOWN] == 0:
        return
    for r in range(case.requests):
        state.owner[r] = -1
    for v in range(case.vehicles):
        row = v * case.wide + 1
        state.usable[v] = state.best_usable[v]
        state.size[v] = state.best_size[v]
        for k in range(state.best_size[v]):
            x = state.best_stop[row + k]
            state.stop[row + k] = x
            state.owner[x >> 1] = v
        refresh(case, state, v, v)
    count = 0
    for r in range(case.requests):
        if state.owner[r] < 0:
            state.pool[count] = r
            count += 1
    state.tally[POOLED] = count
    state.tally[EJECTED_AT] = state.tally[TURN]
    count_up(case, state)
