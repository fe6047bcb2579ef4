"""The two hot loops on plain arrays: the cost of a chain, and ruin and recreate over all chains.

Written so that CPython and numba give the same bits: integers and IEEE + - * / on float64, no fastmath,
own random numbers. ``doorstep.engine.compiled`` compiles them; uncompiled they are the oracle.

Arrays (n orders, m drivers, p places, k trips per chain, b orders per trip):
``order_i`` int64 (n, 11): the columns ``O_*``; ``driver_i`` int64 (m, 5): the columns ``D_*``;
``ok`` uint8 (n, m): the driver may take the order at all; ``seconds`` int32 (p, p);
``prices`` float64 (7): the columns ``P_*``; ``trips`` int32 (m, k, b) with -1 for empty, ``sizes`` int32 (m, k).
"""

import numpy as np

(
    O_PICKUP,
    O_DROPOFF,
    O_STORE,
    O_READY,
    O_WANTED,
    O_DUE,
    O_EARLIEST,
    O_EXPIRES,
    O_PICK_SERVICE,
    O_DROP_SERVICE,
    O_UNITS,
) = range(11)
D_PLACE, D_FREE, D_OFF, D_CAPACITY, D_MAX = range(5)
P_DRIVE, P_WAIT, P_LATE, P_CONVEX, P_CONVEX_AFTER_S, P_COVER, P_BLINK = range(7)
INFEASIBLE = 1e18


def order_cost(order_i, prices, o, drop_s):
    """Cost in minutes of handing order ``o`` over at ``drop_s``."""
    waited = (drop_s - order_i[o, O_WANTED]) / 60.0
    cost = waited
    if drop_s > order_i[o, O_DUE]:
        cost += prices[P_LATE] * ((drop_s - order_i[o, O_DUE]) / 60.0)
    after = drop_s - order_i[o, O_WANTED] - prices[P_CONVEX_AFTER_S]
    if prices[P_CONVEX] > 0.0 and after > 0.0:
        cost += prices[P_CONVEX] * (after / 60.0)
    return cost


def chain_cost(order_i, driver_i, ok, seconds, prices, d, chain, sizes, now_s):
    """Cost of driver ``d`` doing ``chain`` (k, b) of ``sizes`` (k), INFEASIBLE when a hard rule breaks.

    Hard rules: abilities and refusals (``ok``), one store per trip, capacity, pickup before the shift's end
    and before the order expires. Soft: waiting, lateness, driving.
    """
    t = max(driver_i[d, D_FREE], now_s)
    at = driver_i[d, D_PLACE]
    cost = 0.0
    for trip in range(chain.shape[0]):
        size = sizes[trip]
        if size == 0:
            break
        if size > driver_i[d, D_MAX]:
            return INFEASIBLE
        first = chain[trip, 0]
        store_place = order_i[first, O_PICKUP]
        ready = 0
        service = 0
        units = 0
        for i in range(size):
            o = chain[trip, i]
            if ok[o, d] == 0 or order_i[o, O_STORE] != order_i[first, O_STORE]:
                return INFEASIBLE
            ready = max(ready, order_i[o, O_READY])
            service = max(service, order_i[o, O_PICK_SERVICE])
            units += order_i[o, O_UNITS]
        if units > driver_i[d, D_CAPACITY]:
            return INFEASIBLE
        drive = seconds[at, store_place]
        cost += prices[P_DRIVE] * (drive / 60.0)
        inside = t + drive + service // 2
        pickup = max(inside, ready)
        if pickup > driver_i[d, D_OFF]:
            return INFEASIBLE
        for i in range(size):
            if pickup > order_i[chain[trip, i], O_EXPIRES]:
                return INFEASIBLE
        # A first trip need not leave before it must, so only later waiting is the driver's.
        if trip > 0:
            cost += prices[P_WAIT] * ((pickup - inside) / 60.0)
        t = pickup + service - service // 2
        at = store_place
        for i in range(size):
            o = chain[trip, i]
            drive = seconds[at, order_i[o, O_DROPOFF]]
            cost += prices[P_DRIVE] * (drive / 60.0)
            half = order_i[o, O_DROP_SERVICE] // 2
            drop = max(t + drive + half, order_i[o, O_EARLIEST])
            cost += order_cost(order_i, prices, o, drop)
            t = drop + order_i[o, O_DROP_SERVICE] - half
            at = order_i[o, O_DROPOFF]
    return cost


