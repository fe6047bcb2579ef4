"""What a tick decides, and why. Costs are in minutes of one shopper's waiting."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from doorstep.engine.world import Plan


@dataclass(frozen=True, slots=True)
class Rival:
    """Another driver who could have taken the trip, and what that would have cost beyond the plan."""

    driver: str
    extra_cost: float
    pickup_s: int


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A driver who cannot take an order, and the constraint that says so."""

    driver: str
    constraint: str


@dataclass(frozen=True, slots=True)
class Send:
    """A trip to be offered now: to whom, what in which sequence, when, and why her."""

    driver: str
    orders: tuple[str, ...]  # in drop sequence
    leave_s: int  # latest departure that keeps the pickup
    pickup_s: int
    drops_s: tuple[int, ...]
    cost: float  # what the trip adds to the plan
    sentence: str
    rivals: tuple[Rival, ...] = ()  # the next three, cheapest first
    excluded: Mapping[str, int] = field(
        default_factory=dict
    )  # drivers per constraint that rules them out for any of it
    kept_out: tuple[
        KeptOut, ...
    ] = ()  # of these the ``Params.named_most`` nearest to the store, the nearest first
    visits: tuple[tuple[str, ...], ...] = ()
    """Of a trip through several stores: what is picked up at each, in sequence, all before the first drop."""
    visits_s: tuple[int, ...] = ()
    """When."""


@dataclass(frozen=True, slots=True)
class Pickup:
    """An open trip that closes now: a tick later it would be picked up late."""

    driver: str
    orders: tuple[str, ...]  # in drop sequence
    joined: tuple[str, ...]  # of these, the ones she did not keep before
    pickup_s: int
    drops_s: tuple[int, ...]
    sentence: str
    # Where she is asked whether they may join (``Params.join_lead_s``), as in ``Send``:
    cost: float = 0.0  # what they add to the plan
    rivals: tuple[Rival, ...] = ()  # with whom a trip of their own would cost how much more
    excluded: Mapping[str, int] = field(default_factory=dict)
    kept_out: tuple[KeptOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """An order on board that is handed over next, where stores are mixed: she leaves for its door now."""

    driver: str
    order: str
    leave_s: int
    drop_s: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where an order that is not sent now stands."""

    order: str
    driver: str | None  # planned with, None when nobody can take it
    pickup_s: int
    drop_s: int
    sentence: str
    excluded: Mapping[str, int] = field(default_factory=dict)
    offer_s: int = 0  # when a planned order's offer goes out, if nothing changes
    short_s: int = 0  # by how many seconds the nearest driver misses it, where time is what is missing
    extra_cost: float = 0.0  # what serving an order left out would cost at least, when somebody could
    price: float = 0.0  # what leaving it out costs
    kept_out: tuple[KeptOut, ...] = ()  # as in ``Send``
    elsewhere: bool = False  # left to a courier company, whose price is the least


@dataclass(frozen=True, slots=True)
class Decisions:
    """The outcome of one tick; ``plan`` goes into the next world."""

    sends: tuple[Send, ...]
    plan: Plan
    outlooks: tuple[Outlook, ...]  # of every order not sent, by id
    cost: float  # of the whole plan, sends included, with the price of each order left out
    pickups: tuple[Pickup, ...] = ()  # of open trips; none when the world has none
    drops: tuple[Drop, ...] = ()  # only where stores are mixed
