"""The dispatch decision: a plan over all waiting orders, of which only what cannot wait is acted upon.

After Reyes et al. (2018), "The Meal Delivery Routing Problem", with a chain of trips per driver instead of one bundle:
take last tick's plan, insert what is new where it is cheapest, polish by ruin and recreate, then offer each free
driver her first trip if leaving a tick later would delay it. A driver under way may be given more at her store until she
leaves it (their "two-stage additive commitment"), when the world says that her trip is open.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from doorstep.engine import reasons
from doorstep.engine.arrays import Layout, lay_out
from doorstep.engine.chains import TOTAL
from doorstep.engine.compiled import Kernels, ready, warm_up
from doorstep.engine.decisions import Decisions, Outlook, Pickup, Send
from doorstep.engine.instead import OWN
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.mixing import decide as mixed
from doorstep.engine.params import Params
from doorstep.engine.plan import make_plan
from doorstep.engine.schedule import Times, times_of
from doorstep.engine.world import Chain, Order, Ways, World, refuse_moment


def decide(
    world: World,
    travel: Ways,
    params: Params,
    now_s: int,
    seed: int,
    kernels: Kernels | None = None,
    *,
    threads: int = 1,
) -> Decisions:
    """What to offer now, to whom and why, and the plan that the next world carries.

    The same arguments give the same answer, bit for bit, whatever the sequence of rows and the names in them, with either kernels
    and with any number of ``threads``, to which a large world's parts are shared out (not where stores are mixed). ``kernels``
    defaults to the compiled ones once they are warm. ``now_s`` are whole seconds of market time; ``seed`` is any whole number within
    62 bits. With ``params.mixing`` see ``mixing.decide``. Raises ValueError for ids that occur twice, places outside the matrix, and
    what no kernel can count with.
    """
    refuse_moment(now_s, seed)
    kernels = kernels or ready()
    if params.mixing:
        return mixed.decide(world, travel, params, now_s, seed, compiled=kernels.compiled)
    layout = lay_out(world, travel, params, now_s, compiled=kernels.compiled)
    make_plan(layout, params, kernels, seed, threads)
    chains = [layout.chain(d) for d in range(len(layout.drivers))]
    times = [
        times_of(driver, chain, travel, params, now_s) if chain else []
        for driver, chain in zip(layout.drivers, chains, strict=True)
    ]
    working = [d for d in range(len(layout.drivers)) if chains[d]]
    due = [d for d in working if is_due(layout, d, times[d][0], params, now_s)]
    closing = [d for d in working if closes(layout, d, chains[d][0], times[d][0], params, now_s)]
    gone = {*due, *closing}
    sends = [
        send(layout, kernels, d, chains[d][0], times[d][0], line)
        for d, line in zip(due, reasons.around(layout, kernels, due, threads), strict=True)
    ]
    return Decisions(
        sends=tuple(sends),
        plan=what_remains(layout, chains, gone),
        outlooks=outlooks(layout, params, kernels, chains, times, gone),
        cost=int(layout.search.tally[TOTAL]) / reasons.MILLISECONDS,
        pickups=tuple(
            pickup(layout, kernels, travel, params, now_s, chains, d, times[d][0]) for d in closing
        ),
    )


def warm_for(params: Params) -> Kernels:
    """Compile what ``decide`` calls under ``params``, or read it back from disk. Safe from any thread."""
    if params.mixing:
        mixing.warm_up()
    return warm_up()


def is_due(layout: Layout, d: int, times: Times, params: Params, now_s: int) -> bool:
    """Whether driver ``d`` may be asked and asking her a tick later would delay her first trip."""
    driver = layout.drivers[d]
    askable = driver.on_s <= now_s and not driver.keeps and not driver.spoken_for
    soon = driver.free_s <= now_s + params.ask_ahead_s
    return askable and soon and times.leave_s - params.offer_lead_s < now_s + params.tick_s


def closes(layout: Layout, d: int, trip: Sequence[Order], times: Times, params: Params, now_s: int) -> bool:
    """Whether driver ``d`` has an open trip that a tick later would be picked up late, or that she could be asked about too late.

    Who is spoken for is not asked: what is planned to join her waits in the plan until she can be, or has left the store.
    """
    driver = layout.drivers[d]
    asked = params.join_lead_s > 0 and any(order.id not in driver.keeps for order in trip)
    if not driver.keeps or (asked and driver.spoken_for):
        return False
    return times.pickup_s - params.join_lead_s < now_s + params.tick_s


def pickup(
    layout: Layout,
    kernels: Kernels,
    travel: Ways,
    params: Params,
    now_s: int,
    chains: list[list[tuple[Order, ...]]],
    d: int,
    times: Times,
) -> Pickup:
    """What driver ``d`` takes from the store where her open trip is; with reasons where she is asked for what joined it."""
    driver, trip = layout.drivers[d], chains[d][0]
    joined = tuple(o for o in trip if o.id not in driver.keeps)
    found = Pickup(
        driver.id,
        tuple(o.id for o in trip),
        tuple(o.id for o in joined),
        times.pickup_s,
        times.drops_s,
        reasons.closed(len(joined)),
    )
    if not joined or not params.join_lead_s:
        return found
    kept = reasons.excluded_from_trip(layout, kernels, [layout.orders.index(order) for order in joined])
    cost, rivals = reasons.joining(layout, travel, params, now_s, chains, d, joined)
    return replace(
        found,
        sentence=reasons.comes_along(len(joined), reasons.why_her(kept, rivals, times.pickup_s)),
        cost=cost,
        rivals=rivals,
        excluded=kept.counts,
        kept_out=kept.nearest,
    )


def send(
    layout: Layout, kernels: Kernels, d: int, trip: tuple[Order, ...], times: Times, line: Sequence[int]
) -> Send:
    """The first trip of driver ``d``, with who came next and whom what excluded; ``line`` as of ``instead``."""
    kept = reasons.excluded_from_trip(layout, kernels, layout.trips(d)[0], line)
    rivals = reasons.rivals(layout, line)
    return Send(
        layout.drivers[d].id,
        tuple(o.id for o in trip),
        times.leave_s,
        times.pickup_s,
        times.drops_s,
        line[OWN] / reasons.MILLISECONDS,
        reasons.sent(len(trip), reasons.why_her(kept, rivals, times.pickup_s)),
        rivals,
        kept.counts,
        kept.nearest,
    )


def what_remains(layout: Layout, chains: list[list[tuple[Order, ...]]], gone: set[int]) -> dict[str, Chain]:
    """The plan by driver id, without the trips that are sent or picked up now."""
    plan = {}
    for d, driver in enumerate(layout.drivers):
        rest = chains[d][1:] if d in gone else chains[d]
        if rest:
            plan[driver.id] = tuple(tuple(o.id for o in trip) for trip in rest)
    return plan


def outlooks(
    layout: Layout,
    params: Params,
    kernels: Kernels,
    chains: list[list[tuple[Order, ...]]],
    times: list[list[Times]],
    gone: set[int],
) -> tuple[Outlook, ...]:
    """Where every order stands that is not sent or picked up now, by id; reserved ones are not told."""
    found: list[Outlook] = []
    for d, driver in enumerate(layout.drivers):
        for number, (trip, when) in enumerate(zip(chains[d], times[d], strict=True)):
            if number == 0 and d in gone:
                continue
            offer_s = when.leave_s - params.offer_lead_s
            found += [
                reasons.planned(order, driver, number, when, drop_s, offer_s)
                for order, drop_s in zip(trip, when.drops_s, strict=True)
            ]
    for o in layout.left_out():
        cheapest = partial(kernels.cheapest, layout.case, layout.chains, layout.search, o)
        why_full = partial(kernels.why_full, layout.case, layout.chains, o)
        found.append(reasons.left_out(layout, kernels, o, cheapest, why_full))
    return tuple(sorted(found, key=lambda outlook: outlook.order))
