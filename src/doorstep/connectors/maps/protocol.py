"""What the product asks of a map: travel times, and the place of an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from doorstep.units.geo import LatLng, Metres, Seconds
from doorstep.units.time import MarketInstant


@dataclass(frozen=True, slots=True, eq=False)
class TravelMatrix:
    """Driving between n places: entry ``[i, j]`` is the way from place i to place j.

    Both arrays are int32 of shape (n, n) with a zero diagonal; they may be asymmetric. Raises
    ValueError for any other shape or type.
    """

    seconds: NDArray[np.int32]
    metres: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Refuse arrays that an engine could misread."""
        if self.seconds.ndim != 2 or self.seconds.shape[0] != self.seconds.shape[1]:
            raise ValueError(f"a travel matrix is square, not {self.seconds.shape}")
        if self.metres.shape != self.seconds.shape:
            raise ValueError(f"metres {self.metres.shape} and seconds {self.seconds.shape} differ in shape")
        if self.seconds.dtype != np.int32 or self.metres.dtype != np.int32:
            raise ValueError("a travel matrix holds whole seconds and metres as int32")


@dataclass(frozen=True, slots=True)
class Leg:
    """The drive from one place to another."""

    metres: Metres
    seconds: Seconds


class Travel(Protocol):
    """How long driving takes when one leaves at a given business instant."""

    async def matrix(self, points: Sequence[LatLng], at: MarketInstant) -> TravelMatrix:
        """The ways between all ``points`` (n >= 0), leaving at ``at``; row = from, column = to."""
        ...

    async def leg(self, a: LatLng, b: LatLng, at: MarketInstant) -> Leg:
        """The way from ``a`` to ``b``; equal to the entry a matrix of the two would hold."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address as written or, out of a geocoder, as normalised.

    ``line1`` is number and street, ``line2`` the unit (apartment, suite) or empty.
    """

    line1: str
    city: str
    state: str
    postcode: str
    line2: str = ""
    country: str = "US"

    def __str__(self) -> str:
        """One line, as on an envelope."""
        street = f"{self.line1} {self.line2}" if self.line2 else self.line1
        return f"{street}, {self.city}, {self.state} {self.postcode}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressQuery:
    """An address to find, with the point the caller believes it is at, when it knows one."""

    address: Address
    point: LatLng | None = None


class Precision(StrEnum):
    """How sure a point is, best first."""

    GIVEN = "given"
    """The caller gave the coordinates and they are plausible for the postcode."""
    ROOFTOP = "rooftop"
    """The point of this very address."""
    STREET = "street"
    """A point on the street, between known numbers or at its middle."""
    POSTCODE = "postcode"
    """The middle of the postcode: right for a price, too coarse to drive to without asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """An address that was found."""

    address: Address
    """Normalised: abbreviations of USPS Publication 28, unit apart, postcode of five digits."""
    point: LatLng
    precision: Precision
    postcode: str
    note: str = ""
    """What a person should know about this answer; empty when nothing is."""


class WhyNotLocated(StrEnum):
    """Why an address was not found."""

    STREET_MISSING = "street_missing"
    """No line with number and street."""
    PO_BOX = "po_box"
    """A post office box: no courier can hand over there."""
    COUNTRY_NOT_SERVED = "country_not_served"
    """An address outside the United States."""
    POSTCODE_MALFORMED = "postcode_malformed"
    """Not five digits, with or without four more."""
    POSTCODE_UNKNOWN = "postcode_unknown"
    """Well-formed, and in no table this installation has."""
    STATE_MISMATCH = "state_mismatch"
    """The postcode lies in another state."""
    CITY_MISMATCH = "city_mismatch"
    """The postcode belongs to another city."""
    POINT_TOO_FAR = "point_too_far"
    """The given coordinates cannot be in the postcode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLocated:
    """An address that was not found: why, in words for a person, and what may have been meant."""

    reason: WhyNotLocated
    message: str
    suggestions: tuple[str, ...] = ()
    """Like ``"Nashville, TN 37203"``, likeliest first."""


class Geocoder(Protocol):
    """Finds the place of an address."""

    async def locate(self, query: AddressQuery) -> Located | NotLocated:
        """The place of ``query``, with its precision, or the reason why there is none. Never raises for a bad address."""
        ...
