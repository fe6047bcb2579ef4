"""Pictures of every page, light and dark, on a desk and on a phone, and the console moving: from a running demo.

``python -m scripts.pictures FOLDER [--only front,console,shop,driver,track,moving,owner]``. A demo of its own is started,
or one that runs is visited (``--at URL --home FOLDER``); the owner's first steps are taken in an empty network. For the
driver's pictures deliveries are booked and assigned to the phone by hand, then driven to the door. Pictures are WebP; the moving one is an animated WebP of thirty seconds. Pictures
that a complete run did not take any more are removed.
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from bench.hour import Watched, enter
from bench.network import running
from PIL import Image
from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Page, async_playwright, expect
from scripts.moving_picture import bind, filmed
from tests.factories.browser import DRAWN_WHOLE, Visitor, chromium, settled, why_not
from tests.factories.labels import door

from doorstep.app.front import booking
from doorstep.demo.script import load_script

PARTS = ("front", "console", "shop", "driver", "track", "moving", "owner")
DESK: dict[str, Any] = {"width": 1440, "height": 900}
PHONE: dict[str, Any] = {"width": 390, "height": 844, "touch": True, "device_scale_factor": 2}
QUALITY = 80
LIVELY_OPEN = 15
LIVELY_DELIVERED = 30
"""So many deliveries are under way, and were brought, before anybody looks."""
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
TURNS_MS = 240_000
"""A car needs that long at most from one stop to the next, with time thirty times as fast."""
MOVING_S = 30.0
MOVING_SIZE = (1120, 700)
MOVING_QUALITY = 74
MOVING_SPEED = 10


class NotTaken(RuntimeError):
    """The demo did not do what a picture needs of it."""


@dataclass(slots=True)
class Studio:
    """Where pictures are taken and kept: a demo at ``url`` whose people's keys lie in ``home``."""

    url: str
    home: Path
    visitor: Visitor
    folder: Path
    taken: set[str] = field(default_factory=set)

    async def both(self, page: Page, name: str, *, wait_s: float = 0.6) -> None:
        """The page as it stands, in light and in dark."""
        for colours in ("light", "dark"):
            await page.emulate_media(color_scheme=colours)
            await settled(page)
            await asyncio.sleep(wait_s)  # the map is drawn anew in its other colours
            shot = Image.open(io.BytesIO(await page.screenshot()))
            shot.convert("RGB").save(self.folder / f"{name}-{colours}.webp", quality=QUALITY, method=6)
            self.taken.add(f"{name}-{colours}.webp")
        await page.emulate_media(color_scheme="light")

    async def everywhere(self, page: Page, name: str, *, wait_s: float = 0.6) -> None:
        """The page as it stands, on a desk and on a phone, in light and in dark."""
        now = page.viewport_size
        assert now is not None
        held = now["width"] == PHONE["width"]
        other = DESK if held else PHONE
        await self.both(page, f"{name}-phone" if held else name, wait_s=wait_s)
        await page.set_viewport_size({"width": other["width"], "height": other["height"]})
        await self.both(page, name if held else f"{name}-phone", wait_s=wait_s)
        await page.set_viewport_size(now)

    async def speed(self, someone: Watched, speed: float) -> None:
        """Let time run so fast for whoever is inside, and wait until it does."""
        for _ in range(100):
            told = await someone.post(self.url, "/demo/v1/speed", {"speed": speed})
            if told is not None and told["speed"] == speed and told["turning"] is None:
                return
            await asyncio.sleep(0.5)
        raise NotTaken(f"time does not run {speed:g} times as fast")

    async def out(self, someone: Watched) -> None:
        """Leave the demo and close the browser."""
        await someone.context.request.post("/demo/leave", headers={"Origin": self.url})
        await someone.context.close()

    async def entered(self, role: str, **settings: Any) -> Watched:
        """Somebody who goes in as ``role``; a network at full speed on a busy machine is asked again."""
        for _ in range(5):
            with contextlib.suppress(BrowserError):
                someone = await enter(self.visitor, role, **settings)
                someone.context.set_default_timeout(PATIENCE_MS)
                return someone
        raise NotTaken(f"the door of {role} did not open")

    @contextlib.asynccontextmanager
    async def inside(self, role: str, **settings: Any) -> AsyncIterator[Watched]:
        """Somebody who went in as ``role``, until the block is over."""
        someone = await self.entered(role, **settings)
        try:
            yield someone
        finally:
            await self.out(someone)


