"""How a trip really goes: drives and stops of the truth, and what becomes of it when an order is cancelled under way."""

from dataclasses import dataclass, replace

import numpy as np

from doorstep.features.deliveries.rules import (
    CancelReason,
    DeliveryState,
    Party,
    ReturnPolicy,
    cancel_refusal,
)
from doorstep.sim.truth import Truth, quarter

Spot = tuple[float, float]
Visits = tuple[tuple[int, ...], ...]
"""What is collected at each store of a trip, in sequence, all of it before the first door."""


@dataclass(frozen=True, slots=True)
class Way:
    """How she sets out: where and when, and how long she has driven on this trip until then."""

    at: Spot
    sets_out_s: int
    driven_s: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """What happens at one store of a trip."""

    rows: tuple[int, ...]
    way: Way  # to it
    luck: float  # of that drive
    inside_s: int  # when she is in the store
    picked_s: int


@dataclass(frozen=True, slots=True)
class Ride:
    """A trip somebody said yes to. Nothing of it is known before her phone reports it."""

    driver: int
    rows: tuple[int, ...]  # its orders in drop sequence; none when all were cancelled
    visits: tuple[Collected, ...]  # to its stores; none when all were cancelled
    pay_minor: int
    accepted_s: int
    begins_s: int
    dropped_s: tuple[int, ...]
    ends_s: int
    end: Spot
    driven_s: int

    @property
    def waited_s(self) -> int:
        """In the stores, for goods that were not ready."""
        return sum(visit.picked_s - visit.inside_s for visit in self.visits)

    def number_of(self, row: int) -> int:
        """Which of its visits is for the order ``row``, from 0."""
        return next(k for k, visit in enumerate(self.visits) if row in visit.rows)


def ride(
    truth: Truth,
    driver: int,
    rows: tuple[int, ...],
    visits: Visits,
    *,
    pay_minor: int,
    accepted_s: int,
    begins_s: int,
    start: Spot,
    lucks: tuple[float, ...] = (),
) -> Ride:
    """The trip of ``rows`` (at least one), collected in ``visits``, from ``start``.

    ``lucks`` of the ways to the stores are those of the first order of each visit unless given.
    """
    first_luck = truth.orders.approach_luck
    blank = Ride(
        driver=driver, rows=rows, visits=(), pay_minor=pay_minor, accepted_s=accepted_s, begins_s=begins_s,
        dropped_s=(), ends_s=begins_s, end=start, driven_s=0,
    )  # fmt: skip
    lucks = lucks or tuple(float(first_luck[visit[0]]) for visit in visits)
    return _on(truth, blank, Way(start, begins_s), tuple(zip(visits, lucks, strict=True)))


def may_cancel(carried: Ride | None, row: int, at_s: int) -> bool:
    """Whether a shopper's wish still counts: by the live rule, until the goods are with a carrier."""
    return carried is None or wish_counts(carried.visits[carried.number_of(row)].picked_s, at_s)


def wish_counts(picked_s: int, at_s: int) -> bool:
    """The same of an order whose goods somebody has from ``picked_s`` on."""
    state = DeliveryState.PICKED_UP if at_s >= picked_s else DeliveryState.AT_PICKUP
    return cancel_refusal(state, Party.SHOPPER, CancelReason.CHANGED_MIND, ReturnPolicy.RETURN) is None


def without(truth: Truth, one: Ride, row: int, heard_s: int) -> Ride:
    """``one`` without an order that was cancelled before its pickup; its driver hears of it at ``heard_s``.

    What was offered for the order is not paid, as in the live product where a customer cancels. What she collects before is as
    it was. When nothing is left to collect at that store she turns where she is then, or leaves it without goods, and goes on to
    the next stop; when nothing is left at all the trip ends there.
    """
    number = one.number_of(row)
    visit, later = one.visits[number], one.visits[number + 1 :]
    here = tuple(r for r in visit.rows if r != row)
    way = visit.way if here else _turn(truth, visit, heard_s)
    left = tuple(r for r in one.rows if r != row)
    if not left:
        return replace(
            one, rows=(), visits=(), pay_minor=0, dropped_s=(), ends_s=way.sets_out_s, end=way.at, driven_s=way.driven_s
        )  # fmt: skip
    weights = _weights(truth, one.rows)
    pay_minor = one.pay_minor - one.pay_minor * weights[row] // sum(weights.values())
    before = replace(one, rows=left, visits=one.visits[:number], pay_minor=pay_minor)
    ahead = tuple((following.rows, following.luck) for following in later)
    if not here:
        return _on(truth, before, way, ahead)
    return _on(truth, before, way, ((here, visit.luck), *ahead), waits_until_s=min(visit.picked_s, heard_s))


