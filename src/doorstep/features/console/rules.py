"""Values of the console and how its queue is ranked. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from doorstep.features.deliveries.rules import FINAL, DeliveryState
from doorstep.units.ids import MarketId
from doorstep.units.time import MarketInstant, WallInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of one market that everybody may know. Differences are zero, or there is a fault."""

    market_id: MarketId
    name: str
    timezone: str
    open: int
    delivered: int
    drivers_online: int
    offers_open: int
    ledger_difference_minor: int
    promised_minus_paid_minor: int
    at: MarketInstant
    at_wall: WallInstant


def under_way(counts: Mapping[DeliveryState, int]) -> int:
    """How many deliveries have not ended."""
    return _sum(number for state, number in counts.items() if state not in FINAL)


def _sum(numbers: Iterable[int]) -> int:
    return sum(numbers)
