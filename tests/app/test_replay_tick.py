"""A recorded tick decided again on the command line: what a dispatcher reads, and what a script gets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.engine.test_plan import ANA, LINE, LUNCH, NOW
from tests.factories.commands import doorstep_here
from typer.testing import CliRunner, Result

from doorstep.app import commands
from doorstep.engine.compiled import PYTHON
from doorstep.engine.decide import decide
from doorstep.engine.params import LIMITS, Params
from doorstep.engine.record import pack, unpack
from doorstep.engine.world import Driver, Order, World

READY = LUNCH.ready_s
BEN = Driver(id="ben", place=6, free_s=NOW)
SOUP = replace(LUNCH, id="soup", placed_s=NOW + 1, dropoff=6)
ROLL = replace(LUNCH, id="roll", store="t", pickup=8, dropoff=10, ready_s=READY + 3000, due_s=READY + 6000)
HEADS = ("Sent otherwise", "Picked up otherwise", "Handed over otherwise", "Waits otherwise")


def recorded(
    folder: Path, world: World, params: Params | None = None, now_s: int = READY - 120, *, dearer: float = 0.0
) -> Path:
    """A tick as the engine's recorder keeps it; ``dearer``: as an engine would have that adds costs up otherwise."""
    params = params or Params()
    decisions = decide(world, LINE, params, now_s, 1, PYTHON)
    told = replace(decisions, cost=decisions.cost + dearer)
    file = folder / "one.tick"
    file.write_bytes(pack(world, LINE, params, now_s, 1, told, "python"))
    return file


def said(file: Path, *changes: str, more: tuple[str, ...] = (), columns: int = 200) -> Result:
    """What ``doorstep replay-tick`` says with these ``--param``."""
    app = typer.Typer()
    commands.install(app)
    turned = [word for change in changes for word in ("--param", change)]
    return CliRunner().invoke(app, ["replay-tick", str(file), *turned, *more], env={"COLUMNS": str(columns)})


def figures(file: Path, *changes: str) -> dict[str, Any]:
    told = said(file, *changes, more=("--json", "-"))
    assert told.exit_code == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def lines(told: Result) -> list[str]:
    return [" ".join(line.split()) for line in told.stdout.splitlines()]


def cells(told: Result, head: str, first: str) -> list[str]:
    """The row that begins with ``first`` of the table under ``head``."""
    table = told.stdout.partition(f"{head} otherwise (")[2].partition("otherwise (")[0]
    rows = [line.strip("│ ").split("│") for line in table.splitlines()]
    (row,) = ([cell.strip() for cell in row] for row in rows if row[0].strip() == first)
    return row


def test_a_tick_decided_again_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH, SOUP), (ANA, BEN)))
    told = said(file)
    assert told.exit_code == 0
    (send,) = unpack(file.read_bytes()).decisions.sends
    assert lines(told) == [
        "Tick of 1970-01-01 14:21:20 UTC: 2 orders, 2 drivers.",
        "The same to the last bit.",
        f"ana ← lunch, soup: {send.sentence}",
    ]


def test_a_table_is_as_wide_as_it_is_told_to_be(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH, SOUP), (ANA, BEN)))
    for columns in (60, 120):
        told = said(file, "max_bundle=1", columns=columns)
        frames = [line for line in told.stdout.splitlines() if line.startswith(("┏", "└"))]
        assert frames
        assert max(map(len, frames)) <= columns


def test_figures_that_cannot_be_written_are_told_before_anything_is_decided(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH, SOUP), (ANA, BEN)))
    told = said(file, more=("--json", str(tmp_path)))
    assert told.exit_code == 2
    assert "cannot be written" in " ".join(told.stderr.replace("│", " ").split())
    assert told.stdout == ""


def test_a_trip_that_another_setting_parts_is_told_order_by_order(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH, SOUP), (ANA, BEN)))
    told = said(file, "max_bundle=1", "tick_s=600")
    assert told.exit_code == 0
    assert "changed: max_bundle 4 → 1, tick_s 60 → 600" in lines(told)
    orders, driver, leaves, cost, why = cells(told, "Sent", "lunch")
    assert (orders, driver, leaves) == ("lunch", "ana with soup → ben", "+0:00")
    assert cost.count(" → ") == 1
    assert why.startswith("2 orders of one store; ")
    assert " → one order; " in told.stdout
    assert cells(told, "Sent", "soup")[1] == "ana with lunch → ana"
    assert "The whole plan costs" in told.stdout
    assert "with 1 → 2 sends and 0 orders left out." in told.stdout

    found = figures(file, "max_bundle=1", "tick_s=600")
    assert found["same"]
    assert found["params_changed"] == {
        "max_bundle": {"before": 4, "after": 1},
        "tick_s": {"before": 60, "after": 600},
    }
    lunch = next(one for one in found["sent_otherwise"] if one["orders"] == ["lunch"])
    assert (lunch["before"]["driver"], lunch["after"]["driver"]) == ("ana", "ben")
    assert lunch["after"]["leave_s"] == READY - 120
    assert found["cost_again"] > found["cost_before"] == found["cost"]


def test_an_order_that_waits_otherwise_is_told_with_where_it_stands(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH, ROLL), (ANA, BEN)))
    told = said(file, "coverage_price=0", "spared_min=0")
    found = figures(file, "coverage_price=0", "spared_min=0")
    assert {one["order"]: (one["before"] or {}).get("stands") for one in found["waits_otherwise"]}
    assert "left out" in told.stdout
    order, stands, why = cells(told, "Waits", "roll")
    assert (order, stands) == ("roll", "planned with ana → left out")
    assert why.startswith("planned with a driver, after 1 earlier trip")
    assert found["left_out_before"] < found["left_out_again"]


