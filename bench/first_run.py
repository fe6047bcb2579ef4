"""The first quarter of an hour of somebody new: a fresh clone, ``make setup``, ``make run``, twenty deliveries.

``python -m bench.first_run [--json FILE]``. Clones the committed state of this checkout beside nothing of it: no
environment, no pages, no bytecode, no state. Downloads are the registry's affair and timed, not judged. Exits 1
when an aim is missed, a cent is wrong or a process is left behind.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from bench.figures import Figure, machine, show, write
from bench.network import free_port

ROOT = Path(__file__).parents[1]
READY_S, DELIVERED_S, STOPPED_S = 60.0, 300.0, 30.0
LARGEST_MB = 700.0
DELIVERED = 20


def megabytes(folder: Path) -> float:
    """What the folder takes on disk, in MB of 2**20 bytes, files of several names once."""
    sizes = {
        (found.st_dev, found.st_ino): found.st_blocks * 512
        for path in folder.rglob("*")
        if not path.is_symlink() and (found := path.lstat())
    }
    return sum(sizes.values()) / 2**20


@contextlib.contextmanager
def cloned() -> Iterator[Path]:
    """The committed state of this checkout in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="dsf-", ignore_cleanup_errors=True) as folder:
        there = Path(folder) / "doorstep"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(there)], check=True)
        yield there


def environment(checkout: Path, port: int) -> dict[str, str]:
    """Ours without what points into this checkout or another network."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("DATABASE_URL", "DOORSTEP_", "UV_", "VIRTUAL_ENV", "PYTHON", "MAKE", "MFLAGS")
        )
        and name not in {"HOST", "FRESH", "SPEED"}
    }
    return ours | {"PORT": str(port), "DOORSTEP_HOME": str(checkout.parent / "state")}


def counts(url: str) -> tuple[int, int] | None:
    """Deliveries delivered, and cents by which ledger or promises are off; None while nobody answers."""
    with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):
        told = httpx.get(f"{url}/status.json", timeout=3, trust_env=False).json()["markets"]
        off = sum(abs(one["ledger_difference_minor"]) + abs(one["promised_minus_paid_minor"]) for one in told)
        return sum(one["delivered"] for one in told), off
    return None


def ready(url: str) -> bool:
    """Whether the network says so."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/readyz", timeout=3, trust_env=False).is_success
    return False


def left_in(folder: Path) -> int:
    """Processes that still have their place below ``folder``."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += (process / "cwd").readlink().is_relative_to(folder)
    return found


def first_run(checkout: Path) -> list[Figure]:
    """Set up and run ``checkout`` as its README says. Raises RuntimeError when it ends by itself."""
    port = free_port()
    url, env = f"http://127.0.0.1:{port}", environment(checkout, port)
    began = time.monotonic()
    subprocess.run(["make", "--silent", "setup"], cwd=checkout, env=env, check=True)
    setup_s, size = time.monotonic() - began, megabytes(checkout)

    began, ready_s, delivered_s, delivered, off = time.monotonic(), None, None, 0, 0
    log = checkout.parent / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["make", "--silent", "run"], cwd=checkout, env=env, stdout=out, stderr=out, start_new_session=True
        )
    while delivered_s is None and time.monotonic() - began < DELIVERED_S + READY_S:
        time.sleep(0.25)
        if process.poll() is not None:
            raise RuntimeError(f"the network ended by itself:\n{log.read_text()[-3000:]}")
        if ready_s is None:
            ready_s = time.monotonic() - began if ready(url) else None
        elif (seen := counts(url)) is not None:
            delivered, off = seen
            delivered_s = time.monotonic() - began if delivered >= DELIVERED else None
    began_stop = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOPPED_S * 2)
    stopped_s = time.monotonic() - began_stop
    time.sleep(1)
    left = left_in(checkout.parent)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    never = float("inf")
    return [
        Figure(what="make setup, downloads and pages", value=setup_s, unit="s"),
        Figure(what="the checkout with all that runs", value=size, unit="MB", aim=LARGEST_MB),
        Figure(what="make run until ready", value=ready_s or never, unit="s", aim=READY_S),
        Figure(
            what=f"make run until {DELIVERED} deliveries", value=delivered_s or never, unit="s", aim=DELIVERED_S,
            count=delivered,
        ),
        Figure(what="cents off, ledger and promises", value=off, unit="cents", aim=0),
        Figure(what="from SIGINT until all has stopped", value=stopped_s, unit="s", aim=STOPPED_S),
        Figure(what="processes left behind", value=left, unit="", aim=0),
    ]  # fmt: skip


def main() -> None:
    """The command line."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--json", type=Path, help="write the figures there as JSON")
    asked = reading.parse_args()
    about: dict[str, Any] = {
        "machine": machine(),
        "commit": subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.strip(),
    }
    missing = [name for name in ("git", "make") if shutil.which(name) is None]
    if missing:
        sys.exit(f"a fresh clone needs {' and '.join(missing)} on the path")
    with cloned() as checkout:
        figures = first_run(checkout)
    show("The first run of a fresh clone", figures)
    write(asked.json, about | {"figures": [one.told() for one in figures]})
    sys.exit(any(one.met is False for one in figures))


if __name__ == "__main__":
    main()
