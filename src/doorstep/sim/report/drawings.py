"""The drawings of a report as SVG: colours come from the page, so that day and night both read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, floor, hypot, log10, pi, sin

WIDE, HIGH = 360, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 26, 36
ROUND = 7.5
"""Radius of a numbered mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One setting on the plot of the trade-off; halves are those of the intervals."""

    label: str
    x: float
    x_half: float
    y: float
    y_half: float
    best: bool
    first: bool


def steps(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` round numbers that span ``low`` to ``high``."""
    span = max(high - low, 1e-9)
    raw = span / count
    power: float = 10.0 ** floor(log10(raw))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * 0.999)
    begin = floor(low / step)
    found = [begin * step]
    while len(found) < 2 or found[-1] < high - 1e-9:
        found.append((begin + len(found)) * step)
    return found


def plain(value: float) -> str:
    """A number on an axis."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Scale:
    """From figures to places on the paper."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where ``value`` lies."""
        return self.start + (value - self.low) / max(self.high - self.low, 1e-9) * (self.end - self.start)


def axes(
    xs: Sequence[float], ys: Sequence[float], x_title: str, y_title: str, money: bool
) -> tuple[str, Scale, Scale]:
    """Grid, ticks and titles around the ticks ``xs`` and ``ys``."""
    x = Scale(xs[0], xs[-1], LEFT, WIDE - RIGHT)
    y = Scale(ys[0], ys[-1], HIGH - BOTTOM, TOP)
    parts = []
    for value in ys:
        at = y.at(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 5}" y="{at + 3.5:.1f}" text-anchor="end">{plain(value)}</text>'
        )
    for number, value in enumerate(xs):
        text = f"${value:,.2f}" if money else plain(value)
        side = "end" if number == len(xs) - 1 else "middle"
        parts.append(
            f'<text class="tick" x="{x.at(value):.1f}" y="{HIGH - BOTTOM + 14}" text-anchor="{side}">{text}</text>'
        )
    parts.append(
        f'<text class="axis" x="{WIDE - RIGHT}" y="{HIGH - 6}" text-anchor="end">{escape(x_title)}</text>'
    )
    parts.append(f'<text class="axis" x="4" y="{TOP - 14}">{escape(y_title)}</text>')
    return "".join(parts), x, y


def svg(body: str, says: str, high: int = HIGH) -> str:
    """A drawing with the sentence that stands for it."""
    return f'<svg viewBox="0 0 {WIDE} {high}" role="img" aria-label="{escape(says, quote=True)}">{body}</svg>'


def trade_off(marks: Sequence[Mark], goal_pct: float) -> str:
    """Pay per order against promises kept; bars are the intervals, the dashed line the goal."""
    if not marks:
        return svg(
            f'<text class="axis" x="{LEFT}" y="40">nothing was delivered</text>', "Nothing was delivered.", 60
        )
    xs = steps(min(m.x - m.x_half for m in marks) / 100, max(m.x + m.x_half for m in marks) / 100, 4)
    low = min(*(m.y - m.y_half for m in marks), goal_pct)
    ys = steps(max(0.0, low), min(100.0, max(*(m.y + m.y_half for m in marks), goal_pct)), 5)
    body, x, y = axes(xs, ys, "pay per order", "% of promises kept", money=True)
    goal = y.at(goal_pct)
    body += f'<line class="goal" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{goal:.1f}" y2="{goal:.1f}"/>'
    taken = [(x.at(m.x / 100), y.at(m.y)) for m in marks]
    near = [cx for cx, cy in taken if abs(cy - goal) < 2 * ROUND]
    right = sum(cx > WIDE / 2 for cx in near) <= len(near) / 2
    at_x, anchor = (WIDE - RIGHT, "end") if right else (LEFT + 4, "start")
    body += f'<text class="tick" x="{at_x}" y="{goal - 4:.1f}" text-anchor="{anchor}">goal {plain(goal_pct)} %</text>'
    placed: list[tuple[float, float]] = []
    drawn = sorted(enumerate(marks, start=1), key=lambda pair: (not pair[1].best, not pair[1].first))
    crosses, circles = "", ""
    for number, mark in drawn:
        cx, cy = taken[number - 1]
        at = _free(cx, cy, placed)
        placed.append(at)
        kind = "best" if mark.best else "first" if mark.first else "other"
        begin = f'<g class="mark {kind}"><title>{escape(mark.label)}</title>'
        crosses += f'{begin}<line x1="{x.at((mark.x - mark.x_half) / 100):.1f}" x2="{x.at((mark.x + mark.x_half) / 100):.1f}" y1="{cy:.1f}" y2="{cy:.1f}"/>'
        crosses += f'<line x1="{cx:.1f}" x2="{cx:.1f}" y1="{y.at(max(0.0, mark.y - mark.y_half)):.1f}" y2="{y.at(min(100.0, mark.y + mark.y_half)):.1f}"/>'
        if at != (cx, cy):  # beside another mark: a line leads from its number to where it is
            crosses += f'<line x1="{cx:.1f}" x2="{at[0]:.1f}" y1="{cy:.1f}" y2="{at[1]:.1f}"/>'
        crosses += "</g>"
        circles += f'{begin}<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{ROUND}"/><text x="{at[0]:.1f}" y="{at[1] + 3.2:.1f}" text-anchor="middle">{number}</text></g>'
    body += crosses + circles
    return svg(
        body,
        "Pay per order against promises kept, one numbered mark a setting; the table below holds the figures.",
    )