def best_insertion(
    order_i,
    driver_i,
    ok,
    seconds,
    prices,
    candidates,
    trips,
    sizes,
    costs,
    o,
    now_s,
    blink,
    state,
    work,
    work_sizes,
):
    """The cheapest place for order ``o`` among its candidate drivers: (extra cost, driver, trip, position, opens).

    ``opens`` is 1 when a new trip is made before ``trip``. Positions are skipped with chance ``blink``
    (Christiaens and Vanden Berghe, 2020); ties go to the earlier one. ``work`` (k, b) is scratch.
    """
    best = INFEASIBLE
    best_d, best_trip, best_position, best_opens = -1, -1, -1, 0
    k, b = trips.shape[1], trips.shape[2]
    for c in range(candidates.shape[1]):
        d = candidates[o, c]
        if d < 0:
            break
        if ok[o, d] == 0:
            continue
        used = 0
        while used < k and sizes[d, used] > 0:
            used += 1
        for trip in range(used + 1):
            for opens in range(2):
                if opens == 0:
                    if trip == used or sizes[d, trip] >= b:
                        continue
                    if order_i[trips[d, trip, 0], O_STORE] != order_i[o, O_STORE]:
                        continue
                    positions = sizes[d, trip] + 1
                else:
                    if used == k:
                        continue
                    positions = 1
                for position in range(positions):
                    if blink > 0 and next_random(state) % 1000 < blink:
                        continue
                    place(trips[d], sizes[d], work, work_sizes, o, trip, position, opens)
                    cost = chain_cost(order_i, driver_i, ok, seconds, prices, d, work, work_sizes, now_s)
                    extra = cost - costs[d]
                    if extra < best:
                        best = extra
                        best_d, best_trip, best_position, best_opens = d, trip, position, opens
    return best, best_d, best_trip, best_position, best_opens


def place(chain, sizes, work, work_sizes, o, trip, position, opens):
    """Copy ``chain`` into ``work`` with order ``o`` put in."""
    k, b = chain.shape
    target = 0
    for source in range(k):
        if opens == 1 and source == trip and target < k:
            work_sizes[target] = 1
            work[target, 0] = o
            for i in range(1, b):
                work[target, i] = -1
            target += 1
        if target >= k:
            break
        work_sizes[target] = sizes[source]
        for i in range(b):
            work[target, i] = chain[source, i]
        if opens == 0 and source == trip:
            for i in range(sizes[source], position, -1):
                work[target, i] = chain[source, i - 1]
            work[target, position] = o
            work_sizes[target] = sizes[source] + 1
        target += 1


def take_out(trips, sizes, d, o):
    """Remove order ``o`` from driver ``d``'s chain, closing the gaps."""
    k, b = trips.shape[1], trips.shape[2]
    for trip in range(k):
        for i in range(sizes[d, trip]):
            if trips[d, trip, i] == o:
                for j in range(i, sizes[d, trip] - 1):
                    trips[d, trip, j] = trips[d, trip, j + 1]
                sizes[d, trip] -= 1
                trips[d, trip, sizes[d, trip]] = -1
                if sizes[d, trip] == 0:
                    for later in range(trip, k - 1):
                        sizes[d, later] = sizes[d, later + 1]
                        for j in range(b):
                            trips[d, later, j] = trips[d, later + 1, j]
                    sizes[d, k - 1] = 0
                    for j in range(b):
                        trips[d, k - 1, j] = -1
                return


