"""The figures of a played day. Minutes unless the name says otherwise."""

from dataclasses import asdict, dataclass

import numpy as np

from doorstep.sim.day import Day
from doorstep.sim.tally import NEVER
from doorstep.sim.truth import NO_PROMISE_S

COUNTED_AS_MIN = 90.0
"""What an order counts in ``ctd90`` that nobody delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Means are over delivered orders, whoever brought them; nothing delivered counts as zero. What drivers do an order is over those
    they brought. Shares are of the orders that were not cancelled.
    """

    orders: int  # as placed
    cancelled_pct: float  # of those
    asked_all_pct: float  # all drivers near were asked at once
    by_company_pct: float  # a courier company brought it
    undelivered_pct: float
    ctd_mean: float  # click to door
    ctd_p90: float
    ctd90: float  # mean with every undelivered order as 90 minutes
    rtp_mean: float  # ready to pickup
    kept_pct: float  # of all orders, promises kept
    offers_declined_pct: float  # declined or run out
    orders_per_trip: float
    drive_min_per_order: float
    wait_min_per_order: float  # drivers in stores, for goods that are not ready
    busy_pct: float  # of the time on duty
    earned_per_hour_minor: float  # on duty, tips included
    cost_per_order_minor: float  # what the network pays drivers, tips apart, and companies
    driver_pay_minor: float  # of the whole day, tips apart
    company_fees_minor: float  # of the whole day
    drivers: int

    def as_dict(self) -> dict[str, float]:
        """Plain figures for a file."""
        return asdict(self)


def measure(day: Day) -> Measures:
    """The figures of ``day``."""
    tally, orders = day.tally, day.truth.orders
    done = tally.dropped_s >= 0
    wanted = tally.cancelled_s == NEVER
    count, total, outside = int(done.sum()), int(wanted.sum()), int(tally.by_company.sum())
    ctd = (tally.dropped_s - orders.placed_s)[done] / 60
    kept = done & (tally.dropped_s <= orders.due_s)
    duty_h = max(float(tally.duty_s.sum()) / 3600, 1e-9)
    earned = float(tally.pay_minor.sum() + tally.tips_minor.sum())
    paid, fees = float(tally.pay_minor.sum()), float(tally.fee_minor.sum())
    driven = count - outside
    each = max(driven, 1)

    def mean(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        return float(values.mean()) if len(values) else 0.0

    return Measures(
        orders=len(done),
        cancelled_pct=100 * (len(done) - total) / max(len(done), 1),
        asked_all_pct=100 * int((wanted & (tally.asked_all > 0)).sum()) / max(total, 1),
        by_company_pct=100 * outside / max(total, 1),
        undelivered_pct=100 * (total - count) / max(total, 1),
        ctd_mean=mean(ctd),
        ctd_p90=float(np.percentile(ctd, 90)) if count else 0.0,
        ctd90=(float(ctd.sum()) + COUNTED_AS_MIN * (total - count)) / max(total, 1),
        rtp_mean=mean((tally.picked_s - orders.ready_s)[done] / 60),
        kept_pct=100 * int(kept.sum()) / max(total, 1),
        offers_declined_pct=100 * (tally.declined + tally.lapsed) / max(tally.offers, 1),
        orders_per_trip=driven / max(tally.trips, 1),
        drive_min_per_order=float(tally.driven_s.sum()) / 60 / each,
        wait_min_per_order=float(tally.waited_s.sum()) / 60 / each,
        busy_pct=100 * float(tally.engaged_s.sum()) / 3600 / duty_h,
        earned_per_hour_minor=earned / duty_h,
        cost_per_order_minor=(paid + fees) / max(count, 1),
        driver_pay_minor=paid,
        company_fees_minor=fees,
        drivers=len(tally.duty_s),
    )


def promised(day: Day) -> bool:
    """Whether the orders of this day have promises at all."""
    return bool((day.truth.orders.due_s < NO_PROMISE_S).any())
