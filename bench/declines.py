"""What declines cost the engine, beside two other dispatchers: the same days under every share of them, with the same answers to the same questions.

``python -m bench.declines [--runs N] [--shares 10,30] [--contenders …] [--scenarios …] [--data MDRP] [--processes N] [--json FILE]``. The aim is a
loss below half of what the same days cost ``late_f1``, over the markets together, each order of a day counted once.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.figures import machine, write
from rich.console import Console
from rich.table import Table

from doorstep.sim.compare import Estimate, estimate, paired
from doorstep.sim.pools import Pool, pool_of
from doorstep.sim.reading import load, scenario_of
from doorstep.sim.scenario import Policy
from doorstep.sim.settings import Setting
from doorstep.sim.study import Study, study

SHORT_DAY = "1o50t100s1p125"
RECORDED = ("0o100t100s1p100", "1o50t100s1p100", SHORT_DAY)
"""Days of couriers enough, and two of too few."""
COST = (
    "ctd_mean",
    "ctd90",
    "ctd_p90",
    "undelivered_pct",
    "kept_pct",
    "drive_min_per_order",
    "orders_per_trip",
    "cost_per_order_minor",
)
AIMED = ("ctd90", "undelivered_pct")
"""What the aim is set for."""
CONTENDERS: dict[str, dict[str, Any]] = {
    "engine": {},
    "engine, smaller rises": {"rise_step_minor": 200, "rise_most_minor": 400},
    "engine, the same pay": {"rise_step_minor": 0},
    "late_f1": {"policy": Policy.LATE_F1},
    "nearest": {"policy": Policy.NEAREST},
}
"""As a market has it unless it says otherwise, with pay that rises less or not at all, and two other dispatchers."""
BASELINE = "late_f1"


def told_of(one: Estimate) -> dict[str, float | None]:
    """An estimate for machines."""
    return {"mean": _round(one.mean), "half": _round(one.half)}


class Played:
    """The days of one market under every contender and share, none first."""

    def __init__(self, found: Study, contenders: Sequence[str], shares: Sequence[float]) -> None:
        """``found``: settings by contender, then share."""
        self.found, self.contenders, self.shares = found, contenders, shares
        first = found.outcomes[0]
        self.orders = sum(day.measures.orders for day in first) / len(first)
        """Of a day."""

    def values(self, who: str, share: float, figure: str) -> list[float]:
        """One figure of every day."""
        return self.found.values(
            self.contenders.index(who) * len(self.shares) + self.shares.index(share), figure
        )

    def added(self, who: str, share: float, figure: str) -> list[float]:
        """What ``share`` of declines adds to a figure of each day."""
        return [
            some - none
            for some, none in zip(self.values(who, share, figure), self.values(who, 0.0, figure), strict=True)
        ]

    def above_half(self, who: str, share: float, figure: str) -> Estimate:
        """By how much that is more than half of what it adds to the baseline's: below zero is the aim."""
        return paired(
            self.added(who, share, figure), [lost / 2 for lost in self.added(BASELINE, share, figure)]
        )

    def told(self, who: str, share: float) -> dict[str, Any]:
        """A line for machines."""
        line: dict[str, Any] = {
            "policy": who,
            "declines_pct": 100 * share,
            "runs": len(self.found.seeds),
            "orders": self.orders,
        }
        for figure in COST:
            line[figure] = _round(estimate(self.values(who, share, figure)).mean)
            if share:
                line[f"{figure}_against_none"] = told_of(estimate(self.added(who, share, figure)))
                if who != BASELINE and BASELINE in self.contenders:
                    line[f"{figure}_above_half_of_late_f1"] = told_of(self.above_half(who, share, figure))
        return line


def play_market(
    name: str, runs: int, contenders: Sequence[str], shares: Sequence[float], pool: Pool
) -> Played:
    """Play ``runs`` days of the scenario called ``name``, or of the recorded day in that folder."""
    scenario = scenario_of(*load(name))
    settings = [
        Setting(
            f"{who}, {share:.0%}",
            (("policy", who), ("declines", share)),
            replace(
                scenario,
                behaviour=replace(scenario.behaviour, declines=share),
                dispatch=replace(scenario.dispatch, **CONTENDERS[who]),
            ),
        )
        for who in contenders
        for share in shares
    ]
    return Played(study(tuple(settings), range(1, runs + 1), pool), contenders, shares)


