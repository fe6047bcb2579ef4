"""Whether a tick of one metro falls into parts that could be solved apart: ``python -m bench.dispatch.components [--json FILE]``.

Orders and drivers are joined where a driver is among an order's candidates; what hangs together is a component. Two kinds of
worlds: a metropolis by coordinates in which every order is new (that of ``scale``), and ticks of the shipped metro's simulated
day. Beside it what solving apart could save: the processor seconds of each step of a tick.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from bench.dispatch.scale import NOW_S, metropolis
from bench.figures import machine, write

from doorstep.engine.arrays import lay_out
from doorstep.engine.compiled import Kernels, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Ways, World
from doorstep.sim.day import play
from doorstep.sim.reading import load, scenario_of

SIZES = ((500, 750), (3000, 5000), (10000, 15000))
CANDIDATES = (5, 10, 30, 80)
KERNELS = tuple(field.name for field in fields(Kernels) if field.name != "name")
EVERY = 20
"""Of the ticks of a simulated day one in so many is looked at."""


def components(world: World, ways: Ways, params: Params, now_s: int, kernels: Kernels) -> list[int]:
    """How many orders each component holds, the largest first; an order without a candidate is one of its own."""
    layout = lay_out(world, ways, params, now_s, compiled=kernels.compiled)
    case, found = layout.case, layout.search.candidate
    kernels.find_candidates(case, layout.search)
    above = list(range(case.orders + case.drivers))

    def root(one: int) -> int:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for order in range(case.orders):
        for k in range(case.candidates_most):
            driver = int(found[order * case.candidates_most + k])
            if driver < 0:
                break
            above[root(order)] = root(case.orders + driver)
    return sorted(Counter(root(order) for order in range(case.orders)).values(), reverse=True)


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
    report = {"machine": machine(), "metropolis": metropolises(kernels), "metro_day": a_day(kernels)}
    write(chosen.json, report)


if __name__ == "__main__":
    main()
