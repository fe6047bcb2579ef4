"""A study: the same days under several settings, and what came of it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doorstep.engine.decide import warm_for
from doorstep.sim.compare import Estimate, estimate, paired
from doorstep.sim.day import Day, play
from doorstep.sim.measures import COUNTED_AS_MIN, Measures, measure
from doorstep.sim.pools import Pool
from doorstep.sim.settings import Setting
from doorstep.sim.tally import NEVER

CELL_M = 1500
"""Doors are told by cells of this width."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A played day, small enough to send: by local hour, and by cell of the map."""

    hours: NDArray[
        np.float64
    ]  # (24, 6): orders, delivered, minutes to the door, waiting orders, free drivers, brought by a company
    cells: dict[
        tuple[int, int], tuple[int, float, int, int]
    ]  # orders, minutes to the door (COUNTED_AS_MIN for what nobody brought), not within the promise, brought by a company


@dataclass(frozen=True, slots=True)
class Outcome:
    """One day under one setting."""

    setting: int
    seed: int
    measures: Measures
    picture: Picture


@dataclass(frozen=True, slots=True)
class Unit:
    """One day to play."""

    number: int
    setting: Setting
    seed: int


@dataclass(frozen=True, slots=True)
class Study:
    """All days, by setting and seed."""

    settings: tuple[Setting, ...]
    seeds: tuple[int, ...]
    outcomes: tuple[tuple[Outcome, ...], ...]

    def values(self, setting: int, name: str) -> list[float]:
        """One figure of every day under a setting; not a number where a day has none."""
        return [float(getattr(o.measures, name)) for o in self.outcomes[setting]]

    def estimate(self, setting: int, name: str) -> Estimate:
        """Its mean."""
        return estimate(self.values(setting, name))

    def difference(self, setting: int, name: str) -> Estimate:
        """Its mean difference to the first setting on the same days."""
        return paired(self.values(setting, name), self.values(0, name))

    @property
    def goal_pct(self) -> float:
        """The share of promises to keep."""
        return self.settings[0].scenario.kept_goal_pct

    @property
    def promises(self) -> bool:
        """Whether these days promise anything: a recorded day does not, and what is kept there is what is delivered."""
        return self.settings[0].scenario.city.recorded is None

    def best(self, days: Sequence[int] | None = None) -> int:
        """The first of ``ranked``."""
        return self.ranked(days)[0]

    def ranked(self, days: Sequence[int] | None = None) -> list[int]:
        """All settings, the cheapest that keeps the goal's share of promises first; after those that do, the ones that keep most.

        Cost is what the network pays per order, drivers and courier companies; who delivered nothing has none and comes last.
        ``days``: judge by these days (positions in ``seeds``) alone.
        """
        chosen = range(len(self.seeds)) if days is None else days

        def mean(setting: int, name: str) -> float:
            values = self.values(setting, name)
            found = estimate([values[d] for d in chosen]).mean
            return math.nan if found is None else found

        def place(setting: int) -> tuple[float, ...]:
            kept, cost = mean(setting, "kept_pct"), mean(setting, "cost_per_order_minor")
            if math.isnan(kept) or math.isnan(cost):
                return (2, setting)
            if kept >= self.goal_pct:
                return (0, round(cost, 6), mean(setting, "ctd90"), setting)
            return (1, -kept, setting)

        return sorted(range(len(self.settings)), key=place)

    def reaching(self) -> list[int]:
        """The settings that keep the goal's share of promises and deliver something."""
        return [s for s in range(len(self.settings)) if self.delivers(s) and self.keeps(s)]

    def keeps(self, setting: int) -> bool:
        """Whether it keeps the goal's share of promises."""
        kept = self.estimate(setting, "kept_pct").mean
        return kept is not None and kept >= self.goal_pct

    def delivers(self, setting: int) -> bool:
        """Whether it delivered anything on any day."""
        return self.estimate(setting, "cost_per_order_minor").mean is not None

    def steadiness(self, draws: int = 400) -> float:
        """How often the best stays the best when the days are drawn again with replacement (Efron 1979, the bootstrap)."""
        chance = np.random.default_rng(1)
        count, best = len(self.seeds), self.best()
        again = (self.best(chance.integers(0, count, count).tolist()) for _ in range(draws))
        return sum(b == best for b in again) / draws


def play_unit(unit: Unit) -> Outcome:
    """Play one day with compiled kernels."""
    scenario = unit.setting.scenario
    day = play(scenario, unit.seed, warm_for(scenario.dispatch.params))
    return Outcome(unit.number, unit.seed, measure(day), picture(day))


def study(
    settings: tuple[Setting, ...],
    seeds: Sequence[int],
    pool: Pool,
    done: Callable[[Outcome], None] = lambda _: None,
) -> Study:
    """Play every day under every setting; ``done`` hears of each."""
    units = [Unit(number, setting, seed) for seed in seeds for number, setting in enumerate(settings)]
    found: dict[tuple[int, int], Outcome] = {}
    outcomes: Iterator[Outcome] = pool.spread(play_unit, units)
    for outcome in outcomes:
        found[outcome.setting, outcome.seed] = outcome
        done(outcome)
    return Study(
        settings, tuple(seeds), tuple(tuple(found[n, seed] for seed in seeds) for n in range(len(settings)))
    )


def picture(day: Day) -> Picture:
    """What of ``day`` a report draws."""
    orders, tally, truth = day.truth.orders, day.tally, day.truth
    done, wanted = tally.dropped_s >= 0, tally.cancelled_s == NEVER
    minutes = np.where(done, (tally.dropped_s - orders.placed_s) / 60, 0.0)
    hour = np.clip((orders.placed_s - truth.begins_s) // 3600, 0, 23)
    hours = np.zeros((24, 6))
    hours[:, 0] = np.bincount(hour[wanted], minlength=24)
    hours[:, 1] = np.bincount(hour, done, minlength=24)
    hours[:, 2] = np.bincount(hour, minutes, minlength=24)
    seen = np.maximum(tally.series[:96, :2], 0).reshape(24, 4, 2)
    hours[:, 3:5] = seen.mean(axis=1)
    hours[:, 5] = np.bincount(hour, tally.by_company, minlength=24)
    broken = ~(done & (tally.dropped_s <= orders.due_s))
    counted = np.where(done, minutes, COUNTED_AS_MIN)
    cells: dict[tuple[int, int], tuple[int, float, int, int]] = {}
    for (x, y), took, missed, outside in zip(
        np.floor(orders.door[wanted] / CELL_M).astype(int).tolist(),
        counted[wanted],
        broken[wanted],
        tally.by_company[wanted],
        strict=True,
    ):
        count, spent, late, handed = cells.get((x, y), (0, 0.0, 0, 0))
        cells[x, y] = (count + 1, spent + float(took), late + int(missed), handed + int(outside))
    return Picture(hours, cells)
