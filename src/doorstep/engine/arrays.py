"""A world laid out for the kernels: orders and drivers as rows of whole numbers, the last plan as chains of rows.

Rows stand by what they are (``sequence``), whatever came first and whoever is called what. Of the last plan everything is kept that
still fits; a driver under way begins at the store where she will be, with limits that give way to what she keeps. Prices become
thousandths and nothing is ever a fraction, so that compiled and interpreted kernels agree to the bit.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from itertools import chain as chained
from typing import Any, Protocol, cast

import numpy as np

from doorstep.engine.chains import (
    ALONE,
    CELLS,
    CREW,
    KNOWN,
    MARKS,
    MEMBERS,
    NEXT_PLACE,
    OPEN,
    ORDER,
    OWNER,
    START_PLACE,
    STORE,
    TALLY,
    TRIPS,
    Case,
    Chains,
    Ints,
    Search,
)
from doorstep.engine.grid import grid_of
from doorstep.engine.params import Params
from doorstep.engine.schedule import Times, arrival_s, times_of
from doorstep.engine.sequence import in_sequence
from doorstep.engine.world import FOREVER_S, Chain, Driver, Order, Plane, Ways, World

type DriverLine = Callable[
    [Driver, list[Order], dict[tuple[str, int], int], Ways, Params, int], tuple[int, ...]
]
"""One line of ``Case.driver`` for a driver with her open trip, by the stores' numbers."""
NEIGHBOURS = 20
UNCLAIMED = 10
"""How many drivers whom no other order has first call on a crowded order gets to know."""
NOTHING = np.zeros((1, 1), np.int32)
"""Instead of a matrix."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One tick as the kernels see it, and the orders and drivers behind its rows.

    Reserved orders and drivers who start too far ahead are not among them.
    """

    orders: tuple[Order, ...]
    drivers: tuple[Driver, ...]
    later: int  # drivers who start too far ahead
    named_most: int  # of the drivers kept from an order, in its reason
    rows: "Rows"
    case: Case
    chains: Chains
    search: Search
    saved: Chains
    best: Chains

    def trips(self, d: int) -> list[tuple[int, ...]]:
        """The chain of the driver in row ``d``: rows of orders by trip."""
        found = []
        for t in range(self.chains.tally[d * TALLY + TRIPS]):
            row = d * self.case.trips_most + t
            first = row * self.case.bundle_most
            found.append(tuple(int(self.chains.order[first + k]) for k in range(self.chains.size[row])))
        return found

    def chain(self, d: int) -> list[tuple[Order, ...]]:
        """The same with the orders themselves."""
        return [tuple(self.orders[o] for o in trip) for trip in self.trips(d)]

    def left_out(self) -> list[int]:
        """Rows of the orders in nobody's chain."""
        return [o for o in range(self.case.orders) if self.search.order[o * MARKS + OWNER] < 0]


def thousandths(price: float) -> int:
    """A price as a whole number of thousandths, rounded half to even."""
    return round(price * 1000)


class Rows(Protocol):
    """Makes the rows of one kind of kernels."""

    def of(self, numbers: Iterable[int]) -> Ints:
        """A row of ``numbers``."""

    def table(self, lines: Sequence[tuple[int, ...]]) -> Ints:
        """``lines`` one behind the other."""

    def blank(self, count: int) -> Ints:
        """``count`` zeros."""


class CompiledRows:
    """NumPy rows for the compiled kernels."""

    def of(self, numbers: Iterable[int]) -> Ints:
        """A row of ``numbers``."""
        return cast(Ints, np.array(list(numbers), np.int64))

    def table(self, lines: Sequence[tuple[int, ...]]) -> Ints:
        """``lines`` one behind the other."""
        return cast(Ints, np.array(lines, np.int64).reshape(-1))

    def blank(self, count: int) -> Ints:
        """``count`` zeros."""
        return cast(Ints, np.zeros(count, np.int64))


class PlainRows:
    """Lists for the interpreted kernels: several times faster there than NumPy."""

    def of(self, numbers: Iterable[int]) -> Ints:
        """A row of ``numbers``."""
        return list(numbers)

    def table(self, lines: Sequence[tuple[int, ...]]) -> Ints:
        """``lines`` one behind the other."""
        return list(chained.from_iterable(lines))

    def blank(self, count: int) -> Ints:
        """``count`` zeros."""
        return [0] * count


