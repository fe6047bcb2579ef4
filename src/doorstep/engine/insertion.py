"""Where an order fits best: every place in every candidate's chain, by what it adds to the cost.

Cheapest insertion (Solomon 1987, "Algorithms for the vehicle routing and scheduling problems with time window constraints"),
a place being a trip of its own or a drop within a trip of the same store. What lies before the place is known, what lies
behind it is reckoned anew, and a place is passed over as soon as it cannot be cheaper than the best found.
"""

from doorstep.engine.candidates import POSSIBLE, barrier, drop_cost, pickup_beyond, stands_for
from doorstep.engine.chains import (
    ABODE,
    ABSENT,
    BORNE,
    COST,
    DRIVER,
    DROP_BEFORE,
    DROPOFF,
    EARLIEST,
    KNOWN,
    MARKS,
    NOTES,
    OPEN,
    ORDER,
    OWNER,
    PART,
    PICK_AFTER,
    PICK_BEFORE,
    PICKUP,
    PLACE,
    PRICE,
    READY,
    REOFFER,
    SPENT,
    START,
    START_PLACE,
    STORE,
    TALLY,
    TIME,
    TOTAL,
    TRIPS,
    Case,
    Chains,
    Ints,
    Search,
    way,
)
from doorstep.engine.chance import below
from doorstep.engine.grid import ring_cell, ring_length, rings
from doorstep.engine.objective import NEVER, do_trip, order_cost, put_in, refresh


def settle(case: Case, chains: Chains, search: Search) -> None:
    """Work out the plan carried over from the last tick; what has become impossible is left out."""
    search.tally[TOTAL] = 0
    search.tally[ABSENT] = 0
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            search.tally[ABSENT] += 1
            search.tally[TOTAL] += search.order[o * MARKS + PRICE]
    for d in range(case.drivers):
        chains.known[(d * (case.trips_most + 1)) * KNOWN + PLACE] = case.driver[d * DRIVER + START_PLACE]
        chains.known[(d * (case.trips_most + 1)) * KNOWN + TIME] = case.driver[d * DRIVER + START]
        refresh(case, chains, search, d, 0)


def chain_with(
    case: Case,
    chains: Chains,
    d: int,
    t: int,
    order: Ints,
    first: int,
    size: int,
    extra: int,
    at: int,
    ceiling: int,
) -> int:
    """Cost of driver ``d``'s chain with the given trip done at ``t`` (see ``do_trip``), NEVER when it cannot be.

    Also NEVER once it is sure to reach ``ceiling``, as the orders of later trips will not be served sooner than now. The trip
    replaces trip ``t`` when that lies at ``first`` of the chain itself, else comes before it.
    """
    begin = d * (case.trips_most + 1)
    here = begin + t
    time_s, place, cost, _ = do_trip(
        case,
        order,
        first,
        size,
        extra,
        at,
        d,
        chains.known[here * KNOWN + TIME],
        chains.known[here * KNOWN + PLACE],
    )
    cost += chains.known[here * KNOWN + SPENT]
    if at >= 0 and size > 0:
        t += 1
    last = chains.tally[d * TALLY + TRIPS]
    borne = chains.known[(begin + last) * KNOWN + BORNE]
    while t < last and time_s != NEVER and cost + borne - chains.known[(begin + t) * KNOWN + BORNE] < ceiling:
        row = d * case.trips_most + t
        time_s, place, more, _ = do_trip(
            case, chains.order, row * case.bundle_most, chains.size[row], -1, 0, d, time_s, place
        )
        cost += more
        t += 1
    if t < last or time_s == NEVER or cost >= ceiling:
        return NEVER
    return cost


def best_in_chain(
    case: Case, chains: Chains, search: Search, o: int, d: int, ceiling: int, blink: int
) -> tuple[int, int, int]:
    """The cheapest place for ``o`` with driver ``d`` below ``ceiling``: (added cost, trip, drop), NEVER when none.

    Drop NEVER means a trip of its own before ``trip``. Places are overlooked with chance ``blink`` in a thousand.
    """
    best = ceiling
    best_trip = NEVER
    best_at = NEVER
    own = chains.tally[d * TALLY + COST]
    leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
    for t in range(chains.tally[d * TALLY + TRIPS] + 1):
        row = d * case.trips_most + t
        if (
            chains.tally[d * TALLY + TRIPS] < case.trips_most
            and (t > 0 or case.driver[d * DRIVER + OPEN] < 0)
            and (blink == 0 or below(search.chance, 1000) >= blink)
            and alone_at_least(case, chains, o, d, t, leg) < best
        ):
            cost = chain_with(case, chains, d, t, chains.order, 0, 0, o, 0, own + best)
            if cost != NEVER:
                best = cost - own
                best_trip = t
                best_at = NEVER
        if t == chains.tally[d * TALLY + TRIPS] or chains.size[row] >= case.bundle_most:
            continue
        if case.order[chains.order[row * case.bundle_most] * ORDER + STORE] != case.order[o * ORDER + STORE]:
            continue
        for at in range(chains.size[row] + 1):
            if blink > 0 and below(search.chance, 1000) < blink:
                continue
            cost = chain_with(
                case, chains, d, t, chains.order, row * case.bundle_most, chains.size[row], o, at, own + best
            )
            if cost != NEVER:
                best = cost - own
                best_trip = t
                best_at = at
    return best, best_trip, best_at


