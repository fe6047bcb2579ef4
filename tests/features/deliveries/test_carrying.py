"""A delivery is carried: taken by one, reported by phone late, doubled and out of order, seen by those it concerns."""

import asyncio
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.factories.deliveries import (
    DRIVER,
    JOB,
    MERCHANT,
    PROVIDER,
    TRIP,
    assigned_delivery,
    driver_actor,
    make_delivery,
    merchant_actor,
    report_all,
    shopper_actor,
)
from tests.factories.network import Network

from doorstep.features.deliveries import queries, service
from doorstep.features.deliveries.errors import AlreadyTaken, CannotFollow, ProofMissing, UnknownDelivery
from doorstep.features.deliveries.rules import (
    REPORTABLE,
    ROAD,
    ROAD_BACK,
    CancelReason,
    Carrier,
    Delivery,
    DeliveryState,
    Fact,
    FactKind,
    Party,
    ProofKind,
    Requirements,
)
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

S, F = DeliveryState, FactKind
PROVIDER_ACTOR = Actor(Audience.PROVIDER, subject=PROVIDER, label="Swift")


async def offered(network: Network, *drivers: UUID) -> Delivery:
    made = await make_delivery(network)
    async with network.work() as work:
        await service.offer_to(work, [made.id], drivers)
    return made


async def test_of_many_who_accept_at_once_one_has_it(network: Network) -> None:
    drivers = [uuid4() for _ in range(12)]
    made = await offered(network, *drivers)

    async def accept(driver: UUID) -> UUID | None:
        try:
            async with network.work(driver_actor(driver)) as work:
                await service.assign(work, [made.id], Carrier(driver_id=DriverId(driver)))
        except AlreadyTaken:
            return None
        return driver

    winners = [driver for driver in await asyncio.gather(*map(accept, drivers)) if driver]
    assert len(winners) == 1
    async with network.work() as work:
        told = await queries.delivery(work, made.id)
        assert [e.name for e in await queries.timeline(work, made.id)] == [
            "delivery.created",
            "delivery.assigned",
        ]
    assert told.carrier is not None
    assert told.carrier.driver_id == winners[0]


async def test_a_trip_is_taken_whole_or_not_at_all(network: Network) -> None:
    one, two = await make_delivery(network), await assigned_delivery(network)
    async with network.work() as work:
        with pytest.raises(AlreadyTaken):
            await service.assign(work, [one.id, two.id], Carrier(driver_id=DRIVER))
    async with network.work() as work:
        assert (await queries.delivery(work, one.id)).state is S.REQUESTED


def test_two_carriers_cannot_stand_on_one_row() -> None:
    with pytest.raises(ValueError, match="a driver or a provider"):
        Carrier(driver_id=DRIVER, provider_job_id=JOB)


async def test_who_gives_it_back_is_remembered_in_the_event_not_on_the_row(network: Network) -> None:
    delivery = await assigned_delivery(network)
    async with network.work(driver_actor()) as work:
        back = await service.unassign(work, delivery.id, "flat_tyre")
    async with network.work() as work:
        again = await service.unassign(work, delivery.id, "flat_tyre")
        told = await queries.timeline(work, delivery.id)
    assert (back.state, back.carrier, back.carrier_note) == (S.REQUESTED, None, {})
    assert again.events_count == back.events_count
    assert told[-1].body == {"reason": "flat_tyre"}
    assert told[-1].actor == "driver Dee"


async def test_what_was_said_for_a_former_carrier_does_not_count_for_the_next(network: Network) -> None:
    made = await make_delivery(network)
    former, present = (
        Carrier(provider_id=PROVIDER, provider_job_id=JOB),
        Carrier(driver_id=DRIVER, trip_id=TRIP),
    )
    async with network.work() as work:
        await service.assign(work, [made.id], former)
    async with network.work() as work:
        await service.unassign(work, made.id, "the company gave it up", carrier=former)
        await service.assign(work, [made.id], present)
    picked_up = Fact(kind=F.PICKED_UP, report_id="late")
    async with network.work() as work:
        still = await service.unassign(work, made.id, "said late, and once more", carrier=former)
        with pytest.raises(CannotFollow, match="another carrier"):
            await service.report(work, made.id, picked_up, carrier=former)
    assert still.carrier == present
    async with network.work() as work:
        assert (await service.report(work, made.id, picked_up, carrier=present)).state is S.PICKED_UP


async def test_with_the_goods_in_hand_it_can_only_be_brought_back(network: Network) -> None:
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, ROAD[:3])
    async with network.work() as work:
        with pytest.raises(CannotFollow):
            await service.unassign(work, delivery.id, "tired")


async def test_from_store_to_door_each_report_is_one_event(network: Network) -> None:
    delivery = await assigned_delivery(network)
    done = await report_all(network, delivery.id, ROAD)
    async with network.work() as work:
        told = await queries.timeline(work, delivery.id)
    assert done.state is S.DELIVERED
    assert done.picked_up_at == delivery.created_at + timedelta(minutes=2)
    assert done.ended_at == delivery.created_at + timedelta(minutes=5)
    assert [e.seq for e in told] == list(range(1, 9))
    assert [e.name.removeprefix("delivery.") for e in told] == [
        "created", "assigned", "enroute_to_pickup", "at_pickup", "picked_up", "enroute_to_dropoff", "at_dropoff",
        "delivered",
    ]  # fmt: skip
    assert [e.state_before for e in told[1:]] == [e.state_after for e in told[:-1]]


