"""One more free driver never harms, and a place that is passed over unlooked could not have been cheaper."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK, worlds
from tests.engine.test_plan import whole_plan

from doorstep.engine.arrays import lay_out
from doorstep.engine.chains import COST, DROPOFF, MARKS, ORDER, OWNER, PICKUP, PRICE, TALLY, TRIPS, way
from doorstep.engine.compiled import PYTHON
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.insertion import alone_at_least, chain_with
from doorstep.engine.objective import NEVER, take_out
from doorstep.engine.plan import make_plan
from doorstep.engine.world import Driver, Travel, World

THOROUGH = replace(QUICK, iterations_min=150, iterations_max=150)
SEARCH_NOISE = 0.02
"""Of the cost: two searches from nothing may end in two plans."""


def left_out_prices(world: World, travel: Travel, now: int) -> dict[str, float]:
    """What leaving each order out costs, in minutes."""
    layout = lay_out(world, travel, QUICK, now, compiled=False)
    PYTHON.find_candidates(layout.case, layout.search, 0, layout.case.orders)
    return {
        order.id: layout.search.order[o * MARKS + PRICE] / 60_000 for o, order in enumerate(layout.orders)
    }


def dearer_to_leave_out(before: Decisions, world: World, helped: World, travel: Travel, now: int) -> float:
    """By how much the same orders left out cost more with her.

    One that nobody could take had no earliest delivery to be priced by; with her it has.
    """
    was, is_ = left_out_prices(world, travel, now), left_out_prices(helped, travel, now)
    lost = [outlook.order for outlook in before.outlooks if outlook.driver is None]
    return sum(max(0.0, is_[order] - was[order]) for order in lost)


@LAWS
@given(worlds(), st.integers(0, 2))
def test_another_free_driver_never_makes_the_plan_dearer(
    given_: tuple[World, Travel, int], place: int
) -> None:
    world, travel, now = given_
    before = decide(world, travel, QUICK, now, 1, PYTHON)
    helped = replace(
        world,
        drivers=(*world.drivers, Driver(id="zoe", place=place, free_s=now)),
        plan={name: tuple(chain) for name, chain in whole_plan(before).items()},
    )
    same = before.cost + dearer_to_leave_out(before, world, helped, travel, now)
    assert decide(helped, travel, QUICK, now, 2, PYTHON).cost <= same + 1e-9


@LAWS
@given(worlds(), st.integers(0, 2))
def test_nor_when_both_plans_are_searched_from_nothing(given_: tuple[World, Travel, int], place: int) -> None:
    world, travel, now = given_
    before = decide(world, travel, THOROUGH, now, 1, PYTHON)
    helped = replace(world, drivers=(*world.drivers, Driver(id="zoe", place=place, free_s=now)))
    after = decide(helped, travel, THOROUGH, now, 1, PYTHON)
    same = before.cost + dearer_to_leave_out(before, world, helped, travel, now)
    assert after.cost <= same * (1 + SEARCH_NOISE) + 1e-9


@LAWS
@given(worlds(), st.sampled_from([0, 120]), st.sampled_from([0.1, 2.0]))
def test_a_place_passed_over_could_not_have_been_cheaper(
    given_: tuple[World, Travel, int], lead_s: int, waiting: float
) -> None:
    world, travel, now = given_
    params = replace(QUICK, offer_lead_s=lead_s, waiting_price=waiting)
    layout = lay_out(world, travel, params, now, compiled=False)
    make_plan(layout, params, PYTHON, 1, threads=1)
    case, chains, search = layout.case, layout.chains, layout.search
    assume(case.orders and case.drivers)
    looked = 0
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] >= 0:
            take_out(case, chains, search, layout.saved, o)
        leg = way(case, case.order[o * ORDER + PICKUP], case.order[o * ORDER + DROPOFF])
        for d in range(case.drivers):
            trips = chains.tally[d * TALLY + TRIPS]
            if trips == case.trips_most:
                continue
            for t in range(trips + 1):
                cost = chain_with(case, chains, d, t, chains.order, 0, 0, o, 0, 1 << 60)
                if cost == NEVER:
                    continue
                looked += 1
                assert alone_at_least(case, chains, o, d, t, leg) <= cost - chains.tally[d * TALLY + COST]
                assert chain_with(case, chains, d, t, chains.order, 0, 0, o, 0, cost + 1) == cost
                assert chain_with(case, chains, d, t, chains.order, 0, 0, o, 0, cost) == NEVER
    assume(looked)
