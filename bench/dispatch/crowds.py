"""Where many orders crowd around one place: ``python -m bench.dispatch.crowds [--json FILE]``.

A mall with its shops, drivers who wait there and drivers some minutes away, everybody free, all orders at once; each is played tick
by tick until everything is on its way. Beside it the same with every driver a candidate of every order: the most that knowing
more could bring.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

import numpy as np
from bench.figures import machine

from doorstep.engine.compiled import warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Plan, Plane, World

NOW_S = 36_000
METRES_A_MINUTE = 420
CROWDS = (
    (40, 30, 20, 2),
    (100, 30, 100, 3),
    (199, 30, 200, 3),
    (300, 80, 300, 3),
)
"""Orders, drivers there, drivers away, and how many minutes."""


def played(orders: int, near: int, far: int, away_min: int, shops: int, params: Params) -> dict[str, Any]:
    """The crowd until its last order is on its way: minutes from order to door, and how many drivers have had one."""
    doors = np.random.default_rng(1).integers(-2000, 2000, (orders, 2))
    xy = np.array([(0, 0), *doors, (away_min * METRES_A_MINUTE, 0)], np.int64)
    plane = Plane(xy[:, 0].copy(), xy[:, 1].copy(), 60_000 // METRES_A_MINUTE)
    placed = [
        Order(
            id=f"o{i}", pickup=0, dropoff=1 + i, store=f"s{i % shops}", placed_s=NOW_S, ready_s=NOW_S,
            wanted_from_s=NOW_S, due_s=NOW_S + 3000,
        )
        for i in range(orders)
    ]  # fmt: skip
    waiting = {o.id: o for o in placed}
    drivers = {f"n{j}": Driver(id=f"n{j}", place=0, free_s=NOW_S) for j in range(near)}
    drivers |= {f"f{j}": Driver(id=f"f{j}", place=orders + 1, free_s=NOW_S) for j in range(far)}
    plan: Plan = {}
    minutes: list[float] = []
    used: set[str] = set()
    tick = 0
    while waiting and tick < 240:
        world = World(tuple(waiting.values()), tuple(drivers.values()), plan)
        decided = decide(world, plane, params, NOW_S + 60 * tick, 1 + tick, warm_up())
        for send in decided.sends:
            used.add(send.driver)
            minutes += [(drop_s - NOW_S) / 60 for drop_s in send.drops_s]
            last = waiting[send.orders[-1]]
            drivers[send.driver] = replace(
                drivers[send.driver], place=last.dropoff, free_s=send.drops_s[-1] + 120
            )
            for one in send.orders:
                del waiting[one]
        plan, tick = decided.plan, tick + 1
    return {
        "ctd_mean": round(fmean(minutes), 2), "ctd_p90": round(quantiles(minutes, n=10)[-1], 1),
        "drivers_used": len(used), "undelivered": len(waiting),
    }  # fmt: skip


def main() -> None:
    """Play, print, write."""
    words = argparse.ArgumentParser(prog="python -m bench.dispatch.crowds", description=__doc__)
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    rows = []
    for shops in (1, 5, 1000):
        for orders, near, far, away_min in CROWDS:
            everybody = Params(candidates=near + far, surge_candidates=near + far)
            row = {
                "orders": orders, "shops": min(shops, orders), "there": near, "away": far, "away_min": away_min,
                "as_it_is": played(orders, near, far, away_min, shops, Params()),
                "all_known": played(orders, near, far, away_min, shops, everybody),
            }  # fmt: skip
            rows.append(row)
            print(json.dumps(row), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine(), "crowds": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
