"""Ordering a courier and calling one off: talks with companies, each answer written in a transaction of its own.

An order whose answer did not come is looked up under our own reference before anything else is tried. A
reference is unique at the company, so an order that is sent again after a clear "no such job" cannot make two.
A company that stays silent keeps the delivery: it is asked again and again, ever more seldom, and nobody else is
sent until its books say that no courier is on the way, or staff set its job aside.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from doorstep.connectors.couriers.protocol import (
    Courier,
    CourierJob,
    CourierRefused,
    CourierUnknown,
    JobRequest,
    Stop,
)
from doorstep.connectors.maps.protocol import Address
from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.errors import AlreadyTaken
from doorstep.features.deliveries.rules import WAITING, Delivery, Place
from doorstep.features.providers import outcomes, queries
from doorstep.features.providers.messages import Book, CallOff
from doorstep.features.providers.models import JobRow
from doorstep.features.providers.rules import (
    ENDS,
    LOOKUP_WAITS_S,
    OFF,
    SURE_AFTER,
    Deal,
    JobState,
    TooDear,
    lookup_wait_s,
    price,
    too_late_to_call_off,
)
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.jobs import Attempt, RetryAt
from doorstep.platform.secrets import Secrets
from doorstep.units.money import Money
from doorstep.units.time import WallInstant

ACTOR = system("providers")


@dataclass(frozen=True, slots=True)
class _Asking:
    """What one round of booking works with."""

    courier: Courier
    deal: Deal
    leg_m: int
    request: JobRequest
    ordered: bool  # an order may have reached the company before
    silent: bool  # for so long that nothing is ordered of it again


class Booking:
    """The two talks; one per process."""

    def __init__(self, connectors: Connectors) -> None:
        """Couriers are found by the provider's slug at the time of each talk."""
        self._connectors = connectors

    async def book(self, database: Database, message: Book, attempt: Attempt) -> None:  # noqa: ARG002 (counted on the row)
        """Find out what the company makes of a job, to its end: booked, refused, or not needed any more."""
        job_id = message.job_id
        asking = None
        try:
            asking = await self._begin(database, job_id)
            if asking is None:
                return
            job = await _looked_up(asking) if asking.ordered else None
            if job is None and not asking.silent:
                quote = await asking.courier.quote(asking.request)
                fee = price(asking.deal, asking.leg_m, quote, message.most_minor)
                if not await self._order(database, job_id, quote.quote_id, fee):
                    return
                job = await asking.courier.book(asking.request, quote.quote_id)
        except (CourierRefused, TooDear) as refusal:
            code = refusal.code if isinstance(refusal, CourierRefused) else "too_dear"
            if asking is not None and asking.ordered:  # an earlier order may still be on its way
                await self._absent(database, job_id, code, str(refusal))
            else:
                await self._refused(database, job_id, code, str(refusal))
        except CourierUnknown as unknown:
            await self._unknown(database, job_id, str(unknown))
        else:
            if job is None:
                await self._absent(database, job_id, "never_booked", "its books hold no such order")
            else:
                await self._answered(database, job_id, job)

    async def _begin(self, database: Database, job_id: UUID) -> _Asking | None:
        """What to ask with; None when the job is no longer wanted. Raises CourierUnknown: nobody to ask."""
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state not in {JobState.ASKED, JobState.BOOKING}:
                return None
            delivery = await deliveries.delivery(work, row.delivery_id)
            if delivery.state not in WAITING:
                outcomes.superseded(work, row)
                return None
            provider = await queries.provider(work, row.provider_id)
            courier = self._connectors.couriers.get(provider.slug)
            if courier is None:
                why = f"no connector goes by {provider.slug}"
                if row.state == JobState.BOOKING:
                    raise CourierUnknown(why)
                outcomes.refused(work, row, "not_connected", why)
                return None
            return _Asking(
                courier=courier,
                deal=await queries.deal(work, row.deal_id),
                leg_m=delivery.leg_m,
                request=await _request(work, self._connectors.secrets, row, delivery),
                ordered=row.state == JobState.BOOKING,
                silent=row.state == JobState.BOOKING and row.lookups >= len(LOOKUP_WAITS_S),
            )

    async def _order(self, database: Database, job_id: UUID, quote_id: str, fee: Money) -> bool:
        """Write that an order goes out, before it does. Whether it still should."""
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state not in {JobState.ASKED, JobState.BOOKING}:
                return False
            if (await deliveries.delivery(work, row.delivery_id)).state not in WAITING:
                outcomes.superseded(work, row)
                return False
            row.state, row.absences = JobState.BOOKING, 0
            row.unconfirmed_since = row.unconfirmed_since or work.now()
            row.quote_id, row.fee_minor, row.currency = quote_id, fee.minor, fee.currency
            return True

    async def _answered(self, database: Database, job_id: UUID, job: CourierJob) -> None:
        """The company has a job of our reference: take it, or call it off when it is not needed any more."""
        if job.state in ENDS and not too_late_to_call_off(job.state):
            await self._refused(
                database, job_id, "ended_at_once", job.cancel_reason or f"the job is {job.state}"
            )
            return
        try:
            async with database.work(ACTOR) as work:
                row = await outcomes.locked(work, job_id)
                if row.state != JobState.BOOKING:
                    return
                await outcomes.booked(work, row, job)
        except AlreadyTaken:
            async with database.work(ACTOR) as work:
                row = await outcomes.locked(work, job_id)
                if row.state == JobState.BOOKING:
                    outcomes.superseded(work, row)

    async def _refused(self, database: Database, job_id: UUID, code: str, why: str) -> None:
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state in {JobState.ASKED, JobState.BOOKING}:
                outcomes.refused(work, row, code, why)

    async def _unknown(self, database: Database, job_id: UUID, why: str) -> None:
        """Wait and look again; only a company of which nothing was ordered yet is given up. Raises RetryAt."""
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state not in {JobState.ASKED, JobState.BOOKING}:
                return
            if row.state == JobState.ASKED and row.lookups >= len(LOOKUP_WAITS_S):
                outcomes.refused(work, row, "no_answer", why)
                return
            due = _later(work, row)
        raise RetryAt(due, why)

    async def _absent(self, database: Database, job_id: UUID, code: str, why: str) -> None:
        """The books do not hold what was ordered: believed when they say so again and again. Raises RetryAt."""
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state != JobState.BOOKING:
                return
            row.absences += 1
            if row.absences >= SURE_AFTER:
                outcomes.refused(work, row, code, why)
                return
            due = _later(work, row)
        raise RetryAt(due, why)

    async def call_off(self, database: Database, message: CallOff, attempt: Attempt) -> None:
        """Call a courier off and go on until the company's books say that it is over.

        A courier who has the goods, or whom the company will not call off, keeps the delivery that still waits.
        """
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, message.job_id)
            if row.state not in OFF:
                return
            reference, why = row.reference, row.refusal
            provider = await queries.provider(work, row.provider_id)
        again = WallInstant(
            database.clock.wall_now() + timedelta(seconds=min(60.0, 0.5 * 2 ** min(attempt.number, 10)))
        )
        courier = self._connectors.couriers.get(provider.slug)
        if courier is None:
            raise RetryAt(again, f"no connector goes by {provider.slug}")
        try:
            found = await courier.find(reference)
        except (CourierRefused, CourierUnknown) as unknown:
            raise RetryAt(again, str(unknown)) from unknown
        goes_on = found is not None and too_late_to_call_off(found.state)
        if found is not None and found.state not in ENDS and not goes_on:
            try:
                found = await courier.cancel(found.job_id, why or "not needed any more")
            except CourierRefused:  # the goods are on board: only the books say how it ends
                goes_on = True
            except CourierUnknown as unknown:
                raise RetryAt(again, str(unknown)) from unknown
        if not await self._called_off(database, message.job_id, found, goes_on=goes_on):
            raise RetryAt(again, "no such job, yet" if found is None else f"still {found.state}")

    async def _called_off(
        self, database: Database, job_id: UUID, found: CourierJob | None, *, goes_on: bool
    ) -> bool:
        """Write what the books say of a job that is called off. Whether nothing is left to ask."""
        if goes_on and found is not None and await self._gone_on(database, job_id, found):
            return True
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state not in OFF:
                return True
            if found is None:
                row.absences += 1
                if row.absences < SURE_AFTER:
                    return False
                outcomes.never_was(work, row)
            elif found.state in ENDS:
                await outcomes.ended(work, row, found)
            else:
                return False
            return True

    async def _gone_on(self, database: Database, job_id: UUID, found: CourierJob) -> bool:
        """Leave the delivery to a courier who goes on with it. Whether it still waited, and nobody else may have it."""
        try:
            async with database.work(ACTOR) as work:
                row = await outcomes.locked(work, job_id)
                if row.state != JobState.CALLING_OFF:
                    return False
                await outcomes.booked(work, row, found)
        except AlreadyTaken:
            return False
        return True


