"""How long the engine alone thinks: a cold world of orders and drivers, and the same world a tick later.

``python -m bench.dispatch_tick [--json FILE]``. Wall and processor time of ``decide`` with compiled kernels; the ticks
after the first start from the plan before, as live ones do.
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path
from random import Random

import numpy as np

from doorstep.engine.compiled import warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Travel, World

SIZES = ((50, 50), (500, 500), (3000, 5000))
NOON_S = 43_200


def city(orders: int, drivers: int, seed: int) -> tuple[World, Travel]:
    """A square city of 20 km: stores in the middle half, homes within 8 km of theirs, 9 metres a second."""
    chance = Random(seed)
    stores = [(chance.uniform(5e3, 15e3), chance.uniform(5e3, 15e3)) for _ in range(max(orders // 8, 1))]
    spots = list(stores)
    waiting = []
    for number in range(orders):
        store = chance.randrange(len(stores))
        angle, far = chance.uniform(0, 2 * math.pi), chance.uniform(500, 8_000)
        spots.append((stores[store][0] + far * math.cos(angle), stores[store][1] + far * math.sin(angle)))
        placed_s = NOON_S - chance.randrange(1200)
        ready_s = placed_s + chance.randrange(600, 2400)
        waiting.append(
            Order(
                id=f"o{number:05d}", pickup=store, dropoff=len(spots) - 1, store=f"s{store}", placed_s=placed_s,
                wanted_from_s=placed_s, ready_s=ready_s, due_s=ready_s + 2700,
            )
        )  # fmt: skip
    on_duty = []
    for number in range(drivers):
        spots.append((chance.uniform(0, 20e3), chance.uniform(0, 20e3)))
        free_s = NOON_S + chance.choice((0, 0, 300, 900))
        on_duty.append(Driver(id=f"d{number:05d}", place=len(spots) - 1, free_s=free_s))
    xy = np.array(spots, np.float32)
    far_m = np.sqrt((xy[:, None, 0] - xy[None, :, 0]) ** 2 + (xy[:, None, 1] - xy[None, :, 1]) ** 2)
    return World(tuple(waiting), tuple(on_duty)), Travel(np.ceil(far_m / 9).astype(np.int32))


def measure(orders: int, drivers: int, ticks: int = 5) -> dict[str, object]:
    """Figures of ``ticks`` ticks in which nothing but the time changes."""
    kernels = warm_up()
    world, travel = city(orders, drivers, 1)
    wall, processor, cost = [], [], 0.0
    for tick in range(ticks):
        began, worked = time.perf_counter(), time.thread_time()
        decisions = decide(world, travel, Params(), NOON_S + tick, tick, kernels)
        wall.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.thread_time() - worked))
        cost = decisions.cost
        world = World(world.orders, world.drivers, decisions.plan)
    return {
        "orders": orders,
        "drivers": drivers,
        "first_ms": round(wall[0], 1),
        "next_ms_median": round(statistics.median(wall[1:]), 1),
        "first_processor_ms": round(processor[0], 1),
        "next_processor_ms_median": round(statistics.median(processor[1:]), 1),
        "cost_min": round(cost, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found = []
    for orders, drivers in SIZES:
        found.append(measure(orders, drivers))
        print(json.dumps(found[-1]), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")
