"""Live streams by Server-Sent Events (WHATWG HTML, section 9.2).

A stream re-reads its subject when the bus says that it changed, sends what is new, and at most four frames
a second per viewer. The browser reconnects by itself with Last-Event-ID.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import structlog
from starlette.responses import StreamingResponse

from doorstep.platform.bus import Bus
from doorstep.platform.http.problems import passes

log = structlog.get_logger("streams")
FRAMES_A_SECOND = 4
LOOK_S = 0.04
"""Between two looks that found nothing to send."""
HELD_S = 1.0
"""A stream that lost its database is held open so long, for its page comes back as soon as it ends."""


def frame(event: str, body: object, event_id: str | None = None) -> bytes:
    """One event of the stream."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(body) + b"\n\n"


async def frames(
    bus: Bus, topics: tuple[str, ...], look: Callable[[], Awaitable[list[bytes]]], every_s: float = 5.0
) -> AsyncIterator[bytes]:
    """Frames that ``look`` returns, asked at once and after each change of ``topics``; comments keep it alive.

    In any second at most ``FRAMES_A_SECOND`` are sent; the first ones of a second at once, because an offer
    that comes a moment after the stream was opened must not wait.
    """
    yield b"retry: 1000\n\n"
    now_s = asyncio.get_running_loop().time
    sent_s: deque[float] = deque(maxlen=FRAMES_A_SECOND)
    async for _ in bus.changes(*topics, at_least_every_s=every_s):
        fresh = await look()
        yield b"".join(fresh) if fresh else b": still here\n\n"
        if fresh:
            sent_s.append(now_s())
        full = len(sent_s) == FRAMES_A_SECOND
        await asyncio.sleep(max(LOOK_S, sent_s[0] + 1 - now_s() if full else 0))


class EventStream(StreamingResponse):
    """Server-sent events. As the class of a route's answer it lets the document say what their data is."""

    media_type = "text/event-stream"


async def until_lost(source: AsyncIterator[bytes], held_s: float = HELD_S) -> AsyncIterator[bytes]:
    """``source`` until the database is busy or away: one line in the log, the stream ends, and its page comes back."""
    try:
        async for part in source:
            yield part
    except Exception as error:
        if not passes(error):
            raise
        log.warning("stream_lost", error=" ".join(str(error).split())[:200] or repr(error))
        await asyncio.sleep(held_s)


def event_stream(source: AsyncIterator[bytes]) -> EventStream:
    """The response that carries ``source`` for as long as what it looks at can be asked."""
    return EventStream(
        until_lost(source),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
