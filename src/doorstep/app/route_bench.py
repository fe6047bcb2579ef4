"""Our planner on benchmark files: each plan within its seconds, then examined by the checker that knows nothing of the search."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from doorstep.app.route_known import Known, NotKnown, best_known
from doorstep.engine.routes import files
from doorstep.engine.routes.check import examine
from doorstep.engine.routes.compiled import warm_up
from doorstep.engine.routes.problem import Planner, Problem
from doorstep.engine.routes.search import StringRemovals
from doorstep.sim.mdrp.naming import each_once, names_of


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
    known: Known | None = None  # what is best known of it, where somebody told

    @property
    def extra_vehicles(self) -> int | None:
        """More than are known to do. None where nothing is known, or the plan breaks a rule."""
        return self.vehicles - self.known.vehicles if self.known and self.feasible else None

    @property
    def distance_gap_pct(self) -> float | None:
        """Per cent further than the best known; it says little where the vehicles differ. None as above."""
        if self.known is None or not self.feasible:
            return None
        return round(100 * (self.distance / self.known.distance - 1), 2) + 0.0  # never minus nought

    def told(self) -> dict[str, object]:
        """For machines; what is best known, and how far the plan is from it, only where it is."""
        own = asdict(self)
        del own["known"]
        if self.known is None:
            return own
        return {
            **own,
            "best_known_vehicles": self.known.vehicles,
            "best_known_distance": self.known.distance,
            "extra_vehicles": self.extra_vehicles,
            "distance_gap_pct": self.distance_gap_pct,
        }


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


class NotReadable(ValueError):
    """What was named holds no instance; a line for each fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A file's problem, what it is called beside the others, and what is best known of it."""

    name: str
    problem: Problem
    known: Known | None


def read_all(paths: Iterable[Path]) -> list[Instance]:
    """The instances that ``paths`` name, each file once. Raises NotReadable when any cannot be read."""
    faults, found = [], []
    for path in (paths := list(paths)):
        if path.is_dir() and not instances([path]):
            faults.append(f"{path}: a folder without a .txt file; instances are such files")
    all_files = each_once(instances(paths))
    tables: dict[Path, dict[str, Known]] = {}
    for path, name in zip(all_files, names_of(all_files, suffix=False), strict=True):
        try:
            problem = files.read(path.read_bytes().decode("utf-8", "replace"))
            if path.parent not in tables:
                tables[path.parent] = best_known(path.parent)
            found.append(Instance(name, problem, tables[path.parent].get(path.stem)))
        except files.NotAProblem as refusal:
            faults.append(f"{path}, {refusal}")
        except NotKnown as refusal:
            faults.append(str(refusal))
        except OSError as error:
            faults.append(f"{path}: cannot be read ({error.strerror})")
    if faults:
        raise NotReadable("\n".join(dict.fromkeys(faults)))
    return found


def solve_all(
    asked: Sequence[Instance], seconds: float, seed: int, *, processor: bool = False
) -> Iterator[Outcome]:
    """Solve each in turn on one core; compilation happens before the first clock starts."""
    planner = StringRemovals(warm_up())
    for one in asked:
        found = solve(one.name, one.problem, planner, seconds, seed, processor=processor)
        yield replace(found, known=one.known)
