"""Route planning beside its peers: Li & Lim, the road instances, one dispatch moment, and the time a promise takes.

    python -m bench.dispatch.pdptw --li-lim DIR --road DIR --dispatch DIR [--seconds 1 --seconds 10] [--seed 1] [--peers] --json FILE [--add]

A folder with a ``bks.csv`` is compared with its best known. Peers need the packages of the group ``peers``. Seconds are
processor seconds of the one core used, so that others on the machine change little; the load is written beside them.
"""

import argparse
import csv
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.dispatch.dispatch_shaped import load
from bench.dispatch.peers import PyVRP, Vroom

from doorstep.app.route_bench import instances, solve
from doorstep.engine.routes import files
from doorstep.engine.routes.compiled import warm_up
from doorstep.engine.routes.problem import Planner, Problem, Turns
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import StringRemovals

SIZES = ("200x150", "500x400", "1000x800", "500x100")


def best_known(folder: Path) -> dict[str, tuple[int, float]]:
    """Vehicles and distance by instance, from the folder's ``bks.csv``."""
    if not (folder / "bks.csv").exists():
        return {}
    with (folder / "bks.csv").open() as text:
        rows = list(csv.DictReader(text))
    return {
        r["instance"]: (int(r["bks_vehicles"]), float(r.get("bks_distance") or r["bks_cost"])) for r in rows
    }


def cases(folders: Sequence[Path]) -> Iterator[tuple[str, Problem, tuple[int, float] | None]]:
    """Every instance of the folders with its best known."""
    for folder in folders:
        known = best_known(folder)
        for path in instances([folder]):
            yield path.stem, files.read(path.read_text()), known.get(path.stem)


def row(
    name: str,
    problem: Problem,
    planner: Planner,
    seconds: float,
    seed: int,
    known: tuple[int, float] | None,
) -> dict[str, Any]:
    """One line of the table, told as it is found."""
    found: dict[str, Any] = solve(name, problem, planner, seconds, seed, processor=True).told()
    found |= {"budget_s": seconds, "seed": seed, "load": round(os.getloadavg()[0], 1)}
    if known is not None and found["feasible"]:
        found |= {
            "extra_vehicles": found["vehicles"] - known[0],
            "distance_gap_pct": round(100 * (found["distance"] / known[1] - 1), 2),
        }
    wrong = [text for text in found["breaches"] if "left out" not in text]
    print(
        f"{name:12} {found['planner']:10} {seconds:5.0f} s {found['vehicles']:4} {found['distance']:10.1f}"
        f" {found.get('extra_vehicles', ''):>3} {found.get('distance_gap_pct', ''):>7} unserved {found['unserved']}"
        f" in {found['seconds']:.2f} s {wrong[:1] or ''}",
        flush=True,
    )
    return found


def promise_line(problem: Problem, name: str) -> dict[str, Any]:
    """How long "can this window still be promised" takes on a loaded plan, each request asked once after leaving the problem."""
    kernels = warm_up()
    *others, last = problem.requests
    known = replace(problem, requests=tuple(others))
    loaded = LoadedPlan(known, StringRemovals(kernels).plan(known, Turns(2000), 1), kernels)
    took = []
    for request in [last, *others[:200]]:
        began = time.process_time()
        loaded.ask(request)
        took.append(time.process_time() - began)
    took.sort()
    told = {
        "instance": name,
        "asked": len(took),
        "median_ms": took[len(took) // 2] * 1000,
        "worst_ms": took[-1] * 1000,
    }
    print(
        f"{name:12} a promise: median {told['median_ms']:.2f} ms, worst {told['worst_ms']:.2f} ms of {len(took)}",
        flush=True,
    )
    return told


def write(path: Path | None, lines: list[dict[str, Any]], promises: list[dict[str, Any]]) -> None:
    """All there is so far: a run cut short keeps what it has."""
    if path is None:
        return
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "clock": "processor",
        "rows": lines,
        "promises": promises,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n")


def main() -> None:
    """Run what is named."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--li-lim", type=Path)
    asked.add_argument("--road", type=Path)
    asked.add_argument("--dispatch", type=Path)
    asked.add_argument("--seconds", type=float, action="append")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--peers", action="store_true")
    asked.add_argument("--only", nargs="*", help="names of instances or sizes")
    asked.add_argument("--json", type=Path)
    asked.add_argument(
        "--add", action="store_true", help="behind the rows that are in FILE already, which are not run again"
    )
    given = asked.parse_args()
    ours: list[Planner] = [StringRemovals(warm_up())]
    before = json.loads(given.json.read_text()) if given.json and given.add and given.json.exists() else {}
    lines, promises = before.get("rows", []), before.get("promises", [])
    done = {(r["instance"], r["planner"], r["budget_s"], r["seed"]) for r in lines}

    def missing(name: str, planners: list[Planner], seconds: float) -> list[Planner]:
        return [p for p in planners if (name, p.name, seconds, given.seed) not in done]

    for seconds in given.seconds or [10.0]:
        for name, problem, known in cases([folder for folder in (given.li_lim, given.road) if folder]):
            if given.only and name not in given.only:
                continue
            peers: list[Planner] = [PyVRP(), Vroom(5)] if given.peers else []
            for planner in missing(name, ours + peers, seconds):
                lines.append(row(name, problem, planner, seconds, given.seed, known))
                write(given.json, lines, promises)
        for size in SIZES if given.dispatch else ():
            if given.only and size not in given.only:
                continue
            problem = load(given.dispatch, size)
            peers = [PyVRP(optional=size == "500x100"), Vroom(0)] if given.peers else []
            for planner in missing(size, ours + peers, seconds):
                lines.append(row(size, problem, planner, seconds, given.seed, None))
                write(given.json, lines, promises)
            if size not in {told["instance"] for told in promises}:
                promises.append(promise_line(problem, size))
                write(given.json, lines, promises)


if __name__ == "__main__":
    main()
