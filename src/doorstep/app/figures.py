"""Figures for people and machines: the same numbers on the screen and in a file."""

import contextlib
import json
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, TextIO

import typer

_output: ContextVar[TextIO | None] = ContextVar("output", default=None)
"""Standard output as it was, while a command's words go elsewhere."""


def _words_aside(context: typer.Context, target: str | None) -> str | None:
    """Leave standard output to the figures when they go there: the command's words go to standard error instead."""
    if target == "-" and not context.resilient_parsing:
        before = _output.set(sys.stdout)
        context.call_on_close(lambda: _output.reset(before))
        context.with_resource(contextlib.redirect_stdout(sys.stderr))
    return target


Json = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        callback=_words_aside,
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
