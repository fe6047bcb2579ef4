"""A trip grows: more of its shop is offered to the driver who is under way there, until she has the goods."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.factories.deliveries import DOWNTOWN, HOME
from tests.factories.dispatch import hold, stand, turn
from tests.factories.network import Network
from tests.factories.offers import Town, a_town
from tests.features.offers.test_trips import WELL, said, tell

from doorstep.app import invariants
from doorstep.connectors.maps.protocol import Leg
from doorstep.engine import record
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery, DeliveryState
from doorstep.features.dispatch import cycle, queries
from doorstep.features.dispatch.rules import ReasonKind
from doorstep.features.drivers import service as drivers
from doorstep.features.markets import service as markets
from doorstep.features.offers import queries as offers
from doorstep.features.offers import service as offer_verbs
from doorstep.features.offers.errors import OfferGone
from doorstep.features.offers.rising import STEP_MINOR
from doorstep.features.offers.rules import Offer, OfferState, StopKind, StopState, Trip, TripState, base_pay
from doorstep.features.payouts import queries as payouts
from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.ids import StoreId, public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

ON_HER_WAY = LatLng(lat=36.1900, lng=-86.8000)
ELSEWHERE = LatLng(lat=36.0200, lng=-86.6000)
HALF_A_MINUTE = 30
NEARLY_THERE = 6 * 60


@dataclass
class Afternoon:
    """A driver eight minutes from a shop, on her way there for one delivery; another driver far away."""

    town: Town
    lunch: Delivery
    trip: Trip

    @property
    def network(self) -> Network:
        return self.town.network

    async def another(self, **changes: object) -> Delivery:
        """A second delivery of that shop, ready when she comes, for the neighbours."""
        next_door = LatLng(lat=HOME.point.lat + 0.001, lng=HOME.point.lng)
        ready_at = MarketInstant(self.network.clock.market_now() + timedelta(minutes=8))
        wanted = {"dropoff": replace(HOME, point=next_door), "ready_at": ready_at}
        return await self.town.delivery(**(wanted | changes))

    async def goes_on(self, seconds: float) -> None:
        """Time passes; her phone is heard."""
        self.network.clock.advance(seconds)
        await stand(self.network, self.town.drivers[0], ON_HER_WAY)

    async def until_asked(self, turns: int = 9) -> Offer | None:
        """The first offer that joins her trip: from two minutes before she is there, a turn each half a minute."""
        since_s = (self.network.clock.market_now() - self.trip.accepted_at).total_seconds()
        await self.goes_on(max(0.0, NEARLY_THERE - since_s))
        for _ in range(turns):
            await turn(self.network, self.town.market.id)
            async with self.network.work() as work:
                open_now = await offers.open_in_market(work, self.town.market.id)
            if joining := [one for one in open_now if one.terms.joins is not None]:
                return joining[0]
            await self.goes_on(HALF_A_MINUTE)
        return None


async def an_afternoon(network: Network) -> Afternoon:
    """She has just accepted."""
    town = await a_town(network, drivers=2)
    await stand(network, town.drivers[0], ON_HER_WAY)
    await stand(network, town.drivers[1], ELSEWHERE)
    ready_at = MarketInstant(network.clock.market_now() + timedelta(minutes=8))
    lunch = await town.delivery(ready_at=ready_at)
    offer = await town.offer(
        [lunch], legs=(Leg(Metres(4200), Seconds(600)),), approach=Leg(Metres(4000), Seconds(480))
    )
    return Afternoon(town, lunch, await town.accept(offer))


async def test_more_of_the_shop_joins_and_is_paid_on_top(network: Network) -> None:
    afternoon = await an_afternoon(network)
    town = afternoon.town
    dinner = await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    assert (offer.driver_ids, offer.delivery_ids) == ((town.drivers[0].id,), (dinner.id,))
    terms = offer.terms
    assert terms.joins is not None
    assert terms.joins.trip_id == afternoon.trip.id
    assert set(terms.joins.doors) == {afternoon.lunch.id, dinner.id}
    assert terms.distance_m < 2000, "what comes on top, not the way of the whole trip"
    assert "one more order of the store she is under way to" in terms.reason
    async with network.work() as work:
        assert (await deliveries.delivery(work, dinner.id)).state is DeliveryState.BATCHED
        reasons = [r for r in await queries.reasons(work, dinner.id) if r.kind is ReasonKind.OFFERED]
        assert await queries.reasons(work, afternoon.lunch.id) == [], "it waits for nobody"
        key = await queries.record_key(work, offer.tick_id)  # type: ignore[arg-type]
    assert [one.offer_id for one in reasons] == [offer.id]
    told: Any = reasons[0].facts["rivals"]
    assert [(one["name"], one["extra_cost"] > 5) for one in told] == [(town.drivers[1].first_name, True)]
    assert record.replay(await network.connectors.blobs.get(key)).same

    grown = await town.accept(offer)
    assert (grown.id, grown.state) == (afternoon.trip.id, TripState.UNDER_WAY)
    assert grown.delivery_ids == terms.joins.doors
    assert grown.offers == (afternoon.trip.offer_id, offer.id)
    assert [stop.kind for stop in grown.stops] == [StopKind.PICKUP, StopKind.DROP, StopKind.DROP]
    assert [stop.position for stop in grown.stops] == [0, 1, 2]
    assert set(grown.stops[0].delivery_ids) == {afternoon.lunch.id, dinner.id}
    assert tuple(stop.delivery_ids[0] for stop in grown.stops[1:]) == terms.joins.doors
    assert await town.accept(offer) == grown, "again by the winner changes nothing"

    for kind in WELL[:3]:
        await tell(town, grown, [said(network, kind)])
    for delivery_id in terms.joins.doors:
        there = afternoon.lunch if delivery_id == afternoon.lunch.id else dinner
        for kind in WELL[3:]:
            await tell(town, grown, [said(network, kind, there)])
    await network.run_jobs()
    assert (await town.trip_now(grown.id)).state is TripState.FINISHED
    async with network.work() as work:
        assert await payouts.difference_minor(work) == 0
        both = (afternoon.lunch.id, dinner.id)
        paid = [
            one for delivery_id in both for one in await payouts.reckonings_of_delivery(work, delivery_id)
        ]
        for answer in await invariants.ask(work):
            assert answer.broken == 0, answer
    assert [one.offer_id for one in paid] == [afternoon.trip.offer_id, offer.id]


async def test_on_top_is_never_less_than_if_all_had_been_offered_at_once(network: Network) -> None:
    afternoon = await an_afternoon(network)
    await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    assert offer.terms.joins is not None
    rates = afternoon.town.market.pay
    first = (await afternoon.town.offer_now(afternoon.trip.offer_id)).terms
    way_m, minutes = sum(offer.terms.joins.legs_m), first.minutes + offer.terms.minutes
    assert first.base + offer.terms.base >= base_pay(rates, way_m, minutes, 2)
    assert offer.terms.base >= Money(rates.floor_minor, rates.currency)


async def test_who_says_no_keeps_her_trip_and_is_not_asked_again(network: Network) -> None:
    afternoon = await an_afternoon(network)
    town = afternoon.town
    async with network.work() as work:
        await markets.set_dispatch(work, town.market.id, {"rise_step_minor": 0}, "the same for everybody")
    dinner = await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    async with network.work() as work:
        await offer_verbs.decline(work, offer.id, town.drivers[0].id)
    assert await afternoon.until_asked(3) is None
    assert (await town.offer_now(offer.id)).state is OfferState.DECLINED
    assert await town.trip_now(afternoon.trip.id) == afternoon.trip
    async with network.work() as work:
        assert (await deliveries.delivery(work, dinner.id)).state is not DeliveryState.ASSIGNED


async def test_what_she_said_no_to_may_be_asked_again_for_more_and_joins_then(network: Network) -> None:
    afternoon = await an_afternoon(network)
    town = afternoon.town
    await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    async with network.work() as work:
        await offer_verbs.decline(work, offer.id, town.drivers[0].id)
    again = await afternoon.until_asked(3)
    assert again is not None
    assert (offer.terms.incentive, again.terms.incentive) == (Money(0), Money(STEP_MINOR))
    assert again.terms.base == offer.terms.base
    assert "more than at first" in again.terms.reason
    trip = await town.accept(again)
    assert trip.id == afternoon.trip.id


async def test_who_has_the_goods_is_asked_no_more(network: Network) -> None:
    """The question is taken back; a yes that was on its way changes nothing."""
    afternoon = await an_afternoon(network)
    town = afternoon.town
    await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    await tell(town, afternoon.trip, [said(network, "picked_up")])
    with pytest.raises(OfferGone, match="collected"):
        await town.accept(offer)
    await network.run_jobs()
    taken_back = await town.offer_now(offer.id)
    assert (taken_back.state, taken_back.why) == (OfferState.WITHDRAWN, "the trip has left its shop")
    assert (await town.trip_now(afternoon.trip.id)).delivery_ids == (afternoon.lunch.id,)


async def test_a_trip_that_changes_meanwhile_is_not_joined(network: Network) -> None:
    afternoon = await an_afternoon(network)
    town = afternoon.town
    await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    answer = await network.http.post(
        f"/driver/v1/trips/{public('trip', afternoon.trip.id)}/deliveries/{public('delivery', afternoon.lunch.id)}/give-back",
        json={"reason": "no room"},
        headers=await town.phone(),
    )
    assert answer.is_success, answer.text
    with pytest.raises(OfferGone):
        await town.accept(offer)
    await network.run_jobs()
    assert (await town.offer_now(offer.id)).state is OfferState.WITHDRAWN


async def test_what_joined_can_be_given_back_and_what_was_there_stays(network: Network) -> None:
    """Her line names the offer by which it came; the other delivery's pay is untouched."""
    afternoon = await an_afternoon(network)
    town = afternoon.town
    dinner = await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    grown = await town.accept(offer)
    answer = await network.http.post(
        f"/driver/v1/trips/{public('trip', grown.id)}/deliveries/{public('delivery', dinner.id)}/give-back",
        json={"reason": "no room"},
        headers=await town.phone(),
    )
    assert answer.is_success, answer.text
    told = answer.json()
    assert [one["id"] for one in told["deliveries"]] == [public("delivery", afternoon.lunch.id)]
    assert [one["kept_minor"] for one in told["changes"]] == [0]
    for kind in WELL:
        await tell(town, grown, [said(network, kind, afternoon.lunch)])
    await network.run_jobs()
    finished = await town.trip_now(grown.id)
    assert finished.state is TripState.FINISHED
    assert StopState.OFF in {stop.state for stop in finished.stops}
    async with network.work() as work:
        assert await payouts.difference_minor(work) == 0