def lay_out(world: World, travel: Ways, params: Params, now_s: int, *, compiled: bool) -> Layout:
    """The world's rows, with what still fits of the last plan already in the chains.

    Unknown ids in the plan are ignored. Raises ValueError for two orders or drivers of one id, a place that is not in the
    matrix, or a kept order that is unknown or kept twice.
    """
    orders, drivers = in_sequence(
        (o for o in world.orders if not o.reserved),
        (d for d in world.drivers if d.on_s <= now_s + params.start_ahead_s),
        world.plan,
    )
    refuse_nonsense(orders, drivers, travel.places)
    if any(d.aboard for d in drivers):
        raise ValueError("what is on board is planned only where stores are mixed")
    planned = {id_ for trips in world.plan.values() for trip in trips for id_ in trip}
    surge = sum(o.id not in planned for o in orders) >= params.surge_orders
    candidates = max(params.candidates, params.surge_candidates) if surge else params.candidates
    rows: Rows = CompiledRows() if compiled else PlainRows()
    case = case_of(orders, drivers, travel, params, now_s, rows, candidates, _driver_line, compiled=compiled)
    n, m, k = len(orders), len(drivers), case.candidates_most
    owner, kept = _last_plan(orders, drivers, world, case)
    search = Search(
        order=rows.table([(d, 0, 0, -1, 0) for d in owner]),
        driver=rows.table([(-1, 0, 0)] * m),
        tally=rows.of(whole(n, m)),
        candidate=rows.blank(n * k),
        earliest_drop=rows.blank(n * k),
        alone=rows.blank(n * k),
        neighbour=rows.blank(n * NEIGHBOURS),
        keys=rows.blank(k + NEIGHBOURS),
        chance=rows.blank(1),
        pool=rows.blank(n),
        touched=rows.blank(m),
        drifted=rows.blank(m),
    )
    chains, saved, best = (blank_chains(rows, case, m) for _ in range(3))
    for d, trips in enumerate(kept):
        chains.tally[d * TALLY + TRIPS] = len(trips)
        for t, trip in enumerate(trips):
            chains.size[d * case.trips_most + t] = len(trip)
            for i, o in enumerate(trip):
                chains.order[(d * case.trips_most + t) * case.bundle_most + i] = o
    return Layout(
        orders, drivers, len(world.drivers) - m, params.named_most, rows, case, chains, search, saved, best
    )


def blank_chains(rows: Rows, case: Case, drivers: int) -> Chains:
    """Room for the chains of so many drivers."""
    return Chains(
        order=rows.blank(drivers * case.trips_most * case.bundle_most),
        size=rows.blank(drivers * case.trips_most),
        known=rows.blank(drivers * (case.trips_most + 1) * KNOWN),
        tally=rows.blank(drivers * TALLY),
    )


def whole(orders: int, drivers: int) -> tuple[int, ...]:
    """The notes of a search that has not begun, over all of a world."""
    tally = [0] * CELLS
    tally[MEMBERS], tally[CREW] = orders, drivers
    return tuple(tally)


def refuse_nonsense(orders: tuple[Order, ...], drivers: tuple[Driver, ...], places: int) -> None:
    """Raise ValueError for what no tick can mean; see ``lay_out``."""
    if len({o.id for o in orders}) < len(orders) or len({d.id for d in drivers}) < len(drivers):
        raise ValueError("two orders or two drivers have one id")
    kept = [id_ for d in drivers for id_ in d.keeps]
    if len(set(kept)) < len(kept) or not {o.id for o in orders}.issuperset(kept):
        raise ValueError("an order that is kept is kept by one driver and is among the orders")
    used = {o.pickup for o in orders} | {o.dropoff for o in orders} | {d.place for d in drivers}
    if used and not (min(used) >= 0 and max(used) < places):
        raise ValueError("an order or driver is at a place outside the travel matrix")


