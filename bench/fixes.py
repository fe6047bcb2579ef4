"""Fixes a second that one web process takes in, beside a bare route that only answers.

One embedded PostgreSQL, one web process (its own gate, memory, writing behind), 500 signed-in drivers on 64
connections, all on this machine; so the load itself takes its share of the two cores. Printed: fixes a
second as fast as they go, singly and in batches of 10; the bare route's requests a second in the same run
and the ratio; then 10,000 a second, paced, for twenty seconds, with the processor time it took. At the end every fix that was
answered must stand in the database.

Run it with ``python -m bench.fixes [--seconds 8] [--paced-seconds 20] [--json FILE]``.
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
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg
import uvloop

from doorstep.app.launcher import Plan, prepare
from doorstep.features.drivers import service as drivers
from doorstep.features.drivers.rules import NewDriver
from doorstep.features.identity import service as identity
from doorstep.features.markets import service as markets
from doorstep.platform.db.work import Work
from doorstep.platform.postgres.server import EmbeddedPostgres

DRIVERS = 500
CONNECTIONS = 64
PACE = 10_000
PACED_S = 20.0
SHORT_PCT = 0.5
"""What the clock of the load leaves unsent in the last moment, and the time of the last answers."""
_TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = b'{"taken":1}'


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: requests and fixes a second, latencies, processor seconds of the server per second."""

    what: str
    seconds: float
    requests_a_second: float
    fixes_a_second: float
    p50_ms: float
    p99_ms: float
    server_cores: float
    database_cores: float
    server_us_a_request: float