def _later(work: Work, row: JobRow) -> WallInstant:
    """When to ask again; counts one more time without an answer that settles it."""
    wait = timedelta(seconds=lookup_wait_s(row.lookups))
    row.lookups += 1
    return WallInstant(work.wall() + wait)


async def _looked_up(asking: _Asking) -> CourierJob | None:
    """The job of our reference. A company that will not say has not said that there is none: CourierUnknown."""
    try:
        return await asking.courier.find(asking.request.reference)
    except CourierRefused as refusal:
        raise CourierUnknown(f"the look-up was refused: {refusal}") from refusal


def _stop(place: Place) -> Stop:
    return Stop(
        name=place.name,
        phone=place.phone,
        address=Address(
            line1=place.line1, line2=place.line2, city=place.city, state=place.state, postcode=place.postcode
        ),
        point=place.point,
        notes=place.instructions,
    )


async def _request(work: Work, secrets: Secrets, row: JobRow, delivery: Delivery) -> JobRequest:
    sealed = await deliveries.sealed_pin(work, delivery.id) if delivery.requirements.pin else None
    return JobRequest(
        reference=row.reference,
        pickup=_stop(delivery.pickup),
        dropoff=_stop(delivery.dropoff),
        ready_at=delivery.ready_at,
        deadline_at=delivery.due_at,
        tip=delivery.tip,
        items=delivery.items,
        requirements=delivery.requirements.names(),
        pin=secrets.unseal(sealed).decode() if sealed is not None else "",
    )
