"""The kill campaign: kill -9 of web, dispatcher, worker, the nursery they come from and PostgreSQL at random moments of a running demo.

``python -m bench.faults [--kills 20] [--seed 1] [--json FILE]``. A demo of its own runs at 30x with all of its
people, whose phones keep what was acknowledged to them, and a merchant's software besides that keeps every delivery
it was promised. After each kill the time to full service is taken: the killed process is back, ``/readyz`` says so,
a new delivery is taken, its reaction has run and a tick has come. At the end the network is stopped cleanly, its
database is asked whether every promise holds (``doorstep verify``), and each promised delivery, each offer that was
acknowledged as accepted and each delivery acknowledged as handed over is looked for. Exits 1 when anything is broken.
"""

import argparse
import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
from bench.figures import machine, share, write
from bench.network import Broken, Running, running, stop
from bench.victims import Kind, find, kill
from rich.console import Console
from rich.table import Table

from doorstep.demo.diary import Acknowledged, Diary, diary_of
from doorstep.demo.orders import draw_order
from doorstep.demo.script import load_script
from doorstep.demo.town import areas
from doorstep.units.geo import LatLng
from doorstep.units.ids import parse, public

FULL_SERVICE_S = 10.0
"""What is promised."""
PATIENCE_S = 240.0
"""How long a campaign waits before it gives up."""
NURSERY_SHARE = 4
"""For so many kills of each other kind one of the nursery."""
PAUSE_S = (0.3, 2.5)
LOOK_S = 0.05
EVERY_S = 1.5
"""How often the merchant's software orders: with the demo's own people no more than its drivers can deliver."""
CONTEXT = ssl.create_default_context()
"""Made once: making one costs more than a request does."""
AGAIN = frozenset({409, 425, 429, 500, 502, 503, 504})


@dataclass(slots=True)
class Till:
    """A merchant's software: each order has its own key and is repeated until it is answered."""

    url: str
    home: Path
    chance: Random
    promised: dict[str, str] = field(default_factory=dict)
    """By order number, the id of the delivery that was answered with 201."""
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    _number: int = 0

    async def order(self) -> str | None:
        """One order, until it is answered; the promised delivery, None when it was refused."""
        script = load_script(self.home)
        assert script is not None
        shop = script.merchants[0]
        store = self.chance.choice(shop.stores)
        self._number += 1
        number = f"{self._number:05d}"
        body = draw_order(self.chance, shop.trade, store.id, LatLng(lat=store.lat, lng=store.lng), areas())
        body["dropoff"]["last_name"] = f"Campaign {number}"
        headers = {"Authorization": f"Bearer {shop.key}", "Idempotency-Key": f"campaign-{number}"}
        attempt = 0
        while True:
            attempt += 1
            try:
                async with httpx.AsyncClient(
                    base_url=self.url, verify=CONTEXT, trust_env=False, timeout=5
                ) as http:
                    answer = await http.post("/v1/deliveries", json=body, headers=headers)
            except httpx.TransportError:
                self.repeated += 1
            else:
                if answer.status_code == 201:
                    self.promised[number] = str(answer.json()["id"])
                    return self.promised[number]
                if answer.status_code not in AGAIN:
                    self.refused[f"{answer.status_code} {answer.json().get('code')}"] += 1
                    return None
                self.repeated += 1
            await asyncio.sleep(min(1.0, 0.1 * attempt) * self.chance.uniform(0.5, 1.5))

    async def keep_ordering(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self.order())
                await asyncio.sleep(self.chance.uniform(0.5, 1.5) * EVERY_S)


