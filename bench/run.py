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


def fix_figures(seconds: float) -> list[Figure]:
    """Fixes a second: as many as go, and what 10,000 a second cost."""
    report = fixes.measure(seconds)
    bare = report["limit"]
    singly, batched, paced, paced_batches = report["runs"]
    return [
        Figure(
            what="fixes a second, one a request, as many as go", value=singly["fixes_a_second"], unit="/s",
            aim=10_000, more_is_better=True, limit=Limit("bare route a second", bare["requests_a_second"]),
            detail=singly,
        ),
        Figure(
            what="fixes a second, ten a request, as many as go", value=batched["fixes_a_second"], unit="/s",
            aim=10_000, more_is_better=True, limit=Limit("bare route a second", bare["requests_a_second"]),
            detail=batched,
        ),
        Figure(
            what="fixes a second sustained when 10,000 come, ten a request", value=paced_batches["fixes_a_second"],
            unit="/s", aim=9_800, more_is_better=True, limit=Limit("sent", 10_000), detail=paced_batches | {"singly": paced},
        ),
    ]  # fmt: skip


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a quarter of the time, rougher figures")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    seconds, where, begun = (5.0 if asked.quick else live.STEADY_S), machine(), time.monotonic()
    figures, limits = asyncio.run(live.measure(seconds))
    figures += fix_figures(seconds / 4)
    figures += tick.measure(ticks=3 if asked.quick else 6)
    figures = [replace(one, value=round(one.value, 4)) for one in figures]
    lasted_s = round(time.monotonic() - begun, 1)
    show(
        f"Doorstep on {where['cores']} cores shared by client, server and database; load before the run"
        f" {where['load_before']}, took {lasted_s:.0f} s",
        figures,
    )
    report: dict[str, Any] = {
        **where, "load_after": round(os.getloadavg()[0], 2), "seconds": seconds, "lasted_s": lasted_s,
        "limits": {name: round(value, 3) for name, value in limits.items()},
        "figures": [one.told() for one in figures],
    }  # fmt: skip
    write(asked.json, report)


if __name__ == "__main__":
    main()
