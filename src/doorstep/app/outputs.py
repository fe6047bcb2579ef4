"""The files a long command writes: tried before the work begins, and one that fails later takes no other with it."""

from collections.abc import Callable
from pathlib import Path

import typer


class NotWritable(ValueError):
    """A file that was asked for cannot be written; the message says which and why."""


def check(**wanted: str | Path | None) -> None:
    """Make the folders of the files ``wanted``, by option, and try each; ``-`` is standard output, for ``json`` alone. Raises NotWritable."""
    seen: dict[Path, str] = {}
    for name, target in wanted.items():
        option, file = f"--{name.replace('_', '-')}", Path(target or "")
        if target is None or (str(target), name) == ("-", "json"):
            continue
        if str(target) == "-":
            raise NotWritable(f"{option} -: a file is wanted; only --json goes to standard output")
        try:
            _try(file)
        except OSError as problem:
            raise NotWritable(f"{option} {target}: cannot be written ({problem.strerror})") from problem
        if (first := seen.setdefault(file.absolute(), option)) != option:
            raise NotWritable(f"{option} {target}: {first} is written there already")


def tried[F: (str, Path)](target: F) -> F:
    """For an argument that is a file to write: the file, or ``-`` where that is standard output. Raises typer.BadParameter."""
    try:
        if target != "-":
            _try(Path(target))
    except OSError as problem:
        raise typer.BadParameter(f"{target}: cannot be written ({problem.strerror})") from problem
    return target


def _try(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and not file.is_file() and not file.is_dir():
        return  # a device or a pipe: to open it is to use it
    file = file.resolve()
    new = not file.exists()
    with file.open("ab"):
        pass
    if new:
        file.unlink()


def write(*outputs: tuple[str | Path | None, Callable[[], None]]) -> None:
    """Write each that has a file. Those that fail are told in a line; then the command has failed, and the others are there."""
    failed = False
    for target, output in outputs:
        if target is None:
            continue
        try:
            output()
        except OSError as problem:
            failed = True
            typer.echo(f"{target}: cannot be written ({problem.strerror})", err=True)
    if failed:
        raise typer.Exit(1)