def together(
    markets: Mapping[str, Played], contenders: Sequence[str], shares: Sequence[float]
) -> list[dict[str, Any]]:
    """All markets at once, each order of a day counted once. Days of different markets are drawn apart, so the errors of their means add in squares."""
    orders = sum(market.orders for market in markets.values())

    def over_all(parts: Mapping[str, Estimate]) -> Estimate:
        weighed = [(one, markets[name].orders / orders) for name, one in parts.items()]
        mean = sum(weight * (one.mean or 0.0) for one, weight in weighed)
        half = sum((weight * (one.half or 0.0)) ** 2 for one, weight in weighed) ** 0.5
        return Estimate(mean, half, min(one.runs for one in parts.values()))

    lines = []
    for who in contenders:
        for share in shares[1:]:
            line: dict[str, Any] = {"policy": who, "declines_pct": 100 * share}
            for figure in (*AIMED, "cost_per_order_minor"):
                lost = over_all({n: estimate(m.added(who, share, figure)) for n, m in markets.items()})
                line[f"{figure}_against_none"] = told_of(lost)
                if who == BASELINE or BASELINE not in contenders or figure not in AIMED:
                    continue
                theirs = over_all({n: estimate(m.added(BASELINE, share, figure)) for n, m in markets.items()})
                above = over_all({n: m.above_half(who, share, figure) for n, m in markets.items()})
                line[f"{figure}_above_half_of_late_f1"] = told_of(above)
                if lost.mean is not None and theirs.mean:
                    line[f"{figure}_of_late_f1"] = _round(lost.mean / theirs.mean)
            lines.append(line)
    return lines


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _cell(line: Mapping[str, Any], key: str) -> str:
    found = line.get(key)
    if found is None:
        return "–"
    if not isinstance(found, dict):
        return f"{found:.2f}"
    return f"{found['mean']:+.2f}" + ("" if found["half"] is None else f" ± {found['half']:.2f}")


def show(title: str, lines: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A table of what declines add."""
    table = Table(title=title, title_justify="left")
    for head in (
        "",
        "declines",
        "CtD90 adds",
        "above half",
        "undelivered adds",
        "above half",
        "cost adds, ¢",
    ):
        table.add_column(head, justify="left" if not head else "right")
    for line in lines:
        if not line["declines_pct"]:
            continue
        cells = (
            "ctd90_against_none",
            "ctd90_above_half_of_late_f1",
            "undelivered_pct_against_none",
            "undelivered_pct_above_half_of_late_f1",
            "cost_per_order_minor_against_none",
        )
        table.add_row(line["policy"], f"{line['declines_pct']:.0f} %", *(_cell(line, key) for key in cells))
    console.print(table)


def main() -> None:
    """Play and print, market by market, then all together."""
    parser = argparse.ArgumentParser(prog="python -m bench.declines", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="days of each market")
    parser.add_argument("--scenarios", default="nashville,nashville-short")
    parser.add_argument("--shares", default="10,30", help="of offers declined, per cent")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument(
        "--data", type=Path, help="the folder of the MDRP instances, three of which are played then"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    shares = [0.0, *(float(one) / 100 for one in chosen.shares.split(","))]
    names = [one for one in chosen.scenarios.split(",") if one]
    names += [str(chosen.data / day) for day in RECORDED] if chosen.data else []
    console, markets = Console(width=120), dict[str, Played]()
    report: dict[str, Any] = {"machine": machine(), "declines": {}}
    for name in names:
        market = Path(name).name
        markets[market] = play_market(name, chosen.runs, chosen.contenders, shares, pool_of(chosen.processes))
        lines = [markets[market].told(who, share) for who in chosen.contenders for share in shares]
        report["declines"][market] = lines
        show(f"{market}, {chosen.runs} days of {markets[market].orders:.0f} orders", lines, console)
        write(chosen.json, report)
    report["together"] = together(markets, chosen.contenders, shares)
    show("together", report["together"], console)
    write(chosen.json, report)


if __name__ == "__main__":
    main()
