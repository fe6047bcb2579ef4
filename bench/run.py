"""Speed, each figure beside its limit of the same run: client, server and database on one machine.

``python -m bench.run [--quick] [--json FILE]``: a fresh network of real processes is founded, filled and asked
over HTTP; fixes and ticks are measured on databases of their own afterwards. Nothing else is started at the
same time, but what else the machine does shows in the figures: its load stands in the report.
"""

import argparse
import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import fixes, live, tick
from bench.figures import Figure, Limit, machine, show, write
from bench.pace import Pace


def fix_figures(seconds: float, paced_s: float) -> list[Figure]:
    """Fixes a second: as many as go, and whether 10,000 a second are sustained. Each beside requests that ask for nothing."""
    report = fixes.measure(seconds, paced_s)
    bare = Limit("bare route a second", report["limit"]["requests_a_second"])
    singly, batched, paced, paced_batches = report["runs"]
    found = [
        Figure(
            what=f"fixes a second, {batch} a request, as many as go", value=run["fixes_a_second"], unit="/s",
            aim=fixes.PACE, more_is_better=True, limit=bare, detail=run,
        )
        for batch, run in (("one", singly), ("ten", batched))
    ]  # fmt: skip
    return found + [
        Figure(
            what=f"fixes a second for {paced_s:g} s when 10,000 come, {batch} a request", value=run["fixes_a_second"], unit="/s",
            aim=fixes.PACE, short_pct=fixes.SHORT_PCT, more_is_better=True, limit=bare, detail=run,
        )
        for batch, run in (("one", paced), ("ten", paced_batches))
    ]  # fmt: skip


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a quarter of the time, rougher figures")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    pace = Pace()
    seconds, where, begun = (5.0 if asked.quick else live.STEADY_S), machine(), time.monotonic()
    figures, limits = asyncio.run(live.measure(pace, seconds))
    figures += fix_figures(seconds / 4, fixes.PACED_S / 4 if asked.quick else fixes.PACED_S)
    figures += tick.measure(ticks=3 if asked.quick else 6)
    figures = [replace(one, value=round(one.value, 4)) for one in figures]
    lasted_s = round(time.monotonic() - begun, 1)
    show(
        f"Doorstep on {where['cores']} cores shared by client, server and database; load before the run"
        f" {where['load_before']}, took {lasted_s:.0f} s; the machine was {pace.since(0)['slower_than_best']:g} times"
        " as slow as it can be",
        figures,
    )
    report: dict[str, Any] = {
        **where, "load_after": round(os.getloadavg()[0], 2), "seconds": seconds, "lasted_s": lasted_s,
        "pace": pace.since(0),
        "limits": {name: round(value, 3) for name, value in limits.items()},
        "figures": [one.told() for one in figures],
    }  # fmt: skip
    write(asked.json, report)


if __name__ == "__main__":
    main()
