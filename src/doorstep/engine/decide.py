"""The dispatch decision: a plan over all waiting orders, of which only what cannot wait is acted upon.

After Reyes et al. (2018), "The Meal Delivery Routing Problem", with a chain of trips per driver instead of
one bundle: take last tick's plan, insert what is new where it is cheapest, polish by ruin and recreate
(Schrimpf et al., 2000), then offer each free driver her first trip if leaving a tick later would delay it.
"""

import numpy as np

from doorstep.engine import kernels as kn
from doorstep.engine.arrays import Arrays, drop_infeasible, exclusions, lower
from doorstep.engine.compiled import Kernels, ready
from doorstep.engine.decisions import Decisions, Outlook, Rival, Send
from doorstep.engine.params import Params
from doorstep.engine.schedule import Times, times_of
from doorstep.engine.world import Travel, World


def decide(
    world: World, travel: Travel, params: Params, now_s: int, seed: int, kernels: Kernels | None = None
) -> Decisions:
    """What to offer now, to whom and why, and the plan that the next world carries.

    Deterministic in its arguments. ``kernels`` defaults to the compiled ones once they are warm.
    """
    kernels = kernels or ready()
    arrays = lower(world, travel, params, now_s)
    drop_infeasible(arrays, kernels.chain_cost, now_s)
    insert_new(arrays, kernels, now_s)
    cost = polish(arrays, params, kernels, now_s, seed)
    sends = tuple(
        send for j in range(len(arrays.drivers)) if (send := due_now(arrays, params, kernels, j, now_s))
    )
    sent = {order for send in sends for order in send.orders}
    return Decisions(sends, chains(arrays, sent), outlooks(arrays, sent, now_s), float(cost))


def insert_new(arrays: Arrays, kernels: Kernels, now_s: int) -> None:
    """Insert orders without a driver, the soonest ready first."""
    new = [i for i in range(len(arrays.orders)) if arrays.where[i] < 0]
    new.sort(key=lambda i: (arrays.orders[i].ready_s, i))
    if new and arrays.drivers:
        kernels.insert_all(
            arrays.order_i,
            arrays.driver_i,
            arrays.ok,
            arrays.seconds,
            arrays.prices,
            arrays.candidates,
            arrays.leave_out,
            arrays.trips,
            arrays.sizes,
            arrays.where,
            np.array(new, np.int64),
            now_s,
        )


def polish(arrays: Arrays, params: Params, kernels: Kernels, now_s: int, seed: int) -> float:
    """Ruin and recreate within the budget; the cost of the plan reached, in minutes."""
    if not arrays.orders or not arrays.drivers:
        return float(arrays.leave_out.sum())
    wanted = params.iterations_min + params.iterations_per_order * len(arrays.orders)
    return float(
        kernels.ruin_and_recreate(
            arrays.order_i,
            arrays.driver_i,
            arrays.ok,
            arrays.seconds,
            arrays.prices,
            arrays.candidates,
            arrays.leave_out,
            arrays.trips,
            arrays.sizes,
            arrays.where,
            min(params.iterations_max, wanted),
            seed,
            now_s,
        )
    )


def due_now(arrays: Arrays, params: Params, kernels: Kernels, j: int, now_s: int) -> Send | None:
    """The first trip of driver ``j`` when she is free and waiting another tick would delay its pickup."""
    driver = arrays.drivers[j]
    if arrays.sizes[j, 0] == 0 or driver.free_s > now_s or driver.on_s > now_s:
        return None
    times = times_of(arrays, j, now_s)[0]
    if now_s + params.tick_s + params.offer_lead_s <= times.leave_s:
        return None
    rows = [int(o) for o in arrays.trips[j, 0, : arrays.sizes[j, 0]]]
    orders = tuple(arrays.orders[o].id for o in rows)
    cost = _alone(arrays, kernels, j, rows, now_s)
    return Send(
        driver.id,
        orders,
        times.leave_s,
        times.pickup_s,
        times.drops_s,
        cost,
        _sentence(len(orders), times, now_s),
        _rivals(arrays, kernels, j, rows, now_s),
        exclusions(arrays.orders[rows[0]], arrays.drivers, arrays.seconds, now_s),
    )


