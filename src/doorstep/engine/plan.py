"""The plan of one tick: last tick's, with what is new where it is cheapest, polished.

A small world is polished whole. A large one falls into parts (``parts``), each searched apart, with turns by its orders and chance of
its own: what they are is settled by the world alone, so that how many threads work beside each other changes no bit of the plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from doorstep.engine.arrays import Layout, blank_chains, thousandths
from doorstep.engine.chains import (
    ABSENT,
    CELLS,
    CREW,
    MARKS,
    MEMBERS,
    OWNER,
    PART,
    TOTAL,
    TOUCHES,
    TURN,
    Chains,
    Ints,
    Search,
)
from doorstep.engine.compiled import Kernels
from doorstep.engine.params import Params
from doorstep.engine.threads import side_by_side, stretches

SEED_STEP = 1_000_003
"""Between the seeds of two parts; the first has the tick's own, so that a world in one piece is searched as if it were small."""


def make_plan(layout: Layout, params: Params, kernels: Kernels, seed: int, threads: int) -> None:
    """Warm start, cheapest insertion, polish; leaves the plan in the layout's chains.

    Very many new orders at once are first given out one to one, by an auction.
    """
    case, chains, search, saved = layout.case, layout.chains, layout.search, layout.saved
    for_each_order(layout, kernels.find_candidates, threads)
    kernels.add_unclaimed(case, search)
    kernels.settle(case, chains, search)
    news = layout.left_out()
    if len(news) >= params.surge_orders:
        kernels.assign_new(case, chains, search, saved)
    kernels.insert_new(case, chains, search, saved)
    kernels.widen(case, chains, search, saved)
    if case.orders and case.drivers:
        for_each_order(layout, kernels.find_neighbours, threads)
        turns = min(params.iterations_max, params.iterations_min + params.iterations_per_order * case.orders)
        turns += params.iterations_per_new * len(news)
        polish(layout, params, kernels, seed, turns, threads, set(news))
        kernels.widen(case, chains, search, saved)


def polish(
    layout: Layout, params: Params, kernels: Kernels, seed: int, turns: int, threads: int, news: set[int]
) -> None:
    """Ruin and recreate for so many ``turns``, of all at once or of each part by itself.

    Where nothing is new, it was polished before, and few are enough. ``news``: the orders that nobody had in the last plan, or has now.
    """
    case, chains, search = layout.case, layout.chains, layout.search

    def so_many(turns: int, *, new: bool) -> int:
        return turns if new else turns * params.still_permille // 1000

    def search_in(notes: Search, saved: Chains, scope: Ints, turns: int, seed: int) -> None:
        kernels.ruin_and_recreate(
            case, chains, notes, saved, layout.best, scope, turns, seed, 60 * thousandths(params.hot_min),
            params.ruin_most, params.blink_permille,
        )  # fmt: skip

    if case.orders < params.apart_orders:
        everybody = layout.rows.of([*range(case.orders), *range(case.drivers)])
        search_in(search, layout.saved, everybody, so_many(turns, new=bool(news)), seed)
        return
    parts = parts_of(layout, params, kernels, news)
    largest_first = sorted(parts, key=lambda part: part.orders, reverse=True)
    side_by_side(threads, [
        partial(
            search_in, part.notes, part.saved, part.scope, so_many(turns * part.orders // case.orders, new=part.new),
            seed + SEED_STEP * part.number,
        )
        for part in largest_first
    ])  # fmt: skip
    search.tally[TOTAL] += sum(part.notes.tally[TOTAL] for part in parts)
    search.tally[ABSENT] = sum(part.notes.tally[ABSENT] for part in parts)
    search.tally[TURN], search.tally[TOUCHES] = turns + 1, 0  # a turn that no part has seen


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the world, and what its search works with: nothing that another part touches but rows of its own."""

    number: int
    orders: int
    new: bool  # the last plan does not know all of them
    scope: Ints  # the rows of its orders, then of its drivers
    notes: Search
    saved: Chains


def parts_of(layout: Layout, params: Params, kernels: Kernels, news: set[int]) -> list[Part]:
    """The parts of the world as its plan stands, by number."""
    case, search, rows = layout.case, layout.search, layout.rows
    everybody = case.orders + case.drivers
    begins, scope = rows.blank(2 * case.orders + 1), rows.blank(everybody)
    count = kernels.find_parts(case, search, params.apart_candidates, rows.blank(everybody), begins, scope)
    found = []
    for number in range(count):
        since, crew_since, until = (begins[2 * number + k] for k in range(3))
        orders, drivers, own = crew_since - since, until - crew_since, stretch(scope, since, until)
        tally = rows.blank(CELLS)
        tally[PART], tally[MEMBERS], tally[CREW] = number, orders, drivers
        tally[ABSENT] = sum(search.order[own[i] * MARKS + OWNER] < 0 for i in range(orders))
        notes = search._replace(
            tally=tally, chance=rows.blank(1), pool=rows.blank(orders), touched=rows.blank(drivers), drifted=rows.blank(drivers)
        )  # fmt: skip
        new = any(int(own[i]) in news for i in range(orders))
        found.append(Part(number, orders, new, own, notes, blank_chains(rows, case, drivers)))
    return found


def stretch(row: Ints, since: int, until: int) -> Ints:
    """A stretch of ``row``."""
    whole: Any = row
    found: Ints = whole[since:until]
    return found


def for_each_order(layout: Layout, kernel: Callable[..., None], threads: int) -> None:
    """Run ``kernel`` over all orders, a stretch of them in each of ``threads``."""
    case, search = layout.case, layout.search

    def run(some: range) -> None:
        keys = layout.rows.blank(case.candidates_most + case.neighbours_most)
        kernel(case, search._replace(keys=keys), some.start, some.stop)

    side_by_side(threads, [partial(run, some) for some in stretches(case.orders, threads)])
