"""Fills the page: the answer first, then why, then the rest."""

from html import escape
from importlib import resources
from string import Template

import numpy as np

from doorstep.connectors.maps.drawn_roads import CREDIT
from doorstep.sim.report.answer import answer
from doorstep.sim.report.assumed import assumed
from doorstep.sim.report.drawings import Mark, by_hour, town, trade_off
from doorstep.sim.report.figures import NONE, POINTS, Shown, half, told, verdict, written
from doorstep.sim.scenario import Company
from doorstep.sim.settings import KNOBS
from doorstep.sim.study import CELL_M, Study
from doorstep.sim.town import town_of
from doorstep.sim.truth import draw

_SHARES = (0.0, 10.0, 25.0, 50.0)
"""Per cent of a cell's orders that part the shades of the company's map."""


def page(study: Study, command: str) -> str:
    """The whole report; ``command`` is what the reader types to get it again."""
    scenario = study.settings[0].scenario
    best = study.best()
    template = Template(
        resources.files("doorstep.sim.report").joinpath("page.html").read_text(encoding="utf-8")
    )
    several = len(study.settings) > 1
    bounds = [study.settings[best].scenario.demand.promise_min * part for part in (0.45, 0.6, 0.8, 1.0)]
    return template.substitute(
        title=escape(scenario.title),
        summary=escape(scenario.summary),
        answer=answer(study),
        varied=_varied(study),
        trade_off=trade_off(_marks(study), scenario.kept_goal_pct),
        waiting=_lines(study, best, 3, "orders waiting for a driver"),
        hours=_lines(study, best, 2, "minutes to the door"),
        table=_table(study),
        table_note=_table_note(study),
        map=_map(study, best, bounds),
        keys=_keys(several and best != 0),
        map_keys=_map_keys(bounds, study.settings[best].label, CREDIT if scenario.city.extract else ""),
        company=_company(study),
        assumed=assumed(scenario, _stands_behind(study)),
        command=escape(command),
    )


def _varied(study: Study) -> str:
    days = len(study.seeds)
    said = f"<p>{days} simulated {'day' if days == 1 else 'days'} under each setting, the same days for all: the same orders at the same second, the same drivers, kitchens and traffic.</p>"
    words: dict[str, list[str]] = {}
    for setting in study.settings:
        for word, value in setting.values:
            if str(value) not in words.setdefault(word, []):
                words[word].append(str(value))
    lines = []
    for word, values in words.items():
        says = KNOBS[word].says if word in KNOBS else "a key of the scenario"
        lines.append(
            f"<li><strong>{escape(word)}</strong> ({escape(says)}): {escape(', '.join(values))}</li>"
        )
    return said + (
        f"<ul>{''.join(lines)}</ul>" if lines else "<p>Nothing: this is the scenario as it is.</p>"
    )


def _marks(study: Study) -> list[Mark]:
    best, found = study.best(), []
    for number, setting in enumerate(study.settings):
        cost, kept = study.estimate(number, "cost_per_order_minor"), study.estimate(number, "kept_pct")
        if cost.mean is None or kept.mean is None:
            continue
        found.append(
            Mark(
                setting.label,
                cost.mean,
                cost.half or 0.0,
                kept.mean,
                kept.half or 0.0,
                number == best,
                number == 0,
            )
        )
    return found


def _lines(study: Study, best: int, column: int, title: str) -> str:
    lines = [("first", study.settings[0].label, _hourly(study, 0, column))] if best != 0 else []
    return by_hour([*lines, ("best", study.settings[best].label, _hourly(study, best, column))], title)


def _hourly(study: Study, setting: int, column: int) -> list[float | None]:
    """Means over all days; minutes are weighed by orders."""
    hours = np.sum([o.picture.hours for o in study.outcomes[setting]], axis=0)
    days = len(study.seeds)
    if column == 2:
        return [
            float(spent / count) if count >= 5 else None
            for count, spent in zip(hours[:, 1], hours[:, 2], strict=True)
        ]
    return [float(value / days) for value in hours[:, column]]


def _table(study: Study) -> str:
    best = study.best()
    head = "".join(
        f'<th scope="col" title="{escape(s.says, quote=True)}">{escape(s.head)}</th>' for s in told(study)
    )
    rows = []
    for number, setting in enumerate(study.settings):
        cells = "".join(_cell(study, number, shown) for shown in told(study))
        rows.append(
            f"<tr{' class="best"' if number == best else ''}><td>{number + 1} · {escape(setting.label)}</td>{cells}</tr>"
        )
    return f'<table><thead><tr><th scope="col">Setting</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _table_note(study: Study) -> str:
    """How to read the table: what its small figures and second lines are, as far as there are any."""
    said = []
    if len(study.seeds) > 1:
        said.append("Small figures under a mean are half the width of its 95% interval.")
    if len(study.settings) > 1:
        said.append("The lower line is the difference to setting 1 on the very same days")
        said[-1] += "; it stands in colour only when it is more than luck." if len(study.seeds) > 1 else "."
        said.append(f"Differences of percentages are in percentage points ({POINTS}).")
    every = range(len(study.settings))
    if any(study.estimate(n, shown.name).mean is None for n in every for shown in told(study)):
        said.append(f"{NONE} stands where there is nothing to average.")
    return f'<p class="small" style="margin-top:12px">{" ".join(said)}</p>' if said else ""