async def lively(url: str) -> None:
    """Wait until the market is full of life."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_MS / 1000) as http:
        for _ in range(300):
            found = (await http.get("/status.json")).json()["markets"]
            if found and found[0]["open"] >= LIVELY_OPEN and found[0]["delivered"] >= LIVELY_DELIVERED:
                return
            await asyncio.sleep(1)


async def front(studio: Studio) -> None:
    """The front door."""
    for name, settings in (("front", {"width": 1440, "height": 1000}), ("front-phone", PHONE)):
        page = await studio.visitor.open("/", **settings)
        await expect(page.locator(".now[data-market]")).to_be_visible()
        await studio.both(page, name)
        await page.context.close()


def cards(page: Page, column: str) -> Locator:
    """The cards of a column of the board."""
    return page.get_by_role("group", name=column, exact=True).get_by_role("button")


async def console(studio: Studio) -> None:
    """Every room of the dispatcher, both drawers, and what a phone makes of it."""
    async with studio.inside("dispatcher", **DESK) as desk:
        page = desk.page
        await studio.speed(desk, 15)
        await expect(cards(page, "On the way").first).to_be_visible()
        with contextlib.suppress(AssertionError):  # a market with nothing wrong has an empty queue
            await expect(page.locator(".queue .ex h3").nth(2)).to_be_visible(timeout=TURNS_MS)
        await studio.speed(desk, 1)
        await asyncio.sleep(8)  # the page hears of it
        await studio.everywhere(page, "console", wait_s=2)
        await cards(page, "On the way").first.click()
        await expect(page.get_by_role("region", name="Timeline")).to_contain_text("Booked")
        await studio.everywhere(page, "console-delivery", wait_s=2)
        await page.locator(".carrier button").first.click()
        await expect(page.locator(".stops li").first).to_be_visible()
        await studio.everywhere(page, "console-driver", wait_s=2)
        for room in ("board", "table", "money", "market"):
            await page.goto(f"/console/{room}")
            await expect(page.get_by_role("heading").first).to_be_visible()
            await asyncio.sleep(2.5)
            await studio.everywhere(page, f"console-{room}")


async def shop(studio: Studio) -> None:
    """The shop's counter."""
    for name, settings in (("shop", DESK), ("shop-phone", PHONE)):
        async with studio.inside("shop", **settings) as counter:
            await expect(counter.page.get_by_role("heading").first).to_be_visible()
            await asyncio.sleep(4)
            await studio.both(counter.page, name)


async def book(studio: Studio, *requirements: str) -> dict[str, Any]:
    """A delivery of the visitors' shop, booked as its till would."""
    script = load_script(studio.home)
    call = script and booking.call(script, studio.url)
    if not call:
        raise NotTaken(f"{studio.home}: nobody plays the visitors' shop")
    body = json.loads(call.split("-d '")[1].rsplit("'", 1)[0]) | {"requirements": list(requirements)}
    key = call.split("Bearer ")[1].split("'")[0]
    async with httpx.AsyncClient(base_url=studio.url, trust_env=False) as http:
        answer = await http.post("/v1/deliveries", json=body, headers={"Authorization": f"Bearer {key}"})
    if answer.is_error:
        raise NotTaken(f"the order was refused: {answer.text}")
    made: dict[str, Any] = answer.json()
    return made


