"""Plays a recorded day minute by minute: a policy decides, couriers follow by the exact rules."""

import math
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from doorstep.engine.compiled import Kernels
from doorstep.engine.decisions import Decisions, Drop, Send
from doorstep.engine.params import Params
from doorstep.engine.preposition import waiting_place
from doorstep.engine.world import FOREVER_S, Driver, Order, Travel, World
from doorstep.sim.mdrp.evaluator import evaluate
from doorstep.sim.mdrp.instance import Instance
from doorstep.sim.mdrp.log import Stop
from doorstep.sim.mdrp.measures import Measures
from doorstep.sim.mdrp.policy import Engine, Policy
from doorstep.sim.mdrp.solution import Solution, of_stops

HORIZON_MIN = 24 * 60 + 240
SOON_S = 600
"""Who is free within this and has nothing to do then counts as waiting there already."""
SHELF_S = 1800
"""No order is given up that has been ready for less: some take longer than the maximum to prepare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which of the allowed variants of the problem is played."""

    grow: bool = False
    """A courier keeps what she was sent for, and until the pickup more of that restaurant may join it."""
    go_to_restaurant: bool = False
    """A courier for whom nothing is planned when her shift starts goes to a restaurant, chosen by what the day has shown so far."""
    mixing: bool = False
    """Orders of several restaurants on board at once; what is not on board is planned anew at every stop. Then trips grow."""
    give_up: bool = False
    """An order that has been ready for half an hour and that nobody can bring within the day's maximum click-to-door any more is
    given up: undelivered."""
    declines_permille: int = 0
    """Chance that a courier says no to what she is sent; then she is not asked for it again."""


@dataclass(frozen=True, slots=True)
class Day:
    """A played day."""

    solution: Solution
    measures: Measures
    ticks_s: tuple[float, ...]


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
            due_s=FOREVER_S,
            pickup_service_s=instance.pickup_service_min * 60,
            dropoff_service_s=instance.dropoff_service_min * 60,
        )
        for i, o in enumerate(instance.orders)
    }


def given_up_after(order: Order, instance: Instance, travel: Travel) -> Order:
    """``order`` with its latest pickup: driven straight to the door from then on, it takes the day's maximum click-to-door.

    No earlier than half an hour after it is ready.
    """
    leave_s = order.pickup_service_s - order.pickup_service_s // 2
    straight_s = leave_s + travel.between(order.pickup, order.dropoff) + order.dropoff_service_s // 2
    latest_s = order.placed_s + 60 * instance.most_ctd_min - straight_s
    return replace(order, expires_s=max(latest_s, order.ready_s + SHELF_S))


def play(instance: Instance, params: Params, seed: int, kernels: Kernels | None = None) -> Day:
    """The whole day by the engine, each trip settled when it is sent."""
    return play_by(instance, Engine(params, kernels), Rules(), seed)


def play_by(instance: Instance, policy: Policy, rules: Rules, seed: int) -> Day:
    """The whole day; one decision a minute while anything is open. Raises Infeasible should a rule be broken."""
    return play_at(instance, policy, rules, seed, ())


def play_at(
    instance: Instance, policy: Policy, rules: Rules, seed: int, ticks: Iterable[tuple[int, int]]
) -> Day:
    """The whole day decided at ``ticks``, each its second of the day and its seed, in time, and every minute after the last.

    Raises Infeasible should a rule be broken.
    """
    course = Course(instance, rules, seed)
    last_s = -1
    minutes = ((60 * minute, seed * 100_003 + minute) for minute in range(HORIZON_MIN))
    for now_s, tick_seed in chain(ticks, minutes):
        if now_s <= last_s:
            continue
        last_s = now_s
        if not course.turn(policy, now_s, tick_seed):
            break
    solution = of_stops(instance, in_drop_sequence(course.stops))
    measures = evaluate(instance, solution, course.ticks_s, mixing=rules.mixing)
    return Day(solution, measures, tuple(course.ticks_s))


def in_drop_sequence(stops: Sequence[Stop]) -> list[Stop]:
    """The same stops, what each takes from a restaurant named in the sequence in which it came to be handed over."""
    drop_s = {stop.orders[0]: stop.at_s for stop in stops if stop.orders and not stop.is_pickup}
    return [
        replace(stop, orders=tuple(sorted(stop.orders, key=lambda o: drop_s.get(o, math.inf))))
        if stop.is_pickup
        else stop
        for stop in stops
    ]


