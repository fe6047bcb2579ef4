"""Whether a delivery can be promised: one story per reason, and laws of the promise."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.quotes import NASHVILLE_TIME, a_case, a_market, a_store, between, local

from doorstep.connectors.maps.protocol import Leg, Located, NotLocated, WhyNotLocated
from doorstep.features.markets.rules import (
    ExpressRule,
    NextDayRule,
    ServiceLevel,
    ServiceRules,
    Stage,
    WindowRule,
)
from doorstep.features.merchants.rules import Hours, StoreState
from doorstep.features.quotes.requirements import REQUIREMENTS, prohibited
from doorstep.features.quotes.rules import (
    HANDOVER,
    Case,
    Why,
    eligible,
    fingerprint,
)
from doorstep.features.quotes.rules import Wanted as Details
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow

DAY = Hours.daily(8 * 60, 22 * 60)
WINDOW, NEXT_DAY = ServiceLevel.WINDOW, ServiceLevel.NEXT_DAY


def why(case: Case) -> list[str]:
    return [reason.code.value for reason in eligible(case).reasons]


def test_nothing_speaks_against_a_cart_across_town() -> None:
    verdict = eligible(a_case())
    assert verdict.eligible
    assert verdict.promise is not None
    assert verdict.promise.ready_at == local("2026-11-21 11:15")
    assert verdict.promise.wanted_from == local("2026-11-21 11:00")
    assert verdict.promise.earliest_drop_at is None
    assert verdict.promise.due_at == local("2026-11-21 12:00")


@pytest.mark.parametrize("stage", Stage)
def test_only_pilot_and_open_markets_take_orders(stage: Stage) -> None:
    refused = why(a_case(market=a_market(stage)))
    assert refused == ([] if stage in {Stage.PILOT, Stage.OPEN} else ["market_not_open"])


def test_a_place_outside_or_unknown() -> None:
    case = a_case()
    assert isinstance(case.found, Located)
    memphis = replace(case.found, point=LatLng(lat=35.15, lng=-90.05))
    assert why(a_case(found=memphis)) == ["outside_area"]
    lost = NotLocated(reason=WhyNotLocated.STREET_MISSING, message="Line 1 needs a street.")
    assert why(a_case(found=lost, leg=None)) == ["address_unknown"]


def test_too_far_by_road_or_by_time() -> None:
    assert why(a_case(leg=Leg(metres=Metres(16_000), seconds=Seconds(1200)))) == []
    assert why(a_case(leg=Leg(metres=Metres(16_001), seconds=Seconds(1200)))) == ["beyond_catchment"]
    slowest_s = 45 * 60 - int(HANDOVER.total_seconds())
    assert why(a_case(leg=Leg(metres=Metres(9_000), seconds=Seconds(slowest_s)))) == []
    assert why(a_case(leg=Leg(metres=Metres(9_000), seconds=Seconds(slowest_s + 1)))) == ["beyond_catchment"]


def test_a_level_the_market_does_not_have() -> None:
    slow = a_market(rules=ServiceRules(express=None, next_day=None))
    assert why(a_case(market=slow)) == ["level_not_offered"]
    tomorrow = between("2026-11-22 10:00", "2026-11-22 12:00")
    assert why(a_case(market=slow, level=NEXT_DAY, window=tomorrow)) == ["level_not_offered"]
    today = between("2026-11-21 14:00", "2026-11-21 16:00")
    assert why(a_case(market=slow, level=WINDOW, window=today)) == []


def test_the_store_must_be_switched_on_and_open() -> None:
    off = replace(a_store(), state=StoreState.INACTIVE)
    assert why(a_case(store=off)) == ["store_inactive"]
    assert why(a_case("2026-11-21 07:59", DAY)) == ["store_closed"]
    assert why(a_case("2026-11-21 08:00", DAY)) == []
    assert why(a_case("2026-11-21 22:00", DAY)) == ["store_closed"]
    closing = a_case("2026-11-21 21:50", DAY)  # packed at 22:05, when nobody is there any more
    assert why(closing) == ["store_closed"]


def test_goods_that_are_ready_later_start_the_clock_later() -> None:
    case = a_case(hours=DAY, ready_at=local("2026-11-21 15:00"))
    verdict = eligible(case)
    assert verdict.promise is not None
    assert verdict.promise.due_at == local("2026-11-21 15:45")
    assert why(replace(case, ready_at=local("2026-11-22 23:00"))) == ["store_closed"]
    assert why(replace(case, ready_at=local("2026-11-24 12:00"))) == ["ready_too_late"]


@pytest.mark.parametrize(
    ("level", "start", "end", "expected"),
    [
        (WINDOW, "2026-11-21 11:30", "2026-11-21 12:30", []),
        (WINDOW, "2026-11-21 11:29", "2026-11-21 12:30", ["window_past"]),
        (WINDOW, "2026-11-21 09:00", "2026-11-21 10:00", ["window_past"]),
        (WINDOW, "2026-11-21 14:00", "2026-11-21 14:59", ["window_too_short"]),
        (WINDOW, "2026-11-22 10:00", "2026-11-22 11:00", ["window_wrong_day"]),
        (NEXT_DAY, "2026-11-22 10:00", "2026-11-22 12:00", []),
        (NEXT_DAY, "2026-11-21 14:00", "2026-11-21 16:00", ["window_wrong_day"]),
        (NEXT_DAY, "2026-11-23 10:00", "2026-11-23 12:00", ["window_wrong_day"]),
        (WINDOW, "2026-11-21 22:30", "2026-11-21 23:30", []),  # picked up before closing
        (NEXT_DAY, "2026-11-22 06:00", "2026-11-22 08:00", ["ready_too_late"]),  # packed at 8:15
        (NEXT_DAY, "2026-11-22 07:00", "2026-11-22 09:00", []),
    ],
)
def test_windows_lie_ahead_on_their_day_and_within_reach_of_opening_hours(
    level: ServiceLevel, start: str, end: str, expected: list[str]
) -> None:
    assert why(a_case(hours=DAY, level=level, window=between(start, end))) == expected


def test_tomorrow_can_be_booked_until_ten_at_night() -> None:
    tomorrow = between("2026-11-22 10:00", "2026-11-22 12:00")
    assert why(a_case("2026-11-21 21:59", level=NEXT_DAY, window=tomorrow)) == []
    assert why(a_case("2026-11-21 22:00", level=NEXT_DAY, window=tomorrow)) == ["window_past"]


def test_a_window_where_one_is_needed_and_only_there() -> None:
    assert why(a_case(level=WINDOW)) == ["window_missing"]
    assert why(a_case(window=between("2026-11-21 14:00", "2026-11-21 16:00"))) == ["window_unexpected"]


def test_goods_ready_after_the_last_pickup_of_a_window() -> None:
    case = a_case(level=WINDOW, window=between("2026-11-21 14:00", "2026-11-21 16:00"))
    last = local("2026-11-21 15:40")  # 15 minutes of drive, 5 of handing over
    assert why(replace(case, ready_at=last)) == []
    assert why(replace(case, ready_at=last + timedelta(seconds=1))) == ["ready_too_late"]


def test_the_minimum_cart_counts_only_when_the_cart_is_known() -> None:
    assert why(a_case(cart=Money(29_99))) == ["below_minimum_cart"]
    assert why(a_case(cart=Money(30_00))) == []
    assert why(a_case(cart=None)) == []


@given(st.frozensets(st.sampled_from(sorted(REQUIREMENTS))))
def test_prohibited_combinations_name_only_what_was_asked_for(asked: frozenset[str]) -> None:
    found = prohibited(asked)
    assert {name for name, _ in found} <= asked
    assert why(a_case(requirements=asked)) == ["prohibited_combination"] * len(found)
    if not asked & {"contactless", "alcohol"} and not {"signature", "pin"} <= asked:
        assert not found


def test_dispatch_has_the_last_word() -> None:
    verdict = eligible(a_case(), lambda _level, _window: False)
    assert [reason.code for reason in verdict.reasons] == [Why.NOT_FEASIBLE]
    assert verdict.promise is None


@given(
    way_s=st.integers(0, 7200),
    way_m=st.integers(0, 60_000),
    minute=st.integers(0, 24 * 60 - 1),
    opens=st.integers(0, 23),
    level=st.sampled_from(ServiceLevel),
    starts=st.integers(0, 47),
    length_min=st.integers(15, 240),
)
def test_what_is_promised_can_be_done(
    way_s: int, way_m: int, minute: int, opens: int, level: ServiceLevel, starts: int, length_min: int
) -> None:
    """Between readiness and the promise there is time for the drive, and the store is open to pick up."""
    midnight = local("2026-11-21 00:00")
    begin = MarketInstant(midnight + timedelta(hours=starts))
    window = TimeWindow(begin, MarketInstant(begin + timedelta(minutes=length_min)))
    case = replace(
        a_case(hours=Hours.daily(opens * 60, 24 * 60)),
        now=MarketInstant(midnight + timedelta(minutes=minute)),
        level=level,
        leg=Leg(metres=Metres(way_m), seconds=Seconds(way_s)),
        window=None if level is ServiceLevel.EXPRESS else window,
    )
    promised = eligible(case).promise
    if promised is None:
        return
    assert case.now <= promised.ready_at
    latest = promised.due_at - timedelta(seconds=way_s) - HANDOVER
    assert promised.ready_at <= latest
    moments = [promised.ready_at, latest]
    moments += [m for n in range(48) if promised.ready_at < (m := midnight + timedelta(hours=n)) < latest]
    assert any(moment.astimezone(NASHVILLE_TIME).hour >= opens for moment in moments)


def test_a_fingerprint_tells_any_difference_that_matters() -> None:
    case = a_case()
    assert isinstance(case.found, Located)
    details = Details(
        store_id=case.store.id,
        address=case.found.address,
        point=case.found.point,
        level=ServiceLevel.EXPRESS,
        window=None,
        ready_at=None,
        cart=Money(40_00),
        requirements=frozenset({"cold", "photo"}),
    )
    same = replace(details, requirements=frozenset({"photo", "cold"}))
    assert fingerprint(details) == fingerprint(same)
    others = [
        replace(details, cart=Money(40_01)),
        replace(details, requirements=frozenset({"cold"})),
        replace(details, ready_at=local("2026-11-21 12:00")),
        replace(details, level=WINDOW),
        replace(details, window=between("2026-11-21 14:00", "2026-11-21 16:00")),
        replace(details, address=replace(details.address, line2="Apt 2")),
        replace(details, point=LatLng(lat=36.2, lng=-86.7)),
    ]
    assert len({fingerprint(d) for d in (details, *others)}) == len(others) + 1


def test_rules_that_nobody_could_keep_are_not_made() -> None:
    for bad in (
        lambda: ExpressRule(promise_s=60),
        lambda: WindowRule(lengths_s=()),
        lambda: WindowRule(step_s=1000),
        lambda: NextDayRule(order_by_s=90_000),
    ):
        with pytest.raises(ValueError, match=r"lies between|one to six|whole minutes"):
            bad()
