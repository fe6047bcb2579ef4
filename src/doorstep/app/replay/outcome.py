"""What came out of a replayed day, beside the pure engine on the same day."""

import math
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from doorstep.app.replay.actors import Log
from doorstep.sim.mdrp.day import in_drop_sequence
from doorstep.sim.mdrp.evaluator import breaches, measure
from doorstep.sim.mdrp.instance import Instance
from doorstep.sim.mdrp.measures import Measures
from doorstep.sim.mdrp.solution import Solution, of_stops

FINAL = {"delivered", "returned", "cancelled", "expired"}
CLOSE_MIN = 1.0
"""So far the product's mean click-to-door may be from the pure engine's."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a whole recorded day must come to: nothing undelivered, and the pure engine's mean click-to-door."""

    orders: int
    engine_at_most_min: float


BARS: Mapping[str, Bar] = {"0o100t100s1p100": Bar(orders=505, engine_at_most_min=30.5)}
"""By instance; of another day, or of a slice, nothing is known beforehand."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The pure engine on the same day: with the product's own ticks and seeds, and once a minute."""

    ticks: int
    same: Measures
    minutely: Measures


@dataclass(frozen=True, slots=True)
class Outcome:
    """The day through the product, and the bar."""

    speed: float
    real_s: float
    orders: int
    final: int
    product: Measures
    breaches: tuple[str, ...]  # of the instances' rules, as the referee of the pure engine's days reads them
    ledger_difference_minor: int
    promised_minus_paid_minor: int
    broken_promises: Mapping[str, int]
    peers: Peers

    @property
    def missed(self) -> tuple[str, ...]:
        """What is not as it must be; empty when every order ended by the day's rules, the money balances, click-to-door
        is close to the pure engine's, and the day's own bar is met.
        """
        ours, theirs = self.product.ctd_mean, self.peers.same.ctd_mean
        off_min = 0.0 if math.isnan(ours) and math.isnan(theirs) else abs(ours - theirs)
        found = {
            f"{self.orders - self.final} orders have no end": self.final != self.orders,
            "the ledger does not balance": self.ledger_difference_minor != 0,
            "not everybody was paid what was promised": self.promised_minus_paid_minor != 0,
            "promises are broken": any(self.broken_promises.values()),
            "the day's rules are broken": bool(self.breaches),
            f"click-to-door is {off_min:.2f} min from the engine's, more than {CLOSE_MIN:g}": not off_min
            <= CLOSE_MIN,
        }
        bar = BARS.get(self.product.instance)
        if bar is not None and bar.orders == self.orders:
            engine = self.peers.same
            found |= {
                "the product left orders undelivered": self.product.undelivered_pct > 0,
                "the engine left orders undelivered": engine.undelivered_pct > 0,
                f"the engine's click-to-door is {engine.ctd_mean:.2f} min, more than {bar.engine_at_most_min:g}": (
                    engine.ctd_mean > bar.engine_at_most_min
                ),
            }
        return tuple(what for what, is_so in found.items() if is_so)

    @property
    def good(self) -> bool:
        """Nothing is missed."""
        return not self.missed

    def as_dict(self) -> dict[str, Any]:
        """Plain figures for a file."""
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "instance": self.product.instance,
            "speed": self.speed,
            "real_s": self.real_s,
            "orders": self.orders,
            "final": self.final,
            "ledger_difference_minor": self.ledger_difference_minor,
            "promised_minus_paid_minor": self.promised_minus_paid_minor,
            "broken_promises": dict(self.broken_promises),
            "breaches": list(self.breaches),
            "ticks": self.peers.ticks,
            "product": _without_ticks(self.product),
            "engine_same_ticks": self.peers.same.as_dict(),
            "engine_every_minute": self.peers.minutely.as_dict(),
            "missed": list(self.missed),
            "good": self.good,
        }

    def lines(self) -> list[str]:
        """For the person at the terminal."""
        days = (self.product, self.peers.same, self.peers.minutely)
        rows: list[tuple[str, Callable[[Measures], float]]] = [
            ("orders", lambda m: m.orders),
            ("undelivered, %", lambda m: m.undelivered_pct),
            ("click-to-door, mean min", lambda m: m.ctd_mean),
            ("click-to-door, p90 min", lambda m: m.ctd_p90),
            ("ready-to-pickup, mean min", lambda m: m.rtp_mean),
            ("cost per order", lambda m: m.cost_per_order),
            ("orders per trip", lambda m: m.orders_per_bundle),
            ("driving, min per order", lambda m: m.drive_min_per_order),
        ]
        own = [
            ("ended", self.final),
            ("ledger difference", self.ledger_difference_minor),
            ("promised minus paid", self.promised_minus_paid_minor),
            ("broken promises", sum(self.broken_promises.values())),
            ("breaches of the day's rules", len(self.breaches)),
        ]
        return [
            f"{self.product.instance} at {self.speed:g}x in {self.real_s:.0f} s, {self.peers.ticks} ticks",
            f"{'':28}{'product':>12}{'same ticks':>14}{'each minute':>14}",
            *(f"{n:28}{of(days[0])!s:>12}{of(days[1])!s:>14}{of(days[2])!s:>14}" for n, of in rows),
            *(f"{name:28}{value!s:>12}" for name, value in own),
            *self.breaches[:5],
            "good" if self.good else f"NOT GOOD: {'; '.join(self.missed)}",
        ]


def reckon(
    instance: Instance,
    log: Log,
    states: Mapping[str, str],
    status: Mapping[str, Any],
    broken: Mapping[str, int],
    peers: Peers,
    speed: float,
    real_s: float,
) -> Outcome:
    """The measures of the day from what its people noted and what the network says of each delivery."""
    solution = _solution(instance, log, states)
    market = status["markets"][0]
    return Outcome(
        speed=speed,
        real_s=round(real_s, 1),
        orders=len(instance.orders),
        final=sum(states.get(log.placed.get(o.id, "")) in FINAL for o in instance.orders),
        product=measure(instance, solution),
        breaches=tuple(breaches(instance, solution)),
        ledger_difference_minor=market["ledger_difference_minor"],
        promised_minus_paid_minor=market["promised_minus_paid_minor"],
        broken_promises=broken,
        peers=peers,
    )


def _solution(instance: Instance, log: Log, states: Mapping[str, str]) -> Solution:
    """What the couriers did, in the day's own names; a delivery counts when the network says that it is delivered."""
    name = {delivery: order for order, delivery in log.placed.items()}
    stops = [replace(stop, orders=tuple(name[d] for d in stop.orders)) for stop in log.stops]
    solution = of_stops(instance, in_drop_sequence([stop for stop in stops if stop.orders]))
    done = {name[d] for d, state in states.items() if state == "delivered"}
    return replace(solution, delivered=tuple(d for d in solution.delivered if d.order in done))


def _without_ticks(measures: Measures) -> dict[str, object]:
    """The product's ticks are timed by ``make bench``."""
    return {name: value for name, value in measures.as_dict().items() if not name.startswith("tick_ms")}
