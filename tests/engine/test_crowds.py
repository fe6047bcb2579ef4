"""Many orders and many drivers around one place: nobody is idle because the same few are nearest to everybody."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.engine.compiled import PYTHON, Kernels, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Plane, Travel, World

NOW_S = 36_000
METRES_A_MINUTE = 320


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return warm_up()


def crowd(
    orders: int, near: int, far: int, stores: int, seed: int = 1, away_min: int = 3
) -> tuple[World, Plane]:
    """Orders of a mall, each to a door of its own, with drivers who wait there and drivers some minutes away."""
    doors = np.random.default_rng(seed).integers(-2000, 2000, (orders, 2))
    places = np.array([(0, 0), *doors, (away_min * METRES_A_MINUTE, 0)], np.int64)
    placed = [
        Order(
            id=f"o{i}", pickup=0, dropoff=1 + i, store=f"s{i % stores}", placed_s=NOW_S, ready_s=NOW_S,
            wanted_from_s=NOW_S, due_s=NOW_S + 3600,
        )
        for i in range(orders)
    ]  # fmt: skip
    waiting = [Driver(id=f"here{j}", place=0, free_s=NOW_S) for j in range(near)]
    waiting += [Driver(id=f"there{j}", place=orders + 1, free_s=NOW_S) for j in range(far)]
    return World(tuple(placed), tuple(waiting)), Plane(
        places[:, 0].copy(), places[:, 1].copy(), 60_000 // METRES_A_MINUTE
    )


@pytest.mark.parametrize("stores", [1, 5, 1000])
@pytest.mark.parametrize(("orders", "near", "far"), [(31, 31, 0), (100, 30, 100), (300, 80, 300)])
def test_an_order_for_everybody_who_is_there_or_not_far(
    kernels: Kernels, orders: int, near: int, far: int, stores: int
) -> None:
    world, plane = crowd(orders, near, far, stores)
    decisions = decide(world, plane, Params(), NOW_S, 1, kernels)
    assert len(decisions.sends) == orders, "each has a driver of her own, now"
    everybody = replace(Params(), candidates=near + far, surge_candidates=near + far)
    known = decide(world, plane, everybody, NOW_S, 1, kernels)
    assert decisions.cost <= known.cost * 1.01, "as good as if every order knew every driver"


def test_a_matrix_tells_the_same_as_a_plane(kernels: Kernels) -> None:
    world, plane = crowd(60, 40, 40, 3)
    n = plane.places
    matrix = Travel(np.array([[plane.between(a, b) for b in range(n)] for a in range(n)], np.int32))
    assert decide(world, plane, Params(), NOW_S, 1, kernels) == decide(
        world, matrix, Params(), NOW_S, 1, kernels
    )


def test_who_is_too_far_to_be_worth_it_stays_where_she_is(kernels: Kernels) -> None:
    world, plane = crowd(40, 31, 20, 2, away_min=150)
    decisions = decide(world, plane, Params(), NOW_S, 1, kernels)
    assert {send.driver for send in decisions.sends} <= {f"here{j}" for j in range(31)}
    assert not any(driver.startswith("there") for driver in decisions.plan)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(3, 14), st.integers(0, 8), st.integers(0, 8), st.integers(1, 3), st.integers(1, 4), st.integers(0, 99)
)  # fmt: skip
def test_a_crowd_comes_out_the_same_in_either_kernels_and_any_rows(
    orders: int, near: int, far: int, stores: int, known: int, seed: int
) -> None:
    """With so few candidates that small worlds crowd as well."""
    world, plane = crowd(orders, near, far, stores, seed)
    params = Params(
        candidates=known, iterations_min=20, iterations_per_order=1, surge_orders=10, surge_candidates=known
    )
    first = decide(world, plane, params, NOW_S, 3, PYTHON)
    assert first == decide(world, plane, params, NOW_S, 3, warm_up())
    turned = World(world.orders[::-1], world.drivers[::-1])
    assert first == decide(turned, plane, params, NOW_S, 3, PYTHON)


def test_a_price_war_has_an_end(kernels: Kernels) -> None:
    """However dear it is to leave an order out: 250 orders want 100 drivers at once, and some wait for a second trip."""
    world, plane = crowd(250, 100, 0, 7)
    dear = decide(world, plane, replace(Params(), coverage_price=100_000.0), NOW_S, 1, kernels)
    usual = decide(world, plane, replace(Params(), coverage_price=200.0), NOW_S, 1, kernels)
    assert not [one for one in dear.outlooks if one.driver is None]
    assert dear.cost == pytest.approx(usual.cost, rel=0.05)
