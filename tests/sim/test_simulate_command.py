"""The command itself, run as a person runs it: what it refuses, how it stops, what fits the terminal."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.factories.commands import doorstep_here, hearing_interrupts

from doorstep.app.simulate import _progress
from doorstep.engine.compiled import warm_up
from doorstep.engine.mixing import compiled as mixing

TOWN = """title = "A village"
[city]
radius_km = 8
stores = 6
[demand]
orders = 30
[fleet]
drivers = 12
[behaviour]
declines = 0.1
[dispatch.engine]
iterations_min = 20
iterations_per_order = 1
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    warm_up()
    file = tmp_path / "town.toml"
    file.write_text(TOWN)
    return file


def refused(*words: str) -> str:
    """The one line the command says no with."""
    said = doorstep_here("simulate", *words, DOORSTEP_HOME="/nonexistent")
    assert said.returncode == 2, said.stderr
    assert said.stdout == ""
    assert len(said.stderr.splitlines()) == 1, said.stderr
    return said.stderr


@pytest.mark.parametrize("option", ["--html", "--json", "--keep-tick"])
def test_a_file_that_cannot_be_written_is_told_before_the_first_day(tmp_path: Path, option: str) -> None:
    for target in ("/proc/x/file", str(tmp_path)):
        assert refused("metro", option, target).startswith(f"{option} {target}: cannot be written (")


@pytest.mark.parametrize("option", ["--html", "--keep-tick"])
def test_standard_output_is_for_figures_alone(option: str) -> None:
    assert refused("metro", option, "-").startswith(f"{option} -: a file is wanted")


def test_two_files_in_one_are_refused_and_the_nation_tries_its_file_too(tmp_path: Path) -> None:
    file = str(tmp_path / "new" / "file")
    assert "--json is written there already" in refused("metro", "--json", file, "--html", file)
    assert not Path(file).exists()  # trying leaves nothing
    assert "cannot be written" in refused("national", "--json", "/proc/x/r.json")


def test_a_file_that_fails_late_takes_no_other_with_it(town: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    said = doorstep_here(
        *(
            "simulate",
            str(town),
            "--runs",
            "1",
            "--processes",
            "1",
            "--json",
            "/dev/full",
            "--html",
            str(page),
        )
    )
    assert said.returncode == 1
    assert "/dev/full: cannot be written (No space left on device)" in said.stderr
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("slots=nan", "--vary slots=nan: no number"),
        ("slots=inf", "--vary slots=inf: no number"),
        ("driving_price=nan", "--vary driving_price=nan: no number"),
        ("coverage_price=inf", "--vary coverage_price=inf: no number"),
        ("declines=0.1,2", "--vary declines=2: behaviour.declines = 2: must lie between 0 and 1"),
        ("slots=1,declines=2", "--vary declines=2: "),
        ("slots=1,1.0", "--vary slots: 1.0 is there twice"),
        ("city.recorded=/a/b", "--vary city.recorded: a path cannot be varied"),
        ("city.metro=1", "--vary city.metro=1: city.metro: "),
        ("title.x=1", "--vary title.x: title has no keys"),
        (
            "batching=4,1,dispatch.engine.max_bundle=2",
            "--vary: batching and dispatch.engine.max_bundle are the",
        ),
        ("", "--vary : begin with a word"),
        ("slots=1/2/3/4/5/6/7,pay=1/2/3/4/5/6/7", "--vary: 49 combinations are more than 48"),
    ],
)
def test_a_wish_that_cannot_be_is_not_blamed_on_the_file(town: Path, wish: str, says: str) -> None:
    assert refused(str(town), "--vary", wish).startswith(says)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("drivers = 12", "shift_h = [3]", ":8: fleet.shift_h: two numbers"),
        ("orders = 30", f"hours = [nan{', 1' * 23}]", ":6: demand.hours = .* must be a list of numbers"),
        ("orders = 30", f"orders = 1{'0' * 400}", ":6: demand.orders = .* must be a whole number"),
        ("stores = 6", "recorded = 3", ":4: city.recorded = 3: must be a path"),
        ("village", "vill\udce4ge", ": not UTF-8"),
    ],
)
def test_what_no_file_can_say_is_refused_in_a_line(town: Path, right: str, wrong: str, says: str) -> None:
    town.write_text(TOWN.replace(right, wrong), encoding="utf-8", errors="surrogateescape")
    assert re.search(says, refused(str(town)))


