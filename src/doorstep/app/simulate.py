"""``doorstep simulate``: what if, on the very dispatch that runs live."""

import math
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text
from typer.core import TyperGroup

from doorstep.app import figures, outputs
from doorstep.app.benches import MOST_SEED
from doorstep.app.figures import Json
from doorstep.app.study_table import show

if TYPE_CHECKING:
    from doorstep.engine.decisions import Decisions
    from doorstep.engine.params import Params
    from doorstep.engine.world import Travel, World
    from doorstep.sim.national import Nation
    from doorstep.sim.pools import Pool
    from doorstep.sim.scenario import Scenario
    from doorstep.sim.settings import Setting
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
Seed = Annotated[int, typer.Option(min=0, max=MOST_SEED, help="The first day; the others follow.")]
Ray = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Spread over a Ray cluster (doorstep\\[ray]): `local`, `auto`, or `ray://host:10001`; --processes says nothing then.",
    ),
]


def _say(problem: object, code: int = 2) -> typer.Exit:
    """``problem`` in a line, and how the command ends: 2 where it was asked wrongly, 1 where it failed."""
    typer.echo(str(problem), err=True)
    return typer.Exit(code)


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
    seed: Seed = 1,
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
    from doorstep.app.kernels import warmed
    from doorstep.sim import reading, settings
    from doorstep.sim.pools import NoRay, ProcessLost, pool_of
    from doorstep.sim.scenario import ScenarioRefused
    from doorstep.sim.study import study as make_study

    began, days = time.perf_counter(), Days()
    try:
        outputs.check(json=json, html=html, keep_tick=keep_tick)
        name, raw = reading.load(scenario)
        chosen = settings.settings_of(name, raw, vary or [])
        days.total = len(chosen) * runs
        pool = pool_of(min(processes, days.total), ray)
        with days.stoppable(pool):
            _lay_out(chosen)
            if not ray:  # whose machines compile for themselves
                warmed(*(one.scenario.dispatch.params for one in chosen))
            with _progress(days.total, chosen[0].scenario.title) as step:
                found = make_study(chosen, range(seed, seed + runs), pool, partial(days.played, step))
    except ScenarioRefused as refusal:
        raise _say(f"{reading.where(scenario, refusal)}{refusal}") from refusal
    except (NoRay, outputs.NotWritable) as refusal:
        raise _say(refusal) from refusal
    except ProcessLost as problem:
        raise _say(problem, 1) from problem
    show(found)
    command = f"doorstep simulate {shlex.quote(scenario)} --runs {runs}"
    command += "".join(f" --vary {shlex.quote(text)}" for text in vary or []) + (
        f" --seed {seed}" if seed != 1 else ""
    )
    took_s = time.perf_counter() - began
    with days.stoppable(pool):
        outputs.write(
            (json, lambda: figures.write(json, _as_dict(found, command, took_s))),
            (html, lambda: _write_page(html, found, command)),
            (keep_tick, lambda: _keep(chosen[0].scenario, seed, keep_tick)),
        )


def _write_page(file: Path | None, found: "Study", command: str) -> None:
    from doorstep.sim.report import page

    if file:
        file.write_text(page(found, command), encoding="utf-8")
        typer.echo(f"{file}: open it in a browser")


class Days:
    """How many of all days were played, for who stops before the last."""

    def __init__(self, what: str = "days") -> None:
        """None yet."""
        self.what, self.total, self.done = what, 0, 0

    def played(self, step: Callable[[], None], _: object) -> None:
        """One more."""
        self.done += 1
        step()

    @contextmanager
    def stoppable(self, pool: "Pool") -> Iterator[None]:
        """Within it Ctrl-C and the wish to end (SIGTERM) stop ``pool`` at once and say how far it was."""
        wishes: list[int] = []

        def end(number: int, _: object) -> None:
            wishes.append(number)
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGTERM, end)
        try:
            yield
        except KeyboardInterrupt:
            pool.stop()
            typer.echo(f"stopped; {self.done} of {self.total} {self.what} were played", err=True)
            raise typer.Exit(128 + (wishes or [signal.SIGINT])[0]) from None
        finally:
            signal.signal(signal.SIGTERM, before)


