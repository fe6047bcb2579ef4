"""How a tick grows: ``python -m bench.dispatch.scale [--sizes 300x500,3000x5000,10000x15000] [--json FILE]``.

A metropolis by coordinates in which every order is new: the hardest tick there is. Beside it the plain assignment, one
order to one driver at the least total cost (scipy), by the same prices.
"""

import argparse
import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from doorstep.engine.compiled import warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Plane, World

NOW_S = 1_000_000
PACE_MS_PER_M = 187  # 320 metres a minute, detours included
DENSE = 20_000_000
"""Cells of a cost table above which the assignment sees only each order's 60 nearest drivers."""


def metropolis(orders: int, drivers: int, seed: int) -> tuple[World, Plane]:
    """Stores in clusters, shoppers around them, drivers all over; as dense whatever the size."""
    chance = np.random.default_rng(seed)
    stores = max(1, orders // 5)
    side_m = 900.0 * np.sqrt(drivers)
    centres = chance.uniform(0, side_m, (max(1, stores // 25), 2))
    store_at = centres[chance.integers(0, len(centres), stores)] + chance.normal(0, 1500, (stores, 2))
    store_of = chance.integers(0, stores, orders)
    door_at = store_at[store_of] + chance.normal(0, 2200, (orders, 2))
    driver_at = np.concatenate(
        [store_at[chance.integers(0, stores, drivers // 2)] + chance.normal(0, 1500, (drivers // 2, 2)),
         chance.uniform(0, side_m, (drivers - drivers // 2, 2))]
    )  # fmt: skip
    xy = np.concatenate([store_at, door_at, driver_at]).astype(np.int64)
    placed = NOW_S - 60 * chance.integers(0, 15, orders)
    ready = placed + 60 * chance.integers(5, 40, orders)
    free = np.where(chance.random(drivers) < 0.6, NOW_S, NOW_S + 60 * chance.integers(1, 20, drivers))
    return World(
        tuple(
            Order(
                id=f"o{i:06d}", pickup=int(store_of[i]), dropoff=stores + i, store=f"s{store_of[i]}", placed_s=int(placed[i]),
                ready_s=int(ready[i]), wanted_from_s=int(placed[i]), due_s=int(placed[i]) + 5400,
            )
            for i in range(orders)
        ),
        tuple(Driver(id=f"d{j:06d}", place=stores + orders + j, free_s=int(free[j])) for j in range(drivers)),
    ), Plane(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1]), PACE_MS_PER_M)  # fmt: skip


def alone_costs(world: World, plane: Plane, params: Params, orders: Any, drivers: Any) -> tuple[Any, Any]:
    """What each pair would cost with nothing else to do, in minutes, and when it would be handed over."""

    def column(name: str, rows: Any) -> Any:
        return np.array([getattr(row, name) for row in rows])

    def seconds(a: Any, b: Any) -> Any:
        far = np.sqrt(
            ((plane.x_m[a] - plane.x_m[b]) ** 2 + (plane.y_m[a] - plane.y_m[b]) ** 2).astype(np.float64)
        )
        return -(-far.astype(np.int64) * plane.ms_per_m // 1000)

    pickup, door = column("pickup", world.orders)[orders], column("dropoff", world.orders)[orders]
    ready, wanted = column("ready_s", world.orders)[orders], column("wanted_from_s", world.orders)[orders]
    approach = seconds(column("place", world.drivers)[drivers], pickup)
    inside = np.maximum(column("free_s", world.drivers)[drivers], NOW_S) + approach + 120
    at = np.maximum(inside, ready)
    leg = seconds(pickup, door)
    drop = at + 120 + leg + 120
    late = np.maximum(0, drop - column("due_s", world.orders)[orders])
    cost = drop - wanted + params.late_price * late + params.driving_price * (approach + leg)
    return (cost + params.waiting_price * (at - inside)) / 60, (drop - wanted + params.late_price * late) / 60


def plain_assignment(world: World, plane: Plane, params: Params) -> tuple[float, float]:
    """Cost of the best one-to-one assignment and the seconds it took. Raises ModuleNotFoundError without scipy."""
    optimize = importlib.import_module("scipy.optimize")
    n, m = len(world.orders), len(world.drivers)
    began = time.process_time()
    if n * m <= DENSE:
        cost, drop = alone_costs(world, plane, params, np.arange(n)[:, None], np.arange(m)[None, :])
        rows, columns = optimize.linear_sum_assignment(cost)
        price = params.coverage_price + np.maximum(0, drop.min(axis=1) - params.spared_min)
        return float(np.minimum(cost[rows, columns], price[rows]).sum()), time.process_time() - began
    sparse, graph, spatial = (
        importlib.import_module(f"scipy.{name}") for name in ("sparse", "sparse.csgraph", "spatial")
    )
    places = np.stack([plane.x_m, plane.y_m], axis=1)
    tree = spatial.cKDTree(places[[d.place for d in world.drivers]])
    _, near = tree.query(places[[o.pickup for o in world.orders]], k=60)
    rows, columns = np.repeat(np.arange(n), near.shape[1]), near.reshape(-1)
    cost, drop = alone_costs(world, plane, params, rows, columns)
    price = params.coverage_price + np.maximum(0, drop.reshape(near.shape).min(axis=1) - params.spared_min)
    table = sparse.csr_matrix(
        (
            np.concatenate([cost, price]),
            (np.concatenate([rows, np.arange(n)]), np.concatenate([columns, m + np.arange(n)])),
        ),
        shape=(n, m + n),
    )
    left, right = graph.min_weight_full_bipartite_matching(table)
    return float(np.asarray(table[left, right]).sum()), time.process_time() - began


def measured(orders: int, drivers: int, params: Params) -> dict[str, Any]:
    """One size: seconds of processor time, the most memory the process had until then, cost, and the peer's."""
    world, plane = metropolis(orders, drivers, seed=1)
    kernels = warm_up()
    began = time.process_time()
    decisions = decide(world, plane, params, NOW_S, 1, kernels)
    took = time.process_time() - began
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    row: dict[str, Any] = {
        "orders": orders, "drivers": drivers, "tick_s": round(took, 3), "process_mb": most_mb, "cost": round(decisions.cost, 1),
        "sends": len(decisions.sends), "left_out": sum(o.driver is None for o in decisions.outlooks),
    }  # fmt: skip
    try:
        cost, seconds = plain_assignment(world, plane, params)
        row |= {"assignment_cost": round(cost, 1), "assignment_s": round(seconds, 3)}
        row["better_pct"] = round(100 * (1 - decisions.cost / cost), 2)
    except ModuleNotFoundError:
        row["assignment_cost"] = None
    return row


def main(arguments: list[str]) -> None:
    """Measure each size and print how it grows."""
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch.scale", description=__doc__)
    parser.add_argument("--sizes", default="100x150,300x500,1000x1500,3000x5000,10000x15000")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    given = dict(text.split("=", 1) for text in chosen.param)
    params = Params(**{name: type(getattr(Params(), name))(value) for name, value in given.items()})
    rows: list[dict[str, Any]] = []
    for size in chosen.sizes.split(","):
        orders, drivers = map(int, size.split("x"))
        row = measured(orders, drivers, params)
        if rows:
            before = rows[-1]
            row["grows_as_power"] = round(
                float(np.log(row["tick_s"] / before["tick_s"]) / np.log(orders / before["orders"])), 2
            )
        rows.append(row)
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
