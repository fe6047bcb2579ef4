"""``doorstep simulate``: what if, on the very dispatch that runs live."""

import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from typer.core import TyperGroup

from doorstep.app import figures
from doorstep.app.figures import Json

if TYPE_CHECKING:
    from doorstep.engine.decisions import Decisions
    from doorstep.engine.params import Params
    from doorstep.engine.world import Travel, World
    from doorstep.sim.national import Nation
    from doorstep.sim.scenario import Scenario
    from doorstep.sim.study import Study


class ScenarioFirst(TyperGroup):
    """`simulate NAME` means `simulate study NAME`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word in that nobody types."""
        if args and args[0] not in self.commands and args[0] not in {"--help", "-h"}:
            args = ["study", *args]
        return super().parse_args(ctx, args)


simulate = typer.Typer(
    cls=ScenarioFirst,
    no_args_is_help=True,
    help="What if: play days of a market with other slots, pay, batching or people. `doorstep simulate nashville --runs 30"
    " --vary slots=0.8,1,1.2 --html report.html` compares three settings on the same thirty days.",
)
CORES = os.cpu_count() or 1
Processes = Annotated[int, typer.Option(min=1, max=512, help="How many play at a time.")]
Ray = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Spread over a Ray cluster (doorstep[ray]): `local`, `auto`, or `ray://host:10001`; --processes says nothing then.",
    ),
]


def _say(problem: object) -> typer.Exit:
    typer.echo(str(problem), err=True)
    return typer.Exit(1)


@simulate.command("list")
def list_scenarios() -> None:
    """The scenarios that come with Doorstep."""
    from doorstep.sim.reading import shipped

    for name, title in shipped().items():
        typer.echo(f"{name:18} {title}")


@simulate.command()
def study(
    scenario: Annotated[
        str, typer.Argument(help="A name from `simulate list`, a TOML file, or a folder with a recorded day.")
    ],
    runs: Annotated[int, typer.Option(min=1, max=1000, help="Days under each setting.")] = 10,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="WORD=VALUE,VALUE…; several words make all combinations. The first value is what you have."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The first day; the others follow.")] = 1,
    processes: Processes = CORES,
    ray: Ray = "",
    json: Json = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as one page.")] = None,
    keep_tick: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keep the busiest tick of the first day, for `doorstep replay-tick`."
        ),
    ] = None,
) -> None:
    """Play days of SCENARIO, the same days under every setting, and compare."""
    from doorstep.connectors.maps.osrm_roads import RoadsNotInstalled
    from doorstep.connectors.us.nation import NationNotInstalled
    from doorstep.connectors.us.zips import UnknownMetro
    from doorstep.sim import reading, settings
    from doorstep.sim.pools import NoRay, pool_of
    from doorstep.sim.scenario import ScenarioRefused
    from doorstep.sim.study import study as make_study

    began = time.perf_counter()
    try:
        name, raw = reading.load(scenario)
        chosen = settings.settings_of(name, raw, vary or [])
        _lay_out([one.scenario for one in chosen])
        _warm(ray)
        with _progress(len(chosen) * runs, chosen[0].scenario.title) as step:
            found = make_study(
                chosen,
                range(seed, seed + runs),
                pool_of(min(processes, len(chosen) * runs), ray),
                lambda _: step(),
            )
    except ScenarioRefused as refusal:
        raise _say(f"{reading.where(scenario, refusal)}{refusal}") from refusal
    except (UnknownMetro, NationNotInstalled, RoadsNotInstalled) as refusal:
        key = "extract" if isinstance(refusal, RoadsNotInstalled) else "metro"
        named = ScenarioRefused(f"city.{key}: {refusal}")
        raise _say(f"{reading.where(scenario, named)}{named}") from refusal
    except NoRay as refusal:
        raise _say(refusal) from refusal
    _show(found)
    command = f"doorstep simulate {shlex.quote(scenario)} --runs {runs}"
    command += "".join(f" --vary {shlex.quote(text)}" for text in vary or []) + (
        f" --seed {seed}" if seed != 1 else ""
    )
    figures.write(json, _as_dict(found, command, time.perf_counter() - began))
    if html:
        from doorstep.sim.report import page

        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(page(found, command), encoding="utf-8")
        typer.echo(f"{html}: open it in a browser")
    if keep_tick:
        _keep(chosen[0].scenario, seed, keep_tick)


