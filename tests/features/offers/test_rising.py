"""Pay that rises with each no: by how much, up to where, and who is asked again."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.factories.deliveries import driver_actor
from tests.factories.network import Network
from tests.factories.offers import Town, a_town

from doorstep.features.markets import service as markets
from doorstep.features.offers import service
from doorstep.features.offers.errors import AlreadyOffered
from doorstep.features.offers.rising import (
    ASKED_MOST,
    FROM_MIN,
    MOST_MINOR,
    STEP_MINOR,
    Passed,
    Refused,
    Rise,
)
from doorstep.features.offers.rules import Offer
from doorstep.units.ids import public
from doorstep.units.money import Money

rises = st.builds(Rise, st.integers(0, 2000), st.integers(0, 5000), st.floats(0, 60))


@given(rises, st.integers(0, 50))
def test_pay_never_falls_with_a_no_and_never_passes_the_cap(rise: Rise, noes: int) -> None:
    assert rise.after(0) == 0
    assert rise.after(noes) <= rise.after(noes + 1) <= rise.most_minor
    assert rise.after(noes + 1) - rise.after(noes) <= rise.step_minor


@given(st.integers(1, 10), st.integers(0, 2000), st.booleans(), st.integers(0, 2000))
def test_nobody_is_asked_again_for_the_same_or_less(times: int, before: int, final: bool, now: int) -> None:
    barred = Passed(extra_minor=now, by={UUID(int=1): Refused(times, before, final)}).barred
    assert bool(barred) == (final or times >= ASKED_MOST or now <= before)


def test_only_a_no_that_leaves_somebody_far_raises_the_pay() -> None:
    rise = Rise(from_min=3)
    assert [rise.raises(next_best) for next_best in (0.5, 2.9, 3.0, 40.0, None)] == [
        False,
        False,
        True,
        True,
        True,
    ]


async def declined(town: Town, offer: Offer, number: int = 0) -> None:
    driver_id = town.drivers[number].id
    async with town.network.work(driver_actor(driver_id)) as work:
        await service.decline(work, offer.id, driver_id)


async def test_each_no_adds_to_what_is_offered_next_up_to_the_cap(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    shown = []
    for number in range(MOST_MINOR // STEP_MINOR + 3):
        offer = await town.offer([delivery], [town.drivers[number % 2]])
        shown.append(offer.terms.incentive.minor)
        assert offer.terms.total == offer.terms.base + offer.terms.incentive + offer.terms.tip
        await declined(town, offer, number % 2)
    assert shown == [min(number * STEP_MINOR, MOST_MINOR) for number in range(len(shown))]
    assert (await town.passed(delivery)).barred == {driver.id for driver in town.drivers}, "it pays no more"


async def test_who_passed_may_be_asked_again_only_when_it_pays_more(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await declined(town, await town.offer([delivery], next_best_min=FROM_MIN - 1))
    passed = await town.passed(delivery)
    assert passed.extra_minor == 0
    assert passed.barred == {town.drivers[0].id}, "the next driver was as good"
    await declined(town, await town.offer([delivery], town.drivers[1:], next_best_min=FROM_MIN), 1)
    passed = await town.passed(delivery)
    assert (passed.extra_minor, passed.drivers) == (STEP_MINOR, 2)
    assert not passed.barred


@pytest.mark.parametrize("how", ["it ran out", "she gave it back"])
async def test_who_let_it_run_out_or_gave_it_back_is_not_asked_again_whatever_it_pays(
    network: Network, how: str
) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    rosa, dee = town.drivers
    if how == "it ran out":
        await town.offer([delivery], [rosa])
        network.clock.advance(61)
        await network.run_jobs()
    else:
        trip = await town.trip(delivery)
        path = f"/driver/v1/trips/{public('trip', trip.id)}/deliveries/{public('delivery', delivery.id)}/give-back"
        answer = await network.http.post(path, json={"reason": "no room"}, headers=await town.phone())
        assert answer.status_code == 200, answer.text
        await network.run_jobs()
    await declined(town, await town.offer([delivery], [dee]), 1)
    passed = await town.passed(delivery)
    assert passed.extra_minor >= STEP_MINOR
    assert passed.barred == {rosa.id}


async def test_of_a_trip_of_two_only_what_was_passed_on_pays_more(network: Network) -> None:
    town = await a_town(network)
    ann, ben = await town.delivery(), await town.delivery()
    await declined(town, await town.offer([ann]))
    offer = await town.offer([ann, ben], town.drivers[1:])
    extra = {drop.delivery_id: drop.incentive for drop in offer.terms.drops}
    assert extra == {ann.id: Money(STEP_MINOR), ben.id: Money(0)}
    trip = await town.accept(offer, town.drivers[1])
    assert trip.terms_hash == offer.terms_hash


async def test_all_who_are_asked_at_once_are_offered_the_same_and_one_no_among_them_raises_nothing_yet(
    network: Network,
) -> None:
    town = await a_town(network, drivers=3)
    delivery = await town.delivery()
    everybody = await town.offer([delivery], town.drivers)
    await declined(town, everybody)
    assert (await town.passed(delivery)).extra_minor == 0, "the others may still say yes"
    network.clock.advance(61)
    await network.run_jobs()
    passed = await town.passed(delivery)
    assert (passed.extra_minor, passed.broadcasts) == (STEP_MINOR, 1)
    assert not passed.barred
    again = await town.offer([delivery], town.drivers)
    assert again.terms.incentive == Money(STEP_MINOR)


@pytest.mark.parametrize(("settings", "then"), [({"rise_step_minor": 0}, 0), ({"rise_step_minor": 125}, 125)])
async def test_a_market_says_by_how_much(network: Network, settings: dict[str, Any], then: int) -> None:
    town = await a_town(network)
    async with network.work() as work:
        await markets.set_dispatch(work, town.market.id, settings, "asked for by the operator")
    delivery = await town.delivery()
    await declined(town, await town.offer([delivery]))
    offer = await town.offer([delivery], town.drivers[1:])
    assert offer.terms.incentive == Money(then)


async def test_a_tick_that_looked_before_she_passed_cannot_ask_her_again_for_the_same(
    network: Network,
) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await declined(town, await town.offer([delivery], next_best_min=0.5))
    with pytest.raises(AlreadyOffered, match="at this pay"):
        await town.offer([delivery], tick_id=UUID(int=7))
    assert (await town.offer([delivery], reason="chosen by a dispatcher")).driver_ids == (town.drivers[0].id,)


async def test_the_offer_says_why_it_pays_more_whoever_is_asked(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await declined(town, await town.offer([delivery]))
    everybody = await town.offer([delivery], town.drivers, reason="asked of all near drivers")
    extra = Money(STEP_MINOR)
    assert everybody.terms.reason == (
        f"asked of all near drivers; pays {extra} more than at first, as it was passed on"
    )


@pytest.mark.parametrize("change", ["times = 0", "final = false, times = times + 1"])
async def test_no_driver_can_make_her_own_no_undone(network: Network, change: str) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await town.offer([delivery])
    network.clock.advance(61)
    await network.run_jobs()
    with pytest.raises(DBAPIError, match="said no to stays"):
        async with network.work(driver_actor(town.drivers[0].id)) as work:
            await work.session.execute(text(f"UPDATE offer_refusals SET {change}"))
    assert (await town.passed(delivery)).barred == {town.drivers[0].id}
