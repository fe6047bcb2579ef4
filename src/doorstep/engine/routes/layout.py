"""A pickup and delivery problem laid out for the search, and its plan read back.

From requests, vehicles and matrices of places to flat tables by node (``rows``): ways, windows, vehicles by kind, and for each
node its neighbours, nearest first. Three lists of these: ``near`` for the ruin, by way; ``close``, whose routes are candidates, and ``beside``,
next to whom a request is put, by way and time: granular neighbourhoods (Toth and Vigo 2003, "The granular tabu search";
nearness in space and time as in Vidal et al. 2013). What the parameters were measured at is in docs/dispatch.md.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doorstep.engine.chance import start_chance
from doorstep.engine.routes import rows
from doorstep.engine.routes.places import WAYS
from doorstep.engine.routes.problem import Matrix, Plan, Problem, Request, Route, Stop, Vehicle, Visit
from doorstep.engine.routes.rows import Case, State
from doorstep.engine.routes.sound import require_sound

NEAR = 100
"""Nodes around a node in whose routes the ruin looks for strings, until it has enough of them."""
MANY_KINDS = 20
"""Above so many kinds of vehicle (own starts, say) routes are many and short, and few neighbours meet few of them."""
CLOSE_FEW_KINDS, CLOSE_MANY_KINDS = 8, 30
"""Nodes around each end of a request whose routes are tried for it, with few and with many kinds of vehicle."""
NEAR_KINDS = 25
"""Kinds of vehicle whose first unused one is tried for a request, those that start nearest to its pickup."""
# What waiting between two stops weighs beside the way, when nodes are called near in time.
WAITING = 0.2
LONGEST_ROUTE = 512
"""Stops of one route at most."""

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Habits:
    """How the search goes about its turns; the figures beside each are in docs/dispatch.md."""

    removed: int = 12  # requests a turn takes out, about, where strings are short
    longest: int = 10  # stops of the longest string
    eject_every: int = 20  # turns between two ejections in the fleet phase
    pairs_up_to: int = 12  # requests in a route up to which pairs may be ejected
    beside: int = 16  # nodes around an end of a request beside which it is put first
    scan_new: int = 8  # one in so many of the just removed who fit nowhere near is tried everywhere
    scan_old: int = 32  # the same for those who were out before
    out_most: int = 8  # required requests out up to which a swap for smaller grudges may grow
    left_out: float = 60.0  # what one more required request out weighs while some must be, in typical detours


@dataclass(frozen=True, slots=True)
class Layout:
    """A problem as the kernels see it; ``requests`` and ``fleet`` say which row of the problem each row here stands for."""

    case: Case
    state: State
    requests: tuple[int, ...]
    fleet: tuple[int, ...]
    places: Whole  # of every node but the last, which is nowhere

    def afresh(self, seed: int) -> "Layout":
        """The same problem with every route empty again, for a search of its own."""
        return replace(self, state=_blank(self.case, seed, compiled=not isinstance(self.case.node, list)))

    def without_prize(self, rows_out: Collection[int]) -> "Layout":
        """The same, where to leave these rows out costs nothing."""
        prize = np.array(self.case.prize)
        prize[list(rows_out)] = 0.0
        frozen = _frozen(prize)
        return replace(
            self,
            case=self.case._replace(prize=_listed(frozen) if isinstance(self.case.prize, list) else frozen),
        )

    def vehicles_kept(self) -> int:
        """How many vehicles the best plan so far uses."""
        return sum(self.state.best_size[v] > 0 for v in range(self.case.vehicles))

    def change_node(self, x: int, place: int, problem: Problem) -> None:
        """Move node ``x`` of a request to another place of ``problem``."""
        self.places[x] = place
        tables = (
            (self.case.travel, self.case.travel_to, problem.travel_s),
            (self.case.length, self.case.length_to, problem.lengths),
        )
        for way, way_back, matrix in tables:
            out, home = matrix[place, self.places], matrix[self.places, place]
            _write_cross(way, self.case.nodes, x, out, home)
            _write_cross(way_back, self.case.nodes, x, home, out)

    def plan(self, turns: int) -> Plan:
        """The plan in the rows now."""
        routes = []
        for row, vehicle in enumerate(self.fleet):
            first = row * self.case.wide + 1
            nodes = [int(self.state.stop[first + k]) for k in range(self.state.size[row])]
            if nodes:
                stops = tuple(Stop(self.requests[node >> 1], node % 2 == 0) for node in nodes)
                routes.append(Route(vehicle, stops))
        left = sorted(self.requests[r] for r in range(self.case.requests) if self.state.owner[r] < 0)
        return Plan(tuple(sorted(routes, key=lambda route: route.vehicle)), tuple(left), turns)


def lay_out(problem: Problem, seed: int, *, compiled: bool, habits: Habits | None = None) -> Layout:
    """Rows for ``problem`` with every route empty. Raises ValueError for a problem that is not sound."""
    require_sound(problem)
    habits = habits or Habits()
    n = len(problem.requests)
    # Chance and ties go by row, so rows stand by what requests and vehicles are: neither their names nor their sequence in
    # the problem is part of what is found. Rows in which nothing differs may stand for each other.
    carried = sorted(range(n), key=lambda r: _traits(problem.requests[r]))
    fleet = sorted(range(len(problem.vehicles)), key=lambda v: _kind(problem.vehicles[v]))
    requests = [problem.requests[r] for r in carried]
    vehicles = [problem.vehicles[v] for v in fleet]
    terminals = sorted({v.start for v in vehicles} | {v.end for v in vehicles if v.end is not None})
    terminal = {place: 2 * n + k for k, place in enumerate(terminals)}
    nowhere = 2 * n + len(terminals)
    places = np.array(
        [visit.place for r in requests for visit in (r.pickup, r.delivery)] + terminals, np.int64
    )
    travel, travel_to = _square(problem.travel_s, places)
    length, length_to = (travel, travel_to) if problem.distance is None else _square(problem.distance, places)
    kinds = [k for k in range(len(vehicles)) if k == 0 or _kind(vehicles[k]) != _kind(vehicles[k - 1])]
    node = np.zeros((nowhere + 1, rows.NODE))
    node[:, rows.CLOSES] = node[:, rows.WANTED] = rows.NEVER
    for r, request in enumerate(requests):
        for x, visit, units in (
            (2 * r, request.pickup, request.units),
            (2 * r + 1, request.delivery, -request.units),
        ):
            node[x] = _asked(visit, units)
    room = [
        (v.capacity + rows.ROUNDING, v.starts_s, min(v.ends_s, rows.NEVER) + rows.ROUNDING, v.opening)
        for v in vehicles
    ]
    trait = [
        (terminal[v.start], nowhere if v.end is None else terminal[v.end], v.abilities) for v in vehicles
    ]
    near_kind, to_start = _near_kinds(length, n, [trait[k] for k in kinds])
    pickups = 2 * np.arange(n)
    span = to_start + length[pickups, pickups + 1]
    many = len(kinds) > MANY_KINDS
    near, close = _near(travel, length, node, n, CLOSE_MANY_KINDS if many else CLOSE_FEW_KINDS)
    beside_each = 0 if many or problem.late_price > 0 else habits.beside
    beside = _beside(travel, length, node, n, beside_each)
    # Each number is of one type whatever the caller wrote: another type would be compiled anew, within a budget.
    case = Case(
        requests=n,
        vehicles=len(vehicles),
        nodes=nowhere + 1,
        wide=min(2 * n, LONGEST_ROUTE) + 2,  # with start and end
        near_most=near.shape[1],
        close_most=close.shape[1],
        beside_most=beside.shape[1],
        kinds_most=near_kind.shape[1],
        kinds=len(kinds),
        direct=bool(problem.direct),
        soft=problem.late_price > 0,
        late_price=float(problem.late_price),
        removed=habits.removed,
        longest=habits.longest,
        eject_every=habits.eject_every,
        pairs_up_to=habits.pairs_up_to,
        scan_new=habits.scan_new,
        scan_old=habits.scan_old,
        out_most=int(habits.out_most),
        left_out=float(habits.left_out),
        # Where nothing is away from anything, to leave somebody out has to cost all the same.
        unit=float(span.mean()) / 10 if n and span.any() else 1.0,
        travel=_frozen(travel),
        travel_to=_frozen(travel_to),
        length=_frozen(length),
        length_to=_frozen(length_to),
        node=_frozen(_roomy(node)),
        needs=_frozen(np.array([r.needs for r in requests], np.int64)),
        prize=_frozen(np.array([rows.NEVER if r.prize is None else r.prize for r in requests], np.float64)),
        span=_frozen(span),
        vehicle=_frozen(np.array(room, np.float64)),
        trait=_frozen(np.array(trait, np.int64)),
        kind_from=_frozen(np.array([*kinds, len(vehicles)], np.int64)),
        near=_frozen(near),
        close=_frozen(close),
        beside=_frozen(beside),
        near_kind=_frozen(near_kind),
    )
    if not compiled:
        case = Case(*map(_listed, case))
    return Layout(case, _blank(case, seed, compiled=compiled), tuple(carried), tuple(fleet), places)


def _traits(r: Request) -> tuple[float, ...]:
    """What a request is but for its name. Its places first: a file whose pickups stand in sequence is laid out as it stands."""
    ends = (number for visit in (r.pickup, r.delivery) for number in (*_window(visit), visit.service_s))
    return (
        r.pickup.place, r.delivery.place, *ends, r.units, r.needs, rows.NEVER if r.prize is None else r.prize
    )  # fmt: skip


def cells_of(visit: Visit, units: float) -> tuple[float, ...]:
    """A line of ``Case.node``: what is asked of a stop, with room for rounding, and the ``units`` it adds to the load."""
    return tuple(_roomy(np.array(_asked(visit, units))).tolist())


def _asked(visit: Visit, units: float) -> tuple[float, float, float, float, float]:
    opens_s, closes_s, wanted_s = _window(visit)
    return (opens_s, closes_s, visit.service_s, units, wanted_s)


def _roomy(node: Matrix) -> Matrix:
    """The same table, changed. Who is near whom is told before: by what was asked for alone."""
    node[..., rows.CLOSES] += rows.ROUNDING
    return node


def _window(visit: Visit) -> tuple[float, float, float]:
    """When it opens, when it closes, when it gets late."""
    return (visit.opens_s, visit.closes_s, visit.closes_s if visit.wanted_s is None else visit.wanted_s)


def _kind(v: Vehicle) -> tuple[float, ...]:
    return (v.start, -1 if v.end is None else v.end, v.capacity, v.starts_s, v.ends_s, v.abilities, v.opening)


def _frozen(array: NDArray[Any]) -> Any:
    """Flat and read-only, so that the kernels are compiled for one type only."""
    flat = np.ascontiguousarray(array).reshape(-1).view()
    flat.flags.writeable = False
    return flat


def _write_cross(table: Any, nodes: int, x: int, row: Matrix, column: Matrix) -> None:
    """Line and column ``x`` of a frozen square table."""
    if isinstance(table, list):
        for k in range(len(row)):
            table[x * nodes + k], table[k * nodes + x] = float(row[k]), float(column[k])
    else:
        square = table.base.reshape(nodes, nodes)
        square[x, : len(row)], square[: len(row), x] = row, column


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _square(matrix: Matrix, places: Whole) -> tuple[Matrix, Matrix]:
    """From node to node, and the same turned round; the last node is nowhere."""
    k = len(places)
    square = np.zeros((k + 1, k + 1))
    square[:k, :k] = matrix[np.ix_(places, places)]
    if np.array_equal(matrix, matrix.T):
        return square, square
    return square, np.ascontiguousarray(square.T)


def _nearest(gaps: Matrix, most: int) -> Whole:
    """For each line the columns of its ``most`` least numbers, least first, -1 where a number is infinite."""
    most = min(most, gaps.shape[1])
    if most == 0:
        return np.full((len(gaps), 1), -1, np.int64)
    part = (
        np.argpartition(gaps, most - 1, axis=1)[:, :most]
        if most < gaps.shape[1]
        else np.tile(np.arange(most), (len(gaps), 1))
    )
    values = np.take_along_axis(gaps, part, axis=1)
    sequence = np.lexsort((part, values), axis=1)
    found = np.take_along_axis(part, sequence, axis=1)
    found[np.isinf(np.take_along_axis(values, sequence, axis=1))] = -1
    return found.astype(np.int64)


def _near(travel: Matrix, length: Matrix, node: Matrix, n: int, close_each: int) -> tuple[Whole, Whole]:
    """Nodes around each node by length, and nodes around each request that could stand next to one of its ends."""
    if n == 0:
        return np.full((0, 1), -1, np.int64), np.full((0, 1), -1, np.int64)
    stops = 2 * n
    gaps = np.minimum(length[:stops, :stops], length[:stops, :stops].T)
    own = np.arange(stops)
    gaps[own, own] = gaps[own, own ^ 1] = np.inf
    near = _nearest(gaps, NEAR)
    leaves = node[:stops, rows.OPENS] + node[:stops, rows.SERVICE]
    after = leaves[:, None] + travel[:stops, :stops] <= node[None, :stops, rows.CLOSES]
    gaps[~(after | after.T)] = np.inf
    each = _nearest(gaps, close_each)
    both = np.stack([each[0::2], each[1::2]], axis=2).reshape(n, -1)
    # A row ends at its first -1: move those behind the rest.
    behind = np.argsort(both < 0, axis=1, kind="stable")
    return near, np.take_along_axis(both, behind, axis=1)


def _beside(travel: Matrix, length: Matrix, node: Matrix, n: int, each: int) -> Whole:
    """The ``each`` nearest nodes around each node by way and inevitable waiting, of those that could stand next to it."""
    stops = 2 * n
    if each == 0 or n == 0:
        return np.full((stops, 0), -1, np.int64)
    way_s, opens, closes = travel[:stops, :stops], node[:stops, rows.OPENS], node[:stops, rows.CLOSES]
    service, opens, closes = node[:stops, rows.SERVICE], opens.copy(), closes.copy()
    # An end without a window of its own has the one its other end leaves it.
    own = 2 * np.arange(n)
    ride_s = service[own] + way_s[own, own + 1]
    opens[own + 1] = np.maximum(opens[own + 1], opens[own] + ride_s)
    closes[own] = np.minimum(closes[own], closes[own + 1] - ride_s)
    step_s = service[:, None] + way_s
    waiting_s = np.maximum(opens[None, :] - closes[:, None] - step_s, 0.0)
    mean_way_s = way_s.mean()
    price = WAITING * (length[:stops, :stops].mean() / mean_way_s if mean_way_s > 0 else 1.0)
    gaps = length[:stops, :stops] + price * waiting_s
    gaps[opens[:, None] + step_s > closes[None, :]] = np.inf
    gaps = np.minimum(gaps, gaps.T)
    both = np.arange(stops)
    gaps[both, both] = gaps[both, both ^ 1] = np.inf
    return _nearest(gaps, each)


def _near_kinds(length: Matrix, n: int, kinds: list[tuple[int, int, int]]) -> tuple[Whole, Matrix]:
    """The kinds of vehicle that start nearest to each pickup, and the length of the way there and home for the first."""
    if not kinds or n == 0:
        return np.full((n, 1), -1, np.int64), np.zeros(n)
    starts, ends = np.array([k[0] for k in kinds]), np.array([k[1] for k in kinds])
    out = length[starts][:, 0 : 2 * n : 2].T
    found = _nearest(np.ascontiguousarray(out), NEAR_KINDS)
    first = found[:, 0]
    home = length[2 * np.arange(n) + 1, ends[first]]
    return found, out[np.arange(n), first] + home


def _blank(case: Case, seed: int, *, compiled: bool) -> State:
    cells, n, m = (case.vehicles + 1) * case.wide, case.requests, case.vehicles + 1

    def whole(count: int, value: int = 0) -> Any:
        return np.full(count, value, np.int64) if value else np.zeros(count, np.int64)

    def real(count: int) -> Any:
        return np.zeros(count, np.float64)

    state = State(
        stop=whole(cells), leave=real(cells), late=real(cells), load=real(cells), leg=real(cells), hop=real(cells),
        tardy=real(cells), size=whole(m), cost=real(m), key=whole(m), usable=whole(m, 1), owner=whole(n, -1),
        at=whole(case.nodes), grudge=whole(n), rank=real(n), pool=whole(n), absent_before=whole(n),
        absent_at=whole(n), touched=whole(m),
        touched_at=whole(m, -1), seen=whole(m), kept_from=whole(m), kept_size=whole(m), kept=whole(2 * n + 2 * m),
        best_stop=whole(cells), best_size=whole(m), best_key=whole(m, -1), best_usable=whole(m, 1),
        memory_key=whole(n * m * WAYS), memory_cost=real(n * m * WAYS), after=real(case.wide), least=real(case.wide),
        boarded=whole(cells), dropped=whole(cells), chained=whole(m), chain_first=whole(m), chain_least=real(m),
        chain_cell=whole(2 * case.beside_most), chain_cost=real(2 * case.beside_most),
        chain_next=whole(2 * case.beside_most), spot=whole(rows.SPOTS), members=whole(n), tally=whole(rows.CELLS), amount=real(rows.AMOUNTS), chance=whole(1),
    )  # fmt: skip
    for r in range(n):
        state.pool[r] = r
    state.tally[rows.POOLED] = n
    if not compiled:
        state = State(*map(_listed, state))
    start_chance(state.chance, seed)
    return state
