"""A nation's day, small enough for a test."""

import itertools
from dataclasses import replace
from importlib.util import find_spec

import pytest

from doorstep.connectors.us.nation import nation_installed
from doorstep.engine.compiled import warm_up
from doorstep.sim.national import Played, growth_between, markets, play_market, play_nation
from doorstep.sim.pools import Cores, Here, NoRay, pool_of


def test_markets_have_sizes_of_their_own_and_say_where_they_come_from() -> None:
    source, chosen = markets(40, 0.01, 1)
    assert len(chosen) == 40
    orders = [m.scenario.demand.orders for m in chosen]
    assert orders[0] > 5 * orders[-1] >= 5
    assert [m.households for m in chosen[2:]] == sorted((m.households for m in chosen[2:]), reverse=True)
    assert ("NOT the nation" in source) != nation_installed()
    with pytest.raises(ValueError, match="at least one market"):
        markets(0, 1, 1)


def test_a_nation_is_played_market_by_market_and_adds_up() -> None:
    warm_up()
    source, chosen = markets(6, 0.004, 1)
    heard: list[Played] = []
    ticking = itertools.count()
    found = play_nation(source, chosen, Here(), 1, lambda: float(next(ticking)), heard.append)
    assert len(heard) == len(found.played) == 6
    assert found.orders == sum(m.scenario.demand.orders for m in chosen)
    assert heard[0].orders == max(p.orders for p in heard)  # the largest goes first
    assert found.real_s == 1.0
    assert found.orders_per_core_s > 10
    assert 0 < found.mean("ctd_mean") < 90
    assert 0.1 < found.growth() < 3
    assert growth_between(found, replace(found, played=found.played * 2)) == pytest.approx(1)


def test_another_process_plays_the_same_day() -> None:
    warm_up()
    _, chosen = markets(2, 0.003, 5)
    here = {p.name: p.measures for p in Here().spread(play_market, chosen)}
    there = {p.name: p.measures for p in Cores(1).spread(play_market, chosen)}
    assert here == there


def test_a_ray_cluster_plays_the_same_day() -> None:
    if find_spec("ray") is None:
        with pytest.raises(NoRay, match=r"doorstep\[ray\]"):
            pool_of(2, "local")
        pytest.skip("Ray is not installed: uv sync --extra ray")
    warm_up()
    source, chosen = markets(4, 0.004, 1)
    here = play_nation(source, chosen, Here(), 1, lambda: 0.0)
    far = play_nation(source, chosen, pool_of(1, "local"), 2, lambda: 0.0)
    assert {p.name: p.measures for p in far.played} == {p.name: p.measures for p in here.played}
