"""A world laid out for the kernels. Orders and drivers are sorted by id, so the sequence of rows never matters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, cast

import numpy as np

from doorstep.engine.chains import (
    CELLS,
    KNOWN,
    MARKS,
    ORDER,
    OWNER,
    STORE,
    TALLY,
    TRIPS,
    Case,
    Chains,
    Ints,
    Search,
)
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Travel, World

NEIGHBOURS = 20
type Row = Callable[[Iterable[int]], Ints]


@dataclass(frozen=True, slots=True)
class Layout:
    """One tick as the kernels see it, and the orders and drivers behind its rows.

    Reserved orders and drivers who start too far ahead are not among them.
    """

    orders: tuple[Order, ...]
    drivers: tuple[Driver, ...]
    later: int  # drivers who start too far ahead
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

    def left_out(self) -> list[int]:
        """Rows of the orders in nobody's chain."""
        return [o for o in range(self.case.orders) if self.search.order[o * MARKS + OWNER] < 0]


def thousandths(price: float) -> int:
    """A price as a whole number of thousandths, rounded half to even."""
    return round(price * 1000)


def compiled_row(numbers: Iterable[int]) -> Ints:
    """A row for the compiled kernels."""
    return cast(Ints, np.array(list(numbers), np.int64))


def plain_row(numbers: Iterable[int]) -> Ints:
    """A row for the interpreted kernels: lists are several times faster there."""
    return cast(Ints, list(numbers))


def lay_out(world: World, travel: Travel, params: Params, now_s: int, *, compiled: bool) -> Layout:
    """The world's rows, with what still fits of the last plan already in the chains.

    Unknown ids in the plan are ignored. Raises ValueError for two orders or drivers of one id, or a place that is
    not in the matrix.
    """
    orders = tuple(sorted((o for o in world.orders if not o.reserved), key=lambda o: o.id))
    drivers = tuple(
        sorted((d for d in world.drivers if d.on_s <= now_s + params.start_ahead_s), key=lambda d: d.id)
    )
    _refuse_nonsense(orders, drivers, len(travel.seconds))
    row: Row = compiled_row if compiled else plain_row
    case = _case(orders, drivers, travel, params, now_s, row, compiled=compiled)
    n, m, k = len(orders), len(drivers), case.candidates_most
    owner, order, size, trips = _last_plan(orders, drivers, world, case)
    search = Search(
        order=row(cell for d in owner for cell in (d, 0, 0, -1)),
        driver=row([-1, 0] * m),
        tally=row([0] * CELLS),
        candidate=row([-1] * (n * k)),
        earliest_drop=row([0] * (n * k)),
        neighbour=row([-1] * (n * NEIGHBOURS)),
        heap=row([0] * (k + NEIGHBOURS)),
        chance=row([1]),
        pool=row([0] * n),
        touched=row([0] * m),
        drifted=row([0] * m),
    )
    chains = _chains(case, row, order, size, trips)
    nothing = [0] * len(order), [0] * len(size), [0] * m
    saved, best = _chains(case, row, *nothing), _chains(case, row, *nothing)
    return Layout(orders, drivers, len(world.drivers) - m, case, chains, search, saved, best)


def _refuse_nonsense(orders: tuple[Order, ...], drivers: tuple[Driver, ...], places: int) -> None:
    if len({o.id for o in orders}) < len(orders) or len({d.id for d in drivers}) < len(drivers):
        raise ValueError("two orders or two drivers have one id")
    used = {o.pickup for o in orders} | {o.dropoff for o in orders} | {d.place for d in drivers}
    if used and not (min(used) >= 0 and max(used) < places):
        raise ValueError("an order or driver is at a place outside the travel matrix")


def _case(
    orders: tuple[Order, ...],
    drivers: tuple[Driver, ...],
    travel: Travel,
    params: Params,
    now_s: int,
    row: Row,
    *,
    compiled: bool,
) -> Case:
    stores = {store: i for i, store in enumerate(dict.fromkeys((o.store, o.pickup) for o in orders))}
    number = {d.id: j for j, d in enumerate(drivers)}
    refused = [sorted(number[d] for d in o.refused_by if d in number) for o in orders]
    ends = list(accumulate((len(some) for some in refused), initial=0))
    refused_rows = list(pairwise(ends))
    matrix = np.ascontiguousarray(travel.seconds).reshape(-1)
    # Always seen as read-only, so that the kernels are compiled for one type only.
    frozen = matrix.view()
    frozen.flags.writeable = False
    seen: Any = frozen if compiled else memoryview(frozen)
    return Case(
        orders=len(orders),
        drivers=len(drivers),
        places=len(travel.seconds),
        trips_most=params.trips_ahead,
        bundle_most=params.max_bundle,
        candidates_most=params.candidates,
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
        travel=seen,
        order=row(
            cell for o, some in zip(orders, refused_rows, strict=True) for cell in _line(o, stores, some)
        ),
        driver=row(
            cell
            for d in drivers
            for cell in (
                d.place,
                max(d.free_s, d.on_s, now_s),
                d.off_s,
                d.abilities,
                d.capacity_units,
                min(d.max_orders, params.max_bundle),
                thousandths(params.reoffer_price) * 60 * (1000 - d.acceptance_permille) // 1000,
            )
        ),
        refused=row(d for some in refused for d in some),
    )


def _line(o: Order, stores: dict[tuple[str, int], int], refused: tuple[int, int]) -> tuple[int, ...]:
    """One line of ``Case.order``."""
    pick_before, drop_before = o.pickup_service_s // 2, o.dropoff_service_s // 2
    return (
        o.pickup, o.dropoff, stores[o.store, o.pickup], o.ready_s, o.wanted_from_s, o.due_s, o.earliest_drop_s,
        o.expires_s, pick_before, o.pickup_service_s - pick_before, drop_before, o.dropoff_service_s - drop_before,
        o.units, o.needs, *refused,
    )  # fmt: skip


def _chains(case: Case, row: Row, order: list[int], size: list[int], trips: list[int]) -> Chains:
    return Chains(
        order=row(order),
        size=row(size),
        known=row([0] * (case.drivers * (case.trips_most + 1) * KNOWN)),
        tally=row(cell for number in trips for cell in (number, 0)),
    )


def _last_plan(
    orders: tuple[Order, ...], drivers: tuple[Driver, ...], world: World, case: Case
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Of the last plan what still fits: known orders, drivers who may take them, one store per trip."""
    owner = [-1] * len(orders)
    order = [0] * (len(drivers) * case.trips_most * case.bundle_most)
    size = [0] * (len(drivers) * case.trips_most)
    trips = [0] * len(drivers)
    rows = {o.id: i for i, o in enumerate(orders)}
    for j, driver in enumerate(drivers):
        for trip in world.plan.get(driver.id, ()):
            kept: list[int] = []
            for id_ in trip:
                i = rows.get(id_, -1)
                if i < 0 or owner[i] >= 0 or not may_take(driver, orders[i]) or len(kept) == case.bundle_most:
                    continue
                if kept and case.order[kept[0] * ORDER + STORE] != case.order[i * ORDER + STORE]:
                    continue
                kept.append(i)
                owner[i] = j
            if kept:
                first = j * case.trips_most + trips[j]
                order[first * case.bundle_most : first * case.bundle_most + len(kept)] = kept
                size[first] = len(kept)
                trips[j] += 1
            if trips[j] == case.trips_most:
                break
    return owner, order, size, trips


def may_take(driver: Driver, order: Order) -> bool:
    """Whether ``driver`` has what ``order`` needs and has not declined it."""
    return order.needs & ~driver.abilities == 0 and driver.id not in order.refused_by
