"""Further commands of ``doorstep``: credentials for scripts, dead letters, copies, exports, replays."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from doorstep.app import benches, figures, outputs
from doorstep.app.figures import Json
from doorstep.app.market import market
from doorstep.app.simulate import simulate
from doorstep.platform import settings
from doorstep.platform.db.work import Work
from doorstep.units.ids import public

keys = typer.Typer(help="API keys of merchants.", no_args_is_help=True)
dead = typer.Typer(help="Jobs that gave up.", no_args_is_help=True)
ledger = typer.Typer(help="The double-entry ledger.", no_args_is_help=True)


def install(app: typer.Typer) -> None:
    """Add all commands of this room to ``app``."""
    app.add_typer(market, name="market")
    app.add_typer(keys, name="keys")
    app.add_typer(dead, name="dead-letters")
    app.add_typer(ledger, name="ledger")
    app.add_typer(simulate, name="simulate")
    app.add_typer(benches.bench, name="bench")
    for command in (owner_link, migrate, warm, backup, restore, verify, replay_tick, replay_day):
        app.command(command.__name__.replace("_", "-"))(command)
    app.command("replay-network", hidden=True)(replay_network)
    app.command("demo-actors", hidden=True)(demo_actors)
    anything = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command("courier-twin", hidden=True, context_settings=anything, add_help_option=False)(courier_twin)


def courier_twin(context: typer.Context) -> None:
    """A simulated courier company; `doorstep courier-twin --help` names its options."""
    from doorstep.connectors.couriers.twin.__main__ import main

    main(context.args)


def demo_actors(
    network: Annotated[str, typer.Option(help="Where the network answers.")],
    twin: Annotated[str, typer.Option(help="Where the simulated courier company answers.")],
    receiver_port: Annotated[int, typer.Option(help="Where the merchants' systems listen for webhooks.")],
) -> None:
    """The people of the demo. `doorstep demo` starts it; it knows nothing but the public API."""
    from doorstep.demo.stage import play
    from doorstep.platform import log

    chosen = settings.from_environment()
    log.configure("demo-actors", chosen.log_level)
    asyncio.run(play(chosen.home, network=network, twin_url=twin, receiver_port=receiver_port))


def warm(
    json: Json = None,
    mixing: Annotated[bool, typer.Option("--mixing", help="Those of several stores a trip, too.")] = False,
) -> None:
    """Compile the engine's kernels and keep them on disk: when installing, so that no start and no budget pays for it."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    rooms = {
        "dispatch": "doorstep.engine.compiled",
        "route planning": "doorstep.engine.routes.compiled",
    }
    if mixing:
        rooms["mixed trips"] = "doorstep.engine.mixing.compiled"
    typer.echo(f"warming the kernels of {', '.join(rooms)} …")
    # A process each, for they share no kernel. Those of mixed trips are for markets that mix: the dispatcher of one warms them.
    with ProcessPoolExecutor(len(rooms), get_context("spawn")) as pool:
        asked = {pool.submit(_warm, room): what for what, room in rooms.items()}
        took_s = {}
        for one in as_completed(asked):
            took_s[asked[one]] = round(one.result(), 1)
            typer.echo(f"{asked[one]}: {took_s[asked[one]]:.1f} s")
    figures.write(json, {"took_s": took_s})


def _warm(room: str) -> float:
    """Warm the kernels of one room; the real seconds it took."""
    import importlib
    import time

    began_s = time.perf_counter()
    importlib.import_module(room).warm_up()
    return time.perf_counter() - began_s


def owner_link(json: Json = None) -> None:
    """Print a link that makes whoever opens it an owner: good once, for a day. An older one no longer works."""
    from doorstep.app import admin, live_network
    from doorstep.features.identity import service

    chosen = settings.from_environment()
    link = live_network.owner_address(chosen, admin.run(chosen, service.owner_link))
    if json != "-":
        typer.echo(link)
    figures.write(json, {"link": link})


@keys.command("create")
def create_key(
    merchant: Annotated[str, typer.Argument(help="The merchant's slug or id (mer_…).")],
    scopes: Annotated[
        str, typer.Option(help="Comma-separated.")
    ] = "deliveries:read,deliveries:write,quotes,webhooks",
    label: str = "made on the command line",
    json: Json = None,
) -> None:
    """Make an API key for MERCHANT; its secret is shown this once."""
    from doorstep.app import admin
    from doorstep.features.identity import service
    from doorstep.features.merchants import queries as merchants
    from doorstep.units.ids import parse

    async def make(work: Work) -> dict[str, str]:
        if merchant.startswith("mer_"):
            found = await merchants.merchant(work, parse("merchant", merchant))
        else:
            found = await merchants.by_slug(work, merchant)
        key = await service.create_key(work, found.id, frozenset(s.strip() for s in scopes.split(",")), label)
        return {"id": public("key", key.id), "secret": key.secret, "merchant": public("merchant", found.id)}

    made = admin.run(settings.from_environment(), make)
    if json != "-":  # a secret is shown in one place
        typer.echo(f"{made['id']}\n{made['secret']}")
    figures.write(json, made)


@dead.command("list")
def list_dead(json: Json = None) -> None:
    """List jobs that gave up."""
    from doorstep.app import admin
    from doorstep.platform import worker

    rows = admin.run(settings.from_environment(), worker.dead_letters)
    for row in rows:
        typer.echo(
            f"{row['id']}\t{row['handler']}\t{row['attempts']} attempts\t{str(row['last_error']).strip()[:120]}"
        )
    if not rows:
        typer.echo("No dead letters.")
    figures.write(json, rows)


