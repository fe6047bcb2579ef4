"""Who may not take a trip or has no room for an order, and why: counts for the reasons.

Kernels over rows of orders, as ``candidates`` has them for one order: whoever is kept from any order of a trip, or from all of them
``together`` where they cannot be had one by one, is kept from it.
"""

from doorstep.engine.candidates import (
    BARRIERS,
    OFF_SHIFT,
    POSSIBLE,
    TOO_LATE,
    TOO_SMALL,
    approach,
    barrier,
    could_wherever,
    drop_cost,
    rank,
)
from doorstep.engine.chains import (
    CAPACITY,
    DRIVER,
    DROPOFF,
    EXPIRES,
    KNOWN,
    MOST,
    OFF,
    ORDER,
    PICK_BEFORE,
    PICKUP,
    PLACE,
    READY,
    REOFFER,
    TALLY,
    TIME,
    TRIPS,
    UNITS,
    Case,
    Chains,
    Ints,
    way,
)

NOBODY = 0
SOMEBODY_NEARER = 1
ANYBODY = 2


def bar(case: Case, order: Ints, first: int, size: int, together: int, d: int) -> tuple[int, int]:
    """What keeps driver ``d`` from the ``size`` orders of ``order`` from ``first``, even with nothing else to do; the first of
    several constraints. The second number is his earliest pickup of all, with OFF_SHIFT and TOO_LATE by how many seconds he misses it.
    """
    found = BARRIERS
    number = 0
    units = 0
    for k in range(size):
        o = order[first + k]
        units += case.order[o * ORDER + UNITS]
        wall, one = barrier(case, o, d)
        if wall == POSSIBLE:
            wall = BARRIERS
        if wall < found:
            found = wall
            number = one
        elif wall == found:
            number = max(number, one)
    too_much = together > 0 and (
        units > case.driver[d * DRIVER + CAPACITY] or size > case.driver[d * DRIVER + MOST]
    )
    if too_much and found > TOO_SMALL:
        return TOO_SMALL, 0
    if found == BARRIERS:
        found = POSSIBLE
    return found, number


def survey_trip(
    case: Case, order: Ints, first: int, size: int, together: int, found: Ints, count: int, least: int
) -> None:
    """How many drivers each barrier keeps from a trip, in ``found`` from ``count`` on, and from ``least`` on by how little the
    nearest of them misses it.
    """
    for wall in range(BARRIERS):
        found[count + wall] = 0
        found[least + wall] = -1
    for d in range(case.drivers):
        if size == 1 and could_wherever(case, order[first], d):
            found[count + POSSIBLE] += 1
            found[least + POSSIBLE] = 0
            continue
        wall, short = bar(case, order, first, size, together, d)
        found[count + wall] += 1
        if found[least + wall] < 0 or short < found[least + wall]:
            found[least + wall] = short


def kept_from_trip(
    case: Case, order: Ints, first: int, size: int, together: int, most: int, who: Ints, wall: Ints, key: Ints
) -> int:
    """The ``most`` drivers nearest to the first store of a trip who are kept from it, by what each; how many they are.

    Nearest first, from where each is done with what she has begun. ``key``: scratch as long as ``most``.
    """
    found = 0
    for d in range(case.drivers):
        if size == 1 and could_wherever(case, order[first], d):
            continue
        barred, _ = bar(case, order, first, size, together, d)
        if barred != POSSIBLE:
            found = rank(who, 0, key, 0, found, most, d, approach(case, order[first], d))
    for k in range(found):
        wall[k], _ = bar(case, order, first, size, together, who[k])
    return found


def who_is_worth(case: Case, o: int, price: int) -> int:
    """Whether order ``o`` is worth its ``price`` with a trip of its own: to a driver like any who can but with nothing planned
    (ANYBODY), to one who stood at its store (SOMEBODY_NEARER), or to nobody at all (NOBODY).
    """
    leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
    for d in range(case.drivers):
        wall, pickup = barrier(case, o, d)
        if wall == POSSIBLE:
            driven = case.driving_price * (approach(case, o, d) + leg)
            if case.driver[d * DRIVER + REOFFER] + driven + drop_cost(case, o, pickup) < price:
                return ANYBODY
    inside = case.now_s + case.offer_lead_s + case.order[o * ORDER + PICK_BEFORE]
    there = drop_cost(case, o, max(inside, case.order[o * ORDER + READY]))
    # With somebody nearer the price would fall, too: see ``candidates.find_candidates``.
    price = min(price, case.coverage_ms + max(0, there - case.spared_ms))
    if case.driving_price * leg + there < price:
        return SOMEBODY_NEARER
    return NOBODY


def end_hinders(case: Case, o: int, d: int, time_s: int, place: int) -> int:
    """What keeps driver ``d`` from order ``o`` once all is done that is planned for her: then she is at ``place`` at ``time_s``."""
    inside = time_s + case.offer_lead_s + way(case, place, case.order[o * ORDER + PICKUP])
    pickup = max(inside + case.order[o * ORDER + PICK_BEFORE], case.order[o * ORDER + READY])
    if pickup > case.driver[d * DRIVER + OFF]:
        return OFF_SHIFT
    if pickup > case.order[o * ORDER + EXPIRES]:
        return TOO_LATE
    return POSSIBLE


def why_full(case: Case, chains: Chains, o: int) -> tuple[int, int, int]:
    """Of the drivers who could take order ``o`` with nothing else to do, how many have as many trips ahead as are planned, how
    many others are full until their shifts end, and how many until it may no longer be picked up.
    """
    most = 0
    off = 0
    late = 0
    for d in range(case.drivers):
        wall, _ = barrier(case, o, d)
        if wall != POSSIBLE:
            continue
        trips = chains.tally[d * TALLY + TRIPS]
        end = (d * (case.trips_most + 1) + trips) * KNOWN
        if trips == case.trips_most:
            most += 1
            continue
        wall = end_hinders(case, o, d, chains.known[end + TIME], chains.known[end + PLACE])
        if wall == OFF_SHIFT:
            off += 1
        elif wall == TOO_LATE:
            late += 1
    return most, off, late
