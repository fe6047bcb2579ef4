"""What a merchant pays, on paper."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.billing.rules import (
    ChargeKind,
    End,
    EndFees,
    bill,
    bill_entries,
    tip_due,
    tip_entries,
    tips_account,
)
from doorstep.features.deliveries.rules import (
    CARRIED,
    FINAL,
    WAITING,
    WITH_GOODS,
    CancelReason,
    DeliveryState,
    Party,
)
from doorstep.features.ledger.rules import AccountType, kind_of
from doorstep.units.money import Money

S = DeliveryState
FEE = Money(995)
END_FEES = EndFees(cancellation=Money(500), return_fee=Money(597))
SHOP, DRIVER, PROVIDER, DELIVERY = (UUID(int=n) for n in range(1, 5))


def charged(
    state: DeliveryState,
    by: Party | None = None,
    stage: DeliveryState | None = None,
    reason: CancelReason | None = None,
) -> list[tuple[str, int]]:
    found = bill(End(state, by, reason, stage), fee=FEE, end_fees=END_FEES)
    return [(c.kind, c.amount.minor) for c in found]


def test_each_end_has_its_bill() -> None:
    assert charged(S.DELIVERED) == [("delivery", 995)]
    assert charged(S.RETURNED) == [("delivery", 995), ("return", 597)]
    assert charged(S.EXPIRED) == []
    assert charged(S.CANCELLED, Party.DRIVER, S.ATTEMPT_FAILED, CancelReason.DISCARDED) == [("delivery", 995)]


@pytest.mark.parametrize("by", [Party.MERCHANT, Party.SHOPPER])
def test_calling_off_is_free_until_a_carrier_has_it(by: Party) -> None:
    assert {tuple(charged(S.CANCELLED, by, stage)) for stage in WAITING} == {()}
    assert {tuple(charged(S.CANCELLED, by, stage)) for stage in CARRIED} == {(("cancellation", 500),)}
    assert {tuple(charged(S.CANCELLED, by, stage)) for stage in WITH_GOODS} == {(("cancellation", 995),)}


@pytest.mark.parametrize("by", [Party.STAFF, Party.NETWORK, Party.DRIVER, Party.PROVIDER])
def test_what_others_call_off_costs_the_merchant_nothing(by: Party) -> None:
    assert {tuple(charged(S.CANCELLED, by, stage)) for stage in DeliveryState} == {()}


def test_a_cancellation_never_costs_more_than_the_delivery() -> None:
    cheap = bill(End(S.CANCELLED, Party.MERCHANT, stage=S.ASSIGNED), fee=Money(300), end_fees=END_FEES)
    assert [(c.kind, c.amount) for c in cheap] == [(ChargeKind.CANCELLATION, Money(300))]


def test_a_delivery_under_way_has_no_bill() -> None:
    for state in set(DeliveryState) - FINAL:
        with pytest.raises(ValueError, match="no bill yet"):
            charged(state)


def test_a_free_delivery_has_no_entries() -> None:
    assert bill_entries((), Money(0), merchant_id=SHOP, tips_to=None, delivery_id=DELIVERY) == ()


def test_a_tip_needs_a_carrier() -> None:
    with pytest.raises(ValueError, match="carried"):
        tips_account(None, None)
    with pytest.raises(ValueError, match="carried"):
        bill_entries((), Money(100), merchant_id=SHOP, tips_to=None, delivery_id=DELIVERY)


@given(
    fee=st.integers(0, 10**7),
    tip=st.integers(0, 10**4),
    cancellation=st.integers(0, 10**4),
    back=st.integers(0, 10**4),
    state=st.sampled_from(sorted(FINAL)),
    by=st.sampled_from(Party),
    reason=st.sampled_from(CancelReason),
    stage=st.sampled_from(DeliveryState),
    driver=st.booleans(),
    raises=st.lists(st.integers(-(10**4), 10**4).filter(bool), max_size=4),
)
def test_no_cent_of_a_tip_touches_the_networks_income(
    *,
    fee: int,
    tip: int,
    cancellation: int,
    back: int,
    state: DeliveryState,
    by: Party,
    reason: CancelReason,
    stage: DeliveryState,
    driver: bool,
    raises: list[int],
) -> None:
    """Income is the same with and without the tip; what the tip adds lies with whoever carried, all of it."""
    end_fees = EndFees(cancellation=Money(cancellation), return_fee=Money(back))
    to = tips_account(DRIVER if driver else None, None if driver else PROVIDER)
    cancelled = state is S.CANCELLED
    end = End(state, by, reason, stage) if cancelled else End(state)
    charges = bill(end, fee=Money(fee), end_fees=end_fees)
    paid = tip_due(end, Money(tip))
    entries = list(bill_entries(charges, paid, merchant_id=SHOP, tips_to=to, delivery_id=DELIVERY))
    for change in raises:
        entries += tip_entries(Money(change), merchant_id=SHOP, tips_to=to, delivery_id=DELIVERY)
    income = -sum(e.amount.minor for e in entries if kind_of(e.account)[0].type is AccountType.INCOME)
    tips = -sum(e.amount.minor for e in entries if e.account == to)
    assert income == sum(c.amount.minor for c in charges)
    assert tips == paid.minor + sum(raises)
    assert sum(e.amount.minor for e in entries) == 0
    assert paid.minor == (tip if end.work_done else 0)
