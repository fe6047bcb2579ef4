"""Runs jobs: claims due rows, lets their handlers react, retries with backoff, buries the hopeless.

Any number of workers may run against one database. See ``platform.jobs`` for the promises.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text

from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database, Work
from doorstep.platform.jobs import Attempt, Handler, RetryAt, decode
from doorstep.platform.metrics import JOB_SECONDS, JOBS_DEAD

log = structlog.get_logger("worker")
LEASE = timedelta(seconds=6)
RENEW_S = 2.0

_DUE = """
    FROM jobs j
    WHERE j.handler = ANY(:handlers)
      AND (j.state = 'waiting' OR (j.state = 'running' AND j.leased_until_wall < :wall))
      AND (j.due_wall IS NULL OR j.due_wall <= :wall)
      AND (j.due_market IS NULL OR j.due_market <= :market)
      AND NOT EXISTS (SELECT 1 FROM jobs e WHERE j.stream IS NOT NULL AND e.handler = j.handler
                      AND e.stream = j.stream AND e.seq < j.seq)
    ORDER BY coalesce(j.due_wall, j.created_wall), j.id
"""
_CLAIM_INSIDE = text(
    f"SELECT j.id, j.handler, j.payload, j.attempts {_DUE} LIMIT 1 FOR UPDATE OF j SKIP LOCKED"
)
_CLAIM_OUTSIDE = text(f"""
    UPDATE jobs SET state = 'running', lease = :lease, leased_until_wall = :until, attempts = attempts + 1
    WHERE id IN (SELECT j.id {_DUE} LIMIT :most FOR UPDATE OF j SKIP LOCKED)
    RETURNING id, handler, payload, attempts
""")  # noqa: S608 (one constant in two statements)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in hand."""

    id: int
    handler: str
    payload: bytes
    attempts: int


