"""The console under a crowd: 5,000 open deliveries and 1,000 drivers who move, nothing grouped.

``python -m bench.crowd [--json FILE]``: the built page in Chromium. Its network is a twin: this program answers its
requests and hands it frames of the stream in the stream's own shape, so that nothing but the page is measured. Each
driver's position changes four times a second, forty deliveries change each second.

Our script time in a frame is every script that ran between two frames of a display of sixty a second, the map library's
own left out: Chromium's sampling profiler says which function stood on top, at each fifth of a millisecond. Frames a
second stand beside those of the same page with nobody on its map, which nothing could beat on this machine.
"""

import argparse
import asyncio
import json
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.figures import Figure, Limit, machine, share, show, write
from playwright.async_api import Browser, Page, Route, async_playwright
from tests.factories.browser import DRAWN_WHOLE, chromium, why_not

PAGES = Path(__file__).parents[1] / "src/doorstep/app/pages"
DELIVERIES = 5_000
DRIVERS = 1_000
CHANGED_A_SECOND = 40
SETTLES_S = 5
LASTS_S = 15
SCRIPT_MS = 8.0
FRAME_US = 16_667
SAMPLED_EACH_US = 200
TASK_MS = 50.0
NASHVILLE = (36.15, -86.77)
NOW = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
MARKET = "mkt_01jd0000000000000000000000"
STATES = (
    "requested",
    "assigned",
    "enroute_to_pickup",
    "at_pickup",
    "picked_up",
    "enroute_to_dropoff",
    "at_dropoff",
)
TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}  # fmt: skip


def base() -> dict[str, Any]:
    """A base map of ten by ten cells."""
    lat, lng = NASHVILLE
    features = []
    for row in range(10):
        for column in range(10):
            south, west = lat - 0.25 + row * 0.05, lng - 0.3 + column * 0.06
            ring = [
                [west, south],
                [west + 0.06, south],
                [west + 0.06, south + 0.05],
                [west, south + 0.05],
                [west, south],
            ]
            features.append({"type": "Feature", "properties": {"kind": "zip", "step": 1 + (row + column) % 3}, "geometry": {"type": "Polygon", "coordinates": [ring]}})  # fmt: skip
            point = [west + 0.03, south + 0.025]
            features.append({"type": "Feature", "properties": {"kind": "zip-label", "name": f"372{row}{column}", "households": 100}, "geometry": {"type": "Point", "coordinates": point}})  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def deliveries(chance: random.Random) -> list[dict[str, Any]]:
    """Open deliveries all over the market; those past their waiting have a driver."""
    lat, lng = NASHVILLE
    made = []
    for number in range(DELIVERIES):
        state = STATES[number % len(STATES)]
        made.append(
            {
                "id": f"dlv_{number:026d}", "external_id": "", "merchant": "mer_1", "market": MARKET, "store": f"str_{number % 60:026d}",
                "state": state, "service_level": "express", "shopper": f"Ada{number % 97}", "pickup": f"Market {number % 60}, Main St", "dropoff": f"{number} Elm St, 37206",
                "lat": lat + chance.gauss(0, 0.08), "lng": lng + chance.gauss(0, 0.1), "pickup_lat": lat + chance.gauss(0, 0.06), "pickup_lng": lng + chance.gauss(0, 0.08),
                "requirements": [], "created_at": NOW.isoformat(), "ready_at": NOW.isoformat(), "due_at": (NOW + timedelta(seconds=600 + number)).isoformat(), "ended_at": None, "late": False,
                "driver": None if state == "requested" else f"drv_{number % DRIVERS:026d}", "trip": None, "provider_job": None,
                "fee_minor": 700, "tip_minor": 300, "tip_status": "pending", "currency": "USD", "version": 1,
            }
        )  # fmt: skip
    return made


