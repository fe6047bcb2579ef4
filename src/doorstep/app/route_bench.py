"""Our planner on benchmark files: each plan within its seconds, then examined by the checker that knows nothing of the search."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from doorstep.engine.routes import files
from doorstep.engine.routes.check import examine
from doorstep.engine.routes.compiled import warm_up
from doorstep.engine.routes.problem import Planner, Problem
from doorstep.engine.routes.search import StringRemovals


class Stopwatch:
    """A budget in real seconds, or in seconds of this process's processor time. It starts when it is made."""

    def __init__(self, seconds: float, *, processor: bool = False) -> None:
        self.seconds = seconds
        self.clock = time.process_time if processor else time.perf_counter
        self.began = self.clock()

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return self.clock() - self.began

    def spent(self, turns: int) -> float:  # noqa: ARG002  the clock counts, whatever was done
        """The share of the seconds gone by."""
        return self.elapsed / self.seconds if self.seconds > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one planner made of one instance. ``seconds`` as they passed, layout of the problem included."""

    instance: str
    planner: str
    requests: int
    vehicles: int
    distance: float
    feasible: bool
    seconds: float
    unserved: int
    turns: int
    breaches: tuple[str, ...]

    def told(self) -> dict[str, object]:
        """For machines."""
        return asdict(self)


def solve(
    name: str, problem: Problem, planner: Planner, seconds: float, seed: int, *, processor: bool = False
) -> Outcome:
    """Plan ``problem`` for ``seconds`` and examine the plan."""
    watch = Stopwatch(seconds, processor=processor)
    plan = planner.plan(problem, watch, seed)
    elapsed = watch.elapsed
    verdict = examine(problem, plan)
    return Outcome(
        name, planner.name, len(problem.requests), verdict.vehicles, round(verdict.distance, 3), verdict.feasible,
        round(elapsed, 3), verdict.unserved, plan.turns, verdict.breaches[:10],
    )  # fmt: skip


def instances(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those of a folder named: its ``.txt`` files, by name."""
    return [inside for path in paths for inside in (sorted(path.glob("*.txt")) if path.is_dir() else [path])]


def solve_files(
    paths: Iterable[Path],
    seconds: float,
    seed: int,
    tell: Callable[[Outcome], None],
    *,
    processor: bool = False,
) -> list[Outcome]:
    """Solve each file in turn on one core; compilation happens before the first clock starts. Raises NotAProblem, OSError."""
    problems = [(path.stem, files.read(path.read_text())) for path in instances(paths)]
    planner = StringRemovals(warm_up())
    found = []
    for name, problem in problems:
        found.append(solve(name, problem, planner, seconds, seed, processor=processor))
        tell(found[-1])
    return found
