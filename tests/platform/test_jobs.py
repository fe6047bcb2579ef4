"""Jobs: written with the change, run in order, once where rows are concerned, buried when hopeless."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.conftest import Server
from tests.factories.network import START

from doorstep.platform.auth.actors import SYSTEM
from doorstep.platform.clock import ManualClock, epoch_ms
from doorstep.platform.db.work import Database, Role, Work
from doorstep.platform.events import Event
from doorstep.platform.jobs import Attempt, Handler, Handlers, RetryAt
from doorstep.platform.worker import Worker, dead_letters, replay_dead
from doorstep.units.ids import IdSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Event):
    """A bell rang."""

    name = "bell.rang"
    number: int


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to do later."""

    what: str


@dataclass(slots=True)
class Bench:
    """A database with handlers that note what they did."""

    database: Database
    clock: ManualClock
    worker: Worker
    heard: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    moody: int = 0


@pytest.fixture
async def bench(server: Server, database_name: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    clock = ManualClock(START)
    handlers = Handlers()
    url = server.url(database_name, "doorstep_system")
    database = Database(url, Role.SYSTEM, clock, IdSource(epoch_ms, Random(1)), handlers)
    made = Bench(database, clock, None)  # type: ignore[arg-type]

    async def listen(work: Work, event: Rang) -> None:
        if made.moody:
            made.moody -= 1
            raise RuntimeError("not now")
        made.heard.append(event.number)
        await work.session.execute(text("SELECT 1"))

    async def run_errand(_database: Database, errand: Errand, attempt: Attempt) -> None:
        if errand.what == "later" and attempt.number == 1:
            raise RetryAt(clock.wall_now() + timedelta(hours=2), "come back")
        if errand.what == "patient" and attempt.number <= 5:
            raise RetryAt(clock.wall_now() + timedelta(seconds=5), "no answer yet")
        if errand.what == "long":
            await asyncio.sleep(600)
        if errand.what == "never" or (errand.what == "patient" and attempt.number == 6):
            raise RuntimeError("nobody there")
        made.done.append(errand.what)

    quick = tuple(timedelta(seconds=s) for s in (1, 2))
    handlers.on(Rang, Handler("test.listen", Rang, inside=listen, backoff=quick))
    handlers.task(Handler("test.errand", Errand, outside=run_errand, backoff=quick))
    made.worker = Worker(database, poll_s=0.01)
    yield made
    await database.close()


async def _ring(bench: Bench, *numbers: int, stream: str = "bell:1") -> None:
    for number in numbers:
        async with bench.database.work(SYSTEM) as work:
            work.emit(Rang(number=number), stream=stream, seq=number)


async def test_events_of_one_stream_are_heard_in_order(bench: Bench) -> None:
    await _ring(bench, 1, 2, 3)
    await bench.worker.drain()
    assert bench.heard == [1, 2, 3]


async def test_a_failing_one_holds_back_its_successors_but_no_other_stream(bench: Bench) -> None:
    bench.moody = 1
    await _ring(bench, 1, 2)
    await bench.worker.drain()
    assert bench.heard == []
    await _ring(bench, 9, stream="bell:2")
    await bench.worker.drain()
    assert bench.heard == [9]
    bench.clock.advance(1)
    await bench.worker.drain()
    assert bench.heard == [9, 1, 2]


async def test_what_is_rolled_back_never_happened(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):  # noqa: PT012 (the whole block is rolled back)
        async with bench.database.work(SYSTEM) as work:
            work.emit(Rang(number=1), stream="bell:1", seq=1)
            await work.flush()
            raise RuntimeError("changed my mind")
    await bench.worker.drain()
    assert bench.heard == []


async def test_rows_that_commit_late_are_not_lost(bench: Bench) -> None:
    """The trap of `id > last`: the first id commits after the second one was already read."""
    slow, quick = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with bench.database.work(SYSTEM) as work:
            work.emit(Rang(number=1), stream="bell:1", seq=1)
            await work.flush()
            quick.set()
            await slow.wait()

    late = asyncio.create_task(first())
    await quick.wait()
    await _ring(bench, 5, stream="bell:2")
    await bench.worker.drain()
    assert bench.heard == [5]
    slow.set()
    await late
    await bench.worker.drain()
    assert bench.heard == [5, 1]


async def test_after_its_last_attempt_a_job_is_dead_listed_and_replayable(bench: Bench) -> None:
    async with bench.database.work(SYSTEM) as work:
        work.schedule("test.errand", Errand("never"))
    for _ in range(4):
        await bench.worker.drain()
        bench.clock.advance(5)
    async with bench.database.work(SYSTEM) as work:
        (letter,) = await dead_letters(work)
    assert letter["handler"] == "test.errand"
    assert letter["attempts"] == 3
    assert "nobody there" in str(letter["last_error"])
    async with bench.database.work(SYSTEM) as work:
        await work.session.execute(text("UPDATE jobs SET payload = :p"), {"p": b'{"what": "now"}'})
        assert await replay_dead(work) == 1
    await bench.worker.drain()
    assert bench.done == ["now"]


async def test_a_timer_waits_for_market_time_and_a_key_is_written_once(bench: Bench) -> None:
    for _ in range(3):
        async with bench.database.work(SYSTEM) as work:
            due = work.now() + timedelta(minutes=10)
            work.schedule("test.errand", Errand("tea"), due_market=due, key="tea")
    await bench.worker.drain()
    assert bench.done == []
    bench.clock.advance(601)
    await bench.worker.drain()
    assert bench.done == ["tea"]


async def test_a_handler_may_choose_when_to_come_back(bench: Bench) -> None:
    async with bench.database.work(SYSTEM) as work:
        work.schedule("test.errand", Errand("later"))
    await bench.worker.drain()
    bench.clock.advance(3600)
    await bench.worker.drain()
    assert bench.done == []
    bench.clock.advance(3601)
    await bench.worker.drain()
    assert bench.done == ["later"]


async def test_coming_back_by_choice_uses_up_no_attempt(bench: Bench) -> None:
    """A courier company is silent for hours; then one failure must not be the last."""
    async with bench.database.work(SYSTEM) as work:
        work.schedule("test.errand", Errand("patient"))
    for _ in range(7):
        await bench.worker.drain()
        bench.clock.advance(6)
    async with bench.database.work(SYSTEM) as work:
        assert await dead_letters(work) == []
    assert bench.done == ["patient"]


async def test_an_outside_job_of_a_killed_worker_is_taken_over_when_its_lease_ends(bench: Bench) -> None:
    async with bench.database.work(SYSTEM) as work:
        work.schedule("test.errand", Errand("orphan"))
    async with bench.database.work(SYSTEM) as work:
        await work.session.execute(
            text(
                "UPDATE jobs SET state = 'running', attempts = 1, lease = gen_random_uuid(), leased_until_wall = :until"
            ),
            {"until": work.wall() + timedelta(seconds=6)},
        )
    await bench.worker.drain()
    assert bench.done == []
    bench.clock.advance(7)
    await bench.worker.drain()
    assert bench.done == ["orphan"]


async def test_whoever_takes_a_fallen_workers_place_need_not_wait_for_its_lease(bench: Bench) -> None:
    fallen, other = uuid4(), uuid4()
    for what, holder in (("orphan", fallen), ("in good hands", other)):
        async with bench.database.work(SYSTEM) as work:
            work.schedule("test.errand", Errand(what))
            await work.flush()
            await work.session.execute(
                text(
                    "UPDATE jobs SET state = 'running', attempts = 1, lease = :holder, leased_until_wall = :until"
                    " WHERE lease IS NULL"
                ),
                {"holder": holder, "until": work.wall() + timedelta(seconds=6)},
            )
    successor = Worker(bench.database, poll_s=0.01, fallen=fallen)
    running = asyncio.create_task(successor.run())
    async with asyncio.timeout(60):
        while not bench.done:  # noqa: ASYNC110 (others' state)
            await asyncio.sleep(0.01)
    successor.stop()
    await running
    assert bench.done == ["orphan"]


async def test_a_talk_that_does_not_end_holds_nobody_up(bench: Bench) -> None:
    async with bench.database.work(SYSTEM) as work:
        work.schedule("test.errand", Errand("long"))
    worker = Worker(bench.database, poll_s=0.01, finish_s=0.2)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while await _held(bench) == 0:  # noqa: ASYNC110 (others' state)
            await asyncio.sleep(0.01)
        worker.stop()
        await running
    assert await _held(bench) == 1, "its lease runs out by itself"


async def _held(bench: Bench) -> int:
    async with bench.database.work(SYSTEM) as work:
        rows = await work.session.execute(text("SELECT count(*) FROM jobs WHERE state = 'running'"))
        return int(rows.scalar_one())


async def test_four_workers_run_three_hundred_jobs_once_each(bench: Bench) -> None:
    for number in range(1, 301):
        async with bench.database.work(SYSTEM) as work:
            work.emit(Rang(number=number), stream=f"bell:{number % 7}", seq=number)
    workers = [Worker(bench.database, lanes=2, poll_s=0.01) for _ in range(4)]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    async with asyncio.timeout(60):
        while len(bench.heard) < 300:  # noqa: ASYNC110 (workers tell nobody)
            await asyncio.sleep(0.02)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    assert sorted(bench.heard) == list(range(1, 301))
    for lane in range(7):
        own = [n for n in bench.heard if n % 7 == lane]
        assert own == sorted(own)
