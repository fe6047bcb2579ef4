"""A push service and a phone on this machine: takes rings as browsers' services do, and really reads them."""

import base64
import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tests.factories.couriers import listening
from tests.factories.network import Network


def b64(plain: bytes) -> str:
    """As browsers write keys."""
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """What stands behind ``text``."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, about: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, about).derive(secret)


@dataclass(slots=True)
class Browser:
    """The phone's end of a subscription: its keys never leave it."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def keys(self) -> dict[str, str]:
        """What it tells the network."""
        return {"p256dh": b64(_point(self.private.public_key())), "auth": b64(self.auth)}

    def read(self, body: bytes) -> bytes:
        """What a message says (RFC 8188, 8291). Raises InvalidTag when it was not written for this phone."""
        salt, sender = body[:16], body[21 : 21 + body[20]]
        shared = self.private.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        )
        about = b"WebPush: info\x00" + _point(self.private.public_key()) + sender
        key = _derived(shared, self.auth, about, 32)
        cipher = AESGCM(_derived(key, salt, b"Content-Encoding: aes128gcm\x00", 16))
        plain = cipher.decrypt(
            _derived(key, salt, b"Content-Encoding: nonce\x00", 12), body[21 + body[20] :], None
        )
        text, _, padding = plain.rpartition(b"\x02")
        assert not padding.strip(b"\x00")
        return text


@dataclass(slots=True)
class Rung:
    """A message that came: what the service saw, and what the phone read."""

    headers: dict[str, str]
    said: dict[str, Any]

    def signer(self) -> tuple[dict[str, Any], str]:
        """Who sent it, as proven: the claims, and the key they were proven with. Raises when the proof is wrong."""
        token, key = (part.split("=", 1)[1] for part in self.headers["authorization"][6:].split(", "))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(key))
        claims: dict[str, Any] = jwt.decode(token, public, ["ES256"], options={"verify_aud": False})
        return claims, key


@dataclass(slots=True)
class PushService:
    """Takes rings for one phone; ``answers`` are given one after the other, then 201 for ever."""

    url: str = ""
    phone: Browser = field(default_factory=Browser)
    rung: list[Rung] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The service as an ASGI application."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = self.answers.pop(0) if self.answers else 201
        if status == 201:
            self.rung.append(Rung(headers, json.loads(self.phone.read(body))))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def subscription(self, **changes: str) -> dict[str, str]:
        """What the browser tells the network."""
        return {"endpoint": f"{self.url}/to/this/phone", **self.phone.keys(), "language": "en", **changes}


@contextlib.asynccontextmanager
async def push_service(network: Network) -> AsyncIterator[PushService]:
    """A push service on this machine that the network may reach."""
    made = PushService()
    async with listening(made, lifespan="off") as address:
        made.url = address
        pair = frozenset({address.removeprefix("http://")})
        network.connectors.webhook_allow = network.connectors.webhook_allow | pair
        yield made
