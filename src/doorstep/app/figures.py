"""Figures for people and machines: the same numbers on the screen and in a file."""

import contextlib
import json
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, TextIO

import typer

from doorstep.app import outputs

_output: ContextVar[TextIO | None] = ContextVar("output", default=None)
"""Standard output as it was, while a command's words go elsewhere."""


def _make_room(context: typer.Context, target: str | None) -> str | None:
    """Try the file before any work is done. Where the figures go to standard output, leave it to them: the command's words go to
    standard error instead.
    """
    if context.resilient_parsing:
        return target
    try:
        outputs.check(json=target)
    except outputs.NotWritable as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2) from problem
    if target == "-":
        before = _output.set(sys.stdout)
        context.call_on_close(lambda: _output.reset(before))
        context.with_resource(contextlib.redirect_stdout(sys.stderr))
    return target


Json = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        callback=_make_room,
        help="Write the figures there too (- for standard output, which then holds nothing else).",
    ),
]
"""What every command that tells figures takes."""


def write(target: str | None, figures: object) -> None:
    """Write ``figures`` as JSON to the file ``target``, to standard output for ``-``, nowhere for None."""
    if target is None:
        return
    text = json.dumps(figures, indent=2, default=str, ensure_ascii=False)
    if target == "-":
        typer.echo(text, file=_output.get())
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(text + "\n")
