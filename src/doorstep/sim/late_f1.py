"""``late f1``: the dispatch to compare with. Bundle first, then assign, one trip a driver, sent as late as it goes.

The rolling horizon of Reyes, Erera, Savelsbergh, Sahasrabudhe and O'Neil (2018), "The Meal Delivery Routing Problem", in the
form that did best on their days: every minute, looking twenty minutes ahead. Orders of a store become bundles by their rule
(``bundles_of``); all bundles and all drivers who will be free in that time are matched at once, at least cost; of the matches
only those are acted upon that would suffer by a minute's waiting. The next minute knows nothing of this one's plan. Where the
world says that a trip is open, orders of its store may join it until the pickup. Times and travel are the engine's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from doorstep.engine.compiled import Kernels
from doorstep.engine.decisions import Decisions, Pickup, Send
from doorstep.engine.params import Params
from doorstep.engine.schedule import arrival_s, times_of
from doorstep.engine.world import Driver, Order, Travel, World
from doorstep.sim.matching import cheapest_matching

AHEAD_S = 1200
"""Orders ready and drivers free later than this are not looked at."""
DRIVER_PRICE = 0.3
"""Of a minute of a driver's time, in minutes by which one order's pickup comes late."""
DELAY_PRICE = 1.0
"""Of a minute that a shopper waits for the others of a bundle, in minutes driven."""
NEVER_S = 6 * 3600
"""A pickup that does not come about counts as this far away."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Orders of one store in drop sequence; ``driver`` when she is under way for some of them, at the store at ``there_s``."""

    orders: tuple[Order, ...]
    driver: Driver | None = None
    there_s: int = 0

    def with_one(self, order: Order, at: int) -> "Bundle":
        """``order`` handed over as number ``at`` of its doors."""
        return Bundle((*self.orders[:at], order, *self.orders[at:]), self.driver, self.there_s)

    def without(self, order: Order) -> "Bundle":
        """The others."""
        return Bundle(tuple(o for o in self.orders if o is not order), self.driver, self.there_s)


def late_f1(
    world: World, travel: Travel, params: Params, now_s: int, seed: int, kernels: Kernels | None = None
) -> Decisions:
    """What to send now. Of ``params`` only how offers go, the tick and the most orders of a trip count: nothing is priced."""
    del seed, kernels
    kept = {name for driver in world.drivers for name in driver.keeps}
    orders = sorted((o for o in world.orders if _looked_at(o, kept, now_s)), key=_by_ready)
    drivers = sorted((d for d in world.drivers if d.on_s <= now_s + AHEAD_S), key=lambda d: d.id)
    soon = [d for d in drivers if not d.keeps and d.free_s <= now_s + AHEAD_S]
    target = target_size(sum(o.id not in kept for o in orders), len(soon), params)
    most_units = max((d.capacity_units for d in drivers), default=0)
    bundles: list[Bundle] = []
    for _, at_store in groupby(sorted(orders, key=lambda o: o.store), key=lambda o: o.store):
        bundles += bundles_of(list(at_store), drivers, travel, params, now_s, target, most_units)
    free = [bundle for bundle in bundles if bundle.driver is None]
    pickups = [closed for b in bundles if b.driver and (closed := _closed(b, travel, params, now_s))]
    sends, plan = [], {}
    for bundle, column in zip(free, _matched(free, soon, travel, params, now_s), strict=True):
        if column == -1:
            continue
        driver = soon[column]
        times = times_of(driver, [bundle.orders], travel, params, now_s)[0]
        names = tuple(o.id for o in bundle.orders)
        askable = (
            driver.on_s <= now_s and not driver.spoken_for and driver.free_s <= now_s + params.ask_ahead_s
        )
        if askable and times.leave_s - params.offer_lead_s < now_s + params.tick_s:
            sends.append(
                Send(driver.id, names, times.leave_s, times.pickup_s, times.drops_s, 0.0, "her bundle of this minute")
            )  # fmt: skip
        else:
            plan[driver.id] = (names,)
    return Decisions(tuple(sends), plan, (), 0.0, tuple(pickups))


