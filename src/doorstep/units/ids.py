"""Ids: UUID version 7 (RFC 9562), one type per noun, shown in public with the noun's prefix.

In the database an id is a plain ``uuid``; at the edge it is ``dlv_01k...``: the prefix, an underscore
and 26 characters of Crockford base 32, which sort by time and survive being read aloud.
"""

from collections.abc import Callable
from random import Random
from typing import NewType
from uuid import UUID

MerchantId = NewType("MerchantId", UUID)
MarketId = NewType("MarketId", UUID)
StoreId = NewType("StoreId", UUID)
DriverId = NewType("DriverId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
QuoteId = NewType("QuoteId", UUID)
OfferId = NewType("OfferId", UUID)
TripId = NewType("TripId", UUID)
ProviderId = NewType("ProviderId", UUID)
ProviderJobId = NewType("ProviderJobId", UUID)
StaffId = NewType("StaffId", UUID)
UserId = NewType("UserId", UUID)
KeyId = NewType("KeyId", UUID)
EndpointId = NewType("EndpointId", UUID)

PREFIXES: dict[str, str] = {
    "merchant": "mer",
    "market": "mkt",
    "store": "str",
    "driver": "drv",
    "delivery": "dlv",
    "quote": "qte",
    "offer": "off",
    "trip": "trp",
    "provider": "prv",
    "provider_job": "pjb",
    "deal": "dea",
    "staff": "stf",
    "user": "usr",
    "key": "key",
    "endpoint": "whe",
    "event": "evt",
    "slot": "slt",
    "proof": "prf",
    "entry": "txn",
    "job": "job",
    "zone": "zon",
}
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


class MalformedId(ValueError):
    """A public id with the wrong prefix or letters; the caller mixed up two nouns or cut one short."""


def public(noun: str, value: UUID) -> str:
    """The public form of ``value``: ``public("delivery", id) -> "dlv_..."``."""
    number = value.int
    letters: list[str] = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return f"{PREFIXES[noun]}_{''.join(reversed(letters))}"


def parse(noun: str, text: str) -> UUID:
    """The UUID behind a public id. Raises MalformedId."""
    prefix, _, letters = text.partition("_")
    if prefix != PREFIXES[noun] or len(letters) != 26:
        raise MalformedId(f"expected an id like {PREFIXES[noun]}_…, got {text[:40]!r}")
    number = 0
    for letter in letters:
        if letter not in _VALUES:
            raise MalformedId(f"{text[:40]!r} has a letter no id has")
        number = number * 32 + _VALUES[letter]
    if number >= 1 << 128:
        raise MalformedId(f"{text[:40]!r} is no id")
    return UUID(int=number)


class IdSource:
    """Makes version 7 UUIDs from a clock and a source of chance that are passed in.

    Ids of one source strictly increase, even within a millisecond (RFC 9562 section 6.2, method 2).
    """

    def __init__(self, epoch_ms: Callable[[], int], chance: Random) -> None:
        """``epoch_ms`` tells real milliseconds since 1970; ``chance`` is SystemRandom when serving."""
        self._epoch_ms = epoch_ms
        self._chance = chance
        self._last = 0

    def new(self) -> UUID:
        """A fresh id, greater than every id made before by this source."""
        chance = self._chance.getrandbits(74)
        number = (self._epoch_ms() & ((1 << 48) - 1)) << 80
        number |= 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | (chance & ((1 << 62) - 1))
        if number <= self._last:
            low = (self._last & ((1 << 62) - 1)) + 1
            number = (self._last >> 62 << 62) | low
        self._last = number
        return UUID(int=number)
