"""Pay that rises with each no: what it adds to the next offer, and who may be asked again. Pure.

A no that leaves only somebody far raises what the delivery pays whoever is asked next, she who passed among them: the pay belongs to
the delivery, never to the person. Steps up to a cap are the trade's own way ("surge" offers; docs/decisions/0015).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

STEP_MINOR = 400
"""What such a no adds, unless the market says otherwise."""
MOST_MINOR = 1200
"""What all of them add together at most."""
FROM_MIN = 3.0
"""So many minutes of waiting the next best driver costs at least where a no raises the pay."""
ASKED_MOST = 4
"""Who has said no to a delivery so often is not asked for it again, however its pay rises."""


@dataclass(frozen=True, slots=True)
class Rise:
    """When and by how much the pay of a delivery rises, in minor units of the market's currency."""

    step_minor: int = STEP_MINOR
    most_minor: int = MOST_MINOR
    from_min: float = FROM_MIN

    def raises(self, next_best_min: float | None) -> bool:
        """Whether a no to an offer raises the pay; ``next_best_min`` is what the next driver would have cost each of its deliveries,
        None: nobody could.
        """
        return next_best_min is None or next_best_min >= self.from_min

    def after(self, noes: int) -> int:
        """What an offer adds after so many that raise it."""
        return min(self.step_minor * noes, self.most_minor)


def rise_of(dispatch: Mapping[str, float]) -> Rise:
    """What a market's settings say of it."""
    return Rise(
        int(dispatch.get("rise_step_minor", STEP_MINOR)),
        int(dispatch.get("rise_most_minor", MOST_MINOR)),
        float(dispatch.get("rise_from_min", FROM_MIN)),
    )


def next_best_min(extra_costs: Iterable[float], orders: int) -> float | None:
    """What the cheapest other driver would have cost each of a trip's ``orders``, by what others cost for all of it; None without any."""
    cheapest = min(extra_costs, default=None)
    return None if cheapest is None else cheapest / orders


@dataclass(frozen=True, slots=True)
class Refused:
    """What one driver said of one delivery."""

    times: int
    extra_minor: int  # what it paid beyond base and tip when she last passed
    final: bool  # she let it run out or gave it back: she is not asked again, whatever it pays

    def bars(self, extra_minor: int) -> bool:
        """Whether she is not to be asked for it when it pays ``extra_minor`` more than at first."""
        return self.final or self.times >= ASKED_MOST or extra_minor <= self.extra_minor


@dataclass(frozen=True, slots=True)
class Passed[Who]:
    """How often a delivery was passed on, and by whom."""

    extra_minor: int = 0  # what its next offer adds
    broadcasts: int = 0  # that ended without a taker
    by: Mapping[Who, Refused] = field(default_factory=dict)

    @property
    def drivers(self) -> int:
        """How many drivers passed on it."""
        return len(self.by)

    @property
    def barred(self) -> frozenset[Who]:
        """Who is not to be asked for it now."""
        return frozenset(who for who, one in self.by.items() if one.bars(self.extra_minor))


NEVER_PASSED: Passed[UUID] = Passed()