def case_of(
    orders: tuple[Order, ...],
    drivers: tuple[Driver, ...],
    travel: Ways,
    params: Params,
    now_s: int,
    rows: Rows,
    candidates: int,
    driver_line: DriverLine,
    *,
    compiled: bool,
) -> Case:
    """What does not change within the tick; ``driver_line`` says when and where each driver could first do something new."""
    stores = {store: i for i, store in enumerate(dict.fromkeys((o.store, o.pickup) for o in orders))}
    rows_of = {o.id: o for o in orders}
    open_trips = [[rows_of[id_] for id_ in d.keeps] for d in drivers]
    kept = {id_ for d in drivers for id_ in d.keeps} | {o.id for d in drivers for o in d.aboard}
    number = {d.id: j for j, d in enumerate(drivers)}
    refused = [sorted(number[d] for d in o.refused_by if d in number) for o in orders]
    ends = list(accumulate((len(some) for some in refused), initial=0))
    refused_rows = list(pairwise(ends))
    plane = travel if isinstance(travel, Plane) else None
    matrix = np.ascontiguousarray(NOTHING if isinstance(travel, Plane) else travel.seconds).reshape(-1)
    # Always seen as read-only, so that the kernels are compiled for one type only.
    frozen = matrix.view()
    frozen.flags.writeable = False
    lines = [
        driver_line(d, trip, stores, travel, params, now_s)
        for d, trip in zip(drivers, open_trips, strict=True)
    ]
    seen: Any = frozen if compiled else memoryview(frozen)
    ends_of = _kept_limits(drivers, open_trips, travel, params, now_s)
    return Case(
        orders=len(orders),
        drivers=len(drivers),
        places=travel.places,
        trips_most=params.trips_ahead,
        bundle_most=max([params.max_bundle, *(len(d.keeps) for d in drivers)]),
        candidates_first=candidates,
        candidates_most=candidates + UNCLAIMED if len(drivers) > candidates else candidates,
        neighbours_most=NEIGHBOURS,
        now_s=now_s,
        offer_lead_s=params.offer_lead_s,
        driving_price=thousandths(params.driving_price),
        waiting_price=thousandths(params.waiting_price),
        late_price=thousandths(params.late_price),
        convex_price=thousandths(params.convex_price),
        convex_after_s=params.convex_after_min * 60,
        coverage_ms=60 * thousandths(params.coverage_price),
        spared_ms=60 * thousandths(params.spared_min),
        ms_per_m=plane.ms_per_m if plane else 0,
        reach_s=plane.reach_s() if plane else FOREVER_S,
        whole_trips=int(params.whole_trips),
        travel=seen,
        x_m=rows.of(plane.x_m.tolist() if plane else [0]),
        y_m=rows.of(plane.y_m.tolist() if plane else [0]),
        order=rows.table(
            [
                _line(o, stores, some, ends_of.get(o.id), kept=o.id in kept, mixing=params.mixing)
                for o, some in zip(orders, refused_rows, strict=True)
            ]
        ),
        driver=rows.table(lines),
        refused=rows.of(d for some in refused for d in some),
        near=grid_of(_whereabouts(lines, plane) if plane else [], rows),
        stores=grid_of([_point(plane, o.pickup, i) for i, o in enumerate(orders)] if plane else [], rows),
    )


def _point(plane: Plane, place: int, item: int) -> tuple[int, int, int]:
    return int(plane.x_m[place]), int(plane.y_m[place]), item


def _whereabouts(lines: Sequence[tuple[int, ...]], plane: Plane) -> list[tuple[int, int, int]]:
    """Where each driver is next free, and, as another item, the store where her open trip waits."""
    x_m, y_m = plane.x_m.tolist(), plane.y_m.tolist()
    found = [(x_m[line[NEXT_PLACE]], y_m[line[NEXT_PLACE]], j) for j, line in enumerate(lines)]
    return found + [
        (x_m[line[START_PLACE]], y_m[line[START_PLACE]], len(lines) + j)
        for j, line in enumerate(lines)
        if line[OPEN] >= 0
    ]


def _kept_limits(
    drivers: Sequence[Driver], open_trips: Sequence[list[Order]], travel: Ways, params: Params, now_s: int
) -> dict[str, tuple[int, int]]:
    """By when at the latest, and within which ride, what is kept or on board is handed over: its own limits, where they can still be kept."""
    found = {o.id: (FOREVER_S, FOREVER_S) for d in drivers for o in d.aboard}
    for d, trip in zip(drivers, open_trips, strict=True):
        if all(o.latest_drop_s == o.ride_most_s == FOREVER_S for o in trip):
            continue
        times = alone_times(d, trip, travel, params, now_s)
        found |= {
            o.id: (max(o.latest_drop_s, drop_s), max(o.ride_most_s, drop_s - times.pickup_s))
            for o, drop_s in zip(trip, times.drops_s, strict=True)
        }
    return found


