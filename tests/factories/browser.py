"""A person with a browser: opens pages, is told of every error on them, and judges them with axe."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "src/doorstep/app/pages"
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
ARGUMENTS = (
    *("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--hide-scrollbars"),
    *("--disable-backgrounding-occluded-windows", "--disable-component-update", "--mute-audio"),
    *("--use-gl=angle", "--enable-unsafe-swiftshader"),
)
DRAWN_BY = {True: "swiftshader-webgl", False: "swiftshader"}
"""What stands in for a graphics card, by whether there are no windows: then for maps alone, at a third of the cost.

The one with windows sometimes never opens a photo that way (``createImageBitmap``).
"""
DRAWN_WHOLE = (*ARGUMENTS, f"--use-angle={DRAWN_BY[False]}")
"""For pictures and measurements: all is drawn the same way, maps and what lies over them."""
DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
JUDGE = "(how) => axe.run(document, { ...how, resultTypes: ['violations'] }).then((told) => told.violations)"
AT_REST = """
    new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))).then(() =>
        Promise.allSettled(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity)
            .map((one) => one.finished))).then(() => undefined)
"""
"""Colours that change have changed."""
SERIOUS = {"serious", "critical"}
NO_WEBGL = """
    const asked = HTMLCanvasElement.prototype.getContext
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return String(kind).startsWith('webgl') ? null : asked.call(this, kind, ...more)
    }
"""
PATIENCE_MS = 20_000
"""How long a page may take to show what is awaited: long, for tests share their machine."""
expect.set_options(timeout=PATIENCE_MS)

STARTS_WITHIN_S = 60

Colours = Literal["light", "dark", "no-preference"]


@cache
def chromium() -> str | None:
    """The Chromium of this machine: ``DOORSTEP_CHROMIUM``, else the one on the path, without windows if there is one.

    The one without windows opens a page for a third of the processor's time: no toolbar is drawn that nobody sees.
    """
    shell = None if os.environ.get("DOORSTEP_CHROMIUM") else shutil.which("chromium-headless-shell")
    return shell or whole_chromium()


@cache
def whole_chromium() -> str | None:
    """The Chromium that can show notices, too: ``DOORSTEP_CHROMIUM``, else the one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome")
    named = os.environ.get("DOORSTEP_CHROMIUM")
    return named or next((path for name in names if (path := shutil.which(name))), None)


def why_not() -> str | None:
    """What is missing for tests in a browser, with what would help; None when nothing is."""
    if whole_chromium() is None:
        return "no Chromium: install it (Debian: apt-get install chromium) or set DOORSTEP_CHROMIUM"
    if not (PAGES / "manifest.json").is_file():
        return "the pages are not built: make web"
    if not AXE.is_file():
        return "web/node_modules is not there: make setup-dev"
    return None


@dataclass(slots=True)
class Visitor:
    """A person with a browser at ``url``. Whatever her pages complain of is in ``complaints``.

    A test that causes a complaint on purpose takes it out: ``visitor.forgive("503")``.
    """

    browser: Browser
    url: str
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def context(
        self,
        *,
        width: int = 1280,
        height: int = 800,
        colours: Colours = "light",
        language: str = "en-US",
        script: bool = True,
        touch: bool = False,
        still: bool = True,
        maps: bool = True,
        **more: Any,
    ) -> BrowserContext:
        """A browser of her own: cookies, storage and settings apart from every other.

        Without ``maps`` her device has no WebGL, as some have not: the page says so in the map's place and does
        everything else. Drawing maps without a graphics card is what tests in a browser spend most on.
        """
        context = await self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            color_scheme=colours,
            locale=language,
            java_script_enabled=script,
            has_touch=touch,
            is_mobile=touch,
            reduced_motion="reduce" if still else "no-preference",
            **more,
        )
        if not maps:
            await context.add_init_script(NO_WEBGL)
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", lambda page: self._listen(page))  # noqa: PLW0108 (the driver sets attributes on bound methods)
        self.contexts.append(context)
        return context

    async def open(self, path: str, *, in_context: BrowserContext | None = None, **settings: Any) -> Page:
        """The page at ``path``, in a fresh browser unless one is given; see ``context`` for its settings."""
        context = in_context or await self.context(**settings)
        page = await context.new_page()
        await page.goto(path)
        return page

    def forgive(self, *words: str) -> None:
        """Take complaints out that hold one of ``words``: the test caused them."""
        self.complaints[:] = [one for one in self.complaints if not any(word in one for word in words)]

    def _listen(self, page: Page) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not _of_the_machine(message.text):
                self.complaints.append(
                    f"{message.type}: {message.text} ({message.location.get('url', '')}) on {page.url}"
                )

        page.on("console", heard)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error} on {page.url}"))


def _of_the_machine(text: str) -> bool:
    """Whether a complaint is about drawing without a graphics card, which only tests do."""
    return "GPU stall" in text or "WebGL" in text or "swiftshader" in text.lower()


async def axe(page: Page, *, but: Mapping[str, str] | None = None) -> list[str]:
    """Serious findings of axe-core on the page as it stands, in its colours and in the others; ``but``: rules left out, each
    with its reason.

    In the other colours only what colours decide is looked at: the page is the same in all else.
    """
    source, off = AXE.read_text(encoding="utf-8"), {rule: {"enabled": False} for rule in but or {}}
    dark: bool = await page.evaluate(DARK)
    await page.evaluate(source)
    found = await page.evaluate(JUDGE, {"rules": off})
    await page.emulate_media(color_scheme="light" if dark else "dark")
    await page.evaluate(AT_REST)
    found += await page.evaluate(JUDGE, {"rules": off, "runOnly": ["color-contrast", "link-in-text-block"]})
    await page.emulate_media(color_scheme="dark" if dark else "light")
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:140]} — {json.dumps(node.get('failureSummary', ''))[:300]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


async def settled(page: Page) -> None:
    """Wait until fonts are there and the page has been drawn once more."""
    await page.evaluate(
        "document.fonts.ready.then(() => new Promise((go) => requestAnimationFrame(() => go())))"
    )


async def no_sideways(page: Page, within: str = "html") -> bool:
    """Whether the page, or what is ``within`` it, fits its width: nothing is cut off, nothing scrolls sideways."""
    return bool(
        await page.evaluate(
            "(within) => [...document.querySelectorAll(within)].every((one) => one.scrollWidth <= one.clientWidth)",
            within,
        )
    )


@contextmanager
def a_chromium(program: str | None = None) -> Iterator[str]:
    """A running Chromium without a window; the address at which it takes orders. ``chromium()`` unless told."""
    program = program or str(chromium())
    with tempfile.TemporaryDirectory(prefix="dsc-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                *(program, "--headless", *ARGUMENTS, f"--use-angle={DRAWN_BY['headless-shell' in program]}"),
                *("--remote-debugging-port=0", f"--user-data-dir={profile}"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield _address_in(Path(profile), process, program)
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # Debian's is a script that starts the browser
            process.wait(20)


def _address_in(profile: Path, process: "subprocess.Popen[bytes]", program: str) -> str:
    """What Chromium writes into its profile once it listens: a port, a path."""
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(FileNotFoundError, ValueError):
            port, path = (profile / "DevToolsActivePort").read_text().splitlines()
            return f"ws://127.0.0.1:{port}{path}"
        time.sleep(0.05)
    raise RuntimeError(f"Chromium did not start within {STARTS_WITHIN_S} s: {program} --headless")
