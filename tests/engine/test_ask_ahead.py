"""Drivers under way are asked ahead: who may be asked, from when, and what stays as it was without it."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK, worlds

from doorstep.engine.compiled import PYTHON
from doorstep.engine.decide import decide
from doorstep.engine.world import Driver, Order, Travel, World

NOW = 50_000
LINE = Travel(np.abs(np.arange(12)[:, None] - np.arange(12)[None, :]).astype(np.int32) * 120)
AHEAD = replace(QUICK, ask_ahead_s=300, offer_lead_s=60)
DINNER = Order(
    id="dinner", pickup=2, dropoff=5, store="s", placed_s=NOW, wanted_from_s=NOW, ready_s=NOW, due_s=NOW + 3600
)  # fmt: skip


def under_way(until_s: int) -> Driver:
    return Driver(id="ana", place=1, free_s=until_s)


def test_a_driver_about_to_be_free_is_asked_before_she_is() -> None:
    world = World((DINNER,), (under_way(NOW + 50),))
    (send,) = decide(world, LINE, AHEAD, NOW, 1, PYTHON).sends
    assert send.leave_s == NOW + 50 + 60
    assert not decide(world, LINE, replace(AHEAD, ask_ahead_s=0), NOW, 1, PYTHON).sends


def test_who_is_free_later_is_not_asked_yet_and_the_order_is_told_when() -> None:
    world = World((DINNER,), (under_way(NOW + 250),))
    decisions = decide(world, LINE, AHEAD, NOW, 1, PYTHON)
    assert not decisions.sends
    (outlook,) = decisions.outlooks
    assert outlook.offer_s == NOW + 250


def test_who_is_free_too_late_is_not_asked_however_soon_the_trip_must_begin() -> None:
    world = World((DINNER,), (under_way(NOW + 50),))
    assert not decide(world, LINE, replace(AHEAD, ask_ahead_s=40), NOW, 1, PYTHON).sends


def test_who_has_a_next_trip_or_an_offer_is_planned_with_and_not_asked() -> None:
    world = World((DINNER,), (replace(under_way(NOW + 30), spoken_for=True),))
    decisions = decide(world, LINE, AHEAD, NOW, 1, PYTHON)
    assert not decisions.sends
    assert decisions.plan == {"ana": (("dinner",),)}


def test_a_free_driver_leaves_after_her_answer_as_ever() -> None:
    world = World((DINNER,), (under_way(NOW - 100),))
    for params in (AHEAD, replace(AHEAD, ask_ahead_s=0)):
        (send,) = decide(world, LINE, params, NOW, 1, PYTHON).sends
        assert send.leave_s == NOW + 60


@LAWS
@given(worlds(), st.sampled_from([0, 60, 900]), st.sampled_from([0, 60]), st.booleans())
def test_nobody_is_asked_for_two_trips_at_once_or_before_her_time(
    given_: tuple[World, Travel, int], ahead_s: int, lead_s: int, spoken_for: bool
) -> None:
    world, travel, now = given_
    world = replace(world, drivers=tuple(replace(d, spoken_for=spoken_for) for d in world.drivers))
    params = replace(QUICK, ask_ahead_s=ahead_s, offer_lead_s=lead_s)
    decisions = decide(world, travel, params, now, 1, PYTHON)
    drivers = {d.id: d for d in world.drivers}
    asked = [send.driver for send in decisions.sends]
    assert len(asked) == len(set(asked))
    for send in decisions.sends:
        driver = drivers[send.driver]
        assert not driver.spoken_for
        assert driver.free_s <= now + ahead_s
        assert send.leave_s >= max(driver.free_s, now) + lead_s
        assert driver.on_s <= now
