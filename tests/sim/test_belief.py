"""What dispatch is told, report by report."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.sim.belief import Belief
from doorstep.sim.ground import Streets
from doorstep.sim.passing import No
from doorstep.sim.roads import FAR_S, Roads
from doorstep.sim.scenario import Dispatch

STORES = np.array([[0.0, 0.0], [4000.0, 1000.0]])

NEAR = No(final=False, next_best_min=0.5)
"""She declined, and the next driver was as good."""


def market(dispatch: Dispatch | None = None) -> Belief:
    """One order of one store, one driver next to it."""
    belief = Belief(Roads(Streets(), STORES, room=2), dispatch or Dispatch())
    belief.placed(0, store=0, door=(1000.0, 0.0), placed_s=0, told_s=900, due_s=3600)
    belief.on_duty(7, (100.0, 0.0), 0, 20_000)
    belief.roads.told(1.0)
    return belief


def test_what_is_offered_is_neither_waiting_nor_is_she_free() -> None:
    belief = market()
    belief.offered(7, ("o000000",), 60, 20)
    world = belief.world(10)
    assert world.orders == ()
    (driver,) = world.drivers
    assert driver.free_s == 60 + 20 * 60
    assert (belief.waiting, belief.free, belief.busy) == (0, 0, 1)


def test_what_a_store_says_while_a_driver_is_asked_is_not_forgotten() -> None:
    belief = market()
    belief.offered(7, ("o000000",), 60, 20)
    belief.ready(0, 30)
    belief.not_taken(7, NEAR)
    (order,) = belief.world(60).orders
    assert order.ready_s == 30
    assert order.refused_by == {"d00007"}
    assert belief.free == 1


def test_what_nobody_took_when_all_were_asked_is_in_the_plan_again_and_stays_there() -> None:
    belief = market(Dispatch(declines_before_broadcast=1, rise_step_minor=0))
    belief.on_duty(8, (200.0, 0.0), 0, 20_000)
    belief.offered(7, ("o000000",), 60, 20)
    belief.not_taken(7, NEAR)
    (order,) = belief.world(60).orders
    assert order.reserved, "all are asked next"
    belief.asked_of_all(0)
    belief.said_no(0, 9)
    belief.taken_by_nobody(0)
    (order,) = belief.world(300).orders
    assert (order.reserved, order.refused_by) == (False, frozenset({"d00007", "d00009"}))
    belief.offered(8, ("o000000",), 360, 20)
    belief.not_taken(8, NEAR)
    (order,) = belief.world(360).orders
    assert (order.reserved, order.refused_by) == (False, frozenset({"d00007", "d00008", "d00009"}))
    belief.asked_of_all(0)
    assert belief.world(900).orders[0].reserved, "all are asked once more"


def test_a_driver_who_should_be_done_by_now_is_not_free_until_she_says_so() -> None:
    belief = market(Dispatch(grow=False))
    belief.offered(7, ("o000000",), 60, 20)
    belief.accepted(7, 20)
    late_s = belief.world(20).drivers[0].free_s + 600
    (driver,) = belief.world(late_s).drivers
    assert driver.free_s == late_s + 1
    belief.picked_up(7, late_s - 60)
    belief.handed_over(7, late_s + 300)
    belief.finished(7, (1000.0, 0.0), late_s + 390)
    (driver,) = belief.world(late_s + 400).drivers
    assert driver.free_s == late_s + 390
    assert belief.roads.told(1.0).seconds[driver.place, 0] > 100  # at the door now, a kilometre away


def busy_market() -> Belief:
    """The driver is on her way with the first order; a second one came in."""
    belief = market(Dispatch(grow=False))
    belief.offered(7, ("o000000",), 60, 20)
    belief.accepted(7, 20)
    belief.placed(1, store=1, door=(3000.0, 0.0), placed_s=100, told_s=900, due_s=3700)
    belief.roads.told(1.0)
    return belief


def test_a_driver_asked_on_her_way_begins_the_next_trip_where_the_first_one_ends() -> None:
    belief = busy_market()
    (before,) = belief.world(300).drivers
    assert not before.spoken_for
    belief.offered(7, ("o000001",), 360, 15)
    (asked,) = belief.world(300).drivers
    assert asked.spoken_for
    assert asked.free_s == before.free_s + 15 * 60
    belief.accepted(7, 320)
    (bound,) = belief.world(330).drivers
    assert bound.spoken_for
    assert before.free_s < bound.free_s
    belief.picked_up(7, 900)
    belief.handed_over(7, 1200)
    belief.finished(7, (1000.0, 0.0), 1300)
    (on_the_second,) = belief.world(1310).drivers
    assert not on_the_second.spoken_for
    assert on_the_second.free_s > 1310
    assert belief.busy == 1


def test_a_driver_who_says_no_on_her_way_goes_on_with_what_she_has() -> None:
    belief = busy_market()
    (before,) = belief.world(300).drivers
    belief.offered(7, ("o000001",), 360, 15)
    belief.not_taken(7, NEAR)
    assert belief.world(310).drivers == (before,)
    (order,) = belief.world(310).orders
    assert order.refused_by == {"d00007"}


def test_a_driver_on_her_way_whose_phone_is_silent_is_not_asked() -> None:
    belief = busy_market()
    belief.silent(7, 200)
    assert not belief.world(320).drivers[0].spoken_for
    assert belief.world(321).drivers[0].spoken_for
    belief.heard(7)
    assert not belief.world(322).drivers[0].spoken_for


def test_a_phone_that_is_silent_too_long_is_not_planned_with() -> None:
    belief = market()
    belief.silent(7, 100)
    assert belief.world(1000).drivers
    assert not belief.world(1001).drivers
    belief.heard(7)
    assert belief.world(1002).drivers


def test_an_order_long_past_its_promise_is_given_up() -> None:
    belief = market()
    assert belief.world(3600 + 90 * 60 - 1).orders
    assert not belief.world(3600 + 90 * 60).orders


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("dsmlt"), st.integers(0, 9), st.integers(-9, 9)), max_size=40))
def test_the_kept_matrix_is_what_a_new_one_would_be(turns: list[tuple[str, int, int]]) -> None:
    """Whatever came, moved and left: every way that may be asked for is that of the ground."""
    ground = Streets()
    roads = Roads(ground, STORES, room=1)
    doors: dict[int, tuple[float, float]] = {}
    stands: dict[int, tuple[float, float]] = {}
    slow = 1.0
    for what, number, place in turns:
        spot = (500.0 * number, 700.0 * place)
        if what == "d":
            doors[roads.take_door(*spot)] = spot
        elif what == "s":
            stands[roads.take_stand(*spot)] = spot
        elif what == "m" and stands:
            chosen = sorted(stands)[number % len(stands)]
            roads.move(chosen, *spot)
            stands[chosen] = spot
        elif what == "l" and (doors or stands):
            chosen = sorted([*doors, *stands])[number % (len(doors) + len(stands))]
            roads.leave(chosen)
            doors.pop(chosen, None)
            stands.pop(chosen, None)
        elif what == "t":
            slow = 1.0 + number / 10
            roads.told(slow)
    seconds = roads.told(slow).seconds
    goals = {0: tuple(STORES[0]), 1: tuple(STORES[1]), **doors}
    for a, here in {**goals, **stands}.items():
        for b, there in goals.items():
            way = ground.seconds(ground.metres(np.array(here), np.array(there)), slow)
            assert seconds[a, b] == way, (a, b)
        for b in stands:
            assert seconds[a, b] == FAR_S  # nobody drives to a driver


def test_what_is_believed_of_a_kitchen_may_differ_from_what_it_says_until_it_says_that_it_is_ready() -> None:
    belief = market(Dispatch(ready_factor=1.2))
    (order,) = belief.world(0).orders
    assert order.ready_s == 1080
    belief.ready(0, 900)
    (order,) = belief.world(900).orders
    assert order.ready_s == 900
