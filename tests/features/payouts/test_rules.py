"""What a driver earns, on paper."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.deliveries.rules import CancelReason, DeliveryState, Party
from doorstep.features.ledger.rules import account
from doorstep.features.payouts.rules import (
    EarningKind,
    Ending,
    Promise,
    due,
    earned,
    ending_of_cancel,
    local_day,
    pay_entries,
    week_of,
)
from doorstep.units.money import Money

S, K = DeliveryState, EarningKind
DRIVER, DELIVERY = UUID(int=2), UUID(int=4)


def promise(base: int = 701, incentive: int = 200, tip: int = 300, back: int = 450) -> Promise:
    return Promise(
        delivery_id=DELIVERY,
        driver_id=DRIVER,
        trip_id=UUID(int=5),
        offer_id=UUID(int=6),
        base=Money(base),
        incentive=Money(incentive),
        tip=Money(tip),
        return_leg=Money(back),
        terms_hash="abc",
    )


def lines(ending: Ending, tip: int = 300, stage: DeliveryState | None = None) -> dict[EarningKind, int]:
    return {line.kind: line.amount.minor for line in earned(promise(), ending, tip=Money(tip), stage=stage)}


def test_delivered_pays_what_was_offered() -> None:
    assert lines(Ending.DELIVERED) == {K.BASE: 701, K.INCENTIVE: 200, K.TIP: 300}


def test_a_later_tip_stands_beside_the_promise() -> None:
    assert lines(Ending.DELIVERED, tip=500) == {K.BASE: 701, K.INCENTIVE: 200, K.TIP: 300, K.ADDED_TIP: 200}
    found = earned(promise(), Ending.DELIVERED, tip=Money(500))
    assert due(found, "USD") == promise().offered


def test_bringing_back_pays_the_return_leg_and_keeps_the_tip() -> None:
    assert lines(Ending.RETURNED) == {K.BASE: 701, K.INCENTIVE: 200, K.TIP: 300, K.RETURN_LEG: 450}


def test_the_customers_cancellation_is_paid_by_how_far_the_driver_was() -> None:
    assert lines(Ending.CUSTOMER_CANCELLED, stage=S.ASSIGNED) == {}
    assert lines(Ending.CUSTOMER_CANCELLED, stage=S.ENROUTE_TO_PICKUP) == {
        K.CANCELLED: 451
    }  # 450.5, rounded up
    assert lines(Ending.CUSTOMER_CANCELLED, stage=S.AT_PICKUP) == {K.CANCELLED: 901}


def test_what_the_network_ends_costs_the_network_not_the_driver() -> None:
    assert lines(Ending.NETWORK_ENDED) == {K.BASE: 701, K.INCENTIVE: 200, K.GUARANTEE: 300}


def test_what_the_driver_gives_back_is_not_paid() -> None:
    assert lines(Ending.GIVEN_BACK) == {}


def test_how_a_cancellation_counts_for_the_driver() -> None:
    mind, lost = CancelReason.CHANGED_MIND, CancelReason.GOODS_LOST
    assert ending_of_cancel(Party.SHOPPER, mind) is Ending.CUSTOMER_CANCELLED
    assert ending_of_cancel(Party.MERCHANT, mind) is Ending.CUSTOMER_CANCELLED
    assert ending_of_cancel(Party.STAFF, lost) is Ending.NETWORK_ENDED
    assert ending_of_cancel(Party.DRIVER, CancelReason.DISCARDED) is Ending.DISCARDED


MONEY = st.integers(0, 10**6)


@given(base=MONEY, incentive=MONEY, tip=MONEY, back=MONEY, later=MONEY, ending=st.sampled_from(Ending),
       stage=st.sampled_from(S))  # fmt: skip
def test_what_was_offered_never_falls(
    *, base: int, incentive: int, tip: int, back: int, later: int, ending: Ending, stage: DeliveryState
) -> None:
    """Except when the driver gave it back or the customer called it off; even if the tip were taken away."""
    offer = promise(base, incentive, tip, back)
    found = earned(offer, ending, tip=Money(later), stage=stage)
    promised = due(found, "USD").minor
    assert all(line.amount.minor > 0 for line in found)
    if ending in {Ending.DELIVERED, Ending.DISCARDED, Ending.NETWORK_ENDED}:
        assert promised == offer.offered.minor
    elif ending is Ending.RETURNED:
        assert promised == offer.offered.minor + back
    else:
        assert 0 <= promised <= base + incentive
    tips = sum(line.amount.minor for line in found if line.kind in {K.TIP, K.ADDED_TIP})
    if ending in {Ending.DELIVERED, Ending.DISCARDED, Ending.RETURNED}:
        assert tips == later  # exactly what the customer pays goes to the driver


@given(base=MONEY, incentive=MONEY, tip=MONEY, back=MONEY, ending=st.sampled_from(Ending))
def test_pay_is_the_networks_expense_and_no_tip_is_in_it(
    *, base: int, incentive: int, tip: int, back: int, ending: Ending
) -> None:
    found = earned(promise(base, incentive, tip, back), ending, tip=Money(tip), stage=S.AT_PICKUP)
    entries = pay_entries(found, driver_id=DRIVER, delivery_id=DELIVERY)
    paid = -sum(e.amount.minor for e in entries if e.account == account("driver:{id}:payable", DRIVER))
    assert sum(e.amount.minor for e in entries) == 0
    assert paid == sum(line.amount.minor for line in found if line.kind not in {K.TIP, K.ADDED_TIP})


def test_a_week_begins_on_monday_in_the_markets_own_time() -> None:
    late = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)  # Sunday evening in Nashville
    day = local_day(late, ZoneInfo("America/Chicago"))
    assert day == date(2026, 11, 22)
    assert week_of(day) == date(2026, 11, 16)
