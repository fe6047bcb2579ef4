"""Secrets that are shown once: their kinds, their making, their digests."""

import hashlib
import re
import secrets
from enum import StrEnum

from doorstep.platform.auth.actors import Audience


class Kind(StrEnum):
    """What a credential is, by the letters it begins with."""

    LIVE_KEY = "sk_live"  # a merchant's software, in a network that serves real people
    TEST_KEY = "sk_test"  # the same in a demo network
    PROVIDER_KEY = "pk"  # an outside courier company
    STAFF_SESSION = "st"  # one of the operator's people, signed in
    MERCHANT_SESSION = "ms"  # one of a merchant's people, signed in
    DRIVER_SESSION = "ds"  # a driver's device, signed in
    LINK = "lk"  # a one-time link: first owner, invitation


KEYS: dict[Audience, frozenset[Kind]] = {
    Audience.MERCHANT: frozenset({Kind.LIVE_KEY, Kind.TEST_KEY}),
    Audience.PROVIDER: frozenset({Kind.PROVIDER_KEY}),
}
SESSIONS: dict[Audience, Kind] = {
    Audience.STAFF: Kind.STAFF_SESSION,
    Audience.MERCHANT: Kind.MERCHANT_SESSION,
    Audience.DRIVER: Kind.DRIVER_SESSION,
}
_SHAPE = re.compile(r"(sk_live|sk_test|pk|st|ms|ds|lk)_[A-Za-z0-9_-]{43}", re.ASCII)
_SHOWN = 4  # characters of chance that stay visible; 234 of 258 bits stay hidden


def make(kind: Kind) -> str:
    """A fresh credential of ``kind``: its letters and 256 bits of chance."""
    return f"{kind}_{secrets.token_urlsafe(32)}"


def kind_of(credential: str) -> Kind | None:
    """What ``credential`` claims to be; None when nobody here can have made it."""
    match = _SHAPE.fullmatch(credential)
    return Kind(match[1]) if match else None


def digest(credential: str) -> bytes:
    """What is stored in its stead: SHA-256. The chance in it is too much to be guessed, so no salt."""
    return hashlib.sha256(credential.encode()).digest()


def visible_prefix(credential: str) -> str:
    """The beginning that lists may show."""
    return credential[: len(credential) - 43 + _SHOWN]
