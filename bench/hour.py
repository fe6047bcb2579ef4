"""An hour of demo with every page open: what its pages complain of, whether they still tell the truth, what grows.

``python -m bench.hour [--minutes N] [--json FILE]``: a demo of its own at 30x with console, driver's phone and tracking
page open in Chromium. A robot has the phone: she takes every other offer, is driven to the shop and gives it back. Each
half minute each page is held beside the API: it must say the same within ten seconds, for the market does not stand
still meanwhile. The hour begins when each page has agreed for the first time; how long that took is told. Memory is the pages' JavaScript heap after a collection and the resident memory of each server process;
growth is the slope of a line through the samples, those of the first minutes left out.
"""

import argparse
import asyncio
import contextlib
import json
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure, machine, show, write
from bench.network import Running, running
from bench.victims import name_of
from playwright.async_api import BrowserContext, CDPSession, Page, async_playwright
from playwright.async_api import Error as BrowserError
from tests.factories.browser import DRAWN_WHOLE, Visitor, chromium, why_not

from doorstep.demo.tally import FAILURES

SPEED = 30
EVERY_S = 30.0
AGREES_WITHIN_S = 10.0
OPENS_WITHIN_S = 60.0
FAILURES_WITHIN_S = 600.0
WARM_MIN = 10.0
"""Minutes left out at most: caches fill, the market finds its level."""
STEADY_MIN = 20.0
"""A run shorter than this says nothing about growth."""
GROWTH_MOST = 10.0
"""Percent of its level that anything may grow in an hour."""
BOARD = {
    "Waiting": ("requested", "batched"),
    "To store": ("assigned", "enroute_to_pickup"),
    "At store": ("at_pickup",),
    "On the way": ("picked_up", "enroute_to_dropoff"),
    "At the door": ("at_dropoff",),
}
"""Columns of the board by the states they hold; those being asked count as waiting here."""
ASKED = "Being asked"
OWN_PAGE = {"X-Doorstep-Csrf": "1"}


@dataclass(slots=True)
class Watched:
    """One page with its browser, and what its JavaScript holds."""

    context: BrowserContext
    page: Page
    line: CDPSession

    async def heap_mb(self) -> float:
        """The heap after a collection, in millions of bytes."""
        await self.line.send("HeapProfiler.collectGarbage")
        told = await self.line.send("Performance.getMetrics")
        return next(float(one["value"]) for one in told["metrics"] if one["name"] == "JSHeapUsedSize") / 1e6

    async def get(self, path: str, **query: Any) -> Any:
        """What the API tells this browser."""
        answer = await self.context.request.get(path, params=query or None)
        if not answer.ok:
            raise LookupError(f"{path}: {answer.status}")
        return await answer.json()

    async def post(self, url: str, path: str, body: Any) -> Any:
        """What comes of a wish of this browser; None when it is refused."""
        answer = await self.context.request.post(path, data=body, headers={**OWN_PAGE, "Origin": url})
        return await answer.json() if answer.ok else None


@dataclass(slots=True)
class Log:
    """What was seen."""

    checks: int = 0
    drifts: list[str] = field(default_factory=list)
    minutes: list[float] = field(default_factory=list)
    memory_mb: dict[str, list[float]] = field(default_factory=dict)
    opened_s: dict[str, float] = field(default_factory=dict)  # until a page agreed for the first time
    unseen: list[str] | None = None  # kinds of failure that had not happened after ten minutes

    def sample(self, minute: float, found: dict[str, float]) -> None:
        """Note how much everything holds; a process that was not there before begins at zero."""
        for name in {*found, *self.memory_mb}:
            before = self.memory_mb.setdefault(name, [0.0] * len(self.minutes))
            before.append(round(found.get(name, 0.0), 2))
        self.minutes.append(round(minute, 2))


def slope(minutes: Sequence[float], values: Sequence[float]) -> float:
    """Growth an hour of the least-squares line; nothing with fewer than two samples."""
    if len(minutes) < 2:
        return 0.0
    middle, level = sum(minutes) / len(minutes), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in minutes)
    return (
        60 * sum((at - middle) * (value - level) for at, value in zip(minutes, values, strict=True)) / spread
    )


def _family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                yield from _family(int(child))


