"""Where simulated days are played: in this process, or in several."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Protocol


class Pool(Protocol):
    """Something that plays units of work. Results come as they are done, in any sequence."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. ``play`` and units must be picklable; the first failure ends it."""


class Here:
    """One after the other in this process."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit, in sequence."""
        return (play(unit) for unit in units)


class Processes:
    """In processes of this machine, each with its own kernels."""

    def __init__(self, count: int) -> None:
        """``count`` processes."""
        self.count = count

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. What is not begun is dropped when the caller stops listening."""
        executor = ProcessPoolExecutor(self.count, multiprocessing.get_context("spawn"))
        try:
            yield from (
                done.result() for done in as_completed([executor.submit(play, unit) for unit in units])
            )
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def pool_of(processes: int) -> Pool:
    """The pool for so many processes."""
    return Here() if processes <= 1 else Processes(processes)


def largest_first[T](units: Iterable[T], size: Callable[[T], float]) -> list[T]:
    """Units by falling size, so that no process is left alone with a large one at the end (Graham 1969)."""
    return sorted(units, key=size, reverse=True)
