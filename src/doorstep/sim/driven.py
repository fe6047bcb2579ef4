"""Accepted trips of a day and what drivers' phones have yet to say of them, in the order of the road."""

from collections import deque
from collections.abc import Callable, Sequence

from doorstep.sim.rides import Ride
from doorstep.sim.tally import Report, Told

Say = Callable[[int, int, int], None]
"""Lets ``driver``'s report with a serial number be heard that was made at an instant."""


class Driven:
    """Trips by driver, the one under way first. A report that will never be made is dropped when its time comes."""

    def __init__(self, say: Say) -> None:
        """Nobody drives."""
        self._say = say
        self._rides: dict[int, deque[Ride]] = {}
        self._unheard: dict[int, deque[Told]] = {}
        self._void: set[int] = set()
        self._serial = 0

    def __contains__(self, driver: int) -> bool:
        """Whether she has a trip."""
        return driver in self._rides

    def of(self, driver: int) -> Sequence[Ride]:
        """Her trips, none when she has none."""
        return self._rides.get(driver, ())

    def with_order(self, row: int) -> tuple[int, int] | None:
        """The driver who has an order, and which of her trips it is on."""
        return next(
            ((d, n) for d, rides in self._rides.items() for n, one in enumerate(rides) if row in one.rows),
            None,
        )

    def accepted(self, one: Ride) -> None:
        """She said yes to it, after those she has."""
        self._rides.setdefault(one.driver, deque()).append(one)
        self._report(one)

    def changed(self, driver: int, number: int, rides: Sequence[Ride]) -> None:
        """Her trip ``number`` and those after it are ``rides`` instead; of stores she has been to, as was heard, no more is said."""
        before = list(self._rides[driver])
        self._rides[driver] = deque((*before[:number], *rides))
        told = self._unheard[driver]
        unheard = sum(one.ride is before[number] and one.report is Report.PICKED_UP for one in told)
        known = len(before[number].visits) - unheard
        stays = [one for one in told if one.ride in before[:number]]
        self._void.update(one.serial for one in told if one not in stays)
        self._unheard[driver] = deque(stays)
        for one in rides:
            self._report(one, known)
            known = 0

    def heard(self, driver: int, serial: int) -> Told | None:
        """The next thing heard of her trips; None when it will never be said."""
        if serial in self._void:
            self._void.discard(serial)
            return None
        return self._unheard[driver].popleft()

    def over(self, driver: int) -> Ride:
        """Her trip under way, which has ended."""
        ahead = self._rides[driver]
        ended = ahead.popleft()
        if not ahead:
            del self._rides[driver]
        return ended

    def _report(self, one: Ride, known: int = 0) -> None:
        """What her phone will say of a trip; of its first stops, so many are ``known``."""
        told = [(Report.PICKED_UP, visit.picked_s) for visit in one.visits[known:]]
        told += [(Report.DROPPED, at_s) for at_s in one.dropped_s]
        for report, at_s in (*told, (Report.FINISHED, one.ends_s)):
            self._serial += 1
            self._unheard.setdefault(one.driver, deque()).append(Told(self._serial, report, at_s, one))
            self._say(one.driver, self._serial, at_s)
