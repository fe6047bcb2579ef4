"""Tokens of tracking links: a delivery's id and our signature of it; nothing is stored.

32 bytes in URL-safe base 64 without padding: the id (16), then the first 128 bits of an HMAC-SHA-256 of
it. Whether the delivery ended too long ago is for tracking to say.
"""

import base64
import binascii
import hmac
from uuid import UUID

from doorstep.platform.secrets import Secrets
from doorstep.units.ids import DeliveryId

_LENGTH = 43
_PURPOSE = b"tracking-link-v1:"


def _mac(secrets: Secrets, delivery: bytes) -> bytes:
    return secrets.sign("tracking", _PURPOSE + delivery)[:16]


def tracking_token(secrets: Secrets, delivery_id: DeliveryId | UUID) -> str:
    """The token of ``delivery_id``, always the same, 43 characters."""
    plain = delivery_id.bytes + _mac(secrets, delivery_id.bytes)
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def read_tracking_token(secrets: Secrets, token: str) -> DeliveryId | None:
    """The delivery behind ``token``; None when we did not make it."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        plain = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if not hmac.compare_digest(plain[16:], _mac(secrets, plain[:16])):
        return None
    found = DeliveryId(UUID(bytes=plain[:16]))
    # Base 64 has several spellings of the last bits; only ours is good, so one link has one form.
    return found if hmac.compare_digest(tracking_token(secrets, found), token) else None
