"""Ten minutes of a demo nobody walks into: when each kind of failure happened for the first time.

``python -m bench.demo [--minutes N] [--json FILE]``: a demo of its own at 30x and nothing else; visitors slow time down, so
nobody enters. The actors write their count every twenty seconds, so a time here is up to that much too late. Seconds count
from the first `/readyz` that answered.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from bench.figures import Figure, machine, show, write
from bench.network import Broken, Running, running

from doorstep.demo.tally import FAILURES

SPEED = 30
LOOK_S = 1.0


async def watch(network: Running, minutes: float) -> tuple[dict[str, float], dict[str, int]]:
    """Look at the actors' count for so long: the second each kind was first in it, and the count at the end.

    Raises Broken when the network ended meanwhile.
    """
    began, first, counts = time.monotonic(), dict[str, float](), dict[str, int]()
    tally = network.home / "demo/tally.json"
    while (passed_s := time.monotonic() - began) < minutes * 60:
        await asyncio.sleep(LOOK_S)
        if network.process.poll() is not None:
            raise Broken(f"the demo ended:\n{network.log.read_text()[-3000:]}")
        if tally.exists():
            counts = json.loads(tally.read_text())
        for kind in FAILURES:
            if counts.get(kind):
                first.setdefault(kind, round(passed_s, 1))
    return first, counts


def figures(first: Mapping[str, float], counts: Mapping[str, int], minutes: float) -> list[Figure]:
    """What is printed and written: a kind that did not happen has no time, and counts as missing."""
    missing = [kind for kind in FAILURES if kind not in first]
    found = [
        Figure(
            what=f"kinds of failure that had not happened after {minutes:g} minutes", value=len(missing), unit="", aim=0,
            count=len(FAILURES), detail={"missing": missing},
        )
    ]  # fmt: skip
    return found + [
        Figure(what=f"{kind}: seen for the first time", value=first[kind], unit="s", count=counts[kind])
        for kind in sorted(first, key=lambda one: first[one])
    ]


async def measure(minutes: float) -> dict[str, Any]:
    """Run the demo; the report."""
    about = machine()
    async with running(["doorstep.app.cli", "demo", "--speed", str(SPEED)]) as network:
        first, counts = await watch(network, minutes)
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            status = (await http.get(f"{network.url}/status.json")).json()
    told = figures(first, counts, minutes)
    show(f"{minutes:g} minutes of a demo nobody walked into, at {SPEED}x", told)
    about |= {"load_after": round(os.getloadavg()[0], 2), "minutes": minutes, "speed": SPEED}
    return {
        "about": about,
        "figures": [one.told() for one in told],
        "counts": dict(sorted(counts.items())),
        "status": status,
    }


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    write(asked.json, asyncio.run(measure(asked.minutes)))


if __name__ == "__main__":
    main()