async def test_a_phone_without_signal_sends_all_later_in_any_order_and_twice(network: Network) -> None:
    brought_back = (*ROAD[:-1], F.ATTEMPT_FAILED, *ROAD_BACK)
    for seed, story in enumerate((ROAD, brought_back, ROAD, brought_back)):
        delivery = await assigned_delivery(network)
        heard = 2 * [
            Fact(
                kind=kind,
                report_id=f"r{minute}",
                device_at=MarketInstant(delivery.created_at + timedelta(minutes=minute)),
                point=LatLng(lat=36.123456789, lng=-86.78),
            )
            for minute, kind in enumerate(story)
        ]
        Random(seed).shuffle(heard)
        network.clock.advance(3600)
        for fact in heard:
            async with network.work(driver_actor()) as work:
                told = await service.report(work, delivery.id, fact)
        async with network.work() as work:
            timeline = await queries.timeline(work, delivery.id)
        assert told.state is (S.DELIVERED if story is ROAD else S.RETURNED)
        assert told.attempts == (0 if story is ROAD else 1)
        assert [e.seq for e in timeline] == list(range(1, told.events_count + 1))
        assert len(timeline) == 2 + len(story), "each move once"
        assert {e.at for e in timeline[2:]} == {network.clock.market_now()}, "when we heard"
        assert all(e.device_at is not None for e in timeline[2:]), "when it happened"


async def test_an_implied_move_says_which_report_implied_it(network: Network) -> None:
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, [F.PICKED_UP])
    async with network.work() as work:
        told = (await queries.timeline(work, delivery.id))[2:]
    assert [e.body for e in told] == [{"implied_by": "picked_up"}, {"implied_by": "picked_up"}, {}]


async def test_one_report_sent_ten_times_at_once_counts_once(network: Network) -> None:
    delivery = await assigned_delivery(network)

    async def send() -> None:
        async with network.work(driver_actor()) as work:
            await service.report(work, delivery.id, Fact(kind=F.REACHED_PICKUP, report_id="same"))

    await asyncio.gather(*(send() for _ in range(10)))
    async with network.work() as work:
        assert (await queries.delivery(work, delivery.id)).events_count == 4


async def test_a_second_attempt_after_nobody_opened(network: Network) -> None:
    delivery = await assigned_delivery(network)
    first = [*ROAD[:-1], F.ATTEMPT_FAILED]
    done = await report_all(network, delivery.id, [*first, *ROAD[3:5], F.ATTEMPT_FAILED, F.HANDED_OVER])
    assert (done.state, done.attempts) == (S.DELIVERED, 2)


async def test_damaged_on_the_way_it_comes_back_without_having_been_at_the_door(network: Network) -> None:
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, ROAD[:3])
    async with network.work() as work:
        await service.report(
            work, delivery.id, Fact(kind=F.ATTEMPT_FAILED, report_id="d", reason="goods_damaged", note="wet")
        )
        names = [e.name for e in await queries.timeline(work, delivery.id)]
        last = (await queries.timeline(work, delivery.id))[-1]
    assert "delivery.at_dropoff" not in names
    assert last.body == {"reason": "goods_damaged", "note": "wet"}


async def test_what_cannot_follow_is_refused_and_changes_nothing(network: Network) -> None:
    delivery = await assigned_delivery(network)
    async with network.work() as work:
        await service.cancel(work, delivery.id, Party.MERCHANT, CancelReason.CHANGED_MIND)
    async with network.work(driver_actor()) as work:
        with pytest.raises(CannotFollow) as refused:
            await service.report(work, delivery.id, Fact(kind=F.PICKED_UP, report_id="x"))
    assert refused.value.facts == {"state": "cancelled", "fact": "picked_up"}


async def test_what_the_network_decides_cannot_be_reported(network: Network) -> None:
    delivery = await assigned_delivery(network)
    async with network.work(driver_actor()) as work:
        for kind in set(FactKind) - REPORTABLE:
            with pytest.raises(CannotFollow):
                await service.report(work, delivery.id, Fact(kind=kind, report_id="x"))


async def test_drivers_see_what_they_are_offered_and_what_they_carry(network: Network) -> None:
    mine, other = uuid4(), uuid4()
    made = await offered(network, mine)

    async def sees(driver: UUID) -> bool:
        async with network.work(driver_actor(driver)) as work:
            return bool(await queries.many(work, [made.id]))

    assert (await sees(mine), await sees(other)) == (True, False)
    async with network.work(driver_actor(mine)) as work:
        with pytest.raises(UnknownDelivery):  # offered is not carried
            await service.report(work, made.id, Fact(kind=F.PICKED_UP, report_id="x"))
    async with network.work() as work:
        await service.offer_over(work, [made.id])
    assert not await sees(mine)
    async with network.work() as work:
        await service.offer_to(work, [made.id], [mine])
    async with network.work(driver_actor(mine)) as work:
        await service.offer_over(work, [made.id])  # she declines herself
    async with network.work() as work:
        await service.assign(work, [made.id], Carrier(driver_id=DriverId(other), trip_id=TRIP))
    assert (await sees(mine), await sees(other)) == (False, True)


