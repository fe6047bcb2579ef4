"""Drivers carry, the ledger pays what was offered, and the comparison says so."""

from uuid import UUID, uuid4

import pytest
from tests.factories.deliveries import report_all
from tests.factories.ledger import a_posting
from tests.factories.network import Network
from tests.factories.payouts import BROUGHT_BACK, HANDED_OVER, TO_THE_DOOR, City, a_city

from doorstep.features.billing import service as billing
from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.events import DeliveryCompleted
from doorstep.features.deliveries.rules import CancelReason, FactKind, Party, ReturnPolicy
from doorstep.features.ledger import queries as ledger
from doorstep.features.ledger import service as posting
from doorstep.features.ledger.rules import account
from doorstep.features.offers import trips
from doorstep.features.offers.rules import Cause
from doorstep.features.payouts import queries
from doorstep.features.payouts import service as payouts
from doorstep.features.payouts.rules import EarningKind, Ending
from doorstep.units.money import Money

K = EarningKind


async def lines(city: City, delivery_id: UUID) -> list[dict[EarningKind, int]]:
    """Per driver's work on it: amount by kind."""
    async with city.network.work() as work:
        found = await queries.reckonings_of_delivery(work, delivery_id)
    return [{line.kind: line.amount.minor for line in one.lines} for one in found]


async def held(city: City, driver_id: UUID) -> tuple[int, int]:
    """What the ledger owes a driver: (pay, tips)."""
    async with city.network.work() as work:
        pay = await ledger.balance(work, account("driver:{id}:payable", driver_id))
        tips = await ledger.balance(work, account("driver:{id}:tips", driver_id))
    return -pay.minor, -tips.minor


async def all_even(city: City) -> None:
    async with city.network.work() as work:
        assert await ledger.difference_minor(work) == 0
        assert await ledger.difference_minor(work, city.market.id) == 0
        assert await queries.difference_minor(work, city.market.id) == 0


