"""Our planner: slack induction by string removals, first for the fleet, then for the distance."""

from dataclasses import dataclass, field

from doorstep.engine.routes.compiled import Kernels
from doorstep.engine.routes.layout import Habits, lay_out
from doorstep.engine.routes.problem import Budget, Plan, Problem

CHUNK = 100
"""Turns between two looks at the budget: 2 to 30 ms."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """How the search spends its budget. Heats are multiples of what a typical detour costs."""

    fleet_share: float = 0.5  # of the budget, at most, to reduce the fleet
    fleet_heat: float = 0.2
    hot: float = 2.0
    steps: int = 256
    ratio: float = 0.98569365  # 2.0 becomes 0.05 in 256 steps

    def heat(self, share: float) -> float:
        """The heat after ``share`` of the distance phase: geometric, by multiplication alone so that it never differs."""
        heat = self.hot
        for _ in range(min(int(max(share, 0.0) * self.steps), self.steps)):
            heat *= self.ratio
        return heat


@dataclass(frozen=True, slots=True)
class StringRemovals:
    """The planner. The same budget in turns and the same seed give the same plan."""

    kernels: Kernels
    cooling: Cooling = field(default_factory=Cooling)
    habits: Habits = field(default_factory=Habits)
    name: str = "doorstep"

    def plan(self, problem: Problem, budget: Budget, seed: int) -> Plan:
        """A first plan by insertion; fewer vehicles while that phase lasts; then shorter routes."""
        layout = lay_out(problem, seed, compiled=self.kernels.compiled, habits=self.habits)
        case, state, kernels = layout.case, layout.state, self.kernels
        fleet_until = self.cooling.fleet_share if problem.fewest_vehicles else 0.0
        kernels.start(case, state)
        turns, began, fleet = 0, 0.0, fleet_until > 0
        while problem.requests and (share := budget.spent(turns)) < 1:
            if fleet and share >= fleet_until:
                kernels.end_phase(case, state)
                fleet, began = False, share
            heat = self.cooling.fleet_heat if fleet else self.cooling.heat((share - began) / (1 - began))
            kernels.polish(case, state, CHUNK, heat * case.unit, fleet)
            turns += CHUNK
        kernels.end_phase(case, state)
        return layout.plan(turns)
