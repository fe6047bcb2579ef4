"""Inbound webhooks are signed as in the Standard Webhooks spec: whose, and how old, before what."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from doorstep.features.providers.errors import NotFromThem
from doorstep.units.time import WallInstant

TOLERANCE = timedelta(minutes=5)
LONGEST_ID = 200


def secret_text(key: bytes) -> str:
    """A signing key as the spec writes it: ``whsec_`` and base 64."""
    return f"whsec_{base64.b64encode(key).decode()}"


def verified_id(secret: str, headers: Mapping[str, str], body: str, wall: WallInstant) -> str:
    """The webhook's id when ``body`` is signed with ``secret`` at about ``wall``. Raises NotFromThem.

    The library's own check reads the machine's clock; here time is passed in.
    """
    event_id = headers.get("webhook-id", "")
    told, given = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    if not (0 < len(event_id) <= LONGEST_ID and event_id.isascii() and event_id.isprintable()):
        raise NotFromThem("webhook-id is missing or malformed.")
    if not (told.isascii() and told.isdigit() and len(told) <= 11):
        raise NotFromThem("webhook-timestamp is missing or not in whole seconds.")
    at = datetime.fromtimestamp(int(told), UTC)
    if abs(at - wall) > TOLERANCE:
        raise NotFromThem("webhook-timestamp is more than five minutes away from now.")
    expected = Webhook(secret).sign(event_id, at, body)
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given.split(" ")[:10]):
        raise NotFromThem
    return event_id
