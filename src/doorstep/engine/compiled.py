"""The kernels, compiled by numba in the background, interpreted until then. Same bits either way.

The compiled code is kept on disk beside the modules; a start after the first takes a second or two.
"""

import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from doorstep.engine import (
    auction,
    barred,
    candidates,
    chains,
    chance,
    grid,
    insertion,
    instead,
    objective,
    parts,
    ruin_recreate,
    twins,
)
from doorstep.engine.arrays import lay_out
from doorstep.engine.params import Params

ROOMS: tuple[ModuleType, ...] = (
    chains,
    chance,
    grid,
    objective,
    candidates,
    barred,
    insertion,
    instead,
    auction,
    parts,
    ruin_recreate,
)
_lock = threading.Lock()
_compiled: list["Kernels"] = []


@dataclass(frozen=True, slots=True)
class Kernels:
    """What the engine calls; see ``candidates``, ``barred``, ``insertion`` and ``ruin_recreate`` for what each promises."""

    name: str
    find_candidates: Any
    add_unclaimed: Any
    find_neighbours: Any
    settle: Any
    assign_new: Any
    insert_new: Any
    find_parts: Any
    ruin_and_recreate: Any
    widen: Any
    survey: Any
    kept_out: Any
    survey_trip: Any
    kept_from_trip: Any
    look_around: Any
    cheapest: Any
    who_is_worth: Any
    why_full: Any

    @property
    def compiled(self) -> bool:
        """Whether these run as machine code."""
        return self.name == "numba"


INLINED = (
    "do_trip", "_nth", "way", "seconds", "order_cost", "chain_with", "best_in_chain", "alone_at_least", "approach", "barrier",
    "copy_row", "touch", "below",
)  # fmt: skip
"""What the search does all the time. Each call would hand over some sixty numbers, the rows' addresses and lengths: in
place, a tick is three times as fast."""
ENTRIES = tuple(name for name in Kernels.__slots__ if name != "name")


PYTHON = twins.chosen(Kernels, ENTRIES, "python", twins.interpreted(ROOMS))


def warm_up() -> Kernels:
    """Compile everything, or read it back from disk, and run it on a small case. Safe from any thread."""
    with _lock:
        if not _compiled:
            kernels = twins.chosen(
                Kernels, ENTRIES, "numba", twins.compiled(ROOMS, called=ENTRIES, inlined=INLINED)
            )
            _exercise(kernels)
            _compiled.append(kernels)
        return _compiled[0]


def ready() -> Kernels:
    """The compiled kernels when they are warm, else the interpreted ones: a tick never waits for a compiler."""
    return _compiled[0] if _compiled else PYTHON


def _exercise(kernels: Kernels) -> None:
    """Call every entry once with the types that ``decide`` uses."""
    import numpy as np

    from doorstep.engine.world import Driver, Order, Travel, World

    travel = Travel(np.full((4, 4), 60, np.int32))
    orders = tuple(
        Order(id=i, pickup=0, dropoff=1, store="s", placed_s=0, ready_s=0, wanted_from_s=0, due_s=0)
        for i in "ab"
    )
    drivers = tuple(Driver(id=i, place=2, free_s=0) for i in "cd")
    layout = lay_out(World(orders, drivers), travel, Params(), 0, compiled=True)
    case, chains_, search, saved = layout.case, layout.chains, layout.search, layout.saved
    kernels.find_candidates(case, search, 0, 2)
    kernels.add_unclaimed(case, search)
    kernels.find_neighbours(case, search, 0, 2)
    kernels.settle(case, chains_, search)
    kernels.assign_new(case, chains_, search, saved)
    kernels.insert_new(case, chains_, search, saved)
    scope = np.array([0, 1, 0, 1])
    kernels.find_parts(case, search, 1, np.zeros(4, np.int64), np.zeros(5, np.int64), scope)
    kernels.ruin_and_recreate(case, chains_, search, saved, layout.best, scope, 3, 1, 1000, 2, 30)
    kernels.widen(case, chains_, search, saved)
    count, least = np.zeros(8, np.int64), np.zeros(8, np.int64)
    kernels.survey(case, 0, np.zeros(2 * candidates.BARRIERS, np.int64), 0, candidates.BARRIERS)
    kernels.kept_out(case, 0, 8, count, least, least.copy())
    trip = np.zeros(1, np.int64)
    kernels.survey_trip(case, trip, 0, 1, 1, np.zeros(12, np.int64), 0, 6)
    kernels.kept_from_trip(case, trip, 0, 1, 1, 8, count, least, least.copy())
    kernels.look_around(case, chains_, search, 0, 1, np.zeros(instead.LINE, np.int64))
    kernels.cheapest(case, chains_, search, 0)
    kernels.who_is_worth(case, 0, 0)
    kernels.why_full(case, chains_, 0)
