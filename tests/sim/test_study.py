"""What if: scenarios, settings, what thirty days tell, and the page an operator reads."""

import math
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.factories.instances import VILLAGE
from typer.testing import CliRunner

from doorstep.app.simulate import simulate
from doorstep.engine.compiled import warm_up
from doorstep.sim.compare import estimate, paired, student
from doorstep.sim.pools import Here, largest_first
from doorstep.sim.reading import load, scenario_of, shipped
from doorstep.sim.report import page
from doorstep.sim.report.paper import steps
from doorstep.sim.scenario import Company, Policy, ScenarioRefused
from doorstep.sim.settings import settings_of
from doorstep.sim.study import Study, study


@pytest.fixture
def village(tmp_path: Path) -> Path:
    file = tmp_path / "village.toml"
    file.write_text(VILLAGE)
    return file


def test_every_shipped_scenario_can_be_played() -> None:
    names = shipped()
    assert {"nashville", "new-orleans", "metro", "small-town"} <= set(names)
    for name in names:
        scenario = scenario_of(*load(name))
        assert scenario.title == names[name]
        assert scenario.summary
    assert scenario_of(*load("metro")).demand.orders == 10_000


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("title = 3", "title = 3|title is missing"),
        ("[fleet]\ndrivers = 10", "title is missing"),
        ('title = "x"\n[flet]\ndrivers = 10', "did you mean 'fleet'"),
        ('title = "x"\n[fleet]\ndriver = 10', r"fleet.driver: unknown; did you mean 'drivers'"),
        ('title = "x"\n[fleet]\ndrivers = 10.5', "must be a whole number"),
        ('title = "x"\n[fleet]\ndrivers = true', "must be a whole number"),
        ('title = "x"\n[fleet]\nshift_h = [5, 3]', "the shorter first"),
        ('title = "x"\n[behaviour]\ndeclines = 1.2', "behaviour.declines = 1.2: must lie between 0 and 1"),
        ('title = "x"\n[demand]\nhours = [1, 2]', "24 numbers"),
        (
            'title = "x"\n[dispatch]\npolicy = "nearst"',
            "one of engine, late_f1, nearest; did you mean 'nearest'",
        ),
        ('title = "x"\n[dispatch.engine]\nmax_bundle = 0', "max_bundle lies between 1 and 100, not 0"),
        ('title = "x"\n[pay]\nper_mile_minor = -4', "per_mile_minor"),
        ('title = "x"\n[city]\nrecorded = "nowhere"', "holds no recorded day"),
        ('title = "x"\n[city]\nextract = "town.osm.pbf"', "there is no such file.*folder of the scenario"),
        ('title = "x"\n[city]\nrecorded = "a"\nextract = "wrong.toml"', "holds no recorded day"),
        ('title = "x"\n[demand]\nneeds = 0.2', r"a table: write \[demand.needs\]"),
        (
            'title = "x"\n[demand.needs]\nalcool = 0.2',
            "demand.needs.alcool: unknown, one of .*did you mean 'alcohol'",
        ),
        (
            'title = "x"\n[fleet.abilities]\nalcohol = 2',
            "fleet.abilities.alcohol = 2: must lie between 0 and 1",
        ),
        ('title = "x"\n[fleet.vehicles]\ncar = 0', "somebody drives something"),
        ('title = "x"\n[company]\nfee = 900', "company.fee: unknown; did you mean 'fee_minor'"),
        ('title = "x"\n[company]\nfee_minor = 9.5', "company.fee_minor = 9.5: must be a whole number"),
        ('title = "x"\n[company]\nrefuses = 2', "company.refuses = 2: must lie between 0 and 1"),
        ('title = "x"\n[behaviour]\ncancels = -1', "behaviour.cancels = -1: must lie"),
        ("title = ", "not TOML"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(tmp_path: Path, wrong: str, says: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(wrong)
    with pytest.raises(ScenarioRefused, match=says):
        scenario_of(*load(str(file)))


def test_a_mistake_is_shown_with_its_line(village: Path) -> None:
    for put, right, line in (
        ("driver = 12", "drivers = 12", 9),  # a word
        ("radius_km = 800", "radius_km = 8", 4),  # a value
        ("[fleets]", "[fleet]", 8),  # a table
    ):
        village.write_text(VILLAGE.replace(right, put))
        answer = CliRunner().invoke(simulate, [str(village), "--runs", "1"])
        assert answer.exit_code == 2
        assert answer.output.startswith(f"{village}:{line}: "), answer.output


def test_an_unknown_name_says_where_to_look() -> None:
    with pytest.raises(ScenarioRefused, match=r"did you mean 'nashville'.*simulate list"):
        load("nashvile")


def test_all_combinations_are_tried_and_the_first_is_what_one_has(village: Path) -> None:
    name, raw = load(str(village))
    made = settings_of(name, raw, ["slots=1,0.5,pay=1/1.2", "policy=engine,nearest"])
    assert len(made) == 8
    assert made[0].label == "slots 1, pay 1, policy engine"
    last = made[-1].scenario
    assert (last.fleet.drivers, last.pay_scale, last.dispatch.policy) == (6, 1.2, Policy.NEAREST)
    assert last.rates().base_minor == 360
    one, several = (each.scenario.dispatch.params for each in settings_of(name, raw, ["mixing=0,1"]))
    assert (one.mixing, several.mixing, several.whole_trips) == (False, True, True)
    assert made[0].scenario == scenario_of(name, raw)  # trying changes nothing about the scenario itself


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.8,1", "begin with a word"),
        ("slots=1,slots=2", "names slots twice"),
        ("slots=", "which values"),
        ("colour=red", "no such word"),
        ("slots=many", "a factor"),
        ("behaviour.declins=0.1", "did you mean 'declines'"),
        ("tick=" + ",".join(str(t) for t in range(10, 60)), "vary fewer things"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(village: Path, text: str, says: str) -> None:
    with pytest.raises(ScenarioRefused, match=says):
        settings_of(*load(str(village)), [text])


def test_student_is_that_of_the_tables() -> None:
    for freedom, known in (
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (5, 2.571),
        (9, 2.262),
        (29, 2.045),
        (200, 1.972),
    ):
        assert math.isclose(student(freedom), known, rel_tol=0.004), freedom


def test_the_difference_of_the_same_days_is_surer_than_that_of_the_means() -> None:
    days = [30.0, 41.0, 28.0, 36.0, 33.0]
    better = [d - 1 + 0.1 * i for i, d in enumerate(days)]
    difference = paired(better, days)
    assert difference.sure
    assert difference.half is not None
    assert difference.half < (estimate(days).half or 0) / 10
    assert estimate([3.0]).half is None
    with pytest.raises(ValueError, match="no days"):
        estimate([])


def test_steps_are_round_and_hold_what_is_shown() -> None:
    for low, high in ((0, 7), (8.83, 8.89), (93.2, 99.9), (5, 5)):
        found = steps(low, high)
        assert found[0] <= low
        assert found[-1] >= high - 1e-6
        assert 2 <= len(found) <= 9


def test_large_units_go_first() -> None:
    assert largest_first([3, 9, 1], float) == [9, 3, 1]


@pytest.fixture(scope="module")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    warm_up()
    file = tmp_path_factory.mktemp("village") / "village.toml"
    file.write_text(VILLAGE)
    return study(settings_of(*load(str(file)), ["slots=1,2", "batching=4,1"]), range(1, 4), Here())


def test_a_company_is_varied_by_its_fee_and_by_what_a_minute_is_worth(village: Path) -> None:
    name, raw = load(str(village))
    none, *others = settings_of(name, raw, ["company=0,900", "company_minute=0,50", "company.pickup_s=600"])
    assert not none.scenario.company.there
    assert [one.scenario.company.in_plan for one in others] == [False, False, True]
    assert others[-1].scenario.company == Company(fee_minor=900, minute_minor=50, pickup_s=600)


def test_the_page_shows_what_a_company_brings_and_nothing_of_it_where_there_is_none(
    village: Path, small_study: Study
) -> None:
    warm_up()
    name, raw = load(str(village))
    raw["fleet"]["drivers"] = 4
    found = study(settings_of(name, raw, ["company=0,900", "broadcast=3"]), range(1, 3), Here())
    written = page(found, "doorstep simulate village --vary company=0,900")
    tags = Tags()
    tags.feed(written)
    assert not tags.open
    text = " ".join("".join(tags.text).split())
    for part in (
        "What a courier company brings",
        "By a company",
        "To drivers",
        "To companies",
        "$9.00 an order",
    ):
        assert part in text, part
    drawings = written.split("<svg")[1:]
    assert len(drawings) == 6
    for drawing in drawings:
        ET.fromstring("<svg" + drawing.split("</svg>")[0] + "</svg>")
    assert "outside couriers" not in text
    assert "nan" not in text.lower().split()
    alone = page(small_study, "doorstep simulate village")
    assert "By a company" not in alone
    assert "courier company brings" not in alone
    assert "outside couriers" in alone


class Tags(HTMLParser):
    """Every tag opened is closed; nothing is fetched from elsewhere."""

    VOID = frozenset({"meta", "br", "link", "img", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{name}={value}" for name, value in attrs if name in {"src", "href", "srcset"}]
        if tag in {"script", "link", "iframe"}:
            self.fetched.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_says_what_to_do_and_fetches_nothing(small_study: Study) -> None:
    written = page(small_study, "doorstep simulate village")
    tags = Tags()
    tags.feed(written)
    assert not tags.open
    assert not tags.fetched
    assert "url(" not in written
    assert "http" not in written.replace("http-equiv", "")
    assert "@import" not in written
    assert "$" + "{" not in written
    text = " ".join("".join(tags.text).split())
    assert "A village <of fun>" in text  # shown, not obeyed
    assert small_study.settings[small_study.best()].label in text
    for part in ("The answer", "What was varied", "3 simulated days", "What this rests on", "95% interval"):
        assert part in text
    drawings = written.split("<svg")[1:]
    assert len(drawings) == 4
    for drawing in drawings:
        ET.fromstring("<svg" + drawing.split("</svg>")[0] + "</svg>")
    assert "prefers-color-scheme: dark" in written
    assert "nan" not in text.lower().split()


def test_more_drivers_are_recommended_only_when_the_promise_needs_them(small_study: Study) -> None:
    best = small_study.best()
    goal = small_study.settings[0].scenario.kept_goal_pct
    kept = [small_study.estimate(n, "kept_pct").mean or 0.0 for n in range(4)]
    if any(k >= goal for k in kept):
        assert kept[best] >= goal
    else:
        assert kept[best] == max(kept)
    assert 0 <= small_study.steadiness(50) <= 1
    assert (small_study.difference(2, "ctd_mean").mean or 0.0) < 0  # twice the slots, the same days


def test_the_command_writes_what_it_shows(village: Path, tmp_path: Path) -> None:
    import json

    runner = CliRunner()
    paths = [tmp_path / name for name in ("f.json", "r.html", "busy.tick")]
    answer = runner.invoke(
        simulate,
        [str(village), "--runs", "2", "--vary", "declines=0,0.3", "--processes", "1", "--json", str(paths[0]),
         "--html", str(paths[1]), "--keep-tick", str(paths[2])],
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    told = json.loads(paths[0].read_text())
    assert [s["label"] for s in told["settings"]] == ["declines 0", "declines 0.3"]
    assert told["settings"][1]["difference_to_first"]["offers_declined_pct"]["mean"] > 10
    assert paths[1].read_text().startswith("<!doctype html>")
    from doorstep.engine import record

    assert record.replay(paths[2].read_bytes()).same
    refused = runner.invoke(simulate, ["nowhere"])
    assert refused.exit_code == 2
    assert "simulate list" in refused.output
