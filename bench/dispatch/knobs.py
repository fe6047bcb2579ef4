"""What each of the operator's knobs trades for what: ``python -m bench.dispatch.knobs [--only NAME,…] [--json FILE] [--plots FOLDER]``.

One knob is turned, everything else stays as the benchmark has it. Recorded days know no promise, so the price of lateness is
turned on a simulated town that has one. Plots need matplotlib: ``uv sync --group plots``.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.figures import machine
from bench.instances import folder_with

from doorstep.engine.compiled import warm_up
from doorstep.engine.params import Params
from doorstep.sim.day import play
from doorstep.sim.mdrp.campaign import ENGINE, Run, play_run
from doorstep.sim.mdrp.day import Rules
from doorstep.sim.measures import measure
from doorstep.sim.reading import load, scenario_of

DAYS = {"0o50t100s1p100": "enough couriers", "1o50t100s1p125": "too few couriers"}
TOWNS = {"nashville": "enough drivers", "nashville-short": "too few drivers"}
BASE = Params(late_price=0.0, driving_price=0.01, coverage_price=60.0, start_ahead_s=300)
RULES = Rules(grow=True, go_to_restaurant=True, give_up=True)
"""Those of the benchmark: its days know no promises, and no bar counts driving."""

LEAST_SPAN = 0.8
"""A panel shows at least so many minutes upwards: four seeds do not tell a tenth from nothing."""
NEAR = (0.09, 0.06)
"""Points of a panel nearer than these parts of its width and height share one word."""


@dataclass(frozen=True, slots=True)
class Knob:
    """What is turned, through which values, and what is looked at: ``across`` to the right, ``up`` upwards."""

    name: str
    values: tuple[float, ...]
    across: str
    up: str
    simulated: bool = False


KNOBS = (
    Knob("driving_price", (0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8), "drive_min_per_order", "ctd90"),
    Knob("coverage_price", (40, 60, 75, 110, 200), "undelivered_pct", "ctd90"),
    Knob("waiting_price", (0, 0.1, 0.2, 0.4, 0.8), "rtp_mean", "ctd90"),
    Knob("convex_price", (0, 0.2, 0.5, 1, 2), "ctd_mean", "ctd_p90"),
    Knob("max_bundle", (1, 2, 3, 4), "drive_min_per_order", "ctd90"),
    Knob("late_price", (0, 0.5, 1, 2, 4), "ctd_mean", "kept_pct", simulated=True),
)
SAID = {
    "drive_min_per_order": "minutes driven per order",
    "ctd90": "click to door, minutes (undelivered: 90)",
    "ctd_mean": "click to door, minutes",
    "ctd_p90": "click to door of the slowest tenth, minutes",
    "undelivered_pct": "undelivered, %",
    "rtp_mean": "ready to pickup, minutes",
    "kept_pct": "promises kept, %",
}


def turned(knob: Knob, seeds: Sequence[int], data: Path) -> list[dict[str, Any]]:
    """One row for each value of ``knob`` and each day: means over ``seeds``."""
    rows = []
    for day, what in (TOWNS if knob.simulated else DAYS).items():
        for value in knob.values:
            whole = isinstance(getattr(BASE, knob.name), int)
            turned_to: dict[str, Any] = {knob.name: int(value) if whole else float(value)}
            params = replace(BASE, **turned_to)
            played = [
                simulated(day, knob.name, value, seed) if knob.simulated
                else play_run(Run(data / day, ENGINE, seed, params, RULES))
                for seed in seeds
            ]  # fmt: skip
            told = {name: round(fmean(one[name] for one in played), 3) for name in SAID if name in played[0]}
            rows.append({"knob": knob.name, "value": value, "day": day, "what": what, **told})
            print(rows[-1], flush=True)
    return rows


def simulated(town: str, name: str, value: float, seed: int) -> dict[str, Any]:
    """A simulated day of a shipped town with one of the engine's knobs turned."""
    scenario = scenario_of(*load(town))
    change: dict[str, Any] = {name: value}
    params = replace(scenario.dispatch.params, **change)
    figures = measure(
        play(replace(scenario, dispatch=replace(scenario.dispatch, params=params)), seed, warm_up())
    )
    return figures.as_dict() | {"ctd90": figures.ctd90}


def together(points: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Numbers of points (parts of a panel's width and height) that are too near to each other for a word each."""
    found: list[list[int]] = []
    for number, (x, y) in enumerate(points):
        for group in found:
            if any(abs(points[i][0] - x) < NEAR[0] and abs(points[i][1] - y) < NEAR[1] for i in group):
                group.append(number)
                break
        else:
            found.append([number])
    return found


def plot(knob: Knob, rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """The curve of a knob, one panel a day, every point with its value beside it."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "doorstep", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})  # fmt: skip
    days = [
        (day, list(found)) for day, found in groupby(rows, key=lambda row: f"{row['day']}: {row['what']}")
    ]
    figure, panels = plt.subplots(1, len(days), figsize=(9, 3.4), layout="constrained")
    for panel, (title, found) in zip(panels, days, strict=True):
        xs, ys = [one[knob.across] for one in found], [one[knob.up] for one in found]
        panel.plot(xs, ys, "o-", color="#0b6b5d", markersize=5)
        panel.margins(0.12)
        low, high = panel.get_ylim()
        least = max(0.0, LEAST_SPAN - (high - low)) / 2
        panel.set_ylim(low - least, high + least)
        if min(xs) >= 0:
            panel.set_xlim(left=max(panel.get_xlim()[0], -0.01 * max(xs)))
        wide, tall = (end - start for start, end in (panel.get_xlim(), panel.get_ylim()))
        for alike in together([(x / wide, y / tall) for x, y in zip(xs, ys, strict=True)]):
            told = ", ".join(f"{found[i]['value']:g}" for i in alike)
            panel.annotate(told, (xs[alike[-1]], ys[alike[-1]]), (5, 5), textcoords="offset points", color="#5b4708")  # fmt: skip
        panel.set_title(title, fontsize=10, loc="left")
        panel.set_xlabel(SAID[knob.across])
        panel.set_ylabel(SAID[knob.up])
        panel.locator_params(axis="x", nbins=6)
        panel.grid(alpha=0.25)
    figure.suptitle(f"{knob.name}: beside each point its value", fontsize=11, x=0.01, ha="left")
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"knob-{knob.name}.svg", metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Measure, write, draw."""
    words = argparse.ArgumentParser(prog="python -m bench.dispatch.knobs", description=__doc__)
    words.add_argument("--only", default=",".join(knob.name for knob in KNOBS))
    words.add_argument("--seeds", default="1,2,3,4")
    words.add_argument("--json", type=Path)
    words.add_argument("--plots", type=Path)
    asked = words.parse_args()
    chosen = [knob for knob in KNOBS if knob.name in asked.only.split(",")]
    recorded = () if all(knob.simulated for knob in chosen) else (f"mdrp/{day}" for day in DAYS)
    data = folder_with(*recorded) / "mdrp"
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    warm_up()
    rows = []
    for knob in chosen:
        found = turned(knob, seeds, data)
        rows += found
        if asked.plots:
            plot(knob, found, asked.plots)
    if asked.json:
        asked.json.write_text(
            json.dumps({"machine": machine(), "seeds": seeds, "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
