"""Tells the customer what happens: signed webhooks by the Standard Webhooks spec, and every way to get them wrong."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import structlog
from standardwebhooks import Webhook

from doorstep.connectors.couriers.protocol import JobState
from doorstep.connectors.couriers.twin.memory import Memory
from doorstep.connectors.couriers.twin.world import Job, World

log = structlog.get_logger("courier_twin")
TRIES = 4
LOOK_EVERY_S = 0.1


@dataclass(slots=True)
class Letter:
    """One webhook as it goes out."""

    id: str
    body: str
    at: datetime  # real time
    signed: bool = True

    def headers(self, secret: str) -> dict[str, str]:
        """The three headers of the spec; a forger's letter carries a signature of nobody."""
        signature = Webhook(secret).sign(self.id, self.at, self.body) if self.signed else "v1,bm9ib2R5"
        return {
            "content-type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": str(int(self.at.timestamp())),
            "webhook-signature": signature,
        }


@dataclass(slots=True)
class Newsroom:
    """Watches the world and sends a letter for each step of each job."""

    world: World
    memory: Memory
    url: str
    secret: str
    http: httpx.AsyncClient
    sent: list[Letter] = field(default_factory=list)  # the last few, to replay from
    held: dict[str, list[Letter]] = field(default_factory=dict)  # by job: letters that will be overtaken
    answers: dict[int, int] = field(default_factory=dict)  # how often each status came back

    def due(self) -> list[Letter]:
        """Letters for steps reached since the last look, in the order, number and truth that the manners allow."""
        letters: list[Letter] = []
        now = self.world.clock.now()
        for job in list(self.world.moving.values()):
            reached = len(job.reached(now))
            for number in range(job.told, reached):
                written = self._letters(job, number)
                dice = self.world.chance(f"order{number}", job.order.reference)
                if dice.random() < self.world.behaviour.reorder and number + 1 < len(job.steps):
                    self.held.setdefault(job.job_id, []).extend(written)
                else:
                    letters += written + self.held.pop(job.job_id, [])
            if reached > job.told:
                job.told = reached
                self.memory.keep_job(job)
            if job.told == len(job.steps):
                self.world.moving.pop(job.job_id, None)
        return letters

    def _letters(self, job: Job, number: int) -> list[Letter]:
        step, manners = job.steps[number], self.world.behaviour
        dice = self.world.chance(f"news{number}", job.order.reference)
        lie, kind, twice = dice.random(), dice.random(), dice.random()
        honest = self._letter(job, number, step.state)
        letters = [honest]
        if lie < manners.lie_share:
            if kind < 1 / 3:  # says delivered, properly signed, while it is not
                letters.append(self._letter(job, number, JobState.DELIVERED, mark="x"))
            elif kind < 2 / 3:  # somebody else's letter
                forged = self._letter(job, number, JobState.DELIVERED, mark="f")
                forged.signed = False
                letters.append(forged)
            elif self.sent:  # an old letter once more, with its old time
                letters.append(self.sent[0])
            else:
                old = self._letter(job, number, step.state, mark="o")
                old.at -= timedelta(hours=1)
                letters.append(old)
        if twice < manners.duplicate_webhooks:
            letters.append(honest)
        return letters

    def _letter(self, job: Job, number: int, state: JobState, mark: str = "") -> Letter:
        body: dict[str, Any] = {
            "type": "job.moved",
            "timestamp": job.steps[number].at.isoformat(),
            "data": {"job_id": job.job_id, "reference": job.order.reference, "state": str(state)},
        }
        return Letter(f"msg_{job.job_id}_{number}{mark}", json.dumps(body), self.world.clock.wall())

    async def send(self, letter: Letter) -> int:
        """Send one letter, a few times until it is answered; returns the last status (0: no answer)."""
        status = 0
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(0.2 * 4**attempt)
            try:
                answer = await self.http.post(
                    self.url, content=letter.body, headers=letter.headers(self.secret), timeout=5.0
                )
                status = answer.status_code
            except httpx.HTTPError as error:
                log.info("webhook_unanswered", id=letter.id, error=repr(error))
                continue
            if status < 500 and status != 429:
                break
        self.answers[status] = self.answers.get(status, 0) + 1
        self.sent = [*self.sent, letter][-20:]
        return status

    async def tell(self) -> int:
        """Send everything due now, one after the other; returns how many letters went out."""
        letters = self.due()
        for letter in letters:
            await self.send(letter)
        return len(letters)

    async def run(self) -> None:
        """Look and tell until cancelled; letters of different looks may overtake each other."""
        under_way: set[asyncio.Task[None]] = set()

        async def tell(letters: list[Letter]) -> None:
            for letter in letters:
                await self.send(letter)

        try:
            while True:
                letters = self.due()
                if letters:
                    task = asyncio.create_task(tell(letters))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for task in under_way:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*under_way, return_exceptions=True)
