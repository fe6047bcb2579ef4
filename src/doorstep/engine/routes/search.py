"""Our planner: slack induction by string removals, first for the fleet, then for the distance."""

from dataclasses import dataclass, field
from math import sqrt

from doorstep.engine.routes.compiled import Kernels
from doorstep.engine.routes.layout import Habits, Layout, lay_out
from doorstep.engine.routes.problem import Budget, Plan, Problem
from doorstep.engine.routes.rows import GONE, LEAST_MISSING, MISSING

CHUNK = 100
"""Turns between two looks at the budget: 2 to 30 ms."""
HALVINGS = 8
STEPS = 2**HALVINGS
"""Heats of a distance phase."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """How the search spends its budget. Heats are multiples of what a typical detour costs."""

    fleet_share: float = 0.6  # of the budget, at most, to reduce the fleet
    fleet_least: float = 0.2  # of the budget, at least
    patience: float = 3.0  # times as long as it took to the last progress, the next is waited for;
    within_reach: int = 1  # to the end of the share where ever so few were out
    fleet_heat: float = 0.2
    hot: float = 2.0  # where the distance phase begins
    hottest: float = 10.0  # the same behind a fleet phase, where turns are plentiful,
    coolest: float = 2.0  # and where they are few
    turns_a_heat: float = 15.0  # turns a request that are worth one more
    cold: float = 0.05  # where it ends

    def after_fleet(self, turns_a_request: float) -> float:
        """Where a distance phase of so many turns begins behind a fleet phase: the hotter, the further it leaves that plan."""
        return min(max(turns_a_request / self.turns_a_heat, self.coolest), self.hottest)

    def heat(self, hot: float, share: float) -> float:
        """The heat after ``share`` of a distance phase from ``hot``: geometric, by operations that all machines round alike."""
        ratio = self.cold / hot
        for _ in range(HALVINGS):
            ratio = sqrt(ratio)
        heat = hot
        for _ in range(min(int(max(share, 0.0) * STEPS), STEPS)):
            heat *= ratio
        return heat


@dataclass(frozen=True, slots=True)
class StringRemovals:
    """The planner. The same budget in turns and the same seed give the same plan."""

    kernels: Kernels
    cooling: Cooling = field(default_factory=Cooling)
    habits: Habits = field(default_factory=Habits)
    name: str = "doorstep"

    def plan(self, problem: Problem, budget: Budget, seed: int) -> Plan:
        """A first plan by insertion; fewer vehicles while that pays; then shorter routes."""
        layout = lay_out(problem, seed, compiled=self.kernels.compiled, habits=self.habits)
        case, state, kernels, cooling = layout.case, layout.state, self.kernels, self.cooling
        kernels.start(case, state)
        turns, began, hot = 0, 0.0, cooling.hot
        if problem.fewest_vehicles and problem.requests:
            turns = self._fewer_vehicles(layout, budget)
            began = budget.spent(turns)
            kernels.end_phase(case, state)
            # Who finds no place costs the turn now: nobody is given up before all routes were tried.
            case = case._replace(scan_new=1)
            hot = cooling.after_fleet(turns * (1 / began - 1) / case.requests) if began > 0 else hot
        while problem.requests and (share := budget.spent(turns)) < 1:
            heat = cooling.heat(hot, (share - began) / (1 - began))
            kernels.polish(case, state, CHUNK, heat * case.unit, False)
            turns += CHUNK
        kernels.end_phase(case, state)
        return layout.plan(turns)

    def _fewer_vehicles(self, layout: Layout, budget: Budget) -> int:
        """Turns that give up one vehicle after another, until the next seems out of reach; how many turns."""
        case, state, cooling = layout.case, layout.state, self.cooling
        turns, best, progress = 0, (0, -case.requests), 0.0
        state.tally[LEAST_MISSING] = state.tally[MISSING]
        while (share := budget.spent(turns)) < cooling.fleet_share:
            reached = (state.tally[GONE], -state.tally[LEAST_MISSING])
            if reached > best:
                best, progress = reached, share
            hopeless = state.tally[LEAST_MISSING] > cooling.within_reach
            if hopeless and share > max(cooling.fleet_least, cooling.patience * progress):
                break
            self.kernels.polish(case, state, CHUNK, cooling.fleet_heat * case.unit, True)
            turns += CHUNK
        return turns