async def offered(studio: Studio, desk: Watched, phone: Watched, *requirements: str) -> dict[str, Any]:
    """A fresh delivery, shown to the phone alone; what else it shows is declined."""
    me = await phone.get("/driver/v1/me")
    said: Any = None
    for _ in range(20):
        for one in (await phone.get("/driver/v1/offers"))["items"]:
            await phone.post(studio.url, f"/driver/v1/offers/{one['id']}/decline", None)
        made = await book(studio, *requirements)
        wish = {"driver_id": me["id"], "reason": "a picture is taken of her phone"}
        answer = await desk.context.request.post(
            f"/staff/v1/deliveries/{made['id']}/assign",
            data=wish,
            headers={"X-Doorstep-Csrf": "1", "Origin": studio.url},
        )
        if answer.ok:
            return made
        said = await answer.text()
        await asyncio.sleep(1)
    raise NotTaken(f"nothing could be assigned by hand: {said}")


def step_now(page: Page) -> Locator:
    """The step of a trip that is to be done now."""
    return page.locator("[aria-current=step]")


async def driver(studio: Studio, *, tracking: bool) -> None:
    """The driver's evening: duty, offer, trip, proofs, earnings; the shopper looks on."""
    async with studio.inside("dispatcher", **DESK) as desk, studio.inside("driver", **PHONE) as phone:
        page = phone.page
        await studio.speed(phone, 1)
        await phone.post(studio.url, "/driver/v1/duty", {"on": True})
        await page.reload()
        await expect(page.locator(".offer, .duty [role=switch][aria-checked=true]")).to_be_visible()
        await asyncio.sleep(3)
        if not await page.locator(".offer").count():
            await studio.everywhere(page, "driver-duty", wait_s=1.5)
        made = await offered(studio, desk, phone, "pin", "photo")
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        await asyncio.sleep(2)
        await studio.everywhere(page, "driver-offer", wait_s=1)
        await page.get_by_role("button", name="Accept").click()
        await expect(page.locator(".trip")).to_be_visible()
        if tracking:
            await track(studio, made, "track-waiting")
        await studio.everywhere(page, "driver-trip", wait_s=1.5)
        await collect(studio, phone)
        if tracking:
            await track(studio, made, "track")
        await studio.speed(phone, 30)
        await expect(step_now(page)).to_contain_text("Ask for the PIN", timeout=TURNS_MS)
        await studio.speed(phone, 1)
        await studio.everywhere(page, "driver-pin", wait_s=1.5)
        await page.get_by_role("button", name="Can’t deliver").click()
        await page.get_by_role("dialog").get_by_label("Nobody home").check()
        await studio.everywhere(page, "driver-cannot-deliver")
        await page.keyboard.press("Escape")
        await hand_over(studio, phone, made)
        if tracking:
            await track(studio, made, "track-delivered")
        await phone.post(
            studio.url, "/driver/v1/duty", {"on": False}
        )  # an offer would cover what is looked at
        for one in (await phone.get("/driver/v1/offers"))["items"]:
            await phone.post(studio.url, f"/driver/v1/offers/{one['id']}/decline", None)
        for view in ("earnings", "settings"):
            await page.goto(f"/driver/{view}")
            await asyncio.sleep(2.5)
            await studio.everywhere(page, f"driver-{view}")
        await phone.post(studio.url, "/driver/v1/duty", {"on": True})
        await page.goto("/driver")
        await offered(studio, desk, phone, "age_21", "signature")
        await page.get_by_role("button", name="Accept").click()
        await collect(studio, phone)
        await studio.speed(phone, 30)
        await expect(step_now(page)).to_contain_text("Look at an ID", timeout=TURNS_MS)
        await studio.speed(phone, 1)
        await studio.everywhere(page, "driver-id", wait_s=1)
        await page.get_by_role("button", name="21 or older, and valid").click()
        await expect(step_now(page)).to_contain_text("Signature")
        await page.get_by_label("Name of who signs").fill("Hannah")
        await sign(page)
        await studio.everywhere(page, "driver-signature")


