"""Runs jobs: claims due rows, lets their handlers react, retries with backoff, buries the hopeless.

Any number of workers may run against one database. See ``platform.jobs`` for the promises.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import batched
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text

from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.jobs import Attempt, Handler, RetryAt, decode
from doorstep.platform.metrics import JOB_SECONDS, JOBS_DEAD
from doorstep.platform.tracing import span

log = structlog.get_logger("worker")
LEASE = timedelta(seconds=6)
RENEW_S = 2.0
BREATH_S = 0.01
"""Between two looks for due jobs: what is told meanwhile is found together."""
TOGETHER = 20
"""So many jobs that may share a transaction do."""
FINISH_S = 10.0
"""What is in hand when a worker is asked to stop may take so long: less than the launcher waits for it."""
_AHEAD = 64

_IS_DUE = """
    j.handler = ANY(:handlers)
      AND (j.state = 'waiting' OR (j.state = 'running' AND j.leased_until_wall < :wall))
      AND (j.due_wall IS NULL OR j.due_wall <= :wall)
      AND (j.due_market IS NULL OR j.due_market <= :market)
      AND NOT EXISTS (SELECT 1 FROM jobs e WHERE j.stream IS NOT NULL AND e.handler = j.handler
                      AND e.stream = j.stream AND e.seq < j.seq)
"""
_FIND = text(f"""
    SELECT j.id, j.handler FROM jobs j WHERE {_IS_DUE} AND j.id <> ALL(:in_hand)
    ORDER BY coalesce(j.due_wall, j.created_wall), j.id LIMIT :most
""")  # noqa: S608 (one constant in three statements)
_TAKE_INSIDE = text(f"""
    SELECT j.id, j.handler, j.payload, j.attempts, j.failures FROM jobs j WHERE j.id = ANY(:ids) AND {_IS_DUE}
    ORDER BY j.id FOR UPDATE OF j SKIP LOCKED
""")  # noqa: S608 (the same constant)
_TAKE_OUTSIDE = text(f"""
    UPDATE jobs SET state = 'running', lease = :lease, leased_until_wall = :until,
        attempts = attempts + 1, failures = failures + 1
    WHERE id IN (SELECT j.id FROM jobs j WHERE j.id = ANY(:ids) AND {_IS_DUE} FOR UPDATE OF j SKIP LOCKED)
    RETURNING id, handler, payload, attempts, failures
""")  # noqa: S608 (the same constant)
_SAID = text("DELETE FROM jobs WHERE id = :id AND lease = :lease")
_RENEW = text("UPDATE jobs SET leased_until_wall = :until WHERE lease = :lease AND id = ANY(:ids)")
_RELEASE = text("UPDATE jobs SET leased_until_wall = :past WHERE state = 'running' AND lease = :lease")
_DONE = text("DELETE FROM jobs WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in hand."""

    id: int
    handler: str
    payload: bytes
    attempts: int  # this one included
    failures: int  # in a row; a run under way is one until it ends, for it may never


class _Failed(Exception):
    """A handler raised; its transaction is given up."""

    def __init__(self, job: Claimed, error: Exception) -> None:
        """``job`` raised ``error``."""
        super().__init__(repr(error))
        self.job = job
        self.error = error


