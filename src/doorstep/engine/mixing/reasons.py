"""Why this driver, why not yet: the facts and sentences of ``engine.reasons`` where stores are mixed."""

from collections.abc import Sequence
from functools import partial

from doorstep.engine import reasons as one_store
from doorstep.engine.decisions import Outlook, Rival
from doorstep.engine.mixing.arrays import Layout
from doorstep.engine.mixing.compiled import Kernels
from doorstep.engine.mixing.instead import RIVALS
from doorstep.engine.mixing.schedule import Visit, visits_of
from doorstep.engine.params import Params
from doorstep.engine.reasons import MILLISECONDS, row
from doorstep.engine.world import Driver, Order, Ways


def in_drop_sequence(picked: Sequence[Order], visits: Sequence[Visit]) -> tuple[str, ...]:
    """Ids of ``picked`` as they are handed over."""
    taken = {o.id for o in picked}
    return tuple(v.orders[0].id for v in visits if not v.is_pickup and v.orders[0].id in taken)


def drops_s(ids: Sequence[str], visits: Sequence[Visit]) -> tuple[int, ...]:
    """When ``ids`` are handed over as things stand."""
    at_s = {v.orders[0].id: v.at_s for v in visits if not v.is_pickup}
    return tuple(at_s[id_] for id_ in ids)


def sent(count: int, aboard: int, why: str, stores: int = 1) -> str:
    """Why she and nobody else (``why_her``) goes to a store, or to ``stores`` one after the other, and why now."""
    whence = "one store" if stores == 1 else f"{stores} stores"
    what = "one order" if count == 1 else f"{count} orders of {whence}"
    return f"{what}{_on_top(aboard)}; {why}; leaving later would delay the pickup"


def handed_over(aboard: int) -> str:
    """Why somebody goes to a door now."""
    rest = _on_top(aboard - 1)
    return f"the next door{rest}; leaving later would delay it"


def _on_top(aboard: int) -> str:
    if not aboard:
        return ""
    return f", with {'one more' if aboard == 1 else f'{aboard} more'} on board"


def planned(
    order: Order, driver: Driver, number: int, visit: Visit, drop_s: int, offer_s: int, *, whole: bool
) -> Outlook:
    """An order whose pickup is in stop ``number`` of somebody's tour, or in that of her ``whole`` trips; offered at ``offer_s``."""
    if number == 0 and driver.keeps:
        return Outlook(order.id, driver.id, visit.at_s, drop_s, one_store.on_the_way(order, driver))
    what = "trip" if whole else "stop"
    after = (
        f"her next {what}" if number == 0 else f"after {number} earlier {what if number == 1 else what + 's'}"
    )
    sentence = f"planned with a driver, {after}; sent when leaving later would delay the pickup"
    return Outlook(order.id, driver.id, visit.at_s, drop_s, sentence, offer_s=offer_s)


def rivals(
    layout: Layout, kernels: Kernels, travel: Ways, params: Params, now_s: int, d: int, count: int
) -> tuple[float, tuple[Rival, ...]]:
    """What driver ``d``'s first ``count`` pickups add to her tour, and the three to whom they would have gone next."""
    who, added = row(kernels, RIVALS), row(kernels, RIVALS)
    case, tours, search = layout.case, layout.tours, layout.search
    wide = tours.wide + 1
    stops = row(kernels, RIVALS * wide)
    picked = {layout.orders[int(tours.stop[d * tours.wide + k]) // 2].id for k in range(count)}
    own, found = kernels.others_instead(case, tours, search, layout.saved, d, count, who, added, stops)

    def pickup_s(k: int) -> int:
        """When the first of them would be picked up on the tour that rival ``k`` would then make."""
        steps = layout.steps_through(int(stops[k * wide + 1 + i]) for i in range(stops[k * wide]))
        visits = visits_of(layout.drivers[who[k]], steps, travel, params, now_s)
        return next(v.at_s for v in visits if v.is_pickup and any(o.id in picked for o in v.orders))

    return int(own) / MILLISECONDS, tuple(
        Rival(layout.drivers[who[k]].id, (int(added[k]) - int(own)) / MILLISECONDS, pickup_s(k))
        for k in range(found)
    )


def left_out(layout: Layout, kernels: Kernels, o: int) -> Outlook:
    """An order in nobody's plan, and what would have to change."""
    cheapest = partial(kernels.cheapest_added, layout.case, layout.tours, layout.search, o)
    why_full = partial(kernels.why_tours_full, layout.case, layout.tours, o)
    return one_store.left_out(layout, kernels, o, cheapest, why_full)
