"""A courier company that really runs takes what no driver can: the whole way, and every way it goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.factories.couriers import KEY
from tests.factories.deliveries import make_delivery
from tests.factories.network import Network
from tests.factories.providers import Outsourced, make_deal, make_provider, outsourced

from doorstep.connectors.couriers.protocol import JobState as Told
from doorstep.connectors.couriers.twin_client import TwinCourier
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivering
from doorstep.features.deliveries.errors import AlreadyTaken
from doorstep.features.deliveries.rules import (
    CancelReason,
    Carrier,
    DeliveryState,
    Party,
    ProofKind,
    Requirements,
)
from doorstep.features.providers import events, queries, service
from doorstep.features.providers.errors import CourierUnconfirmed, NoDeal, NothingUnconfirmed
from doorstep.features.providers.messages import Book
from doorstep.features.providers.rules import SURE_AFTER, JobState, Pricing, ProviderJob, ProviderState
from doorstep.platform.db.work import Work
from doorstep.platform.events import Event
from doorstep.platform.jobs import Handler
from doorstep.platform.worker import Worker
from doorstep.units.ids import DriverId, ProviderJobId, TripId
from doorstep.units.money import Money

DRIVER = DriverId(UUID("0192f000-0000-7000-8000-0000000000dd"))
TRIP = TripId(UUID("0192f000-0000-7000-8000-0000000000ee"))


@pytest.fixture
async def out(network: Network) -> AsyncIterator[Outsourced]:
    async with outsourced(network) as running:
        yield running


def grow_impatient(out: Outsourced) -> None:
    """From now on wait only a fraction of a second for the company's answers."""
    courier = TwinCourier(out.twin.url, KEY, out.twin.http, patience=0.03)
    out.network.connectors.couriers["swift"] = courier


@pytest.fixture
def told(network: Network) -> list[Event]:
    """Everything providers tell, in order."""
    heard: list[Event] = []
    for kind in (events.ProviderBooked, events.ProviderRefused, events.ProviderLost, events.ProviderJobEnded):

        async def listen(_work: Work, event: Event) -> None:
            heard.append(event)

        network.system.handlers.on(kind, Handler(name=f"test.{kind.name}", message=kind, inside=listen))
    network.worker = Worker(network.system)  # a worker knows the handlers that were there before it
    return heard


async def test_from_asking_to_the_door(out: Outsourced, told: list[Event]) -> None:
    job = await out.ask(requirements=Requirements(photo=True))
    assert (job.state, job.reference[:4]) == (JobState.ASKED, "pjb_")
    await out.network.run_jobs()
    booked = await out.job(job)
    assert booked.state is JobState.BOOKED
    assert booked.fee.minor > 650
    delivery = await out.delivery(job)
    assert delivery.state is DeliveryState.ASSIGNED
    assert delivery.carrier == Carrier(provider_id=out.provider.id, provider_job_id=job.id)

    await out.run(8)
    seen = await out.job(job)
    assert seen.courier_name
    assert seen.position is not None
    await out.run(90)
    ended, delivery = await out.job(job), await out.delivery(job)
    assert (ended.state, delivery.state) == (JobState.DELIVERED, DeliveryState.DELIVERED)
    async with out.network.work() as work:
        proofs = await deliveries.proofs(work, delivery.id)
        key, media = await deliveries.proof_picture(work, delivery.id, proofs[0].id)
    assert [(proof.kind, proof.ok) for proof in proofs] == [(ProofKind.PHOTO, True)]
    assert (await out.network.connectors.blobs.get(key)).startswith(b"\xff\xd8"), media
    assert [event.name for event in told] == ["provider.booked", "provider.job_ended"]
    last = told[-1]
    assert isinstance(last, events.ProviderJobEnded)
    assert (last.delivered, last.fee_minor, last.seq) == (True, booked.fee.minor, 2)


async def test_without_any_webhook_polling_brings_it_home(out: Outsourced) -> None:
    job = await out.ask()
    await out.network.run_jobs()
    await out.run(99, news=False)
    assert (await out.delivery(job)).state is DeliveryState.DELIVERED


