"""Many days, seeds and policies: each played, written in the official format, read again and judged by the referee."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from doorstep.engine.compiled import warm_up
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.params import Params
from doorstep.sim.mdrp import solution
from doorstep.sim.mdrp.bars import bars_of
from doorstep.sim.mdrp.day import Rules, play_by
from doorstep.sim.mdrp.evaluator import evaluate
from doorstep.sim.mdrp.instance import read
from doorstep.sim.mdrp.naming import each_once, names_of
from doorstep.sim.mdrp.policy import Engine, Greedy, LateF1, Policy

ENGINE, LATE_F1, GREEDY = "doorstep", "late_f1", "greedy"
EIGHT = frozenset(
    {
        "0o50t100s1p100", "0r50t100s2p125", "1o50t100s1p100", "1o50t100s2p100",
        "0o100t100s1p100", "2o100t100s1p100", "4o100t100s1p100", "7o100t100s1p100",
    }
)  # fmt: skip
"""The days on which policies are compared in the tables of docs/dispatch.md."""
BESIDE = frozenset(
    {
        "late_f1", "greedy", "published_online_ctd_mean", "published_online_undelivered_pct", "published_exact_ctd_mean",
    }
)  # fmt: skip
"""What stands beside the engine's own figures of a day."""


@dataclass(frozen=True, slots=True)
class Run:
    """One day once."""

    folder: Path
    policy: str
    seed: int
    params: Params
    rules: Rules
    solutions: Path | None = None  # kept there under policy/name/seed when not None
    name: str = ""  # what the day is called beside others; its folder's own name when empty


def play_run(run: Run) -> dict[str, Any]:
    """Play ``run``; its measures are the referee's, of the files that were written. Raises NotAnInstance, Infeasible."""
    instance = read(run.folder)
    instance = replace(instance, name=run.name or instance.name)
    policy = _policy(run)
    rules = Rules(declines_permille=run.rules.declines_permille) if run.policy == GREEDY else run.rules
    day = play_by(instance, policy, rules, run.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = (run.solutions or Path(scratch)) / run.policy / instance.name / str(run.seed)
        solution.write(folder, day.solution)
        measures = evaluate(instance, solution.read(folder), day.ticks_s, mixing=rules.mixing)
    return {"policy": run.policy, "seed": run.seed, **measures.as_dict()}


def _policy(run: Run) -> Policy:
    if run.policy == GREEDY:
        return Greedy()
    if run.policy == LATE_F1:
        return LateF1(run.params)
    if run.params.mixing:
        mixing.warm_up()
    return Engine(run.params, warm_up())


def summed_up(folders: Sequence[Path], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a day that was played: the engine's mean over the seeds, with the bars and the peer beside it."""
    days = each_once(folders)
    table = []
    for folder, name in zip(days, names_of(days), strict=True):
        own = _mean([row for row in rows if row["instance"] == name and row["policy"] == ENGINE])
        peer = _mean([row for row in rows if row["instance"] == name and row["policy"] == GREEDY])
        if not own:
            continue
        bars = bars_of(folder)
        late = bars.late
        table.append(
            {
                "instance": name,
                **own,
                "late_f1": {"ctd90": bars.late_ctd90, **{k: late[k] for k in ("ctd_mean", "undelivered_pct", "rtp_mean", "ctd_p90", "cost_per_order", "drive_min_per_order")}} if late else None,
                "published_online_ctd_mean": bars.online,
                "published_online_undelivered_pct": bars.online_undelivered_pct,
                "published_exact_ctd_mean": bars.exact,
                "greedy": peer or None,
            }
        )  # fmt: skip
    return table


def means(table: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Means over sets of days: all, the eight of the tables, those with a published optimum; empty sets left out."""
    sets = {
        "all": list(table),
        "eight": [row for row in table if row["instance"] in EIGHT],
        "exact": [row for row in table if row["published_exact_ctd_mean"] is not None],
    }
    found = {}
    for name, rows in sets.items():
        if rows:
            figures = _mean([{k: v for k, v in row.items() if k not in BESIDE} for row in rows])
            late = [row for row in rows if row["late_f1"]]
            figures["days"] = len(rows)
            figures["late_f1_days"] = len(late)
            figures["better_than_late_f1"] = sum(row["ctd90"] < row["late_f1"]["ctd90"] for row in late)
            figures["late_f1_ctd90"] = (
                round(fmean(row["late_f1"]["ctd90"] for row in late), 3) if late else None
            )
            if name == "exact":
                best = fmean(row["published_exact_ctd_mean"] for row in rows)
                figures["gap_to_exact_pct"] = round(100 * (figures["ctd90"] / best - 1), 3)
            found[name] = figures
    return found


def _mean(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Each figure's mean over the rows that have it; None where none does."""
    if not rows:
        return {}
    names = dict.fromkeys(name for row in rows for name in row)
    figures: dict[str, float | None] = {}
    for name in names:
        if name not in {"policy", "seed", "instance", "orders", "seeds"}:
            told = [row[name] for row in rows if row.get(name) is not None]
            figures[name] = round(fmean(told), 3) if told else None
    return {"orders": rows[0]["orders"], "seeds": rows[0].get("seeds", len(rows)), **figures}
