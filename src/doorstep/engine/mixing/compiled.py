"""The kernels of mixing, compiled by numba once they are asked for, interpreted until then. Same bits either way."""

import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from doorstep.engine import (
    barred,
    candidates,
    chains,
    chance,
    grid,
    insertion,
    objective,
    ruin_recreate,
    twins,
)
from doorstep.engine.mixing import instead, places, search, tours

ROOMS: tuple[ModuleType, ...] = (
    chains, chance, grid, objective, candidates, barred, insertion, ruin_recreate, tours, places, search, instead,
)  # fmt: skip
INLINED = (
    "do_stop", "tail_cost", "best_pair", "best_drop", "pair_at_least", "way", "seconds", "order_cost", "drop_cost", "below",
    "copy_tour", "remember", "strike", "slip_in", "approach", "barrier",
)  # fmt: skip
"""What the search does all the time; see ``engine.compiled``."""
_lock = threading.Lock()
_compiled: list["Kernels"] = []


@dataclass(frozen=True, slots=True)
class Kernels:
    """What mixing calls; see ``candidates``, ``barred``, ``places``, ``search`` and ``instead`` for what each promises."""

    name: str
    find_candidates: Any
    add_unclaimed: Any
    find_neighbours: Any
    settle_tours: Any
    place_new: Any
    place_with_anybody: Any
    polish_tours: Any
    survey: Any
    kept_out: Any
    survey_trip: Any
    kept_from_trip: Any
    cheapest_added: Any
    who_is_worth: Any
    why_tours_full: Any
    others_instead: Any

    @property
    def compiled(self) -> bool:
        """Whether these run as machine code."""
        return self.name == "numba"


ENTRIES = tuple(name for name in Kernels.__slots__ if name != "name")


PYTHON = twins.chosen(Kernels, ENTRIES, "python", twins.interpreted(ROOMS))


def warm_up() -> Kernels:
    """Compile everything, or read it back from disk, and run it on a small case. Safe from any thread."""
    with _lock:
        if not _compiled:
            functions = twins.compiled(ROOMS, called=ENTRIES, inlined=INLINED)
            kernels = twins.chosen(Kernels, ENTRIES, "numba", functions)
            _exercise(kernels)
            _compiled.append(kernels)
        return _compiled[0]


def ready() -> Kernels:
    """The compiled kernels when they are warm, else the interpreted ones: a tick never waits for a compiler."""
    return _compiled[0] if _compiled else PYTHON


def _exercise(kernels: Kernels) -> None:
    """Call every entry once with the types that ``decide`` uses."""
    import numpy as np

    from doorstep.engine.mixing.arrays import lay_out
    from doorstep.engine.params import Params
    from doorstep.engine.world import Driver, Order, Travel, World

    travel = Travel(np.full((4, 4), 60, np.int32))
    orders = tuple(
        Order(id=i, pickup=0, dropoff=1, store="s", placed_s=0, ready_s=0, wanted_from_s=0, due_s=0)
        for i in "ab"
    )
    drivers = tuple(Driver(id=i, place=2, free_s=0) for i in "cd")
    layout = lay_out(World(orders, drivers), travel, Params(mixing=True), 0, compiled=True)
    case, tours_, notes, saved = layout.case, layout.tours, layout.search, layout.saved
    kernels.find_candidates(case, notes, 0, case.orders)
    kernels.add_unclaimed(case, notes)
    kernels.find_neighbours(case, notes, 0, case.orders)
    kernels.settle_tours(case, tours_, notes)
    kernels.place_new(case, tours_, notes, saved)
    kernels.polish_tours(case, tours_, notes, saved, layout.best, layout.scope, 3, 1, 1000, 2, 30)
    kernels.place_with_anybody(case, tours_, notes, saved)
    row = np.zeros(8, np.int64)
    kernels.survey(case, 0, np.zeros(2 * candidates.BARRIERS, np.int64), 0, candidates.BARRIERS)
    kernels.kept_out(case, 0, 8, row, row.copy(), row.copy())
    kernels.survey_trip(case, row, 0, 1, 0, np.zeros(12, np.int64), 0, 6)
    kernels.kept_from_trip(case, row, 0, 1, 0, 8, row.copy(), row.copy(), row.copy())
    kernels.cheapest_added(case, tours_, notes, 0)
    kernels.who_is_worth(case, 0, 0)
    kernels.why_tours_full(case, tours_, 0)
    d = next(d for d in range(2) if tours_.size[d])
    stops = np.zeros(instead.RIVALS * (tours_.wide + 1), np.int64)
    kernels.others_instead(case, tours_, notes, saved, d, 1, row, row.copy(), stops)
