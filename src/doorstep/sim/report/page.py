"""Fills the page: the answer first, then why, then the rest."""

from html import escape
from importlib import resources
from string import Template

import numpy as np

from doorstep.connectors.maps.drawn_roads import CREDIT
from doorstep.sim.measures import COUNTED_AS_MIN
from doorstep.sim.report.answer import answer
from doorstep.sim.report.assumed import assumed
from doorstep.sim.report.drawings import Line, by_hour, town
from doorstep.sim.report.figures import NONE, POINTS, Shown, half, told, verdict, written
from doorstep.sim.report.trade_off import FEW, Mark, trade_off
from doorstep.sim.scenario import Company
from doorstep.sim.settings import KNOBS
from doorstep.sim.study import CELL_M, Study
from doorstep.sim.town import town_of
from doorstep.sim.truth import draw

_SHARES = (0.0, 10.0, 25.0, 50.0)
"""Per cent of a cell's orders that part the shades of the company's map."""
_MINUTES = (15.0, 30.0, 45.0, 60.0)
"""What parts the shades of a map where nothing was promised."""
_FITTING = 10
"""Columns that a wide screen shows at once."""
_LINES = 3
"""Settings whose hours are drawn."""


def page(study: Study, command: str) -> str:
    """The whole report; ``command`` is what the reader types to get it again."""
    scenario = study.settings[0].scenario
    best = study.best()
    template = Template(
        resources.files("doorstep.sim.report").joinpath("page.html").read_text(encoding="utf-8")
    )
    promise_min = study.settings[best].scenario.demand.promise_min
    bounds = [promise_min * part for part in (0.45, 0.6, 0.8, 1.0)] if study.promises else [*_MINUTES]
    marks = _marks(study)
    return template.substitute(
        title=escape(scenario.title),
        summary=escape(scenario.summary),
        answer=answer(study),
        varied=_varied(study),
        trade_off=trade_off(
            marks, study.goal_pct, "% of promises kept" if study.promises else "% of orders delivered"
        ),
        plot_note=_plot_note(study, marks),
        also=_also(study),
        waiting=_lines(study, 3, "orders waiting for a driver"),
        hours=_lines(study, 2, "minutes to the door"),
        table=_table(study),
        sideways=_sideways(study),
        table_note=_table_note(study),
        map=_map(study, best, bounds),
        keys=_keys(study),
        map_note=_map_note(study, best, bounds),
        company=_company(study),
        assumed=assumed(scenario, _stands_behind(study)),
        command=escape(command),
    )


def _also(study: Study) -> str:
    """Which settings the plot cannot show."""
    missing = [str(n + 1) for n in range(len(study.settings)) if not study.delivers(n)]
    return f" Not drawn, since nothing was delivered: {', '.join(missing)}." if missing else ""


def _varied(study: Study) -> str:
    days = len(study.seeds)
    said = f"<p>{days} simulated {'day' if days == 1 else 'days'}"
    if len(study.settings) > 1:
        same = "day" if days == 1 else "days"
        said += f" under each setting, the same {same} for all: the same orders at the same second, the same drivers, kitchens and traffic"
    said += ".</p>"
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
        cost, share = study.estimate(number, "cost_per_order_minor"), study.estimate(number, "kept_pct")
        if cost.mean is None or share.mean is None:
            continue
        found.append(
            Mark(
                number + 1,
                setting.label,
                cost.mean,
                cost.half or 0.0,
                share.mean,
                share.half or 0.0,
                number == best,
                number == 0 and len(study.settings) > 1,
            )
        )
    return found


def _compared(study: Study) -> list[tuple[str, int]]:
    """The settings whose hours are drawn, and how: those nearest to the recommended one, what one has, and it on top."""
    best, *others = [n for n in study.ranked() if study.delivers(n)] or [study.best()]
    near = others[: _LINES - 1]
    if best and 0 in others and 0 not in near:
        near = [*near[:-1], 0]
    plain = iter(("near", "nearer"))
    kinds = [("first" if number == 0 and best else next(plain), number) for number in near]
    return [*reversed(kinds), ("best", best)]


