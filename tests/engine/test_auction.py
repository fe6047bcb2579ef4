"""The warm start for very many new orders: nearly the best of all ways to give one order to one driver."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from tests.engine.test_decide import LAWS, QUICK, worlds

from doorstep.engine.compiled import PYTHON, warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.schedule import order_cost, times_of
from doorstep.engine.world import Driver, Order, Travel, World

ONE_TO_ONE = Params(
    surge_orders=0,
    trips_ahead=1,
    max_bundle=1,
    iterations_min=0,
    iterations_per_order=0,
    iterations_per_new=0,
)
STEP_MIN = 2 / 60


def alone(order: Order, driver: Driver, travel: Travel, now: int) -> tuple[float, int] | None:
    """Cost and drop of ``order`` with ``driver`` who does nothing else; None when he cannot."""
    if (
        order.needs & ~driver.abilities
        or order.units > driver.capacity_units
        or driver.id in order.refused_by
    ):
        return None
    if driver.on_s > now + ONE_TO_ONE.start_ahead_s:
        return None
    (times,) = times_of(driver, [[order]], travel, ONE_TO_ONE, now)
    return (times.cost, times.drops_s[0]) if times.pickup_s <= driver.off_s else None


def best_cost(world: World, travel: Travel, now: int) -> float:
    """Every way to give out the orders, looked at."""
    orders = [o for o in world.orders if not o.reserved][:4]
    table = {(o.id, d.id): alone(o, d, travel, now) for o in orders for d in world.drivers}
    price = {}
    for o in orders:
        drops = [found[1] for d in world.drivers if (found := table[o.id, d.id])]
        drop_s = min(drops) if drops else max(now, o.ready_s) + travel.between(o.pickup, o.dropoff)
        cost = order_cost(o, drop_s, ONE_TO_ONE)
        price[o.id] = ONE_TO_ONE.coverage_price + max(0.0, cost - ONE_TO_ONE.spared_min)
    least = float("inf")
    for choice in product([None, *[d.id for d in world.drivers]], repeat=len(orders)):
        taken = [d for d in choice if d is not None]
        if len(taken) == len(set(taken)):
            costs = [
                price[o.id] if d is None else (table[o.id, d] or (1e9, 0))[0]
                for o, d in zip(orders, choice, strict=True)
            ]
            least = min(least, sum(costs))
    return least


@LAWS
@given(worlds())
def test_the_auction_is_a_step_per_order_from_the_best_assignment(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    few = replace(world, orders=tuple(o for o in world.orders if not o.reserved)[:4])
    decisions = decide(few, travel, ONE_TO_ONE, now, 1, PYTHON)
    least = best_cost(few, travel, now)
    assert least - 1e-6 <= decisions.cost <= least + STEP_MIN * len(few.orders) + 1e-3


@LAWS
@given(worlds())
def test_a_surge_comes_out_the_same_compiled_or_not(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    surge = replace(QUICK, surge_orders=0)
    assert decide(world, travel, surge, now, 2, PYTHON) == decide(world, travel, surge, now, 2, warm_up())
