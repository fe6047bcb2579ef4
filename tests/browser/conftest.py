"""Pages in a real Chromium against a real server.

Two kinds of network: ``street`` is one in this process, served on a socket, its clock in the test's hand, so that a
test can make any moment; ``demo`` is the product itself as ``doorstep demo`` starts it, with all its processes.
"""

import asyncio
import contextlib
import inspect
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, async_playwright
from tests.conftest import Server, fresh_database, template_for
from tests.factories.browser import Visitor, a_chromium, chromium, whole_chromium, why_not
from tests.factories.network import Network, open_network
from tests.factories.offers import Town, a_town

REQUIRED = os.environ.get("DOORSTEP_BROWSER") == "required"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser; `tests/conftest.py` gives it to one worker."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            if inspect.iscoroutinefunction(getattr(item, "function", None)):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.flaky(reruns=2))  # a crowded machine; what was tried again is told


@pytest.fixture(autouse=True)
def _needs_a_browser() -> None:
    missing = why_not()
    if missing and REQUIRED:
        pytest.fail(f"DOORSTEP_BROWSER=required, but {missing}")
    if missing:
        pytest.skip(missing)


WITH_NOTICES = "test_driver_wake"
"""Tried in the whole Chromium: the one without windows shows no notices."""


@pytest.fixture(scope="session")
def chromium_at() -> Iterator[Callable[[str | None], str]]:
    """A Chromium of each kind for all tests of this process: starting one, and compiling its shaders, takes seconds."""
    with contextlib.ExitStack() as opened:
        addresses: dict[str | None, str] = {}

        def at(program: str | None) -> str:
            if program not in addresses:
                addresses[program] = opened.enter_context(a_chromium(program))
            return addresses[program]

        yield at


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(
    chromium_at: Callable[[str | None], str],
) -> AsyncIterator[Callable[[str | None], Awaitable[Browser]]]:
    """A line to a Chromium of each kind, kept for all tests of this process: opening one takes half a second."""
    connected: dict[str | None, Browser] = {}
    async with async_playwright() as play:

        async def to(program: str | None) -> Browser:
            if program not in connected or not connected[program].is_connected():
                connected[program] = await play.chromium.connect_over_cdp(chromium_at(program))
            return connected[program]

        yield to


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    request: pytest.FixtureRequest, browsers: Callable[[str | None], Awaitable[Browser]]
) -> AsyncIterator[Browser]:
    """The shared Chromium. What a visitor does stays in the contexts she opens."""
    opened = await browsers(whole_chromium() if request.path.name.startswith(WITH_NOTICES) else chromium())
    yield opened
    for context in opened.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database_name(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """As elsewhere, in the loop that holds the lines to the browsers."""
    async with fresh_database(server, template_for(request)) as name:
        yield name


@pytest_asyncio.fixture(loop_scope="session")
async def network(server: Server, database_name: str, tmp_path: Path) -> AsyncIterator[Network]:
    """As elsewhere, in the loop that holds the lines to the browsers."""
    async with open_network(
        server.url(database_name, "doorstep_web"), server.url(database_name, "doorstep_system"), tmp_path
    ) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Street:
    """A network on a socket: ``network`` to change it, ``town`` with a market and drivers, ``url`` to look at it."""

    network: Network
    town: Town
    url: str


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the test runner's."""
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def street(network: Network) -> AsyncIterator[Street]:
    """Nashville with two drivers on duty, served on a port of its own."""
    port = _free_port()
    server = _Quiet(
        uvicorn.Config(
            network.app,
            host="127.0.0.1",
            port=port,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn tells by a flag alone)
        await asyncio.sleep(0.01)
    yield Street(network, await a_town(network), f"http://127.0.0.1:{port}")
    server.should_exit = True
    server.force_exit = True
    await serving


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, street: Street) -> AsyncIterator[Visitor]:
    """A person on ``street``. A complaint on any of her pages fails the test."""
    someone = Visitor(browser, street.url)
    yield someone
    for context in someone.contexts:
        await context.close()
    assert not someone.complaints, "\n".join(someone.complaints)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running network: its address, what its processes said, its home, and the process that starts the others."""

    url: str
    log: Path
    home: Path
    process: "subprocess.Popen[bytes]"

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find it."""
        return _environment(self.home, self.url.rsplit(":", 1)[1])


def _environment(home: Path, port: object) -> dict[str, str]:
    return {**os.environ, "DOORSTEP_HOME": str(home), "PORT": str(port), "HOST": "127.0.0.1"}


@contextlib.contextmanager
def _started(command: str) -> Iterator[Demo]:
    """``doorstep COMMAND`` with all its processes, fresh, and gone afterwards."""
    memory = Path("/dev/shm")
    quick = str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dsd-", dir=quick, ignore_cleanup_errors=True) as name:
        home, port, log = Path(name) / "state", _free_port(), Path(name) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [Path(sys.executable).parent / "doorstep", command],
                env=_environment(home, port),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            try:
                url = f"http://127.0.0.1:{port}"
                _until_ready(process, url, log)
                yield Demo(url, log, home, process)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """``doorstep demo`` with all its processes, fresh; shared by the tests of one file, and gone with them."""
    with _started("demo") as running:
        yield running


@pytest.fixture
def empty_network() -> Iterator[Demo]:
    """``doorstep serve`` at its first start: nobody owns it, no market is made."""
    with _started("serve") as running:
        yield running


def _until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"the network did not start:\n{log.read_text()[-3000:]}")


@pytest_asyncio.fixture(loop_scope="session")
async def tourist(browser: Browser, demo: Demo) -> AsyncIterator[Visitor]:
    """A person in the running demo. A complaint on any of her pages fails the test."""
    someone = Visitor(browser, demo.url)
    yield someone
    for context in someone.contexts:
        await context.close()
    assert not someone.complaints, "\n".join(someone.complaints)