def _lay_out(scenarios: "list[Scenario]") -> None:
    """Make the towns of extracts before the days, in sight of whoever waits; a town that is kept takes no time."""
    from doorstep.sim.town import town_of

    for city in dict.fromkeys(one.city for one in scenarios if one.city.extract is not None):
        with Console(stderr=True).status(f"roads of {city.extract}: a minute the first time, then kept"):
            town_of(city)


def _warm(ray: str) -> None:
    """Compile the kernels here, so that processes read them back instead of all compiling them at once."""
    from doorstep.engine.compiled import warm_up

    if not ray:
        with Console(stderr=True).status("kernels: compiled the first time (under a minute), then kept"):
            warm_up()


@contextmanager
def _progress(total: int, title: str) -> "Iterator[Any]":
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


def _show(found: "Study") -> None:
    """The table for the person at the terminal."""
    from doorstep.sim.report.figures import THIN, half, told, verdict, written

    def bare(text: str) -> str:
        return text.replace(f"{THIN}min", "")

    days, best = len(found.seeds), found.best()
    table = Table(
        title=f"{found.settings[0].scenario.title}: {days} {'day' if days == 1 else 'days'} a setting",
        title_justify="left",
    )
    table.add_column("setting")
    shown_here = told(found)
    for shown in shown_here:
        unit = f" ({shown.unit})" if shown.unit == "min" else ""
        table.add_column(shown.head + unit, justify="right")
    colour = {"better": "green", "worse": "red", "same": "dim"}
    for number, setting in enumerate(found.settings):
        cells = []
        for shown in shown_here:
            value = found.estimate(number, shown.name)
            cell = f"{bare(written(value.mean, shown))} [dim]{bare(half(value, shown))}[/dim]"
            if number:
                difference = found.difference(number, shown.name)
                text = bare(f"{written(difference.mean, shown, signed=True)} {half(difference, shown)}")
                cell += f"\n[{colour[verdict(difference, shown)]}]{text}[/]"
            cells.append(cell)
        table.add_row(f"{'→ ' if number == best and len(found.settings) > 1 else ''}{setting.label}", *cells)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if len(found.settings) > 1:
        typer.echo(
            f"→ {found.settings[best].label}: the cheapest that keeps {found.settings[0].scenario.kept_goal_pct:g}% of promises, or else"
            " the one that keeps most. Second lines: differences to the first setting on the same days, with 95% intervals."
        )


def _as_dict(found: "Study", command: str, real_s: float) -> dict[str, Any]:
    from doorstep.sim.report.figures import RARE, SHOWN

    settings = []
    for number, setting in enumerate(found.settings):
        figures_ = {s.name: asdict(found.estimate(number, s.name)) for s in (*SHOWN, *RARE)}
        differences = (
            {s.name: asdict(found.difference(number, s.name)) for s in (*SHOWN, *RARE)} if number else {}
        )
        days = [{"seed": o.seed, **o.measures.as_dict()} for o in found.outcomes[number]]
        settings.append(
            {
                "label": setting.label,
                "values": dict(setting.values),
                "figures": figures_,
                "difference_to_first": differences,
                "days": days,
            }
        )
    best = found.best()
    return {
        "command": command,
        "scenario": asdict(found.settings[0].scenario),
        "runs": len(found.seeds),
        "real_s": round(real_s, 1),
        "best": found.settings[best].label,
        "best_is_steady": found.steadiness(),
        "settings": settings,
    }


def _keep(scenario: "Scenario", seed: int, file: Path) -> None:
    """Play the first day once more and keep its busiest tick."""
    from doorstep.engine import record
    from doorstep.engine.decide import warm_for
    from doorstep.sim.day import play

    kept: list[bytes] = []
    most = 0

    def keep(
        world: "World", travel: "Travel", params: "Params", now_s: int, seed: int, decisions: "Decisions"
    ) -> None:
        nonlocal most
        if len(world.orders) > most:
            most = len(world.orders)
            kept[:] = [record.pack(world, travel, params, now_s, seed, decisions, "numba")]

    play(scenario, seed, warm_for(scenario.dispatch.params), keep)
    if not kept:
        raise _say("no tick of that day had an order to decide about")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(kept[0])
    typer.echo(f"{file}: a tick with {most} waiting orders; `doorstep replay-tick {file}` decides it again")


