"""Why this driver, why not the others, why not yet: facts for the record and a sentence for people.

Sentences about what waits hold no figure that moves from tick to tick, so that an unchanged reason reads the same; figures are
fields. What is sent is told once, with how much she is better than the next best.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from doorstep.engine import barred
from doorstep.engine import candidates as walls
from doorstep.engine.arrays import Layout
from doorstep.engine.chains import MARKS, PRICE, Case, Search
from doorstep.engine.compiled import Kernels
from doorstep.engine.decisions import KeptOut, Outlook, Rival
from doorstep.engine.instead import ADDED, COUNT, DRIVES, FOUND, LINE, OWN, PICKED, WHO
from doorstep.engine.objective import NEVER
from doorstep.engine.params import Params
from doorstep.engine.schedule import Times, times_of
from doorstep.engine.threads import side_by_side, stretches
from doorstep.engine.world import Driver, Order, Ways

NAMES = {
    walls.LACKS_ABILITY: "abilities",
    walls.TOO_SMALL: "capacity",
    walls.DECLINED: "declined",
    walls.OFF_SHIFT: "off shift before pickup",
    walls.TOO_LATE: "too late for pickup",
    walls.TOO_FAR: "longer than the longest ride",
}
LATER = "starts later"
REMEDIES = {
    walls.LACKS_ABILITY: "it takes a driver with the abilities it needs",
    walls.TOO_SMALL: "it takes a larger vehicle or a smaller load",
    walls.DECLINED: "it takes a driver who has not declined it",
    walls.OFF_SHIFT: "it takes a shift that lasts until the pickup",
    walls.TOO_LATE: "it takes a later end of pickup or somebody nearer",
    walls.TOO_FAR: "it takes a longer ride than its goods or its promise allow",
}
MILLISECONDS = 60_000
"""In a minute: the unit of the kernels' costs."""


class Tick(Protocol):
    """What the reasons for an order that waits ask of a layout, of one store a trip or mixed."""

    @property
    def orders(self) -> tuple[Order, ...]:
        """Behind the kernels' rows."""

    @property
    def drivers(self) -> tuple[Driver, ...]:
        """Behind the kernels' rows."""

    @property
    def later(self) -> int:
        """Drivers who start too far ahead."""

    @property
    def named_most(self) -> int:
        """How many of the drivers kept from an order are named."""

    @property
    def case(self) -> Case:
        """What does not change."""

    @property
    def search(self) -> Search:
        """Who has what, and at what price it is left out."""


class Surveyors(Protocol):
    """Kernels that can say who is kept from an order."""

    @property
    def compiled(self) -> bool:
        """Whether these run as machine code."""

    @property
    def survey(self) -> Any:
        """See ``candidates.survey``."""

    @property
    def kept_out(self) -> Any:
        """See ``candidates.kept_out``."""

    @property
    def survey_trip(self) -> Any:
        """See ``barred.survey_trip``."""

    @property
    def kept_from_trip(self) -> Any:
        """See ``barred.kept_from_trip``."""

    @property
    def who_is_worth(self) -> Any:
        """See ``barred.who_is_worth``."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Who is kept from an order, or from a trip."""

    counts: dict[str, int]  # drivers by constraint
    nearest: tuple[KeptOut, ...]
    last: int  # the last constraint met by any of them, ``candidates.POSSIBLE`` when somebody can
    short_s: int  # by how many seconds the nearest misses it
    possible: int  # drivers whom nothing keeps from it


def excluded(layout: Tick, kernels: Surveyors, o: int) -> Kept:
    """How many drivers each constraint keeps from order ``o``, and by name the nearest of them."""
    found = row(kernels, 2 * walls.BARRIERS)
    kernels.survey(layout.case, o, found, 0, walls.BARRIERS)
    return kept(layout, found, partial(kernels.kept_out, layout.case, o), kernels)


