"""A nation's day: many markets as units of work, each of its own size, played over a pool.

A market's size is its households: those of the nation's metros, largest first, when the extra ``doorstep[us]`` is here; else the two
pilots stand for all, their households spread over sizes that fall as those of cities do (Zipf's law), and the result says so.
Scaled: a market has ``scale`` of the orders and drivers it would have, at least a handful, on the plain ground of its ZIPs.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from doorstep.connectors.us.nation import nation, nation_installed
from doorstep.connectors.us.zips import NASHVILLE_CBSA, NEW_ORLEANS_CBSA, zip_areas
from doorstep.engine.compiled import warm_up
from doorstep.sim.day import play
from doorstep.sim.measures import Measures, measure
from doorstep.sim.pools import Pool, largest_first
from doorstep.sim.scenario import City, Demand, Fleet, Scenario

ORDERS_PER_HOUSEHOLD = 0.012
"""A day: about one order a household every twelve weeks. An assumption, the same everywhere."""
ORDERS_PER_DRIVER = 7
ORDERS_PER_STORE = 60
LEAST_ORDERS = 5


@dataclass(frozen=True, slots=True)
class Market:
    """One unit of work."""

    name: str
    cbsa: str
    households: int
    scenario: Scenario
    seed: int


@dataclass(frozen=True, slots=True)
class Played:
    """One market's day."""

    name: str
    orders: int
    drivers: int
    worked_s: float  # processor time
    ticks: int
    measures: Measures


@dataclass(frozen=True, slots=True)
class Nation:
    """All of them."""

    source: str
    played: tuple[Played, ...]
    real_s: float
    processes: int

    @property
    def orders(self) -> int:
        """Orders of the nation's day."""
        return sum(p.orders for p in self.played)

    @property
    def worked_s(self) -> float:
        """Processor time of all markets."""
        return sum(p.worked_s for p in self.played)

    @property
    def orders_per_core_s(self) -> float:
        """Orders that a core simulates in a second of its time."""
        return self.orders / max(self.worked_s, 1e-9)

    @property
    def spread(self) -> float:
        """How much of the processes' time was work: 1 when every one was busy from beginning to end."""
        return self.worked_s / max(self.real_s * self.processes, 1e-9)

    def mean(self, name: str) -> float:
        """One figure, weighed by orders, over the markets that have it; not a number where none has."""
        told = [(float(getattr(p.measures, name)), p.orders) for p in self.played]
        there = [(value, orders) for value, orders in told if not math.isnan(value)]
        weight = sum(orders for _, orders in there)
        return sum(value * orders for value, orders in there) / weight if weight else math.nan

    def growth(self) -> float:
        """The exponent by which a market's work grows with its orders (least squares on logarithms); 1 is in proportion."""
        points = [
            (math.log(p.orders), math.log(p.worked_s)) for p in self.played if p.orders > 0 and p.worked_s > 0
        ]
        middle_x = sum(x for x, _ in points) / len(points)
        middle_y = sum(y for _, y in points) / len(points)
        across = sum((x - middle_x) ** 2 for x, _ in points)
        return sum((x - middle_x) * (y - middle_y) for x, y in points) / across if across else 0.0


def markets(count: int, scale: float, seed: int) -> tuple[str, tuple[Market, ...]]:
    """Where the sizes come from, in words, and ``count`` markets at ``scale``.

    Raises ValueError for a count or scale that is not positive.
    """
    if count < 1 or not scale > 0:
        raise ValueError("a nation has at least one market, at a scale above zero")
    source, metros = _metros(count)
    found = []
    for number, (name, cbsa, households) in enumerate(metros):
        orders = max(LEAST_ORDERS, round(households * ORDERS_PER_HOUSEHOLD * scale))
        stores = max(2, round(orders / ORDERS_PER_STORE))
        scenario = Scenario(
            name=f"market-{number:04d}",
            title=name,
            city=City(metro=cbsa, stores=stores, radius_km=min(30.0, 6 + math.sqrt(households) / 30)),
            demand=Demand(orders=orders),
            fleet=Fleet(drivers=max(3, round(orders / ORDERS_PER_DRIVER))),
        )
        found.append(Market(name, cbsa, households, scenario, seed + number))
    return source, tuple(found)


@lru_cache(maxsize=2)
def _metros(count: int) -> tuple[str, tuple[tuple[str, str, int], ...]]:
    """Name, CBSA and households, largest first."""
    if nation_installed():
        households: dict[str, int] = defaultdict(int)
        names: dict[str, str] = {}
        for area in nation():
            if area.cbsa is not None:
                households[area.cbsa] += area.households
                names[area.cbsa] = area.metro
        ranked = sorted(households, key=lambda code: (-households[code], code))[:count]
        return (
            f"the {len(ranked)} largest metro and micro areas of the United States by households (ACS 2022)",
            tuple((names[code], code, households[code]) for code in ranked),
        )
    pilots = [
        (code, sum(a.households for a in zip_areas(code))) for code in (NASHVILLE_CBSA, NEW_ORLEANS_CBSA)
    ]
    largest = max(households for _, households in pilots)
    invented = []
    for number in range(count):
        code, own = pilots[number % len(pilots)]
        invented.append(
            (
                f"market {number + 1}, on the ground of {code}",
                code,
                min(own, round(2 * largest / (number + 2))),
            )
        )
    source = (
        "NOT the nation: the two pilots' ZIPs stand for every market, with invented sizes that fall as 1/rank from"
        f" {largest:,} households. With the extra doorstep[us] the sizes and ZIPs are real"
    )
    return source, tuple(invented)


def play_market(market: Market) -> Played:
    """Play one market's day with compiled kernels."""
    kernels = warm_up()
    began = time.thread_time()
    day = play(market.scenario, market.seed, kernels)
    return Played(
        market.name,
        market.scenario.demand.orders,
        market.scenario.fleet.drivers,
        time.thread_time() - began,
        len(day.decide_s),
        measure(day),
    )


def play_nation(
    source: str,
    chosen: Sequence[Market],
    pool: Pool,
    processes: int,
    clock: Callable[[], float],
    done: Callable[[Played], None] = lambda _: None,
) -> Nation:
    """Play all markets, the largest first; ``done`` hears of each, ``clock`` tells real seconds."""
    began = clock()
    found = []
    for played in pool.spread(play_market, largest_first(chosen, lambda m: m.scenario.demand.orders)):
        found.append(played)
        done(played)
    real_s = clock() - began
    return Nation(source, tuple(sorted(found, key=lambda p: (-p.orders, p.name))), real_s, processes)


def growth_between(smaller: Nation, larger: Nation) -> float:
    """The exponent by which the work of the same markets grows with their orders; 1 is in proportion."""
    orders = larger.orders / max(smaller.orders, 1)
    return math.log(larger.worked_s / max(smaller.worked_s, 1e-9)) / math.log(orders) if orders > 1 else 0.0
