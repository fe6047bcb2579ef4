"""Runs a recorded day: the network in a process of its own, the people here, then the reckoning."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from doorstep.app import admin, invariants
from doorstep.app.demo_network import free_ports
from doorstep.app.replay.actors import Log, Rider, Time, place_orders, second
from doorstep.app.replay.founding import Cast, load_cast
from doorstep.app.replay.outcome import Outcome, Peers, reckon
from doorstep.engine.compiled import warm_up
from doorstep.engine.params import Params
from doorstep.features.dispatch import queries as dispatch
from doorstep.features.dispatch.cycle import seed_of
from doorstep.features.markets import queries as markets
from doorstep.platform import settings as settings_of
from doorstep.platform.db.work import Work
from doorstep.sim.mdrp.day import Rules, play, play_at
from doorstep.sim.mdrp.instance import Instance, read
from doorstep.sim.mdrp.policy import Engine

PARAMS = Params(late_price=0.0)
BOOKED_WITHIN_S = 60
"""Real seconds within which all is booked at last, on a crowded machine."""
PATIENCE_MIN = 300
"""How long after the last shift the market may take to end what is open."""
TICKS_EVERY_S = 10
"""So often (real seconds) the network's own ticks are noted: it keeps the last four hundred."""


def run(folder: Path, *, speed: float, seed: int, until_min: int | None) -> Outcome:
    """Replay the day in ``folder``. ``until_min`` takes only orders placed before that minute (a slice)."""
    instance = read(folder)
    if until_min is not None:
        instance = replace(instance, orders=tuple(o for o in instance.orders if o.placed_min < until_min))
    with tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True) as name:
        home = Path(name) / "home"
        (port,) = free_ports(1)
        environment = {**os.environ, "DOORSTEP_HOME": str(home), "PORT": str(port), "HOST": "127.0.0.1"}
        environment.pop("DATABASE_URL", None)
        command = [
            sys.executable,
            "-m",
            "doorstep.app.cli",
            "replay-network",
            str(folder),
            "--speed",
            str(speed),
        ]
        network = subprocess.Popen(  # noqa: S603 (our own program)
            command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        try:
            began = time.monotonic()
            ticks: dict[int, tuple[int, int]] = {}
            log, states, status = asyncio.run(_day(instance, environment, network, ticks))
            real_s = time.monotonic() - began
            broken = _verify(environment)
        finally:
            network.send_signal(signal.SIGINT)
            try:
                network.wait(30)
            except subprocess.TimeoutExpired:
                network.kill()
    engine = Engine(PARAMS, warm_up())
    own = [ticks[number] for number in sorted(ticks)]
    same = play_at(instance, engine, Rules(), seed, own).measures
    minutely = play(instance, PARAMS, seed, warm_up()).measures
    peers = Peers(ticks=len(own), same=same, minutely=minutely)
    return reckon(instance, log, states, status, broken, peers, speed, real_s)


async def _ready(http: httpx.AsyncClient, network: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if network.poll() is not None:
            raise RuntimeError("the network did not start; run `doorstep replay-network` to see why")
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("the network was not ready within a minute")


async def _day(
    instance: Instance,
    environment: Mapping[str, str],
    network: "subprocess.Popen[bytes]",
    ticks: dict[int, tuple[int, int]],
) -> tuple[Log, Mapping[str, str], Mapping[str, object]]:
    address, home = f"http://127.0.0.1:{environment['PORT']}", Path(environment["DOORSTEP_HOME"])
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=limits) as http:
        await _ready(http, network)
        cast = load_cast(home)
        now = Time()
        await now.read(http)
        log = Log()
        riders = [Rider(http, now, instance, c, cast.sessions[c.id], log) for c in instance.couriers]
        watching = asyncio.gather(_watch(now, instance, log), _keep_ticks(environment, ticks))
        working = asyncio.gather(*(rider.work() for rider in riders))
        await place_orders(http, now, cast, list(instance.orders), log)
        while len(log.handed) < len(log.placed) and not working.done():  # noqa: ASYNC110 (a look now and then)
            await asyncio.sleep(0.3)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        ticks.update(await asyncio.to_thread(_ticks, environment))
        states = await _settle(http, cast, now, log)
        await asyncio.sleep(3)  # the figures follow within two seconds
        return log, states, (await http.get("/status.json")).json()


async def _settle(http: httpx.AsyncClient, cast: Cast, now: Time, log: Log) -> Mapping[str, str]:
    """Wait for what is open to end: with every courier gone, it expires after its promise."""
    give_up = now.now() + timedelta(minutes=PATIENCE_MIN)
    states: dict[str, str] = {}
    while True:
        for delivery in log.placed.values():
            if states.get(delivery) not in {"delivered", "cancelled", "expired", "returned"}:
                answer = await http.get(
                    f"/v1/deliveries/{delivery}", headers={"Authorization": f"Bearer {cast.key}"}
                )
                states[delivery] = answer.json()["state"]
        if (
            all(s in {"delivered", "cancelled", "expired", "returned"} for s in states.values())
            or now.now() > give_up
        ):
            return states
        await asyncio.sleep(1)


async def _watch(now: Time, instance: Instance, log: Log) -> None:
    last = max(c.off_min for c in instance.couriers)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        start = now.minute()
        bar = progress.add_task(instance.name, total=last - start, told="")
        while True:
            told = f"{len(log.dropped)} of {len(log.placed)} placed are delivered"
            progress.update(bar, completed=now.minute() - start, told=told)
            await asyncio.sleep(1)


async def _keep_ticks(environment: Mapping[str, str], ticks: dict[int, tuple[int, int]]) -> None:
    """Note the network's ticks by their number: second of the day and seed."""
    while True:
        await asyncio.sleep(TICKS_EVERY_S)
        ticks.update(await asyncio.to_thread(_ticks, environment))


def _ticks(environment: Mapping[str, str]) -> dict[int, tuple[int, int]]:
    async def ask(work: Work) -> dict[int, tuple[int, int]]:
        (market,) = await markets.all_markets(work)
        rows = await dispatch.ticks(work, market.id, 400)
        return {row.number: (int(second(row.at)), seed_of(row.id)) for row in rows}

    return admin.run(settings_of.from_environment(environment), ask)


def _verify(environment: Mapping[str, str]) -> Mapping[str, int]:
    """Ask the database itself, beside the running network: again for a while, for what the last trips earned is booked after them."""
    patience_until = time.monotonic() + BOOKED_WITHIN_S
    while True:
        answers = admin.run(settings_of.from_environment(environment), invariants.ask)
        broken = {answer.promise: answer.broken for answer in answers if answer.broken}
        if not broken or time.monotonic() > patience_until:
            return broken
        time.sleep(1)