class Worker:
    """Looks for due jobs and runs them until stopped.

    One look finds work for all: it costs the database one statement, whatever the number of lanes. What is
    found is then taken under lock, so that of many workers one has it.
    """

    def __init__(
        self,
        database: Database,
        *,
        lanes: int = 4,
        outside_at_once: int = 32,
        poll_s: float = 0.05,
        finish_s: float = FINISH_S,
        instance: UUID | None = None,
        fallen: UUID | None = None,
    ) -> None:
        """``lanes`` transactions of inside jobs run side by side; ``outside_at_once`` bounds talks with the world.

        Once stopped, what is in hand has ``finish_s`` to end; a talk that lasts longer is broken off, and another worker
        begins it again when its lease has run out.

        ``instance`` is the name under which talks are held, ``fallen`` that of a worker known to be dead, whose
        talks are begun again at once instead of when their lease runs out.
        """
        self._database = database
        self._lanes = asyncio.Semaphore(lanes)
        self._most_outside = outside_at_once
        self._poll_s, self._finish_s = poll_s, finish_s
        self._lease = instance or uuid4()
        self._fallen = fallen
        self._stopping = asyncio.Event()
        self._nudged = asyncio.Event()
        self._inside = sorted(name for name, one in database.handlers.by_name.items() if one.inside)
        self._outside = sorted(name for name, one in database.handlers.by_name.items() if one.outside)
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._talking: set[int] = set()

    def stop(self) -> None:
        """Finish what is in hand, claim no more."""
        self._stopping.set()
        self._nudged.set()

    def nudge(self) -> None:
        """There may be work: look at once (the bus says so), not at the next poll."""
        self._nudged.set()

    async def run(self) -> None:
        """Work until ``stop``; errors of the database are waited out."""
        renewing = asyncio.create_task(self._renew())
        await self._succeed()
        while not self._stopping.is_set():
            self._nudged.clear()
            try:
                found = await self._hand_out()
            except Exception as error:
                log.warning("worker_waits_for_database", error=repr(error))
                await asyncio.sleep(0.3)
                continue
            await (asyncio.sleep(BREATH_S) if found else self._pause())
        if self._in_hand:
            _, left = await asyncio.wait(self._in_hand.values(), timeout=self._finish_s)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await renewing

    async def _succeed(self) -> None:
        if self._fallen is not None:
            with contextlib.suppress(Exception):  # they run out by themselves
                async with self._database.glance() as connection:
                    past = self._database.clock.wall_now() - timedelta(seconds=1)
                    await connection.execute(_RELEASE, {"lease": self._fallen, "past": past})

    async def drain(self, most: int = 10_000) -> int:
        """Run everything due now, one by one, and return how many ran. For tests and single-step use."""
        done = 0
        while done < most:
            inside = [job_id for job_id, _ in await self._find(self._inside, 1)]
            if inside:
                await self._run_inside(inside)
            outside = await self._take_outside([job_id for job_id, _ in await self._find(self._outside, 1)])
            for job in outside:
                await self._run_outside(job)
            if not inside and not outside:
                return done
            done += len(inside) + len(outside)
        return done

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nudged.wait(), self._poll_s)

    async def _find(self, handlers: Sequence[str], most: int) -> list[tuple[int, str]]:
        """Due jobs that are not in hand, by id and handler, those due first in front. Takes no lock."""
        async with self._database.glance() as connection:
            rows = await connection.execute(
                _FIND, {**self._now(), "handlers": handlers, "in_hand": list(self._in_hand), "most": most}
            )
            return [(row.id, row.handler) for row in rows]

    def _now(self) -> dict[str, object]:
        return {"wall": self._database.clock.wall_now(), "market": self._database.clock.market_now()}

    async def _hand_out(self) -> int:
        """Look once and begin what was found; how many."""
        room = max(0, _AHEAD - len(self._in_hand))
        handlers = self._inside + (self._outside if len(self._talking) < self._most_outside else [])
        found = await self._find(handlers, room) if room else []
        known = self._database.handlers.by_name
        talks = [job_id for job_id, name in found if known[name].outside]
        alone = [job_id for job_id, name in found if known[name].inside and not known[name].together]
        shared = [job_id for job_id, name in found if known[name].inside and known[name].together]
        groups = batched(shared, TOGETHER)
        for ids in [*groups, *((job_id,) for job_id in alone)]:
            self._begin(ids, self._in_a_lane(ids))
        if talks := talks[: self._most_outside - len(self._talking)]:
            for job in await self._take_outside(talks):
                self._talking.add(job.id)
                self._begin((job.id,), self._run_outside(job))
        return len(found)

    def _begin(self, ids: Sequence[int], act: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(act)
        for job_id in ids:
            self._in_hand[job_id] = task
        task.add_done_callback(partial(self._over, ids))

    def _over(self, ids: Sequence[int], _task: asyncio.Task[None]) -> None:
        for job_id in ids:
            self._in_hand.pop(job_id, None)
            self._talking.discard(job_id)
        self._nudged.set()  # a successor in the stream may be due now

    async def _in_a_lane(self, ids: Sequence[int]) -> None:
        async with self._lanes:
            try:
                await self._run_inside(ids)
            except Exception as error:
                log.warning("worker_waits_for_database", error=repr(error))
                await asyncio.sleep(0.3)

    async def _run_inside(self, ids: Sequence[int]) -> None:
        """Take these jobs and run them in one transaction; when one fails, each in its own."""
        try:
            await self._in_one_transaction(ids)
        except Exception as failure:
            if len(ids) > 1:
                for job_id in ids:
                    await self._run_inside([job_id])
            elif isinstance(failure, _Failed):
                job = failure.job
                await self._failed(job, failure.error)
            else:
                raise

    async def _in_one_transaction(self, ids: Sequence[int]) -> None:
        async with self._database.work(system("worker")) as work:
            rows = await work.session.execute(
                _TAKE_INSIDE, {**self._now(), "handlers": self._inside, "ids": list(ids)}
            )
            taken = [
                Claimed(row.id, row.handler, row.payload, row.attempts + 1, row.failures + 1) for row in rows
            ]
            for job in taken:
                handler = self._database.handlers.by_name[job.handler]
                assert handler.inside is not None
                work.actor = system(handler.label or handler.name)
                try:
                    with JOB_SECONDS.labels(job.handler).time(), span("job", handler=job.handler):
                        await handler.inside(work, decode(job.payload, handler.message))
                        await work.flush()
                except Exception as error:
                    raise _Failed(job, error) from error
            if taken:
                await work.session.execute(_DONE, {"ids": [job.id for job in taken]})

    async def _take_outside(self, ids: Sequence[int]) -> Sequence[Claimed]:
        if not ids:
            return []
        until = self._database.clock.wall_now() + LEASE
        asked = {"handlers": self._outside, "ids": list(ids), "lease": self._lease, "until": until}
        async with self._database.glance() as connection:
            rows = await connection.execute(_TAKE_OUTSIDE, {**self._now(), **asked})
            return [Claimed(*row) for row in rows]

    async def _run_outside(self, job: Claimed) -> None:
        handler = self._database.handlers.by_name[job.handler]
        assert handler.outside is not None
        attempt = Attempt(job.attempts, last=job.failures > len(handler.backoff))
        try:
            with JOB_SECONDS.labels(job.handler).time(), span("job", handler=job.handler):
                await handler.outside(self._database, decode(job.payload, handler.message), attempt)
            async with self._database.glance() as connection:
                await connection.execute(_SAID, {"id": job.id, "lease": self._lease})
        except Exception as error:
            with contextlib.suppress(Exception):
                await self._failed(job, error)

    async def _failed(self, job: Claimed, error: Exception) -> None:
        """Plan the next attempt, or bury the job after its last; one that asks for another time has not failed."""
        handler: Handler = self._database.handlers.by_name[job.handler]
        failures = 0 if isinstance(error, RetryAt) else job.failures
        async with self._database.work(system("worker")) as work:
            wall = work.wall()
            if isinstance(error, RetryAt):
                state, due = "waiting", error.due_wall
            elif failures > len(handler.backoff):
                state, due = "dead", wall
                JOBS_DEAD.labels(job.handler).inc()
                log.error("job_dead", handler=job.handler, job=job.id, error=repr(error))
            else:
                state, due = "waiting", wall + handler.backoff[failures - 1]
                log.warning(
                    "job_failed", handler=job.handler, job=job.id, attempt=job.attempts, error=repr(error)
                )
            await work.session.execute(
                text(
                    "UPDATE jobs SET state = :state, due_wall = :due, attempts = :attempts,"
                    " failures = :failures, last_error = :error, lease = NULL, leased_until_wall = NULL"
                    " WHERE id = :id"
                ),
                {
                    "state": state,
                    "due": due,
                    "attempts": job.attempts,
                    "failures": failures,
                    "id": job.id,
                    "error": "".join(traceback.format_exception_only(error))[:2000],
                },
            )

    async def _renew(self) -> None:
        while not self._stopping.is_set() or self._talking:
            await asyncio.sleep(RENEW_S if not self._stopping.is_set() else 0.1)
            if not self._talking:
                continue
            with contextlib.suppress(Exception):
                until = self._database.clock.wall_now() + LEASE
                async with self._database.glance() as connection:
                    await connection.execute(
                        _RENEW, {"until": until, "lease": self._lease, "ids": list(self._talking)}
                    )


async def dead_letters(work: Work) -> list[dict[str, object]]:
    """Jobs that gave up, oldest first: id, handler, stream, attempts, last_error, created_wall."""
    rows = await work.session.execute(
        text(
            "SELECT id, handler, stream, seq, attempts, last_error, created_wall FROM jobs"
            " WHERE state = 'dead' ORDER BY id LIMIT 1000"
        )
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 (SQLAlchemy's public name)


async def replay_dead(work: Work, job_id: int | None = None) -> int:
    """Let one dead job (or all) try again from its first attempt; returns how many."""
    done = await work.session.execute(
        text(
            "UPDATE jobs SET state = 'waiting', attempts = 0, failures = 0, due_wall = :wall"
            " WHERE state = 'dead' AND (:id::bigint IS NULL OR id = :id)".replace(
                ":id::bigint", "CAST(:id AS bigint)"
            )
        ),
        {"id": job_id, "wall": work.wall()},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
