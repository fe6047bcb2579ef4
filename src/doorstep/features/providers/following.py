"""Following a job: whatever the occasion, the company's own books are read, and only they are believed."""

from datetime import timedelta
from uuid import UUID

from doorstep.connectors.couriers.protocol import CourierJob, CourierRefused, CourierUnknown
from doorstep.connectors.couriers.protocol import JobState as Told
from doorstep.connectors.outside import Connectors
from doorstep.features.providers import outcomes, queries
from doorstep.features.providers.booking import ACTOR
from doorstep.features.providers.messages import Poll, Refresh
from doorstep.features.providers.rules import JobState
from doorstep.platform.db.work import Database
from doorstep.platform.jobs import Attempt, RetryAt
from doorstep.units.money import Money
from doorstep.units.time import WallInstant

_REFRESH_TRIES = 4
_FORGOTTEN_AFTER = 3
"""Polls in a row that find no such job before it counts as lost."""


class Following:
    """Reads companies' books; one per process."""

    def __init__(self, connectors: Connectors) -> None:
        """Couriers are found by the provider's slug at the time of each look."""
        self._connectors = connectors

    async def refresh(self, database: Database, message: Refresh, attempt: Attempt) -> None:
        """A webhook said that something happened: look. Given up after a few tries, the next poll looks again."""
        if not await self._look(database, message.job_id) and attempt.number < _REFRESH_TRIES:
            raise RetryAt(
                WallInstant(database.clock.wall_now() + timedelta(seconds=attempt.number)), "no answer"
            )

    async def poll(self, database: Database, message: Poll, attempt: Attempt) -> None:  # noqa: ARG002 (comes again anyway)
        """Look, and come again as long as the job is under way."""
        await self._look(database, message.job_id)
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, message.job_id)
            if row.state == JobState.BOOKED and row.polls == message.number:
                outcomes.next_poll(work, row)

    async def _look(self, database: Database, job_id: UUID) -> bool:
        """Read the books once and write what they say. Whether they could be read, or need not be."""
        async with database.work(ACTOR) as work:
            job = await queries.job(work, job_id)
            provider = await queries.provider(work, job.provider_id)
        if job.state is not JobState.BOOKED:
            return True
        courier = self._connectors.couriers.get(provider.slug)
        if courier is None:
            return False
        try:
            told = await courier.find(job.reference)
        except (CourierUnknown, CourierRefused):
            return False
        photo = None
        if told is not None and told.state is Told.DELIVERED and told.proof_url:
            photo = await courier.proof(told.proof_url)
        async with database.work(ACTOR) as work:
            row = await outcomes.locked(work, job_id)
            if row.state != JobState.BOOKED:
                return True
            if told is None:
                row.lookups += 1
                if row.lookups < _FORGOTTEN_AFTER:
                    return False
                told = CourierJob(
                    job_id=row.external_id,
                    reference=row.reference,
                    state=Told.LOST,
                    fee=Money(0, row.currency),
                    cancel_reason="the company knows nothing of it any more",
                )
            await outcomes.looked(
                work, row, told, photo=photo, blobs=self._connectors.blobs, secrets=self._connectors.secrets
            )
        return True
