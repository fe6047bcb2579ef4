"""``doorstep bench``: the engine on public benchmarks, its results beside the published ones."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from doorstep.app import figures
from doorstep.app.figures import Json

bench = typer.Typer(
    help="The engine on public benchmarks, beside the published results.", no_args_is_help=True
)


@bench.command("mdrp")
def mdrp(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Days of the Meal Delivery Routing Problem.", exists=True),
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
    from doorstep.engine.compiled import warm_up
    from doorstep.sim.mdrp.campaign import ENGINE, GREEDY, Run, means, play_all, summed_up
    from doorstep.sim.mdrp.day import Rules

    params = replace(_params(param or []), mixing=mixing)
    rules = Rules(
        grow=True, go_to_restaurant=True, give_up=True, mixing=mixing, declines_permille=round(10 * declines)
    )
    runs = [
        Run(folder, ENGINE, int(seed), params, rules, solutions)
        for folder in folders
        for seed in seeds.split(",")
    ]
    if peers:
        runs += [Run(folder, GREEDY, 1, params, rules, solutions) for folder in folders]
    typer.echo("warming the engine's kernels", err=True)
    warm_up()
    rows = _with_progress(play_all(runs, processes), len(runs))
    table = summed_up(folders, rows)
    for line in _lines(table, means(table)):
        typer.echo(line)
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "declines_pct": declines,
        "mixing": mixing,
    }
    figures.write(
        json, {**told, "params": _plain(params), "means": means(table), "instances": table, "runs": rows}
    )


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
    seed: Annotated[int, typer.Option(help="Another seed, another search.")] = 1,
    processor_time: Annotated[
        bool,
        typer.Option("--processor-time", help="Count processor seconds: for a machine that others use too."),
    ] = False,
    json: Json = None,
) -> None:
    """Plan pickups and deliveries with time windows: fewest vehicles, then least distance, every plan examined."""
    from doorstep.app import route_bench
    from doorstep.engine.routes.files import NotAProblem

    def tell(found: route_bench.Outcome) -> None:
        state = "feasible" if found.feasible else "; ".join(found.breaches[:2])
        counts = f"{found.vehicles:4} vehicles {found.distance:12.2f}  {found.seconds:6.2f} s"
        typer.echo(f"{found.instance:14} {counts}  {state}")

    try:
        outcomes = route_bench.solve_files(files, seconds, seed, tell, processor=processor_time)
    except (NotAProblem, OSError) as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from refusal
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "seconds": seconds,
        "clock": "processor" if processor_time else "wall",
        "load": round(os.getloadavg()[0], 1),
        "seed": seed,
    }
    figures.write(json, {**told, "instances": [found.told() for found in outcomes]})


def _params(changes: Sequence[str]) -> Any:
    from doorstep.engine.params import Params

    given = dict(text.split("=", 1) for text in changes)
    types = {name: type(getattr(Params(), name)) for name in given}
    # These days know no promises, no bar counts driving, and who cannot be served within 90 minutes is given up; what
    # each costs a market is in docs/dispatch.md.
    ours = Params(late_price=0.0, driving_price=0.01, coverage_price=60.0, load_most=4)
    return replace(ours, **{name: types[name](value) for name, value in given.items()})


def _plain(params: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(params)


def _with_progress(rows: Any, total: int) -> list[dict[str, Any]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("days", total=total)
        found = []
        for row in rows:
            found.append(row)
            progress.update(bar, advance=1, description=f"{row['policy']} {row['instance']}")
    return found


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
    lines = [f"{'day':18}" + "".join(f"{word:>9}" for word in head)]
    names = ("ctd90", "ctd_mean", "ctd_p90", "rtp_mean", "undelivered_pct", "cost_per_order", "drive_min_per_order", "tick_ms_p95")  # fmt: skip
    for row in table:
        cells = [row[name] for name in names]
        cells += [
            (row["late_f1"] or {}).get("ctd90"),
            row["published_online_ctd_mean"],
            row["published_exact_ctd_mean"],
        ]
        cells.append((row["greedy"] or {}).get("ctd90"))
        lines.append(
            f"{row['instance']:18}" + "".join(f"{'' if c is None else format(c, '.2f'):>9}" for c in cells)
        )
    for name, mean in sets.items():
        gap = (
            f"; {mean['gap_to_exact_pct']:.2f} % above the published optimum"
            if "gap_to_exact_pct" in mean
            else ""
        )
        lines.append(
            f"{name} ({mean['days']}): click-to-door {mean['ctd90']:.2f}, late f1 {mean['late_f1_ctd90']},"
            f" better on {mean['better_than_late_f1']}; lost {mean['undelivered_pct']:.3f} %, ready-to-pickup {mean['rtp_mean']:.2f},"
            f" p90 {mean['ctd_p90']:.2f}, cost {mean['cost_per_order']:.2f}, driving {mean['drive_min_per_order']:.2f}{gap}"
        )
    return lines