def next_random(state):
    """The next number in [0, 2^31) of a linear congruential generator (constants of MINSTD, Park and Miller 1993)."""
    state[0] = (state[0] * 48271) % 2147483647
    return state[0]


def ruin_and_recreate(
    order_i, driver_i, ok, seconds, prices, candidates, leave_out, trips, sizes, where, rounds, seed, now_s
):
    """Polish all chains in place: take a few related orders out, put them back cheaper; keep the best.

    Schrimpf et al. (2000) with the string-like relatedness and blinks of Christiaens and Vanden Berghe
    (2020). ``where`` int32 (n): the driver of each order, -1 for left out; ``leave_out`` float64 (n): the
    price of leaving it out. Orders neither planned nor plannable stay out. Returns the cost reached.
    """
    n, m = order_i.shape[0], driver_i.shape[0]
    k, b = trips.shape[1], trips.shape[2]
    state = np.zeros(1, np.int64)
    state[0] = seed % 2147483646 + 1
    work = np.full((k, b), -1, np.int32)
    work_sizes = np.zeros(k, np.int32)
    costs = np.zeros(m, np.float64)
    current = 0.0
    for d in range(m):
        costs[d] = chain_cost(order_i, driver_i, ok, seconds, prices, d, trips[d], sizes[d], now_s)
        current += costs[d]
    for o in range(n):
        if where[o] < 0:
            current += leave_out[o]
    best = current
    best_trips, best_sizes, best_where = trips.copy(), sizes.copy(), where.copy()
    kept_trips, kept_sizes, kept_costs = trips.copy(), sizes.copy(), costs.copy()
    kept_where = where.copy()
    touched = np.zeros(m, np.int64)
    touched_list = np.zeros(m, np.int64)
    removed = np.zeros(n, np.int64)
    keys = np.zeros(n, np.float64)
    out = np.zeros(n, np.uint8)
    temperature = 2.0
    cooling = 1.0
    if rounds > 0:
        # From 2 minutes down to a tenth, by the same factor each round.
        cooling = 1.0 - 3.0 / (rounds + 2.0)
    for turn in range(1, rounds + 1):
        size = 1 + next_random(state) % 6
        size = min(size, n)
        seed_order = next_random(state) % n
        number = 0
        if next_random(state) % 10 < 4 and where[seed_order] >= 0:
            # Everything of the seed's driver and of drivers free near her.
            d = where[seed_order]
            for other in range(n):
                w = where[other]
                near = 0.0
                if w < 0:
                    near = 600.0
                elif w != d:
                    near = (
                        1.0 * seconds[driver_i[d, D_PLACE], driver_i[w, D_PLACE]]
                        + abs(driver_i[d, D_FREE] - driver_i[w, D_FREE]) * 0.5
                    )
                keys[other] = near * (0.5 + (next_random(state) % 1000) / 1000.0)
        else:
            for other in range(n):
                far = 1.0 * seconds[order_i[seed_order, O_PICKUP], order_i[other, O_PICKUP]]
                gap = abs(order_i[seed_order, O_READY] - order_i[other, O_READY]) * 0.5
                keys[other] = (far + gap) * (0.5 + (next_random(state) % 1000) / 1000.0)
        keys[seed_order] = -1.0
        for other in range(n):
            out[other] = 0
        touches = 0
        while number < size:
            pick = -1
            for other in range(n):
                if out[other] == 0 and (pick < 0 or keys[other] < keys[pick]):
                    pick = other
            out[pick] = 1
            removed[number] = pick
            number += 1
        change = 0.0
        for i in range(number):
            o = removed[i]
            d = where[o]
            if d < 0:
                change -= leave_out[o]
                continue
            if touched[d] != turn:
                touched[d] = turn
                touched_list[touches] = d
                touches += 1
            take_out(trips, sizes, d, o)
            where[o] = -1
        for i in range(touches):
            d = touched_list[i]
            fresh = chain_cost(order_i, driver_i, ok, seconds, prices, d, trips[d], sizes[d], now_s)
            change += fresh - costs[d]
            costs[d] = fresh
        how = next_random(state) % 3
        for i in range(number):
            o = removed[i]
            if how == 0:
                keys[o] = 1.0 * order_i[o, O_READY]
            elif how == 1:
                keys[o] = -1.0 * seconds[order_i[o, O_PICKUP], order_i[o, O_DROPOFF]]
            else:
                keys[o] = 1.0 * (next_random(state) % 100000)
        for i in range(1, number):
            o = removed[i]
            j = i - 1
            while j >= 0 and keys[removed[j]] > keys[o]:
                removed[j + 1] = removed[j]
                j -= 1
            removed[j + 1] = o
        for i in range(number):
            o = removed[i]
            extra, d, trip, position, opens = best_insertion(
                order_i,
                driver_i,
                ok,
                seconds,
                prices,
                candidates,
                trips,
                sizes,
                costs,
                o,
                now_s,
                30,
                state,
                work,
                work_sizes,
            )
            if d < 0 or extra >= leave_out[o]:
                change += leave_out[o]
                continue
            if touched[d] != turn:
                touched[d] = turn
                touched_list[touches] = d
                touches += 1
            place(trips[d], sizes[d], work, work_sizes, o, trip, position, opens)
            for t in range(k):
                sizes[d, t] = work_sizes[t]
                for j in range(b):
                    trips[d, t, j] = work[t, j]
            costs[d] += extra
            where[o] = d
            change += extra
        threshold = temperature * ((next_random(state) % 1000) / 1000.0)
        if change < threshold:
            current += change
            for i in range(touches):
                d = touched_list[i]
                kept_costs[d] = costs[d]
                for t in range(k):
                    kept_sizes[d, t] = sizes[d, t]
                    for j in range(b):
                        kept_trips[d, t, j] = trips[d, t, j]
            for i in range(number):
                kept_where[removed[i]] = where[removed[i]]
            if current < best - 1e-9:
                best = current
                best_trips[:] = trips
                best_sizes[:] = sizes
                best_where[:] = where
        else:
            for i in range(touches):
                d = touched_list[i]
                costs[d] = kept_costs[d]
                for t in range(k):
                    sizes[d, t] = kept_sizes[d, t]
                    for j in range(b):
                        trips[d, t, j] = kept_trips[d, t, j]
            for i in range(number):
                where[removed[i]] = kept_where[removed[i]]
        temperature *= cooling
    trips[:] = best_trips
    sizes[:] = best_sizes
    where[:] = best_where
    return best


