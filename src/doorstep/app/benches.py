"""``doorstep bench``: the engine on public benchmarks, its results beside the published ones."""

import math
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from doorstep.app import bench_guard
from doorstep.app.figures import Json

bench = typer.Typer(
    help="The engine on public benchmarks, beside the published results where they lie beside the instances.",
    no_args_is_help=True,
)

MOST_SEED = 1_000_000_000


@bench.command("mdrp")
def mdrp(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Days of the Meal Delivery Routing Problem."),
    ],
    *,
    solutions: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Keep the solution files, in the official format.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Comma separated; a day's figures are their mean.")] = "1,2,3,4",
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another setting of the engine.")
    ] = None,
    declines: Annotated[
        float, typer.Option(min=0, max=90, help="Per cent of offers that couriers decline.")
    ] = 0,
    mixing: Annotated[
        bool,
        typer.Option("--mixing", help="Orders of several restaurants on board at once (easier rules)."),
    ] = False,
    peers: Annotated[bool, typer.Option(help="Play the greedy peer too.")] = True,
    processes: Annotated[int, typer.Option(min=1, help="Days played at once.")] = 1,
    json: Json = None,
) -> None:
    """Play recorded days minute by minute, judge the written solutions, and compare."""
    from doorstep.engine.decide import warm_for
    from doorstep.sim.mdrp.campaign import ENGINE, GREEDY, Run, means, play_run, summed_up
    from doorstep.sim.mdrp.day import Rules
    from doorstep.sim.mdrp.naming import each_once, names_of
    from doorstep.sim.pools import pool_of

    _finite("--declines", declines)
    numbers, params = _seeds(seeds), _params(param or [], mixing=mixing)
    rules = Rules(
        grow=True,
        go_to_restaurant=True,
        give_up=True,
        mixing=params.mixing,
        declines_permille=round(10 * declines),
    )
    days = each_once(folders)
    bench_guard.check_days(days)
    bench_guard.check_folder(solutions)
    named = list(zip(days, names_of(days), strict=True))
    runs = [Run(day, ENGINE, seed, params, rules, solutions, name) for day, name in named for seed in numbers]
    if peers:
        runs += [Run(day, GREEDY, 1, params, rules, solutions, name) for day, name in named]
    rows: list[dict[str, Any]] = []

    typer.echo("warming the engine's kernels", err=True)  # before the bar, which holds the line

    def played() -> Iterator[dict[str, Any]]:
        warm_for(params)
        yield from pool_of(min(processes, len(runs))).spread(play_run, runs)

    stopped = _with_progress(played(), rows, len(runs))
    turn = {(run.policy, run.name, run.seed): number for number, run in enumerate(runs)}
    rows.sort(key=lambda row: turn[row["policy"], row["instance"], row["seed"]])
    table = summed_up(days, rows)
    if stopped is None or stopped.code == 1:
        for line in _lines(table, means(table)):
            typer.echo(line)
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "declines_pct": declines,
        "mixing": params.mixing,
    }
    if stopped is not None:
        told["unfinished"] = {"why": stopped.why, "played": len(rows), "of": len(runs)}
    if rows or stopped is None:
        told |= {"params": asdict(params), "means": means(table), "instances": table, "runs": rows}
        bench_guard.written(json, told)
    if stopped is not None:
        bench_guard.end(stopped, len(rows), len(runs), "days and seeds", json)


@bench.command("pdptw")
def pdptw(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Instances of Li & Lim or Sartori & Buriol, or folders of them."
        ),
    ],
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="For each instance, on one core.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Another seed, another search.")] = 1,
    processor_time: Annotated[
        bool,
        typer.Option("--processor-time", help="Count processor seconds: for a machine that others use too."),
    ] = False,
    json: Json = None,
) -> None:
    """Plan pickups and deliveries with time windows: fewest vehicles, then least distance, every plan examined.

    Where a bks.csv lies beside an instance (instance, bks_vehicles, bks_distance or bks_cost), the best known stands beside the plan.
    """
    from doorstep.app import route_bench

    _finite("--seconds", seconds)
    try:
        asked = route_bench.read_all(files)
    except route_bench.NotReadable as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(2) from refusal
    known = any(one.known for one in asked)
    wide = max(14, *(len(one.name) for one in asked))
    if known:
        typer.echo(f"{'':{wide}} {'':36}  {'best known':>17} {'gap':>14}")
    outcomes: list[route_bench.Outcome] = []

    def tell(found: route_bench.Outcome) -> None:
        outcomes.append(found)  # before it is told: who has read of it may count on it
        state = "feasible" if found.feasible else "; ".join(found.breaches[:2])
        counts = f"{found.vehicles:4} vehicles {found.distance:12.2f}  {found.seconds:6.2f} s"
        typer.echo(f"{found.instance:{wide}} {counts}  {_beside(found) if known else ''}{state}")

    stopped = bench_guard.collect(
        route_bench.solve_all(asked, seconds, seed, processor=processor_time), tell, ValueError
    )
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "seconds": seconds,
        "clock": "processor" if processor_time else "wall",
        "load": round(os.getloadavg()[0], 1),
        "seed": seed,
    }
    if stopped is not None:
        told["unfinished"] = {"why": stopped.why, "solved": len(outcomes), "of": len(asked)}
    if outcomes or stopped is None:
        bench_guard.written(json, {**told, "instances": [found.told() for found in outcomes]})
    if stopped is not None:
        bench_guard.end(stopped, len(outcomes), len(asked), "instances", json)