@pytest.mark.parametrize(
    "how",
    [
        "the market does not want it",
        "her phone is silent",
        "another shop",
        "her own question",
        "no time",
        "off duty",
    ],
)
async def test_a_trip_grows_only_where_it_can(network: Network, how: str) -> None:
    afternoon = await an_afternoon(network)
    town = afternoon.town
    changes: dict[str, object] = {}
    if how == "the market does not want it":
        async with network.work() as work:
            await markets.set_dispatch(work, town.market.id, {"trips_grow": 0}, "drivers asked for it")
    elif how == "another shop":
        changes = {"store_id": StoreId(UUID(int=5)), "pickup": DOWNTOWN}
    elif how == "her own question":
        await town.offer([await town.delivery()], lasts_s=3600)
    elif how == "off duty":
        async with network.work() as work:
            await drivers.go_off_duty(work, town.drivers[0].id)
    elif how == "no time":
        network.clock.advance(8 * 60 + 80)
    await afternoon.another(**changes)
    if how != "no time":
        network.clock.advance(NEARLY_THERE)
    for _ in range(8 if how != "no time" else 1):
        if how != "her phone is silent":
            await afternoon.goes_on(0)
        await turn(network, town.market.id)
        async with network.work() as work:
            open_now = await offers.open_in_market(work, town.market.id)
        assert not [one for one in open_now if one.terms.joins], how
        network.clock.advance(HALF_A_MINUTE)