@dataclass(frozen=True, slots=True)
class Blow:
    """One kill and how long each part was away, in seconds from the kill."""

    kind: Kind
    at_s: float
    process_s: float
    ready_s: float
    order_s: float
    jobs_s: float
    tick_s: float

    @property
    def service_s(self) -> float:
        """Until everything was there again."""
        return max(self.process_s, self.ready_s, self.order_s, self.jobs_s, self.tick_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a campaign. ``lost``, ``doubled`` and every value of ``broken`` must be empty or zero.

    ``acknowledged``: how often which thing was said to be so to a driver's phone. ``lost`` names what was promised or
    acknowledged and is not so.
    """

    seed: int
    lasted_s: float
    blows: tuple[Blow, ...]
    promised: int
    acknowledged: dict[str, int]
    lost: tuple[str, ...]
    doubled: int
    repeated: int
    refused: dict[str, int]
    broken: dict[str, int]
    counts: dict[str, int]
    stopped_s: float

    @property
    def slowest_s(self) -> float:
        """The longest way back to full service."""
        return max((blow.service_s for blow in self.blows), default=0.0)

    @property
    def whole(self) -> bool:
        """Nothing lost, nothing twice, every promise holds."""
        return not self.lost and not self.doubled and not any(self.broken.values())

    @property
    def good(self) -> bool:
        """Whole, and always back in time."""
        return self.whole and self.slowest_s <= FULL_SERVICE_S

    def told(self) -> dict[str, Any]:
        """For machines."""
        kinds = {}
        for kind in Kind:
            took = [blow.service_s for blow in self.blows if blow.kind is kind]
            if took:
                kinds[kind.value] = {
                    "kills": len(took), "median_s": round(share(took, 0.5), 2), "slowest_s": round(max(took), 2),
                    "over_limit": sum(one > FULL_SERVICE_S for one in took),
                }  # fmt: skip
        return asdict(self) | {
            "good": self.good, "whole": self.whole, "limit_s": FULL_SERVICE_S, "kinds": kinds,
            "blows": [asdict(blow) | {"service_s": round(blow.service_s, 2)} for blow in self.blows],
        }  # fmt: skip


class Witness:
    """Asks the database of a network that may be away just now."""

    def __init__(self, network: Running) -> None:
        self._url = network.asking_url

    @contextlib.asynccontextmanager
    async def asking(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A fresh connection."""
        connection = await asyncpg.connect(self._url, timeout=3)
        try:
            yield connection
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def count(self, question: str, *values: object) -> int | None:
        """A number; None when the database is away."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            async with self.asking() as connection:
                return int(await connection.fetchval(question, *values, timeout=3))
        return None

    async def ticks(self) -> int | None:
        """Ticks so far, of all markets."""
        return await self.count("SELECT coalesce(sum(ticks), 0)::bigint FROM dispatch_states")

    async def unheard(self, delivery: str) -> int | None:
        """Reactions to the making of ``delivery`` that still wait."""
        return await self.count(
            "SELECT count(*) FROM jobs WHERE stream = $1 AND seq = 1 AND handler LIKE 'dispatch.%'",
            f"delivery:{parse('delivery', delivery)}",
        )

    async def due(self) -> int | None:
        """Reactions that wait for nothing but a worker."""
        return await self.count(
            "SELECT count(*) FROM jobs WHERE state <> 'dead' AND due_wall IS NULL AND due_market IS NULL"
        )


async def strike(
    network: Running, till: Till, witness: Witness, kind: Kind, begun: float, look_s: float = LOOK_S
) -> Blow:
    """Kill once, and wait until everything is there again, looked at each ``look_s``. Raises Broken when it never is."""
    while (ticks := await witness.ticks()) is None or find(network.process.pid, network.home, kind) is None:  # noqa: ASYNC110 (others' state)
        await asyncio.sleep(0.05)
    former = kill(network.process.pid, network.home, kind)
    struck = time.monotonic()
    heard_last = ["no answer"]

    def past() -> float:
        return round(time.monotonic() - struck, 2)

    async def until(what: str, holds: Any) -> float:
        while not await holds():
            if past() > PATIENCE_S:
                raise Broken(
                    f"{kind}: no {what} {PATIENCE_S:.0f} s after the kill ({heard_last[0]})\n{tail(network.log)}"
                )
            await asyncio.sleep(look_s)
        return past()

    async def replaced() -> bool:
        return find(network.process.pid, network.home, kind) not in {None, former}

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(verify=CONTEXT, trust_env=False, timeout=3) as http:
                answer = await http.get(f"{network.url}/readyz")
        except httpx.TransportError as error:
            heard_last[0] = f"readiness: {error!r}"
            return False
        heard_last[0] = f"readiness: {answer.status_code} {answer.text}"
        return answer.status_code == 200

    async def ticked() -> bool:
        now = await witness.ticks()
        return now is not None and now > ticks

    async def ordered() -> tuple[float, float]:
        delivery = None
        while delivery is None:
            delivery = await till.order()
        at = past()
        return at, await until("reaction", lambda: heard(delivery))

    async def heard(delivery: str) -> bool:
        return await witness.unheard(delivery) == 0

    back = await until("process", replaced)  # before asking: what died may still seem to answer
    ready_s, tick_s, (order_s, jobs_s) = await asyncio.gather(
        until("readiness", ready), until("tick", ticked), ordered()
    )
    return Blow(kind, round(struck - begun, 1), back, ready_s, order_s, jobs_s, tick_s)


def tail(file: Path) -> str:
    """The end of a log."""
    return file.read_text(errors="replace")[-3000:]


async def campaign(
    kills: int,
    *,
    seed: int = 1,
    speed: float = 30.0,
    until_s: float | None = None,
    pause_s: tuple[float, float] = PAUSE_S,
    look_s: float = LOOK_S,
) -> Report:
    """``kills`` of each kind in mixed order, each kind once before any again, then some of the nursery; no new ones after ``until_s`` seconds.

    Between full service and the next kill lies a chance time within ``pause_s``; ``look_s`` is how finely the times
    are taken, and each look costs the machine a connection or two.
    """
    chance = Random(f"campaign {seed}")
    alone: list[Kind] = [kind for kind in Kind if kind is not Kind.NURSERY]
    order: list[Kind] = [kind for _ in range(kills) for kind in chance.sample(alone, len(alone))]
    order += [Kind.NURSERY] * max(
        1, kills // NURSERY_SHARE
    )  # last: the demo's people fall with it, and start their day anew
    command = ["doorstep.app.cli", "demo", "--speed", f"{speed:g}", "--seed", f"{seed}"]
    async with running(command) as network:
        diary_of(network.home).touch()
        diary = Diary(diary_of(network.home))
        witness, till = Witness(network), Till(network.url, network.home, chance)
        while not await till.order():  # noqa: ASYNC110 (others' state)
            await asyncio.sleep(0.5)
        begun = time.monotonic()
        ordering = asyncio.create_task(till.keep_ordering())
        blows: list[Blow] = []
        for kind in order:
            if until_s is not None and time.monotonic() - begun > until_s:
                break
            await asyncio.sleep(chance.uniform(*pause_s))
            blows.append(await strike(network, till, witness, kind, begun, look_s))
            if ordering.done():
                ordering.result()
        lasted_s = time.monotonic() - begun
        ordering.cancel()
        await asyncio.gather(ordering, return_exceptions=True)
        quiet = time.monotonic() + 30
        while await witness.due() != 0 and time.monotonic() < quiet:  # noqa: ASYNC110 (others' state)
            await asyncio.sleep(0.2)
        counts = await _counts(witness)
        acknowledged = diary.read()  # before looking: what comes later is not looked for
        lost, doubled = await _missing(witness, till)
        lost += await _untrue(witness, acknowledged)
        stopped_s = await stop(network.process)
        broken = await asyncio.to_thread(verify, network.home)
    return Report(
        seed=seed, lasted_s=round(lasted_s, 1), blows=tuple(blows), promised=len(till.promised),
        acknowledged=dict(Counter(what.value for what, _ in acknowledged)), lost=lost, doubled=doubled,
        repeated=till.repeated, refused=dict(till.refused), broken=broken, counts=counts,
        stopped_s=round(stopped_s, 1),
    )  # fmt: skip


async def _counts(witness: Witness) -> dict[str, int]:
    """How much happened meanwhile: a campaign in which nothing did would show nothing."""
    questions = {
        "deliveries": "SELECT count(*) FROM deliveries",
        "delivered": "SELECT count(*) FROM deliveries WHERE state = 'delivered'",
        "offers_accepted": "SELECT count(*) FROM offers WHERE state = 'accepted'",
        "courier_jobs": "SELECT count(*) FROM provider_jobs",
        "earnings": "SELECT count(*) FROM earnings",
        "ledger_entries": "SELECT count(*) FROM ledger_entries",
        "webhooks_taken": "SELECT count(*) FROM webhook_messages WHERE state = 'taken'",
        "ticks": "SELECT coalesce(sum(ticks), 0)::bigint FROM dispatch_states",
    }
    return {name: await witness.count(question) or 0 for name, question in questions.items()}


async def _missing(witness: Witness, till: Till) -> tuple[tuple[str, ...], int]:
    """Promised deliveries that are not there, and how many orders made more than one."""
    async with witness.asking() as connection:
        rows = await connection.fetch(
            "SELECT id, shopper_last_name FROM deliveries WHERE shopper_last_name LIKE 'Campaign %'"
        )
    there = {row["id"] for row in rows}
    lost = tuple(one for one in till.promised.values() if parse("delivery", one) not in there)
    return lost, len(rows) - len({row["shopper_last_name"] for row in rows})


async def _untrue(witness: Witness, acknowledged: Sequence[tuple[Acknowledged, str]]) -> tuple[str, ...]:
    """What was acknowledged to a driver's phone and is not so."""
    async with witness.asking() as connection:
        accepted = await connection.fetch("SELECT id FROM offers WHERE state = 'accepted'")
        delivered = await connection.fetch("SELECT id FROM deliveries WHERE state = 'delivered'")
    so = {
        Acknowledged.ACCEPTED: {public("offer", row["id"]) for row in accepted},
        Acknowledged.HANDED_OVER: {public("delivery", row["id"]) for row in delivered},
    }
    return tuple(f"{what} {which}" for what, which in acknowledged if which not in so[what])


def verify(home: Path) -> dict[str, int]:
    """What ``doorstep verify`` says of the stopped network in ``home``."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    target = home / "verified.json"
    asked = subprocess.run(
        [sys.executable, "-m", "doorstep.app.cli", "verify", "--json", str(target)],
        env=env | {"DOORSTEP_HOME": str(home)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if not target.is_file():
        raise Broken(f"doorstep verify did not answer:\n{asked.stdout}\n{asked.stderr}")
    told: dict[str, int] = json.loads(target.read_text())
    return told


def show(report: Report) -> None:
    """Print what came of it."""
    table = Table(title=f"{len(report.blows)} kills in {report.lasted_s:.0f} s", title_justify="left")
    for name in ("killed", "times", "back: median s", "slowest s", f"over {FULL_SERVICE_S:g} s"):
        table.add_column(name, justify="left" if name == "killed" else "right")
    for kind, one in report.told()["kinds"].items():
        table.add_row(kind, *(str(one[name]) for name in ("kills", "median_s", "slowest_s", "over_limit")))
    console = Console(width=120)
    console.print(table)
    said = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in report.acknowledged.items())
    print(f"promised {report.promised} deliveries, acknowledged {said or 'nothing'}; lost {len(report.lost)},"
          f" made twice {report.doubled};"
          f" {report.repeated} requests repeated; stopped in {report.stopped_s} s")  # fmt: skip
    print(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in report.counts.items()))
    for promise, broken in report.broken.items():
        print(f"{'ok    ' if not broken else f'{broken:<6}'} {promise}")


def main() -> None:
    """Break, ask, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until-s", type=float, help="begin no kill after so many seconds")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    where = machine()
    report = asyncio.run(campaign(asked.kills, seed=asked.seed, until_s=asked.until_s))
    show(report)
    write(asked.json, where | {"load_after": round(os.getloadavg()[0], 2)} | report.told())
    raise SystemExit(0 if report.good else 1)


if __name__ == "__main__":
    main()
