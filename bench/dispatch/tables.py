"""The record of the recorded days and its tables: ``python -m bench.dispatch.tables [PART...] [--record FILE] [--page FILE]``.

``doorstep bench mdrp`` over all days takes an hour on a crowded machine, so it may be played in parts, each written by
``--json``. Their runs are put into the record (``docs/measured/mdrp.json``) in place of those of the same day, policy and seed,
means are made anew, and the two tables of ``docs/dispatch.md`` are written from it. Other parts of the record stay.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.instances import folder_with

from doorstep.sim.mdrp.campaign import means, summed_up

SETS = (
    "| set | days | CtD90 | `late f1` | better on | undelivered % | ready-to-pickup | p90 | cost | driving min | above published optimum |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)
DAYS = (
    "| day | CtD90 | `late f1` | published online | exact | undelivered % | RtP | p90 | cost | driving | tick p95 ms |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)


def joined(record: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """``record`` with the runs of ``parts`` in it. Raises ValueError for a part of another set of parameters than its fellows."""
    runs = {(r["policy"], r["instance"], r["seed"]): r for r in record["runs"]}
    told = dict(record)
    params: Any = None
    for part in parts:
        if params not in (None, part["params"]):
            raise ValueError("these parts were played with different parameters")
        params = part["params"]
        told.update(
            date=part["date"], declines_pct=part["declines_pct"], mixing=part["mixing"], params=params
        )
        runs |= {(r["policy"], r["instance"], r["seed"]): r for r in part["runs"]}
    rows = [runs[key] for key in sorted(runs, key=lambda key: (key[1], key[0], key[2]))]
    days = [f"mdrp/{name}" for name in sorted({row["instance"] for row in rows})]
    data = folder_with(*days)
    folders = [data / day for day in days]
    table = summed_up(folders, rows)
    return {**told, "means": means(table), "instances": table, "runs": rows}


def of_sets(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each set of days."""
    lines = []
    for name, row in found.items():
        gap = f"{row['gap_to_exact_pct']:.2f} %" if "gap_to_exact_pct" in row else ""
        lines.append(
            f"| {name} | {row['days']} | **{row['ctd90']:.2f}** | {row['late_f1_ctd90']:.2f} | {row['better_than_late_f1']} "
            f"| {row['undelivered_pct']:.3f} | {row['rtp_mean']:.3f} | {row['ctd_p90']:.2f} | {row['cost_per_order']:.2f} "
            f"| {row['drive_min_per_order']:.2f} | {gap} |"
        )
    return lines


def of_days(table: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each day."""
    lines = []
    for row in table:
        others = (
            row["late_f1"]["ctd90"] if row["late_f1"] else None,
            row["published_online_ctd_mean"],
            row["published_exact_ctd_mean"],
        )
        beside = " | ".join("" if figure is None else f"{figure:.2f}" for figure in others)
        lines.append(
            f"| {row['instance']} | {row['ctd90']:.2f} | {beside} | {row['undelivered_pct']:.2f} | {row['rtp_mean']:.2f} "
            f"| {row['ctd_p90']:.1f} | {row['cost_per_order']:.2f} | {row['drive_min_per_order']:.2f} | {row['tick_ms_p95']:.1f} |"
        )
    return lines


def with_table(page: str, head: tuple[str, str], lines: Sequence[str]) -> str:
    """``page`` with the table under ``head`` made of ``lines``. Raises ValueError where there is no such table."""
    before, found, behind = page.partition("\n".join(head) + "\n")
    if not found:
        raise ValueError(f"the page has no table {head[0]}")
    rest = behind.split("\n")
    while rest and rest[0].startswith("|"):
        rest.pop(0)
    return before + found + "\n".join([*lines, *rest])


def main() -> None:
    """Write the record and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", type=Path)
    parser.add_argument("--record", type=Path, default=Path("docs/measured/mdrp.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/dispatch.md"))
    parser.add_argument("--machine", help="what the parts were played on, for the record")
    given = parser.parse_args()
    record = json.loads(given.record.read_text())
    if given.parts:
        record = joined(record, [json.loads(part.read_text()) for part in given.parts])
        record["machine"] = given.machine or record["machine"]
        given.record.write_text(json.dumps(record, indent=1, sort_keys=False) + "\n")
    page = with_table(given.page.read_text(), SETS, of_sets(record["means"]))
    given.page.write_text(with_table(page, DAYS, of_days(record["instances"])))


if __name__ == "__main__":
    main()
