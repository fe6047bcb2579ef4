"""The referee: a solution and its instance, nothing else. Checks every official rule, then reckons the measures.

Written apart from the simulator, in minutes, on coordinates: neither the engine's travel matrix nor the played day is
asked. Stricter than the official evaluator where that costs nothing: a courier must have the service time at each stop.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from doorstep.sim.mdrp.instance import Instance
from doorstep.sim.mdrp.measures import Measures
from doorstep.sim.mdrp.solution import Bundle, Delivered, Move, Solution

UNDELIVERED_MIN = 90
"""What an order that nobody delivered counts as in ``ctd90``."""
ROUNDING_MIN = 1e-6
"""Sums of minutes and fractions of them may come out this much too early."""


class Infeasible(ValueError):
    """The solution breaks a rule; the message tells how many breaches there are and the first of them."""


def evaluate(
    instance: Instance, solution: Solution, tick_s: Sequence[float] = (), *, mixing: bool = False
) -> Measures:
    """The measures of a lawful day. Raises Infeasible. ``mixing`` allows orders of two restaurants on board."""
    faults = breaches(instance, solution, mixing=mixing)
    if faults:
        raise Infeasible(f"{instance.name}: {len(faults)} breaches of the rules, the first: {faults[0]}")
    return measure(instance, solution, tick_s)


def measure(instance: Instance, solution: Solution, tick_s: Sequence[float] = ()) -> Measures:
    """The measures of a day, lawful or not."""
    places = _places(instance)
    ctd = np.array([d.drop_min - d.placed_min for d in solution.delivered])
    rtp = np.array([d.pickup_min - d.ready_min for d in solution.delivered])
    carried = dict.fromkeys((c.id for c in instance.couriers), 0)
    for d in solution.delivered:
        carried[d.courier] += 1
    pay = sum(
        max(instance.pay_per_order * carried[c.id], instance.pay_per_hour * (c.off_min - c.on_min) / 60)
        for c in instance.couriers
    )
    driven_min = sum(_way_min(instance, places, move) for move in solution.moves)
    total, delivered = len(instance.orders), len(ctd)
    ticks_ms = np.array(tick_s or [math.nan]) * 1000
    every = delivered or math.nan
    return Measures(
        instance=instance.name,
        orders=total,
        undelivered_pct=round(100 * (total - delivered) / total, 3),
        ctd_mean=round(float(ctd.mean()), 3) if delivered else math.nan,
        ctd_p90=round(float(np.percentile(ctd, 90)), 2) if delivered else math.nan,
        ctd90=round(float(ctd.sum() + UNDELIVERED_MIN * (total - delivered)) / total, 3),
        rtp_mean=round(float(rtp.mean()), 3) if delivered else math.nan,
        cost_per_order=round(pay / every, 3),
        orders_per_bundle=round(delivered / (len(solution.bundles) or math.nan), 3),
        drive_min_per_order=round(driven_min / every, 2),
        over90_pct=round(100 * float((ctd > UNDELIVERED_MIN).sum()) / total, 3),
        tick_ms_p50=round(float(np.percentile(ticks_ms, 50)), 2),
        tick_ms_p95=round(float(np.percentile(ticks_ms, 95)), 2),
    )


def breaches(instance: Instance, solution: Solution, *, mixing: bool = False) -> list[str]:
    """Every breach of the rules in words; empty for a lawful day."""
    unknown = _unknown(instance, solution)
    if unknown:
        return unknown
    return [
        *_bundle_breaches(instance, solution),
        *_courier_breaches(instance, solution, mixing=mixing),
    ]


def _places(instance: Instance) -> dict[str, tuple[int, int]]:
    places = {r.id: (r.x, r.y) for r in instance.restaurants}
    places |= {o.id: (o.x, o.y) for o in instance.orders}
    return places | {c.id: (c.x, c.y) for c in instance.couriers}


def _way_min(instance: Instance, places: dict[str, tuple[int, int]], move: Move) -> int:
    (ax, ay), (bx, by) = places[move.origin], places[move.destination]
    return math.ceil(math.hypot(ax - bx, ay - by) / instance.metres_per_minute)


def _unknown(instance: Instance, solution: Solution) -> list[str]:
    orders, couriers = {o.id for o in instance.orders}, {c.id for c in instance.couriers}
    places = set(_places(instance))
    found = [f"unknown order {o}" for b in solution.bundles for o in b.orders if o not in orders]
    found += [f"unknown order {d.order}" for d in solution.delivered if d.order not in orders]
    named = {b.courier for b in solution.bundles} | {d.courier for d in solution.delivered}
    named |= {m.courier for m in solution.moves}
    found += [f"unknown courier {c}" for c in sorted(named - couriers)]
    return found + [
        f"unknown place {p}" for m in solution.moves for p in (m.origin, m.destination) if p not in places
    ]


def _bundle_breaches(instance: Instance, solution: Solution) -> list[str]:
    """Rules between the assignments, the orders' own lines and the instance."""
    order = {o.id: o for o in instance.orders}
    off_min = {c.id: c.off_min for c in instance.couriers}
    row = {d.order: d for d in solution.delivered}
    counted = Counter(d.order for d in solution.delivered)
    bundle_of: dict[str, Bundle] = {}
    found = [f"{id_} is delivered twice" for id_, times in counted.items() if times > 1]
    for b in solution.bundles:
        if len({order[o].restaurant for o in b.orders}) != 1:
            found.append(f"{b.orders}: one bundle of two restaurants")
        if b.pickup_min > off_min[b.courier]:
            found.append(f"{b.orders}: picked up after the shift of {b.courier}")
        if b.assigned_min > b.pickup_min:
            found.append(f"{b.orders}: assigned after pickup")
        for o in b.orders:
            if o in bundle_of:
                found.append(f"{o} is in two assignments")
            bundle_of[o] = b
            if b.assigned_min < order[o].placed_min:
                found.append(f"{o}: assigned before it was placed")
            if b.pickup_min < order[o].ready_min:
                found.append(f"{o}: picked up before it was ready")
            if o not in row:
                found.append(f"{o} is assigned and has no line of its own")
    for d in solution.delivered:
        told, taken = order[d.order], bundle_of.get(d.order)
        if taken is None or (taken.courier, taken.pickup_min) != (d.courier, d.pickup_min):
            found.append(f"{d.order}: its line and its assignment differ")
        if (d.placed_min, d.ready_min) != (told.placed_min, told.ready_min):
            found.append(f"{d.order}: its line and the instance differ")
    for b in solution.bundles:
        drops = [row[o].drop_min for o in b.orders if o in row]
        if any(
            later - sooner < instance.dropoff_service_min - ROUNDING_MIN for sooner, later in pairwise(drops)
        ):
            found.append(f"{b.orders}: not dropped in sequence")
    return found