def _lines(study: Study, column: int, title: str) -> str:
    several = len(study.settings) > 1
    return by_hour(
        [
            Line(
                kind,
                f"{number + 1} · {study.settings[number].label}",
                str(number + 1) if several else "",
                _hourly(study, number, column),
            )
            for kind, number in _compared(study)
        ],
        title,
    )


def _keys(study: Study) -> str:
    """Which line is which setting."""
    if len(study.settings) == 1:
        return ""
    said = []
    for kind, number in reversed(_compared(study)):
        roles = [
            name for name, true in (("recommended", kind == "best"), ("what you have", number == 0)) if true
        ]
        role = f" ({', '.join(roles)})" if roles else ""
        label = f"{number + 1} · {escape(study.settings[number].label)}{role}"
        said.append(f'<span class="key"><i class="{kind}"></i>{label}</span>')
    return " ".join(said)


def _plot_note(study: Study, marks: list[Mark]) -> str:
    """How to read the trade-off, as far as there is something to read."""
    higher = "keeps more promises" if study.promises else "delivers more"
    if len(study.settings) == 1:
        said = f"Higher {higher}, further left pays less."
    else:
        said = f"Each number is a setting of the table. Higher {higher}, further left pays less."
    if len(study.seeds) > 1:
        crosses = "The cross is the 95% interval." if len(marks) == 1 else "The crosses are 95% intervals"
        if len(marks) > FEW:
            crosses += " of the recommended setting and of the one you have"
        said += f" {crosses}" + (
            "" if len(marks) == 1 else ": where two overlap, the difference may be luck of the days."
        )
    if len(study.settings) > 1:
        said += " Filled is the recommended setting" + (
            ", dashed the one you have." if study.best() else ", which is the one you have."
        )
    return said


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


def _sideways(study: Study) -> str:
    """That the table can be scrolled, where it does not fit."""
    columns = len(told(study))
    fits = " fits" if columns <= _FITTING else ""
    return f'<p class="small sideways{fits}">The table has {columns} columns: scroll it sideways for the last ones.</p>'


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
    lines = [
        Line("near", "all orders", "", _hourly(study, chosen, 0)),
        Line("best", "by a company", "", _hourly(study, chosen, 5)),
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
        f"<figure>{by_hour(lines, 'orders an hour')}<figcaption>{_under(study, chosen)}: orders that a company brought, by the hour of the order, on"
        f" {'that' if len(study.seeds) == 1 else 'an average'} day; above it all orders, the thin line.</figcaption></figure>"
        f"<figure>{drawn}<figcaption>The same days: a disc's area is its orders, its shade the share that a company brought."
        f' {_shades(names)}<span class="key"><b class="q"></b>store</span> {credit}</figcaption></figure></div></section>'
    )


def _shades(names: list[str]) -> str:
    """The key to a map's shades."""
    return "".join(
        f'<span class="key"><b style="background:var(--s{n})"></b>{name}</span>'
        for n, name in enumerate(names)
    )


def _map_note(study: Study, setting: int, bounds: list[float]) -> str:
    longer = "longer than promised" if study.promises else "longer"
    names = [f"to {bounds[0]:.0f} min", *(f"to {b:.0f}" for b in bounds[1:]), longer]
    scenario = study.settings[setting].scenario
    credit = CREDIT if scenario.city.extract else ""
    return (
        f"{_under(study, setting)}: a disc's area is its orders, its shade the minutes to the door,"
        f' {COUNTED_AS_MIN:g} for what nobody brought. {_shades(names)}<span class="key"><b class="q"></b>store</span> {credit}'
    )


def _under(study: Study, setting: int) -> str:
    """Which days a drawing shows."""
    days = "on this day" if len(study.seeds) == 1 else "over all days"
    chosen = study.settings[setting]
    return f"With {escape(chosen.label)}, {days}" if chosen.values else days.capitalize()