def _beside(found: Any) -> str:
    """The columns of what is best known."""
    known, none = found.known, "-"
    best = f"{known.vehicles:4} {known.distance:12.2f}" if known else f"{none:>4} {none:>12}"
    vehicles, distance = found.extra_vehicles, found.distance_gap_pct
    gap = f"{none:>4} {none:>8}  " if vehicles is None else f"{vehicles:+4} {distance:+8.2f} %"
    return f"{best} {gap}  "


def _finite(option: str, number: float) -> None:
    if not math.isfinite(number):
        raise typer.BadParameter(f"{number} is no number to count with", param_hint=option)


def _seeds(text: str) -> list[int]:
    """The whole numbers in ``text``. Raises typer.BadParameter."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = []
    if not found or len(set(found)) < len(found) or not all(0 <= seed <= MOST_SEED for seed in found):
        why = f"{text!r}; whole numbers between 0 and {MOST_SEED:,} are wanted, comma separated, each once: 1,2,3,4"
        raise typer.BadParameter(why, param_hint="--seeds")
    return found


def _params(changes: Sequence[str], *, mixing: bool) -> Any:
    """The set of the benchmark with ``changes``. Raises typer.BadParameter."""
    from doorstep.app.tick import parameters
    from doorstep.engine.params import Params

    # These days know no promises, no bar counts driving, and who cannot be served within 90 minutes is given up; what
    # each costs a market is in docs/dispatch.md.
    ours = Params(late_price=0.0, driving_price=0.01, coverage_price=60.0, load_most=4, start_ahead_s=300)
    changed = replace(ours, **parameters(changes))
    return replace(changed, mixing=mixing or changed.mixing)


def _with_progress(
    played: Iterator[dict[str, Any]], rows: list[dict[str, Any]], total: int
) -> bench_guard.Stopped | None:
    """Put what is ``played`` into ``rows``; tell why that ended early."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("days", total=total)

        def keep(row: dict[str, Any]) -> None:
            rows.append(row)
            progress.update(bar, advance=1, description=f"{row['policy']} {row['instance']}")

        # Infeasible and NotAnInstance are ValueErrors that speak to people, and so is a file that changed meanwhile.
        return bench_guard.collect(played, keep, ValueError)


def _lines(table: Sequence[dict[str, Any]], sets: dict[str, dict[str, Any]]) -> list[str]:
    head = (
        "ctd90",
        "ctd",
        "p90",
        "rtp",
        "lost%",
        "cost",
        "drive",
        "p95 ms",
        "late f1",
        "online",
        "exact",
        "greedy",
    )
    wide = max(18, *(len(row["instance"]) + 1 for row in table)) if table else 18
    lines = [f"{'day':{wide}}" + "".join(f"{word:>9}" for word in head)]
    names = ("ctd90", "ctd_mean", "ctd_p90", "rtp_mean", "undelivered_pct", "cost_per_order", "drive_min_per_order", "tick_ms_p95")  # fmt: skip
    for row in table:
        cells = ["-" if row[name] is None else row[name] for name in names]
        cells += [
            (row["late_f1"] or {}).get("ctd90"),
            row["published_online_ctd_mean"],
            row["published_exact_ctd_mean"],
        ]
        cells.append((row["greedy"] or {}).get("ctd90"))
        lines.append(
            f"{row['instance']:{wide}}"
            + "".join(f"{'' if c is None else c if c == '-' else format(c, '.2f'):>9}" for c in cells)
        )
    for name, mean in sets.items():
        gap = (
            f"; {mean['gap_to_exact_pct']:.2f} % above the published optimum"
            if "gap_to_exact_pct" in mean
            else ""
        )
        late, days = mean["late_f1_ctd90"], mean["late_f1_days"]
        known = "" if days == mean["days"] else f" on the {days} where it is known"
        better = f", late f1 {late:.2f}{known}, better on {mean['better_than_late_f1']}" if days else ""
        lines.append(
            f"{name} ({mean['days']}): click-to-door {mean['ctd90']:.2f}{better};"
            f" lost {mean['undelivered_pct']:.3f} %, ready-to-pickup {_told(mean['rtp_mean'])},"
            f" p90 {_told(mean['ctd_p90'])}, cost {_told(mean['cost_per_order'])}, driving {_told(mean['drive_min_per_order'])}{gap}"
        )
    return lines


def _told(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2f}"
