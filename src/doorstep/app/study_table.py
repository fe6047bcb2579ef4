"""The table of a study for the person at the terminal: settings down, or turned where that is too wide for it."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from doorstep.sim.report.figures import Shown
    from doorstep.sim.study import Study

NO_TERMINAL = 200
"""Columns where nobody says how many there are."""
_COLOURS = {"better": "green", "worse": "red", "same": "dim"}


@dataclass(frozen=True, slots=True)
class _Column:
    head: str
    cells: Sequence[Text]
    justify: str = "right"

    def width(self, words: bool) -> int:
        """Characters without which something of it would be broken; ``words``: the head may be, between its words."""
        head = self.head.split() if words else self.head.split("\n")
        return max(map(len, [*head, *(line for cell in self.cells for line in cell.plain.split("\n"))]))


def show(found: "Study") -> None:
    """Print it, and below it what helps to read it."""
    from doorstep.sim.report.figures import told

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else NO_TERMINAL)
    days, best, every = len(found.seeds), found.best(), range(len(found.settings))
    title = f"{found.settings[0].scenario.title}: {days} {'day' if days == 1 else 'days'} a setting"
    console.print(Text(title, style="italic"))
    shown = told(found)
    heads = [one.head + (f" ({one.unit})" if one.unit == "min" else "") for one in shown]
    labels = [f"{'→ ' if n == best and len(every) > 1 else ''}{found.settings[n].label}" for n in every]
    parted = [label.replace(", ", ",\n") for label in labels]
    cells = [[_cell(found, number, one) for one in shown] for number in every]
    measures = [_Column(head, [row[at] for row in cells]) for at, head in enumerate(heads)]
    for names in (labels, parted):
        for words in (False, True):
            columns = [_Column("setting", [Text(name) for name in names], "left"), *measures]
            if _needed(columns, words) <= console.width:
                _print(console, columns, words)
                return _notes(found)
    first = _Column("", [Text(head) for head in heads], "left")
    waiting = [_Column(name, row) for name, row in zip(parted, cells, strict=True)]
    while waiting:
        many = len(waiting)
        while many > 1 and _needed([first, *waiting[:many]], False) > console.width:
            many -= 1
        _print(console, [first, *waiting[:many]], False)
        del waiting[:many]
    return _notes(found)


def _needed(columns: Sequence[_Column], words: bool) -> int:
    return sum(3 + column.width(words) for column in columns) + 1


def _print(console: Console, columns: Sequence[_Column], words: bool) -> None:
    table = Table()
    for column in columns:
        table.add_column(
            Text(column.head),
            justify="left" if column.justify == "left" else "right",
            width=column.width(words),
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    console.print(table, width=max(console.width, _needed(columns, words)), crop=False)


def _cell(found: "Study", number: int, shown: "Shown") -> Text:
    """The figure, and below it what it differs by from the first setting's."""
    from doorstep.sim.report.figures import POINTS, THIN, half, verdict, written

    value = found.estimate(number, shown.name)
    spread = half(value, shown).removesuffix(f"{THIN}{POINTS}")
    cell = Text.assemble(_bare(written(value.mean, shown)), (_after(spread), "dim"))
    if number:
        difference = found.difference(number, shown.name)
        text = written(difference.mean, shown, signed=True)
        if sure := half(difference, shown):  # the unit once, after both
            text = f"{text.removesuffix(THIN + POINTS)} {sure}"
        text = _bare(text)
        cell.append(f"\n{text}", _COLOURS[verdict(difference, shown)])
    return cell


def _bare(text: str) -> str:
    """Without the unit that the column's head tells."""
    from doorstep.sim.report.figures import THIN

    return text.replace(f"{THIN}min", "").replace(THIN, " ")


def _after(text: str) -> str:
    return f" {_bare(text)}" if text else ""


def _notes(found: "Study") -> None:
    first, days = found.settings[0].scenario, len(found.seeds)
    if len(found.settings) > 1:
        what = "keeps {:g}% of promises" if found.promises else "delivers {:g}% of the orders"
        same = "day; one day has no intervals" if days == 1 else "days, with 95% intervals"
        typer.echo(
            f"→ {found.settings[found.best()].label}: the cheapest that {what.format(first.kept_goal_pct)}, or else"
            f" the one that does so for most. Second lines: differences to the first setting on the same {same}."
        )
    both = [
        one.label
        for one in found.settings
        if one.scenario.dispatch.grow
        and one.scenario.dispatch.params.mixing
        and not one.scenario.dispatch.grows
        and one.scenario.dispatch.policy == "engine"
    ]
    if both:
        where = "" if len(both) == len(found.settings) else f" ({'; '.join(both)})"
        typer.echo(
            f"Where stores are mixed{where} trips do not grow under way: `growing` changes nothing there."
        )
