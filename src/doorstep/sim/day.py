"""One day of a market: what happens, what is heard of it, and a decision every tick.

The truth (``truth``) goes its way; dispatch hears of it through ``belief`` and answers with the engine's own ``decide``. Reports
of a driver whose phone is silent are heard when it speaks again; an offer to her runs out.
"""

import heapq
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from math import ceil

import numpy as np

from doorstep.engine.compiled import Kernels
from doorstep.engine.decisions import Decisions, Send
from doorstep.engine.params import Params
from doorstep.engine.world import Travel, World
from doorstep.features.offers.terms import base_pay
from doorstep.sim.belief import Belief, Spot
from doorstep.sim.chance import Dice
from doorstep.sim.policies import DECIDES
from doorstep.sim.roads import Roads
from doorstep.sim.scenario import Scenario
from doorstep.sim.truth import HORIZON_S, QUARTER_S, Real, Truth, Whole, draw, quarter

Recorder = Callable[[World, Travel, Params, int, int, Decisions], None]
"""Gets every tick with what was decided; the travel matrix is valid during the call only."""
NEVER = -1


class Kind(IntEnum):
    """What happens; of one instant in this sequence, so that a tick knows all that was heard by then."""

    COMES = 0  # a driver begins
    SILENT = 1  # a phone falls silent
    SPEAKS = 2  # it is heard again
    PLACED = 3  # an order comes in
    READY = 4  # a store says that it is ready
    REPORTED = 5  # the next thing heard of a driver's trips
    GOES = 6  # a driver wants to go home
    DECLINED = 7  # an answer
    LAPSED = 8  # no answer
    ACCEPTED = 9  # an answer
    TICK = 10  # dispatch looks


class Report(IntEnum):
    """What a driver's phone says of her trips."""

    PICKED_UP = 0
    DROPPED = 1
    FINISHED = 2


