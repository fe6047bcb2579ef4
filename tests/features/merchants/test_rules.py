"""Brands that can be read, and opening hours on the clock of the place."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.merchants.rules import (
    ALWAYS,
    Brand,
    Hours,
    Span,
    contrast,
    is_open,
    local_instant,
    next_opening,
    open_windows,
)

NASHVILLE = ZoneInfo("America/Chicago")
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)
colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001 (made aware here)
weeks = st.lists(
    st.lists(st.integers(0, 24), min_size=0, max_size=6, unique=True).map(
        lambda hours: tuple(
            Span(a * 60, b * 60) for a, b in zip(sorted(hours)[::2], sorted(hours)[1::2], strict=False)
        )
    ),
    min_size=7,
    max_size=7,
).map(lambda week: Hours(tuple(week)))


def at(day: date, minute: int) -> datetime:
    return local_instant(day, minute, NASHVILLE)


def test_contrast_as_the_standard_gives_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WebAIM's well-known near miss
    assert not Brand(colour="#777777").readable
    assert Brand(colour="#767676").readable
    assert Brand(colour="#777777").contrast == 4.47


@given(colours, colours)
def test_contrast_is_symmetric_and_bounded(a: str, b: str) -> None:
    assert contrast(a, b) == contrast(b, a)
    assert 1 <= contrast(a, b) <= 21.0000001


@given(colours, colours)
def test_there_is_always_a_text_that_can_be_read(colour: str, text_colour: str) -> None:
    brand = Brand(colour=colour, text_colour=text_colour)
    assert contrast(brand.readable_text, colour) >= 4.5
    assert brand.readable_text == text_colour or not brand.readable


@pytest.mark.parametrize("colour", ["red", "#FFF", "#GGGGGG", "#12345", "#1234567", "#ABCDEF"])
def test_other_colours_are_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="rrggbb"):
        Brand(colour=colour)


def test_spans_have_a_length_and_do_not_touch() -> None:
    for bad in ((600, 600), (600, 540), (-1, 10), (0, 1441)):
        with pytest.raises(ValueError, match="before they end"):
            Span(*bad)
    touching = (Span(480, 720), Span(720, 900))
    with pytest.raises(ValueError, match="do not touch"):
        Hours((touching, *((),) * 6))
    with pytest.raises(ValueError, match="seven days"):
        Hours(((),) * 6)


def test_open_until_the_closing_instant() -> None:
    hours = Hours.daily(8 * 60, 22 * 60)
    saturday = date(2026, 11, 21)
    assert not is_open(hours, NASHVILLE, at(saturday, 8 * 60) - timedelta(seconds=1))
    assert is_open(hours, NASHVILLE, at(saturday, 8 * 60))
    assert is_open(hours, NASHVILLE, at(saturday, 22 * 60) - timedelta(seconds=1))
    assert not is_open(hours, NASHVILLE, at(saturday, 22 * 60))


def test_a_closed_day_and_a_weekday_without_hours() -> None:
    weekdays = Hours(((Span(540, 1020),),) * 5 + ((), ()), frozenset({date(2026, 11, 26)}))
    wednesday = date(2026, 11, 25)
    assert next_opening(weekdays, NASHVILLE, at(wednesday, 1020)) == at(date(2026, 11, 27), 540)
    assert next_opening(weekdays, NASHVILLE, at(date(2026, 11, 27), 1020)) == at(date(2026, 11, 30), 540)
    assert next_opening(Hours(((),) * 7), NASHVILLE, at(wednesday, 0)) is None


def test_a_day_has_twenty_three_or_twenty_five_hours_when_clocks_change() -> None:
    for day, hours in ((SPRING, 23), (AUTUMN, 25), (date(2026, 11, 21), 24)):
        (span,) = open_windows(ALWAYS, NASHVILLE, at(day, 0), at(day, 1440))
        assert span.end - span.start == timedelta(hours=hours)


def test_a_time_that_spring_skips_is_taken_an_hour_later() -> None:
    assert at(SPRING, 150) == datetime(2027, 3, 14, 8, 30, tzinfo=UTC)  # 2:30 standard, 3:30 on the clock
    assert at(SPRING, 120) == at(SPRING, 180)
    night = Hours.daily(0, 150)
    (span,) = open_windows(night, NASHVILLE, at(SPRING, 0), at(SPRING, 720))
    assert span.end == at(SPRING, 210)


def test_a_time_that_autumn_repeats_means_the_first() -> None:
    assert at(AUTUMN, 90) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    early = Hours.daily(90, 720)
    assert is_open(early, NASHVILLE, datetime(2026, 11, 1, 7, 15, tzinfo=UTC)), "1:15 for the second time"


@given(weeks, instants)
def test_the_next_opening_is_open_and_nothing_before_it_is(hours: Hours, now: datetime) -> None:
    opening = next_opening(hours, NASHVILLE, now)
    if opening is None:
        assert not any(hours.week)
        return
    assert opening >= now
    assert is_open(hours, NASHVILLE, opening)
    if opening > now:
        assert not is_open(hours, NASHVILLE, now)
        assert not is_open(hours, NASHVILLE, opening - timedelta(microseconds=1))


@given(weeks, instants, st.integers(0, 10 * 24 * 60))
def test_openings_are_in_order_apart_and_within_what_was_asked(
    hours: Hours, since: datetime, minutes: int
) -> None:
    until = since + timedelta(minutes=minutes)
    spans = list(open_windows(hours, NASHVILLE, since, until))
    for span in spans:
        assert since <= span.start < span.end <= until
    for earlier, later in pairwise(spans):
        assert earlier.end <= later.start
