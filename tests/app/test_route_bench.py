"""``doorstep bench pdptw`` on good instances and broken ones, in any folder."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.factories.commands import hearing_interrupts
from tests.factories.instances import LI_LIM, ROAD
from typer.testing import CliRunner, Result

from doorstep.app.benches import bench

DISTANCE = 23.211


def planned(*words: object) -> Result:
    return CliRunner().invoke(bench, ["pdptw", *map(str, words), "--seconds", "0.1"])


def told(file: Path) -> Any:
    return json.loads(file.read_text())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.txt"
    path.write_text(LI_LIM)
    return path


def test_without_a_table_beside_it_only_the_plan_is_told(file: Path, tmp_path: Path) -> None:
    ran = planned(file, "--json", tmp_path / "out.json")
    assert ran.exit_code == 0, ran.output
    (row,) = told(tmp_path / "out.json")["instances"]
    assert (row["instance"], row["vehicles"], row["distance"], row["feasible"]) == ("tiny", 1, DISTANCE, True)
    assert row["seconds"] >= 0.1
    assert not any("known" in key or "gap" in key for key in row)
    assert "best known" not in ran.output


@pytest.mark.parametrize("length", ["bks_distance", "bks_cost"])
def test_the_best_known_stands_beside_the_plan(file: Path, tmp_path: Path, length: str) -> None:
    (tmp_path / "bks.csv").write_text(f"instance,bks_vehicles,{length}\ntiny,1,22.0\nother,,\n")
    (tmp_path / "unknown.txt").write_text(ROAD)
    ran = planned(tmp_path, "--json", tmp_path / "out.json")
    assert ran.exit_code == 0, ran.output
    row, unknown = told(tmp_path / "out.json")["instances"]
    assert (row["best_known_vehicles"], row["best_known_distance"]) == (1, 22.0)
    assert (row["extra_vehicles"], row["distance_gap_pct"]) == (0, 5.5)
    assert "best_known_vehicles" not in unknown
    lines = ran.output.splitlines()
    assert "best known" in lines[0]
    assert lines[1].split()[-6:] == ["1", "22.00", "+0", "+5.50", "%", "feasible"]
    assert lines[2].split()[-5:] == ["-", "-", "-", "-", "feasible"]


def test_a_plan_that_leaves_something_out_has_no_gap(file: Path, tmp_path: Path) -> None:
    file.write_text(LI_LIM.replace("2\t10\t1", "2\t7\t1"))
    (tmp_path / "bks.csv").write_text("instance,bks_vehicles,bks_distance\ntiny,1,22.0\n")
    assert planned(file, "--json", tmp_path / "out.json").exit_code == 0
    (row,) = told(tmp_path / "out.json")["instances"]
    assert (row["feasible"], row["extra_vehicles"], row["distance_gap_pct"]) == (False, None, None)


@pytest.mark.parametrize(
    "text", ["name,best\n", "instance,bks_vehicles,bks_distance\ntiny,one,25\n", "instance,bks_vehicles,bks_distance\ntiny,1,nan\n"]
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_told(file: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "bks.csv").write_text(text)
    ran = planned(file)
    assert ran.exit_code == 2
    assert f"{tmp_path / 'bks.csv'}, line " in ran.output


@pytest.mark.parametrize(
    ("text", "old", "new", "says"),
    [
        (LI_LIM, "2\t10\t1\n", "0\t10\t1\n", "line 1: vehicles is '0'; it is a whole number between 1 and"),
        (LI_LIM, "2\t10\t1\n", "-3\t10\t1\n", "line 1: vehicles is '-3'"),
        (LI_LIM, "2\t10\t1\n", "2.5\t10\t1\n", "line 1: vehicles is '2.5'"),
        (LI_LIM, "2\t10\t1\n", "2\t0\t1\n", "line 1: capacity is 0"),
        (LI_LIM, "2\t10\t1\n", "hello\n", "line 1: neither Li & Lim (`vehicles capacity speed`) nor"),
        (LI_LIM, "2\t4\t3", "2\tnan\t3", "line 4: x is 'nan'; it is a number between"),
        (LI_LIM, "2\t4\t3", "2\t4\tinf", "line 4: y is 'inf'"),
        (LI_LIM, "\t3\t0\n", "\t1\t0\n", "line 5: node 3 is paired with node 4, which line 6 pairs otherwise"),
        (LI_LIM, "\t3\t0\n", "\t0\t0\n", "line 6: node 4 names no pickup or delivery"),
        (LI_LIM, "\t3\t0\n", "\t9\t0\n", "line 6: pickup is '9'; it is a whole number between 0 and 4"),
        (LI_LIM, "\t3\t0\n", "\t3\n", "line 6: 8 columns of a node; there are 9: id x y"),
        (LI_LIM, "-8", "-7", "line 5: node 3 picks up 8, its delivery in line 6 says -7"),
        (LI_LIM, "3\t0\t6", "9\t0\t6", "line 5: node '9'; nodes are numbered from 0 without a gap, this is 3"),
        (LI_LIM, LI_LIM[7:], "", "line 1: the last line before the nodes, and there are none"),
        (LI_LIM, LI_LIM, " \n", "line 1: nothing there"),
        (ROAD, "SIZE: 3\n", "", "NODES, and no line before said SIZE"),
        (ROAD, "SIZE: 3", "SIZE: 4", "line 8: 3 nodes before EDGES, SIZE says 4"),
        (ROAD, "CAPACITY: 9", "CAPACITY: much", "line 3: capacity is 'much'"),
        (ROAD, "EDGES\n", "", "no line was EDGES"),
        (ROAD, "8 5 0\n", "8 5\n", "line 11: 2 times in a line of EDGES, SIZE says 3"),
        (ROAD, "8 5 0\n", "", "2 lines of EDGES, SIZE says 3"),
        (ROAD, "4 0 5", "4 0 nan", "line 10: the time to node 2 is 'nan'"),
        (ROAD, "4 0 5", "-4 0 5", "line 10: the time to node 0 is '-4'; it is a number between 0 and"),
    ],
)  # fmt: skip
def test_a_broken_instance_is_told_with_file_line_and_what_is_allowed(
    file: Path, tmp_path: Path, text: str, old: str, new: str, says: str
) -> None:
    assert old in text
    broken = tmp_path / "broken.txt"
    broken.write_text(text.replace(old, new))
    ran = planned(file, broken, "--json", tmp_path / "out.json")
    assert ran.exit_code == 2, ran.output
    assert f"{broken}, line " in ran.output
    assert says in ran.output
    assert "vehicles    " not in ran.output
    assert not (tmp_path / "out.json").exists()


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.txt").write_bytes(b"\x89PNG\r\n\xff\xfe\x00\n")
    ran = planned(tmp_path / "binary.txt")
    assert ran.exit_code == 2
    assert "binary.txt, line 1: neither" in ran.output


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("\ufeff" + LI_LIM, DISTANCE),
        ("\n \n" + LI_LIM.replace("\n", "\r\n"), DISTANCE),
        ("\ufeff\n" + ROAD, 16.0),
        (ROAD.replace("NODES", "NODES ").replace("EDGES", "\n EDGES\t"), 16.0),
        (ROAD.replace("EOF\n", "").replace("4 0 5", "4 0 5\n"), 16.0),
    ],
)
def test_blank_lines_spaces_at_the_end_and_a_mark_of_the_encoding_mean_nothing(
    file: Path, tmp_path: Path, text: str, distance: float
) -> None:
    file.write_bytes(text.encode())
    assert planned(file, "--json", tmp_path / "out.json").exit_code == 0
    assert told(tmp_path / "out.json")["instances"][0]["distance"] == distance


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder, text in (("a", LI_LIM), ("b", ROAD)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.txt").write_text(text)
    ran = planned(tmp_path / "a", tmp_path / "b", tmp_path / "a/same.txt", "--json", tmp_path / "out.json")
    assert ran.exit_code == 0
    assert [row["instance"] for row in told(tmp_path / "out.json")["instances"]] == ["a/same", "b/same"]


def test_a_folder_without_instances_and_a_missing_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = planned(tmp_path / "empty", tmp_path / "gone.txt")
    assert ran.exit_code == 2
    assert "empty: a folder without a .txt file" in ran.output
    assert "gone.txt: cannot be read (No such file" in ran.output


@pytest.mark.parametrize("target", ["folder", "/proc/x"])
def test_an_output_that_cannot_be_written_is_told_before_the_first(
    file: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "folder").mkdir()
    ran = planned(file, "--json", tmp_path / target)
    assert ran.exit_code == 2
    assert "--json" in ran.output
    assert "feasible" not in ran.output


@pytest.mark.parametrize("words", [("--seconds", "nan"), ("--seconds", "inf"), ("--seed", "-1")])
def test_a_wrong_argument_is_refused(file: Path, words: tuple[str, str]) -> None:
    ran = CliRunner().invoke(bench, ["pdptw", str(file), *words])
    assert ran.exit_code == 2
    assert words[0] in ran.output


def test_an_interrupted_bench_keeps_what_is_done(file: Path, tmp_path: Path) -> None:
    (tmp_path / "zz.txt").write_text(ROAD)
    with hearing_interrupts():
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "doorstep.app.cli", "bench", "pdptw", str(file), str(tmp_path / "zz.txt"),
             "--seconds", "5", "--json", str(tmp_path / "out.json")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    assert "feasible" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert said == f"interrupted; 1 of 2 instances done, their figures are in {tmp_path / 'out.json'}\n"
    found = told(tmp_path / "out.json")
    assert ([row["instance"] for row in found["instances"]], found["unfinished"]["of"]) == (["tiny"], 2)
