"""Windows on offer: on the store's clock, also on the two days a year when clocks change."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.quotes import NASHVILLE_TIME, a_case, a_market, between, local

from doorstep.features.markets.rules import ServiceLevel, ServiceRules, WindowRule
from doorstep.features.merchants.rules import ALWAYS, Hours, Span
from doorstep.features.quotes.rules import eligible
from doorstep.features.quotes.windows import WindowOffer, later, windows_on_offer
from doorstep.units.time import MarketInstant, TimeWindow

TWO_HOURS = a_market(
    rules=ServiceRules(
        express=None, window=WindowRule(lengths_s=(7200,), step_s=7200, lead_s=0), next_day=None
    )
)
HOURLY = a_market(
    rules=ServiceRules(express=None, window=WindowRule(lengths_s=(3600,), lead_s=0), next_day=None)
)


def clocks(offers: list[WindowOffer]) -> list[str]:
    return [
        f"{o.window.start.astimezone(NASHVILLE_TIME):%H:%M}–{o.window.end.astimezone(NASHVILLE_TIME):%H:%M}"
        for o in offers
    ]


def test_a_plain_day_in_the_stores_hours() -> None:
    lunch = Hours((((Span(11 * 60, 14 * 60), Span(17 * 60 + 30, 21 * 60))),) * 7)
    offers = windows_on_offer(a_case("2026-11-21 08:00", lunch, market=HOURLY))
    assert clocks(offers) == ["11:00–12:00", "12:00–13:00", "13:00–14:00", "18:00–19:00", "19:00–20:00", "20:00–21:00"]  # fmt: skip


def test_what_is_past_or_too_soon_is_not_offered() -> None:
    offers = windows_on_offer(a_case("2026-11-21 11:10", Hours.daily(480, 960), market=a_market()))
    today = [o for o in offers if o.level is ServiceLevel.WINDOW]
    assert clocks(today) == ["12:00–13:00", "12:00–14:00", "13:00–14:00", "13:00–15:00", "14:00–15:00", "14:00–16:00", "15:00–16:00"]  # fmt: skip
    tomorrow = [o for o in offers if o.level is ServiceLevel.NEXT_DAY]
    assert clocks(tomorrow) == ["08:00–10:00", "10:00–12:00", "12:00–14:00", "14:00–16:00"]


def test_a_closed_day_has_no_windows() -> None:
    closed = Hours(ALWAYS.week, frozenset({local("2026-11-22 12:00").date()}))
    offers = windows_on_offer(a_case("2026-11-21 20:00", closed))
    assert {o.level for o in offers} == {ServiceLevel.WINDOW}


def test_in_spring_the_skipped_hour_is_nobodys_window() -> None:
    # 14 March 2027: two o'clock in the morning is three.
    case = a_case("2027-03-14 00:00", market=HOURLY)
    offers = windows_on_offer(case)
    assert clocks(offers)[:4] == ["00:00–01:00", "01:00–03:00", "03:00–04:00", "04:00–05:00"]
    assert all(o.window.end - o.window.start == timedelta(hours=1) for o in offers)
    assert len(offers) == 23


def test_in_autumn_the_hour_that_comes_twice_is_one_window_of_two() -> None:
    # 1 November 2026: two o'clock in the morning is one again.
    case = a_case("2026-11-01 00:00", market=HOURLY)
    offers = windows_on_offer(case)
    assert clocks(offers)[:3] == ["00:00–01:00", "01:00–02:00", "02:00–03:00"]
    assert offers[1].window.end - offers[1].window.start == timedelta(hours=2)
    assert len(offers) == 24


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-01", "2026-11-02", "2027-03-13", "2027-03-14"])
def test_windows_of_a_day_read_alike_whatever_the_clocks_do(day: str) -> None:
    case = a_case(f"{day} 05:00", Hours.daily(6 * 60, 22 * 60), market=TWO_HOURS)
    assert clocks(windows_on_offer(case)) == [f"{h:02d}:00–{h + 2:02d}:00" for h in range(6, 22, 2)]


@given(
    start=st.integers(0, 2 * 366 * 24 * 60).map(
        lambda m: MarketInstant(local("2026-01-01 00:00") + timedelta(minutes=m))
    ),
    opens=st.integers(0, 20 * 60),
    lasts=st.integers(60, 12 * 60),
)
def test_every_window_on_offer_can_be_had(start: MarketInstant, opens: int, lasts: int) -> None:
    hours = Hours.daily(opens, min(opens + lasts, 24 * 60))
    case = replace(a_case(hours=hours), now=start)
    seen: list[TimeWindow] = []
    for offer in windows_on_offer(case):
        asked = replace(case, level=offer.level, window=offer.window)
        assert eligible(asked).eligible
        seen.append(offer.window)
    assert seen == sorted(seen, key=lambda w: (w.start, w.end))


def test_the_first_window_from_the_asked_one_on() -> None:
    case = a_case(
        "2026-11-21 11:00",
        Hours.daily(8 * 60, 18 * 60),
        level=ServiceLevel.WINDOW,
        window=between("2026-11-21 16:30", "2026-11-21 17:00"),
    )
    offer = later(case)
    assert offer is not None
    assert clocks([offer]) == ["17:00–18:00"]
    assert later(case, lambda level, _window: level is not ServiceLevel.WINDOW) == WindowOffer(
        ServiceLevel.NEXT_DAY, between("2026-11-22 08:00", "2026-11-22 10:00")
    )
    assert later(case, lambda _level, _window: False) is None
