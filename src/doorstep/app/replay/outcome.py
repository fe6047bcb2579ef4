"""What came out of a replayed day, beside the pure engine on the same day."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from doorstep.app.replay.actors import Log
from doorstep.app.replay.founding import DAY
from doorstep.sim.mdrp.instance import Instance
from doorstep.sim.mdrp.measures import Measures

FINAL = {"delivered", "returned", "cancelled", "expired"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The day through the product, and the bar."""

    instance: str
    speed: float
    real_s: float
    orders: int
    final: int
    delivered: int
    ctd_mean: float
    ctd_p90: float
    rtp_mean: float
    trips: int
    ledger_difference_minor: int
    promised_minus_paid_minor: int
    broken_promises: Mapping[str, int]
    engine: Measures | None

    @property
    def good(self) -> bool:
        """Every order ended, the money balances, and click-to-door is within a minute of the pure engine."""
        close = self.engine is None or abs(self.ctd_mean - self.engine.ctd_mean) <= 1.0
        return (
            self.final == self.orders
            and self.ledger_difference_minor == 0
            and self.promised_minus_paid_minor == 0
            and not any(self.broken_promises.values())
            and close
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain figures for a file."""
        product = {
            name: getattr(self, name) for name in self.__slots__ if name not in {"engine", "broken_promises"}
        }
        engine = None if self.engine is None else self.engine.as_dict()
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
        return {
            **about,
            **product,
            "broken_promises": dict(self.broken_promises),
            "engine": engine,
            "good": self.good,
        }

    def lines(self) -> list[str]:
        """For the person at the terminal."""
        e = self.engine
        rows = [
            ("orders", self.orders, e and e.orders),
            ("ended", self.final, None),
            ("delivered", self.delivered, e and round(e.orders * (1 - e.undelivered_pct / 100))),
            ("click-to-door, mean min", self.ctd_mean, e and e.ctd_mean),
            ("click-to-door, p90 min", self.ctd_p90, e and e.ctd_p90),
            ("ready-to-pickup, mean min", self.rtp_mean, e and e.rtp_mean),
            ("trips", self.trips, e and round(e.orders / e.orders_per_bundle)),
            ("ledger difference", self.ledger_difference_minor, None),
            ("promised minus paid", self.promised_minus_paid_minor, None),
            ("broken promises", sum(self.broken_promises.values()), None),
        ]
        head = f"{self.instance} at {self.speed:g}x in {self.real_s:.0f} s"
        table = [f"{name:28}{value!s:>12}{'' if bar is None else bar!s:>14}" for name, value, bar in rows]
        return [
            head,
            f"{'':28}{'product':>12}{'pure engine':>14}",
            *table,
            "good" if self.good else "NOT GOOD",
        ]


def reckon(
    instance: Instance,
    orders: set[str],
    log: Log,
    states: Mapping[str, str],
    status: Mapping[str, Any],
    broken: Mapping[str, int],
    engine: Measures | None,
    speed: float,
    real_s: float,
) -> Outcome:
    """The measures of the day from what its people noted and what the network says of each delivery."""
    by_id = {o.id: o for o in instance.orders if o.id in orders}
    done = [o for o in by_id if states.get(log.placed.get(o, "")) == "delivered"]
    minute = {o: (log.dropped[log.placed[o]] - DAY).total_seconds() / 60 for o in done}
    ctd = [minute[o] - by_id[o].placed_min for o in done]
    rtp = [(log.picked_up[log.placed[o]] - DAY).total_seconds() / 60 - by_id[o].ready_min for o in done]
    market = status["markets"][0]
    return Outcome(
        instance=instance.name,
        speed=speed,
        real_s=round(real_s, 1),
        orders=len(by_id),
        final=sum(states.get(log.placed.get(o, "")) in FINAL for o in by_id),
        delivered=len(done),
        ctd_mean=round(float(np.mean(ctd)), 3) if ctd else 0.0,
        ctd_p90=round(float(np.percentile(ctd, 90)), 2) if ctd else 0.0,
        rtp_mean=round(float(np.mean(rtp)), 3) if rtp else 0.0,
        trips=log.trips,
        ledger_difference_minor=market["ledger_difference_minor"],
        promised_minus_paid_minor=market["promised_minus_paid_minor"],
        broken_promises=broken,
        engine=engine,
    )
