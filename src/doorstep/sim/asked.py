"""What stands on drivers' phones, and what they answer: settled by who she is and what it is, not by who asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import ceil

import numpy as np

from doorstep.features.offers.terms import base_pay, pay_lines
from doorstep.sim.chance import Dice
from doorstep.sim.passing import Noes
from doorstep.sim.rides import Visits
from doorstep.sim.scenario import Scenario
from doorstep.sim.truth import Truth, quarter


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer says."""

    rows: tuple[int, ...]  # its orders in drop sequence
    visits: Visits
    minutes: int
    way_m: int
    pay_minor: int
    usual_minor: int
    """What it would pay at the market's own rates if nobody had passed on it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer on one phone."""

    number: int
    terms: Terms
    next_best_min: float | None
    """What whoever is next best would have cost; None: nobody could, or nobody reckoned it."""
    doors: tuple[int, ...] = ()
    """Of one that adds to the trip she is under way with: all the orders that it would then have, in drop sequence."""


@dataclass(slots=True)
class AskedOfAll:
    """An order that all drivers near were asked for at once; the first to say yes has it."""

    number: int
    terms: Terms
    unanswered: int


class Answer(Enum):
    """What becomes of an offer."""

    YES = auto()  # she has it
    NO = auto()  # somebody else is asked
    NOTHING = auto()  # it runs out


class Answers:
    """Everything offered on one day, and what is answered."""

    def __init__(self, scenario: Scenario, truth: Truth, seed: int, noes: Noes) -> None:
        """Nobody is asked yet."""
        self._scenario, self._truth, self._noes = scenario, truth, noes
        self._rates = scenario.rates()
        self._wishes, self._delays = Dice(seed, "answers"), Dice(seed, "delays")

    def terms(self, rows: Sequence[int], now_s: int, visits: Visits = ()) -> Terms:
        """What an offer of ``rows`` says, as everybody expects the roads at ``now_s``; all of one store unless it says ``visits``."""
        truth, dispatch, chosen = self._truth, self._scenario.dispatch, list(rows)
        visits = visits or (tuple(rows),)
        stores = truth.stores[truth.orders.store[[visit[0] for visit in visits]]]
        spots = np.concatenate((stores, truth.orders.door[chosen]))
        slow = float(truth.usual[quarter(truth, now_s)])
        drive_s = int(truth.ground.seconds(truth.ground.spans(spots[:-1], spots[1:]), slow).sum())
        stops_s = len(visits) * dispatch.pickup_service_s + len(chosen) * dispatch.dropoff_service_s
        minutes = ceil((drive_s + stops_s) / 60)
        way_m = ceil(truth.ground.metres(spots[:-1], spots[1:]).sum())
        pay_minor, usual_minor = (
            base_pay(rates, way_m, minutes, len(chosen)).minor for rates in (self._rates, self._scenario.pay)
        )
        return Terms(tuple(rows), visits, minutes, way_m, pay_minor + self._extra(rows), usual_minor)

    def more(self, on_it: Sequence[int], doors: Sequence[int], now_s: int, waits_s: int) -> Terms:
        """What an offer says that adds to a trip ``on_it``, which would then have ``doors``: what comes on top, as live.

        ``waits_s``: how much longer she waits at the store for it.
        """
        joining = tuple(row for row in doors if row not in on_it)
        before_m, before_s = self._way(on_it, now_s)
        then_m, then_s = self._way(doors, now_s)
        stops_s = len(joining) * self._scenario.dispatch.dropoff_service_s
        minutes = ceil((max(0, then_s - before_s) + stops_s + waits_s) / 60)
        way_m = max(0, then_m - before_m)
        pay_minor, usual_minor = (
            sum(line.amount.minor for line in pay_lines(rates, way_m, minutes, len(joining), new_trip=False))
            for rates in (self._rates, self._scenario.pay)
        )
        return Terms(joining, (joining,), minutes, way_m, pay_minor + self._extra(joining), usual_minor)

    def _extra(self, rows: Sequence[int]) -> int:
        return sum(self._noes.extra_minor(row) for row in rows)

    def _way(self, rows: Sequence[int], now_s: int) -> tuple[int, int]:
        """Metres and seconds from the store of ``rows`` through their doors, as everybody expects the roads."""
        truth, chosen = self._truth, list(rows)
        spots = np.concatenate((truth.stores[truth.orders.store[chosen[:1]]], truth.orders.door[chosen]))
        slow = float(truth.usual[quarter(truth, now_s)])
        drive_s = int(truth.ground.seconds(truth.ground.spans(spots[:-1], spots[1:]), slow).sum())
        return ceil(truth.ground.metres(spots[:-1], spots[1:]).sum()), drive_s

    def of(self, driver: int, terms: Terms, now_s: int, expires_s: int) -> tuple[Answer, int]:
        """What ``driver`` answers to an offer that she sees at ``now_s``, and when; nothing is told when it runs out."""
        people, rows = self._scenario.behaviour, sorted(terms.rows)
        number = int(self._truth.shifts.number[driver])
        wish = self._wishes.uniform(number, *rows)
        refuses = people.declines * float(self._truth.shifts.choosy[driver])
        if refuses and terms.pay_minor != terms.usual_minor:
            tips = int(self._truth.orders.tip_minor[rows].sum())
            refuses *= ((terms.usual_minor + tips) / max(terms.pay_minor + tips, 1)) ** people.pay_elasticity
        delay_s = ceil(self._delays.exponential(people.response_s, number, *rows))
        if wish < refuses * people.lapses:
            return Answer.NOTHING, expires_s
        return (Answer.NO if wish < refuses else Answer.YES), min(now_s + delay_s, expires_s - 1)