async def bare(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """The limit: an application that reads the body and answers, nothing else."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


class Phone(asyncio.Protocol):
    """One connection: sends a request, waits for its answer, sends the next when told to."""

    def __init__(self, make: Callable[[], bytes], latencies: list[float]) -> None:
        self._make = make
        self._latencies = latencies
        self._sent_at = 0.0
        self._received = b""
        self.go_on = False
        self.idle = asyncio.Event()
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.idle.set()

    def post(self) -> None:
        """Send one request."""
        self.idle.clear()
        self._sent_at = time.perf_counter()
        self._transport.write(self._make())

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"}"):
            return
        if not self._received.startswith(b"HTTP/1.1 202"):
            self.refused += 1
        self._received = b""
        self._latencies.append(time.perf_counter() - self._sent_at)
        if self.go_on:
            self.post()
        else:
            self.idle.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the protocol's own name)
        self.idle.set()

    def hang_up(self) -> None:
        """Close the connection."""
        self._transport.close()


def requests_of(tokens: list[str], batch: int) -> Iterator[bytes]:
    """Endless requests, drivers in turn, each with ``batch`` fixes of the present moment."""
    heads = [
        b"POST /driver/v1/fixes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
        + token.encode()
        + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        for token in tokens
    ]
    number = 0
    while True:
        for head in heads:
            number += 1
            at = int(time.time() * 1000)
            fixes = b",".join(
                b'{"lat":36.1%05d,"lng":-86.7%05d,"device_at":%d,"accuracy_m":8,"heading_deg":90,"speed_mps":11.5}'
                % (number % 100_000, (number * 7) % 100_000, at - batch + index)
                for index in range(batch)
            )
            body = b'{"fixes":[' + fixes + b"]}"
            yield head % len(body) + body


def cores_of(pid: int) -> float:
    """Processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cores_of_children(pid: int) -> float:
    """Processor seconds of a process and its children."""
    total = cores_of(pid)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                total += cores_of(int(entry.name)) if parent == pid else 0.0
    return total


async def load(
    what: str,
    port: int,
    tokens: list[str],
    *,
    batch: int,
    seconds: float,
    pids: tuple[int, int],
    a_second: int | None = None,
) -> Measured:
    """Send as fast as answers come, or ``a_second`` requests a second."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    source = requests_of(tokens, batch)
    phones: list[Phone] = []
    for _ in range(CONNECTIONS):
        _, phone = await loop.create_connection(lambda: Phone(source.__next__, latencies), "127.0.0.1", port)
        phones.append(phone)
    before = cores_of(pids[0]), cores_of_children(pids[1])
    begun = time.perf_counter()
    if a_second is None:
        for phone in phones:
            phone.go_on = True
            phone.post()
        await asyncio.sleep(seconds)
        for phone in phones:
            phone.go_on = False
    else:
        await _paced(phones, a_second, seconds)
    await asyncio.gather(*(phone.idle.wait() for phone in phones))
    took = time.perf_counter() - begun
    used = cores_of(pids[0]) - before[0], cores_of_children(pids[1]) - before[1]
    for phone in phones:
        phone.hang_up()
    refused = sum(phone.refused for phone in phones)
    if refused:
        raise SystemExit(f"{what}: {refused} requests were refused")
    latencies.sort()
    return Measured(
        what,
        round(took, 2),
        round(len(latencies) / took, 1),
        round(len(latencies) * batch / took, 1),
        round(latencies[len(latencies) // 2] * 1000, 2),
        round(latencies[int(len(latencies) * 0.99)] * 1000, 2),
        round(used[0] / took, 3),
        round(used[1] / took, 3),
        round(used[0] / len(latencies) * 1_000_000, 1),
    )


async def _paced(phones: list[Phone], a_second: int, seconds: float) -> None:
    begun = time.perf_counter()
    sent = 0
    while (passed := time.perf_counter() - begun) < seconds:
        owed = int(passed * a_second) - sent
        for phone in phones:
            if owed <= 0:
                break
            if phone.idle.is_set():
                phone.post()
                sent += 1
                owed -= 1
        await asyncio.sleep(0.0005)


async def _founding(work: Work) -> Mapping[str, str]:
    market = (await markets.seed_pilots(work))[0]
    tokens = {}
    for number in range(DRIVERS):
        wanted = NewDriver(
            market_id=market.id, first_name="Rosa", last_name=f"No {number}", phone=f"+1615{2000000 + number}"
        )
        made = await drivers.create_driver(work, wanted)
        tokens[f"driver_{number}"] = (await identity.open_driver_session(work, made.id)).token
    return tokens


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def child(port: int, *command: str, env: Mapping[str, str]) -> Iterator[int]:
    """A server as a process of its own, listening on ``port``; its pid."""
    process = subprocess.Popen([sys.executable, *command], env=dict(env))
    try:
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{' '.join(command)} did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def measure(seconds: float = 8.0, paced_s: float = PACED_S) -> dict[str, Any]:
    """All runs, and what follows from them: ``seconds`` as fast as they go, ``paced_s`` at the pace."""
    with tempfile.TemporaryDirectory(prefix="dsb-") as folder:
        home = Path(folder)
        with EmbeddedPostgres(home) as server:
            urls = server.urls()
            plan = Plan(mode="live", children={}, founding=_founding)
            tokens = list(asyncio.run(prepare(urls, plan)).values())
            port, bare_port = free_port(), free_port()
            env = os.environ | {
                "DATABASE_URL_WEB": urls.web, "DOORSTEP_HOME": folder, "PORT": str(port), "DOORSTEP_LOG": "warning",
            }  # fmt: skip
            uvicorn = ("-m", "uvicorn", "bench.fixes:bare", "--port", str(bare_port), "--no-access-log",
                       "--loop", "uvloop", "--http", "httptools", "--log-level", "error")  # fmt: skip
            database = server.postmaster.pid
            with child(bare_port, *uvicorn, env=env) as bare_pid:
                limit = uvloop.run(
                    load("bare route", bare_port, tokens, batch=1, seconds=seconds, pids=(bare_pid, database))
                )
            with child(port, "-m", "doorstep.app.cli", "web", env=env) as pid:
                pids = (pid, database)
                warm = 0.0
                while warm < 2 * DRIVERS:  # each driver is known once
                    first = uvloop.run(load("warm-up", port, tokens, batch=1, seconds=1, pids=pids))
                    warm += first.requests_a_second * first.seconds
                runs = [
                    uvloop.run(
                        load(
                            what,
                            port,
                            tokens,
                            batch=batch,
                            seconds=paced_s if pace else seconds,
                            pids=pids,
                            a_second=pace,
                        )
                    )
                    for what, batch, pace in (
                        ("fixes, one by one", 1, None),
                        ("fixes, ten at once", 10, None),
                        ("10,000 fixes a second, one by one", 1, PACE),
                        ("10,000 fixes a second, ten at once", 10, PACE // 10),
                    )
                ]
            written = asyncio.run(_written(urls.system))
    singly, batched, paced, _ = runs
    return {
        "drivers": DRIVERS,
        "connections": CONNECTIONS,
        "limit": asdict(limit),
        "runs": [asdict(run) for run in runs],
        "single_fixes_a_second": singly.fixes_a_second,
        "batched_fixes_a_second": batched.fixes_a_second,
        "of_the_bare_route": round(singly.requests_a_second / limit.requests_a_second, 3),
        "sustains_10000": paced.fixes_a_second >= PACE * (1 - SHORT_PCT / 100),
        "cores_at_10000": paced.server_cores,
        "written": written,
    }


async def _written(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return {
            "fixes": await connection.fetchval("SELECT count(*) FROM fix_history"),
            "positions": await connection.fetchval("SELECT count(*) FROM driver_positions"),
        }
    finally:
        await connection.close()


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--paced-seconds", type=float, default=PACED_S)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    begun = time.monotonic()
    report = measure(asked.seconds, asked.paced_seconds)
    print(
        f"{'':38} {'requests/s':>11} {'fixes/s':>9} {'p50 ms':>7} {'p99 ms':>7} {'server':>7} {'database':>8} {'µs/request':>10}"
    )
    for run in (report["limit"], *report["runs"]):
        print(
            f"{run['what']:38} {run['requests_a_second']:11,.0f} {run['fixes_a_second']:9,.0f} {run['p50_ms']:7.2f}"
            f" {run['p99_ms']:7.2f} {run['server_cores']:7.2f} {run['database_cores']:8.2f} {run['server_us_a_request']:10.1f}"
        )
    print(
        f"one by one {report['of_the_bare_route']:.0%} of the bare route; "
        f"{report['written']['fixes']:,} fixes and {report['written']['positions']} positions written;"
        f" {timedelta(seconds=round(time.monotonic() - begun))}"
    )
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
