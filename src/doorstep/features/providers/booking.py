"""Ordering a courier and calling one off: talks with companies, each answer written in a transaction of its own.

An order whose answer did not come is looked up under our own reference before anything else is tried. A
reference is unique at the company, so an order that is sent again after a clear "no such job" cannot make two.
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
from doorstep.features.providers.rules import ENDS, LOOKUP_WAITS_S, Deal, JobState, TooDear, price
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.jobs import Attempt, RetryAt
from doorstep.platform.secrets import Secrets
from doorstep.units.money import Money
from doorstep.units.time import WallInstant

ACTOR = system("providers")
_SURE_AFTER = 3
"""How often a company must not know a job before we believe that no order is on its way any more."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """What one round of booking works with."""

    courier: Courier
    deal: Deal
    leg_m: int
    request: JobRequest
    ordered: bool  # an order may have reached the company before


class Booking:
    """The two talks; one per process."""

    def __init__(self, connectors: Connectors) -> None:
        """Couriers are found by the provider's slug at the time of each talk."""
        self._connectors = connectors

    async def book(self, database: Database, message: Book, attempt: Attempt) -> None:  # noqa: ARG002 (counted on the row)
        """Find out what the company makes of a job, to its end: booked, refused, or not needed any more."""
        asking = await self._begin(database, message.job_id)
        if asking is None:
            return
        try:
            if asking.ordered:
                found = await _looked_up(asking)
                if found is not None:
                    await self._answered(database, message.job_id, found)
                    return
            quote = await asking.courier.quote(asking.request)
            fee = price(asking.deal, asking.leg_m, quote)
            if not await self._order(database, message.job_id, quote.quote_id, fee):
                return
            job = await asking.courier.book(asking.request, quote.quote_id)
        except (CourierRefused, TooDear) as refusal:
            code = refusal.code if isinstance(refusal, CourierRefused) else "too_dear"
            await self._refused(database, message.job_id, code, str(refusal))
        except CourierUnknown as unknown:
            await self._unknown(database, message.job_id, str(unknown))
        else:
            await self._answered(database, message.job_id, job)

    async def _begin(self, database: Database, job_id: UUID) -> _Asking | None:
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
                if row.state == JobState.BOOKING:
                    outcomes.given_up(work, row)
                else:
                    outcomes.refused(work, row, "not_connected", f"no connector goes by {provider.slug}")
                return None
            return _Asking(
                courier=courier,
                deal=await queries.deal(work, row.deal_id),
                leg_m=delivery.leg_m,
                request=await _request(work, self._connectors.secrets, row, delivery),
                ordered=row.state == JobState.BOOKING,
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
            row.state = JobState.BOOKING
            row.quote_id, row.fee_minor, row.currency = quote_id, fee.minor, fee.currency
            return True

    async def _answered(self, database: Database, job_id: UUID, job: CourierJob) -> None:
        """The company has a job of our reference: take it, or call it off when it is not needed any more."""
        if job.state in ENDS:
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
        """Wait and look again, or give up. Raises RetryAt after the commit."""
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state not in {JobState.ASKED, JobState.BOOKING}:
                return
            if row.lookups >= len(LOOKUP_WAITS_S):
                if row.state == JobState.BOOKING:
                    outcomes.given_up(work, row)
                else:
                    outcomes.refused(work, row, "no_answer", why)
                return
            wait = timedelta(seconds=LOOKUP_WAITS_S[row.lookups])
            row.lookups += 1
            due = WallInstant(work.wall() + wait)
        raise RetryAt(due, why)

    async def call_off(self, database: Database, message: CallOff, attempt: Attempt) -> None:
        """Call a courier off and go on until the company's books say that it is over."""
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, message.job_id)
            if row.state != JobState.CALLING_OFF:
                return
            reference, why, was_booked = row.reference, row.refusal, row.booked_at is not None
            provider = await queries.provider(work, row.provider_id)
        courier = self._connectors.couriers.get(provider.slug)
        pause = timedelta(seconds=min(60.0, 0.5 * 2 ** min(attempt.number, 10)))
        if courier is None:
            raise RetryAt(
                WallInstant(database.clock.wall_now() + pause), f"no connector goes by {provider.slug}"
            )
        try:
            found = await courier.find(reference)
            if found is not None and found.state not in ENDS:
                found = await courier.cancel(found.job_id, why or "not needed any more")
        except CourierRefused as refusal:  # the goods are on board: follow it to its end
            raise RetryAt(
                WallInstant(database.clock.wall_now() + timedelta(seconds=15)), str(refusal)
            ) from refusal
        except CourierUnknown as unknown:
            raise RetryAt(WallInstant(database.clock.wall_now() + pause), str(unknown)) from unknown
        if found is None and not was_booked and attempt.number < _SURE_AFTER:
            raise RetryAt(WallInstant(database.clock.wall_now() + pause), "no such job, yet")
        if found is not None and found.state not in ENDS:
            raise RetryAt(WallInstant(database.clock.wall_now() + pause), f"still {found.state}")
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, message.job_id)
            if row.state != JobState.CALLING_OFF:
                return
            if found is None:
                outcomes.never_was(work, row)
            else:
                await outcomes.ended(work, row, found)


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