def excluded_from_trip(
    layout: Tick,
    kernels: Surveyors,
    orders: Sequence[int],
    line: Sequence[int] = (),
    *,
    together: bool = True,
) -> Kept:
    """The same for a trip with these rows of orders: who may not take one of them, or not all ``together``. Of a trip that is
    sent the ``line`` as of ``instead`` tells how many already.
    """
    trip = row(kernels, len(orders))
    for k, o in enumerate(orders):
        trip[k] = o
    what = layout.case, trip, 0, len(orders), int(together)
    found = line[COUNT:LINE]
    if not found:
        found = row(kernels, 2 * walls.BARRIERS)
        kernels.survey_trip(*what, found, 0, walls.BARRIERS)
    return kept(layout, found, partial(kernels.kept_from_trip, *what), kernels)


def kept(layout: Tick, found: Sequence[int], name: Callable[..., int], kernels: Surveyors) -> Kept:
    """In words what ``candidates.survey`` or ``barred.survey_trip`` found, counts first; ``name`` finds the nearest."""
    count, least = found[: walls.BARRIERS], found[walls.BARRIERS :]
    told = {NAMES[wall]: int(count[wall]) for wall in NAMES if count[wall]}
    nearest = named(layout, name, kernels) if told else ()
    if layout.later:
        told[LATER] = layout.later
    # The constraints are asked in sequence: whoever failed at the last one came nearest.
    last = max((wall for wall in NAMES if count[wall]), default=walls.POSSIBLE)
    possible = int(count[walls.POSSIBLE])
    return Kept(
        dict(sorted(told.items())), nearest, walls.POSSIBLE if possible else last, int(least[last]), possible
    )


def named(layout: Tick, name: Callable[..., int], kernels: Surveyors) -> tuple[KeptOut, ...]:
    """The nearest of the drivers whom ``name`` finds, as many as the market wants named."""
    most = layout.named_most
    if not most:
        return ()
    who, wall = row(kernels, most), row(kernels, most)
    count = name(most, who, wall, row(kernels, most))
    return tuple(KeptOut(layout.drivers[who[k]].id, NAMES[int(wall[k])]) for k in range(count))


def around(layout: Layout, kernels: Kernels, due: Sequence[int], threads: int) -> list[list[int]]:
    """For the first trip of each driver in ``due`` who else could have it and who could not: a line as of ``instead``."""
    lines = layout.rows.blank(len(due) * LINE)
    for i, d in enumerate(due):
        lines[i * LINE + DRIVES] = d

    def look(some: range) -> None:
        kernels.look_around(layout.case, layout.chains, layout.search, some.start, some.stop, lines)

    side_by_side(threads, [partial(look, some) for some in stretches(len(due), threads)])
    told = lines if isinstance(lines, list) else np.asarray(lines).tolist()
    return [told[i * LINE : (i + 1) * LINE] for i in range(len(due))]


def rivals(layout: Layout, line: Sequence[int]) -> tuple[Rival, ...]:
    """The three drivers to whom a trip would have gone next, by what they would have cost more; ``line`` as of ``instead``."""
    return tuple(
        Rival(
            layout.drivers[line[WHO + k]].id,
            (line[ADDED + k] - line[OWN]) / MILLISECONDS,
            line[PICKED + k],
        )
        for k in range(line[FOUND])
    )


def row(kernels: Surveyors, count: int) -> Any:
    """Blank numbers for a kernel to fill."""
    return np.zeros(count, np.int64) if kernels.compiled else [0] * count


def why_her(kept: Kept, rivals: Sequence[Rival], pickup_s: int) -> str:
    """Why a trip is this driver's, who picks it up at ``pickup_s``, and nobody else's: what stands beside it, in words."""
    if not rivals and kept.possible <= 1:
        return "nobody else on duty can take it"
    if not rivals:
        return "the nearest others who could are taken up by other trips"
    more = round(rivals[0].extra_cost)
    minutes = f"{abs(more)} {'minute' if abs(more) == 1 else 'minutes'} of waiting"
    if more == 0:
        return "as good as the next best"
    if more < 0:
        return f"costs {minutes} more than the next best, who is left for others"
    sooner = "picks up sooner and " if pickup_s < rivals[0].pickup_s else ""
    return f"{sooner}costs {minutes} less than the next best"