async def test_a_delivered_trip_of_two_pays_the_terms_and_whole_tips(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    first, second = await city.delivery(tip=Money(300)), await city.delivery(tip=Money(511))
    offer, _ = await city.accepted(driver, [first, second], Money(101))
    for one in (first, second):
        await city.reported(one, HANDED_OVER)
    paid = [(await lines(city, one.id))[0] for one in (first, second)]
    assert [found[K.TIP] for found in paid] == [300, 511]
    assert sum(found[K.BASE] for found in paid) == offer.terms.base.minor
    assert sum(found[K.INCENTIVE] for found in paid) == 101
    assert await held(city, driver) == (offer.terms.base.minor + 101, 811)
    async with network.work() as work:
        owed = first.fee + second.fee + Money(811)
        assert await ledger.owed(work, city.merchant.id) == owed
        assert await ledger.set_aside(work, city.merchant.id) == Money(0)
        assert await ledger.balance(work, "fees:delivery") == -(first.fee + second.fee)
        assert await ledger.balance(work, "tips:unassigned") == Money(0)
    await all_even(city)


async def test_hearing_everything_twice_changes_nothing(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery()
    _, trip = await city.accepted(driver, [one])
    await city.reported(one, HANDED_OVER)
    async with network.work() as work:
        before = await ledger.trial(work)
    completed = DeliveryCompleted(
        delivery_id=one.id,
        merchant_id=one.merchant_id,
        market_id=one.market_id,
        store_id=one.store_id,
        external_id="",
        seq=9,
        at=network.clock.market_now(),
        state="delivered",
        state_before="at_dropoff",
        driver_id=driver,
        provider_id=None,
        provider_job_id=None,
        trip_id=trip.id,
        fee_minor=one.fee.minor,
        tip_minor=one.tip.minor,
        currency="USD",
    )
    for _ in range(2):
        async with network.work() as work:
            await payouts.work_done(work, completed)
            await billing.bill_ended(work, completed)
    async with network.work() as work:
        assert await ledger.trial(work) == before
    await all_even(city)


async def test_bringing_back_pays_the_return_leg(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery()
    offer, _ = await city.accepted(driver, [one])
    await city.reported(one, BROUGHT_BACK)
    back = offer.terms.drops[0].return_pay.minor
    assert back > 0
    assert await lines(city, one.id) == [{K.BASE: offer.terms.base.minor, K.TIP: 300, K.RETURN_LEG: back}]
    assert await held(city, driver) == (offer.terms.base.minor + back, 300)
    async with network.work() as work:
        assert await ledger.owed(work, city.merchant.id) == Money(995 + 500 + 300)  # fee, return fee, tip
    await all_even(city)


async def test_calling_off_before_a_carrier_is_free(network: Network) -> None:
    city = await a_city(network)
    one = await city.delivery()
    async with network.work() as work:
        await deliveries.cancel(work, one.id, Party.MERCHANT, CancelReason.CHANGED_MIND)
    await network.run_jobs()
    async with network.work() as work:
        assert await ledger.owed(work, city.merchant.id) == Money(0)
        assert await ledger.trial(work) == []
    assert await lines(city, one.id) == []
    await all_even(city)


async def test_the_shoppers_calling_off_at_the_store_pays_base_and_incentive(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery()
    offer, _ = await city.accepted(driver, [one], Money(150))
    await city.reported(one, [FactKind.DEPARTED_TO_PICKUP, FactKind.REACHED_PICKUP])
    async with network.work() as work:
        await deliveries.cancel(work, one.id, Party.SHOPPER, CancelReason.CHANGED_MIND)
    await network.run_jobs()
    assert await lines(city, one.id) == [{K.CANCELLED: offer.terms.base.minor + 150}]
    assert await held(city, driver) == (offer.terms.base.minor + 150, 0)
    async with network.work() as work:
        assert await ledger.owed(work, city.merchant.id) == Money(500)
        assert await ledger.balance(work, "fees:cancellation") == Money(-500)
    await all_even(city)


async def test_what_staff_takes_away_is_still_paid_and_the_next_driver_too(network: Network) -> None:
    city = await a_city(network)
    first, second = await city.driver(1), await city.driver(2)
    one = await city.delivery()
    offer, _ = await city.accepted(first, [one])
    async with network.work() as work:
        await trips.release(work, one.id, Cause.STAFF, "the car broke the plan")
    await network.run_jobs()
    again, _ = await city.accepted(second, [one])
    await city.reported(one, HANDED_OVER)
    assert await lines(city, one.id) == [
        {K.BASE: offer.terms.base.minor, K.GUARANTEE: 300},
        {K.BASE: again.terms.base.minor, K.TIP: 300},
    ]
    assert await held(city, first) == (offer.terms.base.minor + 300, 0)
    assert await held(city, second) == (again.terms.base.minor, 300)
    await all_even(city)


async def test_what_the_driver_gives_back_is_not_paid(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery()
    _, trip = await city.accepted(driver, [one])
    async with network.work() as work:
        await trips.give_back(work, trip.id, one.id, "a flat tyre")
    await network.run_jobs()
    assert await lines(city, one.id) == [{}]
    async with network.work() as work:
        assert [r.ending for r in await queries.reckonings_of_delivery(work, one.id)] == [Ending.GIVEN_BACK]
    assert await held(city, driver) == (0, 0)
    await all_even(city)


async def test_tips_given_later_are_additions(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery(tip=Money(300))
    offer, _ = await city.accepted(driver, [one])
    async with network.work() as work:
        await deliveries.tip(work, one.id, Money(400))  # on the way
    await network.run_jobs()
    async with network.work() as work:
        assert await ledger.set_aside(work, city.merchant.id) == Money(1395)
    await city.reported(one, HANDED_OVER)
    for amount in (500, 750):  # at the door, and in the evening
        async with network.work() as work:
            await deliveries.tip(work, one.id, Money(amount))
    await network.run_jobs()
    async with network.work() as work:
        found = (await queries.reckonings_of_delivery(work, one.id))[0]
        added = [(line.amount.minor, line.promised) for line in found.lines if line.kind is K.ADDED_TIP]
        assert sorted(added) == [(100, False), (100, False), (250, False)]
        assert found.due == offer.terms.total
        assert await ledger.set_aside(work, city.merchant.id) == Money(0)
        assert await ledger.owed(work, city.merchant.id) == Money(995 + 750)
        compared = (await queries.promised_versus_paid(work, city.market.id))[0]
        assert (compared.promised, compared.paid, compared.additions.minor) == (found.due, found.due, 450)
    assert await held(city, driver) == (offer.terms.base.minor, 750)
    await all_even(city)


async def test_an_error_in_pay_is_seen_and_another_cannot_hide_it(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    first, second = await city.delivery(), await city.delivery()
    await city.accepted(driver, [first, second])
    for one in (first, second):
        await city.reported(one, HANDED_OVER)
    async with network.work() as work:  # seven cents taken from one, given to the other
        for number, (one, minor) in enumerate(((first, 7), (second, -7))):
            await posting.post(
                work,
                a_posting(
                    f"mistake:{number}",
                    (account("driver:{id}:payable", driver), minor),
                    ("driver-pay", -minor),
                    delivery_id=one.id,
                    market_id=city.market.id,
                ),
            )
    async with network.work() as work:
        assert await ledger.difference_minor(work) == 0
        assert await queries.difference_minor(work, city.market.id) == 14
        assert await queries.difference_minor(work, uuid4()) == 0
        await posting.reverse(work, "mistake:0", "put right")
        await posting.reverse(work, "mistake:1", "put right")
    await all_even(city)


async def test_work_that_nobody_reckoned_does_not_go_unseen(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery()
    offer, _ = await city.accepted(driver, [one])
    await report_all(network, one.id, HANDED_OVER)  # nobody runs the jobs
    async with network.work() as work:
        assert await queries.difference_minor(work, city.market.id) == 0  # it has just ended
    network.clock.advance(3700)
    async with network.work() as work:
        assert await queries.unpaid(work) == [(one.id, driver)]
        assert await queries.difference_minor(work, city.market.id) == offer.terms.total.minor
        assert await queries.difference_minor(work, uuid4()) == 0
    await network.run_jobs()
    await all_even(city)


@pytest.mark.parametrize("by", [Party.STAFF, Party.NETWORK])
async def test_what_the_network_ends_is_paid_by_the_network(network: Network, by: Party) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery()
    offer, _ = await city.accepted(driver, [one])
    await city.reported(one, TO_THE_DOOR[:2])
    async with network.work() as work:
        await deliveries.cancel(work, one.id, by, CancelReason.STORE_CLOSED)
    await network.run_jobs()
    assert await lines(city, one.id) == [{K.BASE: offer.terms.base.minor, K.GUARANTEE: 300}]
    async with network.work() as work:
        assert await ledger.owed(work, city.merchant.id) == Money(0)
    await all_even(city)


async def test_goods_that_may_be_discarded_are_paid_like_a_delivery(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    one = await city.delivery(return_policy=ReturnPolicy.DISCARD)
    offer, _ = await city.accepted(driver, [one])
    await city.reported(one, [*TO_THE_DOOR, FactKind.ATTEMPT_FAILED])
    async with network.work() as work:
        await deliveries.cancel(work, one.id, Party.DRIVER, CancelReason.DISCARDED)
    await network.run_jobs()
    assert await lines(city, one.id) == [{K.BASE: offer.terms.base.minor, K.TIP: 300}]
    assert await held(city, driver) == (offer.terms.base.minor, 300)
    async with network.work() as work:
        assert await ledger.owed(work, city.merchant.id) == Money(995 + 300)
    await all_even(city)