async def test_doubled_overtaking_and_lying_news_change_nothing_of_the_outcome(
    out: Outsourced, told: list[Event]
) -> None:
    await out.twin.behave(lie_share=1, duplicate_webhooks=0.5, reorder=0.5)
    jobs = [await out.ask() for _ in range(3)]
    await out.network.run_jobs()
    for _ in range(45):
        await out.run(2)
        for job in jobs:
            company = out.twin.company.world.find(job.reference)
            assert company is not None
            really = company.state(out.network.clock.market_now())
            ours = (await out.delivery(job)).state
            assert (ours is DeliveryState.DELIVERED) == (really is Told.DELIVERED), "a lie is never believed"
    assert {(await out.job(job)).state for job in jobs} == {JobState.DELIVERED}
    assert sum(isinstance(event, events.ProviderJobEnded) for event in told) == 3
    news = out.twin.company.news
    assert news is not None
    assert {202, 401, 409} <= set(news.answers), "forged and replayed letters were refused"


async def test_a_refusal_lets_dispatch_go_on_and_is_not_asked_again(
    out: Outsourced, told: list[Event]
) -> None:
    await out.twin.behave(refuse_share=1)
    job = await out.ask()
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.REFUSED
    assert [event.name for event in told] == ["provider.refused"]
    assert (await out.delivery(job)).state is DeliveryState.REQUESTED
    async with out.network.work() as work:
        waiting = [await deliveries.delivery(work, job.delivery_id)]
        chance = (await queries.chances(work, job.market_id, waiting))[job.delivery_id]
        assert (chance.open, chance.asked) == (False, False)
        with pytest.raises(NoDeal):
            await service.request(work, job.delivery_id, "again")
    second = await make_provider(out.network, slug="second")
    await make_deal(out.network, second)
    async with out.network.work() as work:
        assert (await service.request(work, job.delivery_id, "again")).provider_id == second.id
    await out.network.run_jobs()
    async with out.network.work() as work:
        last = await queries.job_of(work, job.delivery_id)
    assert last is not None
    assert (last.state, last.refusal.split(":")[0]) == (JobState.REFUSED, "not_connected")


async def test_an_answer_that_never_came_is_looked_up_and_booked_once(out: Outsourced) -> None:
    await out.twin.behave(drop_answers=1)
    grow_impatient(out)
    job = await out.ask()
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.BOOKING
    assert (await out.delivery(job)).state is DeliveryState.REQUESTED
    await out.twin.behave()
    out.network.clock.advance(1)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.BOOKED
    assert len(out.twin.company.world.jobs) == 1


def fall_silent(out: Outsourced) -> None:
    """From now on nobody answers where the company was."""
    out.network.connectors.couriers["swift"] = TwinCourier("http://127.0.0.1:1", KEY, out.twin.http)


def speak_again(out: Outsourced) -> None:
    """The company answers as before."""
    out.network.connectors.couriers["swift"] = out.twin.courier


async def silence(out: Outsourced, minutes: float) -> ProviderJob:
    """A job whose order arrived, of a company that has said nothing since, for ``minutes``."""
    await out.twin.behave(drop_answers=1)
    grow_impatient(out)
    job = await out.ask()
    await out.network.run_jobs()
    fall_silent(out)
    for _ in range(8):
        out.network.clock.advance(minutes * 60 / 8)
        await out.network.run_jobs()
    await out.twin.behave()
    return job


async def test_a_company_that_stays_silent_keeps_its_delivery_from_all_others(
    out: Outsourced, told: list[Event]
) -> None:
    second = await make_provider(out.network, slug="second")
    await make_deal(out.network, second)
    job = await silence(out, minutes=12)
    assert (await out.job(job)).state is JobState.BOOKING
    assert not told, "nothing is settled"
    async with out.network.work() as work:
        waiting = [await deliveries.delivery(work, job.delivery_id)]
        assert (await queries.chances(work, job.market_id, waiting))[job.delivery_id].asked
        assert (await service.request(work, job.delivery_id, "again")).id == job.id, "nobody else"
        with pytest.raises(CourierUnconfirmed):
            await service.request(work, job.delivery_id, "by hand", provider_id=second.id)
        assert list(await queries.unconfirmed(work, job.market_id)) == [job.delivery_id]

    speak_again(out)
    out.network.clock.advance(60)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.BOOKED, "the books answered: it goes on"
    assert len(out.twin.company.world.jobs) == 1
    await out.run(90)
    assert (await out.delivery(job)).state is DeliveryState.DELIVERED


