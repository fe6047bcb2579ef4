"""Our planner: slack induction by string removals, first for the fleet, then for the distance.

Where turns are plentiful several plans are annealed side by side for a while and the shortest goes on, because which
plan of so few vehicles was met first is luck, and on long routes annealing does not forget it.
"""

from dataclasses import dataclass, field, replace
from math import sqrt

from doorstep.engine.routes.compiled import Kernels
from doorstep.engine.routes.layout import Habits, Layout, lay_out
from doorstep.engine.routes.problem import Budget, Plan, Problem
from doorstep.engine.routes.rows import BEST_MISSING, GONE, LEAST_MISSING, MISSING, NEVER, TOTAL, Case

CHUNK = 100
"""Turns between two looks at the budget: 1 to 30 ms."""
HALVINGS = 8
STEPS = 2**HALVINGS
"""Heats of a distance phase."""
NEXT_SEED = 1000
"""Between the seeds of two lines."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """How the search spends its budget. Heats are multiples of what a typical detour costs."""

    fleet_share: float = 0.7  # of the budget, at most, to reduce the fleet
    fleet_least: float = 0.25  # of the budget, at least
    patience: float = 3.0  # times as long as it took to the last progress, the next is waited for;
    within_reach: int = 1  # to the end of the share where ever so few were out
    fleet_heat: float = 0.2
    hot: float = 2.0  # where the distance phase begins
    hottest: float = 10.0  # the same behind a fleet phase, where turns are plentiful,
    coolest: float = 2.0  # and where they are few
    turns_a_heat: float = 15.0  # turns a request that are worth one more
    cold: float = 0.05  # where it ends
    lines: int = 3  # plans annealed side by side
    turns_a_line: float = 300.0  # a request, below which there is one line only
    line_hot: float = 5.0  # where each begins
    line_cold: float = 1.0  # and where the shortest goes on alone
    line_fleet: float = 0.05  # of what the fleet phase left, at most, until another line has as few vehicles
    line_share: float = 0.15  # of the same, for each line

    def after_fleet(self, turns_a_request: float) -> float:
        """Where a distance phase of so many turns begins behind a fleet phase: the hotter, the further it leaves that plan."""
        return min(max(turns_a_request / self.turns_a_heat, self.coolest), self.hottest)

    @staticmethod
    def heat(hot: float, cold: float, share: float) -> float:
        """The heat after ``share`` of a way from ``hot`` to ``cold``: geometric, by operations that all machines round alike."""
        ratio = cold / hot
        for _ in range(HALVINGS):
            ratio = sqrt(ratio)
        heat = hot
        for _ in range(min(int(max(share, 0.0) * STEPS), STEPS)):
            heat *= ratio
        return heat


@dataclass(frozen=True, slots=True)
class StringRemovals:
    """The planner. The same budget in turns and the same seed give the same plan, whatever the sequence of rows and the names."""

    kernels: Kernels
    cooling: Cooling = field(default_factory=Cooling)
    habits: Habits = field(default_factory=Habits)
    name: str = "doorstep"

    def plan(self, problem: Problem, budget: Budget, seed: int) -> Plan:
        """A first plan by insertion; fewer vehicles while that pays; then shorter routes.

        Raises ValueError that says what and where for a problem that is not sound (``sound.require_sound``).
        """
        layout = lay_out(problem, seed, compiled=self.kernels.compiled, habits=self.habits)
        kernels, cooling = self.kernels, self.cooling
        kernels.start(_whole(layout.case), layout.state)
        if not problem.requests or not problem.vehicles:
            return layout.plan(0)
        if problem.fewest_vehicles and problem.direct and layout.state.tally[MISSING] > 0:
            layout = self._without_hopeless(layout, seed)
        turns, hot = 0, cooling.hot
        if problem.fewest_vehicles:
            turns = self._fewer_vehicles(layout, budget)
            share = budget.spent(turns)
            plenty = turns * (1 / share - 1) / layout.case.requests if share > 0 else 0.0
            lines = [layout]
            if plenty >= cooling.turns_a_line and layout.state.tally[MISSING] == 0:
                turns = self._add_lines(lines, budget, turns, seed)
            # Who finds no place costs the turn now: nobody is given up before all routes were tried.
            lines = [replace(line, case=line.case._replace(scan_new=1)) for line in lines]
            hot = cooling.after_fleet(plenty)
            if len(lines) > 1:
                part = cooling.line_share * (1 - share)
                for line in lines:
                    turns = self._cool(line, budget, turns, (cooling.line_hot, cooling.line_cold), part)
                hot = cooling.line_cold
            layout = min(lines, key=lambda line: (line.vehicles_kept(), line.state.amount[TOTAL]))
        turns = self._cool(layout, budget, turns, (hot, cooling.cold), 1 - budget.spent(turns))
        kernels.end_phase(layout.case, layout.state)
        return layout.plan(turns)

    def _without_hopeless(self, layout: Layout, seed: int) -> Layout:
        """Begun again without those whom no vehicle can carry even alone, if any: they stay out, and no vehicle would be given
        up while somebody is.
        """
        case, state = layout.case, layout.state
        out = [r for r in range(case.requests) if state.owner[r] < 0 and case.prize[r] >= NEVER]
        hopeless = [r for r in out if not self.kernels.fits_alone(case, state, r)]
        if not hopeless:
            return layout
        again = layout.without_prize(hopeless).afresh(seed)
        self.kernels.start(_whole(again.case), again.state)
        return again

    def _cool(
        self, layout: Layout, budget: Budget, turns: int, heats: tuple[float, float], part: float
    ) -> int:
        """Turns for ``part`` of the budget while the heat falls; how many turns now."""
        case, began = layout.case, budget.spent(turns)
        while part > 0 and (share := (budget.spent(turns) - began) / part) < 1:
            self.kernels.polish(
                case, layout.state, CHUNK, self.cooling.heat(*heats, share) * case.unit, False
            )
            turns += CHUNK
        return turns

    def _fewer_vehicles(self, layout: Layout, budget: Budget) -> int:
        """Turns that give up one vehicle after another, until the next seems out of reach; how many turns."""
        state, cooling = layout.state, self.cooling
        case = _whole(layout.case)
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
        self.kernels.end_phase(case, state)
        return turns

    def _add_lines(self, lines: list[Layout], budget: Budget, turns: int, seed: int) -> int:
        """Other plans of as few vehicles as the first of ``lines``, where they are soon found; how many turns now."""
        cooling, fewest = self.cooling, lines[0].vehicles_kept()
        part = cooling.line_fleet * (1 - budget.spent(turns))
        for k in range(1, cooling.lines):
            other = lines[0].afresh(seed + k * NEXT_SEED)
            case, state = _whole(other.case), other.state
            self.kernels.start(case, state)
            until = budget.spent(turns) + part
            while budget.spent(turns) < until and (
                state.tally[BEST_MISSING] > 0 or other.vehicles_kept() > fewest
            ):
                self.kernels.polish(case, state, CHUNK, cooling.fleet_heat * case.unit, True)
                turns += CHUNK
            self.kernels.end_phase(case, state)
            if state.tally[MISSING] == 0 and other.vehicles_kept() <= fewest:
                lines.append(other)
        return turns


def _whole(case: Case) -> Case:
    """Whole routes are searched for a place, not only what is beside a neighbour: where few places are left."""
    return case._replace(beside_most=0)
