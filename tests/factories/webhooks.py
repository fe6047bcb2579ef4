"""A merchant's own server that takes webhooks, and says no when a test wants it to."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.factories.couriers import listening
from tests.factories.deliveries import MERCHANT
from tests.factories.network import Network

from doorstep.features.webhooks import service


@dataclass(slots=True)
class Letter:
    """One request that arrived."""

    id: str
    headers: dict[str, str]
    body: str
    status: int

    @property
    def said(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = json.loads(self.body)
        return said

    @property
    def about(self) -> tuple[str, int]:
        """Delivery and number of the event."""
        return self.said["data"]["delivery"]["id"], self.said["data"]["sequence"]


Answer = Callable[[dict[str, Any]], tuple[int, dict[str, str]]]


@dataclass(slots=True)
class Receiver:
    """What arrived, and how it is answered: ``answer`` maps what is said to status and headers."""

    url: str = ""
    letters: list[Letter] = field(default_factory=list)
    answer: Answer = field(default=lambda _said: (204, {}))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The receiver as an ASGI application."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, extra = self.answer(json.loads(body))
        self.letters.append(Letter(headers["webhook-id"], headers, body.decode(), status))
        told = [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": b"thanks" if status == 200 else b""})

    @property
    def taken(self) -> list[Letter]:
        """Those that were answered with 2xx."""
        return [letter for letter in self.letters if 200 <= letter.status < 300]


@contextlib.asynccontextmanager
async def receiver(network: Network) -> AsyncIterator[Receiver]:
    """A receiver on this machine that the network may reach."""
    made = Receiver()
    async with listening(made, lifespan="off") as address:
        made.url = f"{address}/hooks"
        pair = frozenset({address.removeprefix("http://")})
        network.connectors.webhook_allow = network.connectors.webhook_allow | pair
        yield made


async def make_endpoint(network: Network, url: str, *events: str) -> service.NewEndpoint:
    """An endpoint of the test merchant."""
    async with network.work() as work:
        return await service.create_endpoint(
            work,
            network.connectors.secrets,
            MERCHANT,
            url=url,
            events=events,
            allow=network.connectors.webhook_allow,
        )