def target_size(orders: int, drivers: int, params: Params) -> int:
    """Orders a bundle, as many as it takes for the drivers who are there."""
    return min(params.max_bundle, max(1, -(-orders // drivers) if drivers else params.max_bundle))


def bundles_of(
    orders: Sequence[Order],
    drivers: Sequence[Driver],
    travel: Travel,
    params: Params,
    now_s: int,
    target: int,
    most_units: int = 1 << 30,
) -> list[Bundle]:
    """Bundles of the ``orders`` of one store, given by ready time.

    As many as it takes with ``target`` orders each. One after the other the orders go where they make the routes dearer by
    least; beyond the target size only where a route then takes less time an order. Then each is taken out once and put back.
    Who is under way keeps what she was sent for.
    """
    by_id = {o.id: o for o in orders}
    bundles = [
        Bundle(trip, d, arrival_s(d, trip, now_s))
        for d in drivers
        if (trip := tuple(by_id[name] for name in d.keeps if name in by_id))
    ]
    kept = {o.id for bundle in bundles for o in bundle.orders}
    loose = [o for o in orders if o.id not in kept]
    bundles += [Bundle(())] * max(0, -(-len(orders) // target) - len(bundles))
    for order in loose:
        _put(bundles, order, travel, params, target, most_units)
    for order in loose:
        place = next(k for k, bundle in enumerate(bundles) if order in bundle.orders)
        bundles[place] = bundles[place].without(order)
        _put(bundles, order, travel, params, target, most_units)
    return [bundle for bundle in bundles if bundle.orders]


def _put(
    bundles: list[Bundle], order: Order, travel: Travel, params: Params, target: int, most_units: int
) -> None:
    """``order`` goes into the bundle and to the place where the route grows dearer by least, or into one of its own."""
    best, least = (len(bundles), Bundle((order,))), np.inf
    for k, bundle in enumerate(bundles):
        if len(bundle.orders) >= params.max_bundle or not _may_join(bundle, order, most_units):
            continue
        cost, drive_s = _route(bundle, travel) if bundle.orders else (0.0, 0)
        for at in range(len(bundle.orders) + 1):
            longer = bundle.with_one(order, at)
            longer_cost, longer_drive_s = _route(longer, travel)
            size = len(bundle.orders)
            if size >= target and longer_drive_s * size >= drive_s * (size + 1):
                continue
            if longer_cost - cost < least:
                best, least = (k, longer), longer_cost - cost
    k, bundle = best
    bundles[k : k + 1] = [bundle]


def _may_join(bundle: Bundle, order: Order, most_units: int) -> bool:
    driver = bundle.driver
    if driver is None:
        return sum(o.units for o in bundle.orders) + order.units <= most_units or not bundle.orders
    together = (*bundle.orders, order)
    fits = sum(o.units for o in together) <= driver.capacity_units and len(together) <= driver.max_orders
    able = driver.abilities & order.needs == order.needs and driver.id not in order.refused_by
    return fits and able and max(bundle.there_s, order.ready_s) <= driver.off_s


def _route(bundle: Bundle, travel: Travel) -> tuple[float, int]:
    """What its route costs, in seconds driven, and its driving from the store on.

    A shopper is delayed by what she gets her order later than if it left alone as soon as it was ready.
    """
    orders = bundle.orders
    store, leave_s = orders[0].pickup, max(bundle.there_s, *(o.ready_s for o in orders))
    at_s, place, drive_s, delay_s = leave_s, store, 0, 0
    for order in orders:
        leg_s = travel.between(place, order.dropoff)
        drive_s += leg_s
        at_s += leg_s
        alone_s = max(bundle.there_s, order.ready_s) + travel.between(store, order.dropoff)
        delay_s += max(0, at_s - alone_s)
        at_s += order.dropoff_service_s
        place = order.dropoff
    return drive_s + DELAY_PRICE * delay_s, drive_s


def _matched(
    bundles: Sequence[Bundle], drivers: Sequence[Driver], travel: Travel, params: Params, now_s: int
) -> list[int]:
    """By bundle the column of its driver, -1 for none: least delay of pickups, times orders, and drivers' time at its price."""
    if not bundles or not drivers:
        return [-1] * len(bundles)
    column = {d.id: k for k, d in enumerate(drivers)}
    places = [d.place for d in drivers]
    free_s = np.array([max(d.free_s, d.on_s, now_s) for d in drivers], np.int64)
    off_s = np.array([d.off_s for d in drivers], np.int64)
    abilities = np.array([d.abilities for d in drivers], np.int64)
    units = np.array([d.capacity_units for d in drivers], np.int64)
    most = np.array([d.max_orders for d in drivers], np.int64)
    costs = np.empty((len(bundles), len(drivers)))
    for b, bundle in enumerate(bundles):
        orders, size = bundle.orders, len(bundle.orders)
        way_s = travel.seconds[places, orders[0].pickup] + max(o.pickup_service_s // 2 for o in orders)
        pickup_s = np.maximum(free_s + params.offer_lead_s + way_s, max(o.ready_s for o in orders))
        delay_s = size * pickup_s - sum(o.ready_s for o in orders)
        able = (pickup_s <= off_s) & (size <= most) & (sum(o.units for o in orders) <= units)
        for order in orders:
            able &= abilities & order.needs == order.needs
            able[[column[name] for name in order.refused_by if name in column]] = False
        costs[b] = np.where(able, delay_s + DRIVER_PRICE * (pickup_s - free_s), np.inf)
    return cheapest_matching(costs, np.array([float(len(b.orders) * NEVER_S) for b in bundles]))


def _closed(bundle: Bundle, travel: Travel, params: Params, now_s: int) -> Pickup | None:
    """What a driver under way takes now from her store; None while more may join her trip at no loss."""
    driver = bundle.driver
    assert driver is not None
    times = times_of(driver, [bundle.orders], travel, params, now_s)[0]
    if times.pickup_s >= now_s + params.tick_s:
        return None
    names = tuple(o.id for o in bundle.orders)
    joined = tuple(name for name in names if name not in driver.keeps)
    return Pickup(driver.id, names, joined, times.pickup_s, times.drops_s, "her bundle as it is by now")


def _looked_at(order: Order, kept: set[str], now_s: int) -> bool:
    return order.id in kept or (order.ready_s <= now_s + AHEAD_S and not order.reserved)


def _by_ready(order: Order) -> tuple[int, int, str]:
    return order.ready_s, order.placed_s, order.id
