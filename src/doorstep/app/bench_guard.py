"""What keeps a long bench from losing its work: outputs are tried before, and what was done by an early end is told and kept."""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer

from doorstep.app import figures
from doorstep.sim.pools import ProcessLost

SIGNALLED = 128
"""A shell's exit code for a process that a signal ended: so much more than the signal's number."""


class Ended(BaseException):
    """Somebody asked this process to end, with the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why the work ended early, and what the process says with its exit code."""

    why: str
    code: int
    bug: Exception | None = None  # told in full


def check_folder(solutions: Path | None) -> None:
    """Raise typer.BadParameter when what will be written on the way could not be."""
    if solutions is not None:
        try:
            solutions.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=solutions).close()
        except OSError as error:
            raise typer.BadParameter(
                f"--solutions {solutions}: cannot be written ({error.strerror})"
            ) from error


def check_days(days: Sequence[Path]) -> None:
    """Exit 2 with a line for every one of ``days`` that is none, or has figures beside it that cannot be read."""
    from doorstep.sim.mdrp.bars import bars_of
    from doorstep.sim.mdrp.instance import read
    from doorstep.sim.mdrp.table import NotAnInstance

    refusals = []
    for day in days:
        try:
            read(day)
            bars_of(day)
        except NotAnInstance as refusal:
            refusals.append(str(refusal))
    for line in dict.fromkeys(refusals):
        typer.echo(line, err=True)
    if refusals:
        raise typer.Exit(2)


def collect[T](rows: Iterator[T], keep: Callable[[T], None], expected: type[Exception]) -> Stopped | None:
    """Hand each of ``rows`` to ``keep``. Whatever ends that early is returned, ``expected`` as a word to a person."""
    try:
        with _ends_told(), closing(rows):  # type: ignore[type-var]
            for row in rows:
                keep(row)
    except KeyboardInterrupt:
        return Stopped("interrupted", SIGNALLED + signal.SIGINT)
    except Ended as asked:
        return Stopped("asked to end", SIGNALLED + asked.number)
    except (expected, ProcessLost, OSError) as error:
        return Stopped(str(error), 1)
    except Exception as error:
        return Stopped(f"{type(error).__name__}: {error}", 1, error)
    return None


def written(json: str | None, told: dict[str, Any]) -> None:
    """Write ``told``. Raises typer.Exit when that has become impossible."""
    try:
        figures.write(json, told)
    except OSError as error:
        typer.echo(f"{json}: the figures cannot be written ({error.strerror})", err=True)
        raise typer.Exit(1) from error


def end(stopped: Stopped, done: int, total: int, what: str, json: str | None) -> NoReturn:
    """One line on an early end, and the exit code. Who was asked to end ends there: what the threads of ended processes would still
    complain of is no news.
    """
    if stopped.bug is not None:
        raise stopped.bug
    kept = f", their figures are in {json}" if json not in (None, "-") and done else ""
    typer.echo(f"{stopped.why}; {done} of {total} {what} done{kept}", err=True)
    if stopped.code > SIGNALLED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(stopped.code)
    raise typer.Exit(stopped.code)


@contextmanager
def _ends_told() -> Iterator[None]:
    """While it lasts, SIGTERM and SIGHUP raise Ended, so that processes and files are put in order first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  as signals are handed over
        raise Ended(number)

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
