"""What the kernels of route planning work on: flat rows of numbers, NumPy when compiled, lists when interpreted.

Row r stands for a request wherever that stands in the problem (``layout``). It is picked up at node 2r and delivered at node
2r + 1; behind them one node for each place where vehicles start or end, and one that is nowhere, at no distance from anything,
where routes with an open end stop. A route is a row of ``wide`` cells: its start, its stops, its end.
"""

from typing import NamedTuple, Protocol

from doorstep.engine.chains import Ints


class Floats(Protocol):
    """A row of numbers in double precision."""

    def __getitem__(self, index: int, /) -> float:
        """The number at ``index``."""

    def __setitem__(self, index: int, value: float, /) -> None:
        """Put ``value`` at ``index``."""


NEVER = 1e300
"""What cannot be costs this."""
ROUNDING = 2.0**-23
"""Sums of tenths are rounded: three of 0.1 are more than 0.3. Capacities and latest times stand in the rows with so much more, a tenth of
what ``check`` looks away at; a power of two, so that what was as long as another stays so.
"""

# Columns of ``Case.node``: hard window, service, what it adds to the load, when it gets late (soft).
OPENS, CLOSES, SERVICE, UNITS, WANTED, NODE = range(6)
# Columns of ``Case.vehicle`` (numbers) and ``Case.trait`` (whole numbers).
CAPACITY, STARTS, ENDS, OPENING, VEHICLE = range(5)
START, END, ABILITIES, TRAIT = range(4)
# Cells of ``State.tally``: turn, routes touched and cells kept this turn, requests out of any route (``pool``), how many of
# them before the turn, required ones among the absent now and in the best plan, turn of the last ejection, whether there
# is a best plan, number of the last scan of candidates, vehicles given up, the least required ones out since the last of them.
(TURN, TOUCHES, KEPT, POOLED, WERE_ABSENT, MISSING, BEST_MISSING, EJECTED_AT, BEST_KNOWN, SCAN, GONE, LEAST_MISSING, CELLS) = range(13)  # fmt: skip
# Cells of ``State.spot``: the place found last, 2 to 8 are ejection's.
AT_PICKUP, AT_DELIVERY, AT_ROW, SPOTS = 0, 1, 9, 10
# Cells of ``State.amount``: cost of the plan with prizes left, the same of the best.
TOTAL, BEST_TOTAL, AMOUNTS = range(3)


class Case(NamedTuple):
    """What does not change during a search."""

    requests: int
    vehicles: int
    nodes: int
    wide: int
    near_most: int  # nodes around a node, for the ruin
    close_most: int  # nodes around a request whose routes are candidates
    beside_most: int  # nodes around an end of a request beside which it is put first; 0: whole routes
    kinds_most: int  # kinds of vehicle that start near a request
    kinds: int
    direct: bool
    soft: bool
    late_price: float
    removed: int  # requests a turn takes out, about, where strings are short
    longest: int  # stops of the longest string
    eject_every: int  # turns between two ejections
    pairs_up_to: int  # requests in a route up to which pairs may be ejected
    scan_new: int  # one in so many of the just removed who fit nowhere near is tried everywhere
    scan_old: int  # the same for those who were out before
    out_most: int  # required requests out up to which a swap for smaller grudges may grow
    left_out: float  # what one more required request out weighs while some must be, in units
    unit: float  # what a typical detour costs; temperatures are multiples of it
    travel: Floats  # (nodes x nodes) from row to column
    travel_to: Floats  # the same, to row from column
    length: Floats
    length_to: Floats
    node: Floats  # (nodes x NODE)
    needs: Ints  # (requests)
    prize: Floats  # (requests), NEVER when it must be served
    span: Floats  # (requests) length of a tour for it alone
    vehicle: Floats  # (vehicles x VEHICLE)
    trait: Ints  # (vehicles x TRAIT)
    kind_from: Ints  # (kinds + 1) first vehicle of each kind
    near: Ints  # (2 requests x near_most) nodes by length around a node, -1 behind the last
    close: Ints  # (requests x close_most) nodes around either end, -1 behind the last
    beside: Ints  # (2 requests x beside_most) nodes around a node in space and time, -1 behind the last
    near_kind: Ints  # (requests x kinds_most), -1 behind the last


class State(NamedTuple):
    """The plan being changed, what is known along it, and the notes of the search.

    The row behind the last vehicle's is scratch.
    """

    stop: Ints  # (vehicles + 1) x wide
    leave: Floats  # same: earliest departure
    late: Floats  # same: latest begin of service that keeps the rest possible
    load: Floats  # same: on departure
    leg: Floats  # same: cost to the next
    hop: Floats  # same: service and travel to the next
    tardy: Floats  # same: seconds late up to here
    size: Ints  # (vehicles + 1) stops
    cost: Floats  # (vehicles + 1)
    key: Ints  # (vehicles + 1) content
    usable: Ints  # (vehicles + 1)
    owner: Ints  # (requests) vehicle, -1: absent
    at: Ints  # (nodes) cell in its route
    grudge: Ints  # (requests) turns it was left out
    rank: Floats  # (requests) key of the insertion sequence
    pool: Ints  # (requests) out of any route
    absent_before: Ints  # (requests)
    absent_at: Ints  # (requests) last turn that began with it out
    touched: Ints  # (vehicles)
    touched_at: Ints  # (vehicles) turn
    seen: Ints  # (vehicles + 1) stamp of the last candidate scan
    kept_from: Ints  # (vehicles) where in ``kept`` a touched route lies
    kept_size: Ints  # (vehicles)
    kept: Ints  # (2 requests + 2 vehicles)
    best_stop: Ints  # (vehicles + 1) x wide
    best_size: Ints  # (vehicles + 1)
    best_key: Ints  # (vehicles + 1)
    best_usable: Ints  # (vehicles + 1)
    memory_key: Ints  # (requests x (vehicles) x WAYS)
    memory_cost: Floats
    after: Floats  # (wide) cost of the delivery behind each cell
    least: Floats  # (wide) least of ``after`` from here on
    boarded: Ints  # as ``stop``: stamp of the last scan that looked at a pickup behind it
    dropped: Ints  # as ``stop``: the same of a delivery
    chained: Ints  # (vehicles + 1) stamp of the scan whose cells for a delivery are chained in the row
    chain_first: Ints  # (vehicles + 1) the first of them, -1: none
    chain_least: Floats  # (vehicles + 1) the least cost of them
    chain_cell: Ints  # (2 beside_most) of ``stop``
    chain_cost: Floats  # (2 beside_most)
    chain_next: Ints  # (2 beside_most), -1: none
    spot: Ints  # (SPOTS) results
    members: Ints  # (requests) requests of one route
    tally: Ints  # (CELLS)
    amount: Floats  # (AMOUNTS)
    chance: Ints  # (1)
