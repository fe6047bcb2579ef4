"""Which company may be asked, what it costs, how a job moves: on paper."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.deliveries import DOWNTOWN, HOME, MARKET, MERCHANT, STORE

from doorstep.connectors.couriers.protocol import CourierJob, CourierQuote
from doorstep.connectors.couriers.protocol import JobState as Told
from doorstep.features.deliveries.rules import (
    Delivery,
    DeliveryState,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    TipStatus,
)
from doorstep.features.providers.rules import (
    EDGES,
    ENDS,
    LIVE,
    Ability,
    Deal,
    JobState,
    Pricing,
    TooDear,
    choose,
    facts,
    final_cost,
    may_move,
    misfit,
    older,
    price,
)
from doorstep.units.ids import DeliveryId, MarketId, ProviderId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

NOON = MarketInstant(datetime(2026, 11, 21, 18, 0, tzinfo=UTC))
FLAGS = ("alcohol", "cold", "fragile", "heavy", "high_value", "signature", "pin", "photo", "contactless")
DEAL = Deal(
    id=UUID(int=1),
    provider_id=ProviderId(UUID(int=2)),
    market_id=MarketId(MARKET),
    service_levels=frozenset({"express"}),
    starts_at=MarketInstant(NOON - timedelta(days=1)),
    ends_at=MarketInstant(NOON + timedelta(days=1)),
    pricing=Pricing.QUOTED,
    flat=Money(0),
    per_mile_minor=0,
    most=None,
    abilities=frozenset(),
    heaviest_g=10_000,
    furthest_m=10_000,
    areas=frozenset(),
    rank=100,
)
DELIVERY = Delivery(
    id=DeliveryId(UUID(int=9)),
    merchant_id=MERCHANT,
    market_id=MarketId(MARKET),
    store_id=STORE,
    external_id="",
    state=DeliveryState.REQUESTED,
    service_level=ServiceLevel.EXPRESS,
    pickup=DOWNTOWN,
    dropoff=HOME,
    shopper_first_name="Ann",
    requirements=Requirements(),
    return_policy=ReturnPolicy.RETURN,
    items=1,
    units=1,
    weight_g=1000,
    cart=Money(35_00),
    ready_at=NOON,
    wanted_from=NOON,
    earliest_drop_at=None,
    due_at=MarketInstant(NOON + timedelta(hours=1)),
    leg_m=4000,
    leg_s=600,
    fee=Money(995),
    tip=Money(0),
    tip_limit=Money(100_00),
    tip_status=TipStatus.PENDING,
    carrier=None,
    version=1,
    events_count=1,
    attempts=0,
    created_at=NOON,
    picked_up_at=None,
    ended_at=None,
)


def test_no_company_is_given_what_it_cannot_do() -> None:
    """Ten thousand random deliveries against random abilities: none goes wrong, none that fits is turned away."""
    chance = Random(1)
    fitted = 0
    for _ in range(10_000):
        flags = {name: chance.random() < 0.15 for name in FLAGS}
        delivery = replace(
            DELIVERY, requirements=Requirements(min_age=chance.choice([0, 0, 18, 21]), **flags)
        )
        abilities = frozenset(ability for ability in Ability if chance.random() < 0.7)
        chosen = choose([replace(DEAL, abilities=abilities)], delivery, NOON).deals
        fits = all(flag in abilities for flag in delivery.requirements.names())
        assert bool(chosen) == fits
        fitted += fits
    assert 1000 < fitted < 9000


@pytest.mark.parametrize(
    ("deal", "delivery"),
    [
        ({"market_id": MarketId(UUID(int=7))}, {}),
        ({"starts_at": MarketInstant(NOON + timedelta(seconds=1))}, {}),
        ({"ends_at": NOON}, {}),
        ({"service_levels": frozenset({"window"})}, {}),
        ({}, {"weight_g": 10_001}),
        ({}, {"leg_m": 10_001}),
        ({"areas": frozenset({"37203"})}, {}),
        ({}, {"requirements": Requirements(photo=True)}),
    ],
)
def test_what_does_not_fit(deal: dict[str, object], delivery: dict[str, object]) -> None:
    assert misfit(DEAL, DELIVERY, NOON) is None
    assert misfit(replace(DEAL, **deal), replace(DELIVERY, **delivery), NOON) is not None  # type: ignore[arg-type]


def test_lower_rank_first_ties_by_id_tried_ones_never() -> None:
    deals = [
        replace(DEAL, id=UUID(int=n), provider_id=ProviderId(UUID(int=100 + n)), rank=rank)
        for n, rank in ((3, 50), (1, 100), (2, 50), (4, 10))
    ]
    choice = choose(deals, DELIVERY, NOON, frozenset({UUID(int=104)}))
    assert [deal.id.int for deal in choice.deals] == [2, 3, 1]
    assert [unfit.why for unfit in choice.unfit] == ["was asked before"]


def quoted(minor: int) -> CourierQuote:
    return CourierQuote(quote_id="q", fee=Money(minor), pickup_at=NOON, dropoff_at=NOON, expires_at=NOON)


def ended(state: Told, minor: int) -> CourierJob:
    return CourierJob(job_id="j", reference="r", state=state, fee=Money(minor))


def test_prices() -> None:
    fixed = replace(DEAL, pricing=Pricing.FIXED, flat=Money(500), per_mile_minor=100)
    assert price(fixed, 2414, quoted(9999)) == Money(650)
    assert price(DEAL, 2414, quoted(870)) == Money(870)
    assert price(replace(DEAL, most=Money(870)), 2414, quoted(870)) == Money(870)
    with pytest.raises(TooDear):
        price(replace(DEAL, most=Money(869)), 2414, quoted(870))
    for deal, fee_minor in ((fixed, 650), (DEAL, 870)):  # what a market lets be booked without a person
        assert price(deal, 2414, quoted(870), fee_minor) == Money(fee_minor)
        with pytest.raises(TooDear, match="without a person"):
            price(deal, 2414, quoted(870), fee_minor - 1)
    agreed = Money(650)
    assert final_cost(fixed, agreed, ended(Told.DELIVERED, 9999)) == agreed
    assert final_cost(fixed, agreed, ended(Told.CANCELLED, 300)) == Money(300)
    assert final_cost(fixed, agreed, ended(Told.CANCELLED, 9999)) == agreed
    assert final_cost(DEAL, agreed, ended(Told.RETURNED, 1040)) == Money(1040)


def test_jobs_move_along_declared_edges_to_declared_ends() -> None:
    final = set(JobState) - set(EDGES)
    assert final == {JobState.REFUSED, *ENDS.values()}
    assert not LIVE & final
    for before in JobState:
        for after in JobState:
            assert may_move(before, after) == (after in EDGES.get(before, frozenset()))


@given(st.sampled_from(list(Told)), st.sampled_from(list(Told)))
def test_of_two_answers_one_is_newer(a: Told, b: Told) -> None:
    assert not older(a, "")
    assert older(a, b) + older(b, a) == (a is not b)


def test_every_word_of_a_company_means_something_or_ends_the_job() -> None:
    silent = {told for told in Told if not facts(told) and told not in ENDS}
    assert silent == {Told.PENDING}