def _held_mb(pid: int, file: str, *names: str) -> float:
    lines = (line.split() for line in Path(f"/proc/{pid}/{file}").read_text().splitlines())
    return sum(int(words[1]) for words in lines if words and words[0].rstrip(":") in names) * 1024 / 1e6


def resident_mb(launcher: int) -> dict[str, float]:
    """Memory of the network's processes by what they do, with a share of what several have; PostgreSQL's without that, added up."""
    found: dict[str, float] = {}
    for pid in _family(launcher):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            if words[1:3] == ["-m", "doorstep.app.cli"]:
                found["launcher" if pid == launcher else str(name_of(pid))] = _held_mb(
                    pid, "smaps_rollup", "Pss"
                )
            elif words[0].startswith("postgres:") or words[0].endswith("/postgres"):
                own = _held_mb(pid, "smaps_rollup", "Private_Clean", "Private_Dirty")
                found["postgres"] = found.get("postgres", 0.0) + own
    return found


# What each page says, held beside what the API says.


async def _by_state(desk: Watched, market: str) -> dict[str, int]:
    """Open deliveries by the board's columns, as the API tells them."""
    found = dict.fromkeys(BOARD, 0)
    column = {state: name for name, states in BOARD.items() for state in states}
    cursor: str | None = None
    while True:
        query = {"market": market, "limit": "100"} | ({"cursor": cursor} if cursor else {})
        asked = "&".join(f"state={state}" for state in column) + "".join(
            f"&{k}={v}" for k, v in query.items()
        )
        page = await desk.get(f"/staff/v1/deliveries?{asked}")
        for one in page["items"]:
            found[column[one["state"]]] += 1
        cursor = page["next"]
        if cursor is None:
            return found


async def _on_board(desk: Watched) -> dict[str, int]:
    shown: dict[str, str] = await desk.page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('.board [role=group]')].map((column) =>
            [column.getAttribute('aria-label'), column.querySelector('h3 b').textContent]))"""
    )
    counted = {name: int(text.replace(",", "")) for name, text in shown.items() if text[:1].isdigit()}
    return {
        name: counted.get(name, 0) + (counted.get(ASKED, 0) if name == "Waiting" else 0) for name in BOARD
    }


async def console_drift(desk: Watched, market: str) -> str:
    """What the board says otherwise than the API; empty when each column passes through a count of the API's."""
    told: list[dict[str, int]] = []
    seen: list[dict[str, int]] = []
    until = time.monotonic() + AGREES_WITHIN_S
    while True:
        told.append(await _by_state(desk, market))
        seen.append(await _on_board(desk))
        apart = [
            f"{name}: board {seen[-1][name]}, API {told[-1][name]}"
            for name in BOARD
            if max(one[name] for one in seen) < min(one[name] for one in told)
            or min(one[name] for one in seen) > max(one[name] for one in told)
        ]
        if not apart:
            return ""
        if time.monotonic() > until:
            return f"console: {'; '.join(apart)}"
        await asyncio.sleep(0.3)


async def _until_same(
    what: str, told: Callable[[], Awaitable[Any]], seen: Callable[[], Awaitable[Any]]
) -> str:
    """Wait until the page says what the API said a moment ago: at 30x its words may change faster than both are read."""
    until, heard = time.monotonic() + AGREES_WITHIN_S, []
    while True:
        heard.append(await told())
        page = await seen()
        if page in heard:
            return ""
        if time.monotonic() > until:
            return f"{what}: page {page!r}, API {heard[-1]!r}"
        await asyncio.sleep(0.3)


async def driver_drift(phone: Watched) -> str:
    """What the phone says otherwise than the API: on a trip, asked, on duty or off."""

    async def told() -> str:
        if (await phone.get("/driver/v1/trips/current"))["trip"] is not None:
            return "on a trip"
        if (await phone.get("/driver/v1/offers"))["items"]:
            return "asked"
        return "on duty" if (await phone.get("/driver/v1/me"))["duty"]["on"] else "off duty"

    async def seen() -> str:
        return str(
            await phone.page.evaluate(
                """document.querySelector('.trip') ? 'on a trip' : document.querySelector('.offer') ? 'asked'
                    : document.querySelector('.duty [role=switch]')?.getAttribute('aria-checked') === 'true' ? 'on duty'
                    : 'off duty'"""
            )
        )

    return await _until_same("driver", told, seen)


