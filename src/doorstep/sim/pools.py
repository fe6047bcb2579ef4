"""Where simulated days are played: in this process, in several, or on several machines."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Protocol


class Pool(Protocol):
    """Something that plays units of work. Results come as they are done, in any sequence."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. ``play`` and units must be picklable; the first failure ends it."""

    def stop(self) -> None:
        """End at once what is being played."""


class Here:
    """One after the other in this process."""

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit, in sequence."""
        return (play(unit) for unit in units)

    def stop(self) -> None:
        """Nothing is left over when the caller stops listening."""


class ProcessLost(RuntimeError):
    """A process was ended from outside while it played."""


def _end_with(parent: Connection) -> None:
    """In a process that plays: end when the other side of ``parent`` is closed, which the end of its holder does, too."""

    def watch() -> None:
        try:
            parent.recv_bytes()
        finally:
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Processes begun here never hear Ctrl-C, which a terminal sends to all of them; the caller hears it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Cores:
    """On the cores of this machine: in processes, each with its own kernels."""

    def __init__(self, count: int) -> None:
        """``count`` processes."""
        self.count = count
        # Children of this process that play nothing; None while none plays.
        self._others: set[Any] | None = None

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. What is not done is dropped when the caller stops listening. Raises ProcessLost."""
        spawn = multiprocessing.get_context("spawn")
        theirs, held = spawn.Pipe(duplex=False)
        executor = ProcessPoolExecutor(self.count, spawn, _end_with, (theirs,))
        self._others = set(multiprocessing.active_children())
        try:
            with _no_interrupts():
                waiting: list[Future[R]] = [executor.submit(play, unit) for unit in units]
            for done in as_completed(waiting):
                yield done.result()
        except BrokenExecutor as error:
            raise ProcessLost(
                "a process that played a day was ended from outside; when memory was short, take fewer --processes"
            ) from error
        except BaseException:
            self.stop()
            raise
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
            self._others = None
            theirs.close()
            held.close()

    def stop(self) -> None:
        """End the processes in the middle of what they play."""
        if self._others is not None:
            for one in set(multiprocessing.active_children()) - self._others:
                one.kill()


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
        self._waiting: list[Any] = []

    def spread[T, R](self, play: Callable[[T], R], units: Sequence[T]) -> Iterator[R]:
        """``play`` of each unit. What is not begun is dropped when the caller stops listening."""
        far = self._ray.remote(num_cpus=1)(play)
        self._waiting = [far.remote(unit) for unit in units]
        try:
            while self._waiting:
                done, self._waiting = self._ray.wait(self._waiting)
                yield from self._ray.get(done)
        finally:
            self.stop()

    def stop(self) -> None:
        """Drop what is not done."""
        for one in self._waiting:
            self._ray.cancel(one)
        self._waiting = []


def pool_of(processes: int, ray: str = "") -> Pool:
    """The pool for so many processes, or for the Ray cluster at ``ray``. Raises NoRay."""
    if ray:
        return Machines(ray)
    return Here() if processes <= 1 else Cores(processes)


def largest_first[T](units: Iterable[T], size: Callable[[T], float]) -> list[T]:
    """Units by falling size, so that no process is left alone with a large one at the end (Graham 1969)."""
    return sorted(units, key=size, reverse=True)
