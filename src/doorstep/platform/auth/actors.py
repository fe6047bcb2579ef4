"""Audiences and actors."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Audience(StrEnum):
    """Whom a route is for. A credential of one audience is worth nothing in another's routes."""

    MERCHANT = "merchant"  # a merchant's software or people; tenant = the merchant
    STAFF = "staff"  # the operator's people
    DRIVER = "driver"  # one independent driver
    SHOPPER = "shopper"  # whoever holds the tracking link of one delivery
    PROVIDER = "provider"  # an outside courier company
    PUBLIC = "public"  # nobody in particular: sees no tenant's rows
    GATE = "gate"  # sign-in itself, before it is known who asks; never a route's audience
    SYSTEM = "system"  # dispatcher and worker; runs under another database role


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in a unit of work: becomes the row-level security settings of its transaction.

    ``subject`` is the driver, delivery (shopper), provider, staff member or merchant user; ``tenant`` the
    merchant. ``roles`` holds staff roles or key scopes. ``label`` goes into audit and events.
    """

    audience: Audience
    subject: UUID | None = None
    tenant: UUID | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    label: str = ""


def system(label: str) -> Actor:
    """The network itself acting, as ``label`` (``dispatch``, ``billing``)."""
    return Actor(Audience.SYSTEM, label=label)


SYSTEM = system("system")