def _lay_out(chosen: "Sequence[Setting]") -> None:
    """Make the towns before the days, in sight of whoever waits; a town of an extract takes a minute once and is kept.

    Raises ScenarioRefused.
    """
    from doorstep.connectors.maps.osrm_roads import RoadsNotInstalled
    from doorstep.connectors.us.nation import NationNotInstalled
    from doorstep.connectors.us.zips import UnknownMetro
    from doorstep.sim.scenario import ScenarioRefused
    from doorstep.sim.settings import blamed
    from doorstep.sim.town import town_of

    for city, setting in {one.scenario.city: one for one in reversed(chosen)}.items():
        if city.recorded is not None:
            continue
        waiting = f"roads of {city.extract}: a minute the first time, then kept" if city.extract else "town"
        try:
            with Console(stderr=True).status(Text(waiting)):
                town_of(city)
        except (UnknownMetro, NationNotInstalled, RoadsNotInstalled, ScenarioRefused) as problem:
            key = {RoadsNotInstalled: "city.extract: ", ScenarioRefused: ""}.get(
                type(problem), "city.metro: "
            )
            refusal = ScenarioRefused(f"{key}{problem}")
            wished = tuple(wish for wish in setting.values if wish[0].startswith("city."))
            raise (blamed(wished, refusal) if wished else refusal) from problem


@contextmanager
def _progress(total: int, title: str) -> "Iterator[Any]":
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


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


def _keep(scenario: "Scenario", seed: int, file: Path | None) -> None:
    """Play the first day once more and keep its busiest tick."""
    if file is None:
        return
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
        raise _say("no tick of that day had an order to decide about", 1)
    file.write_bytes(kept[0])
    typer.echo(f"{file}: a tick with {most} waiting orders; `doorstep replay-tick {file}` decides it again")


@simulate.command()
def national(
    markets: Annotated[int, typer.Option(min=1, max=2000, help="So many of the largest.")] = 500,
    scale: Annotated[
        list[float] | None,
        typer.Option(
            min=0.0001,
            max=1,
            help="Share of the orders and drivers each would have (0.02 when not given); several, to see how work grows.",
        ),
    ] = None,
    seed: Seed = 1,
    processes: Processes = CORES,
    ray: Ray = "",
    json: Json = None,
) -> None:
    """A scaled day of many markets, each of its own size; says how fast and how it grows."""
    from doorstep.app.kernels import warmed
    from doorstep.sim import national as nation
    from doorstep.sim.pools import NoRay, ProcessLost, pool_of

    shares, days = sorted(set(scale or [0.02])), Days("market days")
    try:
        every = [nation.markets(markets, share, seed) for share in shares]
        pool = pool_of(processes, ray)
    except (NoRay, ValueError) as refusal:
        raise _say(refusal) from refusal
    days.total = sum(len(chosen) for _, chosen in every)
    processes = getattr(pool, "count", 1)
    sizes: list[tuple[float, nation.Nation, float | None]] = []
    with days.stoppable(pool):
        if not ray:
            warmed()
        for share, (source, chosen) in zip(shares, every, strict=True):
            head = f"{len(chosen)} {'market' if len(chosen) == 1 else 'markets'} at {share:g}"
            typer.echo(f"{head} of {'its' if len(chosen) == 1 else 'their'} size: {source}.")
            try:
                with _progress(len(chosen), head) as step:
                    found = nation.play_nation(
                        source,
                        chosen,
                        pool,
                        processes,
                        time.perf_counter,
                        partial(days.played, step),
                    )
            except ProcessLost as problem:
                raise _say(problem, 1) from problem
            before = sizes[-1][1] if sizes else None
            grown = nation.growth_between(before, found) if before else None
            sizes.append((share, found, grown))
            for name, value in _told_of(found, grown):
                typer.echo(f"{name:42}{value}")
    told = [_nation_as_dict(*size) for size in sizes]
    last = {**told[-1], "sizes": [{k: v for k, v in one.items() if k != "played"} for one in told]}
    outputs.write((json, lambda: figures.write(json, last)))


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
        ("click to door, min", _or_dash(f"{found.mean('ctd_mean'):.1f}")),
        ("promises kept", _or_dash(f"{found.mean('kept_pct'):.1f}%")),
        ("undelivered", _or_dash(f"{found.mean('undelivered_pct'):.2f}%")),
    ]
    if grown is not None:
        lines.insert(7, ("and from size to size to the power of", f"{grown:.2f}"))
    return lines


def _or_dash(text: str) -> str:
    """A dash where nothing was delivered that a figure could tell of."""
    return "–" if text.startswith("nan") else text


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
        "figures": {
            name: None if math.isnan(found.mean(name)) else round(found.mean(name), 3)
            for name in ("ctd_mean", "kept_pct", "undelivered_pct")
        },
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
