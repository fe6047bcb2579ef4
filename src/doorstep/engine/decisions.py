"""What a tick decides, and why."""

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
class Send:
    """A trip to be offered now: to whom, what in which sequence, when, and why her."""

    driver: str
    orders: tuple[str, ...]  # in drop sequence
    leave_s: int  # latest departure that keeps the pickup
    pickup_s: int
    drops_s: tuple[int, ...]
    cost: float
    sentence: str
    rivals: tuple[Rival, ...] = ()
    excluded: Mapping[str, int] = field(default_factory=dict)  # drivers per constraint that rules them out


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where an order that is not sent now stands."""

    order: str
    driver: str | None  # planned with, None when nobody can take it
    pickup_s: int
    drop_s: int
    sentence: str
    excluded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The outcome of one tick; ``plan`` goes into the next world."""

    sends: tuple[Send, ...]
    plan: Plan
    outlooks: tuple[Outlook, ...]
    cost: float
