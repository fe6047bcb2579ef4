"""The engine's kernels, warm before anything is decided, with a word for whoever waits."""

from rich.console import Console

from doorstep.engine.compiled import Kernels, warm_up
from doorstep.engine.decide import warm_for
from doorstep.engine.params import Params

WORD = "kernels: compiled the first time (under a minute), then kept"


def warmed(*params: Params) -> Kernels:
    """Compile what ``decide`` calls, under all of ``params``, here and once: processes then read it back instead of all compiling."""
    with Console(stderr=True).status(WORD):
        for one in {one.mixing: one for one in params}.values():
            warm_for(one)
        return warm_up()
