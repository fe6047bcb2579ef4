"""The truth of one day, drawn before it begins: who orders what when, who drives, and how everything will really go.

Dispatch never sees this; it hears what ``day`` reports of it, when a phone would.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.traffic import slowdown
from doorstep.connectors.us.nation import metro_zips
from doorstep.sim.chance import stream
from doorstep.sim.ground import Ground, Plane, Spots, Streets, apart_m, flat
from doorstep.sim.mdrp.instance import read
from doorstep.sim.scenario import City, Scenario, ScenarioRefused
from doorstep.units.geo import LatLng, great_circle_m

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
CLOSE_M = 5_000
FURTHEST_M = 2_000
"""Invented homes lie this close to their ZIP's point, most of them much closer, as in the demo."""
DAY_S = 86_400
QUARTER_S = 900
HORIZON_S = DAY_S + 6 * 3600
"""A day's last promises and shifts end within this."""
NO_PROMISE_S = 1 << 40
_TRIES = 8
_SILENCES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """All orders of the day, one row each; instants are seconds since 1970."""

    placed_s: Whole
    store: Whole
    door: Spots
    told_s: Whole  # when the store said it would be ready
    ready_s: Whole  # when it is
    tells: NDArray[np.bool_]  # whether the store says so then
    due_s: Whole
    tip_minor: Whole
    approach_luck: Real  # drive to the store, against the roads' own time
    leg_luck: Real  # drive to the door
    pickup_stop_s: Whole
    drop_stop_s: Whole


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """All drivers who come, one row each."""

    number: Whole  # the slot she took
    start: Spots
    on_told_s: Whole
    off_told_s: Whole
    on_s: Whole
    off_s: Whole
    swift: Real  # her driving times against others'
    choosy: Real  # her declines against the average
    silences: tuple[tuple[tuple[int, int], ...], ...]  # her phone is silent from … until …


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """One day."""

    begins_s: int
    middle: LatLng | None  # what the plane is laid around; None for a recorded day
    ground: Ground
    stores: Spots
    orders: Orders
    shifts: Shifts
    usual: Real  # slowdown by quarter of an hour, as everybody expects it
    traffic: Real  # as it is


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """What does not change from day to day."""

    middle: LatLng
    zone: ZoneInfo
    zips: Spots
    households: Real
    stores: Spots


