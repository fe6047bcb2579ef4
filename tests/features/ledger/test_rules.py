"""The ledger on paper."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.ledger import a_posting

from doorstep.features.ledger import rules
from doorstep.features.ledger.rules import (
    CHART,
    Entry,
    MalformedPosting,
    Owner,
    OwnerKind,
    account,
    kind_of,
    mirrored,
)
from doorstep.units.money import Money

MERCHANT = UUID(int=1)
DRIVER = UUID(int=2)


def test_every_account_of_the_chart_is_found_again_by_its_name() -> None:
    for line in CHART:
        owner_id = MERCHANT if "{id}" in line.name else None
        found, owner = kind_of(account(line.name, owner_id))
        assert found is line
        assert owner == (Owner(line.owner, MERCHANT) if owner_id else None)


@pytest.mark.parametrize(
    "name",
    [
        "cash",
        "merchant:{id}:receivable",
        f"merchant:{MERCHANT}:payable",
        "driver:42:tips",
        "driver:x:tips",
        "",
    ],
)
def test_an_account_outside_the_chart_is_refused(name: str) -> None:
    with pytest.raises(MalformedPosting):
        Entry(name, Money(1))


def test_an_entry_takes_its_owner_from_the_account() -> None:
    entry = Entry(account("driver:{id}:tips", DRIVER), Money(-300))
    assert entry.owner == Owner(OwnerKind.DRIVER, DRIVER)
    with pytest.raises(MalformedPosting):
        Entry("fees:delivery", Money(-1), Owner(OwnerKind.DRIVER, DRIVER))


def test_a_posting_must_balance_to_the_cent_in_one_currency() -> None:
    a_posting("x", ("cash:operating", 100), ("fees:delivery", -100))
    with pytest.raises(MalformedPosting, match="does not balance"):
        a_posting("x", ("cash:operating", 100), ("fees:delivery", -99))
    with pytest.raises(MalformedPosting, match="fewer than two"):
        a_posting("x", ("cash:operating", 100))
    with pytest.raises(MalformedPosting, match="nothing"):
        a_posting("x", ("cash:operating", 0), ("fees:delivery", 0))
    with pytest.raises(MalformedPosting, match="mixes"):
        rules.Posting(
            "x",
            "test",
            (Entry("cash:operating", Money(1, "USD")), Entry("fees:delivery", Money(-1, "CAD"))),
            "",
            a_posting("y", ("cash:operating", 1), ("fees:delivery", -1)).at,
        )
    with pytest.raises(MalformedPosting, match="no name"):
        a_posting("Two words", ("cash:operating", 1), ("fees:delivery", -1))


def test_a_fact_has_the_same_id_in_every_ledger() -> None:
    assert str(rules.transaction_id("delivery:7:fee")) == "ae080e66-c778-58a7-aa9d-e77bc0022644"
    assert rules.transaction_id("delivery:7:fee") != rules.transaction_id("delivery:7:tip")


def test_content_is_the_money_moved_not_its_memo_or_order() -> None:
    first = a_posting("x", ("cash:operating", 5), ("fees:delivery", -5), memo="one")
    assert first.content_hash() == a_posting("x", ("fees:delivery", -5), ("cash:operating", 5)).content_hash()
    assert first.content_hash() != a_posting("x", ("cash:operating", 6), ("fees:delivery", -6)).content_hash()


def test_a_reserve_holds_the_tip_apart_from_income() -> None:
    entries = rules.reserve_entries(MERCHANT, UUID(int=9), Money(995), Money(300))
    assert {(e.account, e.amount.minor) for e in entries} == {
        (f"merchant:{MERCHANT}:receivable", 1295),
        ("fees:delivery", -995),
        ("tips:unassigned", -300),
    }
    with pytest.raises(MalformedPosting):
        rules.reserve_entries(MERCHANT, UUID(int=9), Money(995), Money(-1))


@given(st.lists(st.integers(-(10**12), 10**12).filter(bool), min_size=1, max_size=8))
def test_a_posting_and_its_mirror_leave_nothing(amounts: list[int]) -> None:
    rest = -sum(amounts)
    lines = [("cash:operating", minor) for minor in amounts] + ([("fees:delivery", rest)] if rest else [])
    if len(lines) < 2:
        return
    posting = a_posting("x", *lines)
    assert all(
        one.amount.minor + other.amount.minor == 0
        for one, other in zip(posting.entries, mirrored(posting.entries), strict=True)
    )