@simulate.command()
def national(
    markets: Annotated[int, typer.Option(min=1, max=2000)] = 500,
    scale: Annotated[
        list[float] | None,
        typer.Option(
            min=0.0001,
            max=1,
            help="Share of the orders and drivers each would have (0.02 when not given); several, to see how work grows.",
        ),
    ] = None,
    seed: int = 1,
    processes: Processes = CORES,
    ray: Ray = "",
    json: Json = None,
) -> None:
    """A scaled day of many markets, each of its own size; says how fast and how it grows."""
    from doorstep.sim import national as nation
    from doorstep.sim.pools import NoRay, pool_of

    try:
        pool = pool_of(processes, ray)
    except NoRay as refusal:
        raise _say(refusal) from refusal
    _warm(ray)
    processes = getattr(pool, "count", 1)
    sizes: list[tuple[float, nation.Nation, float | None]] = []
    for share in sorted(set(scale or [0.02])):
        source, chosen = nation.markets(markets, share, seed)
        typer.echo(f"{len(chosen)} markets at {share:g} of their size: {source}.")
        with _progress(len(chosen), f"markets at {share:g}") as step:
            found = nation.play_nation(source, chosen, pool, processes, time.perf_counter, lambda _: step())
        before = sizes[-1][1] if sizes else None
        grown = nation.growth_between(before, found) if before else None
        sizes.append((share, found, grown))
        for name, value in _told_of(found, grown):
            typer.echo(f"{name:42}{value}")
    told = [_nation_as_dict(*size) for size in sizes]
    figures.write(
        json, {**told[-1], "sizes": [{k: v for k, v in one.items() if k != "played"} for one in told]}
    )


def _told_of(found: "Nation", grown: float | None) -> list[tuple[str, str]]:
    largest, least, processes = found.played[0], found.played[-1], found.processes
    lines = [
        ("orders, drivers", f"{found.orders:,}, {sum(p.drivers for p in found.played):,}"),
        ("largest and smallest market, orders", f"{largest.orders:,}, {least.orders:,}"),
        (
            "real seconds",
            f"{found.real_s:.1f} with {processes} {'process' if processes == 1 else 'processes'}",
        ),
        ("processor seconds", f"{found.worked_s:.1f} ({100 * found.spread:.0f}% of what the processes had)"),
        ("orders per second and core", f"{found.orders_per_core_s:,.0f}"),
        ("market days per minute and core", f"{60 * len(found.played) / max(found.worked_s, 1e-9):,.0f}"),
        ("work grows with orders to the power of", f"{found.growth():.2f}"),
        ("click to door, min", f"{found.mean('ctd_mean'):.1f}"),
        ("promises kept", f"{found.mean('kept_pct'):.1f}%"),
        ("undelivered", f"{found.mean('undelivered_pct'):.2f}%"),
    ]
    if grown is not None:
        lines.insert(7, ("and from size to size to the power of", f"{grown:.2f}"))
    return lines


def _nation_as_dict(scale: float, found: "Nation", grown: float | None) -> dict[str, Any]:
    return {
        "source": found.source,
        "markets": len(found.played),
        "scale": scale,
        "orders": found.orders,
        "drivers": sum(p.drivers for p in found.played),
        "real_s": round(found.real_s, 2),
        "processes": found.processes,
        "worked_s": round(found.worked_s, 2),
        "orders_per_core_s": round(found.orders_per_core_s, 1),
        "growth_exponent": round(found.growth(), 3),
        "growth_from_smaller": None if grown is None else round(grown, 3),
        "figures": {name: round(found.mean(name), 3) for name in ("ctd_mean", "kept_pct", "undelivered_pct")},
        "played": [
            {
                "name": p.name,
                "orders": p.orders,
                "drivers": p.drivers,
                "worked_s": round(p.worked_s, 4),
                "ticks": p.ticks,
            }
            for p in found.played
        ],
    }
