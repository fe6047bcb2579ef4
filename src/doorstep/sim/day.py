"""One day of a market: what happens, what is heard of it, and a decision every tick.

The truth (``truth``) goes its way; dispatch hears of it through ``belief`` and answers with the engine's own ``decide``. Reports
of a driver whose phone is silent are heard when it speaks again; an offer to her runs out.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from doorstep.engine.compiled import Kernels
from doorstep.engine.decisions import Decisions, Pickup, Send
from doorstep.engine.params import Params
from doorstep.engine.world import Travel, World
from doorstep.features.dispatch.rules import Policy as Ladder
from doorstep.features.dispatch.rules import Step
from doorstep.sim.asked import Answer, Answers, AskedOfAll, Offer, Terms
from doorstep.sim.belief import Belief
from doorstep.sim.driven import Driven
from doorstep.sim.errands import Errand, errand
from doorstep.sim.jobs import gears
from doorstep.sim.ladder import due_steps
from doorstep.sim.passing import No, Rivals, far_min
from doorstep.sim.policies import DECIDES
from doorstep.sim.rides import Spot, after, may_cancel, ride, wish_counts, with_more, without
from doorstep.sim.roads import Roads
from doorstep.sim.scenario import Scenario
from doorstep.sim.tally import NEVER, Kind, Report, Tally
from doorstep.sim.truth import HORIZON_S, QUARTER_S, Real, Truth, draw, quarter

Recorder = Callable[[World, Travel, Params, int, int, Decisions], None]
"""Gets every tick with what was decided; the travel matrix is valid during the call only."""


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A played day. ``decide_s`` is how long each decision took, in real seconds."""

    truth: Truth
    tally: Tally
    decide_s: Real


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
        self.belief = Belief(Roads(truth.ground, truth.stores), scenario.dispatch, scenario.company)
        self.decide_s: list[float] = []
        orders, drivers = len(truth.orders.placed_s), len(truth.shifts.on_s)
        self.tally = Tally.blank(orders, drivers, len(truth.usual))
        self._decide = DECIDES[scenario.dispatch.policy]
        self._answers = Answers(scenario, truth, seed, self.belief.noes)
        self._at: list[Spot] = [(float(x), float(y)) for x, y in truth.shifts.start]
        self._gear = gears(truth.shifts)
        self._asks_all = scenario.dispatch.declines_before_broadcast > 0
        self._ladder = scenario.dispatch.ladder() if self._asks_all or scenario.company.there else None
        self._offers: dict[int, Offer] = {}
        self._asked_all: dict[int, AskedOfAll] = {}
        self._errands: dict[int, Errand] = {}
        self._driven = Driven(self._says)
        self._serial = 0  # of offers
        self._leaving: set[int] = set()
        self._unplaced = orders
        self._called = False
        self._count = 0
        self._events: list[tuple[int, int, int, int, int]] = []
        self._does = {
            Kind.COMES: self._comes, Kind.SILENT: self._falls_silent, Kind.SPEAKS: self._speaks,
            Kind.PLACED: self._placed, Kind.READY: self._ready, Kind.CANCELLED: self._cancelled,
            Kind.REPORTED: self._reported, Kind.GOES: self._goes, Kind.DECLINED: self._declined,
            Kind.LAPSED: self._lapsed, Kind.ACCEPTED: self._accepted, Kind.REFUSES: self._refuses,
            Kind.TAKES: self._takes, Kind.UNTAKEN: self._untaken, Kind.BROUGHT: self._brought,
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
                self.belief.expected(d, self._at[d], *told, self._gear[d])
            for from_s, until_s in silences:
                self._then(from_s, Kind.SILENT, d)
                self._then(until_s, Kind.SPEAKS, d)
        for row, placed_s in enumerate(orders.placed_s.tolist()):
            self._then(placed_s, Kind.PLACED, row)
            if orders.tells[row]:
                self._then(int(orders.ready_s[row]), Kind.READY, row)
            if orders.cancel_s[row] != NEVER:
                self._then(int(orders.cancel_s[row]), Kind.CANCELLED, row)
        self._then(self.truth.begins_s, Kind.TICK, 0)

    def _heard_s(self, driver: int, at_s: int) -> int:
        """When a report of ``at_s`` is heard."""
        for from_s, until_s in self.truth.shifts.silences[driver]:
            if from_s <= at_s < until_s:
                return until_s
        return at_s

    def _says(self, driver: int, serial: int, at_s: int) -> None:
        self._then(self._heard_s(driver, at_s), Kind.REPORTED, driver, serial)

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
            units=int(orders.units[row]),
            needs=int(orders.needs[row]),
        )

    def _ready(self, row: int, _: int) -> None:
        self.belief.ready(row, self.now_s)

    def _cancelled(self, row: int, _: int) -> None:
        """A shopper changes her mind: that counts until the goods are with somebody, or nobody came for them at all."""
        if row in self._errands:
            if wish_counts(self._errands[row].picked_s, self.now_s):
                self.tally.cancelled_s[row] = self.now_s
                del self._errands[row]
            return
        driver, number = self._driven.with_order(row) or (NEVER, 0)
        asked = next((d for d, offer in self._offers.items() if row in offer.terms.rows), NEVER)
        if driver == NEVER and asked == NEVER and not self.belief.waits(row):
            return  # handed over, or given up
        if not may_cancel(self._driven.of(driver)[number] if driver != NEVER else None, row, self.now_s):
            return
        self.tally.cancelled_s[row] = self.now_s
        if driver != NEVER:
            self._leave_out(driver, number, row)
        elif asked != NEVER and self._offers[asked].doors:
            self._take_back(asked, row)
        elif asked != NEVER:
            del self._offers[asked]
            self.tally.withdrawn += 1
            self.belief.withdrawn(asked, row)
            if asked in self._leaving:
                self._goes(asked, 0)
        else:
            self._asked_all.pop(row, None)
            self.belief.cancelled(row)

    def _leave_out(self, driver: int, number: int, row: int) -> None:
        """An order leaves an accepted trip, and the trips after it begin otherwise."""
        if driver in self._offers and self._offers[driver].doors:
            self._take_back(driver)  # it was reckoned with all its doors
        rides = self._driven.of(driver)
        heard_s = self._heard_s(driver, self.now_s)
        self.belief.left_out(driver, row)
        left = without(self.truth, rides[number], row, heard_s)
        changed = [left] if left.rows or not number else []  # one that she had not begun is no more
        for later in list(rides)[number + 1 :]:
            changed.append(after(self.truth, later, changed[-1] if changed else rides[number - 1]))
        self._driven.changed(driver, number, changed)

    # Drivers and their phones.
    def _comes(self, driver: int, _: int) -> None:
        off_s = int(self.truth.shifts.off_told_s[driver])
        self.belief.on_duty(driver, self._at[driver], self.now_s, off_s, self._gear[driver])

    def _falls_silent(self, driver: int, _: int) -> None:
        self.belief.silent(driver, self.now_s)

    def _speaks(self, driver: int, _: int) -> None:
        self.belief.heard(driver)

    def _goes(self, driver: int, _: int) -> None:
        if driver in self._offers or driver in self._driven:
            self._leaving.add(driver)
            return
        self._leaving.discard(driver)
        self.belief.off_duty(driver)
        on_s, off_s = int(self.truth.shifts.on_s[driver]), int(self.truth.shifts.off_s[driver])
        self.tally.duty_s[driver] = max(self.now_s - 1, off_s) - on_s

    # Offers.
    def _offer(self, send: Send) -> None:
        """Show an offer to one driver."""
        driver = int(send.driver[1:])
        rows = [int(name[1:]) for name in send.orders]
        visits = tuple(tuple(int(name[1:]) for name in visit) for visit in send.visits)
        terms = self._answers.terms(rows, self.now_s, visits)
        expires_s = self.now_s + self.scenario.dispatch.offer_lasts_s
        self.belief.offered(driver, send.orders, expires_s, terms.minutes, send.visits)
        self._show(driver, terms, send.rivals)

    def _show(self, driver: int, terms: Terms, rivals: Rivals, doors: tuple[int, ...] = ()) -> None:
        """Put an offer on her phone; what she will say is settled."""
        expires_s = self.now_s + self.scenario.dispatch.offer_lasts_s
        self._serial += 1
        self._offers[driver] = Offer(self._serial, terms, far_min(rivals, len(terms.rows)), doors)
        self.tally.offers += 1
        answer, at_s = self._answers.of(driver, terms, self.now_s, expires_s)
        if answer is Answer.NOTHING or not self._hears_now(driver):
            self._then(expires_s, Kind.LAPSED, driver, self._serial)
        else:
            self._then(at_s, Kind.ACCEPTED if answer is Answer.YES else Kind.DECLINED, driver, self._serial)

    def _hears_now(self, driver: int) -> bool:
        return self._heard_s(driver, self.now_s) == self.now_s

    def _declined(self, driver: int, number: int) -> None:
        if self._open(driver, number):
            self.tally.declined += 1
            self._not_taken(driver, final=False)

    def _lapsed(self, driver: int, number: int) -> None:
        if self._open(driver, number):
            self.tally.lapsed += 1
            self._not_taken(driver, final=True)

    def _open(self, driver: int, number: int) -> bool:
        """Whether that offer is still on her phone: it may have been withdrawn."""
        offer = self._offers.get(driver)
        return offer is not None and offer.number == number

    def _not_taken(self, driver: int, *, final: bool) -> None:
        offer = self._offers.pop(driver)
        verb = self.belief.not_joined if offer.doors else self.belief.not_taken
        verb(driver, No(final, offer.next_best_min))
        self._call()
        if driver in self._leaving:
            self._goes(driver, 0)

    def _call(self) -> None:
        """A tick out of turn: somebody passed."""
        if self.scenario.dispatch.urgent_s and not self._called:
            self._called = True
            self._then(self.now_s + self.scenario.dispatch.urgent_s, Kind.TICK, 1)

    def _accepted(self, driver: int, number: int) -> None:
        if self._open(driver, number):
            offer = self._offers.pop(driver)
            if offer.doors:
                self._grows(driver, offer)
                return
            self.belief.accepted(driver, self.now_s)
            self._drives(driver, offer.terms)

    # What is offered to join a trip.
    def _ask_to_join(self, pickup: Pickup) -> None:
        """Ask a driver under way to a store whether more of it may come along."""
        driver = int(pickup.driver[1:])
        on_it = self._driven.of(driver)[0].rows
        doors = self.belief.asked_to_join(driver, pickup.orders, pickup.joined)
        terms = self._answers.more(on_it, doors, self.now_s, self.belief.waits_longer_s(driver, self.now_s))
        self._show(driver, terms, pickup.rivals, doors)

    def _grows(self, driver: int, offer: Offer) -> None:
        """She said yes; too late if she has the goods by now."""
        one = self._driven.of(driver)[0]
        if self.now_s >= one.visits[0].picked_s:
            self.tally.withdrawn += 1
            self.belief.not_joined(driver, None)
            self._call()
            return
        self.belief.joined(driver)
        self.tally.grown += 1
        self._driven.changed(driver, 0, [with_more(self.truth, one, offer.doors, offer.terms.pay_minor)])

    def _take_back(self, driver: int, cancelled: int = NEVER) -> None:
        """What was offered to join her trip is offered no more."""
        del self._offers[driver]
        self.tally.withdrawn += 1
        self.belief.not_joined(driver, None, cancelled)
        self._call()

    def _drives(self, driver: int, terms: Terms) -> None:
        """She drives, as the truth has it: now, or when the trip is over that she is on still."""
        rides = self._driven.of(driver)
        begins_s = max(self.now_s, rides[-1].ends_s) if rides else self.now_s
        start = rides[-1].end if rides else self._at[driver]
        one = ride(
            self.truth, driver, terms.rows, terms.visits,
            pay_minor=terms.pay_minor, accepted_s=self.now_s, begins_s=begins_s, start=start,
        )  # fmt: skip
        self._driven.accepted(one)
        self.tally.trips += 1

    # What all drivers near are asked at once.
    def _ask_all(self, row: int, drivers: list[int]) -> None:
        """Show an order to all of ``drivers``; the first to say yes has it."""
        until_s = self.now_s + self.scenario.dispatch.broadcast_lasts_s
        self._serial += 1
        asked = AskedOfAll(self._serial, self._answers.terms([row], self.now_s), len(drivers))
        self._asked_all[row] = asked
        self.belief.asked_of_all(row)
        self.tally.asked_all[row] += 1
        for driver in drivers:
            answer, at_s = self._answers.of(driver, asked.terms, self.now_s, until_s)
            if answer is not Answer.NOTHING and self._hears_now(driver):
                self._then(at_s, Kind.TAKES if answer is Answer.YES else Kind.REFUSES, driver, row)
        self._then(until_s, Kind.UNTAKEN, row, asked.number)

    def _refuses(self, driver: int, row: int) -> None:
        asked = self._asked_all.get(row)
        if asked is not None and self.belief.waits(row):
            self.belief.said_no(row, driver)
            asked.unanswered -= 1
            if not asked.unanswered:
                self._untaken(row, asked.number)

    def _takes(self, driver: int, row: int) -> None:
        """The first has it, if nothing else has come between."""
        asked = self._asked_all.get(row)
        shifts = self.truth.shifts
        busy = driver in self._offers or driver in self._driven or driver in self._leaving
        if asked is None or busy or self.now_s > int(shifts.off_s[driver]) or not self.belief.waits(row):
            return
        del self._asked_all[row]
        self.belief.offered(driver, (f"o{row:06d}",), self.now_s, asked.terms.minutes)
        self.belief.accepted(driver, self.now_s)
        self._drives(driver, asked.terms)

    def _untaken(self, row: int, number: int) -> None:
        asked = self._asked_all.get(row)
        if asked is not None and asked.number == number:
            del self._asked_all[row]
            self.belief.taken_by_nobody(row)
            self._call()

    # What a courier company is asked for.
    def _hand_over(self, row: int) -> None:
        """Ask the company for an order; it takes it, or says no at once."""
        if not self.truth.orders.company_takes[row]:
            self.tally.company_refused += 1
            self.belief.company_refused(row)
            self._call()
            return
        self.belief.company_took(row)
        self.tally.handed_s[row] = self.now_s
        self._errands[row] = errand(self.truth, self.scenario.company, row, self.now_s)
        self._then(self._errands[row].dropped_s, Kind.BROUGHT, row)

    def _brought(self, row: int, _: int) -> None:
        if row in self._errands:  # it was not cancelled on the way
            self.tally.book_errand(self._errands.pop(row))

    # Trips, as they are heard of.
    def _reported(self, driver: int, serial: int) -> None:
        """What a silent phone kept is heard at one instant, and still in the order of the road."""
        told = self._driven.heard(driver, serial)
        if told is None:
            return
        if told.report is Report.PICKED_UP:
            if driver in self._offers and self._offers[driver].doors:
                self._take_back(driver)  # the goods are with her
            self.belief.picked_up(driver, told.at_s)
        elif told.report is Report.DROPPED:
            self.belief.handed_over(driver, told.at_s)
        else:
            self._finished(driver, told.at_s)

    def _finished(self, driver: int, at_s: int) -> None:
        over = self._driven.over(driver)
        self._at[driver] = over.end
        self.tally.book(over, self.truth.orders.tip_minor)
        self.belief.finished(driver, over.end, at_s)
        if driver in self._leaving:
            self._goes(driver, 0)

    # Dispatch.
    def _tick(self, extra: int, _: int) -> None:
        """Look at what is believed, decide, offer."""
        truth, dispatch = self.truth, self.scenario.dispatch
        params = dispatch.decides_with()
        part = quarter(truth, self.now_s)
        if extra:
            self._called = False
        elif self.tally.series[part, 0] < 0:
            self.tally.series[part] = self.belief.waiting, self.belief.free, self.belief.busy
        if self.belief.waiting:
            slow = float(truth.usual[part]) * dispatch.way_factor
            if self.scenario.company.there:
                self.belief.roads.told(slow)  # its price has the way to the door in it
            world = self.belief.world(self.now_s)
            cheaper: set[str] = set()
            if world.orders and world.drivers:
                travel = self.belief.roads.told(slow)
                seed = self.seed * 100_003 + (self.now_s - truth.begins_s) // (1 if extra else 60)
                began = time.perf_counter()
                decisions = self._decide(world, travel, params, self.now_s, seed, self.kernels)
                self.decide_s.append(time.perf_counter() - began)
                if self.recorder:
                    self.recorder(world, travel, params, self.now_s, seed, decisions)
                self.belief.plan = decisions.plan
                cheaper = {outlook.order for outlook in decisions.outlooks if outlook.elsewhere}
                for send in decisions.sends:
                    self._offer(send)
                for pickup in decisions.pickups:
                    if pickup.joined:
                        self._ask_to_join(pickup)
            if self._ladder:
                self._climb(self._ladder, cheaper)
        going_on = self._unplaced or self.belief.waiting or self._offers
        if not extra and going_on and self.now_s < truth.begins_s + HORIZON_S - QUARTER_S:
            self._then(self.now_s + dispatch.params.tick_s, Kind.TICK, 0)

    def _climb(self, ladder: Ladder, cheaper: set[str]) -> None:
        """Do what the live ladder asks for orders that nobody is asked for alone."""
        for row, step, drivers in due_steps(self.belief, ladder, self.now_s, self._asked_all, cheaper):
            if step is Step.PROVIDER:
                self._hand_over(row)
            elif self._asks_all:
                self._ask_all(row, drivers)
