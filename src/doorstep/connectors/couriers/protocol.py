"""What the product asks of a courier network: a price, a courier, word of what happens."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from doorstep.connectors.maps.protocol import Address
from doorstep.units.geo import LatLng
from doorstep.units.money import Money


class JobState(StrEnum):
    """Where a courier network says a job stands."""

    PENDING = "pending"  # taken, no courier yet
    TO_PICKUP = "to_pickup"  # a courier is on the way to the store
    AT_PICKUP = "at_pickup"  # the courier is at the store
    PICKED_UP = "picked_up"  # the goods are with the courier
    AT_DROPOFF = "at_dropoff"  # the courier is at the door
    DELIVERED = "delivered"  # handed over
    RETURNING = "returning"  # on the way back to the store
    RETURNED = "returned"  # back at the store
    CANCELLED = "cancelled"  # ended without delivery, by either side
    LOST = "lost"  # the network lost its courier and will not go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One end of a job."""

    name: str
    phone: str
    address: Address
    point: LatLng
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a courier network needs to know. ``reference`` is ours and unique: lookups go by it."""

    reference: str
    pickup: Stop
    dropoff: Stop
    ready_at: datetime
    deadline_at: datetime
    tip: Money
    items: int
    requirements: frozenset[str]  # signature, pin, photo, age_21 …
    pin: str = ""  # the code the shopper will tell, when ``pin`` is required


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierQuote:
    """A price that holds until ``expires_at`` and when the goods would arrive."""

    quote_id: str
    fee: Money
    pickup_at: datetime
    dropoff_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierJob:
    """A job as the network knows it."""

    job_id: str
    reference: str
    state: JobState
    fee: Money
    courier_name: str = ""
    vehicle: str = ""
    position: LatLng | None = None
    proof_url: str = ""
    proofs: frozenset[str] = frozenset()  # what was taken at the door: photo, pin, signature
    cancel_reason: str = ""


class CourierRefused(Exception):
    """The network understood and declined: out of area, no courier, requirement it cannot meet."""

    def __init__(self, code: str, why: str) -> None:
        """``code`` in the network's own words."""
        super().__init__(why)
        self.code = code


class CourierUnknown(Exception):
    """No answer, or one that cannot be read: the outcome is unknown until looked up by reference."""


class Courier(Protocol):
    """A courier network. Every verb may raise CourierRefused or CourierUnknown."""

    async def quote(self, request: JobRequest) -> CourierQuote:
        """Price and times."""
        ...

    async def book(self, request: JobRequest, quote_id: str) -> CourierJob:
        """Order a courier. After CourierUnknown, ``find`` before anything else."""
        ...

    async def find(self, reference: str) -> CourierJob | None:
        """The job that carries our ``reference``; None when there is none."""
        ...

    async def cancel(self, job_id: str, why: str) -> CourierJob:
        """Call the courier off; the answer says whether a fee stays."""
        ...

    async def proof(self, url: str) -> bytes | None:
        """The picture behind a job's ``proof_url``; None when it is not to be had."""
        ...

    def reference_in(self, body: str) -> str | None:
        """Which job's reference a webhook of this company is about; None when it cannot be told. Never raises."""
        ...