async def test_books_that_never_held_the_order_free_the_delivery(out: Outsourced, told: list[Event]) -> None:
    job = await silence(out, minutes=10)
    out.twin.company.world.by_reference.clear()
    speak_again(out)
    for _ in range(SURE_AFTER):
        assert (await out.job(job)).state is JobState.BOOKING, "once may be an order still on its way"
        out.network.clock.advance(60)
        await out.network.run_jobs()
    ended = await out.job(job)
    assert (ended.state, ended.refusal.split(":")[0]) == (JobState.REFUSED, "never_booked")
    assert [event.name for event in told] == ["provider.refused"]
    async with out.network.work() as work:
        waiting = [await deliveries.delivery(work, job.delivery_id)]
        assert not (await queries.chances(work, job.market_id, waiting))[job.delivery_id].asked


async def test_what_staff_set_aside_is_free_for_others_and_still_called_off(
    out: Outsourced, told: list[Event]
) -> None:
    job = await silence(out, minutes=3)
    async with out.network.work() as work:
        aside = await service.set_aside(
            work, job.delivery_id, "the company says on the phone that it lost it"
        )
    assert aside.state is JobState.SET_ASIDE
    async with out.network.work() as work:
        assert not await queries.held(work, [job.delivery_id])
        with pytest.raises(NothingUnconfirmed):
            await service.set_aside(work, job.delivery_id, "once is enough")
        await delivering.assign(work, [job.delivery_id], Carrier(driver_id=DRIVER, trip_id=TRIP))
    speak_again(out)
    out.network.clock.advance(60)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.CANCELLED
    company = out.twin.company.world.find(job.reference)
    assert company is not None
    assert company.state(out.network.clock.market_now()) is Told.CANCELLED
    assert [event.name for event in told] == ["provider.refused", "provider.job_ended"]
    ended = told[-1]
    assert isinstance(ended, events.ProviderJobEnded)
    assert not ended.delivered


async def test_until_the_company_confirms_nobody_else_is_sent(out: Outsourced) -> None:
    job = await out.ask()
    await out.network.run_jobs()
    fall_silent(out)
    async with out.network.work() as work:
        await delivering.unassign(work, job.delivery_id, "a driver is closer")
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.CALLING_OFF
    async with out.network.work() as work:
        assert await queries.held(work, [job.delivery_id]) == {job.delivery_id}
        with pytest.raises(CourierUnconfirmed):
            await service.request(work, job.delivery_id, "again")
    speak_again(out)
    out.network.clock.advance(60)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.CANCELLED
    async with out.network.work() as work:
        assert not await queries.held(work, [job.delivery_id])


async def test_a_courier_who_has_the_goods_keeps_the_delivery_when_called_off(out: Outsourced) -> None:
    job = await out.ask()
    await out.network.run_jobs()
    company = out.twin.company.world.find(job.reference)
    assert company is not None
    while company.state(out.network.clock.market_now()) is not Told.PICKED_UP:
        out.network.clock.advance(60)  # our own rows know nothing of it
    async with out.network.work() as work:
        await delivering.unassign(work, job.delivery_id, "a driver is closer")
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.BOOKED
    assert (await out.delivery(job)).carrier == Carrier(provider_id=out.provider.id, provider_job_id=job.id)
    await out.run(90)
    assert (await out.delivery(job)).state is DeliveryState.DELIVERED


@dataclass(slots=True)
class Overtaken:
    """A company that books, and whose answer arrives after a driver has accepted."""

    out: Outsourced
    delivery_id: UUID

    def __getattr__(self, name: str) -> object:
        return getattr(self.out.twin.courier, name)

    async def book(self, request: object, quote_id: str) -> object:
        job = await self.out.twin.courier.book(request, quote_id)  # type: ignore[arg-type]
        async with self.out.network.work() as work:
            await delivering.assign(work, [self.delivery_id], Carrier(driver_id=DRIVER, trip_id=TRIP))
        return job


