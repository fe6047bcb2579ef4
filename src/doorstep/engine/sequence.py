"""The sequence of rows: by what orders and drivers are, never by what they are called.

Ties in the search go to the earlier row, so this sequence is part of the decision. The newest order stands first: it is
put into the plan first, and an older one that costs as much, put in after it, comes before it. Names break no tie but between
two orders, or two drivers, in which nothing at all differs: who of them is which then changes nothing but the name. What an
order is includes what its store has to send, so that of two stores at one place neither's name counts (one round of the
colour refinement by which graphs are compared, Weisfeiler and Leman 1968).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from doorstep.engine.world import Driver, Order, Plan

type Traits = tuple[int, ...]
"""What an order is, by itself."""


def in_sequence(
    orders: Iterable[Order], drivers: Iterable[Driver], plan: Plan
) -> tuple[tuple[Order, ...], tuple[Driver, ...]]:
    """Orders, those on board among them, the newest first and of these the latest ready; and drivers, the soonest free first.

    Among equals decides what else they are, then who has whom in ``plan``, the last one, and who declined what.
    """
    orders, drivers = tuple(orders), tuple(drivers)
    stores = {o.id: (o.store, o.pickup) for o in orders}
    alike = _ranks_of_stores(stores, {o.id: _traits(o) for o in orders})
    traits = {o.id: (*_traits(o), alike[stores[o.id]]) for o in orders}
    declined: dict[str, list[Traits]] = {}
    for o in orders:
        for driver in o.refused_by:
            declined.setdefault(driver, []).append(traits[o.id])

    def of(ids: Iterable[str]) -> tuple[Traits, ...]:
        return tuple([traits[id_] for id_ in ids if id_ in traits])

    def driver_key(d: Driver) -> tuple[object, ...]:
        chain = tuple([of(trip) for trip in plan.get(d.id, ())])
        return (
            d.free_s, d.place, d.on_s, d.off_s, d.abilities, d.capacity_units, d.max_orders, d.acceptance_permille,
            d.spoken_for, of(d.keeps), of([o.id for o in d.aboard]), chain, sorted(declined.get(d.id, ())), d.id,
        )  # fmt: skip

    in_rows = tuple(sorted(drivers, key=driver_key))
    number = {d.id: j for j, d in enumerate(in_rows)}
    having = {
        id_: (number[d], t, k)
        for d, chain in plan.items()
        if d in number
        for t, trip in enumerate(chain)
        for k, id_ in enumerate(trip)
    }
    holding = {id_: (j, k) for j, d in enumerate(in_rows) for k, id_ in enumerate(_bound(d))}

    more = {
        o.id: (
            traits[o.id],
            holding.get(o.id, ()),
            having.get(o.id, ()),
            tuple(sorted(number[d] for d in o.refused_by if d in number)),
        )
        for o in orders
    }
    also_alike = _ranks_of_stores(stores, more)

    def order_key(o: Order) -> tuple[object, ...]:
        return (*more[o.id], also_alike[stores[o.id]], o.store, o.id)

    return tuple(sorted(orders, key=order_key)), in_rows


def _ranks_of_stores[S: Hashable](
    stores: Mapping[str, S], told: Mapping[str, tuple[Any, ...]]
) -> dict[S, int]:
    """Each store's place among all by what is told of its orders; two of which the same is told have one place."""
    sends: defaultdict[S, list[tuple[Any, ...]]] = defaultdict(list)
    for id_, store in stores.items():
        sends[store].append(told[id_])
    signs = {store: tuple(sorted(lines)) for store, lines in sends.items()}
    places = {sign: place for place, sign in enumerate(sorted(set(signs.values())))}
    return {store: places[sign] for store, sign in signs.items()}


def _traits(o: Order) -> Traits:
    return (
        -o.placed_s, -o.ready_s, o.due_s, o.wanted_from_s, o.pickup, o.dropoff, o.earliest_drop_s, o.expires_s,
        o.pickup_service_s, o.dropoff_service_s, o.units, o.alone, o.needs, o.elsewhere_s, o.latest_drop_s, o.ride_most_s,
        len(o.refused_by),
    )  # fmt: skip


def _bound(d: Driver) -> list[str]:
    return [*d.keeps, *(o.id for o in d.aboard)]