async def collect(studio: Studio, phone: Watched) -> None:
    """Be driven to the shop, take the order, and be on the way."""
    page = phone.page
    await phone.post(studio.url, "/demo/v1/drive-for-me", {"on": True})
    await studio.speed(phone, 30)
    await expect(step_now(page)).to_contain_text("Collect the order", timeout=TURNS_MS)
    await studio.speed(phone, 5)
    await page.get_by_role("button", name="I have it all").click()
    await asyncio.sleep(20)
    await studio.speed(phone, 1)


async def hand_over(studio: Studio, phone: Watched, made: dict[str, Any]) -> None:
    """The code, the photo, and the goods are gone."""
    page = phone.page
    token = made["tracking_url"].rsplit("/", 1)[-1]
    seen = (await phone.get(f"/shopper/v1/{token}"))["pin"]
    await page.get_by_label("PIN, four digits").fill(seen)
    await expect(step_now(page)).to_contain_text("Photo at the door")
    await studio.everywhere(page, "driver-proof")
    await page.get_by_label("Take a photo").set_input_files(
        {"name": "door.png", "mimeType": "image/png", "buffer": door()}
    )
    await page.get_by_role("button", name="Handed over to").click()
    await expect(page.locator(".duty")).to_be_visible()


async def sign(page: Page) -> None:
    """A stroke on the signature's field."""
    field_ = await page.locator("canvas").last.bounding_box()
    if field_ is None:
        return
    middle = field_["y"] + field_["height"] / 2
    await page.mouse.move(field_["x"] + 40, middle)
    await page.mouse.down()
    for number in range(1, 20):
        await page.mouse.move(
            field_["x"] + 40 + number * 10, middle + field_["height"] * 0.22 * (-1) ** number, steps=3
        )
    await page.mouse.up()


async def track(studio: Studio, made: dict[str, Any], name: str) -> None:
    """The shopper's page of a delivery, on both screens."""
    path = f"/track/{made['tracking_url'].rsplit('/', 1)[-1]}"
    for more, settings in (("", DESK), ("-phone", PHONE)):
        page = await studio.visitor.open(path, **settings)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await asyncio.sleep(3)
        await studio.both(page, f"{name}{more}", wait_s=1)
        await page.context.close()


async def moving(studio: Studio) -> None:
    """Thirty seconds at the dispatcher's desk: the map, a delivery and why its driver was chosen, the board."""
    async with studio.inside("dispatcher", still=False, **(DESK | {"width": 1280, "height": 800})) as desk:
        page = desk.page
        await studio.speed(desk, MOVING_SPEED)
        await expect(cards(page, "On the way").nth(1)).to_be_visible()
        await asyncio.sleep(5)
        with tempfile.TemporaryDirectory() as folder:
            async with filmed(page, Path(folder)) as film:
                began = time.monotonic()
                await asyncio.sleep(6)
                await film.point(cards(page, "On the way").first)
                await asyncio.sleep(3)
                await page.locator(".tl").hover(timeout=2_000)
                for _ in range(4):
                    await page.mouse.wheel(0, 100)
                    await asyncio.sleep(0.35)
                await asyncio.sleep(max(0.0, began + 20 - time.monotonic()))
                await page.keyboard.press("Escape")
                await film.point(page.get_by_role("link", name="Board"))
                await asyncio.sleep(max(0.0, began + MOVING_S + 1 - time.monotonic()))
            bind(film, studio.folder / "console-moving.webp", size=MOVING_SIZE, lasts_s=MOVING_S, quality=MOVING_QUALITY)  # fmt: skip
        studio.taken.add("console-moving.webp")