class Worker:
    """Claims and runs jobs until stopped."""

    def __init__(
        self, database: Database, *, lanes: int = 4, outside_at_once: int = 32, poll_s: float = 0.05
    ) -> None:
        """``lanes`` inside jobs run side by side; ``outside_at_once`` bounds talks with the world."""
        self._database = database
        self._lanes = lanes
        self._most = outside_at_once
        self._poll_s = poll_s
        self._lease = uuid4()
        self._stopping = asyncio.Event()
        self._nudged = asyncio.Event()
        handlers = database.handlers.by_name
        self._inside = sorted(name for name, handler in handlers.items() if handler.inside)
        self._outside = sorted(name for name, handler in handlers.items() if handler.outside)
        self._running: dict[int, asyncio.Task[None]] = {}

    def stop(self) -> None:
        """Finish what is in hand, claim no more."""
        self._stopping.set()
        self._nudged.set()

    async def run(self) -> None:
        """Work until ``stop``; errors of the database are waited out."""
        tasks = [asyncio.create_task(self._inside_lane()) for _ in range(self._lanes)]
        tasks += [asyncio.create_task(self._outside_lane()), asyncio.create_task(self._renew())]
        await asyncio.gather(*tasks)

    async def drain(self, most: int = 10_000) -> int:
        """Run everything due now, one by one, and return how many ran. For tests and single-step use."""
        done = 0
        while done < most:
            ran = await self._run_one_inside()
            claimed = await self._claim_outside(1)
            for job in claimed:
                await self._run_outside(job)
            if not ran and not claimed:
                return done
            done += ran + len(claimed)
        return done

    def nudge(self) -> None:
        """There may be work: look at once (the bus says so), not at the next poll."""
        self._nudged.set()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nudged.wait(), self._poll_s)
        if not self._stopping.is_set():
            self._nudged.clear()

    async def _inside_lane(self) -> None:
        while not self._stopping.is_set():
            try:
                if not await self._run_one_inside():
                    await self._pause()
            except Exception as error:
                log.warning("worker_waits_for_database", error=repr(error))
                await asyncio.sleep(0.3)

    async def _run_one_inside(self) -> bool:
        """Claim and run one inside job. Whether there was one."""
        failed: tuple[Claimed, Exception] | None = None
        try:
            async with self._database.work(system("worker")) as work:
                job = await self._claim_inside(work)
                if job is None:
                    return False
                handler = self._database.handlers.by_name[job.handler]
                assert handler.inside is not None
                work.actor = system(handler.label or handler.name)
                try:
                    with JOB_SECONDS.labels(job.handler).time():
                        await handler.inside(work, decode(job.payload, handler.message))
                        await work.flush()
                except Exception as error:
                    failed = (job, error)
                    raise
                await work.session.execute(text("DELETE FROM jobs WHERE id = :id"), {"id": job.id})
        except Exception:
            if failed is None:
                raise
        if failed is not None:
            await self._failed(failed[0].id, failed[0].attempts + 1, failed[0].handler, failed[1])
        return True

    async def _claim_inside(self, work: Work) -> Claimed | None:
        row = (
            await work.session.execute(
                _CLAIM_INSIDE, {"handlers": self._inside, "wall": work.wall(), "market": work.now()}
            )
        ).one_or_none()
        return None if row is None else Claimed(row.id, row.handler, row.payload, row.attempts)

    async def _claim_outside(self, most: int) -> Sequence[Claimed]:
        if not self._outside or most <= 0:
            return []
        async with self._database.work(system("worker")) as work:
            rows = await work.session.execute(
                _CLAIM_OUTSIDE,
                {
                    "handlers": self._outside,
                    "wall": work.wall(),
                    "market": work.now(),
                    "lease": self._lease,
                    "until": work.wall() + LEASE,
                    "most": most,
                },
            )
            return [Claimed(row.id, row.handler, row.payload, row.attempts) for row in rows]

    async def _outside_lane(self) -> None:
        while not self._stopping.is_set():
            try:
                claimed = await self._claim_outside(self._most - len(self._running))
            except Exception as error:
                log.warning("worker_waits_for_database", error=repr(error))
                await asyncio.sleep(0.3)
                continue
            for job in claimed:
                task = asyncio.create_task(self._run_outside(job))
                self._running[job.id] = task
                task.add_done_callback(partial(self._forget, job.id))
            if not claimed:
                await self._pause()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=30)

    def _forget(self, job_id: int, _task: asyncio.Task[None]) -> None:
        self._running.pop(job_id, None)

    async def _run_outside(self, job: Claimed) -> None:
        handler = self._database.handlers.by_name[job.handler]
        assert handler.outside is not None
        attempt = Attempt(job.attempts, last=job.attempts > len(handler.backoff))
        try:
            with JOB_SECONDS.labels(job.handler).time():
                await handler.outside(self._database, decode(job.payload, handler.message), attempt)
            async with self._database.work(system("worker")) as work:
                await work.session.execute(
                    text("DELETE FROM jobs WHERE id = :id AND lease = :lease"),
                    {"id": job.id, "lease": self._lease},
                )
        except Exception as error:
            with contextlib.suppress(Exception):
                await self._failed(job.id, job.attempts, job.handler, error)

    async def _failed(self, job_id: int, attempts: int, name: str, error: Exception) -> None:
        """Plan the next attempt, or bury the job after its last."""
        handler: Handler = self._database.handlers.by_name[name]
        async with self._database.work(system("worker")) as work:
            wall = work.wall()
            if isinstance(error, RetryAt):
                state, due = "waiting", error.due_wall
            elif attempts > len(handler.backoff):
                state, due = "dead", wall
                JOBS_DEAD.labels(name).inc()
                log.error("job_dead", handler=name, job=job_id, error=repr(error))
            else:
                state, due = "waiting", wall + handler.backoff[attempts - 1]
                log.warning("job_failed", handler=name, job=job_id, attempt=attempts, error=repr(error))
            await work.session.execute(
                text(
                    "UPDATE jobs SET state = :state, due_wall = :due, attempts = :attempts, last_error = :error,"
                    " lease = NULL, leased_until_wall = NULL WHERE id = :id"
                ),
                {
                    "state": state,
                    "due": due,
                    "attempts": attempts,
                    "id": job_id,
                    "error": "".join(traceback.format_exception_only(error))[:2000],
                },
            )

    async def _renew(self) -> None:
        while not self._stopping.is_set() or self._running:
            await asyncio.sleep(RENEW_S if not self._stopping.is_set() else 0.1)
            if not self._running:
                continue
            with contextlib.suppress(Exception):
                async with self._database.work(system("worker")) as work:
                    await work.session.execute(
                        text(
                            "UPDATE jobs SET leased_until_wall = :until WHERE lease = :lease AND id = ANY(:ids)"
                        ),
                        {"until": work.wall() + LEASE, "lease": self._lease, "ids": list(self._running)},
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
            "UPDATE jobs SET state = 'waiting', attempts = 0, due_wall = :wall"
            " WHERE state = 'dead' AND (:id::bigint IS NULL OR id = :id)".replace(
                ":id::bigint", "CAST(:id AS bigint)"
            )
        ),
        {"id": job_id, "wall": work.wall()},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def instance_id() -> UUID:
    """A name for this process among owners of leases."""
    return uuid4()