def _line(
    o: Order,
    stores: dict[tuple[str, int], int],
    refused: tuple[int, int],
    limits: tuple[int, int] | None,
    *,
    kept: bool,
    mixing: bool,
) -> tuple[int, ...]:
    """One line of ``Case.order``. What is kept is picked up whatever the hour."""
    latest_s, ride_s = limits or (o.latest_drop_s, o.ride_most_s)
    if mixing and kept:  # bound to its driver at whatever cost
        latest_s = ride_s = FOREVER_S
    alone = o.alone or (mixing and o.ride_most_s < FOREVER_S)
    pick_before, drop_before = o.pickup_service_s // 2, o.dropoff_service_s // 2
    return (
        o.pickup, o.dropoff, stores[o.store, o.pickup], o.ready_s, o.wanted_from_s, o.due_s, o.earliest_drop_s,
        FOREVER_S if kept else o.expires_s, pick_before, o.pickup_service_s - pick_before, drop_before, o.dropoff_service_s - drop_before,
        o.units, o.needs, *refused, kept, ALONE if alone else 1, o.elsewhere_s, latest_s, ride_s,
    )  # fmt: skip


def _driver_line(
    d: Driver,
    trip: list[Order],
    stores: dict[tuple[str, int], int],
    travel: Ways,
    params: Params,
    now_s: int,
) -> tuple[int, ...]:
    """One line of ``Case.driver``. For her open trip limits give way where the orders she keeps already break them."""
    start_s, most = max(d.free_s, d.on_s, now_s), min(d.max_orders, params.max_bundle)
    refusal_ms = 60 * thousandths(params.reoffer_price) * (1000 - d.acceptance_permille) // 1000
    if not trip:
        return (
            d.place,
            start_s,
            d.off_s,
            d.abilities,
            d.capacity_units,
            most,
            refusal_ms,
            -1,
            d.place,
            start_s,
            d.off_s,
            d.capacity_units,
            most,
        )
    start_s = arrival_s(d, trip, now_s)
    times = alone_times(d, trip, travel, params, now_s)
    return (
        d.place,
        start_s - params.offer_lead_s,  # nobody is asked any more
        d.off_s,
        d.abilities,
        d.capacity_units,
        most,
        refusal_ms,
        stores[trip[0].store, trip[0].pickup],
        trip[-1].dropoff,
        times.free_s,
        max(d.off_s, times.pickup_s),
        max(d.capacity_units, sum(o.units for o in trip)),
        max(most, len(trip)),
    )


def alone_times(d: Driver, trip: list[Order], travel: Ways, params: Params, now_s: int) -> Times:
    """When what a driver keeps would happen if nothing joined it, collected as early as can be: for no window she stays longer."""
    (times,) = times_of(replace(d, off_s=0), [trip], travel, params, now_s)
    return times


def _last_plan(
    orders: tuple[Order, ...], drivers: tuple[Driver, ...], world: World, case: Case
) -> tuple[list[int], list[list[list[int]]]]:
    """Of the last plan what still fits: known orders, drivers who may take them, one store per trip.

    The driver of each order (-1: none), and each driver's trips, both by row.
    """
    owner = [-1] * len(orders)
    found: list[list[list[int]]] = []
    rows = {o.id: i for i, o in enumerate(orders)}
    keeper = {id_: d.id for d in drivers for id_ in d.keeps}
    for j, driver in enumerate(drivers):
        trips: list[list[int]] = []
        for trip in _with_kept(driver, world.plan.get(driver.id, ()), orders, rows, case.bundle_most):
            if len(trips) == case.trips_most:
                break
            kept: list[int] = []
            for id_ in trip:
                i = rows.get(id_, -1)
                if i < 0 or owner[i] >= 0 or len(kept) == case.bundle_most:
                    continue
                if keeper.get(id_, driver.id) != driver.id:
                    continue
                if id_ not in keeper and not may_take(driver, orders[i]):
                    continue
                if kept and case.order[kept[0] * ORDER + STORE] != case.order[i * ORDER + STORE]:
                    continue
                kept.append(i)
                owner[i] = j
            if kept:
                trips.append(kept)
        found.append(trips)
    return owner, found


def _with_kept(
    driver: Driver, chain: Chain, orders: tuple[Order, ...], rows: dict[str, int], most: int
) -> Chain:
    """The chain with her open trip first: as it was planned to grow, else as it was sent."""
    if not driver.keeps:
        return chain
    if chain and set(driver.keeps) <= set(chain[0]):
        places = {(orders[rows[o]].store, orders[rows[o]].pickup) for o in chain[0] if o in rows}
        if len(places) == 1 and len(chain[0]) <= most:
            return chain
    return driver.keeps, *chain


def may_take(driver: Driver, order: Order) -> bool:
    """Whether ``driver`` has what ``order`` needs and has not declined it."""
    return order.needs & ~driver.abilities == 0 and driver.id not in order.refused_by
