"""What no tick can mean is refused before a kernel could misread it, by name; what is allowed both kernels read alike."""

import zlib
from dataclasses import fields, replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK, worlds
from tests.engine.test_open_trip import worlds_under_way
from tests.engine.test_plan import ANA, LINE, LUNCH, NOW

from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import LIMITS, PRICES, WHOLE, Params
from doorstep.engine.record import MAGIC, NotATick, pack, replay, unpack
from doorstep.engine.world import (
    ABROAD_M,
    DRIVER_LIMITS,
    FOREVER_S,
    ORDER_LIMITS,
    Driver,
    Order,
    Plane,
    Travel,
    World,
)
from doorstep.features.dispatch.snapshot import elsewhere_s
from doorstep.features.markets.rules import KNOBS

type End = tuple[str, Any]
"""What lies at a limit."""
ORDER_ENDS: list[End] = [(name, end) for name, ends in ORDER_LIMITS.items() for end in ends]
DRIVER_ENDS: list[End] = [(name, end) for name, ends in DRIVER_LIMITS.items() for end in ends]
PRICE_ENDS: list[End] = [(name, end) for name, ends in PRICES.items() for end in ends]


def outside(limits: Any) -> list[End]:
    """Values just beyond each limit, and far beyond it."""
    return [
        (name, value)
        for name, (least, most) in limits.items()
        for value in (least - 1, most + 1, -(1 << 70), 1 << 63)
    ]


@pytest.mark.parametrize(("kind", "limits"), [(Order, ORDER_LIMITS), (Driver, DRIVER_LIMITS)])
def test_every_number_of_an_order_and_a_driver_has_its_limits(kind: type[Any], limits: Any) -> None:
    assert {field.name for field in fields(kind) if field.type is int} == set(limits)


def test_every_knob_has_its_limits_and_a_markets_own_lie_within() -> None:
    assert {field.name for field in fields(Params)} == set(LIMITS)
    for name in KNOBS.keys() & LIMITS.keys():
        least, most = LIMITS[name]
        assert least <= KNOBS[name].lowest <= KNOBS[name].highest <= most, name


@pytest.mark.parametrize(("name", "value"), outside(ORDER_LIMITS))
def test_an_order_with_a_number_that_none_has_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^order lunch: {name} lies between .* not {value}$"):
        replace(LUNCH, **{name: value})


@pytest.mark.parametrize(("name", "value"), outside(DRIVER_LIMITS))
def test_a_driver_with_a_number_that_none_has_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^driver ana: {name} lies between .* not {value}$"):
        replace(ANA, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [*outside(LIMITS), *((name, float(v)) for name in PRICES for v in ("nan", "inf"))]
)
def test_a_knob_outside_its_limits_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} lies between .* not {value}$"):
        replace(Params(), **{name: value})


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_number_stays_one(name: str) -> None:
    most: Any = float(WHOLE[name][1])
    with pytest.raises(ValueError, match=f"^{name} is a whole number"):
        replace(Params(), **{name: most})


@LAWS
@given(worlds(), st.sampled_from(ORDER_ENDS), st.sampled_from(DRIVER_ENDS), st.sampled_from(PRICE_ENDS))
def test_at_the_limits_both_kernels_decide_alike(
    given_: tuple[World, Travel, int],
    of_order: End,
    of_driver: End,
    of_params: End,
) -> None:
    world, travel, now = given_
    orders, drivers = list(world.orders), list(world.drivers)
    if orders and of_order[0] not in {"pickup", "dropoff"}:
        orders[-1] = replace(orders[-1], **{of_order[0]: of_order[1]})
    if drivers and of_driver[0] != "place":
        drivers[0] = replace(drivers[0], **{of_driver[0]: of_driver[1]})
    params = replace(QUICK, **{of_params[0]: of_params[1]})
    far = World(tuple(orders), tuple(drivers))
    assert decide(far, travel, params, now, 3, PYTHON) == decide(far, travel, params, now, 3, warm_up())


def test_travel_is_never_negative_and_a_plane_no_larger_than_the_earth() -> None:
    seconds = LINE.seconds.copy()
    seconds[3, 1] = -7
    with pytest.raises(ValueError, match="-7 s from place 3 to 1"):
        Travel(seconds)
    at_home, abroad = np.array([0, 0], np.int64), np.array([0, ABROAD_M], np.int64)
    corners = Plane(abroad, abroad, 10_000)
    assert corners.between(0, 1) == 1_414_213_560
    for x_m in (abroad + 1, 40 * abroad, -2 * abroad, np.array([-1, ABROAD_M], np.int64)):
        with pytest.raises(ValueError, match="y_m lies within"):
            Plane(at_home, x_m, 90)
    with pytest.raises(ValueError, match="ms_per_m"):
        Plane(at_home, at_home, 10_001)


