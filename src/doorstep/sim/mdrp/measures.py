"""The measures of the field for one day."""

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measures:
    """Minutes unless named otherwise; means over delivered orders, ``ctd90`` counts the others as 90.

    NaN where there is nothing to average: nothing was delivered, or never decided.
    """

    instance: str
    orders: int
    undelivered_pct: float
    ctd_mean: float
    ctd_p90: float
    ctd90: float
    rtp_mean: float
    cost_per_order: float
    orders_per_bundle: float
    drive_min_per_order: float
    over90_pct: float
    tick_ms_p50: float
    tick_ms_p95: float

    def as_dict(self) -> dict[str, object]:
        """Plain figures for a file; None where there is nothing to average."""
        return {
            name: None if isinstance(figure, float) and math.isnan(figure) else figure
            for name, figure in asdict(self).items()
        }
