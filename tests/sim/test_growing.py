"""Trips that grow on a simulated day, by the rule of the live market."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.test_belief import market
from tests.sim.test_day import SMALL, each_drives_one_trip_at_a_time, same

from doorstep.engine.compiled import Kernels, warm_up
from doorstep.engine.decisions import Decisions
from doorstep.engine.world import World
from doorstep.sim.belief import Belief
from doorstep.sim.day import Day, play
from doorstep.sim.passing import No
from doorstep.sim.scenario import Behaviour, City, Demand, Dispatch, Fleet, Policy, Scenario
from doorstep.sim.tally import NEVER

FEW_SHOPS: Scenario = replace(
    SMALL, city=City(stores=4, radius_km=8), demand=Demand(orders=160), fleet=Fleet(drivers=14)
)


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return warm_up()


def on_her_way() -> Belief:
    """A driver is on her way to a store; a second order of that store came in."""
    belief = market(Dispatch())
    belief.offered(7, ("o000000",), 60, 20)
    belief.accepted(7, 20)
    belief.placed(1, store=0, door=(1100.0, 0.0), placed_s=100, told_s=1000, due_s=3700)
    belief.roads.told(1.0)
    return belief


def test_who_is_under_way_keeps_what_she_was_sent_for_and_more_may_join() -> None:
    belief = on_her_way()
    world = belief.world(120)
    (driver,) = world.drivers
    assert driver.keeps == ("o000000",)
    assert {order.id for order in world.orders} == {"o000000", "o000001"}
    assert belief.asked_to_join(7, ("o000001", "o000000"), ("o000001",)) == (1, 0)
    assert belief.waits_longer_s(7, 120) == 100, "the store has the second one ready later"
    (asked,) = belief.world(130).drivers
    assert (asked.spoken_for, asked.keeps) == (True, ())
    belief.joined(7)
    (grown,) = belief.world(140).drivers
    assert grown.keeps == ("o000001", "o000000")
    assert belief.waiting == 0
    belief.picked_up(7, 1000)
    (driving,) = belief.world(1010).drivers
    assert (driving.keeps, belief.world(1010).orders) == ((), ())


def test_a_no_leaves_her_trip_as_it_was_and_the_order_waits_for_somebody_else() -> None:
    belief = on_her_way()
    before = belief.world(120).drivers
    belief.asked_to_join(7, ("o000000", "o000001"), ("o000001",))
    belief.not_joined(7, No(final=False, next_best_min=0.5))
    world = belief.world(120)
    assert world.drivers == before
    assert {order.id: order.refused_by for order in world.orders}["o000001"] == {"d00007"}
    belief.asked_to_join(7, ("o000000", "o000001"), ("o000001",))
    belief.not_joined(7, None, cancelled=1)
    assert belief.waiting == 0


def test_nothing_is_asked_of_who_could_not_answer_in_time() -> None:
    belief = on_her_way()
    assert belief.world(900 - 60).drivers[0].keeps
    assert not belief.world(900 - 59).drivers[0].keeps, "she has the goods in less than an offer lasts"


def test_trips_grow_where_shops_are_few_and_what_is_brought_is_brought_once(kernels: Kernels) -> None:
    kept: set[str] = set()
    sent: list[str] = []

    def watch(world: World, *tick: object) -> None:
        kept.update(name for driver in world.drivers for name in driver.keeps)
        decisions = tick[-1]
        assert isinstance(decisions, Decisions)
        sent.extend(name for send in decisions.sends for name in send.orders)

    told = replace(FEW_SHOPS, behaviour=Behaviour(declines=0, signal_losses_h=0, cancels=0))
    day = play(told, 1, kernels, watch)
    assert day.tally.grown >= 2
    assert len(sent) == len(set(sent)), "who keeps an order keeps it"
    assert kept
    assert play(replace(told, dispatch=replace(told.dispatch, grow=False)), 1, kernels).tally.grown == 0


def lawful(day: Day) -> None:
    tally = day.tally
    each_drives_one_trip_at_a_time(tally)
    done = tally.dropped_s != NEVER
    if not tally.asked_all.any():
        assert tally.trips + tally.grown + tally.declined + tally.lapsed + tally.withdrawn == tally.offers
    assert (tally.picked_s[done] >= day.truth.orders.ready_s[done]).all()
    assert not (done & (tally.cancelled_s != NEVER)).any()
    assert (tally.carrier[done] != NEVER).all()
    assert np.array_equal(np.unique(tally.carrier[done]), np.flatnonzero(tally.pay_minor))


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10_000), st.sampled_from([0.0, 0.3]), st.sampled_from([0.0, 0.4]), st.sampled_from([0, 2])
)
def test_whatever_people_do_every_order_is_carried_once(
    seed: int, declines: float, cancels: float, noes: int
) -> None:
    people = Behaviour(declines=declines, signal_losses_h=2.0, cancels=cancels)
    knobs = replace(FEW_SHOPS.dispatch.params, ask_ahead_s=300)
    dispatch = replace(FEW_SHOPS.dispatch, params=knobs, declines_before_broadcast=noes)
    lawful(play(replace(FEW_SHOPS, behaviour=people, dispatch=dispatch), seed, warm_up()))


def test_the_day_is_the_same_each_time_and_other_policies_know_nothing_of_it(kernels: Kernels) -> None:
    assert same(play(FEW_SHOPS, 3, kernels), play(FEW_SHOPS, 3, kernels))
    for policy in (Policy.NEAREST, Policy.LATE_F1):
        grows, not_ = (
            play(
                replace(FEW_SHOPS, dispatch=replace(FEW_SHOPS.dispatch, policy=policy, grow=grow)), 3, kernels
            )
            for grow in (True, False)
        )
        assert same(grows, not_)
