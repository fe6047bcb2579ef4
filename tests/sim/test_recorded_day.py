"""A recorded day of a food network on the pure engine, against the published bars."""

from dataclasses import replace
from pathlib import Path

import pytest

from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.params import Params
from doorstep.sim.mdrp.bars import bars_of
from doorstep.sim.mdrp.day import Rules, play, play_by
from doorstep.sim.mdrp.evaluator import breaches
from doorstep.sim.mdrp.instance import Courier, Instance, MealOrder, Restaurant, read
from doorstep.sim.mdrp.policy import Engine, Greedy


def test_a_full_day_is_delivered_quickly_and_by_the_rules(data_folder: Path) -> None:
    instance = read(data_folder / "mdrp/0o100t100s1p100")
    measures = play(instance, Params(), 1, warm_up()).measures  # raises when a rule is broken
    assert measures.orders == 505
    assert measures.undelivered_pct == 0
    assert measures.ctd_mean <= 30.0


def test_a_day_short_of_couriers_beats_the_baseline_and_greed(data_folder: Path) -> None:
    folder = data_folder / "mdrp/1o50t100s1p100"
    instance, bar = read(folder), bars_of(folder).late_ctd90
    assert bar is not None
    engine = Engine(Params(late_price=0.0), warm_up())
    grown = play_by(instance, engine, Rules(grow=True, go_to_restaurant=True), 1).measures
    greedy = play_by(instance, Greedy(), Rules(), 1).measures
    assert grown.ctd90 < bar < greedy.ctd90
    assert grown.orders_per_bundle > 1.05


def test_the_same_seed_plays_the_same_day(data_folder: Path) -> None:
    instance = read(data_folder / "mdrp/0r50t100s2p125")
    engine, rules = Engine(Params(), warm_up()), Rules(grow=True, declines_permille=200)
    first, again = play_by(instance, engine, rules, 3), play_by(instance, engine, rules, 3)
    assert first.solution == again.solution
    assert play_by(instance, engine, rules, 4).solution != first.solution


def test_a_day_short_of_couriers_gains_by_mixing_restaurants_and_stays_lawful(data_folder: Path) -> None:
    """The referee allows two restaurants on board here, and no other rule less."""
    instance = read(data_folder / "mdrp/1o50t100s1p100")
    params, grow = Params(late_price=0.0), Rules(grow=True, go_to_restaurant=True)
    mixing.warm_up()
    mixed = replace(params, mixing=True, iterations_min=50, iterations_per_order=3)  # enough, and quick
    together = play_by(instance, Engine(mixed, warm_up()), replace(grow, mixing=True), 1)
    apart = play_by(instance, Engine(params, warm_up()), grow, 1)
    assert together.measures.ctd90 < apart.measures.ctd90
    assert together.measures.undelivered_pct == 0
    assert any("mixes" in breach for breach in breaches(instance, together.solution))


FAR_APART = Instance(
    name="far apart",
    orders=tuple(
        MealOrder(name, x, y, 0, "kitchen", ready_min)
        for name, x, y, ready_min in (("east", 4000, 0, 0), ("west", -4000, 0, 0), ("slow", 0, 4000, 100))
    ),
    restaurants=(Restaurant("kitchen", 0, 0),),
    couriers=(Courier("only", 0, 0, 0, 600),),
    metres_per_minute=100,
    pickup_service_min=4,
    dropoff_service_min=4,
    most_ctd_min=90,
    pay_per_order=10,
    pay_per_hour=15,
)
"""Forty minutes to every door and nobody to share the way: who is served second is served after two hours."""


def test_what_cannot_be_brought_in_time_any_more_is_given_up_unless_it_was_just_made() -> None:
    engine = Engine(Params(late_price=0.0, coverage_price=500.0), PYTHON)
    rules = Rules(grow=True, give_up=True)
    given_up = play_by(FAR_APART, engine, rules, 1)
    brought = {drop.order: drop.drop_min - drop.placed_min for drop in given_up.solution.delivered}
    assert len(brought) == 2
    assert brought["slow"] > 90, "it took the kitchen that long"
    assert min(brought.values()) < 90
    assert given_up.measures.undelivered_pct == pytest.approx(100 / 3, abs=0.01)
    everybody = play_by(FAR_APART, engine, replace(rules, give_up=False), 1)
    assert everybody.measures.undelivered_pct == 0
    assert everybody.measures.ctd_p90 > 120


def two_kitchens(*orders: MealOrder) -> Instance:
    """A courier starts at one o'clock between two kitchens, ten minutes from one and thirty from the other."""
    return replace(
        FAR_APART,
        name="two kitchens",
        orders=orders,
        restaurants=(Restaurant("far", -3000, 0), Restaurant("near", 1000, 0)),
        couriers=(Courier("starter", 0, 0, 60, 600),),
    )


def test_who_starts_without_work_goes_to_a_restaurant_and_is_there_when_the_order_comes() -> None:
    """Placed twenty minutes into her shift: until then the day has asked nothing of the far kitchen, and she waits at the other."""
    day = two_kitchens(MealOrder("late", 1500, 0, 80, "near", 80), MealOrder("early", 0, 500, 0, "near", 0))
    day = replace(day, couriers=(Courier("first", 1000, 0, 0, 40), *day.couriers))
    engine = Engine(Params(late_price=0.0), PYTHON)
    walked = play_by(day, engine, Rules(grow=True, go_to_restaurant=True), 1)
    (to_wait, *_) = [move for move in walked.solution.moves if move.courier == "starter"]
    assert (to_wait.departure_min, to_wait.destination) == (60, "near")
    stayed = play_by(day, engine, Rules(grow=True), 1)
    assert walked.measures.ctd_mean < stayed.measures.ctd_mean


def test_she_stays_where_she_is_needed_when_open_orders_outnumber_who_is_idle() -> None:
    """Two orders that their kitchen has ready in four hours are open as she starts: nobody sends her for a walk."""
    slow = tuple(MealOrder(name, 1500, y, 50, "near", 300) for name, y in (("one", 0), ("two", 100)))
    day = play_by(
        two_kitchens(*slow),
        Engine(Params(late_price=0.0), PYTHON),
        Rules(grow=True, go_to_restaurant=True),
        1,
    )
    assert all(move.departure_min > 60 for move in day.solution.moves)
