"""Sending a ring: encrypted for the one phone, signed by the network, through the guarded way out."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from webpush import WebPush
from webpush.types import WebPushKeys, WebPushMessage, WebPushSubscription

from doorstep.connectors.outside import Connectors
from doorstep.features.identity import service as identity
from doorstep.features.markets import queries as markets
from doorstep.features.offers import queries as offers
from doorstep.features.offers.errors import UnknownOffer
from doorstep.features.offers.rules import OfferState
from doorstep.features.wakeups import service
from doorstep.features.wakeups.keys import vapid
from doorstep.features.wakeups.models import SubscriptionRow
from doorstep.features.wakeups.rules import Outcome, Subscription, outcome, says, ttl_s
from doorstep.features.webhooks.egress import Egress
from doorstep.platform.auth.actors import system
from doorstep.platform.db.work import Database
from doorstep.platform.jobs import Attempt
from doorstep.units.ids import public

ACTOR = system("wakeups")
log = structlog.get_logger("wakeups")


@dataclass(frozen=True, slots=True)
class Ring:
    """Wake this driver's phone for this offer."""

    driver_id: UUID
    offer_id: UUID


class NotRung(RuntimeError):
    """The push service did not take it this time."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A ring about to be sent, and what its subscription looked like."""

    subscription: Subscription
    sealed: bytes
    said: dict[str, str]
    ttl_s: int


class Ringing:
    """Rings; one per process."""

    def __init__(self, connectors: Connectors, egress: Egress | None = None) -> None:
        """``egress`` is the guarded way out, the usual one when None."""
        self._connectors = connectors
        self._egress = egress or Egress()

    async def ring(self, database: Database, message: Ring, attempt: Attempt) -> None:
        """Ring the phone if the offer still waits. Raises NotRung for another try while there are any."""
        due = await self._due(database, message)
        if due is None:
            return
        sent = self._encrypted(due)
        answer = await self._egress.post(
            due.subscription.endpoint,
            sent.encrypted,
            {**sent.headers, "content-type": "application/octet-stream", "urgency": "high", "topic": "offer"},
            self._connectors.webhook_allow,
        )
        match outcome(answer.status):
            case Outcome.GONE:
                async with database.work(ACTOR) as work:
                    await service.forget_sealed(work, message.driver_id, due.sealed)
            case Outcome.LATER if not attempt.last:
                raise NotRung(answer.error or f"status {answer.status}")
            case Outcome.LATER | Outcome.REFUSED:
                log.warning("phone_not_rung", status=answer.status, error=answer.error)
            case Outcome.TAKEN:
                pass

    async def _due(self, database: Database, message: Ring) -> _Due | None:
        """What is to be sent; None when the offer waits no longer or the phone is not hers any more."""
        async with database.work(ACTOR) as work:
            row = await work.session.get(SubscriptionRow, message.driver_id)
            if row is None:
                return None
            since = await identity.phone_since(work, message.driver_id)
            if since is None or row.made_wall < since:  # signed out, or in on another phone
                await service.forget_sealed(work, message.driver_id, row.sealed)
                return None
            try:
                offer = await offers.offer(work, message.offer_id)
            except UnknownOffer:
                return None
            keeps_s = ttl_s(work.clock.real_seconds_until(offer.expires_at))
            if offer.state is not OfferState.OPEN or keeps_s is None:
                return None
            subscription = service.read_sealed(self._connectors.secrets, row.sealed)
            zone = (await markets.market(work, offer.market_id)).timezone.key
            until = offer.expires_at.isoformat()
            said = says(public("offer", offer.id), until, zone, subscription.language)
            return _Due(subscription, row.sealed, said, keeps_s)

    def _encrypted(self, due: _Due) -> WebPushMessage:
        key = vapid(self._connectors.secrets)
        host = urlsplit(self._connectors.own_url).hostname or "localhost"
        sender = WebPush(
            key.private_pem,
            key.public_pem,
            subscriber=f"postmaster@{host}",  # RFC 2142: the mailbox every domain has
            ttl=due.ttl_s,
        )
        keys = WebPushKeys(auth=due.subscription.auth, p256dh=due.subscription.p256dh)
        return sender.get(due.said, WebPushSubscription(endpoint=due.subscription.endpoint, keys=keys))
