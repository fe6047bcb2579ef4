"""A recorded day of a food network on the pure engine, against the published bars."""

from pathlib import Path

import pytest

from doorstep.engine.compiled import warm_up
from doorstep.engine.params import Params
from doorstep.sim.mdrp.day import play
from doorstep.sim.mdrp.instance import read
from doorstep.sim.mdrp.measures import Assignment, measure


def test_a_full_day_is_delivered_quickly_and_by_the_rules(data_folder: Path) -> None:
    instance = read(data_folder / "mdrp/0o100t100s1p100")
    measures = play(instance, Params(), 1, warm_up()).measures  # raises when a rule is broken
    assert measures.orders == 505
    assert measures.undelivered_pct == 0
    assert measures.ctd_mean <= 30.0


def test_the_referee_sees_an_impossible_drive(data_folder: Path) -> None:
    instance = read(data_folder / "mdrp/0o100t100s1p100")
    order, courier = instance.orders[0], instance.couriers[5]
    magic = Assignment(
        courier.id, order.ready_min * 60, order.ready_min * 60, (order.id,), (order.ready_min * 60 + 1,), 0, 0
    )
    with pytest.raises(ValueError, match="breaches of the rules"):
        measure(instance, [magic], [])
