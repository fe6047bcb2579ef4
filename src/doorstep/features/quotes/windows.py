"""The windows that a store can offer now. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from doorstep.features.markets.rules import NextDayRule, ServiceLevel, WindowRule
from doorstep.features.merchants.rules import local_instant
from doorstep.features.quotes.rules import Case, Feasible, anything, reach_reasons, time_reasons
from doorstep.units.time import TimeWindow


@dataclass(frozen=True, slots=True)
class WindowOffer:
    """A window that can be booked now."""

    level: ServiceLevel
    window: TimeWindow


def windows_on_offer(case: Case, feasible: Feasible = anything) -> list[WindowOffer]:
    """The windows of today and tomorrow that ``case`` could have, whatever level and window it names itself.

    Windows lie on the market's grid within the store's opening hours, ordered by start, then by end. A
    window reads alike on every local day; where clocks change inside it, it lasts an hour more or less.
    """
    return list(_bookable(case, feasible))


def later(case: Case, feasible: Feasible = anything) -> WindowOffer | None:
    """The first window that can be booked instead, from the asked one's start on; None when there is none."""
    since = case.now if case.window is None else case.window.start
    return next((offer for offer in _bookable(case, feasible) if offer.window.start >= since), None)


def _bookable(case: Case, feasible: Feasible) -> Iterator[WindowOffer]:
    rules = case.market.rules
    candidates: list[WindowOffer] = []
    if rules.window is not None:
        candidates += [WindowOffer(ServiceLevel.WINDOW, w) for w in _grid(case, rules.window, 0)]
    if rules.next_day is not None:
        candidates += [WindowOffer(ServiceLevel.NEXT_DAY, w) for w in _grid(case, rules.next_day, 1)]
    for offer in sorted(candidates, key=lambda o: (o.window.start, o.window.end)):
        asked = replace(case, level=offer.level, window=offer.window)
        if not (reach_reasons(asked) or time_reasons(asked)) and feasible(offer.level, offer.window):
            yield offer


def _grid(case: Case, rule: WindowRule | NextDayRule, days_ahead: int) -> Iterator[TimeWindow]:
    zone = case.market.timezone
    day = case.now.astimezone(zone).date() + timedelta(days=days_ahead)
    for span in case.store.hours.on(day):
        for length_s in rule.lengths_s:
            step, length = rule.step_s // 60, length_s // 60
            start = -(-span.opens_min // step) * step
            while start + length <= span.closes_min:
                since = local_instant(day, start, zone)
                until = local_instant(day, start + length, zone)
                if since < until:  # else the spring change skips it
                    yield TimeWindow(since, until)
                start += step
