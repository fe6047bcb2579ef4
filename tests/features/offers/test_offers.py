"""Offers on the real database: shown, frozen, accepted once, declined without consequence, run out."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.factories.deliveries import driver_actor
from tests.factories.drivers import make_driver
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.rules import (
    CancelReason,
    Carrier,
    DeliveryState,
    Party,
    TipStatus,
)
from doorstep.features.offers import queries, service
from doorstep.features.offers.errors import AlreadyOffered, HasTrip, OfferGone, UnknownOffer
from doorstep.features.offers.rising import NEVER_PASSED, Refused
from doorstep.features.offers.rules import (
    Answer,
    OfferMode,
    OfferState,
    TripState,
    document_hash,
    terms_hash,
)
from doorstep.platform.errors import Refusal
from doorstep.units.ids import ProviderJobId
from doorstep.units.money import Money


async def test_an_offer_tells_everything_but_the_door(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery(tip=Money(4_00))
    offer = await town.offer([delivery], incentive=Money(1_50))
    terms = offer.terms
    assert (offer.mode, offer.state) == (OfferMode.DIRECTED, OfferState.OPEN)
    assert terms.total == terms.base + Money(1_50) + Money(4_00)
    assert terms.drops[0].tip_status is TipStatus.PENDING
    assert terms.pickups[0].address == "501 Broadway, Nashville, TN 37203"
    assert terms.drops[0].zone == "Nashville 37212"
    assert terms.drops[0].return_pay.minor > 0
    assert offer.expires_at - offer.shown_at == timedelta(seconds=60)
    assert offer.terms_hash == terms_hash(terms)


async def test_the_database_itself_keeps_terms_as_they_were_shown(network: Network) -> None:
    town = await a_town(network)
    offer = await town.offer([await town.delivery()])
    for change in (
        "UPDATE offers SET terms = jsonb_set(terms, '{base_minor}', '1') WHERE id = :id",
        "UPDATE offers SET terms_hash = 'x' WHERE id = :id",
        "UPDATE offers SET expires_at = expires_at + interval '1 hour' WHERE id = :id",
        "DELETE FROM offers WHERE id = :id",
    ):
        with pytest.raises(DBAPIError) as refused:
            async with network.work() as work:
                await work.session.execute(text(change), {"id": offer.id})
        assert getattr(refused.value.orig, "sqlstate", "") in {"23001", "42501"}
    async with network.work() as work:
        stored, kept = (
            await work.session.execute(
                text("SELECT terms, terms_hash FROM offers WHERE id = :id"), {"id": offer.id}
            )
        ).one()
    assert document_hash(stored) == kept == offer.terms_hash


async def test_accepting_makes_a_trip_and_gives_the_deliveries(network: Network) -> None:
    town = await a_town(network)
    first, second = await town.delivery(), await town.delivery()
    trip = await town.trip(first, second)
    assert trip.state is TripState.UNDER_WAY
    assert [len(stop.delivery_ids) for stop in trip.stops] == [2, 1, 1]
    async with network.work() as work:
        carried = await deliveries.many(work, [first.id, second.id])
        accepted = await queries.terms_of_delivery(work, second.id, trip.driver_id)
        assert await queries.terms_of_delivery(work, second.id, town.drivers[1].id) is None
    assert {one.state for one in carried} == {DeliveryState.ASSIGNED}
    assert {one.carrier.trip_id for one in carried if one.carrier} == {trip.id}
    assert accepted is not None
    assert (accepted.trip_id, accepted.part.delivery_id, accepted.off) == (trip.id, second.id, None)


async def test_accepting_twice_is_accepting_once(network: Network) -> None:
    town = await a_town(network)
    offer = await town.offer([await town.delivery()])
    first, again = await town.accept(offer), await town.accept(offer)
    assert first == again


async def test_of_fifty_at_once_one_has_it_and_the_others_are_told(network: Network) -> None:
    town = await a_town(network, drivers=50)
    delivery = await town.delivery()
    offer = await town.offer([delivery], town.drivers)
    assert offer.mode is OfferMode.BROADCAST

    async def tries(number: int) -> str:
        try:
            await town.accept(offer, town.drivers[number])
        except OfferGone as gone:
            return gone.detail
        return "mine"

    told = await asyncio.gather(*(tries(number) for number in range(50)))
    assert sorted(told) == sorted(["mine", *["Another driver was quicker."] * 49])
    winner = town.drivers[told.index("mine")]
    async with network.work() as work:
        carried = await deliveries.delivery(work, delivery.id)
        trips = await queries.trips_under_way(work, town.market.id)
    assert await town.passed(delivery) == NEVER_PASSED, "being slower leaves no mark"
    assert carried.carrier is not None
    assert carried.carrier.driver_id == winner.id
    assert [trip.driver_id for trip in trips] == [winner.id]


async def test_declining_leaves_no_mark_but_that_one_is_asked_again_only_for_more(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    offer = await town.offer([delivery])
    rosa = town.drivers[0]
    async with network.work(driver_actor(rosa.id)) as work:
        declined = await service.decline(work, offer.id, rosa.id)
        again = await service.decline(work, offer.id, rosa.id)
    assert declined.state is again.state is OfferState.DECLINED
    assert (await town.passed(delivery)).by == {rosa.id: Refused(times=1, extra_minor=0, final=False)}
    async with network.work() as work:
        assert (await queries.answers(work, [offer.id]))[offer.id] == {rosa.id: Answer.DECLINED}
        touched = {
            name: (await work.session.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
            for name in ("trips", "trip_changes", "offer_refusals")
        }
        driver_row = (
            await work.session.execute(
                text("SELECT row_to_json(d) FROM drivers d WHERE id = :id"), {"id": rosa.id}
            )
        ).scalar_one()
    assert touched == {"trips": 0, "trip_changes": 0, "offer_refusals": 1}
    assert driver_row["state"] == "active"
    assert driver_row["on_duty"]
    following = await town.offer([await town.delivery()])
    assert (await town.accept(following)).driver_id == rosa.id, "the next offer comes as if nothing had been"


async def test_no_table_has_a_place_for_a_penalty(network: Network) -> None:
    async with network.work() as work:
        names = (
            await work.session.scalars(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                    " AND table_name IN ('drivers', 'offers', 'offer_answers', 'offer_refusals', 'trips', 'trip_changes')"
                )
            )
        ).all()
    words = ("penalty", "score", "rating", "acceptance", "strike", "rank", "priority")
    assert not [name for name in names if any(word in name for word in words)]


async def test_a_broadcast_stands_until_the_last_one_declines(network: Network) -> None:
    town = await a_town(network, drivers=2)
    delivery = await town.delivery()
    offer = await town.offer([delivery], town.drivers)
    rosa, dee = town.drivers
    async with network.work(driver_actor(rosa.id)) as work:
        assert (await service.decline(work, offer.id, rosa.id)).state is OfferState.OPEN
        assert await queries.open_for(work, rosa.id) == []
    with pytest.raises(OfferGone, match="You declined"):
        await town.accept(offer, rosa)
    async with network.work(driver_actor(dee.id)) as work:
        assert [one.id for one in await queries.open_for(work, dee.id)] == [offer.id]
        assert (await service.decline(work, offer.id, dee.id)).state is OfferState.DECLINED
    assert (await town.passed(delivery)).broadcasts == 1
    assert (
        await town.offer([delivery], [await make_driver(network, town.market.id, 9)])
    ).state is OfferState.OPEN


async def test_an_offer_runs_out_by_market_time(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    offer = await town.offer([delivery])
    network.clock.advance(59)
    await network.run_jobs()
    assert (await town.offer_now(offer.id)).state is OfferState.OPEN
    network.clock.advance(2)
    with pytest.raises(OfferGone, match="ran out"):
        await town.accept(offer)
    await network.run_jobs()
    assert (await town.offer_now(offer.id)).state is OfferState.EXPIRED
    assert (await town.passed(delivery)).barred == {town.drivers[0].id}
    async with network.work() as work:
        assert (await deliveries.delivery(work, delivery.id)).state is DeliveryState.REQUESTED
        assert await queries.count_open(work, town.market.id) == 0


async def test_a_broadcast_that_runs_out_is_held_against_nobody(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await town.offer([delivery], town.drivers)
    network.clock.advance(61)
    async with network.work() as work:
        (expired,) = await service.expire_due(work, town.market.id)
        assert expired.state is OfferState.EXPIRED
        assert await queries.answers(work, [expired.id]) == {}
    assert (await town.passed(delivery)).by == {}


async def test_a_delivery_is_in_one_open_offer(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await town.offer([delivery])
    with pytest.raises(AlreadyOffered):
        await town.offer([delivery], [town.drivers[1]])
    with pytest.raises(AlreadyOffered, match="offer to answer"):
        await town.offer([await town.delivery()])


async def test_what_is_taken_or_unknown_cannot_be_offered(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    await town.trip(delivery)
    with pytest.raises(AlreadyOffered, match="assigned"):
        await town.offer([delivery], [town.drivers[1]])
    with pytest.raises(AlreadyOffered, match="nobody is asked"):
        await town.offer([await town.delivery()], [])


async def test_two_showing_the_same_delivery_at_once_show_it_once(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    shown = await asyncio.gather(
        *(town.offer([delivery], [driver]) for driver in town.drivers), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in shown) == ["AlreadyOffered", "Offer"]


async def test_a_second_trip_waits_and_a_third_is_refused(network: Network) -> None:
    town = await a_town(network)
    rosa = town.drivers[0]
    first = await town.trip(await town.delivery())
    second = await town.trip(await town.delivery())
    assert (first.state, second.state) == (TripState.UNDER_WAY, TripState.NEXT)
    with pytest.raises(AlreadyOffered, match="next trip already"):
        await town.offer([await town.delivery()])
    broadcast = await town.offer([await town.delivery()], town.drivers)
    with pytest.raises(HasTrip):
        await town.accept(broadcast, rosa)
    assert (await town.offer_now(broadcast.id)).state is OfferState.OPEN
    async with network.work() as work:
        trips = await queries.trips_under_way(work, town.market.id)
        now = work.now()
    assert [trip.id for trip in trips] == [first.id, second.id]
    assert trips[1].free_at(now) > trips[0].free_at(now) > now


async def test_accepting_two_broadcasts_at_once_makes_one_trip_under_way(network: Network) -> None:
    town = await a_town(network)
    offers = [await town.offer([await town.delivery()], town.drivers) for _ in range(3)]
    done = await asyncio.gather(*(town.accept(offer) for offer in offers), return_exceptions=True)
    states = sorted(getattr(one, "state", type(one).__name__) for one in done)
    assert states == ["HasTrip", "next", "under_way"]


async def test_a_cancelled_delivery_takes_its_offer_back(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    offer = await town.offer([delivery])
    async with network.work() as work:
        await deliveries_service.cancel(work, delivery.id, Party.MERCHANT, CancelReason.CHANGED_MIND)
    with pytest.raises(OfferGone, match="cancelled"):
        await town.accept(offer)
    await network.run_jobs()
    assert (await town.offer_now(offer.id)).state is OfferState.WITHDRAWN
    with pytest.raises(OfferGone, match="taken back: a delivery was cancelled"):
        await town.accept(offer)


async def test_a_lower_tip_is_never_accepted_under_the_old_terms(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery(tip=Money(5_00))
    offer = await town.offer([delivery])
    async with network.work() as work:
        await deliveries_service.tip(work, delivery.id, Money(2_00))
    with pytest.raises(OfferGone, match="has changed"):
        await town.accept(offer)
    await network.run_jobs()
    assert (await town.offer_now(offer.id)).state is OfferState.WITHDRAWN
    again = await town.offer([delivery])
    assert again.terms.tip == Money(2_00)


async def test_a_higher_tip_leaves_the_offer_standing(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery(tip=Money(2_00))
    offer = await town.offer([delivery])
    async with network.work() as work:
        await deliveries_service.tip(work, delivery.id, Money(6_00))
    await network.run_jobs()
    assert (await town.accept(offer)).state is TripState.UNDER_WAY


async def test_an_outside_courier_takes_the_offer_away(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    offer = await town.offer([delivery])
    async with network.work() as work:
        carrier = Carrier(provider_id=uuid4(), provider_job_id=ProviderJobId(uuid4()))
        await deliveries_service.assign(work, [delivery.id], carrier)
    with pytest.raises(OfferGone):
        await town.accept(offer)
    await network.run_jobs()
    assert (await town.offer_now(offer.id)).why == "a courier company takes it"


async def test_an_offer_is_nobody_elses(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    offer = await town.offer([delivery])
    stranger = town.drivers[1]
    with pytest.raises(UnknownOffer):
        await town.accept(offer, stranger)
    async with network.work(driver_actor(stranger.id)) as work:
        for refused in (
            queries.offer(work, offer.id),
            service.decline(work, offer.id, stranger.id),
            deliveries.delivery(work, delivery.id),
        ):
            with pytest.raises(Refusal) as told:
                await refused
            assert told.value.status == 404


async def test_a_closed_offer_closes_the_view_of_its_delivery(network: Network) -> None:
    town = await a_town(network)
    delivery = await town.delivery()
    offer = await town.offer([delivery])
    rosa = driver_actor(town.drivers[0].id)
    async with network.work(rosa) as work:
        assert (await deliveries.delivery(work, delivery.id)).id == delivery.id
    async with network.work() as work:
        await service.withdraw(work, offer.id, "staff took it back")
    async with network.work(rosa) as work:
        assert await deliveries.many(work, [delivery.id]) == []


async def test_a_directed_offer_to_a_driver_stands_once_in_the_database(network: Network) -> None:
    """The index holds even where a reader was fooled."""
    town = await a_town(network)
    offer = await town.offer([await town.delivery()])
    with pytest.raises(DBAPIError) as refused:
        async with network.work() as work:
            await work.session.execute(
                text(
                    "INSERT INTO offers SELECT (json_populate_record(o, json_build_object('id', CAST(:fresh AS text)))).*"
                    " FROM offers o WHERE o.id = :id"
                ),
                {"fresh": str(uuid4()), "id": offer.id},
            )
    assert isinstance(getattr(refused.value.orig, "__cause__", None), asyncpg.UniqueViolationError)
