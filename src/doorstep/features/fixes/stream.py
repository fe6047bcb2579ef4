"""Live positions for viewers, as frames of a Server-Sent Events stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID

from doorstep.features.fixes.live import Live

QUIET_S = 10.0


class State(Protocol):
    """An application's state that holds the live positions."""

    live_positions: Live


class Application(Protocol):
    """An application that fixes are mounted on."""

    @property
    def state(self) -> State:
        """Where the live positions are."""
        ...


async def market_frames(app: Application, market_id: UUID) -> AsyncIterator[bytes]:
    """A market's positions: first all (event ``snapshot``), then what changed (``positions``), at most four
    frames a second. A viewer who lags loses frames and then gets all again; nobody waits for her.

    Each frame's data is a list of ``{driver, lat, lng, heading_deg, accuracy_m, speed_mps, at}``.
    """
    live = app.state.live_positions
    viewer = live.watch(market_id)
    try:
        while True:
            frame = b": still here\n\n"
            with contextlib.suppress(TimeoutError):
                frame = await asyncio.wait_for(viewer.frames.get(), QUIET_S)
            yield frame
    finally:
        live.leave(market_id, viewer)