def test_who_joins_an_open_trip_is_told(tmp_path: Path) -> None:
    under_way = replace(ANA, place=2, free_s=READY - 300, keeps=("lunch",))
    joining = replace(SOUP, ready_s=READY)
    file = recorded(tmp_path, World((LUNCH, joining), (under_way,)), now_s=READY)
    told = said(file, "max_bundle=1")
    orders, driver, joined, picked, _cost, why = cells(told, "Picked up", "soup")
    assert (orders, driver, joined) == ("soup", "ana with lunch → nobody now", "soup → —")
    assert picked == "+0:00 → —"
    assert "joined on the way" in why
    (kept,) = (
        one for one in figures(file, "max_bundle=1")["picked_up_otherwise"] if one["orders"] == ["lunch"]
    )
    assert (kept["before"]["joined"], kept["after"]["joined"]) == (["soup"], [])


def test_what_is_handed_over_otherwise_is_told_where_stores_are_mixed(tmp_path: Path) -> None:
    aboard = replace(LUNCH, id="cake", ready_s=NOW)
    late = replace(aboard, earliest_drop_s=READY + 900)
    file = recorded(tmp_path, World((), (replace(ANA, aboard=(late,)),)), Params(mixing=True))
    told = said(file, "tick_s=3600")
    assert cells(told, "Handed over", "cake")[1] == "nobody now → ana"
    assert "Handed over otherwise (1)" in told.stdout

    refused = said(file, "mixing=0")
    assert refused.exit_code == 2
    assert "this tick cannot be decided so" in refused.stderr


def test_where_nothing_differs_it_says_so(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH,), (ANA, BEN)))
    nothing = said(file, "max_bundle=4")
    assert "Nothing differs, to the last bit." in lines(nothing)
    assert not [head for head in HEADS if head in nothing.stdout]
    assert figures(file, "max_bundle=4")["nothing_differs"]

    dearer = said(file, "driving_price=0.04")
    assert "Nothing is decided otherwise; only figures differ." in lines(dearer)
    assert not [head for head in HEADS if head in dearer.stdout]


def test_a_record_that_this_version_decides_otherwise_is_told(tmp_path: Path) -> None:
    file = recorded(tmp_path, World((LUNCH,), (ANA, BEN)), dearer=1.0)
    told = said(file)
    assert told.exit_code == 1
    assert "NOT BIT FOR BIT what was recorded" in told.stdout
    assert "Nothing is decided otherwise; only figures differ." in lines(told)

    asked = said(file, "max_bundle=1")
    assert asked.exit_code == 0
    assert "below is compared with what it decides" in asked.stdout
    assert "Nothing differs, to the last bit." in lines(asked)
    assert not figures(file, "max_bundle=1")["same"]


def test_long_names_are_told_by_their_ends_and_whole_to_machines(tmp_path: Path) -> None:
    prefix = "01a20615-1781-726b-b2a7-4de452"

    def long(order: Order) -> Order:
        return replace(order, id=f"{prefix}{order.id:>6}".replace(" ", "0"))

    drivers = tuple(replace(one, id=f"{prefix}000{one.id}") for one in (ANA, BEN))
    file = recorded(tmp_path, World((long(LUNCH), long(SOUP)), drivers))
    assert (
        cells(said(file, "max_bundle=1", "tick_s=600"), "Sent", "…00soup")[1]
        == "…000ana with …0lunch → …000ana"
    )
    assert figures(file, "max_bundle=1")["sent_otherwise"][0]["before"]["driver"] == f"{prefix}000ana"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["speed=1"], "no parameter is called 'speed'; there are apart_candidates, apart_orders"),
        (["late_price"], "'late_price' is not NAME=VALUE"),
        (["late_price="], "late_price is a number between 0 and 1,000, not ''"),
        (["late_price=nan"], "late_price is a number between 0 and 1,000, not 'nan'"),
        (["late_price=-1"], "late_price is a number between 0 and 1,000, not '-1'"),
        (["late_price=1", "late_price=2"], "late_price is given twice"),
        (["max_bundle=2.5"], "max_bundle is a whole number between 1 and 100, not '2.5'"),
        (["mixing=perhaps"], "mixing is true or false, not 'perhaps'"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_with_what_is_allowed(
    tmp_path: Path, changes: list[str], why: str
) -> None:
    told = said(recorded(tmp_path, World((LUNCH,), (ANA,))), *changes)
    assert told.exit_code == 2
    assert why in " ".join(told.stderr.replace("│", " ").split())
    if "speed=1" in changes:
        assert all(name in told.stderr for name in LIMITS)


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    assert said(tmp_path / "none.tick").exit_code == 2
    assert said(tmp_path).exit_code == 2
    file = recorded(tmp_path, World((LUNCH,), (ANA,)))
    content = file.read_bytes()
    for broken in (b"", b"a picture", content[:-9], content[:30] + b"\0" + content[31:]):
        file.write_bytes(broken)
        told = doorstep_here("replay-tick", str(file)) if broken == b"a picture" else None
        if told is not None:
            assert told.returncode == 2
            assert "no tick record of this version" in " ".join(told.stderr.replace("│", " ").split())
            assert "Traceback" not in told.stderr
        assert said(file).exit_code == 2
