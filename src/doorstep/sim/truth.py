"""The truth of one day, drawn before it begins: who orders what when, who drives, and how everything will really go.

Dispatch never sees this; it hears what ``day`` reports of it, when a phone would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.traffic import slowdown
from doorstep.features.dispatch.snapshot import ABILITIES
from doorstep.features.drivers.rules import CAPACITY_UNITS, Ability, VehicleKind, abilities_for
from doorstep.sim.chance import stream
from doorstep.sim.ground import Ground, Plane, Spots, apart_m
from doorstep.sim.mdrp.instance import read
from doorstep.sim.scenario import Behaviour, Scenario
from doorstep.sim.town import Town, town_of
from doorstep.units.geo import LatLng

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
DAY_S = 86_400
QUARTER_S = 900
HORIZON_S = DAY_S + 6 * 3600
"""A day's last promises and shifts end within this."""
NO_PROMISE_S = 1 << 40
NEVER_S = -1
ANY_LOAD = 1 << 30
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
    units: Whole
    needs: Whole  # bit masks of abilities
    cancel_s: Whole  # when the shopper changes her mind; NEVER_S when she does not
    company_luck: Real  # how long a courier company's courier takes to the store, against the median
    company_takes: NDArray[np.bool_]  # whether the company takes it when it is asked


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
    abilities: Whole  # bit masks; -1: all
    capacity_units: Whole
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


def quarter(truth: Truth, at_s: int) -> int:
    """Which quarter of an hour ``at_s`` lies in."""
    return min(max((at_s - truth.begins_s) // QUARTER_S, 0), len(truth.usual) - 1)


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
        ground=town.ground,
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
    tried = town.homes.drawn(uniform).swapaxes(0, 1)
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
    start = town.homes.drawn(stream(seed, "drivers' homes").random((count, 3)))
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
        units=_units(scenario.demand.units, seed, count),
        needs=_needs(scenario.demand.needs, seed, count),
        cancel_s=_changes_of_mind(people, seed, placed_s),
        company_luck=np.exp(
            scenario.company.pickup_spread * stream(seed, "company's way").standard_normal(count)
        ),
        company_takes=stream(seed, "company takes").random(count) >= scenario.company.refuses,
    )


def _units(mean: float, seed: int, count: int) -> Whole:
    """Whole load units, at least one, falling off geometrically."""
    if mean == 1:
        return np.ones(count, np.int64)
    uniform = stream(seed, "units").random(count)
    return np.asarray(1 + np.floor(np.log1p(-uniform) / np.log1p(-1 / mean)), np.int64)


def _needs(shares: Mapping[str, float], seed: int, count: int) -> Whole:
    """What each order asks of its driver, as the engine has it."""
    needs = np.zeros(count, np.int64)
    for requirement, share in shares.items():
        names = {requirement, "age_21"} if requirement == "alcohol" else {requirement}
        mask = sum(ABILITIES[ability] for ability in abilities_for(frozenset(names)))
        needs[stream(seed, f"needs {requirement}").random(count) < share] |= mask
    return needs


def _changes_of_mind(people: Behaviour, seed: int, placed_s: Whole) -> Whole:
    chance = stream(seed, "cancels").random((len(placed_s), 2))
    after_s = _whole(-np.log1p(-chance[:, 1]) * people.cancels_after_min * 60)
    return np.where(chance[:, 0] < people.cancels, placed_s + 1 + after_s, NEVER_S)


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
        abilities=_abilities(fleet.abilities, seed, count)[comes],
        capacity_units=_vehicles(fleet.vehicles, seed, count)[comes],
        silences=tuple(_silences(gaps[d], int(on_s[d]), int(off_s[d]), scenario) for d in comes),
    )


def _abilities(shares: Mapping[str, float], seed: int, count: int) -> Whole:
    able = np.full(count, -1, np.int64)
    for name, share in shares.items():
        lacks = stream(seed, f"ability {name}").random(count) >= share
        able[lacks] &= ~ABILITIES[Ability(name)]
    return able


def _vehicles(shares: Mapping[str, float], seed: int, count: int) -> Whole:
    """Load units that each driver's vehicle takes: those of its kind."""
    if not shares:
        return np.full(count, ANY_LOAD, np.int64)
    kinds, weights = [VehicleKind(name) for name in shares], np.cumsum([*shares.values()])
    picked = np.searchsorted(weights, stream(seed, "vehicles").random(count) * weights[-1], side="right")
    return np.asarray(np.array([CAPACITY_UNITS[kind] for kind in kinds])[picked], np.int64)


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
