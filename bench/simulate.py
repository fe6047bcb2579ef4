"""How long a day of a metro takes on one core, and what mixing stores, trips that grow or a courier company bring.

``python -m bench.simulate [--only metro|growth|mixing|joining|company] [--runs N] [--data MDRP] [--json FILE]``. Processor time is what counts on a shared
machine: it is what one core of its own would take; wall time stands beside it. What declines cost is asked by ``bench.declines``.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench.declines import RECORDED, SHORT_DAY, told_of
from bench.figures import Figure, machine, show, write

from doorstep.engine.compiled import Kernels, warm_up
from doorstep.engine.decide import warm_for
from doorstep.sim.compare import paired
from doorstep.sim.day import play
from doorstep.sim.measures import Measures, measure
from doorstep.sim.reading import load, scenario_of
from doorstep.sim.scenario import LIVE, Behaviour, Scenario
from doorstep.sim.settings import settings_of

AIM_S = 60.0
TRADED = (
    "ctd90", "ctd_mean", "ctd_p90", "undelivered_pct", "rtp_mean", "drive_min_per_order", "wait_min_per_order",
    "orders_per_trip", "earned_per_hour_minor", "cost_per_order_minor",
)  # fmt: skip

Company = tuple[int, int, int, int]
"""Noes after which all near are asked, then the courier company's fee, what a waited minute is worth beside it (0: it is asked last) and
how long its courier takes to the store."""
COMPANIES: tuple[Company, ...] = (
    (3, 0, 0, 1200),
    *((3, fee, minute, 1200) for fee in (700, 900, 1200) for minute in (0, 25, 50, 100)),
    *((3, 900, minute, 600) for minute in (0, 50, 100)),
    (0, 0, 0, 1200), (0, 900, 0, 1200), (0, 900, 50, 1200),
)  # fmt: skip
"""By the live ladder, without a company first; then one that is twice as quick; then as drivers are asked one by one alone. A driver is
paid about 880 for an order here."""
BROUGHT = (
    "ctd90", "ctd_mean", "ctd_p90", "undelivered_pct", "kept_pct", "by_company_pct", "asked_all_pct",
    "cost_per_order_minor", "driver_pay_minor", "company_fees_minor", "earned_per_hour_minor", "drive_min_per_order",
)  # fmt: skip


def metro(kernels: Kernels) -> Figure:
    """One day of the shipped metro: 10,000 orders, 1,500 slots, a tick a minute."""
    scenario = scenario_of(*load("metro"))
    began, worked = time.perf_counter(), time.process_time()
    day = play(scenario, 1, kernels)
    processor_s, wall_s = time.process_time() - worked, time.perf_counter() - began
    figures = measure(day)
    return Figure(
        what=f"a day of {figures.orders:,} orders, {scenario.fleet.drivers:,} slots, {len(day.decide_s):,} ticks",
        value=round(processor_s, 1),
        unit="s of processor",
        aim=AIM_S,
        count=1,
        detail={
            "wall_s": round(wall_s, 1),
            "decide_wall_s": round(float(day.decide_s.sum()), 1),
            "decide_share_of_wall": round(float(day.decide_s.sum()) / wall_s, 3),
            "tick_ms_p50": round(float(np.percentile(day.decide_s, 50)) * 1000, 1),
            "tick_ms_p95": round(float(np.percentile(day.decide_s, 95)) * 1000, 1),
            "measures": figures.as_dict(),
        },
    )


def growth(kernels: Kernels) -> list[Figure]:
    """The same metro at an eighth, a quarter and a half of its size."""
    whole = scenario_of(*load("metro"))
    found = []
    for part in (0.125, 0.25, 0.5):
        city = replace(whole.city, stores=max(8, round(whole.city.stores * part)))
        demand = replace(whole.demand, orders=round(whole.demand.orders * part))
        scenario = replace(
            whole,
            city=city,
            demand=demand,
            fleet=replace(whole.fleet, drivers=round(whole.fleet.drivers * part)),
        )
        worked = time.process_time()
        day = play(scenario, 1, kernels)
        spent = time.process_time() - worked
        found.append(
            Figure(
                what=f"a day of {demand.orders:,} orders, {scenario.fleet.drivers:,} slots",
                value=round(spent, 2),
                unit="s of processor",
                count=1,
                detail={"orders_per_s": round(demand.orders / spent), "ticks": len(day.decide_s)},
            )
        )
    return found


def shortages(data: Path | None) -> dict[str, Scenario]:
    """Markets short of drivers. With ``data``, the recorded days: one with people as they are, and as it was told."""
    found = {"nashville-short": scenario_of(*load("nashville-short"))}
    if data is not None:
        day = scenario_of(*load(str(data / SHORT_DAY)))
        lively = replace(day, behaviour=Behaviour(), dispatch=replace(day.dispatch, params=LIVE))
        found |= {f"{SHORT_DAY}, people as they are": lively, f"{SHORT_DAY}, all as told": day}
    return found


def mixing(runs: int, data: Path | None, only: str) -> list[dict[str, Any]]:
    """One store a trip and several, as a live market's offers go out, on the same days. ``only``: of markets so named."""

    def mixed(scenario: Scenario, on: bool) -> Scenario:
        params = replace(scenario.dispatch.params, mixing=on)
        return replace(scenario, dispatch=replace(scenario.dispatch, params=params))

    markets = {name: one for name, one in shortages(data).items() if only in name}
    return _with_and_without(markets, "mixing", "one_store", mixed, runs)