def test_opposite_corners_of_a_plane_are_as_far_for_both_kernels() -> None:
    corners = Plane(
        np.array([0, ABROAD_M, ABROAD_M // 2], np.int64), np.array([ABROAD_M, 0, 0], np.int64), 187
    )
    world = World((replace(LUNCH, pickup=0, dropoff=1),), (replace(ANA, place=2),))
    told = [decide(world, corners, QUICK, NOW, 3, kernels) for kernels in (PYTHON, warm_up())]
    assert told[0] == told[1]


def test_a_time_or_a_seed_beyond_counting_is_refused() -> None:
    world = World((LUNCH,), (ANA,))
    decisions = decide(world, LINE, QUICK, NOW, -5, PYTHON)
    assert replay(pack(world, LINE, QUICK, NOW, -5, decisions, "python"), PYTHON).same
    for now_s, seed, fault in ((1 << 62, 0, "now_s lies"), (NOW, 1 << 63, "a seed lies")):
        with pytest.raises(ValueError, match=f"{fault} between .* not {max(seed, now_s)}$"):
            pack(world, LINE, QUICK, now_s, seed, decisions, "python")


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("places", 13, "not the travel of 13 places"),
        ("seed", 1 << 63, "a seed lies between"),
        ("params", {"late_price": float("nan")}, "late_price lies between"),
        ("params", {"max_bundle": 0}, "max_bundle lies between"),
    ],
)
def test_a_record_that_holds_nonsense_says_which(name: str, value: object, fault: str) -> None:
    world = World((LUNCH,), (ANA,))
    content = pack(
        world, LINE, QUICK, NOW, 1, decide(world, LINE, QUICK, NOW, 1, PYTHON), "python"
    ).removeprefix(MAGIC)
    told = msgspec.msgpack.decode(zlib.decompress(content))
    broken = MAGIC + zlib.compress(msgspec.msgpack.encode(told | {name: value}))
    with pytest.raises(NotATick, match=fault):
        unpack(broken)


def test_a_courier_company_dearer_than_forever_is_none() -> None:
    assert elsewhere_s(LUNCH, NOW, 600, 1.0, 1e12) == FOREVER_S


def test_a_driver_keeps_orders_of_one_store_at_one_place() -> None:
    soup = replace(LUNCH, id="soup", store="t")
    moved = replace(LUNCH, id="moved", pickup=3)
    for other in (soup, moved):
        with pytest.raises(ValueError, match=f"keeps of driver ana are of two stores: lunch, {other.id}"):
            World((LUNCH, other), (replace(ANA, place=2, keeps=("lunch", other.id)),))


def test_who_is_bound_to_an_order_that_is_to_be_alone_has_no_other() -> None:
    cake = replace(LUNCH, id="cake", alone=True)
    World((LUNCH, cake), (replace(ANA, place=2, keeps=("cake",)),))
    World((LUNCH,), (replace(ANA, place=2, aboard=(cake,)),))
    for bound in ({"keeps": ("lunch", "cake")}, {"keeps": ("lunch",), "aboard": (cake,)}):
        with pytest.raises(ValueError, match="order cake is to be alone, and driver ana has 2 orders"):
            World((LUNCH, cake), (replace(ANA, place=2, **bound),))


@LAWS
@given(worlds_under_way())
def test_what_is_kept_stays_with_whom_it_was_sent_to(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    decisions = decide(world, travel, QUICK, now, 3, PYTHON)
    told = {pickup.driver: pickup.orders for pickup in decisions.pickups}
    for driver in world.drivers:
        if driver.keeps:
            first = told.get(driver.id) or decisions.plan[driver.id][0]
            assert set(driver.keeps) <= set(first)


@pytest.mark.parametrize("mixing", [False, True])
def test_a_clock_or_a_seed_that_kernels_cannot_count_with_is_refused(mixing: bool) -> None:
    world, ways, params = World((LUNCH,), (ANA,)), LINE, Params(mixing=mixing)
    decide(world, ways, params, NOW, (1 << 62) - 1, PYTHON)
    for now_s, seed in ((NOW, 1 << 63), (1 << 62, 1)):
        with pytest.raises(ValueError, match="lies between"):
            decide(world, ways, params, now_s, seed, PYTHON)