def test_a_broken_recorded_day_is_refused_in_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    (folder / "restaurants.txt").write_text("restaurant\tx\ty\nr1\t0\t0\n")
    (folder / "couriers.txt").write_text("courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t0\t600\n")
    (folder / "instance_parameters.txt").write_text("a\tb\tc\td\te\tf\tg\n320\t4\t4\t40\t90\t10\t15\n")
    for order in ("o1\t10\t10\t60\tr2\t70", "o1\t10\t10\t60"):  # a restaurant nobody knows, a column less
        (folder / "orders.txt").write_text(f"order\tx\ty\tplacement_time\trestaurant\tready_time\n{order}\n")
        said = refused(str(folder))
        assert "city.recorded" in said
        assert "index out of range" not in said


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("slots=1,2", "--vary slots=2: fleet.drivers = 226: the recorded day has 113 and no more"),
        ("demand=1,1.1", "--vary demand=1.1: demand.orders = 556: the recorded day has 505 and no more"),
        ("promise=45", "--vary promise=45: demand.promise_min: a recorded day promises nothing"),
    ],
)
def test_a_recorded_day_is_not_played_as_if_it_had_more(data_folder: Path, wish: str, says: str) -> None:
    assert refused(str(data_folder / "mdrp/0o100t100s1p100"), "--vary", wish).startswith(says)


def test_a_seed_beyond_any_day_is_refused_before_the_first(town: Path) -> None:
    for which in (str(town), "national"):
        said = doorstep_here("simulate", which, "--seed", "9" * 23)
        assert said.returncode == 2
        assert "--seed" in said.stderr


def test_a_title_is_told_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Brackets are words to a person's terminal, not markup that may be wrong."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with _progress(1, "Town [/b]") as step:
        step()
    assert "Town [/b]" in capsys.readouterr().err


def test_a_metro_is_varied_with_quotes_and_without(town: Path) -> None:
    for metro in ("34980", '"34980"'):
        said = doorstep_here(
            *("simulate", str(town), "--runs", "1", "--processes", "1", "--vary", f"city.metro={metro}")
        )
        assert said.returncode == 0, said.stderr


def test_a_narrow_terminal_cuts_no_number(town: Path) -> None:
    words = (
        *("simulate", str(town), "--runs", "2", "--processes", "1", "--json", "-"),
        *("--vary", "broadcast=3,company=900,800,slots=0.5,1"),
    )
    for columns in ("40", "80", "200"):
        said = doorstep_here(*words, COLUMNS=columns)
        assert said.returncode == 0, said.stderr
        table = [line for line in said.stderr.splitlines() if line[:1] in "│┃┏┡└"]
        assert max(map(len, table)) <= max(int(columns), 60)
        assert "…" not in "".join(table)
        shown = " ".join(" ".join(table).split())
        for setting in json.loads(said.stdout)["settings"]:
            figures = setting["figures"]
            assert f"{figures['kept_pct']['mean']:.1f}% ±" in shown
            assert f"${figures['cost_per_order_minor']['mean'] / 100:.2f} ±" in shown
            for word, value in setting["values"].items():
                assert f"{word} {value}" in shown
        assert re.search(r"[+−][\d.]+ ±[\d.]+ pts", shown)
    assert "trips do not grow" not in said.stderr
    assert "with 95% intervals" in said.stderr


def test_where_stores_are_mixed_it_is_told_that_no_trip_grows(town: Path) -> None:
    mixing.warm_up()
    said = doorstep_here("simulate", str(town), "--runs", "1", "--processes", "1", "--vary", "mixing=0,1")
    assert "(mixing 1) trips do not grow under way" in said.stdout


def test_one_day_promises_no_interval(town: Path) -> None:
    said = doorstep_here("simulate", str(town), "--runs", "1", "--processes", "1", "--vary", "slots=1,2")
    assert "one day has no intervals" in said.stdout
    assert "95% intervals" not in said.stdout
    assert "doorstep[ray]" in doorstep_here("simulate", "study", "--help", COLUMNS="200").stdout
    assert "doorstep[ray]" in doorstep_here("simulate", "national", "--help", COLUMNS="200").stdout


def _alive(group: int) -> list[str]:
    """The processes of a group that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and int(state[2]) == group and state[0] != "Z":
            found.append(entry.name)
    return found


@pytest.mark.parametrize(
    ("how", "to_all", "code"),
    [(signal.SIGINT, True, 130), (signal.SIGTERM, False, 143), (signal.SIGKILL, False, -9)],
)
def test_who_stops_it_is_told_how_far_it_was_and_no_process_stays(
    tmp_path: Path, how: signal.Signals, to_all: bool, code: int
) -> None:
    warm_up()
    file = tmp_path / "f.json"
    with hearing_interrupts():
        running = subprocess.Popen(
            [
                *(sys.executable, "-m", "doorstep.app.cli", "simulate", "metro", "--runs", "6"),
                *("--processes", "2", "--json", str(file)),
            ],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        for _ in range(400):  # until its processes are there
            time.sleep(0.05)
            if len(_alive(running.pid)) >= 4:
                break
        time.sleep(2)
        (os.killpg if to_all else os.kill)(running.pid, how)
        said = running.communicate(timeout=20)[1]
        for _ in range(100):
            if not _alive(running.pid):
                break
            time.sleep(0.05)
    finally:
        left = _alive(running.pid)
        if left:
            os.killpg(running.pid, signal.SIGKILL)
    assert not left
    assert running.returncode == code
    assert not file.exists()
    if how is not signal.SIGKILL:
        assert said == "stopped; 0 of 6 days were played\n"
