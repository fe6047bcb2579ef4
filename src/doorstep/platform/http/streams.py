"""Live streams by Server-Sent Events (WHATWG HTML, section 9.2).

A stream re-reads its subject when the bus says that it changed, sends what is new, and at most four frames
a second per viewer. The browser reconnects by itself with Last-Event-ID.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from starlette.responses import StreamingResponse

from doorstep.platform.bus import Bus

FRAME_S = 0.25


def frame(event: str, body: object, event_id: str | None = None) -> bytes:
    """One event of the stream."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(body) + b"\n\n"


async def frames(
    bus: Bus, topics: tuple[str, ...], look: Callable[[], Awaitable[list[bytes]]], every_s: float = 5.0
) -> AsyncIterator[bytes]:
    """Frames that ``look`` returns, asked at once and after each change of ``topics``; comments keep it alive."""
    yield b"retry: 1000\n\n"
    async for _ in bus.changes(*topics, at_least_every_s=every_s):
        fresh = await look()
        yield b"".join(fresh) if fresh else b": still here\n\n"
        await asyncio.sleep(FRAME_S)


def event_stream(source: AsyncIterator[bytes]) -> StreamingResponse:
    """The response that carries ``source``."""
    return StreamingResponse(
        source,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