async def test_each_audience_sees_its_own_and_nobody_elses(network: Network) -> None:
    delivery = await assigned_delivery(network)
    async with network.work() as work:
        job = await make_delivery(network)
        await service.assign(work, [job.id], Carrier(provider_id=PROVIDER, provider_job_id=JOB))
    cases = [
        (merchant_actor(), {delivery.id, job.id}),
        (merchant_actor(uuid4()), set()),
        (driver_actor(), {delivery.id}),
        (driver_actor(uuid4()), set()),
        (shopper_actor(delivery.id), {delivery.id}),
        (shopper_actor(uuid4()), set()),
        (PROVIDER_ACTOR, {job.id}),
        (Actor(Audience.PUBLIC), set()),
        (Actor(Audience.STAFF, subject=uuid4()), {delivery.id, job.id}),
    ]
    for actor, seen in cases:
        async with network.work(actor) as work:
            found = await queries.many(work, [delivery.id, job.id])
            assert {d.id for d in found} == seen, actor
            for each in (delivery.id, job.id):
                if each in seen:
                    assert await queries.timeline(work, each)
                else:
                    with pytest.raises(UnknownDelivery):
                        await queries.timeline(work, each)


async def test_merchant_shopper_and_company_act_on_their_own_rows(network: Network) -> None:
    made = await make_delivery(network)
    async with network.work(shopper_actor(made.id)) as work:
        await service.tip(work, made.id, Money(4_00))
    async with network.work(merchant_actor()) as work:
        assert (await service.amend(work, made.id, service.Amendment(instructions="Knock"))).events_count == 3
    async with network.work() as work:
        await service.assign(work, [made.id], Carrier(provider_id=PROVIDER, provider_job_id=JOB))
    async with network.work(PROVIDER_ACTOR) as work:
        await service.report(work, made.id, Fact(kind=F.REACHED_PICKUP, report_id="w1"))
        back = await service.unassign(work, made.id, "courier_lost")
    assert back.state is S.REQUESTED
    async with network.work(merchant_actor()) as work:
        ended = await service.cancel(work, made.id, Party.MERCHANT, CancelReason.TOO_LATE)
    assert ended.merchant_id == MERCHANT


async def test_a_company_vouches_for_its_own_proofs_a_driver_does_not(network: Network) -> None:
    wanted = Requirements(photo=True)
    done = Fact(kind=F.HANDED_OVER, report_id="x", attested=frozenset({ProofKind.PHOTO}))
    driven = await assigned_delivery(network, requirements=wanted)
    async with network.work(driver_actor()) as work:
        with pytest.raises(ProofMissing) as refused:
            await service.report(work, driven.id, done)
    assert refused.value.facts == {"missing": ["photo"]}
    job = await make_delivery(network, requirements=wanted)
    async with network.work() as work:
        await service.assign(work, [job.id], Carrier(provider_id=PROVIDER, provider_job_id=JOB))
        assert (await service.report(work, job.id, done)).state is S.DELIVERED


async def test_counts_and_waiting_of_a_market(network: Network) -> None:
    waiting, taken = await make_delivery(network), await assigned_delivery(network)
    async with network.work() as work:
        assert [d.id for d in await queries.waiting(work, waiting.market_id)] == [waiting.id]
        assert [d.id for d in await queries.under_way(work, waiting.market_id)] == [waiting.id, taken.id]
        assert [d.id for d in await queries.of_trip(work, TRIP)] == [taken.id]
        assert await queries.counts(work, waiting.market_id) == {S.REQUESTED: 1, S.ASSIGNED: 1}


async def test_kept_reports_are_forgotten_in_time(network: Network) -> None:
    old, other = await assigned_delivery(network), await assigned_delivery(network)
    for delivery in (old, other):
        await report_all(network, delivery.id, ROAD)

    async def reports() -> int:
        async with network.work() as work:
            found = await work.session.execute(text("SELECT count(*) FROM delivery_reports"))
            return int(found.scalar_one())

    async with network.work() as work:
        tasks = await work.session.execute(
            text("SELECT count(*) FROM jobs WHERE handler = 'deliveries.forget_reports'")
        )
        assert tasks.scalar_one() == 1, "one task a day"
    network.clock.advance(30 * 24 * 3600)
    await network.run_jobs()
    assert await reports() == 2 * len(ROAD)
    network.clock.advance(24 * 3600)
    await report_all(network, (await assigned_delivery(network)).id, ROAD[:1])
    await network.run_jobs()
    assert await reports() == 2 * len(ROAD) + 1, "those of the day itself are kept another day"
    async with network.work() as work:
        assert await service.forget_reports(work, network.clock.market_now() - timedelta(hours=1)) == 12
