"""Large worlds travel by coordinates; who is near is found ring by ring, and the answer is that of looking at all."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK
from tests.engine.test_open_trip import worlds_under_way

from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.record import pack, replay
from doorstep.engine.world import Plane, Travel, World


@st.composite
def planes(draw: st.DrawFn) -> tuple[World, Plane, int]:
    """Worlds with coordinates; some places coincide, some lie far outside."""
    world, travel, now = draw(worlds_under_way())
    places = travel.places
    spot = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda p: (p[0] * 700, p[1] * 700))
    away = st.tuples(st.integers(-60_000, 60_000), st.integers(-9_000, 9_000))
    points = draw(st.lists(st.one_of(spot, spot, away), min_size=places, max_size=places))
    x_m, y_m = (np.array([p[axis] for p in points], np.int64) for axis in (0, 1))
    return world, Plane(x_m, y_m, draw(st.sampled_from([90, 187]))), now


def as_matrix(plane: Plane) -> Travel:
    rows = range(plane.places)
    return Travel(np.array([[plane.between(a, b) for b in rows] for a in rows], np.int32))


@LAWS
@given(planes(), st.sampled_from([1, 2, 30]))
def test_nearest_first_decides_as_looking_at_everybody(
    given_: tuple[World, Plane, int], candidates: int
) -> None:
    world, plane, now = given_
    params = replace(QUICK, candidates=candidates)
    near = decide(world, plane, params, now, 3, PYTHON)
    everybody = decide(world, as_matrix(plane), params, now, 3, PYTHON)
    assert near.cost == everybody.cost
    assert near == everybody


@LAWS
@given(planes())
def test_the_plane_is_the_same_compiled_and_replayed(given_: tuple[World, Plane, int]) -> None:
    world, plane, now = given_
    first = decide(world, plane, QUICK, now, 3, PYTHON)
    assert first == decide(world, plane, QUICK, now, 3, warm_up())
    assert replay(pack(world, plane, QUICK, now, 3, first, "python"), PYTHON).same
