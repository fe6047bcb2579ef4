"""The command line: ``doorstep COMMAND``. Each command is a few lines over a room that does the work."""

import platform
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated

import typer

from doorstep import __version__
from doorstep.app import outputs
from doorstep.platform import log, settings
from doorstep.platform.errors import Refusal
from doorstep.platform.settings import Settings

app = typer.Typer(
    name="doorstep",
    help="An open last-mile delivery network in a box. `doorstep demo` shows it alive; `doorstep serve` runs a real one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


MACHINES = frozenset({"x86_64", "aarch64"})


def not_here(system: str, machine: str) -> str | None:
    """Why Doorstep does not run on this ``system`` and ``machine``; None where it does."""
    if system == "linux" and machine in MACHINES:
        return None
    return f"Doorstep runs on Linux, x86-64 or arm64; this is {system} on {machine}."


def _settings() -> Settings:
    return settings.from_environment()


def _say(problem: str) -> typer.Exit:
    typer.echo(problem, err=True)
    return typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"doorstep {__version__}")


@app.command()
def serve(web_processes: Annotated[int, typer.Option(min=1, max=32)] = 1) -> None:
    """Run a real network on wall time; empty until its first owner makes a market."""
    from doorstep.app import live_network, runtime

    chosen = _settings()
    log.configure("launcher", chosen.log_level)
    if chosen.webhook_allow:
        raise _say(runtime.WEBHOOK_ALLOW_REFUSED)
    live_network.run(chosen, web_processes=web_processes)


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="Market seconds per real second.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
    fresh: Annotated[bool, typer.Option(envvar="FRESH", help="Forget the demo that was here.")] = False,
    public_demo: Annotated[
        bool, typer.Option("--public-demo", help="Serve beyond this machine; nobody may enter as dispatcher.")
    ] = False,
) -> None:
    """Run the living demo market, Nashville: simulated people on the same public API that real ones use."""
    from doorstep.app import demo_network

    chosen = _settings()
    log.configure("launcher", chosen.log_level)
    if not chosen.on_loopback and not public_demo:
        raise _say(
            f"A demo on {chosen.host} can be reached by others: add --public-demo, or leave HOST alone."
        )
    demo_network.run(chosen, speed=speed, seed=seed, fresh=fresh, public=public_demo)


def told(error: Exception) -> str | None:
    """What a person is told of an error that says what to do; None for a bug."""
    from doorstep.app.launcher import CannotStart
    from doorstep.platform.postgres.errors import PostgresRefused
    from doorstep.platform.secrets import UnsafeSecrets
    from doorstep.platform.settings import BadSetting
    from doorstep.units.ids import MalformedId

    if isinstance(error, Refusal):
        return f"{error.detail}\n{error.advice}".rstrip()
    if isinstance(error, CannotStart | UnsafeSecrets | PostgresRefused | BadSetting | MalformedId):
        return str(error)
    return None


def _process(name: str, run: Callable[[Settings], Awaitable[None]]) -> None:
    chosen = _settings()
    log.configure(name, chosen.log_level)
    import uvloop

    uvloop.run(run(chosen))  # type: ignore[arg-type]


@app.command()
def web() -> None:
    """Run one web process on the database of DATABASE_URL_WEB."""
    from doorstep.app import web as room

    _process("web", room.serve)


@app.command()
def dispatcher() -> None:
    """Run one dispatcher on the database of DATABASE_URL_SYSTEM."""
    from doorstep.app import dispatcher as room

    _process("dispatcher", room.serve)


@app.command()
def worker() -> None:
    """Run one worker on the database of DATABASE_URL_SYSTEM."""
    from doorstep.app import worker as room

    _process("worker", room.serve)


@app.command()
def openapi(
    target: Annotated[
        str, typer.Argument(help="File, or - for standard output.", callback=outputs.tried)
    ] = "-",
) -> None:
    """Write the OpenAPI 3.1 document."""
    from doorstep.app import figures
    from doorstep.app.openapi import document

    figures.write(target, document())


@app.command(hidden=True)
def nursery(descriptor: Annotated[int, typer.Argument(help="The launcher's socket.")]) -> None:
    """What the launcher's processes are copies of."""
    from doorstep.app import nursery as room

    room.run(descriptor, main)


@cache
def whole() -> typer.Typer:
    """``app`` with the commands of every room."""
    from doorstep.app.commands import install

    install(app)
    return app


def main() -> None:
    """The entry point of the installed command."""
    if said := not_here(sys.platform, platform.machine()):
        typer.echo(said, err=True)
        raise SystemExit(1)
    try:
        whole()()
    except Exception as error:
        said = told(error)
        if said is None:
            raise
        typer.echo(said, err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
