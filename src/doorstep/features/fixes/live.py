"""The newest positions, in memory: per market a dictionary, and frames for those who watch.

Plain synchronous code on one event loop: nothing here waits, so nothing needs a lock.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from doorstep.units.ids import public

QUEUED_FRAMES = 4
"""How many frames a slow viewer may lag behind before she gets the whole picture instead."""


class Position(msgspec.Struct, frozen=True, gc=False):
    """A driver's newest fix, as kept and written."""

    driver_id: UUID
    market_id: UUID
    lat: float
    lng: float
    accuracy_m: int | None
    heading_deg: int | None
    speed_mps: float | None
    device_at: datetime
    at: datetime


class Shown(msgspec.Struct, gc=False):
    """A position as viewers get it."""

    driver: str
    lat: float
    lng: float
    heading_deg: int | None
    accuracy_m: int | None
    speed_mps: float | None
    at: datetime


@dataclass(slots=True, eq=False)
class Viewer:
    """Somebody who watches a market: a short queue of encoded frames, and whether one was lost."""

    frames: "asyncio.Queue[bytes]"
    lost: bool = False


class Live:
    """What this process knows of where drivers are."""

    def __init__(self) -> None:
        """Empty: nobody has reported yet."""
        self.markets: dict[UUID, dict[UUID, Position]] = {}
        self.heard = 0  # fixes taken in since the start
        self._changed: dict[UUID, set[UUID]] = {}
        self._unwritten: dict[UUID, Position] = {}
        self._viewers: dict[UUID, set[Viewer]] = {}
        self._names: dict[UUID, str] = {}

    def hear(self, position: Position, *, ours: bool = True) -> bool:
        """Keep ``position`` unless a newer one is known; whether it was kept.

        ``ours``: heard from the phone by this process, which then also writes it down.
        """
        market = self.markets.setdefault(position.market_id, {})
        known = market.get(position.driver_id)
        if known is not None and known.device_at >= position.device_at:
            return False
        market[position.driver_id] = position
        if ours:
            self._unwritten[position.driver_id] = position
        if position.market_id in self._viewers:
            self._changed.setdefault(position.market_id, set()).add(position.driver_id)
        return True

    def latest(self, market_id: UUID, driver_id: UUID) -> Position | None:
        """A driver's newest position as far as this process knows."""
        return self.markets.get(market_id, {}).get(driver_id)

    def take_unwritten(self) -> list[Position]:
        """Positions to be written down, by driver; the caller has them now."""
        taken = sorted(self._unwritten.values(), key=lambda position: position.driver_id)
        self._unwritten.clear()
        return taken

    def put_back(self, positions: Iterable[Position]) -> None:
        """Give back what could not be written; newer ones win."""
        for position in positions:
            self._unwritten.setdefault(position.driver_id, position)

    @property
    def watched(self) -> list[UUID]:
        """Markets somebody watches."""
        return list(self._viewers)

    def watch(self, market_id: UUID) -> Viewer:
        """A new viewer of a market, whose first frame is the whole picture."""
        viewer = Viewer(asyncio.Queue(QUEUED_FRAMES))
        viewer.frames.put_nowait(self._frame(market_id, None))
        self._viewers.setdefault(market_id, set()).add(viewer)
        return viewer

    def leave(self, market_id: UUID, viewer: Viewer) -> None:
        """The viewer has gone."""
        viewers = self._viewers.get(market_id, set())
        viewers.discard(viewer)
        if not viewers:
            self._viewers.pop(market_id, None)
            self._changed.pop(market_id, None)

    def show(self) -> None:
        """Hand what has changed to every viewer: encoded once a market, dropped where a viewer is slow."""
        changed, self._changed = self._changed, {}
        for market_id, driver_ids in changed.items():
            frame = self._frame(market_id, driver_ids)
            whole = b""
            for viewer in self._viewers.get(market_id, ()):
                if not viewer.lost and not viewer.frames.full():
                    viewer.frames.put_nowait(frame)
                    continue
                # A delta was lost, so the next thing she gets must be the whole picture.
                viewer.lost = viewer.frames.full()
                if not viewer.lost:
                    whole = whole or self._frame(market_id, None)
                    viewer.frames.put_nowait(whole)

    def _frame(self, market_id: UUID, driver_ids: set[UUID] | None) -> bytes:
        known = self.markets.get(market_id, {})
        wanted = known.values() if driver_ids is None else [known[driver_id] for driver_id in driver_ids]
        shown = [
            Shown(
                self._name(position.driver_id),
                round(position.lat, 6),
                round(position.lng, 6),
                position.heading_deg,
                position.accuracy_m,
                None if position.speed_mps is None else round(position.speed_mps, 1),
                position.device_at,
            )
            for position in wanted
        ]
        kind = b"snapshot" if driver_ids is None else b"positions"
        return b"event: " + kind + b"\ndata: " + msgspec.json.encode(shown) + b"\n\n"

    def _name(self, driver_id: UUID) -> str:
        name = self._names.get(driver_id)
        if name is None:
            name = self._names[driver_id] = public("driver", driver_id)
        return name
