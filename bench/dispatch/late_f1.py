"""How faithful our ``late f1`` is: ``python -m bench.dispatch.late_f1 DIR... [--json FILE]``.

Plays recorded days by the dispatch we compare with, each solution judged by the referee, beside the figures that are kept of the
first ``late f1`` in the table above the days' folders. Without chance: one run a day.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.figures import machine, write

from doorstep.engine.params import Params
from doorstep.sim.mdrp.bars import bars_of
from doorstep.sim.mdrp.campaign import EIGHT, LATE_F1, Run, play_run
from doorstep.sim.mdrp.day import Rules

RULES = Rules(grow=True, go_to_restaurant=True)
BESIDE = ("undelivered_pct", "rtp_mean", "ctd_p90", "orders_per_bundle", "drive_min_per_order")


def played(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """One row a day, the figures of the first ``late f1`` as ``…_first``. Raises Infeasible."""
    rows = []
    for folder in folders:
        bars, own = bars_of(folder), play_run(Run(folder, LATE_F1, 1, Params(), RULES))
        row = {name: own[name] for name in ("instance", "orders", "ctd90", *BESIDE, "tick_ms_p95")}
        row |= {"ctd90_first": bars.late_ctd90, **{f"{name}_first": bars.late.get(name) for name in BESIDE}}
        rows.append({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()})
        print(rows[-1], flush=True)
    return rows


def summed_up(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Means over all days and over the eight of the tables."""
    sets = {"all": list(rows), "eight": [row for row in rows if row["instance"] in EIGHT]}
    names = [name for name in (rows[0] if rows else {}) if name not in {"instance", "orders", "tick_ms_p95"}]
    return {
        which: {"days": len(chosen), **{name: round(fmean(row[name] for row in chosen), 3) for name in names}}
        for which, chosen in sets.items()
        if chosen
    }


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch.late_f1", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows = played([folder for folder in chosen.folders if folder.is_dir()])
    means = summed_up(rows)
    for which, row in means.items():
        print(which, row)
    write(chosen.json, {"machine": machine(), "means": means, "days": rows})


if __name__ == "__main__":
    main()
