"""The decision where stores are mixed: every driver's stops over all that waits and all that is on board, of which only the
next stop is acted upon, and that not before it must be.

After each stop the rest is planned anew (re-optimisation as in Reyes et al. 2018, without their rule of one store a trip): take
last tick's tours, put in what is new where it is cheapest, polish by ruin and recreate. What is on board stays with its driver,
and so does what she is under way for; others of that store may join until the minute of the pickup.

Where trips are sent whole (``Params.whole_trips``), as a live market's offers are, a driver is asked for all stops until she has
nothing on board: every pickup, then every drop. What is sent stays as it is; the next trip is planned anew.
"""

from doorstep.engine.arrays import thousandths
from doorstep.engine.chains import TOTAL
from doorstep.engine.decisions import Decisions, Drop, Outlook, Pickup, Send
from doorstep.engine.mixing import reasons
from doorstep.engine.mixing.arrays import Layout, lay_out
from doorstep.engine.mixing.compiled import PYTHON, Kernels, ready
from doorstep.engine.mixing.schedule import Visit, trips_of, visits_of
from doorstep.engine.params import Params
from doorstep.engine.reasons import MILLISECONDS, closed, excluded_from_trip, why_her
from doorstep.engine.world import Chain, Driver, Ways, World

TURNS = 10
"""Turns of the search for each that one store a trip gets: an order has two places in a tour, so there is more to choose from."""


def decide(world: World, travel: Ways, params: Params, now_s: int, seed: int, *, compiled: bool) -> Decisions:
    """See ``doorstep.engine.decide``, which is the way in. Each driver's next stop is sent, picked up or dropped on its own,
    or her next trip sent whole.

    ``compiled``: by machine code once it is warm. Raises ValueError for ids that occur twice and places outside the matrix.
    """
    kernels = ready() if compiled else PYTHON
    layout = lay_out(world, travel, params, now_s, compiled=kernels.compiled)
    plan_tours(layout, params, kernels, seed)
    visits = [
        visits_of(driver, layout.steps(d), travel, params, now_s) if layout.tours.size[d] else []
        for d, driver in enumerate(layout.drivers)
    ]
    acting = [
        d
        for d, driver in enumerate(layout.drivers)
        if visits[d] and is_due(driver, visits[d][0], params, now_s)
    ]
    closing = [d for d in acting if layout.drivers[d].keeps]
    sent = [d for d in acting if visits[d][0].is_pickup and d not in closing]
    dropping = [d for d in acting if not visits[d][0].is_pickup]
    # How many stops each driver is told of now: none yet, one, or those of a whole trip.
    now = [0] * len(visits)
    for d in acting:
        now[d] = len(trips_of(visits[d])[0]) if params.whole_trips else 1
    return Decisions(
        sends=tuple(send(layout, kernels, travel, params, now_s, d, visits[d], now[d]) for d in sent),
        plan=what_remains(layout, visits, now, kept=set() if params.whole_trips else set(sent)),
        outlooks=outlooks(layout, kernels, params, visits, now),
        cost=int(layout.search.tally[TOTAL]) / MILLISECONDS,
        pickups=tuple(pickup(layout.drivers[d], visits[d]) for d in closing),
        drops=tuple(drop(layout.drivers[d], visits[d][0]) for d in dropping),
    )


def plan_tours(layout: Layout, params: Params, kernels: Kernels, seed: int) -> None:
    """Warm start, cheapest insertion, polish; leaves the plan in the layout's tours."""
    case, tours, search, saved = layout.case, layout.tours, layout.search, layout.saved
    new = len(layout.left_out())
    kernels.find_candidates(case, search, 0, case.orders)
    kernels.add_unclaimed(case, search)
    kernels.settle_tours(case, tours, search)
    kernels.place_new(case, tours, search, saved)
    kernels.place_with_anybody(case, tours, search, saved)
    if case.orders and case.drivers:
        kernels.find_neighbours(case, search, 0, case.orders)
        rounds = min(params.iterations_max, params.iterations_min + params.iterations_per_order * case.orders)
        rounds += params.iterations_per_new * new
        kernels.polish_tours(
            case, tours, search, saved, layout.best, layout.scope, TURNS * rounds, seed, 60 * thousandths(params.hot_min),
            params.ruin_most, params.blink_permille,
        )  # fmt: skip
        kernels.place_with_anybody(case, tours, search, saved)


