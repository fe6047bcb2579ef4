"""What is measured, how it is written down, and the table of it."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Limit:
    """What nothing on this machine could beat, measured in the same run."""

    what: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure; ``aim`` is a bound from above unless ``more_is_better``.

    ``short_pct`` says by how much the aim may be missed: as much as the measuring itself is unsure of.
    """

    what: str
    value: float
    unit: str
    aim: float | None = None
    short_pct: float = 0.0
    more_is_better: bool = False
    limit: Limit | None = None
    count: int = 0
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None without an aim."""
        if self.aim is None:
            return None
        short = self.aim * self.short_pct / 100
        return self.value >= self.aim - short if self.more_is_better else self.value <= self.aim + short

    @property
    def ratio(self) -> float | None:
        """The figure over its limit."""
        return None if self.limit is None or not self.limit.value else round(self.value / self.limit.value, 3)

    def told(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"met": self.met, "ratio": self.ratio}


def share(values: Sequence[float], part: float) -> float:
    """The value below which ``part`` (0 to 1) of ``values`` lie. Raises ValueError when there are none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def machine() -> dict[str, Any]:
    """Where and when, and how busy the machine was besides."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    for name, side in (
        ("measured", "left"), ("value", "right"), ("aim", "right"), ("", "left"), ("limit of the same run", "left"),
        ("value", "right"), ("ratio", "right"), ("n", "right"),
    ):  # fmt: skip
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for one in figures:
        sign, short = (
            "≥" if one.more_is_better else "≤",
            f" ({one.short_pct:g} % off)" if one.short_pct else "",
        )
        table.add_row(
            one.what,
            f"{_shown(one.value)} {one.unit}",
            "" if one.aim is None else f"{sign} {_shown(one.aim)}{short}",
            {True: "met", False: "missed", None: ""}[one.met],
            one.limit.what if one.limit else "",
            _shown(one.limit.value) if one.limit else "",
            "" if one.ratio is None else f"{one.ratio:g}",
            str(one.count or ""),
        )
    Console(width=170).print(table)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write(target: Path | None, report: dict[str, Any]) -> None:
    """Write the report where it was asked for."""
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
