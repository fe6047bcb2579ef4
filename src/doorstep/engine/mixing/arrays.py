"""A world laid out for the kernels of mixing. Orders, those on board among them, and drivers stand by what they are (``sequence``).

Of the last tick's tours everything is kept that still fits: a stop whose order is gone, taken or not for that driver falls out,
and what a driver is bound to, on board or under way for it, is in her tour or waits to be put there and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from doorstep.engine.arrays import (
    NEIGHBOURS,
    CompiledRows,
    PlainRows,
    Rows,
    case_of,
    may_take,
    refuse_nonsense,
    thousandths,
    whole,
)
from doorstep.engine.chains import ALONE, MARKS, OWNER, Case, Ints, Search
from doorstep.engine.mixing.schedule import Step, steps_of
from doorstep.engine.mixing.tours import FREE, HERE, INSIDE, LOAD, STATE, VOLUME, Tours
from doorstep.engine.params import Params
from doorstep.engine.schedule import arrival_s
from doorstep.engine.sequence import in_sequence
from doorstep.engine.world import Chain, Driver, Order, Ways, World


@dataclass(frozen=True, slots=True)
class Layout:
    """One tick as the kernels see it, and the orders and drivers behind its rows.

    Reserved orders and drivers who start too far ahead are not among them.
    """

    orders: tuple[Order, ...]
    drivers: tuple[Driver, ...]
    later: int  # drivers who start too far ahead
    named_most: int  # of the drivers kept from an order, in its reason
    case: Case
    tours: Tours
    search: Search
    saved: Tours
    best: Tours
    scope: Ints  # the rows of all orders

    def steps(self, d: int) -> list[Step]:
        """The tour of the driver in row ``d``, pickups at one store that follow each other as one."""
        first = d * self.tours.wide
        return self.steps_through(int(self.tours.stop[first + k]) for k in range(self.tours.size[d]))

    def steps_through(self, stops: Iterable[int]) -> list[Step]:
        """The same of any ``stops`` as ``Tours.stop`` holds them."""
        return steps_of([(self.orders[stop // 2], stop % 2 == 0) for stop in stops])

    def left_out(self) -> list[int]:
        """Rows of the orders in nobody's tour."""
        return [o for o in range(self.case.orders) if self.search.order[o * MARKS + OWNER] < 0]


def lay_out(world: World, travel: Ways, params: Params, now_s: int, *, compiled: bool) -> Layout:
    """The world's rows, with what still fits of the last plan already in the tours.

    Unknown ids in the plan are ignored. Raises ValueError for two orders or drivers of one id, a place that is not in the
    matrix, a kept order that is unknown or kept twice, or anything kept or on board where trips are sent whole.
    """
    present = [d for d in world.drivers if d.on_s <= now_s + params.start_ahead_s]
    aboard = [o for d in present for o in d.aboard]
    orders, drivers = in_sequence(
        [*(o for o in world.orders if not o.reserved), *aboard], present, world.plan
    )
    if params.whole_trips and (aboard or any(d.keeps for d in drivers)):
        raise ValueError(
            "nothing joins a trip that was sent whole: its driver is planned with when she is free"
        )
    refuse_nonsense(orders, drivers, travel.places)
    if {o.id for o in aboard} & {id_ for d in drivers for id_ in d.keeps}:
        raise ValueError("an order is on board or still to be picked up, not both")
    rows: Rows = CompiledRows() if compiled else PlainRows()
    case = case_of(
        orders, drivers, travel, params, now_s, rows, params.candidates, _driver_line, compiled=compiled
    )
    n, m, k = len(orders), len(drivers), case.candidates_most
    row = {o.id: i for i, o in enumerate(orders)}
    holder = [-1] * n
    for j, driver in enumerate(drivers):
        for id_ in _bound(driver):
            holder[row[id_]] = j
    wide = max([params.stops_ahead, *(len(d.aboard) + 2 * len(d.keeps) for d in drivers)])
    lines, owner = _last_plan(orders, drivers, world, row, holder, wide)
    search = Search(
        order=rows.table([(d, 0, 0, -1, 0) for d in owner]),
        driver=rows.table([(-1, 0, 0)] * m),
        tally=rows.of(whole(n, m)),
        candidate=rows.blank(n * k),
        earliest_drop=rows.blank(n * k),
        alone=rows.blank(1),
        neighbour=rows.blank(n * NEIGHBOURS),
        keys=rows.blank(k + NEIGHBOURS),
        chance=rows.blank(1),
        pool=rows.blank(n),
        touched=rows.blank(m),
        drifted=rows.blank(m),
    )
    fixed, bound = rows.of(len(d.keeps) for d in drivers), rows.of(holder)
    tours, saved, best = (
        Tours(
            wide=wide,
            stop=rows.blank(m * wide),
            size=rows.blank(m),
            cost=rows.blank(m),
            known=rows.blank(m * (wide + 1) * STATE),
            fixed=fixed,
            holder=bound,
        )
        for _ in range(3)
    )
    by_id = {o.id: o for o in orders}
    for d, stops in enumerate(lines):
        tours.size[d] = len(stops)
        for i, stop in enumerate(stops):
            tours.stop[d * wide + i] = stop
        _begin(tours, d, drivers[d], by_id, params, now_s)
    return Layout(
        orders, drivers, len(world.drivers) - m, params.named_most, case, tours, search, saved, best, rows.of(range(n)),
    )  # fmt: skip


