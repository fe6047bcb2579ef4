"""What dispatch believes: the world of the engine, made of reports alone.

Nothing here knows the truth; each verb takes what a phone, a store or a schedule says and when. How a market is made into
the engine's world follows the live one (``features.dispatch.snapshot``): a delivery in an open offer is left out, a driver on
a trip is where her last stop is when she is likely done, a free driver whose phone is silent too long is not planned with.
"""

import heapq
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from doorstep.engine.world import FOREVER_S, Driver, Order, Plan, World
from doorstep.features.dispatch.snapshot import UNHEARD_S, elsewhere_s
from doorstep.sim.jobs import ANYTHING, Gear, Job
from doorstep.sim.passing import No, Noes
from doorstep.sim.roads import Roads
from doorstep.sim.scenario import NOBODY, Company, Dispatch

Spot = tuple[float, float]


class Belief:
    """Orders that wait and drivers on duty, as reported."""

    def __init__(self, roads: Roads, dispatch: Dispatch, company: Company = NOBODY) -> None:
        """Nothing is known yet."""
        self.roads = roads
        self.plan: Plan = {}
        self._dispatch, self.company = dispatch, company
        self._rows: dict[str, int] = {}
        self._waiting: dict[int, Order] = {}
        self._ready: dict[int, int] = {}
        self._ends: list[tuple[int, int]] = []
        self._standing: dict[int, Driver] = {}  # as she is without a job
        self._seen: dict[int, Driver] = {}  # as she is planned with
        self._jobs: dict[int, list[Job]] = {}  # the one under way first, then the one that follows it
        self._expected: set[int] = set()
        self._silent: dict[int, int] = {}
        self._joining: dict[int, tuple[Order, ...]] = {}  # all doors of a trip if its driver says yes to more
        self.passed_by_all: dict[int, int] = {}
        """By order, how often all drivers near were asked at once and nobody took it."""
        self._refused_by_company: set[int] = set()
        self.noes = Noes(dispatch.rise)

    # What a merchant and a store say.
    def placed(
        self,
        row: int,
        *,
        store: int,
        door: Spot,
        placed_s: int,
        told_s: int,
        due_s: int,
        units: int = 1,
        needs: int = 0,
    ) -> None:
        """An order came in; the store says it will be ready at ``told_s``."""
        name = f"o{row:06d}"
        ready_s = placed_s + round((told_s - placed_s) * self._dispatch.ready_factor)
        self._rows[name] = row
        self._waiting[row] = Order(
            id=name, pickup=store, dropoff=self.roads.take_door(*door), store=f"s{store:04d}", placed_s=placed_s,
            ready_s=ready_s, wanted_from_s=placed_s, due_s=due_s, pickup_service_s=self._dispatch.pickup_service_s,
            dropoff_service_s=self._dispatch.dropoff_service_s, units=units, needs=needs,
        )  # fmt: skip
        if due_s < FOREVER_S:
            heapq.heappush(self._ends, (due_s + round(self._dispatch.give_up_min * 60), row))

    def ready(self, row: int, at_s: int) -> None:
        """The store says it is ready."""
        self._ready[row] = at_s
        if row in self._waiting:
            self._waiting[row] = replace(self._waiting[row], ready_s=at_s)

    # What drivers and their phones say.
    def expected(self, driver: int, start: Spot, on_s: int, off_s: int, gear: Gear = ANYTHING) -> None:
        """A driver reserved a slot."""
        self._come(driver, start, on_s, off_s, gear)
        self._expected.add(driver)

    def on_duty(self, driver: int, at: Spot, now_s: int, off_s: int, gear: Gear = ANYTHING) -> None:
        """She is on duty until ``off_s``."""
        if driver in self._expected:
            self._expected.discard(driver)
            self.roads.leave(self._standing[driver].place)
        self._come(driver, at, now_s, off_s, gear)

    def off_duty(self, driver: int) -> None:
        """She takes no more offers."""
        self.roads.leave(self._standing.pop(driver).place)
        del self._seen[driver]
        self._silent.pop(driver, None)

    def silent(self, driver: int, since_s: int) -> None:
        """No fix has come from her phone since."""
        self._silent[driver] = since_s

    def heard(self, driver: int) -> None:
        """Fixes come again."""
        self._silent.pop(driver, None)

    # What becomes of offers and trips.
    def offered(
        self,
        driver: int,
        names: Sequence[str],
        expires_s: int,
        minutes: int,
        visits: Sequence[Sequence[str]] = (),
    ) -> tuple[int, ...]:
        """An offer of ``names`` in drop sequence went to her phone; the rows of its orders.

        ``visits``: what is collected at each of several stores, in sequence.
        """
        rows = tuple(self._rows[name] for name in names)
        orders = tuple(self._waiting.pop(row) for row in rows)
        by_name = {order.id: order for order in orders}
        jobs = self._jobs.setdefault(driver, [])
        begins_s = max(expires_s, jobs[-1].free_s) if jobs else expires_s
        collected = tuple(tuple(by_name[name] for name in visit) for visit in visits or (names,))
        jobs.append(Job(orders, collected, begins_s + minutes * 60, minutes * 60))
        self._see(driver)
        return rows

    def not_taken(self, driver: int, no: No) -> None:
        """It was declined or ran out: its orders wait again, for her only if they pay more."""
        for order in self._jobs[driver].pop().orders:
            self._waits_again(order, driver, no)
        self._see(driver)

    def _waits_again(self, order: Order, driver: int, no: No | None) -> None:
        row = self._rows[order.id]
        if no is not None:
            self.noes.passed(row, f"d{driver:05d}", no)
        self._waiting[row] = replace(
            order,
            refused_by=self.noes.barred(row),
            ready_s=self._ready.get(row, order.ready_s),  # it may have been told while she was asked
            reserved=no is not None and self._past_asking(row),
        )

    def withdrawn(self, driver: int, cancelled: int) -> None:
        """Her offer was taken back because an order of it was cancelled; the others wait again, for her, too."""
        for order in self._jobs[driver].pop().orders:
            if self._rows[order.id] == cancelled:
                self.roads.leave(order.dropoff)
            else:
                self._waits_again(order, driver, None)
        self._see(driver)

    # What is offered to join a trip.
    def asked_to_join(self, driver: int, names: Sequence[str], joining: Sequence[str]) -> tuple[int, ...]:
        """She is asked whether ``joining`` may come along on her trip, which would then have ``names``; the rows of all."""
        known = {order.id: order for order in self._jobs[driver][0].orders}
        known |= {name: self._waiting.pop(self._rows[name]) for name in joining}
        self._joining[driver] = tuple(known[name] for name in names)
        self._see(driver)
        return tuple(self._rows[name] for name in names)

    def joined(self, driver: int) -> None:
        """She said yes: they are hers."""
        job = self._jobs[driver][0]
        job.orders = self._joining.pop(driver)
        job.visits = (job.orders,)
        job.go_on(self.roads, job.left_place, job.left_s)
        self._see(driver)

    def not_joined(self, driver: int, no: No | None, cancelled: int = -1) -> None:
        """She said ``no``, or it was taken back: they wait again; one of them may be ``cancelled``."""
        on_it = {order.id for order in self._jobs[driver][0].orders}
        for order in self._joining.pop(driver):
            if order.id in on_it:
                continue
            if self._rows[order.id] == cancelled:
                self.roads.leave(order.dropoff)
            else:
                self._waits_again(order, driver, no)
        self._see(driver)

    def waits_longer_s(self, driver: int, now_s: int) -> int:
        """How much longer she would wait at the store for what is offered to join her trip."""
        job = self._jobs[driver][0]
        ready_s = max(order.ready_s for order in self._joining[driver])
        return max(0, ready_s - max(now_s, job.collects_s(self.roads, self._told_ready)))

    def cancelled(self, row: int) -> None:
        """A shopper took an order back that nobody was asked for or brings."""
        order = self._waiting.pop(row, None)
        if order is not None:
            self.roads.leave(order.dropoff)

    def left_out(self, driver: int, row: int) -> None:
        """An order of an accepted trip was cancelled before its pickup; a store where nothing is left to collect is left out.

        A trip under way with nothing left goes on until her phone says where she turned; a next one is gone.
        """
        jobs = self._jobs[driver]
        number = next(n for n, job in enumerate(jobs) if any(self._rows[o.id] == row for o in job.orders))
        job = jobs[number]
        left = tuple(o for o in job.orders if self._rows[o.id] != row)
        gone = next(o for o in job.orders if self._rows[o.id] == row)
        if left:
            self.roads.leave(gone.dropoff)
            job.orders = left
            visits = (tuple(o for o in visit if o is not gone) for visit in job.visits)
            job.visits = tuple(visit for visit in visits if visit)
            job.go_on(self.roads, job.left_place, job.left_s)
        elif number:
            self.roads.leave(gone.dropoff)
            del jobs[number]
        else:
            job.off = True
        self._see(driver)

    # What all drivers near are asked at once.
    def asked_of_all(self, row: int) -> None:
        """An order is offered to everybody near: out of the plan."""
        self._waiting[row] = replace(self._waiting[row], reserved=True)

    def said_no(self, row: int, driver: int) -> None:
        """One of them declined it."""
        self.noes.said(row, f"d{driver:05d}")
        self._waiting[row] = replace(self._waiting[row], refused_by=self.noes.barred(row))

    def taken_by_nobody(self, row: int) -> None:
        """Nobody took it in time: the courier company is asked next, if it can have it.

        Else drivers are planned with again and asked one by one; its pay has risen.
        """
        self.passed_by_all[row] = self.passed_by_all.get(row, 0) + 1
        self.noes.raised(row)
        if row in self._waiting:
            order, barred = self._waiting[row], self.noes.barred(row)
            self._waiting[row] = replace(order, refused_by=barred, reserved=self.company_can(row))

    # What a courier company says.
    def company_can(self, row: int) -> bool:
        """Whether there is one that has not refused it."""
        return self.company.there and row not in self._refused_by_company

    def company_took(self, row: int) -> None:
        """It has the order: nobody else is asked for it any more."""
        self.roads.leave(self._waiting.pop(row).dropoff)

    def company_refused(self, row: int) -> None:
        """It does not take it: the order is with drivers again, and the company is never asked for it again."""
        self._refused_by_company.add(row)
        if row in self.passed_by_all:
            self._waiting[row] = replace(self._waiting[row], reserved=False)

    def waits(self, row: int) -> bool:
        """Whether an order waits for a driver and nobody is asked for it alone."""
        return row in self._waiting

    def in_waiting(self) -> list[tuple[int, Order]]:
        """Every order that waits for a driver, with its row."""
        return list(self._waiting.items())

    def near(self, order: Order, reach_m: int, now_s: int) -> list[int]:
        """Drivers on duty without a trip within ``reach_m`` of its store who can carry it and have not said no, nearest first."""
        found = []
        for driver, here in self._standing.items():
            jobs = self._jobs.get(driver)
            silent_s = now_s - self._silent.get(driver, now_s)
            if driver in self._expected or (jobs and jobs[0].accepted) or silent_s > self._dispatch.silent_s:
                continue
            able = order.units <= here.capacity_units and here.abilities & order.needs == order.needs
            if able and here.off_s >= now_s and here.id not in order.refused_by:
                away_m = self.roads.apart_m(here.place, order.pickup)
                if away_m <= reach_m:
                    found.append((away_m, driver))
        return [driver for _, driver in sorted(found)]

    def _past_asking(self, row: int) -> bool:
        """Whether all near are asked before anybody is asked alone again."""
        many = 0 < self._dispatch.declines_before_broadcast <= self.noes.count(row)
        return many and row not in self.passed_by_all

    def accepted(self, driver: int, now_s: int) -> None:
        """She is on her way, or will be when the trip under way is over."""
        *before, job = self._jobs[driver]
        job.accepted = True
        if before:
            job.go_on(self.roads, before[-1].orders[-1].dropoff, before[-1].free_s)
            job.span_s = job.free_s - before[-1].free_s
        else:
            job.go_on(self.roads, self._standing[driver].place, now_s)
        self._see(driver)

    def picked_up(self, driver: int, at_s: int) -> None:
        """She has the goods of her next store since ``at_s``, by her phone's clock."""
        job = self._jobs[driver][0]
        first = job.visits[job.collected][0]
        job.collected += 1
        job.go_on(self.roads, first.pickup, at_s + first.pickup_service_s - first.pickup_service_s // 2)
        self._see(driver)

    def handed_over(self, driver: int, at_s: int) -> None:
        """The next order of her trip is handed over."""
        job = self._jobs[driver][0]
        order = job.orders[job.dropped]
        job.dropped += 1
        job.go_on(self.roads, order.dropoff, at_s + order.dropoff_service_s - order.dropoff_service_s // 2)
        self._see(driver)

    def finished(self, driver: int, at: Spot, at_s: int) -> None:
        """The trip is over and she stands at its last door."""
        for order in self._jobs[driver].pop(0).orders:
            self.roads.leave(order.dropoff)
        here = replace(self._standing[driver], free_s=at_s)
        self.roads.move(here.place, *at)
        self._standing[driver] = here
        following = self._jobs[driver]
        if following and following[0].accepted:
            following[0].go_on(self.roads, here.place, at_s)
        self._see(driver)

    # What the engine sees.
    def world(self, now_s: int) -> World:
        """The world of a tick at ``now_s``."""
        self._end_hopeless(now_s)
        for driver, jobs in self._jobs.items():
            if jobs[0].free_s <= now_s:  # she should have been done by now
                jobs[0].free_s = now_s + 1
                self._see(driver)
        for driver in self._expected:
            if self._seen[driver].on_s <= now_s:  # she should have come by now
                self._seen[driver] = replace(self._seen[driver], on_s=now_s + 60, free_s=now_s + 60)
        quiet_s = now_s - self._dispatch.silent_s
        lost = {d for d, since_s in self._silent.items() if since_s < quiet_s and d not in self._jobs}
        unheard = {
            d for d, since_s in self._silent.items() if since_s < now_s - UNHEARD_S and d in self._jobs
        }
        growing = self._growing(now_s, unheard) if self._dispatch.grows else {}
        drivers = (
            replace(seen, spoken_for=True) if d in unheard else growing.get(d, seen)
            for d, seen in self._seen.items()
            if seen.off_s >= now_s and d not in lost
        )
        kept = tuple(
            replace(order, reserved=False, ready_s=self._told_ready(order))
            for driver in growing
            for order in self._jobs[driver][0].orders
        )
        return World(self._orders(now_s) + kept, tuple(drivers), self.plan)

    def _growing(self, now_s: int, unheard: Collection[int]) -> dict[int, Driver]:
        """Drivers whose trips more may join, by the live rule (``snapshot.may_grow``): each at her store, when she is there."""
        found = {}
        for driver, jobs in self._jobs.items():
            job = jobs[0]
            if len(jobs) > 1 or not job.accepted or job.off or job.collected or len(job.visits) != 1:
                continue
            if driver in unheard or driver in self._joining or self._seen[driver].off_s < now_s:
                continue
            if job.collects_s(self.roads, self._told_ready) - now_s >= self._dispatch.offer_lasts_s:
                found[driver] = replace(
                    self._standing[driver],
                    place=job.orders[0].pickup,
                    free_s=job.there_s(self.roads),
                    keeps=tuple(order.id for order in job.orders),
                )
        return found

    def _told_ready(self, order: Order) -> int:
        """When an order is ready, by the last word of its store."""
        return self._ready.get(self._rows[order.id], order.ready_s)

    @property
    def waiting(self) -> int:
        """How many orders wait for a driver."""
        return len(self._waiting)

    @property
    def free(self) -> int:
        """How many drivers on duty have neither a trip nor an offer."""
        return len(self._seen) - len(self._jobs) - len(self._expected)

    @property
    def busy(self) -> int:
        """How many drivers have a trip or an offer."""
        return len(self._jobs)

    def _orders(self, now_s: int) -> tuple[Order, ...]:
        """Every order that waits, with what a courier company costs where its price competes."""
        if not self.company.in_plan:
            return tuple(self._waiting.values())
        return tuple(
            replace(order, elsewhere_s=self._elsewhere_s(order, now_s)) if self.company_can(row) else order
            for row, order in self._waiting.items()
        )

    def _elsewhere_s(self, order: Order, now_s: int) -> int:
        comes_s, leg_s = now_s + self.company.pickup_s, self.roads.between(order.pickup, order.dropoff)
        fee_min = self.company.fee_minor / self.company.minute_minor
        return elsewhere_s(order, comes_s, leg_s, self._dispatch.params.late_price, fee_min)

    def _come(self, driver: int, at: Spot, on_s: int, off_s: int, gear: Gear) -> None:
        place = self.roads.take_stand(*at)
        here = Driver(
            id=f"d{driver:05d}", place=place, free_s=on_s, on_s=on_s, off_s=off_s,
            abilities=gear.abilities, capacity_units=gear.capacity_units,
        )  # fmt: skip
        self._standing[driver] = self._seen[driver] = here

    def _see(self, driver: int) -> None:
        """Where and when she will be free: after her last job, which begins when the one before it is over."""
        jobs = self._jobs.get(driver)
        if not jobs:
            self._jobs.pop(driver, None)
            self._seen[driver] = self._standing[driver]
            return
        for before, job in pairwise(jobs):
            job.free_s = max(job.free_s, before.free_s + job.span_s)
        last = jobs[-1]
        self._seen[driver] = replace(
            self._standing[driver],
            place=last.orders[-1].dropoff,
            free_s=last.free_s,
            spoken_for=len(jobs) > 1 or not last.accepted or driver in self._joining,
        )

    def _end_hopeless(self, now_s: int) -> None:
        while self._ends and self._ends[0][0] <= now_s:
            _, row = heapq.heappop(self._ends)
            if row in self._waiting:
                self.roads.leave(self._waiting.pop(row).dropoff)
