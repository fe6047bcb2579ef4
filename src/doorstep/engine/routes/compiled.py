"""The kernels of route planning, compiled by numba or interpreted: the same source, the same bits.

No budget pays for compilation: ``warm_up`` compiles, or reads back from disk, before the clock of a plan starts.
"""

import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from doorstep.engine import chance, twins
from doorstep.engine.routes import beside, ejection, places, recreate, rows, ruin, timing, turns

ROOMS: tuple[ModuleType, ...] = (rows, chance, timing, places, beside, ruin, recreate, ejection, turns)
INLINED = (
    "price_deliveries", "best_behind", "remembered", "best_from", "best_together", "delayed", "chosen", "touch", "unused",
    "list_members", "below", "full",
)  # fmt: skip
"""What the search does all the time. A call hands over every table, some hundred addresses and lengths: in place, a turn takes a
tenth less."""
_lock = threading.Lock()
_compiled: dict[bool, "Kernels"] = {}


@dataclass(frozen=True, slots=True)
class Kernels:
    """What the planner calls; see ``turns``, ``places`` and ``timing`` for what each promises."""

    name: str
    start: Any
    polish: Any
    end_phase: Any
    begin_turn: Any
    count_up: Any
    fits_alone: Any
    best_place: Any
    best_vehicle: Any
    put_in: Any
    refresh: Any

    @property
    def compiled(self) -> bool:
        """Whether these run as machine code."""
        return self.name != "python"


ENTRIES = tuple(name for name in Kernels.__slots__ if name != "name")


PYTHON = twins.chosen(Kernels, ENTRIES, "python", twins.interpreted(ROOMS))


def warm_up(*, checked: bool = False) -> Kernels:
    """Compile everything, or read it back from disk, and run it on a small case. Safe from any thread.

    ``checked``: every index is compared with the row's bounds, for tests; IndexError where one is outside.
    """
    with _lock:
        if checked not in _compiled:
            functions = twins.compiled(ROOMS, called=ENTRIES, checked=checked, inlined=INLINED)
            kernels = twins.chosen(Kernels, ENTRIES, "numba", functions)
            _exercise(kernels)
            _compiled[checked] = kernels
        return _compiled[checked]


def _exercise(kernels: Kernels) -> None:
    """Call every entry once with the types that the planner uses."""
    import numpy as np

    from doorstep.engine.routes.layout import lay_out
    from doorstep.engine.routes.problem import Problem, Request, Vehicle, Visit

    requests = tuple(Request(str(k), Visit(1, 0, 9), Visit(2, 0, 9)) for k in range(3))
    fleet = tuple(Vehicle(str(k), 0, 0, 2.0, ends_s=20.0) for k in range(2))
    layout = lay_out(Problem(requests, fleet, np.ones((3, 3)), fewest_vehicles=True), 1, compiled=True)
    case, state = layout.case, layout.state
    kernels.start(case, state)
    kernels.polish(case, state, 3, 1.0, True)
    kernels.polish(case, state, 3, 1.0, False)
    kernels.end_phase(case, state)
    kernels.begin_turn(state)
    kernels.best_place(case, state, 0, 0, 0, 1.0)
    kernels.best_vehicle(case, state, 0)
    kernels.fits_alone(case, state, 0)
    kernels.put_in(case, state, 0, 0, 0, 0)
    kernels.refresh(case, state, 0, 0)
    kernels.count_up(case, state)