async def test_the_loser_of_a_race_is_called_off(out: Outsourced, told: list[Event]) -> None:
    job = await out.ask()
    out.network.connectors.couriers["swift"] = Overtaken(out, job.delivery_id)  # type: ignore[assignment]
    await out.network.run_jobs()
    delivery = await out.delivery(job)
    assert delivery.carrier == Carrier(driver_id=DRIVER, trip_id=TRIP)
    assert (await out.job(job)).state is JobState.CANCELLED
    company = out.twin.company.world.find(job.reference)
    assert company is not None
    assert company.state(out.network.clock.market_now()) is Told.CANCELLED
    assert "provider.booked" not in [event.name for event in told]


async def test_fifty_requests_make_one_live_job(out: Outsourced) -> None:
    delivery = await make_delivery(out.network)

    async def ask() -> ProviderJobId:
        async with out.network.work() as work:
            return (await service.request(work, delivery.id, "race")).id

    asked = await asyncio.gather(*(ask() for _ in range(50)))
    assert len(set(asked)) == 1
    await out.network.run_jobs()
    assert len(out.twin.company.world.jobs) == 1


async def test_a_courier_lost_before_pickup_frees_the_delivery(out: Outsourced, told: list[Event]) -> None:
    await out.twin.behave(lose_share=1, lose_when="before")
    job = await out.ask()
    await out.network.run_jobs()
    await out.run(15)
    assert (await out.job(job)).state is JobState.LOST
    delivery = await out.delivery(job)
    assert (delivery.state, delivery.carrier) == (DeliveryState.REQUESTED, None)
    assert [event.name for event in told] == ["provider.booked", "provider.lost", "provider.job_ended"]
    ended = told[-1]
    assert isinstance(ended, events.ProviderJobEnded)
    assert ended.fee_minor == 0


async def test_a_courier_lost_with_the_goods_is_an_exception(out: Outsourced, told: list[Event]) -> None:
    await out.twin.behave(lose_share=1, lose_when="after")
    job = await out.ask()
    await out.network.run_jobs()
    await out.run(60)
    assert (await out.job(job)).state is JobState.LOST
    assert (await out.delivery(job)).state is DeliveryState.ATTEMPT_FAILED
    lost = next(event for event in told if isinstance(event, events.ProviderLost))
    assert lost.with_goods


