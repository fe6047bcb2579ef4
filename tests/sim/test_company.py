"""A courier company behind the drivers of a simulated day."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.engine.compiled import Kernels, warm_up
from doorstep.engine.decisions import Decisions
from doorstep.engine.params import Params
from doorstep.engine.world import FOREVER_S, Travel, World
from doorstep.sim.day import Day, play
from doorstep.sim.errands import errand
from doorstep.sim.measures import measure
from doorstep.sim.scenario import (
    TRUSTED,
    Behaviour,
    City,
    Company,
    Demand,
    Dispatch,
    Fleet,
    Policy,
    Scenario,
    ScenarioRefused,
)
from doorstep.sim.tally import NEVER
from doorstep.sim.truth import draw

SHORT = Scenario(
    name="short", title="A small town with too few drivers", city=City(stores=10, radius_km=8),
    demand=Demand(orders=120), fleet=Fleet(drivers=12),
    dispatch=Dispatch(
        params=Params(iterations_min=30, iterations_per_order=2, offer_lead_s=60), declines_before_broadcast=3
    ),
)  # fmt: skip
LAST = Company(fee_minor=900)
IN_PLAN = Company(fee_minor=900, minute_minor=50)


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return warm_up()


def same(a: Day, b: Day) -> bool:
    names = ("picked_s", "dropped_s", "carrier", "handed_s", "fee_minor", "pay_minor", "asked_all", "series")
    return all(np.array_equal(getattr(a.tally, name), getattr(b.tally, name)) for name in names)


def brought(company: Company, kernels: Kernels, seed: int = 1, scenario: Scenario = SHORT) -> Day:
    return play(replace(scenario, company=company), seed, kernels)


def test_a_company_saves_orders_that_nobody_would_bring(kernels: Kernels) -> None:
    alone, last = (measure(brought(company, kernels)) for company in (Company(), LAST))
    assert alone.undelivered_pct > 2
    assert alone.by_company_pct == alone.company_fees_minor == 0
    assert last.undelivered_pct == 0
    assert last.by_company_pct > 5
    assert last.ctd90 < alone.ctd90 - 3
    assert last.driver_pay_minor < alone.driver_pay_minor
    assert last.company_fees_minor == pytest.approx(900 * last.by_company_pct * 1.2)
    assert last.cost_per_order_minor * 120 == pytest.approx(last.driver_pay_minor + last.company_fees_minor)


@pytest.mark.parametrize("policy", list(Policy))
def test_whoever_decides_has_it_as_a_last_resort_and_asked_one_by_one_too(
    kernels: Kernels, policy: Policy
) -> None:
    scenario = replace(SHORT, dispatch=replace(SHORT.dispatch, policy=policy, declines_before_broadcast=0))
    alone, last = (measure(brought(company, kernels, scenario=scenario)) for company in (Company(), LAST))
    assert last.undelivered_pct < alone.undelivered_pct
    assert last.by_company_pct > 0
    assert last.asked_all_pct == 0


def test_the_dearer_it_is_the_less_the_plan_leaves_to_it(kernels: Kernels) -> None:
    """The same three days: what any driver would cost more for goes to it, what nobody else can bring goes to it at any fee."""
    enough = replace(SHORT, fleet=Fleet(drivers=24))
    cheap, dear, last = (
        sum(int(brought(company, kernels, day, enough).tally.by_company.sum()) for day in (1, 2, 3))
        for company in (
            Company(fee_minor=50, minute_minor=50),
            Company(fee_minor=4000, minute_minor=50),
            Company(fee_minor=50),
        )
    )
    assert cheap > dear + 3
    assert dear >= last > 0


def test_asked_last_its_fee_decides_nothing(kernels: Kernels) -> None:
    cheap, dear = (brought(Company(fee_minor=fee), kernels) for fee in (1, 2000))
    for name in ("dropped_s", "carrier", "handed_s", "pay_minor"):
        assert np.array_equal(getattr(cheap.tally, name), getattr(dear.tally, name)), name


@pytest.mark.parametrize("asks", [0, 3])
def test_without_a_fee_there_is_no_company_and_the_day_is_the_day_before(kernels: Kernels, asks: int) -> None:
    people = Behaviour(declines=0.3, cancels=0.1)
    scenario = replace(
        SHORT, behaviour=people, dispatch=replace(SHORT.dispatch, declines_before_broadcast=asks)
    )
    nobody = Company(fee_minor=0, minute_minor=80, pickup_s=60, pickup_spread=1.0, refuses=0.5)
    day = brought(nobody, kernels, 2, scenario)
    assert same(day, play(scenario, 2, kernels))
    assert not day.tally.by_company.any()


def test_a_company_changes_nothing_about_the_luck_of_the_day(kernels: Kernels) -> None:
    """Common random numbers: the same order is as late at the store and as welcome, whenever and for whatever fee it is asked."""
    plain, other = draw(SHORT, 7), draw(replace(SHORT, company=IN_PLAN, fleet=Fleet(drivers=30)), 7)
    for name in ("placed_s", "ready_s", "leg_luck", "cancel_s", "company_luck", "company_takes"):
        assert np.array_equal(getattr(plain.orders, name), getattr(other.orders, name)), name
    more = draw(replace(SHORT, demand=Demand(orders=200)), 7)
    assert np.array_equal(more.orders.company_luck[:120], plain.orders.company_luck)
    assert same(brought(IN_PLAN, kernels, 7), brought(IN_PLAN, kernels, 7))
    assert not same(brought(IN_PLAN, kernels, 7), brought(IN_PLAN, kernels, 8))


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0, 25, 100]), st.sampled_from([0, 2]))
def test_no_order_is_both_driven_and_handed_over_and_each_is_paid_for_once(
    seed: int, minute: int, asks: int
) -> None:
    """Whatever people do: declines, silence, cancellations, and a company that does not take everything."""
    people = Behaviour(declines=0.3, signal_losses_h=1.0, cancels=0.3)
    company = Company(fee_minor=800, minute_minor=minute, refuses=0.3)
    dispatch = replace(SHORT.dispatch, declines_before_broadcast=asks)
    scenario = replace(
        SHORT, demand=Demand(orders=60), fleet=Fleet(drivers=5), behaviour=people, dispatch=dispatch
    )
    day = brought(company, warm_up(), seed, scenario)
    tally, orders = day.tally, day.truth.orders
    handed, driven = tally.handed_s != NEVER, tally.carrier != NEVER
    done, cancelled = tally.dropped_s != NEVER, tally.cancelled_s != NEVER
    assert handed.any()
    assert not (handed & driven).any()
    assert not (handed & ~orders.company_takes).any()
    assert np.array_equal(done, driven | tally.by_company)
    assert np.array_equal(handed & ~cancelled, tally.by_company)
    assert not (done & cancelled).any()
    assert (tally.fee_minor == 800 * tally.by_company).all()
    assert tally.tips_minor.sum() == orders.tip_minor[driven].sum()
    late = tally.by_company & (orders.cancel_s != NEVER)  # she wished it too late
    assert (orders.cancel_s[late] >= tally.picked_s[late]).all()
    assert (tally.picked_s[done] >= orders.ready_s[done]).all()
    assert (tally.handed_s[handed] >= orders.placed_s[handed]).all()
    found = measure(day)
    paid = found.cost_per_order_minor * done.sum()
    assert paid == pytest.approx(tally.pay_minor.sum() + 800 * tally.by_company.sum())


def test_who_is_refused_goes_back_to_the_drivers(kernels: Kernels) -> None:
    never, alone = (brought(company, kernels) for company in (replace(IN_PLAN, refuses=1.0), Company()))
    assert 5 < never.tally.company_refused <= 120, "nothing is offered to it twice"
    assert not (never.tally.handed_s != NEVER).any()
    drivers_bring = [int((day.tally.dropped_s != NEVER).sum()) for day in (never, alone)]
    assert drivers_bring[0] >= drivers_bring[1] - 6


def test_what_its_courier_meets_is_known_to_nobody_before(kernels: Kernels) -> None:
    """Decisions are the same to the last bit however long its couriers will take; only what they bring comes at another time."""
    scenario = replace(SHORT, company=IN_PLAN)
    truth = draw(scenario, 3)
    slower = replace(truth, orders=replace(truth.orders, company_luck=truth.orders.company_luck * 2))

    def decided(one: object) -> tuple[list[Decisions], Day]:
        found: list[Decisions] = []

        def note(_w: World, _t: Travel, _p: Params, _n: int, _s: int, decisions: Decisions) -> None:
            found.append(decisions)

        assert isinstance(one, type(truth))
        return found, play(scenario, 3, kernels, note, one)

    (first, usual), (second, slow) = decided(truth), decided(slower)
    assert first == second
    by = usual.tally.by_company
    assert by.any()
    assert np.array_equal(by, slow.tally.by_company)
    assert (slow.tally.dropped_s[by] > usual.tally.dropped_s[by]).all()
    assert np.array_equal(slow.tally.dropped_s[~by], usual.tally.dropped_s[~by])


def test_its_price_is_in_the_world_that_is_decided_on_and_nowhere_without_a_minutes_worth(
    kernels: Kernels,
) -> None:
    for company, known in ((IN_PLAN, True), (LAST, False)):
        prices: list[int] = []

        def note(world: World, *_: object, into: list[int] = prices) -> None:
            kept = {name for driver in world.drivers for name in driver.keeps}
            into.extend(order.elsewhere_s for order in world.orders if order.id not in kept)

        play(replace(SHORT, company=company), 1, kernels, note)
        assert all((price < FOREVER_S) == known for price in prices)
        if known:  # eighteen minutes for the fee, twenty for the way to the store, and the way to the door
            assert min(prices) > (18 + 20) * 60


def test_an_errand_goes_as_the_truth_has_it() -> None:
    truth = draw(replace(SHORT, behaviour=TRUSTED), 1)
    calm = replace(truth, orders=replace(truth.orders, company_luck=np.full(120, 1.5)))
    ready_s, placed_s = truth.orders.ready_s, truth.orders.placed_s
    row = int(np.argmax(ready_s - placed_s))
    soon = errand(calm, Company(fee_minor=1, pickup_s=60), row, int(placed_s[row]))
    assert soon.picked_s == ready_s[row], "it waits for the kitchen as anybody would"
    late = errand(calm, Company(fee_minor=1, pickup_s=1200), row, int(ready_s[row]))
    assert late.picked_s == ready_s[row] + 1800 + 120, "once and a half the median, then half a stop"
    assert late.dropped_s - late.picked_s > 120 + 90


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fee_minor": -1}, "company.fee_minor = -1: must lie between 0"),
        ({"minute_minor": -5}, "company.minute_minor"),
        ({"pickup_s": 20_000}, "company.pickup_s"),
        ({"pickup_spread": 3.0}, "company.pickup_spread"),
        ({"refuses": 1.5}, "company.refuses = 1.5: must lie between 0 and 1"),
    ],
)
def test_a_company_that_cannot_be_is_refused(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(ScenarioRefused, match=says):
        Company(**wrong)