def _bound(driver: Driver) -> list[str]:
    return [*driver.keeps, *(o.id for o in driver.aboard)]


def _begin(
    tours: Tours, d: int, driver: Driver, orders: dict[str, Order], params: Params, now_s: int
) -> None:
    """How driver ``d`` begins her tour."""
    here = d * (tours.wide + 1) * STATE
    tours.known[here + HERE] = driver.place
    tours.known[here + FREE] = _start_s(driver, [orders[id_] for id_ in driver.keeps], params, now_s)
    tours.known[here + LOAD] = sum(ALONE if o.alone else 1 for o in driver.aboard)
    tours.known[here + VOLUME] = sum(o.units for o in driver.aboard)
    tours.known[here + INSIDE] = -1


def _start_s(driver: Driver, kept: list[Order], params: Params, now_s: int) -> int:
    """When she could leave; at a store she is under way to, so much sooner that asking her takes no time."""
    if kept:
        return arrival_s(driver, kept, now_s) - params.offer_lead_s
    return max(driver.free_s, driver.on_s, now_s)


def _driver_line(
    d: Driver,
    kept: list[Order],
    stores: dict[tuple[str, int], int],
    travel: Ways,
    params: Params,
    now_s: int,
) -> tuple[int, ...]:
    """One line of ``Case.driver``: what is on board keeps her from nothing but what it takes of her room.

    For what she is bound to limits give way where it already breaks them.
    """
    del travel
    start_s = _start_s(d, kept, params, now_s)
    bound = len(d.aboard) + len(kept)
    units = sum(o.units for o in d.aboard) + sum(o.units for o in kept)
    off_s, store, next_s = d.off_s, -1, start_s
    if kept:
        inside_s = start_s + params.offer_lead_s + kept[0].pickup_service_s // 2
        pickup_s = max(inside_s, *(o.ready_s for o in kept))
        next_s = pickup_s + max(o.pickup_service_s - o.pickup_service_s // 2 for o in kept)
        off_s, store = max(off_s, pickup_s), stores[kept[0].store, kept[0].pickup]
    return (
        d.place,
        start_s,
        d.off_s,
        d.abilities,
        d.capacity_units,
        min(d.max_orders, params.load_most),
        60 * thousandths(params.reoffer_price) * (1000 - d.acceptance_permille) // 1000,
        store,
        d.place,
        next_s,
        off_s,
        max(d.capacity_units, units),
        max(min(d.max_orders, params.load_most), bound),
    )


def _last_plan(
    orders: tuple[Order, ...],
    drivers: tuple[Driver, ...],
    world: World,
    row: dict[str, int],
    holder: list[int],
    wide: int,
) -> tuple[list[list[int]], list[int]]:
    """Of the last plan what still fits: each driver's stops, and the driver of each order (-1: none), both by row.

    A tour begins with what she is under way for. Where a drop of what she is bound to is missing, nothing of it fits.
    """
    owner = [-1] * len(orders)
    lines: list[list[int]] = []
    for j, driver in enumerate(drivers):
        aboard = {o.id for o in driver.aboard}
        stops = _stops_of(world.plan.get(driver.id, ()), driver, aboard, row)
        free = [
            i
            for i in {stop // 2 for stop in stops}
            if (holder[i] >= 0 and holder[i] != j)
            or owner[i] >= 0
            or (holder[i] < 0 and not may_take(driver, orders[i]))
        ]
        stops = [stop for stop in stops if stop // 2 not in free]
        drops = {stop // 2 for stop in stops if stop % 2}
        if len(stops) > wide or any(row[id_] not in drops for id_ in _bound(driver)):
            stops = [2 * row[id_] for id_ in driver.keeps]
            drops = set()
        for i in drops:
            owner[i] = j
        lines.append(stops)
    return lines, owner


def _stops_of(chain: Chain, driver: Driver, aboard: set[str], row: dict[str, int]) -> list[int]:
    """A remembered tour as stops: the pickups she is under way for first, every pickup with its drop."""
    named = [id_ for step in chain for id_ in step if id_ in row]
    stops = [2 * row[id_] for id_ in driver.keeps]
    seen = set(aboard)
    for number, id_ in enumerate(named):
        if id_ not in seen:
            seen.add(id_)
            if id_ in named[number + 1 :] and id_ not in driver.keeps:
                stops.append(2 * row[id_])
        elif id_ not in named[number + 1 :]:
            stops.append(2 * row[id_] + 1)
    return stops
