"""Ids that say their noun and grow with time; windows that hold their start and not their end."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.units.ids import PREFIXES, IdSource, MalformedId, parse, public
from doorstep.units.time import MarketInstant, TimeWindow, epoch_s, from_epoch_s, market_instant, utc

calm = settings(deadline=None, max_examples=60)
NOUNS = st.sampled_from(sorted(PREFIXES))
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SPANS = st.tuples(st.integers(0, 50), st.integers(1, 50)).map(
    lambda span: TimeWindow(from_epoch_s(span[0]), from_epoch_s(span[0] + span[1]))
)


@given(NOUNS, st.uuids(), st.uuids())
@calm
def test_a_public_id_is_read_back_and_sorts_as_it_was_made(noun: str, a: UUID, b: UUID) -> None:
    assert parse(noun, public(noun, a)) == a
    assert (public(noun, a) < public(noun, b)) == (a < b)


@given(NOUNS, NOUNS, st.uuids())
@calm
def test_no_noun_passes_for_another(one: str, other: str, number: UUID) -> None:
    if one != other:
        with pytest.raises(MalformedId):
            parse(other, public(one, number))


@given(st.text("0123456789abcdefghijklmnopqrstuvwxyzILOU_-é", max_size=40))
@calm
def test_what_people_type_is_refused_or_is_an_id(text: str) -> None:
    for typed in (text, f"dlv_{text}", f"dlv_{(text * 26)[:26]}"):
        try:
            assert public("delivery", parse("delivery", typed)) == typed
        except MalformedId:
            continue


def test_more_than_128_bits_are_no_id() -> None:
    assert public("key", UUID(int=2**128 - 1)) == "key_7" + "z" * 25
    with pytest.raises(MalformedId):
        parse("key", "key_8" + "0" * 25)


@given(st.lists(st.integers(-3, 3), max_size=60), st.integers(0, 2**32))
@calm
def test_ids_of_one_source_grow_even_when_its_clock_goes_back(steps: list[int], seed: int) -> None:
    now_ms = [1_700_000_000_000]
    source = IdSource(lambda: now_ms[0], Random(seed))
    made = []
    for step in [0, 0, *steps]:
        now_ms[0] += step
        made.append(source.new())
    assert made == sorted(set(made))
    assert all(one.version == 7 and one.variant == "specified in RFC 4122" for one in made)
    assert made[0].int >> 80 == 1_700_000_000_000


@given(SPANS, SPANS)
@calm
def test_windows_overlap_when_they_share_an_instant(a: TimeWindow, b: TimeWindow) -> None:
    shared = any(from_epoch_s(second) in a and from_epoch_s(second) in b for second in range(101))
    assert a.overlaps(b) == b.overlaps(a) == shared


def test_a_window_holds_its_start_and_not_its_end() -> None:
    noon = MarketInstant(NOON)
    window = TimeWindow(noon, MarketInstant(NOON + timedelta(hours=1)))
    assert noon in window
    assert window.end not in window
    for end in (noon, MarketInstant(NOON - timedelta(seconds=1))):
        with pytest.raises(ValueError, match="ends after"):
            TimeWindow(noon, end)


@given(st.integers(-(10**9), 4 * 10**9))
@calm
def test_seconds_since_1970_and_instants_are_the_same(second: int) -> None:
    assert epoch_s(from_epoch_s(second)) == second
    assert epoch_s(from_epoch_s(second) + timedelta(microseconds=999_999)) == second


def test_an_instant_needs_a_zone() -> None:
    nashville = timezone(timedelta(hours=-6))
    assert market_instant(NOON.astimezone(nashville)).utcoffset() == timedelta(0)
    for told in (utc, market_instant):
        with pytest.raises(ValueError, match="zone"):
            told(NOON.replace(tzinfo=None))