def quarter(truth: Truth, at_s: int) -> int:
    """Which quarter of an hour ``at_s`` lies in."""
    return min(max((at_s - truth.begins_s) // QUARTER_S, 0), len(truth.usual) - 1)


@lru_cache(maxsize=4)
def town_of(city: City) -> Town:
    """The town of a scenario: ZIPs near its middle, stores where people live, apart from each other.

    Raises UnknownMetro, NationNotInstalled, ScenarioRefused when nobody lives within the radius.
    """
    areas = metro_zips(city.metro)
    middle = _middle(city.metro)
    near = [a for a in areas if great_circle_m(a.point, middle) <= city.radius_km * 1000]
    if not near:
        raise ScenarioRefused(
            f"city.radius_km = {city.radius_km:g}: no ZIP of {city.metro} lies so near its middle"
        )
    zips = flat([a.point for a in near], middle)
    households = np.array([a.households for a in near], np.float64)
    chance = stream(0, f"stores of {city.metro}")
    apart = 0.5 * city.radius_km * 1000 * math.sqrt(math.pi / city.stores)
    stores: list[NDArray[np.float64]] = []
    tries = 0
    while len(stores) < city.stores:
        spot = _homes(chance.random(3), zips, households)
        tries += 1
        if tries % 200 == 0:
            apart *= 0.8  # people live close together here
        if not stores or apart_m(np.array(stores), spot).min() >= apart:
            stores.append(spot)
    return Town(middle, near[0].timezone, zips, households, np.array(stores))


@lru_cache(maxsize=4)
def _middle(metro: str) -> LatLng:
    """The ZIP point with most households close by: downtown, near enough."""
    areas = metro_zips(metro)
    spots = flat([a.point for a in areas], areas[0].point)
    away = apart_m(spots[:, None, :], spots[None, :, :])
    reached = (np.array([a.households for a in areas]) / (1 + away / CLOSE_M)).sum(axis=1)
    return areas[int(reached.argmax())].point


def _homes(uniform: Real, zips: Spots, households: Real) -> Spots:
    """Invented homes, one for each three numbers of ``uniform``; every household is as likely as any other."""
    summed = np.cumsum(households) / households.sum()
    which = np.minimum(np.searchsorted(summed, uniform[..., 0]), len(zips) - 1)
    u, most, mode = uniform[..., 1], FURTHEST_M, FURTHEST_M * 0.4
    rising, falling = np.sqrt(u * most * mode), most - np.sqrt((1 - u) * most * (most - mode))
    away, angle = np.where(u < mode / most, rising, falling), 2 * math.pi * uniform[..., 2]
    return np.asarray(zips[which] + np.stack((away * np.sin(angle), away * np.cos(angle)), axis=-1))


def _luck(seed: int, name: str, spread: float, count: int) -> Real:
    """Factors around one (log-normal, mean one)."""
    return np.exp(spread * stream(seed, name).standard_normal(count) - spread * spread / 2)


def draw(scenario: Scenario, seed: int) -> Truth:
    """The day ``seed`` of ``scenario``. The same arguments give the same day."""
    if scenario.city.recorded is not None:
        return _recorded(scenario, seed)
    town = town_of(scenario.city)
    midnight = datetime.combine(scenario.day, datetime.min.time(), town.zone)
    begins_s = int(midnight.timestamp())
    usual = np.array(
        [
            slowdown(midnight.astimezone(UTC) + timedelta(seconds=s), town.zone)
            for s in range(0, HORIZON_S, QUARTER_S)
        ]
    )
    count = scenario.demand.orders
    store, door = _who_orders_where(town, scenario, seed, count)
    clock = _by_hour(stream(seed, "placed").random(count), scenario.demand.hours)
    placed_s = begins_s + np.floor(clock * 3600).astype(np.int64)
    told_s = placed_s + _whole(scenario.demand.prep_min * 60 * _luck(seed, "prep", 0.25, count))
    due_s = placed_s + round(scenario.demand.promise_min * 60)
    start_spots, on_s, off_s = _slots(town, scenario, seed, begins_s)
    return Truth(
        begins_s=begins_s,
        middle=town.middle,
        ground=Streets(),
        stores=town.stores,
        orders=_orders(scenario, seed, placed_s, store, door, told_s, due_s),
        shifts=_shifts(scenario, seed, start_spots, on_s, off_s),
        usual=usual,
        traffic=usual * _weather(seed, scenario.behaviour.traffic_spread, len(usual)),
    )


def _recorded(scenario: Scenario, seed: int) -> Truth:
    assert scenario.city.recorded is not None
    instance = read(scenario.city.recorded)
    row = {r.id: i for i, r in enumerate(instance.restaurants)}
    wanted = instance.orders[: scenario.demand.orders]
    riders = instance.couriers[: scenario.fleet.drivers]
    placed_s = np.array([o.placed_min * 60 for o in wanted], np.int64)
    return Truth(
        begins_s=0,
        middle=None,
        ground=Plane(instance.metres_per_minute),
        stores=np.array([(r.x, r.y) for r in instance.restaurants], np.float64).reshape(-1, 2),
        orders=_orders(
            scenario,
            seed,
            placed_s,
            np.array([row[o.restaurant] for o in wanted], np.int64),
            np.array([(o.x, o.y) for o in wanted], np.float64).reshape(-1, 2),
            np.array([o.ready_min * 60 for o in wanted], np.int64),
            np.full(len(wanted), NO_PROMISE_S, np.int64),
        ),
        shifts=_shifts(
            scenario,
            seed,
            np.array([(c.x, c.y) for c in riders], np.float64).reshape(-1, 2),
            np.array([c.on_min * 60 for c in riders], np.int64),
            np.array([c.off_min * 60 for c in riders], np.int64),
        ),
        usual=np.ones(HORIZON_S // QUARTER_S),
        traffic=_weather(seed, scenario.behaviour.traffic_spread, HORIZON_S // QUARTER_S),
    )


def _who_orders_where(town: Town, scenario: Scenario, seed: int, count: int) -> tuple[Whole, Spots]:
    """For each order a home and a store that reaches it; the nearer the likelier."""
    reach_m = scenario.city.reach_km * 1000
    # Drawn order by order, so that fewer orders are the first of more.
    uniform = stream(seed, "homes").random((count, _TRIES, 3))
    tried = _homes(uniform, town.zips, town.households).swapaxes(0, 1)
    choice = stream(seed, "stores").random((count, 2))
    door = tried[-1].copy()
    nearest = np.full(count, np.inf)
    for spots in tried[::-1]:
        away = apart_m(spots[:, None, :], town.stores[None, :, :]).min(axis=1)
        closer = (away <= reach_m) | (away < nearest)
        door[closer], nearest[closer] = spots[closer], away[closer]
    away = apart_m(door[:, None, :], town.stores[None, :, :])
    weight = np.clip(1.25 - away / reach_m, 0, None) * (away <= reach_m)
    lonely = weight.sum(axis=1) == 0
    weight[lonely, away[lonely].argmin(axis=1)] = 1
    summed = np.cumsum(weight, axis=1)
    picked = (choice[:, :1] * summed[:, -1:] >= summed).sum(axis=1)
    return np.minimum(picked, len(town.stores) - 1).astype(np.int64), door


def _by_hour(uniform: Real, hours: tuple[float, ...]) -> Real:
    """Hours of the day in [0, 24), distributed as ``hours`` weighs them."""
    edges = np.concatenate(([0.0], np.cumsum(hours)))
    return np.asarray(
        np.minimum(np.interp(uniform * edges[-1], edges, np.arange(25.0)), 24 - 1e-6), np.float64
    )


def _slots(town: Town, scenario: Scenario, seed: int, begins_s: int) -> tuple[Spots, Whole, Whole]:
    """Published slots: where the driver lives, from when until when. They follow demand."""
    fleet = scenario.fleet
    count = fleet.drivers
    start = _homes(stream(seed, "drivers' homes").random((count, 3)), town.zips, town.households)
    middle = _by_hour(stream(seed, "slots").random(count), scenario.demand.hours) + 0.4
    low, high = fleet.shift_h
    length = low + (high - low) * stream(seed, "lengths").random(count)
    on = np.clip(middle - length / 2, 0, 24 - length)
    on_s = begins_s + np.round(on * 4).astype(np.int64) * QUARTER_S
    return start, on_s, on_s + np.round(length * 4).astype(np.int64) * QUARTER_S


def _orders(
    scenario: Scenario, seed: int, placed_s: Whole, store: Whole, door: Spots, told_s: Whole, due_s: Whole
) -> Orders:
    people, count = scenario.behaviour, len(placed_s)
    tips = stream(seed, "tips").random((count, 2))
    dispatch = scenario.dispatch
    return Orders(
        placed_s=placed_s,
        store=store,
        door=door,
        told_s=told_s,
        ready_s=placed_s + _whole((told_s - placed_s) * _luck(seed, "ready", people.ready_spread, count)),
        tells=stream(seed, "tells").random(count) < people.tells_ready,
        due_s=due_s,
        tip_minor=_whole(
            (tips[:, 0] < scenario.demand.tip_share) * (0.4 + 1.2 * tips[:, 1]) * scenario.demand.tip_minor
        ),
        approach_luck=_luck(seed, "approach", people.travel_spread, count),
        leg_luck=_luck(seed, "leg", people.travel_spread, count),
        pickup_stop_s=_whole(
            dispatch.pickup_service_s * _luck(seed, "pickup stop", people.stop_spread, count)
        ),
        drop_stop_s=_whole(dispatch.dropoff_service_s * _luck(seed, "drop stop", people.stop_spread, count)),
    )


def _shifts(scenario: Scenario, seed: int, start: Spots, on_told_s: Whole, off_told_s: Whole) -> Shifts:
    people, fleet, count = scenario.behaviour, scenario.fleet, len(start)
    filled = (
        1.0
        if scenario.city.recorded
        else min(1.0, fleet.turnout * scenario.pay_scale**fleet.supply_elasticity)
    )
    comes = np.flatnonzero(stream(seed, "turnout").random(count) < filled)
    late_s = _whole(people.late_min * 60 * stream(seed, "late").standard_exponential(count))
    leaves = stream(seed, "leaves").random((count, 2))
    on_s = np.minimum(on_told_s + late_s, off_told_s)
    stays = np.where(leaves[:, 0] < people.leaves_early, 0.35 + 0.6 * leaves[:, 1], 1.0)
    off_s = on_s + _whole((off_told_s - on_s) * stays)
    temper = stream(seed, "temper").random((count, 2))
    steady = 1.0 if people.travel_spread == 0 else 0.92 + 0.16 * temper[:, 0]
    gaps = stream(seed, "silence").standard_exponential((count, _SILENCES, 2))
    return Shifts(
        number=comes.astype(np.int64),
        start=start[comes],
        on_told_s=on_told_s[comes],
        off_told_s=off_told_s[comes],
        on_s=on_s[comes],
        off_s=off_s[comes],
        swift=np.broadcast_to(steady, count)[comes],
        choosy=(0.5 + temper[:, 1])[comes],
        silences=tuple(_silences(gaps[d], int(on_s[d]), int(off_s[d]), scenario) for d in comes),
    )


def _silences(gaps: Real, on_s: int, off_s: int, scenario: Scenario) -> tuple[tuple[int, int], ...]:
    people = scenario.behaviour
    if people.signal_losses_h == 0:
        return ()
    found, at_s = [], float(on_s)
    for gap, lasts in gaps:
        at_s += gap * 3600 / people.signal_losses_h
        if at_s >= off_s:
            break
        until_s = at_s + max(30.0, lasts * people.signal_lost_min * 60)
        found.append((int(at_s), int(until_s)))
        at_s = until_s
    return tuple(found)


def _weather(seed: int, spread: float, quarters: int) -> Real:
    """Factors of the day's traffic: an hour's luck, blended into the next."""
    hours = _luck(seed, "traffic", spread, quarters // 4 + 2)
    return np.asarray(np.interp(np.arange(quarters) / 4, np.arange(len(hours)), hours), np.float64)


def _whole(seconds: Real) -> Whole:
    return np.rint(seconds).astype(np.int64)
