"""Kernels in two forms made of one source: interpreted as written, and compiled by numba. The same bits either way.

numba (Lam, Pitrou and Seibert 2015) keeps compiled code on disk by a function's file and name and does not see a change
in the functions it calls. So every function is cloned under a name that carries a mark of all sources of its group.
"""

import hashlib
import inspect
from collections.abc import Callable, Collection, Sequence
from types import FunctionType, ModuleType
from typing import Any


def interpreted(rooms: Sequence[ModuleType]) -> dict[str, Any]:
    """Every name of ``rooms``; a later room's wins."""
    found: dict[str, Any] = {}
    for room in rooms:
        found.update({name: value for name, value in vars(room).items() if not name.startswith("__")})
    return found


def compiled(
    rooms: Sequence[ModuleType],
    *,
    called: Collection[str] | None = None,
    checked: bool = False,
    inlined: Collection[str] = (),
) -> dict[str, Any]:
    """The same with each function of ``rooms`` as machine code that calls its compiled neighbours.

    ``called``: only these can be called from Python, which halves the compiler's work; None: all. ``checked``: each
    index is compared with its row's bounds (IndexError).
    ``inlined``: put into their callers. Nothing is compiled yet: numba does that at the first call.
    """
    import numba

    sources = "".join(inspect.getsource(room) for room in rooms)
    sources += "".join(sorted(inlined))
    mark = hashlib.sha256(sources.encode()).hexdigest()[:12] + ("_checked" if checked else "")
    neighbours = interpreted(rooms)
    names = {room.__name__ for room in rooms}
    for name, value in list(neighbours.items()):
        if isinstance(value, FunctionType) and value.__module__ in names:
            clone = FunctionType(value.__code__, neighbours, name, value.__defaults__)
            clone.__module__ = value.__module__
            clone.__qualname__ = f"{name}_{mark}"
            bare = called is not None and name not in called
            neighbours[name] = _jit(numba.njit, clone, bare=bare, checked=checked, inline=name in inlined)
    return neighbours


def chosen[K](kind: Callable[..., K], entries: Collection[str], name: str, functions: dict[str, Any]) -> K:
    """A ``kind`` called ``name`` with those of ``functions`` that it has as ``entries``."""
    return kind(name, **{entry: functions[entry] for entry in entries})


def _jit(njit: Any, function: FunctionType, *, bare: bool, checked: bool, inline: bool) -> Any:
    # Kernels allocate nothing; without numba's reference counts they run several times faster.
    options = {"nogil": True, "_nrt": False, "boundscheck": checked, "forceinline": inline}
    options |= {"no_cpython_wrapper": bare, "no_cfunc_wrapper": bare}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep it in: then each start compiles anew
        return njit(**options)(function)
