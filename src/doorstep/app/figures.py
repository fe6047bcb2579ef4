"""Figures for people and machines: the same numbers on the screen and in a file."""

import json
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write the figures there too (- for standard output)."),
]


def write(target: str | None, figures: object) -> None:
    """Write ``figures`` as JSON to the file ``target``, to standard output for ``-``, nowhere for None."""
    if target is None:
        return
    text = json.dumps(figures, indent=2, default=str, ensure_ascii=False)
    if target == "-":
        typer.echo(text)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(text + "\n")