def alone_at_least(case: Case, chains: Chains, o: int, d: int, t: int, leg: int) -> int:
    """What a trip for ``o`` alone before trip ``t`` adds at least: as if the store were at hand and, for the trips after it,
    neither driving nor waiting were left. ``leg`` is the way from the store to the door.
    """
    here = (d * (case.trips_most + 1) + t) * KNOWN
    end = (d * (case.trips_most + 1) + chains.tally[d * TALLY + TRIPS]) * KNOWN
    inside = chains.known[here + TIME] + case.offer_lead_s + case.order[o * ORDER + PICK_BEFORE]
    picked = max(inside, case.order[o * ORDER + READY]) + case.order[o * ORDER + PICK_AFTER]
    drop = max(picked + leg + case.order[o * ORDER + DROP_BEFORE], case.order[o * ORDER + EARLIEST])
    spared = chains.known[end + SPENT] - chains.known[here + SPENT]
    spared -= chains.known[end + BORNE] - chains.known[here + BORNE]
    asked = case.driver[d * DRIVER + REOFFER]
    return asked + case.driving_price * leg + order_cost(case, o, drop) - spared


def insert(case: Case, chains: Chains, search: Search, saved: Chains, o: int, blink: int) -> None:
    """Give order ``o`` to the candidate who takes it cheapest, unless leaving it out is cheaper still."""
    best = search.order[o * MARKS + PRICE]
    best_d = NEVER
    best_trip = NEVER
    best_at = NEVER
    for c in range(case.candidates_most):
        d = search.candidate[o * case.candidates_most + c]
        # Candidates come by earliest drop: from here on even an empty chain would cost more.
        if d < 0 or order_cost(case, o, search.earliest_drop[o * case.candidates_most + c]) >= best:
            break
        if search.driver[d * NOTES + ABODE] != search.tally[PART]:
            continue
        added, t, at = best_in_chain(case, chains, search, o, d, best, blink)
        if t != NEVER:
            best = added
            best_d = d
            best_trip = t
            best_at = at
    if best_d != NEVER:
        put_in(case, chains, search, saved, o, best_d, best_trip, best_at)


def insert_new(case: Case, chains: Chains, search: Search, saved: Chains) -> None:
    """Insert every order without a driver, the soonest ready first."""
    count = 0
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            k = count
            while k > 0 and case.order[search.pool[k - 1] * ORDER + READY] > case.order[o * ORDER + READY]:
                search.pool[k] = search.pool[k - 1]
                k -= 1
            search.pool[k] = o
            count += 1
    for k in range(count):
        insert(case, chains, search, saved, search.pool[k], 0)


def widen(case: Case, chains: Chains, search: Search, saved: Chains) -> None:
    """Try every driver for the orders their candidates could not take: none is left while a feasible driver is free."""
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            _, best_d, best_trip, best_at = cheapest_anywhere(
                case, chains, search, o, search.order[o * MARKS + PRICE]
            )
            if best_d != NEVER:
                put_in(case, chains, search, saved, o, best_d, best_trip, best_at)


def cheapest_anywhere(
    case: Case, chains: Chains, search: Search, o: int, ceiling: int
) -> tuple[int, int, int, int]:
    """The cheapest place for ``o`` with anybody below ``ceiling``: (added cost, driver, trip, drop), driver NEVER when none.

    Who is so far or so late that she would cost more than the best found is not tried.
    """
    best = ceiling
    best_d = NEVER
    best_trip = NEVER
    best_at = NEVER
    if case.near.wide == 0:
        for d in range(case.drivers):
            added, t, at = _with_driver(case, chains, search, o, d, best)
            if t != NEVER:
                best = added
                best_d = d
                best_trip = t
                best_at = at
        return best, best_d, best_trip, best_at
    store = case.order[o * ORDER + PICKUP]
    for ring in range(rings(case.near)):
        if ring > 0 and drop_cost(case, o, pickup_beyond(case, o, ring - 1)) >= best:
            break
        for k in range(ring_length(ring)):
            cell = ring_cell(case.near, case.x_m[store], case.y_m[store], ring, k)
            if cell < 0:
                continue
            for i in range(case.near.start[cell], case.near.start[cell + 1]):
                d = stands_for(case, o, case.near.item[i])
                if d < 0:
                    continue
                added, t, at = _with_driver(case, chains, search, o, d, best)
                if t != NEVER:
                    best = added
                    best_d = d
                    best_trip = t
                    best_at = at
    return best, best_d, best_trip, best_at


def _with_driver(
    case: Case, chains: Chains, search: Search, o: int, d: int, ceiling: int
) -> tuple[int, int, int]:
    wall, pickup = barrier(case, o, d)
    if wall != POSSIBLE or drop_cost(case, o, pickup) >= ceiling:
        return ceiling, NEVER, NEVER
    return best_in_chain(case, chains, search, o, d, ceiling, 0)


def cheapest(case: Case, chains: Chains, search: Search, o: int) -> int:
    """What order ``o``, left out, would add at least to anybody's chain; NEVER when nobody can take it as things stand."""
    best, d, _, _ = cheapest_anywhere(case, chains, search, o, 1 << 60)
    if d == NEVER:
        return NEVER
    return best
