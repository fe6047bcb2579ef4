"""Who may not take a trip, and why: counts for the reasons.

Kernels over rows of orders, as ``candidates`` has them for one order: whoever is kept from any order of a trip, or from all of them
``together`` where they cannot be had one by one, is kept from it.
"""

from doorstep.engine.candidates import (
    BARRIERS,
    POSSIBLE,
    TOO_SMALL,
    approach,
    barrier,
    could_wherever,
    rank,
)
from doorstep.engine.chains import CAPACITY, DRIVER, MOST, ORDER, UNITS, Case, Ints


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
