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


@dataclass(frozen=True, slots=True)
class Ride:
    """A trip somebody said yes to. Nothing of it is known before her phone reports it."""

    driver: int
    rows: tuple[int, ...]  # its orders in drop sequence; none when all were cancelled
    pay_minor: int
    accepted_s: int
    begins_s: int
    start: Spot
    luck: float  # of the drive to the store
    inside_s: int  # when she is in the store
    picked_s: int
    dropped_s: tuple[int, ...]
    ends_s: int
    end: Spot
    driven_s: int

    @property
    def waited_s(self) -> int:
        """In the store, for goods that were not ready."""
        return self.picked_s - self.inside_s if self.rows else 0


def ride(
    truth: Truth,
    driver: int,
    rows: tuple[int, ...],
    *,
    pay_minor: int,
    accepted_s: int,
    begins_s: int,
    start: Spot,
    luck: float | None = None,
    waits_until_s: int = 0,
) -> Ride:
    """The trip of ``rows`` (at least one) from ``start``.

    ``luck`` of the way to the store is the first order's unless given; she leaves the store not before ``waits_until_s``.
    """
    orders, ground = truth.orders, truth.ground
    chosen = list(rows)
    store = truth.stores[orders.store[chosen[0]]]
    spots = np.concatenate((np.array([start]), store[None, :], orders.door[chosen]))
    spans = ground.spans(spots[:-1], spots[1:])
    swift = float(truth.shifts.swift[driver])
    luck = float(orders.approach_luck[chosen[0]]) if luck is None else luck

    def drive_s(leg: int, luck: float, at_s: int) -> int:
        slow = float(truth.traffic[quarter(truth, at_s)]) * luck * swift
        return int(ground.seconds(spans[leg], slow))

    driven_s = drive_s(0, luck, begins_s)
    stop_s = int(orders.pickup_stop_s[chosen].max())
    inside_s = begins_s + driven_s + stop_s // 2
    picked_s = max(inside_s, int(orders.ready_s[chosen].max()), waits_until_s)
    t_s = picked_s + stop_s - stop_s // 2
    dropped = []
    for leg, row in enumerate(chosen, start=1):
        way_s = drive_s(leg, float(orders.leg_luck[row]), t_s)
        stop_s = int(orders.drop_stop_s[row])
        dropped.append(t_s + way_s + stop_s // 2)
        driven_s += way_s
        t_s = dropped[-1] + stop_s - stop_s // 2
    return Ride(
        driver=driver, rows=rows, pay_minor=pay_minor, accepted_s=accepted_s, begins_s=begins_s, start=start, luck=luck,
        inside_s=inside_s, picked_s=picked_s, dropped_s=tuple(dropped), ends_s=t_s,
        end=(float(spots[-1, 0]), float(spots[-1, 1])), driven_s=driven_s,
    )  # fmt: skip


def may_cancel(carried: Ride | None, at_s: int) -> bool:
    """Whether a shopper's wish still counts: by the live rule, until the goods are with a carrier."""
    gone = carried is not None and at_s >= carried.picked_s
    state = DeliveryState.PICKED_UP if gone else DeliveryState.AT_PICKUP
    return cancel_refusal(state, Party.SHOPPER, CancelReason.CHANGED_MIND, ReturnPolicy.RETURN) is None


def without(truth: Truth, one: Ride, row: int, heard_s: int) -> Ride:
    """``one`` without an order that was cancelled before the pickup; its driver hears of it at ``heard_s``.

    What was offered for the order is not paid, as in the live product where a customer cancels. When nothing is left she
    turns where she is then, or leaves the store without goods.
    """
    left = tuple(r for r in one.rows if r != row)
    if left:
        weights = _weights(truth, one.rows)
        pay_minor = one.pay_minor - one.pay_minor * weights[row] // sum(weights.values())
        return ride(
            truth, one.driver, left, pay_minor=pay_minor, accepted_s=one.accepted_s, begins_s=one.begins_s,
            start=one.start, luck=one.luck, waits_until_s=min(one.picked_s, heard_s),
        )  # fmt: skip
    turns_s = min(max(heard_s, one.begins_s), one.inside_s)
    share = (turns_s - one.begins_s) / max(one.inside_s - one.begins_s, 1)
    store = truth.stores[truth.orders.store[row]]
    x, y = (a + (float(b) - a) * share for a, b in zip(one.start, store, strict=True))
    return replace(
        one, rows=(), pay_minor=0, dropped_s=(), ends_s=turns_s, end=truth.ground.stand(x, y),
        driven_s=turns_s - one.begins_s,
    )  # fmt: skip


def after(truth: Truth, one: Ride, before: Ride) -> Ride:
    """``one`` when the ride before it ends otherwise than was thought."""
    return ride(
        truth, one.driver, one.rows, pay_minor=one.pay_minor, accepted_s=one.accepted_s,
        begins_s=max(one.accepted_s, before.ends_s), start=before.end, luck=one.luck,
    )  # fmt: skip


def _weights(truth: Truth, rows: tuple[int, ...]) -> dict[int, int]:
    """How the pay of a trip is shared: by the way of each order alone, as in the terms of an offer."""
    chosen = list(rows)
    metres = truth.ground.metres(truth.stores[truth.orders.store[chosen]], truth.orders.door[chosen])
    return {row: int(np.ceil(m)) + 1 for row, m in zip(rows, metres, strict=True)}
