"""What happens on a simulated day, by kind, and what is counted of it."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from doorstep.sim.errands import Errand
from doorstep.sim.rides import Ride
from doorstep.sim.truth import NEVER_S, Whole

NEVER = NEVER_S


class Kind(IntEnum):
    """What happens; of one instant in this sequence, so that a tick knows all that was heard by then."""

    COMES = 0  # a driver begins
    SILENT = 1  # a phone falls silent
    SPEAKS = 2  # it is heard again
    PLACED = 3  # an order comes in
    READY = 4  # a store says that it is ready
    CANCELLED = 5  # a shopper changes her mind
    REPORTED = 6  # the next thing heard of a driver's trips
    GOES = 7  # a driver wants to go home
    DECLINED = 8  # an answer
    LAPSED = 9  # no answer
    ACCEPTED = 10  # an answer
    REFUSES = 11  # an answer to what all near were asked
    TAKES = 12  # an answer to what all near were asked
    UNTAKEN = 13  # nobody took what all near were asked
    BROUGHT = 14  # a courier company's courier is done
    TICK = 15  # dispatch looks


class Report(IntEnum):
    """What a driver's phone says of her trips."""

    PICKED_UP = 0  # the goods of a stop are on board
    DROPPED = 1  # one order is at its door
    FINISHED = 2  # the trip is over


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Something her phone says, once it is heard."""

    serial: int
    report: Report
    at_s: int
    ride: Ride


@dataclass(slots=True)
class Tally:
    """What really happened, by order and by driver; NEVER where it did not."""

    picked_s: Whole
    dropped_s: Whole
    carrier: Whole
    cancelled_s: Whole
    asked_all: (
        Whole  # how often all drivers near were asked for it at once; not NEVER but zero where they were not
    )
    handed_s: Whole  # when a courier company took it
    fee_minor: Whole  # what the company was paid for it; zero where no company brought it
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
    withdrawn: int = 0  # because an order was cancelled, or the trip it was to join had left its store
    trips: int = 0
    grown: int = 0  # offers by which more joined a trip under way
    company_refused: int = 0  # orders that the courier company did not take

    @classmethod
    def blank(cls, orders: int, drivers: int, quarters: int) -> "Tally":
        """Before anything has happened."""

        def never() -> Whole:
            return np.full(orders, NEVER, np.int64)

        def nothing() -> Whole:
            return np.zeros(drivers, np.int64)

        return cls(
            picked_s=never(), dropped_s=never(), carrier=never(), cancelled_s=never(),
            asked_all=np.zeros(orders, np.int64), handed_s=never(), fee_minor=np.zeros(orders, np.int64),
            pay_minor=nothing(), tips_minor=nothing(),
            driven_s=nothing(), waited_s=nothing(), engaged_s=nothing(), duty_s=nothing(),
            series=np.full((quarters, 3), NEVER, np.int64),
        )  # fmt: skip

    @property
    def by_company(self) -> NDArray[np.bool_]:
        """By order, whether a courier company brought it."""
        return np.asarray((self.handed_s != NEVER) & (self.dropped_s != NEVER), np.bool_)

    def book_errand(self, errand: Errand) -> None:
        """An order that a courier company has brought."""
        self.picked_s[errand.row] = errand.picked_s
        self.dropped_s[errand.row] = errand.dropped_s
        self.fee_minor[errand.row] = errand.fee_minor

    def book(self, ride: Ride, tips_minor: Whole) -> None:
        """A trip that is over; ``tips_minor`` are those of all orders."""
        rows, driver = list(ride.rows), ride.driver
        for visit in ride.visits:
            self.picked_s[list(visit.rows)] = visit.picked_s
        self.dropped_s[rows] = ride.dropped_s
        self.carrier[rows] = driver
        self.waited_s[driver] += ride.waited_s
        self.driven_s[driver] += ride.driven_s
        self.engaged_s[driver] += ride.ends_s - ride.begins_s
        self.pay_minor[driver] += ride.pay_minor
        self.tips_minor[driver] += int(tips_minor[rows].sum())