async def tracking_drift(shopper: Watched) -> str:
    """What the shopper's page says otherwise than the server writes it now: the sentence and the range."""
    words = (
        "[...{0}.querySelectorAll('[data-part=eta] h1, [data-part=eta] .t')].map((one) => one.textContent)"
    )

    async def told() -> list[str]:
        found: list[str] = await shopper.page.evaluate(
            "fetch(location.href).then((answer) => answer.text()).then((text) => {"
            "const fresh = new DOMParser().parseFromString(text.replace(/<style[^]*?<.style>/g, ''), 'text/html');"
            f"return {words.format('fresh')}; }})"
        )
        return found

    async def seen() -> list[str]:
        found: list[str] = await shopper.page.evaluate(words.format("document"))
        return found

    return await _until_same("tracking", told, seen)


# The three who look.


async def enter(visitor: Visitor, role: str, **settings: Any) -> Watched:
    """A browser whose person goes in as ``role``, at the page behind the door."""
    context = await visitor.context(**settings)
    page = await context.new_page()
    line = await context.new_cdp_session(page)
    await line.send("Performance.enable")
    watched = Watched(context, page, line)
    await go_in(visitor, watched, role)
    return watched


async def go_in(visitor: Visitor, watched: Watched, role: str) -> None:
    """Through the door of ``role``; a shopper waits until somebody has ordered."""
    for _ in range(240):
        told = await watched.post(visitor.url, "/demo/enter", {"as": role})
        if told is not None:
            await watched.page.goto(told["go"])
            return
        await asyncio.sleep(1)
    raise SystemExit(f"the door of {role} did not open within four minutes")


async def hurry(visitor: Visitor, watched: Watched) -> None:
    """Whoever comes in slows the market to life; it shall run as fast as before."""
    await watched.post(visitor.url, "/demo/v1/speed", {"speed": SPEED})


async def play(phone: Watched, number: int) -> None:
    """What the driver does with what her phone shows; it may have gone meanwhile."""
    page = phone.page
    with contextlib.suppress(BrowserError):
        if await page.get_by_role("button", name="Accept").count():
            await page.get_by_role("button", name="Not this one" if number % 2 else "Accept").click(
                timeout=3_000
            )
        elif await page.get_by_role("button", name="Give back").count():
            await page.get_by_role("button", name="Give back").click(timeout=3_000)
            await page.get_by_role("dialog").get_by_role("button").last.click(timeout=3_000)
            await page.get_by_role("dialog").wait_for(state="hidden", timeout=5_000)


async def answered(what: str, check: Coroutine[Any, Any, str]) -> str:
    """What a check found; that nobody answered it is a finding, too."""
    try:
        return await check
    except (LookupError, BrowserError) as error:
        return f"{what}: no answer, {str(error).splitlines()[0]}"


async def first_agreement(what: str, check: Callable[[], Coroutine[Any, Any, str]]) -> float:
    """Seconds until a page that was just opened says what the API says."""
    began = time.monotonic()
    while (drift := await answered(what, check())) and time.monotonic() < began + OPENS_WITHIN_S:
        pass
    if drift:
        raise SystemExit(f"a page that was opened a minute ago says otherwise than the API: {drift}")
    return round(time.monotonic() - began, 2)