def _courier_breaches(instance: Instance, solution: Solution, *, mixing: bool) -> list[str]:
    """Every courier's moves and stops, one after the other."""
    moves: dict[str, list[Move]] = defaultdict(list)
    stops: dict[str, list[tuple[float, str, Bundle | Delivered]]] = defaultdict(list)
    restaurant = {o.id: o.restaurant for o in instance.orders}
    for move in solution.moves:
        moves[move.courier].append(move)
    for b in solution.bundles:
        stops[b.courier].append((b.pickup_min, restaurant[b.orders[0]], b))
    for d in solution.delivered:
        stops[d.courier].append((d.drop_min, d.order, d))
    found: list[str] = []
    for courier in instance.couriers:
        own = sorted(stops[courier.id], key=lambda s: (s[0], s[1]))
        found += _chain_breaches(instance, courier.id, courier.on_min, moves[courier.id], own)
        if not mixing:
            found += _mixed(courier.id, own)
    return found


def _chain_breaches(
    instance: Instance,
    courier: str,
    on_min: float,
    moves: list[Move],
    stops: list[tuple[float, str, Bundle | Delivered]],
) -> list[str]:
    """Unbroken, never faster than the rule, and there with time for the service at every stop.

    A courier is at a place from her arrival until her next departure.
    """
    places = _places(instance)
    found: list[str] = []
    here, since = courier, float(on_min)
    stays: list[tuple[str, float, float]] = []
    for move in sorted(moves, key=lambda m: m.departure_min):
        if move.origin != here:
            found.append(f"{courier} leaves {move.origin} but is at {here}")
        if move.departure_min < since - ROUNDING_MIN:
            found.append(f"{courier} leaves {here} before she is there")
        stays.append((here, since, move.departure_min))
        here, since = move.destination, move.departure_min + _way_min(instance, places, move)
    stays.append((here, since, math.inf))
    number, free_min = 0, -math.inf
    for at_min, place, what in stops:
        half = (instance.pickup_service_min if isinstance(what, Bundle) else instance.dropoff_service_min) / 2
        while number < len(stays) and not (
            stays[number][0] == place
            and stays[number][1] + half <= at_min + ROUNDING_MIN
            and at_min + half <= stays[number][2] + ROUNDING_MIN
        ):
            number += 1
        if number == len(stays):
            return [*found, f"{courier} is not at {place} at minute {at_min:g}"]
        if at_min - half < free_min - ROUNDING_MIN:
            found.append(f"{courier} is in two services at minute {at_min:g}")
        free_min = at_min + half
    return found


def _mixed(courier: str, stops: list[tuple[float, str, Bundle | Delivered]]) -> list[str]:
    """Whether a bundle is picked up while another is on board."""
    on_board: set[str] = set()
    for at_min, _, what in stops:
        if isinstance(what, Delivered):
            on_board.discard(what.order)
        else:
            if on_board:
                return [f"{courier} mixes restaurants at minute {at_min:g}"]
            on_board.update(what.orders)
    return []
