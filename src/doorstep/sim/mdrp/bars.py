"""What others reached on the same days: tables kept as csv beside the instances."""

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path

from doorstep.sim.mdrp.table import wrong

LATE = "baseline_late_f1.csv"
PUBLISHED = "published.csv"
LATE_TOLD = ("ctd_mean", "undelivered_pct", "rtp_mean", "ctd_p90", "cost_per_order", "drive_min_per_order")
"""What is shown of ``late f1``."""
LATE_DRIVES_MIN = 12.96
"""Minutes driven per order by ``late f1``, mean of its 47 days."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Figures to compare one day with; None where nobody told."""

    late: dict[str, float] = field(default_factory=dict)  # our own baseline ``late f1``: measure -> figure
    online: float | None = None  # best published click-to-door of an online policy
    online_undelivered_pct: float | None = None
    exact: float | None = None  # published optimum with perfect information

    @property
    def late_ctd90(self) -> float | None:
        """Click-to-door of ``late f1`` with what it left undelivered counted as 90 minutes."""
        if not self.late:
            return None
        lost = self.late["undelivered_pct"] / 100
        return round(self.late["ctd_mean"] * (1 - lost) + 90 * lost, 3)


def bars_of(folder: Path) -> Bars:
    """The bars for the day in ``folder``, from the tables in the folder above it. Empty when there are none.

    Raises NotAnInstance for a table that cannot be read.
    """
    folder = folder.resolve()
    late = [row for row in _table(folder.parent / LATE, LATE_TOLD) if row["instance"] == folder.name]
    told = [
        row
        for row in _table(folder.parent / PUBLISHED, ("kind", "ctd_mean", "undelivered_pct"))
        if row["instance"] == folder.name
    ]
    source = folder.parent / PUBLISHED
    online = [row for row in told if row["kind"].startswith("online") and row["ctd_mean"]]
    exact = [row for row in told if row["kind"].startswith("exact") and row["ctd_mean"]]
    best = min(online, key=lambda row: _figure(source, row, "ctd_mean"), default=None)
    others = (
        [name for name, cell in late[0].items() if cell and name not in {"policy", "instance"}]
        if late
        else []
    )
    return Bars(
        {name: _figure(folder.parent / LATE, late[0], name) for name in (*LATE_TOLD, *others)}
        if late
        else {},
        _figure(source, best, "ctd_mean") if best else None,
        _figure(source, best, "undelivered_pct") if best and best["undelivered_pct"] else None,
        _figure(source, exact[0], "ctd_mean") if exact else None,
    )


def _figure(path: Path, row: dict[str, str], name: str) -> float:
    try:
        figure = float(row[name])
    except (TypeError, ValueError):
        figure = math.nan
    if not math.isfinite(figure):
        raise wrong(path, f"{name} of {row['instance']} is {row[name]!r}; it is a number")
    return figure


def _table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            lacking = [name for name in ("instance", *columns) if name not in (table.fieldnames or ())]
            if lacking:
                raise wrong(path, f"the column {lacking[0]} is missing", 1)
            return list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise wrong(path, f"cannot be read as a table ({error})") from error
