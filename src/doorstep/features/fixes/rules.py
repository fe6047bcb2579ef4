"""Fixes, and which of them counts. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId
from doorstep.units.time import MarketInstant

MOST_FIXES = 100
"""How many fixes one report may carry."""
MOST_ACCURACY_M = 100_000
FASTEST_MPS = 150
"""Faster than any road or helicopter that could carry groceries."""
OLDEST = timedelta(days=7)
"""A fix older than this says that the phone's clock is wrong, not that the phone was away so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One position of a driver. ``device_at`` is the phone's time, clamped; ``at`` when it reached us."""

    driver_id: DriverId
    point: LatLng
    at: MarketInstant
    device_at: MarketInstant
    accuracy_m: int | None
    heading_deg: int | None
    speed_mps: float | None

    def age_s(self, now: datetime) -> float:
        """Seconds since the phone was there."""
        return max(0.0, (now - self.device_at).total_seconds())


def clamped(device_at: datetime, now: datetime) -> datetime:
    """The phone's time, or now when its clock runs ahead: a future fix would win for ever."""
    return min(device_at, now)


def too_old(device_at: datetime, now: datetime) -> bool:
    """Whether the phone's time cannot be right."""
    return now - device_at > OLDEST
