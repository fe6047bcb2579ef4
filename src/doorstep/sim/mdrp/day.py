"""Plays a recorded day minute by minute: the engine decides, couriers accept at once and follow."""

import time
from dataclasses import dataclass, replace

from doorstep.engine.compiled import Kernels
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.world import Driver, Order, Travel, World
from doorstep.sim.mdrp.instance import Instance
from doorstep.sim.mdrp.measures import Assignment, Measures, measure

HORIZON_MIN = 24 * 60 + 240


@dataclass(frozen=True, slots=True)
class Day:
    """A played day."""

    assignments: tuple[Assignment, ...]
    measures: Measures


def orders_of(instance: Instance) -> dict[str, Order]:
    """All orders as the engine sees them (place indices as in ``Instance.places``)."""
    restaurant = {r.id: i for i, r in enumerate(instance.restaurants)}
    first = len(instance.restaurants)
    return {
        o.id: Order(
            id=o.id,
            pickup=restaurant[o.restaurant],
            dropoff=first + i,
            store=o.restaurant,
            placed_s=o.placed_min * 60,
            ready_s=o.ready_min * 60,
            wanted_from_s=o.placed_min * 60,
            due_s=1 << 40,
            pickup_service_s=instance.pickup_service_min * 60,
            dropoff_service_s=instance.dropoff_service_min * 60,
        )
        for i, o in enumerate(instance.orders)
    }


def play(instance: Instance, params: Params, seed: int, kernels: Kernels | None = None) -> Day:
    """The whole day; one decision a minute while anything is open."""
    orders = orders_of(instance)
    travel = Travel(instance.seconds())
    start = len(instance.restaurants) + len(instance.orders)
    drivers = {
        c.id: Driver(id=c.id, place=start + i, free_s=c.on_min * 60, on_s=c.on_min * 60, off_s=c.off_min * 60)
        for i, c in enumerate(instance.couriers)
    }
    arriving = sorted(orders.values(), key=lambda o: (o.placed_s, o.id))
    open_orders: dict[str, Order] = {}
    world = World((), ())
    done: list[Assignment] = []
    ticks: list[float] = []
    for minute in range(HORIZON_MIN):
        now_s = minute * 60
        while arriving and arriving[0].placed_s <= now_s:
            order = arriving.pop(0)
            open_orders[order.id] = order
        live = tuple(d for d in drivers.values() if d.off_s >= now_s)
        if not open_orders:
            if not arriving:
                break
            continue
        if not live and not any(d.on_s > now_s for d in drivers.values()):
            break
        world = World(tuple(open_orders.values()), live, world.plan)
        began = time.perf_counter()
        decisions = decide(world, travel, params, now_s, seed * 100_003 + minute, kernels)
        ticks.append(time.perf_counter() - began)
        world = World(world.orders, world.drivers, decisions.plan)
        for send in decisions.sends:
            driver = drivers[send.driver]
            trip = [open_orders.pop(o) for o in send.orders]
            assignment = follow(driver, trip, travel, now_s)
            done.append(assignment)
            drivers[driver.id] = replace(driver, place=trip[-1].dropoff, free_s=assignment.free_s)
    return Day(tuple(done), measure(instance, done, ticks))


def follow(driver: Driver, trip: list[Order], travel: Travel, now_s: int) -> Assignment:
    """What really happens when ``driver`` leaves now: the physics of the rules."""
    seconds = travel.seconds
    half = trip[0].pickup_service_s // 2
    pickup = max(now_s + int(seconds[driver.place, trip[0].pickup]) + half, *(o.ready_s for o in trip))
    t, at = pickup + trip[0].pickup_service_s - half, trip[0].pickup
    driven = int(seconds[driver.place, trip[0].pickup])
    drops = []
    for order in trip:
        half = order.dropoff_service_s // 2
        driven += int(seconds[at, order.dropoff])
        drop = t + int(seconds[at, order.dropoff]) + half
        drops.append(drop)
        t, at = drop + order.dropoff_service_s - half, order.dropoff
    return Assignment(driver.id, now_s, pickup, tuple(o.id for o in trip), tuple(drops), t, driven)