def sent(count: int, why: str) -> str:
    """Why a trip is hers (``why_her``) and goes out now."""
    what = "one order" if count == 1 else f"{count} orders of one store"
    return f"{what}; {why}; leaving later would delay the pickup"


def closed(joined: int) -> str:
    """Why an open trip leaves its store."""
    if not joined:
        return "picked up as it was sent; waiting longer would delay it"
    return f"{'one order' if joined == 1 else f'{joined} orders'} of the same store joined on the way; waiting longer would delay it"


def comes_along(joining: int, why: str) -> str:
    """Why a driver under way is asked for more of her store: she of all (``why_her``), and now."""
    what = "one more order" if joining == 1 else f"{joining} more orders"
    return f"{what} of the store she is under way to; {why}; asking later would delay the pickup"


def joining(
    layout: Layout,
    travel: Ways,
    params: Params,
    now_s: int,
    chains: list[list[tuple[Order, ...]]],
    d: int,
    joined: tuple[Order, ...],
) -> tuple[float, tuple[Rival, ...]]:
    """What it adds to driver ``d``'s chain that ``joined`` come along, and the three candidates for whom a trip of their own,
    before all they are planned for, would have cost least, with how much more. Only who may take all of it, and can besides all that
    she is planned for.
    """

    def timed(k: int, chain: list[tuple[Order, ...]]) -> list[Times]:
        return times_of(layout.drivers[k], chain, travel, params, now_s) if chain else []

    def cost_of(times: list[Times]) -> float:
        return sum(one.cost for one in times)

    first, *later = chains[d]
    alone = tuple(order for order in first if order not in joined)
    own = cost_of(timed(d, chains[d])) - cost_of(timed(d, [alone, *later]))
    wide = layout.case.candidates_most
    here = layout.orders.index(joined[0]) * wide
    found = []
    for k in (int(layout.search.candidate[one]) for one in range(here, here + wide)):
        if k < 0:
            break
        driver, open_trips = layout.drivers[k], 1 if layout.drivers[k].keeps else 0
        if k == d or not may_take(driver, joined):
            continue
        chain = [*chains[k][:open_trips], joined, *chains[k][open_trips:]]
        times = timed(k, chain)
        if all(map(partial(is_possible, driver), chain[open_trips:], times[open_trips:])):
            more = cost_of(times) - cost_of(timed(k, chains[k])) - own
            found.append((more, k, times[open_trips].pickup_s))
    nearest = sorted(found)[:3]
    return own, tuple(Rival(layout.drivers[k].id, more, pickup_s) for more, k, pickup_s in nearest)


def may_take(driver: Driver, trip: Sequence[Order]) -> bool:
    """Whether nothing but time keeps ``driver`` from a trip."""
    fits = sum(order.units for order in trip) <= driver.capacity_units and len(trip) <= driver.max_orders
    return fits and not any(o.needs & ~driver.abilities or driver.id in o.refused_by for o in trip)


def is_possible(driver: Driver, trip: Sequence[Order], times: Times) -> bool:
    """Whether a trip is picked up before ``driver``'s shift ends and before anything of it expires, and each door is reached in time."""
    in_time = times.pickup_s <= min(driver.off_s, *(order.expires_s for order in trip))
    return in_time and all(
        drop_s <= min(order.latest_drop_s, times.pickup_s + order.ride_most_s)
        for order, drop_s in zip(trip, times.drops_s, strict=True)
    )


