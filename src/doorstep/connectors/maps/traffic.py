"""How fast one drives in a city: free-flow speed by length of the trip, slowed by the hour. Pure.

Speeds in km/h, set on 2026-11-21:

* ``LOCAL_KMH`` 22, ``THROUGH_KMH`` 90 and ``BLEND_M`` 20 km were fitted (mean absolute error 13 % of the
  mean time) to 66,786 car routes that OSRM's own car profile finds between 259 random street points of
  Columbus, Ohio, with a detour factor of 1.35: 25 km/h on a trip of half a mile, 34 on two miles, 57 on
  ten miles (as the crow flies). A short trip is driven on side streets and waits at lights; a long one finds an expressway.
* ``DETOUR`` 1.35 is the road length over the great circle on trips of 7 to 11 miles there (median 1.39
  over all trips).
* The hourly slowdown is an assumption, not a measurement: mild by day, worst from 16 to 18 on working
  days, none at night. Replace it for a market once its own driven legs tell better.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DETOUR = 1.35
LOCAL_KMH = 22.0
THROUGH_KMH = 90.0
BLEND_M = 20_000.0

# Free-flow speed is divided by the factor of the hour (local time, the value holds at the half hour).
WORKDAY_SLOWDOWN = (
    *(1.00, 1.00, 1.00, 1.00, 1.00, 1.02),  # 00 to 05
    *(1.10, 1.28, 1.26, 1.12, 1.10, 1.14),  # 06 to 11: the way to work peaks from 7 to 9
    *(1.18, 1.16, 1.18, 1.26, 1.38, 1.42),  # 12 to 17: lunch, schools, the way home
    *(1.26, 1.14, 1.08, 1.05, 1.02, 1.00),  # 18 to 23
)
WEEKEND_SLOWDOWN = (
    *(1.00, 1.00, 1.00, 1.00, 1.00, 1.00),
    *(1.00, 1.02, 1.04, 1.08, 1.12, 1.15),
    *(1.17, 1.17, 1.16, 1.15, 1.14, 1.13),  # errands around noon, no rush hour
    *(1.10, 1.07, 1.05, 1.03, 1.02, 1.00),
)


def slowdown(at: datetime, zone: ZoneInfo) -> float:
    """By what factor (>= 1) trips that start at ``at`` take longer than on empty roads.

    Blends between the middles of two hours, so that no plan changes because a clock struck.
    """
    local = at.astimezone(zone)
    minutes = local.hour * 60 + local.minute - 30
    hour, past = divmod(minutes, 60)
    today = WEEKEND_SLOWDOWN if local.weekday() >= 5 else WORKDAY_SLOWDOWN
    earlier, later = today[hour % 24], today[(hour + 1) % 24]
    return earlier + (later - earlier) * past / 60


def free_flow_s(road_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds on empty roads for trips of ``road_m`` metres (any shape).

    A longer trip takes longer, and two trips in a row never less than one of their length.
    """
    kmh = LOCAL_KMH + (THROUGH_KMH - LOCAL_KMH) * road_m / (road_m + BLEND_M)
    return road_m / (kmh / 3.6)
