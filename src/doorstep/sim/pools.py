"""Where simulated days are played: in this process, in several, or on several machines."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Protocol


class Pool(Protocol):
    """Something that plays units of work. Results come as they are done, in any sequence."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. ``play`` and units must be picklable; the first failure ends it."""


class Here:
    """One after the other in this process."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit, in sequence."""
        return (play(unit) for unit in units)


class Cores:
    """On the cores of this machine: in processes, each with its own kernels."""

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


class NoRay(LookupError):
    """Several machines were asked for, and Ray is not installed or does not answer."""


class Machines:
    """On every machine of a Ray cluster, one unit a core. Doorstep must be installed on each."""

    def __init__(self, address: str) -> None:
        """Join the cluster at ``address``: ``auto`` for the one of this machine, ``local`` for one made for this run,
        ``ray://host:10001`` for another. Raises NoRay.
        """
        try:
            import ray
        except ImportError as error:
            raise NoRay("Ray is not installed: pip install 'doorstep[ray]'") from error
        self._ray: Any = ray
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", ignore_reinit_error=True)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise NoRay(f"no Ray cluster answers at {address}: {error}") from error
        self.count = int(ray.cluster_resources().get("CPU", 1))
        """Cores of the whole cluster."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. What is not begun is dropped when the caller stops listening."""
        far = self._ray.remote(num_cpus=1)(play)
        waiting = [far.remote(unit) for unit in units]
        try:
            while waiting:
                done, waiting = self._ray.wait(waiting)
                yield from self._ray.get(done)
        finally:
            for one in waiting:
                self._ray.cancel(one)


def pool_of(processes: int, ray: str = "") -> Pool:
    """The pool for so many processes, or for the Ray cluster at ``ray``. Raises NoRay."""
    if ray:
        return Machines(ray)
    return Here() if processes <= 1 else Cores(processes)


def largest_first[T](units: Iterable[T], size: Callable[[T], float]) -> list[T]:
    """Units by falling size, so that no process is left alone with a large one at the end (Graham 1969)."""
    return sorted(units, key=size, reverse=True)
