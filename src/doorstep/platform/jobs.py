"""Work that follows a change: reactions to events and timed tasks, as rows of one table.

A row is written in the transaction of the change itself, so nothing is lost between the commit and the
queue. Rows are claimed with ``FOR UPDATE SKIP LOCKED`` by status, never by ``id > last`` (which loses rows
whose transaction commits later). Rows of one handler and one ``stream`` run in order of ``seq``; a dead
one holds back its successors until it is replayed. Done rows are deleted.

Two kinds of handler: *inside* ones only change rows and run in the very transaction that removes the job,
so they take effect exactly once; *outside* ones speak to the world, hold the row by a renewed wall-time
lease instead, run at least once and open units of work of their own.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy import Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible
from doorstep.platform.events import Event
from doorstep.units.time import MarketInstant, WallInstant

if TYPE_CHECKING:
    from doorstep.platform.db.work import Database, Work


class JobState(StrEnum):
    """Where a job stands. Done jobs have no row."""

    WAITING = "waiting"  # due now or later, or to be tried again
    RUNNING = "running"  # an outside job held by a lease
    DEAD = "dead"  # gave up after its last attempt; listed and replayable


class JobRow(Row):
    """One piece of work to do."""

    __tablename__ = "jobs"
    __visible__ = Visible(
        secured=False,
        why="the web role may only add jobs; it reads none",
        web="INSERT",
        extra=("GRANT SELECT (handler, key) ON jobs TO doorstep_web",),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    handler: Mapped[str]
    stream: Mapped[str | None]
    seq: Mapped[int | None]
    key: Mapped[str | None]  # at most one waiting or running job of a handler per key
    market_id: Mapped[UUID | None]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    due_market: Mapped[datetime | None]
    due_wall: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    lease: Mapped[UUID | None]
    leased_until_wall: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(server_default="")
    created_wall: Mapped[datetime]
    __table_args__ = (
        Index("uq_jobs_key", "handler", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
        Index("ix_jobs_due_wall", "due_wall", postgresql_where=text("state <> 'dead'")),
        Index("ix_jobs_due_market", "due_market", postgresql_where=text("state <> 'dead'")),
        Index("ix_jobs_stream", "handler", "stream", "seq", postgresql_where=text("stream IS NOT NULL")),
    )


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written with the change. Without a due instant it is due at once."""

    handler: str
    payload: bytes
    stream: str | None = None
    seq: int | None = None
    key: str | None = None
    market_id: UUID | None = None
    due_market: MarketInstant | None = None
    due_wall: WallInstant | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a handler is told about the run it is in."""

    number: int  # 1 for the first
    last: bool  # failing now makes the job dead


class RetryAt(Exception):
    """Raised by a handler to be run again at a wall instant of its own choosing, without counting as a failure."""

    def __init__(self, due_wall: WallInstant, why: str = "") -> None:
        """``why`` is kept as the job's last error."""
        super().__init__(why)
        self.due_wall = due_wall


InsideFn = Callable[["Work", Any], Awaitable[None]]
OutsideFn = Callable[["Database", Any, Attempt], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """One reaction: its unique ``name``, what it is told (``message``: a dataclass), and what it does.

    ``backoff`` gives the wait after n failures in a row; its length bounds them. ``RetryAt`` begins the row anew.
    ``together``: quick, and takes no lock that others hold while they wait for more, so that many of them may
    share one transaction; when one fails all are rolled back and run again, each alone.
    """

    name: str
    message: type
    inside: InsideFn | None = None
    outside: OutsideFn | None = None
    label: str = ""
    together: bool = False
    backoff: tuple[timedelta, ...] = tuple(
        timedelta(seconds=s) for s in (0.2, 1, 5, 15, 60, 300, 900, 3600, 3600, 3600)
    )

    def __post_init__(self) -> None:
        """Exactly one of the two kinds."""
        assert (self.inside is None) != (self.outside is None), self.name


@dataclass(slots=True)
class Handlers:
    """All reactions of a network: who listens to which event, and who does which timed task."""

    by_name: dict[str, Handler] = field(default_factory=dict)
    by_event: dict[str, list[str]] = field(default_factory=dict)

    def on(self, event: type[Event], handler: Handler) -> None:
        """Let ``handler`` react to every ``event``. Raises ValueError for a name used twice."""
        self.task(handler)
        self.by_event.setdefault(event.name, []).append(handler.name)

    def task(self, handler: Handler) -> None:
        """Know ``handler`` for jobs written by name. Raises ValueError for a name used twice."""
        if handler.name in self.by_name:
            raise ValueError(f"two handlers are called {handler.name}")
        self.by_name[handler.name] = handler


def encode(message: object) -> bytes:
    """The job's payload: JSON of a dataclass of plain values."""
    return msgspec.json.encode(message)


def decode(payload: bytes, message: type) -> Any:
    """The dataclass behind a payload. Raises msgspec.ValidationError when the shape has changed."""
    return msgspec.json.decode(payload, type=message)


def as_row(job: NewJob, wall: WallInstant) -> Mapping[str, Any]:
    """The columns of a new job."""
    return {
        "handler": job.handler,
        "payload": job.payload,
        "stream": job.stream,
        "seq": job.seq,
        "key": job.key,
        "market_id": job.market_id,
        "due_market": job.due_market,
        "due_wall": job.due_wall if job.due_wall or job.due_market else wall,
        "created_wall": wall,
    }
