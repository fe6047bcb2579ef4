"""A page filmed as an animated WebP: what Chromium drew, as long as it was to be seen, with a pointer that can be followed."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import CDPSession, Locator, Page

MOST_A_SECOND = 7
"""Pictures a second at most: what moves here are cars on a map, seen from far above."""
POINTER = """
    const dot = document.createElement('div')
    dot.id = 'pointer'
    Object.assign(dot.style, {
        position: 'fixed', left: '0', top: '0', width: '22px', height: '22px', margin: '-11px 0 0 -11px', zIndex: 99,
        borderRadius: '50%', border: '2px solid #f4ad49', background: 'rgba(244,173,73,.35)', pointerEvents: 'none',
        transition: 'transform 450ms ease-in-out, background 120ms', transform: 'translate(640px, 420px)',
    })
    document.documentElement.append(dot)
"""


@dataclass(slots=True)
class Film:
    """What was drawn so far: files with the second each was drawn at."""

    page: Page
    folder: Path
    frames: list[tuple[Path, float]] = field(default_factory=list)

    async def point(self, target: Locator) -> None:
        """Move the pointer there, then press."""
        box = await target.bounding_box()
        if box is None:
            return
        x, y = box["x"] + min(box["width"] / 2, 90), box["y"] + box["height"] / 2
        await self.page.evaluate(
            "([x, y]) => { document.getElementById('pointer').style.transform = `translate(${x}px, ${y}px)` }", [x, y]
        )  # fmt: skip
        await asyncio.sleep(0.7)
        await target.click(timeout=4_000)


@asynccontextmanager
async def filmed(page: Page, folder: Path) -> AsyncIterator[Film]:
    """Film the page until the block is over."""
    film = Film(page, folder)
    line = await page.context.new_cdp_session(page)
    await page.evaluate(POINTER)
    kept: set[asyncio.Task[Any]] = set()

    def drawn(told: dict[str, Any]) -> None:
        at = float(told["metadata"]["timestamp"])
        if not film.frames or at - film.frames[-1][1] >= 1 / MOST_A_SECOND:
            path = folder / f"{len(film.frames):04d}.jpg"
            path.write_bytes(base64.b64decode(told["data"]))
            film.frames.append((path, at))
        seen = asyncio.create_task(_seen(line, told["sessionId"]))
        kept.add(seen)
        seen.add_done_callback(kept.discard)

    line.on("Page.screencastFrame", drawn)
    await line.send("Page.startScreencast", {"format": "jpeg", "quality": 95, "everyNthFrame": 1})
    try:
        yield film
    finally:
        await line.send("Page.stopScreencast")
        await line.detach()


async def _seen(line: CDPSession, number: int) -> None:
    with suppress(Exception):  # the film may be over
        await line.send("Page.screencastFrameAck", {"sessionId": number})


def bind(film: Film, target: Path, *, size: tuple[int, int], lasts_s: float, quality: int) -> None:
    """Put the pictures together, each shown as long as it lasted, the whole as long as is said."""
    frames = [one for one in film.frames if one[1] - film.frames[0][1] < lasts_s]
    ends = [at for _, at in frames[1:]] + [frames[0][1] + lasts_s]
    shown_ms = [round((after - at) * 1000) for (_, at), after in zip(frames, ends, strict=True)]
    pictures = (Image.open(path).convert("RGB").resize(size, Image.Resampling.LANCZOS) for path, _ in frames)
    first = next(pictures)
    first.save(
        target, save_all=True, append_images=list(pictures), duration=shown_ms, loop=0,
        quality=quality, method=4, minimize_size=False, kmin=60, kmax=120, allow_mixed=True,
    )  # fmt: skip
