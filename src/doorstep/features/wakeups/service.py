"""Verbs of wake-ups: take a subscription, forget it."""

import base64
import binascii
from dataclasses import asdict
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.drivers import queries as drivers
from doorstep.features.wakeups.errors import BadSubscription
from doorstep.features.wakeups.models import SubscriptionRow
from doorstep.features.wakeups.rules import Language, Subscription
from doorstep.features.webhooks.egress import read_url
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.platform.secrets import Secrets

AUTH_BYTES = 16


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _check(wanted: Subscription) -> None:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(wanted.p256dh))
    except (ValueError, binascii.Error) as error:
        raise BadSubscription(faults=[Fault("/body/p256dh", "no point of P-256")]) from error
    try:
        right = len(_decoded(wanted.auth)) == AUTH_BYTES
    except (ValueError, binascii.Error):
        right = False
    if not right:
        raise BadSubscription(faults=[Fault("/body/auth", "not sixteen bytes")])


async def subscribe(
    work: Work, secrets: Secrets, driver_id: UUID, wanted: Subscription, allow: frozenset[str]
) -> None:
    """Ring this phone from now on, and no other of hers. Raises UnsafeUrl, BadSubscription, UnknownDriver."""
    read_url(wanted.endpoint, allow)
    _check(wanted)
    driver = await drivers.driver(work, driver_id)
    plain = msgspec.json.encode({**asdict(wanted), "language": wanted.language.value})
    values = {
        "market_id": driver.market_id,
        "sealed": secrets.seal(plain),
        "language": wanted.language.value,
        "made_wall": work.wall(),
    }
    await work.session.execute(
        insert(SubscriptionRow)
        .values(driver_id=driver_id, **values)
        .on_conflict_do_update(index_elements=[SubscriptionRow.driver_id], set_=values)
    )


async def forget(work: Work, driver_id: UUID) -> None:
    """Ring nobody of hers any more. Twice is once."""
    await work.session.execute(delete(SubscriptionRow).where(SubscriptionRow.driver_id == driver_id))


async def forget_sealed(work: Work, driver_id: UUID, sealed: bytes) -> None:
    """Forget this very subscription; one that took its place meanwhile stays."""
    await work.session.execute(
        delete(SubscriptionRow).where(
            SubscriptionRow.driver_id == driver_id, SubscriptionRow.sealed == sealed
        )
    )


async def is_on(work: Work, driver_id: UUID) -> bool:
    """Whether a phone of hers is rung."""
    found = await work.session.scalar(
        select(SubscriptionRow.driver_id).where(SubscriptionRow.driver_id == driver_id)
    )
    return found is not None


def read_sealed(secrets: Secrets, sealed: bytes) -> Subscription:
    """The subscription behind a row."""
    told = msgspec.json.decode(secrets.unseal(sealed), type=dict[str, str])
    return Subscription(
        endpoint=told["endpoint"],
        p256dh=told["p256dh"],
        auth=told["auth"],
        language=Language(told["language"]),
    )
