"""What solving a tick's parts apart brings, and into which parts it falls: ``python -m bench.dispatch.components [--json FILE]``.

Orders and drivers are joined where a driver is among an order's candidates; what hangs together is a component. Two kinds of
worlds: a metropolis by coordinates in which every order is new (that of ``scale``), and ticks of the shipped metro's simulated
day. Beside it what solving apart could save: the processor seconds of each step of a tick.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from bench.dispatch.scale import NOW_S, metropolis
from bench.figures import machine, write

from doorstep.engine.arrays import lay_out
from doorstep.engine.chains import Case, Search
from doorstep.engine.compiled import Kernels, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Ways, World
from doorstep.sim.day import play
from doorstep.sim.reading import load, scenario_of

SIZES = ((500, 750), (3000, 5000), (10000, 15000))
SHORT = ((3000, 1200), (10000, 4000))
"""Fewer drivers than orders: who has whom ties parts together."""
ROUNDS = 7
CANDIDATES = (5, 10, 30, 80)
KERNELS = tuple(field.name for field in fields(Kernels) if field.name != "name")
EVERY = 20
"""Of the ticks of a simulated day one in so many is looked at."""


def components(world: World, ways: Ways, params: Params, now_s: int, kernels: Kernels) -> list[int]:
    """How many orders each component holds, the largest first; an order without a candidate is one of its own."""
    layout = lay_out(world, ways, params, now_s, compiled=kernels.compiled)
    case, search = layout.case, layout.search
    kernels.find_candidates(case, search, 0, case.orders)
    return orders_by_part(kernels, case, search, case.candidates_most)


def orders_by_part(kernels: Kernels, case: Case, search: Search, links: int) -> list[int]:
    """How many orders each part holds, the largest first."""
    everybody = case.orders + case.drivers
    begins = np.zeros(2 * case.orders + 1, np.int64)
    above, scope = np.zeros(everybody, np.int64), np.zeros(everybody, np.int64)
    count = kernels.find_parts(case, search, links, above, begins, scope)
    return sorted((begins[1 : 2 * count : 2] - begins[0 : 2 * count : 2]).tolist(), reverse=True)


def told(sizes: list[int]) -> dict[str, float]:
    """The components of one world in figures."""
    orders = sum(sizes)
    return {"components": len(sizes), "largest_pct": round(100 * sizes[0] / max(orders, 1), 1)}


def steps(world: World, ways: Ways, kernels: Kernels) -> dict[str, float]:
    """Processor seconds of each kernel within one whole tick, and of the rest of it."""
    spent: dict[str, float] = dict.fromkeys(KERNELS, 0.0)

    def timed(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            began = time.process_time()
            found = kernel(*given)
            spent[name] += time.process_time() - began
            return found

        return run

    timers: dict[str, Any] = {name: timed(name, getattr(kernels, name)) for name in KERNELS}
    watched = replace(kernels, **timers)
    began = time.process_time()
    decide(world, ways, Params(), NOW_S, 1, watched)
    whole = time.process_time() - began
    rest = whole - sum(spent.values())
    most = sorted(spent.items(), key=lambda one: -one[1])[:6]
    return {"tick_s": round(whole, 3), **{n: round(s, 3) for n, s in most}, "rest": round(rest, 3)}


def metropolises(kernels: Kernels) -> list[dict[str, Any]]:
    """One row a size: its components by how many candidates an order has, and where a tick's time goes."""
    rows = []
    for orders, drivers in SIZES:
        world, plane = metropolis(orders, drivers, seed=1)
        row: dict[str, Any] = {"orders": orders, "drivers": drivers}
        for count in CANDIDATES:
            params = Params(candidates=count, surge_candidates=count)
            row[f"candidates_{count}"] = told(components(world, plane, params, NOW_S, kernels))
        row["processor_s"] = steps(world, plane, kernels)
        rows.append(row)
        print(row, flush=True)
    return rows


def searched(kernels: Kernels, rounds: int) -> list[dict[str, Any]]:
    """The whole tick, searched whole and part by part, in one thread and in as many as there are cores: the least of ``rounds``
    turns about, in wall and processor seconds, and what the plan costs over as many seeds.
    """
    cores = os.cpu_count() or 1
    ways_of_doing = {
        "whole": (Params(apart_orders=1_000_000), 1),
        "apart": (Params(), 1),
        f"apart, {cores} threads": (Params(), cores),
    }
    rows = []
    for orders, drivers in (*SIZES[1:], *SHORT):
        world, plane = metropolis(orders, drivers, seed=1)
        spent: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways_of_doing}
        for seed in range(1, rounds + 1):
            for name, (params, threads) in ways_of_doing.items():
                wall, processor = time.perf_counter(), time.process_time()
                cost = decide(world, plane, params, NOW_S, seed, kernels, threads=threads).cost
                spent[name].append((time.perf_counter() - wall, time.process_time() - processor, cost))
        sizes = parts_searched(world, plane, kernels)
        row: dict[str, Any] = {"orders": orders, "drivers": drivers, "rounds": rounds} | told(sizes)
        for name, runs in spent.items():
            wall_s, processor_s = (min(run[k] for run in runs) for k in (0, 1))
            row[name] = {
                "wall_s": round(wall_s, 3),
                "processor_s": round(processor_s, 3),
                "cost": round(fmean(run[2] for run in runs), 1),
            }
        rows.append(row)
        print(row, flush=True)
    return rows


def parts_searched(world: World, ways: Ways, kernels: Kernels) -> list[int]:
    """Orders in each part that a tick's search goes through, the largest first."""
    sizes: list[int] = []

    def look(case: Case, search: Search, links: int, *rest: Any) -> int:
        sizes.extend(orders_by_part(kernels, case, search, links))
        count: int = kernels.find_parts(case, search, links, *rest)
        return count

    decide(world, ways, Params(), NOW_S, 1, replace(kernels, find_parts=look))
    return sizes


def a_day(kernels: Kernels) -> list[dict[str, Any]]:
    """Ticks of the shipped metro's day: means over those looked at, by the number of candidates."""
    seen: dict[int, list[list[int]]] = {count: [] for count in CANDIDATES}
    ticks = 0

    def look(world: World, travel: Ways, params: Params, now_s: int, *_: object) -> None:
        nonlocal ticks
        ticks += 1
        if ticks % EVERY == 0 and len(world.orders) >= 10:
            for count in CANDIDATES:
                fewer = replace(params, candidates=count, surge_candidates=count)
                sizes = components(world, travel, fewer, now_s, kernels)
                if sizes:
                    seen[count].append(sizes)

    play(scenario_of(*load("metro")), 1, kernels, look)
    rows = [
        {
            "candidates": count,
            "ticks": len(worlds),
            "orders": round(fmean(sum(sizes) for sizes in worlds)),
            "orders_most": max(sum(sizes) for sizes in worlds),
            "components": round(fmean(len(sizes) for sizes in worlds), 2),
            "largest_pct": round(fmean(100 * sizes[0] / sum(sizes) for sizes in worlds), 1),
            "largest_pct_median": round(median(100 * sizes[0] / sum(sizes) for sizes in worlds), 1),
            "whole_pct": round(100 * fmean(len(sizes) == 1 for sizes in worlds), 1),
        }
        for count, worlds in seen.items()
    ]
    for row in rows:
        print(row, flush=True)
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch.components", description=__doc__)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    kernels = warm_up()
    report = {
        "machine": machine(),
        "searched": searched(kernels, ROUNDS),
        "metropolis": metropolises(kernels),
    }
    report["metro_day"] = a_day(kernels)
    write(chosen.json, report)


if __name__ == "__main__":
    main()
