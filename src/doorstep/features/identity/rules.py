"""Roles, scopes, lifetimes and the values other rooms see."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from doorstep.platform.auth.actors import Audience
from doorstep.units.time import WallInstant


class Scope(StrEnum):
    """What a merchant's key or user may do."""

    DELIVERIES_READ = "deliveries:read"  # look at deliveries, stores, statements
    DELIVERIES_WRITE = "deliveries:write"  # create, amend, cancel, tip
    QUOTES = "quotes"  # ask whether and for how much
    WEBHOOKS = "webhooks"  # keep endpoints and replay their attempts
    STORE = "store"  # the counter: say when goods are ready; who carries them reports the handing over and the return
    KEYS_WRITE = "keys:write"  # make and revoke keys
    USERS_WRITE = "users:write"  # invite people, see who they are, shut them out


class StaffRole(StrEnum):
    """What one of the operator's people may do."""

    OWNER = "owner"  # everything, and who else may do what
    DISPATCHER = "dispatcher"  # markets live: deliveries, drivers, overrides
    FINANCE = "finance"  # money: ledger, payouts, billing
    SUPPORT = "support"  # people with a question: looks everywhere, changes deliveries
    READ_ONLY = "read_only"  # looks, changes nothing


class MerchantRole(StrEnum):
    """What one of a merchant's people may do."""

    ADMIN = "admin"  # all that a key of every scope may
    STORE = "store"  # works at one store's counter: sees deliveries, says when those of her store are ready


SCOPES_OF: dict[MerchantRole, frozenset[Scope]] = {
    MerchantRole.ADMIN: frozenset(Scope),
    MerchantRole.STORE: frozenset({Scope.DELIVERIES_READ, Scope.STORE}),
}


class DemoRole(StrEnum):
    """As whom one click enters a demo."""

    DISPATCHER = "dispatcher"  # the operator's console; on loopback alone
    DRIVER = "driver"  # one driver
    SHOP = "shop"  # one merchant's user
    SHOPPER = "shopper"  # whoever holds the link of a delivery; signs nobody in

    @property
    def audience(self) -> Audience:
        """Whose routes the entry opens."""
        return {
            DemoRole.DISPATCHER: Audience.STAFF,
            DemoRole.DRIVER: Audience.DRIVER,
            DemoRole.SHOP: Audience.MERCHANT,
            DemoRole.SHOPPER: Audience.SHOPPER,
        }[self]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives: without being used, and at most."""

    idle: timedelta
    absolute: timedelta

    def over(self, *, opened: datetime, seen: datetime, at: datetime) -> bool:
        """Whether a session opened and last seen then has ended by ``at``."""
        return at - seen >= self.idle or at - opened >= self.absolute


# Staff: OWASP ASVS 5.0, 7.3.1 and 7.3.2, with the figures of our security requirements.
LIFETIMES: dict[Audience, Lifetime] = {
    Audience.STAFF: Lifetime(timedelta(minutes=30), timedelta(hours=12)),
    Audience.MERCHANT: Lifetime(timedelta(hours=12), timedelta(days=7)),
    Audience.DRIVER: Lifetime(timedelta(days=14), timedelta(days=90)),
}
CODE_LIFETIME = timedelta(minutes=5)
CODE_TRIES = 5
CODES_AN_HOUR = 5
LINK_LIFETIME = timedelta(hours=24)
USERS_ALIVE = 500
"""How many people of one merchant may have access at once."""
KEYS_ALIVE = 50
"""How many keys one holder may have alive at once."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. ``secret`` is shown this once and kept nowhere."""

    id: UUID
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as lists show it: all but its secret."""

    id: UUID
    prefix: str  # the first characters, to tell keys apart
    label: str
    scopes: tuple[str, ...]
    created_wall: WallInstant
    expires_wall: WallInstant | None
    revoked_wall: WallInstant | None
    last_used_wall: WallInstant | None


@dataclass(frozen=True, slots=True)
class Staff:
    """One of the operator's people."""

    id: UUID
    email: str
    name: str
    role: StaffRole
    label: str
    totp: bool  # a second factor is enrolled and demanded
    invited: bool  # has not chosen a password yet
    disabled: bool


@dataclass(frozen=True, slots=True)
class User:
    """One of a merchant's people."""

    id: UUID
    merchant_id: UUID
    email: str
    name: str
    role: MerchantRole
    store_id: UUID | None  # whose counter she works at; None: every store's
    invited: bool  # has not chosen a password yet
    disabled: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was just opened. ``token`` is shown this once and kept nowhere."""

    token: str = field(repr=False)
    audience: Audience
    subject: UUID
    tenant: UUID | None
    expires_wall: WallInstant


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is to be sent once its row is committed."""

    to: str
    body: str = field(repr=False)