async def owner(studio: Studio) -> None:
    """The owner's first steps in a network without anything: her link, her password, her first market."""
    command = [str(Path(sys.executable).parent / "doorstep"), "owner-link"]
    environment = os.environ | {"DOORSTEP_HOME": str(studio.home), "PORT": studio.url.rsplit(":", 1)[-1]}
    asked = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=True
    )
    path = asked.stdout.split()[-1].removeprefix(studio.url)
    page = await studio.visitor.open(path, **DESK)
    await page.get_by_label("Your name").fill("Ada Quist")
    await page.get_by_label("E-mail").fill("ada@example.com")
    await studio.everywhere(page, "owner")
    await page.get_by_label("Password").fill("a doorstep for every door")
    await page.get_by_role("button", name="Become the owner").click()
    await expect(page.get_by_role("heading", name="Open your first market")).to_be_visible()
    await studio.everywhere(page, "console-first-market")
    await page.get_by_role("button", name="Open it").click()
    await page.get_by_role("link", name="Audit").click()
    await expect(page.locator(".audit li").first).to_be_visible()
    await studio.everywhere(page, "console-audit")
    await page.context.close()


async def tried(name: str, part: Coroutine[Any, Any, None]) -> bool:
    """Take a part's pictures; what goes wrong is told, and the others are taken all the same."""
    try:
        await part
    except (AssertionError, BrowserError, LookupError, NotTaken) as error:
        print(f"{name} is not complete: {str(error)[:900]}", flush=True)
        return False
    return True


def forget(folder: Path, taken: set[str]) -> None:
    """Remove pictures that are taken no more."""
    for path in folder.iterdir():
        if path.suffix in {".webp", ".png"} and path.name not in taken:
            path.unlink()


@contextlib.asynccontextmanager
async def studio_at(url: str, home: Path, folder: Path) -> AsyncIterator[Studio]:
    """A studio with a browser of its own; what its pages complained of is told at the end."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=list(DRAWN_WHOLE))
        studio = Studio(url, home, Visitor(browser, url), folder)
        try:
            yield studio
        finally:
            with contextlib.suppress(Exception):
                await browser.close()
        for complaint in studio.visitor.complaints:
            print(complaint)


async def of_the_demo(studio: Studio, wanted: set[str]) -> bool:
    """Take what is wanted of a running demo; whether all of it was taken."""
    await lively(studio.url)
    whole = True
    if wanted & {"driver", "track"}:  # first: what is done by hand for it stands in the console's audit
        whole &= await tried("driver", driver(studio, tracking="track" in wanted))
    for name, part in {"front": front, "console": console, "shop": shop, "moving": moving}.items():
        if name in wanted:
            whole &= await tried(name, part(studio))
    return whole


async def take(folder: Path, wanted: set[str], visited: tuple[str, Path] | None) -> bool:
    """Take what is wanted, of the demo that is visited or one of its own; whether all of it was taken."""
    whole, taken = True, set[str]()
    async with contextlib.AsyncExitStack() as open_:
        if wanted - {"owner"}:
            if visited is None:
                demo = await open_.enter_async_context(running(["doorstep.app.cli", "demo"]))
                visited = demo.url, demo.home
            studio = await open_.enter_async_context(studio_at(*visited, folder))
            whole &= await of_the_demo(studio, wanted)
            taken |= studio.taken
    if "owner" in wanted:
        async with (
            running(["doorstep.app.cli", "serve"]) as empty,
            studio_at(empty.url, empty.home, folder) as studio,
        ):
            whole &= await tried("owner", owner(studio))
            taken |= studio.taken
    if whole and wanted == set(PARTS):
        forget(folder, taken)
    return whole


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path)
    words.add_argument("--only", default=",".join(PARTS))
    words.add_argument("--at", help="a demo that runs; with --home")
    words.add_argument("--home", type=Path, help="the home of the demo that runs")
    asked = words.parse_args()
    missing = why_not()
    if missing:
        raise SystemExit(missing)
    asked.folder.mkdir(parents=True, exist_ok=True)
    wanted = set(asked.only.split(","))
    visited = (asked.at, asked.home) if asked.at and asked.home else None
    whole = asyncio.run(take(asked.folder, wanted, visited))
    sizes = [path.stat().st_size for path in asked.folder.iterdir()]
    print(f"{len(sizes)} pictures in {asked.folder}, {sum(sizes) / 1e6:.1f} MB")
    if not whole:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
