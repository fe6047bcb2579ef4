"""What makes no sense is refused before anything is planned: the refusal says what is wrong, and where."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from doorstep.engine.routes import compiled, files
from doorstep.engine.routes.problem import Matrix, Problem, Request, Turns, Vehicle, Visit
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import StringRemovals

OURS = StringRemovals(compiled.PYTHON)
NAN, INFINITE = float("nan"), float("inf")


def street() -> Problem:
    """Five places a minute apart in a row, two parcels to carry along it, two vans."""
    place = np.arange(5.0)
    requests = (
        Request("bread", Visit(1, 0, 900), Visit(2, 0, 900, 30)),
        Request("milk", Visit(3, 0, 900), Visit(4, 60, INFINITE, 30), prize=500.0),
    )
    vans = (Vehicle("red", 0, 0, 2.0), Vehicle("blue", 0, None, 2.0, ends_s=3600.0))
    return Problem(requests, vans, np.abs(place[:, None] - place[None]) * 60)


def refusal(problem: Problem) -> str:
    with pytest.raises(ValueError) as refused:
        OURS.plan(problem, Turns(10), 1)
    return str(refused.value)


@pytest.mark.parametrize(
    ("end", "change", "said"),
    [
        ("pickup", {"place": 5}, "pickup at place 5, and there are 5, from 0"),
        ("delivery", {"place": -1}, "delivery at place -1, and there are 5, from 0"),
        ("pickup", {"opens_s": NAN}, "pickup opens at nan s"),
        ("pickup", {"opens_s": -INFINITE}, "pickup opens at -inf s"),
        ("delivery", {"opens_s": 1e13}, "delivery opens at 1"),
        ("pickup", {"closes_s": NAN}, "closes at nan s"),
        ("delivery", {"opens_s": 600, "closes_s": 599}, "delivery opens at 600 s and closes at 599 s"),
        ("delivery", {"service_s": -1}, "delivery takes -1 s"),
        ("delivery", {"service_s": INFINITE}, "delivery takes inf s"),
        ("pickup", {"wanted_s": NAN}, "pickup is wanted by nan s"),
    ],
)
def test_a_visit_that_cannot_be_is_named(end: str, change: dict[str, Any], said: str) -> None:
    bread, milk = street().requests
    wrong = replace(milk, **{end: replace(getattr(milk, end), **change)})
    found = refusal(replace(street(), requests=(bread, wrong)))
    assert found.startswith("request 1 (milk): ")
    assert said in found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"units": -1.0}, "-1.0 units"),
        ({"units": NAN}, "nan units"),
        ({"needs": -1}, "needs are -1"),
        ({"needs": 1 << 63}, "not a mask of 63 bits"),
        ({"prize": NAN}, "prize is nan"),
        ({"prize": -3.0}, "prize is -3.0"),
        ({"prize": INFINITE}, "None where it must be served"),
    ],
)
def test_so_is_a_request(change: dict[str, Any], said: str) -> None:
    bread, milk = street().requests
    found = refusal(replace(street(), requests=(bread, replace(milk, **change))))
    assert found.startswith("request 1 (milk): ")
    assert said in found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": 9}, "starts at place 9, and there are 5"),
        ({"end": -1}, "ends at place -1, and there are 5"),
        ({"capacity": -1.0}, "capacity is -1.0"),
        ({"capacity": NAN}, "capacity is nan"),
        ({"starts_s": NAN}, "starts at nan s"),
        ({"starts_s": 4000.0}, "starts at 4000.0 s and ends at 3600.0 s"),
        ({"ends_s": NAN}, "ends at nan s"),
        ({"abilities": -1}, "abilities are -1"),
        ({"opening": -1.0}, "opening it costs -1.0"),
        ({"opening": INFINITE}, "opening it costs inf"),
    ],
)
def test_and_a_vehicle(change: dict[str, Any], said: str) -> None:
    red, blue = street().vehicles
    found = refusal(replace(street(), vehicles=(red, replace(blue, **change))))
    assert found.startswith("vehicle 1 (blue): ")
    assert said in found


def with_leg(number: float) -> Matrix:
    ways = street().travel_s.copy()
    ways[1, 3] = number
    return ways


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"travel_s": np.zeros((5, 4))}, "travel_s has the shape (5, 4)"),
        ({"travel_s": np.zeros(25)}, "travel_s has the shape (25,)"),
        ({"distance": np.zeros((4, 4))}, "distance knows 4 places and travel_s 5"),
        ({"travel_s": with_leg(NAN)}, "travel_s from place 1 to place 3 is nan"),
        ({"travel_s": with_leg(-1)}, "travel_s from place 1 to place 3 is -1.0"),
        ({"distance": with_leg(INFINITE)}, "distance from place 1 to place 3 is inf"),
        ({"late_price": -1.0}, "late_price is -1.0"),
        ({"late_price": NAN}, "late_price is nan"),
    ],
)
def test_and_travel(change: dict[str, Any], said: str) -> None:
    assert said in refusal(replace(street(), **change))


def test_what_is_merely_wide_is_planned() -> None:
    """No end to a window, a shift or a load; a clock that began after the first window; nothing to carry; a whole-number matrix."""
    problem = street()
    bread, milk = problem.requests
    wide = replace(bread, pickup=Visit(1, -300, INFINITE), units=0.0, needs=(1 << 63) - 1, prize=0.0)
    van = Vehicle("endless", 0, None, INFINITE, starts_s=-600.0, abilities=(1 << 63) - 1)
    whole: Any = problem.travel_s.astype(np.int64)
    plan = OURS.plan(Problem((wide, replace(milk, prize=None)), (van,), whole), Turns(100), 1)
    assert plan.unserved == (0,)
    assert not OURS.plan(Problem((), (), np.zeros((0, 0))), Turns(100), 1).routes


def test_a_file_with_figures_that_cannot_be_is_no_problem() -> None:
    text = "1 9 1\n0 0 0 0 0 90 0 0 0\n1 0 3 5 {} 60 1 0 2\n2 4 3 -5 0 90 1 1 0\n"
    assert len(files.read(text.format(0)).requests) == 1
    for opens, why in (
        ("nan", "line 3: opens is 'nan'"),
        ("61", "line 3: closes at 60, before it opens at 61"),
    ):
        with pytest.raises(files.NotAProblem, match=why):
            files.read(text.format(opens))


@pytest.mark.parametrize(
    "kernels", [lambda: compiled.PYTHON, compiled.warm_up], ids=["interpreted", "compiled"]
)
def test_a_question_that_makes_no_sense_leaves_the_plan_answering(
    kernels: Callable[[], compiled.Kernels],
) -> None:
    problem = street()
    loaded = LoadedPlan(problem, OURS.plan(problem, Turns(100), 1), kernels())
    eggs = Request("eggs", Visit(2, 0, 900), Visit(4, 0, 900))
    before = loaded.ask(eggs)
    assert before is not None
    for end, change, said in (
        ("pickup", {"place": 5}, "pickup at place 5, and there are 5"),
        ("delivery", {"place": 7}, "delivery at place 7, and there are 5"),
        ("delivery", {"place": -1}, "delivery at place -1"),
        ("pickup", {"opens_s": NAN}, "pickup opens at nan"),
        ("delivery", {"closes_s": -1.0}, "closes at -1.0"),
    ):
        wrong = replace(eggs, **{end: replace(getattr(eggs, end), **change)})
        with pytest.raises(ValueError) as refused:
            loaded.ask(wrong)
        assert str(refused.value).startswith("the request asked about (eggs): ")
        assert said in str(refused.value)
        assert loaded.ask(eggs) == before