def joining(runs: int, data: Path | None, only: str) -> list[dict[str, Any]]:
    """Trips that stay as they were offered, and trips that more of their store may join. ``only``: of markets so named."""

    def grows(scenario: Scenario, on: bool) -> Scenario:
        return replace(scenario, dispatch=replace(scenario.dispatch, grow=on))

    recorded = [str(data / name) for name in RECORDED] if data else []
    names = ["nashville", "nashville-short", *recorded]
    markets = {Path(name).name: scenario_of(*load(name)) for name in names}
    return _with_and_without(
        {name: one for name, one in markets.items() if only in name}, "joining", "as_offered", grows, runs
    )


def _with_and_without(
    markets: Mapping[str, Scenario],
    what: str,
    before: str,
    change: Callable[[Scenario, bool], Scenario],
    runs: int,
) -> list[dict[str, Any]]:
    """The same days without and with a change, by market, and the paired differences with their 95 % intervals."""
    told = []
    for name, scenario in markets.items():
        days: dict[bool, list[Measures]] = {}
        for on in (False, True):
            one = change(scenario, on)
            kernels = warm_for(one.dispatch.params)
            days[on] = [measure(play(one, seed, kernels)) for seed in range(1, runs + 1)]
        for on, played in days.items():
            line: dict[str, Any] = {"market": name, what: on, "runs": runs}
            for figure in TRADED:
                values = [float(getattr(m, figure)) for m in played]
                line[figure] = round(float(np.mean(values)), 3)
                if on:
                    line[f"{figure}_against_{before}"] = told_of(
                        paired(values, [float(getattr(m, figure)) for m in days[False]])
                    )
            told.append(line)
            print(line, flush=True)
    return told


def company(runs: int, only: str) -> list[dict[str, Any]]:
    """No courier company, one that is asked last, and one whose price competes within the plan, on the same days.

    ``…_against_none`` are paired differences to the days without one, ``…_against_last`` to the days on which the same company is
    asked last. ``only``: of markets so named.
    """
    told = []
    for name in ("nashville", "nashville-short"):
        if only not in name:
            continue
        days: dict[Company, list[Measures]] = {}
        for one in COMPANIES:
            asks, fee, minute, pickup_s = one
            days[one] = _company_days(name, one, runs)
            line: dict[str, Any] = {"market": name, "asked_of_all_after": asks, "fee_minor": fee}
            line |= {"minute_minor": minute, "pickup_s": pickup_s, "runs": runs}
            others = {"none": (asks, 0, 0, 1200)} if fee else {}
            others |= {"last": (asks, fee, 0, pickup_s)} if minute else {}
            for figure in BROUGHT:
                values = [float(getattr(m, figure)) for m in days[one]]
                line[figure] = round(float(np.mean(values)), 3)
                for other, key in others.items():
                    beside = [float(getattr(m, figure)) for m in days[key]]
                    line[f"{figure}_against_{other}"] = told_of(paired(values, beside))
            told.append(line)
            print(line, flush=True)
    return told


def _company_days(name: str, one: Company, runs: int) -> list[Measures]:
    words = ("broadcast", "company", "company_minute", "company.pickup_s")
    wishes = ["growing=0", *(f"{word}={value}" for word, value in zip(words, one, strict=True))]
    (setting,) = settings_of(*load(name), wishes)
    scenario = setting.scenario
    kernels = warm_for(scenario.dispatch.params)
    return [measure(play(scenario, seed, kernels)) for seed in range(1, runs + 1)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--only", choices=("metro", "growth", "mixing", "joining", "company"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument(
        "--market", default="", help="of mixing, joining and company: only those whose name holds this"
    )
    parser.add_argument("--data", type=Path, help="the folder of the MDRP instances, for mixing and joining")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    report: dict[str, Any] = {"machine": machine()}
    kernels = warm_up()
    figures: list[Figure] = []
    if chosen.only in {None, "growth"}:
        figures += growth(kernels)
    if chosen.only in {None, "metro"}:
        figures.append(metro(kernels))
    if figures:
        show("a simulated day on one core", figures)
        report["days"] = [figure.told() for figure in figures]
    if chosen.only == "mixing":
        report["mixing"] = mixing(chosen.runs, chosen.data, chosen.market)
    if chosen.only == "joining":
        report["joining"] = joining(chosen.runs, chosen.data, chosen.market)
    if chosen.only == "company":
        report["company"] = company(chosen.runs, chosen.market)
    write(chosen.json, report)


if __name__ == "__main__":
    main()
