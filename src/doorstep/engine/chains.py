"""What the kernels work on: one tick as flat rows of whole numbers. NumPy int64 rows when compiled, lists when not.

n orders and m drivers, in the sequence of ``sequence``, are known by their row. A driver's chain has room for ``trips_most``
trips of ``bundle_most`` orders; all chains lie one behind the other, trips without a gap.
"""

from math import sqrt
from typing import NamedTuple, Protocol


class Ints(Protocol):
    """A row of whole numbers."""

    def __getitem__(self, index: int, /) -> int:
        """The number at ``index``."""

    def __setitem__(self, index: int, value: int, /) -> None:
        """Put ``value`` at ``index``."""


# Columns of ``Case.order``, one line an order: places, a number for its store, times, load, abilities (a bit mask),
# where in ``Case.refused`` the rows of the drivers begin and end who declined it, whether a driver under way keeps it, and
# how many orders it counts for on board: 1, or ALONE; what it costs to leave it to a courier company, in seconds; the latest drop
# and the longest ride. Service before and after a stop's instant.
(
    PICKUP, DROPOFF, STORE, READY, WANTED, DUE, EARLIEST, EXPIRES, PICK_BEFORE, PICK_AFTER, DROP_BEFORE, DROP_AFTER,
    UNITS, NEEDS, REFUSED_FROM, REFUSED_TO, KEPT, COUNTS, ELSEWHERE, LATEST, RIDE, ORDER,
) = range(22)  # fmt: skip
ALONE = 1 << 29
# Columns of ``Case.driver``: where and when she could first leave, the end of her shift, what she can do and carry, what
# the chance that she declines costs a trip, the store of her open trip (-1: none), where and when she is done with it, and what
# her limits are while she has what she keeps: they give way to that, and to nothing else.
(
    START_PLACE, START, OFF, ABILITIES, CAPACITY, MOST, REOFFER, OPEN, NEXT_PLACE, NEXT, KEPT_OFF, KEPT_CAPACITY, KEPT_MOST, DRIVER,
) = range(14)  # fmt: skip
# Columns of ``Chains.known``, before each trip: where the driver is, when, at what cost until then, and what of that is
# the orders' own (the rest is driving, waiting at stores and asking).
PLACE, TIME, SPENT, BORNE, KNOWN = range(5)
# Columns of ``Chains.tally``: trips in the chain and its cost.
TRIPS, COST, TALLY = range(3)
# Columns of ``Search.order``: who has it (-1: left out), the price of leaving it out, its place in a sequence, the
# turn it was last in the pool, and the part of the world that it belongs to.
OWNER, PRICE, KEY, POOLED_AT, HOME, MARKS = range(6)
# Columns of ``Search.driver``: the turn her chain last changed, whether it differs from the best plan, and her part of the world.
TOUCHED_AT, DRIFTS, ABODE, NOTES = range(4)
# Cells of ``Search.tally``: cost of all chains and of all orders left out, how many are left out, the turn, how many
# drivers are in ``touched`` and in ``drifted``, and the part of the world that is searched, with how many orders and
# drivers; one that is searched whole is part 0. See ``parts``.
TOTAL, ABSENT, TURN, TOUCHES, DRIFT_COUNT, PART, MEMBERS, CREW, CELLS = range(9)


class Grid(NamedTuple):
    """Items of a plane by square cell, row by row; no cells at all where nobody knows where they are. See ``grid``."""

    wide: int
    high: int
    size_m: int
    west_m: int
    south_m: int
    start: Ints  # (cells + 1) where the items of each cell begin
    item: Ints


class Case(NamedTuple):
    """What does not change within a tick. Prices are thousandths: a price times seconds is milliseconds."""

    orders: int
    drivers: int
    places: int
    trips_most: int
    bundle_most: int
    candidates_first: int  # so many of an order's candidates by earliest pickup,
    candidates_most: (
        int  # and behind them those whom only a crowded order knows; see ``candidates.add_unclaimed``
    )
    neighbours_most: int
    now_s: int
    offer_lead_s: int
    driving_price: int
    waiting_price: int
    late_price: int
    convex_price: int
    convex_after_s: int
    coverage_ms: int
    spared_ms: int
    ms_per_m: int  # 0: travel by the matrix, else by coordinates
    reach_s: int  # longer than any way there is
    whole_trips: int  # 1: where stores are mixed, all pickups of a trip come before its first drop
    travel: Ints  # (places x places) seconds
    x_m: Ints  # (places)
    y_m: Ints
    order: Ints  # (n x ORDER)
    driver: Ints  # (m x DRIVER)
    refused: Ints
    near: Grid  # drivers (m + row: where her open trip's store is)
    stores: Grid  # orders by their stores


class Chains(NamedTuple):
    """Every driver's chain, with what is known before each of its trips."""

    order: Ints  # (m x trips x bundle) rows of orders in drop sequence
    size: Ints  # (m x trips)
    known: Ints  # (m x (trips + 1) x KNOWN)
    tally: Ints  # (m x TALLY)


class Search(NamedTuple):
    """Who has which order, who might, and the notes of the search."""

    order: Ints  # (n x MARKS)
    driver: Ints  # (m x NOTES)
    tally: Ints  # (CELLS)
    candidate: Ints  # (n x candidates) drivers by earliest possible pickup, -1 behind the last
    earliest_drop: Ints  # (n x candidates) when each of them could hand it over at best
    alone: Ints  # (n x candidates) what it would cost each of them with nothing else to do
    neighbour: Ints  # (n x neighbours) other orders, nearest first, -1 behind the last
    keys: Ints  # (candidates + neighbours) by what they are ranked, while they are
    chance: Ints  # (1)
    pool: Ints  # (n) orders to place anew
    touched: Ints  # (m) drivers whose chain changed this turn
    drifted: Ints  # (m) drivers whose chain differs from the best plan


def way(case: Case, a: int, b: int) -> int:
    """Seconds of driving from place ``a`` to place ``b``."""
    if case.ms_per_m == 0:
        return case.travel[a * case.places + b]
    dx = case.x_m[a] - case.x_m[b]
    dy = case.y_m[a] - case.y_m[b]
    return seconds(case, int(sqrt(dx * dx + dy * dy)))


def seconds(case: Case, way_m: int) -> int:
    """How long a straight way takes, rounded up."""
    return (way_m * case.ms_per_m + 999) // 1000


def copy_row(case: Case, source: Chains, i: int, target: Chains, j: int) -> None:
    """Copy chain ``i`` of ``source`` over chain ``j`` of ``target``."""
    room = case.trips_most * case.bundle_most
    for k in range(room):
        target.order[j * room + k] = source.order[i * room + k]
    for t in range(case.trips_most):
        target.size[j * case.trips_most + t] = source.size[i * case.trips_most + t]
    wide = (case.trips_most + 1) * KNOWN
    for k in range(wide):
        target.known[j * wide + k] = source.known[i * wide + k]
    for k in range(TALLY):
        target.tally[j * TALLY + k] = source.tally[i * TALLY + k]
