"""What others reached on the same days: tables kept as csv beside the instances."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

LATE = "baseline_late_f1.csv"
PUBLISHED = "published.csv"
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
    """The bars for the day in ``folder``, from the tables in the folder above it. Empty when there are none."""
    late = [row for row in _table(folder.parent / LATE) if row["instance"] == folder.name]
    told = [row for row in _table(folder.parent / PUBLISHED) if row["instance"] == folder.name]
    online = [row for row in told if row["kind"].startswith("online")]
    exact = [row for row in told if row["kind"].startswith("exact")]
    best = min(online, key=lambda row: float(row["ctd_mean"]), default=None)
    return Bars(
        {name: float(cell) for name, cell in late[0].items() if name not in {"policy", "instance"} and cell} if late else {},
        float(best["ctd_mean"]) if best else None,
        float(best["undelivered_pct"]) if best and best["undelivered_pct"] else None,
        float(exact[0]["ctd_mean"]) if exact else None,
    )  # fmt: skip


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
