"""The ladder: directed, broadcast, provider, end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.dispatch.rules import Policy, Step, Waiting, latest_departure, next_step

NOON = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
CALM = Waiting(
    due_at=NOON + timedelta(minutes=60),
    ready_at=NOON,
    drive=timedelta(minutes=20),
    refusals=0,
    broadcasts=0,
    eligible=3,
    provider_open=True,
)
POLICY = Policy()


def step(waiting: Waiting, minutes: float = 0) -> Step:
    return next_step(waiting, POLICY, NOON + timedelta(minutes=minutes))[0]


def test_with_time_in_hand_the_plan_decides() -> None:
    assert step(CALM) is Step.PLAN


def test_three_refusals_or_a_near_departure_ask_everybody() -> None:
    assert step(replace(CALM, refusals=3)) is Step.BROADCAST
    assert step(CALM, 24.9) is Step.PLAN
    assert step(CALM, 25) is Step.BROADCAST


def test_a_broadcast_without_taker_goes_to_a_provider() -> None:
    assert step(replace(CALM, broadcasts=1), 30) is Step.PROVIDER


def test_without_eligible_drivers_a_provider_is_asked_at_once() -> None:
    assert step(replace(CALM, eligible=0), 25) is Step.PROVIDER
    assert step(replace(CALM, eligible=0), 0) is Step.PLAN, "there is still time for a driver to come"


def test_without_a_provider_all_are_asked_again_only_after_a_while() -> None:
    alone = replace(CALM, provider_open=False, broadcasts=1)
    assert step(alone, 30) is Step.PLAN
    assert step(alone, 35) is Step.BROADCAST
    assert step(replace(alone, broadcasts=2), 35) is Step.PLAN


def test_it_ends_only_long_after_the_promise() -> None:
    alone = replace(CALM, eligible=0, provider_open=False)
    assert step(alone, 149) is Step.PLAN
    assert step(alone, 150) is Step.EXPIRE


@given(
    st.integers(-60, 300),
    st.integers(0, 6),
    st.integers(0, 4),
    st.integers(0, 5),
    st.booleans(),
    st.integers(-30, 90),
)
def test_every_answer_can_be_carried_out(
    minutes: int, refusals: int, broadcasts: int, eligible: int, provider_open: bool, ready: int
) -> None:
    waiting = replace(
        CALM,
        refusals=refusals,
        broadcasts=broadcasts,
        eligible=eligible,
        provider_open=provider_open,
        ready_at=NOON + timedelta(minutes=ready),
    )
    answer, why = next_step(waiting, POLICY, NOON + timedelta(minutes=minutes))
    assert why
    assert answer is not Step.BROADCAST or eligible > 0
    assert answer is not Step.PROVIDER or provider_open
    assert latest_departure(waiting, POLICY) >= waiting.ready_at - POLICY.approach


def test_what_a_company_brings_cheaper_than_any_driver_goes_to_it_when_it_is_time() -> None:
    cheaper = replace(CALM, cheaper=True)
    assert step(cheaper, 24.9) is Step.PLAN, "there is still time for a driver to become cheaper"
    assert step(cheaper, 25) is Step.PROVIDER
    assert step(replace(cheaper, provider_open=False), 25) is Step.BROADCAST
    _, why = next_step(replace(cheaper, eligible=0), POLICY, NOON + timedelta(minutes=25))
    assert "no driver on duty can take it" in why, "nobody is said to be dear who is not there"


def test_what_the_plan_leaves_to_a_company_goes_when_the_company_would_have_to_leave() -> None:
    far = replace(CALM, cheaper=True, provider_approach=timedelta(minutes=20))
    assert step(far, 14.9) is Step.PLAN
    assert step(far, 15) is Step.PROVIDER, "ten minutes before a driver would have to"
    assert step(replace(far, provider_approach=timedelta(minutes=2)), 24.9) is Step.PLAN, (
        "never later than a driver"
    )
    assert step(replace(far, cheaper=False), 24.9) is Step.PLAN, "drivers are asked as before"
