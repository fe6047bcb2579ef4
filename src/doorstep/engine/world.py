"""What the market is believed to be at one tick: plain frozen values, whole seconds, no behaviour.

All instants count seconds from one origin of the caller's choice (an epoch, or midnight of a benchmark day). Places are
rows of the travel matrix of the same tick.

A stop's service time lies half before and half after its instant: a driver arriving at ``a`` picks up at
``max(a + pickup_service_s // 2, ready_s)`` and leaves the rest of the service later; likewise at the door. The service at
a store does not grow with the number of orders (the rules of Reyes et al. 2018, "The Meal Delivery Routing Problem").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NEVER_S = 1 << 40
"""Later than any instant: no end of shift, no expiry."""

ALWAYS_ACCEPTS_PERMILLE = 1000

type TripOrders = tuple[str, ...]
"""Order ids of one trip, in drop sequence; all of one store."""

type Plan = Mapping[str, tuple[TripOrders, ...]]
"""For each driver id the trips he is meant to do next, first trip first. Drivers without trips may be absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order placed and not yet picked up.

    It costs a minute for each minute from ``wanted_from_s`` to its drop (click-to-door for express orders, minutes into
    the window for slot orders) and the late price for each minute past ``due_s``. A drop before ``earliest_drop_s`` waits.
    ``store`` tells which orders may share a trip; orders of one store share one ``pickup`` place.
    ``needs`` is a mask of abilities, every bit of which the driver must have; ``units`` is its load.
    ``reserved`` orders (an open broadcast, an offer shown to someone else) are left unplanned at their price.
    """

    id: str
    store: str
    pickup: int
    dropoff: int
    placed_s: int
    wanted_from_s: int
    due_s: int
    ready_s: int
    pickup_service_s: int
    dropoff_service_s: int
    earliest_drop_s: int = 0
    expires_s: int = NEVER_S
    units: int = 1
    needs: int = 0
    refused_by: frozenset[str] = field(default_factory=frozenset)
    reserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A driver on duty or about to start.

    He is at ``place`` when free, at ``free_s``; on duty from ``on_s``; no pickup of his is planned after ``off_s``.
    ``busy``: he executes a trip or holds an offer, so nothing new is sent to him now, though his next trips are planned.
    ``max_orders`` and ``capacity_units`` bound one trip. ``acceptance_permille`` is the expected share of accepted offers.
    """

    id: str
    place: int
    free_s: int
    on_s: int
    off_s: int = NEVER_S
    abilities: int = 0
    capacity_units: int = 1_000_000
    max_orders: int = 1_000_000
    acceptance_permille: int = ALWAYS_ACCEPTS_PERMILLE
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What we believe at one tick. Rows may come in any sequence; ``plan`` is what the last tick decided to keep.

    The plan may name orders and drivers that are gone; they are ignored.
    """

    orders: tuple[Order, ...] = ()
    drivers: tuple[Driver, ...] = ()
    plan: Plan = field(default_factory=dict)
