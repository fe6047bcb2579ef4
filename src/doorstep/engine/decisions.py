"""What one tick decided, and why. Costs are ``cost_ms``: milliseconds of one shopper's waiting, whole."""

from dataclasses import dataclass
from enum import StrEnum

from doorstep.engine.world import Plan


class Standing(StrEnum):
    """Where an order stands after a tick."""

    SENT = "sent"
    """Its trip is sent now: leaving a tick later would delay it."""
    WAITS = "waits"
    """First trip of a free driver, committed late: it goes out at ``offer_s``."""
    QUEUED = "queued"
    """Planned on a driver who is busy, not yet on duty, or has another trip before."""
    RESERVED = "reserved"
    """Open elsewhere (a broadcast, an offer shown to someone): not planned here."""
    LEFT_OUT = "left_out"
    """Someone could take it, but serving it now costs others more than the coverage price."""
    IMPOSSIBLE = "impossible"
    """Nobody on duty or about to start can take it; ``missing`` says what would have to change."""


class Exclusion(StrEnum):
    """Why a driver cannot take an order, in the sequence in which it is asked."""

    OFF_SHIFT = "off_shift"
    """Starts too far ahead, or could only pick up after the end of his shift."""
    ABILITIES = "abilities"
    """Lacks an ability the order needs."""
    CAPACITY = "capacity"
    """The order alone is more than he can carry."""
    DECLINED = "declined"
    """Has already declined it."""
    TOO_FAR = "too_far"
    """Could only pick it up after it expires."""


@dataclass(frozen=True, slots=True)
class Send:
    """Ask ``driver`` now to do one trip: one store, then ``orders`` in drop sequence.

    ``leave_s`` is the latest departure that delays nothing, ``pickup_s`` and ``drops_s`` (one per order) what is then
    planned; ``cost_ms`` is what the trip adds to the cost of the plan.
    """

    driver: str
    orders: tuple[str, ...]
    leave_s: int
    pickup_s: int
    drops_s: tuple[int, ...]
    cost_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A driver and what giving him the order would add to the cost of the plan, all else kept."""

    driver: str
    cost_ms: int


@dataclass(frozen=True, slots=True)
class OrderReason:
    """Why one order stands where it stands.

    Planned orders carry driver and times; ``offer_s`` is when the offer should go out. ``cost_ms`` is what the order
    adds to the plan where it is (0 when unplanned), ``price_ms`` what leaving it out costs. Only orders sent now or
    unplanned are compared: ``candidates`` are the next three drivers by cost, ``excluded`` counts the drivers who
    cannot take it at all. ``missing`` names what would have to change for the nearest of them, ``short_s`` by how many
    seconds where it is a matter of time.
    """

    order: str
    standing: Standing
    driver: str = ""
    offer_s: int = 0
    pickup_s: int = 0
    drop_s: int = 0
    cost_ms: int = 0
    price_ms: int = 0
    candidates: tuple[Candidate, ...] = ()
    excluded: tuple[tuple[Exclusion, int], ...] = ()
    missing: Exclusion | None = None
    short_s: int = 0


@dataclass(frozen=True, slots=True)
class Decisions:
    """One tick's answer: who to ask now (by driver id), the plan to carry on, a reason per order (by order id).

    ``cost_ms`` is the cost of the whole plan, sends included, with the price of every order left out.
    """

    sends: tuple[Send, ...]
    plan: Plan
    reasons: tuple[OrderReason, ...]
    cost_ms: int
