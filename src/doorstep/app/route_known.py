"""What is best known of an instance, from the ``bks.csv`` beside it."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

TABLE = "bks.csv"


class NotKnown(ValueError):
    """The table beside an instance cannot be read; says which file, which line, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Known:
    """The best known plan: vehicles, and then distance (on real roads its time)."""

    vehicles: int
    distance: float


def best_known(folder: Path) -> dict[str, Known]:
    """By instance; empty where no table lies in ``folder``. Raises NotKnown."""
    path = folder / TABLE
    if not path.is_file():
        return {}
    found = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            columns = set(table.fieldnames or ())
            if not {"instance", "bks_vehicles"} <= columns or not columns & {"bks_distance", "bks_cost"}:
                raise NotKnown(f"{path}, line 1: the columns are instance, bks_vehicles and bks_distance or bks_cost")  # fmt: skip
            for row in table:
                vehicles, distance = row["bks_vehicles"], row.get("bks_distance") or row.get("bks_cost")
                if vehicles or distance:
                    found[row["instance"]] = _known(vehicles, distance, path, table.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NotKnown(f"{path}: cannot be read as a table ({error})") from error
    return found


def _known(vehicles: str | None, distance: str | None, path: Path, line: int) -> Known:
    try:
        known = Known(int(vehicles or ""), float(distance or ""))
    except ValueError:
        known = Known(0, math.nan)
    if known.vehicles < 1 or not 0 < known.distance < math.inf:
        raise NotKnown(f"{path}, line {line}: {vehicles!r} vehicles, {distance!r} far; both are numbers above 0")  # fmt: skip
    return known
