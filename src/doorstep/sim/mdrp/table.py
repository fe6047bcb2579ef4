"""Reads the text tables of an instance cell by cell; each mistake is told with its file, its line and what is allowed there."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class NotAnInstance(ValueError):
    """The folder holds no day; says which file, which line, what is wrong there and what is allowed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line under the header, its cells by column."""

    path: Path
    number: int
    cells: dict[str, str]

    def wrong(self, what: str) -> NotAnInstance:
        """The refusal that says ``what`` of this line."""
        return wrong(self.path, what, self.number)

    def name(self, column: str) -> str:
        """A name as solution files can hold it: one word."""
        cell = self.cells[column]
        if not cell or len(cell.split()) != 1:
            raise self.wrong(f"{column} is {cell!r}; it is a name without spaces")
        return cell

    def whole(self, column: str, least: int, most: int) -> int:
        """A whole number between ``least`` and ``most``."""
        number = self._number(column)
        if number is None or not number.is_integer() or not least <= number <= most:
            allowed = f"a whole number between {least:,} and {most:,}"
            raise self.wrong(f"{column} is {self.cells[column]!r}; it is {allowed}")
        return int(number)

    def real(self, column: str, least: float, most: float) -> float:
        """A number between ``least`` and ``most``."""
        number = self._number(column)
        if number is None or not least <= number <= most:
            allowed = f"a number between {least:,} and {most:,}"
            raise self.wrong(f"{column} is {self.cells[column]!r}; it is {allowed}")
        return number

    def _number(self, column: str) -> float | None:
        try:
            number = float(self.cells[column])
        except ValueError:
            return None
        return number if math.isfinite(number) else None


def wrong(path: Path, what: str, line: int | None = None) -> NotAnInstance:
    """The refusal of ``path`` that says ``what``."""
    return NotAnInstance(f"{path}{'' if line is None else f', line {line}'}: {what}")


def rows(path: Path, columns: Sequence[str], *, named: bool = True) -> Iterator[Row]:
    """The lines of the table in ``path`` under its header: ``named`` by it, otherwise by their sequence. Raises NotAnInstance."""
    lines = [(number, line.split("\t")) for number, line in enumerate(_text(path).split("\n"), 1) if line.strip()]  # fmt: skip
    if not lines:
        raise wrong(path, f"nothing there; line 1 names the columns {', '.join(columns)}")
    number, head = lines[0]
    at = {name: place for place, name in enumerate(columns)}
    if named:
        told = [cell.strip() for cell in head]
        for name in columns:
            if told.count(name) != 1:
                often = "twice" if name in told else "missing"
                raise wrong(path, f"the column {name} is {often}; tab separated, the columns are {', '.join(columns)}", number)  # fmt: skip
        at = {name: told.index(name) for name in columns}
    for number, cells in lines[1:]:
        if len(cells) <= max(at.values()):
            raise wrong(path, f"{len(cells)} columns; tab separated, there are {', '.join(columns)}", number)
        yield Row(path, number, {name: cells[place].strip() for name, place in at.items()})


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise wrong(path, "there is no such file") from error
    except OSError as error:
        raise wrong(path, f"cannot be read ({error.strerror})") from error
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise wrong(path, "not a text file in UTF-8", line) from error
