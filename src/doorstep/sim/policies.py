"""Who decides in a simulated market: the engine itself, or something to compare it with."""

from collections.abc import Callable

import numpy as np

from doorstep.engine.compiled import Kernels
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions, Send
from doorstep.engine.params import Params
from doorstep.engine.world import Travel, World
from doorstep.sim.late_f1 import late_f1
from doorstep.sim.scenario import Policy

AHEAD_S = 3600
"""Orders that are ready later than this are not looked at."""
Decide = Callable[[World, Travel, Params, int, int, Kernels | None], Decisions]
"""Belief, travel, knobs, now, seed, kernels: what to offer now. The engine's own signature."""


def nearest_idle(
    world: World, travel: Travel, params: Params, now_s: int, seed: int, kernels: Kernels | None = None
) -> Decisions:
    """One order at a time, the closest pair of a due order and an idle driver first.

    It looks neither ahead nor at two orders at once; what it shares with the engine are the rules: shifts, refusals, no asking
    before she has to leave for the ready time. This is the "greedy" of the field, and of a dispatcher without an engine.
    """
    del seed, kernels
    idle = [d for d in sorted(world.drivers, key=lambda d: d.id) if d.free_s <= now_s and d.on_s <= now_s]
    orders = [
        o for o in sorted(world.orders, key=lambda o: o.id) if o.ready_s - now_s <= AHEAD_S and not o.reserved
    ]
    if not idle or not orders:
        return Decisions((), {}, (), 0.0)
    way = travel.seconds[np.ix_([d.place for d in idle], [o.pickup for o in orders])].astype(np.int64)
    before = np.array([o.pickup_service_s // 2 for o in orders], np.int64)
    ready = np.array([o.ready_s for o in orders], np.int64)
    pickup = np.maximum(now_s + params.offer_lead_s + way + before, ready)
    leave = pickup - before - way - params.offer_lead_s
    able = (leave < now_s + params.tick_s) & (pickup <= np.array([d.off_s for d in idle], np.int64)[:, None])
    able &= np.array([o.units for o in orders]) <= np.array([d.capacity_units for d in idle])[:, None]
    needs = np.array([o.needs for o in orders], np.int64)
    able &= (np.array([d.abilities for d in idle], np.int64)[:, None] & needs) == needs
    row = {d.id: i for i, d in enumerate(idle)}
    for o, order in enumerate(orders):
        able[[row[d] for d in order.refused_by if d in row], o] = False
    sends: list[Send] = []
    asked, taken = np.zeros(len(idle), np.bool_), np.zeros(len(orders), np.bool_)
    drivers, columns = np.nonzero(able)
    for k in np.argsort(way[drivers, columns], kind="stable"):
        d, o = int(drivers[k]), int(columns[k])
        if asked[d] or taken[o]:
            continue
        asked[d] = taken[o] = True
        picked_s, order = int(pickup[d, o]), orders[o]
        drop_s = picked_s + (order.pickup_service_s + order.dropoff_service_s) // 2
        drop_s += int(travel.seconds[order.pickup, order.dropoff])
        leave_s = int(leave[d, o])
        sends.append(
            Send(idle[d].id, (order.id,), leave_s, picked_s, (drop_s,), 0.0, "the nearest idle driver")
        )
    return Decisions(tuple(sends), {}, (), 0.0)


DECIDES: dict[Policy, Decide] = {
    Policy.ENGINE: decide,
    Policy.LATE_F1: late_f1,
    Policy.NEAREST: nearest_idle,
}
