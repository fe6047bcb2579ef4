"""The figures of a played day. Minutes unless the name says otherwise."""

import math
from dataclasses import asdict, dataclass

import numpy as np

from doorstep.sim.day import Day
from doorstep.sim.tally import NEVER

COUNTED_AS_MIN = 90.0
"""What an order counts in ``ctd90`` that nobody delivered."""
MISSING = math.nan
"""A figure of which the day holds nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Means are over delivered orders, whoever brought them. What drivers do an order is over those they brought. Shares are of the
    orders that were not cancelled. Where there is nothing to average, a figure is MISSING.
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

    def as_dict(self) -> dict[str, float | None]:
        """Plain figures for a file; None for what is missing."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self).items()}


def measure(day: Day) -> Measures:
    """The figures of ``day``."""
    tally, orders = day.tally, day.truth.orders
    done = tally.dropped_s >= 0
    wanted = tally.cancelled_s == NEVER
    count, total, outside = int(done.sum()), int(wanted.sum()), int(tally.by_company.sum())
    ctd = (tally.dropped_s - orders.placed_s)[done] / 60
    kept = done & (tally.dropped_s <= orders.due_s)
    duty_h = float(tally.duty_s.sum()) / 3600
    earned = float(tally.pay_minor.sum() + tally.tips_minor.sum())
    paid, fees = float(tally.pay_minor.sum()), float(tally.fee_minor.sum())
    driven = count - outside

    def mean(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        return float(values.mean()) if len(values) else MISSING

    return Measures(
        orders=len(done),
        cancelled_pct=_ratio(100 * (len(done) - total), len(done)),
        asked_all_pct=_ratio(100 * int((wanted & (tally.asked_all > 0)).sum()), total),
        by_company_pct=_ratio(100 * outside, total),
        undelivered_pct=_ratio(100 * (total - count), total),
        ctd_mean=mean(ctd),
        ctd_p90=float(np.percentile(ctd, 90)) if count else MISSING,
        ctd90=_ratio(float(ctd.sum()) + COUNTED_AS_MIN * (total - count), total),
        rtp_mean=mean((tally.picked_s - orders.ready_s)[done] / 60),
        kept_pct=_ratio(100 * int(kept.sum()), total),
        offers_declined_pct=_ratio(100 * (tally.declined + tally.lapsed), tally.offers),
        orders_per_trip=_ratio(driven, tally.trips),
        drive_min_per_order=_ratio(float(tally.driven_s.sum()) / 60, driven),
        wait_min_per_order=_ratio(float(tally.waited_s.sum()) / 60, driven),
        busy_pct=_ratio(100 * float(tally.engaged_s.sum()) / 3600, duty_h),
        earned_per_hour_minor=_ratio(earned, duty_h),
        cost_per_order_minor=_ratio(paid + fees, count),
        driver_pay_minor=paid,
        company_fees_minor=fees,
        drivers=len(tally.duty_s),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else MISSING
