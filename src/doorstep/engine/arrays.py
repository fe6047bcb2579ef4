"""A world as arrays for the kernels. Orders and drivers are sorted by id, so that row order never matters."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doorstep.engine import kernels as kn
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Travel, World


@dataclass(slots=True)
class Arrays:
    """What the kernels see; see their module for the shapes."""

    orders: tuple[Order, ...]
    drivers: tuple[Driver, ...]
    order_i: NDArray[np.int64]
    driver_i: NDArray[np.int64]
    ok: NDArray[np.uint8]
    seconds: NDArray[np.int32]
    prices: NDArray[np.float64]
    candidates: NDArray[np.int32]
    leave_out: NDArray[np.float64]
    trips: NDArray[np.int32]
    sizes: NDArray[np.int32]
    where: NDArray[np.int32]


def why_not(order: Order, driver: Driver) -> str | None:
    """The constraint that rules ``driver`` out for ``order`` whatever the plan; None when none does."""
    if driver.id in order.refused_by:
        return "declined"
    if order.needs & ~driver.abilities:
        return "abilities"
    if order.units > driver.capacity_units:
        return "capacity"
    return None


def lower(world: World, travel: Travel, params: Params, now_s: int) -> Arrays:
    """The world's arrays, with last tick's plan already placed. Raises KeyError for nothing: unknown ids are dropped."""
    orders = tuple(sorted((o for o in world.orders if not o.reserved), key=lambda o: o.id))
    drivers = tuple(
        sorted((d for d in world.drivers if d.on_s <= now_s + params.start_ahead_s), key=lambda d: d.id)
    )
    stores = {store: i for i, store in enumerate(sorted({o.store for o in orders}))}
    order_i = np.array(
        [
            (
                o.pickup, o.dropoff, stores[o.store], o.ready_s, o.wanted_from_s, o.due_s, o.earliest_drop_s, o.expires_s,
                o.pickup_service_s, o.dropoff_service_s, o.units,
            )
            for o in orders
        ],
        np.int64,
    ).reshape(len(orders), 11)  # fmt: skip
    driver_i = np.array(
        [(d.place, max(d.free_s, d.on_s), d.off_s, d.capacity_units, d.max_orders) for d in drivers], np.int64
    ).reshape(len(drivers), 5)
    ok = np.ones((len(orders), len(drivers)), np.uint8)
    if drivers:
        abilities = np.array([d.abilities for d in drivers], np.int64)
        rows = {d.id: j for j, d in enumerate(drivers)}
        for i, o in enumerate(orders):
            ok[i] = ((o.needs & ~abilities) == 0) & (driver_i[:, kn.D_CAPACITY] >= o.units)
            for refuser in o.refused_by:
                if refuser in rows:
                    ok[i, rows[refuser]] = 0
    prices = np.array(
        [
            params.driving_price, params.waiting_price, params.late_price, params.convex_price,
            params.convex_after_min * 60.0, params.coverage_price, 0.0,
        ]
    )  # fmt: skip
    trips = np.full((len(drivers), params.trips_ahead, params.max_bundle), -1, np.int32)
    sizes = np.zeros((len(drivers), params.trips_ahead), np.int32)
    where = np.full(len(orders), -1, np.int32)
    arrays = Arrays(
        orders, drivers, order_i, driver_i, ok, travel.seconds, prices,
        _candidates(order_i, driver_i, ok, travel.seconds, params.candidates, now_s),
        _leave_out(order_i, travel.seconds, params, now_s), trips, sizes, where,
    )  # fmt: skip
    _place_last_plan(arrays, world, params)
    return arrays


def _candidates(
    order_i: NDArray[np.int64],
    driver_i: NDArray[np.int64],
    ok: NDArray[np.uint8],
    seconds: NDArray[np.int32],
    most: int,
    now_s: int,
) -> NDArray[np.int32]:
    """Per order the drivers with the earliest possible pickup, best first, -1 behind them.

    Drivers who may not take an order are never candidates, so an order with a feasible driver has one.
    """
    n, m = ok.shape
    width = min(most, m)
    found = np.full((n, max(width, 1)), -1, np.int32)
    if not n or not m:
        return found
    free = np.maximum(driver_i[:, kn.D_FREE], now_s)
    arrive = free[None, :] + seconds[driver_i[:, kn.D_PLACE]][:, order_i[:, kn.O_PICKUP]].T
    late = (
        (arrive > driver_i[:, kn.D_OFF][None, :]) | (arrive > order_i[:, kn.O_EXPIRES][:, None]) | (ok == 0)
    )
    key = np.where(late, np.int64(1) << 50, arrive)
    chosen = np.argsort(key, axis=1, kind="stable")[:, :width]
    allowed = np.take_along_axis(late, chosen, axis=1)
    found[:, :width] = np.where(allowed, -1, chosen)
    return found


def _leave_out(
    order_i: NDArray[np.int64], seconds: NDArray[np.int32], params: Params, now_s: int
) -> NDArray[np.float64]:
    """The price of leaving each order out: U above the cost it would have in the best of worlds."""
    half_pick = order_i[:, kn.O_PICK_SERVICE] // 2
    pickup = np.maximum(order_i[:, kn.O_READY], now_s + half_pick)
    way = seconds[order_i[:, kn.O_PICKUP], order_i[:, kn.O_DROPOFF]]
    drop = np.maximum(
        pickup + order_i[:, kn.O_PICK_SERVICE] - half_pick + way + order_i[:, kn.O_DROP_SERVICE] // 2,
        order_i[:, kn.O_EARLIEST],
    )
    ideal = (drop - order_i[:, kn.O_WANTED]) / 60.0
    ideal += params.late_price * np.maximum(0, drop - order_i[:, kn.O_DUE]) / 60.0
    return np.asarray(params.coverage_price + np.maximum(0.0, ideal - 30.0), np.float64)


def _place_last_plan(arrays: Arrays, world: World, params: Params) -> None:
    """Keep of the last plan what still fits: known orders, allowed drivers, one store per trip."""
    rows = {o.id: i for i, o in enumerate(arrays.orders)}
    for j, driver in enumerate(arrays.drivers):
        trip_number = 0
        for trip in world.plan.get(driver.id, ()):
            kept = [
                rows[o] for o in trip if o in rows and arrays.where[rows[o]] < 0 and arrays.ok[rows[o], j]
            ]
            if not kept or trip_number == params.trips_ahead:
                continue
            kept = kept[: params.max_bundle]
            arrays.trips[j, trip_number, : len(kept)] = kept
            arrays.sizes[j, trip_number] = len(kept)
            arrays.where[kept] = j
            trip_number += 1


def drop_infeasible(arrays: Arrays, chain_cost: Any, now_s: int) -> None:
    """Empty chains that have become impossible (a shift that ran out, a store that is late)."""
    for j in range(len(arrays.drivers)):
        cost = chain_cost(
            arrays.order_i, arrays.driver_i, arrays.ok, arrays.seconds, arrays.prices, j, arrays.trips[j],
            arrays.sizes[j], now_s,
        )  # fmt: skip
        if cost >= kn.INFEASIBLE:
            arrays.where[arrays.where == j] = -1
            arrays.trips[j] = -1
            arrays.sizes[j] = 0


def exclusions(
    order: Order, drivers: tuple[Driver, ...], seconds: NDArray[np.int32], now_s: int
) -> dict[str, int]:
    """How many drivers each hard constraint rules out for ``order``."""
    found: Counter[str] = Counter()
    for driver in drivers:
        reason = why_not(order, driver)
        if reason is None:
            free_s = max(driver.free_s, driver.on_s, now_s)
            arrive_s = free_s + int(seconds[driver.place, order.pickup])
            if arrive_s > driver.off_s:
                reason = "off shift before pickup"
            elif arrive_s > order.expires_s:
                reason = "too late for pickup"
        if reason is not None:
            found[reason] += 1
    return dict(sorted(found.items()))
