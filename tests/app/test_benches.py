"""``doorstep bench mdrp`` on good days and broken ones, in any folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.factories.commands import hearing_interrupts
from typer.testing import CliRunner, Result

from doorstep.app.benches import bench
from doorstep.app.cli import whole

TEXTS = {
    "orders": "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t800\t0\t0\tr1\t10\no2\t1000\t0\t4\tr1\t12\no3\t500\t0\t6\tr2\t13\n",
    "restaurants": "restaurant\tx\ty\nr1\t500\t0\nr2\t500\t100\n",
    "couriers": "courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t0\t60\nc2\t0\t0\t0\t60\n",
    "instance_parameters": "speed\tpickup\tdropoff\ttarget\tmaximum\tper order\tper hour\n100\t4\t4\t40\t90\t10\t15\n",
}
QUICK = ("--seeds", "1", "--no-peers")


def day(folder: Path, **texts: str) -> Path:
    """A day of three orders in ``folder``, with other ``texts`` for some of its files."""
    folder.mkdir(parents=True)
    for name, text in (TEXTS | texts).items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def played(*words: object) -> Result:
    return CliRunner().invoke(bench, ["mdrp", *map(str, words)])


def told(file: Path) -> Any:
    return json.loads(file.read_text())


def test_days_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    one, other = day(tmp_path / "a/day"), day(tmp_path / "b/day", couriers=TEXTS["couriers"].split("c2")[0])
    out, file = tmp_path / "out", tmp_path / "figures.json"
    ran = played(one, other, one / ".", *QUICK, "--solutions", out, "--json", file)
    assert ran.exit_code == 0, ran.output
    rows = told(file)["instances"]
    assert [row["instance"] for row in rows] == ["a/day", "b/day"]
    assert rows[0]["cost_per_order"] != rows[1]["cost_per_order"]
    assert [row["instance"] for row in told(file)["runs"]] == ["a/day", "b/day"]
    for name in ("a/day", "b/day"):
        assert f"\n{name} " in ran.output
        assert (out / "doorstep" / name / "1/solution_info_orders.txt").exists()


def test_a_day_without_late_f1_beside_it_is_better_on_none(tmp_path: Path) -> None:
    ran = played(day(tmp_path / "my_day"), *QUICK)
    assert "click-to-door" in ran.output
    assert "better on" not in ran.output


def test_a_mean_of_late_f1_says_on_how_many_of_the_days_it_is_known(tmp_path: Path) -> None:
    one, other = day(tmp_path / "one"), day(tmp_path / "other")
    heads = "instance,ctd_mean,undelivered_pct,rtp_mean,ctd_p90,cost_per_order,drive_min_per_order"
    (tmp_path / "baseline_late_f1.csv").write_text(f"{heads}\none,80.5,0,1,90,10,12\n")
    ran = played(one, other, *QUICK)
    assert ran.exit_code == 0, ran.output
    assert ", late f1 80.50 on the 1 where it is known, better on 1;" in ran.output
    assert ", late f1 80.50, better on 1;" in played(one, *QUICK).output


def test_the_folder_one_stands_in_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(day(tmp_path / "my_day"))
    assert played(".", *QUICK, "--json", "figures.json").exit_code == 0
    (row,) = told(tmp_path / "my_day/figures.json")["instances"]
    assert row["instance"] == "my_day"
    contract = {
        "orders",
        "ctd_mean",
        "ctd_p90",
        "rtp_mean",
        "undelivered_pct",
        "cost_per_order",
        "tick_ms_p95",
    }
    assert contract < set(row)


@pytest.mark.parametrize("target", ["folder", "/proc/x", "file/under.json"])
def test_an_output_that_cannot_be_written_is_told_before_the_first_day(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for option in ("--json", "--solutions")[: 1 if target == "folder" else 2]:
        ran = played(day(tmp_path / f"day{option}"), *QUICK, option, tmp_path / target)
        assert ran.exit_code == 2, ran.output
        said = " ".join(ran.output.replace("│", " ").split())  # wherever the box breaks its lines
        assert option in said
        assert "cannot be" in said
        assert "warming" not in said


def test_a_broken_day_at_the_end_is_found_before_the_first_is_played(tmp_path: Path) -> None:
    good, file = day(tmp_path / "good"), tmp_path / "figures.json"
    broken = [day(tmp_path / "mute", orders=""), day(tmp_path / "still", couriers="courier\n")]
    ran = played(good, *broken, *QUICK, "--json", file)
    assert ran.exit_code == 2
    assert f"{broken[0]}/orders.txt: nothing there" in ran.output
    assert f"{broken[1]}/couriers.txt, line 1: the column x is missing" in ran.output
    assert "warming" not in ran.output
    assert not file.exists()


def changed(name: str, old: str, new: str) -> dict[str, str]:
    assert old in TEXTS[name]
    return {name: TEXTS[name].replace(old, new)}


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (changed("orders", "\tready_time", ""), "orders.txt, line 1: the column ready_time is missing"),
        (changed("orders", "\tr2\t13", ""), "orders.txt, line 4: 4 columns"),
        ({"orders": TEXTS["orders"].split("o1")[0]}, "orders.txt: no orders"),
        ({"orders": "\n"}, "orders.txt: nothing there"),
        (changed("orders", "r2", "r9"), "orders.txt, line 4: restaurant r9 is not one of restaurants.txt"),
        (changed("orders", "o2", "o1"), "line 3: order o1 is there already (orders.txt, line 2)"),
        (changed("couriers", "c2", "c1"), "couriers.txt, line 3: courier c1 is there already"),
        (changed("orders", "o3", "r1"), "order r1 is there already (restaurants.txt, line 2)"),
        (changed("orders", "o3", "o 3"), "order is 'o 3'; it is a name without spaces"),
        (changed("orders", "\t4\tr1", "\t541.5\tr1"), "line 3: placement_time is '541.5'; it is a whole number"),
        (changed("orders", "\t4\tr1", "\t-4\tr1"), "placement_time is '-4'; it is a whole number between 0 and 1,440"),
        (changed("orders", "r1\t12", "r1\t3"), "line 3: ready_time 3 is before placement_time 4"),
        (changed("couriers", "c2\t0\t0\t0\t60", "c2\t0\t0\t70\t60"), "line 3: off_time 60 is before on_time 70"),
        (changed("couriers", "c2\t0\t0", "c2\tnan\t0"), "couriers.txt, line 3: x is 'nan'"),
        (changed("instance_parameters", "\n100", "\n0"), "line 2: meters_per_minute is '0'; it is a number between"),
        (changed("instance_parameters", "\n100", "\n-320"), "meters_per_minute is '-320'"),
        (changed("instance_parameters", "\n100", "\ninf"), "meters_per_minute is 'inf'"),
        ({"instance_parameters": TEXTS["instance_parameters"].split("100")[0]}, "0 lines under the header; there is one"),
        ({"instance_parameters": ""}, "instance_parameters.txt: nothing there"),
        (changed("instance_parameters", "\n100", "\n0.001"), "minutes apart"),
    ],
)  # fmt: skip
def test_a_broken_day_is_told_with_file_line_and_what_is_allowed(
    tmp_path: Path, texts: dict[str, str], says: str
) -> None:
    ran = played(day(tmp_path / "day", **texts), *QUICK)
    assert ran.exit_code == 2, ran.output
    assert says in ran.output
    assert "warming" not in ran.output


def binary(folder: Path) -> Path:
    (day(folder) / "orders.txt").write_bytes(b"order\n\xff\xfe\x00\x80")
    return folder


def without_couriers_file(folder: Path) -> Path:
    (day(folder) / "couriers.txt").unlink()
    return folder


def table(folder: Path) -> Path:
    folder.write_text("instance,orders\n")
    return folder


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (binary, "orders.txt, line 2: not a text file"),
        (without_couriers_file, "couriers.txt: there is no such file"),
        (table, "not a folder; a day is a folder with orders.txt"),
        (lambda folder: folder, "there is no such folder"),
        (lambda folder: day(folder / "inner").parent, "folders within hold days"),
        (lambda folder: (folder.mkdir(), folder)[1], "no day; a day is a folder with"),
    ],
)
def test_what_is_no_day_is_told(tmp_path: Path, make: Callable[[Path], Path], says: str) -> None:
    folder = make(tmp_path / "x")
    for ran in (played(folder, *QUICK), CliRunner().invoke(whole(), ["replay-day", str(folder)])):
        assert ran.exit_code == 2, ran.output
        assert f"{tmp_path / 'x'}" in ran.output
        assert says in ran.output


def test_figures_beside_a_day_that_cannot_be_read_are_told_before_it_is_played(tmp_path: Path) -> None:
    folder = day(tmp_path / "day")
    (tmp_path / "published.csv").write_text("instance,kind,ctd_mean,undelivered_pct\nday,exact,low,\n")
    ran = played(folder, *QUICK)
    assert ran.exit_code == 2
    assert "published.csv: ctd_mean of day is 'low'" in ran.output


@pytest.mark.parametrize(
    "words",
    [
        ("--seeds", "a"), ("--seeds", ""), ("--seeds", "1,1"), ("--seeds", "-1"),
        ("--param", "foo=1"), ("--param", "driving_price"), ("--param", "driving_price=x"),
        ("--param", "driving_price=nan"), ("--param", "driving_price=-1"), ("--declines", "nan"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused_with_what_is_allowed(tmp_path: Path, words: tuple[str, str]) -> None:
    ran = played(day(tmp_path / "day"), *words)
    assert ran.exit_code == 2, ran.output
    assert words[0] in ran.output
    assert "warming" not in ran.output


def test_a_file_with_a_mark_of_its_encoding_other_line_ends_and_columns_elsewhere_is_read(
    tmp_path: Path,
) -> None:
    rows = [line.split("\t") for line in TEXTS["orders"].splitlines()]
    turned = "\r\n".join("\t".join([*row[1:], row[0]]) for row in rows)
    plain, other = day(tmp_path / "plain"), day(tmp_path / "other", orders="\ufeff" + turned + "\r\n\r\n")
    file = tmp_path / "figures.json"
    assert played(plain, other, *QUICK, "--json", file).exit_code == 0
    one, two = told(file)["instances"]
    assert {**one, "instance": "", "tick_ms_p50": 0, "tick_ms_p95": 0} == {
        **two, "instance": "", "tick_ms_p50": 0, "tick_ms_p95": 0,
    }  # fmt: skip


def test_where_nobody_drives_there_is_nothing_to_average(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    ran = played(day(tmp_path / "day", couriers="courier\tx\ty\ton_time\toff_time\n"), "--json", file)
    assert ran.exit_code == 0, ran.output
    (row,) = told(file)["instances"]
    assert row["undelivered_pct"] == 100
    assert [row[name] for name in ("ctd_mean", "ctd_p90", "rtp_mean", "cost_per_order", "tick_ms_p95")] == [None] * 5  # fmt: skip
    line = next(line for line in ran.output.splitlines() if line.startswith("day  ") and "ctd" not in line)
    assert line.split()[1:6] == ["90.00", "-", "-", "-", "100.00"]
    assert "NaN" not in file.read_text()


def test_what_was_played_is_kept_when_a_later_day_cannot_be_written(tmp_path: Path) -> None:
    first, second, out, file = (
        day(tmp_path / "1st"), day(tmp_path / "2nd"), tmp_path / "out", tmp_path / "f.json",
    )  # fmt: skip
    (out / "doorstep").mkdir(parents=True)
    (out / "doorstep/2nd").write_text("in the way")
    ran = played(first, second, *QUICK, "--solutions", out, "--json", file)
    assert ran.exit_code == 1
    assert "1 of 2 days and seeds done" in ran.output
    found = told(file)
    assert [row["instance"] for row in found["instances"]] == ["1st"]
    assert (found["unfinished"]["played"], found["unfinished"]["of"]) == (1, 2)


def started(tmp_path: Path) -> "subprocess.Popen[str]":
    """A bench of many seeds on two processes, once it has played some of them."""
    folder, out = day(tmp_path / "day"), tmp_path / "out"
    with hearing_interrupts():
        process = subprocess.Popen(
            [sys.executable, "-m", "doorstep.app.cli", "bench", "mdrp", str(folder), "--seeds", ",".join(map(str, range(20_000))),
             "--processes", "2", "--solutions", str(out), "--json", str(tmp_path / "figures.json")],
            start_new_session=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    until = time.monotonic() + 120
    while len(list((out / "doorstep/day").glob("*"))) < 20 and time.monotonic() < until:
        time.sleep(0.05)
    return process


def gone(group: int) -> bool:
    """Whether soon no process of ``group`` is there any more."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_an_interrupted_bench_keeps_what_is_done_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = started(tmp_path)
    # As a terminal does it: everybody in the group hears of it; the others go to the one.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    said = process.communicate(timeout=30)
    assert process.returncode == code, said
    (line,) = [line for line in said[1].splitlines() if "warming" not in line]
    assert " of 20001 days and seeds done, their figures are in " in line
    assert len(told(tmp_path / "figures.json")["runs"]) >= 10
    assert gone(process.pid)


def test_a_bench_that_is_killed_leaves_no_process_either(tmp_path: Path) -> None:
    process = started(tmp_path)
    process.kill()
    process.communicate(timeout=30)  # until the last that could write is gone
    assert gone(process.pid)
