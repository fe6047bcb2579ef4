"""Pay that rises with each no on a simulated day, by the live network's own rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.test_belief import NEAR, market
from tests.sim.test_day import SMALL, same

from doorstep.engine.compiled import Kernels, warm_up
from doorstep.features.offers.rising import ASKED_MOST
from doorstep.sim.asked import Terms
from doorstep.sim.day import Market, play
from doorstep.sim.measures import measure
from doorstep.sim.passing import No, Rivals
from doorstep.sim.scenario import Behaviour, Dispatch, Policy, Scenario, ScenarioRefused
from doorstep.sim.settings import settings_of
from doorstep.sim.truth import draw

FAR = No(final=False, next_best_min=20.0)
UNHEARD = No(final=True, next_best_min=None)


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return warm_up()


def town(**changes: object) -> Scenario:
    """A small town where nearly a third of the offers are declined."""
    return replace(
        SMALL,
        behaviour=Behaviour(declines=0.3),
        dispatch=replace(SMALL.dispatch, **changes),  # type: ignore[arg-type]
    )


def test_a_no_that_leaves_somebody_far_raises_the_pay_and_she_may_be_asked_again() -> None:
    belief = market(Dispatch(rise_step_minor=250, rise_most_minor=400, rise_from_min=5))
    for no, extra, barred in ((NEAR, 0, True), (FAR, 250, False), (FAR, 400, False)):
        belief.offered(7, ("o000000",), 60, 20)
        belief.not_taken(7, no)
        (order,) = belief.world(60).orders
        assert (belief.noes.extra_minor(0), order.refused_by == {"d00007"}) == (extra, barred)


@given(st.lists(st.sampled_from([NEAR, FAR, UNHEARD]), max_size=8))
def test_nobody_is_asked_more_than_so_often_nor_after_she_let_it_run_out(said: list[No]) -> None:
    belief = market(Dispatch(rise_step_minor=100, rise_most_minor=10_000))
    for no in said:
        belief.offered(7, ("o000000",), 60, 20)
        belief.not_taken(7, no)
    (order,) = belief.world(60).orders
    over = any(no.final for no in said) or len(said) >= ASKED_MOST or (said and said[-1] is NEAR)
    assert (order.refused_by == {"d00007"}) == bool(over)
    assert belief.noes.count(0) == bool(said)


def test_where_pay_rises_orders_that_were_declined_arrive_sooner_and_cost_more(kernels: Kernels) -> None:
    days = range(1, 5)
    same_pay = [measure(play(town(rise_step_minor=0), seed, kernels)) for seed in days]
    rises = [measure(play(town(), seed, kernels)) for seed in days]
    assert np.mean([day.ctd90 for day in rises]) < np.mean([day.ctd90 for day in same_pay])
    assert np.mean([day.cost_per_order_minor for day in rises]) > np.mean(
        [day.cost_per_order_minor for day in same_pay]
    )


def test_the_same_driver_saying_no_thrice_is_one_who_passed() -> None:
    belief = market(Dispatch(rise_step_minor=100, rise_most_minor=10_000, declines_before_broadcast=3))
    for _ in range(3):
        belief.offered(7, ("o000000",), 60, 20)
        belief.not_taken(7, FAR)
    (order,) = belief.world(60).orders
    assert (belief.noes.count(0), order.reserved) == (1, False)


def test_where_nobody_says_no_it_changes_nothing(kernels: Kernels) -> None:
    willing = Behaviour(declines=0, signal_losses_h=0)
    rises, same_pay = (
        replace(SMALL, behaviour=willing, dispatch=replace(SMALL.dispatch, rise_step_minor=step))
        for step in (300, 0)
    )
    assert same(play(rises, 3, kernels), play(same_pay, 3, kernels))


@settings(max_examples=4, deadline=None)
@given(st.integers(1, 500))
def test_every_offer_pays_what_it_always_would_and_at_most_the_cap_on_top(seed: int) -> None:
    shown: list[Terms] = []

    class Watched(Market):
        def _show(self, driver: int, terms: Terms, rivals: Rivals, doors: tuple[int, ...] = ()) -> None:
            shown.append(terms)
            super()._show(driver, terms, rivals, doors)

    scenario = town(rise_step_minor=500, rise_most_minor=700)
    Watched(scenario, seed, None, None, draw(scenario, seed)).run()
    extras = [terms.pay_minor - terms.usual_minor for terms in shown]
    assert all(0 <= extra <= 700 * len(terms.rows) for extra, terms in zip(extras, shown, strict=True))
    assert any(extras)


def test_other_dispatchers_are_what_they_are_in_the_field_and_raise_nothing(kernels: Kernels) -> None:
    for policy in (Policy.LATE_F1, Policy.NEAREST):
        rises, same_pay = town(policy=policy), town(policy=policy, rise_step_minor=0)
        assert same(play(rises, 2, kernels), play(same_pay, 2, kernels))


def test_an_operator_varies_it_by_name_and_is_told_what_is_out_of_reach() -> None:
    found = settings_of("town", {"title": "A town"}, ["rise=0,300", "rise_most=900", "rise_from=2.5"])
    assert [one.scenario.dispatch.rise.after(9) for one in found] == [0, 900]
    with pytest.raises(ScenarioRefused, match="rise_step_minor"):
        settings_of("town", {"title": "A town"}, ["rise=-1"])