class Course:
    """A day under way."""

    def __init__(self, instance: Instance, rules: Rules, seed: int) -> None:
        """Before the first minute."""
        orders = orders_of(instance)
        travel = Travel(instance.seconds())
        if rules.give_up:
            orders = {id_: given_up_after(order, instance, travel) for id_, order in orders.items()}
        start = len(instance.restaurants) + len(instance.orders)
        self.rules, self.travel = rules, travel
        self.chance = random.Random(seed)
        self.drivers = {
            c.id: Driver(
                id=c.id, place=start + i, free_s=c.on_min * 60, on_s=c.on_min * 60, off_s=c.off_min * 60
            )
            for i, c in enumerate(instance.couriers)
        }
        self.arriving = sorted(orders.values(), key=lambda o: (o.placed_s, o.id), reverse=True)
        self.restaurants = [r.id for r in instance.restaurants]
        self.asked_for = [1] * len(self.restaurants)  # orders so far and one more: what may be expected
        self.open: dict[str, Order] = {}  # placed and not picked up
        self.left_s: dict[str, int] = {}  # when a courier under way left
        self.plan = World((), ()).plan
        self.stops: list[Stop] = []
        self.ticks_s: list[float] = []

    def turn(self, policy: Policy, now_s: int, seed: int) -> bool:
        """Decide once. False when the day is over."""
        while self.arriving and self.arriving[-1].placed_s <= now_s:
            order = self.arriving.pop()
            self.open[order.id] = order
            self.asked_for[order.pickup] += 1
        kept = {id_ for d in self.drivers.values() for id_ in d.keeps}
        self.open = {id_: o for id_, o in self.open.items() if o.expires_s >= now_s or id_ in kept}
        if not self.open and not any(d.aboard for d in self.drivers.values()):
            self._place_those_who_start(now_s)
            return bool(self.arriving)
        live = tuple(d for d in self.drivers.values() if d.off_s >= now_s or d.aboard)
        if not live:
            return False
        world = World(tuple(self.open.values()), live, self.plan)
        began = time.thread_time()
        decisions = policy(world, self.travel, now_s, seed)
        self.ticks_s.append(time.thread_time() - began)
        self.plan = decisions.plan
        self._obey(decisions, now_s)
        self._place_those_who_start(now_s)
        return True

    def _place_those_who_start(self, now_s: int) -> None:
        """Those who come on duty without work go where they shorten the way to the next order; see ``Rules``.

        Not while there are as many open orders as couriers to choose from: then she is needed where she is.
        """
        if not self.rules.go_to_restaurant:
            return
        workless = [
            d
            for d in self.drivers.values()
            if d.on_s <= now_s <= d.off_s and not d.keeps and d.id not in self.plan
        ]
        idle = sum(d.free_s <= now_s for d in workless)
        if idle <= len(self.open):
            return
        soon_s, stores = now_s + SOON_S, range(len(self.restaurants))
        starting = [d.id for d in workless if d.on_s == now_s == d.free_s]
        waiting = {d.id: d.place for d in workless if d.free_s <= soon_s}
        for id_ in sorted(starting):
            driver = self.drivers[id_]
            others = [place for other, place in waiting.items() if other != id_]
            to = waiting_place(driver.place, others, stores, self.asked_for, self.travel)
            arrives_s = now_s + self.travel.between(driver.place, to)
            self.stops.append(Stop(id_, self.restaurants[to], now_s, arrives_s, ()))
            self.drivers[id_] = replace(driver, place=to, free_s=arrives_s)
            waiting[id_] = to

    def _obey(self, decisions: Decisions, now_s: int) -> None:
        for pickup in decisions.pickups:
            self._take(pickup.driver, pickup.orders, now_s)
        for drop in decisions.drops:
            self._bring(drop, now_s)
        for send in decisions.sends:
            if self.chance.randrange(1000) < self.rules.declines_permille:
                for id_ in send.orders:
                    order = self.open[id_]
                    self.open[id_] = replace(order, refused_by=order.refused_by | {send.driver})
            else:
                self._leave(send, now_s)

    def _leave(self, send: Send, now_s: int) -> None:
        driver, store = self.drivers[send.driver], self.open[send.orders[0]].pickup
        self.left_s[driver.id] = now_s
        arrives_s = now_s + int(self.travel.seconds[driver.place, store])
        self.drivers[driver.id] = replace(driver, place=store, free_s=arrives_s, keeps=send.orders)
        if not self.rules.grow and not self.rules.mixing:
            self._take(driver.id, send.orders, now_s)

    def _take(self, courier: str, orders: tuple[str, ...], now_s: int) -> None:
        """The courier takes ``orders`` from the restaurant as soon as they are ready and brings them."""
        driver = self.drivers[courier]
        trip = [self.open.pop(id_) for id_ in orders]
        half = trip[0].pickup_service_s // 2
        pickup_s = max(now_s, driver.free_s + half, *(o.ready_s for o in trip))
        self.stops.append(Stop(courier, trip[0].store, self.left_s[courier], pickup_s, orders, now_s))
        free_s, place = pickup_s + trip[0].pickup_service_s - half, trip[0].pickup
        if self.rules.mixing:
            aboard = (*driver.aboard, *trip)
            self.drivers[courier] = replace(driver, place=place, free_s=free_s, keeps=(), aboard=aboard)
            return
        for order in trip:
            half = order.dropoff_service_s // 2
            drop_s = free_s + int(self.travel.seconds[place, order.dropoff]) + half
            self.stops.append(Stop(courier, order.id, free_s, drop_s, (order.id,)))
            free_s, place = drop_s + order.dropoff_service_s - half, order.dropoff
        self.drivers[courier] = replace(driver, place=place, free_s=free_s, keeps=())

    def _bring(self, drop: Drop, now_s: int) -> None:
        """The courier brings one order of what she has on board."""
        driver = self.drivers[drop.driver]
        (order,) = (o for o in driver.aboard if o.id == drop.order)
        half = order.dropoff_service_s // 2
        drop_s = now_s + int(self.travel.seconds[driver.place, order.dropoff]) + half
        self.stops.append(Stop(driver.id, order.id, now_s, drop_s, (order.id,)))
        rest = tuple(o for o in driver.aboard if o is not order)
        free_s = drop_s + order.dropoff_service_s - half
        self.drivers[driver.id] = replace(driver, place=order.dropoff, free_s=free_s, aboard=rest)