def on_the_way(order: Order, driver: Driver) -> str:
    """Where an order stands whose store ``driver`` is under way to."""
    if order.id in driver.keeps:
        return "a driver is on her way to the store for it"
    return "joins a driver on her way to its store, if nothing better comes up"


def planned(order: Order, driver: Driver, number: int, times: Times, drop_s: int, offer_s: int) -> Outlook:
    """An order that waits in somebody's plan, in trip ``number``."""
    if number == 0 and driver.keeps:
        return Outlook(order.id, driver.id, times.pickup_s, drop_s, on_the_way(order, driver))
    after = "her next trip" if number == 0 else f"after {number} earlier {'trip' if number == 1 else 'trips'}"
    sentence = f"planned with a driver, {after}; sent when leaving later would delay the pickup"
    return Outlook(order.id, driver.id, times.pickup_s, drop_s, sentence, offer_s=offer_s)


def left_out(
    layout: Tick,
    kernels: Surveyors,
    o: int,
    cheapest: Callable[[], int],
    why_full: Callable[[], tuple[int, int, int]],
) -> Outlook:
    """An order in nobody's plan, and what would have to change.

    ``cheapest``: what it would add at least, NEVER if nobody can; ``why_full``: how many then have how much ahead (``barred``).
    """
    order, price_ms = layout.orders[o], int(layout.search.order[o * MARKS + PRICE])
    price, elsewhere = price_ms / MILLISECONDS, price_ms == 1000 * order.elsewhere_s
    company = "; a courier company can" if elsewhere else ""
    if not layout.drivers:
        sentence = f"no driver is on duty{' yet' if layout.later else ''}{company}"
        return Outlook(
            order.id, None, 0, 0, sentence, {LATER: layout.later} if layout.later else {}, price=price, elsewhere=elsewhere
        )  # fmt: skip
    kept = excluded(layout, kernels, o)
    if kept.last != walls.POSSIBLE:
        why = ", ".join(f"{n} {name}" for name, n in kept.counts.items())
        sentence = f"no driver can: {why}; {REMEDIES[kept.last]}{company}"
        return Outlook(
            order.id, None, 0, 0, sentence, kept.counts,
            short_s=kept.short_s, price=price, kept_out=kept.nearest, elsewhere=elsewhere,
        )  # fmt: skip
    added = int(cheapest())
    if added == NEVER:
        sentence = f"{full(*why_full())}; one more driver would take it{company}"
        return Outlook(
            order.id, None, 0, 0, sentence, kept.counts, price=price, kept_out=kept.nearest, elsewhere=elsewhere
        )  # fmt: skip
    sentence = too_dear(elsewhere, int(kernels.who_is_worth(layout.case, o, price_ms)))
    return Outlook(
        order.id, None, 0, 0, sentence, kept.counts,
        extra_cost=added / MILLISECONDS, price=price, kept_out=kept.nearest, elsewhere=elsewhere,
    )  # fmt: skip


def full(most: int, off: int, late: int) -> str:
    """Why nobody who could take an order has room for it: as in ``barred.why_full``."""
    if not off and not late:
        return "all who could have as much ahead of them as is planned"
    if not most and not late:
        return "all who could are full until their shifts end"
    if not most and not off:
        return "all who could are full until it may no longer be picked up"
    return "all who could are full for as long as is planned, or until it is too late"


def too_dear(elsewhere: bool, worth: int) -> str:
    """Why an order is left out that somebody could take, by who would be ``worth`` her cost: as in ``barred.who_is_worth``."""
    more = {
        barred.ANYBODY: "one more driver or ",
        barred.SOMEBODY_NEARER: "a driver nearer or free sooner or ",
    }
    remedy = more.get(worth, "")
    if elsewhere:
        return f"somebody could, but a courier company costs less; {remedy}a dearer company would change that"
    why = "even with nothing else planned it would cost more"
    if worth == barred.ANYBODY:
        why = "it or others would wait longer"
    return f"somebody could, but {why} than the coverage price allows; {remedy}a higher price would take it"