@dead.command("replay")
def replay_dead(
    job: Annotated[int | None, typer.Argument(help="One job's number; all when left out.")] = None,
    json: Json = None,
) -> None:
    """Let dead jobs try again."""
    from doorstep.app import admin
    from doorstep.platform import worker

    count = admin.run(settings.from_environment(), lambda work: worker.replay_dead(work, job))
    typer.echo(f"{count} {'job' if count == 1 else 'jobs'} will be tried again.")
    figures.write(json, {"tried_again": count})


@ledger.command("export")
def export_ledger(
    file: Annotated[Path, typer.Argument(help="The Beancount file to write.", callback=outputs.tried)],
    json: Json = None,
) -> None:
    """Write the whole ledger as a Beancount file that `bean-check` accepts."""
    from doorstep.app import admin
    from doorstep.features.ledger.export import export_beancount

    text = admin.run(settings.from_environment(), export_beancount)
    file.write_text(text)
    lines = len(text.splitlines())
    typer.echo(f"{file}: {lines} lines")
    figures.write(json, {"file": file, "lines": lines})


def migrate() -> None:
    """Bring the database to this version's schema; `serve` and `demo` do so by themselves."""
    from doorstep.app import wiring
    from doorstep.app.launcher import open_database
    from doorstep.platform.db import migrate as migrations

    wiring.import_rows()
    with open_database(settings.from_environment()) as (urls, _server):
        asyncio.run(migrations.upgrade(urls.owner))
    typer.echo(f"The schema is at {migrations.head()}.")


def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes.")], json: Json = None) -> None:
    """Copy the whole database into FILE, consistent, while the network runs."""
    from doorstep.app.launcher import open_database
    from doorstep.platform.postgres import backup as copies
    from doorstep.platform.postgres.binaries import find_server

    chosen = settings.from_environment()
    with open_database(chosen) as (_urls, server):
        dsn = server.superuser_dsn("doorstep") if server else str(chosen.database_url)
        asyncio.run(
            copies.backup(dsn, file, bindir=server.binaries.bindir if server else find_server().bindir)
        )
    size_bytes, beside = file.stat().st_size, [chosen.secrets, chosen.home / "blobs"]
    typer.echo(f"{file}: {size_bytes:,} bytes. Keep {beside[0]} and {beside[1]} with it.")
    figures.write(json, {"file": file, "size_bytes": size_bytes, "keep_with_it": beside})


def restore(
    file: Annotated[Path, typer.Argument(help="A copy made by `doorstep backup`.")],
    force: Annotated[bool, typer.Option(help="Replace what the database holds.")] = False,
) -> None:
    """Bring a copy back into an empty database (or, with --force, over a full one)."""
    from doorstep.app.launcher import open_database
    from doorstep.platform.postgres import backup as copies
    from doorstep.platform.postgres.binaries import find_server

    chosen = settings.from_environment()
    with open_database(chosen) as (_urls, server):
        dsn = server.superuser_dsn("doorstep") if server else str(chosen.database_url)
        bindir = server.binaries.bindir if server else find_server().bindir
        asyncio.run(copies.restore(file, dsn, bindir=bindir, force=force))
    typer.echo(f"{file} is restored.")


def verify(json: Json = None) -> None:
    """Ask the database whether every promise holds; exits 1 when one is broken."""
    from doorstep.app import admin, invariants

    answers = admin.run(settings.from_environment(), invariants.ask)
    for answer in answers:
        typer.echo(f"{'ok ' if not answer.broken else answer.broken}\t{answer.promise}")
    figures.write(json, {answer.promise: answer.broken for answer in answers})
    if any(answer.broken for answer in answers):
        raise typer.Exit(1)


def replay_tick(
    file: Annotated[
        Path,
        typer.Argument(
            help="A tick record from DOORSTEP_HOME/blobs/ticks/MARKET/.", exists=True, dir_okay=False
        ),
    ],
    param: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE: see what another setting would decide; several of them together."),
    ] = None,
    json: Json = None,
) -> None:
    """Decide a recorded tick again: is it the same to the last bit, and what would other parameters have decided?"""
    from doorstep.app import tick

    tick.replay(file, param or [], json)


def replay_day(
    folder: Annotated[Path, typer.Argument(help="A recorded day: a folder of the MDRP instances.")],
    speed: Annotated[float, typer.Option(min=1, max=1000, help="Market seconds per real second.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    until_min: Annotated[
        int | None, typer.Option(min=1, help="Stop taking orders after this minute of the day.")
    ] = None,
    json: Json = None,
) -> None:
    """Send a recorded day through HTTP, database and dispatch, and compare with the pure engine."""
    from doorstep.app import bench_guard
    from doorstep.app.replay.run import run

    bench_guard.check_days([folder])
    outcome = run(folder, speed=speed, seed=seed, until_min=until_min)
    for line in outcome.lines():
        typer.echo(line)
    figures.write(json, outcome.as_dict())
    if not outcome.good:
        raise typer.Exit(1)


def replay_network(folder: Path, speed: float = 60.0) -> None:
    """Run the network of a recorded day alone; `replay-day` starts it by itself."""
    from doorstep.app.replay.founding import serve
    from doorstep.platform import log

    chosen = settings.from_environment()
    log.configure("launcher", chosen.log_level)
    serve(chosen, folder, speed=speed)