async def test_goods_that_nobody_took_come_back(out: Outsourced) -> None:
    await out.twin.behave(return_share=1)
    job = await out.ask()
    await out.network.run_jobs()
    agreed = (await out.job(job)).fee
    await out.run(120)
    ended = await out.job(job)
    assert (await out.delivery(job)).state is DeliveryState.RETURNED
    assert (ended.state, ended.fee.minor) == (JobState.RETURNED, agreed.minor * 8 // 5)


async def test_a_cancelled_delivery_calls_the_courier_off(out: Outsourced, told: list[Event]) -> None:
    job = await out.ask()
    await out.network.run_jobs()
    async with out.network.work() as work:
        await delivering.cancel(work, job.delivery_id, Party.MERCHANT, CancelReason.OUT_OF_STOCK)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.CANCELLED
    assert [event.name for event in told] == ["provider.booked", "provider.job_ended"]


async def test_taken_away_by_hand_calls_the_courier_off(out: Outsourced) -> None:
    job = await out.ask()
    await out.network.run_jobs()
    async with out.network.work() as work:
        await delivering.unassign(work, job.delivery_id, "a driver is closer")
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.CANCELLED
    assert (await out.delivery(job)).state is DeliveryState.REQUESTED


async def test_cancelled_while_asked_never_reaches_the_company(out: Outsourced) -> None:
    job = await out.ask()
    async with out.network.work() as work:
        await delivering.cancel(work, job.delivery_id, Party.MERCHANT, CancelReason.OUT_OF_STOCK)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.CANCELLED
    assert not out.twin.company.world.jobs


async def test_a_job_the_company_forgot_counts_as_lost(out: Outsourced) -> None:
    job = await out.ask()
    await out.network.run_jobs()
    out.twin.company.world.by_reference.clear()
    await out.run(14, news=False)
    assert (await out.job(job)).state is JobState.LOST
    assert (await out.delivery(job)).state is DeliveryState.REQUESTED


async def test_a_pin_travels_sealed_and_is_vouched_for(out: Outsourced) -> None:
    secrets = out.network.connectors.secrets
    job = await out.ask(requirements=Requirements(pin=True), pin_sealed=secrets.seal(b"4711"))
    await out.network.run_jobs()
    company = out.twin.company.world.find(job.reference)
    assert company is not None
    assert company.order.pin == "4711"
    await out.run(90)
    assert (await out.delivery(job)).state is DeliveryState.DELIVERED


async def test_a_fixed_price_is_ours_not_theirs(network: Network) -> None:
    async with outsourced(network, pricing=Pricing.FIXED, flat=Money(700), per_mile_minor=100) as out:
        job = await out.ask(leg_m=3219)  # two miles
        await network.run_jobs()
        assert (await out.job(job)).fee == Money(900)
        await out.run(90)
        assert (await out.job(job)).fee == Money(900)


async def test_too_dear_is_not_taken(network: Network) -> None:
    async with outsourced(network, most=Money(100)) as out:
        job = await out.ask()
        await network.run_jobs()
        refused = await out.job(job)
        assert (refused.state, refused.refusal.split(":")[0]) == (JobState.REFUSED, "too_dear")
        assert not out.twin.company.world.jobs


async def test_a_paused_company_is_not_asked(out: Outsourced) -> None:
    async with out.network.work() as work:
        await service.set_state(work, out.provider.id, ProviderState.PAUSED)
    delivery = await make_delivery(out.network)
    async with out.network.work() as work:
        with pytest.raises(NoDeal):
            await service.request(work, delivery.id, "nobody else")


async def test_who_has_a_carrier_is_not_given_away(out: Outsourced) -> None:
    delivery = await make_delivery(out.network)
    async with out.network.work() as work:
        await delivering.assign(work, [delivery.id], Carrier(driver_id=DRIVER, trip_id=TRIP))
        with pytest.raises(AlreadyTaken):
            await service.request(work, delivery.id, "mistake")


async def test_the_database_itself_holds_one_live_job(out: Outsourced) -> None:
    job = await out.ask()
    with pytest.raises(Exception, match="uq_provider_jobs_live"):
        async with out.network.work() as work:
            await work.session.execute(
                text(
                    "INSERT INTO provider_jobs SELECT (jsonb_populate_record(j, jsonb_build_object("
                    "'id', cast(:id AS text), 'reference', 'other'))).* FROM provider_jobs j WHERE id = :old"
                ),
                {"id": str(work.new_id()), "old": job.id},
            )


async def test_a_worker_that_died_while_ordering_looks_before_it_orders_again(out: Outsourced) -> None:
    """The order was written down as going out; whether it did is asked of the company first."""
    arrived, never_left = await out.ask(), await out.ask()
    await out.network.run_jobs()
    async with out.network.work() as work:  # both as they were when the worker died
        for job in (arrived, never_left):
            await delivering.unassign(work, job.delivery_id, "undone")
        await work.session.execute(text("DELETE FROM jobs"))
        await work.session.execute(
            text("UPDATE provider_jobs SET state = 'booking', external_id = '', booked_at = NULL")
        )
    del out.twin.company.world.by_reference[never_left.reference]
    async with out.network.work() as work:
        await work.session.execute(text("DELETE FROM jobs"))
        for job in (arrived, never_left):
            work.schedule("providers.book", Book(job.id))
    await out.network.run_jobs()
    assert [(await out.job(job)).state for job in (arrived, never_left)] == [JobState.BOOKED] * 2
    references = [job.order.reference for job in out.twin.company.world.jobs.values()]
    assert references == [arrived.reference, never_left.reference, never_left.reference]


async def test_a_look_up_that_is_refused_proves_nothing(out: Outsourced) -> None:
    await out.twin.behave(drop_answers=1)
    grow_impatient(out)
    job = await out.ask()
    await out.network.run_jobs()
    out.network.connectors.couriers["swift"] = TwinCourier(out.twin.url, "wrong key", out.twin.http)
    out.network.clock.advance(1)
    await out.network.run_jobs()
    assert (await out.job(job)).state is JobState.BOOKING, "not refused: a courier may be on the way"
