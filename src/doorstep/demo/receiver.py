"""The merchants' systems that hear webhooks: they check the signature, and sometimes fail or are slow."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from random import Random
from typing import Any

import structlog
import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from doorstep.demo.merchants import Merchant
from doorstep.demo.script import read_private, write_private
from doorstep.demo.tally import Tally

log = structlog.get_logger("demo")
LABEL = "the demo's order system"
FAILS_SHARE = 0.03
SLOW_SHARE = 0.02
SLOW_S = 2.5
_LARGEST = 200_000
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Receiver:
    """One small server for the systems of all merchants: ``POST /hooks/<number of the merchant>``."""

    def __init__(self, port: int, secrets: Path, tally: Tally, chance: Random) -> None:
        """``secrets``: the private file in which signing secrets are kept, as any merchant must."""
        self._port = port
        self._path = secrets
        self._secrets: dict[str, str] = {str(k): str(v) for k, v in read_private(secrets).items()}
        self._tally = tally
        self._chance = chance
        self._seen: set[str] = set()

    async def register(self, number: int, merchant: Merchant) -> None:
        """Have the merchant's events sent here, as its developer would."""
        url = f"http://127.0.0.1:{self._port}/hooks/{number}"
        reply = await merchant.call("GET", "/v1/webhook-endpoints")
        mine = [one for one in reply.body if one["label"] == LABEL] if reply.good else []
        kept = [one for one in mine if one["id"] in self._secrets]
        if kept:
            reply = await merchant.call(
                "PATCH", f"/v1/webhook-endpoints/{kept[0]['id']}", json={"url": url, "state": "active"}
            )
            self._known(number, kept[0]["id"], self._secrets[kept[0]["id"]])
        else:
            for one in mine:  # its secret is lost: start over
                await merchant.call("DELETE", f"/v1/webhook-endpoints/{one['id']}")
            reply = await merchant.call("POST", "/v1/webhook-endpoints", json={"url": url, "label": LABEL})
            if reply.good:
                self._known(number, reply.body["endpoint"]["id"], reply.body["secret"])
        if not reply.good:
            log.warning("endpoint_refused", merchant=merchant.part.name, refusal=reply.body)

    def _known(self, number: int, endpoint: str, secret: str) -> None:
        self._secrets |= {endpoint: secret, str(number): secret}
        write_private(self._path, self._secrets)

    async def serve(self) -> None:
        """Listen until cancelled."""
        config = uvicorn.Config(
            self,
            host="127.0.0.1",
            port=self._port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        try:
            await server.serve()
        finally:
            server.should_exit = True

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        body = b""
        more = True
        while more and len(body) < _LARGEST:
            message = await receive()
            body += message.get("body", b"")
            more = bool(message.get("more_body"))
        status = await self._hear(str(scope["path"]), dict(scope["headers"]), body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _hear(self, path: str, headers: dict[bytes, bytes], body: bytes) -> int:
        secret = self._secrets.get(path.rpartition("/")[2])
        if secret is None:
            return 404
        mood = self._chance.random()
        if mood < FAILS_SHARE:
            self._tally.count("webhook_failed")
            return 500
        if mood < FAILS_SHARE + SLOW_SHARE:
            self._tally.count("webhook_slow")
            await asyncio.sleep(SLOW_S)
        plain = {name.decode(): value.decode() for name, value in headers.items()}
        try:
            Webhook(secret).verify(body, plain)
            json.loads(body)
        except (WebhookVerificationError, ValueError) as error:
            self._tally.count("webhook_forged")
            log.warning("webhook_refused", error=str(error))
            return 400
        again = plain["webhook-id"] in self._seen
        self._seen.add(plain["webhook-id"])
        self._tally.count("webhook_again" if again else "webhook_heard")
        return 204


class _Server(uvicorn.Server):
    """Uvicorn without handlers of its own: the stage hears the signals."""

    def install_signal_handlers(self) -> None:
        """Nothing."""
