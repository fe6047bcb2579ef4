"""The kernels of route planning, compiled by numba or interpreted: the same source, the same bits.

No budget pays for compilation: ``warm_up`` compiles, or reads back from disk, before the clock of a plan starts.
"""

import hashlib
import inspect
import threading
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from doorstep.engine import chance
from doorstep.engine.routes import ejection, places, recreate, rows, ruin, timing, turns

ROOMS: tuple[ModuleType, ...] = (rows, chance, timing, places, ruin, recreate, ejection, turns)
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
    best_place: Any
    best_vehicle: Any
    put_in: Any
    refresh: Any

    @property
    def compiled(self) -> bool:
        """Whether these run as machine code."""
        return self.name != "python"


ENTRIES = tuple(name for name in Kernels.__slots__ if name != "name")


def _gather() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for room in ROOMS:
        found.update({name: value for name, value in vars(room).items() if not name.startswith("__")})
    return found


def _kernels(name: str, functions: dict[str, Any]) -> Kernels:
    return Kernels(name, **{entry: functions[entry] for entry in ENTRIES})


PYTHON = _kernels("python", _gather())


def _compile(checked: bool) -> Kernels:
    """Clone every kernel with the compiled ones as its neighbours, under a name that carries a mark of all sources.

    numba keeps compiled code by a function's file and name and does not see a change in the functions it calls.
    """
    import numba

    sources = "".join(inspect.getsource(room) for room in ROOMS)
    mark = hashlib.sha256(sources.encode()).hexdigest()[:12] + ("_checked" if checked else "")
    neighbours = _gather()
    names = {room.__name__ for room in ROOMS}
    # Kernels allocate nothing; without numba's reference counts they run several times faster.
    options: dict[str, Any] = {"nogil": True, "_nrt": False, "boundscheck": checked}
    for name, value in list(neighbours.items()):
        if isinstance(value, FunctionType) and value.__module__ in names:
            clone = FunctionType(value.__code__, neighbours, name, value.__defaults__)
            clone.__module__ = value.__module__
            clone.__qualname__ = f"{name}_{mark}"
            # Half of the compiler's time goes into wrappers for callers from Python; only entries have such.
            bare = name not in ENTRIES
            chosen = options | {"no_cpython_wrapper": bare, "no_cfunc_wrapper": bare}
            try:
                neighbours[name] = numba.njit(cache=True, **chosen)(clone)
            except RuntimeError:  # no folder to keep it in: then each start compiles anew
                neighbours[name] = numba.njit(**chosen)(clone)
    return _kernels("numba", neighbours)


def warm_up(*, checked: bool = False) -> Kernels:
    """Compile everything, or read it back from disk, and run it on a small case. Safe from any thread.

    ``checked``: every index is compared with the row's bounds, for tests; IndexError where one is outside.
    """
    with _lock:
        if checked not in _compiled:
            kernels = _compile(checked)
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
    kernels.put_in(case, state, 0, 0, 0, 0)
    kernels.refresh(case, state, 0, 0)
    kernels.count_up(case, state)