@dataclass(slots=True)
class Tally:
    """What really happened, by order and by driver; NEVER where it did not."""

    picked_s: Whole
    dropped_s: Whole
    carrier: Whole
    pay_minor: Whole  # by driver, tips apart
    tips_minor: Whole
    driven_s: Whole
    waited_s: Whole  # in stores, for goods that were not ready
    engaged_s: Whole  # from yes to the last door
    duty_s: Whole
    series: Whole  # by quarter of an hour: orders that wait, free drivers, drivers with a trip or an offer
    offers: int = 0
    declined: int = 0
    lapsed: int = 0
    trips: int = 0

    @classmethod
    def blank(cls, orders: int, drivers: int, quarters: int) -> "Tally":
        """Before anything has happened."""

        def never() -> Whole:
            return np.full(orders, NEVER, np.int64)

        def nothing() -> Whole:
            return np.zeros(drivers, np.int64)

        return cls(
            picked_s=never(), dropped_s=never(), carrier=never(), pay_minor=nothing(), tips_minor=nothing(),
            driven_s=nothing(), waited_s=nothing(), engaged_s=nothing(), duty_s=nothing(),
            series=np.full((quarters, 3), NEVER, np.int64),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A played day. ``decide_s`` is how long each decision took, in real seconds."""

    truth: Truth
    tally: Tally
    decide_s: Real


@dataclass(slots=True)
class Offer:
    """An offer on a phone."""

    rows: tuple[int, ...]  # in drop sequence
    visits: tuple[tuple[int, ...], ...]  # what is collected at each store, in sequence
    pay_minor: int
    expires_s: int


def play(
    scenario: Scenario,
    seed: int,
    kernels: Kernels | None = None,
    recorder: Recorder | None = None,
    truth: Truth | None = None,
) -> Day:
    """The whole day ``seed`` of ``scenario``. The same arguments give the same day; ``truth`` replaces the drawn one."""
    market = Market(scenario, seed, kernels, recorder, truth or draw(scenario, seed))
    market.run()
    return Day(market.truth, market.tally, np.array(market.decide_s))


class Market:
    """A market on one day, from the first event to the last."""

    def __init__(
        self, scenario: Scenario, seed: int, kernels: Kernels | None, recorder: Recorder | None, truth: Truth
    ) -> None:
        """Before anything has happened."""
        self.truth, self.scenario, self.seed = truth, scenario, seed
        self.kernels, self.recorder = kernels, recorder
        self.now_s = truth.begins_s
        self.belief = Belief(Roads(truth.ground, truth.stores), scenario.dispatch)
        self.decide_s: list[float] = []
        orders, drivers = len(truth.orders.placed_s), len(truth.shifts.on_s)
        self.tally = Tally.blank(orders, drivers, len(truth.usual))
        self._decide = DECIDES[scenario.dispatch.policy]
        self._rates = scenario.rates()
        self._answers, self._delays = Dice(seed, "answers"), Dice(seed, "delays")
        self._at: list[Spot] = [(float(x), float(y)) for x, y in truth.shifts.start]
        self._offers: dict[int, Offer] = {}
        self._riding: dict[int, deque[Spot]] = {}  # last doors of accepted trips, the one under way first
        self._done_s: dict[int, int] = {}  # when the last of them is over
        self._unheard: dict[int, deque[tuple[Report, int]]] = {}  # of those trips, in the order of the road
        self._leaving: set[int] = set()
        self._unplaced = orders
        self._called = False
        self._count = 0
        self._events: list[tuple[int, int, int, int, int]] = []
        self._does = {
            Kind.COMES: self._comes, Kind.SILENT: self._falls_silent, Kind.SPEAKS: self._speaks,
            Kind.PLACED: self._placed, Kind.READY: self._ready, Kind.REPORTED: self._reported, Kind.GOES: self._goes,
            Kind.DECLINED: self._declined, Kind.LAPSED: self._lapsed, Kind.ACCEPTED: self._accepted,
            Kind.TICK: self._tick,
        }  # fmt: skip
        self._script()

    def run(self) -> None:
        """Let the day pass."""
        while self._events:
            self.now_s, kind, _, who, what = heapq.heappop(self._events)
            self._does[Kind(kind)](who, what)

    def _then(self, at_s: int, kind: Kind, who: int, what: int = 0) -> None:
        self._count += 1
        heapq.heappush(self._events, (at_s, kind, self._count, who, what))

    def _script(self) -> None:
        """What is settled before the day begins: shifts, silences, orders."""
        orders, shifts = self.truth.orders, self.truth.shifts
        for d, silences in enumerate(shifts.silences):
            on_s, off_s = int(shifts.on_s[d]), int(shifts.off_s[d])
            if off_s > on_s:
                self._then(on_s, Kind.COMES, d)
                self._then(self._heard_s(d, off_s + 1), Kind.GOES, d)
            if self.scenario.fleet.announced:
                told = int(shifts.on_told_s[d]), int(shifts.off_told_s[d])
                self.belief.expected(d, self._at[d], *told)
            for from_s, until_s in silences:
                self._then(from_s, Kind.SILENT, d)
                self._then(until_s, Kind.SPEAKS, d)
        for row, placed_s in enumerate(orders.placed_s.tolist()):
            self._then(placed_s, Kind.PLACED, row)
            if orders.tells[row]:
                self._then(int(orders.ready_s[row]), Kind.READY, row)
        self._then(self.truth.begins_s, Kind.TICK, 0)

    def _heard_s(self, driver: int, at_s: int) -> int:
        """When a report of ``at_s`` is heard."""
        for from_s, until_s in self.truth.shifts.silences[driver]:
            if from_s <= at_s < until_s:
                return until_s
        return at_s

    # Stores and shoppers.
    def _placed(self, row: int, _: int) -> None:
        orders = self.truth.orders
        self._unplaced -= 1
        self.belief.placed(
            row,
            store=int(orders.store[row]),
            door=(float(orders.door[row, 0]), float(orders.door[row, 1])),
            placed_s=self.now_s,
            told_s=int(orders.told_s[row]),
            due_s=int(orders.due_s[row]),
        )

    def _ready(self, row: int, _: int) -> None:
        self.belief.ready(row, self.now_s)

    # Drivers and their phones.
    def _comes(self, driver: int, _: int) -> None:
        self.belief.on_duty(driver, self._at[driver], self.now_s, int(self.truth.shifts.off_told_s[driver]))

    def _falls_silent(self, driver: int, _: int) -> None:
        self.belief.silent(driver, self.now_s)

    def _speaks(self, driver: int, _: int) -> None:
        self.belief.heard(driver)

    def _goes(self, driver: int, _: int) -> None:
        if driver in self._offers or driver in self._riding:
            self._leaving.add(driver)
            return
        self._leaving.discard(driver)
        self.belief.off_duty(driver)
        on_s, off_s = int(self.truth.shifts.on_s[driver]), int(self.truth.shifts.off_s[driver])
        self.tally.duty_s[driver] = max(self.now_s - 1, off_s) - on_s

    # Offers.
    def _offer(self, send: Send) -> None:
        """Show an offer; whether and when she will answer is settled by who she is and what it is, not by who asks."""
        driver = int(send.driver[1:])
        place = self.truth.orders.store
        rows = tuple(int(name[1:]) for name in send.orders)
        visits = tuple(tuple(int(name[1:]) for name in visit) for visit in send.visits or (send.orders,))
        stores = self.truth.stores[place[[visit[0] for visit in visits]]]
        spots = np.concatenate((stores, self.truth.orders.door[list(rows)]))
        metres = self.truth.ground.metres(spots[:-1], spots[1:])
        slow = float(self.truth.usual[quarter(self.truth, self.now_s)])
        dispatch, people = self.scenario.dispatch, self.scenario.behaviour
        drive_s = int(self.truth.ground.seconds(metres, slow).sum())
        stops_s = len(visits) * dispatch.pickup_service_s + len(rows) * dispatch.dropoff_service_s
        minutes = ceil((drive_s + stops_s) / 60)
        way_m = ceil(metres.sum())
        pay = base_pay(self._rates, way_m, minutes, len(rows)).minor
        expires_s = self.now_s + dispatch.offer_lasts_s
        self._offers[driver] = Offer(rows, visits, pay, expires_s)
        self.belief.offered(driver, send.orders, expires_s, minutes, send.visits)
        self.tally.offers += 1

        number = int(self.truth.shifts.number[driver])
        wish = self._answers.uniform(number, *sorted(rows))
        refuses = people.declines * float(self.truth.shifts.choosy[driver])
        if refuses and self.scenario.pay_scale != 1:
            tips = int(self.truth.orders.tip_minor[list(rows)].sum())
            usual = base_pay(self.scenario.pay, way_m, minutes, len(rows)).minor
            refuses *= ((usual + tips) / max(pay + tips, 1)) ** people.pay_elasticity
        delay_s = ceil(self._delays.exponential(people.response_s, number, *sorted(rows)))
        answer_s = min(self.now_s + delay_s, expires_s - 1)
        if self._heard_s(driver, self.now_s) > self.now_s or wish < refuses * people.lapses:
            self._then(expires_s, Kind.LAPSED, driver)
        elif wish < refuses:
            self._then(answer_s, Kind.DECLINED, driver)
        else:
            self._then(answer_s, Kind.ACCEPTED, driver)

    def _declined(self, driver: int, _: int) -> None:
        self.tally.declined += 1
        self._not_taken(driver)

    def _lapsed(self, driver: int, _: int) -> None:
        self.tally.lapsed += 1
        self._not_taken(driver)

    def _not_taken(self, driver: int) -> None:
        del self._offers[driver]
        self.belief.not_taken(driver)
        if self.scenario.dispatch.urgent_s and not self._called:
            self._called = True
            self._then(self.now_s + self.scenario.dispatch.urgent_s, Kind.TICK, 1)
        if driver in self._leaving:
            self._goes(driver, 0)

    def _accepted(self, driver: int, _: int) -> None:
        """She drives, as the truth has it."""
        offer = self._offers.pop(driver)
        self.belief.accepted(driver, self.now_s)
        begins_s = max(self.now_s, self._done_s.get(driver, 0))  # she may be on a trip still
        truth, orders, tally, rows = self.truth, self.truth.orders, self.tally, list(offer.rows)
        stores = truth.stores[orders.store[[visit[0] for visit in offer.visits]]]
        spots = np.concatenate((np.array([self._at[driver]]), stores, orders.door[rows]))
        metres = truth.ground.metres(spots[:-1], spots[1:])
        swift = float(truth.shifts.swift[driver])

        def drive_s(leg: int, luck: float, at_s: int) -> int:
            slow = float(truth.traffic[quarter(truth, at_s)]) * luck * swift
            return int(truth.ground.seconds(metres[leg], slow))

        driven_s, t_s = 0, begins_s
        for leg, visit in enumerate(map(list, offer.visits)):
            # The luck of one order collected there: with one store, that of the first door.
            way_s = drive_s(leg, float(orders.approach_luck[visit[0]]), t_s)
            stop_s = int(orders.pickup_stop_s[visit].max())
            inside_s = t_s + way_s + stop_s // 2
            picked_s = max(inside_s, int(orders.ready_s[visit].max()))
            tally.picked_s[visit] = picked_s
            tally.waited_s[driver] += picked_s - inside_s
            self._report(driver, Report.PICKED_UP, picked_s)
            driven_s += way_s
            t_s = picked_s + stop_s - stop_s // 2
        tally.carrier[rows] = driver
        for leg, row in enumerate(rows, start=len(offer.visits)):
            way_s = drive_s(leg, float(orders.leg_luck[row]), t_s)
            stop_s = int(orders.drop_stop_s[row])
            drop_s = t_s + way_s + stop_s // 2
            tally.dropped_s[row] = drop_s
            self._report(driver, Report.DROPPED, drop_s)
            driven_s += way_s
            t_s = drop_s + stop_s - stop_s // 2
        self._at[driver] = (float(spots[-1, 0]), float(spots[-1, 1]))
        self._riding.setdefault(driver, deque()).append(self._at[driver])
        self._done_s[driver] = t_s
        self._report(driver, Report.FINISHED, t_s)
        tally.trips += 1
        tally.driven_s[driver] += driven_s
        tally.engaged_s[driver] += t_s - begins_s
        tally.pay_minor[driver] += offer.pay_minor
        tally.tips_minor[driver] += int(orders.tip_minor[rows].sum())

    # Trips, as they are heard of.
    def _report(self, driver: int, report: Report, at_s: int) -> None:
        self._unheard.setdefault(driver, deque()).append((report, at_s))
        self._then(self._heard_s(driver, at_s), Kind.REPORTED, driver)

    def _reported(self, driver: int, _: int) -> None:
        """What a silent phone kept is heard at one instant, and still in the order of the road."""
        report, at_s = self._unheard[driver].popleft()
        if report is Report.PICKED_UP:
            self.belief.picked_up(driver, at_s)
        elif report is Report.DROPPED:
            self.belief.handed_over(driver, at_s)
        else:
            self._finished(driver, at_s)

    def _finished(self, driver: int, at_s: int) -> None:
        ahead = self._riding[driver]
        self.belief.finished(driver, ahead.popleft(), at_s)
        if not ahead:
            del self._riding[driver]
        if driver in self._leaving:
            self._goes(driver, 0)

    # Dispatch.
    def _tick(self, extra: int, _: int) -> None:
        """Look at what is believed, decide, offer."""
        truth, dispatch = self.truth, self.scenario.dispatch
        part = quarter(truth, self.now_s)
        if extra:
            self._called = False
        elif self.tally.series[part, 0] < 0:
            self.tally.series[part] = self.belief.waiting, self.belief.free, self.belief.busy
        if self.belief.waiting:
            world = self.belief.world(self.now_s)
            if world.orders and world.drivers:
                travel = self.belief.roads.told(float(truth.usual[part]))
                seed = self.seed * 100_003 + (self.now_s - truth.begins_s) // (1 if extra else 60)
                began = time.perf_counter()
                decisions = self._decide(world, travel, dispatch.params, self.now_s, seed, self.kernels)
                self.decide_s.append(time.perf_counter() - began)
                if self.recorder:
                    self.recorder(world, travel, dispatch.params, self.now_s, seed, decisions)
                self.belief.plan = decisions.plan
                for send in decisions.sends:
                    self._offer(send)
        going_on = self._unplaced or self.belief.waiting or self._offers
        if not extra and going_on and self.now_s < truth.begins_s + HORIZON_S - QUARTER_S:
            self._then(self.now_s + dispatch.params.tick_s, Kind.TICK, 0)
