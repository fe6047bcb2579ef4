"""The travel matrix that dispatch is told, kept from tick to tick: only what is new is worked out.

The engine asks for ways to stores and to open doors, never for a way to a driver; such cells stay FAR. A quarter of an hour
after the last look the whole matrix is told anew, at the slowdown of that hour as everybody expects it.
"""

import numpy as np

from doorstep.engine.world import Travel
from doorstep.sim.ground import Ground, Spots, apart_m

FAR_S = 6 * 3600
"""A way that nobody asks about."""


class Roads:
    """Places by number: stores first and for ever, then doors and drivers, whose numbers are used again."""

    def __init__(self, ground: Ground, stores: Spots, room: int = 256) -> None:
        """``room``: places to begin with; it grows."""
        self._ground = ground
        self._stores = len(stores)
        self._slow = 1.0
        size = len(stores) + room
        self._spots = np.zeros((size, 2))
        self._spots[: len(stores)] = stores
        self._seconds = np.full((size, size), FAR_S, np.int32)
        self._doors: set[int] = set()
        self._stands: set[int] = set()
        self._idle = list(range(size - 1, len(stores) - 1, -1))
        self._fresh: set[int] = set(range(len(stores)))

    def take_door(self, x: float, y: float) -> int:
        """The number of a place one may drive to."""
        return self._take(x, y, self._doors)

    def take_stand(self, x: float, y: float) -> int:
        """The number of a place one only leaves from."""
        place = self._take(x, y, self._stands)
        self._seconds[:, place] = FAR_S
        return place

    def move(self, place: int, x: float, y: float) -> None:
        """Somebody stands elsewhere now."""
        self._spots[place] = x, y
        self._fresh.add(place)

    def leave(self, place: int) -> None:
        """Nobody asks about this place any more."""
        self._doors.discard(place)
        self._stands.discard(place)
        self._fresh.discard(place)
        self._idle.append(place)

    def told(self, slow: float) -> Travel:
        """The matrix at slowdown ``slow``. It is the same array each time: what was told before changes with it."""
        if slow != self._slow:
            self._slow = slow
            self._fresh = {*range(self._stores), *self._doors, *self._stands}
        if self._fresh:
            goals = np.array([*range(self._stores), *sorted(self._doors)])
            fresh = np.array(sorted(self._fresh))
            self._fill(fresh, goals)
            new_goals = np.array([p for p in fresh if p < self._stores or p in self._doors], np.int64)
            if len(new_goals) and len(fresh) < self._stores + len(self._doors) + len(self._stands):
                known = np.array(sorted({*range(self._stores), *self._doors, *self._stands} - self._fresh))
                self._fill(known, new_goals)
            self._fresh = set()
        return Travel(self._seconds)

    def between(self, a: int, b: int) -> int:
        """Seconds from place ``a`` to place ``b`` as last told."""
        return int(self._seconds[a, b])

    def apart_m(self, a: int, b: int) -> float:
        """Metres from place ``a`` to place ``b`` as the crow flies."""
        return float(apart_m(self._spots[a], self._spots[b]))

    def _fill(
        self,
        origins: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        goals: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    ) -> None:
        spans = self._ground.spans(self._spots[origins][:, None, :], self._spots[goals][None, :, :])
        self._seconds[np.ix_(origins, goals)] = self._ground.seconds(spans, self._slow)

    def _take(self, x: float, y: float, kind: set[int]) -> int:
        if not self._idle:
            self._grow()
        place = self._idle.pop()
        kind.add(place)
        self.move(place, x, y)
        return place

    def _grow(self) -> None:
        old = len(self._spots)
        size = old + old // 2 + 64
        spots, seconds = np.zeros((size, 2)), np.full((size, size), FAR_S, np.int32)
        spots[:old], seconds[:old, :old] = self._spots, self._seconds
        self._spots, self._seconds = spots, seconds
        self._idle = list(range(size - 1, old - 1, -1))
