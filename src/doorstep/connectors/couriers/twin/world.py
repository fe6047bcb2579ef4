"""The simulated courier company: quotes, jobs, couriers who move, and everything that can go wrong.

Pure but for the clock it is given. A job's whole course is drawn when it is booked, from the seed and its
reference alone, so two runs of one seed tell the same story whatever comes in between.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from doorstep.connectors.couriers.protocol import JobState
from doorstep.connectors.couriers.twin.clock import TwinClock, minutes
from doorstep.units.geo import METRES_PER_MILE, LatLng, great_circle_m

ABILITIES = frozenset({"photo", "contactless", "signature", "pin", "cold", "fragile"})
FURTHEST_M = 40_000
DETOUR = 1.35
SPEED_MPS = 9.0
QUOTE_LIFE = timedelta(minutes=15)
_NAMES = ("Alex", "Bao", "Carmen", "Dele", "Edda", "Farid", "Grace", "Hugo", "Imani", "Jo")
_VEHICLES = ("grey Corolla", "blue Civic", "white Leaf", "red cargo bicycle", "black Transit")
FINAL = frozenset({JobState.DELIVERED, JobState.RETURNED, JobState.CANCELLED, JobState.LOST})


class Declined(Exception):
    """A request the company understood and will not do."""

    def __init__(self, code: str, message: str, status: int = 422) -> None:
        """``code`` for machines, ``message`` for people, ``status`` for HTTP."""
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How badly the company behaves; shares lie between 0 and 1."""

    slow_s: float = 0.0  # real seconds before every answer
    refuse_share: float = 0.0  # bookings declined although quoted
    lie_share: float = 0.0  # webhooks that are forged, replayed, or say delivered when it is not
    lose_share: float = 0.0  # jobs whose courier disappears
    lose_when: str = "either"  # "before" pickup, "after" it, or "either"
    return_share: float = 0.0  # jobs where nobody opens
    drop_answers: float = 0.0  # bookings that are done and never answered
    duplicate_webhooks: float = 0.0  # webhooks sent twice
    reorder: float = 0.0  # webhooks that overtake the one before