async def watch(network: Running, visitor: Visitor, minutes: float) -> Log:
    """Look at everything each half minute, for so long."""
    desk = await enter(visitor, "dispatcher", width=1440, height=900, still=False)
    phone = await enter(visitor, "driver", width=390, height=844, touch=True, still=False)
    shopper = await enter(visitor, "shopper", width=390, height=844, touch=True, still=False)
    await phone.post(network.url, "/demo/v1/drive-for-me", {"on": True})
    await phone.post(network.url, "/driver/v1/duty", {"on": True})
    await hurry(visitor, shopper)
    for page, there in ((desk.page, ".board [role=group]"), (phone.page, ".duty, .trip, .offer")):
        await page.locator(there).first.wait_for()  # a page that is loading says nothing yet
    market = next(one["id"] for one in await desk.get("/staff/v1/markets") if one["slug"] == "nashville")
    checks: dict[str, Callable[[], Coroutine[Any, Any, str]]] = {
        "console": lambda: console_drift(desk, market),
        "driver": lambda: driver_drift(phone),
        "tracking": lambda: tracking_drift(shopper),
    }
    opened_s = {what: await first_agreement(what, check) for what, check in checks.items()}
    log, began = Log(opened_s=opened_s), time.monotonic()
    while (passed_s := time.monotonic() - began) < minutes * 60:
        for what, check in checks.items():
            drift = await answered(what, check())
            if drift:
                log.drifts.append(f"{passed_s / 60:.1f} min, {drift}")
        log.checks += 1
        held = {f"{name} page": await one.heap_mb() for name, one in (("console", desk), ("driver", phone), ("tracking", shopper))}  # fmt: skip
        log.sample(passed_s / 60, held | resident_mb(network.process.pid))
        if log.unseen is None and passed_s >= FAILURES_WITHIN_S:
            seen = json.loads((network.home / "demo/tally.json").read_text())
            log.unseen = [name for name in FAILURES if not seen.get(name)]
        await play(phone, log.checks)
        if await shopper.page.evaluate(
            "!document.querySelector('[data-part=eta] .t')"
        ):  # nothing to wait for
            await go_in(visitor, shopper, "shopper")
            await hurry(visitor, shopper)
        await asyncio.sleep(max(0.0, began + log.checks * EVERY_S - time.monotonic()))
    return log


def figures(log: Log, complaints: Sequence[str], minutes: float) -> list[Figure]:
    """What is printed and written."""
    warm = min(WARM_MIN, minutes / 3)
    first = next((number for number, at in enumerate(log.minutes) if at >= warm), len(log.minutes))
    found = [
        Figure(what="complaints of the pages' consoles", value=len(complaints), unit="", aim=0, count=log.checks, detail={"said": list(complaints)[:20]}),
        Figure(what="pages that said otherwise than the API for ten seconds", value=len(log.drifts), unit="", aim=0, count=log.checks * 3, detail={"said": log.drifts[:20]}),
    ]  # fmt: skip
    found += [
        Figure(what=f"{name} page: agreed with the API for the first time", value=opened_s, unit="s")
        for name, opened_s in log.opened_s.items()
    ]
    if log.unseen is not None:
        found.append(Figure(what="kinds of failure the demo had not shown after ten minutes", value=len(log.unseen), unit="", aim=0, count=len(FAILURES), detail={"unseen": log.unseen}))  # fmt: skip
    for name in sorted(log.memory_mb, key=lambda one: (not one.endswith(" page"), one)):
        held = log.memory_mb[name]
        steady = held[first:] or held[-1:]
        level = sum(steady) / len(steady)
        grows = slope(log.minutes[first:], held[first:])
        found.append(
            Figure(
                what=f"{name}: growth an hour after {warm:.0f} min", value=round(100 * grows / max(level, 1), 1), unit="%",
                aim=GROWTH_MOST if minutes >= STEADY_MIN else None, count=len(steady),
                detail={"mb_an_hour": round(grows, 2), "first_mb": held[0], "after_warming_mb": steady[0], "last_mb": held[-1]},
            )
        )  # fmt: skip
    return found


async def measure(minutes: float) -> dict[str, Any]:
    """Run it all; the report."""
    about = machine()
    async with (
        running(["doorstep.app.cli", "demo", "--speed", str(SPEED)]) as network,
        async_playwright() as play_,
    ):
        browser = await play_.chromium.launch(executable_path=chromium(), args=list(DRAWN_WHOLE))
        visitor = Visitor(browser, network.url)
        try:
            log = await watch(network, visitor, minutes)
            told = figures(log, visitor.complaints, minutes)
        finally:
            with contextlib.suppress(Exception):
                await browser.close()
    show(f"{minutes:g} minutes of demo at {SPEED}x, three pages open", told)
    about |= {"load_after": round(os.getloadavg()[0], 2), "minutes": minutes, "speed": SPEED}
    samples = {"minutes": log.minutes, "memory_mb": log.memory_mb}
    return {"about": about, "figures": [one.told() for one in told], "samples": samples}


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    missing = why_not()
    if missing:
        raise SystemExit(missing)
    write(asked.json, asyncio.run(measure(asked.minutes)))


if __name__ == "__main__":
    main()