def insert_all(
    order_i, driver_i, ok, seconds, prices, candidates, leave_out, trips, sizes, where, sequence, now_s
):
    """Put the orders of ``sequence`` that have no driver where they are cheapest, one after the other."""
    m = driver_i.shape[0]
    k, b = trips.shape[1], trips.shape[2]
    state = np.ones(1, np.int64)
    work = np.full((k, b), -1, np.int32)
    work_sizes = np.zeros(k, np.int32)
    costs = np.zeros(m, np.float64)
    for d in range(m):
        costs[d] = chain_cost(order_i, driver_i, ok, seconds, prices, d, trips[d], sizes[d], now_s)
    for i in range(sequence.shape[0]):
        o = sequence[i]
        extra, d, trip, position, opens = best_insertion(
            order_i,
            driver_i,
            ok,
            seconds,
            prices,
            candidates,
            trips,
            sizes,
            costs,
            o,
            now_s,
            0,
            state,
            work,
            work_sizes,
        )
        if d < 0 or extra >= leave_out[o]:
            continue
        place(trips[d], sizes[d], work, work_sizes, o, trip, position, opens)
        for t in range(k):
            sizes[d, t] = work_sizes[t]
            for j in range(b):
                trips[d, t, j] = work[t, j]
        costs[d] += extra
        where[o] = d
    return 0
