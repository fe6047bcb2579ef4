"""Server-sent events as a browser hears them, without a socket between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.factories.network import Network


class Heard:
    """Events heard so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.events: list[tuple[str, Any]] = []
        self._rest = b""
        self._news = asyncio.Event()
        self.ended = False

    def take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self._rest += message.get("body", b"")
            *whole, self._rest = self._rest.split(b"\n\n")
            for part in whole:
                fields = dict(line.split(": ", 1) for line in part.decode().splitlines() if ": " in line)
                if "event" in fields:
                    self.events.append((fields["event"], json.loads(fields["data"])))
            self.ended = self.ended or not message.get("more_body", False)
        self._news.set()

    async def until(self, held: Callable[["Heard"], object], within_s: float = 60) -> None:
        """Wait until ``held`` is true of what was heard."""
        async with asyncio.timeout(within_s):
            while not held(self):
                self._news.clear()
                await self._news.wait()

    def of(self, name: str) -> list[Any]:
        """Bodies of the events called ``name``."""
        return [body for event, body in self.events if event == name]


@asynccontextmanager
async def listening(
    network: Network, path: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Heard]:
    """A stream that is hung up at the end of the block."""
    heard, hung_up = Heard(), asyncio.Event()
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.take(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            *[(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        ],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
    }
    stream = asyncio.create_task(network.app(scope, receive, send))
    try:
        yield heard
    finally:
        hung_up.set()
        async with asyncio.timeout(60):
            await stream