def with_more(truth: Truth, one: Ride, doors: tuple[int, ...], pay_minor: int) -> Ride:
    """``one``, of one store whose goods are still there, with all of ``doors`` instead of its own, for ``pay_minor`` on top."""
    (visit,) = one.visits
    grown = replace(one, rows=doors, visits=(), pay_minor=one.pay_minor + pay_minor)
    return _on(truth, grown, visit.way, ((tuple(sorted(doors)), visit.luck),))


def after(truth: Truth, one: Ride, before: Ride) -> Ride:
    """``one`` when the ride before it ends otherwise than was thought."""
    return ride(
        truth, one.driver, one.rows, tuple(visit.rows for visit in one.visits), pay_minor=one.pay_minor,
        accepted_s=one.accepted_s, begins_s=max(one.accepted_s, before.ends_s), start=before.end,
        lucks=tuple(visit.luck for visit in one.visits),
    )  # fmt: skip


def _on(
    truth: Truth,
    one: Ride,
    way: Way,
    ahead: tuple[tuple[tuple[int, ...], float], ...],
    waits_until_s: int = 0,
) -> Ride:
    """``one`` with the visits it has, then those ``ahead``, then its doors, setting out as in ``way``.

    She leaves the first store ahead not before ``waits_until_s``.
    """
    orders, ground = truth.orders, truth.ground
    stores = truth.stores[orders.store[[rows[0] for rows, _ in ahead]]]
    spots = np.concatenate((np.array([way.at]), stores, orders.door[list(one.rows)]))
    spans = ground.spans(spots[:-1], spots[1:])
    swift = float(truth.shifts.swift[one.driver])

    def drive_s(leg: int, luck: float, at_s: int) -> int:
        slow = float(truth.traffic[quarter(truth, at_s)]) * luck * swift
        return int(ground.seconds(spans[leg], slow))

    visits, t_s, driven_s = list(one.visits), way.sets_out_s, way.driven_s
    for leg, (rows, luck) in enumerate(ahead):
        way_s = drive_s(leg, luck, t_s)
        stop_s = int(orders.pickup_stop_s[list(rows)].max())
        inside_s = t_s + way_s + stop_s // 2
        picked_s = max(inside_s, int(orders.ready_s[list(rows)].max()), 0 if leg else waits_until_s)
        at = (float(spots[leg, 0]), float(spots[leg, 1]))
        visits.append(Collected(rows, Way(at, t_s, driven_s), luck, inside_s, picked_s))
        driven_s += way_s
        t_s = picked_s + stop_s - stop_s // 2
    dropped = []
    for leg, row in enumerate(one.rows, start=len(ahead)):
        way_s = drive_s(leg, float(orders.leg_luck[row]), t_s)
        stop_s = int(orders.drop_stop_s[row])
        dropped.append(t_s + way_s + stop_s // 2)
        driven_s += way_s
        t_s = dropped[-1] + stop_s - stop_s // 2
    return replace(
        one, visits=tuple(visits), dropped_s=tuple(dropped), ends_s=t_s,
        end=(float(spots[-1, 0]), float(spots[-1, 1])), driven_s=driven_s,
    )  # fmt: skip


def _turn(truth: Truth, visit: Collected, heard_s: int) -> Way:
    """Where and when she gives up going to ``visit``, or leaves that store, when she hears of it at ``heard_s``."""
    way = visit.way
    leaves_s = min(max(heard_s, way.sets_out_s), visit.picked_s)
    turns_s = min(leaves_s, visit.inside_s)
    share = (turns_s - way.sets_out_s) / max(visit.inside_s - way.sets_out_s, 1)
    store = truth.stores[truth.orders.store[visit.rows[0]]]
    x, y = (a + (float(b) - a) * share for a, b in zip(way.at, store, strict=True))
    return Way(truth.ground.stand(x, y), leaves_s, way.driven_s + turns_s - way.sets_out_s)


def _weights(truth: Truth, rows: tuple[int, ...]) -> dict[int, int]:
    """How the pay of a trip is shared: by the way of each order alone, as in the terms of an offer."""
    chosen = list(rows)
    metres = truth.ground.metres(truth.stores[truth.orders.store[chosen]], truth.orders.door[chosen])
    return {row: int(np.ceil(m)) + 1 for row, m in zip(rows, metres, strict=True)}
