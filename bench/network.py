"""Whole networks to measure and to break: a real one of one's own, in a fresh home, on a free port.

``python -m bench.network`` is the network itself: the processes of ``doorstep serve`` on time that runs like
life, in a demo's mode (for its people's keys, and for webhooks to this machine), without any simulated actor.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
from bench.fixes import cores_of_children
from bench.victims import Kind, find

from doorstep.app import demo_network, launcher
from doorstep.demo import town
from doorstep.demo.script import load_script
from doorstep.features.drivers import queries as drivers
from doorstep.features.identity import service as identity
from doorstep.features.markets import service as markets
from doorstep.platform import log
from doorstep.platform.db.work import Work
from doorstep.platform.postgres.roles import DATABASE
from doorstep.platform.postgres.server import EmbeddedPostgres
from doorstep.platform.settings import Settings, from_environment

READY_S = 240.0
"""Long: on a busy machine all processes together read a lot of Python before they answer."""
FOLDER_PREFIX = "dsb-"
"""Short: a socket's path has few letters."""


class Broken(RuntimeError):
    """A network that did not do what a campaign needs of it."""


@dataclass(frozen=True, slots=True)
class Running:
    """A network that answers: where, its launcher's process, its home and what it writes."""

    url: str
    process: "subprocess.Popen[bytes]"
    home: Path
    log: Path
    asking_url: str
    """The database for one who may see every row, for measuring and asking alone."""

    def cores(self) -> dict[str, float]:
        """Processor seconds used so far by each kind of process."""
        used = {}
        for kind in set(Kind) - {Kind.NURSERY}:  # its children are counted themselves
            pid = find(self.process.pid, self.home, kind)
            used[kind.value] = 0.0 if pid is None else cores_of_children(pid)
        return used


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def running(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """Run ``python -m command…`` as a network in a home of its own; stopped cleanly and forgotten at the end.

    Raises Broken when it does not get ready, or does not stop by itself.
    """
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True) as folder:
        home, port = Path(folder) / "home", free_port()
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("DATABASE_URL") and name not in {"HOST", "FRESH"}
        }
        env |= {"DOORSTEP_HOME": str(home), "PORT": str(port), "DOORSTEP_LOG": "error", **(environment or {})}
        with (Path(folder) / "log").open("w+b") as written:
            process = subprocess.Popen(  # noqa: ASYNC220 (quick, and stopped by its pid)
                [sys.executable, "-m", *command], env=env, stdout=written, stderr=subprocess.STDOUT
            )
            url = f"http://127.0.0.1:{port}"
            try:
                await _ready(url, process, Path(written.name))
                server = EmbeddedPostgres(home)
                await asyncio.to_thread(server.start)  # attaches: the network's own
                yield Running(url, process, home, Path(written.name), server.superuser_dsn(DATABASE))
            finally:
                await stop(process)


async def _ready(url: str, process: "subprocess.Popen[bytes]", written: Path) -> None:
    until = time.monotonic() + READY_S
    async with httpx.AsyncClient(trust_env=False, timeout=3) as http:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{url}/readyz")).status_code == httpx.codes.OK:
                    return
            if process.poll() is not None or time.monotonic() > until:
                raise Broken(f"the network did not start:\n{written.read_text()[-3000:]}")  # noqa: ASYNC240 (all is over by then)
            await asyncio.sleep(0.1)


async def stop(process: "subprocess.Popen[bytes]") -> float:
    """Ask it to stop; how many seconds that took. Raises Broken when it had to be killed."""
    began = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.wait, 40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Broken("the network did not stop by itself within 40 s") from None
    return time.monotonic() - began


# The quiet network: a town with everybody in it, and nobody moves.


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A merchant's key and one of its stores."""

    trade: str
    key: str
    store: str
    lat: float
    lng: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Whom the measurements play: merchants with a store each, and drivers' sessions where they stand."""

    shops: tuple[Shop, ...]
    drivers: tuple[tuple[str, float, float], ...]


def cast_of(home: Path) -> Cast:
    """The cast of the network in ``home``."""
    told: dict[str, Any] = json.loads((home / "cast.json").read_text())
    return Cast(
        shops=tuple(Shop(**shop) for shop in told["shops"]), drivers=tuple(map(tuple, told["drivers"]))
    )


def quiet_plan(settings: Settings, tick_s: int | None) -> launcher.Plan:
    """As a demo is founded, without actors, at the pace of life."""
    demo = demo_network.plan_of(settings, speed=1.0, seed=1, public=False)
    assert demo.founding is not None
    fill = demo.founding
    handed: list[Cast] = []

    async def found(work: Work) -> Mapping[str, str]:
        learned = await fill(work)
        market = (await markets.seed_pilots(work))[0]
        if tick_s is not None:
            await markets.set_dispatch(work, market.id, {"tick_s": tick_s}, "to measure")
        handed.append(await _cast(work, str(market.id)))
        return learned

    def founded() -> None:
        demo.founded()
        (settings.home / "cast.json").write_text(
            json.dumps(asdict(replace(handed[-1], shops=_shops(settings.home))))
        )

    names = ("web", "dispatcher", "worker")
    allow = os.environ.get("DOORSTEP_WEBHOOK_ALLOW", "")
    return replace(
        demo,
        children={name: demo.children[name] for name in names},
        environment={**demo.environment, "DOORSTEP_WEBHOOK_ALLOW": allow},
        founding=found,
        founded=founded,
    )


def _shops(home: Path) -> tuple[Shop, ...]:
    script = load_script(home)
    assert script is not None
    return tuple(
        Shop(
            trade=one.trade, key=one.key, store=one.stores[0].id, lat=one.stores[0].lat, lng=one.stores[0].lng
        )
        for one in script.merchants
    )


async def _cast(work: Work, market: str) -> Cast:
    chance = Random("cast")
    people = await drivers.search(work, limit=200)
    sessions = [
        ((await identity.open_driver_session(work, one.id)).token, town.near(chance, town.DOWNTOWN, 9_000))
        for one in people
        if str(one.market_id) == market
    ]
    placed = tuple((token, at.lat, at.lng) for token, at in sessions)
    return Cast(shops=(), drivers=placed)


def main() -> None:
    """Be the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tick-s", type=int)
    asked = parser.parse_args()
    settings = from_environment()
    log.configure("launcher", settings.log_level)
    launcher.run(settings, quiet_plan(settings, asked.tick_s), lambda: "ready")


if __name__ == "__main__":
    main()
