"""The page an operator reads: what it says is so, and can be read on a phone."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from doorstep.app.simulate import simulate
from doorstep.engine.compiled import warm_up
from doorstep.sim.compare import Estimate, estimate, paired
from doorstep.sim.pools import Here
from doorstep.sim.reading import load
from doorstep.sim.report import page
from doorstep.sim.settings import settings_of
from doorstep.sim.study import Study, study

TINY = """
title = "A village"
[city]
radius_km = 8
stores = 6
[demand]
orders = 40
[fleet]
drivers = 12
[dispatch.engine]
iterations_min = 20
iterations_per_order = 1
"""
type Play = Callable[..., Study]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Days of a village under what is varied; the same wish is played once."""
    warm_up()
    file = tmp_path_factory.mktemp("village") / "village.toml"
    file.write_text(TINY)
    kept: dict[tuple[object, ...], Study] = {}

    def play(*wishes: str, days: int = 3) -> Study:
        if (wishes, days) not in kept:
            kept[wishes, days] = study(
                settings_of(*load(str(file)), list(wishes)), range(1, days + 1), Here()
            )
        return kept[wishes, days]

    return play


def told(found: Study, setting: int, **figures: Any) -> Study:
    """``found`` with other figures for every day of a setting."""
    outcomes = list(found.outcomes)
    outcomes[setting] = tuple(replace(o, measures=replace(o.measures, **figures)) for o in outcomes[setting])
    return replace(found, outcomes=tuple(outcomes))


def words(html: str) -> str:
    """The text of a page."""
    bare = re.sub(r"<(style|title)>.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).replace("\u202f", " ").split())


def read(found: Study) -> str:
    return words(page(found, "doorstep simulate village"))


def test_the_headline_counts_the_settings_that_keep_the_goal(played: Play) -> None:
    found = played("slots=1,2,3")
    for number, (share, cost) in enumerate(((97.0, 900.0), (94.4, 800.0), (96.0, 950.0))):
        found = told(found, number, kept_pct=share, cost_per_order_minor=cost)
    assert found.best() == 0
    assert "the cheapest of the 2 settings, out of 3, that keep your goal of 95%." in read(found)
    only = told(found, 2, kept_pct=90.0)
    assert "the only one of 3 settings that keeps your goal of 95%." in read(only)
    every = told(found, 1, kept_pct=95.0)
    assert every.best() == 1
    assert "the cheapest of 3 settings, which all keep your goal of 95%." in read(every)
    none = told(only, 0, kept_pct=94.9)
    assert "No setting keeps your goal of 95%; this one keeps most." in read(none)


def test_the_map_is_shaded_by_the_promise_of_the_setting_it_shows(played: Play) -> None:
    found = told(told(played("promise=45,90"), 0, kept_pct=60.0), 1, kept_pct=99.0)
    assert found.best() == 1
    text = read(found)
    assert "to 72 to 90 longer than promised" in text
    assert "to 45 longer" not in text


def test_where_nothing_is_delivered_there_is_nothing_to_compare(played: Play) -> None:
    found = played("slots=1,0")
    assert found.best() == 0
    for name in ("ctd_mean", "ctd_p90", "rtp_mean", "cost_per_order_minor", "earned_per_hour_minor"):
        assert found.estimate(1, name) == Estimate(None, None, 0), name
        assert found.difference(1, name).mean is None, name
    assert found.estimate(1, "kept_pct").mean == 0
    assert found.estimate(1, "undelivered_pct").mean == 100
    html = page(found, "doorstep simulate village")
    row = html.split("<tr><td>2 ")[1].split("</tr>")[0]
    assert row.count("<td>\u2013</td>") == 8
    assert "nan" not in words(html).lower()
    assert "None" not in words(html)
    assert "\u2013 stands where there is nothing to average" in words(html)


def test_nothing_delivered_is_never_recommended(played: Play) -> None:
    found = told(played("slots=0,1"), 1, kept_pct=0.0)
    assert found.best() == 1, "keeping nothing, but bringing something"
    assert "slots 0 delivers nothing: there is nothing to compare it with." in read(found)
    goalless = replace(
        found,
        settings=tuple(replace(s, scenario=replace(s.scenario, kept_goal_pct=0.0)) for s in found.settings),
    )
    assert goalless.best() == 1
    assert "Nothing was delivered under any setting" in read(played("slots=0,0.01"))
    assert "Nothing was ordered" in read(played("demand=0", days=1))


def test_what_is_missing_is_null_in_the_file_and_nowhere_zero(tmp_path: Path) -> None:
    warm_up()
    village, figures = tmp_path / "village.toml", tmp_path / "figures.json"
    village.write_text(TINY)
    command = [str(village), "--runs", "2", "--vary", "slots=1,0", "--processes", "1", "--json", str(figures)]
    answer = CliRunner().invoke(simulate, command)
    assert answer.exit_code == 0, answer.output

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    none = json.loads(figures.read_text(), parse_constant=refuse)["settings"][1]
    assert none["figures"]["ctd_mean"] == {"mean": None, "half": None, "runs": 0}
    assert none["difference_to_first"]["ctd_mean"]["mean"] is None
    assert none["days"][0]["cost_per_order_minor"] is None
    assert none["days"][0]["kept_pct"] == 0


def test_a_mean_is_over_the_days_that_have_the_figure() -> None:
    nothing = float("nan")
    assert estimate([30.0, nothing, 34.0]).mean == 32
    assert estimate([30.0, nothing, 34.0]).runs == 2
    assert paired([30.0, nothing, 34.0], [29.0, 10.0, nothing]) == Estimate(1.0, None, 1)