def is_due(driver: Driver, first: Visit, params: Params, now_s: int) -> bool:
    """Whether a tick later would delay ``driver``'s next stop: she is free and must leave, or at the store and picks up."""
    if driver.keeps:
        return first.at_s < now_s + params.tick_s
    lead_s = params.offer_lead_s if first.is_pickup else 0
    ahead_s = params.ask_ahead_s if params.whole_trips else 0
    asked = params.whole_trips and driver.spoken_for
    free = driver.free_s <= now_s + ahead_s and driver.on_s <= now_s and not asked
    return free and first.leave_s - lead_s < now_s + params.tick_s


def send(
    layout: Layout, kernels: Kernels, travel: Ways, params: Params, now_s: int, d: int, visits: list[Visit], stops: int
) -> Send:  # fmt: skip
    """Driver ``d`` goes to a store, or through the ``stops`` of a whole trip, with who came next and whom what excluded."""
    first = visits[0]
    stores = [visit for visit in visits[:stops] if visit.is_pickup]
    ids = reasons.in_drop_sequence([o for visit in stores for o in visit.orders], visits)
    driver, begin = layout.drivers[d], d * layout.tours.wide
    rows = [int(layout.tours.stop[begin + k]) // 2 for k in range(len(ids))]
    own, rivals = reasons.rivals(layout, kernels, travel, params, now_s, d, len(ids))
    kept = excluded_from_trip(layout, kernels, rows, together=False)
    why = why_her(kept, rivals, first.at_s)
    sentence = reasons.sent(
        len(ids), len(driver.aboard), why, len({visit.orders[0].store for visit in stores})
    )
    told = stores if len(stores) > 1 else []
    return Send(
        driver.id, ids, first.leave_s, first.at_s, reasons.drops_s(ids, visits), own, sentence, rivals, kept.counts,
        kept.nearest, tuple(tuple(o.id for o in visit.orders) for visit in told), tuple(visit.at_s for visit in told),
    )  # fmt: skip


def pickup(driver: Driver, visits: list[Visit]) -> Pickup:
    """What ``driver`` takes from the store where she is."""
    ids = reasons.in_drop_sequence(visits[0].orders, visits)
    joined = tuple(id_ for id_ in ids if id_ not in driver.keeps)
    return Pickup(driver.id, ids, joined, visits[0].at_s, reasons.drops_s(ids, visits), closed(len(joined)))


def drop(driver: Driver, first: Visit) -> Drop:
    """The order on board that ``driver`` hands over next."""
    return Drop(
        driver.id, first.orders[0].id, first.leave_s, first.at_s, reasons.handed_over(len(driver.aboard))
    )


def what_remains(
    layout: Layout, visits: list[list[Visit]], now: list[int], kept: set[int]
) -> dict[str, Chain]:
    """The plan by driver id without the stops that are made ``now``; those of drivers in ``kept``, who only set out, stay in it."""
    plan = {}
    for d, driver in enumerate(layout.drivers):
        rest = visits[d] if d in kept else visits[d][now[d] :]
        if rest:
            plan[driver.id] = tuple(tuple(o.id for o in visit.orders) for visit in rest)
    return plan


def outlooks(
    layout: Layout, kernels: Kernels, params: Params, visits: list[list[Visit]], now: list[int]
) -> tuple[Outlook, ...]:
    """Where every order stands that is neither on board nor sent nor picked up ``now``, by id."""
    found: list[Outlook] = []
    for d, driver in enumerate(layout.drivers):
        drops = {v.orders[0].id: v.at_s for v in visits[d] if not v.is_pickup}
        trips = trips_of(visits[d]) if params.whole_trips else [[visit] for visit in visits[d]]
        done = 0
        for number, trip in enumerate(trips):
            done += len(trip)
            if done <= now[d]:
                continue
            offer_s = trip[0].leave_s - params.offer_lead_s
            for visit in trip:
                if visit.is_pickup:
                    found += [
                        reasons.planned(
                            order, driver, number, visit, drops[order.id], offer_s, whole=params.whole_trips
                        )
                        for order in visit.orders
                    ]
    found += [reasons.left_out(layout, kernels, o) for o in layout.left_out()]
    return tuple(sorted(found, key=lambda outlook: outlook.order))
