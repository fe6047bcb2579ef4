"""The pages: how large they are, and how soon a slow phone shows something.

``python -m bench.web [--json FILE]``: sizes are those of the built files, packed with gzip. First paint is measured in
Chromium against a running demo, the way Lighthouse's phone is slowed: 150 ms a round trip, 1.6 Mbit/s down, a processor
four times slower; each page three times in a fresh browser, the middle one counts. The console under a crowd is
``bench.crowd``'s. What the pages hold after an hour is ``bench.hour``'s: read from its last record, or with ``--hour`` played anew.
"""

import argparse
import asyncio
import contextlib
import gzip
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from bench import crowd, hour
from bench.figures import Figure, machine, show, write
from bench.network import Running, running
from playwright.async_api import Browser, async_playwright
from tests.factories.browser import DRAWN_WHOLE, chromium, why_not

PAGES = Path(__file__).parents[1] / "src/doorstep/app/pages"
RECORDED = Path(__file__).parents[1] / "docs/measured/hour.json"
FACES = {
    "console": "console/index.html",
    "driver": "driver/index.html",
    "shop": "shop/index.html",
    "track": "track/main.ts",
}
FIRST_LOAD_BYTES = 200_000
FIRST_PAINT_MS = 1_000.0
SLOW_PHONE = {
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
    "offline": False,
}
SLOWER = 4
TIMES = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """What one opening of a page took: milliseconds, and bytes that came over the line until it was loaded."""

    first_byte_ms: float
    first_paint_ms: float
    largest_paint_ms: float
    bytes: float


def first_load(manifest: dict[str, Any], entry: str) -> list[str]:
    """Files a page imports without waiting: scripts and style sheets."""
    names: list[str] = []
    seen: set[str] = set()
    waiting = [entry]
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            told = manifest[key]
            names += [told["file"], *told.get("css", [])]
            waiting += told.get("imports", [])
    return sorted(set(names))


def packed(name: str) -> int:
    """Bytes of a built file after gzip."""
    return len(gzip.compress((PAGES / name).read_bytes(), 9))


def sizes() -> list[Figure]:
    """First loads beside their limit, and what comes later."""
    manifest = json.loads((PAGES / "manifest.json").read_text())
    figures = []
    for face, entry in FACES.items():
        files = {name: packed(name) for name in first_load(manifest, entry)}
        figures.append(
            Figure(
                what=f"{face}: first load, gzip", value=sum(files.values()) / 1000, unit="kB",
                aim=FIRST_LOAD_BYTES / 1000, count=len(files), detail=files,
            )
        )  # fmt: skip
    drawn = {name: packed(name) for name in first_load(manifest, "shared/map/open.ts")}
    drawn |= {
        f"assets/{path.name}": packed(f"assets/{path.name}") for path in PAGES.glob("assets/maplibre*.mjs")
    }
    figures.append(
        Figure(what="map library with its worker, gzip, only where a map is shown", value=sum(drawn.values()) / 1000, unit="kB", detail=drawn)
    )  # fmt: skip
    return figures


async def a_link(network: Running) -> str:
    """The page of a delivery of the demo, entered as its shopper: time then runs as in life, and the demo is quiet."""
    own = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=network.url, trust_env=False, timeout=10, headers=own) as http:
        for _ in range(240):
            entered = await http.post("/demo/enter", json={"as": "shopper"})
            if entered.status_code == httpx.codes.CREATED:
                return network.url + str(entered.json()["go"])
            await asyncio.sleep(1)
    raise SystemExit("no delivery of the demo was under way within four minutes")


async def opened(browser: Browser, url: str) -> Shown:
    """Open a page once on the slow phone."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    try:
        page = await context.new_page()
        line = await context.new_cdp_session(page)
        await line.send("Network.enable")
        await line.send("Network.emulateNetworkConditions", SLOW_PHONE)
        await line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        await page.goto(url, wait_until="load", timeout=60_000)
        told = await page.evaluate(
            """() => new Promise((go) => {
                const found = { largest: 0 };
                new PerformanceObserver((list) => { for (const one of list.getEntries()) found.largest = one.startTime })
                    .observe({ type: 'largest-contentful-paint', buffered: true });
                setTimeout(() => {
                    const way = performance.getEntriesByType('navigation')[0];
                    const paint = performance.getEntriesByName('first-contentful-paint')[0];
                    const came = performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0);
                    go([way.responseStart, paint ? paint.startTime : NaN, found.largest, came + way.transferSize]);
                }, 1500);
            })"""
        )
        return Shown(*told)
    finally:
        await context.close()


async def paints() -> list[Figure]:
    """First paint of each page; the tracking page's is of a delivery under way."""
    figures = []
    async with (
        running(["doorstep.app.cli", "demo"]) as network,
        async_playwright() as play,
    ):
        link = await a_link(network)
        browser = await play.chromium.launch(executable_path=chromium(), args=list(DRAWN_WHOLE))
        try:
            for face in ("track", "console", "driver", "shop"):
                url = link if face == "track" else f"{network.url}/{face}"
                runs = [await opened(browser, url) for _ in range(TIMES)]
                figures.append(
                    Figure(
                        what=f"{face}: first paint on a slow phone", value=median(run.first_paint_ms for run in runs),
                        unit="ms", aim=FIRST_PAINT_MS if face == "track" else None, count=TIMES,
                        detail={
                            "first_byte_ms": median(run.first_byte_ms for run in runs),
                            "largest_paint_ms": median(run.largest_paint_ms for run in runs),
                            "bytes": median(run.bytes for run in runs),
                        },
                    )
                )  # fmt: skip
        finally:
            with contextlib.suppress(Exception):
                await browser.close()
    return figures


def memory(report: Mapping[str, Any]) -> list[Figure]:
    """What the pages held on to, of a report of ``bench.hour``."""
    when = f"{report['about']['minutes']:g} minutes of demo at {report['about']['speed']}x, {report['about']['at'][:10]}"
    return [
        Figure(
            what=f"{one['what']} ({when})",
            **{name: one[name] for name in ("value", "unit", "aim", "count", "detail")},
        )
        for one in report["figures"]
        if " page: growth" in one["what"]
    ]


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--json", type=Path)
    words.add_argument("--hour", action="store_true", help="play the hour of demo now")
    asked = words.parse_args()
    missing = why_not()
    if missing:
        raise SystemExit(missing)
    about = machine()
    figures = [*sizes(), *asyncio.run(paints()), *asyncio.run(crowd.figures())]
    if asked.hour:
        figures += memory(asyncio.run(hour.measure(60)))
    elif RECORDED.is_file():
        figures += memory(json.loads(RECORDED.read_text()))
    show("The pages", figures)
    load = {"load_after": round(os.getloadavg()[0], 2)}
    write(asked.json, {"about": about | load, "figures": [one.told() for one in figures]})


if __name__ == "__main__":
    main()