def _cell(study: Study, number: int, shown: Shown) -> str:
    value = study.estimate(number, shown.name)
    if value.mean is None:
        return f"<td>{NONE}</td>"
    cell = f"{written(value.mean, shown)}<small>{half(value, shown)}</small>"
    if number:
        difference = study.difference(number, shown.name)
    if number and difference.mean is not None:
        cell += f'<span class="{verdict(difference, shown)}">{written(difference.mean, shown, signed=True)}</span>'
    return f"<td>{cell}</td>"


def _map(study: Study, best: int, bounds: list[float]) -> str:
    means = {cell: (count, spent / count) for cell, (count, spent, _) in _cells(study, best).items()}
    says = "A map of the town: minutes to the door by area"
    return town(means, *_ground(study, best), CELL_M, bounds, says)


def _cells(study: Study, setting: int) -> dict[tuple[int, int], tuple[int, float, int]]:
    """Over all days, by cell: orders, minutes to the door, orders that a courier company brought."""
    cells: dict[tuple[int, int], tuple[int, float, int]] = {}
    for outcome in study.outcomes[setting]:
        for cell, (count, spent, _, outside) in outcome.picture.cells.items():
            before = cells.get(cell, (0, 0.0, 0))
            cells[cell] = (before[0] + count, before[1] + spent, before[2] + outside)
    return cells


def _ground(
    study: Study, setting: int
) -> tuple[list[tuple[float, float]], list[tuple[str, list[tuple[float, float]]]]]:
    """Stores and roads of a setting's town, in metres."""
    scenario = study.settings[setting].scenario
    stores = [(float(x), float(y)) for x, y in draw(scenario, study.seeds[0]).stores]
    roads = () if scenario.city.recorded else town_of(scenario.city).roads
    return stores, [(kind, [(float(x), float(y)) for x, y in line]) for kind, line in roads]


def _stands_behind(study: Study) -> Company:
    """The courier company of the first setting that has one."""
    companies = [setting.scenario.company for setting in study.settings]
    return next((company for company in companies if company.there), companies[0])


def _company(study: Study) -> str:
    """What a courier company brings, when and where: the recommended setting, or the one that hands over most; empty without any."""
    shares = [study.estimate(number, "by_company_pct").mean or 0.0 for number in range(len(study.settings))]
    if not any(shares):
        return ""
    best = study.best()
    chosen = best if shares[best] else max(range(len(shares)), key=lambda number: shares[number])
    label = study.settings[chosen].label
    lines = [
        ("thin", "all orders", _hourly(study, chosen, 0)),
        ("best", "by a company", _hourly(study, chosen, 5)),
    ]
    parts = {
        cell: (count, 100 * outside / count) for cell, (count, _, outside) in _cells(study, chosen).items()
    }
    says = "A map of the town: share of orders that a courier company brought, by area"
    drawn = town(parts, *_ground(study, chosen), CELL_M, _SHARES, says, "% by a company")
    names = ["none", *(f"to {bound:g}%" for bound in _SHARES[1:]), "more"]
    credit = CREDIT if study.settings[chosen].scenario.city.extract else ""
    return (
        '<section><h2>What a courier company brings</h2><div class="pair">'
        f"<figure>{by_hour(lines, 'orders an hour')}<figcaption>Orders that a company brought, by the hour of the order, on an average day under"
        f" {escape(label)}; above it all orders, the thin line.</figcaption></figure>"
        f"<figure>{drawn}<figcaption>The same days: a disc's area is its orders, its shade the share that a company brought."
        f' {_shades(names)}<span class="key"><b class="q"></b>store</span> {credit}</figcaption></figure></div></section>'
    )


def _shades(names: list[str]) -> str:
    """The key to a map's shades."""
    return "".join(
        f'<span class="key"><b style="background:var(--s{n})"></b>{name}</span>'
        for n, name in enumerate(names)
    )


def _keys(two: bool) -> str:
    first = '<span class="key"><i class="first"></i>setting 1</span>' if two else ""
    return f'{first}<span class="key"><i></i>recommended</span>' if two else ""


def _map_keys(bounds: list[float], label: str, credit: str) -> str:
    names = [f"to {bounds[0]:.0f} min", *(f"to {b:.0f}" for b in bounds[1:]), "longer than promised"]
    return f'Under {escape(label)}, all days: a disc\'s area is its orders, its shade the minutes to the door, 90 for what nobody brought. {_shades(names)}<span class="key"><b class="q"></b>store</span> {credit}'
