"""The kernels, compiled by numba in the background, interpreted until then. Same bits either way."""

import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from doorstep.engine import kernels as plain

_NAMES = (
    "order_cost",
    "chain_cost",
    "next_random",
    "place",
    "take_out",
    "best_insertion",
    "ruin_and_recreate",
    "insert_all",
)
_lock = threading.Lock()
_compiled: list["Kernels"] = []


@dataclass(frozen=True, slots=True)
class Kernels:
    """The entry points the engine calls."""

    chain_cost: Any
    insert_all: Any
    ruin_and_recreate: Any
    name: str


PYTHON = Kernels(plain.chain_cost, plain.insert_all, plain.ruin_and_recreate, "python")


def _compile() -> Kernels:
    import numba

    module = ModuleType("doorstep.engine.kernels_compiled")
    module.__dict__.update(plain.__dict__)
    made: dict[str, Any] = {}
    source = plain.__file__
    assert source is not None
    # Each function sees its compiled neighbours through one shared set of globals.
    for name in _NAMES:
        function = plain.__dict__[name]
        clone = type(function)(function.__code__, made, name, function.__defaults__)
        clone.__module__ = module.__name__
        made.setdefault("np", np)
        for constant, value in plain.__dict__.items():
            if constant.isupper() or constant == "INFEASIBLE":
                made.setdefault(constant, value)
        made[name] = numba.njit(nogil=True)(clone)
    return Kernels(made["chain_cost"], made["insert_all"], made["ruin_and_recreate"], "numba")


def warm_up() -> Kernels:
    """Compile everything and run it once on a tiny case; about fifteen seconds cold. Safe from any thread."""
    with _lock:
        if not _compiled:
            kernels = _compile()
            _exercise(kernels)
            _compiled.append(kernels)
        return _compiled[0]


def ready() -> Kernels:
    """The compiled kernels when they are warm, else the interpreted ones: a tick never waits for a compiler."""
    return _compiled[0] if _compiled else PYTHON


def _exercise(kernels: Kernels) -> None:
    orders = np.array([[1, 2, 0, 0, 0, 3600, 0, 1 << 40, 240, 240, 1]], np.int64)
    drivers = np.array([[0, 0, 1 << 40, 10, 10]], np.int64)
    ok = np.ones((1, 1), np.uint8)
    seconds = np.array([[0, 60, 60], [60, 0, 60], [60, 60, 0]], np.int32)
    prices = np.array([0.03, 0.1, 1.0, 0.0, 2400.0, 110.0, 0.0])
    candidates = np.zeros((1, 1), np.int32)
    trips, sizes = np.full((1, 2, 2), -1, np.int32), np.zeros((1, 2), np.int32)
    where = np.full(1, -1, np.int32)
    leave_out = np.array([200.0])
    kernels.insert_all(
        orders,
        drivers,
        ok,
        seconds,
        prices,
        candidates,
        leave_out,
        trips,
        sizes,
        where,
        np.zeros(1, np.int64),
        0,
    )
    kernels.ruin_and_recreate(
        orders, drivers, ok, seconds, prices, candidates, leave_out, trips, sizes, where, 3, 1, 0
    )
    kernels.chain_cost(orders, drivers, ok, seconds, prices, 0, trips[0], sizes[0], 0)