def trips(all_of_them: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A trip of each driver with the doors she has."""
    of: dict[str, list[dict[str, Any]]] = {}
    for one in all_of_them:
        if one["driver"]:
            of.setdefault(one["driver"], []).append(one)
    return [
        {
            "id": f"trp_{number:026d}", "driver": driver, "state": "under_way",
            "stops": [{"kind": "drop", "lat": one["lat"], "lng": one["lng"], "state": "open", "due_at": one["due_at"], "deliveries": [one["id"]]} for one in doors[:4]],
        }
        for number, (driver, doors) in enumerate(of.items())
    ]  # fmt: skip


def places(moment: int) -> list[dict[str, Any]]:
    """Where all drivers are at a quarter of a second."""
    lat, lng = NASHVILLE
    at = (NOW + timedelta(seconds=moment / 4)).isoformat()
    return [
        {
            "driver": f"drv_{number:026d}", "lat": lat + 0.12 * math.sin(number + moment / 900), "lng": lng + 0.15 * math.cos(1.7 * number + moment / 900),
            "heading_deg": (number * 7 + moment) % 360, "accuracy_m": 8, "speed_mps": 11.0, "at": at,
        }
        for number in range(DRIVERS)
    ]  # fmt: skip


def answers() -> dict[str, Any]:
    """What the API would tell."""
    market = {
        "id": MARKET, "slug": "nashville", "name": "Nashville", "timezone": "America/Chicago", "stage": "open", "currency": "USD",
        "service_levels": [], "service_rules": {}, "paused_zones": [], "knobs": [], "fallback": {"allowed": True}, "pay": {},
    }  # fmt: skip
    return {
        "/staff/v1/session": {"id": "stf_1", "email": "a@example.com", "name": "Ada", "role": "owner"},
        "/staff/v1/markets": [market],
        f"/staff/v1/markets/{MARKET}/base": base(),
        f"/staff/v1/markets/{MARKET}/exceptions": {"as_of": NOW.isoformat(), "items": []},
        f"/staff/v1/markets/{MARKET}/vitals": {
            "as_of": NOW.isoformat(), "on_time_share": 0.96, "on_time_slices": [0.96] * 12, "ended_last_hour": 400, "delivered_today": 1284, "asked_recently": 70,
            "open": DELIVERIES, "drivers_online": DRIVERS, "drivers_busy": DRIVERS, "offers_open": 0, "promised_minus_paid_minor": 0, "ledger_difference_minor": 0, "currency": "USD",
        },
        "/staff/v1/deliveries": {"items": [], "next": None},
        "/public/v1/clock": {"market_time": NOW.isoformat(), "real_time": NOW.isoformat(), "speed": 1.0, "turn": None, "mode": "production"},
    }  # fmt: skip


async def _serve(page: Page) -> None:
    told = answers()

    async def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.endswith("/stream"):
            return  # open and silent: frames are handed to the page itself
        if path in told:
            await route.fulfill(json=told[path])
            return
        name = "console/index.html" if path == "/console" else path.lstrip("/")
        file = PAGES / name
        if file.is_file():
            await route.fulfill(
                body=file.read_bytes(), content_type=TYPES.get(file.suffix, "application/octet-stream")
            )
        else:
            await route.fulfill(status=404, json={"code": "not_found"})

    await page.route("**/*", answer)


WATCH = """() => {
    const seen = { tasks: [], frames: [], parts: {} };
    window.seen = seen;
    localStorage.setItem('doorstep-map-group', 'off');
    window.doorstepTiming = (name, ms) => { (seen.parts[name] ??= []).push(ms); };
    new PerformanceObserver((list) => { for (const one of list.getEntries()) seen.tasks.push(one.duration); }).observe({ type: 'longtask' });
    let last = 0;
    const frame = (now) => {
        if (last) seen.frames.push(now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""
FEED = """(crowd) => {
    const give = (event, data) => window.doorstepTake({ event, data, id: '' });
    const whole = (here) => ({ whole: true, here, gone: [] });
    give('stores', whole(crowd.stores)); give('drivers', whole(crowd.drivers));
    give('deliveries', crowd.deliveries); give('trips', whole(crowd.trips)); give('snapshot', crowd.moments[0]);
    let moment = 0, version = 1;
    window.feeding = setInterval(() => {
        moment = (moment + 1) % crowd.moments.length;
        give('positions', crowd.moments[moment]);
        if (moment % 4 === 0) {
            version += 1;
            const from = (version * crowd.changed) % crowd.deliveries.length;
            give('changed', crowd.deliveries.slice(from, from + crowd.changed).map((one) => ({ ...one, version })));
        }
    }, 250);
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page did in a while: milliseconds. ``script_ms`` is ours in each sixtieth of a second in which any ran."""

    frames_a_second: float
    script_ms: list[float]
    by_file_ms: dict[str, float]
    tasks_ms: list[float]
    parts_ms: dict[str, list[float]]


def map_library() -> frozenset[str]:
    """Names of the built files that are the map library."""
    manifest = json.loads((PAGES / "manifest.json").read_text(encoding="utf-8"))
    return frozenset({Path(manifest["shared/map/open.ts"]["file"]).name})


def ours_in(profile: dict[str, Any], theirs: frozenset[str]) -> tuple[list[float], dict[str, float]]:
    """Our script in each frame of a sixtieth of a second, and all of it by file: milliseconds.

    ``profile`` is a CPU profile of the DevTools protocol: samples name the function on top, the deltas how long since
    the sample before (the protocol's page "Profiler").
    """
    files = {}
    for node in profile["nodes"]:
        url = node["callFrame"]["url"]
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        files[node["id"]] = name if url.startswith(("http:", "https:")) and name not in theirs else ""
    frames: dict[int, float] = {}
    by_file: dict[str, float] = {}
    at_us = 0
    for sample, delta_us in zip(profile["samples"], profile["timeDeltas"], strict=True):
        at_us += delta_us
        name = files[sample]
        if name and delta_us > 0:
            ms = delta_us / 1_000
            frames[at_us // FRAME_US] = frames.get(at_us // FRAME_US, 0.0) + ms
            by_file[name] = by_file.get(name, 0.0) + ms
    return list(frames.values()), by_file


async def watched(browser: Browser, crowd: dict[str, Any] | None) -> Seen:
    """The console for some seconds, with a crowd or with nobody."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url="http://console.test"
    )
    try:
        await context.add_cookies(
            [{"name": "doorstep-staff-here", "value": "1", "url": "http://console.test"}]
        )
        page = await context.new_page()
        await _serve(page)
        await page.add_init_script(f"({WATCH})()")
        await page.goto("/console")
        await page.wait_for_selector(".maplibregl-canvas", state="attached", timeout=120_000)
        await page.wait_for_function("Boolean(window.doorstepTake)")
        if crowd is not None:
            await page.evaluate(FEED, crowd)
        await page.wait_for_timeout(SETTLES_S * 1_000)  # the first picture is made once
        line = await context.new_cdp_session(page)
        await line.send("Profiler.enable")
        await line.send("Profiler.setSamplingInterval", {"interval": SAMPLED_EACH_US})
        await page.evaluate("Object.assign(window.seen, { tasks: [], frames: [], parts: {} })")
        await line.send("Profiler.start")
        await page.wait_for_timeout(LASTS_S * 1_000)
        seen = await page.evaluate("window.seen")
        profile = (await line.send("Profiler.stop"))["profile"]
        await page.unroute_all(behavior="ignoreErrors")  # the stream's request was never to be answered
        script, by_file = ours_in(profile, map_library())
        span_s = sum(seen["frames"]) / 1_000
        return Seen(
            frames_a_second=len(seen["frames"]) / span_s if span_s else 0.0,
            script_ms=script,
            by_file_ms=by_file,
            tasks_ms=seen["tasks"],
            parts_ms=seen["parts"],
        )
    finally:
        await context.close()


async def figures() -> list[Figure]:
    """Both pages, one after the other."""
    chance = random.Random(7)
    open_now = deliveries(chance)
    lat, lng = NASHVILLE
    crowd = {
        "deliveries": open_now,
        "drivers": [{"id": f"drv_{number:026d}", "name": f"Ana{number} P.", "phone": "", "vehicle": ""} for number in range(DRIVERS)],
        "stores": [{"id": f"str_{number:026d}", "name": f"Market {number}", "lat": lat + chance.gauss(0, 0.06), "lng": lng + chance.gauss(0, 0.08)} for number in range(60)],
        "trips": trips(open_now),
        "moments": [places(moment) for moment in range(40)],
        "changed": CHANGED_A_SECOND,
    }  # fmt: skip
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=list(DRAWN_WHOLE))
        try:
            empty, full = await watched(browser, None), await watched(browser, crowd)
        finally:
            await browser.close()
    drawn = full.script_ms or [0.0]
    parts = {name: {"p50": share(found, 0.5), "p95": share(found, 0.95), "most": max(found)} for name, found in full.parts_ms.items()}  # fmt: skip
    files = {
        name: round(ms / LASTS_S, 1)
        for name, ms in sorted(full.by_file_ms.items(), key=lambda one: -one[1])[:6]
    }
    return [
        Figure(what="console, 5,000 deliveries and 1,000 drivers: our script in a frame of 1/60 s in which any ran, p95", value=share(drawn, 0.95), unit="ms", aim=SCRIPT_MS, count=len(drawn), detail={"p50": share(drawn, 0.5), "most": max(drawn), "pieces_ms": parts, "ms_a_second_by_file": files}),
        Figure(what="console under the crowd: longest task of any origin; a browser tells those over 50 ms alone", value=max(full.tasks_ms, default=0.0), unit="ms", aim=TASK_MS, count=len(full.tasks_ms), detail={"empty_page": max(empty.tasks_ms, default=0.0)}),
        Figure(what="console under the crowd: frames a second, drawn without a graphics card", value=full.frames_a_second, unit="/s", more_is_better=True, limit=Limit("the same page, nobody on its map", empty.frames_a_second), count=LASTS_S),
    ]  # fmt: skip


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    missing = why_not()
    if missing:
        raise SystemExit(missing)
    about = machine()
    found = asyncio.run(figures())
    show("The console under a crowd", found)
    write(asked.json, {"about": about, "figures": [one.told() for one in found]})


if __name__ == "__main__":
    main()
