"""When a message is tried again, on paper."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.webhooks.rules import (
    JITTER,
    LONGEST_ASKED,
    WAITS,
    Verdict,
    failing_too_long,
    judge,
    retry_after,
    wants,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_schedule_is_about_75_hours() -> None:
    assert sum(WAITS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert len(WAITS) + 1 == 10


@given(st.uuids(), st.integers(1, 10), st.sampled_from([None, 100, 301, 400, 404, 429, 500, 503]))
def test_failures_wait_as_scheduled_within_the_jitter(
    message_id: UUID, tries: int, status: int | None
) -> None:
    outcome = judge(message_id, tries, status)
    assert outcome == judge(message_id, tries, status)
    if tries == 10:
        assert outcome.verdict is Verdict.PARKED
        return
    assert outcome.verdict is Verdict.AGAIN
    assert outcome.wait is not None
    assert abs(outcome.wait - WAITS[tries - 1]) <= JITTER * WAITS[tries - 1]


def test_jitter_spreads() -> None:
    waits = {judge(UUID(int=n), 4, 500).wait for n in range(100)}
    assert len(waits) == 100


@given(st.uuids(), st.integers(1, 10))
def test_only_2xx_is_taken_and_410_is_the_end(message_id: UUID, tries: int) -> None:
    taken = {
        status for status in range(100, 600) if judge(message_id, tries, status).verdict is Verdict.TAKEN
    }
    assert taken == set(range(200, 300))
    assert judge(message_id, tries, 410).verdict is Verdict.GONE


@given(st.uuids(), st.integers(0, 10**7))
def test_a_receiver_can_only_put_off_and_not_for_ever(message_id: UUID, asked_s: int) -> None:
    plain, asked = judge(message_id, 1, 503), judge(message_id, 1, 503, timedelta(seconds=asked_s))
    assert plain.wait is not None
    assert asked.wait is not None
    assert plain.wait <= asked.wait <= max(LONGEST_ASKED, plain.wait)
    assert judge(message_id, 1, 500, timedelta(seconds=asked_s)) == judge(message_id, 1, 500)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(seconds=120)),
        (" 7 ", timedelta(seconds=7)),
        ("99999999999999999999", LONGEST_ASKED),
        ("-5", None),
        ("soon", None),
        ("١٢", None),
        ("Sat, 21 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Sat, 99 Nov 2026 11:00:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, NOON) == wait


def test_five_days_of_failures() -> None:
    assert not failing_too_long(None, NOON)
    assert not failing_too_long(NOON - timedelta(days=5) + timedelta(seconds=1), NOON)
    assert failing_too_long(NOON - timedelta(days=5), NOON)


def test_filters() -> None:
    assert wants(frozenset(), "delivery.created")
    assert wants(frozenset({"delivery.*"}), "delivery.created")
    assert wants(frozenset({"delivery.created"}), "delivery.created")
    assert not wants(frozenset({"delivery.delivered"}), "delivery.created")
