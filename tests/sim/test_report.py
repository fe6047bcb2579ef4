"""The page an operator reads: what it says is so, and can be read on a phone."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.factories.instances import VILLAGE
from typer.testing import CliRunner

from doorstep.app.simulate import simulate
from doorstep.engine.compiled import warm_up
from doorstep.sim.compare import Estimate, estimate, paired
from doorstep.sim.pools import Here
from doorstep.sim.reading import load
from doorstep.sim.report import page
from doorstep.sim.report.assumed import assumed
from doorstep.sim.report.paper import HIGH, WIDE, steps
from doorstep.sim.report.trade_off import Mark, trade_off
from doorstep.sim.settings import settings_of
from doorstep.sim.study import Study, study

type Play = Callable[..., Study]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Days of a village under what is varied; the same wish is played once."""
    warm_up()
    file = tmp_path_factory.mktemp("village") / "village.toml"
    file.write_text(VILLAGE)
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
    village.write_text(VILLAGE)
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


def mark(number: int, x: float, y: float, half: float = 0.0) -> Mark:
    return Mark(number, f"setting {number}", x, 10 * half, y, half, number == 13, number == 1)


def numbers(drawing: str, name: str, pattern: str = "[-0-9.]+") -> list[float]:
    return [float(found) for found in re.findall(f' {name}="({pattern})"', drawing)]


def test_marks_lie_on_their_points_and_every_number_stands_near_its_own() -> None:
    places = [(900 + 3 * (n % 6), 98.3 - 0.02 * n) for n in range(1, 24)] + [(1030, 82.7)]
    marks = [mark(n, x, y, 2.0) for n, (x, y) in enumerate(places, start=1)]
    drawing = trade_off(marks, 95)
    ticks = re.findall(r'class="tick" x="[0-9.]+" y="([0-9.]+)" text-anchor="end">([0-9.]+)<', drawing)
    (low_at, low), (high_at, high) = [(float(y) - 4, float(v)) for y, v in (ticks[0], ticks[-1])]
    drawn = {
        int(n): float(cy)
        for n, cy in re.findall(
            r"<title>(\d+) · setting \d+</title>.*?<circle [^>]*cy=\"([0-9.]+)\"", drawing
        )
    }
    assert len(drawn) == 24
    for one in marks:
        at = low_at + (one.y - low) / (high - low) * (high_at - low_at)
        assert math.isclose(drawn[one.number], at, abs_tol=0.3), one.number
    written = {
        int(n): float(y) for y, n in re.findall(r'y="([0-9.]+)" text-anchor="middle">(\d+)</text>', drawing)
    }
    assert set(written) == set(drawn)
    assert all(abs(written[n] - drawn[n]) < 75 for n in drawn)
    alone = trade_off([mark(1, 900, 97)], 95)
    assert "leads" not in alone
    crossing = trade_off([mark(1, 900, 97, 1), mark(2, 950, 96, 50)], 95)
    for name, end in (("x1", WIDE), ("x2", WIDE), ("y1", HIGH), ("y2", HIGH)):
        assert all(0 <= at <= end for at in numbers(crossing, name)), name


def test_ticks_are_round_and_no_two_read_the_same() -> None:
    for low, high in ((7.778, 7.79), (7.7801, 7.7804), (9.2, 10.0), (0.0, 0.06), (95.0, 95.0), (8.6, 11.1)):
        found = steps(low, high, 4)
        told = [f"{value:.2f}" for value in found]
        assert len(set(told)) == len(told), told
        assert all(
            math.isclose(float(text), value, abs_tol=1e-9) for text, value in zip(told, found, strict=True)
        )
        assert found[0] <= low + 1e-9
        assert found[-1] >= high - 1e-9
        assert len(found) <= 6


