"""Work on several cores at once: kernels let go of Python's lock, so threads of one process do.

Only for kernels that run long, and only where no one reads what another writes: then how many threads there are changes nothing.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

WORTH_A_THREAD = 250
"""Orders, or trips, that are worth a thread's start."""


def side_by_side[Told](threads: int, tasks: Sequence[Callable[[], Told]]) -> list[Told]:
    """What each of ``tasks`` tells, in their sequence; at most so many of them at work at once."""
    if threads < 2 or len(tasks) < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        return list(pool.map(lambda task: task(), tasks))


def stretches(count: int, threads: int) -> list[range]:
    """Rows 0 to ``count`` in as many stretches as there are threads; in fewer where they are not worth one each."""
    some = max(1, min(threads, count // WORTH_A_THREAD))
    return [range(*ends) for ends in pairwise(count * k // some for k in range(some + 1))]