@dataclass(frozen=True, slots=True)
class Order:
    """What the company was asked to carry."""

    reference: str
    pickup: LatLng
    dropoff: LatLng
    ready_at: datetime
    deadline_at: datetime
    tip_minor: int = 0
    items: int = 1
    requirements: frozenset[str] = frozenset()
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and when it stops holding."""

    quote_id: str
    fee_minor: int
    currency: str
    pickup_at: datetime
    dropoff_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """From ``at`` on the job is in ``state``."""

    state: JobState
    at: datetime


@dataclass(slots=True)
class Job:
    """A job: its steps, past and coming. ``told`` counts the steps that webhooks went out for."""

    job_id: str
    order: Order
    steps: list[Step]
    fee_minor: int
    courier: str
    vehicle: str
    start: LatLng
    told: int = 0
    currency: str = "USD"
    cancel_reason: str = ""

    def reached(self, now: datetime) -> list[Step]:
        """Steps that lie behind."""
        return [step for step in self.steps if step.at <= now]

    def state(self, now: datetime) -> JobState:
        """Where the job stands."""
        return self.reached(now)[-1].state if self.reached(now) else JobState.PENDING

    def cost_minor(self, now: datetime) -> int:
        """What the company charges as things stand: nothing for a lost courier, half when called off at the store, 60 % more with the way back."""
        states = {step.state for step in self.reached(now)}
        if JobState.LOST in states:
            return 0
        if JobState.CANCELLED in states:
            return self.fee_minor // 2 if JobState.AT_PICKUP in states else 0
        return self.fee_minor * 8 // 5 if JobState.RETURNING in states else self.fee_minor

    def position(self, now: datetime) -> LatLng | None:
        """Where the courier is, None before there is one and after the end."""
        reached = self.reached(now)
        state = self.state(now)
        if state is JobState.PENDING or state in FINAL:
            return None
        ahead = [step for step in self.steps if step.at > now]
        legs = {
            JobState.TO_PICKUP: (self.start, self.order.pickup),
            JobState.PICKED_UP: (self.order.pickup, self.order.dropoff),
            JobState.RETURNING: (self.order.dropoff, self.order.pickup),
        }
        if state not in legs:
            return self.order.dropoff if state is JobState.AT_DROPOFF else self.order.pickup
        a, b = legs[state]
        begun, until = reached[-1].at, ahead[0].at if ahead else reached[-1].at
        span = (until - begun).total_seconds()
        part = min(1.0, (now - begun).total_seconds() / span) if span > 0 else 1.0
        return LatLng(lat=a.lat + (b.lat - a.lat) * part, lng=a.lng + (b.lng - a.lng) * part)

    def proofs(self, now: datetime) -> frozenset[str]:
        """What was taken at the door, once delivered: a photo always, and what was asked for."""
        if self.state(now) is not JobState.DELIVERED:
            return frozenset()
        return frozenset({"photo"} | (self.order.requirements & {"pin", "signature"}))


def _drive(a: LatLng, b: LatLng) -> timedelta:
    return timedelta(seconds=round(great_circle_m(a, b) * DETOUR / SPEED_MPS))


def price_minor(order: Order) -> int:
    """6.50 dollars and 0.95 for each mile begun."""
    miles = math.ceil(great_circle_m(order.pickup, order.dropoff) * DETOUR / METRES_PER_MILE)
    return 650 + 95 * miles


@dataclass(slots=True)
class World:
    """The company: its quotes, its jobs, its manners."""

    clock: TwinClock
    seed: int
    behaviour: Behaviour = field(default_factory=Behaviour)
    quotes: dict[str, tuple[Quote, str]] = field(default_factory=dict)  # with the reference it was for
    jobs: dict[str, Job] = field(default_factory=dict)
    by_reference: dict[str, Job] = field(default_factory=dict)
    moving: dict[str, Job] = field(default_factory=dict)  # jobs that there is still something to tell of
    quoted: int = 0
    asked: int = 0  # bookings, those declined among them

    def chance(self, purpose: str, reference: str) -> Random:
        """The dice for one purpose and one job: the same however often they are asked for."""
        return Random(f"{self.seed}:{purpose}:{reference}")

    def quote(self, order: Order) -> Quote:
        """Price and times. Raises Declined."""
        if great_circle_m(order.pickup, order.dropoff) > FURTHEST_M:
            raise Declined("out_of_area", "We carry up to 40 kilometres.")
        unmet = sorted(order.requirements - ABILITIES)
        if unmet:
            raise Declined("requirement_unmet", f"Our couriers cannot do: {', '.join(unmet)}.")
        now = self.clock.now()
        steps = self._course(order, now, Behaviour())
        times = {step.state: step.at for step in steps}
        self.quoted += 1
        quote = Quote(
            f"qt_{self.quoted:06d}",
            price_minor(order),
            "USD",
            times[JobState.PICKED_UP],
            times[JobState.DELIVERED],
            now + QUOTE_LIFE,
        )
        self.quotes[quote.quote_id] = (quote, order.reference)
        return quote

    def book(self, order: Order, quote_id: str) -> Job:
        """Send a courier. Raises Declined; ``duplicate_reference`` when the reference has a job."""
        self.asked += 1
        if self.find(order.reference) is not None:
            raise Declined("duplicate_reference", "There is a job of this reference.", 409)
        quote, reference = self.quotes.get(quote_id, (None, ""))
        now = self.clock.now()
        if quote is None or reference != order.reference:
            raise Declined("unknown_quote", "Ask for a quote first.")
        if quote.expires_at <= now:
            raise Declined("expired_quote", "The quote is no longer good; ask for a new one.")
        if self.chance("refuse", order.reference).random() < self.behaviour.refuse_share:
            raise Declined("no_courier", "No courier is free near the store.")
        dice = self.chance("courier", order.reference)
        away_deg = 0.02
        start = LatLng(
            lat=order.pickup.lat + dice.uniform(-away_deg, away_deg),
            lng=order.pickup.lng + dice.uniform(-away_deg, away_deg),
        )
        job = Job(
            job_id=f"job_{len(self.jobs) + 1:06d}",
            order=order,
            steps=self._course(order, now, self.behaviour),
            fee_minor=quote.fee_minor,
            courier=dice.choice(_NAMES),
            vehicle=dice.choice(_VEHICLES),
            start=start,
        )
        self.remember(job)
        return job

    def remember(self, job: Job) -> None:
        """Hold ``job`` under all its names."""
        self.jobs[job.job_id] = self.by_reference[job.order.reference] = job
        if job.told < len(job.steps):
            self.moving[job.job_id] = job

    def find(self, reference: str) -> Job | None:
        """The job that carries the caller's reference."""
        return self.by_reference.get(reference)

    def cancel(self, job_id: str, reason: str) -> Job:
        """Call the courier off; twice is once. Raises Declined once the goods are on board."""
        job = self.job(job_id)
        now = self.clock.now()
        state = job.state(now)
        if state is JobState.CANCELLED:
            return job
        if state not in {JobState.PENDING, JobState.TO_PICKUP, JobState.AT_PICKUP}:
            raise Declined("not_cancellable", f"The job is {state}.", 409)
        job.steps = [*job.reached(now), Step(JobState.CANCELLED, now)]
        job.cancel_reason = reason
        self.moving[job.job_id] = job
        return job

    def job(self, job_id: str) -> Job:
        """One job. Raises Declined."""
        if job_id not in self.jobs:
            raise Declined("unknown_job", "There is no such job.", 404)
        return self.jobs[job_id]

    def behave(self, behaviour: Behaviour) -> None:
        """From now on behave so; jobs already booked keep their course."""
        self.behaviour = replace(behaviour)

    def _course(self, order: Order, now: datetime, manners: Behaviour) -> list[Step]:
        dice = self.chance("course", order.reference)
        found = now + minutes(dice.uniform(1, 4))
        at_store = found + minutes(dice.uniform(3, 9))
        on_board = max(at_store, order.ready_at) + minutes(dice.uniform(1.5, 3))
        at_door = on_board + _drive(order.pickup, order.dropoff)
        done = at_door + minutes(dice.uniform(1.5, 3))
        steps = [
            Step(JobState.PENDING, now),
            Step(JobState.TO_PICKUP, found),
            Step(JobState.AT_PICKUP, at_store),
            Step(JobState.PICKED_UP, on_board),
            Step(JobState.AT_DROPOFF, at_door),
        ]
        fate = self.chance("fate", order.reference)
        lost, lost_after, returned = fate.random(), fate.random(), fate.random()
        if lost < manners.lose_share:
            after = manners.lose_when == "after" or (manners.lose_when == "either" and lost_after < 0.5)
            if after:
                return [*steps[:4], Step(JobState.LOST, on_board + (at_door - on_board) / 2)]
            return [*steps[:2], Step(JobState.LOST, found + (at_store - found) / 2)]
        if returned < manners.return_share:
            back = done + _drive(order.dropoff, order.pickup)
            return [*steps, Step(JobState.RETURNING, done), Step(JobState.RETURNED, back)]
        return [*steps, Step(JobState.DELIVERED, done)]
