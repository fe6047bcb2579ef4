"""The vital signs of a market: what a dispatcher looks at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from doorstep.features.console import queries
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import DeliveryState
from doorstep.features.markets import queries as markets
from doorstep.features.offers import queries as offers
from doorstep.platform.db.work import Work
from doorstep.units.time import MarketInstant

HOUR = timedelta(hours=1)
SLICES = 12
RECENT = timedelta(minutes=10)
Ending = tuple[DeliveryState, MarketInstant, MarketInstant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Figures of this moment. A share is None where nothing ended that could be on time."""

    as_of: MarketInstant
    on_time_share: float | None
    on_time_slices: tuple[float | None, ...]
    """The same over the last hour, each slice with all that came before it in that hour."""
    ended_last_hour: int
    delivered_today: int
    asked_recently: int
    open: int
    drivers_online: int
    drivers_busy: int
    offers_open: int
    promised_minus_paid_minor: int
    ledger_difference_minor: int
    currency: str


def share_on_time(ended: Sequence[Ending]) -> float | None:
    """How much of what was delivered came by its promise."""
    kept = [ended_at <= due_at for state, ended_at, due_at in ended if state is DeliveryState.DELIVERED]
    return sum(kept) / len(kept) if kept else None


def slices(ended: Sequence[Ending], now: datetime) -> tuple[float | None, ...]:
    """The share up to the end of each twelfth of the last hour."""
    ends = [now - HOUR + HOUR * (number + 1) / SLICES for number in range(SLICES)]
    return tuple(share_on_time([one for one in ended if one[1] <= end]) for end in ends)


async def vitals(work: Work, market_id: UUID) -> Vitals:
    """The vital signs now; those that the worker counts are at most a second old. Raises UnknownMarket."""
    market = await markets.market(work, market_id)
    now = work.now()
    midnight = now.astimezone(market.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    today = await deliveries.endings(work, market_id, min(midnight, now - HOUR))
    last_hour = [one for one in today if one[1] > now - HOUR]
    trips = await offers.trips_under_way(work, market_id)
    row = next((row for row in await queries.figures(work) if row.market_id == market_id), None)
    return Vitals(
        as_of=now,
        on_time_share=share_on_time(last_hour),
        on_time_slices=slices(last_hour, now),
        ended_last_hour=len(last_hour),
        delivered_today=sum(state is DeliveryState.DELIVERED and at >= midnight for state, at, _due in today),
        asked_recently=await deliveries.made_since(work, market_id, now - RECENT),
        open=row.open if row else 0,
        drivers_online=row.drivers_online if row else 0,
        drivers_busy=len({trip.driver_id for trip in trips}),
        offers_open=row.offers_open if row else 0,
        promised_minus_paid_minor=row.promised_minus_paid_minor if row else 0,
        ledger_difference_minor=row.ledger_difference_minor if row else 0,
        currency=market.currency,
    )
