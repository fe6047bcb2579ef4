"""A recorded day of a food network on the pure engine, against the published bars."""

from dataclasses import replace
from pathlib import Path

from doorstep.engine.compiled import warm_up
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.params import Params
from doorstep.sim.mdrp.bars import bars_of
from doorstep.sim.mdrp.day import Rules, play, play_by
from doorstep.sim.mdrp.evaluator import breaches
from doorstep.sim.mdrp.instance import read
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
