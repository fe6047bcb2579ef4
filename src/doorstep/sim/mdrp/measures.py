"""The measures of the field and the official feasibility rules, applied to a log of assignments."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from doorstep.sim.mdrp.instance import Instance


@dataclass(frozen=True, slots=True)
class Assignment:
    """A courier's trip as it happened; seconds from the start of the day."""

    courier: str
    assigned_s: int
    pickup_s: int
    orders: tuple[str, ...]
    drops_s: tuple[int, ...]
    free_s: int
    driven_s: int


@dataclass(frozen=True, slots=True)
class Measures:
    """Minutes unless named otherwise; means over delivered orders, ``ctd90`` counts the others as 90."""

    instance: str
    orders: int
    undelivered_pct: float
    ctd_mean: float
    ctd_p90: float
    ctd90: float
    rtp_mean: float
    cost_per_order: float
    orders_per_bundle: float
    drive_min_per_order: float
    tick_ms_p50: float
    tick_ms_p95: float

    def as_dict(self) -> dict[str, object]:
        """Plain figures for a file."""
        return asdict(self)


def measure(instance: Instance, done: Sequence[Assignment], tick_s: Sequence[float]) -> Measures:
    """Figures of a day. Raises ValueError when the log breaks an official rule."""
    faults = breaches(instance, done)
    if faults:
        raise ValueError(f"{len(faults)} breaches of the rules, the first: {faults[0]}")
    orders = {o.id: o for o in instance.orders}
    ctd = [
        drop / 60 - orders[o].placed_min for a in done for o, drop in zip(a.orders, a.drops_s, strict=True)
    ]
    rtp = [a.pickup_s / 60 - orders[o].ready_min for a in done for o in a.orders]
    carried = dict.fromkeys((c.id for c in instance.couriers), 0)
    for a in done:
        carried[a.courier] += len(a.orders)
    pay = sum(
        max(instance.pay_per_order * carried[c.id], instance.pay_per_hour * (c.off_min - c.on_min) / 60)
        for c in instance.couriers
    )
    total, delivered = len(orders), len(ctd)
    ticks = np.array(tick_s or [0.0]) * 1000
    return Measures(
        instance=instance.name,
        orders=total,
        undelivered_pct=round(100 * (total - delivered) / total, 3),
        ctd_mean=round(float(np.mean(ctd)), 3),
        ctd_p90=round(float(np.percentile(ctd, 90)), 2),
        ctd90=round((sum(ctd) + 90 * (total - delivered)) / total, 3),
        rtp_mean=round(float(np.mean(rtp)), 3),
        cost_per_order=round(pay / max(delivered, 1), 3),
        orders_per_bundle=round(delivered / max(len(done), 1), 3),
        drive_min_per_order=round(sum(a.driven_s for a in done) / 60 / max(delivered, 1), 2),
        tick_ms_p50=round(float(np.percentile(ticks, 50)), 2),
        tick_ms_p95=round(float(np.percentile(ticks, 95)), 2),
    )


def breaches(instance: Instance, done: Sequence[Assignment]) -> list[str]:
    """Every breach of the official feasibility rules; empty for a legal day."""
    orders = {o.id: o for o in instance.orders}
    restaurants = {r.id: (r.x, r.y) for r in instance.restaurants}
    couriers = {c.id: c for c in instance.couriers}
    found: list[str] = []
    seen: set[str] = set()
    where = {c.id: (c.x, c.y) for c in instance.couriers}
    free = {c.id: c.on_min * 60 for c in instance.couriers}
    half_pick, half_drop = instance.pickup_service_min * 30, instance.dropoff_service_min * 30
    for a in sorted(done, key=lambda a: (a.assigned_s, a.courier)):
        found += [f"{o} twice" for o in a.orders if o in seen]
        seen.update(a.orders)
        places = {orders[o].restaurant for o in a.orders}
        if len(places) != 1:
            found.append(f"{a.orders}: two restaurants in one bundle")
        store = restaurants[places.pop()]
        if a.assigned_s < free[a.courier]:
            found.append(f"{a.courier} was not free at {a.assigned_s}")
        if any(a.assigned_s < orders[o].placed_min * 60 for o in a.orders):
            found.append(f"{a.orders}: assigned before placement")
        if any(a.pickup_s < orders[o].ready_min * 60 for o in a.orders):
            found.append(f"{a.orders}: picked up before ready")
        if a.pickup_s > couriers[a.courier].off_min * 60:
            found.append(f"{a.courier}: pickup after the shift")
        if a.pickup_s < a.assigned_s + 60 * instance.minutes(where[a.courier], store) + half_pick:
            found.append(f"{a.courier}: at the restaurant before she could be")
        t, at = a.pickup_s + half_pick, store
        for o, drop in zip(a.orders, a.drops_s, strict=True):
            door = (orders[o].x, orders[o].y)
            if drop < t + 60 * instance.minutes(at, door) + half_drop:
                found.append(f"{o}: dropped before she could be there")
            t, at = drop + half_drop, door
        where[a.courier], free[a.courier] = at, t
    return found