async def test_a_shop_that_moved_between_two_orders_of_a_trip_takes_no_tick_down(network: Network) -> None:
    """The trip was put together by hand: to the engine these would be two shops, so nothing joins it."""
    town = await a_town(network, drivers=2)
    await stand(network, town.drivers[0], ON_HER_WAY)
    ready_at = MarketInstant(network.clock.market_now() + timedelta(minutes=8))
    across = replace(DOWNTOWN, point=LatLng(lat=DOWNTOWN.point.lat, lng=DOWNTOWN.point.lng + 0.002))
    both = [await town.delivery(ready_at=ready_at), await town.delivery(ready_at=ready_at, pickup=across)]
    await town.accept(await town.offer(both, approach=Leg(Metres(4000), Seconds(480))))
    third = await town.delivery(ready_at=ready_at)
    outcome = await turn(network, town.market.id)
    async with network.work() as work:
        assert await queries.reasons(work, third.id), "decided about as ever"
        open_now = await offers.open_in_market(work, town.market.id)
        key = await queries.record_key(work, outcome.tick_id)
    assert not [one for one in open_now if one.terms.joins]
    told = record.unpack(await network.connectors.blobs.get(key)).world
    assert not any(driver.keeps for driver in told.drivers)


async def test_a_yes_and_the_pickup_at_one_moment_leave_one_truth(network: Network) -> None:
    """She collects on one phone while the yes goes out: it joined and is hers, or it did not and waits."""
    afternoon = await an_afternoon(network)
    town = afternoon.town
    dinner = await afternoon.another()
    offer = await afternoon.until_asked()
    assert offer is not None
    answers = await asyncio.gather(
        town.accept(offer),
        tell(town, afternoon.trip, [said(network, "picked_up", afternoon.lunch)]),
        return_exceptions=True,
    )
    await network.run_jobs()
    trip = await town.trip_now(afternoon.trip.id)
    async with network.work() as work:
        state = (await deliveries.delivery(work, dinner.id)).state
        for answer in await invariants.ask(work):
            assert answer.broken == 0, answer
    if isinstance(answers[0], OfferGone):
        assert trip.delivery_ids == (afternoon.lunch.id,)
        assert state is DeliveryState.REQUESTED
    else:
        assert not isinstance(answers[0], BaseException), answers[0]
        assert (set(trip.delivery_ids), state) == ({afternoon.lunch.id, dinner.id}, DeliveryState.ASSIGNED)
        assert trip.stops[0].state is StopState.REACHED, "she is still at the shop, for the second one"
    assert not isinstance(answers[1], BaseException), answers[1]


async def test_two_ticks_at_once_ask_her_once(network: Network) -> None:
    afternoon = await an_afternoon(network)
    town = afternoon.town
    await afternoon.another()
    await afternoon.goes_on(8 * 60 + 30)
    lease = await hold(network, town.market.id)
    await asyncio.gather(
        *(cycle.tick(network.system, network.connectors, town.market.id, lease) for _ in range(3))
    )
    async with network.work() as work:
        (offer,) = await offers.open_in_market(work, town.market.id)
    assert offer.terms.joins is not None
