"""Who passed on what, and what that adds to its pay: by the live network's own rule (``features.offers.rising``)."""

from dataclasses import dataclass

from doorstep.engine.decisions import Rival
from doorstep.features.offers.rising import Passed, Refused, Rise, next_best_min

Rivals = tuple[Rival, ...]


def far_min(rivals: Rivals, orders: int) -> float | None:
    """What the cheapest of them would have cost each of so many orders; None without any."""
    return next_best_min((rival.extra_cost for rival in rivals), orders)


@dataclass(frozen=True, slots=True)
class No:
    """What became of an offer that was not taken."""

    final: bool  # nobody answered: she is not asked again
    next_best_min: (
        float | None
    )  # what the next driver would have cost; None: nobody could, or nobody reckoned it


class Noes:
    """What was said of every order of a day."""

    def __init__(self, rise: Rise) -> None:
        """Nobody has passed yet."""
        self._rise = rise
        self._raised: dict[int, int] = {}
        self._by: dict[int, dict[str, Refused]] = {}

    def extra_minor(self, row: int) -> int:
        """What its next offer adds."""
        return self._rise.after(self._raised.get(row, 0))

    def count(self, row: int) -> int:
        """How many drivers passed on it."""
        return self._passed(row).drivers

    def barred(self, row: int) -> frozenset[str]:
        """The drivers who are not to be asked for it."""
        return self._passed(row).barred

    def passed(self, row: int, driver: str, no: No) -> None:
        """She was asked alone and did not take it."""
        self.said(row, driver, final=no.final)
        if self._rise.raises(no.next_best_min):
            self.raised(row)

    def said(self, row: int, driver: str, *, final: bool = False) -> None:
        """She passed on it, as one of several perhaps."""
        by = self._by.setdefault(row, {})
        before = by.get(driver, Refused(0, 0, final))
        by[driver] = Refused(before.times + 1, self.extra_minor(row), final or before.final)

    def raised(self, row: int) -> None:
        """Its pay rises: a no that leaves somebody far, or none of many took it."""
        self._raised[row] = self._raised.get(row, 0) + 1

    def _passed(self, row: int) -> Passed[str]:
        return Passed(extra_minor=self.extra_minor(row), by=self._by.get(row, {}))