def brightness(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


def test_discs_are_told_from_the_land_and_from_each_other_without_hue(played: Play) -> None:
    html = page(played("slots=1,2,3"), "doorstep")
    assert re.search(r"\.cell \{ stroke: var\(--edge\)", html)
    for theme in (0, 1):
        colours = {
            name: re.findall(f"--{name}:(#[0-9a-f]{{6}})", html)[theme]
            for name in ("land", "edge", *(f"s{n}" for n in range(5)))
        }
        assert contrast(colours["edge"], colours["land"]) >= 3
        shades = [brightness(colours[f"s{n}"]) for n in range(5)]
        assert shades == sorted(shades, reverse=theme == 0)
        for n in range(4):
            assert contrast(colours[f"s{n}"], colours[f"s{n + 1}"]) >= 1.6, (theme, n)


def test_letters_of_a_drawing_are_large_enough_on_a_phone(played: Play) -> None:
    html = page(played("slots=1,2,3"), "doorstep")
    letters = [(0, float(re.findall(r"svg text \{ font: 500 ([0-9.]+)px", html)[0]))]
    letters += [
        (int(w), float(f))
        for w, f in re.findall(r"min-width: (\d+)px\) \{ svg text \{ font-size: ([0-9.]+)px", html)
    ]
    for screen in (320, 360, 390, 419, 420, 519, 520, 759, 760, 959, 960, 1280):
        within = min(screen, 1080) - (42 if screen < 760 else 82)
        drawn = min(560, within if screen < 760 else (within - 16) / 2)
        size = next(f for w, f in reversed(letters) if screen >= w) * drawn / WIDE
        assert size >= 12, (screen, size)
    assert "The table has 10 columns: scroll it sideways" in words(html)


def test_the_hours_show_the_recommended_setting_and_its_neighbours_by_name(played: Play) -> None:
    found = played("slots=1,2,3")
    for number, cost in enumerate((800.0, 900.0, 850.0)):
        found = told(found, number, kept_pct=97.0, cost_per_order_minor=cost)
    html = page(found, "doorstep")
    drawing = next(part for part in html.split("<svg")[1:] if "orders waiting for a driver by hour" in part)
    assert {f"{n} · slots {n}" for n in (1, 2, 3)} <= set(re.findall("<title>(.*?)</title>", drawing))
    text = words(html)
    assert "1 · slots 1 (recommended, what you have) 3 · slots 3 2 · slots 2" in text
    other = told(found, 0, cost_per_order_minor=1000.0)
    assert "3 · slots 3 (recommended) 2 · slots 2 1 · slots 1 (what you have)" in read(other)


def test_a_recorded_day_promises_nothing(data_folder: Path) -> None:
    folder = data_folder / "mdrp/0o50t100s1p100"
    settings = settings_of(*load(str(folder)), ["pay=1,1.02", "demand.orders=30"])
    text = read(study(settings, [1], Here()))
    assert "of orders are delivered at" in text
    assert "A recorded day promises nothing: what you aim at, 95%, is held against what is delivered." in text
    assert "% of orders delivered" in text
    assert "to 45 to 60 longer store" in text
    assert "promises are kept" not in text
    assert "Promises kept" not in text
    assert "than promised" not in text


def test_one_day_has_no_intervals_to_explain_and_two_settle_little(played: Play) -> None:
    one = read(played("slots=1,2", days=1))
    assert "95% interval" not in one
    assert "crosses" not in one
    assert "this is a single day" in one.lower()
    assert "the same day for all" in one
    two = read(played("slots=1,2", days=2))
    assert "Two days settle little between 2 settings" in two
    alone = read(played(days=1))
    assert "as it is, all days" not in alone
    assert "On this day: a disc's area" in alone
    assert "under each setting" not in alone


def test_differences_of_percentages_are_points(played: Play) -> None:
    found = told(told(played("slots=1,2"), 0, kept_pct=90.0), 1, kept_pct=98.4)
    text = read(found)
    assert "promises kept +8.4 points (±0.0 points)" in text
    assert "+8.4 pts" in text
    assert not re.search("[+\u2212±][0-9.]+%", text)


def test_shares_are_rounded_and_one_is_not_many(played: Play) -> None:
    found = played("slots=1,2")
    scenario = found.settings[0].scenario
    fleet = replace(scenario.fleet, vehicles={"car": 8, "bicycle": 1})
    assert "car 88.9%, bicycle 11.1%" in assumed(replace(scenario, fleet=fleet))
    html = page(found, "doorstep")
    assert "<title>1 order, " in html
    assert "<title>1 orders" not in html
