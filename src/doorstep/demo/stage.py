"""Raises the curtain: all actors of the demo in one process, on one clock, over one HTTP client."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any

import httpx
import structlog

from doorstep.connectors.messages.twin import MessageTwin
from doorstep.demo import mischief, town
from doorstep.demo.car import CarPhone, VisitorCar
from doorstep.demo.diary import Diary, diary_of
from doorstep.demo.drivers import Driver
from doorstep.demo.line import Line, MarketTime
from doorstep.demo.merchants import Merchant
from doorstep.demo.phone import Phone, Sessions
from doorstep.demo.receiver import Receiver
from doorstep.demo.script import Script, folder_of, load_script, read_private, write_private
from doorstep.demo.shoppers import Shoppers
from doorstep.demo.tally import Tally

log = structlog.get_logger("demo")
TELL_REAL_S = 20.0
SAVE = "tally.json"
RAISED = "curtain_raised"


class NoScript(RuntimeError):
    """There is nothing to play: `doorstep demo` writes the script."""


async def play(home: Path, *, network: str, twin_url: str, receiver_port: int) -> None:
    """Play until SIGINT or SIGTERM. Raises NoScript."""
    script = load_script(home)
    if script is None:
        raise NoScript(f"{folder_of(home)} holds no script; start the demo with `doorstep demo`")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=100, keepalive_expiry=20)
    async with (
        httpx.AsyncClient(base_url=network, timeout=10, limits=limits, trust_env=False) as http,
        httpx.AsyncClient(base_url=twin_url, timeout=10, trust_env=False) as twin_http,
    ):
        chance = Random(f"{script.seed}:line")
        company = Company(script, home, Line(http, chance), Line(twin_http, chance), receiver_port)
        acting = asyncio.create_task(company.act())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({acting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        failed = acting.done()
        acting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await acting
        if failed:
            log.warning("actors_left")


class Company:
    """All actors."""

    def __init__(self, script: Script, home: Path, line: Line, twin: Line, receiver_port: int) -> None:
        """Nobody acts yet."""
        self.tally = Tally()
        self.tally.count(RAISED)
        self._script = script
        self._home = home
        self._before = {what: int(count) for what, count in read_private(folder_of(home) / SAVE).items()}
        self._line = line
        self._twin = twin
        seed = script.seed
        folder = folder_of(home)
        self._time = MarketTime(line)
        shoppers = Shoppers(line, self.tally, seed)
        homes = town.areas()
        self._merchants = [
            Merchant(part, line, self._time, shoppers, self.tally, homes, self._chance(part.name))
            for part in script.merchants
        ]
        messages, sessions = MessageTwin(home / "messages"), Sessions(folder / "sessions.json")
        self._drivers = [
            Driver(
                Phone(part, line, self._time, messages, sessions),
                self._time,
                shoppers,
                self.tally,
                self._chance(part.phone),
                Diary(diary_of(home)),
            )
            for part in script.drivers
        ]
        self._car: VisitorCar | None = None
        if script.visitor is not None:
            phone = CarPhone(script.visitor, line, self._time, messages, Sessions(folder / "car.json"))
            self._car = VisitorCar(
                phone, line, self._time, self._merchants, shoppers, self.tally, self._chance("car")
            )
        self._receiver = Receiver(
            receiver_port, folder / "endpoints.json", self.tally, self._chance("receiver")
        )

    def _chance(self, who: str) -> Random:
        """The dice of one actor; others each time the curtain rises, or the same day would come again."""
        return Random(f"{self._script.seed}:{self._before.get(RAISED, 0)}:{who}")

    async def act(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._time.follow())
            await self._time.known.wait()
            group.create_task(self._receiver.serve())
            group.create_task(self._tell())
            group.create_task(_on(mischief.play(self._twin, self.tally)))
            for driver in self._drivers:
                group.create_task(driver.live())
            if self._car is not None:
                group.create_task(self._car.live())
            for number, merchant in enumerate(self._merchants):
                group.create_task(self._trade(number, merchant))

    async def _trade(self, number: int, merchant: Merchant) -> None:
        await _on(self._receiver.register(number, merchant))
        await merchant.live()

    async def _tell(self) -> None:
        """Log what happens, and keep the count of it over restarts."""
        path = folder_of(self._home) / SAVE
        before = {str(what): int(count) for what, count in read_private(path).items()}
        while True:
            await asyncio.sleep(TELL_REAL_S)
            counts = dict(self.tally.counts)
            log.debug("demo_so_far", **counts)
            write_private(path, {what: before.get(what, 0) + counts.get(what, 0) for what in before | counts})


async def _on(act: Coroutine[Any, Any, None]) -> None:
    """Let one actor's failure stop nobody else."""
    try:
        await act
    except Exception as error:
        log.warning("actor_failed", error=repr(error)[:300])