def _free(x: float, y: float, placed: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(x, y), or the nearest spot around it where a mark hides no other."""
    spots = [(x, y)]
    for away in (1.2, 2.2, 3.4):
        for turn in range(8):
            far = 2 * ROUND * away
            spots.append((x + far * cos(turn * pi / 4 - pi / 4), y + far * sin(turn * pi / 4 - pi / 4)))
    inside = [
        (a, b)
        for a, b in spots
        if LEFT + ROUND < a < WIDE - ROUND and TOP - ROUND < b < HIGH - BOTTOM - ROUND
    ]
    alone = ((a, b) for a, b in inside if all(hypot(a - p, b - q) >= 2 * ROUND for p, q in placed))
    return next(alone, (x, y))


def by_hour(lines: Sequence[tuple[str, str, Sequence[float | None]]], y_title: str) -> str:
    """Lines over the hours of the day: a class, a name, and 24 figures (None where there is nothing to tell)."""
    told = [v for _, _, values in lines for v in values if v is not None]
    ys = steps(0, max(told, default=1.0) or 1.0, 4)
    body, x, y = axes([0, 6, 12, 18, 24], ys, "hour of the day", y_title, money=False)
    for kind, name, values in lines:
        runs: list[list[str]] = [[]]
        for hour, value in enumerate(values):
            if value is None:
                runs.append([])
            else:
                runs[-1].append(f"{x.at(hour + 0.5):.1f},{y.at(value):.1f}")
        for run in runs:
            if run:
                body += f'<polyline class="line {kind}" points="{" ".join(run)}"><title>{escape(name)}</title></polyline>'
    return svg(body, f"{y_title} by hour of the day: " + ", ".join(name for _, name, _ in lines))


def town(
    cells: Mapping[tuple[int, int], tuple[int, float]],
    stores: Sequence[tuple[float, float]],
    roads: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    cell_m: float,
    bounds: Sequence[float],
    says: str,
    unit_told: str = "min",
) -> str:
    """The town by cells: a disc's area is the number of orders, its shade their figure, as minutes to the door; squares are stores.

    ``bounds`` part the shades, rising, of figures in ``unit_told``; ``roads`` are lines below it all, stores and roads in metres.
    """
    if not cells:
        return svg(f'<text class="axis" x="{LEFT}" y="40">no orders</text>', says, 60)
    xs, ys = [c[0] for c in cells], [c[1] for c in cells]
    across, along = max(xs) - min(xs) + 2, max(ys) - min(ys) + 2
    unit = min((WIDE - 16) / across, 340 / along)
    high = round(along * unit + 16)
    most = max(count for count, _ in cells.values())

    def place(x: float, y: float) -> tuple[float, float]:
        return 8 + (x - min(xs) + 0.5) * unit, high - 8 - (y - min(ys) + 0.5) * unit

    body = f'<rect class="land" width="{WIDE}" height="{high}" rx="8"/>'
    for kind, line in roads:
        points = [place(x / cell_m, y / cell_m) for x, y in line]
        if any(0 <= px <= WIDE and 0 <= py <= high for px, py in points):
            told = " ".join(f"{px:.0f},{py:.0f}" for px, py in points)
            body += f'<polyline class="road {kind}" points="{told}"/>'
    for (cx, cy), (count, figure) in sorted(cells.items()):
        shade = sum(figure > bound for bound in bounds)
        at_x, at_y = place(cx + 0.5, cy + 0.5)
        radius = max(1.0, unit * 0.56 * (count / most) ** 0.5)
        body += f'<circle class="cell s{shade}" cx="{at_x:.1f}" cy="{at_y:.1f}" r="{radius:.1f}"><title>{count} orders, {figure:.0f} {unit_told}</title></circle>'
    for sx, sy in stores:
        at_x, at_y = place(sx / cell_m, sy / cell_m)
        if 0 <= at_x <= WIDE and 0 <= at_y <= high:
            body += f'<rect class="store" x="{at_x - 2:.1f}" y="{at_y - 2:.1f}" width="4" height="4"/>'
    length_km = next((km for km in (20, 10, 5, 2) if km * 1000 / cell_m * unit <= WIDE / 3), 1)
    bar = length_km * 1000 / cell_m * unit
    body += f'<line class="scale" x1="10" x2="{10 + bar:.1f}" y1="{high - 10}" y2="{high - 10}"/>'
    body += f'<text class="tick" x="{14 + bar:.1f}" y="{high - 6.5}">{length_km} km</text>'
    return svg(body, says, high)