def _alone(arrays: Arrays, kernels: Kernels, j: int, rows: list[int], now_s: int) -> float:
    """Cost of the trip as driver ``j``'s only one."""
    chain = np.full_like(arrays.trips[j], -1)
    sizes = np.zeros_like(arrays.sizes[j])
    chain[0, : len(rows)] = rows
    sizes[0] = len(rows)
    return float(
        kernels.chain_cost(
            arrays.order_i, arrays.driver_i, arrays.ok, arrays.seconds, arrays.prices, j, chain, sizes, now_s
        )
    )


def _rivals(arrays: Arrays, kernels: Kernels, j: int, rows: list[int], now_s: int) -> tuple[Rival, ...]:
    """The three next drivers and what the trip would have cost with each, more than with ``j``."""
    own = _alone(arrays, kernels, j, rows, now_s)
    found = []
    for candidate in arrays.candidates[rows[0]]:
        if candidate < 0 or candidate == j:
            continue
        cost = _alone(arrays, kernels, int(candidate), rows, now_s)
        if cost < kn.INFEASIBLE:
            driver = arrays.drivers[candidate]
            service = int(arrays.order_i[rows[0], kn.O_PICK_SERVICE]) // 2
            arrive = max(driver.free_s, driver.on_s, now_s) + int(
                arrays.seconds[driver.place, arrays.order_i[rows[0], kn.O_PICKUP]]
            )
            pickup = max(arrive + service, *(arrays.orders[o].ready_s for o in rows))
            found.append(Rival(driver.id, round(cost - own, 3), int(pickup)))
    return tuple(sorted(found, key=lambda rival: (rival.extra_cost, rival.driver))[:3])


def _sentence(count: int, times: Times, now_s: int) -> str:
    what = "one order" if count == 1 else f"{count} orders of one store"
    wait = (times.pickup_s - now_s) // 60
    return f"{what}, at the store in {wait} min; leaving later would delay the pickup"


def chains(arrays: Arrays, sent: set[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The plan by driver id, without the trips that are sent now."""
    plan = {}
    for j, driver in enumerate(arrays.drivers):
        chain = tuple(
            tuple(arrays.orders[o].id for o in arrays.trips[j, t, : arrays.sizes[j, t]])
            for t in range(arrays.trips.shape[1])
            if arrays.sizes[j, t]
        )
        chain = tuple(trip for trip in chain if not sent.intersection(trip))
        if chain:
            plan[driver.id] = chain
    return plan


def outlooks(arrays: Arrays, sent: set[str], now_s: int) -> tuple[Outlook, ...]:
    """Where every order stands that is not sent now."""
    found: dict[int, Outlook] = {}
    for j, driver in enumerate(arrays.drivers):
        if not arrays.sizes[j, 0]:
            continue
        for t, times in enumerate(times_of(arrays, j, now_s)):
            for place, drop_s in enumerate(times.drops_s):
                row = int(arrays.trips[j, t, place])
                if arrays.orders[row].id in sent:
                    continue
                after = "her next trip" if t == 0 else f"after {t} earlier {'trip' if t == 1 else 'trips'}"
                sentence = f"planned with a driver, {after}; sent when leaving later would delay the pickup"
                found[row] = Outlook(arrays.orders[row].id, driver.id, times.pickup_s, drop_s, sentence)
    for i, order in enumerate(arrays.orders):
        if arrays.where[i] < 0:
            excluded = exclusions(order, arrays.drivers, arrays.seconds, now_s)
            able = len(arrays.drivers) - sum(excluded.values())
            if not arrays.drivers:
                sentence = "no driver is on duty"
            elif able:
                sentence = f"{able} drivers could, but others need them more; one more driver would take it"
            else:
                sentence = "no driver can: " + ", ".join(f"{n} {why}" for why, n in excluded.items())
            found[i] = Outlook(order.id, None, 0, 0, sentence, excluded)
    return tuple(found[i] for i in sorted(found))
