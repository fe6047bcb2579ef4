"""The referee of the recorded days finds every way to cheat, in the files themselves."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doorstep.sim.mdrp import solution as files
from doorstep.sim.mdrp.evaluator import Infeasible, breaches, evaluate
from doorstep.sim.mdrp.instance import Instance, read
from doorstep.sim.mdrp.solution import Bundle, Delivered, Move, Solution

LAWFUL = Solution(
    bundles=(Bundle(5, 12, "c1", ("o1", "o2")),),
    delivered=(Delivered("o1", 0, 10, 12, 19, "c1"), Delivered("o2", 4, 12, 12, 25, "c1")),
    moves=(Move("c1", 5, "c1", "r1"), Move("c1", 14, "r1", "o1"), Move("c1", 21, "o1", "o2")),
)
"""c1 reaches r1 at 10, picks up at 12, leaves at 14, is at o1 at 17, hands over at 19, at o2 at 23, hands over at 25."""


@pytest.fixture
def day(tmp_path: Path) -> Instance:
    folder = tmp_path / "tiny"
    folder.mkdir()
    texts = {
        "orders": "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t800\t0\t0\tr1\t10\no2\t1000\t0\t4\tr1\t12\no3\t500\t0\t6\tr2\t13",
        "restaurants": "restaurant\tx\ty\nr1\t500\t0\nr2\t500\t100",
        "couriers": "courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t0\t60\nc2\t0\t0\t0\t60",
        "instance_parameters": "speed\tpickup\tdropoff\ttarget\tmaximum\tpay_per_order\tguaranteed\n100\t4\t4\t40\t90\t10\t15",
    }
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text + "\n")
    return read(folder)


def test_a_lawful_day_is_measured(day: Instance, tmp_path: Path) -> None:
    files.write(tmp_path / "solution", LAWFUL)
    again = files.read(tmp_path / "solution")
    assert again == LAWFUL
    measures = evaluate(day, again)
    assert (measures.orders, measures.undelivered_pct) == (3, 33.333)
    assert measures.ctd_mean == (19 + 21) / 2
    assert measures.ctd90 == pytest.approx((19 + 21 + 90) / 3, abs=1e-3)
    assert measures.rtp_mean == 1.0
    assert measures.drive_min_per_order == (5 + 3 + 2) / 2
    assert measures.cost_per_order == (20 + 15) / 2  # c1 by the order, c2 by the hour
    assert measures.orders_per_bundle == 2


def bundle(**changes: object) -> Callable[[Solution], Solution]:
    return lambda s: replace(s, bundles=(replace(s.bundles[0], **changes),))  # type: ignore[arg-type]


def delivered(number: int, **changes: object) -> Callable[[Solution], Solution]:
    def cheat(s: Solution) -> Solution:
        rows = list(s.delivered)
        rows[number] = replace(rows[number], **changes)  # type: ignore[arg-type]
        return replace(s, delivered=tuple(rows))

    return cheat


def moved(number: int, **changes: object) -> Callable[[Solution], Solution]:
    def cheat(s: Solution) -> Solution:
        rows = list(s.moves)
        rows[number] = replace(rows[number], **changes)  # type: ignore[arg-type]
        return replace(s, moves=tuple(rows))

    return cheat


@pytest.mark.parametrize(
    ("cheat", "says"),
    [
        (bundle(assigned_min=3), "before it was placed"),
        (bundle(assigned_min=13), "assigned after pickup"),
        (bundle(pickup_min=11), "before it was ready"),
        (bundle(orders=("o1", "o3")), "two restaurants"),
        (bundle(orders=("o2", "o1")), "not dropped in sequence"),
        (bundle(orders=("o1", "o2", "o9")), "unknown order o9"),
        (bundle(courier="c2"), "differ"),
        (lambda s: replace(s, bundles=(*s.bundles, s.bundles[0])), "two assignments"),
        (lambda s: replace(s, delivered=(*s.delivered, s.delivered[0])), "delivered twice"),
        (lambda s: replace(s, delivered=s.delivered[:1]), "no line of its own"),
        (delivered(0, placed_min=5), "the instance differ"),
        (delivered(0, drop_min=18), "is not at o1"),
        (delivered(1, drop_min=24), "is not at o2"),
        (moved(0, departure_min=6), "is not at r1"),
        (moved(1, departure_min=13), "is not at r1"),
        (moved(2, departure_min=16), "before she is there"),
        (moved(2, origin="r1"), "but is at o1"),
        (lambda s: replace(s, moves=s.moves[:2]), "is not at o2"),
    ],
)
def test_each_cheat_is_named(day: Instance, cheat: Callable[[Solution], Solution], says: str) -> None:
    found = breaches(day, cheat(LAWFUL))
    assert any(says in breach for breach in found), found
    with pytest.raises(Infeasible, match="breaches of the rules"):
        evaluate(day, cheat(LAWFUL))


def test_a_pickup_after_the_shift_is_seen(day: Instance) -> None:
    ending = replace(day, couriers=(replace(day.couriers[0], off_min=11), day.couriers[1]))
    assert any("after the shift" in breach for breach in breaches(ending, LAWFUL))


def test_two_restaurants_on_board_only_where_that_is_the_rule(day: Instance) -> None:
    """r1 at 12, then r2 a hundred metres on at 17, then all three doors."""
    mixed = Solution(
        bundles=(Bundle(5, 12, "c1", ("o1", "o2")), Bundle(14, 17, "c1", ("o3",))),
        delivered=(
            Delivered("o1", 0, 10, 12, 25, "c1"), Delivered("o2", 4, 12, 12, 31, "c1"), Delivered("o3", 6, 13, 17, 38, "c1"),
        ),
        moves=(
            Move("c1", 5, "c1", "r1"), Move("c1", 14, "r1", "r2"), Move("c1", 19, "r2", "o1"),
            Move("c1", 27, "o1", "o2"), Move("c1", 33, "o2", "o3"),
        ),
    )  # fmt: skip
    mixed = replace(mixed, delivered=(*mixed.delivered[:2], replace(mixed.delivered[2], drop_min=40)))
    assert any("mixes" in breach for breach in breaches(day, mixed))
    assert breaches(day, mixed, mixing=True) == []


def test_a_malformed_file_is_refused(tmp_path: Path) -> None:
    files.write(tmp_path, LAWFUL)
    (tmp_path / files.ORDERS).write_text("header\no1 2 3\n")
    with pytest.raises(ValueError, match="columns"):
        files.read(tmp_path)
