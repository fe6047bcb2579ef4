"""Turns of dispatch on a real database: who is asked, in which order, and what is written about it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.factories.deliveries import DOWNTOWN, HOME, driver_actor
from tests.factories.dispatch import hold, stand, turn
from tests.factories.drivers import make_driver
from tests.factories.merchants import make_merchant
from tests.factories.network import Network
from tests.factories.offers import Town, a_town
from tests.factories.providers import make_deal, make_provider

from doorstep.connectors.maps.protocol import Leg
from doorstep.engine import record
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivery_verbs
from doorstep.features.deliveries.rules import CancelReason, Delivery, DeliveryState, Party, Requirements
from doorstep.features.dispatch import cycle, queries, service
from doorstep.features.dispatch.errors import DriverUnfit
from doorstep.features.dispatch.rules import Policy, ReasonKind
from doorstep.features.dispatch.snapshot import UNHEARD_S
from doorstep.features.drivers.rules import Ability
from doorstep.features.markets import service as markets
from doorstep.features.merchants import service as merchants
from doorstep.features.offers import closing
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.errors import AlreadyOffered
from doorstep.features.offers.rising import STEP_MINOR
from doorstep.features.offers.rules import Offer, OfferMode, Trip, TripState
from doorstep.features.providers import queries as providers
from doorstep.features.providers import service as provider_verbs
from doorstep.features.providers.errors import CourierUnconfirmed
from doorstep.features.providers.rules import Pricing
from doorstep.platform import leases
from doorstep.platform.errors import NotFound
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.money import USD, Money
from doorstep.units.time import MarketInstant

NEAR = LatLng(lat=36.1600, lng=-86.7800)
FAR = LatLng(lat=36.0600, lng=-86.7000)


async def _ready(network: Network, drivers: int = 2, *, pay_rises: bool = True) -> Town:
    town = await a_town(network, drivers)
    if not pay_rises:
        async with network.work() as work:
            await markets.set_dispatch(work, town.market.id, {"rise_step_minor": 0}, "the same for everybody")
    for number, driver in enumerate(town.drivers):
        await stand(network, driver, NEAR if number == 0 else FAR)
    return town


async def _open(network: Network, town: Town) -> list[Offer]:
    async with network.work() as work:
        return await offers.open_in_market(work, town.market.id)


async def _declined_once(network: Network, town: Town) -> tuple[Offer, Offer]:
    """What a turn offers, and what the next one does when that was declined."""
    await turn(network, town.market.id)
    (first,) = await _open(network, town)
    async with network.work() as work:
        await offer_verbs.decline(work, first.id, first.driver_ids[0])
    await turn(network, town.market.id)
    (second,) = await _open(network, town)
    return first, second


async def test_the_near_driver_is_asked_with_a_reason_and_the_tick_can_be_repeated(network: Network) -> None:
    town = await _ready(network)
    now = network.clock.market_now()
    delivery = await town.delivery(ready_at=MarketInstant(now + timedelta(minutes=3)))
    outcome = await turn(network, town.market.id)
    assert outcome.offered == 1
    (offer,) = await _open(network, town)
    assert offer.mode is OfferMode.DIRECTED
    assert offer.driver_ids == (town.drivers[0].id,)
    async with network.work() as work:
        (reason,) = [r for r in await queries.reasons(work, delivery.id) if r.kind is ReasonKind.OFFERED]
        key = await queries.record_key(work, outcome.tick_id)
    assert reason.offer_id == offer.id
    assert reason.sentence.startswith(town.drivers[0].first_name)
    assert [rival["name"] for rival in reason.facts["rivals"]] == [town.drivers[1].first_name]  # type: ignore[attr-defined]
    assert record.replay(await network.connectors.blobs.get(key)).same


async def test_an_order_that_is_ready_much_later_waits_in_the_plan(network: Network) -> None:
    town = await _ready(network)
    now = network.clock.market_now()
    delivery = await town.delivery(
        ready_at=MarketInstant(now + timedelta(minutes=60)),
        due_at=MarketInstant(now + timedelta(minutes=120)),
    )
    assert (await turn(network, town.market.id)).offered == 0
    async with network.work() as work:
        (reason,) = await queries.reasons(work, delivery.id)
        state = await queries.state(work, town.market.id)
    assert reason.kind is ReasonKind.WAITING
    assert list(queries.plan_of(state).values()) == [((str(delivery.id),),)]


async def test_after_a_decline_the_next_best_is_asked_and_the_first_is_left_in_peace(
    network: Network,
) -> None:
    town = await _ready(network, pay_rises=False)
    delivery = await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    _, second = await _declined_once(network, town)
    assert second.driver_ids == (town.drivers[1].id,)
    async with network.work() as work:
        reasons = await queries.reasons(work, delivery.id)
    (told,) = [one for one in reasons if one.offer_id == second.id]
    name = town.drivers[0].first_name
    declined = {"driver": str(town.drivers[0].id), "name": name, "constraint": "declined"}
    assert told.facts["kept_out"] == [declined]


async def test_where_the_next_best_is_far_a_no_raises_the_pay_and_she_who_said_it_is_asked_again(
    network: Network,
) -> None:
    """It pays more to whoever is asked; here that is the near driver again."""
    town = await _ready(network)
    delivery = await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    first, second = await _declined_once(network, town)
    assert second.driver_ids == first.driver_ids
    assert second.terms.base == first.terms.base
    assert (first.terms.incentive, second.terms.incentive) == (Money(0), Money(STEP_MINOR))
    extra = Money(STEP_MINOR)
    assert second.terms.reason.endswith(f"pays {extra} more than at first, as it was passed on")
    async with network.work(driver_actor(second.driver_ids[0])) as work:
        trip = await offer_verbs.accept(work, second.id, second.driver_ids[0])
    assert trip.terms_hash == second.terms_hash
    async with network.work() as work:
        (reason, *_) = [one for one in await queries.reasons(work, delivery.id) if one.offer_id == second.id]
    assert "more than at first" in reason.sentence


async def test_who_is_as_near_is_asked_next_at_the_same_pay(network: Network) -> None:
    town = await a_town(network)
    for driver in town.drivers:
        await stand(network, driver, NEAR)
    await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    first, second = await _declined_once(network, town)
    assert second.driver_ids != first.driver_ids
    assert second.terms.incentive == Money(0)


async def test_a_decline_a_cancellation_and_an_expiry_each_call_for_a_tick_before_the_next_turn(
    network: Network,
) -> None:
    town = await _ready(network)
    for happening in ("cancelled", "declined", "ran out"):
        delivery = await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
        await turn(network, town.market.id)
        (offer,) = [one for one in await _open(network, town) if delivery.id in one.delivery_ids]
        async with network.work() as work:
            if happening == "cancelled":
                await delivery_verbs.cancel(work, delivery.id, Party.MERCHANT, CancelReason.CHANGED_MIND)
            elif happening == "declined":
                await offer_verbs.decline(work, offer.id, offer.driver_ids[0])
            else:
                network.clock.advance(61)
        network.clock.advance(1)
        last = network.clock.market_now()
        network.clock.advance(5)
        async with network.work() as work:
            assert not await cycle.due(work, town.market.id, last), f"{happening}, and nobody has heard yet"
        await network.run_jobs()
        async with network.work() as work:
            assert await cycle.due(work, town.market.id, last), happening


async def _nearly_done(town: Town, delivery: Delivery) -> Trip:
    """The first driver is on a trip that takes her half a minute."""
    offer = await town.offer(
        [delivery], legs=(Leg(Metres(100), Seconds(10)),), pickup_stop_s=10, drop_stop_s=10
    )
    return await town.accept(offer)


async def test_a_driver_is_asked_for_her_next_trip_shortly_before_she_is_free(network: Network) -> None:
    town = await _ready(network, drivers=1)
    now = MarketInstant(network.clock.market_now())
    under_way = await _nearly_done(town, await town.delivery(ready_at=now))
    second = await town.delivery(ready_at=now)
    await turn(network, town.market.id)
    (offer,) = await _open(network, town)
    assert (offer.driver_ids, offer.delivery_ids) == ((town.drivers[0].id,), (second.id,))
    # Another tick while she thinks, and one when she has said yes: she is asked for nothing more.
    await town.delivery(ready_at=now)
    assert (await turn(network, town.market.id)).offered == 0
    following = await town.accept(offer)
    assert following.state is TripState.NEXT
    assert (await turn(network, town.market.id)).offered == 0
    unchanged = await town.trip_now(under_way.id)
    assert (unchanged.state, unchanged.terms_hash) == (TripState.UNDER_WAY, under_way.terms_hash)


async def test_a_driver_on_her_way_whose_phone_is_silent_is_left_alone(network: Network) -> None:
    town = await _ready(network, drivers=1)
    now = MarketInstant(network.clock.market_now())
    await _nearly_done(town, await town.delivery(ready_at=now))
    network.clock.advance(UNHEARD_S + 1)
    await town.delivery(ready_at=now)
    assert (await turn(network, town.market.id)).offered == 0
    await stand(network, town.drivers[0], NEAR)
    assert (await turn(network, town.market.id)).offered == 1


async def test_two_orders_of_one_store_travel_together_when_drivers_are_few(network: Network) -> None:
    town = await _ready(network, drivers=1)
    now = network.clock.market_now()
    made = [await town.delivery(ready_at=MarketInstant(now)) for _ in range(2)]
    await turn(network, town.market.id)
    (offer,) = await _open(network, town)
    assert set(offer.delivery_ids) == {d.id for d in made}
    async with network.work() as work:
        states = {(await deliveries.delivery(work, d.id)).state for d in made}
    assert states == {DeliveryState.BATCHED}
    async with network.work(driver_actor(town.drivers[0].id)) as work:
        await offer_verbs.decline(work, offer.id, town.drivers[0].id)
    async with network.work() as work:
        for one in made:
            *_, last = await deliveries.timeline(work, one.id)
            assert (last.name, last.state_after) == ("delivery.unbatched", DeliveryState.REQUESTED)


async def test_what_a_merchant_wants_to_travel_alone_shares_no_trip(network: Network) -> None:
    town = await _ready(network, drivers=1)
    async with network.work() as work:
        florist = await make_merchant(work)
        await merchants.set_batching(work, florist.id, batching=False)
    now = MarketInstant(network.clock.market_now())
    made = [await town.delivery(ready_at=now, merchant_id=florist.id) for _ in range(2)]
    await turn(network, town.market.id)
    (offer,) = await _open(network, town)
    assert offer.delivery_ids in {(one.id,) for one in made}


async def test_chilled_goods_share_a_trip_only_as_long_as_they_may_ride(network: Network) -> None:
    town = await a_town(network, 0)
    with_a_bag = frozenset({Ability.COLD_BAG})
    await stand(network, await make_driver(network, town.market.id, abilities=with_a_bag), NEAR)
    now = MarketInstant(network.clock.market_now())
    cold = Requirements(cold=True)
    far = replace(HOME, point=LatLng(lat=36.1300, lng=-86.8600))
    made = [await town.delivery(ready_at=now, requirements=cold, dropoff=door) for door in (HOME, far)]
    await turn(network, town.market.id)
    (offer,) = await _open(network, town)
    assert set(offer.delivery_ids) == {one.id for one in made}, "an hour is enough for both"
    async with network.work() as work:
        await closing.withdraw(work, offer.id, "the freezer broke down")
        await markets.set_dispatch(work, town.market.id, {"cold_ride_s": 1200}, "no ice left")
    await turn(network, town.market.id)
    (offer,) = await _open(network, town)
    assert len(offer.delivery_ids) == 1


async def test_when_everybody_passed_all_are_asked_then_a_provider(network: Network) -> None:
    town = await _ready(network, drivers=4, pay_rises=False)
    provider = await make_provider(network)
    await make_deal(network, provider, market_id=town.market.id)
    now = network.clock.market_now()
    delivery = await town.delivery(
        ready_at=MarketInstant(now), due_at=MarketInstant(now + timedelta(minutes=80))
    )
    for _ in range(3):
        await turn(network, town.market.id)
        (offer,) = await _open(network, town)
        assert offer.mode is OfferMode.DIRECTED
        async with network.work() as work:
            await offer_verbs.decline(work, offer.id, offer.driver_ids[0])
        network.clock.advance(10)
    await turn(network, town.market.id)
    (broadcast,) = await _open(network, town)
    assert broadcast.mode is OfferMode.BROADCAST
    assert len(broadcast.driver_ids) == 1, "those who passed are left in peace"
    network.clock.advance(300)
    outcome = await turn(network, town.market.id)
    assert outcome.providers == 1
    async with network.work() as work:
        job = await providers.job_of(work, delivery.id)
        kinds = [r.kind for r in await queries.reasons(work, delivery.id)]
    assert job is not None
    assert kinds[-1] is ReasonKind.PROVIDER
    assert (await turn(network, town.market.id)).providers == 0, "asked once"


async def test_what_nobody_took_when_all_were_asked_is_planned_again_where_no_company_can(
    network: Network,
) -> None:
    """A driver who let it run out is asked alone; one who said no is not."""
    town = await _ready(network, pay_rises=False)
    delivery = await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    near, far = town.drivers
    async with network.work() as work:
        asked = await service.broadcast(
            work, tick_id=work.new_id(), delivery=delivery, driver_ids=[near.id, far.id], policy=Policy(),
            why="the latest departure is near", least_real_s=0,
        )  # fmt: skip
    assert (await turn(network, town.market.id)).offered == 0, "all are being asked"
    async with network.work(driver_actor(near.id)) as work:
        await offer_verbs.decline(work, asked.id, near.id)
    network.clock.advance(300)
    outcome = await turn(network, town.market.id)
    assert (outcome.offered, outcome.broadcasts) == (1, 0)
    (offer,) = await _open(network, town)
    assert (offer.mode, offer.driver_ids) == (OfferMode.DIRECTED, (far.id,))


async def test_what_a_company_may_be_bringing_is_shown_to_no_driver_and_does_not_end(
    network: Network,
) -> None:
    town = await _ready(network)
    await make_deal(network, await make_provider(network), market_id=town.market.id)
    now = network.clock.market_now()
    delivery = await town.delivery(
        ready_at=MarketInstant(now), due_at=MarketInstant(now + timedelta(minutes=40))
    )
    async with network.work() as work:
        job = await provider_verbs.request(work, delivery.id, "by hand")
        await work.session.execute(text("DELETE FROM jobs"))
        await work.session.execute(
            text("UPDATE provider_jobs SET state = 'booking', unconfirmed_since = :now"), {"now": now}
        )
    for minutes in (1, 60, 120):  # long after it would have been ended
        network.clock.advance(minutes * 60)
        for driver in town.drivers:
            await stand(network, driver, NEAR)
        outcome = await turn(network, town.market.id)
        assert (outcome.offered, outcome.broadcasts, outcome.providers, outcome.expired) == (0, 0, 0, 0)
    with pytest.raises(CourierUnconfirmed):
        async with network.work() as work:
            await service.override_assign(work, delivery.id, town.drivers[0].id, "she is near")
    assert await _open(network, town) == []
    async with network.work() as work:
        await provider_verbs.set_aside(work, delivery.id, "they say on the phone that nobody comes")
        offer = await service.override_assign(work, delivery.id, town.drivers[0].id, "she is near")
    assert offer.delivery_ids == (delivery.id,)
    with pytest.raises(AlreadyOffered):
        async with network.work() as work:
            await provider_verbs.request(work, delivery.id, "while a driver is asked")
    assert job.delivery_id == delivery.id


async def test_without_any_carrier_it_ends_long_after_its_promise(network: Network) -> None:
    town = await a_town(network, drivers=0)
    delivery = await town.delivery()
    async with network.work() as work:
        reasons_before = await queries.reasons(work, delivery.id)
    await turn(network, town.market.id)
    network.clock.advance(4 * 3600)
    outcome = await turn(network, town.market.id)
    assert (outcome.expired, reasons_before) == (1, [])
    async with network.work() as work:
        assert (await deliveries.delivery(work, delivery.id)).state is DeliveryState.EXPIRED
        (reason, *_) = await queries.reasons(work, delivery.id)
    assert reason.sentence == "no driver is on duty"


async def test_a_former_owner_cannot_write(network: Network) -> None:
    town = await _ready(network)
    await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    stale = await hold(network, town.market.id)
    network.clock.advance(10)
    await hold(network, town.market.id, uuid4())
    with pytest.raises(leases.LostLease):
        await cycle.tick(network.system, network.connectors, town.market.id, stale)
    assert not await _open(network, town)


async def test_a_delivery_cancelled_between_looking_and_offering_is_dropped_and_counted(
    network: Network,
) -> None:
    """The engine runs on a snapshot; what it decides is checked again when it is written."""
    town = await _ready(network)
    delivery = await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    async with network.work() as work:
        proposed = service.Proposed(
            tick_id=work.new_id(), market_id=town.market.id, driver_id=town.drivers[0].id,
            delivery_ids=[delivery.id], versions={delivery.id: delivery.version - 1},
            legs=[], stops_s=(240, 180), policy=Policy(), sentence="", body={}, next_best_min=None,
            least_real_s=0,
        )  # fmt: skip
        offer = await service.offer_trip(work, proposed, approach=Leg(Metres(0), Seconds(0)))
    assert offer is None


async def test_a_dispatcher_may_choose_but_not_the_impossible(network: Network) -> None:
    town = await _ready(network)
    delivery = await town.delivery(pickup=DOWNTOWN)
    await turn(network, town.market.id)
    async with network.work() as work:
        chosen = await service.override_assign(work, delivery.id, town.drivers[1].id, "she knows the house")
    (offer,) = await _open(network, town)
    assert offer.id == chosen.id
    assert offer.driver_ids == (town.drivers[1].id,)
    heavy = await town.delivery(units=999)
    with pytest.raises(DriverUnfit):
        async with network.work() as work:
            await service.override_assign(work, heavy.id, town.drivers[0].id, "try")


async def test_fifty_ticks_and_races_leave_one_offer_per_delivery(network: Network) -> None:
    town = await _ready(network, drivers=3)
    for _ in range(3):
        await town.delivery(ready_at=MarketInstant(network.clock.market_now()))
    lease = await hold(network, town.market.id)
    await asyncio.gather(
        *(cycle.tick(network.system, network.connectors, town.market.id, lease) for _ in range(6))
    )
    open_offers = await _open(network, town)
    held = [d for o in open_offers for d in o.delivery_ids]
    assert len(held) == len(set(held)) == 3
    assert len({o.driver_ids[0] for o in open_offers}) == len(open_offers)


async def test_the_records_of_the_last_four_hundred_ticks_are_kept_and_no_older_ones(
    network: Network,
) -> None:
    town = await _ready(network)
    first = await turn(network, town.market.id)
    async with network.work() as work:
        key = await queries.record_key(work, first.tick_id)
        await work.session.execute(text("UPDATE dispatch_states SET ticks = ticks + 448"))
    network.clock.advance(60)
    kept = await turn(network, town.market.id)  # the 450th looks back
    with pytest.raises(NotFound, match="no longer kept"):
        await network.connectors.blobs.get(key)
    async with network.work() as work:
        assert record.replay(
            await network.connectors.blobs.get(await queries.record_key(work, kept.tick_id))
        ).same
        (left,) = (await work.session.execute(text("SELECT number FROM dispatch_ticks"))).scalars()
    assert left == 450


@pytest.mark.parametrize(
    ("minute_minor", "fee_minor", "done"),
    [(1_000, 100, (0, 0, 1)), (100, 9_000, (1, 0, 0)), (None, 100, (1, 0, 0))],
)
async def test_where_a_company_is_cheaper_than_any_driver_it_is_asked_first(
    network: Network, minute_minor: int | None, fee_minor: int, done: tuple[int, int, int]
) -> None:
    """Only where the market says what a minute is worth beside its price."""
    town = await _ready(network, drivers=1)
    fixed = {"pricing": Pricing.FIXED, "flat": Money(fee_minor, USD), "per_mile_minor": 0}
    await make_deal(network, await make_provider(network), market_id=town.market.id, **fixed)
    async with network.work() as work:
        told = {"company_minute_minor": minute_minor, "company_pickup_s": 0}
        await markets.set_dispatch(work, town.market.id, told, "drivers are short")
    now = MarketInstant(network.clock.market_now())
    delivery = await town.delivery(ready_at=now, due_at=MarketInstant(now + timedelta(minutes=15)))
    outcome = await turn(network, town.market.id)
    assert (outcome.offered, outcome.broadcasts, outcome.providers) == done
    async with network.work() as work:
        job = await providers.job_of(work, delivery.id)
        reason = (await queries.reasons(work, delivery.id))[-1]
    assert (job is not None) == bool(outcome.providers)
    assert (reason.kind is ReasonKind.PROVIDER) == bool(outcome.providers)
    assert ("any driver would cost more" in reason.sentence) == bool(outcome.providers)
