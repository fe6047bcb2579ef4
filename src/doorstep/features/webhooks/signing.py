"""Signatures by the Standard Webhooks spec, with every secret in force."""

import base64
from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes
from uuid import UUID

from standardwebhooks import Webhook

from doorstep.units.ids import public


def new_secret() -> str:
    """A fresh signing secret: ``whsec_`` and 32 random bytes in base 64."""
    return f"whsec_{base64.b64encode(token_bytes(32)).decode()}"


def headers(message_id: UUID, at: datetime, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """The spec's three headers for one attempt at the real time ``at``: one signature per secret, newest first."""
    webhook_id = public("event", message_id)
    signatures = [Webhook(secret).sign(webhook_id, at, body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
