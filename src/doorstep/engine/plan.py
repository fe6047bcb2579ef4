"""The plan of one tick: last tick's, with what is new where it is cheapest, polished.

A small world is polished whole. A large one falls into parts (``parts``), each searched apart, with turns by its orders and chance of
its own: what they are is settled by the world alone, so that how many threads work beside each other changes no bit of the plan.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from doorstep.engine.arrays import Layout, thousandths
from doorstep.engine.chains import (
    ABSENT,
    CELLS,
    CREW,
    KNOWN,
    MARKS,
    MEMBERS,
    OWNER,
    PART,
    TALLY,
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


def make_plan(layout: Layout, params: Params, kernels: Kernels, seed: int, threads: int) -> None:
    """Warm start, cheapest insertion, polish; leaves the plan in the layout's chains.

    Very many new orders at once are first given out one to one, by an auction.
    """
    case, chains, search, saved = layout.case, layout.chains, layout.search, layout.saved
    new = len(layout.left_out())
    for_each_order(layout, kernels.find_candidates, threads)
    kernels.settle(case, chains, search)
    if new >= params.surge_orders:
        kernels.assign_new(case, chains, search, saved)
    kernels.insert_new(case, chains, search, saved)
    kernels.widen(case, chains, search, saved)
    if case.orders and case.drivers:
        for_each_order(layout, kernels.find_neighbours, threads)
        turns = min(params.iterations_max, params.iterations_min + params.iterations_per_order * case.orders)
        polish(layout, params, kernels, seed, turns + params.iterations_per_new * new, threads)
        kernels.widen(case, chains, search, saved)


def polish(layout: Layout, params: Params, kernels: Kernels, seed: int, turns: int, threads: int) -> None:
    """Ruin and recreate for so many ``turns``, of all at once or of each part by itself."""
    case, chains, search = layout.case, layout.chains, layout.search

    def search_in(notes: Search, saved: Chains, turns: int, seed: int) -> None:
        kernels.ruin_and_recreate(
            case, chains, notes, saved, layout.best, turns, seed, 60 * thousandths(params.hot_min),
            params.ruin_most, params.blink_permille,
        )  # fmt: skip

    if case.orders < params.apart_orders:
        search_in(search, layout.saved, turns, seed)
        return
    parts = parts_of(layout, params, kernels)
    largest_first = sorted(parts, key=lambda part: part[0].tally[MEMBERS], reverse=True)
    side_by_side(threads, [
        partial(search_in, notes, saved, turns * notes.tally[MEMBERS] // case.orders, seed + SEED_STEP * notes.tally[PART])
        for notes, saved in largest_first
    ])  # fmt: skip
    search.tally[TOTAL] += sum(notes.tally[TOTAL] for notes, _ in parts)
    search.tally[ABSENT] = sum(notes.tally[ABSENT] for notes, _ in parts)
    search.tally[TURN], search.tally[TOUCHES] = turns + 1, 0  # a turn that no part has seen


def parts_of(layout: Layout, params: Params, kernels: Kernels) -> list[tuple[Search, Chains]]:
    """What the search of each part works with, and where it keeps chains while it tries: nothing that another part touches."""
    case, search, saved = layout.case, layout.search, layout.saved
    members, crews = layout.rows.blank(case.orders + 1), layout.rows.blank(case.orders + 1)
    count = kernels.find_parts(case, search, params.apart_candidates, members, crews)
    trips, room, known = case.trips_most, case.trips_most * case.bundle_most, (case.trips_most + 1) * KNOWN
    found = []
    for number in range(count):
        since, until = members[number], members[number + 1]
        begin, end = crews[number], crews[number + 1]
        member = stretch(search.member, since, until)
        tally = layout.rows.blank(CELLS)
        tally[PART], tally[MEMBERS], tally[CREW] = number, until - since, end - begin
        tally[ABSENT] = sum(search.order[member[i] * MARKS + OWNER] < 0 for i in range(until - since))
        notes = search._replace(
            tally=tally, chance=layout.rows.blank(1), member=member, crew=stretch(search.crew, begin, end),
            pool=stretch(search.pool, since, until), touched=stretch(search.touched, begin, end),
            drifted=stretch(search.drifted, begin, end),
        )  # fmt: skip
        own = Chains(
            stretch(saved.order, begin * room, end * room), stretch(saved.size, begin * trips, end * trips),
            stretch(saved.known, begin * known, end * known), stretch(saved.tally, begin * TALLY, end * TALLY),
        )  # fmt: skip
        found.append((notes, own))
    return found


def stretch(row: Ints, since: int, until: int) -> Ints:
    """A stretch of ``row``: of NumPy's rows the very cells, of lists a copy, which does where nobody reads it afterwards."""
    whole: Any = row
    found: Ints = whole[since:until]
    return found


def for_each_order(layout: Layout, kernel: Callable[..., None], threads: int) -> None:
    """Run ``kernel`` over all orders, a stretch of them in each of ``threads``."""
    case, search = layout.case, layout.search

    def run(some: range) -> None:
        heap = layout.rows.blank(case.candidates_most + case.neighbours_most)
        kernel(case, search._replace(heap=heap), some.start, some.stop)

    side_by_side(threads, [partial(run, some) for some in stretches(case.orders, threads)])
